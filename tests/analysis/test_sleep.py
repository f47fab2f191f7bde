"""Sleep: idle times, what they cost, and a bound that holds whatever comes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from createos_nb import analysis
from createos_nb.analysis import sleep


def test_idle_times_are_runs_without_requests(made):
    """Those that touch an end are as long as they were seen."""
    found = analysis.idle_times(made([0, 0, 5, 0, 0, 0, 1, 0, 2, 0]))
    assert found.tolist() == [120, 180, 60, 60]
    assert found.index[1] == pd.Timestamp("2026-03-02T00:03Z")


def test_where_nobody_ever_comes_it_sleeps(made):
    found = analysis.sleep_advice(made(np.zeros(30 * 1440, dtype=int)))
    assert found.advice == "let sleep"
    assert found.costs.loc["keep awake", "idle_hours"] == pytest.approx(24)
    assert found.costs.loc["best timeout", "cost"] < 0.1


def test_an_abandoned_environment_sleeps(made):
    minute = np.arange(30 * 1440)
    found = analysis.sleep_advice(made(((minute < 10 * 1440) & (minute % 5 == 0)) * 1))
    assert found.advice == "let sleep"
    assert found.costs.loc["keep awake", "idle_hours"] == pytest.approx(24 * found.idle_share, rel=0.01)


def test_a_nightly_job_of_a_week_is_enough_to_sleep_between(made):
    found = analysis.sleep_advice(made((np.arange(7 * 1440) % 1440 == 60) * 3))
    assert found.idle_times < 10
    assert found.advice == "let sleep"


def test_a_few_short_idle_times_are_too_few(made):
    count = np.ones(600, dtype=int)
    count[[100, 200, 300]] = 0
    found = analysis.sleep_advice(made(count))
    assert found.advice == "not enough idle times"
    assert "Only 3 idle times" in found.sentence
    assert analysis.sleep_advice(made(np.ones(600, dtype=int))).sentence.startswith("No idle times")


def test_idle_times_beside_missing_data_are_left_out(made):
    frame = made([1, 0, 0, 1, 0, 1, 1])
    frame.iloc[2] = pd.NA
    assert analysis.idle_times(frame).tolist() == [60]


def test_the_best_timeout_is_the_cheapest_of_all():
    rng = np.random.default_rng(1)
    for worth in (60.0, 900.0, 10_000.0):
        gaps = rng.exponential(1500, 200).round(-1)
        best = sleep.best_timeout(gaps, worth)
        every = [sleep.cost(gaps, timeout, worth) for timeout in (*np.arange(0, 20_000, 10.0), np.inf)]
        assert sleep.cost(gaps, best, worth) == pytest.approx(min(every))


def test_no_sequence_of_idle_times_costs_more_than_twice_the_optimum():
    rng = np.random.default_rng(2)
    for best in (0.0, 60.0, 3600.0, 50_000.0, np.inf):
        for _ in range(100):
            spent = optimum = 0.0
            for _ in range(60):
                timeout = sleep._bounded(best, 3600.0, spent, optimum)
                # the adversary comes back just after the timeout, or at a moment of its own
                gap = float(rng.choice([timeout + 1 if np.isfinite(timeout) else 1e6, 1.0, 3600.0, 3601.0, 500.0]))
                spent += min(gap, timeout) + (3600.0 if gap > timeout else 0.0)
                optimum += min(gap, 3600.0)
                assert spent <= 2 * optimum + 1e-6


def test_the_advice_offers_the_bound_to_those_who_follow_it(made):
    advice = analysis.sleep_advice(made(np.r_[[1, 0, 0, 0] * 50, 1]), cold_start_cost="1h")
    assert advice.next_timeout(spent=0, optimum=0) == pd.Timedelta(hours=1) or advice.timeout is None


def test_nights_without_visitors_are_slept_through(made):
    rng = np.random.default_rng(3)
    hour = (np.arange(14 * 1440) % 1440) / 60
    frame = made(rng.poisson(np.where((hour > 8) & (hour < 18), 2.0, 0.0)))
    advice = analysis.sleep_advice(frame, cold_start_cost="1h")
    assert advice.advice == "let sleep"
    assert advice.timeout < pd.Timedelta(hours=1)
    assert advice.costs.loc["best timeout", "cold_starts"] == pytest.approx(1, abs=0.3)


def test_short_pauses_are_stayed_awake_for(made):
    frame = made(np.r_[[1, 0, 0, 0, 0] * 400, 1])
    advice = analysis.sleep_advice(frame, cold_start_cost="1h", idle_after="2m")
    assert advice.advice == "keep awake"
    assert advice.costs.loc["platform", "cost"] > advice.costs.loc["keep awake", "cost"]
    assert "Keep it awake" in advice.sentence


def test_few_idle_times_are_too_few(made):
    advice = analysis.sleep_advice(made([1, 0, 1, 0, 1]))
    assert advice.advice == "not enough idle times"
    assert "too few" in repr(advice)
    assert "too few" in advice._repr_html_()


def test_a_learnt_timeout_is_near_the_best_one_of_the_next_week(made):
    ratios = []
    for seed in range(10):
        rng = np.random.default_rng([4, seed])
        minute = np.arange(21 * 1440)
        count = rng.poisson(0.05 * (1 + np.sin(2 * np.pi * minute / 1440)))
        past, later = (analysis.idle_times(made(part)).to_numpy() for part in (count[: 14 * 1440], count[14 * 1440 :]))
        best = sleep.best_timeout(past, 3600.0)
        begun = {"spent": sleep.cost(past, best, 3600.0), "optimum": float(np.minimum(past, 3600.0).sum())}
        fixed = sleep.cost(later, sleep.best_timeout(later, 3600.0), 3600.0)
        ratios.append(sleep.replay(later, best, 3600.0, **begun) / fixed)
    assert np.mean(ratios) <= 1.05


def test_a_fleet_has_a_row_for_each_environment(made, as_fleet):
    fleet = as_fleet({("p", "a"): made(np.r_[[1, 0, 0] * 50, 1]), ("p", "b"): made(np.ones(151, dtype=int))})
    found = analysis.sleep_advice(fleet).set_index("environment")
    assert found["idle_times"].to_dict() == {"a": 50, "b": 0}
    assert found.loc["b", "advice"] == "not enough idle times"


def test_a_timeout_of_nothing_is_said_in_words(made):
    count = np.zeros(40 * 60, dtype=int)
    count[::60] = 100  # one crowd an hour; a cold start is worth ten minutes
    advice = analysis.sleep_advice(made(count), cold_start_cost="10min")
    assert advice.timeout == pd.Timedelta(0)
    assert "asleep as soon as nobody asks" in advice.sentence
    assert "at once" in repr(advice)
