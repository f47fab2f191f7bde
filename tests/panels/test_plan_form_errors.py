"""The plan form on a platform that changes, fails and is slow: stale plans, errors, stopping and resuming."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from createos_nb import panels, runbooks
from createos_nb.errors import ServerError
from createos_nb.panels.plan.state import PlanState
from createos_nb.plans import Cancelled, Event, PreconditionFailed, StalePlanError
from tests.panels.acting import NAMED, assigning, held_up, live, press, writes
from tests.panels.robot import threads_left


def assign(client: Any, version: int, environment: str = "production") -> None:
    plan = runbooks.assign(client, "storefront", version, environment)
    plan.apply(confirm=plan.digest, reason="somebody else")


def deploying(client: Any) -> Any:
    panel = panels.deploy(client, "edge-gateway")
    panel.params = {"image": "registry.example.com/juniper/edge-gateway:2.0.0", "environment": "staging"}
    panel.params = {"confirm": "staging", "reason": "a test"}
    return panel


def made(client: Any, project: str = "edge-gateway") -> int:
    return int(client.deployments.list(project)["version_number"].max())


def stop_at(panel: Any, phase: str, then: Callable[[], None]) -> None:
    happened = panel.form.on_event

    def watched(event: Event) -> None:
        happened(event)
        if event.phase == phase:
            panel.form.on_event = happened
            then()

    panel.form.on_event = watched


# --- a platform that changes ------------------------------------------------------------------------------------------


def test_after_the_world_moved_the_button_is_off(client: Any) -> None:
    panel = assigning(client)
    panel.form.drift_poller.stop()
    panel.params = NAMED
    assert not panel.form.check_drift()
    assert not panel.form.apply_button.disabled
    assign(client, 10)
    assert panel.form.check_drift()
    assert panel.plan is None
    assert panel.form.apply_button.disabled
    assert "The platform has changed" in panel._view.status.value
    panel.review()
    assert panel.wait(30)
    panel.params = NAMED
    press(panel, "Assign")
    assert live(client) == 15


def test_a_plan_that_is_shown_is_watched_until_it_is_used(client: Any) -> None:
    """The watch itself notices, without a press; and there is none before and after."""
    panel = panels.assign(client, "storefront", "production")
    assert not panel.form.drift_poller.running
    panel.params["chosen"] = "v15"
    stale = threading.Event()
    panel.form.on_update = lambda: stale.set() if panel.form.state is PlanState.STALE else None
    panel.review()
    assert panel.wait(30)
    assert panel.form.drift_poller.running
    assign(client, 10)
    assert stale.wait(30)
    assert panel.plan is None
    assert not panel.form.drift_poller.running
    panel.close()
    assert not threads_left()


def test_a_push_that_lands_after_the_plan_was_shown_stops_it(client: Any) -> None:
    """Auto-promotion made another version live: what the plan was made from is no longer so, and nothing is written."""
    panel = panels.rollback(client, "orders-api", "production")
    panel.review()
    assert panel.wait(30)
    panel.form.drift_poller.stop()  # as if the push came between two looks
    client.world.push("orders-api", "main", message="Landed just now")
    client.world.advance("20min")
    assert live(client, "orders-api") == 6
    panel.params = NAMED
    press(panel, "Roll back to v3")
    assert isinstance(panel.last_error, StalePlanError)
    assert "the plan is stale" in panel._view.error.value
    assert panel.form.apply_button.disabled
    assert not writes(client)
    assert live(client, "orders-api") == 6


def test_a_plan_that_can_not_be_made_any_more_is_off(client: Any) -> None:
    panel = assigning(client, "v15")
    panel.form.drift_poller.stop()
    panel.form.remake_plan = lambda: runbooks.assign(client, "storefront", 99, "production")
    assert panel.form.check_drift()
    assert panel.plan is None
    assert panel.form.apply_button.disabled
    assert "99" in panel._view.error.value


def test_a_look_that_gets_no_answer_leaves_the_plan(client: Any) -> None:
    """Nothing is known of the world then; carrying it out looks once more."""
    panel = assigning(client)
    panel.form.drift_poller.stop()
    with client.world.faults(what="refused", operations=["read"]):
        assert not panel.form.check_drift()
    assert panel.plan is not None
    assert panel._view.error.value == ""


# --- errors -----------------------------------------------------------------------------------------------------------


def test_a_network_that_is_down_while_the_plan_is_made_is_said_and_mends(client: Any) -> None:
    panel = panels.assign(client, "storefront", "production")
    panel.params["chosen"] = "v15"
    with client.world.faults(what="error", status=503, operations=["read"]):
        panel.review()
        assert panel.wait(30)
    assert isinstance(panel.last_error, ServerError)
    assert "503" in panel._view.error.value
    assert panel.form.state is PlanState.FAILED
    panel.review()
    assert panel.wait(30)
    assert panel.plan is not None
    assert panel._view.error.value == ""


def test_a_write_that_is_refused_is_said_with_the_next_step(client: Any) -> None:
    panel = assigning(client)
    panel.params = NAMED
    with client.world.faults(what="error", status=500, operations=["write"], count=20):
        press(panel, "Assign")
    assert panel.last_error is not None
    assert "→" in panel._view.error.value
    assert panel.form.state is PlanState.FAILED
    assert live(client) == 17


def test_an_answer_that_was_lost_writes_nothing_twice(client: Any) -> None:
    def assigned() -> int:
        return int((client.world.events()["what"] == "deployment assigned").sum())

    panel = assigning(client)
    panel.params = NAMED
    before = assigned()
    with client.world.faults(what="drop-after", operations=["write"], count=1):
        press(panel, "Assign")
    assert panel.receipt is not None, panel.last_error
    assert live(client) == 15
    assert assigned() == before + 1


def test_a_precondition_that_fails_switches_the_button_off(client: Any) -> None:
    panel = panels.assign(client, "storefront", "production")
    panel.form.make_plan = lambda: runbooks.assign(client, "storefront", 18, "production")  # it is being built
    panel.review()
    assert panel.wait(30)
    assert len(panel.plan.problems())
    panel.params = NAMED
    assert panel.form.apply_button.disabled
    with pytest.raises(PreconditionFailed):
        panel.run()


# --- stopping and resuming --------------------------------------------------------------------------------------------


def test_stop_ends_the_waiting_and_the_run_can_be_gone_on_with(client: Any) -> None:
    panel = deploying(client)
    panel.review()
    assert panel.wait(30)
    panel.params = {"confirm": "staging", "reason": "a test"}
    stop_at(panel, "waiting", panel.cancel)
    press(panel, "Deploy to staging")
    assert isinstance(panel.last_error, Cancelled)
    assert "createos-warning" in panel._view.error.value  # it was asked for: nothing is wrong
    assert panel._view.status.value.count("Stopped") == 1
    assert made(client) == 4
    assert live(client, "edge-gateway", "staging") == 3
    press(panel, "Resume")
    assert panel.receipt is not None, panel.last_error
    assert panel.receipt.finished
    assert made(client) == 4  # not a second one
    assert live(client, "edge-gateway", "staging") == 4
    assert panel._view.error.value == ""


def test_run_is_stopped_by_cancel_and_raises(client: Any) -> None:
    panel = deploying(client)
    stop_at(panel, "waiting", panel.cancel)
    with pytest.raises(Cancelled):
        panel.run()
    assert panel.form.state is PlanState.FAILED
    panel.params = {"confirm": "staging", "reason": "a test"}
    assert panel.run().finished  # the same wish: the run is taken up
    assert made(client) == 4


def test_what_failed_half_way_can_be_taken_back(client: Any) -> None:
    """Auto-promotion was held, then the assignment failed: what was done is one press from being undone."""
    panel = panels.rollback(client, "orders-api", "production")
    panel.params["chosen"] = "v3"
    panel.review()
    assert panel.wait(30)
    panel.params = NAMED
    with client.world.faults(what="quota", operations=["AssignDeploymentToProjectEnvironment"]):
        press(panel, "Roll back to v3")
    assert panel.last_error is not None
    assert not client.environments.get("orders-api", "production")["is_auto_promote_enabled"]
    press(panel, "Plan: undo what was done")
    panel.params = NAMED
    press(panel, "Undo")
    assert client.environments.get("orders-api", "production")["is_auto_promote_enabled"]


def test_closing_stops_the_run_and_leaves_no_thread(client: Any) -> None:
    panel = deploying(client)
    panel.review()
    assert panel.wait(30)
    panel.params = {"confirm": "staging", "reason": "a test"}
    there, go_on = held_up(panel)
    panel.form.apply_button.click()
    assert there.wait(30)
    panel.close()
    go_on.set()
    assert not threads_left()
    assert isinstance(panel.last_error, Cancelled)
    assert panel.box.comm is None
