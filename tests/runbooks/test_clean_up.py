"""A clean-up deletes what nobody needs: what serves, what a rollback would take and the newest good ones stay."""

from __future__ import annotations

from typing import Any

import pytest

import createos_nb
from createos_nb import plans, runbooks
from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.plans import ConfirmationNeeded, ReasonNeeded, StalePlanError
from tests.plans.worlds import Between, client_of

WORLDS = ["storefront", "auto-promote-trap", "bad-release", "sleepy", "crash-loop", "build-broken", "oom", "slow-leak"]


def applied(plan: plans.Plan) -> plans.Receipt:
    return plan.apply(confirm=plan.confirmation, reason="a test")


def because(plan: plans.Plan) -> dict[int, str]:
    return dict(zip(plan.candidates["version"].tolist(), plan.candidates["because"].tolist(), strict=True))


def actions(plan: plans.Plan, action: str) -> list[int]:
    return plan.candidates.loc[plan.candidates["action"] == action, "version"].tolist()


def versions(client: Any, project: str = "storefront") -> list[int]:
    return client.deployments.list(project)["version_number"].tolist()


def choices(client: Any, project: str) -> dict[str, int | None]:
    """What a rollback of each environment would take."""
    found: dict[str, int | None] = {}
    for environment in client.environments.list(project)["unique_name"]:
        try:
            plan = runbooks.rollback(client, project, environment, diagnosis=False)
        except InvalidInput:
            found[environment] = None
        else:
            found[environment] = int(plan.candidates.loc[plan.candidates["eligible"], "version"].iloc[0])
    return found


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.grid(2)
def test_a_rollback_takes_the_same_after_a_clean_up_as_before(world: str) -> None:
    client = createos_nb.simulate(world)
    active = client.projects.list(status="active")["unique_name"].tolist()
    deleted = 0
    for project in active:
        live = client.environments.list(project)["project_deployment_id"].dropna().tolist()
        before = choices(client, project)
        plan = runbooks.clean_up(client, project, keep=0)
        applied(plan)
        deleted += len(plan.steps)
        assert choices(client, project) == before, project
        assert set(live) <= set(client.deployments.list(project)["id"])
        assert runbooks.clean_up(client, project, keep=0).steps == []
    assert deleted > 0 or world in ("crash-loop", "build-broken", "sleepy", "oom", "slow-leak")


def test_what_a_rollback_tells_traffic_apart_by_stays() -> None:
    """The versions between were not healthy: with them gone, their errors would be counted as those of the choice."""
    client = createos_nb.simulate("bad-release")
    client.world.push("storefront", "main", message="Another fix")
    client.world.advance("30min")
    client.environments.assign_deployment("storefront", "production", 5)
    client.world.advance("10min")
    before = choices(client, "storefront")
    plan = runbooks.clean_up(client, "storefront", keep=0)
    assert before["production"] == 3
    assert "tells the traffic of v3 by it" in because(plan)[4]
    applied(plan)
    assert choices(client, "storefront") == before


def test_each_deployment_has_its_reason(client: Any) -> None:
    plan = runbooks.clean_up(client, "storefront", keep=3)
    reasons = because(plan)
    assert len(reasons) == 18
    assert reasons[18] == "it is being built"
    assert reasons[17] == "live in production"
    assert reasons[15] == "one of the 3 newest good ones"
    assert reasons[13] == "cancelled before it was built"
    assert reasons[11] == "failed: its build failed"
    assert reasons[10] == "unrouted: it runs, live nowhere, and not among the 3 newest good ones"
    assert reasons[9] == "a rollback of development would take it"
    assert reasons[5] == "asleep, live nowhere, and not among the 3 newest good ones"
    assert actions(plan, "delete") == [13, 11, 10, 8, 5, 4, 3, 1]
    assert actions(plan, "cancel") == []
    for version in actions(plan, "keep"):
        assert reasons[version] in repr(plan)
    for step in plan.steps:
        assert step.why == reasons[int(step.target.deployment_name[1:])]


def test_the_newest_good_ones_and_those_that_are_spared_stay(client: Any) -> None:
    assert 10 in actions(runbooks.clean_up(client, "storefront", keep=5), "delete")
    assert 10 not in actions(runbooks.clean_up(client, "storefront", keep=8), "delete")
    plan = runbooks.clean_up(client, "storefront", keep=0, spare=["v10", 4])
    assert {10, 4}.isdisjoint(actions(plan, "delete"))
    assert because(plan)[10] == "spared: asked for"
    assert runbooks.clean_up(client, "storefront", keep=100).frame()["what"].tolist() == [
        "delete deployment v8",
        "delete deployment v11",
        "delete deployment v13",
    ]


def test_the_newest_failure_stays_for_its_log_until_something_newer_is_there() -> None:
    client = createos_nb.simulate("build-broken")
    found = False
    for project in client.projects.list(status="active")["unique_name"]:
        rows = client.deployments.list(project)
        if rows["status"].iloc[0] != "build_error":
            continue
        found = True
        plan = runbooks.clean_up(client, project, keep=0)
        assert "its log says what fails" in because(plan)[int(rows["version_number"].iloc[0])]
    assert found


