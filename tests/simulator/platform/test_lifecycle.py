"""The life of a deployment: queue, building, deploying, deployed, and what can come instead or after."""

from __future__ import annotations

from typing import Any

import pytest

from createos_nb.simulator import open_world

SECONDS_OF_A_BUILD = 600


def stages(api: Any, project: str, deployment: str, seconds: int = SECONDS_OF_A_BUILD) -> list[str]:
    """The statuses that a deployment goes through, second by second."""
    seen: list[str] = []
    for _ in range(seconds):
        status = api.status(project, deployment)
        if not seen or seen[-1] != status:
            seen.append(status)
        api.world.advance(1)
    return seen


def test_a_vcs_deployment_is_queued_built_and_started(empty: Any) -> None:
    project = empty.vcs()
    made = empty("TriggerLatestDeployment", project)["id"]
    assert stages(empty, project, made) == ["queue", "building", "deploying", "deployed"]


def test_an_image_is_not_built(empty: Any) -> None:
    project = empty.image()
    made = empty("CreateDeployment", project, body={"image": "nginx:1.27"})["id"]
    assert stages(empty, project, made, 60) == ["queue", "deploying", "deployed"]
    assert empty.refused("GetBuildLogs", project, made)[0] == 422


def test_time_alone_moves_a_deployment_and_reads_do_not(empty: Any) -> None:
    project = empty.image()
    made = empty("CreateDeployment", project, body={"image": "nginx:1.27"})["id"]
    assert {empty.status(project, made) for _ in range(50)} == {"queue"}
    empty.world.advance("1h")
    assert empty.status(project, made) == "deployed"


def test_a_build_may_not_take_longer_than_fifteen_minutes(shop: Any, tmp_path: Any) -> None:
    """The platform's limit: it ends as a build error, and the log says why."""
    text = """
title = "Slow"
shows = "A build that takes too long."
start = 2026-03-02T09:00:00Z
[[users]]
username = "marlow"
display = "Marlow Ashdown"
email = "marlow@juniper-goods.example.com"
[[github]]
username = "juniper-goods"
installation = 51830274
owner = 88412067
[[github.repositories]]
id = 640118273
name = "storefront"
[sources.slow]
slow = 900
[[projects]]
name = "slow-shop"
display = "Slow shop"
type = "vcs"
repository = "juniper-goods/storefront"
made = "-1d"
settings = { runtime = "node:20", port = 3000 }
[[projects.history]]
at = "-1min"
do = "push"
message = "Compile everything"
source = "slow"
"""
    path = tmp_path / "slow.toml"
    path.write_text(text, encoding="utf-8")
    api = type(shop)(open_world(path))
    project = api.project("slow-shop")
    api.world.advance("14min")
    assert api.status(project, api.version(project, 1)) == "building"
    api.world.advance("3min")
    assert api.status(project, api.version(project, 1)) == "build_error"
    assert "15 minutes" in api("GetBuildLogs", project, api.version(project, 1))[-1]["log"]


def test_only_what_is_queued_or_building_can_be_cancelled(empty: Any) -> None:
    project = empty.vcs()
    made = empty("TriggerLatestDeployment", project)["id"]
    empty("CancelDeployment", project, made)
    row = empty("GetDeployment", project, made)
    assert (row["status"], row["cancelReason"]) == ("cancelled", "cancelled by the user")
    assert row["cancelledAt"] == row["updatedAt"] == "2026-03-02T09:00:00.000Z"
    assert empty.refused("CancelDeployment", project, made)[0] == 422
    empty.world.advance("1h")
    assert empty.status(project, made) == "cancelled"
    again = empty("RetriggerDeployment", project, made)["id"]
    while empty.status(project, again) != "building":
        empty.world.advance(1)
    empty("CancelDeployment", project, again)
    third = empty("RetriggerDeployment", project, made)["id"]
    while empty.status(project, third) != "deploying":
        empty.world.advance(1)
    assert empty.refused("CancelDeployment", project, third)[0] == 422
    empty.world.advance("1h")
    assert empty.refused("CancelDeployment", project, third)[0] == 422


def test_only_what_sleeps_can_be_woken(empty: Any) -> None:
    project = empty.image()
    made = empty.deployed_image(project)
    assert empty.refused("WakeupDeployment", project, made)[0] == 422
    empty.world.advance("4d")
    assert empty.status(project, made) == "sleeping"
    empty("WakeupDeployment", project, made)
    assert stages(empty, project, made, 30) == ["deploying", "deployed"]


