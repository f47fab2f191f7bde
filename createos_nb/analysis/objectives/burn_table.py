"""The table of burn-rate alerts that belongs to an SLO.

Source: Google, *The Site Reliability Workbook*, chapter 5, "Alerting on SLOs", method 6; the percentages and windows
of the four rows are those that sloth has for 28 and 30 days.

`factor = share of the budget × SLO window / long window`: 14.4, 6, 3, 1 for 30 days and 13.44, 5.6, 2.8, 0.933 for 28.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from createos_nb.dtypes import TEXT
from createos_nb.times import format_duration, whole_seconds

_REACHABLE = 0.8
_SHORTEST_UNSCALED = 28 * 86_400


@dataclass(frozen=True)
class Row:
    """One line of the alert table: `budget` is the share (0 to 1) of the error budget spent in `long` seconds."""

    severity: str
    budget: float
    long: int
    short: int


ROWS = (
    Row("page", 0.02, 3_600, 300),
    Row("page", 0.05, 21_600, 1_800),
    Row("ticket", 0.10, 86_400, 7_200),
    Row("ticket", 0.10, 259_200, 21_600),
)


@dataclass(frozen=True)
class Threshold:
    """A row with its windows fitted to the SLO's window, and the factor that follows."""

    severity: str
    budget: float
    long: int
    short: int
    factor: float

    @property
    def name(self) -> str:
        """Such as "page 1h/5m"."""
        return f"{self.severity} {format_duration(self.long)}/{format_duration(self.short)}"


def burn_table(*, target: float = 0.999, window: str | pd.Timedelta = "30d") -> pd.DataFrame:
    """Return the alert table of an SLO, the most urgent row first.

    The windows are 1 h, 6 h, 1 d and 3 d where the SLO's window has 28 days or more. For shorter ones they shrink in
    proportion (to whole minutes), since a factor below 1 would alert on a service that keeps its SLO; rows whose long
    window would be less than a minute are left out (below 12 hours the first, below two hours both pages). Where a
    factor asks for more than 80 % errors, which hardly any outage reaches, the row's windows double until it does not,
    as long as the factor stays at 1 or above.

    Args:
        target: share of the requests that should not be errors, between 0 and 1.
        window: length of the SLO's window, such as "30d".

    Returns:
        A frame with the columns `alert` (its name), `severity` (page, ticket), `budget` (share of the error budget that
        is spent when it fires, 0 to 1), `long`, `short` (Timedelta), `factor` (burn rate), `error_rate` (factor × (1 −
        target), 0 to 1), `detects_outage_after` (Timedelta at 100 % errors), `exhausts_after` (Timedelta until the
        whole budget is gone at that factor).

    Raises:
        ValueError: `target` or `window` is out of range.

    Examples:
        >>> table = createos_nb.analysis.burn_table(target=0.999, window="30d")
        >>> table[["alert", "factor"]].values.tolist()
        [['page 1h/5m', 14.4], ['page 6h/30m', 6.0], ['ticket 1d/2h', 3.0], ['ticket 3d/6h', 1.0]]
    """
    rows = thresholds(target, whole_seconds(window, name="window"))
    period = whole_seconds(window, name="window")
    return pd.DataFrame(
        {
            "alert": pd.array([row.name for row in rows], dtype=TEXT),
            "severity": pd.array([row.severity for row in rows], dtype=TEXT),
            "budget": [row.budget for row in rows],
            "long": pd.to_timedelta([row.long for row in rows], unit="s").as_unit("us"),
            "short": pd.to_timedelta([row.short for row in rows], unit="s").as_unit("us"),
            "factor": [row.factor for row in rows],
            "error_rate": [row.factor * (1 - target) for row in rows],
            "detects_outage_after": pd.to_timedelta(
                [round(row.factor * (1 - target) * row.long) for row in rows], unit="s"
            ).as_unit("us"),
            "exhausts_after": pd.to_timedelta([round(period / row.factor) for row in rows], unit="s").as_unit("us"),
        }
    )


def thresholds(target: float, period: int) -> list[Threshold]:
    """The table's rows for an SLO window of `period` seconds."""
    if not 0 < target < 1:
        raise ValueError(f"target must lie between 0 and 1 (0.999 is 99.9 %), not {target!r}")
    scale = min(period / (30 * 86_400), 1.0) if period < _SHORTEST_UNSCALED else 1.0
    rows: list[Threshold] = []
    for row in ROWS:
        long, short = row.long, row.short
        if scale < 1:
            if long * scale < 60:
                continue
            long = round(long * scale / 60) * 60
            if row.budget * period < long:
                long = int(row.long * scale / 60) * 60  # rounded down, or its factor would be below 1
            short = max(round(short * scale / 60) * 60, 60)
        factor = row.budget * period / long
        while factor * (1 - target) > _REACHABLE and factor >= 2 and 2 * long <= period:
            long, short, factor = 2 * long, 2 * short, factor / 2
        if any(
            (threshold.severity, threshold.long, threshold.short) == (row.severity, long, short) for threshold in rows
        ):
            continue  # rounded up to the same minute, and the row before it has the lower factor
        rows.append(Threshold(row.severity, row.budget, long, short, factor))
    if not rows:
        raise ValueError(
            f"window={format_duration(period)} is too short for burn-rate alerts: give at least 10 minutes"
        )
    return rows
