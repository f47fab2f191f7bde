"""A simulated CreateOS account, and all that can be done to it from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from createos_nb.errors import InvalidInput
from createos_nb.simulator.times import MomentLike
from createos_nb.simulator.traffic import Behavior, Bot, BuildBehavior, Failing, Page
from createos_nb.simulator.world import events
from createos_nb.simulator.world.faults import Fault, FaultKind, Faults, chosen_faults
from createos_nb.simulator.world.outside import OutsideWorld
from createos_nb.simulator.world.replay import replay
from createos_nb.times import DurationLike

if TYPE_CHECKING:
    import pandas as pd


class World(OutsideWorld):
    """A world made from a scenario; see `open_world`.

    Requests come in through `handle`, or through `transport()` for an `httpx.Client`. Time stands still until somebody
    moves it: by `advance`, by `at`, or by waiting on `clock`.

    Attributes:
        state: everything that the world knows; one tree that can be written and read.
        dialect: "production" or "documented": how answers are wrapped.
        base_url: what a client shows as its address; it leads nowhere.
        clock: a `createos_nb.clock.Clock` that moves this world.

    Examples:
        >>> client = createos_nb.simulate()
        >>> version = client.world.push("storefront", "main", message="Free shipping")
        >>> time = client.world.advance("10min")
        >>> client.deployments.list("storefront")["state"].iloc[0]
        'deployed'
    """

    # --- what happens -------------------------------------------------------------------------------------------------

    def events(self) -> pd.DataFrame:
        """Return what has happened in the world, oldest first; injected faults included.

        Returns:
            A frame of `time` (UTC), `what`, `project`, `environment` (names), `version` (Int64), `text`; "" or NA where
            there is none.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> version = world.push("storefront", "main", message="Free shipping")
            >>> world.events()[["what", "text"]].iloc[-2].tolist()
            ['commit pushed', 'main: Free shipping']
        """
        with self.lock:
            return events.journal_frame(self.state.journal[:], self.state.scenario)

    def push(
        self,
        project: str,
        branch: str = "main",
        *,
        message: str = "A commit",
        image: str = "",
        files: Mapping[str, str] | None = None,
        source: BuildBehavior | Mapping[str, Any] | str | None = None,
        behavior: Behavior | Mapping[str, Any] | str | None = None,
        requires: Sequence[str] = (),
    ) -> int | None:
        """Let a commit arrive on a branch; it is deployed, unless the project ignores the branch.

        Args:
            project: name or id.
            branch: of its repository; a new one may be given.
            message: of the commit.
            image: for a project of images: deployed in place of a commit.
            files: for a project of uploads, path → text: deployed in place of a commit.
            source: what it is like when built: a `BuildBehavior`, a mapping of its fields, or a name of the scenario.
                {}: a sound one. None: as the newest version that was built and started, so that this one is, too;
                where there was none yet, as the newest version.
            behavior: what it does once it runs: a `Behavior`, a mapping of its fields, or a name of the scenario.
            requires: run-time variables without which it ends at its start.

        Returns:
            The number of the version that is queued now; None where the branch is ignored.

        Raises:
            UnknownName: no such project, source or behavior.
            InvalidInput: the project is not active, or nothing was given to deploy.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> world.push("storefront", "main", message="Free shipping")
            19
        """
        with self.lock:
            return events.push(
                self, project, branch, message, image, files or {}, source=source, behavior=behavior, requires=requires
            )

    def set_behavior(
        self,
        project: str,
        version: int | str,
        behavior: Behavior | Mapping[str, Any] | str | None = None,
        *,
        errors: Sequence[Failing | Mapping[str, Any]] | None = None,
        slow: float | None = None,
        boot: int | None = None,
        slow_start: int | None = None,
        slow_start_errors: float | None = None,
        listens: int | None = None,
        crash_after: int | None = None,
        crash: str | None = None,
        memory: int | None = None,
        leak: float | None = None,
        memory_per_rpm: float | None = None,
        cpu_ms: float | None = None,
    ) -> None:
        """Let a deployment behave otherwise from now on, wherever it is live; a healthy one where nothing is given.

        Args:
            project: name or id.
            version: number or id of the deployment.
            behavior: a `Behavior`, a mapping of its fields, or a name of the scenario; or give its fields:
            errors: shares of requests that fail, by path and status.
            slow: factor on every duration.
            boot: seconds from the start of a process until it listens.
            slow_start: seconds after each start in which caches are cold.
            slow_start_errors: share of requests that get 503 meanwhile.
            listens: the port that the program listens on; 0: the one it is given.
            crash_after: seconds from listening until the process ends with an error.
            crash: cause of the crash, as the log gives it.
            memory: MB that the process uses idle.
            leak: MB that it grows by in an hour.
            memory_per_rpm: MB that it needs for each request a minute.
            cpu_ms: milliseconds of one full core that a request takes.

        Raises:
            UnknownName: no such project, deployment or behavior.
            InvalidInput: a value out of range, or `behavior` and fields of it at once.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.world.set_behavior("storefront", 17, errors=[{"path": "/checkout", "status": 500, "share": 0.3}])
            >>> time = client.world.advance("30min")
            >>> requests = client.analytics.requests_over_time("storefront", "production", start="-30min")
            >>> bool(requests["status_5xx"].sum() > 0)
            True
        """
        fields = _given(
            errors=errors,
            slow=slow,
            boot=boot,
            slow_start=slow_start,
            slow_start_errors=slow_start_errors,
            listens=listens,
            crash_after=crash_after,
            crash=crash,
            memory=memory,
            leak=leak,
            memory_per_rpm=memory_per_rpm,
            cpu_ms=cpu_ms,
        )
        if behavior is not None and fields:
            raise InvalidInput(f"give a behavior, or its fields ({', '.join(fields)}), not both")
        with self.lock:
            events.set_behavior(self, project, version, fields if behavior is None else behavior)

    def traffic(
        self,
        project: str,
        environment: str,
        *,
        rpm: float | None = None,
        factor: float = 1.0,
        pages: Sequence[Page | Mapping[str, Any]] | None = None,
        day: Sequence[int] | None = None,
        week: Sequence[int] | None = None,
        utc_offset: int | None = None,
        growth: float | None = None,
        overdispersion: float | None = None,
        jitter: float | None = None,
        autocorrelation: float | None = None,
        daily_jitter: float | None = None,
        clients: int | None = None,
        bots: Sequence[Bot | Mapping[str, Any]] | None = None,
    ) -> None:
        """Let others, more or fewer come to an environment from now on, and through the domains routed to it.

        Args:
            project: name or id.
            environment: name or id.
            rpm: mean requests a minute of all visitors over a week.
            factor: on the number of visitors.
            pages: what is asked for.
            day: 24 relative whole numbers, the rate at each full hour.
            week: 7 relative whole numbers, Monday to Sunday.
            utc_offset: minutes that the visitors' time is ahead of UTC.
            growth: per week, compound: 0.02 is 2 %.
            overdispersion: coefficient of variation of a factor on each minute's rate.
            jitter: standard deviation of the slow factor on the rate.
            autocorrelation: of that factor between neighboring steps of five minutes.
            daily_jitter: standard deviation of a factor for whole days.
            clients: how many different visitors there are.
            bots: single clients beside the visitors.

        Raises:
            UnknownName: no such project or environment.
            InvalidInput: a value out of range.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.world.traffic("storefront", "staging", rpm=120)
            >>> time = client.world.advance("1h")
            >>> requests = client.analytics.requests_over_time("storefront", "staging", start="-1h")
            >>> bool(requests["count"].mean() > 50)
            True
        """
        changes = _given(
            pages=pages,
            day=day,
            week=week,
            utc_offset=utc_offset,
            growth=growth,
            overdispersion=overdispersion,
            jitter=jitter,
            autocorrelation=autocorrelation,
            daily_jitter=daily_jitter,
            clients=clients,
            bots=bots,
        )
        with self.lock:
            events.set_traffic(self, project, environment, rpm, factor, changes)

    def incident(
        self,
        *environments: str,
        name: str = "",
        start: MomentLike = "now",
        lasts: DurationLike | None = None,
        failing: Failing | Mapping[str, Any] | Sequence[Failing | Mapping[str, Any]] = (),
        rate: float = 1.0,
        ramp: int = 0,
        fade: int = 0,
        jitter: float = 0.3,
        slow: float = 1.0,
        stolen: float = 0.0,
    ) -> str:
        """Let something from outside happen to environments: a crowd, a lost upstream, a noisy neighbor.

        Args:
            environments: each as "project/environment".
            name: names its random stream; by default "incident-1", "incident-2", …
            start: when, not before now.
            lasts: how long, such as "20min" or seconds; None: until `end_incident`.
            failing: shares of requests that fail: `Failing`s or mappings of its fields.
            rate: factor on the number of visitors.
            ramp: seconds in which that factor goes from 1 to `rate`.
            fade: seconds after the end in which it goes back to 1.
            jitter: standard deviation of the factor on the failing shares.
            slow: factor on durations.
            stolen: share of every replica's CPU that a noisy neighbor takes.

        Returns:
            Its name.

        Raises:
            UnknownName: no such project or environment.
            InvalidInput: no environment, a name that is in use, a start in the past, or a value out of range.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> world.incident("storefront/production", lasts="20min", rate=7.0, ramp=120)
            'incident-1'
        """
        fields = {"rate": rate, "ramp": ramp, "fade": fade, "jitter": jitter, "slow": slow, "stolen": stolen}
        with self.lock:
            return events.start_incident(self, environments, name, start, lasts, failing, fields)

    def end_incident(self, name: str) -> None:
        """End an incident now.

        Args:
            name: what `incident` returned.

        Raises:
            UnknownName: there is no such incident.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> name = world.incident("storefront/production", slow=4.0)
            >>> world.end_incident(name)
            >>> world.events()["what"].iloc[-1]
            'incident ends'
        """
        with self.lock:
            events.end_incident(self, name)

    def faults(
        self,
        *faults: Fault,
        seed: int = 0,
        what: FaultKind | None = None,
        operations: Sequence[str] = (),
        probability: float = 1.0,
        count: int | None = None,
        skip: int = 0,
        seconds: float = 5.0,
        status: int = 503,
    ) -> Faults:
        """Inject faults of the API itself, while a `with` block runs.

        One fault by keywords, several as `Fault`s, or `*read_faults(file)`; `start()` and `stop()` serve where there is
        no block.

        Args:
            faults: which.
            seed: decides which requests are struck, where a probability is below 1.
            what: kind of one more fault, which the following describe; see `Fault`.
            operations: names of operations, or "read" or "write" for all that do so; empty: all.
            probability: of each request that it could strike.
            count: at most so often; None: no limit.
            skip: so many requests that it could strike are spared first.
            seconds: of a latency, a clock's skew, or of the wait that a rate limit asks for.
            status: of an error.

        Returns:
            The faults, which strike from `with` or `start` on.

        Raises:
            InvalidInput: no fault, or one that makes no sense.

        Examples:
            >>> client = createos_nb.simulate()
            >>> with client.world.faults(what="error", status=503, count=1, operations=["ListProjects"]) as faults:
            ...     len(client.projects.list())
            8
            >>> faults.injected
            [1]
        """
        chosen = chosen_faults(
            faults,
            what=what,
            operations=operations,
            probability=probability,
            count=count,
            skip=skip,
            seconds=seconds,
            status=status,
        )
        return Faults(self.api.faults, chosen, seed)

    def replay(
        self,
        project: str,
        environment: str,
        source: str | Path | bytes | IO[bytes],
        *,
        end: MomentLike | None = None,
        query: bool = True,
    ) -> pd.Series:
        """Let an access log become the traffic of an environment, in place of what was there.

        Args:
            project: name or id.
            environment: name or id.
            source: path of a log in common or combined format, plain or gzip, its bytes, or a file open for reading
                bytes.
            end: None for the log's own times; "now", a Timestamp, a datetime or RFC 3339 text for where it is to end.
            query: whether the query string is part of a path, as it is for whoever counts the log by hand.

        Returns:
            A Series: `lines`, `kept`, `malformed` (all int), `reasons` (a dict: reason → lines), `first` and `last`
            (UTC Timestamps, NaT without requests) as they are in the world.

        Raises:
            UnknownName: no such project or environment.
            InvalidInput: `end` is not a time.
            OSError: the file can't be read.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> log = world.replay("storefront", "staging", createos_nb.sample("access.log"), end="now")
            >>> log["lines"] == log["kept"] + log["malformed"]
            True
        """
        with self.lock:
            return replay(self, project, environment, source, end=end, query=query)


def _given(**fields: object) -> dict[str, Any]:
    """Return the fields that were given."""
    return {name: value for name, value in fields.items() if value is not None}
