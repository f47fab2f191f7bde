"""What a plan needs is read before it starts, and what is not so says what to do."""

from __future__ import annotations

from typing import Any

import pytest

from createos_nb import runbooks
from createos_nb.plans import PreconditionFailed

WHOLESALE = "wholesale.juniper-goods.example.com"
DEPLOY = [
    lambda c: runbooks.deploy(c, "storefront", branch="main"),
    lambda c: runbooks.retry_failed(c, "storefront", 13),
    lambda c: runbooks.set_variables(c, "storefront", "staging", {"A": "1"}),
    lambda c: runbooks.blue_green(c, "storefront", WHOLESALE, branch="main"),
    lambda c: runbooks.canary(c, "storefront", "production", branch="main"),
]


def states(plan: Any) -> dict[str, str]:
    return dict(zip(plan.preconditions["precondition"], plan.preconditions["state"], strict=True))


def details(plan: Any) -> str:
    return " ".join(plan.preconditions["detail"])


@pytest.mark.parametrize("make", DEPLOY)
def test_a_build_needs_github_and_the_repository(client: Any, make: Any) -> None:
    plan = make(client)
    assert states(plan)["the project's GitHub account is connected"] == "holds"
    assert states(plan)["its repository is granted"] == "holds"
    account = next(one for one in client.world.state.github if one.installation == 51830274)
    granted, account.repositories = account.repositories, []
    plan = make(client)
    assert states(plan)["its repository is granted"] == "fails"
    assert "grant it in GitHub's settings" in details(plan)
    account.repositories, account.user = granted, ""
    plan = make(client)
    assert states(plan)["the project's GitHub account is connected"] == "fails"
    with pytest.raises(PreconditionFailed, match="connect_github connects it"):
        plan.apply(confirm=plan.confirmation, reason="why")


def test_where_github_can_not_be_asked_it_is_unknown_and_stops_nothing(client: Any) -> None:
    with client.world.faults(what="error", status=403, operations=["ListConnectedGithubAccounts"]):
        plan = runbooks.retry_failed(client, "storefront", 13)
        assert states(plan)["the project's GitHub account is connected"] == "unknown"
        assert plan.apply(confirm=plan.confirmation, reason="why").finished


@pytest.mark.parametrize("make", [lambda c: runbooks.deploy(c, "edge-gateway", image="nginx:1.27")])
def test_an_image_needs_no_github(client: Any, make: Any) -> None:
    assert not any("GitHub" in one for one in states(make(client)))


def test_a_branch_that_is_not_there_lists_those_that_are(client: Any) -> None:
    plan = runbooks.deploy(client, "storefront", branch="mian")
    assert states(plan)["branch mian is there"] == "fails"
    assert "develop, feature/gift-cards" in details(plan)


def test_the_name_of_a_side_that_is_made_is_free_and_its_quota_is_not_told(client: Any) -> None:
    plan = runbooks.canary(client, "storefront", "production", version=15)
    assert states(plan)["the name canary is free"] == "holds"
    assert states(plan)["the project may have another environment"] == "unknown"
    client.environments.create(
        "storefront",
        unique_name="canary",
        display_name="Canary",
        description="Another one",
        resources={"cpu": 200, "memory": 500, "replicas": 1},
        settings={"run_envs": {}},
        branch="main",
    )
    checked = plan.check().set_index("precondition")
    assert checked.loc["the name canary is free", "state"] == "fails"


def auto_promotion(client: Any, **on: bool) -> None:
    """Auto-promotion of the two environments, which follow one branch."""
    for name, promotes in on.items():
        row = client.environments.get("storefront", name)
        client.environments.update(
            "storefront",
            name,
            display_name=row["display_name"],
            description=row["description"],
            branch="release",
            is_auto_promote_enabled=promotes,
        )
    client.world.advance("2min")


def test_a_push_that_would_move_both_sides_is_held_first(client: Any) -> None:
    auto_promotion(client, blue=True, green=True)
    plan = runbooks.blue_green(client, "storefront", WHOLESALE, version=12)
    assert [step.operation for step in plan.steps[:2]] == ["UpdateProjectEnvironment"] * 2
    assert states(plan)["no push changes green or blue meanwhile"] == "holds"
    plan.steps = plan.steps[2:]
    assert plan.check().set_index("precondition").loc["no push changes green or blue meanwhile", "state"] == "fails"


def test_a_side_that_is_released_after_the_plan_was_made_stops_it(client: Any) -> None:
    auto_promotion(client, blue=False, green=False)
    plan = runbooks.blue_green(client, "storefront", WHOLESALE, version=12)
    auto_promotion(client, green=True)
    with pytest.raises(PreconditionFailed, match="green promote what is pushed to release"):
        plan.apply(confirm=plan.digest, reason="why")


def test_a_canary_that_promotes_by_itself_is_held_too(client: Any) -> None:
    plan = runbooks.canary(client, "storefront", "production", version=15, side="staging")
    assert plan.steps[0].what == "hold auto-promotion of staging"
    assert states(plan)["no push changes staging or production meanwhile"] == "holds"


def test_a_switch_between_two_sides_that_a_push_moves_together_says_so(client: Any) -> None:
    auto_promotion(client, blue=True, green=True)
    plan = runbooks.route_domain(client, "storefront", WHOLESALE, "green")
    assert any("the next push changes both" in one for one in plan.warnings)
    auto_promotion(client, green=False)
    assert runbooks.route_domain(client, "storefront", WHOLESALE, "green").warnings == []


def test_a_domain_that_was_given_up_is_not_routed(client: Any) -> None:
    plan = runbooks.route_domain(client, "storefront", "juniper-gifts.example.org", "green")
    assert states(plan)["domain juniper-gifts.example.org can be verified"] == "fails"
    with pytest.raises(PreconditionFailed, match="add it again"):
        plan.apply(confirm=plan.confirmation, reason="why")
