"""Panels that act, without a browser: plan, confirmation, one run, its way back, and a world that moves meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

import createos_nb
from createos_nb import panels, runbooks
from createos_nb.errors import InvalidInput, PlatformFault
from createos_nb.panels.change import ChangePanel
from createos_nb.panels.live import Progress, sign, words
from createos_nb.plans import Cancelled, ConfirmationNeeded, Event, PreconditionFailed, ReasonNeeded, WorldMoved
from tests.panels.acting import closed, live, press, quick, writes  # noqa: F401  # two of them are fixtures
from tests.panels.robot import threads_left

NAMED = {"confirm": "production", "reason": "a test"}


@pytest.fixture(scope="module")
def origin() -> Any:
    return createos_nb.simulate().world


@pytest.fixture
def client(origin: Any) -> Any:
    return createos_nb.simulate(origin.fork())


def assigning(client: Any, version: str = "v15") -> Any:
    """A panel that shows the plan to make a version live in production."""
    panel = panels.assign(client, "storefront", "production")
    panel.params["chosen"] = version
    panel.review()
    assert panel.wait(30)
    assert panel.plan is not None, panel.last_error
    return panel


# --- the plan first ---------------------------------------------------------------------------------------------------


def test_nothing_is_written_before_the_button(client: Any) -> None:
    panel = assigning(client)
    assert "make v15 live" in panel._shown.value
    assert "preconditions hold" in panel._shown.value
    assert panel._apply.disabled
    assert not writes(client)


def test_the_button_waits_for_the_very_name_and_a_reason(client: Any) -> None:
    panel = assigning(client)
    assert panel._typed.description == "Type production to confirm"
    assert panel._apply.button_style == "danger"
    for confirm, reason, off in [
        ("", "r", True),
        ("Production", "r", True),
        ("production", "  ", True),
        ("production", "r", False),
    ]:
        panel.params = {"confirm": confirm, "reason": reason}
        assert panel._apply.disabled is off, (confirm, reason)


def test_the_name_is_that_of_what_it_is_done_to(client: Any) -> None:
    """Not of an environment that might have to make room for the deployment that is woken."""
    panel = assigning(client, "v5")
    assert "may have to make room" in panel._shown.value
    assert panel._typed.description == "Type production to confirm"


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
        assert panel._asked.layout.display == "none"
        assert not panel._apply.disabled
    else:
        assert panel._apply.disabled


def test_another_control_another_plan(client: Any) -> None:
    """A plan that was shown for other values can't be carried out."""
    panel = assigning(client)
    panel.params = NAMED
    assert not panel._apply.disabled
    panel.params["chosen"] = "v10"
    assert panel.plan is None
    assert panel._apply.disabled
    assert panel._shown.value == ""
    assert "show the plan again" in panel._said.value
    panel._apply.click()
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
        return runbooks.promote(client, "storefront", 15, "production")

    panel._make = slow
    panel.review()
    assert asked.wait(30)
    panel.params["chosen"] = "v10"
    answer.set()
    assert panel.wait(30)
    assert panel.plan is None
    assert panel._apply.disabled


def test_what_is_so_already_leaves_nothing_to_press(client: Any) -> None:
    panel = assigning(client)
    runbooks_plan = runbooks.promote(client, "storefront", 15, "production")
    runbooks_plan.apply(confirm=runbooks_plan.token, reason="somebody else")
    panel.review()
    assert panel.wait(30)
    assert "nothing to do" in panel._said.value
    panel.params = NAMED
    assert panel._apply.disabled


def test_a_client_that_only_reads_can_look_and_not_act(origin: Any) -> None:
    client = createos_nb.simulate(origin.fork(), read_only=True)
    panel = assigning(client)
    panel.params = NAMED
    assert panel._apply.disabled
    with pytest.raises(createos_nb.ReadOnlyError):
        panel.run()
    assert panel._state == "nothing"
    assert not writes(client)


# --- once -------------------------------------------------------------------------------------------------------------


