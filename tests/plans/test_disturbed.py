"""Plans hold when whoever carries them out is killed, when others write too, and when the platform is at fault."""

from __future__ import annotations

import contextlib
import html
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from createos_nb import plans
from createos_nb.errors import CreateOSError
from createos_nb.plans import Journal
from createos_nb.simulator.world.faults import Fault
from tests.plans.cases import CASES
from tests.plans.counts import count


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def world(origin: Any, case: Any) -> Any:
    world = origin.fork()
    case.prepare(world)
    return world


@dataclass
class Calm:
    """A run that nobody disturbed: end state, changes, requests while applying, journal writes, the first write."""

    state: Any
    changes: Any
    requests: int
    writes: int
    first_write: int


_CALM: dict[str, Calm] = {}
#: Runbooks whose change is no event of the world: only the end state tells of it.
UNCOUNTED = frozenset({"wake", "transfer", "group", "ungroup"})


def undisturbed(tools: Any, case: Any, world: Any, folder: Path) -> Calm:
    """Once for each runbook: all its tests begin with the same world."""
    if case.name not in _CALM:
        calm, journal = world.fork(), folder / "calm.jsonl"
        relay = tools.Relay(calm)

        def work(client: Any) -> None:
            tools.apply(case.make(client), journal)

        assert relay.run(work) == 0
        written = (number for number, one in enumerate(relay.log) if tools.is_write(*one))
        writes = len(Journal(journal).entries)
        counted = tools.changes(calm) != tools.changes(world) or case.name in UNCOUNTED
        assert counted, "what it changes is not counted: name the event in CHANGES of tests/plans/worlds.py"
        _CALM[case.name] = Calm(tools.settled(calm), tools.changes(calm), relay.requests, writes, next(written))
    return _CALM[case.name]


def killed_and_resumed(tools: Any, case: Any, world: Any, journal: Path, kill: Any) -> tuple[Any, Any]:
    """End state and changes after a kill and a second run."""
    here = world.fork()
    relay = tools.Relay(here, kill)

    def work(client: Any) -> None:
        tools.apply(case.make(client), journal)

    assert relay.run(work) == -9
    client = tools.client_of(here)
    kept = Journal(journal)
    resumed = kept.started and kill.number % 2  # else the notebook is run again
    receipt = case.resume(kept, client) if resumed else tools.apply(case.make(client), journal)
    assert receipt.finished
    return tools.settled(here), tools.changes(here)


def check(tools: Any, case: Any, world: Any, folder: Path, kills: list[Any]) -> None:
    count("killed and taken up", case.name, Counter(f"at {kill.where}" for kill in kills))
    calm = undisturbed(tools, case, world, folder)
    for kill in kills:
        journal = folder / f"{kill.where}-{kill.number}.jsonl"
        now, made = killed_and_resumed(tools, case, world, journal, kill)
        assert case.same(made, calm.changes), f"{case.name} killed at {kill}: a write was applied twice, or not at all"
        assert now == calm.state, f"{case.name} killed at {kill}: the end state is another"


@pytest.mark.grid(10)
def test_a_killed_run_is_taken_up_and_no_write_is_applied_twice(
    tools: Any, case: Any, world: Any, tmp_path: Path
) -> None:
    """Killed before and after the write itself, and at a journal write beside it, which and how goes round."""
    write = undisturbed(tools, case, world, tmp_path).first_write
    beside = [tools.Kill("torn", 1), tools.Kill("after", 1), tools.Kill("before", 3)]
    kills = [tools.Kill("request", write), tools.Kill("answer", write), beside[CASES.index(case) % len(beside)]]
    check(tools, case, world, tmp_path, kills)


@pytest.mark.slow
def test_a_run_killed_anywhere_is_taken_up(tools: Any, case: Any, world: Any, tmp_path: Path) -> None:
    """Every request boundary and every journal write, before, torn and after."""
    check(tools, case, world, tmp_path, grid(tools, case, world, tmp_path))


@pytest.mark.slow
def test_a_run_killed_while_the_platform_is_at_fault_is_taken_up(
    tools: Any, case: Any, world: Any, tmp_path: Path
) -> None:
    """Every fifth point of the grid, while one read in ten fails and the first write's answer is lost."""
    calm = undisturbed(tools, case, world, tmp_path)
    points = grid(tools, case, world, tmp_path)[::5]
    for number, kill in enumerate(points):
        journal = tmp_path / f"faulty-{kill.where}-{kill.number}.jsonl"
        here = world.fork()
        relay = tools.Relay(here, kill)

        def work(client: Any, journal: Path = journal) -> None:
            with contextlib.suppress(CreateOSError):
                tools.apply(case.make(client), journal)

        reads = Fault(what="error", operations=["read"], probability=0.1)
        lost = Fault(what="drop-after", operations=["write"], count=1)
        with here.faults(reads, lost, seed=number):
            assert relay.run(work) in (-9, 0)
            client = tools.client_of(here)
            receipt = persist(lambda c=client, j=journal: tools.apply(case.make(c), j), case, client, journal)
        assert receipt.finished
        assert case.same(tools.changes(here), calm.changes), (
            f"{case.name} killed at {kill} among faults: twice, or not at all"
        )
        assert tools.settled(here) == calm.state, f"{case.name} killed at {kill} among faults: the end state is another"
    count("killed among faults and taken up", case.name, Counter({"times": len(points)}))


