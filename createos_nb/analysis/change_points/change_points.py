"""Change points: when did the error rate, or the level of a series, become another, and since when is it known?

Method: the e-detector of Shiryaev and Roberts (Shin, Ramdas and Rinaldo 2023, "E-detectors"). An e-process against
"nothing changed" begins at every possible onset, `R_t = (1 + R_{t−1}) · L_t`, where `L_t` has an expectation of at
most 1 while nothing changes. An alarm at `R ≥ A` comes on average no sooner than after A buckets of health: false
alarms are rationed by the average run length `arl` (30 days by default), however often one looks.

Error rates: L is the likelihood ratio of an error rate r times the upper (for recoveries: lower) confidence bound of
the rate since the last change, mixed over r from 1.5 to 40 (0.7 to 0.03). Overdispersed errors would raise it too
easily, so the errors of a bucket are negative binomial, with the variance that the buckets before had; with none beyond
Poisson's it is `L = exp(e·ln r − n·u·(r − 1))` for e errors among n requests and the bound u.

After an alarm everything begins anew at the most likely onset. Nothing is found in the first 30 buckets of a stretch.
Measured: 0.05 to 0.55 false alarms in 30 days, where 1 is promised, also with overdispersed errors; five times the
errors are known after 598, 709 and 1,182 requests (median) at 20, 100 and 600 a minute.

Any other series: a stretch is a straight line with noise about it, and a change is another level, a jump of the line or
a bend of it (`level_changes`), known from the rows up to then alone. Noise may have any distribution, the memory of an
AR(1), and a season that repeats itself. Nothing is found in the first 12 rows of a stretch. What lasts one row is an
outlier; of excursions of two rows by 20 standard deviations one in 25 passed for a change. That `arl` holds is
measured, not proved: one false alarm in 240,000 rows of eight kinds of noise. It does not hold for a sum of slow and
quick noise, with 21 in 30,000 rows. On 192 annotated series of sixteen natures F1 is .793 and covering .771 (never:
.664 and .593; segments of least squares: .688 and .693); series that wander are divided hardly better than by never.
1,000 rows take about 0.15 s, 10,000 0.6 s and 100,000 3 s of processor time.
See `benchmarks/statistics/RESULTS.md`, section Change points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from createos_nb.analysis.change_points.level_changes import level_changes
from createos_nb.analysis.validation import (
    COUNTS,
    Floats,
    FrameError,
    Requests,
    numbers,
    requests,
    status_classes,
    utc_index,
)
from createos_nb.times import whole_seconds

REQUESTS_RUN = "30d"
"""Average run length of requests."""
SERIES_RUN = 43_200.0
"""Average run length of a series, in rows."""
LEARN = 30
"""Buckets with data before a stretch is judged."""

_UP = np.array([1.5, 2, 3, 5, 8, 12, 20, 40])
_DOWN = np.array([0.7, 0.5, 0.3, 0.1, 0.03])
_FIRST_LOOK = 4096


@dataclass(frozen=True)
class _Change:
    """Positions in the grid: the first bucket of the new stretch, and the one at whose end it was known."""

    onset: int
    known: int
    up: bool
    log_evidence: float


def change_points(
    data: pd.DataFrame | pd.Series[Any],
    *,
    errors: str | Sequence[str] = ("5xx",),
    arl: str | pd.Timedelta | int | None = None,
) -> pd.DataFrame:
    """Return every change of the error rate of a requests frame, or of the level of a numeric series.

    Args:
        data: requests over time of one environment or of a fleet, or a numeric Series; missing rows are skipped.
        errors: the status classes that are errors, such as "5xx"; for requests only.
        arl: the average time between false alarms on data that never changes (average run length): a duration, or a
            number of buckets or rows. By default 30 days for requests, and 43,200 rows (30 days of minutes) for a
            series, whatever its times. In a series without times a row stands for a minute.

    Returns:
        One row per change. For requests: `onset` (UTC, start of the first bucket of the new stretch), `known` (end of
        the bucket that decided it), `before` and `after` (error percentage of the stretches on both sides, each up to
        the next change), `ratio` (after / before, inf from zero), `requests` (Int64, between onset and decision) and
        `evidence` (log10 of R); a fleet has columns `project`, `environment` first; `attrs["errors"]` names the classes
        that were judged. For a series: `onset`, `known` (labels of its index), `before`, `after` (means), `difference`,
        `rows` (between onset and decision) and `evidence` (−log10 p).

    Raises:
        FrameError: it is neither a Series nor a requests frame, or can't be read.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-3h")
        >>> changes = createos_nb.analysis.change_points(requests)
        >>> changes["onset"].astype("str").tolist()
        ['2026-03-04 13:19:00+00:00']
    """
    if isinstance(data, pd.DataFrame) and "count" in data.columns:
        return _of_requests(data, status_classes(errors), arl)
    if isinstance(data, pd.DataFrame):
        raise FrameError(
            f"change points are found in a Series, or in a requests frame with the columns {', '.join(COUNTS)}; "
            f"this frame has {', '.join(map(str, data.columns)) or 'none'}"
        )
    if not isinstance(data, pd.Series):
        raise FrameError(f"change points are found in a Series or a DataFrame, not in {type(data).__name__}")
    return _of_series(data, arl)


def _of_requests(frame: pd.DataFrame, statuses: tuple[str, ...], arl: str | pd.Timedelta | int | None) -> pd.DataFrame:
    counts = requests(frame, columns=("count", *(f"status_{status}" for status in statuses)), fleet=True)
    run = _run_length(REQUESTS_RUN if arl is None else arl, counts.bucket_seconds)
    all_requests = np.atleast_2d(np.where(counts.observed, counts.count, 0.0))
    all_errors = np.atleast_2d(np.where(counts.observed, counts.errors(statuses), 0.0))
    rows: list[dict[str, Any]] = []
    for number, (of, bad) in enumerate(zip(all_requests, all_errors, strict=True)):

        def e_process(first: int, last: int, of: Floats = of, bad: Floats = bad) -> LogEValues:
            return _error_e_values(bad[first:last], of[first:last])

        changes = _scan(len(of), e_process, run)
        edges = [0, *(change.onset for change in changes), len(of)]
        rates = [_share(bad[a:b], of[a:b]) for a, b in pairwise(edges)]
        for position, change in enumerate(changes):
            before, after = rates[position], rates[position + 1]
            rows.append(
                {
                    "environment": number,
                    "onset": change.onset,
                    "known": change.known,
                    "before": 100 * before,
                    "after": 100 * after,
                    "ratio": after / before if before > 0 else np.inf,
                    "requests": round(float(of[change.onset : change.known + 1].sum())),
                    "evidence": change.log_evidence / np.log(10),
                }
            )
    table = _request_table(rows, counts)
    table.attrs["errors"] = [*statuses]
    return table


def _request_table(rows: list[dict[str, Any]], counts: Requests) -> pd.DataFrame:
    names = ["environment", "onset", "known", "before", "after", "ratio", "requests", "evidence"]
    table = pd.DataFrame(rows, columns=names)
    first = int(counts.index.asi8[0]) if len(counts.index) else 0
    width = counts.bucket_seconds * 1_000_000
    which = table.pop("environment").to_numpy(dtype=np.int64)
    table["onset"] = utc_index(first + table["onset"].to_numpy(dtype=np.int64) * width)
    table["known"] = utc_index(first + (table["known"].to_numpy(dtype=np.int64) + 1) * width)
    table = table.astype({"before": "float64", "after": "float64", "ratio": "float64", "evidence": "float64"})
    table["requests"] = table["requests"].astype("Int64")
    if counts.environments is not None:
        for level in ("environment", "project"):
            table.insert(0, level, counts.environments.get_level_values(level).take(which))
    return table


def _of_series(series: pd.Series[Any], arl: str | pd.Timedelta | int | None) -> pd.DataFrame:
    values = numbers(series, name="the series")
    finite = np.flatnonzero(np.isfinite(values))
    values = values[finite]
    step = 60
    if isinstance(series.index, pd.DatetimeIndex) and len(series) > 1:
        micros = np.diff(series.index.as_unit("us").asi8)
        if (micros < 0).any():
            raise FrameError("the index of the series must rise")
        step = max(int(np.median(micros)) // 1_000_000, 1)
    changes = level_changes(values, SERIES_RUN if arl is None else _run_length(arl, step))
    edges = [0, *(change.onset for change in changes), len(values)]
    means = [float(np.mean(values[a:b])) for a, b in pairwise(edges)] if len(values) else []
    index = series.index.take(finite)
    return pd.DataFrame(
        {
            "onset": index.take([change.onset for change in changes]),
            "known": index.take([change.known for change in changes]),
            "before": np.array(means[: len(changes)], dtype=np.float64),
            "after": np.array(means[1 : len(changes) + 1], dtype=np.float64),
            "difference": np.diff(np.array(means, dtype=np.float64)) if len(means) > 1 else np.zeros(0),
            "rows": np.array([change.known - change.onset + 1 for change in changes], dtype=np.int64),
            "evidence": np.array([change.log_evidence / np.log(10) for change in changes], dtype=np.float64),
        }
    )


LogEValues = tuple[Floats, Floats]
"""ln L upwards and downwards, each of shape (betting fractions, buckets); 0 while learning."""


def _scan(length: int, e_process: Callable[[int, int], LogEValues], run: float) -> list[_Change]:
    """All changes in turn: each look begins at the last onset and doubles its length until it finds one.

    `e_process` takes the beginning and the end of the stretch that it is for.
    """
    changes: list[_Change] = []
    begin = known = 0
    while begin < length:
        reach = _FIRST_LOOK
        change = None
        while change is None:
            end = min(begin + reach, length)
            change = _first_alarm(e_process(begin, end), begin, known, run)
            if change is None and end == length:
                return changes
            reach *= 2
        changes.append(change)
        begin, known = max(change.onset, begin + 1), change.known + 1
    return changes


def _first_alarm(e_process: LogEValues, begin: int, known: int, run: float) -> _Change | None:
    earliest: _Change | None = None
    for up, logs in zip((True, False), e_process, strict=True):
        sums = np.cumsum(logs, axis=1)
        before = np.concatenate([np.zeros((len(sums), 1)), sums[:, :-1]], axis=1)
        # R_t = Σ_s exp(S_t − S_{s−1}), so that the recursion is one cumulative sum of exponentials
        each = sums + np.logaddexp.accumulate(-before, axis=1)
        total = np.logaddexp.reduce(each, axis=0) - np.log(len(each))
        # two directions share the run length
        alarms = np.flatnonzero(total[max(known - begin, 0) :] >= np.log(2 * run))
        if not len(alarms):
            continue
        at = int(alarms[0]) + max(known - begin, 0)
        if earliest is not None and begin + at >= earliest.known:
            continue
        fraction = int(each[:, at].argmax())
        # the last of equal minima: while learning all sums are 0
        onset = at - int(before[fraction, at::-1].argmin())
        earliest = _Change(begin + onset, begin + at, up, float(total[at]))
    return earliest


def _error_e_values(bad: Floats, of: Floats) -> LogEValues:
    """Return ln L of every bucket against the bounds of the error rate in the buckets before it."""
    past_bad, past_of, observed = _before(bad), _before(of), _before((of > 0).astype(np.float64))
    squares = _before(np.divide(bad * bad, of, out=np.zeros_like(bad), where=of > 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        # Pearson's χ² of the buckets so far over their number, from cumulative sums
        dispersion = np.where(
            past_bad > 0, (squares * past_of / past_bad - past_bad) / np.maximum(observed - 1, 1), 1.0
        )
        dispersion = np.maximum((dispersion * observed + LEARN) / (observed + LEARN), 1.0)
        upper = _gamma_quantile(past_bad / dispersion + 1, 1.96) * dispersion / past_of
        lower = _gamma_quantile(past_bad / dispersion, -1.96) * dispersion / past_of
        kappa = np.maximum(dispersion - 1, 1e-6) / np.maximum(past_bad / observed, 1e-6)
    learned = observed >= LEARN
    high, low = of * np.where(learned, upper, 0.0), of * np.where(learned, lower, 0.0)
    kappa = np.where(learned, np.clip(kappa, 1e-9, 1e9), 1.0)
    return _ratios(bad, high, kappa, _UP) * learned, _ratios(bad, low, kappa, _DOWN) * learned


def _ratios(bad: Floats, mean: Floats, kappa: Floats, factors: Floats) -> Floats:
    """Return ln of the likelihood ratio of a mean `factors` times as large, for counts with variance m + κ m²."""
    usual = np.log1p(kappa * mean)
    changed = np.log1p(factors[:, None] * (kappa * mean))
    return (np.log(factors)[:, None] + usual - changed) * bad - (changed - usual) / kappa


def _before(values: Floats) -> Floats:
    """Sums of all rows before."""
    sums = np.cumsum(values)
    return np.concatenate([[0.0], sums[:-1]]) if len(sums) else sums


def _gamma_quantile(shape: Floats, z: float) -> Floats:
    """Quantile of a gamma distribution (Wilson and Hilferty's cube), 0 for a shape of none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        cube = np.maximum(1 - 1 / (9 * shape) + z / (3 * np.sqrt(shape)), 0) ** 3
    return np.where(shape > 0, shape * cube, 0.0)


def _share(bad: Floats, of: Floats) -> float:
    total = float(of.sum())
    return float(bad.sum()) / total if total else float("nan")


def _run_length(arl: str | pd.Timedelta | int, step: int) -> float:
    """The average run length in buckets."""
    if isinstance(arl, (int, np.integer)) and not isinstance(arl, bool):
        buckets = float(arl)
    else:
        buckets = whole_seconds(arl, name="arl") / max(step, 1)
    if buckets < 10:
        raise ValueError(f"arl={arl!r} is less than ten buckets")
    return buckets
