"""Amount of traffic, and its success rate: the share that was answered with 2xx or 3xx.

Each function takes the requests of one environment or of a fleet. Without `every` it answers once for the whole frame:
a Series for one environment, a frame with a row per environment for a fleet. With `every="1h"` it answers for each
hour: indexed by `time`, or with a column `time` for a fleet.

Two rules hold throughout. Missing is not zero: a bucket without data takes no part, and `observed` says how much of
the time has data. And a bucket that the asked window cuts is short: its requests count among the requests, but it says
nothing about requests per minute.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from createos_nb.analysis import intervals
from createos_nb.analysis.resample import Bins, bin_requests, rows, to_int64
from createos_nb.analysis.validation import STATUSES, Floats, Requests, requests, utc_index
from createos_nb.times import whole_seconds


def summary(
    frame: pd.DataFrame, *, every: str | pd.Timedelta | None = None, confidence: float = 0.95
) -> pd.DataFrame | pd.Series[Any]:
    """Summarize requests, success and requests per minute.

    The interval allows for errors that come in clumps, see :mod:`createos_nb.analysis.intervals`.

    Args:
        frame: requests over time of one environment or of a fleet.
        every: answer for each stretch of this length, such as "1h"; None: once for the whole frame.
        confidence: of the interval, between 0 and 1.

    Returns:
        A Series for one environment, a frame for a fleet or with `every`. Labels: `requests`, `status_2xx` …
        `status_5xx` (counts, Int64); `success_percentage` ((2xx + 3xx) / requests, 0 to 100, NaN without requests) with
        its interval `success_low`, `success_high`; `server_error_percentage` (5xx / requests); `rpm_average`,
        `rpm_peak` (requests per minute) and `rpm_peak_at`; `observed` (share of the buckets with data, 0 to 1; without
        any, the counts are NA).

    Raises:
        FrameError: the frame can't be read as requests; the text names the column, dtype or gap.

    Examples:
        >>> client = createos_nb.simulate()
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-1d")
        >>> traffic = createos_nb.analysis.summary(requests)
        >>> int(traffic["requests"]), round(float(traffic["success_percentage"]), 2)
        (83304, 97.69)
    """
    counts = requests(frame, fleet=True)
    bins = _in_minutes(counts, every)
    success = _success(counts, bins, confidence)
    rpm = _rpm(counts, bins)
    observed = _observed(counts, bins)

    def total_of(values: Floats) -> Floats:
        return np.where(observed > 0, bins.sum(values), np.nan)

    total = total_of(counts.count)
    with np.errstate(divide="ignore", invalid="ignore"):
        server = np.where(total > 0, 100 * total_of(counts.counts["status_5xx"]) / total, np.nan)
    return rows(
        counts,
        bins,
        {
            "requests": to_int64(total),
            **{status: to_int64(total_of(counts.counts[status])) for status in STATUSES},
            "success_percentage": 100 * success.value,
            "success_low": 100 * success.low,
            "success_high": 100 * success.high,
            "server_error_percentage": server,
            "rpm_average": rpm["average"],
            "rpm_peak": rpm["peak"],
            "rpm_peak_at": rpm["peak_at"],
            "observed": observed,
        },
    )


def success_rate(
    frame: pd.DataFrame, *, every: str | pd.Timedelta | None = None, confidence: float = 0.95
) -> pd.DataFrame | pd.Series[Any]:
    """Return the share of 2xx and 3xx among all requests, with an interval that holds when errors come in clumps.

    A window knows only what happened in it: where errors wander slowly (a half-life of ten minutes), intervals of one
    hour hold the long-run rate in 65 to 94 % of cases instead of 95 %, those of a day in 93 %.

    Args:
        frame: requests over time of one environment or of a fleet.
        every: answer for each stretch of this length, such as "1h"; None: once for the whole frame.
        confidence: of the interval, between 0 and 1.

    Returns:
        A Series for one environment, a frame for a fleet or with `every`. Labels: `success_percentage`, `low`, `high`
        (0 to 100, NaN without requests), `requests` (Int64, NA without data), `effective`: so many independent requests
        would say as much, hence the width of the interval, and `error_percentage`, (4xx + 5xx) / all requests: 1xx is
        neither a success nor an error.

    Raises:
        FrameError: the frame can't be read as requests; the text names the column, dtype or gap.

    Examples:
        >>> client = createos_nb.simulate()
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-1d")
        >>> rate = createos_nb.analysis.success_rate(requests, every="6h")
        >>> list(rate.columns)
        ['success_percentage', 'low', 'high', 'requests', 'effective', 'error_percentage']
        >>> rate["success_percentage"].round(2).tolist()
        [97.78, 98.22, 98.25, 98.05, 95.3]
    """
    counts = requests(frame, fleet=True)
    bins = bin_requests(counts, every)
    shares = _success(counts, bins, confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        failed = np.where(shares.requests > 0, bins.sum(counts.errors(("4xx", "5xx"))) / shares.requests, np.nan)
    return rows(
        counts,
        bins,
        {
            "success_percentage": 100 * shares.value,
            "low": 100 * shares.low,
            "high": 100 * shares.high,
            "requests": to_int64(np.where(_observed(counts, bins) > 0, shares.requests, np.nan)),
            "effective": shares.effective,
            "error_percentage": 100 * failed,
        },
    )


def rpm(frame: pd.DataFrame, *, every: str | pd.Timedelta | None = None) -> pd.DataFrame | pd.Series[Any]:
    """Return the requests per minute: average, median, 99th percentile and peak.

    Buckets shorter than a minute are joined to minutes first (those of seven seconds to 63 seconds), since the busiest
    ten seconds are no busiest minute, so `every` is a minute or more; in buckets longer than a minute the peak is that
    of a bucket's mean and so too low.

    Args:
        frame: requests over time of one environment or of a fleet; only the column `count` is needed.
        every: answer for each stretch of this length, such as "1h"; None: once for the whole frame.

    Returns:
        A Series for one environment, a frame for a fleet or with `every`. Labels, in requests per minute (float, NaN
        without data): `average`, `median`, `q99` (99th percentile), `peak`; and `peak_at` (UTC, start of that minute).

    Raises:
        FrameError: the frame can't be read as requests; the text names the column, dtype or gap.
        ValueError: `every` is shorter than a minute.

    Examples:
        >>> times = pd.date_range("2026-03-02", periods=4, freq="1min", tz="UTC", name="time")
        >>> pace = createos_nb.analysis.rpm(pd.DataFrame({"count": [60, 80, 70, 90]}, index=times))
        >>> int(pace["average"]), int(pace["peak"]), str(pace["peak_at"])
        (75, 90, '2026-03-02 00:03:00+00:00')
    """
    counts = requests(frame, columns=("count",), fleet=True)
    bins = _in_minutes(counts, every)
    return rows(counts, bins, _rpm(counts, bins, quantiles=True))


def per_minute(counts: Requests) -> tuple[Floats, pd.DatetimeIndex]:
    """Requests per minute over time, NaN where there is no data or the bucket is cut, and the starts of its rows."""
    rpm = np.where(counts.observed, counts.count, np.nan)
    width = counts.bucket_seconds
    if width >= 60 or not len(counts.index):
        return rpm * (60 / max(width, 1)), counts.index
    joined = minute_of(width)
    # whole minutes of the clock where buckets fit into them, else as they come
    number = counts.seconds // 60 if 60 % width == 0 else np.arange(len(counts.index)) // joined
    starts = np.flatnonzero(np.diff(number, prepend=number[0] - 1))
    minutes = np.add.reduceat(rpm, starts, axis=-1)  # a minute with a missing part is missing
    whole_minute = np.diff(starts, append=len(number)) == joined
    minutes = np.where(whole_minute, minutes * (60 / (joined * width)), np.nan)
    started = number[starts] * 60_000_000 if 60 % width == 0 else counts.index.asi8[starts]
    return minutes, utc_index(started)


def minute_of(width: int) -> int:
    """Return how many buckets of a width make a minute, or just more than one."""
    return max(-(-60 // width), 1)


def _in_minutes(counts: Requests, every: str | pd.Timedelta | None) -> Bins:
    """The pieces, of a minute or more."""
    if every is not None and counts.bucket_seconds < 60 and whole_seconds(every, name="every") < 60:
        raise ValueError(f"every={every!r} is shorter than a minute, and paces are those of minutes")
    return bin_requests(counts, every)


def _success(counts: Requests, bins: Bins, confidence: float) -> intervals.Share:
    if bins.times is None:
        share = intervals.success(counts, confidence=confidence)
        shares = [share]
    else:
        good = counts.successes()
        shares = [
            intervals.share(hits, trials, confidence=confidence)
            for hits, trials in zip(bins.split(good), bins.split(counts.count), strict=True)
        ]

    def stacked(name: str) -> Floats:
        return np.stack([np.asarray(getattr(share, name)) for share in shares], axis=-1)

    return intervals.Share(
        value=stacked("value"),
        low=stacked("low"),
        high=stacked("high"),
        requests=stacked("requests"),
        effective=stacked("effective"),
    )


def _rpm(counts: Requests, bins: Bins, *, quantiles: bool = False) -> dict[str, Any]:
    minutes, index = per_minute(counts)
    starts = np.searchsorted(index.asi8, counts.index.asi8[bins.starts], side="right") - 1
    in_minutes = Bins(starts=np.maximum(starts, 0), times=bins.times)
    known = np.isfinite(minutes)
    known_minutes = in_minutes.sum(known.astype(np.float64))
    with np.errstate(invalid="ignore", divide="ignore"):
        average = np.where(known_minutes > 0, in_minutes.sum(minutes) / known_minutes, np.nan)
    parts = in_minutes.split(np.where(known, minutes, -np.inf))
    where = np.stack([part.argmax(axis=-1) for part in parts], axis=-1) + in_minutes.starts
    peak = in_minutes.max(minutes)
    peak_at = index.asi8[where]
    stamps = utc_index(np.where(peak > 0, peak_at, np.iinfo(np.int64).min).ravel(), name="peak_at")
    rpm: dict[str, Any] = {"average": average}
    if quantiles:
        levels = [_quantiles(part, (0.5, 0.99)) for part in in_minutes.split(minutes)]
        rpm["median"] = np.stack([level[0] for level in levels], axis=-1)
        rpm["q99"] = np.stack([level[1] for level in levels], axis=-1)
    return {**rpm, "peak": peak, "peak_at": stamps}


def _quantiles(values: Floats, levels: tuple[float, ...]) -> Floats:
    """Quantiles over the last axis that leave out missing values; NaN where all are missing."""
    ordered = np.sort(values, axis=-1)  # NaN last
    known = np.isfinite(values).sum(axis=-1)
    quantiles = []
    for level in levels:
        at = np.maximum(known - 1, 0) * level
        low = np.floor(at).astype(np.int64)
        high = np.minimum(low + 1, np.maximum(known - 1, 0))
        lower = np.take_along_axis(ordered, low[..., None], axis=-1)[..., 0]
        upper = np.take_along_axis(ordered, high[..., None], axis=-1)[..., 0]
        quantiles.append(np.where(known > 0, lower + (at - low) * (upper - lower), np.nan))
    return np.stack(quantiles)


def _observed(counts: Requests, bins: Bins) -> Floats:
    observed = bins.sum(np.isfinite(counts.count).astype(np.float64))
    lengths = np.diff(bins.starts, append=len(counts.index))
    return np.asarray(observed / lengths)
