"""Clocks that are wrong or are set meanwhile, many first reads at once, worlds at several speeds, and slow clients."""

from __future__ import annotations

import random
import selectors
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pandas as pd
import pytest

import createos_nb
from createos_nb.http.rate_limit import RateLimit
from createos_nb.simulator import open_world, serve
from createos_nb.simulator.http.server import Server
from tests.attacks.tally import FACTOR, tally, times

_AREA = "clock"
_PROJECT, _ENVIRONMENT = "storefront", "production"


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with serve(open_world("storefront"), speed=60.0) as found:
        yield found


class Wrong:
    """A clock of a machine that is wrong, and jumps."""

    virtual = False

    def __init__(self, off: float = 0.0) -> None:
        self.off = off

    def now(self) -> float:
        return time.time() + self.off

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


def opened(served: Server, clock: Any = None) -> createos_nb.Client:
    return createos_nb.Client(api_key=served.key, base_url=served.url, clock=clock, concurrency=4)


def moment(served: Server) -> float:
    """What time it is in the world."""
    with served.world.lock:
        return served._clock.now() / 1e6


class Reader:
    """Asks a client for the time there, and keeps the longest time that an answer was under way.

    An answer tells whole seconds of the moment at which it was written. So what a client knows is behind by up to a
    second, and by the time that the answer took to reach it, which on a busy machine is anything.
    """

    def __init__(self, served: Server, client: createos_nb.Client) -> None:
        self._served, self._client = served, client
        self._longest = 0.0

    def ask(self) -> None:
        """Have an answer come in."""
        began = time.monotonic()
        self._client.account.current_user()
        self._longest = max(self._longest, time.monotonic() - began)

    def behind(self) -> tuple[bool, str]:
        """Whether the client's time lies between the world's before and after, but for how old its answers were."""
        before, began = moment(self._served), time.monotonic()
        told = self._client.now.timestamp()
        # the first time is asked for here
        self._longest = max(self._longest, time.monotonic() - began)
        after = moment(self._served)
        slack = 1.0 + self._longest * max(self._served._clock.speed, 1.0)
        return before - slack <= told <= after + 1e-3, f"{told - before:.3f} s of {slack:.3f}, {told - after:.3f} s"


def is_last_hour(served: Server, frame: pd.DataFrame) -> tuple[bool, str]:
    end = pd.Timestamp(frame.attrs["asked"]["end"]).timestamp()
    off = moment(served) - end
    whole = frame["count"].iloc[1:-2]
    held = -2 <= off <= 300 and bool(frame.attrs["complete"]) and int(whole.fillna(0).gt(0).sum()) > 50
    return held, f"the window ends {off:.0f} s ago; {int(whole.notna().sum())} minutes, {whole.sum()} requests"


def test_first_reads_of_many_threads(served: Server) -> None:
    promise = "the window is the world's last hour"
    with tally(_AREA, "16 threads read through one fresh client, its machine 8 months off", promise) as kept:
        for _ in range(times(6)):
            with opened(served) as client, ThreadPoolExecutor(16) as pool:
                reads = pool.map(
                    lambda _, client=client: client.analytics.requests_over_time(_PROJECT, _ENVIRONMENT), range(16)
                )
                for frame in reads:
                    kept.check(*is_last_hour(served, frame))


def test_machines_that_are_hours_off(served: Server) -> None:
    chance = random.Random(7)
    with tally(_AREA, "a fresh client on a machine up to two days off", "it reads the world's last hour") as kept:
        for _ in range(times(20)):
            off = chance.choice([-7200.0, 7200.0, chance.uniform(-172_800, 172_800)])
            with opened(served, Wrong(off)) as client:
                frame = client.analytics.requests_over_time(_PROJECT, _ENVIRONMENT, start="-1h")
                kept.check(*is_last_hour(served, frame))


