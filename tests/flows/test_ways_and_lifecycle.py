"""The documentation's flows: the three ways to deploy, the lifecycle of a deployment, and GitHub."""

from __future__ import annotations

from typing import Any

import pytest

import createos_nb
from createos_nb import plans, runbooks
from createos_nb.errors import InvalidInput, RequestRefused
from createos_nb.plans import Event
from tests.flows.acting import applied, live, status_of

PAGE = {"index.html": "<h1>Gift cards"}


# --- three ways -------------------------------------------------------------------------------------------------------


def test_three_ways_vcs_each_push_is_deployed() -> None:
    """From an account without GitHub to a repository whose pushes are live by themselves."""
    client = createos_nb.simulate("empty")
    code = client.world.github_code("juniper-goods")
    applied(runbooks.connect_github(client, f"https://example.com/?code={code}&installation_id=51830274"))
    applied(runbooks.launch(client, "greeter", repository="juniper-goods/greeter@main"))
    assert status_of(client, "greeter") == 200
    applied(runbooks.release(client, "greeter", "production"))
    first = live(client, "greeter")["version_number"]
    client.world.push("greeter", "main", message="Greet better")
    client.world.advance("20min")
    assert live(client, "greeter")["version_number"] == first + 1
    assert status_of(client, "greeter") == 200


def test_three_ways_vcs_build_variables_are_for_the_build_and_run_variables_for_the_run(client: Any) -> None:
    plan = runbooks.launch(
        client,
        "gift-cards",
        repository="juniper-goods/storefront",
        settings={"build_vars": {"NPM_TOKEN": "of the build"}},
        variables={"LOG_LEVEL": "of the run"},
    )
    applied(plan)
    assert list(client.projects.get("gift-cards")["build_vars"]) == ["NPM_TOKEN"]
    assert client.environments.reveal_variables("gift-cards", "production").to_dict() == {"LOG_LEVEL": "of the run"}


def test_three_ways_image_has_no_build_and_its_tag_is_the_version(client: Any) -> None:
    applied(runbooks.launch(client, "gift-cards", image="nginx:1.26", settings={"port": 80}))
    with pytest.raises(RequestRefused):
        client.deployments.build_logs("gift-cards", 1)
    applied(runbooks.deploy(client, "gift-cards", image="nginx:1.27", environment="production"))
    assert live(client, "gift-cards")["source_image"] == "nginx:1.27"
    assert status_of(client, "gift-cards") == 200


def test_three_ways_upload_answers_before_any_environment_exists(client: Any) -> None:
    """A runtime and a port are enough."""
    client.projects.create(
        unique_name="gift-cards", display_name="Gift cards", type="upload", settings={"runtime": "static", "port": 80}
    )
    made = client.deployments.upload("gift-cards", PAGE)
    client.world.advance("5min")
    assert client.environments.list("gift-cards").empty
    answer = client.probe(client.deployments.get("gift-cards", made["id"])["endpoint"])
    assert (answer["status"], answer["text"]) == (200, PAGE["index.html"])


def test_three_ways_upload_of_more_than_a_hundred_files(client: Any) -> None:
    files = PAGE | {f"pages/{number:03}.html": "<p>" for number in range(150)}
    applied(runbooks.launch(client, "gift-cards", source=files, paths=["/", "/pages/149.html"]))
    assert status_of(client, "gift-cards", path="/pages/149.html") == 200


# --- lifecycle --------------------------------------------------------------------------------------------------------


def test_lifecycle_a_deployment_is_queued_built_deployed_and_assigned(client: Any) -> None:
    seen: list[str] = []

    def hear(event: Event) -> None:
        seen.extend(word for word in ("queue", "building", "deploying", "deployed") if event.text.endswith(f" {word}"))

    client.world.push("storefront", "feature/gift-cards", message="Cards")  # a branch whose pushes deploy nothing
    plan = runbooks.deploy(client, "storefront", branch="feature/gift-cards", environment="staging")
    plan.apply(confirm=plan.confirmation, reason="a flow", on_event=hear)
    assert [word for word in dict.fromkeys(seen) if word != "deployed"] == ["queue", "building", "deploying"]
    assert live(client, "storefront", "staging")["state"] == "deployed"


