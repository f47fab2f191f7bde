"""What a rollback goes back to, and why."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from createos_nb import runbooks
from createos_nb.errors import InvalidInput, UnknownName


def test_it_goes_back_to_the_newest_older_one_of_the_branch(client: Any) -> None:
    plan = runbooks.rollback(client, "storefront", "production")
    assert "from v17 to v15" in plan.title
    assert plan.candidates.loc[plan.candidates["eligible"], "version"].tolist() == [15, 10, 5, 1]
    assert plan.candidates.loc[plan.candidates["version"] == 16, "why_not"].item().startswith("it is of branch develop")
    assert plan.candidates.loc[plan.candidates["version"] == 13, "why_not"].item() == "it is cancelled"


def test_one_that_was_sick_is_passed_over(client: Any) -> None:
    """v17 fails while it serves; once v19 has taken its place, the way back leads past v17."""
    world = client.world
    world.set_behavior("storefront", 17, errors=[{"status": 500, "share": 0.2}])
    world.advance("3h")
    version = world.push("storefront", "main", message="A fix")
    world.advance("20min")
    runbooks_plan = runbooks.assign(client, "storefront", version, "production")
    runbooks_plan.apply(confirm=runbooks_plan.digest, reason="a fix")
    plan = runbooks.rollback(client, "storefront", "production")
    sick = plan.candidates.set_index("version").loc[17]
    assert not sick["eligible"]
    assert sick["why_not"].startswith("it was not healthy")
    assert sick["server_error_percentage"] > 2
    assert f"from v{version} to v15" in plan.title


def test_one_that_sleeps_is_woken_first_and_serves(client: Any) -> None:
    plan = runbooks.rollback(client, "storefront", "production", to=5)
    assert [step.operation for step in plan.steps] == ["WakeupDeployment", "AssignDeploymentToProjectEnvironment"]
    plan.apply(confirm=plan.digest, reason="far back")
    live = client.environments.get("storefront", "production")["project_deployment_id"]
    assert client.deployments.get("storefront", live)[["version_number", "status"]].tolist() == [5, "deployed"]


def test_what_is_live_already_is_left_and_it_says_so(client: Any) -> None:
    """So a notebook can be run again, after its kernel was killed behind the write."""
    plan = runbooks.rollback(client, "storefront", "production", to=17)
    assert plan.title == "leave storefront / production on v17, which is live already"
    assert plan.steps == []
    assert any("v17 is live in storefront / production already" in text for text in plan.warnings)
    assert any("to=15" in text for text in plan.warnings)


def test_what_is_live_already_is_held_all_the_same(client: Any) -> None:
    held = runbooks.rollback(client, "orders-api", "production", to=live_version(client, "orders-api"))
    assert [step.operation for step in held.steps] == ["UpdateProjectEnvironment"]


def live_version(client: Any, project: str) -> int:
    live = client.environments.get(project, "production")["project_deployment_id"]
    return int(client.deployments.get(project, live)["version_number"])


def test_of_an_image_project_any_older_one_will_do(client: Any) -> None:
    plan = runbooks.rollback(client, "edge-gateway", "production")
    assert "from v3 to v2" in plan.title
    assert plan.candidates["evidence"].tolist() == ["inferred", "inferred"]


def test_a_snapshot_is_evidence(client: Any) -> None:
    before = client.environments.list("edge-gateway")
    snapshot = before.assign(project_deployment_id=client.deployments.get("edge-gateway", 1)["id"])
    candidates = runbooks.rollback(client, "edge-gateway", "production", snapshot=snapshot).candidates
    assert candidates.set_index("version")["evidence"].to_dict() == {2: "inferred", 1: "snapshot"}


def test_variables_are_not_rolled_back_and_it_says_so(client: Any) -> None:
    plan = runbooks.rollback(client, "storefront", "production")
    assert any("variables are not rolled back" in one for one in plan.warnings)


def test_without_holding_it_warns_of_the_next_push(client: Any) -> None:
    plan = runbooks.rollback(client, "orders-api", "production", hold=False)
    assert any("the next push to main undoes the rollback" in one for one in plan.warnings)
    with pytest.raises(KeyError):
        plan.follow_up("release")


def test_where_nothing_can_be_gone_back_to_it_says_why(client: Any) -> None:
    with pytest.raises(InvalidInput, match="no older deployment"):
        runbooks.rollback(client, "chat-bot", "production")
    with pytest.raises(InvalidInput, match="cancelled"):
        runbooks.rollback(client, "storefront", "production", to=13)
    with pytest.raises(UnknownName):
        runbooks.rollback(client, "storefront", "production", to=99)
    with pytest.raises(InvalidInput, match="suspended"):
        runbooks.rollback(client, "winter-sale", "production")


def test_candidates_keep_their_columns_and_types_when_there_are_none(client: Any) -> None:
    from createos_nb.plans.snapshot import Snapshot
    from createos_nb.runbooks.candidates import candidates_of

    present = Snapshot(client)
    project = present.find_project("storefront")
    place = present.find_environment(project, "production")
    first = present.find_deployment(project, 1)
    none = candidates_of(present, project, place, first)
    some = runbooks.rollback(client, "storefront", "production").candidates
    assert len(none) == 0
    assert isinstance(none, pd.DataFrame)
    assert none.dtypes.to_dict() == some.dtypes.to_dict()
