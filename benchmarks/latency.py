"""Seconds of a rollback where each answer takes a second: opened, planned and applied over HTTP.

A relay stands before a served world and holds each request for a second, as a slow line does; requests that go at the
same time wait at the same time. Beside the seconds stands the critical path: rounds of requests, each of which needs
an answer of the round before. What the platform itself takes to promote is the simulator's, at ten times its speed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.measure import Figure

LATENCY = 1.0
GOAL = 12.0
SPEED = 10.0
#: A scenario whose environment serves a bad version, and one whose environment promotes by itself, too.
SCENARIOS = ("bad-release", "auto-promote-trap")


class Relay:
    """A port that passes everything on to another one, what comes from the client so many seconds later."""

    def __init__(self, port: int, seconds: float) -> None:
        self._port, self._seconds = port, seconds
        #: When each request came, in seconds.
        self.came: list[float] = []
        self._ready, self._thread = threading.Event(), threading.Thread(target=lambda: asyncio.run(self._serve()))

    def start(self) -> str:
        """Begin; returns the address."""
        self._thread.start()
        self._ready.wait()
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """End, with all connections."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, downstream = await asyncio.open_connection("127.0.0.1", self._port)
        answers = asyncio.ensure_future(self._pass_back(upstream, writer))
        try:
            while piece := await reader.read(65_536):
                self.came.append(time.monotonic())
                await asyncio.sleep(self._seconds)  # one request at a time on a connection
                downstream.write(piece)
                with contextlib.suppress(TimeoutError):  # a body that came behind its head
                    downstream.write(await asyncio.wait_for(reader.read(65_536), 0.005))
        except asyncio.CancelledError:
            answers.cancel()
        finally:
            downstream.close()
            writer.close()

    async def _pass_back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65_536):
            writer.write(piece)

    def rounds(self) -> int:
        """How many requests came one after another: those that came while another one was held are of its round."""
        rounds, began = 0, float("-inf")
        for came in sorted(self.came):
            if came >= began + self._seconds * 0.9:
                rounds, began = rounds + 1, came
        return rounds


@contextmanager
def slow_world(scenario: str) -> Iterator[tuple[Relay, str, str]]:
    """Serve a world on a slow line; yields the relay, its address and a key."""
    from createos_nb.simulator import open_world, serve

    with serve(open_world(scenario), speed=SPEED) as served:
        relay = Relay(int(served.url.rpartition(":")[2]), LATENCY)
        try:
            yield relay, relay.start(), served.key
        finally:
            relay.stop()


def rollback(scenario: str) -> tuple[float, int, int]:
    """Seconds from opening a client to the receipt of a rollback, its requests, and their rounds."""
    import createos_nb

    with slow_world(scenario) as (relay, url, key):
        began = time.perf_counter()
        with createos_nb.connect(api_key=key, base_url=url) as client:
            plan = createos_nb.runbooks.rollback(client, "storefront", "production")
            receipt = plan.apply(confirm=plan.digest, reason="a benchmark")
            seconds = time.perf_counter() - began
            if receipt.checks.result != "PASS":
                raise RuntimeError(repr(receipt))
            return seconds, len(client.log()), relay.rounds()


def figures() -> list[Figure]:
    """The seconds of a rollback beside those that its critical path takes."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        before, os.environ["CREATEOS_NB_JOURNALS"] = os.environ.get("CREATEOS_NB_JOURNALS"), folder
        try:
            for scenario in SCENARIOS:
                seconds, requests, rounds = rollback(scenario)
                ideal = rounds * LATENCY
                path = f"critical path: {rounds} of {requests} requests, {LATENCY:g} s each"
                name = f"rollback in {scenario}, opened, planned and applied"
                found.append(Figure(name, seconds, path, ideal, seconds / ideal, f"< {GOAL:g} s", seconds < GOAL))
        finally:
            del os.environ["CREATEOS_NB_JOURNALS"]
            if before is not None:
                os.environ["CREATEOS_NB_JOURNALS"] = before
    return found
