"""A process that can be killed: it acts on a world that lives in its parent."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import socket
import struct
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from createos_nb.client.client import Client
from createos_nb.plans import journal as journal_module
from tests.plans.worlds import client_of


@dataclass
class Kill:
    """When a process dies: `where` is "request", "answer", or "before", "torn", "after" of a journal write."""

    where: str
    number: int


@dataclass
class Relay:
    """Serves a world to a forked process, and kills the process when it is time."""

    world: Any
    kill: Kill | None = None
    requests: int = 0
    killed: bool = False
    log: list[tuple[str, str]] = field(default_factory=list)

    def run(self, work: Callable[[Client], None]) -> int:
        """Let `work` run in a child with a client of this world. Gives its exit status; -9 where it was killed."""
        mine, theirs = socket.socketpair()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            child = os.fork()
        if child == 0:
            mine.close()
            self._child(theirs, work)
        theirs.close()
        self._serve(mine, child)
        mine.close()
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def _child(self, link: socket.socket, work: Callable[[Client], None]) -> None:
        status = 1
        gc.disable()  # to look through all that the parent holds would copy it
        try:
            _die_at_journal(self.kill)
            work(client_of(self.world, _Far(link), _FarClock(link)))
            status = 0
        except BaseException as error:  # noqa: BLE001  # whatever it is, the child must not run on as a second pytest
            os.write(2, f"child: {type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(status)

    def _serve(self, link: socket.socket, child: int) -> None:
        inner = self.world.transport()
        while (message := _receive(link)) is not None:
            kind, *rest = message
            if kind == "now":
                _send(link, self.world.clock.now())
            elif kind == "sleep":
                self.world.clock.sleep(rest[0])
                _send(link, None)
            else:
                number = self.requests
                self.requests += 1
                if self.kill == Kill("request", number):
                    return self._end(child)
                method, url, headers, body = rest
                self.log.append((method, httpx.URL(url).path))
                try:
                    answer = inner.handle_request(httpx.Request(method, url, headers=headers, content=body))
                    sent = (answer.status_code, list(answer.headers.items()), answer.read())
                except httpx.TransportError as error:  # a fault of the world: the connection broke
                    sent = (type(error).__name__, str(error))
                if self.kill == Kill("answer", number):
                    return self._end(child)
                _send(link, sent)
        return None

    def _end(self, child: int) -> None:
        self.killed = True
        os.kill(child, signal.SIGKILL)


class _Far(httpx.BaseTransport):
    def __init__(self, link: socket.socket) -> None:
        self.link = link

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        _send(self.link, ("request", request.method, str(request.url), list(request.headers.items()), request.read()))
        answer = _receive(self.link)
        if isinstance(answer[0], str):
            raise getattr(httpx, answer[0])(answer[1])
        status, headers, body = answer
        return httpx.Response(status, headers=headers, content=body, request=request)


class _FarClock:
    virtual = True

    def __init__(self, link: socket.socket) -> None:
        self.link = link

    def now(self) -> float:
        _send(self.link, ("now",))
        return float(_receive(self.link))

    def sleep(self, seconds: float) -> None:
        _send(self.link, ("sleep", seconds))
        _receive(self.link)


def _die_at_journal(kill: Kill | None) -> None:
    if kill is None or kill.where not in ("before", "torn", "after"):
        return
    real = journal_module.append_line
    count = 0

    def append(file: int, line: bytes) -> None:
        nonlocal count
        if count == kill.number:
            if kill.where == "torn":
                os.write(file, line[: len(line) // 2])
            elif kill.where == "after":
                real(file, line)
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1
        real(file, line)

    journal_module.append_line = append  # the child alone sees it


def _send(link: socket.socket, message: Any) -> None:
    data = pickle.dumps(message)
    link.sendall(struct.pack("!I", len(data)) + data)


def _receive(link: socket.socket) -> Any:
    head = _exactly(link, 4)
    if head is None:
        return None
    body = _exactly(link, struct.unpack("!I", head)[0])
    return None if body is None else pickle.loads(body)


def _exactly(link: socket.socket, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        try:
            part = link.recv(size - len(data))
        except ConnectionResetError:
            return None
        if not part:
            return None
        data += part
    return data
