"""Analytics as a client offers them: long windows joined, regular grids, honest percentages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from createos_nb import contract
from createos_nb.client.session import CLOCK_TOLERANCE, Session
from createos_nb.client.time_windows import Windows
from createos_nb.contract.analytics import ErrorPathCount, PathCount, StatusCount
from createos_nb.contract.operation import UNSET
from createos_nb.contract.row import Row
from createos_nb.contract.types import TimeLike
from createos_nb.errors import InvalidInput
from createos_nb.frames import Buckets, frame_of, record_of, requests_frame, sum_steps
from createos_nb.html import escaped, frame_table, html_table
from createos_nb.times import DurationLike, iso, unix, whole_seconds


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
        tables = [
            html_table(part.items(), row_headers=True) if isinstance(part, pd.Series) else frame_table(part)
            for part in self.values()
        ]
        parts = (
            f"<div style='margin-right:2em'><b>{escaped(name)}</b>{table}</div>"
            for name, table in zip(self, tables, strict=True)
        )
        return f"<div style='display:flex;flex-wrap:wrap'>{''.join(parts)}</div>"


class Analytics(contract.Analytics):
    """Requests to an environment and how they were answered."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.execute)
        self._session = session

    def overview(self, project: str, environment: str, *, start: TimeLike = UNSET, end: TimeLike = UNSET) -> Overview:
        """All analytics of a window in one request: an `Overview` of six answers.

        Args:
            project: A project: its unique name or id.
            environment: An environment: its unique name or id.
            start: First moment, such as "-24h"; by default an hour before the end.
            end: Moment after the last; by default now.

        Returns:
            The six answers, each as an attribute and by its name.

        Examples:
            >>> client = createos_nb.simulate()
            >>> window = client.analytics.overview("storefront", "production", start="-1h")
            >>> window.top_hit_paths.head(2)
                    path  count
            0          /   1020
            1  /products    775
        """
        operation = contract.find("GetProjectEnvironmentAnalytics")
        window = self._window(start, end)
        arguments = {"project": project, "environment": environment, "start": window[0], "end": window[1]}
        frame = self._session.with_ids(
            operation, arguments, lambda values: self._session.record_frame(operation, values)
        )
        row = record_of(frame)
        unknown = self._session.warn_of_future(operation, window[0])
        overall = row[[f"overall_requests_{name}" for name in ("total", "status_2xx", "status_4xx", "status_5xx")]]
        overall.index = overall.index.str.removeprefix("overall_requests_")
        rpm = row[["rpm_peak", "rpm_average"]]
        rpm.index = rpm.index.str.removeprefix("rpm_")
        success = _honest(row[["success_percentage"]], overall["total"])
        if unknown:
            overall, rpm, success = (series.map(lambda _: pd.NA).astype(object) for series in (overall, rpm, success))
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
        """Share of answers with 2xx or 3xx, 0–100; NA without requests (asks for the totals where it reads 0).

        Args:
            project: A project: its unique name or id.
            environment: An environment: its unique name or id.
            start: First moment, such as "-24h"; by default an hour before the end.
            end: Moment after the last; by default now.

        Returns:
            `success_percentage`, 0–100.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.analytics.success_percentage("storefront", "production", start="-1h")
            success_percentage    98.08978
            dtype: object
        """
        start, end = self._window(start, end)
        percentage = super().success_percentage(project, environment, start=start, end=end)
        if _is_zero(percentage.iloc[0]):
            total = self.overall_requests(project, environment, start=start, end=end)["total"]
            return _honest(percentage, total)
        return percentage

    def requests_over_time(
        self,
        project: str,
        environment: str,
        *,
        start: TimeLike = UNSET,
        end: TimeLike = UNSET,
        step: DurationLike | None = None,
    ) -> pd.DataFrame:
        """Requests by class of their status over `[start, end)`, by default the last hour.

        A window that the platform refuses as too long is asked for in parts.

        Args:
            project: A project: its unique name or id.
            environment: An environment: its unique name or id.
            start: First moment, such as "-24h"; by default an hour before the end.
            end: Moment after the last; by default now.
            step: Length of a bucket, such as "5min" or "1h", from multiples of it in UTC on: the exact sum of the
                platform's buckets, NA where one of them is NA. By default as the platform gives them.

        Returns:
            Index `time` (datetime64[us, UTC], regular); count, status_2xx … status_5xx (Int64; NA where the platform
            gave no bucket, 0 where there were no requests). `attrs`: `bucket_seconds`, `partial` (bucket starts that
            the window or the present cuts), `complete`, `live_versions` (when versions became live in the window, as
            far as the session has seen environments and deployments: plots mark them), `from_history` (buckets that a
            history knew) and `from_platform` (those
            that were asked for), where one is open.

        Raises:
            InvalidInput: The step is no multiple of the platform's buckets; the message says how long they are.

        Examples:
            >>> client = createos_nb.simulate()
            >>> requests = client.analytics.requests_over_time("storefront", "production", start="-1h")
            >>> requests.head(2)
                                       count  status_2xx  status_3xx  status_4xx  status_5xx
            time
            2026-03-02 08:00:00+00:00    108         100           7           1           0
            2026-03-02 08:01:00+00:00     91          84           6           1           0
            >>> requests = client.analytics.requests_over_time("storefront", "production", start="-1h", step="30min")
            >>> requests["count"]
            time
            2026-03-02 08:00:00+00:00    2599
            2026-03-02 08:30:00+00:00    2636
            Name: count, dtype: Int64
        """
        if step is not None:
            whole_seconds(step, "step")  # before anything is asked
        operation = contract.find("GetProjectEnvironmentAnalyticsRequestsOverTime")
        first, last = self._window(start, end)
        arguments = {"project": project, "environment": environment}
        now = self._session.transport.now()

        def read(values: dict[str, Any]) -> tuple[Buckets, str]:
            return Windows(self._session, operation, values).read(first, last), values["environment_id"]

        buckets, environment_id = self._session.with_ids(operation, arguments, read)
        frame = requests_frame(buckets, start=first, end=last, now=now)
        arguments_sent = {**arguments, "start": iso(first), "end": iso(last)}
        unknown = self._session.warn_of_future(operation, first)
        # what has not come yet has no figures, whatever an answer fills it with
        frame[frame.index >= pd.Timestamp(self._session.transport.now() + CLOCK_TOLERANCE, unit="s", tz="UTC")] = pd.NA
        if step is not None:
            frame = sum_steps(frame, step, start=first, end=last, now=self._session.transport.now())
        frame.attrs["live_versions"] = self._session.known.marks(environment_id, first, last, now)
        if self._session.memory is not None:
            frame.attrs["from_history"] = buckets.remembered
            frame.attrs["from_platform"] = len(buckets.rows) - buckets.remembered
        return self._session.with_attrs(frame, operation, arguments_sent, complete=not unknown)

    def _window(self, start: Any, end: Any) -> tuple[int, int]:
        now = self._session.transport.now()
        # the second that is running is left out: "-24h" would be a second more than a platform may give at once
        last = unix(end, now, "end") if end is not UNSET else now // 1
        first = unix(start, now, "start") if start is not UNSET else last - 3600
        window = int(first // 1), int(-(-last // 1))
        if window[0] >= window[1]:
            raise InvalidInput(f"the window is empty: start {iso(window[0])} is not before end {iso(window[1])}")
        return window


def _honest(percentage: pd.Series, total: Any) -> pd.Series:
    """0 % of nothing is not known, rather than bad."""
    return percentage.map(lambda _: pd.NA).astype(object) if _is_zero(total) else percentage


def _is_zero(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and value == 0


def _table(of: type[Row], rows: Any) -> pd.DataFrame:
    if not isinstance(rows, list):
        return frame_of(of, raw=[] if rows is None else [rows])
    structs = [row for row in rows if isinstance(row, Row)]
    return frame_of(of, structs, [row for row in rows if not isinstance(row, Row)])
