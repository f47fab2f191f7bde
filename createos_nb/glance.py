"""The fleet at a glance: one row for each environment, read again at little cost.

A reading keeps what it has: of requests only what is new is asked for, and a look may ask for a part of the fleet, the
part that was read longest ago.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import pandas as pd

from createos_nb import api
from createos_nb.errors import CreateOSError, InvalidInput
from createos_nb.nouns.windows import Windows
from createos_nb.percentages import round_down
from createos_nb.times import iso
from createos_nb.words import DEPLOYMENT_STATES, ENVIRONMENT_STATES

if TYPE_CHECKING:
    from createos_nb.nouns.asking import Asking
    from createos_nb.nouns.whole import Account

#: Seconds that a reading goes back behind what it has: figures of the last minutes may still grow.
_OVERLAP: Final = 300
_OPERATION: Final = api.find("GetProjectEnvironmentAnalyticsRequestsOverTime")


@dataclass
class _Series:
    """Whole buckets of one environment; rows of: begin (Unix seconds), count, 2xx, 3xx, 4xx, 5xx."""

    width: int
    rows: np.ndarray


@dataclass
class _Project:
    """What is known of a project, and when it was read."""

    name: str
    turn: int = 0  # the place of its last look among all looks; 0: none
    cost: int = 4  # requests of a look; so many until it is known
    rows: list[dict[str, Any]] = field(default_factory=list)
    series: dict[str, _Series] = field(default_factory=dict)
    failed: str = ""


class Glance:
    """All environments of the active projects, and how they do in a window that ends now.

    `window`: its seconds; `points`: how many parts the window is cut into for `trend`.
    """

    def __init__(self, client: Account, *, window: int = 3600, points: int = 30) -> None:
        if window < 60 or points < 1:
            raise InvalidInput("glance: window= is at least 60 seconds, points= at least 1")
        self._client, self.window, self.points = client, window, points
        self._projects: dict[str, _Project] = {}
        self._asking = cast("Asking", client.environments.performer)
        self._lock, self._counting = threading.Lock(), threading.Lock()
        self._turns = 0

    def read(self, *, most: int | None = None, cancel: threading.Event | None = None) -> pd.DataFrame:
        """One row for each environment.

        Columns: project, environment, state, version (of the live deployment, Int64), live_state, replicas (Int64),
        requests (Int64), rpm (Float64, mean), success_percentage (Float64, (2xx + 3xx) / total, rounded down, NA
        without requests), status_5xx (Int64), trend (a list of requests per part of the window, None where there is no
        data), read_at (datetime64[us, UTC]).

        `most`: ask for about so many things, first of projects that were read longest ago, at least one; the others
        stay as they were. `cancel`: ends it at the next project. `attrs`: `complete` (False when a project could not
        be read, or was never), `failed` (project to reason), `skipped` (projects that are not active), `waiting`
        (projects that were not read yet), `left` (how many this reading has not looked at), `window`. Raises what
        `projects.list` raises.
        """
        return self._read(most, cancel, since=None)

    def portions(self, size: int, *, cancel: threading.Event | None = None) -> Iterator[pd.DataFrame]:
        """Read all, about `size` requests at a time: the frame as it is after each portion, with `attrs["left"]`."""
        since = self._turns
        while True:
            frame = self._read(size, cancel, since=since)
            yield frame
            if not frame.attrs["left"] or (cancel is not None and cancel.is_set()):
                return

    def _read(self, most: int | None, cancel: threading.Event | None, *, since: int | None) -> pd.DataFrame:
        with self._lock:
            listed = self._client.projects.list()
            active = listed[listed["status"] == "active"]
            others = listed[listed["status"] != "active"]
            names = dict(zip(active["id"], active["unique_name"], strict=True))
            self._projects = {id: self._projects.get(id) or _Project(str(name)) for id, name in names.items()}
            portion, since = since is not None, self._turns if since is None else since
            chosen = self._chosen(most, since)
            if not portion:  # what comes in portions is seen to take its time
                self._client.say_cost("fleet.glance", sum(self._projects[id].cost for id in chosen))
            now = int(self._client.transport.now())
            for _ in self._client.spread(lambda id: self._look(id, now, cancel), chosen):
                pass
            known = self._projects.values()
            whole = not any(one.failed or not one.turn for one in known)
            frame = self._frame(now)
            frame.attrs |= {
                "complete": bool(listed.attrs.get("complete", True)) and whole,
                "failed": {one.name: one.failed for one in known if one.failed},
                "skipped": dict(zip(others["unique_name"], others["status"], strict=True)),
                "waiting": [one.name for one in known if not one.turn],
                "left": sum(one.turn <= since for one in known),
            }
            return frame

    def _chosen(self, most: int | None, since: int) -> list[str]:
        """Projects to read that were not since a turn, longest ago first, as many as their cost allows."""
        order = sorted(self._projects, key=lambda id: self._projects[id].turn)
        order = [id for id in order if self._projects[id].turn <= since]
        if most is None:
            return order
        chosen: list[str] = []
        spent = 0
        for id in order:
            cost = self._projects[id].cost
            if chosen and spent + cost > most:
                break
            chosen.append(id)
            spent += cost
        return chosen

    def _look(self, project_id: str, now: int, cancel: threading.Event | None) -> None:
        if cancel is not None and cancel.is_set():
            return
        project = self._projects[project_id]
        try:
            # rows as they come, without their frames, which take longer to make than to read
            environments = self._asking.rows("ListProjectEnvironments", project_id=project_id)
            live = [str(row["projectDeploymentId"]) for row in environments if row.get("projectDeploymentId")]
            deployments = self._live(project_id, live)
            series = {}
            for one in (str(row.get("id")) for row in environments):
                series[one] = self._series(project_id, one, project.series.get(one), now)
        except CreateOSError as error:
            project.failed = str(error).split("\n", 1)[0]
        else:
            project.failed, project.series = "", series
            project.cost = 1 + bool(live) + len(series)
            project.rows = [
                {
                    "project": project.name,
                    "environment": row.get("uniqueName"),
                    "state": _in_words(ENVIRONMENT_STATES, row.get("status")),
                    **deployments.get(str(row.get("projectDeploymentId")), {"version": None, "live_state": None}),
                    "replicas": (row.get("resources") or {}).get("replicas"),
                    **self._counted(series[str(row.get("id"))], now),
                    "read_at": now,
                }
                for row in environments
            ]
        with self._counting:
            self._turns += 1
            project.turn = self._turns

    def _live(self, project: str, wanted: list[str]) -> dict[str, dict[str, Any]]:
        """Version and state of live deployments, by id."""
        found: dict[str, dict[str, Any]] = {}
        rows = self._asking.deployments_page(project, 0)[0] if wanted else []
        for id in wanted:
            row = next((one for one in rows if one.get("id") == id), None)
            if row is None:  # older than the newest page
                row = self._asking.call("GetDeployment", {"project_id": project, "deployment_id": id})
            state = _in_words(DEPLOYMENT_STATES, row.get("status"))
            found[id] = {"version": row.get("versionNumber"), "live_state": state}
        return found

    def _series(self, project: str, environment: str, known: _Series | None, now: int) -> _Series:
        begin = now - self.window
        start = begin
        if known is not None and len(known.rows):
            last = int(known.rows[-1, 0])
            start = max(begin, last + known.width - _OVERLAP)
            start -= (start - last) % known.width  # where a bucket begins
        window = Windows(self._asking, _OPERATION, {"project_id": project, "environment_id": environment})
        found = window.read(start, now)
        width, rows = found.width, found.rows[np.argsort(found.rows[:, 0], kind="stable")]
        if known is not None and width != known.width and start > begin:
            return self._series(project, environment, None, now)
        # the bucket that the present cuts is not whole yet; the one that the window cuts is left out likewise
        rows = rows[(rows[:, 0] + width <= now) & (rows[:, 0] >= begin)]
        if known is not None:
            kept = (known.rows[:, 0] >= begin) & (known.rows[:, 0] < start)
            rows = np.concatenate([known.rows[kept], rows])
        return _Series(width, rows)

    def _counted(self, series: _Series, now: int) -> dict[str, Any]:
        begins, count = series.rows[:, 0], series.rows[:, 1]
        minutes = len(begins) * series.width / 60
        requests, good, moved, broken = (series.rows[:, at].sum() if minutes else np.nan for at in (1, 2, 3, 5))
        part = (begins - now + self.window) * self.points // self.window
        seen = np.bincount(part, minlength=self.points) > 0
        totals = np.bincount(part, weights=count, minlength=self.points)
        return {
            "requests": requests,
            "rpm": round(requests / minutes, 1) if minutes else np.nan,
            "success_percentage": round_down((good + moved) * 100 / requests) if requests > 0 else np.nan,
            "status_5xx": broken,
            "trend": [int(total) if there else None for total, there in zip(totals, seen, strict=True)],
        }

    def _frame(self, now: int) -> pd.DataFrame:
        rows = [row for one in self._projects.values() for row in one.rows]

        def column(name: str) -> list[Any]:
            return [row[name] for row in rows]

        def whole(name: str) -> Any:
            return pd.array([None if pd.isna(value) else int(value) for value in column(name)], dtype="Int64")

        def real(name: str) -> Any:
            return pd.array([None if pd.isna(value) else float(value) for value in column(name)], dtype="Float64")

        def text(name: str) -> Any:
            return pd.Series(column(name), dtype="str")

        frame = pd.DataFrame(
            {
                "project": text("project"),
                "environment": text("environment"),
                "state": text("state"),
                "version": whole("version"),
                "live_state": text("live_state"),
                "replicas": whole("replicas"),
                "requests": whole("requests"),
                "rpm": real("rpm"),
                "success_percentage": real("success_percentage"),
                "status_5xx": whole("status_5xx"),
                "trend": pd.Series(column("trend"), dtype=object),
                "read_at": pd.to_datetime(column("read_at"), unit="s", utc=True).as_unit("us"),
            }
        )
        frame.attrs |= self._client.stamp("fleet.glance")
        frame.attrs["window"] = [iso(now - self.window), iso(now)]
        return frame


def _in_words(states: Mapping[str, str], status: Any) -> str | None:
    return states.get(status, status) if isinstance(status, str) else None
