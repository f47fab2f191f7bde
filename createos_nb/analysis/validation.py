"""Validation of frames of requests, and their counts as numpy arrays.

Every judgement reads its frame through here, so a wrong frame is refused once, in one wording: the error names the
column, the dtype, the environment or the gap, and says what to do about it.

Two layouts are read:

* one environment: a `DatetimeIndex` in UTC on a regular grid, and the columns `count`, `status_2xx`, `status_3xx`,
  `status_4xx`, `status_5xx` (requests per bucket; NA is "no data", 0 is "no requests");
* a fleet: the same counts in long form, beside ordinary columns `project`, `environment` and `time`.

`frame.attrs` may say more, and nothing fails without it: `partial`, the starts of buckets that the asked window cuts,
and `bucket_seconds`, which is needed only where a single row leaves the width of a bucket open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from createos_nb.analysis.grids import (
    Bools,
    Floats,
    FrameError,
    Ints,
    attrs_bucket_seconds,
    check_counts,
    dtype_text,
    grid,
    live_versions,
    numbers,
    partial_buckets,
    utc_index,
)
from createos_nb.analysis.long_format import to_grid

__all__ = [
    "COUNTS",
    "STATUSES",
    "Bools",
    "Floats",
    "FrameError",
    "Ints",
    "Requests",
    "grid",
    "live_versions",
    "numbers",
    "requests",
    "status_classes",
    "utc_index",
]

COUNTS = ("count", "status_2xx", "status_3xx", "status_4xx", "status_5xx")
STATUSES = COUNTS[1:]


@dataclass(frozen=True, eq=False)
class Requests:
    """The counts of one environment, or of a fleet, on one regular grid.

    The last axis of every array is time: shape `(T,)` for one environment, `(E, T)` for a fleet of E environments, so
    that arithmetic over `axis=-1` serves both. Counts are float64 requests per bucket, NaN where there is no data; a
    bucket of which any asked column is missing is missing in all of them.
    """

    index: pd.DatetimeIndex
    """Starts of the buckets, UTC, microseconds, without gaps."""
    bucket_seconds: int
    counts: dict[str, Floats]
    partial: Bools
    """Shape `(T,)`: the buckets that the asked window cuts, whose counts are too low."""
    environments: pd.MultiIndex | None
    """Levels `project` and `environment` of a fleet, in order of first appearance; None for one environment."""

    @property
    def count(self) -> Floats:
        """All requests of each bucket."""
        return self.counts["count"]

    def errors(self, statuses: Sequence[str] = ("5xx",)) -> Floats:
        """Requests that count as errors: those of status classes such as `("4xx", "5xx")`."""
        return self.of(statuses)

    def successes(self) -> Floats:
        """Requests that were answered with 2xx or 3xx; with 1xx a request is neither a success nor an error."""
        return self.of(("2xx", "3xx"))

    def of(self, statuses: Sequence[str]) -> Floats:
        """Requests of status classes, added up."""
        total = self.counts[f"status_{statuses[0]}"]
        for status in statuses[1:]:
            total = total + self.counts[f"status_{status}"]
        return total

    @property
    def seconds(self) -> Ints:
        """Starts of the buckets as Unix seconds."""
        return self.index.asi8 // 1_000_000

    @property
    def observed(self) -> Bools:
        """Return where there is data for the whole bucket."""
        return ~np.isnan(self.count) & ~self.partial


def requests(
    frame: pd.DataFrame,
    *,
    name: str = "frame",
    columns: Sequence[str] = COUNTS,
    fleet: bool = False,
) -> Requests:
    """Read a requests frame, or refuse it with a :class:`FrameError`.

    `name` is what the error calls the frame, `columns` the counts that are needed, `fleet` whether the long form is
    welcome too. Where all of `columns` stand beside each other, the status classes may not exceed `count`.
    """
    if not isinstance(frame, pd.DataFrame):
        raise FrameError(
            f"{name} must be a DataFrame of requests per bucket, not {type(frame).__name__}; {_given_by(fleet)}"
        )
    check_columns(list(map(str, frame.columns.tolist())), columns, name=name, fleet=fleet)
    if isinstance(frame.index, pd.DatetimeIndex):
        return _one_environment(frame, name, columns)
    if not {"project", "environment", "time"} <= set(frame.columns):
        raise FrameError(
            f"{name} needs a DatetimeIndex in UTC (its index is {dtype_text(frame.index)}), "
            "or the columns 'project', 'environment' and 'time' of a fleet"
        )
    if not fleet:
        raise FrameError(
            f"{name} is a fleet (columns 'project', 'environment', 'time'), but one environment is judged here: "
            "select one and use .set_index('time')"
        )
    return _fleet(frame, name, columns)


def check_columns(have: Sequence[str], columns: Sequence[str], *, name: str, fleet: bool) -> None:
    """Refuse a frame that lacks one of some columns, or has it twice."""
    absent = [column for column in columns if column not in have]
    if absent:
        raise FrameError(
            f"{name} has no column {', '.join(map(repr, absent))} (its columns: {', '.join(have) or 'none'}); "
            f"{_given_by(fleet)}"
        )
    twice = [column for column in columns if have.count(column) > 1]
    if twice:
        raise FrameError(f"{name} has more than one column {', '.join(map(repr, twice))}: drop all but one")


def _given_by(fleet: bool) -> str:
    """Which call gives a frame that is judged here."""
    call = "client.analytics.requests_over_time(project, environment)"
    return f"{call} gives one" + (", client.fleet.requests_over_time() one of all" if fleet else "")


def _one_environment(frame: pd.DataFrame, name: str, columns: Sequence[str]) -> Requests:
    index, width = grid(frame.index, name=name, bucket_seconds=attrs_bucket_seconds(frame))
    counts = {column: numbers(frame[column], name=f"column {column!r} of {name}") for column in columns}

    def row_label(at: int) -> str:
        return index[at].isoformat()

    check_counts(counts, name, row_label)
    return Requests(
        index=index.rename("time"),
        bucket_seconds=width,
        counts=_missing_together(counts),
        partial=partial_buckets(frame.attrs, index.asi8 // 1_000_000, width),
        environments=None,
    )


def _fleet(frame: pd.DataFrame, name: str, columns: Sequence[str]) -> Requests:
    grid = to_grid(frame, name, columns)
    return Requests(
        index=grid.index,
        bucket_seconds=grid.bucket_seconds,
        counts=_missing_together(grid.counts),
        partial=partial_buckets(frame.attrs, grid.index.asi8 // 1_000_000, grid.bucket_seconds),
        environments=grid.environments,
    )


def _missing_together(counts: dict[str, Floats]) -> dict[str, Floats]:
    any_missing = np.isnan(next(iter(counts.values())))
    ragged = False
    for values in counts.values():
        missing = np.isnan(values)
        ragged = ragged or not np.array_equal(missing, any_missing)
        any_missing = any_missing | missing
    if ragged:
        return {column: np.where(any_missing, np.nan, values) for column, values in counts.items()}
    return counts


def status_classes(errors: str | Sequence[str]) -> tuple[str, ...]:
    """`"5xx"` or `("4xx", "5xx")`, checked."""
    classes = (errors,) if isinstance(errors, str) else tuple(errors)
    known = [status.removeprefix("status_") for status in STATUSES]
    if not classes or any(status not in known for status in classes) or len(set(classes)) != len(classes):
        raise ValueError(f"errors must name status classes out of {', '.join(known)}, not {errors!r}")
    return classes
