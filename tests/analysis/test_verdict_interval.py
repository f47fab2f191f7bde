"""The bounds of the ratio: the same evidence, turned around."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.statistics.verdict_worlds import World, draw
from createos_nb.analysis.releases import evidence, interval
from createos_nb.analysis.releases.counts import PairedCounts
from createos_nb.analysis.releases.weights import PRIOR


def bounds_of(counts, **options):
    at = np.array([counts.old_requests.shape[1] - 1])
    return interval.bounds(counts, at, **({"weights": PRIOR, "worse": 2.0, "alpha": 0.01, "beta": 0.01} | options))


@pytest.mark.parametrize("ratio", [0.4, 1.0, 1.6, 4.0])
@pytest.mark.parametrize("world", [World("calm"), World("noise", own=0.5, old=900, new=100)], ids=lambda one: one.name)
def test_the_bounds_stand_around_the_ratio_that_was_seen(world, ratio):
    counts = draw(world.but("", ratio=ratio, releases=20), 21).watch
    found = bounds_of(counts)
    assert (found.low <= found.ratio).all()
    assert (found.ratio <= found.high).all()
    assert ((found.low <= ratio) & (ratio <= found.high)).mean() >= 0.9


def test_high_below_two_is_the_evidence_to_promote_and_low_above_one_implies_that_to_roll_back():
    above = 0
    for seed in range(12):
        counts = draw(World("", ratio=(0.8, 1.0, 1.7, 2.5)[seed % 4], old=400, new=400, releases=1), seed).watch
        found, weighed = bounds_of(counts), evidence.evaluate(counts)
        assert (found.high[0, 0] < 2) == (weighed.promote[0, -1] >= np.log(100) - 0.3)
        if found.low[0, 0] > 1:
            above += 1
            assert weighed.rollback[0, -1] >= np.log(100) + np.log1p(-evidence.LATE) - 0.3
    assert above >= 2


def test_a_smaller_alpha_widens_the_bounds():
    counts = draw(World("", old=600, new=600, releases=1), 5).watch
    wide, narrow = bounds_of(counts, alpha=0.001, beta=0.001), bounds_of(counts, alpha=0.1, beta=0.1)
    assert wide.low < narrow.low < narrow.ratio < narrow.high < wide.high


def test_with_a_million_errors_the_bounds_are_narrow():
    counts = draw(World("", old=1_000_000, new=1_000_000, rate=0.01, ratio=1.03, releases=1), 6).watch
    found = bounds_of(counts)
    assert counts.old_errors.sum() + counts.new_errors.sum() > 1_000_000
    width = np.log(found.high[0, 0] / found.low[0, 0])
    # the points of the lattice are a factor of 1.19 apart
    assert 0.1 < width < 0.7
    assert found.low[0, 0] < 1.03 < found.high[0, 0]


def test_without_errors_everything_is_possible():
    empty = np.zeros((1, 10))
    found = bounds_of(PairedCounts(empty + 50, empty + 50, empty, empty))
    assert np.isnan(found.ratio[0, 0])
    assert (found.low[0, 0], found.high[0, 0]) == (0.0, np.inf)


def test_a_moving_split_does_not_confound_the_ratio():
    """Errors double for both sides while traffic moves to the new one: pooled over all, it would look worse."""
    old, new = np.array([[900.0, 100.0]]), np.array([[100.0, 900.0]])
    b, g = old * [0.01, 0.04], new * [0.01, 0.04]
    found = interval._pooled(PairedCounts(old, new, b, g), np.array([1]))
    assert found[0, 0] == pytest.approx(1.0)
    assert g.sum() / new.sum() > 1.5 * b.sum() / old.sum()


def test_what_rules_out_a_ratio_rules_out_the_smaller_ones():
    at = np.arange(5.0)
    assert interval._crossing(at, np.array([0.0, 9.0, 8.0, 2.0, 0.0]), 5.0) == pytest.approx(2.5)
    assert interval._crossing(at, np.zeros(5), 5.0) == -np.inf
    assert interval._crossing(at, np.full(5, 9.0), 5.0) == 4.0
