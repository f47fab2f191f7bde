"""The file that a served world is kept in: nothing that was acknowledged is lost, whenever the server is killed.

FILE is a saved world, as `World.save` writes it. While the world is served, FILE.log lies beside it: each write since,
with the world's time, is there before it is answered. A world is the same for the same requests at the same times, so
after a crash FILE and the log give what was. The log names the FILE that it belongs to by its digest: whichever moment
a crash takes between replacing the one and emptying the other, no write is made twice.

A block of the log is its length, a checksum and a msgpack value; a last block that is cut off was never answered for.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from struct import Struct as Layout
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec
from msgspec import Struct

from createos_nb.errors import InvalidInput
from createos_nb.simulator.control.controller import is_control, repeat
from createos_nb.simulator.http.ingress import Ingress, Request
from createos_nb.simulator.platform.webhook_deliveries import settle
from createos_nb.simulator.scenario.builder import open_world
from createos_nb.simulator.times import SECOND
from createos_nb.simulator.webhook_receiver import WebhookRequest
from createos_nb.simulator.world.snapshot import header_of

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from createos_nb.simulator.world.world import World

SUFFIX: Final = ".log"
_LONGEST_LOG: Final = 4_000_000
"""Bytes of log from which on the world is saved again, if the saved world is not larger."""
_BLOCK: Final = Layout("<II")
logger: Final = logging.getLogger(__name__)
_sync: Final = getattr(os, "fdatasync", os.fsync)


class LogHeader(Struct, array_like=True, tag=0):
    """The first block: the digest of the FILE that the log belongs to."""

    digest: str


class Write(Struct, array_like=True, tag=1):
    """A request that may have changed something, and when it was (microseconds since 1970)."""

    at: int
    request: Request


class TimePromise(Struct, array_like=True, tag=2):
    """No answer has shown a later time than this (microseconds since 1970)."""

    until: int


class WebhookAttempt(Struct, array_like=True, tag=3):
    """How an attempt at a webhook's delivery ended, and when (microseconds since 1970); the error is "" for a success.

    One that is lost is made again: a delivery comes at least once.
    """

    at: int
    endpoint: str
    delivery: str
    error: str


Block: TypeAlias = LogHeader | Write | TimePromise | WebhookAttempt
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Block).decode


class StateFile:
    """Keeps one world in a file while it is served.

    What is done to the world in this process otherwise than by requests is in the file when it is saved next.

    Attributes:
        world: the world.
        writes: how many requests were written down.
    """

    def __init__(self, file: str | Path, fresh: Callable[[], World], *, speed: float = 1.0) -> None:
        """Open the file, or begin it with a fresh world.

        Args:
            file: FILE.
            fresh: makes the world where there is no file yet.
            speed: of the world's clock: how much of its time is written down ahead.

        Raises:
            InvalidInput: it is kept by another server, is no saved world, is damaged, or of another version.
            OSError: it can't be read or written.
        """
        self.path = Path(file)
        self.log_path = self.path.with_name(self.path.name + SUFFIX)
        self.writes = 0
        self._lease, self._promised = round(speed * SECOND), 0
        self._broken = False
        self._appended = self._durable = 0
        self._syncing: asyncio.Future[None] | None = None
        self._log = _locked(self.log_path)
        try:
            self._tidy()
            self.world = self._recovered() if self.path.exists() else fresh()
            self.rewrite()
        except BaseException:
            if not self.path.exists():
                self.log_path.unlink(missing_ok=True)
            os.close(self._log)
            raise
        self.world.on_write = self._written

    def _tidy(self) -> None:
        """Remove what saving left behind when the server was killed meanwhile."""
        left = re.compile(rf"\.{re.escape(self.path.name)}\.[a-z0-9_]{{8}}")
        for leftover in self.path.absolute().parent.iterdir():
            if left.fullmatch(leftover.name):
                leftover.unlink(missing_ok=True)

    # --- after a crash ------------------------------------------------------------------------------------------------

    def _recovered(self) -> World:
        world = open_world(self.path)
        # a server that is started again goes on with its own world, and with what was done in it since it was saved
        world.lineage = header_of(self.path).lineage if world.lineage.past else world.lineage
        ingress = Ingress(world.api)
        blocks = _blocks(self.log_path)
        first = next(blocks, None)
        if not isinstance(first, LogHeader) or first.digest != header_of(self.path).digest:
            return world
        shown = 0
        for block in blocks:
            if isinstance(block, TimePromise):
                shown = block.until
            elif isinstance(block, WebhookAttempt):
                world.move_to(block.at)
                settle(world, block.endpoint, block.delivery, block.error)
            elif isinstance(block, Write):
                world.move_to(block.at)
                try:
                    if is_control(block.request.path):
                        repeat(world, block.request.method, block.request.path, block.request.query, block.request.body)
                    else:
                        ingress.answer(block.request)
                except Exception:
                    # It failed as it had failed before: what it did until then is what it had done.
                    logger.exception("%s %s failed again", block.request.method, block.request.path)
        world.move_to(shown)
        return world

    # --- while it is served; the world's lock is held -----------------------------------------------------------------

    def prepare(self) -> None:
        """Save the world if the log has become long or could not be written. Raises `OSError`: nothing may change."""
        if self._broken or self._end > max(_LONGEST_LOG, self._size):
            self.rewrite()

    def write(self, request: Request, at: int | None = None) -> None:
        """Write a request down that was just performed. Raises `OSError`: then it must not be acknowledged.

        `at`: when it came, where it has moved the world's time itself.
        """
        self.writes += 1
        # The control token stands in no file: whoever repeats a control needs none, and nothing else asks for one.
        kept = {} if is_control(request.path) else {n: v for n, v in request.headers.items() if n != "authorization"}
        request = msgspec.structs.replace(request, headers=kept)
        self._append(Write(self.world.state.now if at is None else at, request))

    def attempted(self, request: WebhookRequest, error: str) -> None:
        """Write down how an attempt at a webhook's delivery ended. Raises `OSError`: then it may be made again."""
        self._append(WebhookAttempt(self.world.state.now, request.endpoint, request.delivery, error))

    def _written(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> None:
        self.write(Request(method, "", path, query, dict(headers), body))

    def promise_time(self) -> None:
        """Note that the world's time is going to be shown in an answer: after a crash it must not be earlier."""
        now = self.world.state.now
        if now > self._promised:
            self._promised = now + self._lease
            self._append(TimePromise(self._promised))

    def rewrite(self) -> None:
        """Save the whole world, and begin the log anew. Raises `OSError`; then nothing that was kept is lost."""
        self.world.save(self.path)
        self._broken = True
        os.ftruncate(self._log, 0)
        self._end, self._promised = 0, 0
        self._append(LogHeader(header_of(self.path).digest))
        self._size = self.path.stat().st_size
        self._durable, self._broken = self._appended, False

    def _append(self, entry: Block) -> None:
        payload = _encode(entry)
        block = _BLOCK.pack(len(payload), zlib.crc32(payload)) + payload
        try:
            rest = memoryview(block)
            while rest:
                rest = rest[os.write(self._log, rest) :]
        except OSError:
            self._broken = True
            os.ftruncate(self._log, self._end)
            raise
        self._end += len(block)
        self._appended += len(block)

    # --- without the lock ---------------------------------------------------------------------------------------------

    async def durable(self) -> None:
        """Wait until all that is written down has reached the disk; one wait serves all who wait. Raises `OSError`."""
        end = self._appended
        while self._durable < end:
            if self._syncing is None:
                self._syncing = asyncio.ensure_future(self._settle())
            await asyncio.shield(self._syncing)

    async def _settle(self) -> None:
        reached = self._appended
        try:
            await asyncio.get_running_loop().run_in_executor(None, _sync, self._log)
            self._durable = max(self._durable, reached)
        except OSError:
            self._broken = True
            raise
        finally:
            self._syncing = None

    def close(self) -> None:
        """Save the world and remove the log. Raises `OSError`; then the log stays, and nothing is lost."""
        self.world.on_write = None
        try:
            with self.world.lock:
                self.world.save(self.path)
            if sys.platform != "win32":
                # Still held: nobody else can have begun to write to it.
                self.log_path.unlink(missing_ok=True)
        finally:
            os.close(self._log)
        if sys.platform == "win32":
            self.log_path.unlink(missing_ok=True)


def _blocks(path: Path) -> Iterator[Block]:
    """The whole blocks of a log. Raises `InvalidInput` where one before the last is damaged."""
    content = path.read_bytes()
    at = 0
    while at + _BLOCK.size <= len(content):
        length, checksum = _BLOCK.unpack_from(content, at)
        begin, end = at + _BLOCK.size, at + _BLOCK.size + length
        payload = content[begin:end]
        if not length or len(payload) < length or zlib.crc32(payload) != checksum:
            if length > 0 and end < len(content):
                raise InvalidInput(
                    f"{path.name} is damaged at byte {at}; without it, {path.stem} is what was saved last"
                )
            return
        yield _decode(payload)
        at = end


def _locked(path: Path) -> int:
    """The log, open, and held against other servers."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            if sys.platform == "win32":
                return handle
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists() and os.fstat(handle).st_ino == path.stat().st_ino:
                return handle
        except BlockingIOError:
            os.close(handle)
            raise InvalidInput(f"{path.stem} is in use: another server keeps its world there") from None
        # Whoever held it has just removed it.
        os.close(handle)
