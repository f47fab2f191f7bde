"""What a plan shows, and what it asks for before it writes."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from createos_nb import plans, runbooks
from createos_nb.errors import InvalidInput, ReadOnlyError
from createos_nb.plans import ConfirmationNeeded, Journal, PreconditionFailed, ReasonNeeded, StalePlanError, StepFailed
from createos_nb.times import DurationLike, parse_duration

SECRET = "hunter2-hunter2"


def test_a_plan_that_touches_users_needs_its_digest_and_a_reason(client: Any, world: Any) -> None:
    plan = runbooks.rollback(client, "storefront", "production")
    assert plan.serves_users
    with pytest.raises(ConfirmationNeeded) as missing:
        plan.apply(reason="why")
    with pytest.raises(ConfirmationNeeded) as wrong:
        plan.apply(confirm="000000000000", reason="why")
    for error in (missing.value, wrong.value):
        assert plan.digest not in f"{error!r} {error.args} {vars(error)}"  # the plan alone shows it
    assert re.fullmatch("[0-9a-f]{12}", plan.digest)
    assert plan.digest in repr(plan)
    with pytest.raises(ReasonNeeded):
        plan.apply(confirm=plan.digest, reason="  ")
    wanted = plan.candidates.loc[plan.candidates["version"] == 15, "deployment"].item()
    assert client.environments.get("storefront", "production")["project_deployment_id"] != wanted
    assert plan.apply(confirm=plan.digest, reason="why").finished
    assert client.environments.get("storefront", "production")["project_deployment_id"] == wanted


def test_a_harmless_plan_needs_nothing(client: Any, world: Any) -> None:
    world.traffic("storefront", "green", rpm=0)
    world.advance("15min")
    plan = runbooks.scale(client, "storefront", "green", replicas=1)
    assert plan.confirmation is None
    assert plan.apply().finished


def test_text_and_html_agree(client: Any) -> None:
    for plan in (
        runbooks.rollback(client, "orders-api", "production"),
        runbooks.set_variables(client, "storefront", "staging", {"A": SECRET}),
    ):
        words = html.unescape(re.sub(r"<[^>]*>", " ", plan._repr_html_()))
        assert _words(words) == _words(repr(plan))
        assert repr(plan).startswith("SIMULATOR https://api.simulator.invalid · account marlow")


def _words(text: str) -> list[str]:
    """The words of a text, without the bullets that HTML draws itself."""
    return [word for word in text.split() if word != "·"]


def test_what_came_from_elsewhere_is_escaped(client: Any, world: Any) -> None:
    nasty = "<script>alert(1)</script>\x1b[31m"
    client.environments.create(
        "storefront",
        unique_name="nasty",
        display_name="Nasty",
        description=nasty,
        resources={"cpu": 200, "memory": 500, "replicas": 1},
        settings={"run_envs": {}},
        branch="main",
    )
    plan = runbooks.release(client, "storefront", "nasty", allow_description_change=True)
    assert "<script" not in plan._repr_html_()
    assert "\x1b" not in plan._repr_html_() + repr(plan)
    assert plan.apply().finished


def test_a_description_that_is_not_taken_back_stops_the_plan_before_it_starts(client: Any, world: Any) -> None:
    project = next(one for one in world.state.projects.values() if one.name == "orders-api")
    place = next(one for one in project.environments.values() if one.name == "production")
    place.description = "Orders, of the live shop!"
    world.touch(place)
    plan = runbooks.rollback(client, "orders-api", "production")
    assert "allow_description_change=True" in " ".join(plan.warnings)
    with pytest.raises(PreconditionFailed, match="description"):
        plan.apply(confirm=plan.digest, reason="why")
    plan = runbooks.rollback(client, "orders-api", "production", allow_description_change=True)
    assert "Orders of the live shop" in repr(plan)
    receipt = plan.apply(confirm=plan.digest, reason="why")
    assert place.description == "Orders of the live shop"
    assert not place.auto_promote
    assert any("description can't be set back" in one for one in receipt.undo().warnings)


def test_the_world_may_not_move_between_plan_and_apply(client: Any, world: Any, tools: Any) -> None:
    plan = runbooks.rollback(client, "storefront", "production")
    tools.client_of(world).environments.assign_deployment("storefront", "production", 10)
    with pytest.raises(StalePlanError, match="production") as moved:
        plan.apply(confirm=plan.digest, reason="why")
    row = moved.value.differences.iloc[0]
    assert (row["field"], row["planned"]) == ("live deployment", "v17")


def test_a_client_that_only_reads_plans_and_checks_and_does_not_write(world: Any, tools: Any) -> None:
    reader = tools.client_of(world, read_only=True)
    plan = runbooks.rollback(reader, "storefront", "production")
    assert plan.problems()["precondition"].tolist() == ["the client may write"]
    assert plan.apply(dry_run=True).dry_run
    with pytest.raises(ReadOnlyError):
        plan.apply(confirm=plan.digest, reason="why")


def test_secrets_are_in_no_text_no_frame_and_no_journal(client: Any, world: Any) -> None:
    plan = runbooks.set_variables(client, "storefront", "staging", {"TOKEN": SECRET, "LOG_LEVEL": SECRET + "2"})
    said: list[str] = []
    receipt = plan.apply(confirm=plan.digest, reason="rotated", status=said.append)
    undo = receipt.undo()
    texts = [repr(plan), plan._repr_html_(), plan.frame().to_string(), repr(receipt), receipt.frame().to_string()]
    texts += [repr(undo), receipt.journal.read_text(), Journal(receipt.journal).frame().to_string(), repr(plan.inputs)]
    texts += [*said, str(vars(plan)), repr(plan.arguments)]
    assert not any(SECRET in text for text in texts)
    assert client.environments.reveal_variables("storefront", "staging")["TOKEN"] == SECRET


def test_variables_are_merged_and_an_absent_one_is_taken_away(client: Any) -> None:
    before = client.environments.reveal_variables("storefront", "staging").to_dict()
    plan = runbooks.set_variables(client, "storefront", "staging", {"NEW": "1", "LOG_LEVEL": None}, redeploy=False)
    plan.apply(confirm=plan.digest, reason="why")
    after = client.environments.reveal_variables("storefront", "staging").to_dict()
    assert after == {**{k: v for k, v in before.items() if k != "LOG_LEVEL"}, "NEW": "1"}
    assert runbooks.set_variables(client, "storefront", "staging", {"NEW": "1"}).steps == []


def test_a_failed_build_ends_the_wait_at_once_with_its_log(client: Any, world: Any) -> None:
    began = world.now
    plan = runbooks.retry_failed(client, "storefront", 11)
    with pytest.raises(StepFailed, match="ended as build_error") as failed:
        plan.apply(confirm=plan.confirmation, reason="why")
    assert (world.now - began).total_seconds() < 600
    assert len(failed.value.log)
    assert failed.value.log["text"].iloc[-1] in str(failed.value)
    assert failed.value.hint
    assert Journal(failed.value.journal).over


def test_a_step_that_fails_says_what_was_done_and_how_to_undo_it(client: Any, world: Any) -> None:
    plan = runbooks.rollback(client, "orders-api", "production")
    assert [step.operation for step in plan.steps] == [
        "UpdateProjectEnvironment",
        "WakeupDeployment",
        "AssignDeploymentToProjectEnvironment",
    ]
    with (
        world.faults(what="error", status=503, operations=["AssignDeploymentToProjectEnvironment"]),
        pytest.raises(StepFailed) as failed,
    ):
        plan.apply(confirm=plan.digest, reason="why")
    assert failed.value.done["step"].tolist() == [1, 2]
    assert failed.value.not_done["step"].tolist() == [3]
    undo = failed.value.undo
    assert [step.operation for step in undo.steps] == ["UpdateProjectEnvironment"]
    assert undo.apply(confirm=undo.digest, reason="back").finished
    assert client.environments.get("orders-api", "production")["is_auto_promote_enabled"]


@pytest.mark.parametrize("what", ["drop-after", "cut"])
def test_a_lost_answer_is_settled_by_reading_in_the_same_run(client: Any, world: Any, tools: Any, what: str) -> None:
    plan = runbooks.deploy(client, "edge-gateway", image="nginx:1.27")
    with world.faults(what=what, operations=["CreateDeployment"], count=1):
        receipt = tools.apply(plan)
    assert receipt.finished
    assert "settled by reading" in receipt.warnings[0]
    assert client.deployments.get("edge-gateway", receipt.created[1])["source_image"] == "nginx:1.27"
    assert len(client.deployments.list("edge-gateway")) == 4


def test_a_write_that_never_came_is_not_written_again(client: Any, world: Any, tools: Any) -> None:
    transport = tools.Between(world.transport())
    far = tools.client_of(world, transport)
    plan = runbooks.deploy(far, "edge-gateway", image="nginx:1.27")
    with world.faults(what="drop-before", operations=["CreateDeployment"]), pytest.raises(plans.Unsettled) as lost:
        tools.apply(plan)
    assert len(transport.writes) == 1
    assert len(client.deployments.list("edge-gateway")) == 3
    assert plans.resume(lost.value.journal, far).finished
    assert len(client.deployments.list("edge-gateway")) == 4


def test_an_interrupt_leaves_a_run_that_is_taken_up(client: Any, world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = runbooks.rollback(client, "orders-api", "production")
    real = world.clock.sleep

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(world.clock, "sleep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        plan.apply(confirm=plan.digest, reason="why")
    monkeypatch.setattr(world.clock, "sleep", real)
    again = runbooks.rollback(client, "orders-api", "production")
    receipt = again.apply(confirm=plan.digest)
    assert receipt.finished
    assert Journal(receipt.journal).frame()["event"].tolist().count("started") == 3


def test_a_push_after_a_rollback_does_not_bring_the_bad_version_back(client: Any, world: Any) -> None:
    plan = runbooks.rollback(client, "orders-api", "production")
    plan.apply(confirm=plan.digest, reason="v4 fails")
    live = client.environments.get("orders-api", "production")["project_deployment_id"]
    source = {"directories": ["apps/orders", "apps/recommendations"]}
    version = world.push("orders-api", "main", message="The bad one again", source=source)
    world.advance("40min")
    assert client.deployments.get("orders-api", version)["status"] == "deployed"
    assert client.environments.get("orders-api", "production")["project_deployment_id"] == live
    release = plan.follow_up("release")
    release.apply(confirm=release.confirmation, reason="fixed")
    assert client.environments.get("orders-api", "production")["is_auto_promote_enabled"]


def test_a_wait_that_is_too_long_can_be_taken_up(client: Any) -> None:
    plan = runbooks.retry_failed(client, "storefront", 13)
    with pytest.raises(plans.TakesTooLong) as late:
        plan.apply(confirm=plan.confirmation, reason="why", timeout=20)
    receipt = plans.resume(late.value.journal, client)
    assert receipt.finished
    assert list(receipt.created) == [1]


def test_without_waiting_the_last_step_is_only_written(client: Any, world: Any) -> None:
    plan = runbooks.scale(client, "storefront", "production", replicas=2)
    began = world.now
    receipt = plan.apply(confirm=plan.digest, reason="why", wait=False)
    assert world.now == began
    assert receipt.frame()["outcome"].tolist() == ["written"]


def test_undo_says_what_else_has_changed(client: Any, world: Any, tools: Any) -> None:
    plan = runbooks.rollback(client, "storefront", "production")
    receipt = plan.apply(confirm=plan.digest, reason="why")
    tools.client_of(world).environments.assign_deployment("storefront", "production", 10)
    assert any("was changed since" in one for one in receipt.undo().warnings)


def test_frames_have_their_columns_and_types_when_empty(client: Any) -> None:
    plan = runbooks.wake(client, "storefront")
    assert plan.steps == []
    full = runbooks.rollback(client, "storefront", "production")
    assert plan.frame().dtypes.to_dict() == full.frame().dtypes.to_dict()
    assert plan.blast_radius.dtypes.to_dict() == full.blast_radius.dtypes.to_dict()
    assert "nothing to do" in repr(plan)
    assert plan.apply().finished


@pytest.mark.parametrize("timeout", [0, "0s", -1, float("nan"), float("inf"), "soon", "15", True, pd.Timedelta(0)])
def test_a_timeout_is_a_duration_of_more_than_nothing(client: Any, timeout: Any) -> None:
    plan = runbooks.wake(client, "chat-bot")
    with pytest.raises(InvalidInput, match="timeout"):
        plan.apply(timeout=timeout)
    assert plan.applied is None


@pytest.mark.parametrize("timeout", [20, "20s", "0.5min", pd.Timedelta("20s"), timedelta(seconds=20)])
def test_a_timeout_is_any_duration(client: Any, timeout: DurationLike) -> None:
    """For a run and for the one that goes on with it."""
    plan = runbooks.retry_failed(client, "storefront", 13)
    with pytest.raises(plans.TakesTooLong, match=f"not done after {parse_duration(timeout):.0f} s") as late:
        plan.apply(confirm=plan.confirmation, reason="why", timeout=timeout)
    with pytest.raises(plans.TakesTooLong, match="not done after 2 s"):
        plans.resume(late.value.journal, client, timeout="2s")
    assert plans.resume(late.value.journal, client, timeout="15min").finished


def test_a_world_that_moves_after_the_last_check_stops_it_before_the_first_write(
    client: Any, world: Any, tools: Any
) -> None:
    """Also where the first step does not touch what has moved: a later one rests on it."""
    transport = tools.Between(world.transport())
    far = tools.client_of(world, transport)
    plan = runbooks.rollback(far, "orders-api", "production")
    sent = len(transport.sent)
    plan.apply(dry_run=True)
    checks = len(transport.sent) - sent
    sent = len(transport.sent)

    def before(number: int, request: Any) -> None:
        if number == sent + checks:
            client.environments.assign_deployment("orders-api", "production", 5)

    transport.before = before
    with pytest.raises(StalePlanError, match="live deployment was v4, is v5"):
        plan.apply(confirm=plan.digest, reason="why")
    assert transport.writes == []


def test_a_world_that_moves_during_a_step_stops_it_before_the_next(client: Any) -> None:
    plan = runbooks.rollback(client, "orders-api", "production")

    def event(one: plans.Event) -> None:
        if one.phase == "done" and one.step == 1:
            client.environments.assign_deployment("orders-api", "production", 5)

    with pytest.raises(StepFailed, match="live deployment was v4, is v5") as failed:
        plan.apply(confirm=plan.digest, reason="why", on_event=event)
    assert failed.value.done["step"].tolist() == [1]
    assert [step.what for step in failed.value.undo.steps] == ["release auto-promotion of production"]


def test_an_error_does_not_hand_out_the_name_that_it_asks_to_be_typed(client: Any) -> None:
    plan = runbooks.delete(client, "orders-api", missing_ok=True)
    assert plan.irreversible
    for given in (None, "something-else", plan.digest):
        with pytest.raises(ConfirmationNeeded) as asked:
            plan.apply(confirm=given, reason="why")
        assert "orders-api" not in f"{asked.value!r} {asked.value.args} {vars(asked.value)}"
    assert "type the name: orders-api" in repr(plan)