def test_a_button_that_is_pressed_twice_acts_once(client: Any) -> None:
    panel = assigning(client)
    panel.params = NAMED
    panel._apply.click()
    panel._apply.click()
    assert panel.wait(30)
    assert len(writes(client)) == 1
    assert live(client) == 15
    assert panel._apply.disabled
    assert panel.params["confirm"] == ""
    panel._apply.click()
    assert panel.wait(30)
    assert len(writes(client)) == 1


def held_up(panel: Any) -> tuple[threading.Event, threading.Event]:
    """The panel's run stops at its first event until the second of the events is set; the first says that it has."""
    there, go_on = threading.Event(), threading.Event()
    happened = panel._happened

    def held(event: Event) -> None:
        happened(event)
        there.set()
        assert go_on.wait(30)

    panel._happened = held
    return there, go_on


def test_while_it_is_carried_out_nothing_else_begins(client: Any) -> None:
    panel = assigning(client)
    panel.params = NAMED
    there, go_on = held_up(panel)
    panel._apply.click()
    assert there.wait(30)
    try:
        assert panel.busy
        assert panel._apply.disabled
        assert panel._review.disabled
        assert panel._cancel.layout.display != "none"
        for begin in (panel.review, panel.run):
            with pytest.raises(InvalidInput, match="being carried out"):
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
    happened = panel._happened
    panel._happened = lambda event: (theirs.append(threading.current_thread()), happened(event))
    press(panel, "Make it live")
    assert theirs
    assert mine not in theirs


def test_an_interrupt_of_run_leaves_a_panel_that_works(client: Any) -> None:
    panel = assigning(client)
    panel.params = NAMED

    def interrupted(event: Event) -> None:
        raise KeyboardInterrupt

    happened, panel._happened = panel._happened, interrupted
    with pytest.raises(KeyboardInterrupt):
        panel.run()
    panel._happened = happened
    assert panel._state == "nothing"
    panel.params = NAMED
    assert panel.run().finished
    assert live(client) == 15


# --- the way back, and what follows -----------------------------------------------------------------------------------


def test_the_receipt_leads_back(client: Any) -> None:
    panel = assigning(client)
    panel.params = NAMED
    press(panel, "Make it live")
    assert live(client) == 15
    assert "Receipt" in panel._shown.value
    press(panel, "Plan the way back")
    assert "undo" in panel._shown.value
    assert panel._apply.disabled  # the way back is confirmed like any other
    panel.params = NAMED
    press(panel, "Take it back")
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
    assert not panel._more.children


def test_what_was_offered_goes_when_another_plan_is_shown(client: Any) -> None:
    panel = panels.rollback(client, "orders-api", "production")
    panel.params = NAMED
    panel.run()
    offered = panel._more.children
    assert [one.description for one in offered] == ["Plan: release"]
    press(panel, "Plan: release")
    assert not panel._more.children
    assert offered[0].comm is None  # nothing of it is left


# --- a world that moves -----------------------------------------------------------------------------------------------


def promote(client: Any, version: int, environment: str = "production") -> None:
    plan = runbooks.promote(client, "storefront", version, environment)
    plan.apply(confirm=plan.token, reason="somebody else")


def test_after_the_world_moved_the_button_is_off(client: Any) -> None:
    panel = assigning(client)
    panel._fresh.stop()
    panel.params = NAMED
    assert not panel._look_again()
    assert not panel._apply.disabled
    promote(client, 10)
    assert panel._look_again()
    assert panel.plan is None
    assert panel._apply.disabled
    assert "the world has moved" in panel._said.value
    panel.review()
    assert panel.wait(30)
    panel.params = NAMED
    press(panel, "Make it live")
    assert live(client) == 15


def test_a_plan_that_is_shown_is_watched_until_it_is_used(client: Any) -> None:
    """The watch itself notices, without a press; and there is none before and after."""
    panel = panels.assign(client, "storefront", "production")
    assert not panel._fresh.running
    panel.params["chosen"] = "v15"
    gone = threading.Event()
    forget = panel._forget
    panel.review()
    assert panel.wait(30)
    assert panel._fresh.running
    panel._forget = lambda: (forget(), gone.set())
    promote(client, 10)
    assert gone.wait(30)
    assert panel.plan is None
    assert not panel._fresh.running
    panel.close()
    assert not threads_left()


