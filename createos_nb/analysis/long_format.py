"""A fleet's requests in long form, laid out as one grid with a row for each environment.

Environments may be younger or older than others: rows may be absent before the first and after the last bucket of an
environment, never between. The rows may come in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    numbers,
    utc_index,
)


@dataclass(frozen=True, eq=False)
class Grid:
    """Counts of shape (environments, buckets), NaN where an environment has no row."""

    index: pd.DatetimeIndex
    bucket_seconds: int
    counts: dict[str, Floats]
    environments: pd.MultiIndex


def to_grid(frame: pd.DataFrame, name: str, columns: Sequence[str]) -> Grid:
    """Read the long form, or refuse it; `name` is what the error calls the frame."""
    stamps, pair, keys = rows_by_environment(frame, name)
    counts = {column: numbers(frame[column], name=f"column {column!r} of {name}") for column in columns}

    def row_label(at: int) -> str:
        return f"{stamps[at].isoformat()} in {keys[pair[at]][0]}/{keys[pair[at]][1]}"

    check_counts(counts, name, row_label)
    micros = stamps.asi8
    width = _fleet_width(frame, micros, pair, name, row_label)
    first = int(micros.min()) if len(micros) else 0
    offset = micros - first
    if len(micros) and (offset % (width * 1_000_000)).any():
        at = int(np.argmax(offset % (width * 1_000_000) != 0))
        raise FrameError(f"{name} is not on one regular grid of {width} s: see {row_label(at)}")
    column_at = offset // (width * 1_000_000) if width else offset
    length = int(column_at.max()) + 1 if len(micros) else 0
    shape = (len(keys), length)
    if length * len(keys) > max(50 * len(micros), 1_000_000):
        raise FrameError(
            f"{name} covers {length:,} buckets of {width} s for {len(keys):,} environments with {len(micros):,} rows: "
            "a time is far off, or the environments share no grid"
        )
    cell = pair * length + column_at
    rows_per_cell = np.bincount(cell, minlength=shape[0] * shape[1]) if len(cell) else np.zeros(0, dtype=np.int64)
    if len(rows_per_cell) and rows_per_cell.max() > 1:
        at = int(np.argmax(cell == int(np.argmax(rows_per_cell > 1))))
        raise FrameError(f"{name} has more than one row for {row_label(at)}")
    _check_gaps(rows_per_cell.reshape(shape) > 0, keys, first, width, name)
    grids: dict[str, Floats] = {}
    for column, values in counts.items():
        flat = np.full(shape[0] * shape[1], np.nan)
        flat[cell] = values
        grids[column] = flat.reshape(shape)
    index = utc_index(np.arange(length, dtype=np.int64) * (width * 1_000_000) + first)
    return Grid(index=index, bucket_seconds=width, counts=grids, environments=keys)


def rows_by_environment(frame: pd.DataFrame, name: str) -> tuple[pd.DatetimeIndex, Ints, pd.MultiIndex]:
    """The time of each row, the number of its environment, and the environments in order of first appearance."""
    time = frame["time"]
    if not isinstance(time.dtype, pd.DatetimeTZDtype):
        raise FrameError(f"column 'time' of {name} must be datetime64 in UTC, but its dtype is {time.dtype}")
    stamps = pd.DatetimeIndex(time).tz_convert("UTC").as_unit("us")
    if stamps.hasnans:
        raise FrameError(f"column 'time' of {name} has NaT at row {int(np.argmax(stamps.isna()))}")
    for label in ("project", "environment"):
        unnamed = frame[label].isna().to_numpy(dtype=np.bool_)
        if unnamed.any():
            raise FrameError(f"column {label!r} of {name} is missing at row {int(np.argmax(unnamed))}")
    project, projects = pd.factorize(frame["project"], use_na_sentinel=False)
    environment, environments = pd.factorize(frame["environment"], use_na_sentinel=False)
    pair, pairs = pd.factorize(project.astype(np.int64) * max(len(environments), 1) + environment)
    keys = pd.MultiIndex.from_arrays(
        [
            projects.take(np.asarray(pairs) // max(len(environments), 1)),
            environments.take(np.asarray(pairs) % max(len(environments), 1)),
        ],
        names=["project", "environment"],
    )
    return stamps, np.asarray(pair), keys


def _fleet_width(frame: pd.DataFrame, micros: Ints, pair: Ints, name: str, row_label: Callable[[int], str]) -> int:
    """The narrowest step within any environment, in seconds."""
    if len(micros) < 2:
        attrs_width = attrs_bucket_seconds(frame)
        if attrs_width is None and len(micros):
            raise FrameError(f"{name} has a single bucket, so its width is open: set attrs['bucket_seconds']")
        return attrs_width or 0
    order = np.lexsort((micros, pair))
    steps = np.diff(micros[order])[np.diff(pair[order]) == 0]
    if not len(steps):
        attrs_width = attrs_bucket_seconds(frame)
        if attrs_width is None:
            raise FrameError(f"every environment of {name} has one bucket: set attrs['bucket_seconds']")
        return attrs_width
    width = int(steps.min())
    if width == 0:
        twice = np.flatnonzero((np.diff(micros[order]) == 0) & (np.diff(pair[order]) == 0))[0]
        raise FrameError(f"{name} has more than one row for {row_label(int(order[twice]))}")
    if width % 1_000_000:
        raise FrameError(f"the buckets of {name} are {width / 1e6:g} s wide; whole seconds are needed")
    return width // 1_000_000


def _check_gaps(present: Bools, keys: pd.MultiIndex, first: int, width: int, name: str) -> None:
    """Rows may be absent before the first and after the last bucket of an environment, never between."""
    if not present.size:
        return
    length = present.shape[1]
    start = present.argmax(axis=1)
    end = length - present[:, ::-1].argmax(axis=1)
    rows = present.sum(axis=1)
    holes = np.flatnonzero(end - start != rows)
    if len(holes):
        row = int(holes[0])
        positions = np.flatnonzero(present[row])
        if len(positions) == rows[row] > 2 and len(set(np.diff(positions))) == 1:
            own = int(positions[1] - positions[0]) * width
            raise FrameError(
                f"{name} has buckets of {own} s in {keys[row][0]}/{keys[row][1]} and of {width} s elsewhere: "
                "ask for one width, or resample to the wider one"
            )
        at = int(start[row] + np.argmin(present[row, start[row] : end[row]]))
        moment = pd.Timestamp(first + at * width * 1_000_000, unit="us", tz="UTC")
        raise FrameError(
            f"{name} has a gap in {keys[row][0]}/{keys[row][1]}: no row for {moment.isoformat()}; "
            "give the missing buckets rows of NA"
        )
