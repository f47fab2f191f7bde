"""The ratio of the error rates with bounds that hold at every look: a confidence sequence.

A ratio ρ₀ is ruled out from below once the evidence against "at most ρ₀" reaches 1/α, and from above once the evidence
against "at least ρ₀" reaches 1/β; what is left is the interval (Darling and Robbins 1967; Howard, Ramdas, McAuliffe and
Sekhon 2021, arXiv 1810.08240). It is that of `evidence`, but for the part of a regression that begins late: this is
about one ratio for the whole of the watch. Each bound alone errs, at any of all looks, with probability α/v or β/v
where a reading of weight v is true; both are the present ones, and no decision moves them.

Likelihoods are known on the lattice, a factor of 1.19 apart for `worse=2`; where the evidence crosses between two of
its points, a straight line is taken. So the bounds are never closer than about a tenth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from createos_nb.analysis.releases.counts import PairedCounts
from createos_nb.analysis.releases.evidence import Alternatives, alternatives, of_readings
from createos_nb.analysis.releases.likelihood import lasting, lattice, quick, splits
from createos_nb.analysis.releases.noise import log_sum
from createos_nb.analysis.releases.weights import Weights
from createos_nb.analysis.validation import Floats, Ints

_APART = 4
"""Lasting readings are worked out at every so many ratios: their likelihood is flat."""


@dataclass(frozen=True, eq=False)
class Bounds:
    """Ratio and bounds of n watches after P buckets; shape `(n, P)`."""

    ratio: Floats
    """Pooled over the buckets after Mantel and Haenszel (1959), so that neither a wave nor a moving split confounds it,
    and moved to the nearer bound where it lies beyond; NaN without errors, 0 or ∞ where one side has none."""
    low: Floats
    high: Floats


def bounds(paired: PairedCounts, at: Ints, *, weights: Weights, worse: float, alpha: float, beta: float) -> Bounds:
    """Ratio and bounds after the buckets `at`."""
    grid = lattice(worse)
    ratios = np.arange(-grid.largest, grid.largest + 1)
    seen = splits(paired.old_requests, paired.new_requests, paired.old_errors, paired.new_errors, worse)
    fast = np.cumsum(quick(seen, ratios), axis=1)[:, at]
    coarse = np.cumsum(lasting(seen, ratios[::_APART], paired.bucket_seconds / 60), axis=1)[:, at]
    slow = np.empty((*coarse.shape[:-1], len(ratios)))
    for between in range(_APART):
        part = between / _APART
        ends = coarse[..., :-1] * (1 - part) + coarse[..., 1:] * part
        slow[..., between:-1:_APART] = ends
    slow[..., -1] = coarse[..., -1]
    path = np.concatenate([fast, slow], axis=2)
    feared, believed, feared_well, believed_well = (
        log_sum(path + np.log(of_readings(one, fast.shape[2]))[:, None, :, None], axis=2) for one in weights.all
    )
    up, down = alternatives(grid)
    against_low = _moved(believed, up.fine, up) - feared
    against_high = _moved(believed_well, down.fine - grid.worse, down) - feared_well
    log_ratios: Floats = np.asarray(ratios * grid.step, dtype=np.float64)
    low = _crossing(log_ratios, against_low, -np.log(alpha))
    high = -_crossing(-log_ratios[::-1], against_high[..., ::-1], -np.log(beta))
    pooled = _pooled(paired, at)
    known = ~np.isnan(pooled)
    low, high = np.where(known, np.exp(low), 0.0), np.where(known, np.exp(high), np.inf)
    return Bounds(np.clip(pooled, low, high), low, high)


def _moved(curve: Floats, steps: Ints, alternatives: Alternatives) -> Floats:
    """Log-likelihood of the alternatives so many steps from each ratio, those beyond the lattice at its end."""
    at = np.minimum(np.maximum(np.arange(curve.shape[-1])[:, None] + steps, 0), curve.shape[-1] - 1)
    return log_sum(curve[..., at] + np.log(alternatives.fine_weights))


def _crossing(at: Floats, evidence: Floats, height: float) -> Floats:
    """Where, from the left, the evidence has last reached the height; −∞ if nowhere; over the last axis.

    What rules out "at most this ratio" rules out "at most a smaller one", whatever the evidence against that is.
    """
    reached = evidence >= height
    count = np.where(reached.any(axis=-1), len(at) - reached[..., ::-1].argmax(axis=-1), 0)
    inner = np.clip(count, 1, len(at) - 1)[..., None]
    left, right = (np.take_along_axis(evidence, inner - step, axis=-1)[..., 0] for step in (1, 0))
    part = np.minimum(np.maximum((left - height) / np.where(left > right, left - right, 1.0), 0.0), 1.0)
    between = at[inner[..., 0] - 1] + part * (at[inner[..., 0]] - at[inner[..., 0] - 1])
    return np.asarray(np.where(count == 0, -np.inf, np.where(count == len(at), at[-1], between)))


def _pooled(paired: PairedCounts, at: Ints) -> Floats:
    both = np.maximum(paired.old_requests + paired.new_requests, 1.0)
    new = np.cumsum(paired.new_errors * paired.old_requests / both, axis=1)[:, at]
    old = np.cumsum(paired.old_errors * paired.new_requests / both, axis=1)[:, at]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(new / old)
