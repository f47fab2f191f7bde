"""The fleet at a glance: one row for each environment, read again at little cost.

A reading keeps what it has: of requests only what is new is asked for, and a look may ask for a part of the fleet, the
part that was read longest ago.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from createos_nb.errors import CreateOSError, InvalidInput
from createos_nb.times import iso

if TYPE_CHECKING:
    from createos_nb.fleet import Account

#: Deployments of a project that are read to find those that are live; older ones are asked for one by one.
_NEWEST: Final = 20
#: Seconds that a reading goes back behind what it has: figures of the last minutes may still grow.
_OVERLAP: Final = 300
_OF: Final = ("id", "unique_name", "state", "project_deployment_id", "resources_replicas")
_COUNTS: Final = ("count", "status_2xx", "status_3xx", "status_5xx")


@dataclass
class _Series:
    """Whole buckets of one environment: begins (Unix seconds), and rows of counts, NaN where there is no data."""

    width: int
    begins: np.ndarray
    counts: np.ndarray


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
        self._lock, self._counting = threading.Lock(), threading.Lock()
        self._turns = 0

    def read(self, *, most: int | None = None, cancel: threading.Event | None = None) -> pd.DataFrame:
        """One row for each environment.

        Columns: project, environment, state, version (of the live deployment, Int64), live_state, replicas (Int64),
        requests (Int64), rpm (Float64, mean), success_percentage (Float64, (2xx + 3xx) / total, NA without requests),
        status_5xx (Int64), trend (a list of requests per part of the window, None where there is no data), read_at
        (datetime64[us, UTC]).

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
            since = self._turns if since is None else since
            chosen = self._chosen(most, since)
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
            environments = self._client.environments.list(project_id)
            live = [str(one) for one in environments["project_deployment_id"].dropna()]
            deployments = self._live(project_id, live)
            series = {}
            for one in environments["id"]:
                series[str(one)] = self._series(project_id, str(one), project.series.get(str(one)), now)
        except CreateOSError as error:
            project.failed = str(error).split("\n", 1)[0]
        else:
            project.failed, project.series = "", series
            project.cost = 1 + bool(live) + len(series)
            project.rows = [
                {
                    "project": project.name,
                    "environment": name,
                    "state": state,
                    **deployments.get(deployment, {"version": None, "live_state": None}),
                    "replicas": replicas,
                    **self._counted(series[str(id)], now),
                    "read_at": now,
                }
                # only these: rows of all columns take longer to make than to read
                for id, name, state, deployment, replicas in zip(*(environments[one] for one in _OF), strict=True)
            ]
        with self._counting:
            self._turns += 1
            project.turn = self._turns

    def _live(self, project: str, wanted: list[str]) -> dict[Any, dict[str, Any]]:
        """Version and state of live deployments, by id."""
        if not wanted:
            return {}
        found: dict[Any, dict[str, Any]] = {}
        if len(wanted) > 1:
            newest = self._client.deployments.list(project, limit=_NEWEST)
            columns = zip(newest["id"], newest["version_number"], newest["state"], strict=True)
            found = {id: {"version": version, "live_state": state} for id, version, state in columns}
        for id in wanted:
            if id not in found:
                one = self._client.deployments.get(project, id)
                found[id] = {"version": one["version_number"], "live_state": one["state"]}
        return found

    def _series(self, project: str, environment: str, known: _Series | None, now: int) -> _Series:
        begin = now - self.window
        start = begin
        if known is not None and len(known.begins):
            start = max(begin, int(known.begins[-1]) + known.width - _OVERLAP)
            start -= (start - int(known.begins[-1])) % known.width  # where a bucket begins
        frame = self._client.analytics.requests_over_time(project, environment, start=start, end=now)
        width = int(frame.attrs["bucket_seconds"])
        if known is not None and width != known.width and start > begin:
            return self._series(project, environment, None, now)
        begins = pd.DatetimeIndex(frame.index).as_unit("s").asi8
        counts = np.column_stack([frame[name].to_numpy(dtype=float, na_value=np.nan) for name in _COUNTS])
        # the bucket that the present cuts is not whole yet; the one that the window cuts is left out likewise
        whole = (begins + width <= now) & (begins >= begin)
        begins, counts = begins[whole], counts[whole]
        if known is not None:
            kept = (known.begins >= begin) & (known.begins < (begins[0] if len(begins) else now))
            begins = np.concatenate([known.begins[kept], begins])
            counts = np.concatenate([known.counts[kept], counts])
        return _Series(width, begins, counts)

    def _counted(self, series: _Series, now: int) -> dict[str, Any]:
        known = np.isfinite(series.counts[:, 0])
        minutes = known.sum() * series.width / 60
        sums = [float(series.counts[known, at].sum()) if minutes else np.nan for at in range(len(_COUNTS))]
        requests, good, moved, broken = sums
        begin = now - self.window
        part = np.clip((series.begins - begin) * self.points // self.window, 0, self.points - 1)[known]
        seen = np.bincount(part, minlength=self.points) > 0
        totals = np.bincount(part, weights=series.counts[known, 0], minlength=self.points)
        return {
            "requests": requests,
            "rpm": round(requests / minutes, 1) if minutes else np.nan,
            "success_percentage": round((good + moved) * 100 / requests, 2) if requests > 0 else np.nan,
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
