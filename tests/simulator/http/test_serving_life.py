"""The life of a served world: its faults and its clock, its start and its end, and many who ask at once."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

import createos_nb
from createos_nb.connections import listening
from createos_nb.errors import InvalidInput
from createos_nb.simulator import open_world, serve
from createos_nb.simulator.http.clock_driver import ClockDriver

LIMIT = 20
"""Seconds after which whatever is waited for is not coming."""


def until(condition: Callable[[], Any]) -> None:
    ends = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.01)


# --- faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["refused", "drop-before", "drop-after"])
def test_a_connection_breaks_where_a_fault_says_so(what: str) -> None:
    world = open_world("storefront")
    with serve(world, speed=0) as running, world.faults(what=what, count=1):
        with pytest.raises(httpx.TransportError):
            httpx.get(running.url + "/v1/users/me", headers={"X-Api-Key": running.key}, timeout=LIMIT)
        assert httpx.get(running.url + "/v1/users/me", headers={"X-Api-Key": running.key}).status_code == 200


def test_latency_is_felt_and_the_clock_does_not_count_it_twice() -> None:
    ticks = [0.0]
    world = open_world("storefront")
    pace = ClockDriver(world, 10.0, lambda: ticks[0])
    pace.start()
    world.advance(5)
    assert pace.absorb_drift(5_000_000) == 0.5
    start = world.state.now
    ticks[0] = 0.4
    pace.catch_up()
    assert world.state.now == start
    ticks[0] = 0.6
    pace.catch_up()
    assert world.state.now == start + 1_000_000


# --- its clock --------------------------------------------------------------------------------------------------------


def test_the_clock_goes_so_many_times_as_fast_as_real_time() -> None:
    ticks = [100.0]
    world = open_world("storefront")
    start = world.state.now
    pace = ClockDriver(world, 60.0, lambda: ticks[0])
    pace.catch_up()
    assert world.state.now == start
    pace.start()
    for passed in (0.25, 0.5, 1.0, 90.0):
        ticks[0] = 100.0 + passed
        pace.catch_up()
        assert world.state.now == start + round(passed * 60_000_000)


def test_between_requests_it_looks_again_when_something_is_due_and_at_least_each_second() -> None:
    world = open_world("storefront")
    due = (world.state.scheduled_events[0].at - world.state.now) / 1e6
    assert ClockDriver(world, due * 5, lambda: 0.0).until_due() == pytest.approx(0.2)
    assert ClockDriver(world, 1_000_000.0, lambda: 0.0).until_due() == 0.05
    assert ClockDriver(world, 0.0, lambda: 0.0).until_due() == 1.0


@pytest.mark.parametrize("speed", [-1.0, float("nan"), float("inf"), 1e9])
def test_a_speed_that_makes_no_sense_is_refused(speed: float) -> None:
    with pytest.raises(InvalidInput):
        serve(open_world("storefront"), speed=speed)


def test_time_passes_although_nobody_asks() -> None:
    world = open_world("storefront")
    building = next(
        one
        for project in world.state.projects.values()
        for one in project.deployments.values()
        if one.status == "building"
    )
    with serve(world, speed=5_000):
        until(lambda: building.status == "deployed")


def test_the_world_may_be_used_in_this_process_meanwhile() -> None:
    client = createos_nb.simulate()
    with serve(client.world, speed=0) as running:
        made = client.apps.create(name="made-inside")
        rows = httpx.get(running.url + "/v1/apps", headers={"X-Api-Key": running.key}).json()["data"]
        assert made["id"] in [row["id"] for row in rows]
        uri = client.world.files_url
        assert uri == running.url
    assert client.world.files_url != uri


def test_requests_over_http_count() -> None:
    world = open_world("storefront")
    project = next(one for one in world.state.projects.values() if one.name == "landing-pages")
    environment = next(iter(project.environments))
    path = f"/v1/projects/{project.id}/environments/{environment}/analytics/top-error-paths"
    with serve(world, speed=60) as running:
        for _ in range(7):
            assert httpx.get(running.url + "/~/landing-pages.createos.nodeops.network/by-hand").status_code == 404
        http = httpx.Client(base_url=running.url, headers={"X-Api-Key": running.key}, timeout=LIMIT)

        def counted() -> bool:
            rows = http.get(path).json()["data"]
            return {"path": "/by-hand", "status": "404", "count": 7} in rows

        until(counted)
        http.close()


def test_two_clients_at_once_lose_nothing() -> None:
    with serve(open_world("storefront", apps=1_000), speed=60) as running:
        made: list[str] = []

        def work(name: str) -> None:
            with httpx.Client(base_url=running.url, headers={"X-Api-Key": running.key}, timeout=LIMIT) as http:
                for n in range(40):
                    answer = http.post("/v1/apps", json={"name": f"{name}-{n}"})
                    assert answer.is_success, answer.text
                    made.append(answer.json()["data"]["id"])

        threads = [threading.Thread(target=work, args=(name,)) for name in ("one", "two", "three")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)
        rows = httpx.get(running.url + "/v1/apps", headers={"X-Api-Key": running.key}).json()["data"]
        assert len(made) == len(set(made)) == 120
        assert set(made) <= {row["id"] for row in rows}


# --- start and end ----------------------------------------------------------------------------------------------------


def test_a_connection_of_its_socket_has_nagles_algorithm_switched_off() -> None:
    """asyncio does so only where a socket names its protocol; else each answer on a kept connection waits 40 ms."""
    flags: list[int] = []

    class Protocol(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            accepted = transport.get_extra_info("socket")
            flags.append(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            transport.close()

    async def main() -> None:
        listener = listening(0)
        address = listener.getsockname()
        server = await asyncio.get_running_loop().create_server(Protocol, sock=listener)
        reader, writer = await asyncio.open_connection(*address)
        await reader.read()
        writer.close()
        server.close()

    asyncio.run(main())
    assert flags == [1]


def test_a_port_that_is_taken_is_an_error_that_names_it() -> None:
    with serve(open_world("storefront"), speed=0) as running:
        port = int(running.url.rpartition(":")[2])
        with pytest.raises(OSError, match=f"port {port} can't be used"):
            serve(open_world("storefront"), port=port).start()


def test_it_can_be_stopped_and_started_again_on_the_same_port() -> None:
    world = open_world("storefront")
    first = serve(world, speed=0).start()
    port = int(first.url.rpartition(":")[2])
    httpx.get(first.url + "/v1/users/me")
    first.stop()
    assert not first.running
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/v1/users/me")
    with serve(world, port=port, speed=0) as again:
        assert httpx.get(again.url + "/v1/users/me").status_code == 401


def test_idle_and_half_sent_requests_do_not_hold_up_the_end() -> None:
    running = serve(open_world("storefront"), speed=0).start()
    host, port = running.url.removeprefix("http://").split(":")
    idle = socket.create_connection((host, int(port)), timeout=LIMIT)
    half = socket.create_connection((host, int(port)), timeout=LIMIT)
    half.sendall(b"POST /v1/projects HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
    until(lambda: httpx.get(running.url + "/v1/users/me").status_code == 401)
    running.stop()
    assert not running.running
    for connection in (idle, half):
        connection.settimeout(LIMIT)
        assert connection.recv(1_000)[:12] in (b"", b"HTTP/1.1 500")
        connection.close()
