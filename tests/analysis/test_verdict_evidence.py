"""The evidence as arrays: what it is made of, and what it does not hang on."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import comb, gammaln, polygamma
from scipy.stats import betabinom

from benchmarks.statistics.verdict_worlds import World, draw
from createos_nb.analysis.releases import evidence, likelihood, noise
from createos_nb.analysis.releases.counts import PairedCounts

HEIGHT = np.log(100)


def paired(old_errors, new_errors, *, old=600.0, new=600.0, history=None):
    """One watch with constant requests."""
    b, g = (np.asarray(one, dtype=float)[None] for one in (old_errors, new_errors))
    past = np.zeros((1, 0)) if history is None else np.asarray(history, dtype=float)[None]
    asked = np.full_like(b, old), np.full_like(g, new)
    return PairedCounts(*asked, b, g, np.full_like(past, old), past)


def test_rising_factorials_agree_with_the_gamma_function():
    rng = np.random.default_rng(3)
    start, steps = 10 ** rng.uniform(-4, 5, 20_000), rng.integers(0, 5_000, 20_000).astype(float)
    found = noise.log_rising(start, steps)
    assert np.abs(found - (gammaln(start + steps) - gammaln(start))).max() < 1e-5


def test_the_noises_have_the_spread_of_gamma_variables():
    kinds = noise.noises()
    at_once = kinds.spread[(kinds.memory == 0) & (kinds.spread > 0)]
    assert at_once == pytest.approx([float(polygamma(1, shape)) for shape in (16, 4, 1.5, 0.7, 0.25, 0.06)], rel=1e-6)
    assert noise.shape_of(at_once[:4]) == pytest.approx([16, 4, 1.5, 0.7], rel=0.1)
    priors = (kinds.early, kinds.late, kinds.patient, kinds.calibrated)
    assert [one.sum() for one in priors] == pytest.approx([1, 1, 1, 1])
    assert kinds.own.sum(axis=1) == pytest.approx(np.ones(len(kinds.spread)))


def test_memories_are_per_minute_below_a_minute():
    assert noise.noises(10.0).memory.max() == pytest.approx(0.93 ** (1 / 6))
    assert noise.noises(3600.0).memory.max() == 0.93


def test_a_likelihood_adds_up_to_one_over_all_splits_of_the_errors():
    kinds, nodes, total = noise.noises(), np.array([0.5, 1.0, 3.0, 1.0, 2.0]), 7
    new = np.arange(total + 1.0)
    rows = np.broadcast_to(np.log(nodes) + np.log(1 / 9), (total + 1, len(nodes)))
    lasting = int((kinds.memory > 0).sum())
    spread, drift = np.full((total + 1, lasting), 0.7), np.full((total + 1, lasting, len(nodes)), 0.4)
    found = likelihood._beta_binomial(total - new, new, rows, spread, drift, kinds, 3)
    sums = (comb(total, new)[:, None, None] * np.exp(found)).sum(axis=0)
    assert sums == pytest.approx(np.ones(sums.shape), abs=1e-4)


def test_noise_of_one_side_makes_the_split_beta_binomial():
    kinds = noise.noises()
    found = likelihood.paths(paired([2.0], [5.0]), slice(0, 1), kinds, np.array([1.0, 1.0]), 1)
    for kind in np.flatnonzero((kinds.memory == 0) & (kinds.spread > 0)):
        shape = float(noise.shape_of(kinds.spread[kind]))
        assert found[0, 0, kind, 0] + np.log(21) == pytest.approx(betabinom.logpmf(5, 7, shape, shape), abs=1e-4)


def test_the_calm_likelihood_is_the_conditional_binomial_of_independent_errors():
    rng = np.random.default_rng(5)
    old, new = rng.poisson(500, (1, 30)).astype(float), rng.poisson(90, (1, 30)).astype(float)
    b, g = rng.poisson(2.5, (1, 30)).astype(float), rng.poisson(1.0, (1, 30)).astype(float)
    nodes = np.array([1.0, 3.0])
    given = PairedCounts(old, new, b, g, np.zeros((1, 0)), np.zeros((1, 0)))
    found = likelihood.paths(given, slice(0, 30), noise.noises(), nodes, 2)[0, :, 0]
    published = np.cumsum(g * np.log(3) + (b + g) * np.log((old + new) / (old + 3 * new)), axis=1)[0]
    assert found[:, 1] - found[:, 0] == pytest.approx(published, rel=1e-9)


@pytest.mark.parametrize(("buckets", "history"), [(60, 0), (60, 45), (700, 0), (1300, 600)])
def test_later_buckets_change_no_earlier_evidence(buckets, history):
    world = World("a wave and noise", old=300, new=200, own=0.5, daily=0.5, releases=2, buckets=buckets)
    whole = draw(world, 7, history=history)
    found = evidence.evaluate(whole)
    for length in (1, 17, buckets // 2, buckets - 1):
        counts = (whole.old_requests, whole.new_requests, whole.old_errors, whole.new_errors)
        part = PairedCounts(*(one[:, :length] for one in counts), whole.history_requests, whole.history_errors)
        earlier = evidence.evaluate(part)
        assert earlier.rollback == pytest.approx(found.rollback[:, :length], abs=1e-9)
        assert earlier.promote == pytest.approx(found.promote[:, :length], abs=1e-9)


@pytest.mark.parametrize("minutes", [1, 10])
def test_errors_that_begin_late_are_a_regression_if_they_last(minutes):
    rng = np.random.default_rng(6)
    old, new = rng.poisson(1.5, 60), rng.poisson(1.5, 60)
    assert evidence.evaluate(paired(old, new)).rollback.max() < HEIGHT
    new[40 : 40 + minutes] = 18
    found = evidence.evaluate(paired(old, new, history=rng.poisson(1.5, 120))).rollback[0]
    assert (found.max() >= HEIGHT) == (minutes > 1)
    assert found[:40].max() < HEIGHT


def test_a_stretch_continues_where_the_last_one_ended(monkeypatch):
    world = World("noise", own=0.5, releases=2, buckets=900)
    whole = draw(world, 8, history=30)
    at_once = evidence.evaluate(whole)
    monkeypatch.setattr(evidence, "STRETCH", 256)
    in_parts = evidence.evaluate(whole)
    assert in_parts.rollback == pytest.approx(at_once.rollback, abs=1e-3)
    assert in_parts.promote == pytest.approx(at_once.promote, abs=1e-3)


def test_releases_that_are_judged_together_do_not_touch_each_other():
    world = World("noise", own=0.5, releases=150)
    whole = draw(world, 9)
    found = evidence.evaluate(whole).rollback
    alone = evidence.evaluate(whole.rows(slice(80, 81))).rollback
    assert alone[0] == pytest.approx(found[80], rel=1e-12)


def test_without_errors_there_is_no_evidence():
    found = evidence.evaluate(paired(np.zeros(40), np.zeros(40)))
    assert found.rollback.max() < 1e-12
    # there was no outage; and a late onset is thought of only where noise has no memory
    assert found.rollback.min() > -0.06
    assert found.promote == pytest.approx(np.zeros((1, 40)), abs=1e-12)


def test_a_side_without_requests_says_nothing():
    given = paired(np.full(20, 9.0), np.zeros(20), new=0.0)
    found = evidence.evaluate(given)
    assert np.abs(found.rollback).max() < 0.03
    assert found.promote == pytest.approx(np.zeros((1, 20)), abs=1e-9)


@pytest.mark.parametrize(("old", "new"), [(1.0, 1e7), (1e7, 1.0), (600.0, 59_400.0)])
def test_traffic_however_uneven_gives_finite_evidence(old, new):
    rng = np.random.default_rng(9)
    given = paired(rng.poisson(0.5 * min(old, 9), 60), rng.poisson(0.5 * min(new, 90), 60), old=old, new=new)
    found = evidence.evaluate(given)
    assert np.isfinite(found.rollback).all()
    assert np.isfinite(found.promote).all()


def test_one_minute_of_many_errors_on_one_side_is_no_regression():
    calm = np.full(60, 3.0)
    burst = calm.copy()
    burst[30] = 80
    assert evidence.evaluate(paired(calm, burst)).rollback.max() < HEIGHT
    from benchmarks.statistics.verdict_baselines import exact

    assert exact(paired(calm, burst)).any(), "errors taken for independent would roll back"


def test_an_incident_that_both_sides_share_is_no_regression():
    rng = np.random.default_rng(1)
    level = np.where((np.arange(60) > 20) & (np.arange(60) < 30), 60.0, 3.0)
    found = evidence.evaluate(paired(rng.poisson(level), rng.poisson(level)))
    assert found.rollback.max() < np.log(10)


def test_the_same_errors_weigh_less_where_the_old_side_was_restless_before():
    rng = np.random.default_rng(2)
    b, g = rng.poisson(3, 12), rng.poisson(9, 12)
    calm, restless = rng.poisson(3, 120), rng.poisson(3 * rng.gamma(0.5, 2, 120))
    found = [evidence.evaluate(paired(b, g, history=past)).rollback[0, -1] for past in (calm, restless)]
    assert found[0] > found[1] + 2


def test_a_daily_wave_is_not_taken_for_noise():
    rng = np.random.default_rng(4)
    clock = np.arange(1440)
    wave = rng.poisson(3 * (1 + 0.6 * np.sin(2 * np.pi * clock / 1440)))
    kinds = noise.noises()
    told = noise.predictive(np.full((1, 1440), 600.0), wave[None].astype(float), kinds)
    weights = noise._normalised(told.sum(axis=1) + np.log(kinds.calibrated))[0]
    assert weights[0] + weights[kinds.spread < 0.1].sum() - weights[0] * (kinds.spread[0] < 0.1) > 0.99


@pytest.mark.parametrize(("begins", "within"), [(0, 3), (30, 4)])
def test_a_side_that_is_out_is_known_within_minutes(begins, within):
    """Whatever clumps may do: nine in ten of its requests fail, and next to none of the baseline's."""
    b, g = np.full(60, 1.0), np.where(np.arange(60) < begins, 1.0, 90.0)
    found = evidence.evaluate(paired(b, g, old=100.0, new=100.0)).rollback[0]
    assert found[: begins + within - 1].max() < np.log(100)
    assert found[begins + within - 1] >= np.log(100)


