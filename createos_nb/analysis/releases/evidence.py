"""The evidence that a release is worse, or well, from the errors of its two sides: arrays in, arrays out.

`likelihood` gives L_k(ρ), the likelihood of how the errors fell to the sides, for each ratio ρ of the error rates and
each reading k of the sides' own noise. With weights v_k of what is feared and w_k of what is believed (`weights`), and
u_j of alternatives,

    to roll back      Σ_k w_k Σ_j u_j L_k(r_j)  /  Σ_k v_k L_k(1)                 r_j from 1.2 to 90
    to promote        Σ_k w'_k Σ_j u'_j L_k(r'_j)  /  Σ_k v'_k L_k(worse)         r'_j from worse / 1.2 down

Where no reading lasts, a part of the alternatives of the first begins only in some bucket τ, with a weight of
60 / (τ + 59)(τ + 60): a regression may begin at any time, before a promotion or after it.

Theorem (Ville 1939): where reading k is true and ρ at most 1, the first is at most 1/v_k times a nonnegative martingale
that begins at 1, so that the chance that it *ever* reaches 1/α, over the whole path, is at most α/v_k. The same holds
for the second where ρ is at least `worse` at all times. Mixing over a nuisance as in Wasserman, Ramdas and Balakrishnan
(PNAS 2020, universal inference), over onsets as in Lai (1998) and Shin, Ramdas and Rinaldo (2023, arXiv 2203.03532).
Where the truth is none of the readings, what the chance is has been measured and not proven.

`exact` is the evidence to roll back where errors are independent given the rates, which both sides may share in any
way: the conditional-binomial e-process over the same alternatives and onsets (Lindon, Sanden and Shirikian, KDD 2022,
arXiv 2205.14762). Its bound is α itself. A rollback needs both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from createos_nb.analysis.releases.counts import PairedCounts
from createos_nb.analysis.releases.likelihood import QUICK, Lattice, lasting, lattice, quick, splits
from createos_nb.analysis.releases.weights import PRIOR, Weights
from createos_nb.analysis.validation import Floats, Ints

LATE = 0.2
"""The share of regressions that begin after the release."""

_SOON = 60.0
"""Half of the late ones begin in so many buckets."""
_LOOKS = 3
"""So many looks running must show one: what is over by then was an incident."""
_LATE_READINGS = 4
"""Under so many of the readings, the calmest, a regression may begin late; with more noise it waits longer."""

_UP, _UP_SPREAD, _UP_TAIL = 0.87, 0.52, 0.15
"""Middle and spread of the logarithm of a regression's ratio, and the share of all others: 1.4 to 4 times as often."""
_DOWN_SPREAD, _DOWN_TAIL = 0.17, 0.02
"""The same of a healthy release, whose middle is a ratio of 1."""
_COARSE_UP = ((2.0, 0.42), (4.0, 0.34), (11.3, 0.16), (90.0, 0.08))
_COARSE_DOWN = ((0.5, 0.75), (0.25, 0.25))
"""Alternatives under lasting readings, relative to the null, and their weights."""
_MOST, _CEILING = 300.0, 1e130
"""Evidence is followed no further than this: its logarithm in one bucket, and itself."""
STRETCH = 4096
"""Buckets of a watch that are worked through at a time."""
_CELLS = 2048
"""Buckets worked on at a time, so that arrays stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Natural logarithms of the evidence after each bucket; shape `(n, T)`."""

    rollback: Floats
    exact: Floats
    """To roll back, were errors independent."""
    promote: Floats


@dataclass(frozen=True, eq=False)
class Alternatives:
    """Ratios in steps of the lattice, and their weights."""

    null: int
    fine: Ints
    fine_weights: Floats
    coarse: Ints
    coarse_weights: Floats


@lru_cache(maxsize=16)
def alternatives(grid: Lattice) -> tuple[Alternatives, Alternatives]:
    """Those to roll back, and those to promote."""
    up = np.arange(1, grid.largest + 1)
    down = grid.worse - np.arange(1, grid.worse + grid.largest + 1)
    return (
        _alternatives(grid, 0, up, (_UP, _UP_SPREAD, _UP_TAIL), _COARSE_UP),
        _alternatives(grid, grid.worse, down, (0.0, _DOWN_SPREAD, _DOWN_TAIL), _COARSE_DOWN),
    )


def _alternatives(
    grid: Lattice,
    null: int,
    fine: Ints,
    shape: tuple[float, float, float],
    coarse: tuple[tuple[float, float], ...],
) -> Alternatives:
    middle, spread, tail = shape
    density = np.exp(-0.5 * ((fine * grid.step - middle) / spread) ** 2)
    weights = (1 - tail) * density / density.sum() + tail / len(fine)
    ratios, parts = zip(*coarse, strict=True)
    steps = np.array([null + grid.coarse(float(np.log(ratio))) for ratio in ratios])
    steps = np.clip(steps, -grid.largest, grid.largest)
    return Alternatives(null, fine, weights, steps, np.array(parts))