def test_a_deployment_falls_asleep_exactly_when_it_was_idle_for_long_enough(empty: Any) -> None:
    project = empty.image()
    made = empty("CreateDeployment", project, body={"image": "nginx:1.27"})["id"]
    while empty.status(project, made) != "deployed":
        empty.world.advance(1)
    idle = empty.world.state.settings.idle
    empty.world.advance(idle - 1)
    assert empty.status(project, made) == "deployed"
    empty.world.advance(1)
    assert empty.status(project, made) == "sleeping"


def test_idle_time_is_a_setting_and_0_is_never(empty: Any, empty_file: Any) -> None:
    for idle, status in ((0, "deployed"), ("2h", "sleeping")):
        api = type(empty)(open_world(empty_file, idle=idle))
        project = api.image()
        made = api.deployed_image(project)
        api.world.advance("30d" if idle == 0 else "3h")
        assert api.status(project, made) == status


def test_what_has_visitors_does_not_fall_asleep(shop: Any) -> None:
    project = shop.project("storefront")
    live = shop.world.state.projects[project].environments[shop.environment(project, "production")].deployment
    shop.world.advance("20d")
    assert shop.status(project, live) == "deployed"
    assert shop.status(project, shop.version(project, 15)) == "sleeping"


def test_only_what_is_deployed_can_be_assigned(empty: Any) -> None:
    project = empty.image()
    environment = empty.make_environment(project)
    made = empty("CreateDeployment", project, body={"image": "nginx:1.27"})["id"]
    assign = ("AssignDeploymentToProjectEnvironment", project, environment)
    assert empty.refused(*assign, body={"deploymentId": made})[0] == 422
    empty.world.advance(60)
    empty(*assign, body={"deploymentId": made})
    row = empty("ListProjectEnvironments", project)[0]
    assert (row["projectDeploymentId"], row["status"]) == (made, "promoting")
    empty.world.advance(10)
    assert empty("ListProjectEnvironments", project)[0]["status"] == "active"
    empty.world.advance("4d")
    assert empty.status(project, made) == "sleeping"
    assert empty.refused(*assign, body={"deploymentId": made})[0] == 422


def test_a_deployment_of_another_project_can_not_be_assigned(empty: Any) -> None:
    one, other = empty.image("gate-one"), empty.image("gate-two")
    environment, made = empty.make_environment(one), empty.deployed_image(other)
    body = {"deploymentId": made}
    assert empty.refused("AssignDeploymentToProjectEnvironment", one, environment, body=body)[0] == 404


def test_auto_promotion_makes_a_successful_deployment_of_the_branch_live(empty: Any) -> None:
    project = empty.vcs()
    follows = empty.make_environment(project, "follows", branch="main", isAutoPromoteEnabled=True)
    holds = empty.make_environment(project, "holds", branch="main")
    elsewhere = empty.make_environment(project, "elsewhere", branch="staging", isAutoPromoteEnabled=True)
    made = empty("TriggerLatestDeployment", project, branch="main")["id"]
    empty.world.advance("10min")
    live = {row["id"]: row["projectDeploymentId"] for row in empty("ListProjectEnvironments", project)}
    assert live == {follows: made, holds: None, elsewhere: None}


def test_auto_promotion_undoes_a_rollback_at_the_next_push(shop: Any) -> None:
    project = shop.project("storefront")
    blue = shop.environment(project, "blue")
    body = {"deploymentId": shop.version(project, 6)}
    shop("AssignDeploymentToProjectEnvironment", project, blue, body=body)
    made = shop("RetriggerDeployment", project, shop.version(project, 12))["id"]
    shop.world.advance("10min")
    rows = {row["id"]: row for row in shop("ListProjectEnvironments", project)}
    assert rows[blue]["projectDeploymentId"] == made
    assert rows[shop.environment(project, "green")]["projectDeploymentId"] == shop.version(project, 6)


def test_the_oldest_live_deployment_makes_room_for_one_too_many(empty: Any, empty_file: Any) -> None:
    api = type(empty)(open_world(empty_file, live_limit=3))
    project = api.image()
    made = [api.deployed_image(project, f"nginx:1.2{n}") for n in range(4)]
    statuses = [api.status(project, one) for one in made[1:]]
    assert statuses == ["deployed"] * 3
    listed = [row["id"] for row in api("ListDeployments", project)["data"]]
    assert made[0] not in listed or api.status(project, made[0]) == "terminating"
    api.world.advance("1min")
    assert [row["versionNumber"] for row in api("ListDeployments", project)["data"]] == [4, 3, 2]


