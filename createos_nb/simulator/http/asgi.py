"""A world as an ASGI application: requests over HTTP go to the ingress, and its responses go out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from createos_nb.hosts import is_local, name_of
from createos_nb.lineage import WORLD_HEADER
from createos_nb.simulator.envelope import SPEED, Headers, Response, failure
from createos_nb.simulator.http.gateway import TimedResponse
from createos_nb.simulator.http.ingress import Ingress, Request
from createos_nb.simulator.http.mcp import PATH as MCP
from createos_nb.simulator.http.mcp import McpEndpoint
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.times import http_date
from createos_nb.simulator.world.faults import ConnectionBroken

if TYPE_CHECKING:
    from createos_nb.simulator.http.clock_driver import ClockDriver
    from createos_nb.simulator.http.state_file import StateFile
    from createos_nb.simulator.world.world import World

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_FORM: Final = 1_000_000
"""Bytes that a form may add to the file in it."""
_NO_LENGTH: Final = frozenset({204, 304})
logger: Final = logging.getLogger(__name__)


class Disconnected(Exception):
    """The client has closed the connection."""


class Application:
    """Answers HTTP requests from a world whose clock runs with real time.

    Args:
        world: the world.
        clock: moves its clock.
        file: where it is kept, if it is: then a write is on the disk before it is answered.
        hosts: names that are answered, beside those of this machine and of the world.
    """

    def __init__(
        self, world: World, clock: ClockDriver, file: StateFile | None = None, hosts: Collection[str] = frozenset()
    ) -> None:
        self._world, self._clock, self._file, self._hosts = world, clock, file, hosts
        self._ingress = Ingress(world.api)
        #: How fast its time passes, so that clients can count on by themselves.
        self._speed = (SPEED.encode(), str(clock.speed).encode())
        settings = world.state.settings
        self._most = max(settings.body_bytes, settings.upload_bytes) + _FORM
        self._mcp = McpEndpoint(world, self._ask, self._most)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        try:
            request = await self._read(scope, receive)
            if request.path == MCP and self._is_api(request):
                response, wait = await self._mcp.answer(request), 0.0
            else:
                response, wait = await self._respond(request)
        except Disconnected:
            return
        except ConnectionBroken:
            await _break(scope, receive)
            return
        except HttpError as error:
            response, wait = failure(self._world.dialect, error.status, error.message, error.headers), 0.0
        except Exception:
            logger.exception("%s %s failed", scope["method"], scope["path"])
            response, wait = (
                failure(self._world.dialect, 500, "something went wrong in the simulator: see its log"),
                0.0,
            )
        if wait > 0:
            await asyncio.sleep(wait)
        await self._send(send, response)

    # --- requests -----------------------------------------------------------------------------------------------------

    async def _read(self, scope: Scope, receive: Receive) -> Request:
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            key, text = name.decode("latin-1"), value.decode("latin-1")
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
        host, path = headers.get("host", ""), scope["raw_path"].decode("latin-1")
        if "://" in path[:8]:
            # As it is sent to a proxy.
            host, _, path = path.partition("://")[2].partition("/")
            path = "/" + path
        self._admit(host)
        return Request(
            scope["method"],
            host,
            path,
            scope["query_string"].decode("latin-1"),
            headers,
            await self._body(headers, receive),
        )

    def _admit(self, host: str) -> None:
        """Refuse a name that somebody's DNS has led here; see `createos_nb.hosts`."""
        if is_local(host) or name_of(host) in self._hosts:
            return
        with self._world.lock:
            known = self._ingress.knows(host)
        if not known:
            raise HttpError(
                403,
                "this simulator answers to 127.0.0.1, to localhost and to the addresses of its world, "
                "and to what createos-nb serve --allow-host names",
            )

    async def _body(self, headers: dict[str, str], receive: Receive) -> bytes:
        """All of the body. What is too large is refused before it is read; the server reads what comes all the same."""
        if int(headers.get("content-length") or 0) > self._most:
            raise HttpError(413, f"a request has at most {self._most} bytes")
        if "content-length" not in headers and "transfer-encoding" not in headers:
            return b""
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            part: bytes = message.get("body", b"")
            size += len(part)
            if size > self._most:
                raise HttpError(413, f"a request has at most {self._most} bytes")
            parts.append(part)
            if not message.get("more_body"):
                return b"".join(parts)

    def _is_api(self, request: Request) -> bool:
        with self._world.lock:
            return self._ingress.is_api(request)

    async def _ask(self, request: Request) -> Response:
        """Answer a request that a tool stands for, in the time that the answer takes."""
        response, wait = await self._respond(request)
        if wait > 0:
            await asyncio.sleep(wait)
        return response

    async def _respond(self, request: Request) -> tuple[Response, float]:
        """The answer, and the real seconds that it is still to take."""
        written = self._file.writes if self._file is not None else 0
        timed, wait = self._once(request)
        if self._file is not None and self._file.writes != written and self._ingress.is_api(request):
            await self._file.durable()
        return timed.response, wait

    def _once(self, request: Request) -> tuple[TimedResponse, float]:
        world, clock, file = self._world, self._clock, self._file
        with world.lock:
            clock.catch_up()
            if file is None:
                return self._timed(request)
            file.prepare()
            writes, counter = file.writes, world.state.counter
            try:
                return self._timed(request)
            finally:
                if not self._ingress.is_api(request):
                    file.write(request)
                elif file.writes == writes and world.state.counter != counter:
                    # A fault moved something: no request would do that again.
                    file.rewrite()
                file.promise_time()

    def _timed(self, request: Request) -> tuple[TimedResponse, float]:
        world, clock = self._world, self._clock
        before = world.state.now
        timed = self._ingress.answer(request)
        wait = clock.seconds(timed.ms * 1_000) if clock.speed else 0.0
        if world.state.now > before:
            wait += clock.absorb_drift(world.state.now - before)
        return timed, wait

    # --- answers ------------------------------------------------------------------------------------------------------

    async def _send(self, send: Send, response: Response) -> None:
        with self._world.lock:
            now = self._clock.now()
        headers = [*_encoded(response.headers), (b"date", http_date(now).encode()), self._speed]
        headers.append((WORLD_HEADER.encode(), str(self._world.lineage).encode()))
        if response.status not in _NO_LENGTH and not any(name == "content-length" for name, _ in response.headers):
            headers.append((b"content-length", str(len(response.body)).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})


async def _break(scope: Scope, receive: Receive) -> None:
    """Break the connection without an answer."""
    scope["state"]["transport"].abort()
    while (await receive())["type"] != "http.disconnect":
        pass


@lru_cache(maxsize=512)
def _encoded(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers]
