"""uvicorn's server and HTTP connection, as far as what this package serves needs more of them."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import os
import socket
import struct
import threading
from typing import Any, Final

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

IDLE: Final = 15
"""Seconds after which a connection on which nobody asks again is closed; clients give theirs up sooner."""
HEAD: Final = 10.0
"""Seconds in which the head of a request must be there, from the connection or its first byte on."""
BODY: Final = 15.0
"""Seconds in which the body of a request must be there; more for what has come, at the least rate."""
RATE: Final = 50_000.0
"""Bytes in a second: bodies that come more slowly are given up."""
TAKEN: Final = 20.0
"""Seconds in which a part of an answer must be taken."""
MOST: Final = 512
"""Connections at a time; for one more, the one that has been idle for longest is closed."""
GRACE: Final = 2
"""Seconds that requests under way get when the server is stopped."""
MESSAGE: Final = 4 * 1024 * 1024
"""Bytes of a message of a web socket, at most."""
_AGAIN: Final = 0.25
#: On Windows the two numbers have half the size.
_AT_ONCE: Final = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class _Awaits(enum.Enum):
    NOTHING = enum.auto()
    HEAD = enum.auto()
    BODY = enum.auto()


class Connection(H11Protocol):
    """A connection that an application can break, and that nobody can hold by being slow.

    It is in its scope's state as "transport".
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to watch a new connection."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}
        self._awaits, self._since, self._came = _Awaits.HEAD, self.loop.time(), 0
        self._overdue = False
        self._look: asyncio.TimerHandle | None = self.loop.call_later(HEAD, self._check)
        self._stuck: asyncio.TimerHandle | None = None
        if len(self.connections) > MOST:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching a connection that is closed."""
        for timer in (self._look, self._stuck):
            if timer is not None:
                timer.cancel()
        self._look = self._stuck = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came, and note what is awaited next."""
        before = self._awaits
        super().data_received(data)
        theirs = self.conn.their_state
        awaits = _Awaits.HEAD if theirs is h11.IDLE else _Awaits.NOTHING
        awaits = _Awaits.BODY if theirs is h11.SEND_BODY else awaits
        if awaits is not before:
            self._awaits, self._since, self._came = awaits, self.loop.time(), 0
            self._overdue = False
        self._came += len(data)
        if awaits is not _Awaits.NOTHING and self._look is None and not self.transport.is_closing():
            self._look = self.loop.call_later(_AGAIN, self._check)

    def on_response_complete(self) -> None:
        """Note when an answer was complete."""
        self._since = self.loop.time()
        super().on_response_complete()

    def timeout_keep_alive_handler(self) -> None:
        """Close it; at once where the answer before was never taken."""
        if self.transport.get_write_buffer_size():
            self._give_up()
        else:
            super().timeout_keep_alive_handler()

    def pause_writing(self) -> None:
        """Note that the other side takes nothing more."""
        super().pause_writing()
        if self._stuck is None:
            self._stuck = self.loop.call_later(TAKEN, self._give_up)

    def resume_writing(self) -> None:
        """Note that the other side takes more again."""
        super().resume_writing()
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    @property
    def asking(self) -> bool:
        """A request is under way."""
        return self._awaits is _Awaits.BODY or (self.cycle is not None and not self.cycle.response_complete)

    def _give_up(self) -> None:
        """End it at once: what the other side has not taken is dropped, and it is told by a reset.

        Without, the system keeps what it could not send, up to some megabytes, and the end of it behind that.
        """
        own = self.transport.get_extra_info("socket")
        with contextlib.suppress(OSError):  # it has just been closed
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.transport.abort()

    def _make_room(self) -> None:
        others = [
            connection
            for connection in self.connections
            if isinstance(connection, Connection) and connection is not self and not connection.asking
        ]
        (min(others, key=lambda connection: connection._since) if others else self)._give_up()

    def _check(self) -> None:
        """Close it where what is awaited is overdue."""
        self._look = None
        if self._awaits is _Awaits.NOTHING or self.transport.is_closing():
            return
        allowed = HEAD if self._awaits is _Awaits.HEAD else BODY + self._came / RATE
        left = self._since + allowed - self.loop.time()
        if left <= 0 and self._overdue:
            self._give_up()
            return
        # where this loop itself was held up, what came meanwhile is still to be read: one more look
        self._overdue = left <= 0
        self._look = self.loop.call_later(max(left, _AGAIN), self._check)


class UvicornServer(uvicorn.Server):
    """A server that says when it has started.

    Args:
        application: What answers.
        web_sockets: Whether it speaks over web sockets, too.
    """

    def __init__(self, application: Any, *, web_sockets: bool = False) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                # The same on every machine, whatever else is installed.
                http=Connection,
                loop="asyncio",
                ws="websockets-sansio" if web_sockets else "none",
                ws_max_size=MESSAGE,
                lifespan="off",
                log_config=None,
                access_log=False,
                # An answer says the world's time, not the machine's.
                date_header=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=IDLE,
                timeout_graceful_shutdown=GRACE,
            )
        )
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets=sockets)
        self.ready.set()


def listening(port: int) -> socket.socket:
    """Return a socket that is bound to the loopback address.

    Args:
        port: Its port; 0 for one that is free.

    Returns:
        The socket.

    Raises:
        OSError: The port can't be used; the message names it.

    Examples:
        >>> from createos_nb.connections import listening
        >>> with listening(0) as listener:
        ...     listener.getsockname()[0]
        '127.0.0.1'
    """
    # asyncio switches Nagle's algorithm off only where a socket names its protocol; else each answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            # A port whose last connections have just been closed is free.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise OSError(
            error.errno, f"port {port} can't be used ({error.strerror}): name another one, or 0 for one that is free"
        ) from None
    return listener
