"""Seconds of a rollback under a second of latency an answer: opened, planned and applied over HTTP.

A relay stands before a served world and holds each request for a second, as a slow line does; requests that go at the
same time wait at the same time. The ideal beside it is the longest chain of requests that each need the answer before:
so many seconds would pass if everything else were free.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

LATENCY = 1.0
GOAL = 12.0


class Relay:
    """A port that passes everything on to another one, what comes from the client so many seconds later."""

    def __init__(self, port: int, seconds: float) -> None:
        self._port, self._seconds = port, seconds
        self._ready, self._loop = threading.Event(), asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def start(self) -> str:
        """Begin; returns the address."""
        self._thread.start()
        self._ready.wait()
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """End, with all connections."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._connected, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, downstream = await asyncio.open_connection("127.0.0.1", self._port)
        await asyncio.gather(_pass_on(reader, downstream, self._seconds), _pass_on(upstream, writer, 0.0))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    """Pass on what comes, each piece so many seconds after it came."""
    loop = asyncio.get_running_loop()
    pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        while True:
            due, piece = await pieces.get()
            await asyncio.sleep(due - loop.time())
            if not piece:
                break
            writer.write(piece)
            await writer.drain()
        writer.close()

    delivery = loop.create_task(deliver())
    while piece := await reader.read(65_536):
        pieces.put_nowait((loop.time() + seconds, piece))
    pieces.put_nowait((loop.time() + seconds, b""))
    await delivery


@contextmanager
def slow_world(scenario: str, seconds: float, speed: float) -> Iterator[tuple[str, str]]:
    """Serve a world on a slow line; yields its address and a key."""
    from createos_nb.simulator import open_world, serve

    with serve(open_world(scenario), speed=speed) as served:
        relay = Relay(int(served.url.rpartition(":")[2]), seconds)
        try:
            yield relay.start(), served.key
        finally:
            relay.stop()
