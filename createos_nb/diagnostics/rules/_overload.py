"""Requests that replicas can't serve in time: what tells more requests from less CPU."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.rules._support import failures

#: So many times the usual requests are more than usual.
MORE = 1.6


@dataclass(frozen=True)
class Overload:
    """Requests without an answer in time, at replicas whose CPU is throttled.

    Attributes:
        now: requests a minute while it lasts.
        before: requests a minute in the two hours before it, NaN if not known.
        last_week: in the same hour of last week, NaN if not known.
        throttled: lines of the log that say that the CPU is throttled.
        lost: requests without an answer in time, in the log.
    """

    now: float
    before: float
    last_week: float
    throttled: int
    lost: int

    @property
    def times(self) -> float:
        """Return how many times the usual requests come, NaN where the usual is not known."""
        known = [value for value in (self.before, self.last_week) if value == value and value > 0]
        return self.now / max(known) if known else float("nan")


def overload(evidence: Evidence) -> Overload | None:
    """Return the overload of an environment; None where there is none."""
    if evidence.environment is None or evidence.live is None:
        return None
    throttled = evidence.signals.count("throttled")
    lost = evidence.signals.count("no_answer")
    if not throttled or lost < 0.2 * max(failures(evidence), 1):
        return None
    since = evidence.requests.since or evidence.now - pd.Timedelta("30min")
    now = _rate(evidence, max(since, evidence.now - pd.Timedelta("30min")), evidence.now.floor("min"))
    before = _rate(evidence, since - pd.Timedelta("2h"), since) if evidence.requests.since is not None else float("nan")
    usual = evidence.requests.usual
    week = float("nan") if usual is None or pd.isna(usual["count"]) else float(usual["count"]) / 60
    return Overload(now, before, week, throttled, lost)


def _rate(evidence: Evidence, start: pd.Timestamp, end: pd.Timestamp) -> float:
    if evidence.traffic is None:
        return float("nan")
    rows = evidence.traffic["count"]
    rows = rows[(rows.index >= start) & (rows.index < end)].dropna()
    return float(rows.mean()) if len(rows) else float("nan")
