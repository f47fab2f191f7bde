"""A world can be forked, set back, written to a file and read again."""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pytest

from createos_nb.errors import InvalidInput
from createos_nb.lineage import Lineage
from createos_nb.simulator import World, open_world
from createos_nb.simulator.world import snapshot

TOTAL = "GetProjectEnvironmentAnalyticsOverallRequests"


def everything(world: World) -> bytes:
    """The whole state, single requests included."""
    return snapshot.dump_state(world)


def stirred() -> World:
    """A world in which much has happened, some of it not over yet."""
    world = open_world("storefront")
    world.replay("landing-pages", "production", b'192.0.2.7 - - [02/Mar/2026:08:00:00 +0000] "GET /a HTTP/1.1" 200 5\n')
    world.push("storefront", "develop", message="Something", behavior={"slow": 2.0})
    world.incident("storefront/production", rate=3.0, lasts="1h")
    world.advance("20s")
    return world


def test_a_fork_goes_its_own_way(shop: Any) -> None:
    one = stirred()
    before = everything(one)
    other = one.fork()
    assert everything(other) == before
    other.advance("2h")
    other.push("storefront", "main", message="Only there")
    other.traffic("orders-api", "production", rpm=500)
    other.traffic_of(next(iter(next(iter(other.state.projects.values())).environments.values()))).recorded.add(
        other.state.now, "GET", "/", 200
    )
    assert everything(one) == before
    assert other.now - one.now == pd.Timedelta("2h")


def test_two_forks_that_are_treated_alike_stay_alike() -> None:
    one = stirred()
    forks = [one.fork(), one.fork()]
    for fork in forks:
        fork.push("storefront", "main", message="The same")
        fork.advance("3h")
    assert everything(forks[0]) == everything(forks[1])
    one.push("storefront", "main", message="The same")
    one.advance("3h")
    assert everything(one) == everything(forks[0])


def test_reset_brings_the_start_back_and_clients_stay_connected(shop: Any) -> None:
    start = everything(shop.world)
    shop("DeleteProject", shop.project("storefront"))
    shop.world.replay("orders-api", "production", b"")
    made = shop("CreateAPIKey", body={"name": "fresh-key", "expiryAt": "2027-01-01T00:00:00Z"})["secret"]
    with shop.world.faults(what="error"):
        shop.world.advance("1d")
        assert shop.world.reset() is shop.world
        assert shop("GetCurrentUser")["username"] == "marlow"
    assert everything(shop.world) == start
    assert type(shop)(shop.world, made).refused("GetCurrentUser")[0] == 401
    assert shop("GetProject", shop.project("storefront"))["status"] == "active"


def test_a_saved_world_is_the_same_world_when_it_is_read(tmp_path: Path, shop: Any) -> None:
    one = stirred()
    path = one.save(tmp_path / "kept.world")
    other = open_world("storefront", seed=3, dialect="documented")
    assert other.load(path) is other
    opened = open_world(path)
    for world in (other, opened):
        assert everything(world) == everything(one)
        assert world.dialect == "production"
    for world in (one, other, opened):
        world.advance("1d")
    assert everything(other) == everything(opened) == everything(one)
    assert everything(opened.reset()) == everything(open_world("storefront"))


def test_a_world_in_the_documented_dialect_stays_in_it(tmp_path: Path) -> None:
    path = open_world("storefront", dialect="documented").save(tmp_path / "kept.world")
    assert open_world(path).dialect == "documented"


@pytest.mark.parametrize(("version", "says"), [(99, "newer.*upgrade"), (1, "older.*make its world anew")])
def test_a_file_of_another_version_is_refused_in_words(tmp_path: Path, shop: Any, version: int, says: str) -> None:
    path = shop.world.save(tmp_path / "kept.world")
    head, _, body = path.read_bytes().partition(b"\n")
    other = msgspec.json.decode(head) | {"version": version}
    path.write_bytes(msgspec.json.encode(other) + b"\n" + body)
    before = everything(shop.world)
    with pytest.raises(InvalidInput, match=says):
        shop.world.load(path)
    assert everything(shop.world) == before


