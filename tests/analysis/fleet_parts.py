"""Fleets that go wrong where they are read; other processes import this file."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from createos_nb.analysis.fleets.parts import EnvironmentRequests, Fleet, Grid, Place
from createos_nb.dtypes import TEXT

FIRST = 1_772_442_000
MINUTES = 200


def counts(seed: int, minutes: int = MINUTES) -> pd.DataFrame:
    """The requests of an environment, of which some fail."""
    rng = np.random.default_rng(seed)
    count = rng.poisson(50 + seed, minutes)
    failed = rng.binomial(count, 0.001 * (seed % 5))
    index = pd.date_range(pd.Timestamp(FIRST, unit="s", tz="UTC"), periods=minutes, freq="min", unit="us", name="time")
    columns = {"count": count, "status_2xx": count - failed, "status_3xx": 0, "status_4xx": 0, "status_5xx": failed}
    return pd.DataFrame(columns, index=index).astype("Int64")


def fleet_frame(environments: int = 4, minutes: int = MINUTES) -> pd.DataFrame:
    """The requests of a fleet in long form."""
    parts = [
        counts(seed, minutes).reset_index().assign(project=f"p{seed // 2}", environment=f"e{seed}")
        for seed in range(environments)
    ]
    return pd.concat(parts, ignore_index=True).astype({"project": TEXT, "environment": TEXT})


@dataclass(frozen=True)
class FaultyPart:
    """The requests of an environment, and what happens when they are read.

    Attributes:
        seed: Names the environment, and makes its requests.
        what: "" for nothing; "die", "memory", "once" (memory runs out the first time), "wait" (until there is
            a file "end").
        folder: Where each reading is noted.
    """

    seed: int
    what: str = ""
    folder: str = ""

    @property
    def places(self) -> Sequence[Place]:
        return [Place(f"p{self.seed // 2}", f"e{self.seed}")]

    @property
    def rows(self) -> int:
        return MINUTES

    def read(self, columns: Sequence[str]) -> Iterator[EnvironmentRequests]:
        before = 0
        if self.folder:
            note = Path(self.folder) / f"{self.seed}"
            before = len(list(Path(self.folder).glob(f"{self.seed}.*")))
            note.with_suffix(f".{before}.{os.getpid()}").touch()
        if self.what == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.what == "memory" or (self.what == "once" and not before):
            raise MemoryError("Unable to allocate 7.45 TiB")
        end = time.monotonic() + 600
        while self.what == "wait" and not (Path(self.folder) / "end").exists() and time.monotonic() < end:
            time.sleep(0.02)
        yield EnvironmentRequests(self.places[0], counts(self.seed)[[*columns]])

    def alone(self) -> Sequence[FaultyPart]:
        return [self]


class Unsendable(FaultyPart):
    """An environment that can't be sent to another process."""

    def __reduce__(self) -> Any:
        raise TypeError("a socket can't be pickled")


@dataclass(frozen=True)
class FaultyFleet:
    """What `analysis.fleet` takes for a history."""

    parts: Sequence[FaultyPart]

    def by_environment(self, **window: Any) -> Fleet:
        labels = pd.DataFrame({name: pd.array(["x"], dtype=TEXT) for name in ("project", "environment")})
        return Fleet(self.parts, Grid(FIRST, MINUTES, 60), labels)
