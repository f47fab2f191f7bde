"""The plan form: show a plan, confirm it, apply it once, undo it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import createos_nb
from createos_nb import panels, plans, runbooks
from createos_nb.errors import InvalidInput
from createos_nb.panels.action_panel import ActionPanel
from createos_nb.panels.plan.state import PlanState
from createos_nb.plans import ConfirmationNeeded, Event, ReasonNeeded
from tests.panels.acting import NAMED, assigning, held_up, live, press, writes

# --- the plan first ---------------------------------------------------------------------------------------------------


def test_nothing_is_written_before_the_button(client: Any) -> None:
    panel = assigning(client)
    assert "assign v15 to" in panel.form.document.value
    assert "preconditions hold" in panel.form.document.value
    assert panel.form.apply_button.disabled
    assert not writes(client)


def test_the_button_waits_for_the_very_name_and_a_reason(client: Any) -> None:
    panel = assigning(client)
    assert panel.form.confirmation.description == "Type production to confirm"
    for confirm, reason, missing in [
        ("", "", "To assign, write a reason and type production."),
        ("", "r", "To assign, type production."),
        ("Production", "r", "To assign, type production."),
        ("production", "  ", "To assign, write a reason."),
        ("production", "r", ""),
    ]:
        panel.params = {"confirm": confirm, "reason": reason}
        assert panel.form.apply_button.disabled is bool(missing), (confirm, reason)
        assert panel.form.apply_button.missing == missing


def test_a_press_that_came_too_early_does_nothing(client: Any) -> None:
    """The browser reports presses while the button is on; one may be on its way when it is switched off."""
    panel = assigning(client)
    panel.form.apply_button._handle_custom_msg({"pressed": True}, [])
    assert panel.wait(30)
    assert panel.last_error is None
    assert not writes(client)
    panel.params = NAMED
    panel.form.apply_button._handle_custom_msg({"pressed": True}, [])
    assert panel.wait(30)
    assert len(writes(client)) == 1


def test_one_button_is_what_is_to_be_pressed(client: Any) -> None:
    """First the plan, then what applies it; after a run none is."""
    form = panels.assign(client, "storefront", "production").form
    assert form.review_button.button_style == "primary"
    assert form.apply_button.layout.display == "none"
    panel = assigning(client)
    assert panel.form.review_button.button_style == ""
    assert panel.form.apply_button.layout.display == ""
    panel.params = NAMED
    panel.run()
    assert panel.form.review_button.button_style == ""
    assert panel.form.apply_button.layout.display == "none"


def test_the_name_is_that_of_what_it_is_done_to(client: Any) -> None:
    """Not of an environment that might have to make room for the deployment that is woken."""
    panel = assigning(client, "v5")
    assert "may have to make room" in panel.form.document.value
    assert panel.form.confirmation.description == "Type production to confirm"


@pytest.mark.parametrize(("given", "error"), [({}, ConfirmationNeeded), ({"confirm": "production"}, ReasonNeeded)])
def test_run_raises_what_is_missing_and_the_plan_stays(client: Any, given: Any, error: type[Exception]) -> None:
    panel = assigning(client)
    panel.params = given
    with pytest.raises(error):
        panel.run()
    assert panel.plan is not None
    assert isinstance(panel.last_error, error)
    assert not writes(client)


def test_where_nobody_is_served_nothing_is_typed(client: Any) -> None:
    panel = panels.deploy(client, "edge-gateway")
    panel.params["image"] = "registry.example.com/juniper/edge-gateway:2.0.0"
    panel.review()
    assert panel.wait(30)
    if panel.plan.confirmation is None:
        assert panel.form.confirmation_row.layout.display == "none"
        assert not panel.form.apply_button.disabled
    else:
        assert panel.form.apply_button.disabled


def test_another_control_another_plan(client: Any) -> None:
    """A plan that was shown for other values can't be carried out."""
    panel = assigning(client)
    panel.params = NAMED
    assert not panel.form.apply_button.disabled
    panel.params["chosen"] = "v10"
    assert panel.plan is None
    assert panel.form.apply_button.disabled
    assert panel.form.document.value == ""
    assert "show the plan again" in panel._view.status.value
    panel.form.apply_button.click()
    assert isinstance(panel.last_error, InvalidInput)
    assert not writes(client)


def test_the_answer_to_an_older_question_shows_nothing(client: Any) -> None:
    """Controls that were changed while the plan was being read: what then comes is for other values."""
    panel = panels.assign(client, "storefront", "production")
    panel.params["chosen"] = "v15"
    asked, answer = threading.Event(), threading.Event()

    def slow() -> Any:
        asked.set()
        assert answer.wait(30)
        return runbooks.assign(client, "storefront", 15, "production")

    panel.form.make_plan = slow
    panel.review()
    assert asked.wait(30)
    panel.params["chosen"] = "v10"
    answer.set()
    assert panel.wait(30)
    assert panel.plan is None
    assert panel.form.apply_button.disabled


def test_what_is_so_already_leaves_nothing_to_press(client: Any) -> None:
    panel = assigning(client)
    runbooks_plan = runbooks.assign(client, "storefront", 15, "production")
    runbooks_plan.apply(confirm=runbooks_plan.digest, reason="somebody else")
    panel.review()
    assert panel.wait(30)
    assert "nothing to do" in panel._view.status.value
    panel.params = NAMED
    assert panel.form.apply_button.disabled


