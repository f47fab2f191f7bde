"""The panel that cleans a project up, without a browser."""

from __future__ import annotations

from typing import Any

import pytest

import createos_nb
from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.panels.clean_up import CleanUpPanel
from createos_nb.plans import ConfirmationNeeded, ReasonNeeded


@pytest.fixture
def panel(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "journals"))
    panel = createos_nb.panels.clean_up(createos_nb.simulate(), "storefront")
    assert panel.wait()
    yield panel
    panel.close()


def deleted(panel: CleanUpPanel) -> list[str]:
    assert panel.listed is not None
    return panel.listed.loc[panel.listed["action"] == "delete", "version"].tolist()


def test_it_lists_each_deployment_with_its_reason_as_the_runbook_does(panel: CleanUpPanel) -> None:
    plan = createos_nb.runbooks.clean_up(panel.client, "storefront")
    assert panel.listed is not None
    assert panel.listed["because"].tolist() == plan.candidates["because"].tolist()
    assert panel.listed["action"].tolist() == plan.candidates["action"].tolist()
    assert "8 to delete · 10 stay" in panel._summary.value


def test_what_is_kept_changes_the_list_and_no_list_is_read_again(panel: CleanUpPanel) -> None:
    asked = len(panel.client.log())
    panel.params["keep"] = 100
    assert deleted(panel) == ["v13", "v11", "v8"]
    panel.params["keep"] = 3
    panel.params["spare"] = "10, v4"
    assert {"v10", "v4"}.isdisjoint(deleted(panel))
    assert len(panel.client.log()) == asked


def test_the_chosen_deployment_is_kept_and_let_go_by_a_button(panel: CleanUpPanel) -> None:
    assert panel._spare_button.disabled
    panel.params["chosen"] = "v17"
    assert panel._spare_button.disabled  # it stays anyway
    panel.params["chosen"] = "v10"
    assert not panel._spare_button.disabled
    panel._toggle()
    assert panel.params["spare"] == "v10"
    assert "v10" not in deleted(panel)
    assert not panel._spare_button.disabled
    panel._toggle()
    assert panel.params["spare"] == ""
    assert "v10" in deleted(panel)


def test_run_deletes_with_the_typed_name_and_a_reason(panel: CleanUpPanel) -> None:
    gone = set(deleted(panel)) - {"v10"}
    panel.params = {"spare": ["v10"], "reason": "tidy"}
    with pytest.raises(ConfirmationNeeded):
        panel.run()
    panel.params = {"confirm": "storefront", "reason": ""}
    with pytest.raises(ReasonNeeded):
        panel.run()
    panel.params = {"confirm": "storefront", "reason": "tidy"}
    assert panel.run().finished
    left = {f"v{number}" for number in panel.client.deployments.list("storefront")["version_number"]}
    assert gone.isdisjoint(left)
    assert "v10" in left


def test_what_can_not_be_spared_is_said(panel: CleanUpPanel) -> None:
    panel.params["spare"] = "v99"
    assert "'v99'" in panel._view.error.value.replace("&#x27;", "'")
    with pytest.raises(UnknownName):
        panel.run()
    panel.params["chosen"] = ""
    with pytest.raises(InvalidInput):
        panel._toggle()
