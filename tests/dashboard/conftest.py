"""A dashboard that is served in this process, and pages of it that speak over its web socket."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

import createos_nb
from createos_nb.connections import UvicornServer
from createos_nb.dashboard.board import Board
from createos_nb.dashboard.frames import pack, unpack
from createos_nb.dashboard.serving import serve
from createos_nb.redaction import Secret
from tests.panels.conftest import accessible, browser

__all__ = ["accessible", "browser"]  # fixtures of the panels, too

TOKEN = "opens-the-door"
#: Seconds after which what is waited for is not coming, on a machine that has much else to do.
LIMIT = 30.0


def until(
    condition: Callable[[], Any], says: Callable[[], Any] = lambda: "it did not come", limit: float = LIMIT
) -> None:
    """Wait for what is to come."""
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, says()
        time.sleep(0.02)


class Served:
    """A dashboard that runs; `site` is its address, with a slash, and `cookie` opens it."""

    def __init__(self, board: Board, site: str) -> None:
        self.board, self.site = board, site
        answer = httpx.get(f"{site}?token={TOKEN}", timeout=LIMIT)
        self.cookie = answer.headers["set-cookie"].partition(";")[0]
        self.host = site.removeprefix("http://").rstrip("/")

    def get(self, path: str = "", **headers: str) -> httpx.Response:
        return httpx.get(self.site + path, headers={"Cookie": self.cookie, **headers}, timeout=LIMIT)

    def connect(self, host: str = "", **headers: str) -> ClientConnection:
        """A web socket, to be entered; `host`: the name by which it is asked."""
        port = int(self.host.rpartition(":")[2])
        told = {"Origin": self.site.rstrip("/"), "Cookie": self.cookie, **headers}
        origin = told.pop("Origin")
        return connect(
            f"ws://{host or '127.0.0.1'}:{port}/mirror",
            sock=socket.create_connection(("127.0.0.1", port)),
            origin=Origin(origin) if origin else None,
            additional_headers=told,
            open_timeout=LIMIT,
            max_size=None,
        )


class Page:
    """A page: what it was told, and what is done in it."""

    def __init__(self, served: Served, address: dict[str, str] | None = None, visit: str = "", **hello: Any) -> None:
        self._ended = contextlib.ExitStack()
        self.socket: ClientConnection = self._ended.enter_context(served.connect())
        self.widgets: dict[str, Any] = {}
        self.state: dict[str, Any] = {}
        self.welcome: dict[str, Any] = {}
        self.refused = ""
        self.number = 0
        self.socket.send(str(pack({"visit": visit or None, "address": address or {}, **hello})))

    def take(self, limit: float = LIMIT) -> None:
        """Take one message."""
        data, _ = unpack(self.socket.recv(timeout=limit))
        self.welcome = data.get("welcome", self.welcome)
        self.state = data.get("state", self.state)
        self.refused = data.get("refused", self.refused)
        update = data.get("update")
        if update:
            for id in update["gone"]:
                del self.widgets[id]
            self.widgets |= update["widgets"]
            for id, state in update["set"].items():
                self.widgets[id]["state"] |= state

    def until(self, condition: Callable[[], Any]) -> None:
        """Take messages until something holds."""
        end = time.monotonic() + LIMIT
        while not condition():
            assert time.monotonic() < end, (self.state, self.texts[-2000:])
            try:
                self.take(max(0.1, end - time.monotonic()))
            except TimeoutError:
                continue

    @property
    def texts(self) -> str:
        """All that it shows."""
        return json.dumps([one["state"] for one in self.widgets.values()], ensure_ascii=False)

    def find(self, kind: str, **state: Any) -> str:
        """The id of the last widget of a kind with these values."""
        found = [
            id
            for id, one in self.widgets.items()
            if one["kind"] == f"{kind}View" and all(one["state"].get(name) == value for name, value in state.items())
        ]
        assert found, (kind, state, self.texts[-3000:])
        return found[-1]

    def do(self, id: str, **event: Any) -> None:
        self.number += 1
        self.socket.send(str(pack({"event": {"id": id, "n": self.number, **event}})))

    def say(self, **data: Any) -> None:
        self.socket.send(str(pack(data)))

    def close(self) -> None:
        self._ended.close()


@pytest.fixture
def pages() -> Iterator[Callable[..., Page]]:
    """`pages(served, …)` opens a page, which is closed after the test."""
    opened: list[Page] = []

    def show(*arguments: Any, **options: Any) -> Page:
        opened.append(Page(*arguments, **options))
        return opened[-1]

    yield show
    for one in opened:
        one.close()


@contextlib.contextmanager
def run(board: Board, **options: Any) -> Iterator[Served]:
    """Serve a board."""
    found: list[tuple[str, UvicornServer]] = []
    thread = threading.Thread(
        target=serve,
        args=(board, 0, Secret(TOKEN)),
        kwargs={**options, "started": lambda url, uvicorn: found.append((url, uvicorn))},
    )
    thread.start()
    until(lambda: found)
    (site, uvicorn) = found[0]
    until(uvicorn.ready.is_set)
    try:
        yield Served(board, site)
    finally:
        uvicorn.should_exit = True
        thread.join(LIMIT)
    assert not thread.is_alive()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Panels do not pause for people who watch, and write no journals to the user's own folder."""
    monkeypatch.setattr("createos_nb.panels.plan.form._MIN_EVENT_DISPLAY", 0.0)
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "journals"))


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """The dashboard of a world whose storefront is degraded; visits end half a second after their pages."""
    with run(Board(createos_nb.simulate("bad-release", read_only=True), "bad-release"), grace=0.5) as own:
        yield own
