"""The overview of a fleet, read incrementally: requests that are known are not asked for again.

A reading may ask for a part of the fleet only: for the projects that were read longest ago.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from createos_nb import contract
from createos_nb.client.session import Session
from createos_nb.client.time_windows import Windows
from createos_nb.contract.projects import Projects
from createos_nb.contract.types import TimeLike
from createos_nb.errors import CreateOSError, InvalidInput
from createos_nb.frames.fleet import OverviewRow, overview_frame
from createos_nb.frames.series import Buckets
from createos_nb.naming import DEPLOYMENT_STATES, ENVIRONMENT_STATES
from createos_nb.percentages import round_down
from createos_nb.process import ProcessBound
from createos_nb.progress import Tick
from createos_nb.times import iso, unix

#: Seconds in which the newest figures may still grow: they are read again.
_UNSETTLED: Final = 300
_SHORTEST: Final = 60
_REQUESTS: Final = contract.find("GetProjectEnvironmentAnalyticsRequestsOverTime")


class _Window(NamedTuple):
    """A window in Unix seconds, and the present of the other side."""

    start: int
    end: int
    now: int

    @property
    def length(self) -> int:
        return self.end - self.start

    @property
    def last(self) -> int:
        """Its end, or the present where that comes first."""
        return min(self.end, self.now)


@dataclass(frozen=True)
class _Series:
    """Whole buckets of one environment.

    `rows`: begin (Unix seconds), count, 2xx, 3xx, 4xx, 5xx. They are complete from `start` on, and final up to
    `settled`. `length`: seconds of the window that the platform chose their width for.
    """

    width: int
    rows: np.ndarray
    start: int
    settled: int
    length: int

    def between(self, window: _Window) -> np.ndarray:
        """The rows of whole buckets: those that the window or the present cuts are left out."""
        begins = self.rows[:, 0]
        rows: np.ndarray = self.rows[(begins >= window.start) & (begins + self.width <= window.last)]
        return rows


@dataclass
class _Project:
    """The environments of a project as they were last read."""

    name: str
    turn: int = 0  # the place of its last reading among all readings of projects; 0: none
    cost: int = 4  # requests of a reading; so many until it is known
    rows: list[OverviewRow] = field(default_factory=list)
    series: dict[str, _Series] = field(default_factory=dict)
    failed: str = ""


class FleetOverview(ProcessBound):
    """Reads the overview of all active projects again and again, and asks only for what is new.

    What runs where is asked anew by each reading; of requests over time, only what is not known yet. Safe from several
    threads.

    Args:
        session: Of the client.
        points: Parts of the window in the column `trend`.

    Raises:
        InvalidInput: For less than one point.
    """

    def __init__(self, session: Session, *, points: int = 30) -> None:
        if points < 1:
            raise InvalidInput("overview: points= is at least 1")
        self._session, self._points = session, points
        self._list_projects = Projects(session.execute).list
        self._projects: dict[str, _Project] = {}
        self._lock, self._counting = threading.Lock(), threading.Lock()
        self._turns = 0
        self._asked: tuple[TimeLike, TimeLike] | None = None
        self._longest = 0

    def read(
        self,
        start: TimeLike = "-1h",
        end: TimeLike = "now",
        *,
        max_requests: int | None = None,
        cancel: threading.Event | None = None,
        on_progress: Tick | None = None,
    ) -> pd.DataFrame:
        """Read the overview: one row an environment, columns as those of `client.fleet.overview()`.

        Args:
            start: First moment of the window, which is counted from the other side's present.
            end: Moment after the last.
            max_requests: Send about so many requests, for the projects that were read longest ago, at least one; the
                others stay as they were, unless the window is another one than before.
            cancel: Ends the reading at the next project.
            on_progress: Called with (projects read, projects to read).

        Returns:
            A frame. `attrs`: `complete` (False when a project could not be read, or was never), `failed` (project to
            reason), `skipped` (projects that are not active, and their status), `waiting` (projects that were not read
            yet), `left` (how many this reading has not asked for), `window`.

        Raises:
            InvalidInput: For a window of less than a minute, or none.
            CreateOSError: Whatever `projects.list` raises.
        """
        return self._read((start, end), max_requests, cancel, since=None, on_progress=on_progress)

    def batches(
        self,
        size: int,
        start: TimeLike = "-1h",
        end: TimeLike = "now",
        *,
        cancel: threading.Event | None = None,
    ) -> Iterator[pd.DataFrame]:
        """Read all, about `size` requests at a time: the frame as it is after each batch, with `attrs["left"]`."""
        since = self._turns
        while True:
            frame = self._read((start, end), size, cancel, since=since)
            yield frame
            if not frame.attrs["left"] or (cancel is not None and cancel.is_set()):
                return

    def _read(
        self,
        times: tuple[TimeLike, TimeLike],
        max_requests: int | None,
        cancel: threading.Event | None,
        *,
        since: int | None,
        on_progress: Tick | None = None,
    ) -> pd.DataFrame:
        with self._lock:
            window = self._window(*times)
            projects = self._list_projects()
            active = projects[projects["status"] == "active"]
            others = projects[projects["status"] != "active"]
            names = dict(zip(active["id"], active["unique_name"], strict=True))
            self._projects = {id: self._projects.get(id) or _Project(str(name)) for id, name in names.items()}
            if times != self._asked:  # figures of another window must not stand beside those of this one
                for project in self._projects.values():
                    project.rows, project.turn = [], 0
            self._asked, self._longest = times, max(self._longest, window.length)
            in_batches, since = since is not None, self._turns if since is None else since
            due = self._due(max_requests, since)
            if not in_batches:  # what comes in batches is seen to take its time
                self._session.lists.warn_of_wait("fleet.overview", sum(self._projects[id].cost for id in due))
            readings = self._session.map_concurrently(lambda id: self._read_project(id, window, cancel), due)
            for done, _ in enumerate(readings, start=1):
                if on_progress:
                    on_progress(done, len(due))
            known = self._projects.values()
            frame = overview_frame([row for project in known for row in project.rows])
            read = not any(project.failed or not project.turn for project in known)
            frame.attrs |= {
                **self._session.provenance("fleet.overview"),
                "window": [iso(window.start), iso(window.end)],
                "complete": bool(projects.attrs.get("complete", True)) and read,
                "failed": {project.name: project.failed for project in known if project.failed},
                "skipped": dict(zip(others["unique_name"], others["status"], strict=True)),
                "waiting": [project.name for project in known if not project.turn],
                "left": sum(project.turn <= since for project in known),
            }
            if self._session.warn_of_future(_REQUESTS, window.start):
                frame.attrs["complete"] = False
            return frame

    def _window(self, start: TimeLike, end: TimeLike) -> _Window:
        now = self._session.transport.now()
        window = _Window(int(unix(start, now, "start") // 1), int(unix(end, now, "end") // 1), int(now))
        if window.length < _SHORTEST:
            raise InvalidInput(
                f"overview: the window is at least {_SHORTEST} seconds long, not from {iso(window.start)} to "
                f"{iso(window.end)}"
            )
        return window

    def _due(self, max_requests: int | None, since: int) -> list[str]:
        """Projects that were not read since a turn, longest ago first, as many as their cost allows."""
        order = sorted(self._projects, key=lambda id: self._projects[id].turn)
        order = [id for id in order if self._projects[id].turn <= since]
        if max_requests is None:
            return order
        due: list[str] = []
        total = 0
        for id in order:
            cost = self._projects[id].cost
            if due and total + cost > max_requests:
                break
            due.append(id)
            total += cost
        return due

    # --- one project --------------------------------------------------------------------------------------------------

    def _read_project(self, project_id: str, window: _Window, cancel: threading.Event | None) -> None:
        if cancel is not None and cancel.is_set():
            return
        project = self._projects[project_id]
        try:
            # rows as they come, without their frames, which take longer to make than to read
            environments = self._session.rows("ListProjectEnvironments", project_id=project_id)
            live = [str(row["projectDeploymentId"]) for row in environments if row.get("projectDeploymentId")]
            deployments = self._live_deployments(project_id, live)
            ids = [row["id"] for row in environments if isinstance(row.get("id"), str)]
            series = {}
            for id in ids:
                if counts := self._read_series(project_id, id, project.series.get(id), window):
                    series[id] = counts
        except CreateOSError as error:
            project.failed = str(error).split("\n", 1)[0]
        else:
            project.failed, project.series = "", series
            project.cost = 1 + bool(live) + len(ids)
            project.rows = [
                self._row(
                    project.name,
                    row,
                    deployments.get(str(row.get("projectDeploymentId")), {}),
                    series.get(str(row.get("id"))),
                    window,
                )
                for row in environments
            ]
        with self._counting:
            self._turns += 1
            project.turn = self._turns

    def _live_deployments(self, project: str, ids: list[str]) -> dict[str, dict[str, Any]]:
        """Live deployments by id, as decoded JSON."""
        newest = self._session.deployments_page(project, 0)[0] if ids else []
        by_id = {str(row.get("id")): row for row in newest}
        for id in set(ids) - set(by_id):  # older than the newest page
            by_id[id] = self._session.call("GetDeployment", {"project_id": project, "deployment_id": id})
        return by_id

    def _row(
        self,
        project: str,
        environment: Mapping[str, Any],
        deployment: Mapping[str, Any],
        series: _Series | None,
        window: _Window,
    ) -> OverviewRow:
        rows = np.empty((0, 6), dtype=np.int64) if series is None else series.between(window)
        minutes = len(rows) * series.width / 60 if series else 0.0
        total, succeeded, redirected, _, failed = (int(rows[:, column].sum()) for column in range(1, 6))
        part = (rows[:, 0] - window.start) * self._points // window.length
        with_data = np.bincount(part, minlength=self._points) > 0
        totals = np.bincount(part, weights=rows[:, 1], minlength=self._points)
        resources = environment.get("resources")
        return OverviewRow(
            project=project,
            environment=environment.get("uniqueName"),
            state=_in_words(ENVIRONMENT_STATES, environment.get("status")),
            version=deployment.get("versionNumber"),
            live_state=_in_words(DEPLOYMENT_STATES, deployment.get("status")),
            replicas=resources.get("replicas") if isinstance(resources, dict) else None,
            requests=total if minutes else None,
            rpm=round(total / minutes, 1) if minutes else None,
            success_percentage=round_down((succeeded + redirected) * 100 / total) if total else None,
            status_5xx=failed if minutes else None,
            trend=[int(count) if known else None for count, known in zip(totals, with_data, strict=True)],
            read_at=window.now,
        )

    # --- requests over time -------------------------------------------------------------------------------------------

    def _read_series(self, project: str, environment: str, known: _Series | None, window: _Window) -> _Series | None:
        """The series of an environment, up to the end of a window; only what is not known yet is asked for."""
        if window.last <= window.start:
            return known
        known = known if known is not None and self._reaches(known, window) else None
        start = window.start
        if known is not None:
            if known.settled >= window.last:
                return known
            start = known.settled - (known.settled - int(known.rows[-1, 0])) % known.width  # where a bucket begins
            if start <= window.start:
                known, start = None, window.start
        ids = {"project_id": project, "environment_id": environment}
        buckets = Windows(self._session, _REQUESTS, ids).read(start, window.last)
        if known is None:
            return _series(buckets, window, start, window.length)
        rows = _regridded(buckets, known)
        if rows is None:
            return self._read_series(project, environment, None, window)
        earliest = max(known.start, window.last - self._longest)
        unchanged = (known.rows[:, 0] >= earliest) & (known.rows[:, 0] < start)
        rows = np.concatenate([known.rows[unchanged], rows[rows[:, 0] >= start]])
        return _series(Buckets(rows, known.width), window, earliest, known.length)

    def _reaches(self, known: _Series, window: _Window) -> bool:
        """Return whether a series goes back to the start of a window, in buckets that are fine enough for it."""
        fine = known.width * self._points <= window.length or known.length <= window.length
        return fine and len(known.rows) > 0 and known.start <= window.start <= known.settled


def _series(buckets: Buckets, window: _Window, start: int, length: int) -> _Series:
    """The whole buckets from `start` on."""
    rows, width = buckets.rows[np.argsort(buckets.rows[:, 0], kind="stable")], buckets.width
    rows = rows[(rows[:, 0] >= start) & (rows[:, 0] + width <= window.last)]
    settled_until = start
    if window.now - window.last >= _UNSETTLED:
        settled_until = window.last
    elif len(rows):
        settled_until = int(rows[-1, 0]) + width - _UNSETTLED
    return _Series(width, rows, start, settled_until, length)


def _regridded(buckets: Buckets, known: _Series) -> np.ndarray | None:
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


def _in_words(states: Mapping[str, str], status: Any) -> Any:
    return states.get(status, status) if isinstance(status, str) else status