def evaluate(paired: PairedCounts, *, worse: float = 2.0, weights: Weights = PRIOR) -> Evidence:
    """Evidence for n watches at once. The entry of a bucket depends on that bucket and the ones before only.

    This is what `release_verdict` calls with one row for each class of errors, and the simulations with thousands.
    """
    watches = len(paired.old_requests)
    step = max(_CELLS // max(paired.old_requests.shape[1], 1), 1)
    if watches <= step:
        return _evaluate(paired, worse, weights)
    parts = [slice(first, first + step) for first in range(0, watches, step)]
    found = [_evaluate(paired.rows(part), worse, weights.rows(part)) for part in parts]
    names = ("rollback", "exact", "promote")
    return Evidence(*(np.concatenate([getattr(one, name) for one in found]) for name in names))


def _evaluate(paired: PairedCounts, limit: float, weights: Weights) -> Evidence:
    grid = lattice(limit)
    up, down = alternatives(grid)
    seen = splits(paired.old_requests, paired.new_requests, paired.old_errors, paired.new_errors, limit)
    fine = np.concatenate([[0], up.fine, [grid.worse], down.fine])
    coarse, where = np.unique(np.concatenate([[0], up.coarse, [grid.worse], down.coarse]), return_inverse=True)
    slow = np.cumsum(lasting(seen, coarse, paired.bucket_seconds / 60), axis=1)[..., where]
    buckets = slow.shape[1]
    found, begun = np.zeros((3, len(slow), buckets)), np.zeros((len(slow), buckets))
    so_far: Floats | float = 0.0
    so_far_exact: Floats | float = 0.0
    late = _Onsets(up.fine_weights)
    for first in range(0, buckets, STRETCH):
        now = slice(first, first + STRETCH)
        part = seen.stretch(now)
        steps = quick(part, fine, even=not seen.uneven.any())
        fast = np.cumsum(steps, axis=1) + so_far
        calm = part.logs[..., np.concatenate([[0], up.fine]) + grid.offset][:, :, None]
        exact = np.cumsum(calm[..., 0, 1:] - calm[..., 0, :1], axis=1) + so_far_exact
        so_far, so_far_exact = fast[:, -1:], exact[:, -1:]
        rises, falls = 1 + len(up.fine), 1 + len(up.coarse)
        feared, believed, feared_well, believed_well = (of_readings(one, fast.shape[2]) for one in weights.all)
        null, steady, relative = _mixtures(fast[..., :rises], slow[:, now, :, :falls], up, feared, believed)
        own = of_readings(weights.believed, 0)[:, :_LATE_READINGS]
        own = own / own.sum(axis=1, keepdims=True)
        onsets = late.after(np.concatenate([steps[:, :, :_LATE_READINGS, :rises], calm], axis=2))
        later = (onsets[..., :-1] * relative[:, :, :_LATE_READINGS, 0] * own[:, None]).sum(axis=-1)
        found[0, :, now], begun[:, now] = _log(steady) - _log(null), _log(later) - _log(null)
        steady_exact = np.exp(np.minimum(exact, _MOST)) @ up.fine_weights
        found[1, :, now] = _log((1 - LATE) * steady_exact + LATE * onsets[..., -1])
        worse, better, _ = _mixtures(fast[..., rises:], slow[:, now, :, falls:], down, feared_well, believed_well)
        found[2, :, now] = _log(better) - _log(worse)
    found[0] = np.logaddexp(found[0] + np.log1p(-LATE), _confirmed(begun) + np.log(LATE))
    return Evidence(*found)


def _confirmed(evidence: Floats) -> Floats:
    """The least of the last looks, `(n, T)`: smaller than the last, and so no less safe."""
    least = evidence.copy()
    for back in range(1, _LOOKS):
        np.minimum(least[:, back:], evidence[:, :-back], out=least[:, back:])
    least[:, : _LOOKS - 1] = np.minimum(least[:, : _LOOKS - 1], 0.0)
    return least


def of_readings(weights: Floats, quick_readings: int) -> Floats:
    """Weights `(n, K)` or `(K,)` as `(n, K)`; where the split is even, the clumped ones are the restless ones."""
    each = np.atleast_2d(weights)
    if quick_readings < QUICK:
        middle = 1 + QUICK // 2
        restless = each[:, 1:middle] + each[:, middle:QUICK]
        each = np.concatenate([each[:, :1], restless, each[:, QUICK:]], axis=1)
    return each


def _mixtures(
    fast: Floats, slow: Floats, alternatives: Alternatives, feared: Floats, believed: Floats
) -> tuple[Floats, Floats, Floats]:
    """The null and the alternatives over all readings, `(n, T)`, over a common factor; and the fast ones over it."""
    top = np.maximum(fast.max(axis=(2, 3)), slow.max(axis=(2, 3)))[:, :, None, None]
    relative, apart = np.exp(fast - top), np.exp(slow - top)
    null = np.concatenate([relative[..., 0], apart[..., 0]], axis=-1)
    others = [relative[..., 1:] @ alternatives.fine_weights, apart[..., 1:] @ alternatives.coarse_weights]
    better = np.concatenate(others, axis=-1)
    return (null * feared[:, None]).sum(axis=-1), (better * believed[:, None]).sum(axis=-1), relative


class _Onsets:
    """Evidence that the ratio is the first until some bucket and one of the others from it on; no more than 10^130."""

    def __init__(self, weights: Floats) -> None:
        self._weights, self._done = weights, 0
        self._so_far: Floats | None = None

    def after(self, steps: Floats) -> Floats:
        """After each bucket that follows, `(n, T, K)`, from the log-likelihood of each, `(n, T, K, 1 + J)`."""
        factor = np.exp(np.minimum(steps[..., 1:] - steps[..., :1], _MOST))
        so_far = np.zeros_like(factor[:, 0]) if self._so_far is None else self._so_far
        number = np.arange(self._done + 1, self._done + 1 + factor.shape[1])
        begins = _SOON / ((number + _SOON - 1) * (number + _SOON))
        for begin, row in zip(begins.tolist(), factor.swapaxes(0, 1), strict=True):
            row *= so_far + begin
            np.minimum(row, _CEILING, out=row)
            so_far = row
        self._so_far, self._done = so_far.copy(), self._done + len(number)
        # what is left of the weights of onsets speaks for neither side
        return np.asarray(factor @ self._weights + (_SOON / (number + _SOON))[:, None])


def _log(values: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(values, 1e-300)))
