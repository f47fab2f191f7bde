"""Since when a share is higher: dates, ends, and no stretches where there are none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from createos_nb.diagnostics.evidence.onset import snapped, stretches

START = pd.Timestamp("2026-03-02 00:00", tz="UTC")


def series(counts: np.ndarray, hits: np.ndarray) -> pd.DataFrame:
    index = pd.date_range(START, periods=len(counts), freq="1min", name="time")
    return pd.DataFrame({"count": counts, "status_5xx": hits}, index=index).astype("Int64")


def noisy(seed: int, minutes: int, share: np.ndarray | float, rpm: float = 60.0, clumps: float = 0.0) -> pd.DataFrame:
    """Poisson requests of which a share fails; in clumps it varies from minute to minute."""
    chance = np.random.default_rng(seed)
    counts = chance.poisson(rpm, minutes)
    shares = np.broadcast_to(np.asarray(share, dtype=float), (minutes,))
    if clumps:
        shares = np.minimum(1.0, shares * chance.gamma(1 / clumps, clumps, minutes))
    return series(counts, chance.binomial(counts, shares))


@pytest.mark.parametrize("begin", [30, 600, 1400])
@pytest.mark.parametrize("share", [0.03, 0.3, 1.0])
def test_it_is_dated_to_minutes(begin: int, share: float) -> None:
    for seed in range(5):
        found, *_ = stretches(noisy(seed, 1440, np.where(np.arange(1440) >= begin, share, 0.001)), "status_5xx")
        assert found.ongoing
        slack = pd.Timedelta("10min") if share < 0.1 else pd.Timedelta("2min")
        assert abs(found.start - (START + pd.Timedelta(minutes=begin))) <= slack
        assert found.within == pytest.approx(share, abs=0.05)


def test_an_incident_that_is_over_has_an_end() -> None:
    minutes = np.arange(1440)
    share = np.where((minutes >= 400) & (minutes < 460), 0.5, 0.001)
    found, *_ = stretches(noisy(1, 1440, share), "status_5xx")
    assert found.end is not None
    assert abs(found.end - (START + pd.Timedelta("460min"))) <= pd.Timedelta("2min")


def test_two_stretches_are_two() -> None:
    minutes = np.arange(1440)
    share = np.where((minutes >= 200) & (minutes < 260), 0.4, np.where(minutes >= 1300, 0.2, 0.001))
    found = stretches(noisy(2, 1440, share), "status_5xx")
    assert len(found) == 2
    assert [one.ongoing for one in sorted(found, key=lambda one: one.start)] == [False, True]


@pytest.mark.slow
def test_quiet_days_have_none() -> None:
    """100 days at rates up to 2 %, independent and in clumps: none has a stretch."""
    alarms = 0
    for seed in range(50):
        alarms += bool(stretches(noisy(seed, 1440, 0.002), "status_5xx"))
        alarms += bool(stretches(noisy(1000 + seed, 1440, 0.02, clumps=1.0), "status_5xx"))
    assert alarms == 0


def test_no_data_is_no_failure() -> None:
    frame = noisy(3, 600, 0.0)
    frame.iloc[100:200] = pd.NA
    assert stretches(frame, "status_5xx") == []
    assert stretches(frame.iloc[:1], "status_5xx") == []
    assert stretches(frame.iloc[100:150], "status_5xx") == []


def test_few_errors_of_few_requests_are_none() -> None:
    assert stretches(series(np.array([2] * 60), np.array([0] * 57 + [1, 0, 1])), "status_5xx") == []


def test_a_change_is_believed_where_it_explains_as_much() -> None:
    minutes = np.arange(600)
    frame = noisy(4, 600, np.where(minutes >= 500, 0.05, 0.002), rpm=20)
    found, *_ = stretches(frame, "status_5xx")
    change = START + pd.Timedelta("500min")
    assert snapped(frame, found, [change + pd.Timedelta("4s")]).start == change
    far = START + pd.Timedelta("300min")
    assert snapped(frame, found, [far, None, pd.NaT]).start == found.start
