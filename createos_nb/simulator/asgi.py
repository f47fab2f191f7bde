"""A world as an ASGI application: what comes over HTTP goes to the edge, and what comes back goes out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from createos_nb.hosts import is_local, name_of
from createos_nb.lineage import WORLD_HEADER
from createos_nb.simulator.answers import SPEED, Headers, Reply, failure
from createos_nb.simulator.edge import Edge, Request
from createos_nb.simulator.faults import Broken
from createos_nb.simulator.gateway import Answered
from createos_nb.simulator.moments import http_date
from createos_nb.simulator.refusal import Refusal

if TYPE_CHECKING:
    from createos_nb.simulator.pace import Pace
    from createos_nb.simulator.state_file import StateFile
    from createos_nb.simulator.world import World

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_FORM: Final = 1_000_000
"""Bytes that a form may add to the file in it."""
_NO_LENGTH: Final = frozenset({204, 304})
logger: Final = logging.getLogger(__name__)


class Disconnected(Exception):
    """Whoever asked has gone."""


class Application:
    """Answers HTTP requests from a world whose clock runs at a pace.

    Args:
        world: the world.
        pace: of its clock.
        file: where it is kept, if it is: then a write is on the disk before it is answered.
        hosts: names that are answered, beside those of this machine and of the world.
    """

    def __init__(
        self, world: World, pace: Pace, file: StateFile | None = None, hosts: Collection[str] = frozenset()
    ) -> None:
        self._world, self._pace, self._file, self._hosts = world, pace, file, hosts
        self._edge = Edge(world)
        #: How fast its time passes, so that clients can count on by themselves.
        self._speed = (SPEED.encode(), str(pace.speed).encode())
        settings = world.state.settings
        self._most = max(settings.body_bytes, settings.upload_bytes) + _FORM

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        try:
            request = await self._read(scope, receive)
            reply, wait = await self._perform(request)
        except Disconnected:
            return
        except Broken:
            await _break(scope, receive)
            return
        except Refusal as refusal:
            reply, wait = failure(self._world.dialect, refusal.status, refusal.text, refusal.headers), 0.0
        except Exception:
            logger.exception("%s %s failed", scope["method"], scope["path"])
            reply, wait = (
                failure(self._world.dialect, 500, "something went wrong in the simulator: see its log"),
                0.0,
            )
        if wait > 0:
            await asyncio.sleep(wait)
        await self._send(send, reply)

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
            known = self._edge.knows(host)
        if not known:
            raise Refusal(
                403,
                "this simulator answers to 127.0.0.1, to localhost and to the addresses of its world, "
                "and to what createos-nb serve --allow-host names",
            )

    async def _body(self, headers: dict[str, str], receive: Receive) -> bytes:
        """All of the body. What is too large is refused before it is read; the server reads what comes all the same."""
        if int(headers.get("content-length") or 0) > self._most:
            raise Refusal(413, f"a request has at most {self._most} bytes")
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
                raise Refusal(413, f"a request has at most {self._most} bytes")
            parts.append(part)
            if not message.get("more_body"):
                return b"".join(parts)

    async def _perform(self, request: Request) -> tuple[Reply, float]:
        """The answer, and the real seconds that it is still to take."""
        written = self._file.writes if self._file is not None else 0
        answer, wait = self._once(request)
        if self._file is not None and self._file.writes != written and self._edge.is_api(request):
            await self._file.durable()
        return answer.reply, wait

    def _once(self, request: Request) -> tuple[Answered, float]:
        world, pace, file = self._world, self._pace, self._file
        with world.lock:
            pace.catch_up()
            if file is None:
                return self._timed(request)
            file.ready()
            writes, counter = file.writes, world.state.counter
            try:
                return self._timed(request)
            finally:
                if not self._edge.is_api(request):
                    file.wrote(request)
                elif file.writes == writes and world.state.counter != counter:
                    # A fault moved something: no request would do that again.
                    file.rewrite()
                file.show()

    def _timed(self, request: Request) -> tuple[Answered, float]:
        world, pace = self._world, self._pace
        before = world.state.now
        answer = self._edge.perform(request)
        wait = pace.seconds(answer.ms * 1_000) if pace.speed else 0.0
        if world.state.now > before:
            wait += pace.owe(world.state.now - before)
        return answer, wait

    # --- answers ------------------------------------------------------------------------------------------------------

    async def _send(self, send: Send, reply: Reply) -> None:
        with self._world.lock:
            now = self._pace.now()
        headers = [*_encoded(reply.headers), (b"date", http_date(now).encode()), self._speed]
        headers.append((WORLD_HEADER.encode(), str(self._world.lineage).encode()))
        if reply.status not in _NO_LENGTH and not any(name == "content-length" for name, _ in reply.headers):
            headers.append((b"content-length", str(len(reply.body)).encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})


async def _break(scope: Scope, receive: Receive) -> None:
    """Break the connection without an answer."""
    scope["state"]["transport"].abort()
    while (await receive())["type"] != "http.disconnect":
        pass


@lru_cache(maxsize=512)
def _encoded(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers]
