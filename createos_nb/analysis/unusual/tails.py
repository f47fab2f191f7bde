"""How surprising a value of a statistic is, judged by the tail of its own past.

A statistic that is large is no surprise where it often is. The evidence of a row is −log10 of a tail probability: 3 is
one row in a thousand. Two kinds of statistic:

* free ones, in units of their own spread: the largest 2 % of up to 5,000 past rows are taken as exponential in the
  logarithm (a Pareto tail), with Hill's estimate of the exponent drawn towards a prior by a few imagined observations,
  so that a short past does not promise too much;
* modelled ones, which come as a model's −ln p: they never get more evidence than the model gives, and less where the
  past went beyond the model's 2 % more often, or further, than it says.

Rows that follow strong evidence closely are left out of the past, else one incident would teach that incidents are
usual. Evidence never changes when rows are added behind it.
"""

from __future__ import annotations

import numpy as np

from createos_nb.analysis.checks import Bools, Floats

TOP = 0.02
PAST = 5_000
WARM_UP = 60
_LN10 = float(np.log(10))

# Free statistics: prior mean excess, how many imagined observations stand behind it, and the smallest that is believed.
_EXCESS, _WEIGHT, _LEAST = 0.25, 20, 0.05
# Evidence after which rows are left out of a free statistic's past; −ln p after which they are of a modelled one's.
_STRONG, _INCIDENT = 3.5, 12.0
# What an alarm needs at least.
_FAINT = 1.5
# Modelled statistics: imagined observations beyond the edge, and imagined rows in all.
_BEYOND, _ROWS = 30, 500


def free(logs: Floats, *, quiet: int, alarm: float) -> tuple[Floats, Floats]:
    """Evidence for statistics given as logarithms, shape (statistics, rows).

    `quiet` is the number of rows after strong evidence that are kept out of the past. The second array, shape (rows,),
    tells the logarithm at which the first statistic would have `alarm` evidence; NaN while learning.
    """
    rows = logs.shape[1]
    found = np.zeros_like(logs)
    limit = np.full(rows, np.nan)
    skipped = np.zeros(rows + quiet, dtype=np.bool_)
    start = WARM_UP
    while start < rows:
        # renewed at rows that depend on the position alone
        end = min(start + int(np.clip(start // 40, 20, 1000)), rows)
        past = _past(logs, skipped, start)
        number = past.shape[1]
        top = max(int(TOP * number), 5)
        ordered = np.partition(past, number - top - 1, axis=1)
        edge = ordered[:, number - top - 1]
        share = -np.log(top / number)
        excess = (ordered[:, number - top :] - edge[:, None]).sum(axis=1)
        exponent = np.maximum((excess + _WEIGHT * _EXCESS) / (top + _WEIGHT), _LEAST)
        beyond = logs[:, start:end] - edge[:, None]
        part = np.where(beyond > 0, (share + beyond / exponent[:, None]) / _LN10, 0.0)
        found[:, start:end] = part
        limit[start:end] = edge[0] + (alarm * _LN10 - share) * exponent[0]
        for row in np.flatnonzero(part.max(axis=0) > _STRONG):
            skipped[start + row + 1 : start + row + 1 + quiet] = True
        start = end
    return found, limit


def modelled(logs: Floats, *, quiet: int) -> Floats:
    """Evidence for −ln p of a model, over the last axis; NaN is no surprise."""
    edge = -float(np.log(TOP))
    rows = np.where(np.isnan(logs), 0.0, logs)
    incident = _highest_before(rows, quiet) > _INCIDENT
    counted = np.where(incident, 0.0, 1.0)
    beyond = np.maximum(rows - edge, 0.0)
    at = beyond > 0
    over = np.where(at, counted, 0.0)
    seen = _sum_before(counted)[at]
    many = _sum_before(over)[at]
    far = _sum_before(over * beyond)[at]
    exponent = np.maximum((far + _BEYOND) / (many + _BEYOND), 1.0)
    share = np.maximum((many + _ROWS * TOP) / (seen + _ROWS), TOP)
    found = np.zeros_like(rows)
    found[at] = (-np.log(share) + beyond[at] / exponent) / _LN10
    return found


def onsets(strength: Floats, *, quiet: int, alarm: float, worse: float) -> Floats:
    """Evidence where an incident begins, 0 elsewhere, over the last axis.

    Within `quiet` rows of an alarm, evidence of at least `alarm`, there is another only if it is `worse` times as
    strong: one alarm an incident, unless it turns out to be much worse. Weaker evidence is thinned out in the same way
    (by a quarter), for those who set another threshold on it, and stays below `alarm`.
    """
    loud = _thinned(strength, quiet, least=alarm, worse=worse)
    faint = _thinned(np.minimum(strength, np.nextafter(alarm, 0)), quiet, least=_FAINT, worse=1.25)
    return np.where(loud > 0, loud, faint)


def _thinned(strength: Floats, quiet: int, *, least: float, worse: float) -> Floats:
    found = np.zeros_like(strength)
    if not strength.size:
        return found
    length = strength.shape[-1]
    flat, kept = strength.reshape(-1), found.reshape(-1)
    recent: list[tuple[int, float]] = []  # kept rows still near, the strongest last
    begins = 0
    for at in np.flatnonzero(flat >= least).tolist():
        value = float(flat[at])
        if at >= begins + length:  # the next series
            begins = at - at % length
            recent = []
        recent = [one for one in recent if one[0] >= at - quiet]
        if not recent or value > worse * recent[-1][1]:
            kept[at] = value
            recent.append((at, value))
    return found


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
    found = np.zeros_like(sums)
    found[..., 1:] = sums[..., :-1]
    found[..., PAST + 1 :] -= sums[..., : -PAST - 1]
    return found


def _past(logs: Floats, skipped: Bools, start: int) -> Floats:
    first = max(0, start - PAST)
    kept = ~skipped[first:start]
    if int(kept.sum()) >= 50:
        return logs[:, first:start][:, kept]
    return logs[:, first:start]
