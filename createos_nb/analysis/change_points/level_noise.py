"""What the rows of a series do while their level stays: outliers, seasons, and noise, each told from past rows alone.

Rows are drawn in to three spreads from the median of the five around them, so that one or two odd rows count for
little. A season is what the differences of the rows repeat. The autocorrelation of the noise is told in two ways: from
the sizes of differences over one row and over two, which changes of the level hardly touch (Chakar, Lebarbier,
Lévy-Leduc and Robin 2017, "A robust approach for estimating change-points in the mean of an AR(1) process"), and from
what is left of the rows when every stretch has its own line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from createos_nb.analysis.validation import Floats

OUTLIER = 2
"""An outlier has at most so many rows; the median of five does not follow it."""

_CUT = 3.0
_NORMAL_KURTOSIS = 4.0  # of normal rows about their running median
_KEEP_MAX = 0.98
_SEASON_ROWS, _SEASON_LEAST, _SEASON_SURE = 400, 0.2, 4.5
_MODE = 0.4  # share of rows with one and the same value from which rows are counted, not measured


@dataclass(frozen=True)
class Noise:
    """Noise about the level: z is a row less `keep` times the one before it."""

    spread: float
    """Spread of the rows about the median of the five around them."""
    keep: float
    """Autocorrelation of neighbours, between 0 and 0.98."""
    skewness: float
    kurtosis: float
    """Of z, in excess of the normal's, at least 0."""
    usual: float
    """The value of at least 40 % of the rows; NaN where there is none."""


def _running_median(values: Floats) -> Floats:
    """Medians of five rows, mirrored at the ends."""
    if len(values) < 5:
        return np.full(len(values), np.median(values)) if len(values) else values
    mirrored = np.concatenate([values[2:0:-1], values, values[-2:-4:-1]])
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(mirrored, 5), axis=1))


def without_outliers(values: Floats, spread: float) -> Floats:
    """The rows, drawn in to three spreads from their running median."""
    middle = _running_median(values)
    return np.clip(values, middle - _CUT * spread, middle + _CUT * spread)


def _spread_of(values: Floats) -> float:
    """The spread of rows about their running median, as a standard deviation of normal rows (about)."""
    return 1.7 * float(np.abs(values - _running_median(values)).mean()) if len(values) else 0.0


def noise_of(values: Floats) -> Noise:
    """The noise that the rows of the past show, whatever their levels were."""
    spread = _spread_of(values)
    calm = without_outliers(values, spread)
    keep = _autocorrelation(calm)
    skewness, kurtosis = _shape(calm[1:] - keep * calm[:-1])
    distinct, number = np.unique(values, return_counts=True)
    most = int(number.argmax())
    usual = float(distinct[most]) if number[most] >= _MODE * len(values) else float("nan")
    return Noise(spread, keep, skewness, kurtosis, usual)


