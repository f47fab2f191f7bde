"""Start small, and scale on figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from createos_nb.diagnostics.evidence.account import EnvironmentEvidence
from createos_nb.diagnostics.practices._practice import Outcome
from createos_nb.diagnostics.practices._support import count, is_production, whole
from createos_nb.diagnostics.runbook_calls import scale_call

GROUP = "performance"
SEVERITY = "low"
SCOPE = "environment"
ASKS = "start small and scale on figures"

#: The least that the platform gives an environment: millicores, and MB.
_CPU: Final = 200
_MEMORY: Final = 500


def look(environment: EnvironmentEvidence) -> Iterator[Outcome]:
    """Hold the resources against the least that there is, and what is more against the requests of a day."""
    row = environment.row
    cpu, memory, replicas = (whole(row, f"resources_{name}") for name in ("cpu", "memory", "replicas"))
    if cpu is None or memory is None or replicas is None:
        yield Outcome(None, "the platform does not say which resources it has")
        return
    fewest = 1 if is_production(environment) is False else 2
    has = f"{count(replicas, 'replica')} of {cpu} millicores and {memory} MB"
    if cpu <= _CPU and memory <= _MEMORY and replicas <= fewest:
        yield Outcome(True, f"{has}: the least that there is")
        return
    asked = environment.requests_of_a_day if environment.is_live else (0, 0)
    if asked is None:
        yield Outcome(None, f"{has}; its requests can't be read")
    elif asked[0]:
        per_day = count(asked[0], "request")
        yield Outcome(None, f"{has} for {per_day} in 24 hours; the API has no figures of CPU and memory")
    else:
        least = {"cpu": _CPU, "memory": _MEMORY, "replicas": min(replicas, fewest)}
        nobody = "nobody asked in 24 hours" if environment.is_live else "nothing is live there"
        yield Outcome(
            False,
            f"{has}, and {nobody}",
            "Give it the least, and more once figures ask for it.",
            scale_call(environment.client, environment.project.name, environment.name, **least),
        )
