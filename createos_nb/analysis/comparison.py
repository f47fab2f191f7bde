"""Before and after: did the pace, the success or the errors change, and by how much?

One look at two finished windows. It answers once: looked at again and again while the second window grows, it finds
differences that are not there (a test at 1 % peeked every minute for an hour cries wolf in 3 to 47 % of cases). To
watch a release, use `release_verdict`, which stays valid however often one looks.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from createos_nb.analysis import intervals
from createos_nb.analysis.traffic import minute_of, per_minute
from createos_nb.analysis.validation import Floats, FrameError, Requests, requests
from createos_nb.dtypes import TEXT

_SHARES = {
    "success_percentage": ("2xx", "3xx"),
    "client_error_percentage": ("4xx",),
    "server_error_percentage": ("5xx",),
}


def compare(before: pd.DataFrame, after: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Return the metrics of two windows side by side, with intervals for what changed.

    Model: stretches of each window vary independently; errors may come in clumps within them, see
    :mod:`createos_nb.analysis.intervals`. The difference of two shares has Newcombe's interval (1998, method 10) and
    the ratio a log-normal one with ½ added, so that 4 errors against 0 has an answer. The time of day is not taken out:
    compare like with like. Errors that come in slow waves are the model's limit: of one-hour windows in which the rate
    wanders with a half-life of ten minutes, 7 to 27 % of equal pairs are called changed at 5 % (a day: 5 to 7 %), since
    an hour holds too few waves to know them by. Take longer windows then, or `release_verdict`.

    Args:
        before: requests over time of the earlier window, of any length, of one environment or a fleet.
        after: the same of the later window; environments in only one of them are listed with what there is.
        confidence: of the intervals, and of the test behind `changed`, between 0 and 1.

    Returns:
        A frame with the rows `rpm` (requests per minute), `success_percentage`, `client_error_percentage`,
        `server_error_percentage`; indexed by `metric`, a fleet has columns `project`, `environment`, `metric`. Columns:
        `before`, `after`, `difference` with `low` and `high`, `ratio` (after / before) with `ratio_low` and
        `ratio_high`, all in the metric's own unit; `p_value` (two-sided, of no change; in a fleet adjusted over its
        environments by Holm's method for each metric), and `changed`: whether it falls below `1 − confidence`, and the
        interval of the difference leaves out 0. NaN where there is nothing to compare. `attrs["before"]` and
        `attrs["after"]` are the start and the end of the windows (UTC, as text).

    Raises:
        FrameError: a frame can't be read as requests or has no rows, or only one of them is a fleet's.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-80min")
        >>> table = createos_nb.analysis.compare(requests.iloc[:40], requests.iloc[40:])
        >>> table["changed"].to_dict()
        {'rpm': False, 'success_percentage': True, 'client_error_percentage': True, 'server_error_percentage': True}
    """
    old, new = requests(before, name="before", fleet=True), requests(after, name="after", fleet=True)
    for name, counts in (("before", old), ("after", new)):
        if not len(counts.index):
            raise FrameError(f"{name} has no rows")
    if (old.environments is None) != (new.environments is None):
        raise FrameError("one of the two frames is a fleet's, the other that of one environment")
    keys = None
    if old.environments is not None and new.environments is not None:
        keys = old.environments.append(new.environments).drop_duplicates()
        pick_old, pick_new = old.environments.get_indexer(keys), new.environments.get_indexer(keys)
    else:
        pick_old = pick_new = np.zeros(1, dtype=np.int64)
    metrics = [_rpm(old, new, pick_old, pick_new, confidence)]
    metrics += [
        _share(old, new, pick_old, pick_new, statuses, confidence, metric) for metric, statuses in _SHARES.items()
    ]
    for metric in metrics:
        p_value = _holm(metric["p_value"].to_numpy(dtype=np.float64))
        metric["p_value"] = p_value
        # the interval is of another model than the test: called changed is what both say
        excludes_zero = (metric["low"].to_numpy() > 0) | (metric["high"].to_numpy() < 0)
        metric["changed"] = (p_value < 1 - confidence) & excludes_zero
    table = pd.concat(metrics)
    windows: dict[Hashable | None, Any] = {"before": _window(old), "after": _window(new)}
    if keys is None:
        table = table.set_index("metric")
        table.attrs = windows
        return table
    rows = len(keys)
    table.insert(0, "environment", list(keys.get_level_values("environment")) * len(metrics))
    table.insert(0, "project", list(keys.get_level_values("project")) * len(metrics))
    order = np.arange(len(table)).reshape(len(metrics), rows).T.ravel()
    table = table.iloc[order].reset_index(drop=True).astype({"project": TEXT, "environment": TEXT})
    table.attrs = windows
    return table


def _window(counts: Requests) -> list[str]:
    return [counts.index[0].isoformat(), (counts.index[-1] + pd.Timedelta(counts.bucket_seconds, unit="s")).isoformat()]


