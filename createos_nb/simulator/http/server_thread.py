"""An HTTP server in a thread of its own, on the loopback address, with coroutines that run beside it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from createos_nb.connections import UvicornServer

_PATIENCE: Final = 15
"""Seconds until a server that does not start or stop is given up."""


class ServerThread:
    """Answers HTTP requests from a thread, from `start` to `stop`.

    Args:
        port: on 127.0.0.1; 0 for one that is free.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._server: UvicornServer | None = None
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None

    @property
    def running(self) -> bool:
        """Whether requests are answered."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def started(self) -> bool:
        """Whether it was started, and not stopped since."""
        return self._server is not None

    def start(
        self, application: Any, opened: Callable[[str], Sequence[Callable[[], Coroutine[Any, Any, None]]]]
    ) -> None:
        """Begin to answer.

        Args:
            application: an ASGI application.
            opened: called with the address once it is known, before the first request; returns what runs beside.

        Raises:
            OSError: the port can't be used.
            RuntimeError: it could not start.
        """
        from createos_nb.connections import UvicornServer, listening

        listener = listening(self._port)
        server = self._server = UvicornServer(application)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        beside = opened(url)

        async def main() -> None:
            tasks = [asyncio.create_task(run()) for run in beside]
            try:
                await server.serve(sockets=[listener])
            finally:
                for task in tasks:
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await task

        def run() -> None:
            try:
                asyncio.run(main())
            except BaseException as error:  # noqa: BLE001  # a thread has nobody to raise it to: `start` does
                self._failure = error
            finally:
                server.ready.set()

        self._thread = threading.Thread(target=run, name=f"createos-nb serve {url}", daemon=True)
        self._thread.start()
        if not server.ready.wait(_PATIENCE) or self._failure is not None:
            failure = self._failure
            self.stop()
            raise RuntimeError("the server could not start") from failure

    def stop(self) -> None:
        """Answer no more; requests under way get two seconds."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(_PATIENCE)
        self._server = self._thread = None
