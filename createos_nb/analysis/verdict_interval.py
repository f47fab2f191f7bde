"""The ratio of the error rates with bounds that hold at every look.

A ratio ρ₀ is ruled out from below once the evidence against "at most ρ₀" reaches 1/α, and from above once the evidence
against "at least ρ₀" reaches 1/β. What is left is the interval: `low > 1` is the same as the evidence to roll back, and
`high < 2` the same as the evidence to promote. Each bound alone errs, at any of all looks, with probability α or β.

Likelihoods are known at some ratios; between them they are followed by a natural cubic spline in log ρ, beyond them by
a straight line, which is what they are far out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from createos_nb.analysis.checks import Floats, Ints
from createos_nb.analysis.verdict_evidence import BETTER, BETTER_WEIGHTS, WORSE, WORSE_WEIGHTS, Curves, log_sum

_MANY = 3_000
"""Errors from which the likelihood is so sharp that it needs more nodes around its top."""
_STEP, _REACH = 0.1, (-5.0, 6.0)


@dataclass(frozen=True, eq=False)
class Totals:
    """What both sides had up to some buckets; shape `(n, P)`."""

    old: Floats
    """Requests."""
    new: Floats
    old_errors: Floats
    new_errors: Floats
    pooled: Floats
    """The ratio of the error rates after Mantel and Haenszel (1959), pooled over the buckets so that neither a wave nor
    a moving split confounds it; NaN without errors or without requests on one side, 0 or ∞ where one side has none."""


@dataclass(frozen=True, eq=False)
class Bounds:
    """Ratio and bounds after some buckets; shape `(n, P)`."""

    ratio: Floats
    """The pooled ratio, moved to the nearer bound where it lies beyond; NaN without errors."""
    low: Floats
    high: Floats


def nodes(promote_at: float, old: tuple[float, float], new: tuple[float, float]) -> Floats:
    """Ratios at which the likelihoods are needed for evidence and bounds.

    `old`, `new`: requests and errors of each side in all; with many errors the nodes crowd around their ratio.
    """
    if old[1] + new[1] <= _MANY:
        return _nodes(promote_at, ())
    centre, error = _centre(old, new)
    steps = error * 2.0 ** np.arange(1, 12)
    steps = steps[steps < 0.3]
    return _nodes(promote_at, tuple(centre * np.exp(np.concatenate([-steps, [0.0], steps]))))


@lru_cache(maxsize=16)
def _nodes(promote_at: float, around: tuple[float, ...]) -> Floats:
    wanted = [1.0, *WORSE, promote_at, *(promote_at * one for one in BETTER), *around]
    found = np.unique(np.array(wanted))
    # two nodes that all but coincide would make the spline stiff
    kept = np.concatenate([[True], np.diff(np.log(found)) > 1e-9])
    return np.asarray(found[kept])


def totals(old: Floats, new: Floats, old_errors: Floats, new_errors: Floats, at: Ints) -> Totals:
    """Totals up to the buckets `at`, of requests `(T,)` and errors `(n, T)` by bucket."""
    both = np.maximum(old + new, 1.0)
    upto = [np.cumsum(one, axis=-1)[..., at] for one in (old_errors, new_errors, old, new)]
    above = np.cumsum(new_errors * (old / both), axis=-1)[..., at]
    below = np.cumsum(old_errors * (new / both), axis=-1)[..., at]
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = above / below
    requests = [np.broadcast_to(one, above.shape) for one in upto[2:]]
    return Totals(requests[0], requests[1], upto[0], upto[1], pooled)


def bounds(curves: Curves, reached: Totals, *, alpha: float, beta: float) -> Bounds:
    """Ratio and bounds at the positions of `curves`, up to which there were the totals `reached`."""
    shape = curves.against_low.shape[:2]
    low, high = np.zeros(shape), np.full(shape, np.inf)
    at, bend = _knots(tuple(curves.nodes))
    for row, place in np.ndindex(*shape):
        if np.isnan(reached.pooled[row, place]):
            continue
        old = float(reached.old[row, place]), float(reached.old_errors[row, place])
        new = float(reached.new[row, place]), float(reached.new_errors[row, place])
        grid = _grid(old, new)
        floor, ceiling = curves.against_low[row, place], curves.against_high[row, place]
        both, rising = _spline(at, (floor + ceiling) / 2, bend, grid), grid[:, None] + np.log(WORSE)
        mixed = _spline(at, floor, bend, rising) + np.log(WORSE_WEIGHTS)
        against_low = log_sum(mixed) - _spline(at, floor, bend, grid)
        share = float(curves.share[row])
        if share:
            calm = curves.tempered[row, place]
            quick = log_sum(_spline(at, calm, bend, rising) + np.log(WORSE_WEIGHTS)) - _spline(at, calm, bend, grid)
            against_low = np.logaddexp(against_low + np.log1p(-share), quick + np.log(share))
        falling = _spline(at, ceiling, bend, grid[:, None] + np.log(BETTER)) + np.log(BETTER_WEIGHTS)
        against_high = log_sum(falling) - _spline(at, ceiling, bend, grid)
        top = grid[both.argmax()]
        # from the top outwards: far out, the spline need not be monotone
        below, above = grid <= top, grid >= top
        floor_at = _last_crossing(grid[below], against_low[below], -np.log(alpha))
        ceiling_at = _last_crossing(-grid[above][::-1], against_high[above][::-1], -np.log(beta))
        low[row, place], high[row, place] = np.exp(floor_at), np.exp(-ceiling_at)
    return Bounds(np.clip(reached.pooled, low, high), low, high)


def _centre(old: tuple[float, float], new: tuple[float, float]) -> tuple[float, float]:
    """The plain ratio of the error rates, half an error added to each side, and its standard error in log ρ."""
    rates = [(failed + 0.5) / (asked + 1.0) for asked, failed in (old, new)]
    return rates[1] / rates[0], float(np.sqrt(1 / (old[1] + 0.5) + 1 / (new[1] + 0.5)))


def _grid(old: tuple[float, float], new: tuple[float, float]) -> Floats:
    centre, error = _centre(old, new)
    around = np.log(centre) + error * np.linspace(-8, 8, 65)
    return np.asarray(np.sort(np.concatenate([np.arange(*_REACH, _STEP), around])))


def _last_crossing(grid: Floats, found: Floats, height: float) -> float:
    """Where the evidence last reaches the height, the crossing interpolated; −∞ if nowhere."""
    above = np.flatnonzero(found >= height)
    if not len(above):
        return -np.inf
    at = int(above[-1])
    if at == len(grid) - 1:
        return float(grid[at])
    part = (found[at] - height) / (found[at] - found[at + 1])
    return float(grid[at] + part * (grid[at + 1] - grid[at]))


@lru_cache(maxsize=16)
def _knots(ratios: tuple[float, ...]) -> tuple[Floats, Floats]:
    """Logarithms of the nodes, and the matrix from values there to second derivatives, which are 0 at both ends."""
    at = np.log(np.array(ratios))
    size, gap = len(at), np.diff(at)
    left, right = np.eye(size), np.zeros((size, size))
    for row in range(1, size - 1):
        left[row, row - 1 : row + 2] = gap[row - 1] / 6, (gap[row - 1] + gap[row]) / 3, gap[row] / 6
        right[row, row - 1 : row + 2] = 1 / gap[row - 1], -1 / gap[row - 1] - 1 / gap[row], 1 / gap[row]
    return at, np.asarray(np.linalg.solve(left, right))


def _spline(at: Floats, values: Floats, bend: Floats, x: Floats) -> Floats:
    curve = bend @ values
    cell = np.clip(np.searchsorted(at, x) - 1, 0, len(at) - 2)
    gap = np.diff(at)[cell]
    inside = np.clip(x, at[0], at[-1])
    b = (inside - at[cell]) / gap
    a = 1 - b
    found = a * values[cell] + b * values[cell + 1]
    found += ((a**3 - a) * curve[cell] + (b**3 - b) * curve[cell + 1]) * gap**2 / 6
    slope = (values[cell + 1] - values[cell]) / gap
    slope += np.where(x < at[0], -curve[cell + 1], curve[cell]) * gap / 6
    return np.asarray(found + slope * (x - inside))
