"""The requests of an environment: how many fail, since when, on which paths, and how many are usual."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from createos_nb.diagnostics.evidence.onset import Stretch, snapped, stretches
from createos_nb.diagnostics.evidence.reader import WINDOW, Reader
from createos_nb.diagnostics.evidence.trouble import (
    lasting_errors,
    refused_paths,
    refused_since,
    refused_visitors,
    risen_at,
)

if TYPE_CHECKING:
    from createos_nb.client.client import Client

_NOW: Final = pd.Timedelta("10min")
#: The part of the refused requests that has to fall on paths that were served before.
_REFUSED_SHARE: Final = 0.2
#: From so many requests with 4xx since a change on it is asked which paths they were for.
_REFUSALS: Final = 20
#: That is asked only so long after a change: it takes three requests.
_FRESH: Final = pd.Timedelta("3h")
#: By so much the share of 5xx has to rise with a change.
_RISE: Final = 0.004


class Requests:
    """The requests of an environment, each figure read when it is asked for first.

    Args:
        client: An open client.
        reader: Reads, and keeps what could not be read.
        project: Id of the project.
        environment: Row of the environment.
        ready: Returns when the live version became ready; NA or None where that is not known.
        now: The present.
    """

    def __init__(
        self,
        client: Client,
        reader: Reader,
        project: str,
        environment: pd.Series,
        ready: Callable[[], Any],
        now: pd.Timestamp,
    ) -> None:
        self._client, self._reader, self._project_id, self._now = client, reader, project, now
        self._environment_id, self._changed = str(environment["id"]), environment["updated_at"]
        self._ready = ready
        #: Paths on which visitors are refused (4xx) that were served before.
        self.refused = pd.DataFrame()

    @cached_property
    def traffic(self) -> pd.DataFrame | None:
        """Return the requests of the last 24 hours, by minutes."""
        return self._reader.read(
            "requests",
            lambda: self._client.analytics.requests_over_time(
                self._project_id, self._environment_id, start=f"-{WINDOW / pd.Timedelta('1h'):g}h"
            ),
        )

    @cached_property
    def errors(self) -> list[Stretch]:
        """Return the stretches of the last 24 hours in which more requests failed (5xx) than usual."""
        return [] if self.traffic is None else stretches(self.traffic, "status_5xx")

    @cached_property
    def trouble(self) -> Stretch | None:
        """Return the stretch of failing requests that goes on now, 5xx before 4xx; None if there is none."""
        if self.traffic is None:
            return None
        ongoing = next((stretch for stretch in self.errors if stretch.ongoing), None)
        changes = [self._changed, self._ready()]
        if ongoing is not None:
            return snapped(self.traffic, ongoing, changes)
        return (
            lasting_errors(self.traffic, self.failing, changes, self._server_errors)
            or risen_at(self.traffic, self._recent_change, "status_5xx", _RISE)
            or self._refused()
        )

    @property
    def _recent_change(self) -> pd.Timestamp | None:
        """Return when the environment was changed, if in the time that was read."""
        changed = self._changed
        inside = self.traffic is not None and pd.notna(changed) and self.traffic.index[0] < changed < self._now
        return changed if inside else None

    def _refused(self) -> Stretch | None:
        """Return the stretch in which visitors are refused on paths that they were served on before."""
        assert self.traffic is not None
        stretch, changed = refused_visitors(self.traffic, self._recent_change), self._recent_change
        if stretch is not None:
            stretch = snapped(self.traffic, stretch, [self._changed])
            start = stretch.start
        elif changed is not None and self._now - changed <= _FRESH and self._refusals(changed) >= _REFUSALS:
            start = changed.floor("min")
        else:
            return None
        begin = max(start - pd.Timedelta("2h"), self.traffic.index[0] - WINDOW)
        errors = self._reader.read("error paths", lambda: self._top("top_error_paths", start, self._now))
        before = self._reader.read("error paths", lambda: self._top("top_error_paths", begin, start))
        hits = self._reader.read("most requested paths", lambda: self._top("top_hit_paths", begin, start))
        if errors is None or before is None or hits is None:
            return None
        refused = refused_paths(errors, before, hits)
        if stretch is None:
            stretch = refused_since(self.traffic, start, refused, before)
        if stretch is None or int(refused["count"].sum()) / max(stretch.hits, 1) < _REFUSED_SHARE:
            return None
        self.refused = refused
        return stretch

    def _refusals(self, since: pd.Timestamp) -> float:
        return float(self.sums(since, self._now).get("status_4xx", 0))

    def _top(self, what: str, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
        analytics = self._client.analytics
        read = analytics.top_error_paths if what == "top_error_paths" else analytics.top_hit_paths
        return read(self._project_id, self._environment_id, start=start, end=end)

    def _server_errors(self, start: pd.Timestamp, end: pd.Timestamp) -> float | None:
        """Return the share of requests between two moments that failed (5xx); None where there were none."""
        frame = self._reader.read(
            "statuses",
            lambda: self._client.analytics.request_distribution(
                self._project_id, self._environment_id, start=start, end=end
            ),
        )
        if frame is None:
            return None
        failed = pd.to_numeric(frame["status"], errors="coerce") >= 500
        total = int(frame["count"].fillna(0).sum())
        return int(frame["count"].fillna(0)[failed.fillna(False).astype(bool)].sum()) / total if total else None

    @cached_property
    def since(self) -> pd.Timestamp | None:
        """Return when requests began to fail; None if they do not, or if that is not known."""
        return None if self.trouble is None or self.trouble.before != self.trouble.before else self.trouble.start

    def sums(self, start: pd.Timestamp, end: pd.Timestamp) -> pd.Series:
        """Return the sums of the buckets of a stretch of time: `count`, `status_2xx`, …; zeros where there are none."""
        if self.traffic is None:
            return pd.Series(dtype="Int64")
        rows = self.traffic[(self.traffic.index >= start) & (self.traffic.index < end)]
        sums: pd.Series = rows.sum(numeric_only=True)
        return sums

    @cached_property
    def recent(self) -> pd.Series:
        """Return the requests of the last ten minutes."""
        return self.sums(self._now - _NOW, self._now + _NOW)

    @property
    def failing(self) -> float:
        """Return the share of the last ten minutes' requests that failed (5xx), 0 to 1; 0 without requests."""
        count = float(self.recent.get("count", 0))
        return float(self.recent["status_5xx"]) / count if count else 0.0

    @cached_property
    def paths(self) -> pd.DataFrame | None:
        """Return the paths with most failures of the trouble's kind since it began, at most ten."""
        if self.is_refusing:
            return self.refused
        start = self.since or self._now - pd.Timedelta("1h")
        frame = self._reader.read("error paths", lambda: self._top("top_error_paths", start, self._now))
        if frame is None:
            return None
        status = pd.to_numeric(frame["status"], errors="coerce")
        return frame[(status // 100 == 5).fillna(False)].reset_index(drop=True)

    @property
    def is_refusing(self) -> bool:
        """Return whether the trouble is one of 4xx."""
        return self.trouble is not None and self.trouble.column == "status_4xx"

    @cached_property
    def usual(self) -> pd.Series | None:
        """Return the requests of the hour before now a week ago: sums, NA where nothing is known."""
        week = pd.Timedelta("7D")
        frame = self._reader.read(
            "requests of last week",
            lambda: self._client.analytics.requests_over_time(
                self._project_id,
                self._environment_id,
                start=self._now - week - pd.Timedelta("1h"),
                end=self._now - week,
            ),
        )
        if frame is None:
            return None
        sums: pd.Series = frame.sum(numeric_only=True, min_count=1)
        return sums
