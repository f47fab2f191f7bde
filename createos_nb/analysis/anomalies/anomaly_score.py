"""Evidence that something is unusual in a series of any kind: spikes, shifts, and noise that grows or dies.

Five statistics, each causal:

* the distance from the forecast, and the distance from the robust middle of the last day (or from the same time on
  other days, whichever fits better), both in units of what is usual now and at this time of day: so a nightly backup's
  spike is no news;
* the mean of the last 18 distances from the middle, each cut at ±2.5 spreads: a shift of the level that a single spike
  cannot feign;
* the mean size of the last 16 and 48 forecast errors, cut at 3: noise that grew, or a series that froze.

The first two are judged by the tail of their own past, the others by the normal tail and their past, see
:mod:`createos_nb.analysis.anomalies.tails`. The evidence of a row is the largest of the five.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from createos_nb.analysis.anomalies.forecasts import (
    DAYS,
    Clock,
    capped_mean,
    earlier_days,
    forecast,
    renewal,
    trailing_mean,
    trailing_middle,
)
from createos_nb.analysis.anomalies.onsets import NO_ONSET, ReportedOnsets, onsets
from createos_nb.analysis.anomalies.tails import PAST, WARM_UP, Tail, free, modelled
from createos_nb.analysis.validation import Floats

SHIFT = 18
NOISE = (16, 48)
_CUT = 2.5
_FLOOR = 2_000  # rows that show a series' usual movement


@dataclass(frozen=True, eq=False)
class ScoredPast:
    """The state of a stream after its scored rows, from which the next ones are scored."""

    rows: int = 0
    """How many rows of the past are scored."""
    tail: Tail = field(default_factory=Tail)
    reported: ReportedOnsets = field(default_factory=ReportedOnsets)

    def without_rows(self, rows: int) -> ScoredPast:
        """The same without the first `rows` rows."""
        return ScoredPast(self.rows - rows, self.tail.without_rows(rows), self.reported)


@dataclass(frozen=True, eq=False)
class SeriesScores:
    """The expected value, the band without alarm and the evidence of an anomaly at each row."""

    expected: Floats
    low: Floats
    high: Floats
    strength: Floats
    """Evidence (−log10 p): all of it at the onset of something unusual, no more than what is faint elsewhere."""
    scored: ScoredPast


def quiet_rows(when: Clock) -> int:
    """Rows for which one alarm speaks: half a season, 60 to 400 rows; 100 without a season."""
    return int(np.clip(when.rows // 2, 60, 400)) if when.rows else 100


def spare_rows(when: Clock) -> int:
    """Return how many of the first rows are not needed to score further ones.

    A whole number of renewals of the middle, so that it is renewed at the same rows without them.
    """
    memory = when.memory
    # errors and middles of the forecasts; then tails of noise (whose usual size is three memories, twice) and the floor
    before, after = 3 * memory + 500, 9 * memory + PAST + 1_000 + quiet_rows(when) + 2 * _FLOOR + 100
    at = len(when.times) - after
    if at <= 0:
        return 0
    if when.season:
        at = int(np.searchsorted(when.times, when.times[at] - (3 * DAYS * when.season + 2 * when.step)))
    return max(at - before, 0) // renewal(memory) * renewal(memory)


def score_series(values: Floats, when: Clock, *, alarm: float, scored: ScoredPast | None = None) -> SeriesScores:
    """Evidence for every row of a series behind the `scored` ones; missing rows are NaN and never unusual."""
    scored = scored or ScoredPast()
    memory = when.memory
    expected, seasonal = forecast(values, when)
    residual = values - expected
    absolute = np.abs(residual)
    local_mean = trailing_mean(values, _FLOOR, lag=1)
    # a constant series has no spread of its own; a five-hundredth of its usual movement counts as none
    floor = (
        2e-3 * _filled(trailing_mean(np.abs(values - local_mean), _FLOOR, lag=1))
        + 1e-6 * np.abs(_filled(local_mean))
        + 1e-12
    )
    spread = np.maximum(capped_mean(absolute, memory, cap=4.0), floor)
    deviation, middle_spread = _deviation(values, seasonal, memory)
    middle_spread = np.maximum(middle_spread, floor)
    if when.reaches(1):
        spread = np.fmax(spread, earlier_days(absolute, when, smooth=when.smooth))
        middle_spread = np.fmax(middle_spread, earlier_days(np.abs(deviation), when, smooth=when.smooth))
    spread *= 1.25  # from a mean absolute error to a standard deviation, were it normal
    score = np.abs(residual / spread)
    distance = deviation / middle_spread
    quiet = quiet_rows(when)
    logs = np.log(np.maximum([score, np.abs(distance)], 1e-9))
    distance_scores, limit, tail = free(logs, quiet=quiet, alarm=alarm, tail=scored.tail)
    shifts = [_shift(np.clip(distance, -_CUT, _CUT), memory)]
    shifts += [_noise(np.minimum(score, 3.0), width, memory) for width in NOISE]
    strength = np.maximum(distance_scores.max(axis=0), modelled(np.stack(shifts), quiet=quiet).max(axis=0))
    strength[:WARM_UP] = np.minimum(_first_evidence(values[:WARM_UP]), NO_ONSET)
    strength[np.isnan(values)] = 0.0
    band = spread * np.exp(limit)
    evidence = np.zeros_like(strength)
    old = scored.rows
    evidence[old:], reported = onsets(strength[old:], quiet=quiet, alarm=alarm, worse=2.0, reported=scored.reported)
    return SeriesScores(expected, expected - band, expected + band, evidence, ScoredPast(len(values), tail, reported))


def _first_evidence(values: Floats) -> Floats:
    """Evidence (−log10 p) of each row by all rows before it, were they normal: Student's t; 0 in the first two rows."""
    from scipy.special import stdtr

    known = ~np.isnan(values)
    there = np.where(known, values - values[known][:1].sum(), 0.0)  # from the first value on, against cancellation
    number = np.cumsum(known) - known
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (np.cumsum(there) - there) / number
        squares = np.cumsum(there * there) - there * there - number * mean * mean
        spread = np.sqrt(np.maximum(squares, 0.0) / (number - 1) * (1 + 1 / number))
        apart = np.where(there == mean, 0.0, np.abs(there - mean) / spread)
        tail = 2 * stdtr(np.maximum(number - 1, 1), -apart)
    return np.where(number >= 2, -np.log10(np.maximum(tail, 1e-300)), 0.0)


