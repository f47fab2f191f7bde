"""Variables: masked, changed by a plan, shown by a message alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import comm
import pytest

import createos_nb
from createos_nb import Secret, panels, runbooks
from createos_nb.errors import InvalidInput
from createos_nb.plans import ConfirmationNeeded
from createos_nb.redaction import MASK
from tests.panels.robot import Record


@pytest.fixture(autouse=True)
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "journals"))


@pytest.fixture
def client() -> Any:
    return createos_nb.simulate()


def values(client: Any, environment: str = "staging") -> dict[str, str]:
    return dict(client.environments.reveal_variables("storefront", environment))


def rows(panel: Any) -> dict[str, tuple[str, str]]:
    """variable → (value, what the plan does to it)"""
    return {row["cells"][0]: (row["cells"][1], row["cells"][2]) for row in panel._rows.grid.rows}


def test_values_are_dots_and_names_are_offered(client: Any) -> None:
    panel = panels.variables(client, "storefront", "staging")
    assert {value for value, _ in rows(panel).values()} == {MASK}
    assert set(panel._name.options) == set(values(client)) == set(rows(panel))


def test_one_is_set_another_added_and_a_third_taken_away(client: Any) -> None:
    """By one plan, with the redeployment that makes it count; all others stay."""
    panel = panels.variables(client, "storefront", "staging")
    before = values(client)
    panel.params = {"variables": {"LOG_LEVEL": "trace", "NEW": "a b", "SESSION_SECRET": None}}
    assert rows(panel)["NEW"] == ("–", "added")
    assert rows(panel)["LOG_LEVEL"] == (MASK, "changed")
    assert rows(panel)["SESSION_SECRET"] == (MASK, "removed")
    panel.params = {"reason": "a test", "confirm": "staging"}
    receipt = panel.run()
    assert receipt.frame()["operation"].iloc[0] == "UpdateProjectEnvironmentEnvironmentVariables"
    assert len(receipt.frame()) == 3
    now = values(client)
    assert now["LOG_LEVEL"] == "trace"
    assert now["NEW"] == "a b"
    assert "SESSION_SECRET" not in now
    assert now["DATABASE_URL"] == before["DATABASE_URL"]
    assert panel.params["variables"] == {}
    assert set(rows(panel)) == set(now)


def test_without_a_redeployment_only_the_variables_are_written(client: Any) -> None:
    panel = panels.variables(client, "storefront", "staging")
    panel.params = {"name": "LOG_LEVEL", "value": "trace", "redeploy": False, "reason": "r", "confirm": "staging"}
    assert len(panel.run().frame()) == 1
    assert panel.params["value"] is None


def test_what_is_read_of_a_value_is_a_secret(client: Any) -> None:
    panel = panels.variables(client, "storefront", "staging")
    panel.params = {"name": "LOG_LEVEL", "value": "trace", "variables": {"OTHER": "hush"}}
    assert isinstance(panel.params["value"], Secret)
    assert panel.params["value"].reveal() == "trace"
    assert "trace" not in repr(panel.params)
    assert "hush" not in repr(panel.params)


@pytest.mark.parametrize(("name", "value"), [("value", 12345), ("variables", {"A": 12345}), ("variables", "12345")])
def test_a_value_that_is_refused_is_not_quoted(client: Any, name: str, value: Any) -> None:
    """It may be a secret, in a wrong place."""
    panel = panels.variables(client, "storefront", "staging")
    with pytest.raises(InvalidInput) as refused:
        panel.params[name] = value
    assert "12345" not in str(refused.value)


def test_another_value_makes_the_plan_stale(client: Any) -> None:
    panel = panels.variables(client, "storefront", "staging")
    panel.params = {"name": "LOG_LEVEL", "value": "trace"}
    panel.review()
    assert panel.wait(20)
    assert panel.plan is not None
    panel.params["value"] = "debug"
    assert panel.plan is None
    assert panel.form.apply_button.disabled


def test_the_name_is_asked_for(client: Any) -> None:
    panel = panels.variables(client, "storefront", "production")
    panel.params = {"name": "LOG_LEVEL", "value": "trace", "reason": "r", "confirm": "staging"}
    with pytest.raises(ConfirmationNeeded):
        panel.run()
    assert values(client, "production")["LOG_LEVEL"] == "warn"
    assert isinstance(panel.last_error, ConfirmationNeeded)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "Name a variable and type its value"),
        ({"value": "x"}, "Name the variable that has this value"),
        ({"name": "no-name", "value": "hush"}, "is no name"),
    ],
)
def test_what_is_missing_is_said(client: Any, params: dict[str, Any], said: str) -> None:
    panel = panels.variables(client, "storefront", "staging")
    panel.params = params
    panel.review()
    assert panel.wait(20)
    assert said in panel._view.error.value
    assert "hush" not in panel._view.error.value


def test_a_value_is_shown_by_a_message_and_by_nothing_else(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    record = Record()
    monkeypatch.setattr(comm, "create_comm", record.comm)
    panel = panels.variables(client, "storefront", "production")
    panel.params["chosen"] = "SESSION_SECRET"
    panel.reveal()
    assert panel.wait(20)
    held = values(client, "production")["SESSION_SECRET"]
    [shown] = [one for one in record.messages() if "secret" in one]
    assert shown == {"name": "SESSION_SECRET", "displayed": held, "secret": held, "seconds": 15}
    assert not [state for _, _, state in record.states() if held in str(state)]


def test_nothing_is_shown_where_nothing_is_chosen_or_the_variable_is_gone(client: Any) -> None:
    panel = panels.variables(client, "storefront", "staging")
    assert panel._reveal_button.disabled
    panel.params["chosen"] = "LOG_LEVEL"
    assert not panel._reveal_button.disabled
    plan = runbooks.set_variables(client, "storefront", "staging", {"LOG_LEVEL": None}, redeploy=False)
    plan.apply(confirm=plan.confirmation, reason="somebody else")
    panel.reveal()
    assert panel.wait(20)
    assert "LOG_LEVEL is not set any more" in panel._view.error.value


def test_it_can_be_taken_back(client: Any) -> None:
    """The old values are known as long as the kernel is."""
    panel = panels.variables(client, "storefront", "staging")
    before = values(client)
    panel.params = {"variables": {"LOG_LEVEL": "trace", "NEW": "x"}, "reason": "r", "confirm": "staging"}
    panel.run()
    panel.form.undo_button.click()
    assert panel.wait(20)
    panel.params = {"reason": "r", "confirm": "staging"}
    panel.run()
    assert values(client) == before


def test_what_would_change_is_a_diff_without_values(client: Any) -> None:
    panel = panels.variables(client, "storefront", "staging")
    assert panel._diff.value == ""
    panel.params["variables"] = {"LOG_LEVEL": "trace-hush", "NEW_FLAG": "on-hush", "DATABASE_URL": None, "GONE": None}
    shown = panel._diff.value
    assert "1 added, 1 changed, 1 removed" in shown
    lines = [part.partition("</div>")[0] for part in shown.split('<div class="createos-diff-')[1:]]
    kinds = [(line.partition('"')[0], line.split("<span>")[1].partition("=")[0]) for line in lines]
    assert kinds == [("old", "DATABASE_URL"), ("old", "LOG_LEVEL"), ("new", "LOG_LEVEL"), ("new", "NEW_FLAG")]
    assert "hush" not in shown  # and what is not set can't be removed: GONE is no line
    assert "GONE" not in shown


def test_the_diff_takes_a_hostile_name_as_text(client: Any) -> None:
    panel = panels.variables(client, "storefront", "staging")
    panel.params["variables"] = {"<img src=x>": "1"}
    assert "<img" not in panel._diff.value


def test_the_button_says_what_it_sets(client: Any) -> None:
    panel = panels.variables(client, "storefront", "staging")
    for changes, label in [({"LOG_LEVEL": "a"}, "Set LOG_LEVEL"), ({"LOG_LEVEL": "a", "B": "b"}, "Set 2 variables")]:
        panel.params["variables"] = changes
        panel.review()
        assert panel.wait(20)
        assert panel.form.apply_button.description == label
