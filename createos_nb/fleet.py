"""The fleet: what all projects have, in one frame each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from createos_nb.api.analytics import RequestsBucket
from createos_nb.api.deployments import Deployment
from createos_nb.api.domains import Domain
from createos_nb.api.environments import Environment
from createos_nb.api.types import TimeLike
from createos_nb.errors import CreateOSError, IncompleteWarning, UnknownName, warn
from createos_nb.frames import frame_of
from createos_nb.frames.fleet import changes, overview
from createos_nb.nouns.names import several
from createos_nb.operation import UNSET
from createos_nb.process import OfThisProcess
from createos_nb.progress import progress
from createos_nb.times import unix

if TYPE_CHECKING:
    from createos_nb.glance import Glance
    from createos_nb.nouns.whole import Account


class Fleet(OfThisProcess):
    """All projects at once: environments, deployments, domains, requests over time, each as one frame.

    A project that is not active is left out and listed in `attrs["skipped"]`; one that could not be read is listed with
    the reason in `attrs["failed"]`, `attrs["complete"]` is then False, and a warning says so.
    """

    def __init__(self, client: Account) -> None:
        self._client = client

    def projects(self) -> pd.DataFrame:
        """All projects, one row each."""
        return self._client.projects.list()

    def environments(self, *, projects: str | Sequence[str] | None = None) -> pd.DataFrame:
        """Environments of all active projects: `project` (unique name) first, then as `environments.list`.

        `projects`: only of this one, or of these, by name or id. Raises `UnknownName` for one that there is not.
        """
        return self._across("fleet.environments", self._client.environments.list, frame_of(Environment), projects)

    def deployments(self, *, limit: int | None = None) -> pd.DataFrame:
        """Deployments of all active projects, newest first in each; `limit` is for each project."""
        return self._across(
            "fleet.deployments",
            lambda project: self._client.deployments.list(project, limit=limit),
            frame_of(Deployment),
        )

    def domains(self) -> pd.DataFrame:
        """Domains of all active projects: `project` first, then as `domains.list`."""
        return self._across("fleet.domains", self._client.domains.list, frame_of(Domain))

    def requests_over_time(
        self, *, start: TimeLike = UNSET, end: TimeLike = UNSET, projects: str | Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Requests over time of every environment of every active project, one below the other.

        Columns `project`, `environment`, `time` (UTC), then the counts (Int64), as `analytics.requests_over_time`;
        `attrs["partial"]` has the starts of buckets that the window cuts. `projects`: only of this one, or of
        these, by name or id.
        """
        environments = self.environments(projects=projects)
        fixed = {"start": start, "end": self._client.transport.now() if end is UNSET else end}
        fixed = {name: value for name, value in fixed.items() if value is not UNSET}
        places = list(environments[["project", "project_id", "unique_name", "id"]].itertuples(index=False))

        def read(place: Any) -> pd.DataFrame:
            frame = self._client.analytics.requests_over_time(place.project_id, place.id, **fixed)
            widths.add(frame.attrs["bucket_seconds"])
            cut.update(frame.attrs["partial"])
            frame = frame.reset_index()
            frame.insert(0, "environment", pd.Series([place.unique_name] * len(frame), dtype="str"))
            frame.insert(0, "project", pd.Series([place.project] * len(frame), dtype="str"))
            return frame

        widths: set[int] = set()
        cut: set[str] = set()
        label = "fleet.requests_over_time"
        frames, failed = self._gather(label, read, places, lambda p: f"{p.project}/{p.unique_name}")
        failed = environments.attrs["failed"] | failed
        empty = frame_of(RequestsBucket).rename(columns={"timestamp": "time"})
        empty["time"] = pd.Series([], dtype="datetime64[us, UTC]")
        for name in ("environment", "project"):
            empty.insert(0, name, pd.Series([], dtype="str"))
        skipped, complete = environments.attrs["skipped"], environments.attrs["complete"]
        frame = self._joined(label, frames, empty, failed, skipped, bool(complete))
        frame.attrs["bucket_seconds"] = widths.pop() if len(widths) == 1 else None
        frame.attrs["partial"] = sorted(cut)
        return frame

    def overview(self, *, start: TimeLike = "-24h", end: TimeLike = "now") -> pd.DataFrame:
        """One row for each environment: what is live there, and how it did in a window (by default the last day).

        Columns: project, environment, state, version (of the live deployment, Int64), live_state, replicas (Int64),
        requests (Int64), rpm (Float64, mean), success_percentage (Float64, (2xx + 3xx) / total, rounded down, NA
        without requests), status_5xx (Int64).
        """
        return overview(self.environments(), self.deployments(), self.requests_over_time(start=start, end=end))

    def glance(self, *, window: int = 3600, points: int = 30) -> Glance:
        """A reading of the fleet that can be read again at little cost: `glance().read()`, one row per environment.

        `window`: seconds up to now; `points`: parts of the window for the column `trend`. See `Glance.read`.
        """
        from createos_nb.glance import Glance  # loaded when first used

        return Glance(self._client, window=window, points=points)

    def changes(self, *, start: TimeLike = "-24h") -> pd.DataFrame:
        """What was made, changed or cancelled since `start`, newest first: time, project, kind, name, change, state.

        Read from the times that resources carry: of several changes to one of them, only the last is seen, and who made
        it is not known.
        """
        parts = self.environments(), self.deployments(), self.domains()
        since = pd.Timestamp(unix(start, self._client.transport.now(), "start"), unit="s", tz="UTC")
        return changes(*parts, since)

    def __repr__(self) -> str:
        return (
            f"client.fleet: all projects at once, {self._client.where}\n"
            "  projects()  environments(projects=)  deployments(limit=)  domains()\n"
            "  requests_over_time(start=, end=, projects=)  overview(start=, end=)  changes(start=)  glance(window=)"
        )

    def _across(
        self,
        label: str,
        read: Callable[[str], pd.DataFrame],
        empty: pd.DataFrame,
        only: str | Sequence[str] | None = None,
    ) -> pd.DataFrame:
        projects = self._client.projects.list()
        if only is not None:
            only = several("projects", only)
            for name in only:
                if not ((projects["unique_name"] == name) | (projects["id"] == name)).any():
                    raise UnknownName("project", name, list(projects["unique_name"]))
            attrs = projects.attrs
            projects = projects[projects["unique_name"].isin(only) | projects["id"].isin(only)]
            projects.attrs = attrs
        active = projects[projects["status"] == "active"]
        others = projects[projects["status"] != "active"]
        skipped = {str(row.unique_name): str(row.status) for row in others.itertuples()}
        places = list(active[["unique_name", "id"]].itertuples(index=False))

        def one(place: Any) -> pd.DataFrame:
            frame = read(place.id)
            frame.insert(0, "project", pd.Series([place.unique_name] * len(frame), dtype="str"))
            return frame

        frames, failed = self._gather(label, one, places, lambda p: str(p.unique_name))
        empty.insert(0, "project", pd.Series([], dtype="str"))
        complete = bool(projects.attrs["complete"]) and all(f.attrs.get("complete", True) for f in frames)
        return self._joined(label, frames, empty, failed, skipped, complete)

    def _gather(
        self,
        label: str,
        read: Callable[[Any], pd.DataFrame],
        places: Sequence[Any],
        name: Callable[[Any], str],
    ) -> tuple[list[pd.DataFrame], dict[str, str]]:
        def one(place: Any) -> pd.DataFrame | CreateOSError:
            try:
                return read(place)
            except CreateOSError as error:
                return error

        failed: dict[str, str] = {}
        frames: list[pd.DataFrame] = []
        self._client.say_cost(label, len(places))
        with progress(label, self._client.clock) as tick:
            for done, (place, found) in enumerate(self._client.spread(one, places), start=1):
                if isinstance(found, CreateOSError):
                    failed[name(place)] = str(found).split("\n", 1)[0]
                else:
                    frames.append(found)
                if tick:
                    tick(done, len(places))
        return frames, failed

    def _joined(
        self,
        label: str,
        frames: list[pd.DataFrame],
        empty: pd.DataFrame,
        failed: dict[str, str],
        skipped: dict[str, str],
        complete: bool = True,
    ) -> pd.DataFrame:
        filled = [frame for frame in frames if len(frame)]
        for frame in filled:
            frame.attrs.clear()  # `concat` keeps attrs only where all agree, and comparing them costs
        joined = pd.concat(filled, ignore_index=True) if filled else empty
        joined.attrs.clear()
        joined.attrs |= self._client.stamp(label)
        joined.attrs |= {"complete": complete and not failed, "failed": failed, "skipped": skipped}
        if failed:
            names = ", ".join(failed)
            warn(
                f"{label}: {len(failed)} of {len(failed) + len(frames)} could not be read, and are not in the frame: "
                f'{names}; attrs["failed"] says why',
                IncompleteWarning,
            )
        return joined