def test_waking_beyond_the_limit_terminates_the_oldest_live_one_but_not_the_one_that_woke(empty: Any) -> None:
    empty.world.state.settings = type(empty.world.state.settings)(live_limit=2, idle=3600)
    project = empty.image()
    first = empty.deployed_image(project, "nginx:1.20")
    empty.world.advance("2h")
    later = [empty.deployed_image(project, f"nginx:1.2{n}") for n in (1, 2)]
    assert empty.status(project, first) == "sleeping"
    empty("WakeupDeployment", project, first)
    empty.world.advance(9)
    assert [empty.status(project, one) for one in (first, *later)] == ["deployed", "terminating", "deployed"]


def test_deleting_takes_a_while_and_then_the_row_is_gone(empty: Any) -> None:
    project = empty.image()
    environment = empty.make_environment(project)
    made = empty.deployed_image(project)
    empty("AssignDeploymentToProjectEnvironment", project, environment, body={"deploymentId": made})
    empty("DeleteDeployment", project, made)
    assert empty.status(project, made) == "terminating"
    assert empty.refused("DeleteDeployment", project, made)[0] == 422
    empty.world.advance("1min")
    assert empty.refused("GetDeployment", project, made)[0] == 404
    assert empty("ListDeployments", project)["data"] == []
    assert empty("ListProjectEnvironments", project)[0]["projectDeploymentId"] is None


def test_versions_count_on_when_one_is_gone(empty: Any) -> None:
    project = empty.image()
    empty("DeleteDeployment", project, empty.deployed_image(project))
    empty.world.advance("1min")
    made = empty.deployed_image(project)
    assert empty("GetDeployment", project, made)["versionNumber"] == 2


def test_trigger_latest_says_so_where_the_newest_commit_is_there_already(empty: Any) -> None:
    project = empty.vcs()
    made = empty("TriggerLatestDeployment", project)["id"]
    assert empty("TriggerLatestDeployment", project) == "deployment already triggered"
    empty("CancelDeployment", project, made)
    assert empty("TriggerLatestDeployment", project)["id"] != made


def test_trigger_latest_takes_the_branch_from_the_query_and_from_a_body(empty: Any) -> None:
    project = empty.vcs()
    made = empty("TriggerLatestDeployment", project, branch="staging")["id"]
    assert empty("GetDeployment", project, made)["source"]["branch"] == "staging"
    made = empty("TriggerLatestDeployment", project, body={"branch": "feature/one"})["id"]
    assert empty("GetDeployment", project, made)["source"]["branch"] == "feature/one"
    made = empty("TriggerLatestDeployment", project, body={"branch": ""})["id"]
    assert empty("GetDeployment", project, made)["source"]["branch"] == "main"
    assert empty.refused("TriggerLatestDeployment", project, branch="nowhere")[0] == 404
    assert empty.refused("TriggerLatestDeployment", project, body={"branch": 3})[0] == 400


def test_retrigger_makes_a_new_version_from_the_same_commit(shop: Any) -> None:
    project = shop.project("storefront")
    old = shop("GetDeployment", project, shop.version(project, 8))
    shop("UpdateProjectSettings", project, body={"buildCommand": "npm run build:fast"})
    same = shop("RetriggerDeployment", project, old["id"])["id"]
    anew = shop("RetriggerDeployment", project, old["id"], settings="project")["id"]
    same, anew = (shop("GetDeployment", project, one) for one in (same, anew))
    assert [same["versionNumber"], anew["versionNumber"]] == [19, 20]
    assert same["source"] == anew["source"] == old["source"]
    assert same["settings"]["buildCommand"] == "npm run build"
    assert anew["settings"]["buildCommand"] == "npm run build:fast"


@pytest.mark.parametrize("name", ["RetriggerDeployment", "TriggerLatestDeployment"])
def test_only_vcs_projects_deploy_commits(shop: Any, name: str) -> None:
    for kind in ("edge-gateway", "landing-pages"):
        project = shop.project(kind)
        ids = (project, shop.version(project, 2)) if name == "RetriggerDeployment" else (project,)
        assert shop.refused(name, *ids)[0] in (400, 422)


def test_only_image_projects_deploy_images(shop: Any) -> None:
    for kind in ("storefront", "landing-pages"):
        assert shop.refused("CreateDeployment", shop.project(kind), body={"image": "nginx"})[0] == 422


def test_a_wrong_repository_fails_the_deployment_not_the_project(empty: Any) -> None:
    project = empty.vcs(repository=1)
    made = empty("TriggerLatestDeployment", project)["id"]
    empty.world.advance("5min")
    assert empty.status(project, made) == "build_error"
    lines = [row["log"] for row in empty("GetBuildLogs", project, made)]
    assert any("repository id" in line for line in lines), lines