def _deviation(values: Floats, seasonal: list[Floats], memory: int) -> tuple[Floats, Floats]:
    """Distance from the middle of the recent past, or from the seasonal forecast that has been nearer, with its MAD."""
    best = None
    for base in [None, *seasonal]:
        residuals = values if base is None else values - base
        middle, spread = trailing_middle(residuals, memory)
        deviation = residuals - middle
        error = trailing_mean(np.abs(deviation), memory, lag=1)
        if best is None:
            best = (deviation, spread, error)
            continue
        closer = (error < np.where(np.isnan(best[2]), np.inf, best[2])) & ~np.isnan(deviation)
        best = (
            np.where(closer, deviation, best[0]),
            np.where(closer, spread, best[1]),
            np.where(closer, error, best[2]),
        )
    assert best is not None
    return best[0], best[1]


def _shift(clipped: Floats, memory: int) -> Floats:
    mean = trailing_mean(clipped, SHIFT) * np.sqrt(SHIFT * _known(clipped, SHIFT))
    usual = np.sqrt(capped_mean(mean * mean, 3 * memory, cap=9.0, lag=SHIFT))
    return _normal_tail(mean / np.maximum(_filled(usual, 1.0), 0.7))


def _noise(clipped: Floats, width: int, memory: int) -> Floats:
    mean = trailing_mean(clipped, width)
    change = (mean - trailing_mean(mean, 3 * memory, lag=width)) * np.sqrt(_known(clipped, width))
    usual = np.sqrt(capped_mean(change * change, 3 * memory, cap=9.0, lag=width))
    return _normal_tail(change / np.maximum(_filled(usual, 1.0), 0.4 / np.sqrt(width)))


def _known(values: Floats, width: int) -> Floats:
    """The share of the last `width` rows that is known: a mean of fewer varies more."""
    share = trailing_mean((~np.isnan(values)).astype(np.float64), width)
    return np.asarray(share * np.minimum(np.arange(1.0, len(values) + 1) / width, 1.0))


def _normal_tail(score: Floats) -> Floats:
    """−ln of the two-sided normal tail, without underflow."""
    from scipy.special import log_ndtr

    return np.asarray(-(log_ndtr(-np.abs(score)) + np.log(2)))


def _filled(values: Floats, with_: float = 0.0) -> Floats:
    return np.where(np.isnan(values), with_, values)
