"""The panel of a project's settings, without a browser."""

from __future__ import annotations

from typing import Any

import pytest

import createos_nb
from createos_nb.errors import InvalidInput, ServerError
from createos_nb.panels.settings import SettingsPanel
from createos_nb.redaction import Secret

SECRET = "npm-hunter2-hunter2"


def made(project: str = "storefront", scenario: str = "storefront") -> SettingsPanel:
    return createos_nb.panels.settings(createos_nb.simulate(scenario), project)


def disabled(panel: SettingsPanel) -> set[str]:
    return {name for name in panel.params if getattr(panel.params.control(name).widget, "disabled", False)}


def test_it_shows_what_the_project_has() -> None:
    panel = made()
    shown = {name: panel.params[name] for name in ("port", "runtime", "build_dir", "ignore_branches", "use_build_ai")}
    assert shown == {
        "port": 3000,
        "runtime": "node:20",
        "build_dir": "",
        "ignore_branches": "feature/gift-cards, fix/cart-rounding",
        "use_build_ai": False,
    }
    assert "build: NEXT_TELEMETRY_DISABLED · run: LOG_LEVEL" in panel._note.value


def test_only_the_settings_of_the_projects_type_can_be_changed() -> None:
    assert "runtime" not in disabled(made())
    image = disabled(made("edge-gateway"))
    assert {"runtime", "ignore_branches", "has_dockerfile", "map"} <= image
    assert "port" not in image
    upload = disabled(made("landing-pages"))
    assert "ignore_branches" in upload
    assert "runtime" not in upload


def test_only_what_was_changed_is_in_the_plan() -> None:
    panel = made()
    panel.params = {"port": 3100, "build_command": "", "ignore_branches": ["docs"], "reason": "r", "confirm": "staging"}
    receipt = panel.run()
    assert set(receipt.undo().frame()["field"]) == {"port", "build_command", "ignore_branches"}
    row = panel.client.projects.get("storefront")
    assert (row["settings_port"], row["settings_ignore_branches"]) == (3100, ["docs"])
    with pytest.raises(InvalidInput, match="has these settings already"):
        panel.run()


def test_it_redeploys_what_is_chosen_into_the_environment_that_is_chosen() -> None:
    panel = made("storefront", "wrong-port")
    panel.params = {"port": 3000, "redeploy": True, "environment": "production", "deployment": "v3"}
    panel.params = {"reason": "its log names 3000", "confirm": "production"}
    receipt = panel.run()
    live = panel.client.environments.get("storefront", "production")["project_deployment_id"]
    assert live == receipt.created[2]


def test_a_variable_is_typed_or_removed_and_shown_nowhere() -> None:
    panel = made()
    panel.params = {"map": "build_vars", "name": "NPM_TOKEN", "value": SECRET}
    panel._add_button.click()
    assert panel.params["value"] is None
    panel.params["name"] = "NEXT_TELEMETRY_DISABLED"
    panel._remove_button.click()
    assert panel.params["build_vars"] == {"NPM_TOKEN": Secret(SECRET), "NEXT_TELEMETRY_DISABLED": None}
    panel.params = {"reason": "r", "confirm": "staging"}
    panel.run()
    project = next(one for one in panel.client.world.state.projects.values() if one.name == "storefront")
    assert project.settings["buildVars"] == {"NPM_TOKEN": SECRET}
    assert panel.params["build_vars"] == {}
    assert SECRET not in panel.static() + repr(dict(panel.params)) + panel._note.value


def test_discarding_shows_what_the_project_has() -> None:
    panel = made()
    panel.params = {"port": 1, "run_command": "x", "run_envs": {"A": "1"}}
    panel._discard_button.click()
    assert (panel.params["port"], panel.params["run_command"], panel.params["run_envs"]) == (3000, "npm start", {})


def test_what_somebody_else_changes_is_shown_and_what_was_typed_stays() -> None:
    panel = made()
    panel.params["port"] = 3100
    panel.client.projects.update_settings("storefront", run_command="node server.js", port=4000)
    panel.refresh()
    assert panel.wait(30)
    assert (panel.params["port"], panel.params["run_command"]) == (3100, "node server.js")


def test_what_could_not_be_read_is_not_asked_for() -> None:
    client = createos_nb.simulate()
    with client.world.faults(what="error", status=500, operations=["GetProject"]):
        panel = createos_nb.panels.settings(client, "storefront")
    assert isinstance(panel.last_error, ServerError)
    panel.params["build_vars"] = {"A": "1"}
    with pytest.raises(InvalidInput, match="could not be read"):
        panel.run()


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({}, "change one first"),
        ({"value": SECRET}, "name the variable"),
        ({"port": 3100, "redeploy": True}, "which environment"),
        ({"runtime": "x" * 300}, "runtime"),
    ],
)
def test_what_cannot_be_is_refused_in_words(params: dict[str, Any], text: str) -> None:
    panel = made()
    panel.params = params
    with pytest.raises(InvalidInput, match=text):
        panel.run()
    assert not (panel.client.log()["method"] != "GET").any()
