"""The noise of one side's error rate, estimated from the baseline's own counts.

Errors rarely come one by one: a client retries, a pod restarts, a dependency hiccups for some minutes. Such noise of
one side's own looks like a difference between the sides, and a test that takes every error for an independent one cries
wolf (an exact sequential test in 22 % of healthy releases where the rate of each minute varies by its own size). Noise
that both sides share cancels. From one side alone the two cannot be told apart, so the baseline's counts give weights
to a list of possible noises, and the comparison of the sides in `evidence` does the rest.

Model of one side: errors of a bucket are Poisson with mean `requests × level × e^u`. The level is that of the last two
hours of buckets, so that a daily wave is not taken for noise. `u` is the noise: a stationary AR(1) over buckets whose
spread is that of the logarithm of a gamma variable of some shape. Shape 1 is a rate with a coefficient of variation of
1, shape 4 of 0.5, shape 16 of 0.25, and shape ∞ is plain Poisson. Memory 0 is independent from bucket to bucket.
Predictions are negative binomial, filtered as in dynamic generalised linear models (West, Harrison and Migon 1985).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from createos_nb.analysis.validation import Bools, Floats

LEVEL = 120
"""Buckets over which the level of the baseline is followed: slower change is not taken for noise."""

_SHAPES = (16.0, 4.0, 1.5, 0.7, 0.25, 0.06)
_MEMORIES = (0.0, 0.7, 0.93)
_REMEMBERED = (16.0, 4.0, 1.5)
"""Shapes that come with a memory; wilder noise is taken to be independent, or an outage would pass for a wave."""

_LASTING_SHAPES = {0.7: (0.50, 0.42, 0.08), 0.93: (0.55, 0.42, 0.03)}
_EARLY_SHAPES = {0.0: (0.17, 0.18, 0.19, 0.18, 0.25, 0.03)} | _LASTING_SHAPES
_LATE_SHAPES = {0.0: (0.17, 0.18, 0.19, 0.17, 0.19, 0.10)} | _LASTING_SHAPES
_CALIBRATED_SHAPES = {
    0.0: (0.20, 0.20, 0.20, 0.16, 0.16, 0.08),
    0.7: (0.42, 0.40, 0.18),
    0.93: (0.42, 0.40, 0.18),
}
"""Weights of the shapes before anything was seen, by memory. Those of calm and of the memories stand with `Noises`."""

_ERRORS, _SHARPLY = 20.0, 3.0
"""Errors at which lasting noise begins to be feared to the full in a rollback without a history, and how sharply."""

_NEW, _NEW_SHAPES = 0.10, (0.0, 0.0, 0.15, 0.20, 0.50, 0.15)
"""How likely is noise that nothing has shown before, such as what a start brings: wild, and over at once."""

OWN_WHOLLY, OWN_AND_WORSE, SHARED_WHOLLY = 0.40, 0.12, 0.22
"""How likely the noise that the baseline shows is all its own, is that and somewhat worse, is all shared."""

_FOLD, WARM = 512, 192
"""Long series are filtered in pieces side by side, each warmed up on what came before (0.93**192 is 1e-6)."""


@dataclass(frozen=True, eq=False)
class Noises:
    """The list of noises, each an entry of every array; shape `(K,)`. The first is calm: plain Poisson."""

    spread: Floats
    """Variance of the logarithm of the rate of one side, over buckets."""
    memory: Floats
    """Correlation of that logarithm from one bucket to the next."""
    calibrated: Floats
    """Weights before anything was seen, which add up to 1; shape `(K,)`. These where there is a long history, which can
    dismiss lasting noise, so that it may be feared more at first."""
    early: Floats
    """To roll back without such a history, on few errors: what these can show is a large rise, and waves seldom make
    one."""
    late: Floats
    """The same on many errors, which show small rises, too, as waves make them."""
    patient: Floats
    """To promote without such a history: that can wait until waves would have shown."""
    new: Floats
    """Weights of noise that nothing has shown before, shape `(K,)`."""
    own: Floats
    """Matrix `(K, K)` from the weights of the noise that a side shows to those of the noise that is its own."""

    @property
    def long_run(self) -> Floats:
        """Variance of the relative rate, times the number of buckets over which it is correlated."""
        variance = np.where(self.memory > 0, np.expm1(self.spread), 1 / shape_of(np.maximum(self.spread, 1e-12)))
        variance[0] = 0.0
        return np.asarray(variance * (1 + self.memory) / (1 - self.memory))


@lru_cache(maxsize=64)
def noises(bucket_seconds: float = 60.0) -> Noises:
    """The list for a width of buckets; memories are per bucket from a minute on, and per minute below it."""
    spread, memory = [0.0], [0.0]
    for autocorrelation in _MEMORIES:
        for shape in _SHAPES if autocorrelation == 0 else _REMEMBERED:
            spread.append(_trigamma(shape))
            memory.append(autocorrelation ** min(bucket_seconds / 60.0, 1.0) if autocorrelation else 0.0)
    return Noises(
        np.array(spread),
        np.array(memory),
        calibrated=_prior(0.30, (0.26, 0.24, 0.20), _CALIBRATED_SHAPES),
        early=_prior(0.72, (0.17, 0.07, 0.04), _EARLY_SHAPES),
        late=_prior(0.22, (0.22, 0.36, 0.20), _LATE_SHAPES),
        patient=_prior(0.40, (0.28, 0.23, 0.09), _LATE_SHAPES),
        new=np.concatenate([[0.0], _NEW_SHAPES, np.zeros(len(spread) - 1 - len(_SHAPES))]),
        own=_own_share(np.array(spread), np.array(memory)),
    )


def _prior(none: float, by_memory: tuple[float, ...], by_shape: Mapping[float, tuple[float, ...]]) -> Floats:
    noisy = [part * share for memory, part in zip(_MEMORIES, by_memory, strict=True) for share in by_shape[memory]]
    weights = np.array([none, *noisy])
    return np.asarray(weights / weights.sum())


def log_weights(log_predictive: Floats, before: int, kinds: Noises, calibrated: Bools, known: Floats) -> Floats:
    """Logarithms of the weights of each noise of the side's own, before each bucket of the watch; `(2, n, T, K)`.

    The first are those to roll back, the second those to promote. `log_predictive`: what `predictive` gives for the
    baseline, of which the first `before` buckets are history and the others the watch. `calibrated`, shape `(n,)`:
    whether the history is a long one. `known`, shape `(n, T)`: how many errors the comparison rests on, before each
    bucket. The weights before a bucket use the buckets before it only. What the baseline shows is taken to be wholly
    its own with probability 0.40, one step wilder or more lasting than it looks with 0.12, wholly shared with the other
    side with 0.22, and partly its own otherwise; and with a tenth of all, whatever it showed, there may be new noise,
    or one bad minute after a calm day would be a regression.
    """
    upto = np.zeros((log_predictive.shape[0], log_predictive.shape[1] + 1, log_predictive.shape[2]))
    np.cumsum(log_predictive, axis=1, out=upto[:, 1:])
    error_weight = known**_SHARPLY / (known**_SHARPLY + _ERRORS**_SHARPLY)
    first = np.empty((2, *known.shape, len(kinds.early)))
    first[0] = kinds.early + error_weight[..., None] * (kinds.late - kinds.early)
    first[1] = kinds.patient
    first[:, calibrated] = kinds.calibrated
    weights = _normalised(upto[:, before:-1] + np.log(first)) @ kinds.own
    weights = (1 - _NEW) * weights + _NEW * kinds.new
    return np.asarray(np.log(np.maximum(weights, 1e-300)))


def dispersion(requests: Floats, errors: Floats, log_predictive: Floats, kinds: Noises) -> Floats:
    """By how much errors vary more than Poisson counts would, over long stretches, cautiously; shape `(n,)`.

    The larger of two figures from the baseline before the release, whose `predictive` is `log_predictive`: Pearson's χ²
    over its 5 % quantile, which leans to the high side, and what the weighted noises imply. 1 is Poisson.
    """
    observed = requests > 0
    total = np.maximum(requests.sum(axis=1), 1.0)
    level = errors.sum(axis=1) / total
    buckets = np.maximum(observed.sum(axis=1), 2)
    weights = _normalised(log_predictive.sum(axis=1) + np.log(kinds.calibrated))
    implied = 1 + level * total / buckets * (weights @ kinds.long_run)
    expected = np.maximum(requests * level[:, None], 1e-12)
    pearson = np.where(observed, (errors - expected) ** 2 / expected, 0.0).sum(axis=1)
    return np.asarray(np.maximum(np.maximum(implied, pearson / _chi_square_low(buckets - 1.0)), 1.0))


def shape_of(spread: Floats) -> Floats:
    """The shape of a gamma variable whose logarithm has this variance (inverse trigamma, within 4 %)."""
    return np.asarray((1 + np.sqrt(1 + 2 * spread)) / (2 * np.maximum(spread, 1e-12)))


def _normalised(logs: Floats) -> Floats:
    """Weights that add up to 1 over the last axis, from their logarithms."""
    weights = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def log_sum(logs: Floats) -> Floats:
    """Return log Σ exp over the last axis."""
    top = logs.max(axis=-1, keepdims=True)
    return np.asarray((top + np.log(np.exp(logs - top).sum(axis=-1, keepdims=True)))[..., 0])


def log_rising(start: Floats, steps: Floats) -> Floats:
    """Return log Γ(start + steps) − log Γ(start) for start > 0, steps ≥ 0, within 4e-6: Stirling's series, shifted."""
    low, end = start + 3.0, start + steps
    high = end + 3.0
    shifted = end * (end + 1.0)
    shifted *= end + 2.0
    shifted /= start * (start + 1.0) * (start + 2.0)
    result = (high - 0.5) * np.log(high)
    result -= (low - 0.5) * np.log(low)
    result -= np.log(shifted)
    result -= steps
    np.reciprocal(low, out=low)
    np.reciprocal(high, out=high)
    result += (high - low) * (1 / 12 - (high * high + high * low + low * low) / 360)
    return np.asarray(result)


