"""The overview of a fleet, read incrementally: requests that are known are not asked for again.

A reading may ask for a part of the fleet only: for the projects that were read longest ago.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import pandas as pd

from createos_nb.client.fleet_budget import Budgets
from createos_nb.client.fleet_compared import Compared, compared
from createos_nb.client.fleet_reads import app_names, wanted_rows
from createos_nb.client.fleet_row import SHORTEST, overview_row
from createos_nb.client.fleet_series import REQUESTS, Series, SeriesReader, Window
from createos_nb.client.fleet_status import Verdict, unread
from createos_nb.client.session import Session
from createos_nb.contract.projects import Projects
from createos_nb.contract.types import TimeLike
from createos_nb.errors import CreateOSError, InvalidInput
from createos_nb.frames.fleet import OverviewRow, overview_frame
from createos_nb.process import ProcessBound
from createos_nb.progress import Tick
from createos_nb.times import iso, unix


class Judging(NamedTuple):
    """What environments are held against: an objective, and the same time last week where that is asked for."""

    target: float = 0.999
    compare: Literal["1w"] | None = None

    def check(self) -> None:
        """Raise `InvalidInput` for what makes no sense."""
        if not isinstance(self.target, int | float) or not 0 < self.target < 1:
            raise InvalidInput(f"overview: target= lies between 0 and 1, such as 0.999, not {self.target!r}")
        if self.compare not in (None, "1w"):
            raise InvalidInput(f"overview: compare= is '1w' (the same time last week) or None, not {self.compare!r}")


@dataclass
class _Project:
    """The environments of a project as they were last read."""

    name: str
    turn: int = 0  # the place of its last reading among all readings of projects; 0: none
    cost: int = 4  # requests of a reading; so many until it is known
    rows: list[tuple[Verdict, OverviewRow]] = field(default_factory=list)
    series: dict[str, Series] = field(default_factory=dict)
    environments: dict[str, str] = field(default_factory=dict)  # names by id
    last_week: dict[str, Series] = field(default_factory=dict)
    failed: str = ""

    def shown(self, points: int, now: int) -> list[tuple[Verdict, OverviewRow]]:
        """The rows; of a project that can't be read now, as they were, with a status that says so."""
        if not self.failed:
            return self.rows
        if not self.rows:
            verdict, nothing = unread(self.failed), [None] * points
            row = OverviewRow(self.name, None, verdict.status, verdict.reason, now, list(nothing), list(nothing))
            return [(verdict, row)]
        stale = [(unread(self.failed, iso(row.read_at)), row) for _, row in self.rows]
        return [(v, replace(row, status=v.status, reason=v.reason)) for v, row in stale]


