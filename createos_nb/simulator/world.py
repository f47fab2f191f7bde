"""A simulated CreateOS account, and all that can be done to it from outside."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

from createos_nb.errors import InvalidInput
from createos_nb.simulator import keeping, shaping
from createos_nb.simulator.core import Core
from createos_nb.simulator.faults import Fault, Faults
from createos_nb.simulator.moments import duration
from createos_nb.simulator.state import User

if TYPE_CHECKING:
    import pandas as pd

    from createos_nb.simulator.transport import WorldTransport


class World(Core):
    """A world made from a scenario; see `open_world`.

    Requests come in through `handle`, or through `transport()` for an `httpx.Client`. Time stands still until somebody
    moves it: by `advance`, by `at`, or by waiting on `clock`.

    Attributes:
        state: everything that the world knows; one tree that can be written and read.
        dialect: "production" or "documented": how answers are wrapped.
        base_url: what a client shows as its address; it leads nowhere.
        clock: a `createos_nb.clock.Clock` that moves this world.
    """

    def __repr__(self) -> str:
        projects = sum(one.status != "deleted" for one in self.state.projects.values())
        return f"<World {self.state.scenario}, seed {self.state.seed}, {self.now.isoformat()}, {projects} projects>"

    # --- who and where ------------------------------------------------------------------------------------------------

    def transport(self) -> WorldTransport:
        """This world as the transport of an `httpx.Client` or `httpx.AsyncClient`: no port, no thread."""
        from createos_nb.simulator.transport import WorldTransport

        return WorldTransport(self)

    @property
    def id(self) -> str:
        """Which world this is: a new one whenever a scenario is opened, kept by `fork`, `save` and `load`."""
        return self.lineage.id

    @property
    def _owner(self) -> User:
        return next(iter(self.state.users.values()))

    @property
    def key(self) -> str:
        """An API key of the account that the scenario is about."""
        return self._owner.secret

    @property
    def access_token(self) -> str:
        """An access token of that account."""
        return self._owner.token

    @property
    def account(self) -> str:
        """Name of the user whose account it is."""
        return self._owner.username

    def key_of(self, username: str) -> str:
        """An API key of another account of this world. Raises `LookupError`."""
        names = {user.username: user.secret for user in self.state.users.values()}
        if username not in names:
            raise LookupError(f"there is no user {username!r}; there is: {', '.join(names)}")
        return names[username]

    def jitter(self) -> random.Random:
        """A generator for the waits of a client, the same for the same seed."""
        return random.Random(self.state.seed)

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
        microseconds = duration(by)
        if microseconds < 0:
            raise InvalidInput(f"time only goes forward: {by!r}")
        self.move(microseconds)
        return self.now

    def at(self, time: Any) -> World:
        """Let time pass until a moment: a Timestamp, an aware datetime, RFC 3339 text, or Unix seconds.

        Returns this world. Raises `ValueError` for a moment that is over (`reset`, or a `fork` made before, goes back).
        """
        moment = shaping.moment_of(self, time)
        if moment < self.state.now:
            raise ValueError(f"time only goes forward: {time} is over, it is {self.now.isoformat()}")
        self.move_to(moment)
        return self

    # --- keeping ------------------------------------------------------------------------------------------------------

    def fork(self) -> World:
        """Another world that is as this one is now; from here on neither sees what happens in the other."""
        with self.lock:
            state, _ = keeping.thawed(keeping.frozen(self))
            other = World(state, dialect=self.dialect)
            other.origin, other.files_url = self.origin, self.files_url
            other.become(state, self.recorded)
            other.lineage = self.lineage.branch(state.now)
            return other

    def reset(self) -> World:
        """Set everything back to what it was when the world was opened. Returns this world."""
        with self.lock:
            self.become(*keeping.thawed(self.origin))
            # what was done since it was opened, at its very first moment too, has not happened now
            self.lineage = self.lineage.branch(self.state.now - 2_000)
            self.injected.clear()
            return self

    def save(self, file: str | Path) -> Path:
        """Write the world to a file, whole; if that fails, the old file stays. Raises `OSError`."""
        with self.lock:
            return keeping.save(self, file)

    def load(self, file: str | Path) -> World:
        """Become the world of a file. Returns this world.

        Raises `InvalidInput` for what is no saved world, a damaged one, or one of a newer version; then this one stays.
        """
        head, whole, recorded = keeping.read(file)
        with self.lock:
            self.dialect = head.dialect  # type: ignore[assignment]  # one of its two words, as it was written
            self.origin = whole.origin
            self.become(whole.state, recorded)
            self.lineage = head.lineage.branch(self.state.now)
            return self

    # --- what happens -------------------------------------------------------------------------------------------------

    def events(self) -> pd.DataFrame:
        """What has happened in the world, oldest first; injected faults included.

        Columns: `time` (UTC), `what`, `project`, `environment` (names), `version` (Int64), `text`; "" or NA where there
        is none.
        """
        import pandas as pd

        with self.lock:
            rows = self.state.journal[:]
        frame = pd.DataFrame(
            {
                "time": pd.to_datetime([one.at for one in rows], unit="us", utc=True).astype("datetime64[us, UTC]"),
                "what": pd.Series([one.what for one in rows], dtype="str"),
                "project": pd.Series([one.project for one in rows], dtype="str"),
                "environment": pd.Series([one.environment for one in rows], dtype="str"),
                "version": pd.Series([one.version or None for one in rows], dtype="Int64"),
                "text": pd.Series([one.text for one in rows], dtype="str"),
            }
        )
        frame.attrs["where"] = f"SIMULATOR {self.state.scenario}"
        return frame

    def push(self, project: str, branch: str = "main", **what: Any) -> int | None:
        """A commit, an image or files arrive; see `shaping.push`. Gives the version that is made, or None."""
        with self.lock:
            return shaping.push(self, project, branch, **what)

    def behave(self, project: str, version: int | str, behaviour: Any = None, **facts: Any) -> None:
        """Let a deployment behave otherwise from now on; see `shaping.behave`."""
        with self.lock:
            shaping.behave(self, project, version, behaviour, **facts)

    def traffic(self, project: str, environment: str, **changes: Any) -> None:
        """Let others, more or fewer come to an environment from now on; see `shaping.traffic`."""
        with self.lock:
            shaping.traffic(self, project, environment, **changes)

    def incident(self, *environments: str, **facts: Any) -> str:
        """Let something from outside happen to environments; see `shaping.incident`. Gives its name."""
        with self.lock:
            return shaping.incident(self, *environments, **facts)

    def end_incident(self, name: str) -> None:
        """End an incident now. Raises `LookupError`."""
        with self.lock:
            shaping.end_incident(self, name)

    def faults(self, *faults: Fault, seed: int = 0, **fault: Any) -> Faults:
        """Faults of the API itself, while a `with` block runs:

            with world.faults(what="error", status=503, probability=0.2, operations=["ListDeployments"]):
                ...

        One fault by keywords (see `Fault`), or several as `Fault`s, or `read_faults(file)`; `start()` and `stop()`
        serve where there is no block.
        """
        given = [*faults, Fault(**fault)] if fault else list(faults)
        return Faults(self, given, seed)

    def replay(self, project: str, environment: str, source: Any, *, end: Any = None, query: bool = True) -> pd.Series:
        """Let an access log become the traffic of an environment, in place of what was there; see `replay.replay`."""
        from createos_nb.simulator.replay import replay

        with self.lock:
            return replay(self, project, environment, source, end=end, query=query)
