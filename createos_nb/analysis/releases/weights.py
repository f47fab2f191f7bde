"""Weights of the readings of noise: how much each is feared, and how much each is believed.

The evidence is a mixture over what may be true of a bad release, over a mixture of what may be true of a good one. The
weights of the second are what is *feared*: where a reading of weight v is true, a good release is rolled back with a
probability of at most α/v, by Ville's inequality. Those of the first may be any; they make it quick where they fit.

Before anything was seen: calm 0.56, restless and clumped 0.37, lasting 0.07. So lasting noise of one side is taken to
be rare, and a shared wave that lasts does not hide a regression. A history of two sides that ran the same version
replaces that by what their split has shown; a history of one side only lets a calm level dismiss noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from createos_nb.analysis.releases.counts import PairedCounts
from createos_nb.analysis.releases.likelihood import LASTING, QUICK, SHAPES, lasting, lattice, quick, splits
from createos_nb.analysis.releases.noise import log_sum, noises, predictive, trigamma
from createos_nb.analysis.validation import Bools, Floats

_LASTING_PARTS = (0.15, 0.15, 0.40, 0.05, 0.15, 0.10)
_FLOOR = 0.03
"""The part of the weights that no history takes away: the next release may bring noise that was never seen."""
_STILL = 0.7
"""Noise of one side dismisses no other that is calmer than so many times it, in standard deviations."""
_PAIR_WORSE = 2.0
_SPREAD = 0.7
"""Standard deviation of the logarithm of the ratio of two sides that run the same version."""


def _prior(calm: float, restless: float, slow: float) -> Floats:
    each = restless / (2 * len(SHAPES))
    return np.array([calm, *([each] * (2 * len(SHAPES))), *(slow * np.array(_LASTING_PARTS))])


@dataclass(frozen=True, eq=False)
class Weights:
    """Weights of the readings, each `(n, K)` or `(K,)`, rows of which add up to 1."""

    feared: Floats
    """Of a release as healthy as the baseline, to roll back."""
    believed: Floats
    """Of a worse one."""
    feared_well: Floats
    """Of a release that is worse by the limit, to promote."""
    believed_well: Floats
    """Of a healthy one."""

    def times(self, factor: Floats) -> Weights:
        """After a history that has made each reading so many times as likely, `(n, K)`."""
        return Weights(*(_times(one, factor) for one in self.all))

    def without(self, factor: Floats) -> Weights:
        """After a history that leaves so much of each reading, `(n, K)`: what it dismisses is calm instead."""
        return Weights(*(_without(one, factor) for one in self.all))

    def rows(self, part: slice) -> Weights:
        """Those of some of the watches."""
        return Weights(*(one if one.ndim == 1 else one[part] for one in self.all))

    @property
    def all(self) -> tuple[Floats, Floats, Floats, Floats]:
        """All four."""
        return self.feared, self.believed, self.feared_well, self.believed_well


PRIOR = Weights(
    feared=_prior(0.56, 0.37, 0.07),
    believed=_prior(0.75, 0.22, 0.03),
    feared_well=_prior(0.85, 0.11, 0.04),
    believed_well=_prior(0.90, 0.08, 0.02),
)
"""Before anything was seen."""


def _times(weights: Floats, factor: Floats) -> Floats:
    product = weights * factor
    return np.asarray((1 - _FLOOR) * product / product.sum(axis=-1, keepdims=True) + _FLOOR * weights)


def _without(weights: Floats, factor: Floats) -> Floats:
    product = weights * factor
    product[..., 0] += 1 - product.sum(axis=-1)
    return np.asarray((1 - _FLOOR) * product + _FLOOR * weights)


def from_pair(pair: PairedCounts) -> Floats:
    """How likely each reading makes the split of two sides that ran the same version, over the likeliest; `(n, K)`.

    Their ratio need not be 1, but is taken not to change.
    """
    grid = lattice(_PAIR_WORSE)
    ratios = np.arange(-8, 9, 2)
    seen = splits(pair.old_requests, pair.new_requests, pair.old_errors, pair.new_errors, _PAIR_WORSE)
    fast = quick(seen, ratios).sum(axis=1)
    if fast.shape[1] < QUICK:
        fast = np.concatenate([fast, fast[:, 1:]], axis=1)
    sums = np.concatenate([fast, lasting(seen, ratios, pair.bucket_seconds / 60).sum(axis=1)], axis=1)
    prior: Floats = np.asarray(-0.5 * (ratios * grid.step / _SPREAD) ** 2, dtype=np.float64)
    logs = log_sum(sums + prior - log_sum(prior))
    return np.asarray(np.exp(logs - logs.max(axis=-1, keepdims=True)))


def from_one(requests: Floats, errors: Floats, bucket_seconds: float, *, share: Floats | float = 0.5) -> Floats:
    """By how much the level of one side, `(n, H)`, dismisses each reading: 1 is not at all; `(n, K)`.

    A reading is as likely as the likeliest level that has at least its noise, since both sides may share some more.
    `share`: the other side's part of the requests, `(n,)`. The less it is asked for, the fewer are the clumps in which
    its errors come, and the larger is its noise: a side that serves most is calmer than the other one may be.
    """
    told = predictive(requests, errors, noises(bucket_seconds)).sum(axis=1)
    told -= told.max(axis=-1, keepdims=True)
    kinds, (spread, memory, lasts) = noises(bucket_seconds), _noise_of_readings(bucket_seconds)
    part = np.minimum(1.0, 2.0 * np.reshape(share, (-1, 1, 1)))
    spread = np.where(lasts, spread, spread * part)
    wide = kinds.spread >= _STILL**2 * spread
    keeps = (kinds.memory >= _STILL * memory) | (kinds.spread >= 4 * spread)
    factor = np.exp(np.where(wide & keeps, told[:, None], -50.0).max(axis=-1))
    factor[:, 0] = 1.0
    return np.asarray(factor)


@lru_cache(maxsize=16)
def _noise_of_readings(bucket_seconds: float) -> tuple[Floats, Floats, Bools]:
    """Variance and memory of each reading, and whether it lasts, `(K, 1)` each."""
    minutes = min(bucket_seconds / 60, 1.0)
    restless = [(trigamma(shape), 0.0, 0.0) for shape in SHAPES]
    slow = [(deviation**2 / 2, memory**minutes, 1.0) for memory, deviation in LASTING]
    spread, memory, lasts = np.array([(0.0, 0.0, 0.0), *restless, *restless, *slow]).T[..., None]
    return spread, memory, lasts > 0
