"""The shape of day and week is found again in traffic that was made with one."""

from __future__ import annotations

import numpy as np
import pytest

from createos_nb import analysis


def shaped(made, days, *, every=15, seed=3):
    """Quarter hours with a daily sine and weekends at half, from a Monday."""
    length = days * 24 * 60 // every
    day = np.arange(length) * every / 1440
    mean = 900 * (1 + 0.6 * np.sin(2 * np.pi * day)) * np.where(day % 7 >= 5, 0.5, 1)
    return made(np.random.default_rng(seed).poisson(mean), every=f"{every}min"), mean


def test_level_times_day_times_week_is_what_the_traffic_was_made_with(made):
    frame, mean = shaped(made, 28)
    parts = analysis.decompose(frame)
    assert parts.attrs["daily"]
    assert parts.attrs["weekly"]
    assert float(np.abs(parts["expected"] / mean - 1).median()) < 0.02
    assert parts["daily"].iloc[: 24 * 4].mean() == pytest.approx(1, abs=1e-6)


def test_an_outage_stays_in_the_remainder_and_out_of_the_shape(made):
    frame, mean = shaped(made, 21)
    hole = slice(1000, 1012)
    frame.iloc[hole] = 0
    parts = analysis.decompose(frame)
    assert (parts["remainder"].iloc[hole] < -0.8 * mean[hole]).all()
    assert float(np.abs(parts["expected"].iloc[hole] / mean[hole] - 1).max()) < 0.12


def test_short_data_has_no_shape_and_says_so(made):
    frame, _ = shaped(made, 1)
    parts = analysis.decompose(frame)
    assert not parts.attrs["daily"]
    assert (parts["daily"] == 1).all()
    assert (parts["weekly"] == 1).all()


def test_yesterday_and_last_week_stand_beside_today(made):
    frame, _ = shaped(made, 9)
    parts = analysis.decompose(frame)
    count = frame["count"].astype(float)
    assert parts["yesterday"].iloc[-1] == count.iloc[-1 - 96]
    assert parts["last_week"].iloc[-1] == count.iloc[-1 - 7 * 96]
    assert parts["yesterday"].iloc[:96].isna().all()


def test_a_fleet_is_decomposed_like_its_environments(made, as_fleet):
    one, _ = shaped(made, 3)
    two, _ = shaped(made, 3, seed=9)
    both = analysis.decompose(as_fleet({("p", "a"): one, ("p", "b"): two}))
    alone = analysis.decompose(two)
    np.testing.assert_allclose(both.loc[both["environment"] == "b", "expected"], alone["expected"])


def test_hours_and_weekdays_are_in_utc_from_monday(made):
    count = np.zeros(7 * 24, dtype=int)
    count[24 + 13] = 600  # Tuesday 13:00
    table = analysis.hour_by_weekday(made(count, every="1h"))
    assert table.loc["Tuesday", 13] == 10
    assert table.to_numpy().sum() == 10
    assert table.index[0] == "Monday"


def test_hours_without_data_are_empty_cells(made):
    assert analysis.hour_by_weekday(made(np.ones(24, dtype=int), every="1h")).loc["Friday"].isna().all()


def test_requests_once_an_hour_are_the_habit_and_no_outliers(made):
    count = np.zeros(4 * 1440, dtype=int)
    count[59::60] = 120
    parts = analysis.decompose(made(count))
    assert parts["level"].iloc[2000] == pytest.approx(2, rel=0.05)
    assert parts["expected"].mean() == pytest.approx(2, rel=0.05)