class FleetOverview(ProcessBound):
    """Reads the overview of all active projects again and again, and asks only for what is new.

    What runs where is asked anew by each reading; of requests over time, only what is not known yet. Safe from several
    threads.

    Args:
        session: Of the client.
        points: Parts of the window in the column `trend`.
        with_before: A window is asked for together with as much time before it, in the same request, where both are no
            longer than so many seconds; `compared` then knows it.

    Raises:
        InvalidInput: For less than one point.
    """

    def __init__(self, session: Session, *, points: int = 30, with_before: int = 0) -> None:
        if points < 1:
            raise InvalidInput("overview: points= is at least 1")
        self._session, self._points, self._with_before = session, points, with_before
        self._list_projects = Projects(session.execute).list
        self._projects: dict[str, _Project] = {}
        self._lock, self._counting = threading.Lock(), threading.Lock()
        self._turns = 0
        self._reader = SeriesReader(session, points)
        self._budgets, self._left = Budgets(), dict[str, float]()
        self._asked: tuple[TimeLike, TimeLike, Judging] | None = None
        self._last_window: Window | None = None

    def read(
        self,
        start: TimeLike = "-1h",
        end: TimeLike = "now",
        *,
        judging: Judging | None = None,
        projects: str | Sequence[str] | None = None,
        apps: str | Sequence[str] | None = None,
        max_requests: int | None = None,
        cancel: threading.Event | None = None,
        on_progress: Tick | None = None,
    ) -> pd.DataFrame:
        """Read the overview: one row an environment, in the order of trouble, as `client.fleet.overview()` gives it.

        Args:
            start: First moment of the window, which is counted from the other side's present.
            end: Moment after the last.
            judging: What environments are held against.
            projects: Only of this one, or of these, by name or id: the others are neither read nor shown.
            apps: Only of projects in this app, or in these, by name or id.
            max_requests: Send about so many requests, for the projects that were read longest ago, at least one; the
                others stay as they were, unless the window is another one than before.
            cancel: Ends the reading at the next project.
            on_progress: Called with (projects read, projects to read).

        Returns:
            A frame. `attrs`: `complete` (False when a project could not be read, or was never), `failed` (project to
            reason), `skipped` (projects that are not active, and their status), `waiting` (projects that were not read
            yet), `left` (how many this reading has not asked for), `window`, `target`; where a history is open,
            `from_history` (buckets of requests that it knew) and `from_platform` (those that were asked for).

        Raises:
            InvalidInput: For a window of less than a minute, or none, and for an objective that is none.
            UnknownName: There is no such project or app.
            CreateOSError: Whatever `projects.list` raises.
        """
        judging = judging or Judging()
        judging.check()
        return self._read(
            (start, end, judging), max_requests, cancel, since=None, only=(projects, apps), on_progress=on_progress
        )

    def series(self) -> dict[tuple[str, str], Series]:
        """Return the known requests over time by project and environment, of what was read without a fault."""
        with self._lock:
            return {
                (project.name, project.environments[id]): series
                for project in self._projects.values()
                for id, series in project.series.items()
                if id in project.environments and not project.failed
            }

    def compared(self) -> Compared | None:
        """Return the requests of another time, without a request; None where none is known."""
        with self._lock:
            window = self._last_window
            if window is None:
                return None
            known = [
                ((project.name, project.environments[id]), id, series)
                for project in self._projects.values()
                for id, series in project.series.items()
                if id in project.environments
            ]
            return compared(window, known, self._session.memory)

    def batches(
        self,
        size: int,
        start: TimeLike = "-1h",
        end: TimeLike = "now",
        *,
        cancel: threading.Event | None = None,
        on_progress: Tick | None = None,
    ) -> Iterator[pd.DataFrame]:
        """Read all, about `size` requests at a time: the frame as it is after each batch, with `attrs["left"]`."""
        since = self._turns
        while True:
            frame = self._read((start, end, Judging()), size, cancel, since=since, on_progress=on_progress)
            yield frame
            if not frame.attrs["left"] or (cancel is not None and cancel.is_set()):
                return

    def _read(
        self,
        asked: tuple[TimeLike, TimeLike, Judging],
        max_requests: int | None,
        cancel: threading.Event | None,
        *,
        since: int | None,
        only: tuple[str | Sequence[str] | None, str | Sequence[str] | None] = (None, None),
        on_progress: Tick | None = None,
    ) -> pd.DataFrame:
        with self._lock:
            *times, judging = asked
            window = self._window(*times)
            listed, unreadable = _with_ids(self._list_projects())
            projects = wanted_rows(self._session, listed, *only)
            active = projects[projects["status"] == "active"]
            others = projects[projects["status"] != "active"]
            everywhere = listed[listed["status"] == "active"]  # what is known of the others is kept for another reading
            names = dict(zip(everywhere["id"], everywhere["unique_name"], strict=True))
            self._projects = {id: self._projects.get(id) or _Project(str(name)) for id, name in names.items()}
            if asked != self._asked:  # figures of another window must not stand beside those of this one
                for project in self._projects.values():
                    project.rows, project.turn = [], 0
            self._last_window, window_read = window, self._with_the_time_before(window)
            self._asked, self._reader.longest = asked, max(self._reader.longest, window_read.length)
            wanted = {id: self._projects[id] for id in active["id"]}
            in_batches, since = since is not None, self._turns if since is None else since
            due = self._due(wanted, max_requests, since)
            self._reader.counts.clear()
            self._left = self._budgets.left(self._session.memory, window.now, judging.target)
            if not in_batches:  # what comes in batches is seen to take its time
                self._session.lists.warn_of_wait("fleet.overview", sum(self._projects[id].cost for id in due))
            # of batches, those that were read before count as well
            total, earlier = (
                (len(wanted), sum(one.turn > since for one in wanted.values())) if in_batches else (len(due), 0)
            )
            windows = (window, window_read)
            readings = self._session.map_concurrently(lambda id: self._read_project(id, windows, judging, cancel), due)
            for done, _ in enumerate(readings, start=earlier + 1):
                if on_progress:
                    on_progress(done, total)
            known = wanted.values()
            rows = [row for project in known for row in project.shown(self._points, window.now)]
            shown = active[active["unique_name"].isin([row.project for _, row in rows])]
            apps = dict(zip(shown["unique_name"], app_names(self._session, shown["app_id"]), strict=True))
            frame = overview_frame([replace(row, app=apps.get(row.project)) for _, row in sorted(rows, key=_trouble)])
            read = not any(project.failed or not project.turn for project in known)
            frame.attrs |= {
                **self._session.provenance("fleet.overview"),
                "window": [iso(window.start), iso(window.end)],
                "complete": bool(listed.attrs.get("complete", True)) and read and not unreadable,
                "failed": unreadable | {project.name: project.failed for project in known if project.failed},
                "skipped": dict(zip(others["unique_name"], others["status"], strict=True)),
                "waiting": [project.name for project in known if not project.turn],
                "target": judging.target,
                "left": sum(project.turn <= since for project in known),
            }
            if self._session.memory is not None:
                counts = self._reader.counts
                frame.attrs["from_history"] = sum(known for known, _ in counts)
                frame.attrs["from_platform"] = sum(asked for _, asked in counts)
            if self._session.warn_of_future(REQUESTS, window.start):
                frame.attrs["complete"] = False
            return frame

    def _window(self, start: TimeLike, end: TimeLike) -> Window:
        now = self._session.transport.now()
        window = Window(int(unix(start, now, "start") // 1), int(unix(end, now, "end") // 1), int(now))
        if window.length < SHORTEST:
            raise InvalidInput(
                f"overview: the window is at least {SHORTEST} seconds long, not from {iso(window.start)} to "
                f"{iso(window.end)}"
            )
        return window

    def _with_the_time_before(self, window: Window) -> Window:
        """The window and the one before it, where both are asked for in one request; else the window."""
        both, longest = 2 * window.length, self._session.longest_window
        if both > self._with_before or (longest and both > longest):
            return window
        return Window(window.start - window.length, window.end, window.now)

    def _due(self, wanted: Mapping[str, _Project], max_requests: int | None, since: int) -> list[str]:
        """Projects that were not read since a turn, longest ago first, as many as their cost allows."""
        order = sorted(wanted, key=lambda id: wanted[id].turn)
        order = [id for id in order if wanted[id].turn <= since]
        if max_requests is None:
            return order
        due: list[str] = []
        total = 0
        for id in order:
            cost = wanted[id].cost
            if due and total + cost > max_requests:
                break
            due.append(id)
            total += cost
        return due

    # --- one project --------------------------------------------------------------------------------------------------

    def _read_project(
        self, project_id: str, windows: tuple[Window, Window], judging: Judging, cancel: threading.Event | None
    ) -> None:
        window, read = windows
        if cancel is not None and cancel.is_set():
            return
        project = self._projects[project_id]
        try:
            # rows as they come, without their frames, which take longer to make than to read
            environments = self._session.rows("ListProjectEnvironments", project_id=project_id)
            live = [str(row["projectDeploymentId"]) for row in environments if row.get("projectDeploymentId")]
            deployments = self._deployments(project_id, live)
            ids = [row["id"] for row in environments if isinstance(row.get("id"), str)]
            series = self._reader.read_all(project_id, ids, project.series, read)
            last_week = project.last_week
            if judging.compare:
                last_week = self._reader.read_all(project_id, ids, last_week, window.week_before)
        except CreateOSError as error:
            project.failed = str(error).split("\n", 1)[0]
        else:
            project.failed, project.series, project.last_week = "", series, last_week
            project.cost = 1 + bool(live) + len(ids) * (2 if judging.compare else 1)
            project.environments = {str(row.get("id")): str(row.get("uniqueName")) for row in environments}
            project.rows = [
                overview_row(
                    project.name,
                    row,
                    deployments,
                    [known[id] for known in (series, last_week) if (id := str(row.get("id"))) in known],
                    series.get(str(row.get("id"))),
                    window,
                    judging.target,
                    self._points,
                    self._left.get(str(row.get("id"))),
                )
                for row in environments
            ]
        with self._counting:
            self._turns += 1
            project.turn = self._turns

    def _deployments(self, project: str, live: list[str]) -> dict[str, dict[str, Any]]:
        """The newest deployments, and those that are live, by id, as decoded JSON; nothing where nothing is live."""
        newest = self._session.deployments_page(project, 0)[0] if live else []
        by_id = {str(row.get("id")): row for row in newest}
        for id in set(live) - set(by_id):  # older than the newest page
            by_id[id] = self._session.call("GetDeployment", {"project_id": project, "deployment_id": id})
        return by_id


def _with_ids(listed: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """The projects that can be asked for, and why the others, by name, can't."""
    readable = listed["id"].map(lambda id: isinstance(id, str)).astype(bool)
    if readable.all():
        return listed, {}
    names = listed.loc[~readable, "unique_name"]
    kept = listed[readable]
    kept.attrs = listed.attrs
    return kept, {str(name): "its id is no text" for name in names}


def _trouble(row: tuple[Verdict, OverviewRow]) -> tuple[int, float, int]:
    """The order of rows: by trouble, then by burn and errors; equal ones stay in the order of the platform's list."""
    verdict, figures = row
    return verdict.rank, -(figures.burn or 0.0), -(figures.status_5xx or 0)
