"""A server on a raw socket that breaks HTTP on purpose: each connection is given to a function that may do anything."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from email.utils import formatdate
from types import TracebackType
from typing import Self

#: Takes the connection and the head of the request (its lines up to the empty one).
Behavior = Callable[["Line", bytes], None]


class Line:
    """One connection, as a behavior uses it."""

    def __init__(self, peer: socket.socket, over: threading.Event) -> None:
        self.peer, self.over = peer, over

    def send(self, data: bytes) -> None:
        self.peer.sendall(data)

    def drip(self, data: bytes, every: float, size: int = 1) -> None:
        """A few bytes at a time, until all are sent, the other side has gone, or the server ends."""
        for at in range(0, len(data), size):
            if self.over.wait(every):
                return
            self.peer.sendall(data[at : at + size])

    def again(self, data: bytes, every: float = 0.0) -> None:
        """The same without an end."""
        while not self.over.wait(every):
            self.peer.sendall(data)

    def hold(self) -> None:
        """Say nothing, and keep the line."""
        self.over.wait(60)

    def reset(self) -> None:
        """End the connection with a RST instead of a FIN."""
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.peer.close()


class FaultServer:
    """Listens on the loopback address while a `with` block runs; `url` is where."""

    def __init__(self, behavior: Behavior) -> None:
        self.behavior = behavior
        self.heads: list[bytes] = []
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._listener.settimeout(0.1)
        self._peers: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for peer in list(self._peers):
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
            peer.close()
        for thread in list(self._threads):
            thread.join(5)
        self._listener.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(OSError):
                peer, _ = self._listener.accept()
                peer.settimeout(20)
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._peers.append(peer)
                self._threads.append(threading.Thread(target=self._serve, args=(peer,), daemon=True))
                self._threads[-1].start()

    def _serve(self, peer: socket.socket) -> None:
        with contextlib.suppress(OSError), peer:
            for head in _heads(peer):
                self.heads.append(head)
                self.behavior(Line(peer, self._over), head)


def _heads(peer: socket.socket) -> Iterator[bytes]:
    """The heads of the requests on a connection; bodies are read and left."""
    held = b""
    while True:
        while b"\r\n\r\n" not in held:
            more = peer.recv(65_536)
            if not more:
                return
            held += more
        head, _, held = held.partition(b"\r\n\r\n")
        said = [row.split(b":")[1] for row in head.split(b"\r\n") if row.lower().startswith(b"content-length:")]
        length = int(said[0]) if said else 0
        while len(held) < length:
            more = peer.recv(65_536)
            if not more:
                return
            held += more
        held = held[length:]
        yield head


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A whole answer in JSON, with its right length."""
    lines = [
        f"HTTP/1.1 {status}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"Date: {formatdate(usegmt=True)}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
