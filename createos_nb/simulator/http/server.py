"""A world over real HTTP, on the loopback address: for other clients, other kernels and browsers."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Collection, Coroutine, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from createos_nb import extras, threads
from createos_nb.errors import ConfigurationError
from createos_nb.redaction import Secret
from createos_nb.simulator.http.asgi import Application
from createos_nb.simulator.http.clock_driver import ClockDriver
from createos_nb.simulator.http.forks import Forks, controller
from createos_nb.simulator.http.server_thread import ServerThread
from createos_nb.simulator.http.webhook_sender import WebhookSender

if TYPE_CHECKING:
    from createos_nb.simulator.http.state_file import StateFile
    from createos_nb.simulator.world.world import World

_TOKEN_BYTES: Final = 32
logger: Final = logging.getLogger(__name__)


def serve(
    world: World,
    port: int = 0,
    speed: float = 60.0,
    *,
    file: StateFile | None = None,
    hosts: Collection[str] = (),
    control: bool = False,
) -> Server:
    """Serve a world from a thread of its own, while a `with` block runs, or from `start` to `stop`.

    Its API is at `url`. The addresses of environments, deployments and active domains answer to their `Host` header,
    and under `url/~/<host>/…`; `url/~/` lists them. The world may be used in this process meanwhile.

    Args:
        world: the world; its clock runs while it is served.
        port: on 127.0.0.1; 0 for one that is free.
        speed: of its clock, times real time; 0 lets it stand still.
        file: keeps it, if something does; then every write is on the disk before it is answered.
        hosts: names that it answers to, beside those of this machine and of the world; any other `Host` is refused.
        control: whether it can be steered below `url/_world/`, by who has the `token`; see `connect_world`.

    Returns:
        A server that is not started yet.

    Raises:
        InvalidInput: the speed is below 0.

    Examples:
        >>> world = createos_nb.simulator.open_world("storefront")
        >>> with createos_nb.simulator.serve(world, speed=0) as served:
        ...     client = createos_nb.Client(api_key=served.key, base_url=served.url)
        ...     len(client.projects.list())
        8
    """
    return Server(world, port, speed, file, hosts, control=control)


class Server:
    """A world that is served; see `serve`.

    Attributes:
        world: the world.
        url: where, such as "http://127.0.0.1:8765"; "" before the start.
        key: an API key of the account that the scenario is about.
        token: what opens its controls, as a `Secret`; None where it can't be steered.

    Args:
        world: the world; its clock runs while it is served.
        port: on 127.0.0.1; 0 for one that is free.
        speed: of its clock, times real time; 0 lets it stand still.
        file: keeps it, if something does.
        hosts: names that it answers to, beside those of this machine and of the world.
        control: whether it can be steered.

    Raises:
        InvalidInput: the speed is below 0.

    Examples:
        >>> world = createos_nb.simulator.open_world("storefront")
        >>> server = createos_nb.simulator.Server(world, port=0, speed=0)
        >>> server.running, server.url
        (False, '')
    """

    def __init__(
        self,
        world: World,
        port: int,
        speed: float,
        file: StateFile | None = None,
        hosts: Collection[str] = (),
        *,
        control: bool = False,
    ) -> None:
        self.world, self.url = world, ""
        self.token = Secret(secrets.token_urlsafe(_TOKEN_BYTES)) if control else None
        self._file, self._hosts = file, frozenset(hosts)
        self._clock = ClockDriver(world, speed)
        self._thread = ServerThread(port)

    @property
    def key(self) -> str:
        """An API key of the account that the scenario is about."""
        return self.world.key

    @property
    def running(self) -> bool:
        """Whether requests are answered."""
        return self._thread.running

    def start(self) -> Server:
        """Begin to answer.

        Returns:
            This server.

        Raises:
            ConfigurationError: the extra `server` is not installed, or no thread can be started here.
            OSError: the port can't be used.
            RuntimeError: it is served already, or could not start.

        Examples:
            >>> world = createos_nb.simulator.open_world("storefront")
            >>> server = createos_nb.simulator.serve(world, speed=0).start()
            >>> server.url.startswith("http://127.0.0.1:")
            True
            >>> server.stop()
        """
        extras.require("server", "serving a world")
        if not threads.can_start():
            raise ConfigurationError("a world is served by a thread, and none can be started here")
        if self._thread.started:
            raise RuntimeError("this world is served already")
        self._files_url = self.world.files_url
        self._thread.start(self._application(), self._opened)
        return self

    def _opened(self, url: str) -> Sequence[Callable[[], Coroutine[Any, Any, None]]]:
        self.url = self.world.files_url = url
        self._clock.start()
        return [self._move, WebhookSender(self.world, self._clock, self._file).run]

    def _application(self) -> Application:
        if self.token is None:
            return Application(self.world, self._clock, self._file, self._hosts)
        forks = Forks(lambda: self.url, self._hosts, self.token)
        control = controller(self.world, self._clock, forks)
        return Application(self.world, self._clock, self._file, self._hosts, control=control, forks=forks)

    async def _move(self) -> None:
        """Move the world's clock although nobody asks."""
        while True:
            await asyncio.sleep(self._clock.until_due())
            try:
                with self.world.lock:
                    self._clock.catch_up()
            except Exception:
                logger.exception("something that was due failed")

    def stop(self) -> None:
        """Answer no more; requests under way get two seconds. The world stays as it is then.

        Examples:
            >>> world = createos_nb.simulator.open_world("storefront")
            >>> server = createos_nb.simulator.serve(world, speed=0).start()
            >>> server.stop()
            >>> server.running
            False
        """
        if not self._thread.started:
            return
        self._thread.stop()
        self.world.files_url = self._files_url
        self.url = ""

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Server {self.world.state.scenario} at {self.url or 'no address yet'}>"