def test_a_build_that_a_newer_one_has_overtaken_is_cancelled(client: Any) -> None:
    for message in ("First", "Second"):
        client.world.push("orders-api", "develop", message=message)
    plan = runbooks.clean_up(client, "orders-api")
    assert actions(plan, "cancel") == [6]
    assert because(plan)[6] == "overtaken: v7 of develop is newer"
    assert because(plan)[7] == "it is being built"
    receipt = applied(plan)
    assert client.deployments.get("orders-api", 6)["status"] == "cancelled"
    assert any("v6 stays cancelled" in text for text in receipt.undo().warnings)


def test_it_takes_the_name_of_the_project_and_a_reason_and_says_that_there_is_no_undo(client: Any) -> None:
    plan = runbooks.clean_up(client, "storefront")
    assert plan.irreversible
    assert plan.confirmation == "storefront"
    assert any("there is no undo" in text for text in plan.warnings)
    assert not plan.frame()["reversible"].any()
    for wrong in (None, plan.digest, "v1"):
        with pytest.raises(ConfirmationNeeded):
            plan.apply(confirm=wrong, reason="tidy")
    with pytest.raises(ReasonNeeded):
        plan.apply(confirm="storefront")
    gone = set(actions(plan, "delete"))
    receipt = plan.apply(confirm="storefront", reason="tidy")
    assert gone.isdisjoint(versions(client))
    assert set(versions(client)) == set(actions(plan, "keep"))
    undo = receipt.undo()
    assert undo.steps == []
    assert sum("can't be restored" in text for text in undo.warnings) == len(gone)


def stale(client: Any, change: Any, match: str) -> None:
    """The change comes right before the third deletion: nothing more is deleted."""
    transport = Between(client.world.transport())
    plan = runbooks.clean_up(client_of(client.world, transport), "storefront", keep=5)
    gone = actions(plan, "delete")[::-1]
    deletions: list[int] = []

    def before(number: int, request: Any) -> None:
        if request.method == "DELETE":
            deletions.append(number)
        if len(deletions) == 2 and request.method == "GET" and not before_done:
            before_done.append(True)
            change(client)

    before_done: list[bool] = []
    transport.before = before
    with pytest.raises((StalePlanError, plans.StepFailed), match=match) as error:
        applied(plan)
    assert before_done
    client.world.advance("1min")
    assert len(deletions) == 2
    assert set(gone[:2]).isdisjoint(versions(client))
    assert set(gone[2:]) <= set(versions(client))
    assert error.value is not None


def test_what_has_become_live_meanwhile_is_not_deleted(client: Any) -> None:
    stale(
        client,
        lambda c: c.environments.assign_deployment("storefront", "staging", 10),
        "live deployment of staging was v14, is v10",
    )


def test_what_was_woken_meanwhile_is_not_deleted(client: Any) -> None:
    stale(client, lambda c: c.deployments.wakeup("storefront", 5), "status")


def test_once_one_that_was_to_stay_is_gone_nothing_more_is_deleted(client: Any) -> None:
    stale(client, lambda c: c.deployments.delete("storefront", 9), "good ones that stay")


def test_what_has_fallen_asleep_meanwhile_is_no_obstacle(client: Any) -> None:
    plan = runbooks.clean_up(client, "storefront", keep=5)
    assert 10 in actions(plan, "delete")
    project = next(one for one in client.world.state.projects.values() if one.name == "storefront")
    row = next(one for one in client.world.deployments(project).values() if one.version == 10)
    row.status = "sleeping"
    client.world.touch(row)
    applied(plan)
    assert 10 not in versions(client)


def test_what_somebody_else_has_deleted_meanwhile_is_no_obstacle(client: Any) -> None:
    plan = runbooks.clean_up(client, "storefront", keep=5)
    client.deployments.delete("storefront", 10)
    receipt = applied(plan)
    assert receipt.finished
    assert receipt.frame().set_index("what").loc["delete deployment v10", "outcome"] == "already so"


def test_what_is_live_can_not_be_read_so_nothing_goes(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("createos_nb.plans.snapshot.Snapshot.unread", lambda *_: ["projectDeploymentId"])
    plan = runbooks.clean_up(client, "storefront", keep=0)
    assert plan.steps == []
    assert "can't be read" in because(plan)[1]


def test_traffic_is_read_only_where_something_is_at_stake(client: Any) -> None:
    transport = Between(client.world.transport())
    runbooks.clean_up(client_of(client.world, transport), "storefront", keep=100)
    assert not [path for _, path in transport.sent if "analytics" in path]


def test_the_last_step_waits_for_all_and_no_other_one(client: Any) -> None:
    plan = runbooks.clean_up(client, "storefront", keep=5)
    begun = client.now
    applied(plan)
    # one deletion takes 15 seconds in this world, and eight are made
    assert 15 <= (client.now - begun).total_seconds() < 45
    assert client.deployments.list("storefront")["status"].tolist().count("terminating") == 0


def test_a_project_without_deployments_and_wrong_arguments(client: Any) -> None:
    made = client.projects.create(unique_name="gift-cards", display_name="Cards", type="image", settings={"port": 80})
    plan = runbooks.clean_up(client, made["id"])
    assert plan.title == "clean up gift-cards: every deployment is needed"
    assert plan.candidates.empty
    for wrong in (-1, 1.5, True, "3"):
        with pytest.raises(InvalidInput, match="keep"):
            runbooks.clean_up(client, "storefront", keep=wrong)  # type: ignore[arg-type]
    with pytest.raises(UnknownName):
        runbooks.clean_up(client, "storefront", spare=[99])