def test_a_client_that_only_reads_can_look_and_not_act(origin: Any) -> None:
    client = createos_nb.simulate(origin.fork(), read_only=True)
    panel = assigning(client)
    panel.params = NAMED
    assert panel.form.apply_button.disabled
    with pytest.raises(createos_nb.ReadOnlyError):
        panel.run()
    assert panel.form.state is PlanState.FAILED
    assert not writes(client)


def test_a_panel_has_to_say_what_it_would_change(client: Any) -> None:
    with pytest.raises(NotImplementedError):
        ActionPanel(client)._make_plan()


# --- once -------------------------------------------------------------------------------------------------------------


def test_a_button_that_is_pressed_twice_acts_once(client: Any) -> None:
    panel = assigning(client)
    panel.params = NAMED
    panel.form.apply_button.click()
    panel.form.apply_button.click()
    assert panel.wait(30)
    assert len(writes(client)) == 1
    assert live(client) == 15
    assert panel.form.apply_button.disabled
    assert panel.params["confirm"] == ""
    panel.form.apply_button.click()
    assert panel.wait(30)
    assert len(writes(client)) == 1


def test_while_it_is_carried_out_nothing_else_begins(client: Any) -> None:
    panel = assigning(client)
    panel.params = NAMED
    there, go_on = held_up(panel)
    panel.form.apply_button.click()
    assert there.wait(30)
    try:
        assert panel.busy
        assert panel.form.apply_button.disabled
        assert panel.form.review_button.disabled
        assert panel.form.stop_button.layout.display != "none"
        for begin in (panel.review, panel.run):
            with pytest.raises(InvalidInput, match="being applied"):
                begin()
        panel.params["chosen"] = "v10"  # changes no run that has begun
        assert panel.plan is not None
    finally:
        go_on.set()
    assert panel.wait(30)
    assert live(client) == 15
    assert len(writes(client)) == 1


def test_the_cell_returns_at_once(client: Any) -> None:
    """What the button begins goes on beside the thread that pressed it."""
    panel = assigning(client)
    panel.params = NAMED
    mine, theirs = threading.current_thread(), []
    happened = panel.form.on_event
    panel.form.on_event = lambda event: (theirs.append(threading.current_thread()), happened(event))
    press(panel, "Assign")
    assert theirs
    assert mine not in theirs


def test_an_interrupt_of_run_leaves_a_panel_that_works(client: Any) -> None:
    panel = assigning(client)
    panel.params = NAMED

    def interrupted(event: Event) -> None:
        raise KeyboardInterrupt

    happened, panel.form.on_event = panel.form.on_event, interrupted
    with pytest.raises(KeyboardInterrupt):
        panel.run()
    panel.form.on_event = happened
    assert panel.form.state is PlanState.FAILED
    panel.params = NAMED
    assert panel.run().finished
    assert live(client) == 15


# --- undo and follow-ups ----------------------------------------------------------------------------------------------


def test_the_receipt_leads_back(client: Any) -> None:
    panel = assigning(client)
    panel.params = NAMED
    press(panel, "Assign")
    assert live(client) == 15
    assert "Receipt" in panel.form.document.value
    press(panel, "Plan the undo")
    assert "undo" in panel.form.document.value
    assert panel.form.apply_button.disabled  # an undo is confirmed like any other plan
    panel.params = NAMED
    press(panel, "Undo")
    assert live(client) == 17
    assert panel.receipt.title.startswith("undo")


def test_what_goes_with_a_plan_is_offered_after_it(client: Any) -> None:
    """A rollback holds auto-promotion; the plan that releases it is one press away."""
    panel = panels.rollback(client, "orders-api", "production")
    panel.params = NAMED
    receipt = panel.run()
    assert receipt.finished
    assert not client.environments.get("orders-api", "production")["is_auto_promote_enabled"]
    press(panel, "Plan: release")
    panel.params = NAMED
    press(panel, "Release")
    assert client.environments.get("orders-api", "production")["is_auto_promote_enabled"]
    assert not panel.form.actions.children


@pytest.mark.slow
def test_what_was_offered_goes_when_another_plan_is_shown(client: Any) -> None:
    panel = panels.rollback(client, "orders-api", "production")
    panel.params = NAMED
    panel.run()
    offered = panel.form.actions.children
    assert [one.description for one in offered] == ["Verify now", "Open traffic", "Plan: release"]
    press(panel, "Plan: release")
    assert not panel.form.actions.children
    assert offered[0].comm is None  # nothing of it is left


def test_a_freeze_is_overridden_in_its_own_field(client: Any) -> None:
    plans.freeze(client, until=None, reason="the sale", scope="storefront").apply()
    panel = assigning(client)
    assert "storefront is not frozen" in panel.form.document.value
    assert panel.form.override_row.layout.display == ""
    panel.params = NAMED
    assert panel.form.apply_button.disabled
    with pytest.raises(plans.PreconditionFailed, match="the sale"):
        panel.run()
    panel = assigning(client)
    panel.params = {**NAMED, "override_freeze": "an incident"}
    assert not panel.form.apply_button.disabled
    assert "because: an incident" in panel.run().warnings[0]
    assert panel.params["override_freeze"] == ""


def test_without_a_freeze_there_is_no_field_for_one(client: Any) -> None:
    assert assigning(client).form.override_row.layout.display == "none"
