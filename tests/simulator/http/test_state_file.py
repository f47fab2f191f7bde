"""The file of a served world: a crash at any byte leaves a world that is as far as anybody was told."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from createos_nb.errors import InvalidInput
from createos_nb.simulator import World, open_world
from createos_nb.simulator.http.asgi import Application
from createos_nb.simulator.http.clock_driver import ClockDriver
from createos_nb.simulator.http.state_file import SUFFIX, StateFile
from createos_nb.simulator.world.snapshot import dump_state


def fresh() -> World:
    return open_world("storefront", apps=1_000)


class Asker:
    """Sends requests through the application as a server does, on a clock of its own."""

    def __init__(self, file: StateFile, speed: float = 60.0) -> None:
        self.now = 0.0
        self.file, self.world = file, file.world
        pace = ClockDriver(file.world, speed, lambda: self.now)
        pace.start()
        self.application = Application(file.world, pace, file)

    def __call__(
        self, method: str, path: str, body: Any = None, host: str = "127.0.0.1", query: str = ""
    ) -> tuple[int, bytes]:
        self.now += 0.25
        content = b"" if body is None else msgspec.json.encode(body)
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = {"host": host, "x-api-key": self.world.key, "content-length": str(len(content))}
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
        return sent[0]["status"], sent[1]["body"]


def story(ask: Asker, told: Callable[[], None] = lambda: None) -> None:
    """Writes of several kinds; `told` is called after each answer."""
    world = ask.world
    project = next(one for one in world.state.projects.values() if one.name == "storefront")
    environment = next(iter(project.environments))
    old = next(one.id for one in world.deployments(project).values() if one.version == 15)
    for method, path, body, host in [
        ("POST", "/v1/apps", {"name": "first"}, "127.0.0.1"),
        ("GET", "/v1/users/me", None, "127.0.0.1"),
        ("PUT", f"/v1/projects/{project.id}/environments/{environment}/assign", {"deploymentId": old}, "127.0.0.1"),
        ("GET", "/products", None, "www.juniper-goods.example.com"),
        ("POST", "/v1/apps", {"name": ""}, "127.0.0.1"),
        ("GET", "/", None, "storefront.createos.nodeops.network"),
        ("POST", "/v1/apps", {"name": "second"}, "127.0.0.1"),
        ("GET", f"/v1/projects/{project.id}/transfer-uri", None, "127.0.0.1"),
        ("POST", "/v1/apps", {"name": "third"}, "127.0.0.1"),
    ]:
        ask(method, path, body, host)
        told()


def without_time(world: World) -> bytes:
    """A world but for the last steps of its clock."""
    data = msgspec.msgpack.decode(dump_state(world))
    data["now"] = 0
    return msgspec.msgpack.encode(data)


def copied(source: Path, target: Path, log: bytes) -> Path:
    """FILE and a part of its log, as a crash leaves them."""
    target.mkdir()
    (target / "world").write_bytes(source.read_bytes())
    (target / f"world{SUFFIX}").write_bytes(log)
    return target / "world"


def test_what_is_recovered_is_what_was(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "world", fresh)
    story(Asker(file))
    log = (tmp_path / f"world{SUFFIX}").read_bytes()
    path = copied(tmp_path / "world", tmp_path / "crashed", log)
    again = StateFile(path, fresh)
    shown = file.world.state.now
    assert 0 <= again.world.state.now - shown <= 1_000_000
    file.world.move_to(again.world.state.now)
    assert dump_state(again.world) == dump_state(file.world)
    again.close()
    assert dump_state(open_world(path)) == dump_state(file.world)
    file.close()


def test_a_log_that_is_cut_at_any_byte_gives_the_world_as_it_was_told(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "world", fresh, speed=0.0)
    log = tmp_path / f"world{SUFFIX}"
    told = [(0, without_time(file.world))]
    story(Asker(file, speed=0.0), lambda: told.append((log.stat().st_size, without_time(file.world))))
    content = log.read_bytes()
    assert told[-1][0] == len(content)
    cuts = {size + more for size, _ in told for more in (-1, 0, 1, 7, 8, 9, 40)}
    for cut in sorted(cut for cut in cuts if 0 <= cut <= len(content)):
        again = StateFile(copied(tmp_path / "world", tmp_path / f"cut{cut}", content[:cut]), fresh)
        place = max(n for n, (size, _) in enumerate(told) if size <= cut)
        # The next write may be there too: it is written down before it is answered.
        assert without_time(again.world) in [world for _, world in told[place : place + 2]]
        again.close()
    file.close()


def test_a_crash_between_saving_and_emptying_the_log_makes_no_write_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = StateFile(tmp_path / "world", fresh)
    story(Asker(file))
    log = (tmp_path / f"world{SUFFIX}").read_bytes()

    def crash(*_: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "ftruncate", crash)
        with pytest.raises(KeyboardInterrupt):
            file.rewrite()
    path = copied(tmp_path / "world", tmp_path / "crashed", log)
    again = StateFile(path, fresh)
    assert dump_state(again.world) == dump_state(file.world)
    again.close()


def test_time_does_not_go_back_before_what_was_shown(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "world", fresh, speed=60.0)
    ask = Asker(file)
    for _ in range(40):
        ask("GET", "/v1/users/me")
        log = (tmp_path / f"world{SUFFIX}").read_bytes()
        assert _recovered_time(tmp_path, log) >= file.world.state.now
    assert len(log) < 1_000
    file.close()


def _recovered_time(folder: Path, log: bytes) -> int:
    path = copied(folder / "world", folder / f"at{len(list(folder.iterdir()))}", log)
    again = StateFile(path, fresh)
    again.close()
    return again.world.state.now


def test_a_write_is_on_the_disk_before_it_is_answered_and_a_read_waits_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = StateFile(tmp_path / "world", fresh)
    ask = Asker(file)
    synced: list[int] = []
    monkeypatch.setattr("createos_nb.simulator.http.state_file._sync", synced.append)
    assert ask("GET", "/v1/apps")[0] == 200
    assert ask("GET", "/", host="storefront.createos.nodeops.network")[0] == 200
    assert synced == []
    assert ask("POST", "/v1/apps", {"name": "first"})[0] == 200
    assert len(synced) == 1

    def broken(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("createos_nb.simulator.http.state_file._sync", broken)
    assert ask("POST", "/v1/apps", {"name": "second"})[0] == 500
    file.close()


def test_a_disk_that_is_full_is_a_500_and_what_was_refused_is_not_forgotten_to_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that could not be written down is not acknowledged; the next one that can saves the whole world."""
    file = StateFile(tmp_path / "world", fresh)
    ask = Asker(file)

    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    assert ask("POST", "/v1/apps", {"name": "before"})[0] == 200
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        assert ask("POST", "/v1/apps", {"name": "during"})[0] == 500
        patched.setattr("createos_nb.simulator.world.snapshot.atomic_write", full)
        count = len(file.world.state.apps)
        assert ask("POST", "/v1/apps", {"name": "refused"})[0] == 500
        assert len(file.world.state.apps) == count
    assert ask("POST", "/v1/apps", {"name": "after"})[0] == 200
    log = (tmp_path / f"world{SUFFIX}").read_bytes()
    again = StateFile(copied(tmp_path / "world", tmp_path / "crashed", log), fresh)
    names = [app.name for app in again.world.state.apps.values()]
    assert names == [app.name for app in file.world.state.apps.values()]
    assert {"before", "after"} <= set(names)
    again.close()
    file.close()


