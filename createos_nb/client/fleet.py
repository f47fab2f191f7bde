"""The fleet: what all projects have, in one frame each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from createos_nb import contract
from createos_nb.client.analytics import Analytics
from createos_nb.client.fleet_logs import FleetLogs
from createos_nb.client.fleet_overview import FleetOverview
from createos_nb.client.name_resolution import names_or_ids
from createos_nb.client.session import Session
from createos_nb.contract.analytics import RequestsBucket
from createos_nb.contract.deployments import Deployment
from createos_nb.contract.domains import Domain
from createos_nb.contract.environments import Environment
from createos_nb.contract.operation import UNSET
from createos_nb.contract.types import TimeLike
from createos_nb.dtypes import TEXT
from createos_nb.errors import CreateOSError, IncompleteWarning, UnknownName, warn
from createos_nb.frames import frame_of, log_filter, runtime_log_frame
from createos_nb.frames.fleet import changes
from createos_nb.frames.log_search import Level, Search
from createos_nb.process import ProcessBound
from createos_nb.progress import progress
from createos_nb.times import unix


class Fleet(ProcessBound):
    """All projects at once: environments, deployments, domains, requests over time, each as one frame.

    A project that is not active is left out and listed in `attrs["skipped"]`; one that could not be read is listed with
    the reason in `attrs["failed"]`, `attrs["complete"]` is then False, and a warning says so.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._projects = contract.Projects(session.execute)
        self._environments = contract.Environments(session.execute)
        self._deployments = contract.Deployments(session.execute)
        self._domains = contract.Domains(session.execute)
        self._analytics = Analytics(session)
        self._overview = FleetOverview(session)

    def projects(self) -> pd.DataFrame:
        """All projects, one row each.

        Returns:
            One row a project, as `projects.list`.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.fleet.projects().shape
            (8, 34)
        """
        return self._projects.list()

    def environments(self, *, projects: str | Sequence[str] | None = None) -> pd.DataFrame:
        """Return the environments of all active projects.

        Args:
            projects: Only of this one, or of these, by name or id.

        Returns:
            `project` (unique name) first, then as `environments.list`.

        Raises:
            UnknownName: There is no such project.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.fleet.environments(projects=["storefront", "orders-api"])[["project", "unique_name"]]
                  project  unique_name
            0  orders-api   production
            1  orders-api  development
            2  storefront   production
            3  storefront      staging
            4  storefront  development
            5  storefront         blue
            6  storefront        green
        """
        return self._across("fleet.environments", self._environments.list, frame_of(Environment), projects)

    def deployments(self, *, limit: int | None = None) -> pd.DataFrame:
        """Return the deployments of all active projects, newest first in each.

        Args:
            limit: At most that many of each project; by default all.

        Returns:
            `project` (unique name) first, then as `deployments.list`.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.fleet.deployments(limit=1)[["project", "version_number", "state"]]
                       project  version_number     state
            0   shop-assistant               3  deployed
            1    landing-pages               3  deployed
            2         chat-bot               1  sleeping
            3  recommendations               3  deployed
            4     edge-gateway               3  deployed
            5       orders-api               5  deployed
            6       storefront              18  building
        """
        return self._across(
            "fleet.deployments",
            lambda project: self._deployments.list(project, limit=limit),
            frame_of(Deployment),
        )

    def domains(self) -> pd.DataFrame:
        """Return the domains of all active projects.

        Returns:
            `project` (unique name) first, then as `domains.list`.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.fleet.domains()["project"].value_counts().to_dict()
            {'storefront': 5, 'landing-pages': 1, 'orders-api': 1}
        """
        return self._across("fleet.domains", self._domains.list, frame_of(Domain))

    def requests_over_time(
        self, *, start: TimeLike = UNSET, end: TimeLike = UNSET, projects: str | Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Return the requests over time of every environment of every active project, one below the other.

        Args:
            start: First moment, such as "-24h"; by default an hour before the end.
            end: Moment after the last; by default now.
            projects: Only of this one, or of these, by name or id.

        Returns:
            `project`, `environment`, `time` (UTC), then the counts (Int64), as `analytics.requests_over_time`;
            `attrs["partial"]` has the starts of buckets that the window cuts.

        Examples:
            >>> client = createos_nb.simulate()
            >>> requests = client.fleet.requests_over_time(start="-1h", projects="orders-api")
            >>> requests.groupby("environment")["count"].sum()
            environment
            development      19
            production     2596
            Name: count, dtype: Int64
        """
        environments = self.environments(projects=projects)
        window = {"start": start, "end": self._session.transport.now() if end is UNSET else end}
        window = {name: value for name, value in window.items() if value is not UNSET}
        pairs = list(environments[["project", "project_id", "unique_name", "id"]].itertuples(index=False))

        def read(pair: Any) -> pd.DataFrame:
            frame = self._analytics.requests_over_time(pair.project_id, pair.id, **window)
            widths.add(frame.attrs["bucket_seconds"])
            partial.update(frame.attrs["partial"])
            frame = frame.reset_index()
            frame.insert(0, "environment", pd.Series([pair.unique_name] * len(frame), dtype=TEXT))
            frame.insert(0, "project", pd.Series([pair.project] * len(frame), dtype=TEXT))
            return frame

        widths: set[int] = set()
        partial: set[str] = set()
        label = "fleet.requests_over_time"
        frames, failed = self._read_all(label, read, pairs, lambda pair: f"{pair.project}/{pair.unique_name}")
        failed = environments.attrs["failed"] | failed
        empty = frame_of(RequestsBucket).rename(columns={"timestamp": "time"})
        empty["time"] = pd.Series([], dtype="datetime64[us, UTC]")
        for name in ("environment", "project"):
            empty.insert(0, name, pd.Series([], dtype=TEXT))
        skipped, complete = environments.attrs["skipped"], environments.attrs["complete"]
        frame = self._joined(label, frames, empty, failed, skipped, bool(complete))
        frame.attrs["bucket_seconds"] = widths.pop() if len(widths) == 1 else None
        frame.attrs["partial"] = sorted(partial)
        return frame

    def logs(
        self,
        *,
        start: TimeLike = UNSET,
        end: TimeLike = UNSET,
        level: Level = None,
        search: Search = None,
        projects: str | Sequence[str] | None = None,
        budget: int = 60,
    ) -> pd.DataFrame:
        """Return the runtime logs of all environments, searched.

        One request finds the projects (one more for each twenty), one for each project its environments, and one for
        each environment reads its log. They are read in the order of `projects.list`, and within a project of
        `environments.list`, until the budget is used up: no environment is asked for half.

        Args:
            start: First moment, such as "-1h"; by default a minute before the end.
            end: Moment after the last; by default now.
            level: As of `environments.logs`: "WARN" for it and what is worse.
            search: As of `environments.logs`: a part of the text, or "re:" and a regular expression.
            projects: Only of this one, or of these, by name or id.
            budget: Requests to send at most; the list of projects is read whole whatever it says.

        Returns:
            `project` and `environment` first, then as `environments.logs`. `attrs`: `window`, `lines_read`,
            `lines_matching`, `requests`, `unread` (names of environments, and of projects whose environments were not
            even asked for, that the budget did not reach), `cut` (why the log of an environment may lack lines),
            `failed`, `skipped` (projects that are not active, environments where nothing runs), `complete`, which is
            False where anything is unread, cut or failed; warnings say so.

        Raises:
            InvalidInput: The window is empty, there is no such level, the expression can't be read, or the budget is
                too small to read one log.
            UnknownName: There is no such project.

        Examples:
            >>> client = createos_nb.simulate()
            >>> log = client.fleet.logs(start="-10min", level="ERROR", projects=["storefront", "orders-api"])
            >>> log.attrs["requests"], log.attrs["unread"]
            (10, [])
        """
        label = "fleet.logs"
        asked = {"start": start, "end": end, "level": level, "search": search}
        reading = FleetLogs(self._session, log_filter(level, search, name=label), asked, budget)
        targets, skipped, listed = self._active_projects(projects)
        frames = reading.read([(str(row.unique_name), str(row.id)) for row in targets], len(targets) + len(skipped))
        empty = runtime_log_frame("")
        for name in ("environment", "project"):
            empty.insert(0, name, pd.Series([], dtype=TEXT))
        skipped |= reading.skipped
        frame = self._joined(label, frames, empty, reading.failed, skipped, listed and reading.complete)
        frame.attrs |= reading.attrs
        reading.warn()
        return frame

    def overview(self, *, start: TimeLike = "-1h", end: TimeLike = "now", refresh: bool = False) -> pd.DataFrame:
        """One row for each environment: what is live there, and how it did in a window (by default the last hour).

        What runs where is read anew by each call; requests that an earlier call has read are kept, and only what is new
        is asked for. Buckets that the window or the present cuts are not counted.

        Args:
            start: First moment.
            end: Moment after the last.
            refresh: Forget the requests that earlier calls have read.

        Returns:
            project, environment, state, version (of the live deployment, Int64), live_state, replicas (Int64), requests
            (Int64), rpm (Float64, mean), success_percentage (Float64, (2xx + 3xx) / total, rounded down, NA without
            requests), status_5xx (Int64), trend (a list of requests in each thirtieth of the window, None where there
            is no data), read_at (UTC; a project that can't be read now stays as it was).

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.fleet.overview()[["project", "environment", "version", "requests"]].head(3)
                      project environment  version  requests
            0  shop-assistant  production        3       435
            1   landing-pages  production        3       641
            2        chat-bot  production        1         0
        """
        label = "fleet.overview"
        if refresh:
            self._overview = FleetOverview(self._session)
        with progress(label, self._session.clock) as tick:
            frame = self._overview.read(start, end, on_progress=tick)
        failed = frame.attrs["failed"]
        _warn_of_failures(label, failed, len({*frame["project"], *failed}), "stay as they were")
        return frame

    def changes(self, *, start: TimeLike = "-24h") -> pd.DataFrame:
        """Return what was created, changed or canceled since `start`, newest first.

        Read from the times that resources carry: of several changes to one of them, only the last is seen, and who made
        it is not known.

        Args:
            start: First moment, such as "-24h".

        Returns:
            time (UTC), project, kind, name, change, state.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.fleet.changes(start="-24h")[["project", "kind", "change"]].head(3)
                  project        kind   change
            0  storefront      domain  changed
            1  storefront  deployment     made
            2  storefront      domain  changed
        """
        parts = self.environments(), self.deployments(), self.domains()
        since = pd.Timestamp(unix(start, self._session.transport.now(), "start"), unit="s", tz="UTC")
        return changes(*parts, since)

    def __repr__(self) -> str:
        return (
            f"client.fleet: all projects at once, {self._session.where}\n"
            "  projects()  environments(projects=)  deployments(limit=)  domains()\n"
            "  requests_over_time(start=, end=, projects=)  overview(start=, end=, refresh=)  changes(start=)\n"
            "  logs(start=, end=, level=, search=, projects=, budget=)"
        )

    def _across(
        self,
        label: str,
        read: Callable[[str], pd.DataFrame],
        empty: pd.DataFrame,
        only: str | Sequence[str] | None = None,
    ) -> pd.DataFrame:
        active_projects, skipped, listed = self._active_projects(only)

        def read_project(row: Any) -> pd.DataFrame:
            frame = read(row.id)
            frame.insert(0, "project", pd.Series([row.unique_name] * len(frame), dtype=TEXT))
            return frame

        frames, failed = self._read_all(label, read_project, active_projects, lambda row: str(row.unique_name))
        empty.insert(0, "project", pd.Series([], dtype=TEXT))
        complete = listed and all(f.attrs.get("complete", True) for f in frames)
        return self._joined(label, frames, empty, failed, skipped, complete)

    def _active_projects(self, only: str | Sequence[str] | None) -> tuple[list[Any], dict[str, str], bool]:
        """Return the active projects, the status of the others by name, and whether the list is complete."""
        projects = self._projects.list()
        if only is not None:
            only = names_or_ids("projects", only)
            for name in only:
                if not ((projects["unique_name"] == name) | (projects["id"] == name)).any():
                    raise UnknownName("project", name, list(projects["unique_name"]))
            attrs = projects.attrs
            projects = projects[projects["unique_name"].isin(only) | projects["id"].isin(only)]
            projects.attrs = attrs
        active = projects[projects["status"] == "active"]
        others = projects[projects["status"] != "active"]
        skipped = {str(row.unique_name): str(row.status) for row in others.itertuples()}
        active_projects = list(active[["unique_name", "id"]].itertuples(index=False))
        return active_projects, skipped, bool(projects.attrs["complete"])

    def _read_all(
        self,
        label: str,
        read: Callable[[Any], pd.DataFrame],
        targets: Sequence[Any],
        name: Callable[[Any], str],
    ) -> tuple[list[pd.DataFrame], dict[str, str]]:
        """The frames of all places, several at a time, and the reasons of those that could not be read, by name."""

        def try_read(target: Any) -> pd.DataFrame | CreateOSError:
            try:
                return read(target)
            except CreateOSError as error:
                return error

        failed: dict[str, str] = {}
        frames: list[pd.DataFrame] = []
        self._session.lists.warn_of_wait(label, len(targets))
        with progress(label, self._session.clock) as tick:
            results = self._session.map_concurrently(try_read, targets)
            for done, (target, result) in enumerate(zip(targets, results, strict=True), start=1):
                if isinstance(result, CreateOSError):
                    failed[name(target)] = str(result).split("\n", 1)[0]
                else:
                    frames.append(result)
                if tick:
                    tick(done, len(targets))
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
        joined.attrs |= self._session.provenance(label)
        joined.attrs |= {"complete": complete and not failed, "failed": failed, "skipped": skipped}
        _warn_of_failures(label, failed, len(failed) + len(frames), "are not in the frame")
        return joined


def _warn_of_failures(label: str, failed: dict[str, str], of: int, instead: str) -> None:
    if failed:
        warn(
            f"{label}: {len(failed)} of {of} could not be read, and {instead}: {', '.join(failed)}; "
            'attrs["failed"] says why',
            IncompleteWarning,
        )
