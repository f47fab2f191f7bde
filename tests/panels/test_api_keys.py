"""API keys: a new one is shown once, by a message; revoking asks for the typed name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import comm
import pandas as pd
import pytest

import createos_nb
from createos_nb import Secret, panels
from createos_nb.errors import CreateOSError
from createos_nb.panels.api_keys import keys_of
from createos_nb.plans import ConfirmationNeeded
from tests.panels.robot import Record


@pytest.fixture(autouse=True)
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "journals"))


@pytest.fixture
def client() -> Any:
    return createos_nb.simulate()


def test_states_of_keys_are_what_they_open(client: Any) -> None:
    keys = client.api_keys.list()
    now = pd.Timestamp("2026-03-02T09:00:00Z")
    table = keys_of(keys, now).set_index("key")
    assert table["state"].to_dict() == {
        "notebooks": "active",
        "ci-deployments": "ends soon",
        "status-board": "active",
        "old-laptop": "revoked",
    }
    assert table["days_left"]["ci-deployments"] == 5
    assert pd.isna(table["days_left"]["old-laptop"])
    later = keys_of(keys, now + pd.Timedelta(days=6)).set_index("key")
    assert later["state"]["ci-deployments"] == "ended"
    assert pd.isna(later["days_left"]["ci-deployments"])


def test_keys_of_one_name_are_told_apart(client: Any) -> None:
    """A revoked key may leave its name to another."""
    client.api_keys.create(name="old-laptop", expiry_at="+30d")
    panel = panels.api_keys(client)
    names = [row["key"] for row in panel._rows.grid.rows if row["key"].startswith("old-laptop")]
    assert len(set(names)) == 2
    free = [row["key"] for row in panel._rows.grid.rows if row["key"] in names and not row["off"]]
    panel.params = {"action": "revoke", "chosen": free[0], "reason": "r", "confirm": "old-laptop"}
    panel.run()
    assert (client.api_keys.list().set_index("name").loc["old-laptop", "revoked_at"]).notna().all()


def test_a_new_key_goes_by_a_message_alone(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    record = Record()
    monkeypatch.setattr(comm, "create_comm", record.comm)
    panel = panels.api_keys(client)
    panel.params = {"action": "create", "name": "board-2", "description": "the board", "expires_in": "+30d"}
    panel.review()
    assert panel.wait(20)
    assert panel.plan.title == "create API key board-2"
    assert "board-2" not in client.api_keys.list()["name"].tolist(), "a plan that is shown changes nothing"
    receipt = panel.run()
    assert isinstance(receipt.issued["secret"], Secret)
    assert panel.created == receipt.issued["secret"]
    key = panel.created.reveal()
    [shown] = [one for one in record.messages() if "secret" in one]
    assert shown["secret"] == key
    assert shown["name"] == "API key board-2"
    assert not [state for _, _, state in record.states() if key in str(state)]
    assert key not in receipt.journal.read_text()
    row = panel.listed.set_index("key").loc["board-2"]
    assert row["used_for"] == "the board"
    assert row["days_left"] in (29, 30)
    assert panel.params["name"] == ""
    panel._show_again_button.click()
    assert len([one for one in record.messages() if "secret" in one]) == 2
    panel.close()
    assert panel.created is None


def test_a_name_that_is_taken_is_refused_in_words(client: Any) -> None:
    panel = panels.api_keys(client)
    panel.params["name"] = "notebooks"
    with pytest.raises(CreateOSError):
        panel.run()
    assert "another key has it" in panel._view.error.value


def test_a_rotation_offers_to_revoke_the_old_key(client: Any) -> None:
    panel = panels.api_keys(client)
    panel.params = {"action": "rotate", "chosen": "ci-deployments"}
    assert "ci-deployments-2" in panel.run().frame()["what"].iloc[0]
    states = panel.listed.set_index("key")["state"]
    assert states[["ci-deployments", "ci-deployments-2"]].tolist() == ["ends soon", "active"]
    [button] = panel.form.actions.children
    assert button.description == "Plan: revoke the old key"
    button.click()
    assert panel.wait(20)
    panel.params = {"reason": "it ends", "confirm": "ci-deployments"}
    panel.run()
    assert panel.listed.set_index("key")["state"]["ci-deployments"] == "revoked"


@pytest.mark.parametrize("action", ["rotate", "revoke"])
def test_what_needs_a_key_says_so(client: Any, action: str) -> None:
    panel = panels.api_keys(client)
    panel.params["action"] = action
    with pytest.raises(CreateOSError, match=f"choose the key to {action}"):
        panel.run()


def test_a_key_is_revoked_by_its_typed_name_and_a_reason(client: Any) -> None:
    panel = panels.api_keys(client)
    panel.params = {"action": "revoke", "chosen": "ci-deployments", "reason": "it was in a log"}
    with pytest.raises(ConfirmationNeeded):
        panel.run()
    panel.params["confirm"] = "ci-deployments"
    assert panel.run().finished
    assert panel.listed.set_index("key")["state"]["ci-deployments"] == "revoked"
    with pytest.raises(CreateOSError, match="not among the choices"):
        panel.params["chosen"] = "ci-deployments"
