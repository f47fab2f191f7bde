"""Environments: names, limits, branches, variables, resources, deletion."""

from __future__ import annotations

from typing import Any

import pytest

from createos_nb.simulator import open_world

NAME = "CreateProjectEnvironment"


def body(**facts: Any) -> dict[str, Any]:
    return {
        "uniqueName": "production",
        "displayName": "Production",
        "description": "Where it serves",
        "resources": {"cpu": 200, "memory": 500, "replicas": 1},
        "settings": {"runEnvs": {}},
        **facts,
    }


def test_a_vcs_environment_needs_a_branch_and_the_others_have_none(empty: Any) -> None:
    assert empty.refused(NAME, empty.vcs(), body=body())[0] == 400
    assert empty.refused(NAME, empty.image(), body=body(branch="main"))[0] == 400
    assert empty.refused(NAME, empty.upload(), body=body(branch="main"))[0] == 400


def test_a_name_is_taken_once_in_a_project_whatever_its_case(empty: Any) -> None:
    one, other = empty.image("gate-one"), empty.image("gate-two")
    empty(NAME, one, body=body())
    assert empty.refused(NAME, one, body=body(uniqueName="Production"))[0] == 409
    empty(NAME, other, body=body())
    check = "CheckProjectEnvironmentUniqueName"
    assert empty(check, one, body={"uniqueName": "production"}) == {"isAvailable": False}
    assert empty(check, one, body={"uniqueName": "staging"}) == {"isAvailable": True}


@pytest.mark.parametrize(
    "facts",
    [
        {"uniqueName": "dev"},
        {"uniqueName": "x" * 33},
        {"uniqueName": "under_score"},
        {"displayName": "Pro."},
        {"description": "abc"},
        {"resources": {"cpu": 199, "memory": 500, "replicas": 1}},
        {"resources": {"cpu": 501, "memory": 500, "replicas": 1}},
        {"resources": {"cpu": 200, "memory": 499, "replicas": 1}},
        {"resources": {"cpu": 200, "memory": 1025, "replicas": 1}},
        {"resources": {"cpu": 200, "memory": 500, "replicas": 0}},
        {"resources": {"cpu": 200, "memory": 500, "replicas": 4}},
        {"resources": {"cpu": 200, "memory": 500}},
        {"resources": {"cpu": 200.5, "memory": 500, "replicas": 1}},
        {"settings": {"runEnvs": {"A": 1}}},
        {"isAutoPromoteEnabled": "yes"},
    ],
)
def test_a_value_outside_the_limits_is_400(empty: Any, facts: dict[str, Any]) -> None:
    assert empty.refused(NAME, empty.image(), body=body(**facts))[0] == 400


@pytest.mark.parametrize("missing", ["uniqueName", "displayName", "description", "resources", "settings"])
def test_what_is_required_is_required(empty: Any, missing: str) -> None:
    given = body()
    del given[missing]
    assert empty.refused(NAME, empty.image(), body=given) == (400, f"{missing} is required")


def test_the_number_of_environments_is_a_quota(empty: Any, empty_file: Any) -> None:
    api = type(empty)(open_world(empty_file, environments=2))
    project = api.image()
    for name in ("production", "staging"):
        api(NAME, project, body=body(uniqueName=name))
    status, headers, _ = api.raw(NAME, project, body=body(uniqueName="development"))
    assert status == 429
    assert "retry-after" not in dict(headers)


def test_a_description_with_punctuation_is_taken_at_first_and_refused_by_every_update(empty: Any) -> None:
    project = empty.image()
    made = empty(NAME, project, body=body(description="Live: handle with care!"))["id"]
    update = ("UpdateProjectEnvironment", project, made)
    given = {"displayName": "Production", "description": "Live: handle with care!"}
    assert empty.refused(*update, body=given)[0] == 400
    assert empty.refused(*update, body={"displayName": "Production"})[0] == 400
    empty(*update, body={"displayName": "Production", "description": "Live handle with care"})


