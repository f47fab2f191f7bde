"""A fleet in a Dask frame, in parts: each computes the partitions that its environments lie in, where it is judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from createos_nb.analysis.fleets.frames import LABELS, grid_of, of_frame
from createos_nb.analysis.fleets.judge import Job, Outcome, judge
from createos_nb.analysis.fleets.parts import EnvironmentRequests, Fleet, Part, Place, together
from createos_nb.analysis.long_format import rows_by_environment
from createos_nb.analysis.validation import check_columns


class _Seen(NamedTuple):
    """What a partition has of an environment: its times in microseconds, and the narrowest step between two."""

    partition: int
    first: int
    last: int
    rows: int
    step: int


@dataclass(frozen=True)
class DaskPart:
    """Some environments of a Dask frame.

    Attributes:
        partitions: Those that they lie in: to be computed (`dask.delayed.Delayed`), or frames that are.
        environments: Which ones, and how many rows each has.
    """

    partitions: Sequence[Any]
    environments: Mapping[Place, int]

    @property
    def places(self) -> Sequence[Place]:
        """Return its environments."""
        return list(self.environments)

    @property
    def rows(self) -> int:
        """Return how many rows it has."""
        return sum(self.environments.values())

    def read(self, columns: Sequence[str]) -> Iterator[EnvironmentRequests]:
        """Yield their requests: the partitions are computed in this process, one after the other."""
        import dask

        whole = pd.concat(dask.compute(*self.partitions, scheduler="synchronous"), ignore_index=True)
        found = {part.places[0]: part for part in of_frame(whole, columns).parts}
        for place in self.environments:
            yield from found[place].read(columns)

    def alone(self) -> Sequence[Part]:
        """Return a part for each environment."""
        return [DaskPart(self.partitions, {place: rows}) for place, rows in self.environments.items()]

    def delayed(self, job: Job) -> Any:
        """Return the judgement of the part, for a scheduler that knows where the partitions are."""
        import dask

        return dask.delayed(_judge_computed, pure=False)(job, dict(self.environments), *self.partitions)


def _judge_computed(job: Job, environments: dict[Place, int], *frames: pd.DataFrame) -> list[Outcome]:
    return judge(job, DaskPart(frames, {Place(*place): rows for place, rows in environments.items()}))


def of_dask(frame: Any, columns: Sequence[str], scheduler: Any = None) -> Fleet:
    """Return the fleet in a Dask frame.

    Args:
        frame: Requests over time of a fleet in long form; `project_id` and `environment_id` stand for names where there
            are none.
        columns: The counts that are needed.
        scheduler: Computes which environments there are; None for Dask's own choice.

    Raises:
        FrameError: The frame is not a fleet's.
    """
    import dask

    have = [str(name) for name in frame.columns]
    ids = {f"{name}_id": name for name in LABELS if name not in have and f"{name}_id" in have}
    frame = frame.rename(columns=ids) if ids else frame
    check_columns([str(name) for name in frame.columns], (*LABELS, "time", *columns), name="frame", fleet=True)
    looks = [dask.delayed(_survey)(each) for each in frame[[*LABELS, "time"]].to_delayed()]
    surveys = dask.compute(*looks, scheduler=scheduler)
    found: dict[Place, list[_Seen]] = {}
    for number, survey in enumerate(surveys):
        for place, seen in survey.items():
            found.setdefault(place, []).append(seen._replace(partition=number))
    steps = [step for seen in found.values() if (step := _step(seen))]
    everything = [one for seen in found.values() for one in seen]
    grid = grid_of(
        min((one.first for one in everything), default=0),
        max((one.last for one in everything), default=0),
        min(steps, default=0),
        environments=len(found),
        rows=sum(one.rows for one in everything),
    )
    partitions = frame[[*LABELS, "time", *columns]].to_delayed()
    of_partitions: dict[tuple[int, ...], dict[Place, int]] = {}
    for place, seen in found.items():
        numbers = tuple(one.partition for one in seen)
        of_partitions.setdefault(numbers, {})[place] = sum(one.rows for one in seen)
    parts = [
        DaskPart([partitions[number] for number in numbers], some)
        for numbers, environments in of_partitions.items()
        for some in together(environments)
    ]
    meta = frame._meta
    labels = meta[[*LABELS]].reindex([0])
    for name, value in zip(LABELS, next(iter(found)), strict=True):
        labels[name] = pd.array([value], dtype=meta[name].dtype)
    return Fleet(parts, grid, labels, order=tuple(found))


def _survey(frame: pd.DataFrame) -> dict[Place, _Seen]:
    """What a partition has of each environment."""
    stamps, pair, keys = rows_by_environment(frame, "frame")
    micros = stamps.asi8
    order = np.lexsort((micros, pair))
    micros, pair = micros[order], pair[order]
    edges = np.searchsorted(pair, np.arange(len(keys) + 1))
    found = {}
    for at, (start, end) in enumerate(pairwise(edges)):
        steps = np.diff(micros[start:end])
        step = int(steps[steps > 0].min()) if (steps > 0).any() else 0
        found[Place(*keys[at])] = _Seen(0, int(micros[start]), int(micros[end - 1]), int(end - start), step)
    return found


def _step(seen: Sequence[_Seen]) -> int:
    """The narrowest step within an environment, also from one partition to the next; 0 without two rows."""
    ordered = sorted(seen, key=lambda one: one.first)
    between = [after.first - before.last for before, after in pairwise(ordered)]
    return min((step for step in (*between, *(one.step for one in seen)) if step > 0), default=0)
