"""The evidence that a release is worse, or well, from the errors of both sides: arrays in, arrays out.

In bucket t the old and the new side had B and G requests, b and g errors, s = b + g. Given s, only the *ratio* ρ of the
error rates decides how the s errors fall to the sides, so an incident or a wave that both sides share cancels exactly.
With nothing else going on, g is binomial with odds ρG/B. Noise of one side's own (`verdict_noise`) makes these odds
wander: under noise k they are multiplied by e^d, d an AR(1) with twice the variance of one side, and g is beta-binomial
given the buckets before, with the filtered mean and variance of d. That is one likelihood L_k(ρ) for each noise, and
weighted by how likely the old side's own counts make each noise, one curve

    L(ρ) = Σ_k w_k L_k(ρ).

The evidence against "not worse than ρ₀" is Σ_j u_j L(ρ₀ r_j) / L(ρ₀) with r_j from 1.25 to 40 and weights u_j that add
up to 1; against "ρ₁ times as bad or worse" it is the same with r_j below 1. Were one of the noises the truth and its
weight w, the evidence would be a nonnegative martingale divided by w at most, so by Ville's inequality the chance that
it *ever* reaches 1/α would be at most α/w, however often one looks; weights of noises that fit are near 1. What the
chance is where the truth is none of them is measured: see the statistics of the project.

To roll back, there stands beside it, with a fifth of the weight and only where a history of some length calibrates it,
the calm likelihood to the power of 1/φ (φ: the dispersion of the old side over long stretches), which is quick where
errors come in crowds.

Assumptions: the old side's noise is no calmer than the new side's; requests of a bucket are few against the errors that
could be (Poisson; for error rates near 1 the true variance is smaller, which errs to the safe side); the mix of
requests is the same on both sides.

Sources: conditioning and Ville as in Lindon, Sanden and Shirikian (KDD 2022, arXiv 2205.14762); mixtures over nuisance
as in Wasserman, Ramdas and Balakrishnan (PNAS 2020); power likelihoods as in Grünwald (2012).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from createos_nb.analysis.checks import Bools, Floats, Ints
from createos_nb.analysis.verdict_noise import (
    Noises,
    dispersion,
    fold,
    log_rising,
    log_weights,
    noises,
    predictive,
    shape_of,
    unfold,
)

WORSE = (1.25, 1.6, 2.0, 2.7, 4.0, 7.0, 15.0, 40.0)
"""Ratios held against "not worse", relative to it, and their weights: 1.5 to 5 times is what releases do."""
WORSE_WEIGHTS = (0.07, 0.15, 0.16, 0.20, 0.22, 0.13, 0.05, 0.02)

BETTER = (0.8, 0.625, 0.5, 0.4, 0.3, 0.2, 0.1, 0.04)
"""Ratios held against "this much worse", relative to it, and their weights: half of twice as bad is healthy."""
BETTER_WEIGHTS = (0.10, 0.20, 0.25, 0.20, 0.15, 0.06, 0.03, 0.01)

TEMPERED = 0.2
"""The share of the tempered calm likelihood, where history calibrates it."""
CALIBRATED_BUCKETS, CALIBRATED_ERRORS = 30, 100

_PULL = 0.346
"""E[expit(x + σz)] ≈ expit(x / √(1 + 0.346 σ²)), within 0.02 (a form of MacKay's 1992 approximation)."""

_FEW = 12
"""Errors of one bucket up to which products are cheaper than Stirling's series."""

_CELLS, _ROWS = 4096, 192
"""Buckets worked on at a time, of all and of those with errors, so that arrays stay in the processor's cache."""

STRETCH = 8192
"""Buckets that are worked through before it is asked whether the watch is over."""
_WARM = 192
"""Buckets before a stretch from which its filters start; see `verdict_noise`."""


@dataclass(frozen=True, eq=False)
class Sides:
    """Counts of n watches of T buckets: requests and errors of both sides, shape `(n, T)`, and of the history `(n, H)`.

    No data is 0 requests and 0 errors. The history is the old side before the release, with the same width of buckets.
    """

    old_requests: Floats
    new_requests: Floats
    old_errors: Floats
    new_errors: Floats
    history_requests: Floats
    history_errors: Floats
    bucket_seconds: float = 60.0

    def rows(self, part: slice | Bools) -> Sides:
        """Some of the watches."""
        return Sides(
            self.old_requests[part],
            self.new_requests[part],
            self.old_errors[part],
            self.new_errors[part],
            self.history_requests[part],
            self.history_errors[part],
            self.bucket_seconds,
        )

    @property
    def calibrated(self) -> Bools:
        """Where the history is long enough to tell lasting noise from calm; shape `(n,)`."""
        buckets = (self.history_requests > 0).sum(axis=1)
        return np.asarray((buckets >= CALIBRATED_BUCKETS) & (self.history_errors.sum(axis=1) >= CALIBRATED_ERRORS))


@dataclass(frozen=True, eq=False)
class Evidence:
    """Natural logarithms of the evidence after each bucket; shape `(n, T)`."""

    rollback: Floats
    """Against "the new side fails at most `rollback_at` times as often as the old"."""
    promote: Floats
    """Against "the new side fails at least `promote_at` times as often as the old"."""
    curves: Curves
    """The likelihoods behind it, after the buckets for which they were asked."""


@dataclass(frozen=True, eq=False)
class Curves:
    """Log-likelihoods of ratios after some buckets, up to a constant; shape `(n, P, R)`."""

    positions: Ints
    """Shape `(P,)`: the buckets, counted from 0."""
    nodes: Floats
    """Shape `(R,)`: the ratios, rising."""
    against_low: Floats
    """L(ρ) as it serves against ratios up to ρ: where the noise leaves the mean share of the new side open, high."""
    against_high: Floats
    """L(ρ) as it serves against ratios from ρ on: likewise low."""
    tempered: Floats
    """The tempered calm likelihood, which serves against low ratios only."""
    share: Floats
    """Weight of the tempered likelihood, shape `(n,)`: 0 or `TEMPERED`."""

    @property
    def last(self) -> Curves:
        """The last of the positions alone."""
        return Curves(
            self.positions[-1:],
            self.nodes,
            self.against_low[:, -1:],
            self.against_high[:, -1:],
            self.tempered[:, -1:],
            self.share,
        )


def judge(
    sides: Sides,
    *,
    rollback_at: float = 1.0,
    promote_at: float = 2.0,
    nodes: Floats | None = None,
    positions: Ints | None = None,
) -> Evidence:
    """Evidence for n watches at once. The entry of a bucket depends on that bucket and the ones before only.

    This is what `release_verdict` calls (through `follow`) with one row and the simulations call with thousands. For
    `nodes` and `positions` see `follow`.
    """
    return joined(list(follow(sides, rollback_at=rollback_at, promote_at=promote_at, nodes=nodes, positions=positions)))


def joined(parts: list[Evidence]) -> Evidence:
    """Stretches that follow each other, as one."""
    first = parts[0].curves
    curves = Curves(
        np.concatenate([part.curves.positions for part in parts]),
        first.nodes,
        np.concatenate([part.curves.against_low for part in parts], axis=1),
        np.concatenate([part.curves.against_high for part in parts], axis=1),
        np.concatenate([part.curves.tempered for part in parts], axis=1),
        first.share,
    )
    return Evidence(
        np.concatenate([part.rollback for part in parts], axis=1),
        np.concatenate([part.promote for part in parts], axis=1),
        curves,
    )


def follow(
    sides: Sides,
    *,
    rollback_at: float = 1.0,
    promote_at: float = 2.0,
    nodes: Floats | None = None,
    positions: Ints | None = None,
) -> Iterator[Evidence]:
    """The evidence in stretches of 8,192 buckets, so that a caller may stop once a watch is over.

    `positions`: buckets after which the curves are wanted, at the ratios `nodes`, which must hold what the evidence
    needs: `rollback_at` times 1 and `WORSE`, `promote_at` times 1 and `BETTER`.
    """
    some = np.asarray(sides.old_errors.any(axis=1) | sides.new_errors.any(axis=1))
    if not some.all() and some.any():
        # without errors there is no evidence either way, and a row of zeros costs as much as any other
        for stretch in follow(
            sides.rows(some), rollback_at=rollback_at, promote_at=promote_at, nodes=nodes, positions=positions
        ):
            yield _spread(stretch, some)
        return
    watches, buckets = sides.old_requests.shape
    kinds = noises(sides.bucket_seconds)
    wanted = np.zeros(0, dtype=np.int64) if positions is None else positions
    up_nodes = rollback_at * np.array((1.0, *WORSE)) if nodes is None else nodes
    down_nodes = promote_at * np.array((*BETTER[::-1], 1.0)) if nodes is None else nodes
    up, down = _places(up_nodes, rollback_at, WORSE), _places(down_nodes, promote_at, BETTER)
    split, ratios = len(up_nodes), np.concatenate([up_nodes, down_nodes])
    step = max(_CELLS // max(min(buckets, STRETCH), 1), 1)
    parts = [slice(first, first + step) for first in range(0, max(watches, 1), step)]
    weights, powers = zip(*(_weights(sides.rows(part), kinds) for part in parts), strict=True)
    share = np.where(sides.calibrated, TEMPERED, 0.0)
    carried = [np.zeros((1, 1, 1)) for _ in parts]
    for first in range(0, max(buckets, 1), STRETCH):
        last = min(first + STRETCH, buckets)
        here = wanted[(wanted >= first) & (wanted < last)]
        rollback, promote = np.zeros((watches, last - first)), np.zeros((watches, last - first))
        curve = np.zeros((watches, len(here), len(ratios)))
        powered = np.zeros((watches, len(here), split))
        for number, part in enumerate(parts):
            path = _paths(sides.rows(part), slice(first, last), kinds, ratios, split)
            path += carried[number]
            carried[number] = path[:, -1:]
            weight = weights[number][:, first:last, :, None]
            calm = path[:, :, 0, :split] / powers[number][:, None, None]
            rollback[part] = _ratio(path[..., :split], weight, up, WORSE_WEIGHTS)
            promote[part] = _ratio(path[..., split:], weight, down, BETTER_WEIGHTS)
            if share[part].any():
                rollback[part] = _beside(rollback[part], calm, share[part, None], up)
            if len(here):
                curve[part] = log_sum(np.moveaxis(path[:, here - first] + weight[:, here - first], 2, -1))
                powered[part] = calm[:, here - first]
        curves = Curves(here, up_nodes, curve[..., :split], curve[..., split:], powered, share)
        yield Evidence(rollback, promote, curves)


def _spread(found: Evidence, rows: Bools) -> Evidence:
    """The evidence of some rows among all; the others have none, and flat curves."""

    def placed(values: Floats) -> Floats:
        whole = np.zeros((len(rows), *values.shape[1:]))
        whole[rows] = values
        return whole

    known = found.curves
    curves = Curves(
        known.positions,
        known.nodes,
        placed(known.against_low),
        placed(known.against_high),
        placed(known.tempered),
        placed(known.share),
    )
    return Evidence(placed(found.rollback), placed(found.promote), curves)


def log_sum(logs: Floats) -> Floats:
    """log Σ exp over the last axis."""
    top = logs.max(axis=-1, keepdims=True)
    return np.asarray((top + np.log(np.exp(logs - top).sum(axis=-1, keepdims=True)))[..., 0])


def _places(nodes: Floats, at: float, relative: tuple[float, ...]) -> tuple[int, list[int]]:
    """Where the null and its alternatives stand among the nodes."""
    return int(np.abs(nodes - at).argmin()), [int(np.abs(nodes - at * one).argmin()) for one in relative]


def _ratio(path: Floats, weight: Floats, places: tuple[int, list[int]], weights: Sequence[float]) -> Floats:
    null, others = places
    mixed = log_sum(np.moveaxis(path[..., [null, *others]] + weight, 2, -1))
    return np.asarray(log_sum(mixed[..., 1:] + np.log(weights)) - mixed[..., 0])


def _beside(found: Floats, calm: Floats, share: Floats, places: tuple[int, list[int]]) -> Floats:
    """The evidence to roll back with the tempered likelihood beside it."""
    null, others = places
    quick = log_sum(calm[..., others] + np.log(WORSE_WEIGHTS)) - calm[..., null]
    with np.errstate(divide="ignore"):
        return np.asarray(np.logaddexp(found + np.log1p(-share), quick + np.log(share)))


def _weights(sides: Sides, kinds: Noises) -> tuple[Floats, Floats]:
    """Log-weights of the noises before each bucket, `(n, T, K)`, and the dispersion for the tempering, `(n,)`."""
    calibrated = sides.calibrated
    before = sides.history_requests.shape[1]
    requests, errors = sides.old_requests, sides.old_errors
    if before:
        requests = np.concatenate([sides.history_requests, requests], axis=1)
        errors = np.concatenate([sides.history_errors, errors], axis=1)
    told = predictive(requests, errors, kinds)
    weights = log_weights(told, before, kinds, calibrated)
    if not calibrated.any():
        return weights, np.ones(len(calibrated))
    return weights, dispersion(sides.history_requests, sides.history_errors, told[:, :before], kinds)


def _paths(sides: Sides, stretch: slice, kinds: Noises, ratios: Floats, split: int) -> Floats:
    """Log-likelihood of every noise and ratio after every bucket of the stretch, `(n, T, K, R)`."""
    watches, warm = len(sides.old_requests), min(stretch.start, _WARM)
    part = slice(stretch.start - warm, stretch.stop)
    requests, requests_new = sides.old_requests[:, part].T, sides.new_requests[:, part].T
    # a side without requests says nothing about the ratio
    both = (requests > 0) & (requests_new > 0)
    old, new = np.where(both, requests, 1.0), np.where(both, requests_new, 1.0)
    failed, failed_new = (
        np.where(both, sides.old_errors[:, part].T, 0.0),
        np.where(both, sides.new_errors[:, part].T, 0.0),
    )
    once, where = np.unique(ratios, return_inverse=True)
    odds = np.log(new / old)[..., None] + np.log(once)
    spread, drift = _wandering(failed, failed_new, odds, old * new / (old + new) ** 2, kinds)
    hit = np.flatnonzero((failed + failed_new)[warm:].ravel() > 0)
    b, g = failed[warm:].ravel()[hit], failed_new[warm:].ravel()[hit]
    rows = odds[warm:].reshape(-1, len(once))[hit][:, where]
    spread, drift = spread[warm:].reshape(-1, spread.shape[-1])[hit], drift[warm:].reshape(-1, *drift.shape[2:])[hit]
    drift = drift[..., where]
    length = len(old) - warm
    found = np.zeros((length * watches, len(kinds.spread), len(ratios)))
    found[hit, 0] = g[:, None] * rows - (b + g)[:, None] * np.logaddexp(0.0, rows)
    for first in range(0, len(hit), _ROWS):
        now = slice(first, first + _ROWS)
        found[hit[now], 1:] = _beta_binomial(b[now], g[now], rows[now], spread[now], drift[now], kinds, split)
    path = found.reshape(length, watches, len(kinds.spread), len(ratios))
    for row in range(1, length):
        path[row] += path[row - 1]
    return np.asarray(path.swapaxes(0, 1))


def _wandering(failed: Floats, failed_new: Floats, odds: Floats, split: Floats, kinds: Noises) -> tuple[Floats, Floats]:
    """Predicted variance `(T, n, K')` and mean `(T, n, K', R)` of the wandering log-odds under the lasting noises.

    A Beta of the predicted mean and variance takes in each bucket's errors, and is then moved on towards no deviation.
    """
    lasting = kinds.memory > 0
    kept, variance = kinds.memory[lasting], 2 * kinds.spread[lasting]
    information = fold(((failed + failed_new) * split)[..., None], 0.0)
    predicted = np.empty((*information.shape[:-1], len(kept)))
    state = np.broadcast_to(variance, predicted.shape[1:])
    square, fresh = kept**2, (1 - kept**2) * variance
    for row in range(len(information)):
        predicted[row] = state
        state = square * state / (1 + state * information[row]) + fresh
    precision = 2 * shape_of(predicted / 2)[..., None]
    expected, b, g = (fold(one, 0.0)[..., None, :] for one in (odds, failed[..., None], failed_new[..., None]))
    mean = np.zeros((*precision.shape[:-1], odds.shape[-1]))
    slow = kept[:, None]
    for row in range(len(mean) - 1):
        weight = precision[row]
        share = weight / (1 + np.exp(-expected[row] - mean[row]))
        mean[row + 1] = slow * (np.log((share + g[row]) / (weight - share + b[row])) - expected[row])
    return unfold(predicted, len(odds)), unfold(mean, len(odds))


def _beta_binomial(
    b: Floats, g: Floats, rows: Floats, spread: Floats, drift: Floats, kinds: Noises, split: int
) -> Floats:
    """log P(g | b + g) for each row with errors, noise but the calm one, and node; `(N, K − 1, R)`.

    Without the binomial coefficient, which all of them share.

    The mean share of the new side hangs on what the noise is. Where the rate wanders, the mean of wandering odds lies
    nearer to a half than the odds in the middle; where errors come in clumps, whose number follows the requests, it
    does not. With uneven traffic the wrong one cries wolf (65 % and 35 % of healthy releases at 90/10 and 10/90), so of
    the two the higher is taken at the first `split` nodes, to roll back, and the lower at the others, to promote.
    """
    noisy = kinds.memory[1:] > 0
    variance = np.empty((len(rows), len(noisy)))
    variance[:, ~noisy] = 2 * kinds.spread[1:][~noisy]
    variance[:, noisy] = spread
    shift = np.zeros((len(rows), len(noisy), rows.shape[1]))
    shift[:, noisy] = drift
    precision = 2 * shape_of(variance / 2)[..., None]
    middle = rows[:, None, :] + shift
    pulled = middle / np.sqrt(1 + _PULL * variance)[..., None]
    mean = 1 / (1 + np.exp(-np.where((middle > 0) == (np.arange(rows.shape[1]) < split), middle, pulled)))
    found = _rising(precision * mean, g) + _rising(precision * (1 - mean), b)
    return found - _rising(precision, b + g)


def _rising(start: Floats, steps: Floats) -> Floats:
    """`log_rising` with one number of steps a row: few whole steps are multiplied out, which is most of them."""
    found = np.zeros(start.shape)
    few = (steps <= _FEW) & (steps == np.floor(steps))
    many = np.flatnonzero(~few)
    if len(many):
        found[many] = log_rising(start[many], steps[many][:, None, None])
    rows = np.flatnonzero(few & (steps > 0))
    rows = rows[np.argsort(steps[rows], kind="stable")]
    product, first = start[rows], start[rows]
    taken = np.searchsorted(steps[rows], np.arange(1, _FEW) + 0.5)
    for step, at in enumerate(taken, start=1):
        if at == len(rows):
            break
        product[at:] *= first[at:] + step
    found[rows] = np.log(product)
    return found
