"""Evidence that counts are unusual: requests against their day and week, errors against their usual share.

Model. A window of the last k buckets should hold `m` events. For requests, `m` is the mean of the same window on up to
seven earlier days (or on the same weekday of two weeks, where that was nearer in the last week), times the ratio of
what came to what the days said over the hours before the window; without earlier days it is the level of those hours.
The days are smoothed as widely as no narrower smoothing contradicts (Lepski's rule), so that an edge of the day stays
one. For errors `m` is the requests of the window times the share of errors of the day before it.

The events of a window are negative binomial around `m` with variance `m + κ m²`: κ is what the past windows varied more
than Poisson, or, where that is more, by how much the same time of the last seven days was missed, so that neither
clumps, nor the wandering of the level, nor the beginning of a weekend are mistaken for news, and at one request a
minute three errors are judged as a count and not by a normal curve. Windows of 1, 5 and 30 buckets see a gulf at once
and a quiet leak later.

The tail probability of each window is held against the tail of its own past, see
:func:`createos_nb.analysis.anomalies.tails.modelled`, and the strongest window counts. Everything is causal, works on
arrays with time as their last axis, and a bucket without data is never unusual.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from createos_nb.analysis.anomalies.onsets import NO_ONSET, ReportedOnsets, onsets
from createos_nb.analysis.anomalies.tails import PAST, WARM_UP, modelled
from createos_nb.analysis.validation import Bools, Floats

WINDOWS = (1, 5, 30)
"""Buckets."""

_DAYS = 7
_CAP = 4.0
_WORSE = 2.0
_LEAST = 1e-300
# Squared relative error of the level where no daily shape is known yet: a seventh.
_DRIFT = 0.02
# Half widths of the smoothings of a day's shape, narrowest first: buckets of a day divided by so much, and the least.
_HALVES = ((100_000, 0), (480, 1), (96, 1))
# Squared distance, in variances of a narrower smoothing, at which it contradicts a wider one; and the squared residual
# that counts for the noise at most.
_CONTRADICTS, _ODD = 9.0, 25.0
# The largest miss that counts, as a logarithm, and what the squares of 0 to 7 of them add up to one time in a thousand
# by chance, in variances (χ²).
_STEP = 2.0
_BY_CHANCE = np.array([np.inf, 10.83, 13.82, 16.27, 18.47, 20.52, 22.46, 24.32])
# Squared distance in standard deviations up to which the tail is not worked out: it lies within the usual 2 %.
_ROUGH = 5.0


@dataclass(frozen=True, eq=False)
class CountScores:
    """Arrays like the counts: what was expected in each bucket, its band, and the evidence at the onset of news."""

    expected: Floats
    low: Floats
    high: Floats
    strength: Floats
    direction: Floats
    """+1 where more came than expected, −1 where less did, of the strongest window."""
    reported: ReportedOnsets
    """What was told of the last series lately."""


@dataclass(frozen=True)
class Earlier:
    """A stream's earlier buckets: how many of those given are judged, and what was told of them."""

    buckets: int = 0
    reported: ReportedOnsets = field(default_factory=ReportedOnsets)


def buckets_back(day: int, quiet: int) -> int:
    """Return how many past buckets are needed to score another one."""
    # two weeks, one in which they are compared with the days, one of misses, and a day; two memories in which they
    # vary; then the past of the tails
    return (4 * _DAYS + 1) * day + 2 * max(day, 240) + PAST + quiet + 1_000


def volume_surprise(
    count: Floats, *, day: int, hour: int, quiet: int, alarm: float, earlier: Earlier | None = None
) -> CountScores:
    """Evidence for requests per bucket.

    `day` is the number of buckets of a day, 0 if they do not divide one; `hour` that of an hour, at least a dozen.
    """
    observed = ~np.isnan(count)
    events = np.where(observed, count, 0.0)
    flat = observed.astype(np.float64)
    shapes = _shapes(events, observed, day, hour)
    memory, report = max(day, 240), _Report(quiet, alarm, earlier or Earlier())
    return _score(events, flat, shapes, observed, day=day, memory=memory, level=hour, both=True, report=report)


def error_surprise(
    errors: Floats, count: Floats, *, day: int, quiet: int, alarm: float, earlier: Earlier | None = None
) -> CountScores:
    """Evidence for more errors per bucket than their usual share of the requests."""
    observed = ~(np.isnan(count) | np.isnan(errors))
    events, base = np.where(observed, errors, 0.0), np.where(observed, count, 0.0)
    memory, report = max(day, 240), _Report(quiet, alarm, earlier or Earlier())
    return _score(events, base, [], observed, day=0, memory=memory, level=memory, both=False, report=report)