def grid(tools: Any, case: Any, world: Any, folder: Path) -> list[Any]:
    calm = undisturbed(tools, case, world, folder)
    kills = [tools.Kill(where, number) for where in ("request", "answer") for number in range(calm.requests)]
    kills += [tools.Kill(where, number) for where in ("before", "torn", "after") for number in range(calm.writes)]
    return [kill for kill in kills if not (kill.where == "after" and kill.number == calm.writes - 1)]


def test_building_a_plan_sends_no_write(tools: Any, case: Any, world: Any) -> None:
    transport = tools.Between(world.transport())
    plan = case.make(tools.client_of(world, transport))
    plan.frame(), plan.check()
    assert words(html.unescape(re.sub(r"<[^>]*>", " ", plan._repr_html_()))) == words(repr(plan))
    assert plan.steps
    assert transport.sent
    assert transport.writes == []


def words(text: str) -> list[str]:
    """Without the bullets that HTML draws itself."""
    return [word for word in text.split() if word != "·"]


def test_a_dry_run_sends_no_write(tools: Any, case: Any, world: Any) -> None:
    transport = tools.Between(world.transport())
    receipt = case.make(tools.client_of(world, transport)).apply(dry_run=True)
    assert receipt.dry_run
    assert transport.writes == []


def test_the_digest_is_the_same_until_the_world_changes(tools: Any, case: Any, world: Any) -> None:
    first = case.make(tools.client_of(world))
    world.advance("30s")
    assert case.make(tools.client_of(world)).digest == first.digest


@pytest.mark.grid(36)
@pytest.mark.parametrize("what", ["drop-before", "drop-after", "cut", "error", "html", "failure-200", "refused"])
def test_faults_of_writes_end_in_the_same_state(tools: Any, case: Any, world: Any, tmp_path: Path, what: str) -> None:
    """The first write meets a fault; the run is taken up until it is done."""
    calm = undisturbed(tools, case, world, tmp_path)
    here = world.fork()
    client = tools.client_of(here)
    journal = tmp_path / "run.jsonl"
    with here.faults(what=what, operations=["write"], count=1):
        receipt = persist(lambda: tools.apply(case.make(client), journal), case, client, journal)
    assert receipt.finished
    assert case.same(tools.changes(here), calm.changes)
    assert tools.settled(here) == calm.state


@pytest.mark.grid(4)
def test_reads_that_fail_now_and_then_change_nothing(tools: Any, case: Any, world: Any, tmp_path: Path) -> None:
    calm = undisturbed(tools, case, world, tmp_path)
    here = world.fork()
    client = tools.client_of(here)
    journal = tmp_path / "run.jsonl"
    with here.faults(what="error", operations=["read"], probability=0.15, seed=3):
        receipt = persist(lambda: tools.apply(case.make(client), journal), case, client, journal)
    assert receipt.finished
    assert case.same(tools.changes(here), calm.changes)
    assert tools.settled(here) == calm.state


def persist(work: Any, case: Any, client: Any, journal: Path) -> plans.Receipt:
    """Run, and go on with the run until it is done: no more than ten times."""
    for _ in range(10):
        try:
            kept = Journal(journal)
            if kept.started:
                return case.resume(kept, client)
            return work()
        except CreateOSError as error:
            last = error
            if kept.over:
                continue
    raise AssertionError("it never ends") from last


@pytest.mark.grid(4)
@pytest.mark.parametrize("case", [case for case in CASES if case.reversible], ids=lambda case: case.name)
@pytest.mark.parametrize("faulty", [False, True], ids=["calm", "faulty"])
def test_undo_restores_the_world(tools: Any, case: Any, world: Any, faulty: bool) -> None:
    """Also while one read in ten fails and the answers to the first writes are lost."""
    before = tools.settled(world.fork())
    client = tools.client_of(world)
    faults = [Fault(what="error", operations=["read"], probability=0.1)]
    faults += [Fault(what="drop-after", operations=["write"], count=2)]
    with world.faults(*faults, seed=11) if faulty else contextlib.nullcontext():
        receipt = insist(lambda: tools.apply(case.make(client)))
        assert tools.settled(world.fork()) != before
        undone = insist(lambda: tools.apply(insist(receipt.undo)))
    assert undone.finished
    assert tools.settled(world) == before
    count("undone", case.name, Counter({"among faults" if faulty else "in a calm world": 1}))


def insist(work: Any) -> Any:
    """Again until it is done, as somebody does who runs a cell again: a run that was begun goes on."""
    for _ in range(20):
        try:
            return work()
        except CreateOSError as error:
            last = error
    raise AssertionError("it never ends") from last
