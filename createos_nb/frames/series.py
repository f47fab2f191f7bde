"""Requests over time as a frame on a regular grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

COUNTS: Final = ("count", "status_2xx", "status_3xx", "status_4xx", "status_5xx")


@dataclass(frozen=True)
class Buckets:
    """The requests of an environment in time buckets of one width.

    `rows`: int64, one line a bucket: its start in Unix seconds, then the five counts. `width` in seconds; buckets start
    at `phase` seconds after a multiple of it.
    """

    rows: np.ndarray
    width: int
    phase: int = 0


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
    data = np.zeros((size, len(COUNTS)), dtype=np.int64)
    missing = np.ones(size, dtype=bool)
    if len(rows):
        positions = (rows[:, 0] - first) // width
        inside = (positions >= 0) & (positions < size)
        np.add.at(data, positions[inside], rows[inside, 1:])
        missing[positions[inside]] = False
    grid = first + width * np.arange(size, dtype=np.int64)
    index = pd.DatetimeIndex(grid.astype("datetime64[s]").astype("datetime64[us]"), name="time").tz_localize("UTC")
    frame = pd.DataFrame(
        {name: pd.arrays.IntegerArray(data[:, i].copy(), missing.copy()) for i, name in enumerate(COUNTS)},
        index=index,
    )
    last = end if now is None else min(end, int(now))
    frame.attrs["bucket_seconds"] = width
    frame.attrs["partial"] = [index[i].isoformat() for i in _cut(grid, width, start, last) if not missing[i]]
    return frame


def _cut(grid: np.ndarray, width: int, start: int, end: int) -> Sequence[int]:
    cut = [i for i in (0,) if len(grid) and grid[0] < start]
    return cut + [int(i) for i in np.flatnonzero((grid + width > end) & (grid < end)) if int(i) not in cut]
