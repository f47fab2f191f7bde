"""What a watch reads of both sides of a release, again and again; what could not be read is never taken for nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from createos_nb.analysis.releases.result import ReleaseVerdict
from createos_nb.analysis.releases.verdict import release_verdict
from createos_nb.plans.steps.step import PASSING

if TYPE_CHECKING:
    from createos_nb.client import Client

MINUTE: Final = 60
_ERRORS: Final = ["status_4xx", "status_5xx"]
_PATHS: Final = ["time", "path", "status", "count"]
_MOST: Final = 240
"""Minutes of a side whose error paths are asked for in one look."""


@dataclass
class Side:
    """One environment over a stretch of time, moved by `lag` seconds onto the time of the other side.

    `begin`, `end`: Unix seconds of its own time; `end` None: until now.
    """

    client: Client
    project: str
    environment: str
    begin: int
    end: int | None = None
    lag: int = 0
    _paths: dict[pd.Timestamp, pd.DataFrame] = field(default_factory=dict)
    _whole: pd.DataFrame | None = None

    def requests(self, now: int, paths: bool) -> tuple[pd.DataFrame, pd.DataFrame | None, pd.Timestamp | None]:
        """Requests over time, the top error paths of its minutes, and the first minute whose paths could not be read.

        All on the other side's time.
        """
        frame = self._read(now)
        if not paths:
            return self._moved(frame), None, None
        failed = self._failed(frame, now - self.lag)
        self._read_paths(failed, int(frame.attrs.get("bucket_seconds") or MINUTE))
        unknown = failed.difference(_index(self._paths))
        first = unknown[0] + self._move if len(unknown) else None
        return self._moved(frame), self._joined_paths(), first

    def before(self, seconds: int) -> pd.DataFrame | None:
        """The history of so many seconds before it begins, on the other side's time."""
        if seconds < MINUTE:
            return None
        calls = self.client.analytics
        begin, end = self.begin - seconds, self.begin
        return self._moved(calls.requests_over_time(self.project, self.environment, start=begin, end=end))

    def _read(self, now: int) -> pd.DataFrame:
        if self._whole is not None:
            return self._whole
        end = now if self.end is None else min(self.end, now)
        frame = self.client.analytics.requests_over_time(self.project, self.environment, start=self.begin, end=end)
        if self.end is not None and self.end <= now - 2 * MINUTE and frame["count"].notna().all():
            self._whole = frame  # what is over does not change
        return frame

    def _failed(self, frame: pd.DataFrame, until: int) -> pd.DatetimeIndex:
        """Minutes that are over by then and in which requests failed."""
        running = _index(frame.attrs.get("partial", ()))
        failed = frame[_ERRORS].sum(axis=1).fillna(0).to_numpy(dtype=float) > 0
        found = pd.DatetimeIndex(frame.index[failed & (frame.index < pd.Timestamp(until, unit="s", tz="UTC"))])
        return found.difference(running[running > frame.index[0]]) if len(running) else found

    def _read_paths(self, failed: pd.DatetimeIndex, width: int) -> None:
        wanted = [minute for minute in failed if minute not in self._paths]
        for minute in wanted[:_MOST]:
            start = int(minute.timestamp())
            try:
                found = self.client.analytics.top_error_paths(
                    self.project, self.environment, start=start, end=start + width
                )
            except PASSING:
                return  # the next look asks again
            self._paths[minute] = found.assign(time=minute + self._move)[_PATHS]

    def _moved(self, frame: pd.DataFrame) -> pd.DataFrame:
        if not self.lag:
            return frame
        moved = frame.set_axis(frame.index + self._move)
        moved.index.name = frame.index.name
        # what the end of the window cuts is whole by now
        moved.attrs = {key: value for key, value in frame.attrs.items() if key != "partial"} | {"partial": []}
        return moved

    def _joined_paths(self) -> pd.DataFrame:
        parts = [rows for rows in self._paths.values() if len(rows)]
        if parts:
            return pd.concat(parts, ignore_index=True)
        kinds: dict[str, Any] = dict(zip(_PATHS, ("datetime64[us, UTC]", "str", "str", "Int64"), strict=True))
        return pd.DataFrame({name: pd.Series([], dtype=dtype) for name, dtype in kinds.items()})

    @property
    def _move(self) -> pd.Timedelta:
        return pd.Timedelta(seconds=self.lag)


def _index(moments: Iterable[Any]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(pd.to_datetime(list(moments), utc=True)).as_unit("us")


@dataclass
class Sides:
    """The two sides of a release, and the history of the old one; each `look` is a verdict on all since the release."""

    old: Side
    new: Side
    history_seconds: int
    paths: bool
    terms: dict[str, Any]
    asked: frozenset[str] = frozenset()
    """Paths that the watch asks for by itself: their errors are no single client's, so the guard never leaves them
    out."""
    _history: pd.DataFrame | None = None
    _asked: bool = False

    def look(self, now: int) -> tuple[ReleaseVerdict | None, str]:
        """The verdict on the traffic so far, or None while no bucket is over; and what could not be read.

        It goes no further than the paths are known: without the minutes of which they are not, it would see those
        without errors alone. Raises what the reads of requests raise.
        """
        if now - self.new.begin < MINUTE:
            return None, ""
        if not self._asked:
            self._history = self.old.before(self.history_seconds)
            self._asked = True
        old, old_paths, old_until = self.old.requests(now, self.paths)
        new, new_paths, new_until = self.new.requests(now, self.paths)
        unknown = [one for one in (old_until, new_until) if one is not None]
        if unknown:
            old, new = (_before(one, min(unknown)) for one in (old, new))
        why = f"the error paths of {min(unknown):%H:%M} UTC could not be read" if unknown else ""
        if not len(new) or not len(old) or not np.isin(new.index, old.index).any():
            return None, why
        history = self._history if self._history is not None and len(self._history) else None
        old_paths, new_paths = (self._others(one) for one in (old_paths, new_paths))
        found = release_verdict(old, new, history=history, old_paths=old_paths, new_paths=new_paths, **self.terms)
        return found, why

    def _others(self, paths: pd.DataFrame | None) -> pd.DataFrame | None:
        if paths is None or not self.asked:
            return paths
        return paths[~paths["path"].str.replace(r"\?.*", "", regex=True).isin(self.asked)]


def _before(frame: pd.DataFrame, moment: pd.Timestamp) -> pd.DataFrame:
    cut = frame[frame.index < moment]
    cut.attrs = frame.attrs
    return cut
