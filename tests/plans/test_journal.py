"""The journal: append-only, torn lines, one writer."""

from __future__ import annotations

import getpass
import os
import socket
from pathlib import Path
from typing import Any

import pytest

import createos_nb
from createos_nb import plans, runbooks
from createos_nb.plans import Journal, JournalBusy, JournalError


def test_every_entry_is_on_the_disk_before_the_next_thing_happens(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is synced after each entry, and the write of a step lies between two of them."""
    happened: list[str] = []
    real_sync, real_call = os.fsync, client.call
    monkeypatch.setattr(os, "fsync", lambda file: (happened.append("sync"), real_sync(file))[1])

    def call(operation: str, /, **values: Any) -> Any:
        if operation.startswith("Update"):
            happened.append("write")
        return real_call(operation, **values)

    monkeypatch.setattr(client, "call", call)
    plan = runbooks.scale(client, "storefront", "production", replicas=2)
    plan.apply(confirm=plan.digest, reason="why", journal=tmp_path / "run.jsonl")
    place = happened.index("write")
    assert happened[place - 2 : place] == ["sync", "sync"]  # the plan, and "started"
    assert happened[place + 1] == "sync"
    assert happened.count("write") == 1


def test_a_torn_last_line_does_no_harm(client: Any, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    plan = runbooks.scale(client, "storefront", "production", replicas=2)
    plan.apply(confirm=plan.digest, reason="why", journal=path)
    whole = path.read_bytes()
    events = Journal(path).frame()["event"].tolist()
    lines = whole.splitlines(keepends=True)
    for cut in range(len(lines[0]), len(whole), 5):
        path.write_bytes(whole[:cut])
        kept = Journal(path).frame()["event"].tolist()
        assert kept == events[: len(kept)]
    path.write_bytes(whole[: -len(lines[-1]) - 10])
    assert plans.resume(path, client).finished
    now = Journal(path).frame()["event"].tolist()
    # what was cut off is lost, and nothing that was written after it
    assert now[: len(events) - 2] == events[:-2]
    assert now[len(events) - 2 :] in (["resumed", "done", "finished"], ["resumed", "finished"])


def test_a_second_writer_is_refused_by_the_name_of_the_first(client: Any, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    plan = runbooks.scale(client, "storefront", "production", replicas=2)
    with Journal(path).writing(client.clock.now(), client.whoami()), pytest.raises(JournalBusy) as busy:
        plan.apply(confirm=plan.digest, reason="why", journal=path)
    who = f"{client.whoami()} ({getpass.getuser()} on {socket.gethostname()}), process {os.getpid()}, since"
    assert busy.value.holder.startswith(who)
    assert who in str(busy.value)
    assert plan.apply(confirm=plan.digest, reason="why", journal=path).finished


def test_the_lock_of_a_killed_process_is_free(world: Any, tools: Any, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"

    def work(client: Any) -> None:
        tools.apply(runbooks.scale(client, "storefront", "production", replicas=2), path)

    assert tools.Relay(world, tools.Kill("after", 1)).run(work) == -9
    assert plans.resume(path, tools.client_of(world)).finished


def test_a_finished_run_is_reported_and_not_repeated(client: Any, world: Any, tmp_path: Path, tools: Any) -> None:
    """A notebook with a journal of its own that is run again rolls back once."""
    path = tmp_path / "run.jsonl"
    first = tools.apply(runbooks.rollback(client, "storefront", "production"), path)
    changes = tools.changes(world)
    second = tools.apply(runbooks.rollback(client, "storefront", "production"), path)
    assert tools.changes(world) == changes
    assert second.frame().equals(first.frame())
    assert plans.resume(path, client).finished
    assert tools.changes(world) == changes


def test_one_journal_holds_one_run(client: Any, tmp_path: Path, tools: Any) -> None:
    path = tmp_path / "run.jsonl"
    tools.apply(runbooks.scale(client, "storefront", "production", replicas=2), path)
    with pytest.raises(JournalError, match="another run"):
        tools.apply(runbooks.scale(client, "storefront", "staging", replicas=2), path)


def test_what_is_no_journal_is_left_alone(client: Any, tmp_path: Path, tools: Any) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("buy milk\n")
    with pytest.raises(JournalError):
        tools.apply(runbooks.scale(client, "storefront", "production", replicas=2), path)
    assert path.read_text() == "buy milk\n"


def test_a_run_of_another_account_is_not_taken_up(world: Any, client: Any, tmp_path: Path, tools: Any) -> None:
    path = tmp_path / "run.jsonl"
    tools.apply(runbooks.scale(client, "storefront", "production", replicas=2), path)
    text = path.read_text().replace("account marlow", "account somebody")
    path.write_text("".join(text.splitlines(keepends=True)[:2]))
    with pytest.raises(JournalError, match="somebody"):
        plans.resume(path, client)


def test_a_journal_is_a_frame(client: Any, tools: Any) -> None:
    receipt = tools.apply(runbooks.scale(client, "storefront", "production", replicas=2))
    frame = Journal(receipt.journal).frame()
    assert frame["event"].tolist() == ["plan", "started", "answered", "done", "finished"]
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "time": "datetime64[us, UTC]",
        "event": "str",
        "step": "Int64",
        "operation": "str",
        "target": "str",
        "text": "str",
    }
    assert Journal(receipt.journal.with_name("none.jsonl")).frame().dtypes.to_dict() == frame.dtypes.to_dict()


def test_rolling_back_once_more_knows_from_the_journal_what_was_live(client: Any, tools: Any) -> None:
    tools.apply(runbooks.assign(client, "storefront", 12, "production"))
    tools.apply(runbooks.assign(client, "storefront", 17, "production"))
    candidates = runbooks.rollback(client, "storefront", "production").candidates.set_index("version")
    assert candidates.loc[12, "evidence"] == "journal"
    assert candidates.loc[12, "eligible"]
    assert candidates.loc[15, "evidence"] == "inferred"
    assert candidates.loc[14, "evidence"] == "none"


def test_steps_that_were_edited_are_not_carried_out(client: Any, world: Any, tools: Any, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    tools.apply(runbooks.scale(client, "storefront", "production", replicas=2), path)
    lines = path.read_text().splitlines(keepends=True)
    begun = "".join(lines[:2])
    before = tools.changes(world)
    path.write_text(begun.replace('"replicas": 2', '"replicas": 3'))
    assert path.read_text() != begun
    for act in (plans.resume, plans.resumption):
        with pytest.raises(JournalError, match="was edited or damaged"):
            act(path, client)
    assert tools.changes(world) == before
    assert plans.runs(tmp_path)["state"].tolist() == ["damaged"]
    path.write_text(begun)
    assert plans.resume(path, client).finished


@pytest.mark.skipif(os.name != "posix", reason="rights as POSIX has them")
def test_journals_are_closed_to_others(client: Any, journals: Path, tools: Any) -> None:
    tools.apply(runbooks.scale(client, "storefront", "production", replicas=2))
    kept = [journals, *journals.rglob("*")]
    assert {path.name.rpartition(".")[2] for path in kept} >= {"journals", "jsonl", "lock"}
    assert {oct(path.stat().st_mode & 0o777) for path in kept if path.is_dir()} == {"0o700"}
    assert {oct(path.stat().st_mode & 0o777) for path in kept if path.is_file()} == {"0o600"}


def test_a_run_says_who_and_in_which_world(client: Any, world: Any, journals: Path, tools: Any) -> None:
    tools.apply(runbooks.scale(client, "storefront", "production", replicas=2))
    row = plans.runs(journals).iloc[0]
    assert row["who"] == f"{client.whoami()} ({getpass.getuser()} on {socket.gethostname()})"
    assert row["world"] == world.id


def test_a_world_that_is_opened_afresh_does_not_go_on_with_a_run_of_the_one_before(
    world: Any, tools: Any, tmp_path: Path
) -> None:
    def work(client: Any) -> None:
        tools.apply(runbooks.scale(client, "storefront", "production", replicas=2))

    assert tools.Relay(world, tools.Kill("after", 1)).run(work) == -9
    fresh = createos_nb.simulate("storefront")
    receipt = tools.apply(runbooks.scale(fresh, "storefront", "production", replicas=2))
    assert [entry["event"] for entry in Journal(receipt.journal).entries].count("resumed") == 0
    mine = tools.client_of(world.fork())
    taken_up = tools.apply(runbooks.scale(mine, "storefront", "production", replicas=2))
    assert [entry["event"] for entry in Journal(taken_up.journal).entries].count("resumed") == 1


def test_a_run_of_another_world_has_no_receipt_here(client: Any, origin: Any) -> None:
    """So that no undo of it is applied to what it never changed."""
    plan = runbooks.scale(client, "storefront", "production", replicas=2)
    journal = Journal(plan.apply(confirm=plan.digest, reason="why").journal)
    assert plans.receipt_from(journal, client).undo().steps
    with pytest.raises(JournalError, match="another simulated world"):
        plans.receipt_from(journal, createos_nb.simulate(origin.fork()))
    with pytest.raises(JournalError, match="another simulated world"):
        plans.receipt_from(journal, createos_nb.simulate("bad-release"))