@dataclass(frozen=True)
class _Report:
    quiet: int
    alarm: float
    earlier: Earlier

    def __call__(self, strength: Floats) -> tuple[Floats, ReportedOnsets]:
        """Evidence where an incident begins among the buckets that are not judged yet, over the last axis."""
        evidence, reported = np.zeros_like(strength), self.earlier.reported
        for row in np.ndindex(strength.shape[:-1]):
            new = strength[row][self.earlier.buckets :]
            begins, reported = onsets(
                new, quiet=self.quiet, alarm=self.alarm, worse=_WORSE, reported=self.earlier.reported
            )
            evidence[row][self.earlier.buckets :] = begins
        return evidence, reported


def _score(
    events: Floats,
    base: Floats,
    shapes: list[_Shape],
    observed: Bools,
    *,
    day: int,
    memory: int,
    level: int,
    both: bool,
    report: _Report,
) -> CountScores:
    """Evidence for events that should follow `base`, or one of `shapes` where that has been known for long enough."""
    event_sums, base_sums = _cumulative(events), _cumulative(base)
    evidence, signs = [], []
    expected = low = high = events
    for width in WINDOWS:
        events_in_window = _window(event_sums, width)
        before = max(level, 2 * width)
        mean, relative_variance = _expected(event_sums, base_sums, width, before)
        if both:
            # an unknown daily shape moves the level on in the meantime, or every first morning is news
            relative_variance = relative_variance + _DRIFT
        for shape in shapes:
            before = max(level, 8 * width)
            shape_mean, shape_variance = _expected(event_sums, shape.sums, width, before)
            known = shape.nearer & (_window(shape.unknown, before + width) == 0) & ~np.isnan(shape_mean)
            mean = np.where(known, shape_mean, mean)
            own_variance = shape.error / np.maximum(shape.span, width)
            relative_variance = np.where(known, shape_variance + own_variance, relative_variance)
        kappa = _overdispersion(events_in_window, mean, memory, width)
        if day:
            usual = np.maximum(kappa, relative_variance)
            kappa = np.maximum(kappa, _misses(events_in_window, mean, usual, day, width))
        tail, sign = _tail(events_in_window, mean, np.maximum(kappa, relative_variance), both)
        evidence.append(modelled(np.where(observed, tail, 0.0), quiet=report.quiet))
        signs.append(sign)
        if width == 1:
            reach = np.sqrt(2 * report.alarm * np.log(10)) * np.sqrt(
                mean + np.maximum(kappa, relative_variance) * mean**2
            )
            expected, low, high = mean, np.maximum(mean - reach, 0), mean + reach
    strength, direction = evidence[0], signs[0]
    for window_evidence, sign in zip(evidence[1:], signs[1:], strict=True):
        stronger = window_evidence > strength
        strength = np.where(stronger, window_evidence, strength)
        direction = np.where(stronger, sign, direction)
    strength = np.where(observed, strength, 0.0)
    strength[..., :WARM_UP] = np.minimum(strength[..., :WARM_UP], NO_ONSET)
    reported_strength, reported = report(strength)
    return CountScores(expected, low, high, reported_strength, direction, reported)


def _expected(event_sums: Floats, base_sums: Floats, width: int, before: int) -> tuple[Floats, Floats]:
    """Events that the window should hold, and the squared relative error of that from the few events that it rests on.

    Without any event before, half a one is assumed.
    """
    past = np.maximum(_window(event_sums, before, lag=width), 0.5)
    of = _window(base_sums, before, lag=width)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = _window(base_sums, width) * past / of
    # nothing to go by: expect what came, so that it is no news
    mean = np.where(of > 0, mean, np.nan)
    return mean, 1 / past


def _overdispersion(events: Floats, mean: Floats, memory: int, width: int) -> Floats:
    """κ of variance `m + κ m²` over the past windows; single windows count for no more than four times the usual."""
    known = np.where(np.isnan(mean), 0.0, mean)
    deviation = np.where(np.isnan(mean), 0.0, events - mean)
    with np.errstate(divide="ignore", invalid="ignore"):
        pearson = np.where(known > 0, deviation * deviation / known, 0.0)
    usual = _window(_cumulative(pearson), memory, lag=width)
    rows = np.clip(np.arange(1 - width, events.shape[-1] + 1 - width), 1, memory)
    pearson = np.minimum(pearson, np.maximum(_CAP * usual / rows, _CAP))
    excess = _window(_cumulative((pearson - 1) * known), memory, lag=width)
    squares = _window(_cumulative(known * known), memory, lag=width)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(squares > 0, np.maximum(excess / squares, 0.0), 0.0)


