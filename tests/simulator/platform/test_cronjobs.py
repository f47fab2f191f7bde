"""Cron jobs: at most four a project, ten runs kept, and runs that tell what the environment did."""

from __future__ import annotations

from typing import Any

import pytest

from createos_nb.simulator.settings import settled
from createos_nb.simulator.times import from_rfc3339
from createos_nb.simulator.traffic import Cron

SETTINGS = {"path": "/", "method": "GET"}


def made(api: Any, project: str, environment: str, **facts: Any) -> str:
    body = {"environmentId": environment, "name": "look", "schedule": "*/5 * * * *", "type": "http"}
    return str(api("CreateCronjob", project, body={**body, "settings": SETTINGS, **facts})["id"])


def test_a_job_becomes_active_runs_and_keeps_ten_runs(shop: Any) -> None:
    project = shop.project("storefront")
    job = made(shop, project, shop.environment(project, "production"))
    assert shop("GetCronjob", project, job)["status"] == "pending"
    shop.world.advance("1min")
    assert shop("GetCronjob", project, job)["status"] == "active"
    assert shop("ListCronjobActivities", project, job) == []
    shop.world.advance("4h")
    runs = shop("ListCronjobActivities", project, job)
    assert len(runs) == 10
    assert [run["scheduledAt"][11:16] for run in runs[:3]] == ["13:00", "12:55", "12:50"]
    assert {(run["success"], run["statusCode"]) for run in runs} == {(True, 200)}
    assert runs == shop("ListCronjobActivities", project, job)


def test_runs_fail_while_nothing_is_live(shop: Any) -> None:
    bot = shop.project("chat-bot")
    job = made(shop, bot, shop.environment(bot, "production"))
    shop.world.advance("30min")
    assert {run["statusCode"] for run in shop("ListCronjobActivities", bot, job)} == {503}
    project = shop.image()
    job = made(shop, project, shop.make_environment(project))
    shop.world.advance("30min")
    runs = shop("ListCronjobActivities", project, job)
    assert {(run["statusCode"], run["success"]) for run in runs} == {(404, False)}


def test_a_paused_job_does_not_run(shop: Any) -> None:
    project = shop.project("storefront")
    job = made(shop, project, shop.environment(project, "production"))
    assert shop.refused("SuspendCronjob", project, job)[0] == 422
    shop.world.advance("31min")
    shop("SuspendCronjob", project, job)
    assert shop("GetCronjob", project, job)["status"] == "suspending"
    shop.world.advance("1h")
    row = shop("GetCronjob", project, job)
    assert (row["status"], row["suspendedByOwner"]) == ("suspended", True)
    assert shop.refused("SuspendCronjob", project, job)[0] == 422
    times = [run["scheduledAt"][11:16] for run in shop("ListCronjobActivities", project, job)]
    assert times == ["09:30", "09:25", "09:20", "09:15", "09:10", "09:05"]
    shop("UnsuspendCronjob", project, job)
    assert shop.refused("UnsuspendCronjob", project, job)[0] == 422
    shop.world.advance("10min")
    times = [run["scheduledAt"][11:16] for run in shop("ListCronjobActivities", project, job)]
    assert times[:3] == ["10:40", "10:35", "09:30"]


def test_a_project_has_at_most_four_jobs(shop: Any) -> None:
    project = shop.project("storefront")
    environment = shop.environment(project, "production")
    made(shop, project, environment, name="fourth")
    body = {"environmentId": environment, "name": "fifth", "schedule": "@daily", "type": "artifact"}
    assert shop.refused("CreateCronjob", project, body=body)[0] == 422


@pytest.mark.parametrize(
    "facts",
    [
        {"schedule": "* * * *"},
        {"schedule": "60 * * * *"},
        {"schedule": "*/0 * * * *"},
        {"schedule": "soon"},
        {"schedule": "5-1 * * * *"},
        {"name": ""},
        {"type": "ftp"},
        {"environmentId": "production"},
        {"settings": {"path": "no-slash", "method": "GET"}},
        {"settings": {"path": "/", "method": "TRACE"}},
        {"settings": {"path": "/"}},
        {"settings": {"path": "/", "method": "GET", "timeoutInSeconds": 6}},
    ],
)
def test_what_no_job_is_made_of(shop: Any, facts: dict[str, Any]) -> None:
    project = shop.project("orders-api")
    body = {"environmentId": shop.environment(project, "production"), "name": "look", "schedule": "@daily"}
    body |= {"type": "http", "settings": SETTINGS, **facts}  # type: ignore[dict-item]
    assert shop.refused("CreateCronjob", project, body=body)[0] == 400


def test_a_job_of_type_http_needs_a_request_and_its_environment_must_exist(shop: Any) -> None:
    project = shop.project("orders-api")
    body = {"environmentId": shop.environment(project, "production"), "name": "a", "schedule": "@daily", "type": "http"}
    assert shop.refused("CreateCronjob", project, body=body)[0] == 400
    elsewhere = shop.project("storefront")
    body |= {"environmentId": shop.environment(elsewhere, "production"), "settings": SETTINGS}  # type: ignore[dict-item]
    assert shop.refused("CreateCronjob", project, body=body)[0] == 404


def test_a_job_is_changed_whole_but_keeps_its_request_when_none_is_sent(shop: Any) -> None:
    project = shop.project("storefront")
    job = next(row for row in shop("ListCronjobs", project) if row["name"] == "refresh-stock")
    shop("UpdateCronjob", project, job["id"], body={"name": "stock", "schedule": "0 * * * *"})
    row = shop("GetCronjob", project, job["id"])
    assert (row["name"], row["schedule"], row["settings"]) == ("stock", "0 * * * *", job["settings"])