def test_one_minute_of_an_outage_on_one_side_is_no_regression():
    b, g = np.full(60, 1.0), np.full(60, 1.0)
    g[20] = 60.0
    assert evidence.evaluate(paired(b, g, old=100.0, new=100.0)).rollback.max() < np.log(20)


@pytest.mark.parametrize("minutes", [1440, 60])
def test_one_bad_minute_after_a_calm_history_is_no_regression(minutes):
    """What a start brings was in no history; two bad minutes begin to count, a lasting rise does."""
    past = np.random.default_rng(3).poisson(3, minutes)
    g = np.full(60, 3.0)
    g[3] = 60.0
    assert evidence.evaluate(paired(np.full(60, 3.0), g, history=past)).rollback.max() < np.log(60)
    lasting = np.where(np.arange(60) < 3, 3.0, 15.0)
    assert evidence.evaluate(paired(np.full(60, 3.0), lasting, history=past)).rollback[0, 12] >= np.log(100)


def test_an_outage_of_both_that_begins_earlier_on_the_new_side_is_shared():
    past = np.random.default_rng(1).poisson(0.5, 1440)
    b, g = np.where(np.arange(60) < 11, 0.0, 100.0), np.where(np.arange(60) < 10, 0.0, 100.0)
    assert evidence.evaluate(paired(b, g, old=100.0, new=100.0, history=past)).rollback.max() < np.log(60)


def test_an_outage_that_both_sides_share_is_none_of_the_new_side():
    b = g = np.where(np.arange(60) < 5, 1.0, 90.0)
    assert evidence.evaluate(paired(b, g, old=100.0, new=100.0)).rollback.max() < 0.0


def test_evidence_grows_for_as_long_as_the_new_side_alone_fails():
    """No noise of one side lasts for ever, so that the strictest α is reached some time."""
    found = evidence.evaluate(paired(np.zeros(90), np.full(90, 6.0))).rollback[0]
    assert found[29] > np.log(1e3)
    assert found[59] > found[29] + 3
    assert found[89] > found[59] + 3
