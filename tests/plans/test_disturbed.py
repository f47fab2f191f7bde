"""Plans hold when whoever carries them out is killed, when others write too, and when the platform is at fault."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from createos_nb import plans
from createos_nb.errors import CreateOSError
from createos_nb.plans import Journal
from tests.plans.cases import CASES


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def world(origin: Any, case: Any) -> Any:
    world = origin.fork()
    case.prepare(world)
    return world


def undisturbed(tools: Any, case: Any, world: Any, journal: Path) -> tuple[Any, Any, int, int]:
    """End state, changes, requests while applying, journal writes."""
    calm = world.fork()
    relay = tools.Relay(calm)

    def work(client: Any) -> None:
        tools.apply(case.make(client), journal)

    assert relay.run(work) == 0
    writes = len(Journal(journal).entries)
    return tools.settled(calm), tools.changes(calm), relay.requests, writes


def killed_and_resumed(tools: Any, case: Any, world: Any, journal: Path, kill: Any) -> tuple[Any, Any]:
    """End state and changes after a kill and a second run."""
    here = world.fork()
    relay = tools.Relay(here, kill)

    def work(client: Any) -> None:
        tools.apply(case.make(client), journal)

    assert relay.run(work) == -9
    client = tools.client_of(here)
    kept = Journal(journal)
    resumed = kept.begun and kill.number % 2  # else the notebook is run again
    receipt = case.resume(kept, client) if resumed else tools.apply(case.make(client), journal)
    assert receipt.finished
    return tools.settled(here), tools.changes(here)


def check(tools: Any, case: Any, world: Any, folder: Path, kills: list[Any]) -> None:
    state, changes, _, _ = undisturbed(tools, case, world, folder / "calm.jsonl")
    for kill in kills:
        journal = folder / f"{kill.where}-{kill.number}.jsonl"
        now, made = killed_and_resumed(tools, case, world, journal, kill)
        assert made == changes, f"{case.name} killed at {kill}: a write was applied twice, or not at all"
        assert now == state, f"{case.name} killed at {kill}: the end state is another"


def test_a_killed_run_is_taken_up_and_no_write_is_applied_twice(
    tools: Any, case: Any, world: Any, tmp_path: Path
) -> None:
    """Killed before and after the write itself, and in three ways at journal writes around it: five points each."""
    _, _, requests, _ = undisturbed(tools, case, world, tmp_path / "count.jsonl")
    write = first_write(tools, case, world, tmp_path)
    assert write < requests
    kills = [tools.Kill("request", write), tools.Kill("answer", write)]
    kills += [tools.Kill("torn", 1), tools.Kill("after", 1), tools.Kill("before", 3)]
    check(tools, case, world, tmp_path, kills)


@pytest.mark.slow
def test_a_run_killed_anywhere_is_taken_up(
    tools: Any, case: Any, world: Any, tmp_path: Path, record_property: Any, capsys: Any
) -> None:
    """Every request boundary and every journal write, before, torn and after."""
    _, _, requests, writes = undisturbed(tools, case, world, tmp_path / "count.jsonl")
    kills = [tools.Kill(where, number) for where in ("request", "answer") for number in range(requests)]
    kills += [tools.Kill(where, number) for where in ("before", "torn", "after") for number in range(writes)]
    kills = [kill for kill in kills if not (kill.where == "after" and kill.number == writes - 1)]
    record_property("points", len(kills))
    with capsys.disabled():
        sys.stdout.write(f"{case.name}: killed at {len(kills)} points\n")
    check(tools, case, world, tmp_path, kills)


def first_write(tools: Any, case: Any, world: Any, folder: Path) -> int:
    """The number of the first request that changes something."""
    here = world.fork()
    relay = tools.Relay(here)

    def work(client: Any) -> None:
        tools.apply(case.make(client), folder / "first.jsonl")

    assert relay.run(work) == 0
    return next(number for number, one in enumerate(relay.log) if tools.is_write(*one))


def test_building_a_plan_sends_no_write(tools: Any, case: Any, world: Any) -> None:
    transport = tools.Between(world.transport())
    plan = case.make(tools.client_of(world, transport))
    repr(plan), plan._repr_html_(), plan.frame(), plan.check()
    assert plan.steps
    assert transport.sent
    assert transport.writes == []


def test_a_dry_run_sends_no_write(tools: Any, case: Any, world: Any) -> None:
    transport = tools.Between(world.transport())
    receipt = case.make(tools.client_of(world, transport)).apply(dry_run=True)
    assert receipt.dry_run
    assert transport.writes == []


def test_the_token_is_the_same_until_the_world_changes(tools: Any, case: Any, world: Any) -> None:
    first = case.make(tools.client_of(world))
    world.advance("30s")
    assert case.make(tools.client_of(world)).token == first.token


@pytest.mark.parametrize("what", ["drop-before", "drop-after", "cut", "error", "html", "failure-200", "refused"])
def test_faults_of_writes_end_in_the_same_state(tools: Any, case: Any, world: Any, tmp_path: Path, what: str) -> None:
    """The first write meets a fault; the run is taken up until it is done."""
    state, changes, _, _ = undisturbed(tools, case, world, tmp_path / "calm.jsonl")
    here = world.fork()
    client = tools.client_of(here)
    journal = tmp_path / "run.jsonl"
    with here.faults(what=what, operations=["write"], count=1):
        receipt = persist(lambda: tools.apply(case.make(client), journal), case, client, journal)
    assert receipt.finished
    assert tools.changes(here) == changes
    assert tools.settled(here) == state


def test_reads_that_fail_now_and_then_change_nothing(tools: Any, case: Any, world: Any, tmp_path: Path) -> None:
    state, changes, _, _ = undisturbed(tools, case, world, tmp_path / "calm.jsonl")
    here = world.fork()
    client = tools.client_of(here)
    journal = tmp_path / "run.jsonl"
    with here.faults(what="error", operations=["read"], probability=0.15, seed=3):
        receipt = persist(lambda: tools.apply(case.make(client), journal), case, client, journal)
    assert receipt.finished
    assert tools.changes(here) == changes
    assert tools.settled(here) == state


def persist(work: Any, case: Any, client: Any, journal: Path) -> plans.Receipt:
    """Run, and go on with the run until it is done: no more than ten times."""
    for _ in range(10):
        try:
            kept = Journal(journal)
            if kept.begun:
                return case.resume(kept, client)
            return work()
        except CreateOSError as error:
            last = error
            if kept.over:
                continue
    raise AssertionError("it never ends") from last


def test_undo_restores_the_world(tools: Any, case: Any, world: Any) -> None:
    if not case.reversible:
        pytest.skip("makes or wakes a deployment, which can't be taken back")
    before = tools.settled(world.fork())
    client = tools.client_of(world)
    receipt = tools.apply(case.make(client))
    assert tools.settled(world.fork()) != before
    tools.apply(receipt.undo())
    assert tools.settled(world) == before
