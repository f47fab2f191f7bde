"""The evidence as arrays: what it is made of, and what it does not hang on."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import comb, gammaln, polygamma
from scipy.stats import betabinom

from benchmarks.statistics.verdict_baselines import exact
from benchmarks.statistics.verdict_worlds import World, draw
from createos_nb.analysis.releases import evidence, likelihood, noise, weights
from createos_nb.analysis.releases.counts import PairedCounts

HEIGHT = np.log(100)


def paired(old_errors, new_errors, *, old=600.0, new=600.0):
    """One watch with constant requests."""
    b, g = (np.asarray(one, dtype=float)[None] for one in (old_errors, new_errors))
    return PairedCounts(np.full_like(b, old), np.full_like(g, new), b, g)


def seen(b, g, *, old=600.0, new=600.0):
    counts = paired(b, g, old=old, new=new)
    return likelihood.splits(counts.old_requests, counts.new_requests, counts.old_errors, counts.new_errors, 2.0)


def test_rising_factorials_agree_with_the_gamma_function():
    rng = np.random.default_rng(3)
    start, steps = 10 ** rng.uniform(-4, 5, 20_000), rng.integers(0, 5_000, 20_000).astype(float)
    found = noise._log_rising(start, steps)
    assert np.abs(found - (gammaln(start + steps) - gammaln(start))).max() < 1e-5


def test_trigamma_and_its_inverse():
    shapes = (16, 4, 1.5, 0.7, 0.25)
    found = [noise.trigamma(shape) for shape in shapes]
    assert found == pytest.approx([float(polygamma(1, shape)) for shape in shapes], rel=1e-6)
    assert noise._shape_of(np.array(found[:4])) == pytest.approx(shapes[:4], rel=0.1)


def test_all_weights_add_up_to_one():
    for each in weights.PRIOR.all:
        assert len(each) == likelihood.READINGS
        assert each.sum() == pytest.approx(1)
    up, down = evidence.alternatives(likelihood.lattice(2.0))
    for one in (up, down):
        assert one.fine_weights.sum() == pytest.approx(1)
        assert one.coarse_weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("worse", [1.2, 1.5, 2.0, 3.0, 10.0])
def test_the_limit_lies_on_the_lattice(worse):
    grid = likelihood.lattice(worse)
    assert np.exp(grid.worse * grid.step) == pytest.approx(worse)
    assert np.exp(grid.largest * grid.step) >= 64


@pytest.mark.parametrize("split", [(600.0, 600.0), (9_000.0, 1_000.0), (1_000.0, 9_000.0)])
def test_a_likelihood_adds_up_to_one_over_all_splits_of_the_errors(split):
    total = 7
    ratios, sums = np.array([0, 4, 9]), 0.0
    for new in range(total + 1):
        one = seen([total - new], [new], old=split[0], new=split[1])
        top = one.logs.max(axis=-1)[..., None, None]
        sums = sums + comb(total, new) * np.exp(likelihood.quick(one, ratios) + top)
    # errors beyond the ends of the lattice stand at its ends
    assert sums == pytest.approx(np.ones(sums.shape), abs=2e-3)


def test_restless_noise_makes_an_even_split_beta_binomial():
    one = seen([2.0], [5.0])
    top = one.logs.max(axis=-1)[0, 0]
    found = np.exp(likelihood.quick(one, np.array([0]))[0, 0, :, 0] + top) * comb(7, 5)
    wild = likelihood.WILD * betabinom.pmf(5, 7, 0.5, 0.5)
    for number, shape in enumerate(likelihood.SHAPES):
        right = (1 - likelihood.WILD) * betabinom.pmf(5, 7, shape, shape) + wild
        assert found[1 + number] == pytest.approx(right, rel=0.02)


def test_clumped_noise_keeps_the_mean_share_at_an_uneven_split():
    one = seen([28.0], [2.0], old=9_000.0, new=1_000.0)
    top = one.logs.max(axis=-1)[0, 0]
    found = np.exp(likelihood.quick(one, np.array([0]))[0, 0, :, 0] + top) * comb(30, 2)
    for number, shape in enumerate(likelihood.SHAPES):
        right = betabinom.pmf(2, 30, 2 * shape * 0.1, 2 * shape * 0.9)
        clumped = found[1 + len(likelihood.SHAPES) + number]
        assert clumped == pytest.approx(right, rel=0.15), shape


def test_the_lasting_readings_are_those_of_a_long_simulation():
    """Log-likelihood against an estimate by drawing the noise: the share of draws, weighed by their binomials."""
    rng = np.random.default_rng(8)
    b, g = np.array([3.0, 1.0, 4.0, 2.0]), np.array([5.0, 6.0, 3.0, 7.0])
    one = seen(b, g)
    found = likelihood.lasting(one, np.array([0]), 1.0)[0, :, :, 0].sum(axis=0)
    top = one.logs.max(axis=-1).sum()
    for number, (memory, deviation) in enumerate(likelihood.LASTING):
        u = rng.normal(0, deviation, 200_000)
        weight = np.ones(len(u))
        for errors, failed in zip(b, g, strict=True):
            likely = np.exp(failed * u - (errors + failed) * np.logaddexp(0, u))
            weight *= (1 - likelihood.WILD) * likely
            u = memory * u + rng.normal(0, deviation * np.sqrt(1 - memory**2), len(u))
        assert found[number] + top == pytest.approx(np.log(weight.mean()), abs=0.25)


def test_the_exact_evidence_is_the_conditional_binomial_of_independent_errors():
    rng = np.random.default_rng(5)
    old, new = rng.poisson(500, (1, 30)).astype(float), rng.poisson(90, (1, 30)).astype(float)
    b, g = rng.poisson(2.5, (1, 30)).astype(float), rng.poisson(1.0, (1, 30)).astype(float)
    found = evidence.evaluate(PairedCounts(old, new, b, g)).exact
    up, _ = evidence.alternatives(likelihood.lattice(2.0))
    ratios = np.exp(up.fine * likelihood.lattice(2.0).step)
    odds = (old + new)[..., None] / (old[..., None] + ratios * new[..., None])
    odds = (old + new)[..., None] / (old[..., None] + ratios * new[..., None])
    gains = g[..., None] * np.log(ratios) + (b + g)[..., None] * np.log(odds)
    steady = np.exp(np.cumsum(gains, axis=1)) @ up.fine_weights
    onsets = np.zeros((1, 30))
    for start in range(30):
        weight = 60 / ((start + 60) * (start + 61))
        onsets[:, start:] += weight * (np.exp(np.cumsum(gains[:, start:], axis=1)) @ up.fine_weights)
    onsets += 60 / (np.arange(1, 31) + 60)
    right = np.log((1 - evidence.LATE) * steady + evidence.LATE * onsets)
    assert found == pytest.approx(right, abs=1e-9)


@pytest.mark.parametrize("ratio", [1.0, 0.5])
def test_the_exact_evidence_is_at_most_one_on_average(ratio):
    """A supermartingale: the mean over many healthy releases stays at 1, in spite of a wild shared wave."""
    world = World("", old=50, new=20, rate=0.02, shared=1.5, ratio=ratio, buckets=8, releases=1_000)
    mean = np.exp(evidence.evaluate(draw(world, 31).watch).exact).mean(axis=0)
    assert mean.max() < 1.4
    assert ratio < 1 or mean.min() > 0.7


@pytest.mark.parametrize("buckets", [60, 700, 1300])
def test_later_buckets_change_no_earlier_evidence(buckets):
    whole = draw(World("a wave and noise", old=300, new=200, own=0.5, daily=0.5, releases=2, buckets=buckets), 7).watch
    found = evidence.evaluate(whole)
    for length in (1, 17, buckets // 2, buckets - 1):
        earlier = evidence.evaluate(whole.until(length - 1))
        for name in ("rollback", "exact", "promote"):
            assert getattr(earlier, name) == pytest.approx(getattr(found, name)[:, :length], abs=1e-6)


def test_a_stretch_continues_where_the_last_one_ended(monkeypatch):
    whole = draw(World("noise", own=0.5, releases=2, buckets=900), 8).watch
    at_once = evidence.evaluate(whole)
    monkeypatch.setattr(evidence, "STRETCH", 256)
    in_parts = evidence.evaluate(whole)
    assert in_parts.rollback == pytest.approx(at_once.rollback, abs=1e-9)
    assert in_parts.promote == pytest.approx(at_once.promote, abs=1e-9)


def test_releases_that_are_judged_together_do_not_touch_each_other():
    whole = draw(World("noise", own=0.5, releases=80), 9).watch
    found = evidence.evaluate(whole).rollback
    alone = evidence.evaluate(whole.rows(slice(50, 51))).rollback
    assert alone[0] == pytest.approx(found[50], rel=1e-9)


def test_without_errors_there_is_no_evidence():
    found = evidence.evaluate(paired(np.zeros(40), np.zeros(40)))
    for logs in (found.rollback, found.exact, found.promote):
        assert np.abs(logs).max() < 1e-9


def test_a_side_without_requests_says_nothing():
    found = evidence.evaluate(paired(np.full(20, 9.0), np.zeros(20), new=0.0))
    assert np.abs(found.rollback).max() < 1e-9
    assert np.abs(found.promote).max() < 1e-9


@pytest.mark.parametrize(("old", "new"), [(1.0, 1e7), (1e7, 1.0), (600.0, 59_400.0), (1e6, 1e6)])
def test_traffic_however_uneven_or_large_gives_finite_evidence(old, new):
    rng = np.random.default_rng(9)
    for errors in (9, 90_000):
        b, g = (rng.poisson(0.5 * min(requests, errors), 60) for requests in (old, new))
        b, g = (rng.poisson(0.5 * min(requests, errors), 60) for requests in (old, new))
        given = paired(b, g, old=old, new=new)
        found = evidence.evaluate(given)
        assert all(np.isfinite(logs).all() for logs in (found.rollback, found.exact, found.promote))


@pytest.mark.parametrize("errors", [20.0, 80.0, 600.0])
def test_one_minute_of_many_errors_on_one_side_is_no_regression(errors):
    calm = np.full(60, 3.0)
    burst = calm.copy()
    burst[30] = errors
    assert evidence.evaluate(paired(calm, burst)).rollback.max() < HEIGHT
    if errors > 20:
        assert exact(paired(calm, burst)).any(), "errors taken for independent would roll back"


def test_an_incident_that_both_sides_share_is_no_regression():
    rng = np.random.default_rng(1)
    level = np.where((np.arange(60) > 20) & (np.arange(60) < 30), 60.0, 3.0)
    found = evidence.evaluate(paired(rng.poisson(level), rng.poisson(level)))
    assert found.rollback.max() < np.log(10)


@pytest.mark.parametrize("minutes", [1, 10])
def test_errors_that_begin_late_are_a_regression_if_they_last(minutes):
    rng = np.random.default_rng(6)
    old, new = rng.poisson(3, 60), rng.poisson(3, 60)
    new[40 : 40 + minutes] = 30
    found = evidence.evaluate(paired(old, new)).rollback[0]
    assert (found.max() >= HEIGHT) == (minutes > 1)
    assert found[:40].max() < HEIGHT


def test_a_calm_level_dismisses_noise_and_a_restless_one_says_nothing():
    rng = np.random.default_rng(2)
    asked = np.full((1, 240), 600.0)
    calm = weights.PRIOR.without(weights.from_one(asked, rng.poisson(3, (1, 240)).astype(float), 60.0)).feared[0]
    wave = np.exp(np.cumsum(rng.normal(0, 0.4, 240)) * 0.3)
    shared = weights.PRIOR.without(weights.from_one(asked, rng.poisson(6 * wave / wave.mean(), (1, 240)) * 1.0, 60.0))
    assert calm[0] > 0.75
    assert calm.sum() == pytest.approx(1)
    lasting = slice(likelihood.QUICK, None)
    assert shared.feared[0, lasting].sum() == pytest.approx(weights.PRIOR.feared[lasting].sum(), rel=0.35)
    assert calm[lasting].sum() < 0.5 * weights.PRIOR.feared[lasting].sum()


def test_the_calm_level_of_a_side_that_serves_most_dismisses_less_of_the_noise_of_the_other():
    rng = np.random.default_rng(4)
    asked, failed = np.full((1, 240), 9_000.0), 5.0 * rng.poisson(9, (1, 240))
    half, tenth = (weights.from_one(asked, failed, 60.0, share=share)[0] for share in (0.5, 0.1))
    again = slice(1, likelihood.QUICK)
    assert (half <= tenth).all()
    assert half[again].sum() < 0.7 * tenth[again].sum()
    assert (half[likelihood.QUICK :] == tenth[likelihood.QUICK :]).all()
    assert (weights.from_one(asked, failed, 60.0, share=0.9)[0] == half).all()


def test_the_split_of_a_pair_shows_noise_of_its_own_and_no_shared_one():
    own = draw(World("", old=600, new=600, own_lasting=(0.8, 0.5), releases=8), 12, history=240).before
    shared = draw(World("", old=600, new=600, shared_lasting=(0.95, 1.585), releases=8), 13, history=240).before
    lasting = slice(likelihood.QUICK, None)
    feared = [weights.PRIOR.times(weights.from_pair(one)).feared[:, lasting].sum(axis=1) for one in (own, shared)]
    assert np.median(feared[0]) > 0.9
    assert np.median(feared[1]) < 0.1


def test_evidence_grows_for_as_long_as_the_new_side_alone_fails():
    found = evidence.evaluate(paired(np.zeros(90), np.full(90, 6.0))).rollback[0]
    assert found[29] > np.log(1e3)
    assert found[59] > found[29] + 3
    assert found[89] > found[59] + 3
