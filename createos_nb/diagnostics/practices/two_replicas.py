"""Production has at least two replicas."""

from __future__ import annotations

from collections.abc import Iterator

from createos_nb.diagnostics.evidence.account import EnvironmentEvidence
from createos_nb.diagnostics.practices._practice import Outcome
from createos_nb.diagnostics.practices._support import count, is_production, whole
from createos_nb.diagnostics.runbook_calls import scale_call

GROUP = "performance"
SEVERITY = "medium"
SCOPE = "environment"
ASKS = "at least two replicas in production"


def look(environment: EnvironmentEvidence) -> Iterator[Outcome]:
    """Count the replicas of what serves users; environments on trial need no second one."""
    production = is_production(environment)
    if production is False:
        return
    replicas = whole(environment.row, "resources_replicas")
    if replicas is None:
        yield Outcome(None, "the platform does not say how many replicas it has")
    elif replicas >= 2:
        yield Outcome(True, count(replicas, "replica"))
    elif production is None:
        yield Outcome(None, "1 replica; neither its name nor a domain says whether it is production")
    else:
        yield Outcome(
            False,
            "1 replica: while it restarts, nobody answers",
            "Give it two, if the app keeps nothing in its memory between requests.",
            scale_call(environment.client, environment.project.name, environment.name, replicas=2),
        )
