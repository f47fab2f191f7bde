"""Buckets of time with their counts by status class."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from createos_nb.simulator.traffic.randomness import Ints


class Series(NamedTuple):
    """Buckets of time; one that the window cuts counts what is inside the window.

    Attributes:
        time: begin of each bucket, Unix seconds, int64.
        counts: requests of the classes 2xx, 3xx, 4xx, 5xx, int64, shape (buckets, 4).
        total: all requests, int64: the sum of the classes and of the rare 1xx of a replayed log.
    """

    time: Ints
    counts: Ints
    total: Ints


def series_of(table: Ints, first: int, width: int) -> Series:
    """The series of a table of counts, a row for each bucket and a column for each class from 1xx to 5xx."""
    time = (first + np.arange(len(table), dtype=np.int64)) * width
    return Series(time, table[:, 1:], table.sum(axis=1))


def tally(table: Ints, time: Ints, status: npt.NDArray[np.int16], first: int, width: int) -> None:
    """Add single requests to such a table; times in microseconds, `first` is the number of its first bucket."""
    if len(time):
        place = (time // (width * 1_000_000) - first) * 5 + status.astype(np.int64) // 100 - 1
        table += np.bincount(place, minlength=table.size).reshape(table.shape)
