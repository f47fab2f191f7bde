"""The live deployment sleeps: nobody asked for it, and it answers 503 until it is woken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from createos_nb.diagnostics.diagnosis import Finding, RunbookCall
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.evidence.figures import clock


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find a live deployment whose state is sleeping."""
    live = evidence.live
    if evidence.environment is None or live is None or live["status"] != "sleeping":
        return
    environment = str(evidence.environment["unique_name"])
    since = live["updated_at"]
    texts = [f"version {evidence.version} is sleeping since {clock(since, evidence.now)}"]
    if evidence.traffic is not None:
        asked = evidence.requests.sums(since, evidence.now + evidence.now.resolution)
        count, failed = int(asked["count"]), int(asked["status_5xx"])
        texts.append(f"{failed:,} of {count:,} requests since then failed" if count else "nobody has asked since then")
    yield Finding(
        "asleep",
        evidence.where,
        since,
        0.97,
        tuple(texts),
        (),
        "Wake it; what has to answer at once needs somebody who asks at least every half hour.",
        RunbookCall("wake", (evidence.name,), {"environment": environment}),
    )
