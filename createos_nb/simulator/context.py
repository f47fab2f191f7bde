"""What the parts of the simulator share of one world: its state, indexes, caches, clock and events.

Whoever reads or changes a world takes a `WorldContext`; `createos_nb.simulator.world.world.World` is its public face.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from heapq import heappop, heappush
from threading import RLock
from typing import Final, get_args

from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.lineage import Lineage
from createos_nb.process import ProcessBound
from createos_nb.simulator.envelope import Dialect
from createos_nb.simulator.ids import uuid_of
from createos_nb.simulator.seeded_history import expand_history
from createos_nb.simulator.state import (
    App,
    Cronjob,
    Deployment,
    Domain,
    Environment,
    JournalEntry,
    Key,
    Project,
    ScheduledEvent,
    State,
    Template,
)
from createos_nb.simulator.times import SECOND, from_datetime
from createos_nb.simulator.traffic import Build, Recorded, Traffic

Resource = App | Cronjob | Deployment | Domain | Environment | Key | Project | Template


class WorldContext(ProcessBound):
    """The inside of one world, for the parts of the simulator; everybody else uses `World`.

    Attributes:
        state: everything that the world knows; one tree that can be written and read.
        dialect: "production" or "documented": how answers are wrapped.
        lineage: which world this is, and whose past is its own.
        lock: held by whoever reads or changes the world.
        clock: a `createos_nb.clock.Clock` that moves this world.
        files_url: where signed addresses lead.
        initial_state: the state at the start, as bytes, to set the world back to.
        rows: JSON of resources by their id, until they change.
        newest_first: deployments by project, newest first, until they change.
        builds: builds by deployment, some of them.
        recorded: requests that are known one by one, by environment, or by deployment where it is live nowhere.
        on_write: called with each request that may have changed something: method, path, query, headers, body.
        limits_requests: whether a rate limit is set.
        user_by_secret: ids of users by access token or key.
        key_by_secret: API keys by their secret.
        hosts: ids of project and environment by host name.
    """

    base_url = "https://api.simulator.invalid"
    _instead = "world.fork() makes another one like it, and world.save(file) keeps it"

    def __init__(self, state: State, *, dialect: str = "production") -> None:
        if dialect not in get_args(Dialect):
            raise InvalidInput(f"a dialect is {' or '.join(get_args(Dialect))}, not {dialect!r}")
        self.state = state
        self.dialect: Dialect = dialect  # type: ignore[assignment]  # one of its two words, as was just checked
        self.lineage = Lineage.fresh()
        self.lock = RLock()
        self.clock = WorldClock(self)
        self.files_url = "https://files.simulator.invalid"
        self.initial_state = b""
        self.rows: dict[str, bytes] = {}
        self.newest_first: dict[str, list[Deployment]] = {}
        self.builds: dict[str, Build] = {}
        self.recorded: dict[str, Recorded] = {}
        self.on_write: Callable[[str, str, str, Mapping[str, str], bytes], None] | None = None
        self._traffics: dict[str, Traffic] = {}
        self.rebuild_indexes()

    # --- time ---------------------------------------------------------------------------------------------------------

    def move_to(self, moment: int | datetime) -> None:
        """Let time pass until a moment (microseconds since 1970, or an aware datetime); a past one changes nothing.

        Each event that is due on the way happens at its own time.
        """
        until = moment if isinstance(moment, int) else from_datetime(moment)
        with self.lock:
            state = self.state
            while state.scheduled_events and state.scheduled_events[0].at <= until:
                event = heappop(state.scheduled_events)
                state.now = max(state.now, event.at)
                EVENT_HANDLERS[event.name](self, event.target)
            state.now = max(state.now, until)

    def move(self, microseconds: int) -> None:
        """Let so many microseconds pass."""
        if microseconds > 0:
            self.move_to(self.state.now + microseconds)

    def schedule_in(self, seconds: float, name: str, *target: str) -> None:
        """Schedule an event so many seconds from now."""
        self.schedule_at(self.state.now + round(seconds * SECOND), name, *target)

    def schedule_at(self, moment: int, name: str, *target: str) -> None:
        """Schedule an event at a moment; one in the past happens with the next step of time."""
        if name not in EVENT_HANDLERS:
            raise LookupError(f"no handler is registered for the event {name!r}")
        state = self.state
        state.counter += 1
        heappush(state.scheduled_events, ScheduledEvent(moment, state.counter, name, target))

    # --- look-ups -----------------------------------------------------------------------------------------------------

    def replace_state(self, state: State, recorded: Mapping[str, Recorded]) -> None:
        """Take another state in place of this one."""
        self.state = state
        self.recorded = {key: Recorded(requests.events) for key, requests in recorded.items()}
        self.rebuild_indexes()

    def rebuild_indexes(self) -> None:
        """Empty the caches, and make the indexes that are not part of the state."""
        state = self.state
        self.limits_requests = any(
            (state.settings.rate_per_minute, state.settings.rate_per_hour, state.settings.uploads_per_minute)
        )
        self.rows.clear()
        self.newest_first.clear()
        self.builds.clear()
        self._traffics.clear()
        self.user_by_secret: dict[str, str] = {}
        for user in state.users.values():
            self.user_by_secret[user.token] = user.id
            if user.secret and not any(key.secret == user.secret for key in state.keys.values()):
                self.user_by_secret[user.secret] = user.id
        self.key_by_secret: dict[str, Key] = {key.secret: key for key in state.keys.values()}
        self.hosts: dict[str, tuple[str, str]] = {
            environment.host: (project.id, environment.id)
            for project in state.projects.values()
            for environment in project.environments.values()
        }

    def new_id(self, kind: str) -> str:
        """Return the next id of the world."""
        self.state.counter += 1
        return uuid_of(self.state.seed, kind, self.state.counter)

    def deployments(self, project: Project) -> dict[str, Deployment]:
        """Return the deployments of a project by id, oldest first; a seeded history is expanded at the first look."""
        if project.seeded is not None:
            expand_history(self.state.seed, project)
        return project.deployments

    def traffic_of(self, environment: Environment) -> Traffic:
        """Return the traffic of an environment, for all time up to now."""
        traffic = self._traffics.get(environment.id)
        if traffic is None:
            state = self.state
            traffic = self._traffics[environment.id] = Traffic(
                state.seed,
                environment.id,
                environment.profiles or None,
                environment.segments,
                [incident for incident, affected in state.incidents if environment.id in affected],
                self.recorded.setdefault(environment.id, Recorded()),
                environment.traffic_start,
                [] if environment.replayed else [run for run in environment.scheduled if run.method],
            )
        return traffic

    def find_project(self, name: str) -> Project:
        """Return a project by name or id. Raises `UnknownName`."""
        projects = [project for project in self.state.projects.values() if project.status != "deleted"]
        for project in projects:
            if name in (project.name, project.id):
                return project
        raise UnknownName("project", name, [project.name for project in projects])

    def find_environment(self, path: str) -> tuple[Project, Environment]:
        """Return what "project/environment" names. Raises `UnknownName`, `InvalidInput`."""
        project_name, slash, environment_name = path.partition("/")
        if not slash:
            raise InvalidInput(f'write "project/environment", not {path!r}')
        project = self.find_project(project_name)
        return project, find_environment(project, environment_name)

    # --- changes ------------------------------------------------------------------------------------------------------

    def touch(self, resource: Resource) -> None:
        """Note that a resource has just changed."""
        resource.updated = self.state.now
        self.rows.pop(resource.id, None)

    def invalidate_traffic(self, environment: Environment) -> None:
        """Note that what decides an environment's traffic has changed."""
        self._traffics.pop(environment.id, None)

    def record(
        self,
        what: str,
        project: Project | None = None,
        text: str = "",
        *,
        environment: Environment | None = None,
        deployment: Deployment | None = None,
    ) -> None:
        """Write an entry of the world's journal."""
        self.state.journal.append(
            JournalEntry(
                self.state.now,
                what,
                project.name if project is not None else "",
                environment.name if environment is not None else "",
                deployment.version if deployment is not None else 0,
                text,
            )
        )


