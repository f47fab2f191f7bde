"""The bounds of the ratio: the same evidence, turned around."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.statistics.verdict_worlds import World, draw
from createos_nb.analysis.releases import evidence, interval
from createos_nb.analysis.releases.counts import PairedCounts

HEIGHT = np.log(100)


def bounds_of(paired, **options):
    buckets = paired.old_requests.shape[1]
    at = np.array([buckets - 1])
    sums = [
        (float(one.sum()), float(bad.sum()))
        for one, bad in ((paired.old_requests, paired.old_errors), (paired.new_requests, paired.new_errors))
    ]
    curves = evidence.evaluate(paired, nodes=interval.nodes(2.0, *sums), positions=at).curves
    reached = interval.totals(paired.old_requests[0], paired.new_requests[0], paired.old_errors, paired.new_errors, at)
    return interval.bounds(curves, reached, **({"alpha": 0.01, "beta": 0.01} | options))


@pytest.mark.parametrize("ratio", [0.4, 1.0, 1.6, 4.0])
@pytest.mark.parametrize("world", [World("calm"), World("noise", own=0.5, old=900, new=100)], ids=lambda one: one.name)
def test_a_bound_is_where_the_evidence_against_it_reaches_the_boundary(world, ratio):
    paired = draw(world.but("", ratio=ratio, releases=1), 21)
    found = bounds_of(paired)
    low, high = float(found.low[0, 0]), float(found.high[0, 0])
    assert low <= found.ratio[0, 0] <= high
    if low > 0.02:
        # a late onset speaks for the rollback, too, but moves no bound
        assert HEIGHT - 0.3 < evidence.evaluate(paired, rollback_at=low).rollback[0, -1] < HEIGHT + 0.5
    if high < 50:
        assert evidence.evaluate(paired, promote_at=high).promote[0, -1] == pytest.approx(HEIGHT, abs=0.5)


def test_low_above_one_is_the_evidence_to_roll_back_and_high_below_two_that_to_promote():
    for seed in range(12):
        paired = draw(World("", ratio=(0.8, 1.0, 1.7, 2.5)[seed % 4], old=400, new=400, releases=1), seed)
        found, weighed = bounds_of(paired), evidence.evaluate(paired)
        assert (found.high[0, 0] < 2) == (weighed.promote[0, -1] >= HEIGHT)
        if found.low[0, 0] > 1:
            assert weighed.rollback[0, -1] >= HEIGHT - 0.01
        elif weighed.rollback[0, -1] >= HEIGHT:
            assert found.low[0, 0] > 0.8


def test_a_smaller_alpha_widens_the_bounds():
    paired = draw(World("", old=600, new=600, releases=1), 5)
    wide, narrow = bounds_of(paired, alpha=0.001, beta=0.001), bounds_of(paired, alpha=0.1, beta=0.1)
    assert wide.low < narrow.low < narrow.ratio < narrow.high < wide.high


def test_with_a_million_errors_the_bounds_are_as_narrow_as_they_get():
    paired = draw(World("", old=1_000_000, new=1_000_000, rate=0.01, ratio=1.03, releases=1), 6)
    found = bounds_of(paired)
    errors = paired.old_errors.sum() + paired.new_errors.sum()
    assert errors > 1_000_000
    width = np.log(found.high[0, 0] / found.low[0, 0])
    # the smallest ratio held against another is 1.25 times it, the largest below it 0.8 times
    assert 0.1 < width < 0.25
    assert found.low[0, 0] < 1.03 < found.high[0, 0]


def test_without_errors_everything_is_possible():
    empty = np.zeros((1, 10))
    paired = PairedCounts(empty + 50, empty + 50, empty, empty, np.zeros((1, 0)), np.zeros((1, 0)))
    found = bounds_of(paired)
    assert np.isnan(found.ratio[0, 0])
    assert (found.low[0, 0], found.high[0, 0]) == (0.0, np.inf)


def test_a_moving_split_does_not_confound_the_ratio():
    """Errors double for both sides while traffic moves to the new one: pooled over all, it would look worse."""
    old, new = np.array([[900.0, 100.0]]), np.array([[100.0, 900.0]])
    b, g = old * [0.01, 0.04], new * [0.01, 0.04]
    found = interval.totals(old[0], new[0], b, g, np.array([1]))
    assert found.pooled[0, 0] == pytest.approx(1.0)
    assert g.sum() / new.sum() > 1.5 * b.sum() / old.sum()


def test_between_nodes_a_parabola_is_met_and_beyond_them_it_goes_on_straight():
    at = np.array([0.0, 0.5, 1.2, 2.0, 2.1])
    x = np.linspace(0.5, 2.0, 31)
    curves = np.stack([3 * at**2 - at, np.array([0.0, 1.0, 0.5, -2.0, -2.2])])
    assert interval._between(at, curves, x)[0] == pytest.approx(3 * x**2 - x)
    far = interval._between(at, curves, np.array([-2.0, -1.0, 3.0, 4.0, 5.0]))[1]
    assert np.diff(far)[[0, 2, 3]] == pytest.approx([2.0, -2.0, -2.0])
