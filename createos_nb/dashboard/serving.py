"""The dashboard on a port of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from createos_nb.connections import UvicornServer, listening
from createos_nb.dashboard.app import application
from createos_nb.dashboard.board import Board
from createos_nb.dashboard.connection import GRACE
from createos_nb.dashboard.page import Theme
from createos_nb.redaction import Secret


def serve(
    board: Board,
    port: int,
    token: Secret,
    *,
    hosts: Sequence[str] = (),
    theme: Theme = "auto",
    grace: float = GRACE,
    started: Callable[[str, UvicornServer], None] = lambda url, uvicorn: None,
) -> None:
    """Serve a board until it is stopped.

    Args:
        board: What is served; it is closed at the end.
        port: On 127.0.0.1; 0 for one that is free.
        token: What opens it.
        hosts: Names that it answers to besides those of this machine.
        theme: Of the page.
        grace: Seconds for which the visit of a page that has gone is kept.
        started: Called with the address, without the token, and what stops it by `should_exit`, once it listens.

    Raises:
        OSError: The port can't be used.
    """
    listener = listening(port)
    listener.listen()
    own = int(listener.getsockname()[1])
    uvicorn = UvicornServer(
        application(board, token, port=own, hosts=hosts, theme=theme, grace=grace), web_sockets=True
    )
    started(f"http://127.0.0.1:{own}/", uvicorn)
    try:
        asyncio.run(uvicorn.serve(sockets=[listener]))
    finally:
        listener.close()
        board.close()
