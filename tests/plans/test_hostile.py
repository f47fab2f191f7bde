"""Worlds that are against it: builds that fail in every way, names that are markup, things that go in between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import createos_nb
from createos_nb import plans, runbooks
from createos_nb.plans import Journal, PreconditionFailed, StalePlanError, StepFailed
from tests.plans.cases import CASES, Case
from tests.plans.worlds import Between, changes, client_of, settled

WHOLESALE = "wholesale.juniper-goods.example.com"
NASTY = "<img src=x onerror=alert(1)>\x1b[2J\u202e"


@pytest.mark.parametrize(
    ("scenario", "project", "version", "status"),
    [
        ("build-broken", "thumbnails", 1, "build_error"),
        ("private-package", "reports", 1, "build_error"),
        ("wrong-port", "mailer", 1, "error"),
    ],
)
def test_a_status_that_ends_it_ends_the_wait_at_once(scenario: str, project: str, version: int, status: str) -> None:
    """With the last lines of the build log, and a hint."""
    client = createos_nb.simulate(scenario)
    plan = runbooks.retry_failed(client, project, version)
    with pytest.raises(StepFailed, match=f"ended as {status}") as failed:
        plan.apply(confirm=plan.confirmation, reason="once more")
    made = client.deployments.list(project).iloc[0]
    ended = max(client.deployments.get(project, made["id"])["updated_at"], made["created_at"])
    late = client.world.now - ended
    assert late.total_seconds() <= 11  # the longest pause between two looks, and the looks themselves
    last = client.deployments.build_logs(project, made["id"])["text"].iloc[-1]
    assert failed.value.log["text"].iloc[-1] == last
    assert last in str(failed.value)
    assert failed.value.hint
    assert Journal(failed.value.journal).over


@pytest.mark.parametrize("status", ["crashing", "cancelled", "terminating", "sleeping", "error", "build_error"])
def test_every_ending_is_known(client: Any, world: Any, status: str) -> None:
    """Put into the world while it is waited for."""

    def event(one: plans.Event) -> None:
        if one.phase == "waiting" and "building" in one.text:
            project = next(one for one in world.state.projects.values() if one.name == "storefront")
            made = max(world.deployments(project).values(), key=lambda one: one.version)
            made.status = status
            world.touch(made)

    plan = runbooks.retry_failed(client, "storefront", 13)
    began = world.now
    with pytest.raises(StepFailed) as failed:
        plan.apply(confirm=plan.confirmation, reason="once more", on_event=event)
    assert "fell asleep" in failed.value.message if status == "sleeping" else status in failed.value.message
    assert failed.value.hint
    assert (world.now - began).total_seconds() < 60


def test_a_status_that_nobody_knows_is_waited_for_and_shown(client: Any, world: Any) -> None:
    seen: list[str] = []

    def event(one: plans.Event) -> None:
        seen.append(one.text)
        if one.phase == "waiting" and "building" in one.text:
            project = next(one for one in world.state.projects.values() if one.name == "storefront")
            made = max(world.deployments(project).values(), key=lambda one: one.version)
            made.status = "defragmenting"
            world.touch(made)

    plan = runbooks.retry_failed(client, "storefront", 13)
    with pytest.raises(plans.TakesTooLong):
        plan.apply(confirm=plan.confirmation, reason="once more", on_event=event, timeout=120)
    assert "v19 defragmenting" in seen


def test_names_and_messages_of_markup_are_shown_as_text(client: Any, world: Any) -> None:
    world.push("storefront", "main", message=NASTY)
    world.advance("20min")
    assign = runbooks.assign(client, "storefront", 19, "production")
    receipt = assign.apply(confirm=assign.digest, reason=NASTY)
    project = next(one for one in world.state.projects.values() if one.name == "storefront")
    for place in project.environments.values():
        place.name = f"{place.name}{NASTY}"
        world.touch(place)
    fresh = client_of(world)
    nasty = f"production{NASTY}"
    shown = [receipt, receipt.undo(), runbooks.rollback(fresh, "storefront", nasty)]
    shown += [runbooks.hold(fresh, "storefront", f"blue{NASTY}", allow_description_change=True)]
    shown += [runbooks.delete(fresh, "storefront", environment=nasty)]
    shown += [
        runbooks.delete(fresh, "storefront", deployment=19),
        runbooks.route_domain(fresh, "storefront", WHOLESALE, nasty),
    ]
    for one in shown:
        assert "<img" not in one._repr_html_()
        assert "\x1b" not in one._repr_html_() + repr(one)
        assert "onerror" in repr(one) + repr(one.frame().to_dict())


def test_what_goes_between_plan_and_apply_is_refused(client: Any) -> None:
    plan = runbooks.rollback(client, "storefront", "production", to=15)
    client.deployments.delete("storefront", 15)
    with pytest.raises(PreconditionFailed, match="terminating") as refused:
        plan.apply(confirm=plan.digest, reason="why")
    assert "v15 is deployed" in str(refused.value)
    client.world.advance("5min")
    with pytest.raises(PreconditionFailed, match="it was deleted: make the plan again"):
        plan.apply(confirm=plan.digest, reason="why")


def test_an_environment_that_goes_between_plan_and_apply_is_refused(client: Any) -> None:
    made = [
        runbooks.scale(client, "storefront", "staging", replicas=2),
        runbooks.set_variables(client, "storefront", "staging", {"A": "1"}),
        runbooks.assign(client, "storefront", 10, "staging"),
        runbooks.hold(client, "storefront", "staging"),
    ]
    client.environments.delete("storefront", "staging")
    for plan in made:
        with pytest.raises((StalePlanError, PreconditionFailed), match=r"gone|deleting"):
            plan.apply(confirm=plan.confirmation, reason="why")
    client.world.advance("5min")
    for plan in made:
        with pytest.raises(StalePlanError, match="gone"):
            plan.apply(confirm=plan.confirmation, reason="why")


def test_undo_says_what_it_was_done_to_is_gone(client: Any) -> None:
    plan = runbooks.scale(client, "storefront", "staging", replicas=2)
    receipt = plan.apply(confirm=plan.confirmation, reason="why")
    client.environments.delete("storefront", "staging")
    undo = receipt.undo()
    assert undo.steps == []
    assert any("scale staging: can't be undone: environment staging is gone" in one for one in undo.warnings)


@pytest.mark.parametrize(
    "name",
    [
        "rollback-held-and-asleep",
        pytest.param("blue-green", marks=pytest.mark.slow),
        "variables",
        pytest.param("delete-environment", marks=pytest.mark.slow),
    ],
)
@pytest.mark.grid(2)
def test_an_interrupt_anywhere_can_be_taken_up(name: str, origin: Any, tmp_path: Path) -> None:
    """Ctrl-C at each request boundary, before and after; the cell is run again and ends the same, nothing twice."""
    case = next(one for one in CASES if one.name == name)
    calm = origin.fork()
    plan = case.make(client_of(calm))
    plan.apply(confirm=plan.confirmation, reason="why", journal=tmp_path / "calm.jsonl")
    state, changed = settled(calm), changes(calm)
    places = 0
    for boundary in range(1000):
        for after in (False, True):
            here = origin.fork()
            journal = tmp_path / f"{boundary}-{after}.jsonl"
            if not interrupted(case, here, journal, boundary, after):
                assert places > 10
                return
            places += 1
            again = case.make(client_of(here))
            assert again.apply(confirm=again.confirmation, reason="why", journal=journal).finished
            assert changes(here) == changed, (boundary, after)
            assert settled(here) == state, (boundary, after)


def interrupted(case: Case, world: Any, journal: Path, boundary: int, after: bool) -> bool:
    """Whether the run was interrupted there: False where it has no more requests."""
    transport = Between(world.transport())
    plan = case.make(client_of(world, transport))
    first = len(transport.sent)
    real = transport.inner.handle_request

    def handle(request: Any) -> Any:
        answer = real(request) if after or len(transport.sent) - 1 != first + boundary else None
        if len(transport.sent) - 1 == first + boundary:
            raise KeyboardInterrupt
        return answer

    transport.inner.handle_request = handle
    try:
        plan.apply(confirm=plan.confirmation, reason="why", journal=journal)
    except KeyboardInterrupt:
        return True
    return False


@pytest.mark.slow
def test_an_old_run_that_the_world_has_overtaken_does_not_stand_in_the_way(client: Any, world: Any) -> None:
    """What was done is not so any more: that run is over, and the next plan begins anew."""
    plan = runbooks.rollback(client, "orders-api", "production")
    stop = [False]

    class After:
        def is_set(self) -> bool:
            return stop[0]

    def event(one: plans.Event) -> None:
        stop[0] = one.phase == "done" and one.step == 1

    with pytest.raises(plans.Cancelled) as cancelled:
        plan.apply(confirm=plan.digest, reason="why", on_event=event, cancel=After())
    release = runbooks.release(client, "orders-api", "production")
    release.apply(confirm=release.digest, reason="somebody else thinks otherwise")
    again = runbooks.rollback(client, "orders-api", "production")
    with pytest.raises(plans.PlanError, match="the plan is stale"):
        again.apply(confirm=again.digest, reason="why")
    assert Journal(cancelled.value.journal).over
    anew = runbooks.rollback(client, "orders-api", "production")
    assert anew.apply(confirm=anew.digest, reason="why").finished


def test_a_cell_that_is_run_twice_deploys_once(client: Any) -> None:
    plan = runbooks.deploy(client, "edge-gateway", image="nginx:1.27")
    plan.apply(confirm=plan.confirmation, reason="why")
    with pytest.raises(plans.AlreadyApplied, match="make the plan again"):
        plan.apply(confirm=plan.confirmation, reason="why")
    assert len(client.deployments.list("edge-gateway")) == 4
    scale = runbooks.scale(client, "storefront", "production", replicas=2)
    first = scale.apply(confirm=scale.digest, reason="why")
    # what it has done stands: the receipt is that of the run which did it
    assert scale.apply(confirm=scale.digest, reason="why").journal == first.journal
    runs = plans.runs()
    own = runs.loc[runs["file"].map(lambda file: Path(file).name) == first.journal.name, "world"].iloc[0]
    assert (runs["world"] == own).sum() == 2


def test_a_disk_that_takes_nothing_stops_it_before_the_first_write(client: Any, world: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    transport = Between(world.transport())
    plan = runbooks.scale(client_of(world, transport), "storefront", "production", replicas=2)
    with pytest.raises(plans.JournalError, match="can't be"):
        plan.apply(confirm=plan.digest, reason="why", journal=tmp_path / "file" / "run.jsonl")
    with pytest.raises(plans.JournalError, match="can't be"):
        plan.apply(confirm=plan.digest, reason="why", journal=tmp_path)
    assert transport.writes == []


@pytest.mark.parametrize("full", range(1, 5))
def test_a_disk_that_is_full_stops_it_and_it_can_be_taken_up(
    client: Any, world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: int
) -> None:
    from createos_nb.plans import journal as module

    real, count, before = module.append_line, [0], changes(world)

    def append(file: int, line: bytes) -> None:
        count[0] += 1
        if count[0] > full:
            raise OSError(28, "No space left on device")
        real(file, line)

    monkeypatch.setattr(module, "append_line", append)
    plan = runbooks.scale(client, "storefront", "production", replicas=2)
    with pytest.raises(plans.JournalError, match="No space left"):
        plan.apply(confirm=plan.digest, reason="why", journal=tmp_path / "run.jsonl")
    monkeypatch.setattr(module, "append_line", real)
    again = runbooks.scale(client, "storefront", "production", replicas=2)
    assert again.apply(confirm=plan.digest, reason="why", journal=tmp_path / "run.jsonl").finished
    assert client.environments.get("storefront", "production")["resources_replicas"] == 2
    assert (changes(world) - before).total() == 1