def test_an_update_of_a_vcs_environment_needs_its_branch(shop: Any) -> None:
    project = shop.project("storefront")
    update = ("UpdateProjectEnvironment", project, shop.environment(project, "blue"))
    given = {"displayName": "Blue", "description": "The blue side", "isAutoPromoteEnabled": False}
    assert shop.refused(*update, body=given)[0] == 400
    shop(*update, body={**given, "branch": "release"})
    row = next(row for row in shop("ListProjectEnvironments", project) if row["uniqueName"] == "blue")
    assert (row["displayName"], row["isAutoPromoteEnabled"], row["status"]) == ("Blue", False, "updating")


def test_every_description_of_the_shop_would_be_accepted_back(shop: Any) -> None:
    for project in shop("ListProjects", limit=20, status="active")["data"]:
        for row in shop("ListProjectEnvironments", project["id"]):
            given = {key: row[key] for key in ("displayName", "description", "branch", "isAutoPromoteEnabled")}
            shop("UpdateProjectEnvironment", project["id"], row["id"], body=given)


def test_variables_are_replaced_whole(shop: Any) -> None:
    project = shop.project("storefront")
    there = project, shop.environment(project, "staging")
    shop("UpdateProjectEnvironmentEnvironmentVariables", *there, body={"runEnvs": {"ONLY": "this", "snake_case": "x"}})
    row = next(row for row in shop("ListProjectEnvironments", project) if row["uniqueName"] == "staging")
    assert row["settings"]["runEnvs"] == {"ONLY": "this", "snake_case": "x"}


def test_only_an_image_environment_has_a_port_of_its_own(shop: Any) -> None:
    change = {"runEnvs": {}, "port": 9000}
    for name, status in (("storefront", 400), ("landing-pages", 400), ("edge-gateway", 200)):
        project = shop.project(name)
        there = project, shop.environment(project, "production")
        reply = shop.raw("UpdateProjectEnvironmentEnvironmentVariables", *there, body=change)
        assert reply.status == status


def test_resizing_is_seen_at_once_and_over_a_little_later(shop: Any) -> None:
    project = shop.project("storefront")
    there = project, shop.environment(project, "staging")
    shop("UpdateProjectEnvironmentResources", *there, body={"cpu": 500, "memory": 1024, "replicas": 3})

    def row() -> Any:
        return next(row for row in shop("ListProjectEnvironments", project) if row["uniqueName"] == "staging")

    assert row()["resources"] == {"cpu": 500, "memory": 1024, "replicas": 3}
    assert row()["status"] == "resizing"
    shop.world.advance("1min")
    assert row()["status"] == "active"


def test_a_deleted_environment_stops_answering_and_goes_with_what_hangs_on_it(shop: Any) -> None:
    project = shop.project("storefront")
    production = shop.environment(project, "production")
    shop("DeleteProjectEnvironment", project, production)
    assert shop.refused("DeleteProjectEnvironment", project, production)[0] == 422
    shop.world.advance("10min")
    assert "production" not in [row["uniqueName"] for row in shop("ListProjectEnvironments", project)]
    assert production not in [row["environmentId"] for row in shop("ListDomains", project)]
    assert production not in [row["environmentId"] for row in shop("ListCronjobs", project)]
    assert shop.refused("GetProjectEnvironmentAnalytics", project, production)[0] == 404


def test_the_first_environment_has_the_projects_own_address(empty: Any) -> None:
    project = empty.image("My-Gate")
    for name in ("production", "staging"):
        empty(NAME, project, body=body(uniqueName=name))
    rows = empty("ListProjectEnvironments", project)
    assert [row["extra"]["endpoint"] for row in rows] == [
        "https://my-gate.createos.nodeops.network",
        "https://my-gate-staging.createos.nodeops.network",
    ]


def test_two_environments_never_share_an_address(empty: Any) -> None:
    """A project a with an environment b-c, and a project a-b with an environment c."""
    one, other = empty.image("gate"), empty.image("gate-blue")
    for project, names in ((one, ("production", "blue-test")), (other, ("production", "test"))):
        for name in names:
            empty(NAME, project, body=body(uniqueName=name))
    hosts = [row["extra"]["endpoint"] for project in (one, other) for row in empty("ListProjectEnvironments", project)]
    assert len(set(hosts)) == 4
