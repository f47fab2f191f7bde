"""The likelihood of the errors, given the ratio of the candidate's error rate to the baseline's, and the noise.

Given the errors s of a bucket, their split is binomial with odds ρG/B if they are independent, and beta-binomial if a
side has noise of its own. At an even split of the traffic that is all; at an uneven one it hangs on what the noise is,
which the baseline cannot tell:

* the rate wanders (a dependency of one side, a cold cache): the log-odds vary by as much at any split, and the mean
  share lies nearer to a half than the odds in the middle;
* errors come in clumps (retries, scanners): their number follows the requests, so a small side has few and large ones,
  and the mean share is that of the odds.

The wrong reading cries wolf (in 35 % and 65 % of healthy releases at 10/90 and 90/10 by the mean, in 75 % at 99/1 by
the variance). So a reading of its own is a wandering rate of moderate spread. The others are wide ones: a Beta as
precise as at an even split, and of the two means the one that says less at each node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from createos_nb.analysis.releases.noise import WARM, Noises, fold, log_rising, shape_of, unfold
from createos_nb.analysis.validation import Bools, Floats

if TYPE_CHECKING:
    from createos_nb.analysis.releases.counts import PairedCounts

_PULL = 0.346
"""E[expit(x + σz)] ≈ expit(x / √(1 + 0.346 σ²)), within 0.02 (a form of MacKay's 1992 approximation)."""

_FEW = 12
"""Errors of one bucket up to which products are cheaper than Stirling's series."""

_LEAST = 1e-12
"""Where traffic is so uneven that a share rounds to nothing."""

_MODERATE = 1.0
"""Variance of the logarithm up to which memoryless noise may be a wandering rate; wilder noise is clumps."""

_FAR, _FARTHEST = 3.0, 3.0

_ROWS = 192
"""Buckets with errors worked on at a time, so that arrays stay in the processor's cache."""


def _may_wander(kinds: Noises) -> Bools:
    """Which of the K noises are read as a wandering rate, too."""
    return np.asarray((kinds.memory == 0) & (kinds.spread > 0) & (kinds.spread <= _MODERATE))


def memoryless(kinds: Noises) -> Bools:
    """Which of the K + W readings have no memory."""
    return np.concatenate([kinds.memory == 0, np.ones(_may_wander(kinds).sum(), dtype=np.bool_)])


def readings(weights: Floats, kinds: Noises) -> Floats:
    """Log-weights `(…, K)` of the noises as those of the readings, `(…, K + W)`."""
    twice = _may_wander(kinds)
    log_weights = np.concatenate([weights, weights[..., twice]], axis=-1)
    log_weights[..., : len(twice)] -= np.where(twice, np.log(2), 0.0)
    log_weights[..., len(twice) :] -= np.log(2)
    return log_weights


def paths(paired: PairedCounts, stretch: slice, kinds: Noises, ratios: Floats, split: int) -> Floats:
    """Log-likelihood of every reading and ratio after every bucket of the stretch, `(n, T, K + W, R)`.

    The first `split` ratios are held against "not worse", the others against "this much worse".
    """
    watches, warm = len(paired.old_requests), min(stretch.start, WARM)
    part = slice(stretch.start - warm, stretch.stop)
    requests, requests_new = paired.old_requests[:, part].T, paired.new_requests[:, part].T
    # a side without requests says nothing about the ratio
    both = (requests > 0) & (requests_new > 0)
    old, new = np.where(both, requests, 1.0), np.where(both, requests_new, 1.0)
    failed, failed_new = (
        np.where(both, paired.old_errors[:, part].T, 0.0),
        np.where(both, paired.new_errors[:, part].T, 0.0),
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
    readings_count = len(kinds.spread) + int(_may_wander(kinds).sum())
    log_likelihood = np.zeros((length * watches, readings_count, len(ratios)))
    log_likelihood[hit, 0] = g[:, None] * rows - (b + g)[:, None] * np.logaddexp(0.0, rows)
    for first in range(0, len(hit), _ROWS):
        now = slice(first, first + _ROWS)
        log_likelihood[hit[now], 1:] = _beta_binomial(b[now], g[now], rows[now], spread[now], drift[now], kinds, split)
    path = log_likelihood.reshape(length, watches, readings_count, len(ratios))
    for row in range(1, length):
        path[row] += path[row - 1]
    return np.asarray(path.swapaxes(0, 1))


def _wandering(failed: Floats, failed_new: Floats, odds: Floats, split: Floats, kinds: Noises) -> tuple[Floats, Floats]:
    """Predicted variance `(T, n, K')` and mean `(T, n, K', R)` of the wandering log-odds under the lasting noises.

    A Beta of the predicted mean and variance takes in each bucket's errors, and is then moved on towards no deviation.
    """
    autocorrelated = kinds.memory > 0
    memory, variance = kinds.memory[autocorrelated], 2 * kinds.spread[autocorrelated]
    information = fold(((failed + failed_new) * split)[..., None], 0.0)
    predicted = np.empty((*information.shape[:-1], len(memory)))
    predicted[:1] = variance
    square, fresh = memory**2, (1 - memory**2) * variance
    for row in range(len(information) - 1):
        # state' = square · state / (1 + state · information) + fresh
        state, after = predicted[row], predicted[row + 1]
        np.multiply(state, information[row], out=after)
        after += 1
        np.divide(state, after, out=after)
        after *= square
        after += fresh
    precision = 2 * shape_of(predicted / 2)[..., None]
    expected, b, g = (fold(values, 0.0)[..., None, :] for values in (odds, failed[..., None], failed_new[..., None]))
    mean = np.zeros((*precision.shape[:-1], odds.shape[-1]))
    slow, still, remaining = memory[:, None], np.exp(-expected), precision + b
    bound = np.minimum(_FAR * np.sqrt(variance), _FARTHEST)[:, None]
    has_errors = np.asarray((b + g).reshape(len(mean), -1).any(axis=1))
    drift = np.ones(mean.shape[1:])
    share, rest = np.empty_like(drift), np.empty_like(drift)
    for row in range(len(mean) - 1):
        next_mean = mean[row + 1]
        if not has_errors[row]:  # no errors, nothing learnt: it is only moved on
            np.multiply(mean[row], slow, out=next_mean)
            np.exp(next_mean, out=drift)
            continue
        # share = precision · expit(expected + mean), with the exponentials at hand
        np.add(drift, still[row], out=rest)
        np.divide(drift, rest, out=share)
        share *= precision[row]
        np.subtract(remaining[row], share, out=rest)
        np.maximum(rest, _LEAST, out=rest)
        share += g[row]
        share /= rest
        np.log(share, out=next_mean)
        next_mean -= expected[row]
        next_mean *= slow
        np.minimum(next_mean, bound, out=next_mean)
        np.maximum(next_mean, -bound, out=next_mean)
        np.exp(next_mean, out=drift)
    return unfold(predicted, len(odds)), unfold(mean, len(odds))


def _beta_binomial(
    b: Floats, g: Floats, rows: Floats, spread: Floats, drift: Floats, kinds: Noises, split: int
) -> Floats:
    """Return log P(g | b + g) for each row with errors, reading but the calm one, and node; `(N, K − 1 + W, R)`.

    Without the binomial coefficient, which all of them share.
    """
    noisy, twice = kinds.memory[1:] > 0, _may_wander(kinds)[1:]
    variance = np.empty((len(rows), len(noisy)))
    variance[:, ~noisy] = 2 * kinds.spread[1:][~noisy]
    variance[:, noisy] = spread
    shift = np.zeros((len(rows), len(noisy), rows.shape[1]))
    shift[:, noisy] = drift
    middle = rows[:, None, :] + shift
    pulled = middle / np.sqrt(1 + _PULL * variance)[..., None]
    # the higher mean at the nodes to roll back, the lower at those to promote
    wide = 1 / (1 + np.exp(-np.where((middle > 0) == (np.arange(rows.shape[1]) < split), middle, pulled)))
    precise = 2 * shape_of(variance / 2)[..., None]
    pulled = pulled[:, twice]
    precision = _precision(pulled, variance[:, twice, None])
    new_share = 1 / (1 + np.exp(-pulled))
    log_probability = np.concatenate(
        [-_rising(precise, b + g) + np.zeros_like(wide), -_rising(precision, b + g)], axis=1
    )
    # in most buckets with errors they all fell to one side
    for errors, parts in ((g, (wide, new_share)), (b, (1 - wide, 1 - new_share))):
        at = np.flatnonzero(errors)
        start = np.concatenate([precise[at] * parts[0][at], precision[at] * parts[1][at]], axis=1)
        log_probability[at] += _rising(np.maximum(start, _LEAST), errors[at])
    return log_probability


def _precision(log_odds: Floats, variance: Floats) -> Floats:
    """α + β of a Beta whose mean has these log-odds, so that those of its draws have this variance (within 4 %)."""
    odds = np.exp(-np.abs(log_odds))
    total, square = 1 + odds, 1 + odds * odds
    return np.asarray((1 + 1 / odds) * square / (np.sqrt(total * total + 2 * variance * square) - total))


def _rising(start: Floats, steps: Floats) -> Floats:
    """`log_rising` with one number of steps a row: few whole steps are multiplied out, which is most of them."""
    result = np.zeros(start.shape)
    few = (steps <= _FEW) & (steps == np.floor(steps))
    many = np.flatnonzero(~few)
    if len(many):
        result[many] = log_rising(start[many], steps[many][:, None, None])
    rows = np.flatnonzero(few & (steps > 0))
    rows = rows[np.argsort(steps[rows], kind="stable")]
    product, first = start[rows], start[rows]
    starts = np.searchsorted(steps[rows], np.arange(1, _FEW) + 0.5)
    for step, at in enumerate(starts, start=1):
        if at == len(rows):
            break
        product[at:] *= first[at:] + step
    result[rows] = np.log(product)
    return result
