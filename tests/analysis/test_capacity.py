"""Replicas from what has been demonstrated; nothing about CPU and memory."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from createos_nb import analysis


def week(made, *, peak, limit, replicas=1, seed=1):
    """A week of minutes whose requests beyond `limit` per replica fail."""
    rng = np.random.default_rng(seed)
    minute = np.arange(7 * 1440)
    count = rng.poisson(peak * (0.55 + 0.45 * np.sin(2 * np.pi * minute / 1440)))
    beyond = np.clip(count - limit * replicas, 0, None)
    return made(count, np.minimum(rng.poisson(0.0002 * count) + rng.binomial(beyond, 0.8), count))


def test_a_limit_that_was_seen_asks_for_more_replicas(made):
    found = analysis.replicas_advice(week(made, peak=200, limit=120), replicas=1)
    assert found.limit_seen
    assert 105 <= found.demonstrated <= 125
    assert found.needed == 2
    assert found.replicas == found.with_headroom == 3


def test_without_a_limit_there_is_no_evidence_for_more(made):
    found = analysis.replicas_advice(week(made, peak=200, limit=10_000), replicas=2)
    assert not found.limit_seen
    assert found.replicas == 2
    assert "no evidence for more" in found.reason


def test_replicas_that_were_never_needed_can_go(made):
    frame = week(made, peak=60, limit=10_000)
    frame.iloc[100:140] = week(made, peak=900, limit=10_000).iloc[3000:3040].to_numpy()  # a load test, served well
    assert analysis.replicas_advice(frame, replicas=3).replicas == 1


def test_never_more_than_three(made):
    found = analysis.replicas_advice(week(made, peak=600, limit=60, replicas=2), replicas=2)
    assert found.replicas == 3
    assert found.with_headroom > 3
    assert "external load balancer" in found.reason


def test_cpu_and_memory_have_no_evidence(made):
    found = analysis.replicas_advice(week(made, peak=200, limit=120), replicas=1)
    assert "no evidence" in found.cpu
    assert "no evidence" in found.memory
    assert "no evidence: the platform does not tell CPU use" in repr(found)


def test_errors_at_any_load_are_not_blamed_on_load(made):
    rng = np.random.default_rng(3)
    count = rng.poisson(100, 2000)
    found = analysis.replicas_advice(made(count, rng.binomial(count, 0.2)), replicas=1)
    assert found.replicas == 1
    assert not found.limit_seen


def test_too_little_data_keeps_what_there_is(made):
    found = analysis.replicas_advice(made(np.full(20, 100)), replicas=2)
    assert (found.replicas, found.needed) == (2, None)


def test_the_number_may_have_changed_over_time(made):
    frame = pd.concat([week(made, peak=100, limit=10_000), week(made, peak=200, limit=10_000, seed=2)])
    frame.index = pd.date_range("2026-03-02", periods=len(frame), freq="min", tz="UTC", unit="us", name="time")
    history = pd.Series([1, 2], index=[frame.index[0], frame.index[10_080]])
    found = analysis.replicas_advice(frame, replicas=history)
    assert found.current == 2
    assert found.demonstrated == pytest.approx(found.peak / 2, rel=0.2)


def test_advice_is_never_below_what_a_later_week_needs(made):
    for seed in range(20):
        past, later = (week(made, peak=150, limit=90, seed=[seed, part]) for part in (0, 1))
        found = analysis.replicas_advice(past, replicas=1)
        q99 = float(np.quantile(later["count"].astype(float), 0.99))
        assert found.replicas >= min(np.ceil(q99 / found.demonstrated), 3)


def test_a_fleet_needs_the_number_of_each_environment(made, as_fleet):
    fleet = as_fleet({("p", "a"): week(made, peak=200, limit=120), ("p", "b"): week(made, peak=20, limit=900)})
    found = analysis.replicas_advice(fleet, replicas={("p", "a"): 1, ("p", "b"): 1}).set_index("environment")
    assert found["replicas"].to_dict() == {"a": 3, "b": 1}
    with pytest.raises(analysis.FrameError, match="no number for p/b"):
        analysis.replicas_advice(fleet, replicas={("p", "a"): 1})


def test_without_data_the_pace_is_unknown_and_the_number_stays(made):
    frame = made([1] * 10)
    frame[:] = pd.NA
    advice = analysis.replicas_advice(frame, replicas=2)
    assert (advice.replicas, advice.needed) == (2, None)
    assert "nan" not in repr(advice) + advice._repr_html_()


def test_the_replicas_of_a_fleet_may_be_a_series_and_each_environment_needs_its_own(made, as_fleet):
    frame = as_fleet({("a", "p"): week(made, peak=100, limit=10_000), ("b", "p"): week(made, peak=100, limit=10_000)})
    index = pd.MultiIndex.from_tuples([("a", "p"), ("b", "p")], names=["project", "environment"])
    numbers = pd.Series([1, 2], index=index, dtype="Int64")
    as_mapping = analysis.replicas_advice(frame, replicas=numbers.to_dict())
    pd.testing.assert_frame_equal(analysis.replicas_advice(frame, replicas=numbers), as_mapping)
    numbers.iloc[1] = pd.NA
    with pytest.raises(analysis.FrameError, match="replicas has no number for b/p"):
        analysis.replicas_advice(frame, replicas=numbers)


def test_errors_that_do_not_hang_on_load_are_no_reason_for_more(made):
    rng = np.random.default_rng(0)
    count = rng.poisson(2 + 300 * (np.sin(np.arange(10_000) / 1440 * 2 * np.pi) > 0))
    found = analysis.replicas_advice(made(count, rng.binomial(count, 0.02)), replicas=1)
    assert not found.limit_seen
    assert found.replicas == 1
    assert "no evidence for more" in found.sentence


@pytest.mark.parametrize("errors", [0, 1])
@pytest.mark.parametrize("length", [20, 2000])
def test_there_are_never_more_than_three(made, errors, length):
    count = np.random.default_rng(1).poisson(100, length)
    found = analysis.replicas_advice(made(count, count * errors), replicas=7)
    assert found.replicas == 3
    assert "3 are the most" in found.sentence
