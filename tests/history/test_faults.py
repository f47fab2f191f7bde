"""Whatever goes wrong while a history grows: nothing is counted twice, nothing that was committed is lost."""

from __future__ import annotations

import json
import os
import random
import signal
import time
import warnings
from pathlib import Path
from typing import Any

import httpx
import pytest

import createos_nb
from createos_nb import Client
from createos_nb.errors import IncompleteWarning
from createos_nb.history import History, HistoryBusy, HistoryDamaged, HistoryError, HistoryTooNew, manifest
from createos_nb.history import open as open_history
from createos_nb.storage import atomic_write
from tests.history.conftest import client_of, kept, nothing_twice, same, stored, truth

SEED = 20261127
SINCE = "-8h"
NEW = {"resources": {"cpu": 200, "memory": 512, "replicas": 1}, "settings": {"run_envs": {}}}


def kill_syncs(world: Any, folder: Path, count: int) -> tuple[int, int]:
    """Let processes synchronize, and kill each at a random moment. Returns how many were killed and how many ended."""
    chance = random.Random(SEED)
    killed = ended = 0
    longest = 0.5
    for number in range(count):
        world.advance("7min")
        child = os.fork()
        if child == 0:  # pragma: no cover  # another process
            try:
                history = open_history(client_of(world), folder)
                history.sync(since=f"-{8 + number // 8}h", budget=None)
            finally:
                os._exit(0)
        started, moment = time.monotonic(), chance.uniform(0.0, longest)
        while not (done := os.waitpid(child, os.WNOHANG))[0] and time.monotonic() - started < moment:
            time.sleep(0.001)
        if done[0]:
            # it ended first: the next ones are killed within the time that it took
            ended, longest = ended + 1, time.monotonic() - started
        else:
            os.kill(child, signal.SIGKILL)
            killed += os.WIFSIGNALED(os.waitpid(child, 0)[1])
            longest *= 1.1
        check_committed(folder)
    return killed, ended


def check_committed(folder: Path) -> None:
    """What the manifest lists is there, whole, and nothing of it twice."""
    if (folder / "manifest.json").exists():
        reader = open_history(path=folder)
        assert reader.verify() == []
        nothing_twice(reader)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")
@pytest.mark.parametrize("count", [30, pytest.param(200, marks=pytest.mark.slow)])
def test_killed_at_random_moments(origin: Any, tmp_path: Path, count: int) -> None:
    world = origin.fork()
    folder = tmp_path / "account"
    open_history(client_of(world), folder).sync(since="-1h")
    killed, _ = kill_syncs(world, folder, count)
    assert killed > count // 3
    client = client_of(world)
    history = open_history(client, folder)
    assert history.sync(since=SINCE, budget=None).complete
    same(kept(history, SINCE), truth(client, SINCE))
    nothing_twice(history)
    # what killed processes left behind is gone
    assert set((folder / "requests").rglob("*.par*")) == set(history.files("requests"))


