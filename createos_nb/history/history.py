"""A history: the account's memory, in files that others can read."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import pandas as pd

from createos_nb.client.memory import Remembered, Totals
from createos_nb.errors import IncompleteWarning, InvalidInput
from createos_nb.history import engines, maintenance, requests
from createos_nb.history.by_environment import by_environment
from createos_nb.history.cache import Cache, cached_requests
from createos_nb.history.datasets import DATASETS, RESOURCES
from createos_nb.history.errors import HistoryError
from createos_nb.history.fingerprints import Fingerprints
from createos_nb.history.incidents import Incident, incidents
from createos_nb.history.known import Known
from createos_nb.history.manifest import Manifest
from createos_nb.history.moment import Moment
from createos_nb.history.simulated import fill
from createos_nb.history.sources import Source
from createos_nb.history.states import State
from createos_nb.history.store import Store, checked_content
from createos_nb.history.sync import Sync, SyncResult
from createos_nb.history.timeline import timeline
from createos_nb.history.totals import totals
from createos_nb.spans import Span, intersection
from createos_nb.times import iso, parse_duration, unix

if TYPE_CHECKING:
    import duckdb

    from createos_nb.analysis.fleets.parts import Fleet
    from createos_nb.client.client import Client
    from createos_nb.contract.types import TimeLike
    from createos_nb.times import DurationLike

_OF_PROJECTS: Final = ("deployments", "domains", "scans")
#: Seconds of traffic before a window that say what is usual there.
_USUAL: Final = 8 * 86_400
#: What is kept unless something else is asked for.
USUAL: Final = ("projects", "environments", "deployments", "domains", "api_keys", "requests", "events")


class History:
    """The memory of an account. Made by `createos_nb.history.open`.

    Attributes:
        folder: Where its files are.
    """

    def __init__(self, store: Store, client: Client | None) -> None:
        self._store, self._client, self._known = store, client, Known(store)
        self._cached: Cache | None = None
        self._sources: dict[str, Source] = {}
        self.folder = store.folder

    # --- growing ------------------------------------------------------------------------------------------------------

    def sync(
        self,
        *,
        budget: int | None = 200,
        since: TimeLike = "-7d",
        datasets: Sequence[str] = USUAL,
        projects: str | Sequence[str] | None = None,
    ) -> SyncResult:
        """Ask for what is missing, newest first, within a budget of requests, and keep it.

        What was kept is not asked for again, but for the last five minutes, which may still grow. Each sixteen answers
        (sixty-four where there are thousands) are on the disk before the next are asked for: whatever ends it, the
        next one goes on from there.

        Args:
            budget: Requests to send at most; None for no limit. What is left is done by the next call.
            since: From where on series are kept, such as "-30d".
            datasets: Which ones; `createos_nb.history.DATASETS` has them all. "paths", "error_paths" and "status_codes"
                cost one request a day for each environment together, "logs" one a call, "scans" one for each live
                deployment that is scanned.
            projects: Only of this one, or of these, by name or id.

        Returns:
            What was done, and what is left.

        Raises:
            HistoryBusy: Another process is writing to it; nothing was asked.
            HistoryError: It was opened without a client, or the disk takes nothing more.
            InvalidInput: There is no such dataset, or the budget is no number of requests.

        Examples:
            >>> client = createos_nb.simulate("bad-release")
            >>> history = createos_nb.history.open(client, "account")
            >>> result = history.sync(since="-1d")
            >>> result.complete, result.rows["requests"] > 2000
            (True, True)
            >>> history.sync(since="-1d").requests
            0
        """
        client, chosen = self._asking("sync"), self._checked(datasets, budget)
        with self._store.writing("sync") as manifest:
            return self._sync(client, manifest, chosen, since, projects, budget).run()

    def cost(
        self,
        *,
        since: TimeLike = "-7d",
        datasets: Sequence[str] = USUAL,
        projects: str | Sequence[str] | None = None,
    ) -> int:
        """Return about how many requests `sync` would need now; nothing is asked.

        What projects and environments there are is known from the last time: before the first it is only the lists.

        Args:
            since: As of `sync`.
            datasets: As of `sync`.
            projects: As of `sync`.

        Returns:
            The number of requests.

        Examples:
            >>> client = createos_nb.simulate("bad-release")
            >>> history = createos_nb.history.open(client, "account")
            >>> _ = history.sync(since="-1d")
            >>> history.cost(since="-1d"), history.cost(since="-3d")
            (0, 4)
        """
        client, chosen = self._asking("cost"), self._checked(datasets, None)
        return self._sync(client, self._store.reload(), chosen, since, projects, None).cost()

    def _sync(
        self,
        client: Client,
        manifest: Manifest,
        datasets: Sequence[str],
        since: TimeLike,
        projects: str | Sequence[str] | None,
        budget: int | None,
    ) -> Sync:
        now = client.session.transport.now()
        if manifest.written > now + 120:
            raise HistoryError(
                f"the history {self.folder} was written at {iso(int(manifest.written))}, and the time there is "
                f"{iso(int(now))}: the clock was set back; nothing was asked"
            )
        return Sync(
            client,
            self._store,
            manifest,
            Fingerprints.of_history(manifest.id),
            since=unix(since, now, "since"),
            datasets=datasets,
            projects=[projects] if isinstance(projects, str) else projects,
            budget=budget,
            sources=self._sources,
        )

    def _asking(self, what: str) -> Client:
        if self._client is None:
            raise HistoryError(f"history.{what} needs a client: createos_nb.history.open(client, {str(self.folder)!r})")
        return self._client

    @staticmethod
    def _checked(datasets: Sequence[str], budget: int | None) -> Sequence[str]:
        names = (datasets,) if isinstance(datasets, str) else tuple(datasets)
        if wrong := [name for name in names if name not in DATASETS]:
            raise InvalidInput(f"history: there is no dataset {wrong[0]!r}, but {', '.join(DATASETS)}")
        if budget is not None and (isinstance(budget, bool) or not isinstance(budget, int) or budget < 1):
            raise InvalidInput(f"history: budget={budget!r} is a number of requests, at least 1, or None")
        return names

    def fill(self, *, since: TimeLike = "-30d") -> int:
        """Write the minutes of a simulated world into the files without asking for them day by day.

        What there is then is what `sync` would have kept: the same rows, by the same writer. Only the lists of projects
        and environments are asked for. About a million minutes a second; a year of an environment is 525,600.

        Args:
            since: From where on, such as "-365d"; an environment has none before it was made.

        Returns:
            How many minutes were written.

        Raises:
            HistoryBusy: Another process is writing to it.
            HistoryError: The client asks no simulated world of this process, or the disk takes nothing more.

        Examples:
            >>> client = createos_nb.simulate("bad-release")
            >>> history = createos_nb.history.open(client, "account")
            >>> history.fill(since="-1d") > 2000
            True
            >>> history.cost(since="-1d", datasets=["requests"])
            0
        """
        client = self._asking("fill")
        if client.world is None:
            raise HistoryError("history.fill is for a simulated world in this process; history.sync asks the platform")
        self.sync(datasets=("projects", "environments"), budget=None, since=since)
        with self._store.writing("fill") as manifest:
            states = [state for state in self._known.states("environments") if state.valid_to is None]
            return fill(client, self._store, manifest, states, unix(since, client.session.transport.now(), "since"))

    # --- reading ------------------------------------------------------------------------------------------------------

    def requests(
        self,
        start: TimeLike = "-1h",
        end: TimeLike = "now",
        *,
        step: DurationLike | None = None,
        projects: str | Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Return requests over time from the disk, as `fleet.requests_over_time` gives them; nothing is asked.

        Args:
            start: First moment, counted from the last synchronization.
            end: Moment after the last.
            step: Length of a bucket, such as "1h": exact sums.
            projects: Only of this one, or of these, by name or id.

        Returns:
            `project`, `environment`, `time` (UTC), then the counts (Int64): each bucket of the window, 0 where there
            were no requests, NA where it is not known. `attrs`: `complete`, `unknown` (what is NA, by environment),
            `from_history` (buckets), `requests` (0), `bucket_seconds`, `partial`.

        Raises:
            UnknownName: The history knows no such project.
            HistoryDamaged: A file that it needs is damaged.

        Examples:
            >>> client = createos_nb.simulate("bad-release")
            >>> history = createos_nb.history.open(client, "account")
            >>> _ = history.sync(since="-1d")
            >>> history.requests("-1h", projects="storefront").groupby("environment")["status_5xx"].sum()
            environment
            production    130
            staging         0
            Name: status_5xx, dtype: Int64
        """
        manifest = self._store.reload()
        window = self._window(manifest, start, end)
        return requests.frame(self._store, self._known.places(self._known.projects(projects)), window, step)

    def by_environment(
        self,
        start: TimeLike | None = None,
        end: TimeLike = "now",
        *,
        step: DurationLike | None = None,
        projects: str | Sequence[str] | None = None,
    ) -> Fleet:
        """Return the requests of each environment, to be read one by one, also in other processes.

        This is what `analysis.fleet` takes: what it reads is what `requests` has of that environment.

        Args:
            start: First moment, counted from the last synchronization; by default all that there is.
            end: Moment after the last.
            step: Length of a bucket, such as "1h": exact sums.
            projects: Only of this one, or of these, by name or id.

        Returns:
            Its `parts`, one an environment; nothing is read yet but what several share in one file.

        Raises:
            UnknownName: The history knows no such project.
            HistoryDamaged: A file that several environments share is damaged.

        Examples:
            >>> client = createos_nb.simulate("bad-release")
            >>> history = createos_nb.history.open(client, "account")
            >>> _ = history.sync(since="-1d")
            >>> [found] = history.by_environment().parts[0].read(["count", "status_5xx"])
            >>> found.place.name, list(found.frame.columns)
            ('storefront/production', ['count', 'status_5xx'])
        """
        manifest = self._store.reload()
        if start is None:
            start = min((file.first for file in self._store.files("requests")), default=int(manifest.written) - 3600)
        window = self._window(manifest, start, end)
        return by_environment(self._store, self._known.places(self._known.projects(projects)), window, step)

    def at(self, moment: TimeLike) -> Moment:
        """Return what was so at a moment.

        Args:
            moment: Such as "2026-03-01 12:00Z", or "-2h" from the last synchronization.

        Returns:
            The account then: `.environments()` and so on are frames that say how exactly it is known.

        Raises:
            InvalidInput: It lies after the last synchronization.

        Examples:
            >>> client = createos_nb.simulate("bad-release")
            >>> history = createos_nb.history.open(client, "account")
            >>> _ = history.sync(since="-1d")
            >>> history.at(client.now).projects()["unique_name"].tolist()
            ['storefront']
        """
        manifest = self._store.reload()
        at = unix(moment, manifest.written, "moment")
        if at > manifest.written + 1:
            raise InvalidInput(
                f"history.at: {iso(int(at))} is after the last synchronization, {iso(int(manifest.written))}"
            )
        looked = {name: self._known.first_look(manifest, name) for name in RESOURCES}
        return Moment(at, {name: self._known.states(name) for name in RESOURCES}, looked)

    def timeline(
        self, project: str, environment: str, *, start: TimeLike = "-7d", end: TimeLike = "now"
    ) -> pd.DataFrame:
        """Return what happened in an environment: assignments, scalings, variables, deployments, domains, scans, who.

        Incidents are what `analysis.anomalies` finds in its requests: more errors than usual, or fewer requests.

        Args:
            project: Its project, by name or id.
            environment: By name or id.
            start: First moment, counted from the last synchronization.
            end: Moment after the last.

        Returns:
            One row a change, oldest first: time (UTC), not_before (UTC: after which moment, where only two looks are
            known; else NaT), kind (changed: the last change before the first look), text, who, why, source (platform:
            it says so itself; snapshot: two looks differ; inferred: from the requests; else what tells of it, such as
            journal or webhook), exactness (exact, between, or at the latest: an incident is seen once there is enough).

        Raises:
            UnknownName: The history knows no such project or environment.

        Examples:
            >>> client = createos_nb.simulate("bad-release")
            >>> history = createos_nb.history.open(client, "account")
            >>> _ = history.sync(since="-1d")
            >>> _ = client.world.advance("10min")
            >>> plan = createos_nb.runbooks.rollback(client, "storefront", "production")
            >>> receipt = plan.apply(confirm=plan.confirmation, reason="errors since version 4")
            >>> _ = history.sync(since="-1d")
            >>> history.timeline("storefront", "production", start="-2h")[["kind", "why", "source"]]
                   kind                     why    source
            0  deployed                          platform
            1   changed                          platform
            2  incident                          inferred
            3  rollback  errors since version 4   journal
            4  assigned                          platform
        """
        manifest = self._store.reload()
        window = self._window(manifest, start, end)
        ids = self._known.projects(project)
        states = self._known.environments(ids, environment)
        deployments, domains, scans = (
            [state for state in self._known.states(name) if state.project_id in ids] for name in _OF_PROJECTS
        )
        named = {name for id, name in self._known.names().items() if id in ids}
        events = self._known.events({*ids, *named}, {environment, *(state.id for state in states)})
        return timeline(states, deployments, domains, scans, events, self._incidents(states, window), window)

    def _incidents(self, states: Sequence[State], window: Span) -> Iterator[Incident]:
        """What the requests of an environment show; those of one that was made anew are apart."""
        longer = window[0] - _USUAL, window[1]
        ids = {state.id for state in states}
        places = [place for place in self._known.places({state.project_id for state in states}) if place[2].id in ids]
        for place in places:
            with warnings.catch_warnings():  # of what is not known nothing is inferred
                warnings.simplefilter("ignore", IncompleteWarning)
                traffic = requests.frame(self._store, [place], longer, None)
            yield from incidents(traffic.drop(columns=["project", "environment"]).set_index("time"))

    def gaps(self) -> pd.DataFrame:
        """Return the times that were asked for and of which the platform gave nothing: they are NA for ever.

        Returns:
            project, environment, start, end (UTC).
        """
        manifest = self._store.reload()
        rows = [
            (project, environment, pd.Timestamp(start, unit="s", tz="UTC"), pd.Timestamp(end, unit="s", tz="UTC"))
            for project, environment, state, there in self._known.places()
            if (asked := manifest.asked.get("requests", {}).get(state.id)) is not None
            for start, end in intersection(asked.gaps, there)
        ]
        frame = pd.DataFrame(rows, columns=["project", "environment", "start", "end"])
        return frame.astype({"start": "datetime64[us, UTC]", "end": "datetime64[us, UTC]"})

    def datasets(self) -> pd.DataFrame:
        """Return what there is.

        Returns:
            One row a dataset: dataset, meaning, rows, files, bytes (Int64), first, last (UTC, NaT without rows).

        Examples:
            >>> client = createos_nb.simulate("bad-release")
            >>> history = createos_nb.history.open(client, "account")
            >>> _ = history.sync(since="-1d")
            >>> history.datasets().set_index("dataset").loc["environments", "rows"]
            np.int64(2)
        """
        return maintenance.inventory(self._store.reload())

    def files(self, dataset: str) -> list[Path]:
        """Return the Parquet files of a dataset, for any engine that reads them: each row is in one of them, once.

        Args:
            dataset: Its name.

        Returns:
            Paths.

        Raises:
            InvalidInput: There is no such dataset.

        Examples:
            >>> client = createos_nb.simulate("bad-release")
            >>> history = createos_nb.history.open(client, "account")
            >>> _ = history.sync(since="-1d")
            >>> len(pd.read_parquet(history.files("environments")))
            2
        """
        self._checked((dataset,), None)
        return [self.folder / file.path for file in self._store.files(dataset)]

    def remembered(self, environment: str, window: Span) -> list[Remembered]:
        """Return what is known for good of the requests of an environment; for the client, which asks for the rest."""
        self._cached = cached_requests(self._store, self._cached, window)
        return self._cached.remembered(environment, window)

    def totals(self, now: int, length: int) -> dict[str, Totals]:
        """Return requests of each environment, by id, in the last seconds that are known; for the fleet's budgets.

        Raises:
            HistoryDamaged: A file that it takes is missing or is not what was written.
        """
        for file in self._store.files("requests", start=now - 2 * length, end=now):
            checked_content(self.folder, file)  # DuckDB has no checksums to look at
        with self.connection() as connection:
            return totals(connection, now, length)

    def close(self) -> None:
        """Let the client ask for everything again. The files need no closing.

        Examples:
            >>> client = createos_nb.simulate("bad-release")
            >>> history = createos_nb.history.open(client, "account")
            >>> history.close()
            >>> client.session.memory is None
            True
        """
        if self._client is not None and self._client.session.memory is self:
            self._client.session.memory = None

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Return a DuckDB connection with a view for each dataset, as the history is now.

        Datasets of a project or an environment have `project` and `environment`, the newest names, in front. `%%sql`
        magics take such a connection.

        Returns:
            The connection; it is yours to close.

        Raises:
            HistoryDamaged: The manifest is damaged, or a file is missing or is no Parquet.

        Examples:
            >>> client = createos_nb.simulate("bad-release")
            >>> history = createos_nb.history.open(client, "account")
            >>> _ = history.sync(since="-1d")
            >>> with history.connection() as connection:
            ...     connection.sql("select count(*) from environments").fetchall()
            [(2,)]
        """
        return engines.connection({name: self.files(name) for name in DATASETS})

    def sql(self, query: str) -> pd.DataFrame:
        """Return the answer to a query in SQL, as DuckDB speaks it, over all datasets.

        Args:
            query: Such as "select project, sum(status_5xx) from requests group by project".

        Returns:
            Its rows; whole numbers are Int64, times datetime64[us, UTC].

        Raises:
            InvalidInput: The query is refused; the error says why.

        Examples:
            >>> client = createos_nb.simulate("bad-release")
            >>> history = createos_nb.history.open(client, "account")
            >>> _ = history.sync(since="-1d")
            >>> history.sql("select environment, sum(status_5xx) as failed from requests group by all order by all")
              environment  failed
            0  production     255
            1     staging       0
        """
        with self.connection() as connection:
            return engines.sql(connection, query)

    def scan(self, dataset: str, engine: Literal["arrow", "polars", "dask"] = "arrow") -> Any:
        """Return a dataset in an engine for more than fits into memory.

        Args:
            dataset: Its name.
            engine: "arrow" (`pyarrow.dataset.Dataset`), "polars" (`polars.LazyFrame`) or "dask"
                (`dask.dataframe.DataFrame`).

        Returns:
            The dataset; nothing is read yet.

        Raises:
            InvalidInput: There is no such dataset or engine.
            MissingExtra: The engine is not installed.

        Examples:
            >>> client = createos_nb.simulate("bad-release")
            >>> history = createos_nb.history.open(client, "account")
            >>> _ = history.sync(since="-1d")
            >>> history.scan("environments").count_rows()
            2
        """
        return engines.scan(dataset, self.files(dataset), engine)

    def add_source(self, name: str, source: Source) -> None:
        """Fold the events of a source in, at each `sync` from now on.

        Args:
            name: Of the source, as the column `source` shows it.
            source: Takes the client, and returns a frame of time (UTC), key (tells an event from the others), project,
                environment, kind, text, who, why.

        Examples:
            >>> client = createos_nb.simulate("bad-release")
            >>> history = createos_nb.history.open(client, "account")
            >>> def shifts(client):
            ...     row = {"time": client.now, "key": "1", "project": "", "environment": "", "kind": "shift"}
            ...     return pd.DataFrame([{**row, "text": "on call from here on", "who": "tamsin", "why": ""}])
            >>> history.add_source("shifts", shifts)
            >>> history.sync(since="-1d").rows["events"]
            1
        """
        self._sources[name] = source

    # --- maintenance --------------------------------------------------------------------------------------------------

    def verify(self) -> list[str]:
        """Read every file, and return the paths of those whose content is not what was written.

        Returns:
            Paths within the history; none where all is well.

        Examples:
            >>> client = createos_nb.simulate("bad-release")
            >>> history = createos_nb.history.open(client, "account")
            >>> _ = history.sync(since="-1d")
            >>> history.verify()
            []
        """
        return [file.path for file in self._store.damaged()]

    def repair(self) -> list[str]:
        """Let go of files that are damaged, so that the next `sync` asks again for what was in them.

        What the platform no longer has becomes a gap. States and events of such files are lost.

        Returns:
            Paths of the files that were let go.

        Raises:
            HistoryBusy: Another process is writing to it.
        """
        return maintenance.repair(self._store)

    def prune(self, *, older_than: DurationLike) -> int:
        """Delete series, top lists, logs, events and ended states that are older than a time.

        They are not asked for again by a `sync` whose `since` is later.

        Args:
            older_than: Such as "90d", counted from the last synchronization.

        Returns:
            How many rows were deleted.

        Raises:
            HistoryBusy: Another process is writing to it.

        Examples:
            >>> client = createos_nb.simulate("bad-release")
            >>> history = createos_nb.history.open(client, "account")
            >>> _ = history.sync(since="-1d")
            >>> history.prune(older_than="12h") > 1000
            True
        """
        return maintenance.prune(self._store, parse_duration(older_than, "older_than"))

    @staticmethod
    def _window(manifest: Manifest, start: TimeLike, end: TimeLike) -> Span:
        window = int(unix(start, manifest.written, "start") // 1), int(-(-unix(end, manifest.written, "end") // 1))
        if window[0] >= window[1]:
            raise InvalidInput(f"the window is empty: start {iso(window[0])} is not before end {iso(window[1])}")
        return window

    def __repr__(self) -> str:
        manifest = self._store.reload()
        rows = sum(file.rows for file in manifest.all_files())
        size = sum(file.bytes for file in manifest.all_files())
        when = iso(int(manifest.written)) if manifest.written else "never"
        return f"History of {manifest.where}: {rows:,} rows, {size / 1e6:.1f} MB, synchronized {when}\n  {self.folder}"


__all__ = ["USUAL", "History"]