def test_machines_whose_clock_jumps(served: Server) -> None:
    chance = random.Random(11)
    clock = Wrong()
    limit = RateLimit(per_minute=100_000, per_hour=1_000_000)
    with (
        tally(_AREA, "the machine's clock jumps by up to a day between reads", "client.now goes on, no wait") as kept,
        createos_nb.Client(api_key=served.key, base_url=served.url, clock=clock, rate_limit=limit) as client,
    ):
        reader = Reader(served, client)
        assert reader.behind()[0]
        asked = len(client.log())
        for number in range(times(60)):
            clock.off += chance.uniform(-86_400, 86_400)
            began = time.monotonic()
            if number % 5 == 0:
                reader.ask()
                asked += 1
            held, detail = reader.behind()
            kept.check(held and time.monotonic() - began < 5, detail)
        assert len(client.log()) == asked


@pytest.mark.grid(3)
@pytest.mark.parametrize("speed", [1.0, 60.0, 600.0])
def test_the_time_after_idle_pauses(speed: float) -> None:
    chance = random.Random(int(speed))
    pauses = [chance.uniform(0.0, 0.3) for _ in range(times(8))] + ([10.0] if FACTOR > 1 else [1.5])
    with (
        serve(open_world("storefront"), speed=speed) as served,
        opened(served) as client,
        tally(_AREA, f"idle pauses at {speed:.0f} x", "client.now is the world's, never ahead") as kept,
    ):
        reader = Reader(served, client)
        for pause in pauses:
            kept.check(*reader.behind())
            time.sleep(pause)
            kept.check(*reader.behind())
            if chance.random() < 0.3:
                reader.ask()


@pytest.mark.slow
def test_a_thousand_slow_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the default run with a tenth of the time, else with the time that `createos-nb serve` gives."""
    part = 1.0 if FACTOR > 1 else 0.1
    for name, value in {"HEAD": 10.0, "BODY": 15.0, "TAKEN": 20.0, "IDLE": 15.0}.items():
        monkeypatch.setattr(f"createos_nb.connections.{name}", value * part if name != "IDLE" else 15)
    ask = b"GET /v1/users/me HTTP/1.1\r\nHost: localhost\r\n"
    sorts = [b"", ask, b"POST /v1/projects HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"]
    with serve(open_world("storefront"), speed=1.0) as served, selectors.DefaultSelector() as watched:
        port = int(served.url.rpartition(":")[2])
        left: set[socket.socket] = set()
        drips: dict[socket.socket, bytes] = {}

        def gone(one: socket.socket) -> None:
            watched.unregister(one)
            one.close()
            left.discard(one)

        for number in range(1_000):
            one = socket.create_connection(("127.0.0.1", port), timeout=5)
            left.add(one)
            drips[one] = b"" if number % 4 == 0 else b"a"
            watched.register(one, selectors.EVENT_READ)
            try:
                one.sendall(sorts[number % 3])
            except OSError:
                gone(one)
            else:
                one.setblocking(False)
        began, next_ask = time.monotonic(), 0.0
        with tally(_AREA, "somebody else asks, beside 1,000 slow clients", "is answered within 5 s") as answered:
            while left and time.monotonic() - began < 20:  # a machine may be busy; all are gone long before, else
                for key, _ in watched.select(0.2):
                    one = key.fileobj
                    assert isinstance(one, socket.socket)
                    try:
                        if not one.recv(65_536):
                            gone(one)
                    except OSError:
                        gone(one)
                for one in [one for one in left if drips[one]]:
                    try:
                        one.send(drips[one])
                    except BlockingIOError:
                        continue
                    except OSError:
                        gone(one)
                if time.monotonic() >= next_ask:
                    next_ask = time.monotonic() + 0.5
                    asked = httpx.get(served.url + "/v1/users/me", headers={"X-Api-Key": served.key}, timeout=5)
                    answered.check(asked.status_code < 500, asked.status_code)
        with tally(_AREA, "1,000 clients say nothing, or drip a head or a body", "closed within 20 s") as kept:
            for number in range(1_000):
                kept.check(number >= len(left), "still open")
        for one in list(left):
            gone(one)
