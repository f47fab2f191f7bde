"""How often the verdict errs and how soon it decides: a small part of the simulation, with fixed seeds.

The long one is `python -m benchmarks.statistics.verdict`. Bounds here leave room for a hundred releases.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.statistics import verdict
from benchmarks.statistics.verdict_baselines import exact, mann_whitney, threshold, z_test
from benchmarks.statistics.verdict_cells import BUSY, CLIENT_ERRORS, FAST, PLAIN, SHARED_WAVE
from benchmarks.statistics.verdict_worlds import World, draw

RELEASES = 60


def outcome(world: World, seed: int, **options):
    return verdict.outcome(replace(world, releases=options.pop("releases", RELEASES)), seed, **options)


@pytest.mark.parametrize(
    "world",
    [
        FAST.but("own CV 1", own=1),
        FAST.but("bursts of 5, 90/10", old=9_000, new=1_000, burst_size=5),
        BUSY.but("cold start", starts_cold=(3, 3.0)),
        FAST.but("shared wave", shared_lasting=SHARED_WAVE),
    ],
    ids=lambda world: world.name,
)
def test_healthy_releases_are_seldom_rolled_back(world):
    # 1 % of 60 is 0.6; 4 or more would happen once in 300 times
    assert outcome(world, 1_000).rolled * RELEASES <= 3


def test_the_same_releases_fool_judges_that_take_errors_for_independent():
    counts = draw(FAST.but("own CV 1", own=1, releases=200), 1_060).watch
    assert exact(counts).any(axis=1).mean() > 0.1
    assert z_test(counts).any(axis=1).mean() > 0.3


def test_noise_of_one_side_that_lasts_needs_a_pair_as_history():
    world = FAST.but("own AR 0.9", own_lasting=(0.9, 1.0))
    without, shown = outcome(world, 2_000), outcome(world, 2_000, history=60, pair=True)
    assert without.rolled > 0.03
    assert shown.rolled < without.rolled


def test_regressions_are_found_in_time():
    assert outcome(PLAIN.but("5×", ratio=5), 3_000).requests <= 1_900
    assert outcome(FAST.but("2×, shared wave", ratio=2, shared_lasting=SHARED_WAVE), 3_200).rolled >= 0.7
    assert mann_whitney(draw(FAST.but("2×", ratio=2, shared=1.5, releases=60), 3_200).watch).any(axis=1).mean() < 0.1


def test_a_regression_that_begins_late_is_found_and_never_left_promoted():
    early = outcome(BUSY.but("", ratio=5, begins=10), 3_300)
    assert (early.rolled, early.ever) == (1.0, 0.0)
    late = outcome(BUSY.but("", ratio=5, begins=30), 3_400)
    assert late.ever == 1.0
    assert (late.rolled, late.end) == (1.0, 0.0)
    assert late.minutes <= 8


def test_healthy_releases_are_promoted_and_worse_ones_are_not():
    found = outcome(FAST, 4_000)
    assert found.soon >= 0.8
    assert found.rolled == 0
    assert outcome(FAST.but("2×", ratio=2), 4_100).ever <= 0.02


def test_client_errors_alone_are_never_promoted():
    _, server, client = CLIENT_ERRORS[0]
    found = outcome(server, 4_200, client=replace(client, releases=RELEASES))
    assert found.ever <= 0.02
    assert found.rolled >= 0.8


def test_the_ratio_stays_within_its_bounds_at_all_looks():
    below, above = verdict.covered(FAST.but("2×, CV 0.5", ratio=2, own=0.5, releases=60), 5_000)
    assert max(below, above) <= 0.04


def test_fixed_thresholds_alarm_on_healthy_sides_and_miss_what_is_below_them():
    worlds = PLAIN.but("", releases=100), FAST.but("", ratio=5, releases=100)
    worlds = PLAIN.but("", releases=100), FAST.but("", ratio=5, releases=100)
    healthy, worse = (draw(world, 6_000).watch for world in worlds)
    assert threshold(healthy, target=0.99, failures=10).any(axis=1).mean() > 0.8
    assert threshold(worse, target=0.95, failures=4).any(axis=1).mean() < 0.05


def test_worlds_have_the_noise_that_they_say():
    counts = draw(FAST.but("own CV 1", own=1, releases=200), 7_000, history=60).before.old_errors
    assert counts.mean() == pytest.approx(3, rel=0.05)
    # Poisson with mean 3 and CV 1: variance 3 + 9
    assert counts.var() == pytest.approx(12, rel=0.15)
    both = draw(FAST.but("shared CV 1.5", shared=1.5, releases=200), 7_100).watch
    assert np.corrcoef(both.old_errors.ravel(), both.new_errors.ravel())[0, 1] > 0.5
    lasting = draw(FAST.but("own AR", own_lasting=(0.9, 1.0), releases=200), 7_200).watch.old_errors
    assert np.corrcoef(lasting[:, 1:].ravel(), lasting[:, :-1].ravel())[0, 1] > 0.5


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"ratio": 5, "begins": 10, "ends": 20}, [1] * 10 + [5] * 10 + [1] * 10),
        ({"ratio": 4, "begins": 10, "flaps": 5}, [1] * 10 + [4] * 5 + [1] * 5 + [4] * 5 + [1] * 5),
        ({"starts_cold": (3, 3.0)}, [3] * 3 + [1] * 27),
    ],
)
def test_worlds_take_the_course_that_they_say(changes, expected):
    counts = draw(PLAIN.but("", rate=0.02, releases=3_000, buckets=30, **changes), 8_000).watch
    assert counts.new_errors.mean(axis=0) / 2 == pytest.approx(expected, rel=0.1)
