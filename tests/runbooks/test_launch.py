"""From nothing to a live address: in three ways, refused before any write where it can't be, undone as a whole."""

from __future__ import annotations

from typing import Any

import pytest

import createos_nb
from createos_nb import plans, runbooks
from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.plans import Journal, PreconditionFailed
from createos_nb.simulator.world.faults import Fault
from tests.plans.worlds import Between, client_of

PAGE = {"index.html": "<p>hello"}
GIFTS = "gifts.juniper-goods.example.com"


@pytest.mark.parametrize(
    "what",
    [
        {"source": PAGE},
        {"image": "nginx:1.27", "settings": {"port": 80}},
        {"repository": "juniper-goods/storefront"},
        {"repository": "juniper-goods/services@develop", "settings": {"directory_path": "apps/mailer"}},
        {"repository": "marlow-ashdown/shop-assistant"},
    ],
    ids=["files", "image", "repository", "folder of a repository", "another account"],
)
def test_it_is_live_and_answers(client: Any, what: dict[str, Any]) -> None:
    plan = runbooks.launch(client, "gift-cards", **what)
    assert plan.problems().empty
    assert plan.confirmation is None
    receipt = plan.apply()
    assert receipt.checks.result == "PASS"
    row = client.environments.get("gift-cards", "production")
    assert row["project_deployment_id"] == receipt.created[3]
    assert client.probe(row["endpoint"])["status"] == 200
    assert receipt.verify().result == "PASS"


def test_each_setting_is_shown_with_its_reason_and_is_that_of_the_project(client: Any) -> None:
    source = {"package.json": '{"scripts": {"start": "node server.js --port 3456"}}'}
    plan = runbooks.launch(client, "gift-cards", source=source, settings={"build_dir": "out"})
    shown = plan.frame().set_index("field")["after"]
    assert shown["port"] == "3456: package.json's start script"
    assert shown["buildDir"] == "out: given"
    plan.apply()
    row = client.projects.get("gift-cards")
    assert (row["settings_port"], row["settings_build_dir"]) == (3456, "out")


def test_size_variables_and_app_are_as_given_and_no_value_is_written_down(client: Any) -> None:
    plan = runbooks.launch(
        client,
        "gift-cards",
        source=PAGE,
        settings={"build_vars": {"NPM_TOKEN": "npm-s3cret"}},
        variables={"TOKEN": "t0p-s3cret"},
        environment="preview",
        cpu=300,
        replicas=2,
        app="Shop",
    )
    receipt = plan.apply()
    row = client.environments.get("gift-cards", "preview")
    assert (row["resources_cpu"], row["resources_memory"], row["resources_replicas"]) == (300, 500, 2)
    assert client.environments.reveal_variables("gift-cards", "preview").to_dict() == {"TOKEN": "t0p-s3cret"}
    project = next(one for one in client.world.state.projects.values() if one.name == "gift-cards")
    assert project.settings["buildVars"] == {"NPM_TOKEN": "npm-s3cret"}
    assert project.app
    assert "s3cret" not in receipt.journal.read_text() + repr(plan) + repr(receipt) + plan._repr_html_()


def test_a_name_that_is_taken_and_a_full_quota_are_refused_before_any_write() -> None:
    for scenario, name, says in [("storefront", "Orders-API", "taken"), ("quota-full", "gift-cards", "quota")]:
        world = createos_nb.simulate(scenario).world
        transport = Between(world.transport())
        plan = runbooks.launch(client_of(world, transport), name, image="nginx", settings={"port": 80})
        assert says in plan.problems()["detail"].iloc[0]
        with pytest.raises(PreconditionFailed, match=says):
            plan.apply()
        assert transport.writes == []


def test_creation_rules_are_preconditions(client: Any) -> None:
    plan = runbooks.launch(
        client, "gift-cards", repository="juniper-goods/design", settings={"runtime": "static", "port": 80}
    )
    with pytest.raises(PreconditionFailed, match="static is for upload projects only"):
        plan.apply()


def test_a_github_account_that_is_not_connected_is_said() -> None:
    client = createos_nb.simulate()
    client.world.state.github.clear()
    with pytest.raises(InvalidInput, match=r"no GitHub account is connected.*connect_github"):
        runbooks.launch(client, "gift-cards", repository="juniper-goods/storefront")


def test_a_grant_that_is_gone_since_is_a_precondition_that_fails(client: Any) -> None:
    plan = runbooks.launch(client, "gift-cards", repository="juniper-goods/storefront")
    client.world.state.github[0].repositories.clear()
    with pytest.raises(PreconditionFailed, match="has not granted repository"):
        plan.apply()


@pytest.mark.parametrize(
    ("what", "error", "says"),
    [
        ({}, InvalidInput, "nothing is given to launch"),
        ({"source": PAGE, "image": "nginx"}, InvalidInput, "source and image are given"),
        ({"image": "nginx"}, InvalidInput, "does not say its port"),
        ({"image": "ngi nx", "settings": {"port": 80}}, InvalidInput, "blank"),
        ({"image": "nginx", "settings": {"prot": 80}}, InvalidInput, "did you mean port"),
        ({"image": "nginx", "settings": {"port": 0}}, InvalidInput, "settings"),
        ({"image": "nginx", "settings": [80]}, InvalidInput, "a map such as"),
        ({"image": "nginx", "settings": {"port": 80, "run_envs": {}}}, InvalidInput, "give variables="),
        ({"source": PAGE, "variables": {"A": 1}}, InvalidInput, "variables: 'A'"),
        ({"source": PAGE, "cpu": 100}, InvalidInput, "cpu"),
        ({"source": PAGE, "environment": "x"}, InvalidInput, "unique_name"),
        ({"source": PAGE, "app": "Shoes"}, UnknownName, "Shoes"),
        ({"source": PAGE, "paths": "up"}, InvalidInput, "slash"),
        ({"source": {".env": "A=1"}}, InvalidInput, "source"),
        ({"repository": "storefront"}, InvalidInput, "owner/name"),
        ({"repository": "juniper-goods/nothing"}, UnknownName, "juniper-goods/storefront"),
        ({"repository": "juniper-goods/storefront@nothing"}, UnknownName, "develop"),
        ({"repository": "juniper-goods/services"}, InvalidInput, "apps/mailer.*directory_path"),
    ],
)
def test_bad_input_gets_a_clear_error_and_nothing_is_sent(
    client: Any, what: dict[str, Any], error: type[Exception], says: str
) -> None:
    transport = Between(client.world.transport())
    with pytest.raises(error, match=f"(?s){says}"):
        runbooks.launch(client_of(client.world, transport), "gift-cards", **what)
    assert transport.writes == []


def test_its_undo_deletes_the_project_with_all_that_is_in_it(client: Any) -> None:
    receipt = runbooks.launch(client, "gift-cards", source=PAGE, domain=GIFTS).apply()
    undo = receipt.undo()
    assert [step.what for step in undo.steps] == ["delete project gift-cards"]
    assert undo.confirmation == "gift-cards"
    assert "irreversible" in undo.warnings[0]
    undo.apply(confirm="gift-cards", reason="a test")
    assert "gift-cards" not in client.projects.list()["unique_name"].tolist()
    assert receipt.undo().steps == []


def test_a_launch_that_fails_can_be_undone(client: Any) -> None:
    plan = runbooks.launch(client, "gift-cards", source=PAGE, paths="/no-such-page")
    fault = Fault(what="refused", operations=["AssignDeploymentToProjectEnvironment"], count=1)
    with client.world.faults(fault), pytest.raises(plans.StepFailed) as caught:
        plan.apply()
    assert [step.what for step in caught.value.undo.steps] == ["delete project gift-cards"]


def test_a_domain_is_verified_afterwards_and_over_days(client: Any) -> None:
    plan = runbooks.launch(client, "gift-cards", source=PAGE, domain=f"{GIFTS.upper()}.")
    receipt = plan.apply()
    assert "TXT _createos" in receipt.frame()["note"].iloc[-1]
    verify = receipt.follow_up("domain")
    with pytest.raises(plans.TakesTooLong, match="TXT _createos") as caught:
        verify.apply()
    assert not Journal(caught.value.journal).over
    with pytest.raises(plans.TakesTooLong):
        plans.resume(caught.value.journal, client)
    client.world.advance("2d")
    assert plans.resume(caught.value.journal, client).checks.result == "PASS"
    assert client.domains.list("gift-cards")["status"].tolist() == ["active"]
    assert client.environments.get("gift-cards", "production")["extra_custom_domains"] == [GIFTS]
    assert runbooks.route_domain(client, "gift-cards", GIFTS).steps == []


def test_it_asks_for_nothing_twice(client: Any) -> None:
    transport = Between(client.world.transport())
    here = client_of(client.world, transport)
    plan = runbooks.launch(here, "gift-cards", repository="juniper-goods/storefront")
    assert len(transport.sent) == len(set(transport.sent)) == 7
    before = len(transport.sent)
    plan.apply()
    assert len(transport.writes) == 4
    assert len(transport.sent) - before < 50


def test_the_same_notebook_run_again_after_a_stop_goes_on(client: Any) -> None:
    make: Any = lambda: runbooks.launch(client, "gift-cards", source=PAGE)  # noqa: E731
    fault = Fault(what="drop-before", operations=["UploadDeploymentZip", "UploadDeploymentFiles"], count=1)
    with client.world.faults(fault), pytest.raises(plans.StepFailed):
        make().apply()
    assert make().apply().checks.result == "PASS"
    assert client.projects.list()["unique_name"].tolist().count("gift-cards") == 1
    assert len(client.environments.list("gift-cards")) == len(client.deployments.list("gift-cards")) == 1


def test_github_is_connected_with_the_address_of_the_browser_and_not_twice(client: Any) -> None:
    code = client.world.github_code("juniper-labs")
    back = f"https://example.com/?code={code}&installation_id=51902266"
    plan = runbooks.connect_github(client, back)
    receipt = plan.apply()
    assert code not in receipt.journal.read_text() + repr(plan) + repr(receipt)
    assert "juniper-labs" in client.github.accounts()["username"].tolist()
    assert runbooks.connect_github(client, back).steps == []
    assert "GitHub's settings" in receipt.undo().warnings[0]


@pytest.mark.parametrize("address", ["", "https://example.com/", "https://example.com/?code=a&installation_id=x", 7])
def test_an_address_without_code_says_where_it_comes_from(client: Any, address: Any) -> None:
    with pytest.raises(InvalidInput, match="open the GitHub settings"):
        runbooks.connect_github(client, address)


def test_a_code_that_serves_no_more_is_told(client: Any) -> None:
    plan = runbooks.connect_github(client, "https://example.com/?code=abc&installation_id=51902266")
    with pytest.raises(plans.StepFailed, match="invalid or used already"):
        plan.apply()
