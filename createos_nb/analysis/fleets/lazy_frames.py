"""A fleet in a Polars lazy frame, in parts: each collects its own rows, where it is judged."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from createos_nb.analysis.fleets.frames import LABELS, grid_of
from createos_nb.analysis.fleets.parts import EnvironmentRequests, Fleet, Part, Place, together
from createos_nb.analysis.grids import FrameError, utc_index
from createos_nb.analysis.validation import check_columns
from createos_nb.dtypes import TEXT

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class LazyPart:
    """Some environments of a lazy frame.

    Attributes:
        plan: The lazy frame as bytes, with `project`, `environment`, `time` and the counts.
        environments: Which ones, and about how many rows each has.
    """

    plan: bytes
    environments: Mapping[Place, int]

    @property
    def places(self) -> Sequence[Place]:
        """Return its environments."""
        return list(self.environments)

    @property
    def rows(self) -> int:
        """Return about how many rows it has."""
        return sum(self.environments.values())

    def read(self, columns: Sequence[str]) -> Iterator[EnvironmentRequests]:
        """Yield their requests: the rows of all of them are collected together."""
        import polars as pl

        lazy = pl.LazyFrame.deserialize(io.BytesIO(self.plan))
        projects = sorted({place.project for place in self.environments})
        chosen = lazy.filter(pl.col("project").is_in(projects))
        if len(self.environments) == 1:
            [place] = self.environments
            chosen = chosen.filter(pl.col("environment") == place.environment)
        collected = chosen.select(*LABELS, pl.col("time").dt.epoch("us"), *columns).collect()
        parts = collected.partition_by(*LABELS, as_dict=True)
        for place in self.environments:
            rows = parts.get(tuple(place), collected.clear())
            counts = {name: _numbers(rows[name], name, place) for name in columns}
            index = utc_index(rows["time"].to_numpy())
            yield EnvironmentRequests(place, pd.DataFrame(counts, index=index))

    def alone(self) -> Sequence[Part]:
        """Return a part for each environment."""
        return [LazyPart(self.plan, {place: rows}) for place, rows in self.environments.items()]


def _numbers(column: pl.Series, name: str, place: Place) -> Any:
    if not column.dtype.is_numeric():
        raise FrameError(f"column {name!r} of {place.name} must hold numbers, but its dtype is {column.dtype}")
    import polars as pl

    return column.cast(pl.Float64).to_numpy()


def of_lazy(lazy: pl.LazyFrame, columns: Sequence[str]) -> Fleet:
    """Return the fleet in a Polars lazy frame.

    Args:
        lazy: Requests over time of a fleet in long form; `project_id` and `environment_id` stand for names where there
            are none.
        columns: The counts that are needed.

    Raises:
        FrameError: The frame is not a fleet's.
    """
    import polars as pl

    have = lazy.collect_schema()
    lazy = lazy.rename({f"{name}_id": name for name in LABELS if name not in have and f"{name}_id" in have})
    schema = lazy.collect_schema()
    check_columns(schema.names(), (*LABELS, "time", *columns), name="frame", fleet=True)
    time = schema["time"]
    if not isinstance(time, pl.Datetime) or time.time_zone is None:
        raise FrameError(f"column 'time' of frame must be a datetime with a time zone, but its dtype is {time}")
    lazy = lazy.select(*LABELS, "time", *columns)
    found = (
        lazy.select(*LABELS, pl.col("time").dt.epoch("us"))
        .with_row_index("row")
        .group_by(*LABELS)
        .agg(
            pl.col("row").min(),
            pl.len().alias("rows"),
            pl.col("time").null_count().alias("without"),
            pl.col("time").min().alias("first"),
            pl.col("time").max().alias("last"),
            pl.col("time").sort().diff().alias("step").filter(pl.col("time").sort().diff() > 0).min(),
        )
        .sort("row")
        .collect()
    )
    if found["without"].sum() or any(found[name].null_count() for name in LABELS):
        raise FrameError("frame has rows without a project, an environment or a time")
    steps = found["step"].drop_nulls()
    width = steps.min() if len(steps) else 0
    grid = grid_of(
        int(found["first"].min() or 0),  # type: ignore[arg-type]
        int(found["last"].max() or 0),  # type: ignore[arg-type]
        int(width or 0),  # type: ignore[arg-type]
        environments=len(found),
        rows=int(found["rows"].sum()),
    )
    places = [Place(*labels) for labels in found.select(*LABELS).iter_rows()]
    plan = lazy.serialize()
    parts = [LazyPart(plan, some) for some in together(dict(zip(places, found["rows"].to_list(), strict=True)))]
    first = zip(LABELS, places[0], strict=True)
    labels = pd.DataFrame({name: pd.array([value], dtype=_dtype(schema[name])) for name, value in first})
    return Fleet(parts, grid, labels)


def _dtype(dtype: Any) -> Any:
    import polars as pl

    return TEXT if dtype in (pl.String, pl.Categorical) or isinstance(dtype, pl.Enum) else np.dtype("int64")
