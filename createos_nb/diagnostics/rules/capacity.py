"""More requests come than the replicas can serve."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from createos_nb.diagnostics.diagnosis import Finding
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.evidence.figures import errors_text
from createos_nb.diagnostics.rules._overload import MORE, overload
from createos_nb.diagnostics.rules._support import SOON, scale_environment, served_well

_REPLICAS = 3
#: Replicas are to serve so many times what comes now.
_ROOM = 1.3


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find replicas at their limit while more requests come than usual."""
    load = overload(evidence)
    if load is None or evidence.environment is None or not load.times >= MORE:
        return
    replicas = int(evidence.environment["resources_replicas"])
    texts = [
        f"{load.now:,.0f} requests a minute come, {load.times:.1f} times as many as usual",
        f"the log says that the CPU is throttled, and that {load.lost:,} requests got no answer in time",
        errors_text(evidence),
    ]
    served = load.now * (1 - evidence.requests.failing)
    wanted = min(_REPLICAS, max(replicas + 1, -(-int(_ROOM * load.now) * replicas // max(int(served), 1))))
    if wanted > replicas:
        fix, call = f"{wanted} replicas instead of {replicas}.", scale_environment(evidence, replicas=wanted)
    else:
        fix, call = "It has all the replicas that it may have: shed load, or make requests cheaper.", None
    against: tuple[str, ...] = ()
    newest = evidence.changes[0] if evidence.changes else None
    since = evidence.requests.since
    if newest and since is not None and abs(newest.time - since) <= SOON and not served_well(evidence, newest):
        against = (f"{newest.text} at {newest.time:%H:%M}, when the errors began",)
    yield Finding(
        "capacity",
        evidence.where,
        evidence.requests.since,
        0.9 if not against else 0.75,
        tuple(texts),
        against,
        fix,
        call,
    )
