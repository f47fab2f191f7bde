"""Requests over time as a frame on a regular grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from createos_nb.errors import InvalidInput
from createos_nb.times import DurationLike, format_duration, whole_seconds

COUNTS: Final = ("count", "status_2xx", "status_3xx", "status_4xx", "status_5xx")


@dataclass(frozen=True)
class Buckets:
    """The requests of an environment in time buckets of one width.

    `rows`: int64, one line a bucket: its start in Unix seconds, then the five counts. `width` in seconds; buckets start
    at `phase` seconds after a multiple of it. `remembered`: so many of them were not asked for.
    """

    rows: np.ndarray
    width: int
    phase: int = 0
    remembered: int = 0


def requests_frame(buckets: Buckets, *, start: int, end: int, now: float | None = None) -> pd.DataFrame:
    """Return buckets of requests on the grid of a window.

    Args:
        buckets: The counts that came.
        start: First moment of the window, in Unix seconds.
        end: Moment after its last, in Unix seconds.
        now: The present, in Unix seconds, where the window may reach beyond it.

    Returns:
        Index `time` (datetime64[us, UTC]), every bucket of the window once; counts Int64: a bucket that did not come is
        NA, a bucket without requests is 0. `attrs`: `bucket_seconds`, and `partial`, the buckets that the window (or
        the present) cuts.

    Examples:
        >>> from createos_nb.frames import Buckets, requests_frame
        >>> import numpy as np
        >>> buckets = Buckets(np.array([[0, 9, 8, 0, 1, 0]]), width=60)
        >>> requests_frame(buckets, start=0, end=120)
                                   count  status_2xx  status_3xx  status_4xx  status_5xx
        time
        1970-01-01 00:00:00+00:00      9           8           0           1           0
        1970-01-01 00:01:00+00:00   <NA>        <NA>        <NA>        <NA>        <NA>
    """
    width, rows = buckets.width, buckets.rows
    first = start - (start - buckets.phase) % width
    size = max(0, -(-(end - first) // width)) if end > start else 0
    data = {name: np.zeros(size, dtype=np.int64) for name in COUNTS}
    missing = np.ones(size, dtype=bool)
    if len(rows):
        positions = (rows[:, 0] - first) // width
        inside = (positions >= 0) & (positions < size)
        # column by column: that is what numpy is quick at
        for i, name in enumerate(COUNTS):
            np.add.at(data[name], positions[inside], rows[inside, 1 + i])
        missing[positions[inside]] = False
    grid = first + width * np.arange(size, dtype=np.int64)
    index = pd.DatetimeIndex(grid.astype("datetime64[s]").astype("datetime64[us]"), name="time").tz_localize("UTC")
    frame = pd.DataFrame(
        {name: pd.arrays.IntegerArray(values, missing.copy()) for name, values in data.items()},
        index=index,
    )
    last = end if now is None else min(end, int(now))
    frame.attrs["bucket_seconds"] = width
    frame.attrs["partial"] = [index[i].isoformat() for i in _cut(grid, width, start, last) if not missing[i]]
    return frame


def sum_steps(frame: pd.DataFrame, step: DurationLike, *, start: int, end: int, now: float) -> pd.DataFrame:
    """Return requests over time in longer buckets: exact sums, cut at multiples of the step since 1970 in UTC.

    Args:
        frame: As `requests_frame` gives it.
        step: Length of the new buckets, a multiple of the old ones.
        start: First moment of the window, in Unix seconds.
        end: Moment after its last, in Unix seconds.
        now: The present, in Unix seconds.

    Returns:
        The same columns. A bucket is the sum of all that has come of it in the window, and NA where any of that is NA;
        `attrs["partial"]` lists those that the window or the present cuts.

    Raises:
        InvalidInput: The step is no multiple of the buckets, or shorter than they are.

    Examples:
        >>> from createos_nb.frames import Buckets, requests_frame, sum_steps
        >>> import numpy as np
        >>> buckets = Buckets(np.array([[60 * n, 9, 8, 0, 1, 0] for n in range(5) if n != 3]), width=60)
        >>> frame = requests_frame(buckets, start=0, end=300)
        >>> sum_steps(frame, "2min", start=0, end=300, now=1e9)["count"].tolist()
        [18, <NA>, 9]
    """
    seconds, width = whole_seconds(step, "step"), int(frame.attrs["bucket_seconds"])
    begins = pd.DatetimeIndex(frame.index).as_unit("s").asi8
    missing = frame["count"].isna().to_numpy()
    if not missing.all():
        check_step(seconds, width, int(begins[0] % width))
    last = min(end, int(now))
    first = start - start % seconds
    grid = first + seconds * np.arange(-(-(end - first) // seconds), dtype=np.int64)
    positions = (np.maximum(begins, start) - first) // seconds
    due = (begins < last) | ~missing  # what has not come yet is not missing
    unknown = np.bincount(positions[due & missing], minlength=len(grid)) > 0
    unknown |= np.bincount(positions[due], minlength=len(grid)) == 0
    index = pd.DatetimeIndex(grid.astype("datetime64[s]").astype("datetime64[us]"), name="time").tz_localize("UTC")
    sums = {}
    for name in COUNTS:
        values = np.zeros(len(grid), dtype=np.int64)
        np.add.at(values, positions[due], frame[name].fillna(0).to_numpy(dtype=np.int64)[due])
        sums[name] = pd.arrays.IntegerArray(np.where(unknown, 0, values), unknown.copy())
    summed = pd.DataFrame(sums, index=index)
    summed.attrs["bucket_seconds"] = seconds
    summed.attrs["partial"] = [index[i].isoformat() for i in _cut(grid, seconds, start, last) if not unknown[i]]
    return summed


def check_step(step: int, width: int, phase: int) -> None:
    """Refuse a step that buckets don't fill.

    Args:
        step: In seconds.
        width: Of the buckets, in seconds.
        phase: How many seconds after a multiple of it they begin.

    Raises:
        InvalidInput: The step is no multiple of the buckets, or shorter than they are.

    Examples:
        >>> from createos_nb.frames.series import check_step
        >>> check_step(3600, 60, 0)
    """
    given = f"the platform gives buckets of {format_duration(width)} for this window"
    if step < width:
        raise InvalidInput(
            f"step={format_duration(step)} is finer than what there is: {given}. Ask for a shorter window, or for "
            f"step={format_duration(width)!r} or a multiple of it"
        )
    if step % width:
        raise InvalidInput(f"step={format_duration(step)}: {given}, and a step is a multiple of that")
    if phase:
        raise InvalidInput(
            f"step={format_duration(step)}: {given} that begin {format_duration(phase)} after a multiple of it, so "
            "that some lie in two steps. Ask without step="
        )


def _cut(grid: np.ndarray, width: int, start: int, end: int) -> Sequence[int]:
    cut = [i for i in (0,) if len(grid) and grid[0] < start]
    return cut + [int(i) for i in np.flatnonzero((grid + width > end) & (grid < end)) if int(i) not in cut]