def season_of(values: Floats) -> Floats | None:
    """The shape that rows repeat, beginning at the first of them; None without one.

    A season is a lag of 3 to 400 rows, at most a quarter of the rows, at which differences are alike: a correlation of
    at least 0.2 that is beyond chance.
    """
    length = len(values)
    if length < 20:
        return None
    differences = np.diff(without_outliers(values, _spread_of(values)))
    differences -= differences.mean()
    square = float(differences @ differences)
    if square <= 0:
        return None
    number, longest = len(differences), min(length // 4, _SEASON_ROWS)
    power = np.abs(np.fft.rfft(differences, 2 * number)) ** 2
    alike = np.fft.irfft(power)[: longest + 1] / square * number / (number - np.arange(longest + 1))
    alike[:3] = 0
    least = max(_SEASON_LEAST, _SEASON_SURE / np.sqrt(length), 0.8 * float(alike.max()))
    peaks = np.flatnonzero((alike >= least) & (alike >= np.roll(alike, 1)))
    return _profile(values, int(peaks[0])) if len(peaks) else None


def _profile(values: Floats, period: int) -> Floats:
    weights = np.ones(period + 1 - period % 2) / period
    if period % 2 == 0:
        weights[0] = weights[-1] = 0.5 / period
    half = len(weights) // 2
    beside = values[half : len(values) - half] - np.convolve(values, weights, "valid")
    phase = np.arange(half, len(values) - half) % period
    shape = np.array([np.median(beside[phase == at]) for at in range(period)])
    return np.asarray(shape - shape.mean())


def _autocorrelation(values: Floats) -> float:
    one, two = np.diff(values), values[2:] - values[:-2]
    near, far = (_mean_square(part - np.median(part)) if len(part) else 0.0 for part in (one, two))
    return float(np.clip(far / near - 1, 0.0, _KEEP_MAX)) if near > 0 else 0.0


def _mean_square(values: Floats) -> float:
    """A mean of squares in which no row counts for more than four medians."""
    size = np.abs(values)
    limit = 4 * float(np.median(size))
    return float(np.mean(np.minimum(size, limit) ** 2 if limit > 0 else size**2))


def _shape(values: Floats) -> tuple[float, float]:
    """Skewness and excess of kurtosis about the running median, drawn towards a normal's where rows are few."""
    rows = values - _running_median(values)
    rows = rows - (rows.mean() if len(rows) else 0.0)
    deviation = float(rows.std()) if len(rows) else 0.0
    if deviation <= 0:
        return 0.0, 0.0
    rows = rows / deviation
    weight = len(values) / (len(values) + 30)
    return weight * float(np.mean(rows**3)), weight * max(float(np.mean(rows**4)) - _NORMAL_KURTOSIS, 0.0)


def noise_about_lines(values: Floats, edges: Sequence[int], *, bent: bool) -> tuple[float, Floats, Floats]:
    """Noise that is left when each stretch between the edges has its own level, long ones their own line.

    Returns the autocorrelation, raised by what the fits take from it and by one standard error (two where the last
    stretches are `bent`); and how many times more the means of so many rows vary than independent ones would: the
    numbers of rows, and the factors, which never fall.
    """
    rests: list[Floats] = []
    joint = single = 0.0
    fitted = rows = 0
    for first, last in pairwise(sorted({0, len(values), *edges})):
        length = last - first
        if length < 4:
            continue
        rest, parameters = _about_line(values[first:last], lined=length >= (8 if bent else 60))
        joint += float(rest[1:] @ rest[:-1])
        single += float(rest @ rest)
        fitted += parameters
        rows += length
        rests.append(rest)
    alone = np.array([1.0])
    if single <= 0:
        return 0.0, alone, alone
    taken = fitted / rows * (3 if bent else 1)
    keep = joint / single + taken
    if taken < 0.3:
        keep /= 1 - 2.5 * taken
    keep += (2.0 if bent else 1.0) * np.sqrt(max(1 - min(keep, 1.0) ** 2, 0.02) / rows)
    keep = float(np.clip(keep, 0.0, _KEEP_MAX))
    widths, factors = _inflation([rest[1:] - keep * rest[:-1] for rest in rests])
    return keep, widths, factors


def _about_line(values: Floats, *, lined: bool) -> tuple[Floats, int]:
    rest = values - values.mean()
    if not lined:
        return rest, 1
    x = np.arange(len(values)) - (len(values) - 1) / 2
    return rest - x * (float(x @ rest) / float(x @ x)), 2


def _inflation(parts: list[Floats]) -> tuple[Floats, Floats]:
    square = sum(float(part @ part) for part in parts) / max(sum(map(len, parts)), 1)
    widths, factors = [1.0], [1.0]
    width = 2
    while square > 0:
        total = 0.0
        number = 0
        for part in parts:
            if len(part) < 6 * width:
                continue
            sums = np.concatenate([[0.0], np.cumsum(part)])
            means = sums[width:] - sums[:-width]
            total += float(means @ means) / width / (1 - 2 * width / len(part))
            number += len(means)
        if not number:
            break
        widths.append(float(width))
        factors.append(max(factors[-1], total / number / square))
        width *= 2
    return np.array(widths), np.array(factors)