def test_a_vcs_project_without_a_port_fails_its_health_check(empty: Any) -> None:
    """The documentation says so; the production dialect refuses such a project (`test_creation.py`)."""
    empty.world.dialect = "documented"
    body = {
        "uniqueName": "portless",
        "displayName": "Portless",
        "type": "vcs",
        "source": {"vcsName": "github", "vcsInstallationId": "51830274", "vcsRepoId": "640118273"},
        "settings": {"runtime": "node:20"},
    }
    project = empty("CreateProject", body=body)["id"]
    made = empty("TriggerLatestDeployment", project)["id"]
    empty.world.advance("10min")
    assert empty.status(project, made) == "error"
    assert "port" in empty("GetBuildLogs", project, made)[-1]["log"]


def test_the_build_log_grows_with_time_and_skip_leaves_the_first_lines_out(empty: Any) -> None:
    project = empty.vcs()
    made = empty("TriggerLatestDeployment", project)["id"]
    empty.world.advance(20)
    early = empty("GetBuildLogs", project, made)
    empty.world.advance("10min")
    late = empty("GetBuildLogs", project, made)
    assert late[: len(early)] == early
    assert len(late) > len(early) > 0
    assert [row["lineNumber"] for row in late] == list(range(len(late)))
    assert empty("GetBuildLogs", project, made, skip=3) == late[3:]


def test_runtime_logs_are_422_unless_something_runs(shop: Any) -> None:
    project = shop.project("storefront")
    for version in (5, 8, 13, 18):
        assert shop.refused("GetDeploymentLogs", project, shop.version(project, version))[0] == 422
    assert isinstance(shop("GetDeploymentLogs", project, shop.version(project, 17)), str)
    bot = shop.project("chat-bot")
    assert shop.refused("GetProjectEnvironmentLogs", bot, shop.environment(bot, "production"))[0] == 422


def test_the_log_window_is_a_minute_by_default(shop: Any) -> None:
    project = shop.project("storefront")
    production = shop.environment(project, "production")
    default = shop("GetProjectEnvironmentLogs", project, production)
    assert default == shop("GetProjectEnvironmentLogs", project, production, since_seconds=60)
    longer = shop("GetProjectEnvironmentLogs", project, production, since_seconds=300)
    assert longer.endswith(default)
    assert len(longer) > len(default)
    first = longer.split("\n")[0].split(" ")[0]
    assert "2026-03-02T08:55:00" <= first < "2026-03-02T09:00:00"


def live_now(shop: Any, **behavior: Any) -> tuple[str, str, str]:
    """Project, environment and a deployment that has just become live there, which behaves so."""
    project, version = shop.project("orders-api"), 0
    production = shop.environment(project, "production")
    version = shop.world.push("orders-api", behavior=behavior)
    shop.world.advance("15min")
    made = shop.version(project, version)
    if shop.world.state.projects[project].environments[production].deployment != made:
        shop("AssignDeploymentToProjectEnvironment", project, production, body={"deploymentId": made})
    return project, production, made


def resized(shop: Any, project: str, environment: str, memory: int) -> None:
    body = {"cpu": 400, "memory": memory, "replicas": 1}
    shop("UpdateProjectEnvironmentResources", project, environment, body=body)


def test_a_leak_that_takes_hours_is_restarted_and_stays_deployed(shop: Any) -> None:
    project, production, made = live_now(shop, memory=200, leak=200)
    shop.world.traffic("orders-api", "production", rpm=1)
    shop.world.advance("8h")
    log = shop("GetProjectEnvironmentLogs", project, production, since_seconds=8 * 3600)
    assert "OOMKilled, memory limit" in log
    assert shop.status(project, made) == "deployed"


def test_memory_that_never_suffices_is_a_crash_loop_until_there_is_more(shop: Any) -> None:
    project, production, made = live_now(shop, memory=800)
    resized(shop, project, production, 512)
    shop.world.advance("1min")
    assert shop.status(project, made) == "crashing"
    assert "memory limit of 512 MB exceeded" in shop("GetProjectEnvironmentLogs", project, production, since_seconds=60)
    resized(shop, project, production, 1024)
    assert shop.status(project, made) == "deployed"
    shop.world.advance("1h")
    assert shop.status(project, made) == "deployed"
    window = {"start": int(shop.world.clock.now()) - 1800}
    assert shop("GetProjectEnvironmentAnalyticsOverallRequests", project, production, **window)["server"] == 0


def test_a_crash_once_in_an_hour_is_a_restart_and_one_in_a_minute_is_a_loop(shop: Any) -> None:
    for seconds, status in ((3600, "deployed"), (60, "crashing")):
        project, _, made = live_now(shop, crash_after=seconds)
        shop.world.advance("5h")
        assert shop.status(project, made) == status
