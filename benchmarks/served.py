"""Requests per second of a served world, beside a constant answer of the same size from the same server.

Four client processes ask one server process; each tenth request writes. Afterwards everything that was acknowledged is
there, once, and every page that came was whole.
"""

from __future__ import annotations

import http.client
import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.measure import Figure

CLIENTS = 4
SECONDS = 2.0
RUNS = 3
HALF = 0.5


# --- the server's process ---------------------------------------------------------------------------------------------


def serve_world() -> None:
    """A world with room for what the clients make."""
    from createos_nb.simulator import open_world, serve

    world = open_world("storefront", apps=1_000_000)
    project = next(one for one in world.state.projects.values() if one.name == "storefront")
    with serve(world) as served:
        print(json.dumps([served.url, served.key, f"/v1/projects/{project.id}/deployments"]), flush=True)
        sys.stdin.read()


def serve_constant(size: int) -> None:
    """The same server with an application that does nothing."""
    import asyncio
    import threading

    from createos_nb.connections import UvicornServer, listening

    body = b'"' + b"x" * (size - 2) + b'"'
    headers = [(b"content-type", b"application/json"), (b"content-length", str(size).encode())]

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "POST":
            await receive()
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    listener = listening(0)
    server = UvicornServer(application)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    server.ready.wait()
    print(json.dumps([f"http://127.0.0.1:{listener.getsockname()[1]}", "none", "/constant"]), flush=True)
    sys.stdin.read()
    server.should_exit = True
    thread.join()


# --- a client's process -----------------------------------------------------------------------------------------------


class Wire:
    """A connection that costs its process next to nothing, so that the server is what is measured."""

    def __init__(self, url: str, key: str) -> None:
        host, port = url.removeprefix("http://").split(":")
        self._socket = socket.create_connection((host, int(port)))
        self._head = f"Host: {host}:{port}\r\nX-Api-Key: {key}\r\n"

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """One request, as bytes to send again and again."""
        length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        return f"{method} {path} HTTP/1.1\r\n{self._head}{length}\r\n".encode() + body

    def ask(self, request: bytes) -> tuple[bool, bytes]:
        """Whether it was answered with 200, and the body."""
        self._socket.sendall(request)
        received = self._socket.recv(262_144)
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._socket.recv(262_144)
        at = received.index(b"content-length: ") + 16
        whole = end + 4 + int(received[at : received.index(b"\r\n", at)])
        while len(received) < whole:
            received += self._socket.recv(262_144)
        return received.startswith(b"HTTP/1.1 200"), received[end + 4 :]


def ask(url: str, key: str, path: str, name: str, checked: bool) -> None:
    """Ask as fast as answers come; prints how many came, and the ids of what was made."""
    wire = Wire(url, key)
    read = wire.request("GET", path)
    count, made, torn = 0, [], 0
    sys.stdin.readline()
    ends = time.perf_counter() + SECONDS
    while time.perf_counter() < ends:
        if count % 10 == 9:
            good, content = wire.ask(wire.request("POST", "/v1/apps", json.dumps({"name": f"{name}-{count}"}).encode()))
            if checked:
                made.append(json.loads(content)["data"]["id"])
        else:
            good, content = wire.ask(read)
            if checked and count % 50 == 0:
                page = json.loads(content)["data"]
                torn += page["pagination"]["count"] != len(page["data"])
        torn += not good
        count += 1
    print(json.dumps([count, made, torn]), flush=True)


# --- the measurement --------------------------------------------------------------------------------------------------


@contextmanager
def process(*arguments: str, module: str = "benchmarks.served") -> Iterator[Any]:
    """A module in a process of its own, which ends when its input does."""
    one = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield one
    finally:
        one.communicate(timeout=30)


def said(one: Any) -> Any:
    """The line that a process printed."""
    line = one.stdout.readline()
    if not line:
        raise RuntimeError(f"{one.args[2:]} ended early")
    return json.loads(line)


def round_of(where: list[str], name: str, *, checked: bool) -> tuple[float, list[str]]:
    """Requests per second of all clients together, and the ids of what they made."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        clients = [
            stack.enter_context(process("ask", *where, f"{name}-{n}", str(int(checked)))) for n in range(CLIENTS)
        ]
        for client in clients:
            client.stdin.write("go\n")
            client.stdin.flush()
        answers = [said(client) for client in clients]
    if any(torn for _, _, torn in answers):
        raise RuntimeError("an answer was refused, or a page was not whole")
    return sum(count for count, _, _ in answers) / SECONDS, [one for _, made, _ in answers for one in made]


def get(where: list[str], path: str) -> bytes:
    connection = http.client.HTTPConnection(where[0].removeprefix("http://"))
    connection.request("GET", path, headers={"X-Api-Key": where[1]})
    return connection.getresponse().read()


def figures() -> list[Figure]:
    """Requests per second, ours and the constant's in turn."""
    with process("world") as world:
        ours = said(world)
        size = len(get(ours, ours[2]))
        with process("constant", str(size)) as constant:
            other = said(constant)
            rates: list[tuple[float, float]] = []
            acknowledged: list[str] = []
            for run in range(RUNS):
                rate, made = round_of(ours, f"run{run}", checked=True)
                acknowledged += made
                rates.append((rate, round_of(other, f"run{run}", checked=False)[0]))
        listed = [row["id"] for row in json.loads(get(ours, "/v1/apps"))["data"]]
        if len(set(listed)) != len(listed) or len(set(acknowledged)) != len(acknowledged):
            raise RuntimeError("two apps have one id")
        if not set(acknowledged) <= set(listed):
            raise RuntimeError("an app that was acknowledged is not there")
    served, constantly = (statistics.median(column) for column in zip(*rates, strict=True))
    return [
        Figure(
            f"requests a second, {CLIENTS} client processes, one in ten a write",
            served,
            f"constant answer of {size} bytes, same server",
            constantly,
            served / constantly,
            f"≥ {HALF:g}×",
            served / constantly >= HALF,
            "req/s",
        )
    ]


def main() -> None:
    role, *rest = sys.argv[1:]
    if role == "world":
        serve_world()
    elif role == "constant":
        serve_constant(int(rest[0]))
    else:
        url, key, path, name, checked = rest
        ask(url, key, path, name, checked == "1")


if __name__ == "__main__":
    main()
