"""Loose files are joined until there is enough to fold into months; what is there stays the same."""

from __future__ import annotations

from typing import Any

import pytest

from createos_nb import Client
from createos_nb.history import History, folding
from tests.history.conftest import kept, nothing_twice, same, stored, truth


def grow(client: Client, history: History, times: int) -> None:
    for _ in range(times):
        client.world.advance("10min")
        history.sync(since="-12h", datasets=["requests"])


def folders(history: History) -> set[str]:
    return {path.parent.name for path in history.files("requests")}


def test_loose_files_are_joined_until_they_are_worth_files_of_their_own(
    client: Client, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "LOOSE", 4)
    grow(client, history, 6)
    listed = history._store.reload().files["requests"]
    assert len(listed) <= 4
    assert folders(history) == {"new"}
    assert max(file.rows for file in listed) > 1000
    monkeypatch.setattr(folding, "WORTH", 700)
    grow(client, history, 4)
    assert {"month=2026-03"} < folders(history) <= {"month=2026-03", "month=2026-02", "new"}
    same(kept(history, "-12h"), truth(client, "-12h"))
    nothing_twice(history)
    assert history.verify() == []
    assert set((history.folder / "requests").rglob("*.parquet")) == set(history.files("requests"))


@pytest.mark.parametrize("at_once", [1, 900, 10_000_000])
def test_what_does_not_fit_into_memory_is_folded_in_parts(
    client: Client, history: History, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    grow(client, history, 3)
    before = stored(history)
    monkeypatch.setattr(folding, "LOOSE", 1)
    monkeypatch.setattr(folding, "WORTH", 1)
    monkeypatch.setattr(folding, "AT_ONCE", at_once)
    with history._store.writing("fold") as manifest:
        assert folding.fold(history._store, manifest)
        history._store.commit(manifest)
    assert all(file.environment for file in history._store.reload().files["requests"])
    after = stored(history)
    assert before.keys() == after.keys()
    assert all((before[id] == after[id]).all() for id in before)


def test_files_too_large_for_memory_are_left_as_they_are(
    client: Client, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(client, history, 3)
    monkeypatch.setattr(folding, "LOOSE", 1)
    monkeypatch.setattr(folding, "AT_ONCE", 1)
    with history._store.writing("fold") as manifest:
        assert not folding.fold(history._store, manifest)


def test_a_synchronization_reads_no_requests_back(
    client: Client, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is to be asked is not on the disk: looking there for each answer made big accounts slow."""
    read: list[int] = []
    table = history._store.table

    def counted(dataset: str, files: Any, **rest: Any) -> Any:
        if dataset == "requests":
            read.append(len(files))
        return table(dataset, files, **rest)

    history.sync(since="-5h")
    client.world.advance("1h")
    monkeypatch.setattr(history._store, "table", counted)
    assert history.sync(since="-2d").rows["requests"] > 1000
    assert read == [1]  # the minutes that may still grow
