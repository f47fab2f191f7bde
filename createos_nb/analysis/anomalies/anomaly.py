"""Anomalies: what is unusual in a series, said while it happens.

Every row is judged from the rows before it alone, so the answer for yesterday does not change tomorrow, and a stream
can be judged row by row (:class:`AnomalyDetector`).

Two models. Requests are counts, and are judged as counts: volume against its day and week in both directions, errors
against their usual share (`count_surprise`). Any other numeric series is judged by its own past without a model of its
noise (`score_series`).

Measured on labelled series of nine kinds, scored as the Numenta benchmark scores: 75.7 of 100 (75.2 for `anomaly` as
it is), where relative entropy reaches 52.8 and a windowed Gaussian 36.5; on nine kinds that are restless 65.2 (63.7),
47.6 and 26.2. On requests: at 20 and more a minute every outage, surge and burst of errors is found, within 1 to 4
minutes (median), with 0.01 to 0.08 false alarms a day; with edges of the day, sudden weekends or a nightly job up to
0.7 in the two weeks in which these are learned, and up to 0.23 after them. `benchmarks/statistics/RESULTS.md`, section
Anomalies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from createos_nb.analysis.anomalies.request_anomalies import REQUESTS_ALARM, RequestsPast, judge_requests, judge_stream
from createos_nb.analysis.anomalies.series_anomalies import SERIES_ALARM, Season, SeriesPast, judge_series
from createos_nb.analysis.validation import COUNTS, FrameError


def anomalies(
    data: pd.Series[Any] | pd.DataFrame,
    *,
    errors: str | Sequence[str] = ("5xx",),
    season: Season = "auto",
    alarm: float | None = None,
) -> pd.DataFrame:
    """Score every row between 0 and 1, and say which are anomalies.

    The score is 1 − 2^(−evidence / alarm), so an anomaly is a score of at least one half. An incident is told once, at
    the row where it can first be known, and again only if its evidence doubles: whatever else is unusual scores as
    evidence of 1.5 (3 rows in 100) at most, so that every row has a score and an incident one alarm.

    The first 60 rows are for learning: they are scored by the rows before them, and no anomalies. A daily shape is used
    from the second day on, a weekly one from the second week.

    Args:
        data: a numeric Series (or a frame with a single numeric column), or requests over time of one environment or of
            a fleet. Missing values are allowed, have no score (NaN) and are no anomalies; times may be irregular, but
            must not fall.
        errors: the status classes that are errors, such as "5xx".
        season: what a series repeats itself by: "auto", a day if it has times, else nothing; a Timedelta, a text such
            as "12h", a number of rows, or None.
        alarm: evidence −log10 p of an anomaly, 4 for series and 5 for requests by default: each step of 1 makes alarms
            about five times rarer.

    Returns:
        For a series, a frame indexed like it: `value`, `expected`, `low`, `high` (the band within which a single value
        is no anomaly; NaN while learning), `score`, `anomaly` (bool). For requests, indexed by `time` (a fleet has
        columns `project`, `environment`, `time`): `count`, `expected`, `low`, `high`, `volume_score`; `errors`,
        `errors_expected`, `errors_high`, `error_score`; `score` (the larger of both), `anomaly` (bool) and `what`
        ("fewer requests", "more requests", "more errors", or both; empty without an anomaly).

    Raises:
        FrameError: there is no numeric column, or no single one; times fall; or the requests can't be read.
        ValueError: `alarm` is not between 1.5 and 300.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-3h")
        >>> table = createos_nb.analysis.anomalies(requests)
        >>> [(str(time)[11:16], what) for time, what in table.loc[table["anomaly"], "what"].items()]
        [('13:21', 'more errors'), ('13:34', 'more errors'), ('13:48', 'more errors')]
    """
    _check_alarm(alarm)
    if isinstance(data, pd.DataFrame) and _counts_requests(data):
        return judge_requests(data, errors=errors, alarm=REQUESTS_ALARM if alarm is None else alarm)
    return judge_series(_series(data), season=season, alarm=SERIES_ALARM if alarm is None else alarm)[0]


class AnomalyDetector:
    """The judgement of :func:`anomalies` on a stream: give it rows as they come, get them back with their scores.

    The answers are those of :func:`anomalies` over the whole stream, up to the rounding of sums; only `expected` may
    differ in the first 60 rows, where times are irregular: these tell the usual step.

    It remembers as many rows as the judgement looks back on, so its memory does not grow: 13,300 of a series without a
    season, 20,500 of a series and 15,000 of requests every five minutes, 54,000 and 50,800 every minute; less than a
    megabyte. An update takes about 1 µs for each remembered row: rows that come in bunches are cheaper.

    A requests bucket that is marked in `attrs["partial"]` is not judged. It may be given again once it is complete,
    and is judged then. Any other row that does not follow the rows before it is a :class:`FrameError`, and so is a
    fleet: keep a detector for each environment. After an error the stream goes on as if the rows had not come.

    Args:
        errors: the status classes that are errors, such as "5xx".
        season: what a series repeats itself by; as for :func:`anomalies`.
        alarm: evidence −log10 p of an anomaly; as for :func:`anomalies`.

    Raises:
        ValueError: `alarm` is not between 1.5 and 300.

    Examples:
        >>> detector = createos_nb.analysis.AnomalyDetector(season=None)
        >>> usual = pd.Series([float(10 + row % 3) for row in range(200)])
        >>> int(detector.update(usual)["anomaly"].sum())
        0
        >>> detector.update(pd.Series([90.0], index=[200]))["anomaly"].tolist()
        [True]
    """

    def __init__(
        self,
        *,
        errors: str | Sequence[str] = ("5xx",),
        season: Season = "auto",
        alarm: float | None = None,
    ) -> None:
        _check_alarm(alarm)
        self._errors, self._season, self._alarm = errors, season, alarm
        self._past: SeriesPast | RequestsPast | None = None

    def update(self, rows: pd.Series[Any] | pd.DataFrame) -> pd.DataFrame:
        """Judge the next rows of the stream.

        Args:
            rows: a piece of the same series, or of the same environment's requests, which follows the rows before it.

        Returns:
            These rows with their scores, as :func:`anomalies` returns them.

        Raises:
            FrameError: the rows do not follow those before them, are of another kind, or can't be read.

        Examples:
            >>> detector = createos_nb.analysis.AnomalyDetector(season=None)
            >>> list(detector.update(pd.Series([1.0, 2.0, 1.5])).columns)
            ['value', 'expected', 'low', 'high', 'score', 'anomaly']
        """
        if isinstance(rows, pd.DataFrame) and _counts_requests(rows):
            if isinstance(self._past, SeriesPast):
                raise FrameError("these rows are requests, and those before them were of a series")
            alarm = REQUESTS_ALARM if self._alarm is None else self._alarm
            table, self._past = judge_stream(rows, errors=self._errors, alarm=alarm, past=self._past)
            return table
        if isinstance(self._past, RequestsPast):
            raise FrameError("these rows have no requests ('count' and the status columns), as those before them had")
        alarm = SERIES_ALARM if self._alarm is None else self._alarm
        table, self._past = judge_series(_series(rows), season=self._season, alarm=alarm, past=self._past)
        return table


def _counts_requests(frame: pd.DataFrame) -> bool:
    named = [str(column) for column in frame.columns]
    return "count" in named and any(column in named for column in COUNTS[1:])


def _series(data: pd.Series[Any] | pd.DataFrame) -> pd.Series[Any]:
    if isinstance(data, pd.DataFrame):
        return _only_column(data)
    if not isinstance(data, pd.Series):
        raise FrameError(f"anomalies are found in a Series or a DataFrame, not in {type(data).__name__}")
    return data


def _check_alarm(alarm: float | None) -> None:
    if alarm is not None and not 1.5 <= alarm <= 300:
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
