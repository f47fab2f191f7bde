"""Anomalies: what is unusual in a series, said while it happens.

Every row is judged from the rows before it alone, so the answer for yesterday does not change tomorrow, and a stream
can be judged row by row (:class:`AnomalyDetector`).

Two models. Requests are counts, and are judged as counts: volume against its day and week in both directions, errors
against their usual share (`count_surprise`). Any other numeric series is judged by its own past without a model of its
noise (`surprise`).

Measured on labelled series of nine kinds, scored as the Numenta benchmark scores: 74.5 of 100 (72.9 for `anomaly` as
it is), where relative entropy reaches 54.4, nearest neighbours 47.2 and a windowed Gaussian 35.2. On requests: at 20
and more a minute every outage, surge and burst of errors is found, within 1 to 4 minutes (median), with 0.02 to 0.13
false alarms a day. `benchmarks/statistics/RESULTS.md`, section Anomalies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from createos_nb.analysis.checks import (
    COUNTS,
    Floats,
    FrameError,
    Ints,
    Requests,
    numbers,
    requests,
    status_classes,
    utc_index,
)
from createos_nb.analysis.pieces import seconds_of
from createos_nb.analysis.unusual import count_surprise
from createos_nb.analysis.unusual.forecasts import DAYS, Clock, clock
from createos_nb.analysis.unusual.surprise import quiet_rows, surprise
from createos_nb.analysis.unusual.tails import PAST

SERIES_ALARM = 4.0
"""Evidence (−log10 p) that is an anomaly in a series of any kind."""
REQUESTS_ALARM = 5.0
"""The same for requests and errors, whose noise is known better and which are looked at every minute."""

Season = str | pd.Timedelta | int | None


def anomalies(
    data: pd.Series[Any] | pd.DataFrame,
    *,
    errors: str | Sequence[str] = ("5xx",),
    season: Season = "auto",
    alarm: float | None = None,
) -> pd.DataFrame:
    """Score every row between 0 and 1, and say which are anomalies.

    `data` is a numeric Series (or a frame with a single numeric column), or a requests frame of one environment or of a
    fleet. Missing values are allowed and never anomalous.

    For a series: columns `value`, `expected`, `low`, `high` (the band within which a single value is no anomaly; NaN
    while learning), `score`, `anomaly` (bool), indexed like the series.

    For requests: `count`, `expected`, `low`, `high`, `volume_score`; `errors`, `errors_expected`, `errors_high`,
    `error_score`; `score` (the larger of both), `anomaly` (bool) and `what` ("fewer requests", "more requests", "more
    errors", or both; empty without an anomaly). Indexed by `time`; a fleet has columns `project`, `environment`,
    `time`. `errors` names the status classes that are errors.

    `score` is 1 − 2^(−evidence / alarm), so an anomaly is a score of at least one half. An incident is told once, at
    the row where it can first be known, and again only if its evidence doubles: the rows that follow have
    score 0. `season` is what a series repeats itself by: a day if it has times, else nothing; a Timedelta, a text such
    as "12h", a number of rows, or None. `alarm` is the evidence −log10 p of an anomaly, 4 for series and 5 for requests
    by default: each step of 1 makes alarms about five times rarer.

    The first 60 rows are for learning. A daily shape is used from the second day on, a weekly one from the second week.
    """
    if isinstance(data, pd.DataFrame):
        named = [str(column) for column in data.columns]
        if "count" in named and any(column in named for column in COUNTS[1:]):
            return _of_requests(data, errors, alarm if alarm is not None else REQUESTS_ALARM)
        data = _only_column(data)
    if not isinstance(data, pd.Series):
        raise FrameError(f"anomalies are found in a Series or a DataFrame, not in {type(data).__name__}")
    return _of_series(data, season, alarm if alarm is not None else SERIES_ALARM)


class AnomalyDetector:
    """The same judgement on a stream: give it rows as they come, get them back with their scores.

    It remembers as many rows as the judgement looks back on (three weeks and 7,000 rows, or 8,000 rows without a
    season), so its memory does not grow. Until that many rows have passed, the answers are those of
    :func:`anomalies` over the whole stream; afterwards the tails are renewed at other rows and may differ in the
    second digit. An update takes about 3 µs for each remembered row: rows that come in bunches are cheaper.
    """

    def __init__(
        self,
        *,
        errors: str | Sequence[str] = ("5xx",),
        season: Season = "auto",
        alarm: float | None = None,
    ) -> None:
        self._options: dict[str, Any] = {"errors": errors, "season": season, "alarm": alarm}
        self._kept: Any = None

    def update(self, rows: pd.Series[Any] | pd.DataFrame) -> pd.DataFrame:
        """Judge the next rows of the stream: a piece of the same series, or of the same environment's requests."""
        together = rows if self._kept is None else pd.concat([self._kept, rows])
        found = anomalies(together, **self._options).iloc[len(together) - len(rows) :]
        season = _season(together.index, self._options["season"])
        when = clock(_moments(together.index), season)
        self._kept = together.iloc[-((2 * DAYS + 7) * when.rows + PAST + 3_000) :]
        return found


def _of_series(series: pd.Series[Any], season: Season, alarm: float) -> pd.DataFrame:
    _check_alarm(alarm)
    values = numbers(series, name="the series")
    values = np.where(np.isfinite(values), values, np.nan)
    moments = _moments(series.index)
    length = _season(series.index, season)
    if (np.diff(moments) < 0).any():  # no clock to go by: the order of the rows is all there is
        moments, length = np.arange(len(values), dtype=np.int64), 0
    when = clock(moments, length)
    found = surprise(values, when, alarm=alarm)
    table = pd.DataFrame(
        {
            "value": values,
            "expected": found.expected,
            "low": found.low,
            "high": found.high,
            "score": _score(found.strength, alarm),
            "anomaly": found.strength >= alarm,
        },
        index=series.index,
    )
    table.attrs = {"alarm": alarm, "season_rows": when.rows, "quiet_rows": quiet_rows(when)}
    return table


def _of_requests(frame: pd.DataFrame, errors: str | Sequence[str], alarm: float) -> pd.DataFrame:
    _check_alarm(alarm)
    statuses = status_classes(errors)
    counts = requests(frame, columns=("count", *(f"status_{one}" for one in statuses)), fleet=True)
    count = np.where(counts.observed, counts.count, np.nan)
    failed = np.where(counts.observed, counts.errors(statuses), np.nan)
    day, hour, quiet = _buckets(counts.bucket_seconds)
    volume = count_surprise.volume_surprise(count, day=day, hour=hour, quiet=quiet, alarm=alarm)
    broken = count_surprise.error_surprise(failed, count, day=day, quiet=quiet, alarm=alarm)
    strange, failing = volume.strength >= alarm, broken.strength >= alarm
    columns: dict[str, Any] = {
        "count": count,
        "expected": volume.expected,
        "low": volume.low,
        "high": volume.high,
        "volume_score": _score(volume.strength, alarm),
        "errors": failed,
        "errors_expected": broken.expected,
        "errors_high": broken.high,
        "error_score": _score(broken.strength, alarm),
        "score": _score(np.maximum(volume.strength, broken.strength), alarm),
        "anomaly": strange | failing,
        "what": _named(strange, failing, volume.direction),
    }
    table = pd.DataFrame({name: np.asarray(values).ravel() for name, values in columns.items()})
    table["what"] = table["what"].astype("str")
    if counts.environments is None:
        table.index = counts.index
    else:
        _place(table, counts)
    table.attrs = {"alarm": alarm, "bucket_seconds": counts.bucket_seconds, "quiet_rows": quiet}
    return table


def _place(table: pd.DataFrame, counts: Requests) -> None:
    keys = counts.environments
    assert keys is not None
    length = len(counts.index)
    table.insert(0, "project", keys.get_level_values("project").repeat(length))
    table.insert(1, "environment", keys.get_level_values("environment").repeat(length))
    table.insert(2, "time", utc_index(np.tile(counts.index.asi8, len(keys))))


def _named(strange: Any, failing: Any, direction: Floats) -> Any:
    what = np.full(strange.shape, "", dtype=object)
    what[strange] = np.where(direction[strange] > 0, "more requests", "fewer requests")
    what[failing] = np.where(strange[failing], what[failing] + " and more errors", "more errors")
    return what


def _buckets(seconds: int) -> tuple[int, int, int]:
    """Buckets of a day (0 if they do not divide one), of an hour, and of the two hours for which an alarm speaks."""
    seconds = max(seconds, 1)
    day = 86_400 // seconds if 86_400 % seconds == 0 and seconds <= 21_600 else 0
    return day, int(np.clip(3_600 // seconds, 12, 120)), int(np.clip(7_200 // seconds, 12, 720))


def _score(strength: Floats, alarm: float) -> Floats:
    return np.asarray(1 - 0.5 ** (strength / alarm))


def _check_alarm(alarm: float) -> None:
    if not 1.5 <= alarm <= 300:
        raise ValueError(f"alarm is evidence −log10 p, from 1.5 to 300, not {alarm!r}")


def _only_column(frame: pd.DataFrame) -> pd.Series[Any]:
    numeric = [column for column in frame.columns if pd.api.types.is_numeric_dtype(frame[column].dtype)]
    if len(numeric) != 1:
        have = ", ".join(f"{column} ({frame[column].dtype})" for column in frame.columns) or "none"
        raise FrameError(
            f"anomalies are found in one numeric column, or in 'count' with the status columns; this frame has {have}: "
            "give one column, frame['…']"
        )
    return frame[numeric[0]]


def _moments(index: pd.Index[Any]) -> Ints:
    """Seconds of a time index, else row numbers."""
    if isinstance(index, pd.DatetimeIndex):
        if index.hasnans:
            raise FrameError(f"the index of the series has NaT at row {int(np.argmax(index.isna()))}")
        return np.asarray(index.as_unit("us").asi8 // 1_000_000)
    return np.arange(len(index), dtype=np.int64)


def _season(index: pd.Index[Any], season: Season) -> int:
    """The season in seconds for a time index, in rows for any other; 0 is none."""
    timed = isinstance(index, pd.DatetimeIndex)
    if season is None:
        return 0
    if isinstance(season, (int, np.integer)) and not isinstance(season, bool):
        if season < 4:
            raise ValueError(f"season has {season} rows; fewer than 4 are no season")
        return int(season) * (Clock.usual_step(_moments(index)) if timed else 1)
    if isinstance(season, str) and season == "auto":
        return 86_400 if timed else 0
    if not timed:
        raise ValueError(f"the series has no times, so season must be a number of rows, not {season!r}")
    return seconds_of(season, name="season")
