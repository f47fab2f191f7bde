"""A simulated CreateOS account: its state, its clock, and the door that requests come through."""

from __future__ import annotations

import random
from collections.abc import Mapping
from threading import RLock
from typing import TYPE_CHECKING, Any, get_args

from createos_nb.errors import InvalidInput
from createos_nb.simulator import schedule, signed
from createos_nb.simulator.answers import Dialect, Reply
from createos_nb.simulator.clock import WorldClock
from createos_nb.simulator.dispatch import Dispatch
from createos_nb.simulator.ids import uuid_of
from createos_nb.simulator.live import created_at
from createos_nb.simulator.moments import SECOND, duration, from_datetime
from createos_nb.simulator.state import Deployment, Environment, Happening, Key, Project, State
from createos_nb.simulator.traffic import Build, Recorded, Traffic

if TYPE_CHECKING:
    import pandas as pd

    from createos_nb.simulator.transport import WorldTransport


class World:
    """A world made from a scenario; see `open_world`.

    Requests come in through `handle`, or through `transport()` for an `httpx.Client`. Time stands still until somebody
    moves it: by `advance`, or by waiting on `clock`.

    Attributes:
        state: everything that the world knows; one tree that can be written and read.
        dialect: "production" or "documented": how answers are wrapped.
        base_url: what a client shows as its address; it leads nowhere.
        clock: a `createos_nb.clock.Clock` that moves this world.
    """

    base_url = "https://api.simulator.invalid"

    def __init__(self, state: State, *, dialect: str = "production") -> None:
        if dialect not in get_args(Dialect):
            raise InvalidInput(f"a dialect is {' or '.join(get_args(Dialect))}, not {dialect!r}")
        self.state = state
        self.dialect: Dialect = dialect  # type: ignore[assignment]  # one of its two words, as was just checked
        self.lock = RLock()
        self.clock = WorldClock(self)
        self.files_url = "https://files.simulator.invalid"
        #: JSON of resources by their id, until they change.
        self.rows: dict[str, bytes] = {}
        #: Lists that are costly to make, by name, until they change.
        self.lists: dict[str, Any] = {}
        #: Builds by deployment, some of them.
        self.builds: dict[str, Build] = {}
        self.recorded: dict[str, Recorded] = {}
        self._traffics: dict[str, Traffic] = {}
        self._dispatch = Dispatch(self)
        self.index()

    # --- requests -----------------------------------------------------------------------------------------------------

    def handle(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer one request: (status, headers, body).

        `path` and `query` as they stand in the request line, the query without its question mark; the names of
        `headers` in lower case. Safe from several threads.
        """
        with self.lock:
            if path.startswith(signed.PREFIX):
                return signed.serve(self, method, path, query)
            return self._dispatch.answer(method, path, query, headers, body)

    def transport(self) -> WorldTransport:
        """This world as the transport of an `httpx.Client` or `httpx.AsyncClient`: no port, no thread."""
        from createos_nb.simulator.transport import WorldTransport

        return WorldTransport(self)

    @property
    def key(self) -> str:
        """An API key of the account that the scenario is about."""
        return next(iter(self.state.users.values())).secret

    @property
    def account(self) -> str:
        """Name of the user whose account the scenario is about."""
        return next(iter(self.state.users.values())).username

    def jitter(self) -> random.Random:
        """A generator for the waits of a client, the same for the same seed."""
        return random.Random(self.state.seed)

    @property
    def access_token(self) -> str:
        """An access token of that account."""
        return next(iter(self.state.users.values())).token

    def key_of(self, username: str) -> str:
        """An API key of another account of this world. Raises `LookupError`."""
        for user in self.state.users.values():
            if user.username == username:
                return user.secret
        raise LookupError(f"there is no user {username!r}; there is: {', '.join(u.username for u in self.users)}")

    @property
    def users(self) -> list[Any]:
        """The accounts of this world."""
        return list(self.state.users.values())

    # --- time ---------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> pd.Timestamp:
        """The time in the world (UTC)."""
        import pandas as pd

        return pd.Timestamp(self.state.now, unit="us", tz="UTC")

    def advance(self, by: Any) -> pd.Timestamp:
        """Let time pass: "15min", seconds, or a Timedelta. What is due meanwhile happens, in its order.

        Returns the new time. Raises `ValueError` for a negative or unreadable duration.
        """
        if isinstance(by, str):
            microseconds = duration(by)
        elif isinstance(by, int | float):
            microseconds = round(by * SECOND)
        else:
            microseconds = round(by.total_seconds() * SECOND)
        if microseconds < 0:
            raise ValueError(f"time only goes forward: {by!r}")
        self.move(microseconds)
        return self.now

    def move(self, microseconds: int) -> None:
        """Let so many microseconds pass."""
        if microseconds > 0:
            self.move_to(self.state.now + microseconds)

    def move_to(self, moment: Any) -> None:
        """Let time pass until a moment (microseconds since 1970, or an aware datetime); a past one changes nothing."""
        with self.lock:
            until = moment if isinstance(moment, int) else from_datetime(moment)
            schedule.run_until(self, until)

    def replay(self, project: str, environment: str, source: Any, *, end: Any = None, query: bool = False) -> pd.Series:
        """Let an access log become the traffic of an environment, in place of what was there; see `replay.replay`."""
        from createos_nb.simulator.replay import replay

        with self.lock:
            return replay(self, project, environment, source, end=end, query=query)

    # --- what the simulator's own parts use ---------------------------------------------------------------------------

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

    def changed(self, resource: Any) -> None:
        """Note that a resource has just changed."""
        resource.updated = self.state.now
        self.rows.pop(resource.id, None)

    def note(self, what: str, project: Project | None = None, text: str = "", **ids: str) -> None:
        """Write a line of the journal."""
        where = project.id if project is not None else ""
        self.state.journal.append(Happening(self.state.now, what, where, text=text, **ids))

    def traffic(self, environment: Environment) -> Traffic:
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
            )
        return found

    def traffic_changed(self, environment: Environment) -> None:
        """Note that what shapes an environment's traffic has changed."""
        self._traffics.pop(environment.id, None)
