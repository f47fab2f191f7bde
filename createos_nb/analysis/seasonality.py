"""The shape of the day and of the week in a series of requests, and what is left beside it.

Model: requests per bucket are `level × daily × weekly`, plus a remainder. The level is a centred moving mean over a
week (over a day where there are less than two weeks, constant where there are less than two days). `daily` is a factor
for each time of day, a ratio of sums over all days, smoothed over half an hour; `weekly` one for each hour of the week
on top of that, so that Sunday may have another shape than Monday. Both average 1. Ratios of sums rather than medians,
since at one request a minute a median is 0. Buckets that stray more than four robust standard deviations from a first
fit, in which each factor is the median of its days or weeks, are left out: one outage makes no habit of the hour. Where
that would be most of the buckets with requests (a job once an hour, seen by the minute), they are the habit and stay.

Times are UTC: where clocks are changed, people's habits move by an hour and the shape lags behind for a week or two.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from createos_nb.analysis.validation import COUNTS, Floats, Ints, Requests, live_versions, requests, utc_index
from createos_nb.dtypes import TEXT

DAY = 86_400
WEEK = 7 * DAY
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def decompose(frame: pd.DataFrame, *, column: str = "count") -> pd.DataFrame:
    """Return level, daily and weekly shape of one of the counts, and today beside yesterday and last week.

    A daily shape needs two days of data and buckets that divide a day, a weekly one two weeks; without it the factor is
    1, and `attrs["daily"]`, `attrs["weekly"]` say so.

    Args:
        frame: requests over time of one environment or of a fleet.
        column: which of the counts, such as "count" or "status_5xx".

    Returns:
        A frame indexed by `time` like the given one (a fleet has columns `project`, `environment`, `time`). Columns
        (float), in requests per bucket unless said otherwise: `observed`; `level`; `daily` and `weekly` (factors around
        1); `expected` (their product); `remainder` (observed − expected); `yesterday` and `last_week` (observed one day
        and seven days before). NaN where there is no data or the bucket is cut.

    Raises:
        FrameError: the frame can't be read as requests.
        ValueError: `column` is none of the counts.

    Examples:
        >>> client = createos_nb.simulate()
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-3d")
        >>> parts = createos_nb.analysis.decompose(requests)
        >>> parts.attrs["daily"], parts.attrs["weekly"]
        (True, False)
    """
    counts = requests(frame, columns=tuple(dict.fromkeys(("count", _known(column)))), fleet=True)
    observed = np.atleast_2d(np.where(counts.observed, counts.counts[column], np.nan))
    has_daily, has_weekly = _enough(counts)
    first = _fit(observed, counts, has_daily, has_weekly, medians=True)
    fitted = _without_outliers(observed, first[0] * first[1] * first[2])
    level, daily, weekly = _fit(fitted, counts, has_daily, has_weekly, medians=False)
    expected = level * daily * weekly
    columns = {
        "observed": observed,
        "level": level,
        "daily": daily,
        "weekly": weekly,
        "expected": expected,
        "remainder": observed - expected,
        "yesterday": _earlier(observed, DAY, counts.bucket_seconds),
        "last_week": _earlier(observed, WEEK, counts.bucket_seconds),
    }
    table = pd.DataFrame({name: values.ravel() for name, values in columns.items()})
    if counts.environments is None:
        table.index = counts.index
    else:
        length = len(counts.index)
        table.insert(0, "project", counts.environments.get_level_values("project").repeat(length))
        table.insert(1, "environment", counts.environments.get_level_values("environment").repeat(length))
        table.insert(2, "time", utc_index(np.tile(counts.index.asi8, len(counts.environments))))
    table.attrs = {"bucket_seconds": counts.bucket_seconds, "daily": has_daily, "weekly": has_weekly}
    table.attrs |= live_versions(frame)
    return table


def hour_by_weekday(frame: pd.DataFrame, *, column: str = "count") -> pd.DataFrame:
    """Return the mean requests per minute for each weekday and hour of the day.

    Args:
        frame: requests over time of one environment.
        column: which of the counts, such as "count" or "status_5xx"; `"server_error_percentage"` gives 5xx per 100
            requests instead.

    Returns:
        A frame (float) with seven rows, Monday first, and the columns 0 to 23, hours in UTC. NaN where the frame has no
        data.

    Raises:
        FrameError: the frame can't be read as requests.
        ValueError: `column` is none of the counts.

    Examples:
        >>> client = createos_nb.simulate()
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-7d")
        >>> table = createos_nb.analysis.hour_by_weekday(requests)
        >>> table.shape
        (7, 24)
        >>> int(table.loc["Sunday"].idxmax())
        17
    """
    share = column == "server_error_percentage"
    columns = ("count", "status_5xx") if share else tuple(dict.fromkeys(("count", _known(column))))
    counts = requests(frame, columns=columns)
    observed = counts.observed
    # 1970-01-01 was a Thursday
    bin_of = ((counts.seconds // 3600) + 3 * 24) % 168

    def sums(values: Floats) -> Floats:
        return np.asarray(np.bincount(bin_of[observed], weights=values[observed], minlength=168), dtype=np.float64)

    with np.errstate(divide="ignore", invalid="ignore"):
        if share:
            total = sums(counts.count)
            cells = np.where(total > 0, 100 * sums(counts.counts["status_5xx"]) / total, np.nan)
        else:
            minutes = sums(np.ones(len(observed))) * counts.bucket_seconds / 60
            cells = np.where(minutes > 0, sums(counts.counts[column]) / minutes, np.nan)
    return pd.DataFrame(
        cells.reshape(7, 24),
        index=pd.Index(WEEKDAYS, name="weekday", dtype=TEXT),
        columns=pd.RangeIndex(24, name="hour"),
    )


def _known(column: str) -> str:
    if column not in COUNTS:
        raise ValueError(f"column must be one of {', '.join(COUNTS)}, not {column!r}")
    return column


def _enough(counts: Requests) -> tuple[bool, bool]:
    width = counts.bucket_seconds
    span = len(counts.index) * width
    has_daily = bool(width) and DAY % width == 0 and width <= DAY // 4 and span >= 2 * DAY
    return has_daily, bool(width) and DAY % width == 0 and span >= 2 * WEEK


def _fit(
    values: Floats, counts: Requests, has_daily: bool, has_weekly: bool, *, medians: bool
) -> tuple[Floats, Floats, Floats]:
    width = counts.bucket_seconds
    span = WEEK if has_weekly else DAY
    if has_daily or has_weekly:
        level = _moving_mean(values, span // width)
    else:
        level = np.broadcast_to(_mean(values, -1)[:, None], values.shape)
    ones = np.ones_like(values)
    daily = weekly = ones
    if has_daily:
        phase = (counts.seconds % DAY) // width
        top, bottom = _sums(values, level, counts.seconds // DAY, phase, DAY // width)
        smooth = max(DAY // 48 // width, 1)
        daily = _factor(_around(top, smooth), _around(bottom, smooth), medians)[:, phase]
    if has_weekly:
        hour = max(3600, width)
        bin_of = (counts.seconds % WEEK) // hour
        weekly = _factor(*_sums(values, level * daily, counts.seconds // WEEK, bin_of, WEEK // hour), medians)[
            :, bin_of
        ]
    return level, daily, weekly


def _sums(values: Floats, base: Floats, turn: Ints, phase: Ints, phases: int) -> tuple[Floats, Floats]:
    """Sums of values and base in each turn (a day, a week) and phase of it, shape (environments, turns, phases)."""
    known = np.isfinite(values) & np.isfinite(base)
    turns = int(turn[-1] - turn[0]) + 1
    cell = (turn - turn[0]) * phases + phase
    shape = (len(values), turns, phases)
    top, bottom = np.zeros(shape), np.zeros(shape)
    for row in range(len(values)):
        for part, what in ((top, values), (bottom, base)):
            sums = np.bincount(cell, weights=np.where(known[row], what[row], 0.0), minlength=turns * phases)
            part[row] = sums.reshape(turns, phases)
    return top, bottom


def _factor(top: Floats, bottom: Floats, medians: bool) -> Floats:
    """A factor for each phase, with mean 1: the ratio of the sums, or the median of the ratios of the turns."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if medians:
            ratios = np.ma.masked_invalid(np.where(bottom > 0, top / bottom, np.nan))
            factor = np.ma.median(ratios, axis=1).filled(1.0)  # type: ignore[no-untyped-call]  # numpy has no type
        else:
            top, bottom = top.sum(axis=1), bottom.sum(axis=1)
            factor = np.where(bottom > 0, top / bottom, 1.0)
        mean = factor.mean(axis=-1, keepdims=True)
        return np.asarray(np.where(mean > 0, factor / mean, 1.0))


