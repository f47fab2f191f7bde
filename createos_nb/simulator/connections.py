"""uvicorn's server and HTTP connection, as far as a world needs more of them."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

IDLE = 75
"""Seconds after which a connection on which nobody asks is closed."""
GRACE = 2
"""Seconds that requests under way get when the server is stopped."""


class Connection(H11Protocol):
    """A connection that an application can break: it is in its scope's state as "transport"."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class Server(uvicorn.Server):
    """A server that says when it has started."""

    def __init__(self, application: Any) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                # The same on every machine, whatever else is installed.
                http=Connection,
                loop="asyncio",
                ws="none",
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
    """A socket on the loopback address. Raises `OSError`, which names the port."""
    # asyncio switches Nagle's algorithm off only where a socket names its protocol; else each answer waits 40 ms.
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            # A port whose last connections have just been closed is free.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("127.0.0.1", port))
    except OSError as error:
        made.close()
        raise OSError(error.errno, f"port {port} can't be used: {error.strerror}") from None
    return made