def test_a_full_disk_leaves_what_was_there(client: Client, history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    history.sync(since="-2h")
    before = kept(history, "-2h")
    room = 3

    def full(path: Path, content: bytes) -> None:
        nonlocal room
        room -= 1
        if room < 0:
            raise OSError(28, "No space left on device")
        atomic_write(path, content)

    client.world.advance("1h")
    for module in ("store", "manifest"):
        monkeypatch.setattr(f"createos_nb.history.{module}.atomic_write", full)
    refused = 0
    for spaces in range(6):
        room = spaces
        try:
            history.sync(since="-2h")
        except HistoryError as error:
            refused += "can't be written to: [Errno 28] No space left on device. What was committed" in str(error)
        if spaces == 0:
            same(kept(history, "-2h"), before)
        check_committed(history.folder)
    assert refused >= 3
    monkeypatch.undo()
    history.sync(since="-4h")
    same(kept(history, "-4h"), truth(client, "-4h"))
    nothing_twice(history)


def test_two_at_once(client: Client, history: History) -> None:
    other = open_history(client_of(client.world), history.folder)
    with history._store.writing("sync"), pytest.raises(HistoryBusy, match=r"process \d+ \(sync\) is writing to"):
        other.sync()
    history.sync(since="-3h", budget=5)
    other.sync(since="-3h", budget=None)
    assert history.sync(since="-3h").requests == 0
    nothing_twice(history)
    same(kept(history, "-3h"), truth(client, "-3h"))


def test_a_clock_that_was_set_back(client: Client, history: History) -> None:
    history.sync(since="-2h")
    with history._store.writing("a clock that was ahead") as current:
        current.written += 7200
        history._store.commit(current)
    with pytest.raises(HistoryError, match="the clock was set back; nothing was asked"):
        history.sync()


def test_answers_that_lack_half_of_their_rows(origin: Any, tmp_path: Path) -> None:
    world, chance = origin.fork(), random.Random(SEED)
    half = True

    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if not half or "requests-over-time" not in str(request.url):
            return answer
        body = answer.json()
        body["data"] = [row for row in body["data"] if chance.random() < 0.5]
        return httpx.Response(answer.status_code, json=body)

    client = client_of(world, change)
    history = open_history(client, tmp_path / "account")
    result = history.sync(since="-6h")
    assert result.gap_minutes > 100
    with pytest.warns(IncompleteWarning):
        frame = history.requests("-6h")
    # what did not come is not known, and no zero
    assert frame["count"].isna().sum() >= len(frame) // 3
    assert not frame.attrs["complete"]
    assert len(history.gaps()) > 100
    half = False
    world.advance("10min")
    history.sync(since="-6h")
    nothing_twice(history)
    with pytest.warns(IncompleteWarning):
        merged = kept(history, "-6h").merge(truth(client, "-6h"), on=["project", "environment", "time"])
    known = merged[merged["count_x"].notna()]
    assert len(known) > len(merged) // 2
    assert (known["count_x"] == known["count_y"]).all()


@pytest.mark.parametrize("widths", [(60, 300), (300, 60), (900, 3600)])
def test_buckets_that_change_their_width(origin: Any, tmp_path: Path, widths: tuple[int, int]) -> None:
    world = origin.fork()
    width = widths[0]

    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if "requests-over-time" not in str(request.url):
            return answer
        body = answer.json()
        sums: dict[int, dict[str, int]] = {}
        for row in body["data"]:
            at = row["timestamp"] // width * width
            total = sums.setdefault(at, dict.fromkeys(row, 0) | {"timestamp": at})
            for name, value in row.items():
                if name != "timestamp":
                    total[name] += value
        body["data"] = list(sums.values())
        return httpx.Response(answer.status_code, json=body)

    client = client_of(world, change)
    history = open_history(client, tmp_path / "account")
    history.sync(since="-6h", budget=None)
    width = widths[1]
    for _ in range(4):
        world.advance("31min")
        history.sync(since="-6h", budget=None)
    nothing_twice(history)
    counted = {id: int(rows[:, 2].sum()) for id, rows in stored(history).items()}
    # a client that knows one width, and is answered in another, counts nothing twice
    asked = client.fleet.requests_over_time(start="-3h")
    same(asked.sort_values(["project", "environment", "time"], ignore_index=True), truth(client, "-3h"))
    width = 60
    real = truth(client, "-9h").groupby("environment")["count"].sum()
    names = client.environments.list("storefront").set_index("id")["unique_name"]
    for id, total in counted.items():
        assert total <= real[names[id]]
    assert sum(counted.values()) > 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IncompleteWarning)
        assert history.requests("-6h", step="1h")["count"].sum() > 0


def test_a_project_that_is_made_anew_under_its_name(client: Client, history: History) -> None:
    def make() -> str:
        body = {"uniqueName": "gift-cards", "displayName": "Gift cards", "type": "image", "settings": {"port": 80}}
        return str(client.call("CreateProject", body=body)["id"])

    first = make()
    client.environments.create(first, unique_name="production", display_name="Production", description="shop", **NEW)
    history.sync(since="-1h")
    client.world.advance("30min")
    client.projects.delete(first)
    client.world.advance("30min")
    second = make()
    client.environments.create(second, unique_name="production", display_name="Production", description="shop", **NEW)
    client.world.advance("30min")
    history.sync(since="-2h")
    then = history.at("-80min").projects().set_index("unique_name")["id"]
    now = history.at("now").projects()
    assert then["gift-cards"] == first
    assert now[now["unique_name"] == "gift-cards"]["id"].tolist() == [second]
    with warnings.catch_warnings():  # what came between the last look and the deletion, nobody has read
        warnings.simplefilter("ignore", IncompleteWarning)
        frame = history.requests("-2h", projects="gift-cards")
    assert not frame.duplicated(["environment", "time"]).any()


def test_the_last_minutes_of_what_is_deleted_stay(client: Client, history: History) -> None:
    history.sync(since="-1h")
    staging = client.environments.get("storefront", "staging")["id"]
    before = stored(history)[staging]
    client.environments.delete("storefront", "staging")
    client.world.advance("1h")
    history.sync(since="-1h")
    assert history.at("now").environments()["unique_name"].tolist() == ["production"]
    assert (stored(history)[staging][: len(before)] == before).all()


def test_damage_is_named_and_repaired(client: Client, history: History) -> None:
    history.sync(since="-8h")
    client.world.advance("1h")
    history.sync(since="-8h")
    expected = kept(history, SINCE)
    path = max(history.files("requests"), key=lambda path: path.stat().st_size)
    content = path.read_bytes()
    path.write_bytes(content[:-100])
    with pytest.raises(HistoryDamaged, match=r"is not what was written: .* history.repair\(\)") as caught:
        history.requests(SINCE)
    assert caught.value.files == (path.relative_to(history.folder).as_posix(),)
    path.write_bytes(content[:-100] + bytes(100))
    assert history.verify() == [path.relative_to(history.folder).as_posix()]
    path.unlink()
    with pytest.raises(HistoryDamaged, match=r"can't be read \(No such file or directory\): it held [\d,]+ rows"):
        history.requests(SINCE)
    assert history.repair() == [path.relative_to(history.folder).as_posix()]
    assert history.repair() == []
    history.sync(since="-9h", budget=None)
    same(kept(history, SINCE), expected)
    nothing_twice(history)


