"""The ratio of the error rates with bounds that hold at every look.

A ratio ρ₀ is ruled out from below once the evidence against "at most ρ₀" reaches 1/α, and from above once the evidence
against "at least ρ₀" reaches 1/β. What is left is the interval: `low > 1` is the same as the evidence to roll back but
for its parts that are quick or late or speak of an outage, and `high < 2` the same as the evidence to promote. Each
bound alone errs, at any of all looks, with probability α or β.

A ratio is told apart from another one only if they differ by a tenth or more, since the smallest rise held against
"not worse" is by a quarter: a rise by less than a tenth is never rolled back, and the bounds are never closer than
that.

Likelihoods are known at some ratios; between them they are followed by a cubic in log ρ from node to node, beyond them
by a straight line, which is what they are far out. Measured, a bound lies where the evidence against it is within a
factor of 1.3 of the boundary, and of 1.1 in nine cases of ten.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from createos_nb.analysis.releases.evidence import BETTER, BETTER_WEIGHTS, LATE, OUT, WORSE, WORSE_WEIGHTS, Curves
from createos_nb.analysis.releases.noise import log_sum
from createos_nb.analysis.validation import Floats, Ints

_STEP, _REACH = 0.1, (-5.0, 6.0)
_BELOW, _ABOVE = (0.15, 0.4, 0.7), (1.5, 2.5, 5.0, 10.0, 20.0)
"""Ratios to follow the likelihoods at beyond those of the evidence, relative to its null."""
_UP, _DOWN = np.log(np.array(WORSE)), np.log(np.array(BETTER))


@dataclass(frozen=True, eq=False)
class Totals:
    """Totals of both sides up to some buckets; shape `(n, P)`."""

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


def nodes(promote_at: float, old: tuple[float, float], new: tuple[float, float]) -> tuple[Floats, Floats]:
    """Ratios at which the likelihoods are needed for evidence and bounds, against low ones and against high ones.

    `old`, `new`: requests and errors of each side in all; nodes crowd around their ratio as its error becomes small.
    """
    center, error = _center(old, new)
    steps = error * 2.0 ** np.arange(1, 12)
    steps = steps[steps <= np.clip(4 * error, 0.3, 3.0)]
    around = center * np.exp(np.concatenate([-steps, steps]))
    up = np.array([1.0, *WORSE, *_BELOW])
    return _joined(up, around), _joined(promote_at * np.array([1.0, *BETTER, *_ABOVE]), around)


def _joined(needed: Floats, around: Floats) -> Floats:
    nodes = np.unique(np.concatenate([needed, around]))
    # two nodes that all but coincide have no slope between them
    return np.asarray(nodes[np.concatenate([[True], np.diff(np.log(nodes)) > 1e-9])])


def totals(old: Floats, new: Floats, old_errors: Floats, new_errors: Floats, at: Ints) -> Totals:
    """Totals up to the buckets `at`, of requests `(T,)` and errors `(n, T)` by bucket."""
    both = np.maximum(old + new, 1.0)
    upto = [np.cumsum(counts, axis=-1)[..., at] for counts in (old_errors, new_errors, old, new)]
    new_weighted = np.cumsum(new_errors * (old / both), axis=-1)[..., at]
    old_weighted = np.cumsum(old_errors * (new / both), axis=-1)[..., at]
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = new_weighted / old_weighted
    requests = [np.broadcast_to(requests, new_weighted.shape) for requests in upto[2:]]
    return Totals(requests[0], requests[1], upto[0], upto[1], pooled)


def bounds(curves: Curves, totals: Totals, *, alpha: float, beta: float) -> Bounds:
    """Ratio and bounds at the positions of `curves`, with the `totals` up to each."""
    shape = curves.against_low.shape[:2]
    low, high = np.zeros(shape), np.full(shape, np.inf)
    at_low, at_high = (np.log(nodes) for nodes in curves.nodes)
    for row, column in np.ndindex(*shape):
        if np.isnan(totals.pooled[row, column]):
            continue
        old = float(totals.old[row, column]), float(totals.old_errors[row, column])
        new = float(totals.new[row, column]), float(totals.new_errors[row, column])
        grid = _grid(old, new)
        (floor,), (rising,) = _around(at_low, curves.against_low[row, column][None], grid, _UP, WORSE_WEIGHTS)
        against_low = rising - floor + np.log1p(-LATE) + np.log1p(-OUT)
        (ceiling,), (falling,) = _around(at_high, curves.against_high[row, column][None], grid, _DOWN, BETTER_WEIGHTS)
        against_high = falling - ceiling
        top = grid[(floor + ceiling).argmax()]
        # from the top outwards: far out, the interpolation need not be monotone
        lower_part, upper_part = grid <= top, grid >= top
        floor_at = _last_crossing(grid[lower_part], against_low[lower_part], -np.log(alpha))
        ceiling_at = _last_crossing(-grid[upper_part][::-1], against_high[upper_part][::-1], -np.log(beta))
        low[row, column], high[row, column] = np.exp(floor_at), np.exp(-ceiling_at)
    return Bounds(np.clip(totals.pooled, low, high), low, high)


def _around(
    at: Floats, curves: Floats, grid: Floats, steps: Floats, weights: tuple[float, ...]
) -> tuple[Floats, Floats]:
    """Curves `(C, R)` on a grid, and the logarithm of their weighted means some steps from it; `(C, len(grid))`."""
    shifted = (grid + steps[:, None]).ravel()
    interpolated = _between(at, curves, np.concatenate([grid, shifted])).reshape(len(curves), -1, len(grid))
    return interpolated[:, 0], log_sum(np.moveaxis(interpolated[:, 1:], 1, -1) + np.log(weights))


def _center(old: tuple[float, float], new: tuple[float, float]) -> tuple[float, float]:
    """The plain ratio of the error rates, half an error added to each side, and its standard error in log ρ."""
    rates = [(failed + 0.5) / (requests + 1.0) for requests, failed in (old, new)]
    return rates[1] / rates[0], float(np.sqrt(1 / (old[1] + 0.5) + 1 / (new[1] + 0.5)))


def _grid(old: tuple[float, float], new: tuple[float, float]) -> Floats:
    center, error = _center(old, new)
    around = np.log(center) + error * np.linspace(-8, 8, 65)
    return np.asarray(np.sort(np.concatenate([np.arange(*_REACH, _STEP), around])))


def _last_crossing(grid: Floats, evidence: Floats, height: float) -> float:
    """Return where the evidence last reaches the height, the crossing interpolated; −∞ if nowhere."""
    reaching = np.flatnonzero(evidence >= height)
    if not len(reaching):
        return -np.inf
    at = int(reaching[-1])
    if at == len(grid) - 1:
        return float(grid[at])
    part = (evidence[at] - height) / (evidence[at] - evidence[at + 1])
    return float(grid[at] + part * (grid[at + 1] - grid[at]))


def _between(at: Floats, values: Floats, x: Floats) -> Floats:
    """Cubic Hermite interpolation of curves `(C, R)` at `x`.

    The slope at a node is that of the parabola through it and its neighbours.
    """
    gap = np.diff(at)
    slope = np.diff(values, axis=-1) / gap
    inner = (gap[1:] * slope[:, :-1] + gap[:-1] * slope[:, 1:]) / (gap[1:] + gap[:-1])
    slopes = np.concatenate([slope[:, :1], inner, slope[:, -1:]], axis=1)
    cell = np.clip(np.searchsorted(at, x) - 1, 0, len(gap) - 1)
    inside = np.clip(x, at[0], at[-1])
    width = gap[cell]
    t = (inside - at[cell]) / width
    rest = 1 - t
    bend, other = slopes[:, :-1] - slope, slopes[:, 1:] - slope
    interpolated = rest * values[:, cell] + t * values[:, cell + 1]
    interpolated += t * rest * width * (rest * bend[:, cell] - t * other[:, cell])
    # straight on beyond the ends
    return np.asarray(interpolated + np.where(x < at[0], slope[:, :1], slope[:, -1:]) * (x - inside))