def test_a_file_of_the_version_before_is_read_with_the_defaults_of_what_is_new(tmp_path: Path, shop: Any) -> None:
    """Worlds of version 2 know nothing of webhooks."""
    path = shop.world.save(tmp_path / "kept.world")
    head, _, body = path.read_bytes().partition(b"\n")

    def without_webhooks(state: dict[str, Any]) -> dict[str, Any]:
        settings = {name: value for name, value in state["settings"].items() if not name.startswith("webhook_")}
        kept = {name: value for name, value in state.items() if name not in ("webhooks", "audit_logs")}
        assert (len(state) - len(kept), len(state["settings"]) - len(settings)) == (2, 5)
        return {**kept, "settings": settings}

    content = msgspec.msgpack.decode(zlib.decompress(body))
    content["state"] = without_webhooks(content["state"])
    first = without_webhooks(msgspec.msgpack.decode(content["initial_state"]))
    content["initial_state"] = msgspec.msgpack.encode(first)
    older = zlib.compress(msgspec.msgpack.encode(content))
    header = msgspec.json.decode(head) | {"version": 2, "digest": snapshot.digest_of(older)}
    path.write_bytes(msgspec.json.encode(header) + b"\n" + older)
    opened = open_world(path)
    assert everything(opened) == everything(shop.world)
    assert everything(opened.reset()) == everything(open_world("storefront"))
    assert open_world(opened.save(path)).state.webhooks == {}


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other", "text"])
def test_a_damaged_file_is_refused_and_the_world_stays(tmp_path: Path, shop: Any, damage: str) -> None:
    path = shop.world.save(tmp_path / "kept.world")
    content = path.read_bytes()
    flipped = content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]
    others = {"cut": content[:-100], "flipped": flipped, "empty": b"", "other": b'{"format":"x"}\nabc', "text": b"abc"}
    path.write_bytes(others[damage])
    before = everything(shop.world)
    with pytest.raises(InvalidInput, match=r"kept\.world (is damaged|is not a saved world)"):
        shop.world.load(path)
    assert everything(shop.world) == before


def forged(saved: bytes, lineage: Lineage | None = None, **fields: object) -> bytes:
    """A file that another program has written: its digest is right, and its content is not a world's."""
    first, _, content = saved.partition(b"\n")
    body = msgspec.msgpack.decode(zlib.decompress(content))
    body["initial_state"] = fields.pop("initial_state", body["initial_state"])
    body["state"].update(fields)
    content = zlib.compress(msgspec.msgpack.encode(body))
    header = {**msgspec.json.decode(first), "digest": snapshot.digest_of(content)}
    if lineage is not None:
        header["lineage"] = lineage
    return msgspec.json.encode(header) + b"\n" + content


@pytest.mark.parametrize(
    "content",
    [
        {"lineage": Lineage("a\r\nX-Header: 1", "b")},
        {"lineage": Lineage("a", "b c")},
        {"lineage": Lineage("a", "b", (("é", 1),))},
        {"now": 2**62},
        {"now": -1},
        {"recorded": {"x": b"text"}},
        {"recorded": {"x": msgspec.msgpack.encode({"time": b"123"})}},
        {"recorded": {"x": msgspec.msgpack.encode([1])}},
    ],
)
def test_a_file_that_something_else_has_written_is_refused_and_the_world_stays(
    tmp_path: Path, shop: Any, content: dict[str, Any]
) -> None:
    path = shop.world.save(tmp_path / "kept.world")
    saved, before = path.read_bytes(), everything(shop.world)
    path.write_bytes(forged(saved))
    shop.world.load(path)
    path.write_bytes(forged(saved, **content))
    lineage = shop.world.lineage
    with pytest.raises(InvalidInput, match=r"kept\.world (can't be read|is not a saved world)"):
        shop.world.load(path)
    assert (everything(shop.world), shop.world.lineage) == (before, lineage)


def test_a_world_whose_start_can_not_be_read_goes_on_and_is_not_set_back(tmp_path: Path, shop: Any) -> None:
    path = shop.world.save(tmp_path / "kept.world")
    path.write_bytes(forged(path.read_bytes(), initial_state=b"text"))
    world = shop.world.load(path)
    before = everything(world)
    with pytest.raises(InvalidInput, match="the start of this world can't be read"):
        world.reset()
    assert everything(world) == before


def test_a_failed_save_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shop.world.save(tmp_path / "kept.world")
    old = path.read_bytes()
    shop.world.advance("1h")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        shop.world.save(path)
    assert path.read_bytes() == old
    assert [one.name for one in tmp_path.iterdir()] == ["kept.world"]


def test_settings_can_not_be_given_to_a_saved_world(tmp_path: Path, shop: Any) -> None:
    path = shop.world.save(tmp_path / "kept.world")
    with pytest.raises(InvalidInput, match="idle can't be given"):
        open_world(path, idle=5)


def test_a_fleet_is_kept_with_its_histories_still_unfolded(tmp_path: Path) -> None:
    one = open_world("fleet", projects=20, deployments=400)
    path = one.save(tmp_path / "kept.world")
    other = open_world(path)
    headers = {"x-api-key": one.key}
    for project in one.state.projects:
        asked = ("GET", f"/v1/projects/{project}/deployments", "limit=20", headers, b"")
        assert other.handle(*asked) == one.handle(*asked)


def test_opening_again_gives_a_fresh_world(shop: Any) -> None:
    shop("DeleteProject", shop.project("storefront"))
    again = open_world("storefront")
    assert again.now == pd.Timestamp("2026-03-02T09:00:00Z")
    assert "storefront" in [one.name for one in again.state.projects.values() if one.status == "active"]
    assert everything(again) == everything(open_world("storefront").fork())
