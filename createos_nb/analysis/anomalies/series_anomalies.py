"""The judgement of a numeric series of any kind, as a table; and what a stream of one keeps between its pieces."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from createos_nb.analysis.anomalies.anomaly_score import ScoredPast, quiet_rows, score_series, spare_rows
from createos_nb.analysis.anomalies.forecasts import Clock, clock
from createos_nb.analysis.validation import Floats, FrameError, Ints, numbers
from createos_nb.times import whole_seconds

SERIES_ALARM = 4.0
"""Evidence (−log10 p) that is an anomaly in a series of any kind."""

Season = str | pd.Timedelta | int | None


@dataclass(frozen=True, eq=False)
class SeriesPast:
    """The rows of a stream that further ones are judged by, and what the judgement of them left."""

    values: Floats = field(default_factory=lambda: np.zeros(0))
    times: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    timed: bool | None = None
    """Whether the rows have times; None before there is any."""
    step: int | None = None
    """The usual step, known for good once its rows are forgotten."""
    scored: ScoredPast = field(default_factory=ScoredPast)


def judge_series(
    series: pd.Series[Any], *, season: Season, alarm: float, past: SeriesPast | None = None
) -> tuple[pd.DataFrame, SeriesPast]:
    """The table of :func:`anomalies` for the rows of `series`, behind those of `past`; and the past of the next."""
    past = past or SeriesPast()
    values = numbers(series, name="the series")
    values = np.concatenate([past.values, np.where(np.isfinite(values), values, np.nan)])
    times, timed = _times(series.index, past)
    step = past.step or Clock.usual_step(times)
    when = clock(times, _season(season, step, timed), step=step)
    scores = score_series(values, when, alarm=alarm, scored=past.scored)
    new = slice(len(past.values), None)
    strength = scores.strength[new]
    table = pd.DataFrame(
        {
            "value": values[new],
            "expected": scores.expected[new],
            "low": scores.low[new],
            "high": scores.high[new],
            "score": np.where(np.isnan(values[new]), np.nan, 1 - 0.5 ** (strength / alarm)),
            "anomaly": strength >= alarm,
        },
        index=series.index,
    )
    table.attrs = {"alarm": alarm, "season_rows": when.rows, "quiet_rows": quiet_rows(when)}
    spare = spare_rows(when)
    return table, SeriesPast(
        values=values[spare:].copy(),
        times=times[spare:].copy(),
        timed=timed if len(values) else None,
        step=step if spare else past.step,
        scored=scores.scored.without_rows(spare),
    )


def _times(index: pd.Index[Any], past: SeriesPast) -> tuple[Ints, bool]:
    """Seconds of a time index, else row numbers, behind those of the past; and whether they are times."""
    timed = isinstance(index, pd.DatetimeIndex)
    if past.timed is not None and timed != past.timed:
        have, had = ("times", "none") if timed else ("no times", "some")
        raise FrameError(f"the rows have {have}, and those before them had {had}")
    if not isinstance(index, pd.DatetimeIndex):
        number = len(past.times)
        first = int(past.times[-1]) + 1 if number else 0
        return np.concatenate([past.times, np.arange(first, first + len(index), dtype=np.int64)]), False
    if index.hasnans:
        raise FrameError(f"the index of the series has NaT at row {int(np.argmax(index.isna()))}")
    times = np.concatenate([past.times, np.asarray(index.as_unit("us").asi8 // 1_000_000)])
    falls = np.diff(times) < 0
    if falls.any():
        at = int(np.argmax(falls)) + 1 - len(past.times)
        previous = f"row {at - 1}" if at else "the rows given before"
        raise FrameError(
            f"the index of the series must rise, but {index[at].isoformat()} (row {at}) is earlier than {previous}: "
            "sort it with .sort_index()"
        )
    return times, True


def _season(season: Season, step: int, timed: bool) -> int:
    """The season in seconds for rows with times, in rows for any other; 0 is none."""
    if season is None:
        return 0
    if isinstance(season, (int, np.integer)) and not isinstance(season, bool):
        if season < 4:
            raise ValueError(f"season has {season} rows; fewer than 4 are no season")
        return int(season) * (step if timed else 1)
    if isinstance(season, str) and season == "auto":
        return 86_400 if timed else 0
    if not timed:
        raise ValueError(f"the series has no times, so season must be a number of rows, not {season!r}")
    return whole_seconds(season, name="season")
