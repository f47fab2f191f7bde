"""Counters of requests count each final minute once, and never fall."""

from __future__ import annotations

import numpy as np

from createos_nb.client.fleet_series import Series
from createos_nb.metrics.counts import Counters, Counts

PLACE = ("storefront", "production")


def series(start: int, end: int, *, settled: int, count: int = 10, without: frozenset[int] = frozenset()) -> Series:
    """Minutes of ten requests each: 6 2xx, 1 3xx, 2 4xx, 1 5xx."""
    begins = [at for at in range(start, end, 60) if at not in without]
    rows = np.array([[at, count, 6, 1, 2, 1] for at in begins], dtype=np.int64).reshape(-1, 6)
    return Series(60, rows, start, settled, 3600, end)


def test_each_final_minute_is_counted_once() -> None:
    counters = Counters()
    counters.add([(PLACE, series(0, 600, settled=300))])
    assert counters.counts[PLACE] == Counts(300, {"2xx": 0, "3xx": 0, "4xx": 0, "5xx": 0})
    counters.add([(PLACE, series(0, 780, settled=480))])
    assert counters.counts[PLACE] == Counts(480, {"2xx": 18, "3xx": 3, "4xx": 6, "5xx": 3})
    counters.add([(PLACE, series(0, 780, settled=480))])  # nothing is new
    counters.add([(PLACE, series(0, 600, settled=300))])  # an older reading
    assert counters.counts[PLACE].requests["2xx"] == 18
    counters.add([(PLACE, series(120, 840, settled=540))])
    assert counters.counts[PLACE] == Counts(540, {"2xx": 24, "3xx": 4, "4xx": 8, "5xx": 4})


def test_what_was_not_read_in_time_is_told() -> None:
    counters = Counters({PLACE: Counts(0, {"2xx": 5})})
    counters.add([(PLACE, series(600, 1200, settled=900))])
    assert counters.counts[PLACE] == Counts(900, {"2xx": 35, "3xx": 5, "4xx": 10, "5xx": 5}, uncounted=600)


def test_minutes_without_data_are_uncounted_and_not_zero() -> None:
    counters = Counters({PLACE: Counts(0, {})})
    counters.add([(PLACE, series(0, 600, settled=300, without=frozenset({60, 120})))])
    assert counters.counts[PLACE].requests["2xx"] == 18
    assert counters.counts[PLACE].uncounted == 120


def test_requests_of_no_class_are_told_apart() -> None:
    counters = Counters({PLACE: Counts(0, {})})
    counters.add([(PLACE, series(0, 120, settled=120, count=13))])
    assert counters.counts[PLACE].requests["other"] == 6
