"""A fleet: many projects, whose histories are worked out when somebody looks."""

from __future__ import annotations

import tracemalloc
from typing import Any

import msgspec
import pytest

from createos_nb.contract.deployments import Deployment
from createos_nb.errors import InvalidInput
from createos_nb.simulator import open_world


@pytest.fixture
def fleet(make_api: Any) -> Any:
    return make_api(open_world("fleet", projects=30, deployments=1_000))


def test_the_fleet_is_as_large_as_it_is_asked_to_be(fleet: Any) -> None:
    projects = []
    while len(projects) < 30:
        projects += fleet("ListProjects", limit=20, offset=len(projects))["data"]
    totals = [fleet("ListDeployments", one["id"], limit=1)["pagination"]["total"] for one in projects]
    assert len({one["uniqueName"] for one in projects}) == 30
    assert sum(totals) == 1_000
    assert set(totals) == {33, 34}


def test_by_default_it_is_a_thousand_projects_with_a_hundred_thousand_deployments() -> None:
    world = open_world("fleet")
    assert len(world.state.projects) == 1_000
    assert sum(one.seeded.deployments for one in world.state.projects.values() if one.seeded) == 100_000


def test_nothing_is_worked_out_before_somebody_looks_and_then_one_project_only() -> None:
    tracemalloc.start()
    try:
        world = open_world("fleet")
        assert tracemalloc.get_traced_memory()[0] < 60_000_000
    finally:
        tracemalloc.stop()
    project = next(iter(world.state.projects.values()))
    world.deployments(project)
    assert sum(one.seeded is None for one in world.state.projects.values()) == 1


def test_every_row_fits_the_declaration_and_versions_count_down(fleet: Any) -> None:
    project = fleet("ListProjects", limit=1)["data"][0]["id"]
    rows: list[Any] = fleet("ListDeployments", project, limit=20)["data"]
    rows += fleet("ListDeployments", project, limit=20, offset=20)["data"]
    msgspec.convert(rows, list[Deployment])
    assert [row["versionNumber"] for row in rows] == list(range(len(rows), 0, -1))
    made = [row["createdAt"] for row in rows]
    assert made == sorted(made, reverse=True)
    assert {row["status"] for row in rows} == {"deployed", "sleeping", "build_error"}


def test_every_environment_serves_a_deployment_that_runs_and_its_figures_agree(fleet: Any) -> None:
    for project in fleet("ListProjects", limit=20)["data"]:
        for environment in fleet("ListProjectEnvironments", project["id"]):
            live = fleet("GetDeployment", project["id"], environment["projectDeploymentId"])
            assert live["status"] == "deployed"
            there = project["id"], environment["id"]
            total = fleet("GetProjectEnvironmentAnalyticsOverallRequests", *there)["total"]
            rows = fleet("GetProjectEnvironmentAnalyticsRequestsOverTime", *there)
            assert sum(row["count"] for row in rows) == total


def test_a_project_of_the_fleet_can_be_worked_with(fleet: Any) -> None:
    project = fleet("ListProjects", limit=1)["data"][0]["id"]
    rows = fleet("ListDeployments", project, limit=20)["data"]
    failed = next(row for row in rows if row["status"] == "build_error")
    assert fleet("GetBuildLogs", project, failed["id"])[-1]["log"].startswith("ERROR")
    made = fleet("RetriggerDeployment", project, failed["id"])["id"]
    sleeping = next(row for row in rows if row["status"] == "sleeping")
    fleet("WakeupDeployment", project, sleeping["id"])
    fleet.world.advance("10min")
    assert fleet.status(project, sleeping["id"]) == "deployed"
    assert fleet("GetDeployment", project, made)["versionNumber"] == rows[0]["versionNumber"] + 1
    assert fleet.world.push(project, message="Another") == rows[0]["versionNumber"] + 2


def test_looking_in_another_order_gives_the_same(make_api: Any) -> None:
    one, other = (make_api(open_world("fleet", projects=8, deployments=200)) for _ in range(2))
    ids = [row["id"] for row in one("ListProjects")["data"]]
    first = {project: one("ListDeployments", project, limit=20) for project in ids}
    second = {project: other("ListDeployments", project, limit=20) for project in reversed(ids)}
    assert first == second


def test_a_project_without_deployments_serves_nothing(make_api: Any) -> None:
    api = make_api(open_world("fleet", projects=2, deployments=0))
    project = api("ListProjects")["data"][0]["id"]
    assert api("ListDeployments", project)["data"] == []
    assert {row["projectDeploymentId"] for row in api("ListProjectEnvironments", project)} == {None}


@pytest.mark.parametrize("wrong", [{"projects": 0}, {"projects": "many"}, {"deployments": -1}])
def test_a_fleet_that_can_not_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="fleet"):
        open_world("fleet", **wrong)