def test_a_deleted_job_goes_a_little_later(shop: Any) -> None:
    project = shop.project("storefront")
    job = shop("ListCronjobs", project)[0]["id"]
    shop("DeleteCronjob", project, job)
    assert shop("GetCronjob", project, job)["status"] == "deleting"
    shop.world.advance("1min")
    assert shop.refused("GetCronjob", project, job)[0] == 404


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("*/15 * * * *", ["2026-03-02T08:45", "2026-03-02T08:30"]),
        ("10 3 * * *", ["2026-03-02T03:10", "2026-03-01T03:10"]),
        ("55 23 * * mon-fri", ["2026-02-27T23:55", "2026-02-26T23:55"]),
        ("0 12 1 * *", ["2026-03-01T12:00", "2026-02-01T12:00"]),
        ("0 0 13 * 5", ["2026-02-27T00:00", "2026-02-20T00:00"]),
        ("0 0 29 2 *", ["2024-02-29T00:00"]),
        ("@weekly", ["2026-03-01T00:00", "2026-02-22T00:00"]),
        ("0 0 * * 7", ["2026-03-01T00:00"]),
        ("30 4-6/2 * * *", ["2026-03-02T06:30", "2026-03-02T04:30", "2026-03-01T06:30"]),
        ("0 0 1 jan *", ["2026-01-01T00:00", "2025-01-01T00:00"]),
    ],
)
def test_when_a_job_is_due(expression: str, times: list[str]) -> None:
    now = from_rfc3339("2026-03-02T09:00:00Z") // 1_000_000
    due = Cron(expression).before(now)
    assert [next(due) for _ in times] == [from_rfc3339(f"{one}:00Z") // 1_000_000 for one in times]


def test_a_day_that_never_comes_ends_the_search() -> None:
    assert list(Cron("0 0 30 2 *").before(1_772_000_000)) == []


def rows_of(shop: Any, project: str, environment: str, path: str, start: int = 0) -> int:
    """How many requests for a path the analytics count."""
    window = {"start": start, "end": int(shop.world.clock.now())}
    found = shop("GetProjectEnvironmentAnalyticsTopHitPaths", project, environment, **window)
    return sum(row["count"] for row in found if row["path"] == path)


def test_runs_are_requests_in_the_analytics_and_in_the_log(empty: Any) -> None:
    empty.world.state.settings = settled({"activities": 1000}, empty.world.state.settings)
    project = empty.image()
    environment = empty.make_environment(project)
    empty(
        "AssignDeploymentToProjectEnvironment",
        project,
        environment,
        body={"deploymentId": empty.deployed_image(project)},
    )
    job = made(empty, project, environment, settings={"path": "/sync?all=1", "method": "POST"})
    for change in ({"schedule": "*/2 * * * *"}, {"schedule": "0 * * * *"}):
        empty.world.advance("3h 7min 11s")
        before = empty("ListCronjobActivities", project, job)
        empty("UpdateCronjob", project, job, body={"name": "look", **change})
        assert empty("ListCronjobActivities", project, job) == before
    empty.world.advance("2h")
    empty("SuspendCronjob", project, job)
    empty.world.advance("2h")
    empty("UnsuspendCronjob", project, job)
    empty.world.advance("1h")
    runs = empty("ListCronjobActivities", project, job)
    assert len(runs) == rows_of(empty, project, environment, "/sync") == 37 + 93 + 2 + 1
    log = empty("GetProjectEnvironmentLogs", project, environment, since_seconds=86_400)
    lines = [line for line in log.splitlines() if "POST /sync" in line]
    assert len(lines) == len(runs)
    empty("DeleteCronjob", project, job)
    empty.world.advance("1h")
    assert rows_of(empty, project, environment, "/sync") == len(runs)


def test_what_a_job_asks_for_keeps_a_deployment_awake(shop: Any) -> None:
    shop.world.state.settings = settled({"idle": "2h"}, shop.world.state.settings)
    for visited in (False, True):
        project = shop.image(f"gate-{visited}".lower())
        environment = shop.make_environment(project)
        if visited:
            made(shop, project, environment, schedule="@hourly")
        live = shop.deployed_image(project)
        shop("AssignDeploymentToProjectEnvironment", project, environment, body={"deploymentId": live})
        shop.world.advance("30h")
        assert shop.status(project, live) == ("deployed" if visited else "sleeping")


def test_an_answer_that_comes_after_the_time_that_a_run_waits_is_a_failure(shop: Any) -> None:
    project = shop.project("storefront")
    job = made(shop, project, shop.environment(project, "production"), settings={**SETTINGS, "timeoutInSeconds": 1})
    shop.world.set_behavior("storefront", 17, slow=100)
    shop.world.advance("20min")
    runs = shop("ListCronjobActivities", project, job)
    assert {run["success"] for run in runs} == {False}
    assert {run["log"] for run in runs} == {"GET /: no answer within 1 s"}


def test_a_job_of_an_artifact_asks_for_nothing(shop: Any) -> None:
    project = shop.project("storefront")
    environment = shop.environment(project, "production")
    body = {"environmentId": environment, "name": "tidy", "schedule": "* * * * *", "type": "artifact"}
    job = str(shop("CreateCronjob", project, body=body)["id"])
    shop.world.advance("5min 30s")
    assert len(shop("ListCronjobActivities", project, job)) == 5
    there = shop.world.state.projects[project].environments[environment]
    assert job in {one.name for one in there.scheduled}
    assert not len(shop.world.traffic_of(there).runs(job, 0, int(shop.world.clock.now())))
