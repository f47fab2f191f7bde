"""Alerts on the rate at which an error budget burns: several windows, several rates.

A burn rate of 1 spends the budget `1 − target` exactly by the end of the SLO's window; 14.4 spends 2 % of a 30-day
budget in an hour. An alert fires while both a long window (enough was spent to matter) and a short one, a twelfth as
long (it is still going on), burn faster than its factor. Source: Google, *The Site Reliability Workbook*, chapter 5,
"Alerting on SLOs", method 6; percentages and windows of the four rows as sloth has them for 28 and 30 days.

`factor = share of the budget × window / long window`: 14.4, 6, 3, 1 for 30 days and 13.44, 5.6, 2.8, 0.933 for 28.

Two additions to the book, both for what it leaves open:

* Low traffic. At one request a minute a single error burns 17 times too fast, and a healthy service pages 20 times a
  month. With a guard, a row fires only if so many errors would be improbable at the budget's own error rate: the exact
  binomial tail over the long window must lie below `guard`. And since errors come whole, the long window's errors are
  held against the threshold rounded to the nearest whole error instead of up, which takes a minute off the delay at
  five requests a minute and changes nothing at a hundred. A ticket wakes nobody and is believed a hundred times sooner.
* Young environments. A window that reaches back before the first data, or of which less than 90 % has data, says
  nothing, so a ticket over three days can first fire after three days. While a series has no data at all, an alert
  stays as it was.

Measured, pages in 30 days of a healthy service (0.05 % errors against 0.1 %): 0.02 at one request a minute, 0.05 at
two and five, none at twenty or more; without the guard 21.6 at one. Of 100 young healthy environments none alerts in
its first three days. An outage of 10 % is paged after 8 to 9 minutes (median) from five requests a minute up, one of
100 % after 1 minute, after 3 at one request a minute (1 without the guard). What the guard costs is the ticket for a
slow burn: at twice the budget it comes after 36 hours instead of 24 at twenty requests a minute, after 29 at a hundred.
`benchmarks/statistics/RESULTS.md`, section Burn-rate alerts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from createos_nb.analysis.objectives.burn_table import Threshold, thresholds
from createos_nb.analysis.objectives.windows import Trailing, trailing
from createos_nb.analysis.validation import (
    Bools,
    Floats,
    Ints,
    Requests,
    live_versions,
    requests,
    status_classes,
    utc_index,
)
from createos_nb.dtypes import TEXT
from createos_nb.times import format_duration, whole_seconds

GUARD = 3e-4
"""Binomial tail below which a page is believed."""

TICKETS = 100
"""A ticket wakes nobody, so it is believed at a tail so many times as large."""

ENOUGH = 0.9
"""Share of a window that needs data."""

_PLACE = ("project", "environment")


def burn_alerts(
    frame: pd.DataFrame,
    *,
    target: float = 0.999,
    window: str | pd.Timedelta = "30d",
    errors: str | Sequence[str] = ("5xx",),
    guard: float | None = GUARD,
) -> pd.DataFrame:
    """Return the times at which each alert of the table would have fired, and for how long.

    Windows are rounded up to whole buckets; a row whose long window is shorter than one bucket can't be judged and is
    named in `attrs["skipped"]`.

    Args:
        frame: requests over time of one environment or of a fleet.
        target: share of the requests that should not be errors, between 0 and 1.
        window: length of the SLO's window, such as "30d".
        errors: the status classes that spend the budget: `"5xx"`, or `("4xx", "5xx")`.
        guard: the largest binomial tail at which a page is believed, a ticket at a hundred times as much; None is the
            plain table.

    Returns:
        One row per onset, in order of time, for a fleet by environment first. Columns: `alert`, `severity`, `factor`,
        `onset` and `end` (UTC: the end of the bucket that decided it, since it can't be known sooner; `end` is NaT
        while the alert still fires), `duration` (Timedelta, up to the end of the data while it fires), `firing`,
        `burn_rate` (highest of the long window during the alert), `errors` and `requests` (Int64, in the long window at
        the onset).

    Raises:
        FrameError: the frame can't be read as requests.
        ValueError: `target` or `window` is out of range.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-6h")
        >>> alerts = createos_nb.analysis.burn_alerts(requests)
        >>> alerts[["alert", "firing"]].values.tolist()
        [['page 1h/5m', True]]
    """
    statuses = status_classes(errors)
    counts = requests(frame, columns=("count", *(f"status_{status}" for status in statuses)), fleet=True)
    rows = thresholds(target, whole_seconds(window, name="window"))
    sums = trailing(counts, statuses)
    evaluated = [row for row in rows if counts.bucket_seconds <= row.long] if len(counts.index) else []
    episodes = [_episodes(counts, sums, row, target, guard) for row in evaluated]
    table = _table(counts, evaluated, episodes)
    table.attrs = {
        "target": target,
        "window_seconds": whole_seconds(window, name="window"),
        "guard": guard,
        "errors": list(statuses),
        "skipped": [row.name for row in rows if row not in evaluated],
    }
    return table


def burn_rates(
    frame: pd.DataFrame,
    *,
    target: float = 0.999,
    window: str | pd.Timedelta = "30d",
    errors: str | Sequence[str] = ("5xx",),
) -> pd.DataFrame:
    """Return the burn rate of every window of the alert table over time, for one environment.

    Args:
        frame: requests over time of one environment.
        target: share of the requests that should not be errors, between 0 and 1.
        window: length of the SLO's window, such as "30d".
        errors: the status classes that spend the budget: `"5xx"`, or `("4xx", "5xx")`.

    Returns:
        A frame indexed by `time` (starts of buckets; the rate is that at the bucket's end), one column (float) per
        window such as `"5m"`, the shortest first. 1 is a pace that spends the budget exactly; NaN without requests, and
        where the window reaches back before the first data or has gaps.

    Raises:
        FrameError: the frame can't be read as requests.
        ValueError: `target` or `window` is out of range.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-6h")
        >>> rates = createos_nb.analysis.burn_rates(requests)
        >>> list(rates.columns)
        ['5m', '30m', '1h', '2h', '6h', '1d', '3d']
        >>> bool(rates["1h"].iloc[-1] > 14.4)
        True
    """
    statuses = status_classes(errors)
    counts = requests(frame, columns=("count", *(f"status_{status}" for status in statuses)))
    sums = trailing(counts, statuses)
    widths = sorted(
        {width for row in thresholds(target, whole_seconds(window, name="window")) for width in (row.long, row.short)}
    )
    table = {}
    for width in widths:
        buckets = _buckets(width, counts.bucket_seconds)
        of, bad = sums.sums(buckets)
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = bad / of / (1 - target)
        table[format_duration(width)] = np.where(sums.is_covered(buckets, share=ENOUGH) & (of > 0), rate, np.nan)
    rates = pd.DataFrame(table, index=counts.index)
    rates.attrs = {"target": target, "bucket_seconds": counts.bucket_seconds, **live_versions(frame)}
    return rates


@dataclass(frozen=True, eq=False)
class _Episodes:
    """Alerts of one row of the table, as positions in the grid: first bucket that fires, first that does not."""

    environment: Ints
    onset: Ints
    end: Ints
    peak: Floats
    errors: Floats
    requests: Floats


def _episodes(counts: Requests, sums: Trailing, row: Threshold, target: float, guard: float | None) -> _Episodes:
    long, short = _buckets(row.long, counts.bucket_seconds), _buckets(row.short, counts.bucket_seconds)
    limit = row.factor * (1 - target)
    spare = 0.0 if guard is None else 0.5
    environment, position = sums.over_limit(long, limit, spare)
    # burning is rare: from here on only the positions that may burn are looked at
    of, bad = sums.at(environment, position, long)
    firing = (bad > 0) & (bad + spare > limit * of) & sums.is_covered_at(environment, position, long, share=ENOUGH)
    recent, recent_bad = sums.at(environment, position, short)
    firing &= recent_bad > limit * recent
    if guard is not None:
        candidates = np.flatnonzero(firing)
        significance = guard if row.severity == "page" else guard * TICKETS
        firing[candidates] = _improbable(bad[candidates], of[candidates], 1 - target, significance)
    environment, position = environment[firing], position[firing]
    if sums.has_data is not None:
        environment, position = _carry_forward(environment, position, np.atleast_2d(sums.has_data))
    if not len(position):
        none, nothing = np.zeros(0, dtype=np.int64), np.zeros(0)
        return _Episodes(none, none, none, nothing, nothing, nothing)
    of, bad = sums.at(environment, position, long)
    first = np.flatnonzero((np.diff(position, prepend=-2) != 1) | (np.diff(environment, prepend=-1) != 0))
    last = np.append(first[1:], len(position)) - 1
    rate = bad / np.maximum(of, 1) / (1 - target)
    if sums.has_data is not None:
        # while there is no data the alert stays as it was, and its rate is none that was seen
        rate = np.where(np.atleast_2d(sums.has_data)[environment, position], rate, 0.0)
    return _Episodes(
        environment=environment[first],
        onset=position[first],
        end=position[last] + 1,
        peak=np.maximum.reduceat(rate, first),
        errors=bad[first],
        requests=of[first],
    )


def _improbable(errors: Floats, of: Floats, rate: float, significance: float) -> Bools:
    """Return where P(so many errors or more among `of` independent requests at rate `rate`) is below `significance`.

    Exact; but where Chernoff's bound (1952) lies below already, that settles it at a tenth of the time.
    """
    from scipy.special import betainc, xlogy

    with np.errstate(divide="ignore", invalid="ignore"):
        share = errors / of
        bound = -of * (xlogy(share, share / rate) + xlogy(1 - share, (1 - share) / (1 - rate)))
    improbable = np.asarray((share > rate) & (bound < np.log(significance)))
    open_yet = np.flatnonzero(~improbable)
    errors, of = errors[open_yet], of[open_yet]
    improbable[open_yet] = betainc(errors, of - errors + 1, rate) < significance
    return improbable


def _carry_forward(environment: Ints, position: Ints, observed: Bools) -> tuple[Ints, Ints]:
    """Give buckets without data the state of the last bucket with data."""
    firing = np.zeros(observed.shape, dtype=np.bool_)
    firing[environment, position] = True
    last = np.maximum.accumulate(np.where(observed, np.arange(observed.shape[-1]), 0), axis=-1)
    held_environment, held_position = np.nonzero(np.take_along_axis(firing & observed, last, axis=-1))
    return held_environment, held_position


def _table(counts: Requests, rows: Sequence[Threshold], episodes: Sequence[_Episodes]) -> pd.DataFrame:
    def joined(name: str, dtype: Any) -> Any:
        return np.concatenate([np.zeros(0, dtype), *(getattr(episode, name) for episode in episodes)]).astype(dtype)

    environment, onset, end = (joined(name, np.int64) for name in ("environment", "onset", "end"))
    which = np.repeat(np.arange(len(rows)), [len(episode.onset) for episode in episodes])
    order = np.lexsort((which, onset, environment))
    environment, onset, end, which = environment[order], onset[order], end[order], which[order]
    fired = [rows[int(at)] for at in which]
    width = counts.bucket_seconds * 1_000_000
    first = counts.index.asi8[0] if len(counts.index) else 0
    firing = end == len(counts.index)
    started = first + (onset + 1) * width
    # the first bucket that no longer fires decides the end, and is known at its own end
    ended = first + (end + np.where(firing, 0, 1)) * width
    keys = {}
    if counts.environments is not None:
        keys = {name: counts.environments.get_level_values(name).take(environment) for name in _PLACE}
    return pd.DataFrame(
        {
            **keys,
            "alert": pd.array([row.name for row in fired], dtype=TEXT),
            "severity": pd.array([row.severity for row in fired], dtype=TEXT),
            "factor": np.array([row.factor for row in fired], dtype=np.float64),
            "onset": utc_index(started),
            "end": utc_index(np.where(firing, np.iinfo(np.int64).min, ended)),
            "duration": pd.to_timedelta(ended - started, unit="us").as_unit("us"),
            "firing": firing,
            "burn_rate": joined("peak", np.float64)[order],
            "errors": pd.array(joined("errors", np.int64)[order], dtype="Int64"),
            "requests": pd.array(joined("requests", np.int64)[order], dtype="Int64"),
        }
    )


def _buckets(seconds: int, bucket_seconds: int) -> int:
    return max(-(-seconds // max(bucket_seconds, 1)), 1)
