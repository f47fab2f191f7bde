"""The likelihood of how the errors fell to the two sides, for every ratio of the error rates and every noise.

In bucket t the old and the new side had B and G requests and s errors together, g of them on the new side. Given s, the
share of the new side has the log-odds log(ρG/B) + δ. What both sides share (a wave, an incident, however long) is not
in it. δ is the noise of the sides' own, and a *reading* says what it is like:

* calm: δ = 0, so that g is binomial: errors are independent given the rate;
* restless: δ is drawn anew in each bucket, as the difference of the logarithms of two gamma variables of some shape
  (shape 1: the rate of each side has a coefficient of variation of 1);
* clumped: errors come in clumps (retries, scanners) whose number follows the requests, so that the mean share is that
  of the odds: beta-binomial, as precise as the restless reading at an even split, where the two are one;
* lasting: δ is a Gaussian AR(1) over the buckets.

In every reading one bucket in `1 / WILD` is wild: its share may be anything. So a single bad minute never decides.

All are sums over a lattice of log-odds, the lasting ones by the forward algorithm of hidden Markov models (Rabiner
1989), whose states are the values of δ. They are exact for the discretised noise. Where a bucket holds so many errors
that the binomial is narrower than the lattice, it is widened to it, as if fewer errors had been seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from createos_nb.analysis.releases.noise import fold, unfold
from createos_nb.analysis.validation import Bools, Floats, Ints

WILD = 0.03
"""Share of the buckets in which anything may happen on one side."""

SHAPES = (16.0, 4.0, 1.5, 0.7, 0.25)
"""Shapes of the restless readings: rates with a coefficient of variation of 0.25, 0.5, 0.8, 1.2 and 2."""

LASTING = ((0.6, 0.65), (0.8, 0.35), (0.8, 0.65), (0.9, 1.2), (0.95, 0.35), (0.95, 0.65))
"""Memories from minute to minute, and standard deviations of δ, of the lasting readings."""

QUICK = 1 + 2 * len(SHAPES)
"""Readings without a memory: calm, restless, clumped."""

READINGS = QUICK + len(LASTING)

_STEP, COARSE = float(np.log(2) / 4), 2
"""Distance of the points of the lattice in log-odds, and how many of them lie from one coarse ratio to the next."""
_REACH, _LARGEST = 6.2, 26
"""Half the width of the lattice of δ, and its largest ratio in steps: 90."""
_WILD_SHAPE = 0.5
_EVEN = 0.7
"""Log-odds of the traffic up to which a split is as good as even, so that restless and clumped are one: 2 to 1."""
_STATES = 21
_CELLS = 300_000
"""Numbers worked on at a time, so that arrays stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """Log-odds at which likelihoods are worked out, for one limit `worse`."""

    step: float
    """Distance in log ρ; log `worse` is a multiple of it."""
    worse: int
    """`worse` in steps; ratio 1 is 0."""
    largest: int
    """The largest ratio in steps; the smallest is as far below 1."""
    offset: int
    """Half the number of points."""

    @property
    def log_odds(self) -> Floats:
        """Log-odds of the points, relative to those of the traffic."""
        return np.asarray(np.arange(-self.offset, self.offset + 1) * self.step)

    def coarse(self, log_ratio: float) -> int:
        """The nearest coarse ratio, in steps."""
        return COARSE * round(log_ratio / self.step / COARSE)


@lru_cache(maxsize=16)
def lattice(worse: float) -> Lattice:
    """The lattice for a limit."""
    parts = COARSE * max(round(float(np.log(worse)) / _STEP / COARSE), 1)
    step = float(np.log(worse)) / parts
    largest = COARSE * int(np.ceil(_LARGEST * _STEP / step / COARSE))
    return Lattice(step, parts, largest, largest + int(np.ceil(_REACH / step)))


@dataclass(frozen=True, eq=False)
class Splits:
    """The errors of n watches of T buckets, at the X points of the lattice."""

    grid: Lattice
    logs: Floats
    """Log-likelihood of each point, `(n, T, X)`; the binomial coefficient is left out everywhere."""
    widened: Floats
    """Likelihood of each point, over its largest, `(n, T, X)`."""
    wild: Floats
    """Likelihood of a wild bucket on that scale, `(n, T)`."""
    odds: Floats
    """Log-odds of the traffic, `(n, T)`."""

    @property
    def uneven(self) -> Bools:
        """Where the split is so uneven that restless and clumped errors are two things, `(n, T)`."""
        return np.asarray(np.abs(self.odds) > _EVEN)

    def stretch(self, part: slice) -> Splits:
        """Some of the buckets."""
        counts = (self.logs[:, part], self.widened[:, part], self.wild[:, part], self.odds[:, part])
        return Splits(self.grid, *counts)


def splits(old: Floats, new: Floats, old_errors: Floats, new_errors: Floats, worse: float) -> Splits:
    """Read the counts, each `(n, T)`; a bucket that one side did not serve says nothing."""
    grid = lattice(worse)
    both = (old > 0) & (new > 0)
    b, g = np.where(both, old_errors, 0.0), np.where(both, new_errors, 0.0)
    s = b + g
    odds = np.log(np.where(both, new, 1.0) / np.where(both, old, 1.0))
    z = odds[..., None] + grid.log_odds
    # log(1 + e^z), whose logarithms and exponentials the processor works out several at a time
    logs = g[..., None] * z - s[..., None] * (np.maximum(z, 0.0) + np.log(1 + np.exp(-np.abs(z))))
    share = (g + 0.5) / (s + 1.0)
    power = 1 / np.maximum(1.0, grid.step**2 * s * share * (1 - share))
    widened = np.exp((logs - logs.max(axis=-1, keepdims=True)) * power[..., None])
    return Splits(grid, logs, widened, widened @ _wild(grid), odds)


def quick(seen: Splits, ratios: Ints, *, even: bool | None = None) -> Floats:
    """Log-likelihood of each bucket under the readings without a memory, `(n, T, QUICK, R)`; ratios in steps.

    Where the split is even in all buckets, or `even`, the clumped ones are left out: they are the restless ones.
    """
    watches, buckets, points = seen.widened.shape
    shapes = len(SHAPES)
    uneven = seen.uneven
    even = not uneven.any() if even is None else even
    found = np.empty((watches, buckets, 1 + shapes if even else QUICK, len(ratios)))
    found[:, :, 0] = seen.widened[..., ratios + seen.grid.offset]
    kernels = _restless(seen.grid, tuple(ratios.tolist()))
    flat = seen.widened.reshape(-1, points) @ kernels.reshape(points, -1)
    found[:, :, 1 : 1 + shapes] = flat.reshape(watches, buckets, shapes, len(ratios))
    if not even:
        found[:, :, 1 + shapes :] = found[:, :, 1 : 1 + shapes]
        found[uneven, 1 + shapes :] = _clumped(seen, uneven, ratios)
    found *= 1 - WILD
    found += WILD * seen.wild[..., None, None]
    np.log(found, out=found)
    return found


def _gammas(u: Floats, shape: float) -> Floats:
    """The difference of the logarithms of two gamma variables on a lattice; what lies beyond stands at its ends."""
    from scipy.special import betainc

    inner = (u[1:] + u[:-1]) / 2
    return np.asarray(np.diff(np.concatenate([[0.0], betainc(shape, shape, 1 / (1 + np.exp(-inner))), [1.0]])))


@lru_cache(maxsize=16)
def _wild(grid: Lattice) -> Floats:
    return _gammas(grid.log_odds, _WILD_SHAPE)


@lru_cache(maxsize=16)
def _restless(grid: Lattice, ratios: tuple[int, ...]) -> Floats:
    """Weights of the points for each shape and ratio, `(X, K, R)`."""
    x = grid.log_odds
    return np.stack(
        [np.stack([_gammas(x - ratio * grid.step, shape) for ratio in ratios], axis=1) for shape in SHAPES], axis=1
    )


@lru_cache(maxsize=4)
def _betas(grid: Lattice) -> Floats:
    """Shares of a Beta with a mean of given log-odds, on a lattice of log-odds: `(K, means, points)`."""
    from scipy.special import betainc

    at = np.arange(-2 * grid.offset, 2 * grid.offset + 1) * grid.step
    mean = 1 / (1 + np.exp(-at))[:, None]
    edge = 1 / (1 + np.exp(-(at[1:] + at[:-1]) / 2))[None, :]
    found = []
    for shape in SHAPES:
        below = betainc(np.maximum(2 * shape * mean, 1e-9), np.maximum(2 * shape * (1 - mean), 1e-9), edge)
        ends = np.zeros((len(at), 1))
        found.append(np.diff(np.concatenate([ends, below, ends + 1], axis=1), axis=1))
    return np.array(found)