def _around(values: Floats, width: int) -> Floats:
    """Moving sums around the circle of the last axis, centred."""
    half = width // 2
    if not half:
        return values
    padded = np.concatenate([values[..., -half:], values, values[..., :half]], axis=-1)
    sums = np.concatenate([np.zeros((*values.shape[:-1], 1)), np.cumsum(padded, axis=-1)], axis=-1)
    return np.asarray(sums[..., 2 * half + 1 :] - sums[..., : -(2 * half + 1)])


def _moving_mean(values: Floats, width: int) -> Floats:
    """Centred means over a whole period, shorter at both ends; what is missing is left out."""
    length = values.shape[-1]
    known = np.isfinite(values)
    sums = np.cumsum(np.pad(np.where(known, values, 0.0), ((0, 0), (1, 0))), axis=-1)
    counts = np.cumsum(np.pad(known.astype(np.float64), ((0, 0), (1, 0))), axis=-1)
    # the window is moved inwards at the ends rather than cut: half a day is no mean of a day
    start = np.clip(np.arange(length) - width // 2, 0, max(length - width, 0))
    end = np.minimum(start + width, length)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((sums[:, end] - sums[:, start]) / (counts[:, end] - counts[:, start]))


def _mean(values: Floats, axis: int) -> Floats:
    known = np.isfinite(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(known, values, 0.0).sum(axis=axis) / known.sum(axis=axis))


def _without_outliers(observed: Floats, expected: Floats) -> Floats:
    """Buckets far from the fit are left out; scale is Pearson's, with a robust dispersion of its own."""
    with np.errstate(divide="ignore", invalid="ignore"):
        pearson = (observed - expected) / np.sqrt(np.maximum(expected, 0.1))
    spread = np.full((len(observed), 1), 1.0)
    for row in range(len(observed)):
        known = pearson[row][np.isfinite(pearson[row])]
        if len(known):
            spread[row] = max(1.4826 * float(np.median(np.abs(known))), 1.0)
    far = np.abs(pearson) > 4 * spread
    busy = observed > 0
    habit = 2 * (far & busy).sum(axis=-1) > busy.sum(axis=-1)
    return np.where(far & ~habit[:, None], np.nan, observed)


def _earlier(values: Floats, span: int, width: int) -> Floats:
    """The same series, `span` seconds before; NaN where that lies before the frame or between its buckets."""
    shifted = np.full_like(values, np.nan)
    if width and span % width == 0 and span // width < values.shape[-1]:
        steps = span // width
        shifted[:, steps:] = values[:, :-steps]
    return shifted