def test_a_long_log_becomes_a_saved_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("createos_nb.simulator.http.state_file._LONGEST_LOG", 2_000)
    file = StateFile(tmp_path / "world", fresh)
    ask = Asker(file)
    for n in range(400):
        ask("POST", "/v1/apps", {"name": f"app {n}"})
    size = (tmp_path / "world").stat().st_size
    log = (tmp_path / f"world{SUFFIX}").read_bytes()
    assert len(log) <= size + 2_000
    again = StateFile(copied(tmp_path / "world", tmp_path / "crashed", log), fresh)
    assert len(again.world.state.apps) == len(file.world.state.apps)
    again.close()
    file.close()


def test_what_a_fault_moves_is_kept_although_no_request_would_do_it_again(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "world", fresh)
    ask = Asker(file, speed=0.0)
    project = next(one.id for one in file.world.state.projects.values() if one.name == "storefront")
    with file.world.faults(what="moving-rows"):
        for offset in (10, 11, 12, 13):
            assert ask("GET", f"/v1/projects/{project}/deployments", query=f"offset={offset}")[0] == 200
    log = (tmp_path / f"world{SUFFIX}").read_bytes()
    again = StateFile(copied(tmp_path / "world", tmp_path / "crashed", log), fresh)
    assert set(again.world.state.projects[project].deployments) == set(file.world.state.projects[project].deployments)
    again.close()
    file.close()


def test_a_log_that_is_damaged_in_the_middle_is_refused_in_words(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "world", fresh)
    story(Asker(file))
    content = bytearray((tmp_path / f"world{SUFFIX}").read_bytes())
    content[len(content) // 2] ^= 1
    path = copied(tmp_path / "world", tmp_path / "damaged", bytes(content))
    with pytest.raises(InvalidInput, match=r"world\.log is damaged at byte \d+"):
        StateFile(path, fresh)
    (path.parent / f"world{SUFFIX}").unlink()
    StateFile(path, fresh).close()
    file.close()


def test_what_is_no_saved_world_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("milk, bread", encoding="utf-8")
    with pytest.raises(InvalidInput):
        StateFile(path, fresh)
    assert path.read_text(encoding="utf-8") == "milk, bread"


def test_what_a_kill_left_of_a_save_is_removed_and_nothing_else(tmp_path: Path) -> None:
    for name in (".world.abcdefgh", ".world.swp", ".other.abcdefgh"):
        (tmp_path / name).write_bytes(b"")
    StateFile(tmp_path / "world", fresh).close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".other.abcdefgh", ".world.swp", "world"]


def test_no_read_changes_what_a_request_would_make_next(shop: Any) -> None:
    """Reads are not written down, so they must not count: the next id is the same with and without them."""
    world = shop.world
    for name in ("storefront", "orders-api", "chat-bot"):
        world.deployments(world.state.projects[shop.project(name)])
    before = dump_state(world)
    project = shop.project("storefront")
    environment = shop.environment(project, "production")
    for name in ("ListProjects", "ListApps", "ListAPIKeys", "GetQuotas", "ListProjectTemplatePurchases"):
        shop.raw(name)
    for name in ("GetProject", "ListDeployments", "ListDomains", "ListProjectEnvironments", "ListCronjobs"):
        shop.raw(name, project)
    for name in ("GetProjectEnvironmentAnalytics", "GetProjectEnvironmentLogs"):
        shop.raw(name, project, environment)
    shop.raw("CheckProjectUniqueName", body={"uniqueName": "storefront"})
    shop.raw("GetBuildLogs", project, shop.version(project, 17))
    assert dump_state(world) == before