def test_lifecycle_cancel_while_it_is_built_and_not_afterwards(client: Any) -> None:
    made = client.deployments.list("storefront").iloc[0]["id"]
    assert client.deployments.get("storefront", made)["status"] == "building"
    client.deployments.cancel("storefront", made)
    client.world.advance("1min")
    assert client.deployments.get("storefront", made)["status"] == "cancelled"
    with pytest.raises(RequestRefused):
        client.deployments.cancel("storefront", 17)


def test_lifecycle_what_has_failed_has_a_log_and_is_retried_once_its_cause_is_gone() -> None:
    client = createos_nb.simulate("private-package")
    failed = client.deployments.get("storefront", 3)
    assert failed["state"] == "failed"
    assert not client.deployments.build_logs("storefront", 3).empty
    again = runbooks.retry_failed(client, "storefront", 3)
    with pytest.raises(plans.StepFailed) as caught:
        again.apply(confirm=again.confirmation, reason="a flow of the documentation")
    assert not caught.value.log.empty
    applied(runbooks.settings(client, "storefront", build_vars={"NPM_TOKEN": "npm_0123456789"}))
    receipt = applied(runbooks.retry_failed(client, "storefront", 3))
    made = client.deployments.get("storefront", receipt.created[1])
    assert (made["state"], made["source_commit"]) == ("deployed", failed["source_commit"])


def test_lifecycle_what_sleeps_answers_503_until_it_is_woken() -> None:
    client = createos_nb.simulate("sleepy")
    assert live(client, "reports")["state"] == "sleeping"
    assert status_of(client, "reports") == 503
    applied(runbooks.wake(client, "reports", environment="production"))
    assert status_of(client, "reports") == 200


# --- GitHub -----------------------------------------------------------------------------------------------------------


def test_github_from_the_browser_to_a_folder_of_a_monorepo(client: Any) -> None:
    """Accounts, repositories, branches, the file tree, and a project of one folder."""
    code = client.world.github_code("juniper-labs")
    applied(runbooks.connect_github(client, f"https://example.com/?code={code}&installation_id=51902266"))
    accounts = client.github.accounts().set_index("username")["installation_id"]
    assert "juniper-labs" in accounts
    installation = accounts["juniper-goods"]
    assert "juniper-goods/services" in client.github.repositories(installation)["full_name"].tolist()
    assert "develop" in client.github.branches(installation, repository="juniper-goods/services")["name"].tolist()
    tree = client.github.content(installation, repository="juniper-goods/services", branch="develop")
    assert "apps/mailer" in tree.loc[tree["type"] == "tree", "path"].tolist()
    plan = runbooks.launch(
        client,
        "gift-mailer",
        repository="juniper-goods/services@develop",
        settings={"directory_path": "apps/mailer"},
    )
    applied(plan)
    assert client.projects.get("gift-mailer")["settings_directory_path"] == "apps/mailer"
    assert status_of(client, "gift-mailer") == 200


def test_github_pushes_to_an_ignored_branch_deploy_nothing(client: Any) -> None:
    before = len(client.deployments.list("orders-api"))
    client.world.push("orders-api", "develop", message="One")
    client.world.advance("20min")
    assert len(client.deployments.list("orders-api")) == before + 1
    applied(runbooks.settings(client, "orders-api", ignore_branches=["develop"]))
    client.world.push("orders-api", "develop", message="Two")
    client.world.advance("20min")
    assert len(client.deployments.list("orders-api")) == before + 1


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["abc", "a" * 33, "gift_cards", "gift cards", "gift.cards"])
def test_names_beyond_the_limits_are_refused_before_anything_is_sent(client: Any, name: str) -> None:
    sent = len(client.log())
    with pytest.raises(InvalidInput, match="unique_name"):
        runbooks.launch(client, name, source=PAGE)
    assert len(client.log()) == sent


@pytest.mark.parametrize("name", ["gift", "a" * 32, "Gift-Cards-2"])
def test_names_within_the_limits_are_taken(client: Any, name: str) -> None:
    applied(runbooks.launch(client, name, source=PAGE))
    assert client.projects.get(name)["unique_name"] == name
