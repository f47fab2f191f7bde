"""A steered world that is kept in a file: what a control did is on the disk before it is answered."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from createos_nb.redaction import Secret
from createos_nb.simulator import World, open_world
from createos_nb.simulator.http.asgi import Application
from createos_nb.simulator.http.clock_driver import ClockDriver
from createos_nb.simulator.http.forks import Forks, controller
from createos_nb.simulator.http.state_file import SUFFIX, StateFile
from createos_nb.simulator.world.snapshot import dump_state

TOKEN = "a-token-that-nobody-could-guess"


class Kept:
    """A world that is kept in a file and steered, as a server does it; `kill` leaves the files as a crash does."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, StateFile(folder / "world", lambda: open_world("storefront"), speed=0.0)
        self.world: World = self.file.world
        clock = ClockDriver(self.world, 0.0)
        forks = Forks(lambda: "http://127.0.0.1:1", (), Secret(TOKEN))
        control = controller(self.world, clock, forks)
        self.application = Application(self.world, clock, self.file, control=control, forks=forks)

    def __call__(self, method: str, path: str, body: Any = None, query: str = "") -> Any:
        content = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = {
            "host": "127.0.0.1",
            "x-api-key": self.world.key,
            "authorization": f"Bearer {TOKEN}",
            "content-length": str(len(content)),
        }
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "state": {},
        }
        asyncio.run(self.application(scope, receive, send))
        assert sent[0]["status"] < 300, sent[1]["body"]
        return sent[1]["body"]

    def killed(self) -> StateFile:
        """The file, opened again from what a kill leaves."""
        copy = self.folder / "again"
        copy.mkdir()
        for name in ("world", f"world{SUFFIX}"):
            shutil.copy(self.folder / name, copy / name)
        return StateFile(copy / "world", lambda: open_world("storefront"), speed=0.0)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    kept = Kept(tmp_path)
    yield kept
    kept.file.close()


LOG = b'203.0.113.9 - - [02/Mar/2026:08:59:00 +0000] "GET / HTTP/1.1" 200 512 "-" "curl/8"\n'
STEPS: list[tuple[Any, ...]] = [
    ("POST", "/_world/push", {"project": "storefront", "behavior": {"slow": 2.0}}),
    ("POST", "/_world/advance", {"by": "15min"}),
    ("POST", "/v1/apps", {"name": "between"}),
    ("POST", "/_world/at", {"time": "2026-03-02T12:00:00Z"}),
    ("POST", "/_world/behavior", {"project": "storefront", "version": 17, "errors": [{"status": 500, "share": 0.1}]}),
    ("POST", "/_world/traffic", {"project": "storefront", "environment": "staging", "rpm": 9}),
    ("POST", "/_world/incidents", {"environments": ["storefront/production"], "start": "+5min", "rate": 3}),
    ("DELETE", "/_world/incidents/incident-1"),
    ("POST", "/_world/dns", {"domain": "shop.juniper-goods.example.net"}),
    ("POST", "/_world/failing-scans", {"project": "storefront", "version": 16}),
    ("POST", "/_world/replay", LOG, "project=landing-pages&environment=production"),
    ("POST", "/_world/advance", {"by": 0.25}),
]


@pytest.mark.parametrize("count", range(len(STEPS) + 1))
def test_what_was_answered_is_there_after_a_kill(count: int, kept: Kept) -> None:
    for step in STEPS[:count]:
        kept(*step)
    again = kept.killed()
    assert dump_state(again.world) == dump_state(kept.world)
    assert str(again.world.lineage) == str(kept.world.lineage)
    again.close()


def test_a_world_that_was_set_back_or_became_another_is_that_one_after_a_kill(kept: Kept) -> None:
    kept("POST", "/_world/advance", {"by": "1h"})
    snapshot = kept("GET", "/_world/snapshot")
    kept("POST", "/_world/reset")
    kept("POST", "/_world/push", {"project": "storefront"})
    kept("PUT", "/_world/snapshot", snapshot)
    kept("POST", "/_world/advance", {"by": "1h"})
    again = kept.killed()
    assert str(again.world.now) == "2026-03-02 11:00:00+00:00"
    assert dump_state(again.world) == dump_state(kept.world)
    assert str(again.world.lineage) == str(kept.world.lineage)
    again.close()


def test_what_ends_with_the_server_is_not_kept(kept: Kept) -> None:
    before = dump_state(kept.world)
    kept("POST", "/_world/faults", {"faults": [{"what": "error"}]})
    kept("POST", "/_world/forks")
    kept("POST", "/_world/speed", {"speed": 0})
    again = kept.killed()
    assert dump_state(again.world) == before
    assert not again.world.api.faults.active
    again.close()


def test_the_token_is_in_no_file(kept: Kept) -> None:
    for step in STEPS:
        kept(*step)
    for path in kept.folder.iterdir():
        assert TOKEN.encode() not in path.read_bytes()
