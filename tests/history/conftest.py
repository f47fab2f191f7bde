"""Histories of simulated worlds, in folders of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest

import createos_nb
from createos_nb import Client
from createos_nb.history import History
from createos_nb.history import open as open_history
from createos_nb.history.buckets import rows_of
from tests.plans import worlds


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads journals or keys of another one, or of the user."""
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "journals"))
    monkeypatch.delenv("CREATEOS_NB_WEBHOOKS", raising=False)
    monkeypatch.setenv("CREATEOS_NB_CONFIG", str(tmp_path / "config" / "config.toml"))


@pytest.fixture(scope="session")
def origin() -> Any:
    return createos_nb.simulate("bad-release").world


@pytest.fixture
def client(origin: Any) -> Client:
    return client_of(origin.fork())


@pytest.fixture
def history(client: Client, tmp_path: Path) -> History:
    return open_history(client, tmp_path / "account")


def client_of(world: Any, change: Callable[[httpx.Request, httpx.Response], httpx.Response] | None = None) -> Client:
    """A client of a world, whose answers may be changed on the way."""
    transport = world.transport()
    return worlds.client_of(world, Changed(transport, change) if change else transport)


class Changed(httpx.BaseTransport):
    """A transport that changes answers."""

    def __init__(self, inner: Any, change: Callable[[httpx.Request, httpx.Response], httpx.Response]) -> None:
        self._inner, self._change = inner, change

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._inner.handle_request(request)
        answer.read()
        return self._change(request, answer)


def sent(client: Client, work: Callable[[], Any]) -> list[str]:
    """The operations that some work asks for."""
    with client.transport.log.counting() as entries:
        work()
    return [entry.operation for entry in entries]


def truth(client: Client, start: str, end: str = "now") -> pd.DataFrame:
    """What the platform says of a window, asked past the history."""
    memory, client.session.memory = client.session.memory, None
    try:
        frame = client.fleet.requests_over_time(start=start, end=end)
    finally:
        client.session.memory = memory
    return frame.sort_values(["project", "environment", "time"], ignore_index=True)


def kept(history: History, start: str = "-1h") -> pd.DataFrame:
    """What the history says of a window."""
    frame = history.requests(start)
    attrs, frame.attrs = frame.attrs, {}
    frame = frame.sort_values(["project", "environment", "time"], ignore_index=True)
    frame.attrs = attrs
    return frame


def same(first: pd.DataFrame, second: pd.DataFrame) -> None:
    """Two frames with the same rows, whatever their attrs say."""
    first, second = first.copy(), second.copy()
    first.attrs, second.attrs = {}, {}
    pd.testing.assert_frame_equal(first, second)


def stored(history: History) -> dict[str, np.ndarray]:
    """Every bucket in the files, by environment id."""
    store = history._store
    return rows_of(store.table("requests", store.files("requests")))


def nothing_twice(history: History) -> None:
    """No moment of an environment lies in two buckets of the files."""
    for rows in stored(history).values():
        assert (rows[1:, 0] >= rows[:-1, 0] + rows[:-1, 1]).all()
