"""A fleet in a pandas frame, in parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from createos_nb.analysis.fleets.parts import EnvironmentRequests, Fleet, Grid, Part, Place
from createos_nb.analysis.grids import FrameError, Ints, attrs_bucket_seconds, live_versions, utc_index
from createos_nb.analysis.long_format import rows_by_environment
from createos_nb.analysis.validation import check_columns

LABELS = ("project", "environment")
_MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class FramePart:
    """The rows of one environment.

    Attributes:
        place: Which one.
        times: Microseconds since 1970 in UTC.
        counts: The columns that are needed, as the frame has them.
    """

    place: Place
    times: Ints
    counts: dict[str, Any]

    @property
    def places(self) -> Sequence[Place]:
        """Return its environment."""
        return [self.place]

    @property
    def rows(self) -> int:
        """Return how many rows it has."""
        return len(self.times)

    def read(self, columns: Sequence[str]) -> Iterator[EnvironmentRequests]:
        """Yield its requests."""
        index = utc_index(self.times)
        yield EnvironmentRequests(self.place, pd.DataFrame({name: self.counts[name] for name in columns}, index=index))

    def alone(self) -> Sequence[Part]:
        """Return the part itself."""
        return [self]


def of_frame(frame: pd.DataFrame, columns: Sequence[str]) -> Fleet:
    """Return the fleet in a frame.

    Args:
        frame: Requests over time of a fleet in long form.
        columns: The counts that are needed.

    Raises:
        FrameError: The frame is not a fleet's.
    """
    if isinstance(frame.index, pd.DatetimeIndex) and not {*LABELS, "time"} <= set(frame.columns):
        raise FrameError("frame has one environment: judge it by the function itself, such as analysis.slo(frame)")
    check_columns([str(name) for name in frame.columns], (*LABELS, "time", *columns), name="frame", fleet=True)
    stamps, pair, keys = rows_by_environment(frame, "frame")
    micros, counts = stamps.asi8, {name: frame[name].array for name in columns}
    if len(pair) and (np.diff(pair) < 0).any():
        order = np.argsort(pair, kind="stable")
        micros, pair, counts = micros[order], pair[order], {name: each.take(order) for name, each in counts.items()}
    edges = np.searchsorted(pair, np.arange(len(keys) + 1))
    parts = [
        FramePart(Place(*keys[at]), micros[start:end], {name: each[start:end] for name, each in counts.items()})
        for at, (start, end) in enumerate(pairwise(edges))
    ]
    return Fleet(
        parts,
        _grid(frame, micros, [part.times for part in parts]),
        frame[[*LABELS]].iloc[:1],
        live_versions(frame),  # type: ignore[arg-type]  # named by text
    )


def _grid(frame: pd.DataFrame, micros: Ints, of_parts: Sequence[Ints]) -> Grid:
    steps = [np.diff(np.sort(times)) for times in of_parts if len(times) > 1]
    smallest = [int(each[each > 0].min()) for each in steps if (each > 0).any()]
    width = min(smallest) if smallest else (attrs_bucket_seconds(frame) or 0) * _MICROSECONDS
    partial = frame.attrs.get("partial")
    starts = tuple(partial) if isinstance(partial, (list, tuple)) else ()
    first, last = (int(micros.min()), int(micros.max())) if len(micros) else (0, 0)
    return grid_of(first, last, width, environments=len(of_parts), rows=len(micros), partial=starts)


def grid_of(first: int, last: int, width: int, *, environments: int, rows: int, partial: Sequence[str] = ()) -> Grid:
    """Return the grid of a fleet whose rows say no more than this.

    Args:
        first: Start of the first bucket, in microseconds.
        last: Of the last one.
        width: The narrowest step within any environment, in microseconds; 0 where none has two rows.
        environments: How many there are.
        rows: How many rows they have together.
        partial: Starts of the buckets that the asked window cuts.

    Raises:
        FrameError: There is no such grid.
    """
    if not rows:
        raise FrameError("the frame has no rows")
    if not width:
        raise FrameError("every environment of frame has one bucket: set attrs['bucket_seconds']")
    if width % _MICROSECONDS:
        raise FrameError(f"the buckets of frame are {width / _MICROSECONDS:g} s wide; whole seconds are needed")
    buckets, seconds = (last - first) // width + 1, width // _MICROSECONDS
    if buckets * environments > max(50 * rows, 1_000_000):
        raise FrameError(
            f"frame covers {buckets:,} buckets of {seconds} s for {environments:,} environments with {rows:,} rows: "
            "a time is far off, or the environments share no grid"
        )
    return Grid(first // _MICROSECONDS, buckets, seconds, tuple(partial))
