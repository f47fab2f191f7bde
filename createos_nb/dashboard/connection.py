"""One web socket of a page: what its visit shows goes out, what is done in the page comes in."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect

from createos_nb.dashboard.address import Address
from createos_nb.dashboard.board import Board
from createos_nb.dashboard.frames import pack, unpack
from createos_nb.dashboard.visit import Visit
from createos_nb.dashboard.wall import Wall
from createos_nb.errors import CreateOSError
from createos_nb.panels.mirror.mirror import Viewer

#: Seconds in which changes become one message, and in which a page says what it is.
_PAUSE: Final = 0.03
_HELLO: Final = 10.0
#: Seconds for which the visit of a page is kept that has gone: a reload comes back within.
GRACE: Final = 15.0
_POLICY, _TRY_LATER, _NO_SENSE = 1008, 1013, 1003


class Connections:
    """The web sockets of a dashboard.

    Args:
        board: What they show.
        grace: Seconds for which the visit of a page that has gone is kept.
    """

    def __init__(self, board: Board, *, grace: float = GRACE) -> None:
        self._board, self._grace = board, grace
        self._open: dict[str, int] = {}
        self._ending: set[asyncio.Task[None]] = set()

    async def serve(self, socket: WebSocket) -> None:
        """Serve a web socket until one side ends it.

        Args:
            socket: It is not accepted yet.
        """
        await socket.accept()
        try:
            hello, _ = unpack(await asyncio.wait_for(_received(socket), _HELLO))
            if hello.get("wall") is True:
                await self._serve_wall(socket)
            else:
                await self._serve_visit(socket, hello)
        except WebSocketDisconnect:
            pass  # the page is gone
        except (TimeoutError, ValueError) as error:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                await socket.close(_NO_SENSE if isinstance(error, ValueError) else _POLICY)

    async def _serve_wall(self, socket: WebSocket) -> None:
        wall = await run_in_threadpool(self._board.wall)
        await socket.send_text(str(pack({"welcome": self._words()})))
        await _Link(socket, wall).run()

    async def _serve_visit(self, socket: WebSocket, hello: dict[str, Any]) -> None:
        visit = self._board.visit(hello.get("visit"))
        if visit is None:
            try:
                visit = await run_in_threadpool(self._board.arrive)
            except CreateOSError as error:
                await socket.send_text(str(pack({"refused": str(error)})))
                await socket.close(_TRY_LATER)
                return
        self._open[visit.id] = self._open.get(visit.id, 0) + 1
        try:
            await socket.send_text(str(pack({"welcome": {**self._words(), "visit": visit.id}})))
            await _Link(socket, visit, self._board).run(Address.read(hello.get("address")))
        finally:
            self._open[visit.id] -= 1
            if not self._open[visit.id]:
                ending = asyncio.get_running_loop().create_task(self._end_later(visit))
                self._ending.add(ending)
                ending.add_done_callback(self._ending.discard)

    async def _end_later(self, visit: Visit) -> None:
        """End a visit, unless its page comes back, or a plan is being applied in it."""
        await asyncio.sleep(self._grace)
        while not self._open.get(visit.id) and visit.busy:
            await asyncio.sleep(1)
        if not self._open.get(visit.id, 0):
            self._open.pop(visit.id, None)
            await run_in_threadpool(self._board.leave, visit)

    def _words(self) -> dict[str, Any]:
        client = self._board.client
        return {"account": self._board.account, "simulated": client.simulated, "name": self._board.name}


class _Link:
    """A connection that is open, to a visit or to the wall screen."""

    def __init__(self, socket: WebSocket, shown: Visit | Wall, board: Board | None = None) -> None:
        self._socket, self._shown, self._board = socket, shown, board
        self._visit = shown if isinstance(shown, Visit) else None
        self._due = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._told: dict[str, Any] = {}
        self._arrived = False

    async def run(self, address: Address | None = None) -> None:
        viewer = await run_in_threadpool(self._shown.viewer, self._notify)
        sending = self._loop.create_task(self._send(viewer))
        try:
            if self._visit is not None and address is not None:
                await run_in_threadpool(self._visit.go, address)
                self._arrived = True  # before, what is shown is not yet what the address asks for
                self._due.set()
            while True:
                data, buffers = unpack(await _received(self._socket))
                await self._do(viewer, data, buffers)
        finally:
            sending.cancel()
            await run_in_threadpool(viewer.close)

    async def _do(self, viewer: Viewer, data: dict[str, Any], buffers: Sequence[bytes]) -> None:
        visit = self._visit
        if "event" in data:
            if visit is None:
                if isinstance(data["event"], dict) and "looking" in data["event"]:  # nothing else is done on a wall
                    await run_in_threadpool(viewer.receive, data["event"])
            else:
                await run_in_threadpool(visit.receive, viewer, data["event"], buffers)
                if not visit.read_only and self._board is not None:
                    self._board.changed()
        elif visit is not None and isinstance(data.get("page"), str):
            await run_in_threadpool(visit.turn_to, data["page"])
        elif visit is not None and "allow" in data and self._board is not None:
            # the page sends the name that it has shown: of another account nothing is switched
            await run_in_threadpool(visit.allow_changes, data["allow"] == self._board.account)
        self._due.set()

    def _notify(self) -> None:
        with contextlib.suppress(RuntimeError):  # the server has ended
            self._loop.call_soon_threadsafe(self._due.set)

    async def _send(self, viewer: Viewer) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # the page is gone, which the other side notes
            await self._send_all(viewer)

    async def _send_all(self, viewer: Viewer) -> None:
        while True:
            await self._due.wait()
            await asyncio.sleep(_PAUSE)
            self._due.clear()
            update = await run_in_threadpool(viewer.take)
            if update is not None:
                await self._send_one(pack({"update": update.data}, update.buffers))
            if self._visit is not None and self._arrived:
                says = {
                    "address": self._visit.address.query(),
                    "readOnly": self._visit.read_only,
                    "notice": self._visit.notice,
                }
                if says != self._told:
                    self._told = says
                    await self._send_one(pack({"state": says}))

    async def _send_one(self, message: str | bytes) -> None:
        if isinstance(message, str):
            await self._socket.send_text(message)
        else:
            await self._socket.send_bytes(message)


async def _received(socket: WebSocket) -> str | bytes:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code") or 1006)
    text: str | None = message.get("text")
    return text if text is not None else bytes(message["bytes"])
