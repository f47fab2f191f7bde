"""Errors began when variables, settings or resources were changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from createos_nb.diagnostics.diagnosis import Finding
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.rules._support import SOON, clock, errors_text, served_well

ORDER = 3


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find a change of the environment with which errors began, where nothing more exact explains them."""
    if evidence.trouble is None or evidence.since is None or evidence.environment is None:
        return
    for change in evidence.changes:
        if change.kind not in ("configuration", "environment", "settings"):
            continue
        after = evidence.since - change.time
        if not -SOON <= after <= SOON or served_well(evidence, change):
            continue
        if any(one.where == evidence.where and one.weight >= 0.8 for one in found):
            return
        weight = 0.85 if change.kind == "configuration" else 0.5
        texts = (f"{change.text} at {clock(change.time, evidence.now)}", errors_text(evidence))
        against = () if change.kind == "configuration" else ("the platform does not say which of them it was",)
        yield Finding(
            "configuration_change",
            evidence.where,
            evidence.since,
            weight,
            texts,
            against,
            "Set the variables and resources back to what they were: the journal of plans on this machine may know.",
        )
        return
