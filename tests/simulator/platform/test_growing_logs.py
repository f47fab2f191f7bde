"""A log only grows at its end: what a client has read is the beginning of what it reads later, in whole lines.

Both reads reach back to the same moment, and no more lines came than one answer holds.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import createos_nb
from createos_nb.simulator import World, open_world
from createos_nb.simulator.platform import lifecycle

WIDE = 1_500
SCENARIOS = sorted(set(createos_nb.scenarios()["name"]) - {"fleet"})


def get(world: World, path: str, since: int) -> Any:
    """The payload of an answer, None where the log can't be read."""
    query = "" if path.endswith("build-logs") else f"since-seconds={since}"
    reply = world.handle("GET", path, query, {"x-api-key": world.key}, b"")
    assert reply.status in (200, 422), reply
    return json.loads(reply.body)["data"] if reply.status == 200 else None


def logs_of(world: World, since: int) -> dict[str, Any]:
    """Every log that can be read now, by its path."""
    owner, paths = next(iter(world.state.users)), []
    for project in world.state.projects.values():
        if project.status != "active" or project.user != owner:
            continue
        at = f"/v1/projects/{project.id}"
        paths += [f"{at}/environments/{environment}/logs" for environment in project.environments]
        for deployment in list(world.deployments(project))[-4:]:
            paths.append(f"{at}/deployments/{deployment}/deployment-logs")
            if project.type != "image":
                paths.append(f"{at}/deployments/{deployment}/build-logs")
    return {path: log for path in paths if (log := get(world, path, since)) is not None}


def whole_lines(text: str) -> bool:
    return not text or (text.endswith("\n") and all(text[:-1].split("\n")))


