"""Cutting a grid into pieces of equal length, and laying results out as one row per environment and piece."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from createos_nb.analysis.validation import Floats, FrameError, Ints, Requests, utc_index
from createos_nb.times import whole_seconds


@dataclass(frozen=True, eq=False)
class Bins:
    """Positions and times at which pieces begin in the grid; a single piece without a time covers everything."""

    starts: Ints
    times: pd.DatetimeIndex | None

    def sum(self, values: Floats) -> Floats:
        """Sums of each piece over the last axis; missing values count as nothing."""
        return np.add.reduceat(np.nan_to_num(values), self.starts, axis=-1)

    def max(self, values: Floats) -> Floats:
        """The largest value of each piece over the last axis; NaN where there is none."""
        return np.fmax.reduceat(values, self.starts, axis=-1)

    def split(self, values: Floats) -> list[Floats]:
        """The values of each piece."""
        return np.split(values, self.starts[1:], axis=-1)


def bin_requests(counts: Requests, every: Any | None) -> Bins:
    """Pieces of the length `every`, cut at multiples of it since 1970 in UTC; None is one piece."""
    if not len(counts.index):
        raise FrameError("the frame has no rows")
    if every is None:
        return Bins(starts=np.zeros(1, dtype=np.int64), times=None)
    width = whole_seconds(every, name="every")
    if width % counts.bucket_seconds:
        raise ValueError(f"every={every!r} is no multiple of the buckets of {counts.bucket_seconds} s")
    number = counts.seconds // width
    starts = np.flatnonzero(np.diff(number, prepend=number[0] - 1)).astype(np.int64)
    times = utc_index(number[starts] * (width * 1_000_000))
    return Bins(starts=starts, times=times)


def rows(counts: Requests, bins: Bins, columns: Mapping[str, Any]) -> pd.DataFrame | pd.Series[Any]:
    """One row per environment and piece.

    `columns` hold arrays of shape `(pieces,)` or `(environments, pieces)`. A single row is a Series; pieces are indexed
    by `time`; a fleet has ordinary columns `project`, `environment` and, with pieces, `time`.
    """
    flat = {name: _flat(values) for name, values in columns.items()}
    if counts.environments is None:
        frame = pd.DataFrame(flat)
        if bins.times is None:
            return pd.Series({name: column.iloc[0] for name, column in frame.items()}, dtype=object)
        frame.index = bins.times
        return frame
    keys = counts.environments
    repeat = len(bins.starts)
    labels: dict[str, Any] = {
        "project": keys.get_level_values("project").repeat(repeat),
        "environment": keys.get_level_values("environment").repeat(repeat),
    }
    if bins.times is not None:
        labels["time"] = utc_index(np.tile(bins.times.asi8, len(keys)))
    return pd.DataFrame({**labels, **flat})


def to_int64(values: Floats) -> Any:
    """Whole numbers as Int64, NaN as NA."""
    mask = ~np.isfinite(values)
    return pd.arrays.IntegerArray(np.where(mask, 0, values).round().astype(np.int64).ravel(), mask.ravel())


def _flat(values: Any) -> Any:
    return values.ravel() if isinstance(values, np.ndarray) else values
