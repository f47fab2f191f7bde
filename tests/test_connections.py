"""A served world gives up clients that are slow, and goes on answering all others meanwhile."""

from __future__ import annotations

import errno
import socket
import time
from asyncio import Transport
from collections.abc import Iterator

import httpx
import pytest

from createos_nb.connections import Connection, UvicornServer
from createos_nb.simulator import open_world, serve
from createos_nb.simulator.http.server import Server

_HEAD = b"GET /v1/projects HTTP/1.1\r\nHost: localhost\r\n"
_POST = b"POST /v1/projects HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name, value in {"HEAD": 0.5, "BODY": 0.8, "TAKEN": 0.5, "MOST": 12}.items():
        monkeypatch.setattr(f"createos_nb.connections.{name}", value)
    made = UvicornServer.__init__

    def hasty(server: UvicornServer, application: object) -> None:
        made(server, application)
        server.config.timeout_keep_alive = 1

    monkeypatch.setattr(UvicornServer, "__init__", hasty)
    with serve(open_world("storefront"), speed=1.0) as found:
        yield found


def connected(served: Server, first: bytes = b"") -> socket.socket:
    port = int(served.url.rpartition(":")[2])
    made = socket.create_connection(("127.0.0.1", port), timeout=5)
    made.sendall(first)
    return made


def closed_after(one: socket.socket, drip: bytes = b"", seconds: float = 5.0) -> float:
    """Seconds until it was closed from over there, while bytes are sent one by one."""
    began = time.monotonic()
    one.settimeout(0.1)
    with one:
        while time.monotonic() - began < seconds:
            try:
                if drip:
                    one.sendall(drip)
                if not one.recv(65_536):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        return time.monotonic() - began


@pytest.mark.parametrize(
    ("first", "drip", "allowed"),
    [
        (b"", b"", 0.5),
        (_HEAD, b"", 0.5),
        (_HEAD, b"a", 0.5),
        (_POST, b"", 0.8),
        (_POST, b"a", 0.8),
        (_HEAD + b"\r\n", b"", 1.0),
    ],
    ids=["says nothing", "half a head", "drips a head", "no body", "drips a body", "asks once"],
)
def test_whoever_is_slow_is_given_up(served: Server, first: bytes, drip: bytes, allowed: float) -> None:
    assert allowed * 0.8 <= closed_after(connected(served, first), drip) < allowed + 1.5


def test_a_body_that_comes_at_a_fair_rate_is_waited_for(served: Server) -> None:
    body = b" " * 80_000 + b"{}"
    head = f"POST /v1/projects HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {served.key}\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n"
    with connected(served, head.encode()) as one:
        for at in range(0, len(body), 8_000):
            one.sendall(body[at : at + 8_000])
            time.sleep(0.12)
        assert one.recv(12) == b"HTTP/1.1 400"


def test_whoever_does_not_take_the_answer_is_given_up(served: Server) -> None:
    one = connected(served)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    ask = _HEAD + f"X-Api-Key: {served.key}\r\n\r\n".encode()
    began = time.monotonic()
    one.settimeout(0.2)
    while time.monotonic() - began < 10:
        try:
            one.sendall(ask * 50)
        except TimeoutError:
            continue
        except OSError:
            break
    one.close()
    assert time.monotonic() - began < 8


def test_whoever_is_given_up_is_told_so_though_there_is_no_room_for_it(
    served: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written before still waits for room: an end behind that would never come."""
    made = Connection.connection_made

    def narrow(connection: Connection, transport: Transport) -> None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
        made(connection, transport)

    monkeypatch.setattr(Connection, "connection_made", narrow)
    port = int(served.url.rpartition(":")[2])
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.connect(("127.0.0.1", port))
        ask = _HEAD + f"X-Api-Key: {served.key}\r\n\r\n".encode()
        one.sendall(ask * (30_000 // len(ask)))  # the server reads all of it, and nothing comes after
        began = time.monotonic()
        while one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != errno.ECONNRESET:
            assert time.monotonic() - began < 8
            time.sleep(0.05)


def test_idle_ones_make_room_and_whoever_asks_is_answered(served: Server) -> None:
    idle = [connected(served) for _ in range(40)]
    for _ in range(3):
        assert httpx.get(served.url + "/v1/projects", headers={"X-Api-Key": served.key}).status_code == 200
    for one in idle:
        one.close()


def test_whoever_asks_again_in_time_keeps_the_connection(served: Server) -> None:
    with httpx.Client() as client:
        for _ in range(4):
            answer = client.get(served.url + "/v1/projects", headers={"X-Api-Key": served.key})
            assert answer.status_code == 200
            time.sleep(0.6)
        assert len(client._transport._pool.connections) == 1  # type: ignore[attr-defined]