def _clumped(seen: Splits, uneven: Bools, ratios: Ints) -> Floats:
    """Likelihood of the uneven buckets under the clumped readings, `(N, K, R)`."""
    grid, kernels = seen.grid, _betas(seen.grid)
    middle, size = 2 * grid.offset, seen.widened.shape[-1]
    likelihood = seen.widened[uneven]
    moved = np.clip(seen.odds[uneven] / grid.step, -grid.offset + 1, grid.offset - 1)
    floor = np.floor(moved).astype(np.int64)
    found = np.empty((len(moved), len(SHAPES), len(ratios)))
    for whole in np.unique(floor):
        at = np.flatnonzero(floor == whole)
        part = (moved[at] - whole)[:, None, None]
        # the points of a bucket are those of the lattice moved by its odds: between two of them a mixture of both
        means, both = middle + whole + ratios, []
        for step in (0, 1):
            begin = middle + whole + step - grid.offset
            window = kernels[:, means + step, begin : begin + size]
            window[..., 0] += kernels[:, means + step, :begin].sum(axis=-1)
            window[..., -1] += kernels[:, means + step, begin + size :].sum(axis=-1)
            both.append(np.tensordot(likelihood[at], window, axes=([1], [2])))
        found[at] = (1 - part) * both[0] + part * both[1]
    return found


@lru_cache(maxsize=16)
def _chains(grid: Lattice, minutes: float) -> tuple[Floats, Floats, Ints]:
    """Transitions `(K, S, S)` and first weights `(K, S)` of the lasting readings, and the points of their states."""
    transitions, first, points = [], [], []
    for memory, deviation in LASTING:
        width = max(round(deviation * 0.43 / grid.step), 1)
        states = (np.arange(_STATES) - _STATES // 2) * width
        u = states * grid.step
        keep = memory ** min(minutes, 1.0)
        push = deviation * np.sqrt(1 - keep**2)
        move = np.exp(-0.5 * ((u[None, :] - keep * u[:, None]) / push) ** 2)
        transitions.append(move / move.sum(axis=1, keepdims=True))
        first.append(np.linalg.matrix_power(transitions[-1], 4096)[_STATES // 2])
        points.append(states)
    return np.array(transitions), np.array(first), np.array(points)


def lasting(seen: Splits, ratios: Ints, minutes: float) -> Floats:
    """Log-likelihood of each bucket given the ones before under the lasting readings, `(n, T, K, R)`."""
    transitions, first, points = _chains(seen.grid, minutes)
    offset = seen.grid.offset
    at = np.minimum(np.maximum(points[:, None, :] + ratios[None, :, None], -offset), offset) + offset
    emitted = fold(((1 - WILD) * seen.widened + WILD * seen.wild[..., None]).swapaxes(0, 1), 1.0)
    length, pieces, watches = emitted.shape[:3]
    found = np.zeros((length, pieces * watches, *at.shape[:2]))
    columns = emitted.reshape(length, pieces * watches, -1)
    step = max(_CELLS // (at.size * length), 1)
    for begin in range(0, columns.shape[1], step):
        part = slice(begin, begin + step)
        found[:, part] = _forward(columns[:, part], transitions, first, at)
    found = found.reshape(length, pieces, watches, *at.shape[:2])
    return np.asarray(unfold(found, seen.widened.shape[1]).swapaxes(0, 1))


def _forward(emitted: Floats, transitions: Floats, first: Floats, at: Ints) -> Floats:
    """The forward algorithm: log-likelihood of each bucket given those before, `(T, n, K, R)`, from `(T, n, X)`."""
    (length, watches, _), (kinds, ratios, states) = emitted.shape, at.shape
    totals = np.empty((length, kinds, watches * ratios))
    state = np.repeat(first[:, None, :], watches * ratios, axis=1)
    block = 32
    for begin in range(0, length, block):
        # the states before a block add up to 1; within one they only shrink, by no more than a double can hold
        weights = np.ascontiguousarray(np.moveaxis(emitted[begin : begin + block][:, :, at], 2, 1))
        weights = weights.reshape(len(weights), kinds, watches * ratios, states)
        for row in weights:
            row *= state
            np.matmul(row, transitions, out=state)
        sums = weights.sum(axis=-1)
        totals[begin] = sums[0]
        totals[begin + 1 : begin + len(sums)] = sums[1:] / sums[:-1]
        state /= sums[-1][..., None]
    return np.asarray(np.log(totals).reshape(length, kinds, watches, ratios).transpose(0, 2, 1, 3))
