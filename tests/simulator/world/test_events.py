"""What shapes a world from outside: pushes, visitors, behaviors, incidents; and what its journal says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from createos_nb import scenarios
from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.simulator import open_world
from createos_nb.simulator.traffic import Behavior, BuildBehavior, Failing

TOTAL = "GetProjectEnvironmentAnalyticsOverallRequests"


def totals(api: Any, project: str, environment: str, **window: int) -> Any:
    here = api.project(project)
    return api(TOTAL, here, api.environment(here, environment), **window)


def test_at_moves_the_world_to_a_moment(shop: Any) -> None:
    world = shop.world
    for moment in ("2026-03-02T09:30:00Z", pd.Timestamp("2026-03-02T10:00:00Z"), datetime(2026, 3, 2, 11, tzinfo=UTC)):
        assert world.at(moment) is world
        assert world.now == pd.Timestamp(moment)
    assert world.at("+30min").now == pd.Timestamp("2026-03-02T11:30:00Z")
    assert world.at(1_772_452_800).now == pd.Timestamp("2026-03-02T12:00:00Z")
    for wrong in ("2026-03-02T11:59:59Z", "-1min", "soon", None, True, datetime(2027, 1, 1)):
        with pytest.raises(ValueError, match=r"only goes forward|not a time|needs a zone"):
            world.at(wrong)


# --- pushes -----------------------------------------------------------------------------------------------------------


def test_a_push_is_deployed_and_promoted_as_its_branch_says(shop: Any) -> None:
    version = shop.world.push("storefront", "release", message="Larger buttons")
    project = shop.project("storefront")
    row = shop("GetDeployment", project, shop.version(project, version))
    assert (version, row["source"]["commitMessage"], row["status"]) == (19, "Larger buttons", "queue")
    shop.world.advance("10min")
    live = {row["uniqueName"]: row["projectDeploymentId"] for row in shop("ListProjectEnvironments", project)}
    assert live["blue"] == row["id"] != live["green"]
    branches = shop("ListGithubRepositoryBranches", "51830274", repository="juniper-goods/storefront")
    head = next(one["commit"]["sha"] for one in branches if one["name"] == "release")
    assert head == row["source"]["commit"]


def test_ignored_branches_are_exact_names_in_one_dialect_and_patterns_in_the_other() -> None:
    for dialect, made in (("production", [None, 19, 20]), ("documented", [None, None, 19])):
        world = open_world("storefront", dialect=dialect)
        project = next(one for one in world.state.projects.values() if one.name == "storefront")
        project.settings = {**project.settings, "ignoreBranches": ["feature/gift-cards", "fix/*"]}
        branches = ("feature/gift-cards", "fix/cart-rounding", "feature/new")
        assert [world.push("storefront", branch) for branch in branches] == made


def test_a_push_to_a_monorepo_reaches_every_project_of_it(shop: Any) -> None:
    assert shop.world.push("orders-api", message="Both") == 6
    other = shop.project("recommendations")
    assert shop("ListDeployments", other, limit=1)["data"][0]["source"]["commitMessage"] == "Both"


def test_what_was_pushed_builds_and_behaves_as_it_was_told(shop: Any) -> None:
    world, project = shop.world, shop.project("storefront")
    broken = world.push("storefront", message="Typo", source=BuildBehavior(error="SyntaxError: unexpected end"))
    leaky = world.push("storefront", message="Slow", behavior={"errors": [{"status": 500, "share": 0.5}]})
    world.advance("10min")
    assert shop.status(project, shop.version(project, broken)) == "build_error"
    log = shop("GetBuildLogs", project, shop.version(project, broken))
    assert any("SyntaxError: unexpected end" in row["log"] for row in log)
    there = project, shop.environment(project, "production")
    body = {"deploymentId": shop.version(project, leaky)}
    shop("AssignDeploymentToProjectEnvironment", *there, body=body)
    world.advance("1h")
    counted = shop(TOTAL, *there)
    assert 0.4 < counted["server"] / counted["total"] < 0.6


def test_a_missing_variable_ends_a_version_at_its_start_and_the_log_names_it(shop: Any) -> None:
    world, project = shop.world, shop.project("storefront")
    version = world.push("storefront", message="Needs a key", requires=["PAYMENT_KEY"])
    world.advance("10min")
    deployment = shop.version(project, version)
    assert shop.status(project, deployment) == "crashing"
    assert "PAYMENT_KEY" in shop("GetDeploymentLogs", project, deployment, since_seconds=900)
    there = project, shop.environment(project, "staging")
    shop("UpdateProjectEnvironmentEnvironmentVariables", *there, body={"runEnvs": {"PAYMENT_KEY": "x"}})
    made = shop("RetriggerDeployment", project, deployment)["id"]
    world.advance("10min")
    assert shop.status(project, made) == "deployed"


def test_images_and_files_can_be_pushed_too(shop: Any) -> None:
    version = shop.world.push(
        "edge-gateway", image="registry.example.com/juniper/edge-gateway:2.0.0", behavior={"slow": 3}
    )
    project = shop.project("edge-gateway")
    assert shop("GetDeployment", project, shop.version(project, version))["source"] == {
        "image": "registry.example.com/juniper/edge-gateway:2.0.0"
    }
    assert shop.world.push("landing-pages", files={"index.html": "<h1>Summer</h1>"}) == 4


def test_a_push_that_is_not_possible_says_why(shop: Any) -> None:
    push = shop.world.push
    with pytest.raises(UnknownName, match="there is no project 'shop'"):
        push("shop")
    with pytest.raises(InvalidInput, match="winter-sale is suspended"):
        push("winter-sale", files={"a": "b"})
    with pytest.raises(InvalidInput, match="give image="):
        push("edge-gateway")
    with pytest.raises(InvalidInput, match="give files="):
        push("landing-pages")
    with pytest.raises(UnknownName, match="there is no behavior 'odd'"):
        push("storefront", behavior="odd")
    with pytest.raises(InvalidInput, match=r"behavior: slow is 0\.1 to 100"):
        push("storefront", behavior={"slow": 1000})


# --- visitors ---------------------------------------------------------------------------------------------------------


def test_visitors_can_be_set_and_scaled_from_now_on(shop: Any) -> None:
    now = int(shop.world.clock.now())
    before = totals(shop, "storefront", "production")["total"]
    shop.world.traffic("storefront", "production", factor=4)
    shop.world.advance("1h")
    assert totals(shop, "storefront", "production", start=now - 3600, end=now)["total"] == before
    assert 3 * before < totals(shop, "storefront", "production")["total"] < 6 * before
    shop.world.traffic("storefront", "production", rpm=0)
    shop.world.advance("1h")
    # What is left are the runs of a cron job.
    assert totals(shop, "storefront", "production")["total"] == 4
    shop.world.traffic("storefront", "production", rpm=30, pages=[{"path": "/only"}], bots=[])
    shop.world.advance("1h")
    project = shop.project("storefront")
    paths = shop("GetProjectEnvironmentAnalyticsTopHitPaths", project, shop.environment(project, "production"))
    assert [row["path"] for row in paths] == ["/only", "/api/stock"]
    with pytest.raises(TypeError, match="'colour'"):
        shop.world.traffic("storefront", "production", colour="red")


def test_visitors_can_be_sent_to_an_environment_that_had_none(shop: Any) -> None:
    project = shop.project("storefront")
    canary = shop.make_environment(project, "canary", branch="main")
    body = {"deploymentId": shop.version(project, 17)}
    shop("AssignDeploymentToProjectEnvironment", project, canary, body=body)
    shop.world.traffic("storefront", "canary", rpm=20)
    shop.world.advance("1h")
    assert totals(shop, "storefront", "canary")["total"] > 500


# --- behaviors -------------------------------------------------------------------------------------------------------


def test_a_deployment_can_be_made_to_behave_otherwise_and_mended(shop: Any) -> None:
    now = int(shop.world.clock.now())
    before = totals(shop, "storefront", "production")
    shop.world.set_behavior("storefront", 17, errors=[{"status": 502, "share": 0.3, "path": "/api/*"}])
    shop.world.advance("1h")
    assert totals(shop, "storefront", "production")["server"] > 50
    shop.world.set_behavior("storefront", 17, Behavior())
    shop.world.advance("1h")
    assert totals(shop, "storefront", "production")["server"] == 0
    assert totals(shop, "storefront", "production", start=now - 3600, end=now) == before
    with pytest.raises(UnknownName, match="there is no deployment 99"):
        shop.world.set_behavior("storefront", 99)


def test_a_deployment_that_is_made_to_crash_crashes(shop: Any) -> None:
    project = shop.project("storefront")
    shop.world.set_behavior("storefront", 17, crash_after=120, crash="missing-module:left-pad")
    shop.world.advance("5min")
    assert shop.status(project, shop.version(project, 17)) == "crashing"
    assert totals(shop, "storefront", "production")["server"] > 0
    assert isinstance(shop("GetDeploymentLogs", project, shop.version(project, 17)), str)


# --- incidents --------------------------------------------------------------------------------------------------------


def test_an_incident_reaches_its_environments_for_its_time(shop: Any) -> None:
    calm = shop.world.fork()
    now = int(shop.world.clock.now())
    failing = Failing(status=503, share=0.4)
    name = shop.world.incident("storefront/production", "orders-api/production", lasts="30min", failing=failing)
    assert name == "incident-1"
    for world in (calm, shop.world):
        world.advance("2h")
    other = type(shop)(calm)
    for environment in ("storefront", "orders-api"):
        during = totals(shop, environment, "production", start=now, end=now + 1800)
        assert during["server"] > 0.2 * during["total"]
        for window in ({"start": now - 3600, "end": now}, {"start": now + 1800, "end": now + 7200}):
            assert totals(shop, environment, "production", **window) == totals(
                other, environment, "production", **window
            )
    assert totals(shop, "recommendations", "production") == totals(other, "recommendations", "production")


def test_an_incident_without_an_end_lasts_until_it_is_ended(shop: Any) -> None:
    shop.world.incident("storefront/production", name="crowd", rate=6)
    shop.world.advance("1h")
    crowded = totals(shop, "storefront", "production")["total"]
    shop.world.end_incident("crowd")
    shop.world.advance("1h")
    assert totals(shop, "storefront", "production")["total"] < crowded / 3
    with pytest.raises(UnknownName, match="there is no incident 'flood'"):
        shop.world.end_incident("flood")


@pytest.mark.parametrize(
    ("given", "facts", "words"),
    [
        ((), {}, "at least one environment"),
        (("storefront",), {}, "project/environment"),
        (("storefront/live",), {}, "there is no environment 'live'"),
        (("storefront/production",), {"start": "-1min"}, "now or later"),
        (("storefront/production",), {"rate": -1}, "rate"),
        (("storefront/production",), {"failing": {"status": 200, "share": 1}}, "300 to 599"),
    ],
)
def test_an_incident_that_makes_no_sense_is_refused(shop: Any, given: Any, facts: Any, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        shop.world.incident(*given, **facts)


# --- the journal ------------------------------------------------------------------------------------------------------


def test_the_journal_is_a_frame_of_what_happened_in_its_order(shop: Any) -> None:
    before = shop.world.events()
    assert list(before.columns) == ["time", "what", "project", "environment", "version", "text"]
    assert before["time"].is_monotonic_increasing
    assert str(before["time"].dtype) == "datetime64[us, UTC]"
    assert str(before["version"].dtype) == "Int64"
    shop.world.push("storefront", "staging", message="One more")
    shop.world.advance("10min")
    new = shop.world.events().iloc[len(before) :]
    mine = new[(new["project"] == "storefront") & (new["version"] == 19)]
    assert list(mine["what"]) == [
        "deployment queued",
        "deployment building",
        "deployment deploying",
        "deployment deployed",
        "deployment promoted by itself",
    ]
    assert mine["environment"].iloc[-1] == "staging"


def test_the_journal_of_an_empty_world_has_the_same_columns(empty: Any) -> None:
    empty.world.state.journal.clear()
    frame = empty.world.events()
    assert len(frame) == 0
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "time": "datetime64[us, UTC]",
        "what": "str",
        "project": "str",
        "environment": "str",
        "version": "Int64",
        "text": "str",
    }


@pytest.mark.parametrize("name", [n for n in scenarios()["name"] if n != "fleet"])
def test_a_push_is_built_as_the_last_good_version_was(name: str) -> None:
    world = open_world(name)
    for project in list(world.state.projects.values()):
        good = [one for one in project.deployments.values() if one.live_at]
        if project.type != "vcs" or project.status != "active" or not good:
            continue
        # A typing error in the project's settings is not the commit's.
        project.settings = {**project.settings, "directoryPath": good[-1].settings.get("directoryPath", "")}
        version = world.push(project.name)
        world.advance("16min")
        status = next(one.status for one in project.deployments.values() if one.version == version)
        assert status == "deployed", project.name


def test_a_push_says_otherwise_where_it_is_otherwise() -> None:
    world = open_world("private-package")
    landing = next(one for one in world.state.projects.values() if one.name == "landing")
    for source, status in ((None, "build_error"), ({}, "deployed"), ({"error": "x is not defined"}, "build_error")):
        version = world.push("landing", source=source)
        world.advance("16min")
        assert next(one.status for one in landing.deployments.values() if one.version == version) == status