class WorldClock:
    """A `createos_nb.clock.Clock` over a world: to sleep is to let the world's time pass, and nothing waits for real.

    Attributes:
        skew: seconds that this clock goes ahead of the platform's.
    """

    virtual = True

    def __init__(self, context: WorldContext) -> None:
        self._context = context
        self.skew = 0.0

    def now(self) -> float:
        """Return Unix seconds (UTC) in the world, as whoever waits on this clock believes."""
        return self._context.state.now / SECOND + self.skew

    def ticks(self) -> float:
        """Return seconds that nobody sets: what has passed in the world, whatever this clock shows."""
        return self._context.state.now / SECOND

    def sleep(self, seconds: float) -> None:
        """Let that much of the world's time pass; what is due meanwhile happens."""
        self._context.move(round(seconds * SECOND))


def find_environment(project: Project, name: str) -> Environment:
    """Return an environment of a project by name or id. Raises `UnknownName`."""
    for environment in project.environments.values():
        if name in (environment.name, environment.id):
            return environment
    raise UnknownName(
        "environment", name, [environment.name for environment in project.environments.values()], project.name
    )


EventHandler = Callable[[WorldContext, tuple[str, ...]], None]

#: By name of the event; modules register their own.
EVENT_HANDLERS: Final[dict[str, EventHandler]] = {}


def handles_event(name: str) -> Callable[[EventHandler], EventHandler]:
    """Register what is done when an event of this name is due."""

    def register(handler: EventHandler) -> EventHandler:
        if EVENT_HANDLERS.setdefault(name, handler) is not handler:
            raise TypeError(f"the event {name!r} has two handlers")
        return handler

    return register
