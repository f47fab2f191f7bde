"""Evidence of unusual values of a statistic, from the tail of its own past.

A statistic that is large is no surprise where it often is. The evidence of a row is −log10 of a tail probability: 3 is
one row in a thousand. Two kinds of statistic:

* free ones, in units of their own spread: the largest 2 % of up to 5,000 past rows are taken as exponential in the
  logarithm (a Pareto tail), with Hill's estimate of the exponent drawn towards a prior by a few imagined observations,
  so that a short past does not promise too much; below them the evidence is that of the rank;
* modelled ones, which come as a model's −ln p: they never get more evidence than the model gives, and less where the
  past went beyond the model's 2 % more often, or further, than it says.

Rows that follow strong evidence closely are left out of the past, else one incident would teach that incidents are
usual; where they come to more than half of it, they are what is usual, and are let in. Evidence never changes when
rows are added behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from createos_nb.analysis.validation import Bools, Floats

TOP = 0.02
PAST = 5_000
WARM_UP = 60
_LN10 = float(np.log(10))

# Free statistics: prior mean excess, how many imagined observations stand behind it, and the smallest that is believed.
_EXCESS, _WEIGHT, _LEAST = 0.25, 40, 0.05
# Evidence after which rows are left out of a free statistic's past; −ln p after which they are of a modelled one's.
_STRONG, _INCIDENT = 3.5, 12.0
# Shares of what is below the tail, and the evidence of what is larger than so much of it.
_BELOW = (0.0, 0.5, 0.8, 0.9)
_USUAL = [-float(np.log10(1 - share)) for share in _BELOW]
# Rows of a past that says something.
_FEW = 30
# Modelled statistics: imagined observations beyond the edge, and imagined rows in all.
_BEYOND, _ROWS = 30, 500


@dataclass(frozen=True, eq=False)
class Tail:
    """The past by which statistics without a model are judged; rows count from the first of the stream."""

    first: int = 0
    """The first row that is still held."""
    start: int = WARM_UP
    """Where the tail was renewed last."""
    skipped: Bools = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    """Which rows, from `first` on and beyond those judged, follow strong evidence closely."""

    def without_rows(self, rows: int) -> Tail:
        """The same without the first `rows` rows."""
        return Tail(self.first + rows, self.start, self.skipped[rows:])


def free(logs: Floats, *, quiet: int, alarm: float, tail: Tail | None = None) -> tuple[Floats, Floats, Tail]:
    """Evidence for statistics given as logarithms, shape (statistics, rows); NaN is unknown and no surprise.

    `quiet` is the number of rows after strong evidence that are kept out of the past. The second array, shape (rows,),
    tells the logarithm at which the first statistic would have `alarm` evidence; NaN while learning. `tail` is what
    earlier rows left, and `logs` begins at its first row; evidence is right from its `start` on.
    """
    tail = tail or Tail()
    rows = logs.shape[1]
    evidence = np.zeros_like(logs)
    limit = np.full(rows, np.nan)
    skipped = np.zeros(rows + quiet, dtype=np.bool_)
    earlier = tail.skipped[: len(skipped)]  # `quiet` may be another until the usual step is known
    skipped[: len(earlier)] = earlier
    at = tail.start
    while at - tail.first < rows:
        # renewed at rows that depend on the position alone
        following = at + int(np.clip(at // 40, 20, 1000))
        start, end = at - tail.first, min(following - tail.first, rows)
        part = np.zeros((len(logs), end - start))
        for number, statistic in enumerate(logs):
            fitted = _pareto(_past(statistic, skipped, start))
            if fitted is None:
                continue
            here, edge, share = statistic[start:end], fitted.edge, fitted.share
            part[number] = np.interp(np.nan_to_num(here, nan=-np.inf), fitted.usual, [*_USUAL, share / _LN10])
            far = here > edge
            part[number, far] = (share + (here[far] - edge) / fitted.exponent) / _LN10
            if number == 0:
                limit[start:end] = edge + (alarm * _LN10 - share) * fitted.exponent
        evidence[:, start:end] = part
        for row in np.flatnonzero(part.max(axis=0) > _STRONG):
            skipped[start + row + 1 : start + row + 1 + quiet] = True
        if following - tail.first > rows:
            break  # the rest of these rows is still to come
        at = following
    return evidence, limit, Tail(tail.first, at, skipped)


def modelled(logs: Floats, *, quiet: int) -> Floats:
    """Evidence for −ln p of a model, over the last axis; NaN is no surprise."""
    edge = -float(np.log(TOP))
    rows = np.where(np.isnan(logs), 0.0, logs)
    incident = _highest_before(rows, quiet) > _INCIDENT
    included = np.where(incident | np.isnan(logs), 0.0, 1.0)
    excess = np.maximum(rows - edge, 0.0)
    at = excess > 0
    over = np.where(at, included, 0.0)
    over_before = _sum_before(over)
    excess_before = _sum_before(over * excess)[at]
    exponent = np.maximum((excess_before + _BEYOND) / (over_before[at] + _BEYOND), 1.0)
    share = np.maximum((over_before + _ROWS * TOP) / (_sum_before(included) + _ROWS), TOP)
    evidence = -np.log(share) / _LN10
    evidence *= np.minimum(rows / edge, 1.0)
    evidence[at] += excess[at] / exponent / _LN10
    return evidence


def _highest_before(values: Floats, width: int) -> Floats:
    from scipy.ndimage import maximum_filter1d

    before = np.zeros_like(values)
    before[..., 1:] = values[..., :-1]
    # the filter is centred; the origin moves it so that it ends at the row itself
    origin = (width - 1) // 2 if width % 2 else width // 2 - 1
    return np.asarray(maximum_filter1d(before, width, axis=-1, origin=origin, mode="constant"))


def _sum_before(values: Floats) -> Floats:
    """Sums over the past rows, the row itself left out."""
    sums = np.cumsum(values, axis=-1)
    sums_before = np.zeros_like(sums)
    sums_before[..., 1:] = sums[..., :-1]
    sums_before[..., PAST + 1 :] -= sums[..., : -PAST - 1]
    return sums_before


def _past(logs: Floats, skipped: Bools, start: int) -> Floats:
    """The known values of the past, without incidents; where these were most of it, they are what is usual."""
    past = logs[max(0, start - PAST) : start]
    known = ~np.isnan(past)
    calm = known & ~skipped[max(0, start - PAST) : start]
    return past[calm] if 2 * int(calm.sum()) >= max(int(known.sum()), 2 * _FEW) else past[known]


class _Pareto(NamedTuple):
    """The tail of a past, and what is below it."""

    edge: float
    """Where the tail begins."""
    share: float
    """−ln of its share of the past."""
    exponent: float
    usual: Floats
    """Quantiles of the shares `_BELOW`, and the edge."""


def _pareto(past: Floats) -> _Pareto | None:
    """Fit the tail; None where the past is too short."""
    number = len(past)
    if number < _FEW:
        return None
    top = max(int(TOP * number), 5)
    below = [int(share * (number - top - 1)) for share in _BELOW]
    ordered = np.partition(past, [*below, number - top - 1])
    edge = float(ordered[number - top - 1])
    excess = float((ordered[number - top :] - edge).sum())
    exponent = max((excess + _WEIGHT * _EXCESS) / (top + _WEIGHT), _LEAST)
    return _Pareto(edge, -float(np.log(top / number)), exponent, ordered[[*below, number - top - 1]])
