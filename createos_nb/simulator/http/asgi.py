"""A world as an ASGI application: requests over HTTP go to the ingress, and its responses go out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from createos_nb.contract.openapi import document
from createos_nb.hosts import is_local, name_of
from createos_nb.lineage import WORLD_HEADER
from createos_nb.simulator.control.controller import Controller, is_control
from createos_nb.simulator.control.operations import FORKS
from createos_nb.simulator.envelope import JSON, SPEED, TIME, Dialect, Headers, Response, encode, failure
from createos_nb.simulator.http.gateway import TimedResponse
from createos_nb.simulator.http.ingress import Ingress, Request
from createos_nb.simulator.http.mcp import PATH as MCP
from createos_nb.simulator.http.mcp import McpEndpoint
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.times import SECOND, http_date
from createos_nb.simulator.world.faults import ConnectionBroken

if TYPE_CHECKING:
    from createos_nb.simulator.http.clock_driver import ClockDriver
    from createos_nb.simulator.http.state_file import StateFile
    from createos_nb.simulator.world.world import World

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

DOCUMENT: Final = "/openapi.json"
"""Where the platform's operations are described, for everybody."""
_FORM: Final = 1_000_000
"""Bytes that a form may add to the file in it."""
_NO_LENGTH: Final = frozenset({204, 304})
logger: Final = logging.getLogger(__name__)


class Disconnected(Exception):
    """The client has closed the connection."""


class Mounts(Protocol):
    """Applications that answer below paths of this one."""

    def find(self, path: str) -> tuple[Application, str]:
        """Return the application of a path, and the path of its own. Raises `HttpError` where there is none."""


class Application:
    """Answers HTTP requests from a world whose clock runs with real time.

    Args:
        world: the world.
        clock: moves its clock.
        file: where it is kept, if it is: then a write is on the disk before it is answered.
        hosts: names that are answered, beside those of this machine and of the world.
        control: answers who steers the world; None where nobody may.
        forks: of the world, below paths of its own.
        mount: the path that it is served below, if it is a fork.
    """

    def __init__(
        self,
        world: World,
        clock: ClockDriver,
        file: StateFile | None = None,
        hosts: Collection[str] = frozenset(),
        *,
        control: Controller | None = None,
        forks: Mounts | None = None,
        mount: str = "",
    ) -> None:
        self._world, self._clock, self._file, self._hosts = world, clock, file, hosts
        self._control, self._forks = control, forks
        self._ingress = Ingress(world.api, mount)
        settings = world.state.settings
        self._most = max(settings.body_bytes, settings.upload_bytes) + _FORM
        self._mcp = McpEndpoint(world, self._ask, self._most, self._admits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        application = self
        try:
            application, request = self._mounted(await self._read(scope, receive))
            response, wait = await application._respond(request)
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
        await application._send(send, response)

    def _mounted(self, request: Request) -> tuple[Application, Request]:
        """What answers a request, and the request with the path that it has there."""
        if self._forks is None or not request.path.startswith(FORKS) or not self._is_api(request):
            return self, request
        fork, path = self._forks.find(request.path)
        return fork, msgspec.structs.replace(request, path=path)

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
        if not self._admits(host):
            raise HttpError(
                403,
                "this simulator answers to 127.0.0.1, to localhost and to the addresses of its world, "
                "and to what createos-nb serve --allow-host names",
            )

    def _admits(self, host: str) -> bool:
        if is_local(host) or name_of(host) in self._hosts:
            return True
        with self._world.lock:
            return self._ingress.knows(host)

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
        if self._control is not None and is_control(request.path) and self._is_api(request):
            return await self._steered(self._control, request), 0.0
        if request.path == MCP and self._is_api(request):
            return await self._mcp.answer(request), 0.0
        if request.path == DOCUMENT and request.method == "GET" and self._is_api(request):
            return Response(200, JSON, _document(self._world.dialect, self._world.files_url)), 0.0
        written = self._file.writes if self._file is not None else 0
        timed, wait = self._once(request)
        if self._file is not None and self._file.writes != written and self._is_api(request):
            await self._file.durable()
        return timed.response, wait

    async def _steered(self, control: Controller, request: Request) -> Response:
        """The answer of a control; what it did is on the disk by then."""
        world, file = self._world, self._file
        with world.lock:
            self._clock.catch_up()
            if file is not None:
                file.prepare()
            lineage, before = world.lineage, world.state.now
            response, repeatable = control.answer(
                request.method, request.path, request.query, request.headers, request.body
            )
            if file is not None:
                if world.lineage is not lineage:
                    # It was set back, or became another: no request would make the same course of it again.
                    file.rewrite()
                elif repeatable:
                    file.write(request, before)
                file.promise_time()
        if file is not None:
            await file.durable()
        return response

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
        headers = [*_encoded(response.headers), (b"date", http_date(now).encode())]
        # How fast its time passes, so that clients can count on by themselves.
        headers.append((SPEED.encode(), str(self._clock.speed).encode()))
        if self._control is not None:
            headers.append((TIME.encode(), f"{now / SECOND:.6f}".encode()))
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


@lru_cache(maxsize=8)
def _document(dialect: Dialect, server: str) -> bytes:
    return encode(document(dialect=dialect, server=server))


@lru_cache(maxsize=512)
def _encoded(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers]
