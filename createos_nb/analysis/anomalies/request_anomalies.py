"""The judgement of a requests frame, as a table; and what a stream of one environment keeps between its pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from createos_nb.analysis.anomalies import count_score
from createos_nb.analysis.anomalies.count_score import Earlier
from createos_nb.analysis.anomalies.onsets import ReportedOnsets
from createos_nb.analysis.validation import (
    Bools,
    Floats,
    FrameError,
    Requests,
    live_versions,
    requests,
    status_classes,
    utc_index,
)
from createos_nb.dtypes import TEXT

REQUESTS_ALARM = 5.0
"""Evidence (−log10 p) that is an anomaly in requests, whose noise is known better than that of any series."""


@dataclass(frozen=True, eq=False)
class RequestsPast:
    """The buckets of a stream that further ones are judged by, and what was told of them lately."""

    count: Floats = field(default_factory=lambda: np.zeros(0))
    failed: Floats = field(default_factory=lambda: np.zeros(0))
    partial: Bools = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    """The buckets that were cut when they came, and are unknown until they come again."""
    end: int = 0
    """End of the last bucket, in microseconds."""
    bucket_seconds: int = 0
    volume: ReportedOnsets = field(default_factory=ReportedOnsets)
    errors: ReportedOnsets = field(default_factory=ReportedOnsets)

    def until(self, start: int) -> RequestsPast:
        """The buckets before `start`, where only cut ones stand behind it; else a :class:`FrameError`."""
        rows = (self.end - start) // (self.bucket_seconds * 1_000_000)
        kept_rows = max(len(self.count) - rows, 0)
        if not self.partial[kept_rows:].all() or rows > len(self.count):
            raise FrameError(
                f"the bucket {pd.Timestamp(start, unit='us', tz='UTC').isoformat()} was judged before, and only one "
                "that was partial (attrs['partial']) may come again, with those behind it"
            )
        return RequestsPast(
            count=self.count[:kept_rows],
            failed=self.failed[:kept_rows],
            partial=self.partial[:kept_rows],
            end=start,
            bucket_seconds=self.bucket_seconds,
            volume=self.volume.without_rows(rows),
            errors=self.errors.without_rows(rows),
        )

    def followed(self, counts: Requests) -> RequestsPast:
        """The past of these buckets, without what they bring again; a :class:`FrameError` if they do not follow it."""
        if not len(self.count) or not len(counts.index):
            return self
        if counts.bucket_seconds != self.bucket_seconds:
            raise FrameError(
                f"these buckets are {counts.bucket_seconds} s wide, those before them {self.bucket_seconds} s"
            )
        start = int(counts.index.asi8[0])
        if start > self.end or (self.end - start) % (self.bucket_seconds * 1_000_000):
            raise FrameError(
                f"the next bucket begins at {pd.Timestamp(self.end, unit='us', tz='UTC').isoformat()}, not at "
                f"{counts.index[0].isoformat()}; give missing buckets rows of NA"
            )
        return self.until(start) if start < self.end else self


def judge_requests(frame: pd.DataFrame, *, errors: str | Sequence[str], alarm: float) -> pd.DataFrame:
    """The table of :func:`anomalies` for a requests frame of one environment or of a fleet."""
    counts = _read(frame, errors)
    table = _table(counts, *_known(counts, errors), RequestsPast(), alarm)[0]
    table.attrs |= live_versions(frame)
    return table


def judge_stream(
    frame: pd.DataFrame, *, errors: str | Sequence[str], alarm: float, past: RequestsPast | None = None
) -> tuple[pd.DataFrame, RequestsPast]:
    """The table for the buckets of one environment, which follow those of `past`; and the past of the next."""
    past = past or RequestsPast()
    if past.bucket_seconds and len(frame) == 1 and "bucket_seconds" not in frame.attrs:
        frame = frame.copy(deep=False)
        frame.attrs = {**frame.attrs, "bucket_seconds": past.bucket_seconds}
    counts = _read(frame, errors)
    if counts.environments is not None:
        raise FrameError(
            "a stream is judged for one environment, but these rows are a fleet (columns 'project', 'environment', "
            "'time'): keep one AnomalyDetector for each, and give it its rows with .set_index('time')"
        )
    past = past.followed(counts)
    count, failed = _known(counts, errors)
    count, failed = np.concatenate([past.count, count]), np.concatenate([past.failed, failed])
    table, volume, broken = _table(counts, count, failed, past, alarm)
    width = table.attrs["bucket_seconds"]
    lookback = count_score.buckets_back(_buckets(width).day, table.attrs["quiet_rows"])
    return table, RequestsPast(
        count=count[-lookback:].copy(),
        failed=failed[-lookback:].copy(),
        partial=np.concatenate([past.partial, counts.partial])[-lookback:],
        end=int(counts.index.asi8[-1]) + width * 1_000_000 if len(counts.index) else past.end,
        bucket_seconds=width,
        volume=volume,
        errors=broken,
    )


def _read(frame: pd.DataFrame, errors: str | Sequence[str]) -> Requests:
    return requests(frame, columns=("count", *(f"status_{status}" for status in status_classes(errors))), fleet=True)


def _known(counts: Requests, errors: str | Sequence[str]) -> tuple[Floats, Floats]:
    """Requests and errors, NaN where nothing is known."""
    failed = counts.errors(status_classes(errors))
    return np.where(counts.observed, counts.count, np.nan), np.where(counts.observed, failed, np.nan)


def _table(
    counts: Requests, count: Floats, failed: Floats, past: RequestsPast, alarm: float
) -> tuple[pd.DataFrame, ReportedOnsets, ReportedOnsets]:
    """The table for `counts`, the last of `count` and `failed`; and the onsets of the volume and of the errors."""
    old = len(past.count)
    width = counts.bucket_seconds or past.bucket_seconds
    day, hour, quiet = _buckets(width)
    volume = count_score.volume_surprise(
        count, day=day, hour=hour, quiet=quiet, alarm=alarm, earlier=Earlier(old, past.volume)
    )
    broken = count_score.error_surprise(
        failed, count, day=day, quiet=quiet, alarm=alarm, earlier=Earlier(old, past.errors)
    )
    unusual_volume, unusual_errors = volume.strength >= alarm, broken.strength >= alarm
    columns: dict[str, Any] = {
        "count": count,
        "expected": volume.expected,
        "low": volume.low,
        "high": volume.high,
        "volume_score": _score(volume.strength, alarm, count),
        "errors": failed,
        "errors_expected": broken.expected,
        "errors_high": broken.high,
        "error_score": _score(broken.strength, alarm, failed),
        "score": _score(np.maximum(volume.strength, broken.strength), alarm, count),
        "anomaly": unusual_volume | unusual_errors,
        "what": _named(unusual_volume, unusual_errors, volume.direction),
    }
    table = pd.DataFrame({name: np.asarray(values)[..., old:].ravel() for name, values in columns.items()})
    table["what"] = table["what"].astype(TEXT)
    if counts.environments is None:
        table.index = counts.index
    else:
        _place(table, counts)
    table.attrs = {"alarm": alarm, "bucket_seconds": width, "quiet_rows": quiet}
    return table, volume.reported, broken.reported


def _place(table: pd.DataFrame, counts: Requests) -> None:
    keys = counts.environments
    assert keys is not None
    length = len(counts.index)
    table.insert(0, "project", keys.get_level_values("project").repeat(length))
    table.insert(1, "environment", keys.get_level_values("environment").repeat(length))
    table.insert(2, "time", utc_index(np.tile(counts.index.asi8, len(keys))))


def _named(unusual_volume: Bools, unusual_errors: Bools, direction: Floats) -> Any:
    what = np.full(unusual_volume.shape, "", dtype=object)
    what[unusual_volume] = np.where(direction[unusual_volume] > 0, "more requests", "fewer requests")
    what[unusual_errors] = np.where(
        unusual_volume[unusual_errors], what[unusual_errors] + " and more errors", "more errors"
    )
    return what


class _Buckets(NamedTuple):
    """Buckets of a day (0 if they do not divide one), of an hour, and of the two hours for which an alarm speaks."""

    day: int
    hour: int
    quiet: int


def _buckets(seconds: int) -> _Buckets:
    seconds = max(seconds, 1)
    day = 86_400 // seconds if 86_400 % seconds == 0 and seconds <= 21_600 else 0
    return _Buckets(day, int(np.clip(3_600 // seconds, 12, 120)), int(np.clip(7_200 // seconds, 12, 720)))


def _score(strength: Floats, alarm: float, judged: Floats) -> Floats:
    return np.where(np.isnan(judged), np.nan, 1 - 0.5 ** (strength / alarm))
