"""Forecasts of a series from its past: several simple ones, weighted by how right each was.

The forecasts are the last value, trailing means of 5, 30 and 200 rows, the mean of the same time on up to seven earlier
days, the same of the last two weeks, and both of these shifted to the level of the last hour. They are mixed with
weights that fall with the fourth power of their mean absolute error over about the last day, so that on a series with a
daily shape the days decide, on a drifting one the last values, and after a change of habits the weights follow.

Everything at row t is computed from rows before t, and from no more than three weeks of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from createos_nb.analysis.validation import Floats, Ints

SHORT, MIDDLE, LONG = 5, 30, 200
DAYS, WEEKS = 7, 2
_FIRST = 30  # rows from which a middle and a spread can be told


@dataclass(frozen=True, eq=False)
class Clock:
    """The times of the rows, in seconds or in rows, and the length of a season in the same unit; 0 is none."""

    times: Ints
    step: int
    season: int

    @staticmethod
    def usual_step(times: Ints) -> int:
        """The median step of the first 60 rows, so that later rows change nothing."""
        steps = np.diff(times[:61])
        return int(np.median(steps)) if len(steps) else 1

    @property
    def rows(self) -> int:
        """Rows of a season, 0 without one."""
        return round(self.season / self.step) if self.season else 0

    @property
    def span(self) -> int:
        """Return the distance of the last row from the first."""
        return int(self.times[-1] - self.times[0]) if len(self.times) else 0

    @property
    def smooth(self) -> int:
        """Rows to each side of the same time on other days that tell what is usual then: five minutes of a day."""
        return max(self.rows // 288, 1)

    def reaches(self, periods: int) -> bool:
        """Return whether any row has another so many seasons before it, or as near to that as is looked."""
        return bool(self.season) and self.span >= periods * self.season - (self.smooth + 1) * self.step

    @property
    def memory(self) -> int:
        """Rows over which errors and spreads are learnt: about a season, 200 to 1,000 rows."""
        return int(np.clip(self.rows, 200, 1000))

    def earlier(self, values: Floats, ago: int) -> Floats:
        """The values `ago` before, NaN where there was no row within half a step of that moment."""
        length = len(values)
        shifted = np.full(length, np.nan)
        if ago % self.step == 0 and (np.diff(self.times) == self.step).all():
            rows = ago // self.step
            if rows < length:
                shifted[rows:] = values[: length - rows]
            return shifted
        targets = self.times - ago
        at = np.searchsorted(self.times, targets + self.step // 2, side="right") - 1
        matches = (at >= 0) & (np.abs(self.times[np.maximum(at, 0)] - targets) <= self.step // 2)
        shifted[matches] = values[at[matches]]
        return shifted


def clock(times: Ints, season: int, *, step: int | None = None) -> Clock:
    """A clock for rows at `times` (rising), whose usual step is that of the first rows where it is not told."""
    step = Clock.usual_step(times) if step is None else step
    if step <= 0 or season < 4 * step:
        season = 0
    return Clock(times=times, step=max(step, 1), season=season)


def trailing_mean(values: Floats, width: int, *, lag: int = 0) -> Floats:
    """Means over the rows `t − lag − width + 1 … t − lag`, of those that are there; NaN where there are none."""
    missing = np.isnan(values)
    if missing.any():
        total = _trailing_sum(np.where(missing, 0.0, values), width, lag)
        number = _trailing_sum((~missing).astype(np.float64), width, lag)
    else:
        total = _trailing_sum(values, width, lag)
        number = np.clip(np.arange(1.0 - lag, len(values) + 1 - lag), 0, width)
    with np.errstate(divide="ignore", invalid="ignore"):
        total /= number
    return total


def capped_mean(values: Floats, width: int, *, cap: float, lag: int = 1) -> Floats:
    """Trailing means of magnitudes, in which none counts for more than `cap` times the plain mean before it."""
    limit = cap * trailing_mean(values, width, lag=max(lag, 1))
    return trailing_mean(np.minimum(values, np.where(np.isnan(limit), np.inf, limit)), width, lag=lag)


def earlier_days(values: Floats, when: Clock, *, smooth: int = 0) -> Floats:
    """Means of the same time of the season over up to seven seasons; `smooth` rows to each side are averaged too."""
    around = trailing_mean(values, 2 * smooth + 1) if smooth else values
    total = np.zeros(len(values))
    number = np.zeros(len(values))
    for day in range(1, DAYS + 1):
        past = when.earlier(around, day * when.season - smooth * when.step)
        known = ~np.isnan(past)
        total[known] += past[known]
        number[known] += 1
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(total / number)


def _earlier_weeks(values: Floats, when: Clock) -> Floats:
    """Means of the same time of the week over up to two weeks."""
    first = when.earlier(values, DAYS * when.season)
    second = when.earlier(values, 2 * DAYS * when.season)
    return np.where(np.isnan(second), first, (first + second) / 2)


def forecast(values: Floats, when: Clock) -> tuple[Floats, list[Floats]]:
    """The mixed forecast of each row, NaN before there is any, and the seasonal forecasts by themselves."""
    seasonal: list[Floats] = []
    if when.reaches(1):
        seasonal.append(earlier_days(values, when))
        if when.reaches(DAYS):
            seasonal.append(_earlier_weeks(values, when))
    recent = max(when.rows // 24, 3)
    forecasts = [when.earlier(values, when.step)]
    if np.isnan(forecasts[0]).all():
        forecasts = [_shifted(values)]
    forecasts += [trailing_mean(values, width, lag=1) for width in (SHORT, MIDDLE, LONG)]
    for prediction in seasonal:
        forecasts += [prediction, prediction + trailing_mean(values - prediction, recent, lag=1)]
    memory = when.memory
    errors = [capped_mean(np.abs(values - prediction), memory, cap=6.0) for prediction in forecasts]
    best = errors[0]
    for error in errors[1:]:
        best = np.fmin(best, error)
    total, weights = np.zeros(len(values)), np.zeros(len(values))
    for prediction, error in zip(forecasts, errors, strict=True):
        with np.errstate(divide="ignore", invalid="ignore"):
            weight = best / error
        weight *= weight
        weight *= weight
        weight[error == 0] = 1.0  # as good as the best: both are exact
        weight[np.isnan(weight) | np.isnan(prediction)] = 0.0
        total += weight * np.where(np.isnan(prediction), 0.0, prediction)
        weights += weight
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(total / weights), seasonal


def trailing_middle(values: Floats, width: int) -> tuple[Floats, Floats]:
    """Median and robust standard deviation (1.4826 × MAD) of the `width` rows before, renewed now and then.

    They are renewed after :func:`renewal` rows, sooner while fewer than `width` are there, and NaN in the first 30.
    Rows without a value are left out.
    """
    every = renewal(width)
    length = len(values)
    begin = -(-width // every) * every  # the first row that looks back a full width
    early = [0, *_growing(min(begin, length), every)]
    starts = np.array([*early, *range(begin, length, every)])
    middle, spread = np.full(len(starts), np.nan), np.full(len(starts), np.nan)
    for block, start in enumerate(early):
        middle[block], spread[block] = _middle(values[:start])
    if length > begin:
        windows = np.lib.stride_tricks.sliding_window_view(values, width)[begin - width :: every]
        windows = windows[: len(starts) - len(early)]
        for first in range(0, len(windows), 256):  # a few megabytes at a time
            part = windows[first : first + 256]
            at = slice(len(early) + first, len(early) + first + len(part))
            middle[at], spread[at] = _middles(part)
    rows = np.diff(starts, append=length)
    return np.repeat(middle, rows), np.repeat(spread, rows)


def renewal(width: int) -> int:
    """After how many rows a trailing middle is renewed: about each tenth of its width."""
    return max(width // 10 if width < 500 else width // 6, 10)


def _growing(end: int, every: int) -> list[int]:
    """Rows at which a middle that has not seen its full width is renewed: each tenth of what it has seen."""
    starts = []
    at = _FIRST
    while at < end:
        starts.append(at)
        at += min(max(at // 10, 10), every)
    return starts


def _middles(windows: Floats) -> tuple[Floats, Floats]:
    if np.isnan(windows).any():
        pairs = [_middle(window) for window in windows]
        return np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])
    half = windows.shape[1] // 2
    middle = np.partition(windows, half, axis=1)[:, half]
    deviation = np.abs(windows - middle[:, None])
    deviation.partition(half, axis=1)
    return middle, 1.4826 * deviation[:, half]


def _middle(values: Floats) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    if len(known) < 10:
        return np.nan, np.nan
    half = len(known) // 2
    middle = float(np.partition(known, half)[half])
    return middle, 1.4826 * float(np.partition(np.abs(known - middle), half)[half])


def _shifted(values: Floats) -> Floats:
    return np.concatenate([[np.nan], values[:-1]]) if len(values) else values


def _trailing_sum(values: Floats, width: int, lag: int) -> Floats:
    sums = np.cumsum(values)
    totals = np.zeros(len(values))
    rest = max(len(values) - lag, 0)
    totals[lag:] = sums[:rest]
    if rest > width:
        totals[lag + width :] -= sums[: rest - width]
    return totals
