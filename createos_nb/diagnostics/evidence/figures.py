"""Figures of the evidence in words: for rules, and for the sentence of a diagnosis."""

from __future__ import annotations

import pandas as pd

from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.percentages import failure


def percent(share: float) -> str:
    """Return a share as a percentage."""
    return failure(100 * share, 2 if share < 0.01 else 1 if share < 0.1 else 0)


def clock(moment: pd.Timestamp, now: pd.Timestamp) -> str:
    """Return a moment for people: with its day where that is not today."""
    return f"{moment:%H:%M}" if moment.date() == now.date() else f"{moment:%Y-%m-%d %H:%M}"


def errors_text(evidence: Evidence) -> str:
    """Return how many requests fail, and since when."""
    stretch = evidence.requests.trouble
    if stretch is None:
        return f"{percent(evidence.requests.failing)} of the requests of the last ten minutes fail"
    kind = stretch.column.removeprefix("status_")
    if evidence.requests.since is None:
        return f"{percent(stretch.within)} of {stretch.trials:,} requests fail ({kind}), for 24 hours or longer"
    return (
        f"{percent(stretch.within)} of {stretch.trials:,} requests fail ({kind}) since "
        f"{clock(stretch.start, evidence.now)}, {percent(stretch.before)} before"
    )