def test_a_push_that_lands_after_the_plan_was_shown_stops_it(client: Any) -> None:
    """Auto-promotion made another version live: what the plan was made from is no longer so, and nothing is written."""
    panel = panels.rollback(client, "orders-api", "production")
    panel.review()
    assert panel.wait(30)
    panel._fresh.stop()  # as if the push came between two looks
    client.world.push("orders-api", "main", message="Landed just now")
    client.world.advance("20min")
    assert live(client, "orders-api") == 6
    panel.params = NAMED
    press(panel, "Roll back")
    assert isinstance(panel.last_error, WorldMoved)
    assert "world has moved" in panel._wrong.value
    assert panel._apply.disabled
    assert not writes(client)
    assert live(client, "orders-api") == 6


def test_a_plan_that_can_not_be_made_any_more_is_off(client: Any) -> None:
    panel = assigning(client, "v15")
    panel._fresh.stop()
    panel._remake = lambda: runbooks.promote(client, "storefront", 99, "production")
    assert panel._look_again()
    assert panel.plan is None
    assert panel._apply.disabled
    assert "99" in panel._wrong.value


def test_a_look_that_gets_no_answer_leaves_the_plan(client: Any) -> None:
    """Nothing is known of the world then; carrying it out looks once more."""
    panel = assigning(client)
    panel._fresh.stop()
    with client.world.faults(what="refused", operations=["read"]):
        assert not panel._look_again()
    assert panel.plan is not None
    assert panel._wrong.value == ""


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_a_network_that_is_down_while_the_plan_is_made_is_said_and_mends(client: Any) -> None:
    panel = panels.assign(client, "storefront", "production")
    panel.params["chosen"] = "v15"
    with client.world.faults(what="error", status=503, operations=["read"]):
        panel.review()
        assert panel.wait(30)
    assert isinstance(panel.last_error, PlatformFault)
    assert "503" in panel._wrong.value
    assert panel._state == "nothing"
    panel.review()
    assert panel.wait(30)
    assert panel.plan is not None
    assert panel._wrong.value == ""


def test_a_write_that_is_refused_is_said_with_the_next_step(client: Any) -> None:
    panel = assigning(client)
    panel.params = NAMED
    with client.world.faults(what="error", status=500, operations=["write"], count=20):
        press(panel, "Make it live")
    assert panel.last_error is not None
    assert "→" in panel._wrong.value
    assert panel._state == "nothing"
    assert live(client) == 17


def test_an_answer_that_was_lost_writes_nothing_twice(client: Any) -> None:
    def assigned() -> int:
        return int((client.world.events()["what"] == "deployment assigned").sum())

    panel = assigning(client)
    panel.params = NAMED
    before = assigned()
    with client.world.faults(what="drop-after", operations=["write"], count=1):
        press(panel, "Make it live")
    assert panel.receipt is not None, panel.last_error
    assert live(client) == 15
    assert assigned() == before + 1


def test_a_precondition_that_fails_switches_the_button_off(client: Any) -> None:
    panel = panels.assign(client, "storefront", "production")
    panel._make = lambda: runbooks.promote(client, "storefront", 18, "production")  # it is being built
    panel.review()
    assert panel.wait(30)
    assert len(panel.plan.problems())
    panel.params = NAMED
    assert panel._apply.disabled
    with pytest.raises(PreconditionFailed):
        panel.run()


# --- stopping ---------------------------------------------------------------------------------------------------------


def deploying(client: Any) -> Any:
    panel = panels.deploy(client, "edge-gateway")
    panel.params = {"image": "registry.example.com/juniper/edge-gateway:2.0.0", "environment": "staging"}
    panel.params = {"confirm": "staging", "reason": "a test"}
    return panel


def made(client: Any, project: str = "edge-gateway") -> int:
    return int(client.deployments.list(project)["version_number"].max())


def stop_at(panel: Any, phase: str, then: Callable[[], None]) -> None:
    happened = panel._happened

    def watched(event: Event) -> None:
        happened(event)
        if event.phase == phase:
            panel._happened = happened
            then()

    panel._happened = watched


