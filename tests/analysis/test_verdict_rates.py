"""How often the verdict errs and how soon it decides: a small part of the simulation, with fixed seeds.

The long one is `python -m benchmarks.statistics.verdict`. Bounds here leave room for a few hundred releases.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.statistics import verdict
from benchmarks.statistics.verdict_baselines import exact, mann_whitney, threshold, z_test
from benchmarks.statistics.verdict_worlds import World, draw

RELEASES = 400
WORLD = World("100 rpm", releases=RELEASES)
FAST = WORLD.but("600 rpm", old=600, new=600)


def outcome(world, seed, history=60):
    return verdict.ours(world, seed, history)


@pytest.mark.grid(3)
@pytest.mark.parametrize("history", [0, 60])
@pytest.mark.parametrize(
    "world",
    [
        WORLD,
        WORLD.but("90/10", old=540, new=60),
        FAST.but("own CV 1", own=1),
        FAST.but("bursts of 5", burst_size=5),
        FAST.but("shared incident", incident=20),
        FAST.but("daily wave, moving split", daily=0.6, own=0.3, moving=True),
        FAST.but("99/1, own CV 0.5", old=59_400, own=0.5),
    ],
    ids=lambda world: world.name,
)
def test_healthy_releases_are_seldom_rolled_back(world, history):
    found = outcome(world, 1_000 + history, history)
    # 1 % of 400 is 4; 11 or more would happen once in 500 times
    assert found.rollback * RELEASES <= 10


def test_noise_that_lasts_needs_a_history():
    world = FAST.but("own AR 0.8", own_lasting=(0.8, 0.5))
    assert outcome(world, 2_000, 240).rollback <= 0.02
    assert exact(draw(world, 2_000, history=0)).any(axis=1).mean() > 0.1


def test_the_same_releases_fool_judges_that_take_errors_for_independent():
    paired = draw(FAST.but("own CV 1", own=1), 1_060, history=60)
    assert exact(paired).any(axis=1).mean() > 0.1
    assert z_test(paired).any(axis=1).mean() > 0.3


def test_five_times_the_errors_are_found_within_1200_requests_a_side():
    found = outcome(WORLD.but("5×", ratio=5), 3_000)
    assert found.rollback >= 0.99
    assert found.requests <= 1_200


def test_five_times_the_errors_are_found_through_noise_within_ten_minutes():
    found = outcome(FAST.but("5×, CV 1", ratio=5, own=1), 3_100)
    assert found.rollback >= 0.99
    assert found.minutes <= 10


def test_twice_the_errors_are_found_where_both_sides_share_the_noise():
    world = FAST.but("2×, shared CV 1.5", ratio=2, shared=1.5)
    for history in (0, 60):
        found = outcome(world, 3_200, history)
        assert found.rollback >= 0.95
        assert found.minutes <= 35
    assert mann_whitney(draw(world, 3_200)).any(axis=1).mean() < 0.1


def test_a_release_that_goes_bad_after_ten_minutes_is_found():
    found = outcome(WORLD.but("10× from minute 10", old=300, new=300, ratio=10, begins=10), 3_300)
    assert found.rollback >= 0.9
    assert found.rolled_minutes <= 30


def test_healthy_releases_are_promoted_and_worse_ones_are_not():
    found = outcome(FAST, 4_000)
    assert found.promote >= 0.95
    assert found.promote_minutes <= 25
    assert outcome(FAST.but("2×", ratio=2), 4_100).promote <= 0.02
    assert outcome(FAST.but("2×, CV 1", ratio=2, own=1), 4_200).promote <= 0.02


def test_the_ratio_stays_within_its_bounds_at_all_looks():
    below, above, either = verdict.covered(FAST.but("2×, CV 0.5", ratio=2, own=0.5), 5_000, 60)
    assert either <= 0.025
    assert either >= max(below, above)


def test_rolled_back_is_counted_before_promoted_and_promoted_before_rolled_back():
    back, well = np.array([3.0, np.inf, 9.0]), np.array([np.inf, 5.0, 4.0])
    found = verdict._outcome(back, well, back * 100)
    assert (found.rollback, found.promote) == pytest.approx((1 / 3, 2 / 3))
    assert found.crossed == pytest.approx(2 / 3)


def test_fixed_thresholds_alarm_on_healthy_sides_and_miss_what_is_below_them():
    healthy, worse = draw(WORLD, 6_000), draw(FAST.but("5×", ratio=5), 6_000)
    assert threshold(healthy, target=0.99, failures=10).any(axis=1).mean() > 0.8
    assert threshold(worse, target=0.95, failures=4).any(axis=1).mean() < 0.05


def test_worlds_have_the_noise_that_they_say():
    paired = draw(FAST.but("own CV 1", own=1, releases=200), 7_000, history=60)
    counts = paired.history_errors
    assert counts.mean() == pytest.approx(3, rel=0.05)
    # Poisson with mean 3 and CV 1: variance 3 + 9
    assert counts.var() == pytest.approx(12, rel=0.15)
    both = draw(FAST.but("shared CV 1.5", shared=1.5, releases=200), 7_100)
    assert np.corrcoef(both.old_errors.ravel(), both.new_errors.ravel())[0, 1] > 0.5
    lasting = draw(FAST.but("own AR", own_lasting=(0.9, 1.0), releases=200), 7_200).old_errors
    assert np.corrcoef(lasting[:, 1:].ravel(), lasting[:, :-1].ravel())[0, 1] > 0.5
