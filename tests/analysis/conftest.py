"""Requests frames made for a test: exact counts, or Poisson traffic from a seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from createos_nb.dtypes import TEXT
from tests.analysis import watches

START = "2026-03-02T00:00Z"  # a Monday


def frame_of(count: Any, errors: Any = 0, *, start: str = START, every: str = "1min", **statuses: Any) -> pd.DataFrame:
    """A requests frame: `count` requests per bucket, of which `errors` are 5xx and the rest 2xx."""
    count = np.atleast_1d(np.asarray(count))
    length = len(count)
    bad = np.broadcast_to(np.asarray(errors), length)
    other = {name: np.broadcast_to(np.asarray(values), length) for name, values in statuses.items()}
    good = count - bad - sum(other.values())
    columns = {"count": count, "status_2xx": good, "status_3xx": 0, "status_4xx": 0, "status_5xx": bad, **other}
    index = pd.date_range(start, periods=length, freq=every, unit="us", name="time")
    return pd.DataFrame(columns, index=index).astype("Int64")


def poisson(seed: int, length: int, *, rpm: float = 100, share: float = 0.005, **options: Any) -> pd.DataFrame:
    """Poisson traffic of `rpm` requests per bucket, of which `share` fail."""
    rng = np.random.default_rng(seed)
    count = rng.poisson(rpm, length)
    return frame_of(count, rng.binomial(count, share), **options)


def fleet_of(frames: dict[tuple[str, str], pd.DataFrame]) -> pd.DataFrame:
    """The long form: columns project, environment, time and the counts."""
    parts = [
        frame.reset_index().assign(project=project, environment=environment)
        for (project, environment), frame in frames.items()
    ]
    whole = pd.concat(parts, ignore_index=True)
    return whole.astype({"project": TEXT, "environment": TEXT})


@pytest.fixture
def made() -> Callable[..., pd.DataFrame]:
    return frame_of


@pytest.fixture
def traffic() -> Callable[..., pd.DataFrame]:
    return poisson


@pytest.fixture
def as_fleet() -> Callable[[dict[tuple[str, str], pd.DataFrame]], pd.DataFrame]:
    return fleet_of


@pytest.fixture(scope="module")
def regression():
    """Old at 0.5 %, new at 2.5 %, 100 requests a minute each."""
    return watches.poisson(1), watches.poisson(2, share=0.025)


@pytest.fixture(scope="module")
def healthy():
    return watches.poisson(13, rpm=600), watches.poisson(14, rpm=600)
