"""The rows of a report, as texts and small series, the same for HTML and PDF."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from createos_nb.analysis.rounding import rounded
from createos_nb.display import MISSING, format_cells
from createos_nb.percentages import round_down, round_up, success
from createos_nb.plots.downsample import downsample
from createos_nb.plots.style import number

POINTS = 140
MOST = 40
"""Rows of a table below; how many more there are is said."""

NO_APP = "In no app"
"""The heading over projects that are in no app."""

FULL = 10.0
"""Percent of 5xx that fill the height of a small plot."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Row:
    """One environment."""

    app: str
    """Its app; "" where its project is in none, or the report is not by app."""
    project: str
    environment: str
    standing: str
    firing: str
    requests: str
    pace: str
    success: str
    interval: str
    errors: str
    budget: str
    left: float
    """Share of the budget that is left, for a bar; NaN without."""
    traffic: Floats
    """Requests over time between 0 and 1, the highest being 1; NaN where there is no data."""
    faults: Floats
    """Share of 5xx over time between 0 and 1, where 1 is 10 % or more."""
    words: str
    """The two series in words, for those who do not see them."""


@dataclass(frozen=True, eq=False)
class Table:
    """A frame as texts."""

    heading: str
    columns: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    more: int
    """Rows that are left out."""


@dataclass(frozen=True, eq=False, repr=False)
class Contents:
    """All that stands on the page."""

    title: str
    about: str
    """Which account, and when it was asked."""
    sentence: str
    """What a person reads first."""
    caption: str
    """What there is to see."""
    rows: tuple[Row, ...]
    """One for each environment."""
    tables: tuple[Table, ...]
    """What stands below: changes, paths, anything that is a frame."""

    def sections(self) -> list[tuple[str, tuple[Row, ...]]]:
        """Return the rows of each app, the app with the most urgent row first, and those in no app last.

        Returns:
            Pairs of a heading, which counts the environments by standing, and the rows below it; without apps one pair
            whose heading is empty.

        Examples:
            >>> requests = createos_nb.simulate().fleet.requests_over_time(start="-6h")
            >>> health = createos_nb.analysis.fleet_health(requests)
            >>> [(heading, len(rows)) for heading, rows in createos_nb.plots.fleet_report(health, requests).sections()]
            [('', 13)]
        """
        apps = list(dict.fromkeys(row.app for row in self.rows))
        if apps in ([], [""]):
            return [("", self.rows)]
        # what is in no app comes last
        apps = [app for app in apps if app] + [app for app in apps if not app]
        rows = {app: tuple(row for row in self.rows if row.app == app) for app in apps}
        return [(f"{app or NO_APP}: {_counts(rows[app])}", rows[app]) for app in apps]


def _counts(rows: Sequence[Row]) -> str:
    """How many environments there are, and how each number of them does."""
    standings = Counter(row.standing for row in rows)
    parts = ", ".join(f"{count} {standing}" for standing, count in standings.items())
    return f"{len(rows)} environment{'s' if len(rows) > 1 else ''} ({parts})"


def rows_of(health: pd.DataFrame, requests: pd.DataFrame, apps: Mapping[str, str] | None = None) -> Iterator[Row]:
    """A row for each environment, in the order of `health`; `apps`: the app of each project."""
    series = dict(iter(requests.groupby(["project", "environment"], sort=False)))
    for record in health.to_dict("records"):
        part = series.get((record["project"], record["environment"]))
        traffic, faults = _series(part) if part is not None else (np.zeros(0), np.zeros(0))
        average = _text(record["rpm_average"], lambda value: number(round(value, 1)))
        peak = _text(record["rpm_peak"], lambda value: number(round(value, 1)))
        worst = float(np.nanmax(faults)) * FULL if np.isfinite(faults).any() else 0.0
        yield Row(
            app=(apps or {}).get(str(record["project"]), ""),
            project=str(record["project"]),
            environment=str(record["environment"]),
            standing=str(record["standing"]),
            firing=str(record["firing"]),
            requests=_text(record["requests"], number),
            pace=f"{average}, peak {peak}",
            success=_text(record["success_percentage"], success),
            interval=_interval(record["success_low"], record["success_high"]),
            errors=_text(record["errors"], number),
            budget=_text(record["budget_left"], _percent),
            left=float(record["budget_left"]),
            traffic=traffic,
            faults=faults,
            words=f"requests per minute: {average} on average, {peak} at most; "
            f"5xx: {'10 % or more' if worst >= FULL else f'{worst:.2g} %'} at most",
        )


def listed(heading: str, frame: pd.DataFrame) -> Table:
    """A frame as texts: times to the minute, numbers with separators, "–" where there is nothing."""
    table = frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index()
    head = rounded(table.head(MOST), rest=False)
    return Table(
        heading=str(heading),
        columns=tuple(str(name).replace("_", " ") for name in head.columns),
        cells=tuple(tuple(cells) for cells in format_cells(head, seconds=False)),
        more=len(table) - len(head),
    )


def _series(part: pd.DataFrame) -> tuple[Floats, Floats]:
    counts = part.sort_values("time")[["count", "status_5xx"]].astype("Float64").astype("float64")
    rows = downsample(counts.reset_index(drop=True), "mean", max_rows=POINTS)
    count, bad = rows["count"].to_numpy(dtype=float), rows["status_5xx"].to_numpy(dtype=float)
    peak = float(np.nanmax(count)) if np.isfinite(count).any() else 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(count > 0, 100 * bad / count, 0.0)
    return (count / peak if peak > 0 else count), np.minimum(share / FULL, 1.0)


def _text(value: Any, form: Callable[[float], str]) -> str:
    return MISSING if pd.isna(value) else form(float(value))


def _interval(low: float, high: float) -> str:
    if np.isnan(low):
        return MISSING
    return f"{round_down(low):.2f} to {round_up(high):.2f}"


def _percent(share: float) -> str:
    # a budget of which a little is spent is not whole
    return f"{number(round_down(100 * share, 0))} %" if abs(share) >= 0.1 else f"{round_down(100 * share, 1):.1f} %"
