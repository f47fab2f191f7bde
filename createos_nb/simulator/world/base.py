"""A world from outside: who it belongs to, its requests, its time, and copies of it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from createos_nb.errors import InvalidInput
from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.envelope import Response
from createos_nb.simulator.http.transport import WorldTransport
from createos_nb.simulator.platform import webhook_deliveries
from createos_nb.simulator.state import State, User
from createos_nb.simulator.times import MomentLike, duration, from_rfc3339
from createos_nb.simulator.webhook_receiver import WebhookReceiver
from createos_nb.simulator.world import snapshot
from createos_nb.simulator.world.api import Api
from createos_nb.simulator.world.events import moment_of
from createos_nb.times import DurationLike

if TYPE_CHECKING:
    import pandas as pd

#: The last moment of a world: what comes after it, neither a date in a header nor every Timestamp can say.
_LATEST: Final = from_rfc3339("2199-12-31T23:59:59Z")


class BaseWorld(WorldContext):
    """A world that answers requests, whose time passes, and that can be copied, saved and loaded.

    Attributes:
        api: the platform's API over this world.
    """

    def __init__(self, state: State, *, dialect: str = "production") -> None:
        super().__init__(state, dialect=dialect)
        self.api = Api(self)

    def __repr__(self) -> str:
        projects = sum(project.status != "deleted" for project in self.state.projects.values())
        return f"<World {self.state.scenario}, seed {self.state.seed}, {self.now.isoformat()}, {projects} projects>"

    # --- requests -----------------------------------------------------------------------------------------------------

    def handle(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Answer one request to the API. Safe from several threads.

        Args:
            method: of HTTP.
            path: as in the request line.
            query: as in the request line, without the question mark.
            headers: by their name in lower case.
            body: all of it.

        Returns:
            Status, headers and body of the answer.

        Raises:
            ConnectionBroken: a fault breaks the connection.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> world.handle("GET", "/v1/projects", "limit=1", {"x-api-key": world.key}, b"").status
            200
        """
        return self.api.handle(method, path, query, headers, body)

    def transport(self) -> WorldTransport:
        """Return this world as the transport of an `httpx.Client` or `httpx.AsyncClient`: no port, no thread.

        Returns:
            The transport.

        Examples:
            >>> import httpx
            >>> world = createos_nb.simulate().world
            >>> with httpx.Client(transport=world.transport(), base_url=world.base_url) as http:
            ...     http.get("/v1/projects", headers={"X-Api-Key": world.key}).status_code
            200
        """
        return WorldTransport(self.api)

    @property
    def id(self) -> str:
        """Which world this is: a new one whenever a scenario is opened, kept by `fork`, `save` and `load`."""
        return self.lineage.id

    @property
    def scenario(self) -> str:
        """Name of the scenario that it was opened from."""
        return self.state.scenario

    @property
    def seed(self) -> int:
        """The seed that it was opened with."""
        return self.state.seed

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

    def jitter(self) -> random.Random:
        """Return a generator for the waits of a client, the same for the same seed.

        Returns:
            A new generator, each time with the same numbers.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> world.jitter().random() == world.jitter().random()
            True
        """
        return random.Random(self.state.seed)

    # --- time ---------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> pd.Timestamp:
        """The time in the world (UTC)."""
        import pandas as pd

        return pd.Timestamp(self.state.now, unit="us", tz="UTC")

    def advance(self, by: DurationLike) -> pd.Timestamp:
        """Let time pass; what is due meanwhile happens, in its order.

        Args:
            by: how long, such as "15min", seconds, or a Timedelta.

        Returns:
            The new time (UTC).

        Raises:
            InvalidInput: a negative or unreadable duration, or one that ends after the year 2199.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> str(world.advance("15min"))
            '2026-03-02 09:15:00+00:00'
        """
        microseconds = duration(by)
        if microseconds < 0:
            raise InvalidInput(
                f"the world can't go back by {by!r}, for time only goes forward; world.reset() starts it again"
            )
        self._check_end(self.state.now + microseconds)
        self.move(microseconds)
        return self.now

    def at(self, time: MomentLike) -> Self:
        """Let time pass until a moment.

        Args:
            time: a Timestamp, an aware datetime, RFC 3339 text, or Unix seconds.

        Returns:
            This world.

        Raises:
            InvalidInput: the moment is over (`reset`, or a `fork` made before, goes back), or is no time.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> str(world.at("2026-03-02T10:30:00Z").now)
            '2026-03-02 10:30:00+00:00'
        """
        moment = moment_of(self, time)
        if moment < self.state.now:
            raise InvalidInput(f"time only goes forward: {time} is over, it is {self.now.isoformat()}")
        self._check_end(moment)
        self.move_to(moment)
        return self

    def _check_end(self, moment: int) -> None:
        if moment > _LATEST:
            raise InvalidInput("the world's time ends with the year 2199: let less time pass")

    # --- webhooks -----------------------------------------------------------------------------------------------------

    def on_webhook(self, receiver: WebhookReceiver | None) -> None:
        """Hand the webhooks of all accounts to a function in this process, each when it is due as time passes.

        The world's lock is held meanwhile. A delivery that the function does not take is attempted again later, ever
        more seldom, and given up in the end. Without a function nothing is attempted, and all is kept; a world that is
        served posts to the addresses instead.

        Args:
            receiver: takes a `WebhookRequest` (url, headers, body); None ends it. It took the delivery where it returns
                None, True or a status of 2xx, and did not where it returns False or another status, or raises.

        Examples:
            >>> import json
            >>> client = createos_nb.simulate()
            >>> endpoint = client.webhooks.create(url="https://hooks.example.com/", events=["deployment.create"])
            >>> taken = []
            >>> client.world.on_webhook(taken.append)
            >>> version = client.world.push("storefront", "main", message="Free shipping")
            >>> time = client.world.advance("1min")
            >>> [json.loads(request.body)["eventAction"] for request in taken]
            ['deployment.create']
            >>> signature = taken[0].headers["X-Webhook-Signature"]
            >>> createos_nb.webhooks.verify(taken[0].body, signature, endpoint["secret"])
            True
        """
        with self.lock:
            webhook_deliveries.set_receiver(self, receiver)

    # --- copies -------------------------------------------------------------------------------------------------------

    def fork(self) -> Self:
        """Return another world that is as this one is now; from here on neither sees what happens in the other.

        Returns:
            The other world.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> other = world.fork()
            >>> time = other.advance("1d")
            >>> other.now - world.now
            Timedelta('1 days 00:00:00')
        """
        with self.lock:
            state, _ = snapshot.load_state(snapshot.dump_state(self))
            other = type(self)(state, dialect=self.dialect)
            other.initial_state, other.files_url = self.initial_state, self.files_url
            other.replace_state(state, self.recorded)
            other.lineage = self.lineage.branch(state.now)
            return other

    def reset(self) -> Self:
        """Set everything back to what it was when the world was opened.

        Returns:
            This world.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> time = world.advance("1d")
            >>> str(world.reset().now)
            '2026-03-02 09:00:00+00:00'
        """
        with self.lock:
            self.replace_state(*snapshot.load_state(self.initial_state))
            # what was done since it was opened, at its very first moment too, has not happened now
            self.lineage = self.lineage.branch(self.state.now - 2_000)
            self.api.faults.clear()
            return self

    def save(self, file: str | Path) -> Path:
        """Write the world to a file, whole; if that fails, the old file stays.

        Args:
            file: the file, which is replaced if it is there.

        Returns:
            Its path.

        Raises:
            OSError: the file can't be written.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> path = world.save("monday.world")
            >>> createos_nb.simulate(path).world.now == world.now
            True
        """
        with self.lock:
            return snapshot.save(self, file)

    def load(self, file: str | Path) -> Self:
        """Become the world of a file.

        Args:
            file: a world that `save` wrote.

        Returns:
            This world, which stays as it is where that fails.

        Raises:
            InvalidInput: the file is no saved world, a damaged one, or one of another version.
            OSError: the file can't be read.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> path = world.save("monday.world")
            >>> time = world.advance("1d")
            >>> str(world.load(path).now)
            '2026-03-02 09:00:00+00:00'
        """
        self.become(snapshot.read(file))
        return self

    def become(self, saved: snapshot.SavedWorld) -> None:
        """Become a saved world.

        Args:
            saved: the world.

        Examples:
            >>> from createos_nb.simulator.world.snapshot import read
            >>> world = createos_nb.simulate().world
            >>> path = world.save("monday.world")
            >>> world.become(read(path))
        """
        with self.lock:
            self.dialect = saved.dialect
            self.initial_state = saved.initial_state
            self.replace_state(saved.state, saved.recorded)
            self.lineage = saved.lineage.branch(self.state.now)
            webhook_deliveries.set_receiver(self, self.webhook_receiver)
