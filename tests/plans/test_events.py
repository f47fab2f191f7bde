"""Whoever watches a run is told what it is at, and can stop it without harm."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path
from typing import Any

import pytest

from createos_nb import plans, progress, runbooks
from createos_nb.plans import Cancelled, Event, Journal
from createos_nb.plans.context import Run
from createos_nb.plans.step_error import StepError


class After:
    """Set once it was asked so many times."""

    def __init__(self, looks: int) -> None:
        self.left = looks

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0


def rollback(client: Any, **more: Any) -> plans.Receipt:
    plan = runbooks.rollback(client, "orders-api", "production")
    return plan.apply(confirm=plan.digest, reason="v4 fails", **more)


def test_events_tell_each_step_from_its_beginning_to_its_end(client: Any) -> None:
    seen: list[Event] = []
    receipt = rollback(client, on_event=seen.append)
    assert [event.phase for event in seen if event.step == 0] == ["checking"]
    for step in (1, 2, 3):
        phases = [event.phase for event in seen if event.step == step and not event.over]
        assert phases[0] == "writing"
        assert phases[-1] == "done"
        assert set(phases[1:-1]) == {"waiting"}
    assert any(event.step == 2 and event.text.endswith("deploying") for event in seen)
    assert [event.phase for event in seen if event.over] == ["finished"]
    assert seen[-1].over
    assert seen[-1].text == receipt.summary
    assert [event.elapsed for event in seen] == sorted(event.elapsed for event in seen)
    assert seen[-1].elapsed == pytest.approx(receipt.seconds, abs=1)
    assert {event.steps for event in seen} == {3}
    with pytest.raises(dataclasses.FrozenInstanceError):
        seen[0].text = "another"  # type: ignore[misc]


def test_a_build_log_comes_line_by_line_and_once(client: Any) -> None:
    seen: list[Event] = []
    plan = runbooks.retry_failed(client, "storefront", 13)
    receipt = plan.apply(confirm=plan.confirmation, reason="why", on_event=seen.append)
    told = [line for event in seen for line in event.log]
    assert told == client.deployments.build_logs("storefront", receipt.created[1])["text"].tolist()
    assert len([event for event in seen if event.log]) > 2
    waiting = [event for event in seen if event.phase == "waiting"]
    assert len(waiting) > 5  # at each look, so that a panel shows that time passes
    assert told[0] in str(next(event for event in seen if event.log))


@pytest.mark.parametrize("phase", ["failed", "stopped"])
def test_a_run_that_does_not_come_to_its_end_says_so_last(client: Any, phase: str) -> None:
    seen: list[Event] = []
    version, timeout = (11, None) if phase == "failed" else (13, 20.0)
    plan = runbooks.retry_failed(client, "storefront", version)
    with pytest.raises(plans.StepFailed) as failed:
        plan.apply(confirm=plan.confirmation, reason="why", timeout=timeout, on_event=seen.append)
    assert [event.phase for event in seen if event.over] == [phase]
    assert seen[-1].over
    assert seen[-1].text == failed.value.message


def test_a_plan_that_is_refused_ends_its_events(client: Any, world: Any, tools: Any) -> None:
    plan = runbooks.rollback(client, "storefront", "production")
    tools.client_of(world).environments.assign_deployment("storefront", "production", 10)
    seen: list[Event] = []
    with pytest.raises(plans.StalePlanError):
        plan.apply(confirm=plan.digest, reason="why", on_event=seen.append)
    assert [(event.step, event.phase) for event in seen] == [(0, "checking"), (0, "failed")]


def test_no_event_holds_what_a_terminal_would_obey(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = client.deployments.build_logs

    def nasty(*place: Any, **more: Any) -> Any:
        frame = real(*place, **more)
        return frame.assign(text="\x1b]0;owned\x07\x1b[2J" + frame["text"])

    monkeypatch.setattr(client.deployments, "build_logs", nasty)
    seen: list[Event] = []
    plan = runbooks.retry_failed(client, "storefront", 13)
    plan.apply(confirm=plan.confirmation, reason="why", on_event=seen.append)
    assert any(event.log for event in seen)
    assert "\x1b" not in "".join(map(str, seen))


def test_a_listener_that_fails_stops_nothing(client: Any) -> None:
    def broken(event: Event) -> None:
        raise RuntimeError("the widget is gone")

    with pytest.warns(RuntimeWarning, match="the widget is gone") as told:
        assert rollback(client, on_event=broken).finished
    assert len(told) == 1


def test_cancelled_before_it_is_begun_nothing_is_written(client: Any, world: Any, tools: Any) -> None:
    transport = tools.Between(world.transport())
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled, match="Nothing was changed"):
        rollback(tools.client_of(world, transport), cancel=cancel)
    assert transport.writes == []


@pytest.mark.parametrize(("every", "least"), [(8, 3), pytest.param(1, 20, marks=pytest.mark.slow)])
def test_cancelled_anywhere_it_can_be_taken_up_and_ends_the_same(
    origin: Any, tools: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every: int, least: int
) -> None:
    """At each place where it looks whether it is to stop."""
    calm = origin.fork()
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "calm"))
    rollback(tools.client_of(calm))
    state, changes = tools.settled(calm), tools.changes(calm)
    places = 0
    for looks in range(0, 100, every):
        monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / str(looks)))
        world = origin.fork()
        client = tools.client_of(world)
        seen: list[Event] = []
        try:
            rollback(client, cancel=After(looks), on_event=seen.append)
        except Cancelled as error:
            places += 1
            journal = error.journal
        else:
            break
        if journal is not None:
            assert seen[-1].phase == "cancelled"
            assert not Journal(journal).over
            assert Journal(journal).entries[-1]["event"] == "cancelled"
        receipt = rollback(client) if journal is None or looks % 2 else plans.resume(journal, client)
        assert receipt.finished
        assert tools.changes(world) == changes
        assert tools.settled(world) == state
    assert places > least


def test_a_cancelled_wait_ends_within_a_moment_of_real_time(world: Any, tools: Any) -> None:
    """A clock that is not virtual is asked for short sleeps only, so that the wait can end between two of them."""

    class Real:
        virtual = False

        def __init__(self) -> None:
            self.slept: list[float] = []

        def now(self) -> float:
            return float(world.clock.now())

        def sleep(self, seconds: float) -> None:
            self.slept.append(seconds)
            world.clock.sleep(seconds)
            if len(self.slept) == 7:
                cancel.set()

    cancel, clock = threading.Event(), Real()
    run = Run(tools.client_of(world, clock=clock), cancel=cancel)
    with pytest.raises(StepError) as stopped:
        run.sleep(10)
    assert stopped.value.kind == "cancelled"
    assert clock.slept == [0.25] * 7


def test_by_default_a_line_of_status_is_shown_to_a_person_only(
    client: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a virtual clock nothing is; on a real one the line shows the step, its status and the time."""
    rollback(client)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(progress, "is_enabled", lambda clock: True)
    monkeypatch.setattr(progress, "_AFTER", 0)
    plan = runbooks.scale(client, "storefront", "production", replicas=2)
    plan.apply(confirm=plan.digest, reason="why")
    out, shown = capsys.readouterr()
    assert out == ""
    assert "1/1 scale production: writing" in shown
    assert "1/1 scale production: production resizing" in shown
