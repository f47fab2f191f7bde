"""Runs of a folder as a frame, and the rest of a run as a plan."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb import plans, runbooks
from createos_nb.errors import InvalidInput
from createos_nb.plans import Cancelled, ConfirmationNeeded, Journal, JournalError, MissingInput


def stopped_after(client: Any, plan: plans.Plan, step: int, journal: Path) -> Path:
    """Carry a plan out to the end of that step (from 1; 0: not even the first)."""
    stop = threading.Event()
    if not step:
        told = lambda event: stop.set()  # noqa: E731  # as short as it is
    else:
        told = lambda event: stop.set() if (event.step, event.phase) == (step, "done") else None  # noqa: E731
    with pytest.raises(Cancelled):
        plan.apply(confirm=plan.confirmation, reason="a test", journal=journal, cancel=stop, on_event=told)
    return journal


def variables(client: Any, **given: str | None) -> plans.Plan:
    return runbooks.set_variables(client, "storefront", "staging", given)


def test_a_folder_that_is_not_there_has_no_runs(tmp_path: Path) -> None:
    frame = plans.runs(tmp_path / "none")
    assert frame.empty
    assert frame.dtypes.astype(str).to_dict() == {
        "started": "datetime64[us, UTC]",
        "title": "str",
        "state": "str",
        "done": "Int64",
        "steps": "Int64",
        "ended": "datetime64[us, UTC]",
        "reason": "str",
        "who": "str",
        "where": "str",
        "world": "str",
        "file": "str",
    }
    assert not (tmp_path / "none").exists()


def test_runs_tell_what_became_of_them(client: Any, tmp_path: Path) -> None:
    """Newest first: finished, stopped, interrupted, at work, and what is no journal."""
    plan = runbooks.scale(client, "storefront", "production", replicas=2)
    plan.apply(confirm=plan.digest, reason="the sale is over", journal=tmp_path / "finished.jsonl")
    client.world.advance(60)
    stopped_after(client, variables(client, LOG_LEVEL="debug"), 1, tmp_path / "stopped.jsonl")
    whole = (tmp_path / "finished.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "interrupted.jsonl").write_bytes(b"".join(whole[:2]))
    (tmp_path / "other.jsonl").write_text("{}\n{}\n")
    frame = plans.runs(tmp_path).set_index("file")
    assert frame["state"].to_dict() == {
        "stopped.jsonl": "stopped",
        "finished.jsonl": "finished",
        "interrupted.jsonl": "interrupted",
        "other.jsonl": "damaged",
    }
    assert frame.index[0] == "stopped.jsonl"
    row = frame.loc["finished.jsonl"]
    assert (row["done"], row["steps"], row["reason"]) == (1, 1, "the sale is over")
    assert (frame.loc["stopped.jsonl", "done"], frame.loc["stopped.jsonl", "steps"]) == (1, 3)
    assert row["ended"] > row["started"]
    assert pd.isna(frame.loc["other.jsonl", "started"])
    with Journal(tmp_path / "interrupted.jsonl").writing(client.clock.now()):
        assert plans.runs(tmp_path).set_index("file")["state"]["interrupted.jsonl"] == "at work"


def test_to_look_leaves_the_folder_as_it_is(client: Any, tmp_path: Path) -> None:
    stopped_after(client, variables(client, LOG_LEVEL="debug"), 1, tmp_path / "run.jsonl")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    plans.runs(tmp_path)
    plans.resumption(tmp_path / "run.jsonl", client)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def test_the_rest_of_a_run_is_a_plan(client: Any, tmp_path: Path) -> None:
    """It holds the steps that are left, under new numbers, and goes on in the run's own journal."""
    path = stopped_after(client, variables(client, LOG_LEVEL="debug"), 1, tmp_path / "run.jsonl")
    plan = plans.resumption(path, client)
    assert len(plan.steps) == 2
    assert plan.title == "resume: set variables of storefront / staging: LOG_LEVEL"
    assert plan.blast_radius["environment"].tolist()[0] == "staging"
    assert plan.needs == []
    assert any("cancelled" in line for line in plan.warnings)
    with pytest.raises(ConfirmationNeeded):
        plan.apply(confirm="another")
    receipt = plan.apply(confirm=plan.confirmation)
    assert receipt.finished
    assert len(receipt.frame()) == 3
    assert receipt.reason == "a test"
    assert plans.resumption(path, client).steps == []


def test_what_was_made_before_keeps_its_id(client: Any, tmp_path: Path) -> None:
    """The deployment that a step has made is what the next one assigns."""
    path = stopped_after(client, variables(client, LOG_LEVEL="debug"), 2, tmp_path / "run.jsonl")
    made = next(entry["created"] for entry in Journal(path).entries if entry.get("created"))
    [step] = plans.resumption(path, client).steps
    assert made in str(step.after)
    assert "made by step" not in str(step.after)


def test_values_that_no_journal_holds_are_asked_for(client: Any, tmp_path: Path) -> None:
    path = stopped_after(client, variables(client, LOG_LEVEL="debug", NEW="x"), 0, tmp_path / "run.jsonl")
    plan = plans.resumption(path, client)
    assert plan.needs == ["LOG_LEVEL", "NEW"]
    with pytest.raises(MissingInput):
        plan.apply(confirm=plan.confirmation)
    plan = plans.resumption(path, client, variables={"LOG_LEVEL": "debug", "NEW": "other"})
    with pytest.raises(InvalidInput, match="another value"):
        plan.apply(confirm=plan.confirmation)
    plan = plans.resumption(path, client, variables={"LOG_LEVEL": "debug", "NEW": "x"})
    assert plan.apply(confirm=plan.confirmation).finished
    assert client.environments.reveal_variables("storefront", "staging")["NEW"] == "x"


def test_the_digest_is_that_of_the_moment(client: Any, tmp_path: Path) -> None:
    """Somebody else has gone on with the run: the plan that was looked at is not the one that would be carried out."""
    path = stopped_after(client, variables(client, LOG_LEVEL="debug"), 1, tmp_path / "run.jsonl")
    first = plans.resumption(path, client)
    assert plans.resumption(path, client).digest == first.digest
    stop = threading.Event()
    with pytest.raises(Cancelled):
        plans.resume(path, client, cancel=stop, on_event=lambda event: stop.set() if event.phase == "done" else None)
    assert plans.resumption(path, client).digest != first.digest


def test_a_run_of_another_account_is_refused(client: Any, tmp_path: Path) -> None:
    path = stopped_after(client, variables(client, LOG_LEVEL="debug"), 1, tmp_path / "run.jsonl")
    other = createos_nb.simulate("fleet")
    other._account = "somebody"
    with pytest.raises(JournalError, match="this client is of"):
        plans.resumption(path, other)


def test_a_run_goes_on_in_its_own_journal(client: Any, tmp_path: Path) -> None:
    path = stopped_after(client, variables(client, LOG_LEVEL="debug"), 1, tmp_path / "run.jsonl")
    plan = plans.resumption(path, client)
    with pytest.raises(InvalidInput):
        plan.apply(confirm=plan.confirmation, journal=tmp_path / "other.jsonl")
    with pytest.raises(InvalidInput):
        plan.apply(confirm=plan.confirmation, dry_run=True)
