"""Many worlds in one server: one for each learner of a class, below a path of its own, with a key of its own."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from createos_nb import extras, threads
from createos_nb.errors import ConfigurationError, InvalidInput
from createos_nb.redaction import Secret
from createos_nb.simulator.envelope import failure
from createos_nb.simulator.http.asgi import Application
from createos_nb.simulator.http.clock_driver import ClockDriver
from createos_nb.simulator.http.forks import Forks, controller
from createos_nb.simulator.http.server_thread import ServerThread
from createos_nb.simulator.http.webhook_sender import WebhookSender
from createos_nb.simulator.world.replace_secrets import replace_secrets

if TYPE_CHECKING:
    from createos_nb.simulator.http.asgi import Receive, Scope, Send
    from createos_nb.simulator.world.world import World

MOST: Final = 200
"""Learners of a class."""
_TOKEN_BYTES: Final = 24
logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True)
class Seat:
    """What a learner of a class is given.

    Attributes:
        name: such as "learner-07".
        url: where the world of this learner answers; "" before the start.
        key: an API key of its account, as a `Secret`.
        token: what opens its controls, as a `Secret`.
    """

    name: str
    url: str
    key: Secret
    token: Secret


class ClassServer:
    """Serves a world to each learner of a class from one thread: no key opens the world of another.

    The worlds begin alike, and each goes its own way. Time in them passes with real time at `speed`, and for whoever
    waits with the controls, as `createos_nb.connect_world` does.

    Args:
        open_world: opens one world; called once for each learner.
        learners: how many, 1 to 200.
        port: on 127.0.0.1; 0 for one that is free.
        speed: of the clocks, times real time; 0 lets them stand still.
        hosts: names that it answers to, beside those of this machine.

    Raises:
        InvalidInput: there are too many learners, or none; or the speed is below 0.

    Examples:
        >>> from createos_nb.simulator import open_world
        >>> from createos_nb.simulator.http.class_server import ClassServer
        >>> with ClassServer(lambda: open_world("empty"), 2) as served:
        ...     first, second = served.seats()
        ...     client = createos_nb.connect_world(first.url, first.token, first.key)
        ...     len(client.projects.list())
        0
    """

    def __init__(
        self,
        open_world: Callable[[], World],
        learners: int,
        *,
        port: int = 0,
        speed: float = 0.0,
        hosts: Collection[str] = (),
    ) -> None:
        if not 1 <= learners <= MOST:
            raise InvalidInput(f"a class has 1 to {MOST} learners, not {learners}")
        self._places = [_Place(f"learner-{number + 1:02}", open_world(), speed, hosts) for number in range(learners)]
        self._thread = ServerThread(port)
        self._url = ""

    @property
    def running(self) -> bool:
        """Whether requests are answered."""
        return self._thread.running

    def seats(self) -> list[Seat]:
        """Return what each learner is given.

        Returns:
            Name, address, key and control token of each.

        Examples:
            >>> from createos_nb.simulator import open_world
            >>> from createos_nb.simulator.http.class_server import ClassServer
            >>> [seat.name for seat in ClassServer(lambda: open_world("empty"), 2).seats()]
            ['learner-01', 'learner-02']
        """
        return [place.seat(self._url) for place in self._places]

    def world_of(self, name: str) -> World:
        """Return the world of a learner, for the teacher: in this process.

        Args:
            name: such as "learner-07".

        Raises:
            InvalidInput: there is no such learner.

        Examples:
            >>> from createos_nb.simulator import open_world
            >>> from createos_nb.simulator.http.class_server import ClassServer
            >>> ClassServer(lambda: open_world("empty"), 2).world_of("learner-02").account
            'marlow'
        """
        for place in self._places:
            if place.name == name:
                return place.world
        raise InvalidInput(f"there is no learner {name!r}; there is: {self._places[0].name} to {self._places[-1].name}")

    def start(self) -> ClassServer:
        """Begin to answer.

        Returns:
            This server.

        Raises:
            ConfigurationError: the extra `server` is not installed, or no thread can be started here.
            OSError: the port can't be used.
            RuntimeError: it is served already, or could not start.

        Examples:
            >>> from createos_nb.simulator import open_world
            >>> from createos_nb.simulator.http.class_server import ClassServer
            >>> served = ClassServer(lambda: open_world("empty"), 1).start()
            >>> served.seats()[0].url.endswith("/learner-01")
            True
            >>> served.stop()
        """
        extras.require("server", "serving a class")
        if not threads.can_start():
            raise ConfigurationError("a class is served by a thread, and none can be started here")
        if self._thread.started:
            raise RuntimeError("this class is served already")
        self._thread.start(_ClassApplication(self._places), self._opened)
        return self

    def _opened(self, url: str) -> Sequence[Callable[[], Coroutine[Any, Any, None]]]:
        self._url = url
        beside: list[Callable[[], Coroutine[Any, Any, None]]] = []
        for place in self._places:
            beside += place.open(url)
        return beside

    def stop(self) -> None:
        """Answer no more; the worlds stay as they are then.

        Examples:
            >>> from createos_nb.simulator import open_world
            >>> from createos_nb.simulator.http.class_server import ClassServer
            >>> served = ClassServer(lambda: open_world("empty"), 1).start()
            >>> served.stop()
            >>> served.running
            False
        """
        self._thread.stop()
        self._url = ""

    def __enter__(self) -> ClassServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<ClassServer of {len(self._places)} at {self._url or 'no address yet'}>"


class _Place:
    """The world of one learner, and what answers for it."""

    def __init__(self, name: str, world: World, speed: float, hosts: Collection[str]) -> None:
        self.name, self.world = name, world
        replace_secrets(world, secrets.token_hex(16))
        self._token = Secret(secrets.token_urlsafe(_TOKEN_BYTES))
        self._clock = ClockDriver(world, speed)
        forks = Forks(lambda: self._url, frozenset(hosts), self._token)
        self._url = ""
        self.application = Application(
            world,
            self._clock,
            hosts=frozenset(hosts),
            control=controller(world, self._clock, forks),
            forks=forks,
            mount=f"/{name}",
        )

    def open(self, url: str) -> list[Callable[[], Coroutine[Any, Any, None]]]:
        """Take an address, and return what runs beside."""
        self._url = self.world.files_url = f"{url}/{self.name}"
        self._clock.start()
        return [self._move, WebhookSender(self.world, self._clock, None).run]

    def seat(self, url: str) -> Seat:
        """Return what the learner is given."""
        return Seat(self.name, f"{url}/{self.name}" if url else "", Secret(self.world.key), self._token)

    async def _move(self) -> None:
        while True:
            await asyncio.sleep(self._clock.until_due())
            try:
                with self.world.lock:
                    self._clock.catch_up()
            except Exception:
                logger.exception("something that was due failed")


class _ClassApplication:
    """Passes each request on to the world whose name its path begins with."""

    def __init__(self, places: Sequence[_Place]) -> None:
        self._applications = {place.name: place.application for place in places}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        path = scope["raw_path"].decode("latin-1")
        name, slash, rest = path.removeprefix("/").partition("/")
        application = self._applications.get(name)
        if application is not None:
            own = f"{slash or '/'}{rest}"
            await application({**scope, "raw_path": own.encode("latin-1"), "path": own}, receive, send)
            return
        answer = failure("production", 404, "a class answers below the path of each learner, such as /learner-01")
        headers = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in answer.headers]
        headers.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})
