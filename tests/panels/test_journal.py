"""Journals: runs as a table, and both ways out of one as plans that are shown first."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

import createos_nb
from createos_nb import panels, plans, runbooks
from createos_nb.panels.journal import missing_of, runs_of
from createos_nb.plans import Cancelled, Journal, JournalError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    own = tmp_path / "journals"
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(own))
    return own


@pytest.fixture
def client(folder: Path) -> Any:
    return createos_nb.simulate()


def scaled(client: Any) -> Path:
    plan = runbooks.scale(client, "storefront", "production", replicas=2)
    path = plan.apply(confirm=plan.digest, reason="the sale is over").journal
    client.world.advance(60)
    return path


def stopped(client: Any) -> Path:
    """A run that was stopped before its first step."""
    stop = threading.Event()
    plan = runbooks.set_variables(client, "storefront", "staging", {"LOG_LEVEL": "debug"})
    with pytest.raises(Cancelled) as error:
        plan.apply(confirm=plan.digest, reason="to see more", cancel=stop, on_event=lambda event: stop.set())
    return Path(error.value.journal)


def test_an_empty_folder_is_said_in_words(client: Any) -> None:
    panel = panels.journal(client)
    assert "no run was recorded" in panel._rows.note.value
    assert panel.last_error is None
    assert "reason" in panel.static()


def test_runs_are_listed_and_the_chosen_one_is_opened(client: Any) -> None:
    path = scaled(client)
    stopped(client)
    panel = panels.journal(client)
    assert panel.listed["title"].tolist() == [
        "set variables of storefront / staging: LOG_LEVEL",
        "scale storefront / production: replicas 2",
    ]
    assert panel.listed["steps"].tolist() == ["0 of 3 done", "1 of 1 done"]
    assert panel._entries.layout.display == "none"
    panel.params["chosen"] = path.name
    assert panel._entries.layout.display == ""
    assert [row["cells"][1] for row in panel._entries.rows] == Journal(path).frame()["event"].tolist()
    assert panel.params["action"] == "undo"  # it has come to its end: there is nothing to go on with


def test_a_run_is_taken_back(client: Any) -> None:
    path = scaled(client)
    panel = panels.journal(client)
    panel.params = {"chosen": path.name, "action": "undo", "reason": "no", "confirm": "production"}
    assert panel.run().title.startswith("undo: scale")
    assert client.environments.get("storefront", "production")["resources_replicas"] == 3
    assert len(panel.listed) == 2  # the undo is a run, too


def test_a_stopped_run_is_gone_on_with(client: Any) -> None:
    """The value that no journal holds is asked for, and forgotten afterwards."""
    path = stopped(client)
    panel = panels.journal(client)
    panel.params = {"chosen": path.name, "action": "resume"}
    assert list(panel._fields) == ["LOG_LEVEL"]
    field = panel._fields["LOG_LEVEL"]
    field._handle_custom_msg({"secret": "debug"}, [])
    assert field.has_value
    panel.review()
    assert panel.wait(20)
    assert "resume: " in panel.form.document.value
    panel.params = {"reason": "to see more", "confirm": "staging"}
    assert panel.run().finished
    assert field.secret is None
    assert client.environments.reveal_variables("storefront", "staging")["LOG_LEVEL"] == "debug"
    assert panel.listed["state"].tolist() == ["finished"]
    assert panel._fields == {}


def test_values_may_come_from_code(client: Any) -> None:
    path = stopped(client)
    panel = panels.journal(client)
    panel.params = {"chosen": path.name, "variables": {"LOG_LEVEL": "debug"}}
    panel.params = {"reason": "to see more", "confirm": "staging"}
    assert panel.run().finished
    assert panel.params["variables"] == {}


def test_a_run_that_is_at_work_is_left_alone(client: Any) -> None:
    path = stopped(client)
    panel = panels.journal(client)
    panel.params["chosen"] = path.name
    with Journal(path).writing(client.clock.now()):
        panel.review()
        assert panel.wait(20)
        assert "another kernel is running" in panel._view.error.value
        with pytest.raises(JournalError):
            panel.run()


def test_a_run_of_another_account_can_be_read_and_no_more(client: Any) -> None:
    path = scaled(client)
    other = createos_nb.simulate("fleet")
    other._account = "somebody"
    panel = panels.journal(other)
    panel.params["chosen"] = path.name
    assert panel._entries.rows
    for action in ("undo", "resume"):
        panel.params["action"] = action
        with pytest.raises(JournalError, match="this client is of"):
            panel.run()


def test_one_file_is_opened_alone(client: Any, folder: Path) -> None:
    path = scaled(client)
    stopped(client)
    panel = panels.journal(client, path)
    assert panel.listed["file"].tolist() == [path.name]
    assert panel.params["chosen"] == path.name
    missing = panels.journal(client, folder / "none.jsonl")
    assert isinstance(missing.last_error, JournalError)
    assert "none.jsonl" in missing._view.error.value


def test_what_is_no_journal_can_not_be_chosen(client: Any, folder: Path) -> None:
    scaled(client)
    (folder / "torn.jsonl").write_text("{}\n{}\n")
    panel = panels.journal(client)
    assert [row["off"] for row in panel._rows.grid.rows] == ["", "it is damaged, or was edited"]
    assert runs_of(plans.runs(folder))["steps"].tolist() == ["1 of 1 done", "–"]


def test_values_are_asked_for_once_they_were_not_written(client: Any) -> None:
    assert missing_of(Journal(stopped(client))) == ["LOG_LEVEL"]
    assert missing_of(Journal(scaled(client))) == []
