"""Evidence that something is unusual in a series of any kind: spikes, shifts, and noise that grows or dies.

Five statistics, each causal:

* the distance from the forecast, and the distance from the robust middle of the last day (or from the same time on
  other days, whichever fits better), both in units of what is usual now and at this time of day: so a nightly backup's
  spike is no news;
* the mean of the last 12 distances from the middle, each cut at ±2.5 spreads: a shift of the level that a single spike
  cannot feign;
* the mean size of the last 8 and 32 forecast errors, cut at 3: noise that grew, or a series that froze.

The first two are judged by the tail of their own past, the others by the normal tail and their past, see
:mod:`createos_nb.analysis.unusual.tails`. The evidence of a row is the largest of the five.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from createos_nb.analysis.checks import Floats
from createos_nb.analysis.unusual.forecasts import (
    Clock,
    capped_mean,
    earlier_days,
    forecast,
    trailing_mean,
    trailing_middle,
)
from createos_nb.analysis.unusual.tails import WARM_UP, free, modelled, onsets

SHIFT = 12
NOISE = (8, 32)
_CUT = 2.5


@dataclass(frozen=True, eq=False)
class Surprise:
    """What was expected at each row, the band that would not alarm, and the evidence that something is unusual."""

    expected: Floats
    low: Floats
    high: Floats
    strength: Floats
    """Evidence (−log10 p) at the onset of something unusual, 0 elsewhere."""


def quiet_rows(when: Clock) -> int:
    """Rows for which one alarm speaks: half a season, 60 to 400 rows; 100 without a season."""
    return int(np.clip(when.rows // 2, 60, 400)) if when.rows else 100


def surprise(values: Floats, when: Clock, *, alarm: float) -> Surprise:
    """Evidence for every row of a series; missing rows are NaN and never unusual."""
    memory = when.memory
    expected, seasonal = forecast(values, when)
    off = values - expected
    size = np.abs(off)
    around = trailing_mean(values, 2000, lag=1)
    # a constant series has no spread of its own; a five-hundredth of its usual movement counts as none
    floor = 2e-3 * _filled(trailing_mean(np.abs(values - around), 2000, lag=1)) + 1e-6 * np.abs(_filled(around)) + 1e-12
    spread = np.maximum(_filled(capped_mean(size, memory, cap=4.0)), floor)
    apart, middle_spread = _apart(values, seasonal, memory)
    middle_spread = np.maximum(_filled(middle_spread), floor)
    if when.season and when.span >= when.season:
        smooth = max(when.rows // 288, 1)
        spread = np.fmax(spread, earlier_days(size, when, smooth=smooth))
        middle_spread = np.fmax(middle_spread, earlier_days(np.abs(apart), when, smooth=smooth))
    spread *= 1.25  # from a mean absolute error to a standard deviation, were it normal
    score = np.abs(_filled(off / spread))
    distance = _filled(apart / middle_spread)
    quiet = quiet_rows(when)
    near, limit = free(np.log(np.maximum([score, np.abs(distance)], 1e-9)), quiet=quiet, alarm=alarm)
    moved = [_shift(np.clip(distance, -_CUT, _CUT), memory)]
    moved += [_noise(np.minimum(score, 3.0), width, memory) for width in NOISE]
    strength = np.maximum(near.max(axis=0), modelled(np.stack(moved), quiet=quiet).max(axis=0))
    strength[:WARM_UP] = 0.0
    strength[np.isnan(values)] = 0.0
    band = spread * np.exp(limit)
    return Surprise(expected, expected - band, expected + band, onsets(strength, quiet=quiet, alarm=alarm, worse=2.0))


def _apart(values: Floats, seasonal: list[Floats], memory: int) -> tuple[Floats, Floats]:
    """Distance from the middle of the recent past, or from the seasonal forecast that has been nearer, with its MAD."""
    best = None
    for base in [None, *seasonal]:
        against = values if base is None else values - base
        middle, spread = trailing_middle(against, memory)
        apart = against - middle
        error = trailing_mean(np.abs(apart), memory, lag=1)
        if best is None:
            best = (apart, spread, error)
            continue
        nearer = error < np.where(np.isnan(best[2]), np.inf, best[2])
        best = (
            np.where(nearer, apart, best[0]),
            np.where(nearer, spread, best[1]),
            np.where(nearer, error, best[2]),
        )
    assert best is not None
    return best[0], best[1]


def _shift(cut: Floats, memory: int) -> Floats:
    mean = trailing_mean(cut, SHIFT) * np.sqrt(SHIFT)
    usual = np.sqrt(capped_mean(mean * mean, 3 * memory, cap=9.0, lag=SHIFT))
    return _normal_tail(mean / np.maximum(_filled(usual, 1.0), 0.7))


def _noise(cut: Floats, width: int, memory: int) -> Floats:
    mean = trailing_mean(cut, width)
    change = mean - trailing_mean(mean, 3 * memory, lag=width)
    usual = np.sqrt(capped_mean(change * change, 3 * memory, cap=9.0, lag=width))
    return _normal_tail(_filled(change) / np.maximum(_filled(usual, 1.0), 0.4 / np.sqrt(width)))


def _normal_tail(score: Floats) -> Floats:
    """−ln of the two-sided normal tail, without underflow."""
    from scipy.special import log_ndtr

    return np.asarray(-(log_ndtr(-np.abs(score)) + np.log(2)))


def _filled(values: Floats, with_: float = 0.0) -> Floats:
    return np.where(np.isnan(values), with_, values)