def _tail(observed: Floats, mean: Floats, kappa: Floats, both: bool) -> tuple[Floats, Floats]:
    """−ln of the negative binomial tail at what came, and its side; 0 where a normal curve shows that it is large."""
    from scipy.special import betainc

    sign = np.where(observed >= mean, 1.0, -1.0)
    with np.errstate(invalid="ignore"):
        rough = (np.abs(observed - mean) - 0.5) ** 2 > _ROUGH * (mean + kappa * mean * mean)
    rough &= mean > 0
    tails = np.zeros_like(observed)
    for side in (1.0, -1.0) if both else (1.0,):
        at = np.nonzero(rough & (sign == side))
        events, expected, spread = observed[at], mean[at], np.maximum(kappa[at], 1e-9)
        share = spread * expected / (1 + spread * expected)
        more = side > 0
        tail = betainc(events, 1 / spread, share) if more else betainc(1 / spread, events + 1, 1 - share)
        tails[at] = -np.log(np.clip(tail * (2 if both else 1), _LEAST, 1.0))
    return tails, sign


@dataclass(frozen=True, eq=False)
class _Shape:
    """What earlier days, or the same weekdays, say of each bucket; cumulative over the last axis."""

    sums: Floats
    unknown: Floats
    """Observed buckets of which it says nothing."""
    error: Floats
    """Squared relative error of a bucket, times the buckets that it was smoothed over."""
    span: Floats
    """The buckets that it was smoothed over."""
    nearer: Bools
    """Where it was nearer to what came in the last week, weekends included, than the shapes before it."""


