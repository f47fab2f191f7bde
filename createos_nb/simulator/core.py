"""The inside of a world: its state, the look-ups beside it, and the door that requests come through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import RLock
from typing import Any, get_args

from createos_nb.errors import InvalidInput
from createos_nb.lineage import Lineage
from createos_nb.process import OfThisProcess
from createos_nb.simulator import schedule, signed
from createos_nb.simulator.answers import Dialect, Reply
from createos_nb.simulator.clock import WorldClock
from createos_nb.simulator.dispatch import Dispatch
from createos_nb.simulator.faults import Injected
from createos_nb.simulator.ids import uuid_of
from createos_nb.simulator.live import created_at
from createos_nb.simulator.moments import from_datetime
from createos_nb.simulator.state import Deployment, Environment, Happening, Key, Project, State
from createos_nb.simulator.traffic import Build, Recorded, Traffic


class Core(OfThisProcess):
    """What the parts of the simulator know of a world. Everybody else uses `World`."""

    base_url = "https://api.simulator.invalid"
    _instead = "world.fork() makes another one like it, and world.save(file) keeps it"

    def __init__(self, state: State, *, dialect: str = "production") -> None:
        if dialect not in get_args(Dialect):
            raise InvalidInput(f"a dialect is {' or '.join(get_args(Dialect))}, not {dialect!r}")
        self.state = state
        self.dialect: Dialect = dialect  # type: ignore[assignment]  # one of its two words, as was just checked
        #: Which world this is, and whose past is its own.
        self.lineage = Lineage.fresh()
        self.lock = RLock()
        self.clock = WorldClock(self)
        self.files_url = "https://files.simulator.invalid"
        #: The state at the start, to set the world back to.
        self.origin = b""
        #: JSON of resources by their id, until they change.
        self.rows: dict[str, bytes] = {}
        #: Lists that are costly to make, by name, until they change.
        self.lists: dict[str, Any] = {}
        #: Builds by deployment, some of them.
        self.builds: dict[str, Build] = {}
        #: Requests that are known one by one, by environment, or by deployment where it is live nowhere.
        self.recorded: dict[str, Recorded] = {}
        #: Told of each request that may have changed something: method, path, query, headers, body.
        self.written: Callable[[str, str, str, Mapping[str, str], bytes], None] | None = None
        self.injected = Injected(self)
        self._traffics: dict[str, Traffic] = {}
        self._dispatch = Dispatch(self)
        self.index()

    def handle(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer one request: (status, headers, body).

        `path` and `query` as they stand in the request line, the query without its question mark; the names of
        `headers` in lower case. Safe from several threads. Raises `faults.Broken` where a fault breaks the connection.
        """
        with self.lock:
            if path.startswith(signed.PREFIX):
                return signed.serve(self, method, path, query)
            if self.injected.any:
                return self.injected.answer(self._dispatch, method, path, query, headers, body)
            return self._dispatch.answer(method, path, query, headers, body)

    def move_to(self, moment: Any) -> None:
        """Let time pass until a moment (microseconds since 1970, or an aware datetime); a past one changes nothing."""
        with self.lock:
            schedule.run_until(self, moment if isinstance(moment, int) else from_datetime(moment))

    def move(self, microseconds: int) -> None:
        """Let so many microseconds pass."""
        if microseconds > 0:
            self.move_to(self.state.now + microseconds)

    def become(self, state: State, recorded: Mapping[str, Recorded]) -> None:
        """Take another state in place of this one."""
        self.state = state
        self.recorded = {key: Recorded(one.events) for key, one in recorded.items()}
        self.index()

    # --- look-ups -----------------------------------------------------------------------------------------------------

    def index(self) -> None:
        """Make the look-ups that are not part of the state."""
        state = self.state
        self.limited = any(
            (state.settings.rate_per_minute, state.settings.rate_per_hour, state.settings.uploads_per_minute)
        )
        self.rows.clear()
        self.lists.clear()
        self.builds.clear()
        self._traffics.clear()
        self.owner_of: dict[str, str] = {}
        for user in state.users.values():
            self.owner_of[user.token] = user.id
            if user.secret and not any(key.secret == user.secret for key in state.keys.values()):
                self.owner_of[user.secret] = user.id
        self.key_with: dict[str, Key] = {key.secret: key for key in state.keys.values()}
        self.hosts: dict[str, tuple[str, str]] = {
            environment.host: (project.id, environment.id)
            for project in state.projects.values()
            for environment in project.environments.values()
        }

    def new_id(self, kind: str) -> str:
        """The next id of the world."""
        self.state.counter += 1
        return uuid_of(self.state.seed, kind, self.state.counter)

    def deployments(self, project: Project) -> dict[str, Deployment]:
        """Deployments of a project by id, oldest first; a seeded history is worked out at the first look."""
        if project.seeded is not None:
            from createos_nb.simulator.seeding import unfold

            unfold(self, project)
        return project.deployments

    def requests_of(self, environment: Environment) -> Traffic:
        """The requests of an environment, for all time up to now."""
        found = self._traffics.get(environment.id)
        if found is None:
            state = self.state
            found = self._traffics[environment.id] = Traffic(
                state.seed,
                environment.id,
                environment.profiles or None,
                environment.segments,
                [incident for incident, reached in state.incidents if environment.id in reached],
                self.recorded.setdefault(environment.id, Recorded()),
                created_at(environment),
                [] if environment.replayed else [one for one in environment.scheduled if one.method],
            )
        return found

    # --- changes ------------------------------------------------------------------------------------------------------

    def changed(self, resource: Any) -> None:
        """Note that a resource has just changed."""
        resource.updated = self.state.now
        self.rows.pop(resource.id, None)

    def traffic_changed(self, environment: Environment) -> None:
        """Note that what shapes an environment's traffic has changed."""
        self._traffics.pop(environment.id, None)

    def note(
        self,
        what: str,
        project: Project | None = None,
        text: str = "",
        *,
        environment: Environment | None = None,
        deployment: Deployment | None = None,
    ) -> None:
        """Write a line of the journal."""
        self.state.journal.append(
            Happening(
                self.state.now,
                what,
                project.name if project is not None else "",
                environment.name if environment is not None else "",
                deployment.version if deployment is not None else 0,
                text,
            )
        )
