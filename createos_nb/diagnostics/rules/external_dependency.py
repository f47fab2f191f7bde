"""A service outside the account, which the app asks, fails or is slow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from createos_nb.diagnostics.diagnosis import Finding
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.evidence.figures import clock, errors_text
from createos_nb.diagnostics.rules._dependency import TOGETHER, dependency
from createos_nb.diagnostics.rules._support import SOON, reconfigured, release_before, served_well


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find a host outside the account that most failures name."""
    asked = dependency(evidence)
    if asked is None or asked.inside is not None:
        return
    name = asked.signal.detail
    texts = [
        asked.text,
        errors_text(evidence),
    ]
    if asked.new:
        texts.append(f"{name} was hardly ever named before")
    against: list[str] = []
    weight = 0.7 + 0.15 * min(asked.share, 1.0)
    if evidence.requests.since is not None:
        shared = evidence.neighbors.since(evidence.requests.since, TOGETHER)
        others = [
            neighbor for neighbor in evidence.neighbors.found if neighbor.stretch is None and neighbor.requests > 100
        ]
        if shared:
            weight += 0.12
            names = ", ".join(neighbor.where for neighbor in shared)
            texts.append(f"{names} began to fail in the same minutes, which points outside")
        elif others:
            texts.append(
                f"no other project that was looked at fails ({evidence.neighbors.looked_at} of {evidence.neighbors.of})"
            )
        change = release_before(evidence, evidence.requests.since)
        if reconfigured(evidence) is not None and not shared:
            weight -= 0.15
        well = 0 if change is None else served_well(evidence, change)
        if change is not None and evidence.requests.since - change.time <= SOON and not shared and not well:
            weight -= 0.25
            against.append(
                f"{change.text} at {clock(change.time, evidence.now)}, when the errors began: it may ask wrongly"
            )
        elif change is not None and well:
            texts.append(
                f"{change.text} at {clock(change.time, evidence.now)}, and served {well:,} requests well before that"
            )
    yield Finding(
        "external_dependency",
        evidence.where,
        evidence.requests.since,
        weight,
        tuple(texts),
        tuple(against),
        f"Nothing here mends {name}, and a rollback changes nothing: wait, or switch off what asks it.",
    )
