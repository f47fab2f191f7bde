"""Changing a project's settings: what is sent, what it takes to become effective, what gets the new deployment."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

import createos_nb
from createos_nb import plans, runbooks
from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.plans import PreconditionFailed, StalePlanError
from tests.plans.worlds import Between, client_of

SECRET = "npm-hunter2-hunter2"


def held(client: Any, project: str) -> dict[str, Any]:
    return dict(next(one for one in client.world.state.projects.values() if one.name == project).settings)


def applied(plan: plans.Plan) -> plans.Receipt:
    return plan.apply(confirm=plan.confirmation, reason="a test")


def test_what_is_not_named_stays_and_all_of_it_is_sent(client: Any) -> None:
    """Whether the platform merges or replaces is not documented: what is sent serves both."""
    before = held(client, "storefront")
    sent: list[dict[str, Any]] = []
    inner = Between(client.world.transport())

    def note(number: int, request: httpx.Request) -> None:
        if request.url.path.endswith("/settings"):
            sent.append(json.loads(request.content))

    inner.before = note
    applied(runbooks.settings(client_of(client.world, inner), "storefront", port=3100))
    assert sent == [before | {"port": 3100}]
    assert held(client, "storefront") == before | {"port": 3100}


def test_none_clears_a_setting_and_the_undo_brings_it_back(client: Any) -> None:
    before = held(client, "storefront")
    receipt = applied(runbooks.settings(client, "storefront", build_command=None, directory_path="shop"))
    assert "buildCommand" not in held(client, "storefront")
    applied(receipt.undo())
    assert held(client, "storefront") == before


def test_of_a_map_one_entry_is_set_one_deleted_and_the_others_stay(client: Any) -> None:
    before = held(client, "storefront")
    flags = {"--jobs": "2"}
    client.projects.update_settings("storefront", build_vars={**before["buildVars"], "KEPT": "1"}, build_flags=flags)
    plan = runbooks.settings(
        client,
        "storefront",
        build_vars={"NPM_TOKEN": SECRET, "NEXT_TELEMETRY_DISABLED": None},
        build_flags={"--verbose": "1"},
    )
    receipt = applied(plan)
    now = held(client, "storefront")
    assert now["buildVars"] == {"KEPT": "1", "NPM_TOKEN": SECRET}
    assert now["buildFlags"] == {"--jobs": "2", "--verbose": "1"}
    applied(receipt.undo())
    assert held(client, "storefront")["buildVars"] == {**before["buildVars"], "KEPT": "1"}


def test_values_of_variables_are_in_no_text_and_no_journal(client: Any) -> None:
    plan = runbooks.settings(client, "storefront", build_vars={"NPM_TOKEN": SECRET}, run_envs={"LOG_LEVEL": SECRET})
    receipt = applied(plan)
    assert receipt.journal is not None
    texts = [repr(plan), plan._repr_html_(), plan.frame().to_string(), repr(receipt), repr(receipt.undo())]
    texts += [receipt.journal.read_text(encoding="utf-8"), repr(plan.steps), repr(plan.arguments)]
    assert not [text for text in texts if SECRET in text]
    rows = plan.frame().set_index("field")[["before", "after"]]
    assert rows.loc["build_vars.NPM_TOKEN"].tolist() == ["absent", "••••••"]
    assert rows.loc["run_envs.LOG_LEVEL"].tolist() == ["••••••", "•••••• (another value)"]


def test_an_old_value_that_no_journal_holds_is_said_to_be_lost(client: Any) -> None:
    receipt = applied(runbooks.settings(client, "storefront", port=3100, run_envs={"LOG_LEVEL": SECRET}))
    later = plans.receipt_from(plans.Journal(receipt.journal), client).undo()
    assert later.frame()["field"].tolist() == ["port"]
    assert any("run_envs.LOG_LEVEL: its old value is no longer known" in text for text in later.warnings)


def test_a_setting_that_somebody_changes_meanwhile_stops_the_plan(client: Any) -> None:
    """Also one that the plan does not name: it would be sent back as it was."""
    plan = runbooks.settings(client, "storefront", port=3100)
    client.projects.update_settings("storefront", run_command="node server.js")
    with pytest.raises(StalePlanError, match="run_command"):
        applied(plan)
    assert held(client, "storefront")["port"] == 3000


EFFECTS = [
    ({"runtime": "node:22"}, "runtime: effective with the next build"),
    ({"build_vars": {"A": "1"}}, "build_vars.A: effective with the next build"),
    ({"port": 3100}, "port: effective with the next deployment"),
    ({"run_envs": {"A": "1"}}, "run_envs.A: effective with the next deployment"),
    ({"run_command": "node server.js"}, "run_command: effective with the next deployment"),
    ({"ignore_branches": ["docs"]}, "ignore_branches: holds for later pushes only"),
]


@pytest.mark.parametrize(("change", "text"), EFFECTS, ids=[text.split(":")[0] for _, text in EFFECTS])
def test_the_plan_says_what_makes_a_setting_effective(client: Any, change: dict[str, Any], text: str) -> None:
    plan = runbooks.settings(client, "storefront", **change)
    assert plan.warnings[0].startswith(text)
    later_only = "ignore_branches" in change
    assert ("keeps the settings that it was deployed with" in " ".join(plan.warnings)) is not later_only
    # an environment that promotes the next push by itself gets them without anybody's further word
    assert set(plan.blast_radius["environment"]) == (set() if later_only else {"staging", "development", "blue"})


def test_the_environment_that_is_named_gets_the_new_deployment_and_the_setting_counts(client: Any) -> None:
    plan = runbooks.settings(client, "storefront", port=3100, redeploy=True, environment="staging")
    assert "port: effective with the next deployment: this plan redeploys v14" in plan.warnings
    receipt = applied(plan)
    live = client.environments.get("storefront", "staging")["project_deployment_id"]
    assert live == receipt.created[2]
    assert client.deployments.get("storefront", live)["settings_port"] == 3100
    assert client.deployments.get("storefront", 14)["settings_port"] == 3000


def test_where_several_are_live_the_environment_has_to_be_named(client: Any) -> None:
    with pytest.raises(InvalidInput, match=r"which environment of storefront .* production, staging"):
        runbooks.settings(client, "storefront", port=3100, redeploy=True)


def test_a_failed_deployment_can_be_made_again(client: Any) -> None:
    plan = runbooks.settings(client, "storefront", directory_path="shop", redeploy=True, deployment=13)
    assert [step.operation for step in plan.steps] == ["UpdateProjectSettings", "RetriggerDeployment"]
    assert any("assigned to no environment" in text for text in plan.warnings)


def test_an_image_and_files_are_deployed_again_by_their_type(client: Any) -> None:
    image = runbooks.settings(client, "edge-gateway", port=9090, redeploy=True, environment="staging")
    files = runbooks.settings(client, "landing-pages", port=8080, redeploy=True)
    assert [step.operation for step in image.steps][1] == "CreateDeployment"
    assert [step.operation for step in files.steps][1] == "UploadDeploymentZip"
    applied(files)
    live = client.environments.get("landing-pages", "production")["project_deployment_id"]
    assert client.deployments.get("landing-pages", live)["settings_port"] == 8080


@pytest.mark.parametrize(
    ("scenario", "project", "change", "options"),
    [
        ("wrong-port", "mailer", {"port": 8025}, {}),
        ("wrong-port", "storefront", {"port": 3000}, {"environment": "production"}),
        ("monorepo", "orders-api", {"directory_path": "apps/orders"}, {"deployment": 3}),
        ("private-package", "storefront", {"build_vars": {"NPM_TOKEN": SECRET}}, {"deployment": 3}),
        ("slow-build", "recommendations", {"has_dockerfile": True}, {"deployment": 2}),
    ],
)
def test_it_cures_the_documented_troubles(
    scenario: str, project: str, change: dict[str, Any], options: dict[str, Any]
) -> None:
    client = createos_nb.simulate(scenario)
    if scenario == "slow-build":
        client.deployments.cancel("recommendations", 3)
    plan = runbooks.settings(client, project, **change, redeploy=True, **options)
    receipt = applied(plan)
    assert client.deployments.get(project, receipt.created[2])["state"] == "deployed"


def test_nothing_to_do_is_no_step(client: Any) -> None:
    plan = runbooks.settings(client, "storefront", port=3000, has_dockerfile=False, directory_path="", redeploy=True,
                             environment="staging")  # fmt: skip
    assert plan.steps == []
    assert any("so already" in text for text in plan.warnings)


def test_a_runtime_that_the_platform_does_not_build_is_found_before_anything_is_written(client: Any) -> None:
    for change in ({"runtime": "node:21"}, {"framework": "fastapi"}, {"framework": "nxtjs"}):
        plan = runbooks.settings(client, "storefront", **change)
        with pytest.raises(PreconditionFailed):
            applied(plan)
    assert runbooks.settings(client, "storefront", runtime="python:3.12", framework="fastapi").problems().empty


def test_what_would_be_refused_of_a_new_project_is_warned_of(client: Any) -> None:
    plan = runbooks.settings(client, "storefront", port=None)
    assert any("settings.port is required" in text for text in plan.warnings)
    assert not any("is required" in text for text in runbooks.settings(client, "storefront", port=1).warnings)


REFUSED: list[tuple[Callable[[Any], Any], type[Exception], str]] = [
    (lambda c: runbooks.settings(c, "storefront"), InvalidInput, "give what to change"),
    (lambda c: runbooks.settings(c, "storefront", port=0), InvalidInput, "port"),
    (lambda c: runbooks.settings(c, "storefront", port=True), InvalidInput, "port"),
    (lambda c: runbooks.settings(c, "storefront", run_command="x" * 256), InvalidInput, "run_command"),
    (lambda c: runbooks.settings(c, "storefront", has_dockerfile="yes"), InvalidInput, "has_dockerfile"),
    (lambda c: runbooks.settings(c, "storefront", ignore_branches="docs"), InvalidInput, "ignore_branches"),
    (lambda c: runbooks.settings(c, "storefront", build_vars={"A B": "1"}), InvalidInput, "build_vars: 'A B'"),
    (lambda c: runbooks.settings(c, "storefront", build_vars={"A": "••••••"}), InvalidInput, "build_vars: A holds"),
    (lambda c: runbooks.settings(c, "storefront", build_flags=["-v"]), InvalidInput, "build_flags: a mapping"),
    (lambda c: runbooks.settings(c, "edge-gateway", runtime="node:22"), InvalidInput, "no setting of .* type image"),
    (lambda c: runbooks.settings(c, "landing-pages", ignore_branches=["a"]), InvalidInput, "type upload"),
    (lambda c: runbooks.settings(c, "storefront", port=1, environment="staging"), InvalidInput, "redeploy=True, too"),
    (lambda c: runbooks.settings(c, "storefront", port=1, redeploy=True, environment="no"), UnknownName, "staging"),
    (lambda c: runbooks.settings(c, "storefront", port=1, redeploy=True, deployment=99), UnknownName, "99"),
    (lambda c: runbooks.settings(c, "winter-sale", port=1), InvalidInput, "suspended"),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_cannot_be_is_refused_in_words(client: Any, number: int) -> None:
    make, error, text = REFUSED[number]
    with pytest.raises(error, match=text):
        make(client)


def test_planning_asks_for_as_little_as_it_needs(client: Any) -> None:
    transport = Between(client.world.transport())
    one = client_of(client.world, transport)
    runbooks.settings(one, "storefront", ignore_branches=["docs"])
    assert len(transport.sent) <= 4, transport.sent  # the name, the project, its environments, who it is