def _shapes(events: Floats, observed: Bools, day: int, hour: int) -> list[_Shape]:
    """What the days before say, and from the second week on what the weeks before say; none on the first day."""
    length = events.shape[-1]
    if not day or length <= day:
        return []
    sums = _cumulative(events), _cumulative(observed.astype(np.float64))
    halves = [max(day // per, least) for per, least in _HALVES]
    smooth = [_centred(*sums, half) for half in halves]
    kinds = [_earlier_days, _earlier_weeks] if length > _DAYS * day else [_earlier_days]
    shapes: list[_Shape] = []
    missed: list[Floats] = []
    for kind in kinds:
        means, numbers = zip(*(kind(*one, day) for one in zip(smooth, halves, strict=True)), strict=True)
        shape, error, span = _as_wide_as_fits(means, numbers, halves, events, observed, day)
        shape_sums = _cumulative(np.where(observed, np.maximum(np.nan_to_num(shape), 1e-6), 0.0))
        unknown = _cumulative((observed & np.isnan(shape)).astype(np.float64))
        missed.append(_missed(sums[0], shape_sums, unknown, hour))
        shapes.append(_Shape(shape_sums, unknown, error, span, np.ones(events.shape, dtype=np.bool_)))
    if len(shapes) == 2:
        both = ~(np.isnan(missed[0]) | np.isnan(missed[1]))
        days, weeks = (_window(_cumulative(np.where(both, one, 0.0)), _DAYS * day, lag=5) for one in missed)
        shapes[1] = replace(shapes[1], nearer=weeks < days)
    return shapes


def _missed(event_sums: Floats, shape_sums: Floats, unknown: Floats, hour: int) -> Floats:
    """By how many events windows of five buckets were missed; NaN where the shape is not known for long enough."""
    mean, _ = _expected(event_sums, shape_sums, 5, hour)
    return np.where(_window(unknown, hour + 5) == 0, np.abs(_window(event_sums, 5) - mean), np.nan)


def _centred(sums: Floats, counts: Floats, half: int) -> Floats:
    """Means of the `2 half + 1` buckets that end at each, NaN where nothing was observed."""
    width = 2 * half + 1
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(_window(sums, width) / _window(counts, width))


def _earlier_days(smooth: Floats, half: int, day: int) -> tuple[Floats, Floats]:
    """Means over up to seven days, without the highest and the lowest of three or more; and their number."""
    total, number = np.zeros_like(smooth), np.zeros_like(smooth)
    highest, lowest = np.full_like(smooth, -np.inf), np.full_like(smooth, np.inf)
    for day_number in range(1, _DAYS + 1):
        if day_number * day - half >= smooth.shape[-1]:
            break
        past = _shifted(smooth, day_number * day - half)
        known = ~np.isnan(past)
        value = np.where(known, past, 0.0)
        total += value
        number += known
        highest = np.where(known, np.maximum(highest, value), highest)
        lowest = np.where(known, np.minimum(lowest, value), lowest)
    trim = number >= 3
    used = np.where(trim, number - 2, number)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(trim, total - np.where(trim, highest + lowest, 0.0), total) / used, used


def _earlier_weeks(smooth: Floats, half: int, day: int) -> tuple[Floats, Floats]:
    """Means over the same time of up to two weeks, and their number."""
    first = _shifted(smooth, _DAYS * day - half)
    second = _shifted(smooth, 2 * _DAYS * day - half)
    alone = np.isnan(second)
    return np.where(alone, first, (first + second) / 2), np.where(alone, 1.0, 2.0)


def _as_wide_as_fits(
    shapes: tuple[Floats, ...],
    numbers: tuple[Floats, ...],
    halves: list[int],
    events: Floats,
    observed: Bools,
    day: int,
) -> tuple[Floats, Floats, Floats]:
    """At each time the widest smoothing that no narrower one contradicts: an edge of the day stays an edge.

    Lepski's rule; `shapes` begin with the narrowest. The noise of a bucket is that of the last day around the widest.
    Returns the shape, its squared relative error times the buckets it was smoothed over, and these.
    """
    widest = np.where(np.isnan(shapes[-1]), 0.0, shapes[-1])
    known = observed & (widest > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        pearson = np.where(known, (events - widest) ** 2 / widest, 0.0)
    rows = np.maximum(_window(_cumulative(known.astype(np.float64)), day), 1.0)
    noise = np.maximum(_window(_cumulative(np.minimum(pearson, _ODD)), day) / rows, 1.0)
    chosen, number, span = shapes[0], numbers[0], np.full(events.shape, 2.0 * halves[0] + 1)
    fits = np.ones(events.shape, dtype=np.bool_)
    for at in range(1, len(shapes)):
        for narrow in range(at):
            variance = (
                np.maximum(shapes[at], 0.1) * noise / (np.maximum(numbers[narrow], 1.0) * (2 * halves[narrow] + 1))
            )
            fits &= ~((shapes[at] - shapes[narrow]) ** 2 > _CONTRADICTS * variance)
        wider = fits | np.isnan(chosen)
        chosen, number = np.where(wider, shapes[at], chosen), np.where(wider, numbers[at], number)
        span = np.where(wider, 2.0 * halves[at] + 1, span)
    return chosen, noise / (np.maximum(np.nan_to_num(chosen), 0.1) * np.maximum(number, 1.0)), span


def _misses(events: Floats, mean: Floats, relative_variance: Floats, day: int, width: int) -> Floats:
    """Squared relative error of what was expected at this time on the last seven days, beyond what chance explains.

    Where a weekend begins, or a job comes at another minute each night, the days say less than elsewhere. Of three days
    and more the worst is left out, or an outage would hide the next one at that time for a week.
    """
    with np.errstate(invalid="ignore"):
        off = np.clip(np.log((events + 0.5) / (mean + 0.5)), -_STEP, _STEP) ** 2
        chance = 1 / (mean + 0.5) + relative_variance
    half = max(day // 96, 1)
    total, noise, number = np.zeros_like(off), np.zeros_like(off), np.zeros_like(off)
    worst = np.zeros_like(off)
    for ago in range(1, _DAYS + 1):
        if ago * day >= off.shape[-1]:
            break
        past = _shifted(off, ago * day)
        known = ~np.isnan(past)
        value = np.where(known, past, 0.0)
        total += value
        noise += np.where(known, _shifted(chance, ago * day), 0.0)
        number += known
        worst = np.maximum(worst, value)
    left = np.where(number >= 3, number - 1, number)
    total = np.where(number >= 3, total - worst, total)
    with np.errstate(divide="ignore", invalid="ignore"):
        beyond = total > _BY_CHANCE[left.astype(np.int64)] * noise / number
        miss = np.where(beyond, total / left, 0.0)
    # as far around as its window and a quarter of an hour, for nobody comes at the same minute every day
    return _highest_around(miss, half)


def _highest_around(values: Floats, half: int) -> Floats:
    from scipy.ndimage import maximum_filter1d

    return np.asarray(maximum_filter1d(values, 2 * half + 1, axis=-1, mode="nearest"))


def _shifted(values: Floats, rows: int) -> Floats:
    shifted = np.full_like(values, np.nan)
    if rows < values.shape[-1]:
        shifted[..., rows:] = values[..., : values.shape[-1] - rows]
    return shifted


def _cumulative(values: Floats) -> Floats:
    return np.cumsum(values, axis=-1)


def _window(sums: Floats, width: int, *, lag: int = 0) -> Floats:
    """Sums over the rows `t − lag − width + 1 … t − lag`, from cumulative sums."""
    totals = np.zeros_like(sums)
    rest = sums.shape[-1] - lag
    if rest <= 0:
        return totals
    totals[..., lag:] = sums[..., :rest]
    if rest > width:
        totals[..., lag + width :] -= sums[..., : rest - width]
    return totals
