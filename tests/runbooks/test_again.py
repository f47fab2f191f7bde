"""What was deployed is deployed once more by the way of its project's type, and new variables count from then on."""

from __future__ import annotations

from typing import Any

import pytest

from createos_nb import runbooks

OPERATIONS = {"vcs": "RetriggerDeployment", "image": "CreateDeployment", "upload": "UploadDeploymentZip"}
#: A project of each type, with an environment in which something is live.
PLACES = {
    "vcs": ("storefront", "staging"),
    "image": ("edge-gateway", "staging"),
    "upload": ("landing-pages", "production"),
}


@pytest.mark.parametrize("kind", OPERATIONS)
def test_variables_count_after_a_redeployment_by_the_way_of_the_type(client: Any, kind: str) -> None:
    project, place = PLACES[kind]
    before = client.environments.get(project, place)["project_deployment_id"]
    source = client.deployments.get(project, before)
    plan = runbooks.set_variables(client, project, place, {"GREETING": "hello"})
    assert [step.operation for step in plan.steps] == [
        "UpdateProjectEnvironmentEnvironmentVariables",
        OPERATIONS[kind],
        "AssignDeploymentToProjectEnvironment",
    ]
    receipt = plan.apply(confirm=plan.confirmation, reason="why")
    live = client.environments.get(project, place)["project_deployment_id"]
    assert live == receipt.created[2] != before
    made = client.deployments.get(project, live)
    same = {"vcs": "source_commit", "image": "source_image"}.get(kind)
    if same:
        assert made[same] == source[same]
    world = client.world
    kept = next(one for one in world.state.projects.values() if one.name == project)
    running = world.deployments(kept)[live]
    assert next(one for one in kept.environments.values() if one.name == place).variables["GREETING"] == "hello"
    assert made["status"] == "deployed"
    assert running.version == made["version_number"]


def test_the_files_of_an_upload_are_the_same_again(client: Any, tmp_path: Any) -> None:
    old = client.environments.get("landing-pages", "production")["project_deployment_id"]
    plan = runbooks.set_variables(client, "landing-pages", "production", {"A": "1"})
    receipt = plan.apply(confirm=plan.confirmation, reason="why")
    for name, deployment in (("old", old), ("new", receipt.created[2])):
        client.deployments.download_to("landing-pages", deployment, tmp_path / name)
    files = {
        name: {
            str(path.relative_to(tmp_path / name)): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("old", "new")
    }
    assert files["old"]
    assert files["new"] == files["old"]


@pytest.mark.parametrize("kind", ["image", "upload"])
def test_what_failed_is_tried_again_by_the_way_of_the_type(client: Any, kind: str) -> None:
    """A version whose status the world is made to say."""
    project = PLACES[kind][0]
    world = client.world
    kept = next(one for one in world.state.projects.values() if one.name == project)
    failed = max(world.deployments(kept).values(), key=lambda one: one.version)
    for place in kept.environments.values():
        place.deployment = ""
        world.touch(place)
    failed.status = "error"
    world.touch(failed)
    plan = runbooks.retry_failed(client, project)
    assert [step.operation for step in plan.steps] == [OPERATIONS[kind]]
    assert any("ended as error" in one for one in plan.warnings)
    receipt = plan.apply(confirm=plan.confirmation, reason="why")
    assert client.deployments.get(project, receipt.created[1])["status"] == "deployed"


def test_a_side_that_has_fallen_asleep_is_woken_before_the_domain_goes_back(client: Any) -> None:
    domain = "wholesale.juniper-goods.example.com"
    world = client.world
    receipt = runbooks.route_domain(client, "storefront", domain, "green")
    receipt = receipt.apply(confirm=receipt.confirmation, reason="why")
    blue = client.environments.get("storefront", "blue")["project_deployment_id"]
    kept = next(one for one in world.state.projects.values() if one.name == "storefront")
    world.deployments(kept)[blue].status = "sleeping"
    world.touch(world.deployments(kept)[blue])
    undo = receipt.undo()
    assert [step.operation for step in undo.steps] == ["WakeupDeployment", "UpdateDomainEnvironment"]
    undo.apply(confirm=undo.confirmation, reason="and back")
    assert client.deployments.get("storefront", blue)["status"] == "deployed"
