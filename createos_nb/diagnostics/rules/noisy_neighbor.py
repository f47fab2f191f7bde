"""As many requests come as ever, and the replicas get less CPU than they are given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from createos_nb.diagnostics.diagnosis import Finding
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.evidence.figures import errors_text
from createos_nb.diagnostics.rules._overload import MORE, overload
from createos_nb.diagnostics.rules._support import SOON, scale_environment, served_well

_REPLICAS = 3


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find replicas that are throttled although no more requests come than usual, and nothing was changed."""
    load = overload(evidence)
    if load is None or evidence.environment is None or load.times >= MORE:
        return
    replicas = int(evidence.environment["resources_replicas"])
    texts = [
        f"the log says that the CPU is throttled, and that {load.lost:,} requests got no answer in time",
        errors_text(evidence),
    ]
    against = []
    weight = 0.85
    if load.times == load.times:
        texts.insert(
            0, f"{load.now:,.0f} requests a minute come, {load.times:.1f} times as many as usual: no more than ever"
        )
    else:
        weight = 0.55
        against.append("how many requests are usual is not known")
    since = evidence.requests.since
    near = [
        change
        for change in evidence.changes
        if since is None or (abs(change.time - since) <= SOON and not served_well(evidence, change))
    ]
    if near:
        weight = 0.45
        against.append(f"{near[0].text} at {near[0].time:%H:%M}, when the errors began")
    else:
        texts.append("nothing was changed when the errors began")
    if replicas < _REPLICAS:
        fix, call = (
            "More replicas bridge it; no version is to blame, and it passes by itself.",
            scale_environment(evidence, replicas=_REPLICAS),
        )
    else:
        fix, call = "Wait until it passes, or ask the platform: no version is to blame.", None
    yield Finding(
        "noisy_neighbor", evidence.where, evidence.requests.since, weight, tuple(texts), tuple(against), fix, call
    )
