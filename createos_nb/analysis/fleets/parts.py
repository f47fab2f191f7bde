"""The requests of a fleet in parts: each is read where it is judged, and nothing of it before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd

from createos_nb.analysis.grids import Floats, Ints, numbers, utc_index

#: Rows of several environments that are read together.
AT_ONCE = 1_000_000
_MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Grid:
    """The buckets that all environments of a fleet share, as the frame of the whole fleet would have them.

    Attributes:
        first: Start of the first bucket, in Unix seconds.
        buckets: How many there are.
        width: Length of one, in seconds.
        partial: Starts of those that the asked window cuts, as text.
    """

    first: int
    buckets: int
    width: int
    partial: tuple[str, ...] = ()


class Place(NamedTuple):
    """An environment: what the columns `project` and `environment` say of it, and its name in words."""

    project: Any
    environment: Any

    @property
    def name(self) -> str:
        """Return "project/environment"."""
        return f"{self.project}/{self.environment}"


class EnvironmentRequests(NamedTuple):
    """What was read of one environment.

    Attributes:
        place: Which one.
        frame: Indexed by `time` (datetime64[us, UTC]), rising or not; the counts that were asked for, NA without data.
        width: Length of its buckets in seconds; None where its rows tell.
        unknown: Spans that nobody knows, as pairs of texts.
    """

    place: Place
    frame: pd.DataFrame
    width: int | None = None
    unknown: Sequence[Sequence[str]] = ()


class Part(Protocol):
    """Some environments, most often one. It can be pickled, and holds no more than it takes to read them."""

    @property
    def places(self) -> Sequence[Place]:
        """Return its environments."""

    @property
    def rows(self) -> int:
        """Return about how many rows it has."""

    def read(self, columns: Sequence[str]) -> Iterator[EnvironmentRequests]:
        """Yield the requests of each environment; only these counts."""

    def alone(self) -> Sequence[Part]:
        """Return a part for each environment."""


@dataclass(frozen=True)
class Fleet:
    """The requests of a fleet, not read yet.

    Attributes:
        parts: Those of its environments.
        grid: The buckets that they share.
        labels: An empty frame with `project` and `environment`, as the frame of the fleet has them.
        attrs: What the result's attrs say of where it comes from.
        order: The environments in the order of the rows of a result; empty for that of the parts.
    """

    parts: Sequence[Part]
    grid: Grid
    labels: pd.DataFrame
    attrs: dict[str, Any] = field(default_factory=dict)
    order: Sequence[Place] = ()

    @property
    def places(self) -> Sequence[Place]:
        """Return the environments in the order of the rows of a result."""
        return self.order or [place for part in self.parts for place in part.places]


def together(environments: Mapping[Place, int]) -> Iterator[dict[Place, int]]:
    """Yield environments that are read together where each would read the files of all.

    Args:
        environments: How many rows each has.
    """
    some: dict[Place, int] = {}
    for place, rows in environments.items():
        if some and sum(some.values()) + rows > AT_ONCE:
            yield some
            some = {}
        some[place] = rows
    if some:
        yield some


def on_grid(found: EnvironmentRequests, grid: Grid) -> pd.DataFrame:
    """Return the requests of an environment in long form, on the buckets of its fleet.

    Before its first row and after its last one NaN is put in, as in the grid of a whole fleet; a gap between is left
    for the judgement to refuse.

    Args:
        found: What was read.
        grid: Of the fleet.
    """
    frame = found.frame
    counts = {name: numbers(frame[name], name=f"column {name!r} of {found.place.name}") for name in frame}
    times = pd.DatetimeIndex(frame.index).as_unit("us").asi8
    if (found.width or grid.width) != grid.width or not len(times):
        nothing = all(np.isnan(values).all() for values in counts.values())
        if not nothing:
            raise ValueError(
                f"{found.place.name} has buckets of {found.width} s, and others of the fleet of {grid.width} s: "
                "give step=, a multiple of both"
            )
        times, counts = np.zeros(0, dtype=np.int64), {name: np.zeros(0) for name in counts}
    first, width = grid.first * _MICROSECONDS, grid.width * _MICROSECONDS
    begin = max((int(times.min()) - first) // width, 0) if len(times) else grid.buckets
    end = min((int(times.max()) - first) // width + 1, grid.buckets) if len(times) else grid.buckets
    before = first + np.arange(begin, dtype=np.int64) * width
    after = first + np.arange(end, grid.buckets, dtype=np.int64) * width
    all_times = np.concatenate([before, times, after])
    long = pd.DataFrame(
        {
            # one category: pandas need not look at each text
            "project": _repeated(found.place.project, len(all_times)),
            "environment": _repeated(found.place.environment, len(all_times)),
            "time": utc_index(all_times),
            **{name: _padded(values, before, after) for name, values in counts.items()},
        }
    )
    long.attrs = {"bucket_seconds": grid.width, "partial": list(grid.partial)}
    return long


def _repeated(value: Any, length: int) -> pd.Categorical:
    return pd.Categorical.from_codes(np.zeros(length, dtype=np.int8), categories=pd.Index([value]))


def _padded(values: Floats, before: Ints, after: Ints) -> Floats:
    return np.concatenate([np.full(len(before), np.nan), values, np.full(len(after), np.nan)])
