"""A client over a made-up server on a made-up clock: nothing here opens a connection or waits."""

from __future__ import annotations

import json
import os
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import httpx
import hypothesis
import pytest

from createos_nb.client.client import Client
from createos_nb.http.retry import RetryPolicy

# machines differ: how long an example takes is no fact
hypothesis.settings.register_profile("project", deadline=None)
hypothesis.settings.load_profile("project")

KEY = "skp_0123456789abcdef"
BASE = "https://api.test"
#: Why the long version of a check is skipped.
LONG = "run with -m slow"
#: 2026-03-02T09:00:00Z
NOW = 1_772_442_000.0


def pytest_configure(config: pytest.Config) -> None:
    """A test's process outlives its files, so that nothing waits for the disk; tests of `storage` count the calls."""
    os.fsync = lambda file: None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long versions of checks are asked for with `-m slow`; files that take long come first, so that none is last.

    Of a test with `@pytest.mark.grid(every)` each N-th set of parameters is in the default run, and the others are its
    long version. Where to begin depends on the test's name, so that no parameter is left out by all tests.
    """
    numbers: Counter[str] = Counter()
    for item in items:
        if marker := item.get_closest_marker("grid"):
            name = item.nodeid.partition("[")[0]
            if (numbers[name] + zlib.crc32(name.encode())) % marker.args[0]:
                item.add_marker(pytest.mark.slow)
            numbers[name] += 1
    long = {item.path for item in items if item.get_closest_marker("browser") or "cli" in item.path.parts}
    items.sort(key=lambda item: item.path not in long)
    if not config.getoption("-m"):
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason=LONG))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what a run left out, and why: a test that is skipped proves nothing."""
    reasons = Counter(
        str(one.longrepr[2]).removeprefix("Skipped: ")
        for one in terminalreporter.stats.get("skipped", [])
        if isinstance(one.longrepr, tuple)
    )
    for reason, count in sorted(reasons.items()):
        if reason != LONG:
            terminalreporter.write_line(f"NOT RUN: {reason} ({count})", yellow=True)


class Clock:
    """Time that passes only when somebody waits."""

    virtual = True

    def __init__(self, at: float = NOW) -> None:
        self.at = at
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.at += seconds


class Seen(list[httpx.Request]):
    """The requests that a server got, in order."""

    @property
    def lines(self) -> list[str]:
        return [f"{one.method} {one.url.raw_path.decode()}" for one in self]

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(one.content) if one.content else None for one in self]


Handler = Callable[[httpx.Request], httpx.Response]


def client_of(handler: Handler | httpx.Response, *, clock: Any = None, **settings: Any) -> tuple[Client, Seen]:
    """A client whose every request goes to `handler`, and the list of what it sends."""
    seen, lock = Seen(), threading.Lock()

    def serve(request: httpx.Request) -> httpx.Response:
        with lock:
            seen.append(request)
        if isinstance(handler, httpx.Response):
            return httpx.Response(handler.status_code, headers=handler.headers, content=handler.content)
        return handler(request)

    settings = {"api_key": KEY, "base_url": BASE, **settings}
    if settings.get("access_token"):
        settings.pop("api_key")
    return Client(transport=httpx.MockTransport(serve), clock=clock or Clock(), **settings), seen


def ok(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> httpx.Response:
    """An answer in the production dialect."""
    return httpx.Response(status, json={"status": "success", "data": data}, headers=headers)


def fail(status: int, data: Any = "no", headers: Mapping[str, str] | None = None) -> httpx.Response:
    """A refusal in the production dialect."""
    return httpx.Response(status, json={"status": "fail", "data": data}, headers=headers)


def page(rows: list[Any], request: httpx.Request, field: str = "data") -> httpx.Response:
    """The page of `rows` that a request asks for."""
    limit, offset = int(request.url.params.get("limit", 10)), int(request.url.params.get("offset", 0))
    cut = rows[offset : offset + limit]
    pagination = {"total": len(rows), "limit": limit, "offset": offset, "count": len(cut)}
    return ok({field: cut, "pagination": pagination})


def uuid(number: int, kind: int = 0) -> str:
    """An id of the platform's form."""
    return f"{kind:08x}-0000-4000-8000-{number:012x}"


@pytest.fixture(scope="session")
def wire() -> SimpleNamespace:
    """What tests of the client are made of."""
    return SimpleNamespace(
        KEY=KEY,
        BASE=BASE,
        NOW=NOW,
        Clock=Clock,
        client=client_of,
        ok=ok,
        fail=fail,
        page=page,
        uuid=uuid,
        no_retries=RetryPolicy(attempts=1, budget=0.0),
    )
