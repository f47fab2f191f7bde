"""The fleet: what all projects have, in one frame each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import pandas as pd

from createos_nb import contract
from createos_nb.client.analytics import Analytics
from createos_nb.client.fleet_logs import FleetLogs
from createos_nb.client.fleet_overview import FleetOverview, Judging
from createos_nb.client.fleet_reads import FleetReads, app_names, warn_of_failures
from createos_nb.client.fleet_scans import scans_frame, scans_of_live
from createos_nb.client.live_versions_frame import live_versions_frame, live_versions_of, sightings_of
from createos_nb.client.session import Session
from createos_nb.client.shared_reads import sharing
from createos_nb.contract.analytics import RequestsBucket
from createos_nb.contract.deployments import Deployment
from createos_nb.contract.domains import Domain
from createos_nb.contract.environments import Environment
from createos_nb.contract.operation import UNSET
from createos_nb.contract.types import TimeLike
from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput
from createos_nb.frames import frame_of, log_filter, runtime_log_frame
from createos_nb.frames.fleet import changes
from createos_nb.frames.log_search import Level, Search
from createos_nb.process import ProcessBound
from createos_nb.progress import progress
from createos_nb.times import DurationLike, unix, whole_seconds


class Fleet(ProcessBound):
    """All projects at once: environments, deployments, domains, requests over time, each as one frame.

    A project that is not active is left out and listed in `attrs["skipped"]`; one that could not be read is listed with
    the reason in `attrs["failed"]`, `attrs["complete"]` is then False, and a warning says so.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._reads = FleetReads(session)
        self._projects = contract.Projects(session.execute)
        self._environments = contract.Environments(session.execute)
        self._deployments = contract.Deployments(session.execute)
        self._domains = contract.Domains(session.execute)
        self._analytics = Analytics(session)
        self._overview = FleetOverview(session)

    def projects(self) -> pd.DataFrame:
        """All projects, one row each.

        Returns:
            `app` first (the name of its app; NA where it is in none), then as `projects.list`.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.fleet.projects().groupby("app").size().to_dict()
            {'Back office': 1, 'Shop': 4}
        """
        frame = self._projects.list()
        frame.insert(0, "app", pd.Series(app_names(self._session, frame["app_id"]), dtype=TEXT, index=frame.index))
        return frame

    def environments(
        self, *, projects: str | Sequence[str] | None = None, apps: str | Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Return the environments of all active projects.

        Args:
            projects: Only of this one, or of these, by name or id.
            apps: Only of projects in this app, or in these, by name or id.

        Returns:
            `project` (unique name) and `app` (its name, NA for none) first, then as `environments.list`.

        Raises:
            UnknownName: There is no such project or app.

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
        return self._reads.across("fleet.environments", self._environments.list, frame_of(Environment), projects, apps)

    def deployments(
        self,
        *,
        limit: int | None = None,
        projects: str | Sequence[str] | None = None,
        apps: str | Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Return the deployments of all active projects, newest first in each.

        Args:
            limit: At most that many of each project; by default all.
            projects: Only of this one, or of these, by name or id.
            apps: Only of projects in this app, or in these, by name or id.

        Returns:
            `project` (unique name) and `app` (its name, NA for none) first, then as `deployments.list`.

        Raises:
            UnknownName: There is no such project or app.

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
        return self._reads.across(
            "fleet.deployments",
            lambda project: self._deployments.list(project, limit=limit),
            frame_of(Deployment),
            projects,
            apps,
        )

    def domains(
        self, *, projects: str | Sequence[str] | None = None, apps: str | Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Return the domains of all active projects.

        Args:
            projects: Only of this one, or of these, by name or id.
            apps: Only of projects in this app, or in these, by name or id.

        Returns:
            `project` (unique name) and `app` (its name, NA for none) first, then as `domains.list`.

        Raises:
            UnknownName: There is no such project or app.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.fleet.domains()["project"].value_counts().to_dict()
            {'storefront': 5, 'landing-pages': 1, 'orders-api': 1}
            >>> len(client.fleet.domains(apps="Shop"))
            6
        """
        return self._reads.across("fleet.domains", self._domains.list, frame_of(Domain), projects, apps)

    def requests_over_time(
        self,
        *,
        start: TimeLike = UNSET,
        end: TimeLike = UNSET,
        step: DurationLike | None = None,
        projects: str | Sequence[str] | None = None,
        apps: str | Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Return the requests over time of every environment of every active project, one below the other.

        Args:
            start: First moment, such as "-24h"; by default an hour before the end.
            end: Moment after the last; by default now.
            step: Length of a bucket, such as "5min": exact sums, as in `analytics.requests_over_time`.
            projects: Only of this one, or of these, by name or id.
            apps: Only of projects in this app, or in these, by name or id.

        Returns:
            `project`, `environment`, `time` (UTC), then the counts (Int64), as `analytics.requests_over_time`;
            `attrs["partial"]` has the starts of buckets that the window cuts, `attrs["live_versions"]` when versions
            became live, as far as the session has seen environments and deployments: plots mark them;
            `attrs["apps"]` the name of the app of each project that is in one, and, where a history is open,
            `attrs["from_history"]` how many buckets it knew and `attrs["from_platform"]` how many were asked for.

        Raises:
            InvalidInput: The step is no multiple of the platform's buckets.
            UnknownName: There is no such project or app.

        Examples:
            >>> client = createos_nb.simulate()
            >>> requests = client.fleet.requests_over_time(start="-1h", projects="orders-api")
            >>> requests.groupby("environment")["count"].sum()
            environment
            development      19
            production     2596
            Name: count, dtype: Int64
        """
        if step is not None:
            whole_seconds(step, "step")  # before anything is asked
        environments = self.environments(projects=projects, apps=apps)
        window = {"start": start, "end": self._session.transport.now() if end is UNSET else end}
        window = {name: value for name, value in window.items() if value is not UNSET}
        pairs = list(environments[["project", "project_id", "unique_name", "id"]].itertuples(index=False))

        def read(pair: Any) -> pd.DataFrame:
            frame = self._analytics.requests_over_time(pair.project_id, pair.id, step=step, **window)
            widths.add(frame.attrs["bucket_seconds"])
            remembered.append((frame.attrs.get("from_history", 0), frame.attrs.get("from_platform", 0)))
            partial.update(frame.attrs["partial"])
            live.extend([*mark, pair.project, pair.unique_name] for mark in frame.attrs["live_versions"])
            frame = frame.reset_index()
            frame.insert(0, "environment", pd.Series([pair.unique_name] * len(frame), dtype=TEXT))
            frame.insert(0, "project", pd.Series([pair.project] * len(frame), dtype=TEXT))
            return frame

        widths: set[int] = set()
        partial: set[str] = set()
        remembered: list[tuple[int, int]] = []
        live: list[list[str]] = []
        label = "fleet.requests_over_time"
        frames, failed = self._reads.read_all(label, read, pairs, lambda pair: f"{pair.project}/{pair.unique_name}")
        failed = environments.attrs["failed"] | failed
        empty = frame_of(RequestsBucket).rename(columns={"timestamp": "time"})
        empty["time"] = pd.Series([], dtype="datetime64[us, UTC]")
        for name in ("environment", "project"):
            empty.insert(0, name, pd.Series([], dtype=TEXT))
        skipped, complete = environments.attrs["skipped"], environments.attrs["complete"]
        frame = self._reads.joined(label, frames, empty, failed, skipped, bool(complete))
        frame.attrs["bucket_seconds"] = widths.pop() if len(widths) == 1 else None
        frame.attrs["partial"], frame.attrs["live_versions"] = sorted(partial), sorted(live)
        grouped = environments.dropna(subset="app").drop_duplicates("project")
        frame.attrs["apps"] = dict(grouped[["project", "app"]].itertuples(index=False))
        if self._session.memory is not None:
            frame.attrs["from_history"] = sum(known for known, _ in remembered)
            frame.attrs["from_platform"] = sum(count for _, count in remembered)
        return frame

    def logs(
        self,
        *,
        start: TimeLike = UNSET,
        end: TimeLike = UNSET,
        level: Level = None,
        search: Search = None,
        projects: str | Sequence[str] | None = None,
        apps: str | Sequence[str] | None = None,
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
            apps: Only of projects in this app, or in these, by name or id.
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
            UnknownName: There is no such project or app.

        Examples:
            >>> client = createos_nb.simulate()
            >>> log = client.fleet.logs(start="-10min", level="ERROR", projects=["storefront", "orders-api"])
            >>> log.attrs["requests"], log.attrs["unread"]
            (10, [])
        """
        label = "fleet.logs"
        asked = {"start": start, "end": end, "level": level, "search": search}
        reading = FleetLogs(self._session, log_filter(level, search, name=label), asked, budget)
        targets, skipped, listed = self._reads.active(projects, apps, named=False)
        frames = reading.read([(str(row.unique_name), str(row.id)) for row in targets], len(targets) + len(skipped))
        empty = runtime_log_frame("")
        for name in ("environment", "project"):
            empty.insert(0, name, pd.Series([], dtype=TEXT))
        skipped |= reading.skipped
        frame = self._reads.joined(label, frames, empty, reading.failed, skipped, listed and reading.complete)
        frame.attrs |= reading.attrs
        reading.warn()
        return frame

    def overview(
        self,
        *,
        start: TimeLike = "-1h",
        end: TimeLike = "now",
        target: float = 0.999,
        compare: Literal["1w"] | None = None,
        projects: str | Sequence[str] | None = None,
        apps: str | Sequence[str] | None = None,
        refresh: bool = False,
    ) -> pd.DataFrame:
        """One row for each environment, those in trouble first: how it does, what is live, its requests in a window.

        What runs where is read anew by each call; requests that an earlier call has read are kept, and only what is new
        is asked for: once a minute. Buckets that the window or the present cuts are not counted.

        The order is: down, degraded, not read or without figures, those whose newest deployment failed, asleep, those
        that nobody asked, healthy; among equals the faster burn first. `docs/fleet.md` has the thresholds, and how
        often they are wrong.

        Args:
            start: First moment.
            end: Moment after the last.
            target: The objective: the share of the requests that should not end with 5xx.
            compare: "1w" reads the same time last week, for `error_change`: a request more for each environment.
                Without it the column is NA, except where earlier calls have read that time.
            projects: Only of this one, or of these, by name or id: the others are neither read nor shown, and what is
                known of them is kept.
            apps: Only of projects in this app, or in these, by name or id.
            refresh: Forget the requests that earlier calls have read.

        Returns:
            project, app (its name; NA where it is in none), environment, status (healthy, degraded, down, asleep,
            unknown), reason (a sentence with the figure), state, version (of the live deployment, Int64), live_state,
            replicas (Int64), requests (Int64), rpm (Float64, mean), success_percentage (Float64, (2xx + 3xx) / total,
            rounded down, NA without requests),
            status_5xx (Int64), server_error_percentage and client_error_percentage (Float64, 5xx and 4xx, rounded up),
            error_change (Float64, percentage points), burn (Float64, share of 5xx over the error budget), last_change
            and changed_at (UTC), trend and error_trend (lists of requests and of 5xx in each thirtieth of the window,
            None where there is no data), read_at (UTC; a project that can't be read now stays as it was, with the
            status unknown), pending (what is on its way there, such as "version 5 building"; NA where nothing is),
            budget_left (Float64, share of 30 days' error budget, below 0 when overspent; NA unless an open history
            knows it).
            `attrs["target"]` is the objective.

        Raises:
            InvalidInput: For a window of less than a minute, or an argument that is out of range.
            UnknownName: There is no such project or app.

        Examples:
            >>> client = createos_nb.simulate("shared-incident")
            >>> client.fleet.overview()[["project", "status", "server_error_percentage", "burn"]]
                     project    status  server_error_percentage   burn
            0     storefront  degraded                     6.57  65.62
            1     orders-api  degraded                      6.0  59.98
            2  landing-pages   healthy                      0.0    0.0
        """
        label = "fleet.overview"
        if refresh:
            self._overview = FleetOverview(self._session)
        with progress(label, self._session.clock) as tick:
            judging = Judging(target, compare)
            frame = self._overview.read(start, end, judging=judging, projects=projects, apps=apps, on_progress=tick)
        failed = frame.attrs["failed"]
        warn_of_failures(label, failed, len({*frame["project"], *failed}), "stay as they were")
        return frame

    def live_versions(
        self,
        *,
        start: TimeLike = "-24h",
        end: TimeLike = "now",
        projects: str | Sequence[str] | None = None,
        apps: str | Sequence[str] | None = None,
        known: pd.DataFrame | None = None,
    ) -> pd.DataFrame:
        """Return which version was live when: the right side of a join with traffic, by `pd.merge_asof`.

        The platform does not say who assigned what, and when. What was written down is exact: pass
        `known=createos_nb.plans.assignments(client)` for what the journals of this machine hold. The rest is inferred
        from the times of environments and deployments, and `exactness` says how; `docs/fleet.md` has how often it is
        right.

        Args:
            start: First moment; a version that was live then has a row that begins before it.
            end: Moment after the last.
            projects: Only of this one, or of these, by name or id.
            apps: Only of projects in this app, or in these, by name or id.
            known: What was seen live: a frame of `time` (UTC), `environment_id`, `deployment_id`, `began` (whether it
                became live at that time, or was live then) and `source` ("journal" or "history").

        Returns:
            One row for each stretch, in order of `start`: project, environment, version (Int64), deployment (id),
            start, end (UTC, NaT while it is live), source (journal, history, inferred), exactness, not_before,
            not_after (UTC: between them it became live). `exactness` is exact (it was written down), within (it was
            live at `not_after`, and became so at some moment between the two), built (the environment promotes by
            itself: when it was built), or guess (the newest built version; whether it was live there nobody knows).

        Raises:
            InvalidInput: For an empty window, or a frame `known` without its columns.
            UnknownName: There is no such project or app.

        Examples:
            >>> client = createos_nb.simulate("bad-release")
            >>> live = client.fleet.live_versions(start="-2h")
            >>> live[["environment", "version", "start", "exactness"]]
              environment  version                     start exactness
            0  production        3 2026-03-02 09:41:02+00:00     guess
            1  production        4 2026-03-04 13:20:04+00:00    within

            >>> traffic = client.fleet.requests_over_time(start="-2h").sort_values("time")
            >>> joined = pd.merge_asof(
            ...     traffic, live, left_on="time", right_on="start", by=["project", "environment"]
            ... )
            >>> joined.groupby("version", as_index=False)[["count", "status_5xx"]].sum()
               version  count  status_5xx
            0        3   8330          15
            1        4   3891         125
        """
        now = self._session.transport.now()
        window = unix(start, now, "start"), unix(end, now, "end")
        if window[0] >= window[1]:
            raise InvalidInput("fleet.live_versions: the window is empty: start is not before end")
        sightings = sightings_of(known)
        frame = self._reads.across(
            "fleet.live_versions",
            lambda project: live_versions_of(self._session, project, sightings, window),
            live_versions_frame([]),
            projects,
            apps,
            named=False,
        )
        attrs = frame.attrs
        frame = frame.sort_values(["start", "project", "environment"], kind="stable", ignore_index=True)
        frame.attrs = attrs
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
        with sharing():  # the projects are listed once
            parts = self.environments(), self.deployments(), self.domains()
        since = pd.Timestamp(unix(start, self._session.transport.now(), "start"), unit="s", tz="UTC")
        return changes(*parts, since)

    def scans(
        self, *, projects: str | Sequence[str] | None = None, apps: str | Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Return the vulnerability scans of what is live: a request for each deployment where scans are on.

        Args:
            projects: Only of this one, or of these, by name or id.
            apps: Only of the projects of this app, or of these, by name or id.

        Returns:
            One row an environment in which something is live: project, app, environment, deployment_id, scan (its
            state; "none" where there is none, "off" where the project has scans switched off), critical, high, medium,
            low, other (findings, Int64, NA where no scan has succeeded), scanned (UTC), note (why it failed).

        Raises:
            UnknownName: There is no such project or app.

        Examples:
            >>> client = createos_nb.simulate()
            >>> scans = client.fleet.scans()
            >>> scans["scan"].value_counts().to_dict()
            {'off': 8, 'none': 4, 'failed': 1}
        """
        active, skipped, listed = self._reads.active(projects, apps)
        frames, failed = self._reads.read_all(
            "fleet.scans", lambda row: scans_of_live(self._session, row), active, lambda row: str(row.unique_name)
        )
        return self._reads.joined("fleet.scans", frames, scans_frame([]), failed, skipped, listed)

    def __repr__(self) -> str:
        return (
            f"client.fleet: all projects at once, {self._session.where}\n"
            "  projects()  environments(projects=, apps=)  domains(projects=, apps=)\n"
            "  deployments(limit=, projects=, apps=)\n"
            "  requests_over_time(start=, end=, step=, projects=, apps=)  changes(start=)\n"
            "  overview(start=, end=, target=, compare=, projects=, apps=, refresh=)\n"
            "  live_versions(start=, end=, projects=, apps=, known=)\n"
            "  logs(start=, end=, level=, search=, projects=, apps=, budget=)  scans(projects=, apps=)"
        )