@pytest.mark.parametrize("damage", ["cut", "flipped", "gone"])
def test_damage_costs_the_fleet_its_budgets_and_not_its_overview(client: Client, history: History, damage: str) -> None:
    history.fill(since="-31d")
    path = max(history.files("requests"), key=lambda path: path.stat().st_size)
    content = path.read_bytes()
    whole = client.fleet.overview()
    assert whole["budget_left"].notna().any()
    if damage == "gone":
        path.unlink()
    else:
        other = bytearray(content)
        other[len(other) // 2] ^= 1
        path.write_bytes(content[:-500] if damage == "cut" else other)
    client.world.advance("20min")
    with pytest.warns(IncompleteWarning, match=r"budget_left is not known: .* history.repair\(\)"):
        found = client.fleet.overview()
    assert found["budget_left"].isna().all()
    assert found["requests"].notna().any()
    with warnings.catch_warnings():  # it was said
        warnings.simplefilter("error", IncompleteWarning)
        client.fleet.overview()
    if damage != "flipped":  # which only a checksum shows
        with pytest.raises(HistoryDamaged, match=r"a file of requests can't be read"):
            history.sql("select count(*) from requests")


@pytest.mark.parametrize("dataset", ["paths", "error_paths", "environments"])
def test_other_datasets_are_asked_for_again_once(client: Client, history: History, dataset: str) -> None:
    datasets = ["environments", "paths", "error_paths", "status_codes"]
    history.sync(since="-4d", datasets=datasets, budget=None)
    before = history.datasets().set_index("dataset")["rows"]
    for path in history.files(dataset):
        path.write_bytes(b"")
    history.repair()
    history.sync(since="-4d", datasets=datasets, budget=None)
    assert history.datasets().set_index("dataset")["rows"].equals(before)


def test_a_newer_format_is_refused_in_words(client: Client, history: History) -> None:
    history.sync(since="-1h")
    path = history.folder / "manifest.json"
    content = path.read_text()
    path.write_text(content.replace('"format": 1', '"format": 9'))
    with pytest.raises(HistoryTooNew, match="has format 9, and this version of createos-nb reads up to 1"):
        open_history(client, history.folder)
    path.write_text(content[:-40])
    with pytest.raises(HistoryDamaged, match=r"manifest.json is damaged .*put it back from a backup"):
        open_history(client, history.folder)


def test_an_older_format_is_migrated_and_written_by_the_next_commit(
    client: Client, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.sync(since="-2h")
    expected = kept(history, "-2h")
    path = history.folder / "manifest.json"
    # as if the first format had called the list of files otherwise
    old = json.loads(path.read_text())
    old["parts"] = old.pop("files")
    path.write_text(json.dumps(old))
    monkeypatch.setattr(manifest, "FORMAT", 3)
    with pytest.raises(HistoryError, match=r"has format 1, which this version .* no longer reads: .* knows format 2"):
        open_history(client, history.folder)
    monkeypatch.setitem(manifest.MIGRATIONS, 1, lambda plain: {**plain, "files": plain["parts"]})
    monkeypatch.setitem(manifest.MIGRATIONS, 2, lambda plain: {**plain, "read": dict(plain["read"])})
    again = open_history(client, history.folder)
    same(kept(again, "-2h"), expected)
    assert json.loads(path.read_text())["format"] == 1  # who reads changes nothing
    client.world.advance("1h")
    again.sync(since="-2h")
    assert json.loads(path.read_text())["format"] == 3
    same(kept(again, "-2h"), truth(client, "-2h"))
    nothing_twice(again)


def test_one_environment_that_fails_does_not_stop_the_others(origin: Any, tmp_path: Path) -> None:
    world = origin.fork()
    broken = client_of(world).environments.get("storefront", "staging")["id"]

    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        return httpx.Response(403, json={"status": "fail", "data": "no"}) if broken in str(request.url) else answer

    history = open_history(client_of(world, change), tmp_path / "account")
    result = history.sync(since="-3h")
    assert not result.complete
    assert list(result.failed) == ["requests of storefront/staging"]
    with pytest.warns(IncompleteWarning, match="storefront/staging"):
        frame = history.requests("-3h")
    assert frame[frame["environment"] == "staging"]["count"].isna().all()
    assert frame[frame["environment"] == "production"]["count"].notna().all()


def test_a_world_of_its_own_has_a_folder_that_is_nobody_elses() -> None:
    client = createos_nb.simulate("bad-release")
    first, second = open_history(client), open_history(createos_nb.simulate("bad-release"))
    assert first.folder != second.folder