def test_stop_ends_the_waiting_and_the_run_can_be_gone_on_with(client: Any) -> None:
    panel = deploying(client)
    panel.review()
    assert panel.wait(30)
    panel.params = {"confirm": "staging", "reason": "a test"}
    stop_at(panel, "waiting", panel.cancel)
    press(panel, "Deploy")
    assert isinstance(panel.last_error, Cancelled)
    assert "createos-mind" in panel._wrong.value  # it was asked for: nothing is wrong
    assert panel._said.value.count("stopped") == 1
    assert made(client) == 4
    assert live(client, "edge-gateway", "staging") == 3
    press(panel, "Go on with it")
    assert panel.receipt is not None, panel.last_error
    assert panel.receipt.finished
    assert made(client) == 4  # not a second one
    assert live(client, "edge-gateway", "staging") == 4
    assert panel._wrong.value == ""


def test_run_is_stopped_by_cancel_and_raises(client: Any) -> None:
    panel = deploying(client)
    stop_at(panel, "waiting", panel.cancel)
    with pytest.raises(Cancelled):
        panel.run()
    assert panel._state == "nothing"
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
        press(panel, "Roll back")
    assert panel.last_error is not None
    assert not client.environments.get("orders-api", "production")["is_auto_promote_enabled"]
    press(panel, "Plan: take back what was done")
    panel.params = NAMED
    press(panel, "Undo")
    assert client.environments.get("orders-api", "production")["is_auto_promote_enabled"]


def test_closing_stops_the_run_and_leaves_no_thread(client: Any) -> None:
    panel = deploying(client)
    panel.review()
    assert panel.wait(30)
    panel.params = {"confirm": "staging", "reason": "a test"}
    there, go_on = held_up(panel)
    panel._apply.click()
    assert there.wait(30)
    panel.close()
    go_on.set()
    assert not threads_left()
    assert isinstance(panel.last_error, Cancelled)
    assert panel.box.comm is None


# --- live -------------------------------------------------------------------------------------------------------------


def test_steps_and_build_log_are_shown_while_it_is_carried_out(client: Any) -> None:
    panel = panels.deploy(client, "storefront")
    panel.params["branch"] = "develop"
    client.world.push("storefront", "develop", message="Just now")
    seen: list[str] = []
    happened = panel._happened

    def watched(event: Event) -> None:
        happened(event)
        seen.append(panel._progress._steps.value)

    panel._happened = watched
    panel.review()
    assert panel.wait(30)
    panel.params = {"confirm": panel._typed.description.split()[1], "reason": "a test"}
    panel.run()
    assert any("building" in value for value in seen)
    assert "●" in panel._progress._steps.value
    assert "done" in panel._progress._steps.value
    assert len(panel._progress.log) > 3
    assert 'role="log"' in panel._progress._lines.value


def test_log_lines_and_steps_are_text() -> None:
    progress = Progress()
    hostile = "<script>x</script>\x1b[31m"
    progress.begin([hostile])
    progress.tell(Event(1, 1, hostile, "waiting", hostile, 1.0, (hostile,)))
    for value in (progress._steps.value, progress._lines.value):
        assert "<script" not in value
        assert "\x1b" not in value
        assert "&lt;script&gt;" in value


def test_a_long_log_keeps_its_end() -> None:
    progress = Progress()
    progress.begin(["build"])
    for number in range(60):
        progress.tell(Event(1, 1, "build", "waiting", "", 1.0, tuple(f"line {number}-{n}" for n in range(10))))
    assert len(progress.log) == 500
    assert progress.log[-1] == "line 59-9"
    assert "line 0-0" not in progress._lines.value


@pytest.mark.parametrize(
    ("phase", "text", "mark", "said"),
    [
        ("", "", "○", "to come"),
        ("waiting", "v4 building", "◔", "v4 building"),
        ("writing", "", "◔", "writing"),
        ("done", "", "●", "done"),
        ("failed", "no answer", "✕", "failed, no answer"),
        ("cancelled", "", "–", "cancelled"),
    ],
)
def test_a_state_is_a_sign_and_words(phase: str, text: str, mark: str, said: str) -> None:
    assert (sign(phase), words(phase, text)) == (mark, said)


def test_a_panel_has_to_say_what_it_would_change(client: Any) -> None:
    with pytest.raises(NotImplementedError):
        ChangePanel(client)._make()
