"""Requests over time of the environments of a fleet, kept: what is known is not asked for again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from createos_nb import contract
from createos_nb.client.session import Session
from createos_nb.client.time_windows import Windows
from createos_nb.frames.series import Buckets

#: Seconds in which the newest figures may still grow: they are read again.
_UNSETTLED: Final = 300
_MINUTE: Final = 60
_WEEK: Final = 7 * 86_400
REQUESTS: Final = contract.find("GetProjectEnvironmentAnalyticsRequestsOverTime")


class Window(NamedTuple):
    """A window in Unix seconds, and the present of the other side."""

    start: int
    end: int
    now: int

    @property
    def length(self) -> int:
        """Its seconds."""
        return self.end - self.start

    @property
    def last(self) -> int:
        """Its end, or the present where that comes first."""
        return min(self.end, self.now)

    @property
    def before(self) -> Window:
        """As much time before it."""
        return Window(self.start - (self.last - self.start), self.start, self.now)

    @property
    def week_before(self) -> Window:
        """The same time last week."""
        return Window(self.start - _WEEK, self.last - _WEEK, self.now)


@dataclass(frozen=True)
class Series:
    """Whole buckets of one environment.

    `rows`: begin (Unix seconds), count, 2xx, 3xx, 4xx, 5xx. They are complete from `start` on, and final up to
    `settled`. `length`: seconds of the window that the platform chose their width for. `read`: up to where they were
    read.
    """

    width: int
    rows: np.ndarray
    start: int
    settled: int
    length: int
    read: int

    def between(self, window: Window) -> np.ndarray:
        """The rows of whole buckets: those that the window or the present cuts are left out."""
        begins = self.rows[:, 0]
        rows: np.ndarray = self.rows[(begins >= window.start) & (begins + self.width <= window.last)]
        return rows


class SeriesReader:
    """Reads series up to the end of a window, only what is not known yet.

    Args:
        session: Of the client.
        points: Buckets are fine enough where a window has so many.
    """

    def __init__(self, session: Session, points: int) -> None:
        self._session, self._points = session, points
        self.longest = 0
        #: Of each reading, the buckets that a history knew and those that were asked for.
        self.counts: list[tuple[int, int]] = []

    def read_all(
        self, project: str, environments: Sequence[str], known: Mapping[str, Series], window: Window
    ) -> dict[str, Series]:
        """Return the series of environments by id, those without any left out."""
        series = {id: self._read(project, id, known.get(id), window) for id in environments}
        return {id: counts for id, counts in series.items() if counts is not None}

    def _read(self, project: str, environment: str, known: Series | None, window: Window) -> Series | None:
        """The series of an environment, up to the end of a window; only what is not known yet is asked for."""
        if window.last <= window.start:
            return known
        known = known if known is not None and self._reaches(known, window) else None
        start = window.start
        if known is not None:
            # in the minute of the last reading there is no whole bucket more
            if known.settled >= window.last or known.read // _MINUTE == window.last // _MINUTE:
                return known
            start = known.settled - (known.settled - int(known.rows[-1, 0])) % known.width  # where a bucket begins
            if start <= window.start:
                known, start = None, window.start
        ids = {"project_id": project, "environment_id": environment}
        buckets = Windows(self._session, REQUESTS, ids).read(start, window.last)
        self.counts.append((buckets.remembered, len(buckets.rows) - buckets.remembered))
        if known is None:
            return _series(buckets, window, start, window.length)
        rows = _regridded(buckets, known)
        if rows is None:
            return self._read(project, environment, None, window)
        earliest = max(known.start, window.last - self.longest)
        unchanged = (known.rows[:, 0] >= earliest) & (known.rows[:, 0] < start)
        rows = np.concatenate([known.rows[unchanged], rows[rows[:, 0] >= start]])
        return _series(Buckets(rows, known.width), window, earliest, known.length)

    def _reaches(self, known: Series, window: Window) -> bool:
        """Return whether a series goes back to the start of a window, in buckets that are fine enough for it."""
        fine = known.width * self._points <= window.length or known.length <= window.length
        return fine and len(known.rows) > 0 and known.start <= window.start <= known.settled


def _series(buckets: Buckets, window: Window, start: int, length: int) -> Series:
    """The whole buckets from `start` on."""
    rows, width = buckets.rows[np.argsort(buckets.rows[:, 0], kind="stable")], buckets.width
    rows = rows[(rows[:, 0] >= start) & (rows[:, 0] + width <= window.last)]
    settled_until = start
    if window.now - window.last >= _UNSETTLED:
        settled_until = window.last
    elif len(rows):
        settled_until = int(rows[-1, 0]) + width - _UNSETTLED
    return Series(width, rows, start, settled_until, length, window.last)


def _regridded(buckets: Buckets, known: Series) -> np.ndarray | None:
    """The rows of buckets in the width of a known series; None where they are wider, or do not fit into it."""
    if buckets.width == known.width or not len(buckets.rows):
        return buckets.rows
    if known.width % buckets.width:
        return None
    begins = buckets.rows[:, 0] - (buckets.rows[:, 0] - int(known.rows[-1, 0])) % known.width
    grid, positions = np.unique(begins, return_inverse=True)
    rows = np.zeros((len(grid), buckets.rows.shape[1]), dtype=np.int64)
    np.add.at(rows, positions, buckets.rows)
    rows[:, 0] = grid
    return rows
