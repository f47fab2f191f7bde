"""Analytics as a client offers them: long windows joined, regular grids, honest percentages."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from operator import attrgetter
from typing import TYPE_CHECKING, Any, cast

import msgspec
import numpy as np
import pandas as pd

from createos_nb import api
from createos_nb.api.analytics import ErrorPathCount, PathCount, StatusCount
from createos_nb.api.resources import Resource
from createos_nb.api.types import TimeLike
from createos_nb.errors import Invalid, InvalidInput
from createos_nb.frames import Buckets, frame_of, reader, record_of, requests_frame
from createos_nb.frames.read import Rowset
from createos_nb.operation import UNSET
from createos_nb.times import iso, unix
from createos_nb.words import camel

if TYPE_CHECKING:
    from createos_nb.nouns.asking import Asking

_FIELDS = ("timestamp", "count", "status_2xx", "status_3xx", "status_4xx", "status_5xx")
_DEFAULT_WIDTH = 60
_SHORTEST = 60


@dataclass(frozen=True)
class Overview(Mapping[str, Any]):
    """Six answers about one window: each as an attribute and by its name, as the six single calls give it."""

    overall_requests: pd.Series
    rpm: pd.Series
    success_percentage: pd.Series
    request_distribution: pd.DataFrame
    top_hit_paths: pd.DataFrame
    top_error_paths: pd.DataFrame

    def __getitem__(self, name: str) -> Any:
        if name not in self.__dataclass_fields__:
            raise KeyError(name)
        return getattr(self, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dataclass_fields__)

    def __len__(self) -> int:
        return len(self.__dataclass_fields__)

    def __repr__(self) -> str:
        return "\n\n".join(f"{name}\n{self[name].to_string()}" for name in self)

    def _repr_html_(self) -> str:
        parts = []
        for name in self:
            one = self[name]
            table = (one.to_frame(name="") if isinstance(one, pd.Series) else one).to_html()
            parts.append(f"<div style='margin-right:2em'><b>{escape(name)}</b>{table}</div>")
        return f"<div style='display:flex;flex-wrap:wrap'>{''.join(parts)}</div>"


class Analytics(api.Analytics):
    """What the users of an environment asked for, and what they got."""

    def overview(  # type: ignore[override]  # six answers are more than one record
        self, project: str, environment: str, *, start: TimeLike = UNSET, end: TimeLike = UNSET
    ) -> Overview:
        """All analytics of a window in one request: an `Overview` of six answers."""
        asking = self._asking
        operation = api.find("GetProjectEnvironmentAnalytics")
        window = self._window(start, end)
        arguments = {"project": project, "environment": environment, "start": window[0], "end": window[1]}
        frame = asking.attempt(operation, arguments, lambda values: asking.record_frame(operation, values))
        row = record_of(frame)
        overall = row[[f"overall_requests_{name}" for name in ("total", "success", "client", "server")]]
        overall.index = overall.index.str.removeprefix("overall_requests_")
        rpm = row[["rpm_peak", "rpm_average"]]
        rpm.index = rpm.index.str.removeprefix("rpm_")
        success = _honest(row[["success_percentage"]], overall["total"])
        for series in (overall, rpm, success):
            series.name = None
        return Overview(
            overall,
            rpm,
            success,
            _table(StatusCount, row["request_distribution"]),
            _table(PathCount, row["top_hit_paths"]),
            _table(ErrorPathCount, row["top_error_paths"]),
        )

    def success_percentage(
        self, project: str, environment: str, *, start: TimeLike = UNSET, end: TimeLike = UNSET
    ) -> pd.Series:
        """Share of answers with 2xx or 3xx, 0–100; NA without requests (asks for the totals where it reads 0)."""
        start, end = self._window(start, end)
        given = super().success_percentage(project, environment, start=start, end=end)
        if given.iloc[0] == 0:
            total = self.overall_requests(project, environment, start=start, end=end)["total"]
            return _honest(given, total)
        return given

    def requests_over_time(
        self, project: str, environment: str, *, start: TimeLike = UNSET, end: TimeLike = UNSET
    ) -> pd.DataFrame:
        """Requests by class of their status over `[start, end)`, by default the last hour.

        Index `time` (datetime64[us, UTC], regular); count, status_2xx … status_5xx (Int64; NA where the platform gave
        no bucket, 0 where there were no requests). `attrs`: `bucket_seconds`, `partial` (bucket starts that the window
        or the present cuts), `complete`. A window that the platform refuses as too long is asked for in parts.
        """
        asking = self._asking
        operation = api.find("GetProjectEnvironmentAnalyticsRequestsOverTime")
        first, last = self._window(start, end)
        arguments = {"project": project, "environment": environment}
        now = asking.transport.clock.now()

        found = asking.attempt(operation, arguments, lambda values: Windows(asking, values).read(first, last))
        frame = requests_frame(found, start=first, end=last, now=now)
        asked = {**arguments, "start": iso(first), "end": iso(last)}
        return asking.noted(frame, operation, asked)

    @property
    def _asking(self) -> Asking:
        return cast("Asking", self.performer)

    def _window(self, start: Any, end: Any) -> tuple[int, int]:
        now = self._asking.transport.clock.now()
        last = unix(end, now, "end") if end is not UNSET else now
        first = unix(start, now, "start") if start is not UNSET else last - 3600
        window = int(first // 1), int(-(-last // 1))
        if window[0] >= window[1]:
            raise InvalidInput(f"the window is empty: start {iso(window[0])} is not before end {iso(window[1])}")
        return window


class Windows:
    """Reads requests over time in as many parts as the platform wants, each bucket from one part only."""

    def __init__(self, asking: Asking, values: Mapping[str, Any]) -> None:
        self._asking, self._values = asking, values
        self._operation = api.find("GetProjectEnvironmentAnalyticsRequestsOverTime")
        self._widths: set[int] = set()
        self._phase = 0

    def read(self, start: int, end: int) -> Buckets:
        """The buckets of `[start, end)`."""
        parts: list[np.ndarray] = []
        at = start
        while at < end:
            longest = self._asking.longest_window
            stop = min(end, at + longest) if longest else end
            try:
                rows = self._ask((at, stop))
            except Invalid as error:
                if error.status != 422 or stop - at <= _SHORTEST:
                    raise
                self._asking.longest_window = max(_SHORTEST, (stop - at) // 2)
                continue
            # a part ends at a bucket's start, so that the next part gives that bucket whole
            stop = self._border(stop, above=at) if stop < end else stop
            parts.append(rows[rows[:, 0] < stop])
            at = stop
            if longest and end - at > longest:
                parts += self._rest(at, end, longest)
                break
        return self._joined(parts)

    def _rest(self, at: int, end: int, longest: int) -> list[np.ndarray]:
        """All further parts at once, their borders at starts of buckets."""
        width = max(self._widths, default=_DEFAULT_WIDTH)
        step = max(width, longest // width * width)
        spans = list(itertools.pairwise([*range(at, end, step), end]))
        found = self._asking.gather(self._ask, spans)
        return [rows[rows[:, 0] < stop] for rows, (_, stop) in zip(found, spans, strict=True)]

    def _border(self, moment: int, above: int) -> int:
        width = max(self._widths, default=_DEFAULT_WIDTH)
        aligned = moment - (moment - self._phase) % width
        return aligned if aligned > above else moment

    def _ask(self, window: tuple[int, int]) -> np.ndarray:
        data = self._asking.send(self._operation, {**self._values, "start": window[0], "end": window[1]})
        rows = _buckets(reader(self._operation).read(data))
        steps = np.diff(rows[:, 0])
        if len(steps := steps[steps > 0]):
            width = int(np.gcd.reduce(steps))
            self._widths.add(width)
            self._phase = int(rows[0, 0] % width)
        return rows

    def _joined(self, parts: list[np.ndarray]) -> Buckets:
        """One grid for all parts: the widest, for a platform may widen its buckets with the window."""
        rows = np.concatenate(parts)
        width = max(self._widths, default=self._asking.bucket_seconds or _DEFAULT_WIDTH)
        self._asking.bucket_seconds = width
        rows = rows.copy()
        rows[:, 0] -= (rows[:, 0] - self._phase) % width
        return Buckets(rows, width, self._phase % width)


def _buckets(found: Rowset) -> np.ndarray:
    """Rows of: start in Unix seconds, then the five counts. A bucket with a null among its counts is no data."""
    if found.raw is None:
        rows = found.rows
        try:
            return np.column_stack([np.fromiter(map(attrgetter(f), rows), np.int64, len(rows)) for f in _FIELDS])
        except TypeError:
            items = [msgspec.to_builtins(row) for row in rows]
    else:
        items = [row for row in found.raw if isinstance(row, dict)]
    whole = [[row.get(camel(name)) for name in _FIELDS] for row in items]
    kept = [[int(value) for value in row] for row in whole if all(isinstance(v, int | float) for v in row)]
    return np.array(kept, dtype=np.int64).reshape(-1, len(_FIELDS))


def _honest(percentage: pd.Series, total: Any) -> pd.Series:
    """0 % of nothing is not known, rather than bad."""
    return percentage.map(lambda _: pd.NA).astype(object) if not total else percentage


def _table(of: type[Resource], rows: Any) -> pd.DataFrame:
    if rows is None:
        return frame_of(of)
    structs = [row for row in rows if isinstance(row, Resource)]
    return frame_of(of, structs, [row for row in rows if not isinstance(row, Resource)])
