"""The noise that a history shows, as weights of the readings of `likelihood`.

Noise of one side's own is known from how the *split* of the errors varied: in the watch itself (`evidence` does that by
mixing over the readings), and before it where two environments ran the same version (`weights.from_pair`). From the
level of one side alone it can't be told from noise that both share. So a history of one side only bounds it
(`weights.from_one`): noise of its own would show in its level, so a calm level dismisses it, and a restless level says
nothing.

The level of one side: errors of a bucket are Poisson with mean `requests × level × e^u`, with the level of the last two
hours of buckets, so that a daily wave is not taken for noise, and `u` a stationary AR(1) over buckets whose spread is
that of the logarithm of a gamma variable of some shape. Predictions are negative binomial, filtered as in dynamic
generalised linear models (West, Harrison and Migon 1985).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from createos_nb.analysis.validation import Floats

LEVEL = 120
"""Buckets over which the level of the baseline is followed: slower change is not taken for noise."""

_SHAPES = (16.0, 4.0, 1.5, 0.7, 0.25)
_MEMORIES = (0.0, 0.8, 0.95)
_REMEMBERED = (16.0, 4.0, 1.5, 0.7)
_FOLD, WARM = 512, 192
"""Long series are filtered in pieces side by side, each warmed up on what came before (0.95**192 is 5e-5)."""


@dataclass(frozen=True, eq=False)
class Noises:
    """What the level of one side may be like, each an entry of every array; shape `(J,)`. The first is calm."""

    spread: Floats
    """Variance of the logarithm of the rate over buckets."""
    memory: Floats
    """Correlation of that logarithm from one bucket to the next."""


@lru_cache(maxsize=64)
def noises(bucket_seconds: float = 60.0) -> Noises:
    """The list for a width of buckets; memories are per bucket from a minute on, and per minute below it."""
    spread, memory = [0.0], [0.0]
    for autocorrelation in _MEMORIES:
        for shape in _SHAPES if autocorrelation == 0 else _REMEMBERED:
            spread.append(trigamma(shape))
            memory.append(autocorrelation ** min(bucket_seconds / 60.0, 1.0) if autocorrelation else 0.0)
    return Noises(np.array(spread), np.array(memory))


def _shape_of(spread: Floats) -> Floats:
    """The shape of a gamma variable whose logarithm has this variance (inverse trigamma, within 4 %)."""
    return np.asarray((1 + np.sqrt(1 + 2 * spread)) / (2 * np.maximum(spread, 1e-12)))


def log_sum(logs: Floats, axis: int = -1) -> Floats:
    """Return log Σ exp over an axis."""
    top = logs.max(axis=axis, keepdims=True)
    return np.asarray((top + np.log(np.exp(logs - top).sum(axis=axis, keepdims=True))).squeeze(axis))


def _log_rising(start: Floats, steps: Floats) -> Floats:
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
    shape = _shape_of(predicted + doubt[..., None])
    count = errors[..., None]
    log_probability = _log_rising(shape, count) + shape * np.log(shape / (shape + mean))
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


def trigamma(shape: float) -> float:
    """ψ′(shape), by recurrence and the asymptotic series."""
    result = 0.0
    while shape < 8:
        result += 1 / shape**2
        shape += 1
    return result + 1 / shape + 1 / (2 * shape**2) + 1 / (6 * shape**3) - 1 / (30 * shape**5)