def fold(values: Floats, fill: float) -> Floats:
    """Pieces of a long series side by side: `(T, …)` becomes `(warm-up + piece, pieces, …)`.

    Pieces begin at multiples of a fixed length from the start, so what is computed for a bucket does not depend on how
    many follow.
    """
    chunks = -(-len(values) // _FOLD)
    if chunks <= 1:
        return values[:, None]
    rows = np.arange(_FOLD + WARM)[:, None] + np.arange(chunks)[None, :] * _FOLD - WARM
    folded: Floats = values[np.clip(rows, 0, len(values) - 1)]
    folded[(rows < 0) | (rows >= len(values))] = fill
    return folded


def unfold(values: Floats, length: int) -> Floats:
    """The inverse of `fold`: the warmed-up parts, one after the other."""
    if length <= _FOLD:
        return np.asarray(values[:, 0])
    body = values[WARM:].swapaxes(0, 1)
    return np.asarray(body.reshape(-1, *body.shape[2:])[:length])


def _linear_filter(keep: Floats, add: Floats) -> Floats:
    """Return m before each step of m' = keep · m + add, from m = 0; time is the first axis, and may be long.

    `keep` may have length 1 where `add` is longer. After the warm-up of a piece its start at 0 no longer matters.
    """
    keeps, adds = fold(keep, 1.0), fold(add, 0.0)
    filtered = np.zeros(adds.shape)
    for row in range(len(filtered) - 1):
        np.multiply(keeps[row], filtered[row], out=filtered[row + 1])
        filtered[row + 1] += adds[row]
    return unfold(filtered, len(add))


def predictive(requests: Floats, errors: Floats, kinds: Noises) -> Floats:
    """Return log P(errors of a bucket | the buckets before) under each noise, up to what they share; `(n, W, K)`."""
    expected, doubt = _level(requests, errors)
    observed = requests > 0
    spread, memory = kinds.spread, kinds.memory
    log_probability = np.zeros((*requests.shape, len(spread)))
    autocorrelated = memory > 0
    predicted = np.broadcast_to(spread, log_probability.shape).copy()
    mean = np.broadcast_to(expected[..., None], log_probability.shape).copy()
    if autocorrelated.any():
        decay, variance = memory[autocorrelated], spread[autocorrelated]
        step = (1 - decay**2) * variance
        information = expected[..., None]
        # the filter's variance settles at once, since the expected count changes slowly
        half = (1 - decay**2 - step * information) / 2
        steady_variance = (np.sqrt(half**2 + step * information) - half) / np.maximum(information, 1e-12)
        steady_variance = np.where(information > 1e-9, steady_variance, variance)
        gain = steady_variance * information / (1 + steady_variance * information)
        shape = 1 / steady_variance
        move = np.log((shape + errors[..., None]) / (shape + information))
        missing = ~observed[..., None]
        keep = np.where(missing, decay, decay * (1 - gain))
        add = np.where(missing, 0.0, decay * move)
        level = _linear_filter(keep.swapaxes(0, 1), add.swapaxes(0, 1)).swapaxes(0, 1)
        predicted[..., autocorrelated] = steady_variance
        mean[..., autocorrelated] *= np.exp(level)
    shape = shape_of(predicted + doubt[..., None])
    count = errors[..., None]
    log_probability = log_rising(shape, count) + shape * np.log(shape / (shape + mean))
    log_probability += count * np.log(np.maximum(mean, 1e-300) / (shape + mean))
    return np.where(observed[..., None], log_probability, 0.0)


def _level(requests: Floats, errors: Floats) -> tuple[Floats, Floats]:
    """Expected errors of each bucket from the level of the buckets before, and the variance of that level's log."""
    width = requests.shape[1]
    sums = [
        np.concatenate([np.zeros((len(counts), 1)), np.cumsum(counts, axis=1)], axis=1) for counts in (requests, errors)
    ]
    first = np.maximum(np.arange(width) - LEVEL, 0)
    requests_before, errors_before = (totals[:, :width] - totals[:, first] for totals in sums)
    # half an error in a hundred requests stands for what is known before the first bucket
    rate = (errors_before + 0.5) / (requests_before + 100.0)
    return np.maximum(requests * rate, 1e-9), 1 / (errors_before + 0.5)


def _own_share(spread: Floats, memory: Floats) -> Floats:
    size = len(spread)
    share = np.zeros((size, size))
    share[0, 0] = 1.0
    for observed in range(1, size):
        same_memory, same_spread = memory == memory[observed], spread == spread[observed]
        calmer = same_memory & (spread < spread[observed])
        calmer[0] = True
        share[observed, observed] = OWN_WHOLLY
        share[observed, 0] += SHARED_WHOLLY
        share[observed, calmer] += (1 - OWN_WHOLLY - OWN_AND_WORSE - SHARED_WHOLLY) / calmer.sum()
        wider_spread = np.flatnonzero(same_memory & (spread > spread[observed]))
        longer_memory = np.flatnonzero(same_spread & (memory > memory[observed]))
        steps = [int(candidates[0]) for candidates in (wider_spread, longer_memory) if len(candidates)] or [observed]
        for step in steps:
            share[observed, step] += OWN_AND_WORSE / len(steps)
    return share


def _trigamma(shape: float) -> float:
    """ψ′(shape), by recurrence and the asymptotic series."""
    result = 0.0
    while shape < 8:
        result += 1 / shape**2
        shape += 1
    return result + 1 / shape + 1 / (2 * shape**2) + 1 / (6 * shape**3) - 1 / (30 * shape**5)


def _chi_square_low(freedom: Floats) -> Floats:
    """The 5 % quantile of χ² (Wilson and Hilferty 1931; within 0.01 from 4 degrees of freedom on)."""
    part = 2 / (9 * freedom)
    return np.asarray(freedom * np.maximum(1 - part - 1.6449 * np.sqrt(part), 1e-3) ** 3)