def check_growth(world: World, happens: Callable[[], Any], pause: int) -> int:
    """Read all logs, let something happen and time pass, read again; return how many have grown."""
    before, start, grown = logs_of(world, WIDE), world.state.now, 0
    happens()
    world.advance(pause)
    after = logs_of(world, WIDE + (world.state.now - start) // 1_000_000)
    for path in before.keys() & after.keys():
        earlier, later = before[path], after[path]
        assert later[: len(earlier)] == earlier, path
        if isinstance(earlier, str):
            assert whole_lines(earlier), path
            assert whole_lines(later), path
        grown += len(later) > len(earlier)
    return grown


@pytest.mark.slow
@settings(max_examples=8, deadline=None, derandomize=True)
@given(
    scenario=st.sampled_from(SCENARIOS),
    seed=st.integers(1, 5),
    first=st.integers(0, 900),
    pause=st.integers(1, 600),
    microseconds=st.integers(0, 999_999),
)
def test_in_every_scenario_at_every_time(scenario: str, seed: int, first: int, pause: int, microseconds: int) -> None:
    world = open_world(scenario, seed=seed, log_lines=1_000_000)
    world.advance(first)
    world.move(microseconds)
    check_growth(world, lambda: None, pause)


def change(world: World, kind: str) -> None:
    """Change what runs in the storefront's production."""
    project, environment = world.find_environment("storefront/production")
    at = f"/v1/projects/{project.id}/environments/{environment.id}"
    live = world.deployments(project)[environment.deployment]
    headers = {"x-api-key": world.key, "content-type": "application/json"}
    if kind == "assign":
        other = next(d for d in world.deployments(project).values() if d.status == "deployed" and d is not live)
        body, path, method = {"deploymentId": other.id}, f"{at}/assign-deployment", "POST"
    elif kind == "resize":
        body, path, method = {"cpu": 500, "memory": 1024, "replicas": 2}, f"{at}/resources", "PUT"
    elif kind == "behave":
        world.set_behavior("storefront", live.version, crash_after=200, crash="missing-module:left-pad")
        return
    elif kind == "break":
        world.set_behavior("storefront", live.version, errors=[{"status": 500, "share": 0.3}])
        return
    else:
        world.push("storefront", "main", message="One more")
        return
    reply = world.handle(method, path, "", headers, json.dumps(body).encode())
    assert reply.status == 200, reply


@pytest.mark.parametrize("kind", ["assign", "resize", "behave", "break", "push"])
@pytest.mark.grid(6)
def test_whatever_is_changed_meanwhile(kind: str) -> None:
    world = open_world("storefront", log_lines=1_000_000)
    world.advance("90s")
    assert check_growth(world, lambda: change(world, kind), 300)
    assert check_growth(world, lambda: None, 60)


def test_a_first_deployment_is_read_then_assigned_then_read_on(empty: Any) -> None:
    project = empty.image()
    made = empty.deployed_image(project)
    environment = empty.make_environment(project)
    body = {"deploymentId": made}
    text = empty("GetDeploymentLogs", project, made, since_seconds=600)
    assert "starting version 1" in text
    check_growth(
        empty.world, lambda: empty("AssignDeploymentToProjectEnvironment", project, environment, body=body), 60
    )
    assert empty("GetDeploymentLogs", project, made, since_seconds=WIDE).startswith(text)
    assert empty("GetDeploymentLogs", project, made, since_seconds=WIDE).count("starting version 1") == 1


@pytest.mark.parametrize("step", [1, 3, 7])
def test_a_build_log_grows_line_by_line_while_it_runs(empty: Any, step: int) -> None:
    project = empty.vcs()
    made = empty("TriggerLatestDeployment", project)["id"]
    seen: list[Any] = []
    lengths = set()
    for _ in range(240 // step):
        rows = empty("GetBuildLogs", project, made)
        assert rows[: len(seen)] == seen
        assert [row["lineNumber"] for row in rows] == list(range(len(rows)))
        seen = rows
        lengths.add(len(rows))
        empty.world.advance(step)
    assert len(lengths) > 5


def test_more_lines_than_an_answer_holds_are_left_out_at_its_beginning(shop: Any) -> None:
    project = shop.project("storefront")
    there = project, shop.environment(project, "production")
    whole = shop("GetProjectEnvironmentLogs", *there, since_seconds=1800)
    shop.world.state.settings = type(shop.world.state.settings)(log_lines=50)
    cut = shop("GetProjectEnvironmentLogs", *there, since_seconds=1800)
    assert whole.endswith(cut)
    assert whole_lines(cut)
    assert cut.count("\n") == 50
    assert whole[: -len(cut)].endswith("\n")


def test_a_log_without_lines_is_an_empty_text(empty: Any) -> None:
    project = empty.image()
    made = empty.deployed_image(project)
    empty.world.advance("1h")
    assert empty("GetDeploymentLogs", project, made, since_seconds=60) == ""


def test_second_by_second_while_a_new_version_goes_live_and_another_size_is_given(empty: Any) -> None:
    project = empty.vcs()
    facts = {"branch": "main", "isAutoPromoteEnabled": True, "resources": {"cpu": 200, "memory": 500, "replicas": 2}}
    environment = empty.make_environment(project, **facts)
    first = empty("TriggerLatestDeployment", project)["id"]
    empty.world.advance("15min")
    assert empty.status(project, first) == "deployed"
    made = empty("RetriggerDeployment", project, first)["id"]
    while empty.status(project, made) != "deploying":
        empty.world.advance(1)
    for _ in range(60):
        check_growth(empty.world, lambda: None, 1)
    assert empty.status(project, made) == "deployed"
    body = {"cpu": 500, "memory": 1024, "replicas": 3}
    check_growth(empty.world, lambda: empty("UpdateProjectEnvironmentResources", project, environment, body=body), 1)
    log = empty("GetProjectEnvironmentLogs", project, environment, since_seconds=WIDE)
    assert (log.count("starting version 1"), log.count("starting version 2")) == (2, 2 + 3)


def test_asleep_and_awake_again_its_own_log_goes_on(empty: Any) -> None:
    project = empty.image()
    made = empty.deployed_image(project)
    world = empty.world
    first = empty("GetDeploymentLogs", project, made, since_seconds=WIDE)
    assert "starting version 1" in first
    deployment = world.deployments(world.state.projects[project])[made]
    lifecycle.fall_asleep(world, world.state.projects[project], deployment)
    world.advance("1min")
    assert empty.refused("GetDeploymentLogs", project, made)[0] == 422
    empty("WakeupDeployment", project, made)
    world.advance("1min")
    later = empty("GetDeploymentLogs", project, made, since_seconds=WIDE)
    assert later.startswith(first)
    assert later.count("starting version 1") == 2
    check_growth(world, lambda: world.set_behavior("gate", 1, crash_after=60), 30)


def test_lines_of_one_moment_stand_as_they_were_written(empty: Any) -> None:
    project = empty.image()
    made = empty.deployed_image(project)
    lines = empty("GetDeploymentLogs", project, made, since_seconds=WIDE).splitlines()
    assert "starting version 1" in lines[0]
    assert "listening" in lines[-1]