def _share(
    old: Requests,
    new: Requests,
    pick_old: Any,
    pick_new: Any,
    statuses: tuple[str, ...],
    confidence: float,
    metric: str,
) -> pd.DataFrame:
    a = _pick(intervals.share(old.of(statuses), old.count, confidence=confidence), pick_old)
    b = _pick(intervals.share(new.of(statuses), new.count, confidence=confidence), pick_new)
    z = intervals.z_of(confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = b.value - a.value
        low = difference - np.sqrt((b.value - b.low) ** 2 + (a.high - a.value) ** 2)
        high = difference + np.sqrt((b.high - b.value) ** 2 + (a.value - a.low) ** 2)
        hits_a, hits_b = a.value * a.effective, b.value * b.effective
        log_spread = np.sqrt((1 - a.value) / (hits_a + 0.5) + (1 - b.value) / (hits_b + 0.5))
        log_ratio = np.log((hits_b + 0.5) / (b.effective + 0.5)) - np.log((hits_a + 0.5) / (a.effective + 0.5))
        ratio = np.where(a.value > 0, b.value / a.value, np.nan)
        middle = np.where(np.isfinite(ratio) & (ratio > 0), np.log(ratio), log_ratio)
    return _table(
        metric,
        before=100 * a.value,
        after=100 * b.value,
        difference=100 * difference,
        low=100 * low,
        high=100 * high,
        ratio=ratio,
        ratio_low=np.exp(middle - z * log_spread),
        ratio_high=np.exp(middle + z * log_spread),
        p_value=_same_share(hits_a, a.effective, hits_b, b.effective),
    )


def _same_share(hits_a: Floats, of_a: Floats, hits_b: Floats, of_b: Floats) -> Floats:
    """Two-sided mid-p of one share behind both, given all hits: exact for few, the usual test for many.

    The rarer side of the share is counted, and counts need not be whole.
    """
    from scipy.special import betainc

    common = hits_a + hits_b > 0.5 * (of_a + of_b)
    first = np.where(common, of_a - hits_a, hits_a)
    second = np.where(common, of_b - hits_b, hits_b)
    known = np.isfinite(first) & np.isfinite(second) & (of_a > 0) & (of_b > 0)
    first, second = np.where(known, first, 0.0), np.where(known, second, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(known, of_b / (of_a + of_b), 0.5)
    at_least = np.where(second > 0, betainc(np.maximum(second, 1e-9), first + 1, part), 1.0)
    at_most = np.where(first > 0, betainc(np.maximum(first, 1e-9), second + 1, 1 - part), 1.0)
    half = np.maximum(at_least + at_most - 1, 0.0) / 2
    return np.where(known, np.clip(2 * (np.minimum(at_least, at_most) - half), 0.0, 1.0), np.nan)


def _rpm(old: Requests, new: Requests, pick_old: Any, pick_new: Any, confidence: float) -> pd.DataFrame:
    mean_a, error_a, freedom_a = _mean(old, pick_old)
    mean_b, error_b, freedom_b = _mean(new, pick_new)
    from scipy.special import stdtr, stdtrit

    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(error_a**2 + error_b**2)
        freedom = spread**4 / (error_a**4 / freedom_a + error_b**4 / freedom_b)  # Welch
        freedom = np.where(np.isfinite(freedom), freedom, 1e9)
        t = stdtrit(freedom, 0.5 + confidence / 2)
        difference = mean_b - mean_a
        # a constant series has no spread, and then any difference is a change
        score = np.where(spread > 0, difference / spread, np.where(difference == 0, 0.0, np.inf * np.sign(difference)))
        ratio = np.where(mean_a > 0, mean_b / mean_a, np.nan)
        log_spread = np.sqrt((error_a / mean_a) ** 2 + (error_b / mean_b) ** 2)
        middle = np.log(np.where(ratio > 0, ratio, np.nan))
    return _table(
        "rpm",
        before=mean_a,
        after=mean_b,
        difference=difference,
        low=difference - t * spread,
        high=difference + t * spread,
        ratio=ratio,
        ratio_low=np.exp(middle - t * log_spread),
        ratio_high=np.exp(middle + t * log_spread),
        p_value=2 * stdtr(freedom, -np.abs(score)),
    )


def _mean(counts: Requests, pick: Any) -> tuple[Floats, Floats, Floats]:
    """Mean requests per minute, its standard error from the means of stretches, and degrees of freedom."""
    minutes, _ = per_minute(counts)
    minutes = np.atleast_2d(minutes)
    edges = intervals.stretches(minutes.shape[-1])
    observed = np.isfinite(minutes)
    counts_observed = np.add.reduceat(observed.astype(np.float64), edges, axis=-1)
    sums = np.add.reduceat(np.where(observed, minutes, 0.0), edges, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = sums.sum(axis=-1) / counts_observed.sum(axis=-1)
        filled = (counts_observed > 0).sum(axis=-1)
        residual = sums - mean[:, None] * counts_observed
        between = intervals.long_run(residual) * filled / np.maximum(filled - 1, 1)
        # no fewer than Poisson variation of the counts, so that a short quiet window is not taken for certainty
        width = counts.bucket_seconds
        poisson = sums.sum(axis=-1) * 60 / max(width, minute_of(width) * width if width else 60)
        error = np.sqrt(np.maximum(between, poisson)) / counts_observed.sum(axis=-1)
    picked_mean = np.where(pick >= 0, mean[pick], np.nan)
    return picked_mean, np.where(pick >= 0, error[pick], np.nan), np.maximum(filled[pick] - 1.0, 1.0)


def _pick(shares: intervals.Share, pick: Any) -> intervals.Share:
    def take(values: Floats) -> Floats:
        flat = np.atleast_1d(values)
        return np.where(pick >= 0, flat[pick], np.nan)

    return intervals.Share(
        take(shares.value), take(shares.low), take(shares.high), take(shares.requests), take(shares.effective)
    )


def _table(metric: str, **columns: Floats) -> pd.DataFrame:
    length = len(columns["before"])
    return pd.DataFrame({"metric": pd.array([metric] * length, dtype=TEXT), **columns})


def _holm(p_values: Floats) -> Floats:
    """Holm's step-down adjustment; NaN stays NaN and is not counted."""
    known = np.flatnonzero(np.isfinite(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    steps = p_values[order] * np.arange(len(order), 0, -1)
    adjusted = p_values.copy()
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted
