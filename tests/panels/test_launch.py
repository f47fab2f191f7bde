"""The panel that launches, without a browser."""

from __future__ import annotations

from typing import Any

import pytest

import createos_nb
from createos_nb import panels, plans
from createos_nb.errors import InvalidInput, ServerError
from createos_nb.panels.launch import LaunchPanel
from createos_nb.simulator.world.faults import Fault
from tests.panels.acting import writes
from tests.panels.test_file_drop import Browser
from tests.plans.cases import AGENT, PYTHON

PAGE = {"index.html": "<h1>Gift cards"}
SECRET = "hunter2-hunter2"


@pytest.fixture
def panel(client: Any) -> LaunchPanel:
    return panels.launch(client)


def visible(panel: LaunchPanel) -> list[str]:
    parts = {
        "source": panel._upload.box,
        "image": panel._image,
        "repository": panel._repository,
        "settings": panel._settings_fields,
    }
    return [name for name, widget in parts.items() if widget.layout.display != "none"]


def settings(panel: LaunchPanel) -> dict[str, tuple[str, str]]:
    return {row["cells"][0]: tuple(row["cells"][1:]) for row in panel._settings.rows}


def reviewed(panel: LaunchPanel, **params: Any) -> Any:
    panel.params = {"name": "gift-cards", **params}
    panel.review()
    assert panel.wait(30)
    assert panel.plan is not None, panel.last_error
    return panel.plan


def test_it_asks_for_what_the_kind_takes(panel: LaunchPanel) -> None:
    assert visible(panel) == ["source", "settings"]
    panel.params["kind"] = "image"
    assert visible(panel) == ["image"]
    panel.params["kind"] = "repository"
    assert visible(panel) == ["repository", "settings"]
    assert "juniper-goods/storefront" in panel._repository.options
    assert [value for _, value in panel._app.options] == ["", "Shop", "Back office"]


def test_what_was_dropped_is_launched_and_answers(client: Any, panel: LaunchPanel) -> None:
    Browser(panel._upload.drop_zone).send({"site/index.html": b"<h1>dropped"}, [])
    assert [row["cells"][0] for row in panel._upload.files.rows] == ["index.html"]
    plan = reviewed(panel)
    assert settings(panel) == {
        "runtime": ("static", "index.html, and nothing that is built"),
        "port": ("80", "default of static files"),
    }
    assert "gift-cards" not in client.projects.list()["unique_name"].tolist()
    assert panel.run().title == plan.title
    row = client.environments.get("gift-cards", "production")
    assert client.probe(row["endpoint"])["text"] == "<h1>dropped"


def test_an_image_is_launched_with_all_that_is_chosen(client: Any, panel: LaunchPanel) -> None:
    panel.params = {"name": " gift-cards ", "kind": "image", "image": " nginx:1.27 ", "port": 80}
    panel.params = {"environment": "preview", "cpu": 300, "memory": 600, "replicas": 2, "app": "Shop"}
    panel.params = {"domain": "gifts.juniper-goods.example.com", "variables": {"A": SECRET}}
    assert panel.run().finished
    row = client.environments.get("gift-cards", "preview")
    assert (row["resources_cpu"], row["resources_memory"], row["resources_replicas"]) == (300, 600, 2)
    assert client.environments.reveal_variables("gift-cards", "preview").to_dict() == {"A": SECRET}
    assert client.domains.list("gift-cards")["name"].tolist() == ["gifts.juniper-goods.example.com"]
    assert "gift-cards" in client.apps.projects("Shop")["unique_name"].tolist()


def test_a_setting_that_is_given_takes_the_place_of_what_is_found(panel: LaunchPanel) -> None:
    reviewed(panel, kind="repository", repository="juniper-goods/storefront", port=3210)
    shown = settings(panel)
    assert shown["port"] == ("3210", "given")
    assert shown["framework"][0] == "nextjs"
    panel.params["port"] = 0
    assert panel.plan is None
    assert panel._settings.layout.display == "none"


def test_a_pattern_brings_its_settings_and_asks_for_its_variables(panel: LaunchPanel) -> None:
    panel.params = {"name": "gift-cards", "recipe": "agent", "source": PYTHON}
    assert panel.params["memory"] == 1024
    with pytest.raises(InvalidInput, match=r"OPENAI_API_KEY .*ANTHROPIC_API_KEY"):
        panel.run()
    reviewed(panel, variables=AGENT)
    assert settings(panel)["port"] == ("8000", "the documentation's pattern")
    assert panel.run().finished


def test_a_bot_is_an_image(panel: LaunchPanel) -> None:
    panel.params["recipe"] = "chat_bot"
    assert panel.params["kind"] == "image"


def test_a_variable_is_typed_and_shown_nowhere(panel: LaunchPanel) -> None:
    panel.params = {"name_of_variable": "TOKEN", "value": SECRET}
    panel._add_button.click()
    assert panel.params["value"] is None
    assert "in the plan: TOKEN" in panel._note.value
    plan = reviewed(panel, source=PAGE, name_of_variable="OTHER", value=SECRET)
    assert {"TOKEN", "OTHER"} <= set(plan.frame()["field"])
    assert panel.run().finished
    assert panel.params["variables"] == {}
    assert SECRET not in panel.static() + repr(dict(panel.params)) + panel._note.value
    panel.params["variables"] = {"A": "1"}
    panel._clear_button.click()
    assert panel.params["variables"] == {}


def test_github_that_does_not_answer_leaves_files_and_images(client: Any) -> None:
    with client.world.faults(what="error", status=500, operations=["ListConnectedGithubAccounts"]):
        panel = panels.launch(client)
    assert panel.last_error is None
    panel.params["kind"] = "repository"
    assert "repositories can&#x27;t be read" in panel._note.value
    panel.params = {"name": "gift-cards", "kind": "source", "source": PAGE}
    assert panel.run().finished


def test_an_account_without_github_is_told_how_to_connect_one() -> None:
    panel = panels.launch(createos_nb.simulate("empty"))
    panel.params["kind"] = "repository"
    assert "runbooks.connect_github" in panel._note.value


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({}, "name the project first"),
        ({"name": "gift-cards"}, "drop a folder or files"),
        ({"name": "gift-cards", "kind": "image"}, "name the image first"),
        ({"name": "gift-cards", "kind": "image", "image": "nginx"}, "does not say its port"),
        ({"name": "gift-cards", "kind": "repository"}, "as owner/name first"),
        ({"name": "gift-cards", "source": PAGE, "value": SECRET}, "name the variable"),
        ({"name": "gift-cards", "source": PAGE, "runtime": "node:3"}, "runtime"),
        ({"name": "gift-cards", "source": {"a.txt": "1"}}, "nothing in the source says how it is built"),
    ],
)
def test_what_can_not_be_is_refused_in_words(panel: LaunchPanel, params: dict[str, Any], text: str) -> None:
    panel.params = params
    with pytest.raises(InvalidInput, match=text):
        panel.run()
    assert writes(panel.client) == []


def test_a_run_that_got_no_answer_is_resumed_to_one_project(client: Any, panel: LaunchPanel) -> None:
    panel.params = {"name": "gift-cards", "source": PAGE}
    fault = Fault(what="error", status=503, operations=["AssignDeploymentToProjectEnvironment"])
    with client.world.faults(fault), pytest.raises(plans.StepFailed):
        panel.run()
    assert panel.run().finished
    assert client.projects.list()["unique_name"].tolist().count("gift-cards") == 1
    assert len(client.deployments.list("gift-cards")) == 1


def test_an_error_of_the_platform_is_kept(client: Any) -> None:
    with client.world.faults(what="error", status=500, operations=["ListApps"]):
        panel = panels.launch(client)
    assert isinstance(panel.last_error, ServerError)
