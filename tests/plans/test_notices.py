"""People are told that a run has started and how it ended; the run waits for none of them, and fails for none."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

import createos_nb
from createos_nb import plans, runbooks
from createos_nb.notify import Message
from createos_nb.plans import Plan
from tests.notify.receiver import TOKEN, Receiver


@pytest.fixture(autouse=True)
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "journals"))


def scale(client: createos_nb.Client, replicas: int = 2) -> Plan:
    return runbooks.scale(client, "storefront", "staging", replicas=replicas)


def test_who_what_where_and_why_of_a_run_and_of_its_undo() -> None:
    client = createos_nb.simulate()
    told: list[Message] = []
    plan = scale(client)
    receipt = plan.apply(confirm=plan.digest, reason="the sale, INC-7", notify=told.append)
    undo = receipt.undo()
    undo.apply(confirm=undo.digest, reason="it is over", notify=told.append)
    title = "scale storefront / staging: replicas 2"
    assert [(message.title, message.kind) for message in told] == [
        (f"{title}: started", "info"),
        (f"{title}: done", "success"),
        (f"undo: {title}: started", "info"),
        (f"undo: {title}: done", "success"),
    ]
    for text in ("by marlow (", "because: the sale, INC-7", client.where):
        assert text in told[0].body
        assert text in told[1].body
    assert "because: it is over" in told[2].body


def test_a_run_that_fails_is_told_with_its_step() -> None:
    client = createos_nb.simulate()
    told: list[Message] = []
    plan = scale(client)
    with (
        client.world.faults(what="error", status=400, operations=["UpdateProjectEnvironmentResources"]),
        pytest.raises(plans.StepFailed),
    ):
        plan.apply(confirm=plan.digest, reason="the sale", notify=told.append)
    assert [message.kind for message in told] == ["info", "failure"]
    assert told[1].title.endswith(": failed")
    assert "step 1 of 1" in told[1].body


def test_what_was_not_started_is_not_told() -> None:
    client = createos_nb.simulate()
    told: list[Message] = []
    plan = scale(client)
    with pytest.raises(plans.ReasonNeeded):
        plan.apply(confirm=plan.digest, notify=told.append)
    other = scale(client, replicas=3)
    other.apply(confirm=other.digest, reason="first")
    with pytest.raises(plans.StalePlanError):
        plan.apply(confirm=plan.digest, reason="second", notify=told.append)
    assert told == []


def test_a_canceled_run_and_its_resumption_are_told() -> None:
    client = createos_nb.simulate()
    told: list[Message] = []
    cancel = threading.Event()
    plan = scale(client)
    with pytest.raises(plans.Cancelled) as caught:
        plan.apply(
            confirm=plan.digest,
            reason="the sale",
            cancel=cancel,
            on_event=lambda event: event.phase == "waiting" and cancel.set(),
            notify=told.append,
        )
    plans.resume(caught.value.journal, client, notify=told.append)
    assert [message.title.rpartition(": ")[2] for message in told] == [
        "started",
        "cancelled, it can be resumed",
        "started",
        "done",
    ]
    assert "because: the sale" in told[-1].body


def test_who_does_not_take_it_is_warned_of_and_the_run_goes_on() -> None:
    with Receiver() as receiver:
        receiver.statuses = [500, 200]
        client = createos_nb.simulate()
        plan = scale(client)
        with pytest.warns(UserWarning, match="not everybody was told: json: .*500") as caught:
            receipt = plan.apply(confirm=plan.digest, reason="the sale", notify=receiver.address)
        assert receipt.checks.result == "PASS"
        assert [title.rpartition(": ")[2] for title in receiver.titles] == ["done"]
    assert TOKEN not in str([str(one.message) for one in caught])
    assert TOKEN not in receipt.journal.read_text(encoding="utf-8")


def test_the_run_does_not_wait_for_a_slow_receiver() -> None:
    client = createos_nb.simulate()
    plan = scale(client)
    finished: list[float] = []
    taken: list[float] = []

    def slow(message: Message) -> None:
        time.sleep(0.5)
        taken.append(time.monotonic())

    plan.apply(
        confirm=plan.digest,
        reason="the sale",
        on_event=lambda event: finished.append(time.monotonic()) if event.over else None,
        notify=slow,
    )
    assert len(taken) == 2
    assert finished[0] < taken[1]


def test_an_address_that_is_none_is_refused_before_anything_is_written() -> None:
    client = createos_nb.simulate()
    plan = scale(client)
    with pytest.raises(createos_nb.InvalidInput, match="notify: address 1"):
        plan.apply(confirm=plan.digest, reason="the sale", notify=f"nowhere://{TOKEN}")
    assert client.log()["method"].isin(["GET", "HEAD"]).all()


def test_a_watched_release_tells_its_decision_and_its_rollback() -> None:
    client = createos_nb.simulate("bad-release")
    told: list[Message] = []
    watched = runbooks.release_watch(
        client, "storefront", "production", since="-40min", lag="1h", apply=True, notify=told.append
    )
    assert watched.decision == "rollback"
    assert [message.title for message in told[:2]] == [
        "release of storefront / production: watched for up to 1 h",
        "release of storefront / production: rollback",
    ]
    assert sorted(message.title for message in told[2:]) == [
        "roll storefront / production back from v4 to v3: done",
        "roll storefront / production back from v4 to v3: started",
    ]


def test_a_rollback_that_is_only_planned_comes_with_what_to_type() -> None:
    client = createos_nb.simulate("bad-release")
    told: list[Message] = []
    runbooks.release_watch(client, "storefront", "production", since="-40min", lag="1h", notify=told.append)
    assert len(told) == 2
    assert "runbooks.rollback(client, 'storefront', 'production')" in told[1].body
