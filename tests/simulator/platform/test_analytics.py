"""Analytics: every figure of every window comes from the same requests."""

from __future__ import annotations

from typing import Any

import pytest

PREFIX = "GetProjectEnvironmentAnalytics"


def figures(api: Any, project: str, environment: str, **window: int) -> dict[str, Any]:
    names = {
        "overallRequests": "OverallRequests",
        "rpm": "RPM",
        "requestDistribution": "RequestDistribution",
        "topHitPaths": "TopHitPaths",
        "topErrorPaths": "TopErrorPaths",
    }
    found = {key: api(PREFIX + name, project, environment, **window) for key, name in names.items()}
    percentage = api(PREFIX + "SuccessPercentage", project, environment, **window)
    return {**found, "successPercentage": percentage["successPercentage"]}


@pytest.mark.parametrize(
    ("back", "length"), [(3600, 3600), (86_400 * 3 + 17, 7211), (59, 59), (600, 1), (86_400, 86_399)]
)
def test_the_overview_is_what_the_single_calls_say_and_all_agree(shop: Any, back: int, length: int) -> None:
    project = shop.project("storefront")
    there = project, shop.environment(project, "production")
    start = int(shop.world.clock.now()) - back
    window = {"start": start, "end": start + length}
    single = figures(shop, *there, **window)
    assert shop(PREFIX, *there, **window) == single
    buckets = shop(PREFIX + "RequestsOverTime", *there, **window)
    totals = single["overallRequests"]
    codes = {row["status"]: row["count"] for row in single["requestDistribution"]}
    assert sum(row["count"] for row in buckets) == totals["total"] == sum(codes.values())
    for field, key, first in (
        ("status2xx", "success", "2"),
        ("status4xx", "client", "4"),
        ("status5xx", "server", "5"),
    ):
        assert sum(row[field] for row in buckets) == totals[key]
        assert sum(count for code, count in codes.items() if code[0] == first) == totals[key]
    redirected = sum(count for code, count in codes.items() if code[0] == "3")
    if totals["total"]:
        assert single["successPercentage"] == 100 * (totals["success"] + redirected) / totals["total"]
    assert single["rpm"]["peak"] == max(row["count"] for row in buckets)
    assert len(single["topHitPaths"]) <= 10 >= len(single["topErrorPaths"])


def test_two_halves_make_the_whole_to_the_second(shop: Any) -> None:
    project = shop.project("orders-api")
    there = project, shop.environment(project, "production")
    now = int(shop.world.clock.now())
    ask = PREFIX + "OverallRequests"
    whole = shop(ask, *there, start=now - 5000, end=now)
    halves = [shop(ask, *there, start=a, end=b) for a, b in ((now - 5000, now - 1234), (now - 1234, now))]
    assert {key: sum(half[key] for half in halves) for key in whole} == whole


def test_the_default_window_is_the_last_hour(shop: Any) -> None:
    project = shop.project("storefront")
    there = project, shop.environment(project, "production")
    now = int(shop.world.clock.now())
    assert shop(PREFIX, *there) == shop(PREFIX, *there, start=now - 3600, end=now)
    assert shop(PREFIX, *there, end=now - 60) == shop(PREFIX, *there, start=now - 3660, end=now - 60)


def test_buckets_are_minutes_of_the_clock_and_none_is_left_out(shop: Any) -> None:
    project = shop.project("storefront")
    there = project, shop.environment(project, "production")
    now = int(shop.world.clock.now())
    rows = shop(PREFIX + "RequestsOverTime", *there, start=now - 3570, end=now - 30)
    assert [row["timestamp"] for row in rows] == list(range(now - 3600, now, 60))


def test_only_requests_over_time_has_a_longest_window(shop: Any) -> None:
    project = shop.project("storefront")
    there = project, shop.environment(project, "production")
    now = int(shop.world.clock.now())
    longest = shop.world.state.settings.longest_window
    ask = PREFIX + "RequestsOverTime"
    assert len(shop(ask, *there, start=now - longest, end=now)) == longest // 60
    assert shop.refused(ask, *there, start=now - longest - 1, end=now)[0] == 422
    assert shop(PREFIX, *there, start=now - 90 * 86_400, end=now)["overallRequests"]["total"] > 1_000_000


@pytest.mark.parametrize("window", [{"start": 5, "end": 5}, {"start": 9, "end": 5}, {"start": -5}, {"start": "soon"}])
def test_a_window_that_is_none_is_400(shop: Any, window: dict[str, Any]) -> None:
    project = shop.project("storefront")
    assert shop.refused(PREFIX, project, shop.environment(project, "production"), **window)[0] == 400


def test_the_future_is_empty_and_the_past_stays_as_it_was(shop: Any) -> None:
    project = shop.project("storefront")
    there = project, shop.environment(project, "production")
    now = int(shop.world.clock.now())
    assert shop(PREFIX, *there, start=now + 60, end=now + 3600)["overallRequests"]["total"] == 0
    before = shop(PREFIX, *there)
    shop("AssignDeploymentToProjectEnvironment", *there, body={"deploymentId": shop.version(project, 15)})
    shop("UpdateProjectEnvironmentResources", *there, body={"cpu": 200, "memory": 500, "replicas": 1})
    shop.world.advance("2h")
    assert shop(PREFIX, *there, start=now - 3600, end=now) == before


def test_an_environment_to_which_nobody_came_counts_nothing(empty: Any) -> None:
    project = empty.image()
    there = project, empty.make_environment(project)
    assert figures(empty, *there)["overallRequests"] == {"total": 0, "success": 0, "client": 0, "server": 0}
    assert figures(empty, *there)["successPercentage"] == 0
    assert len(empty(PREFIX + "RequestsOverTime", *there)) == 60


def test_the_log_has_a_line_for_every_request(shop: Any) -> None:
    project = shop.project("storefront")
    there = project, shop.environment(project, "blue")
    now = int(shop.world.clock.now())
    lines = shop("GetProjectEnvironmentLogs", *there, since_seconds=600).split("\n")
    requests = [line for line in lines if " GET /" in line or " POST /" in line]
    assert len(requests) == shop(PREFIX + "OverallRequests", *there, start=now - 600, end=now)["total"]


def test_a_window_of_all_time_is_answered_from_where_there_are_requests(shop: Any) -> None:
    project = shop.project("storefront")
    there = project, shop.environment(project, "production")
    line = b'192.0.2.7 - - [02/Mar/2026:08:00:00 +0000] "GET /a HTTP/1.1" 200 5\n'
    shop.world.replay("storefront", "production", line * 90)
    window = {"start": 0, "end": 1 << 40}
    assert shop(PREFIX + "RPM", *there, **window) == {"peak": 90, "average": pytest.approx(90 * 60 / (1 << 40))}
    assert shop(PREFIX, *there, **window)["overallRequests"]["total"] == 90
    now = int(shop.world.clock.now())
    assert shop(PREFIX + "RPM", *there, start=now - 3600, end=now) == {"peak": 90, "average": 1.5}
    assert shop(PREFIX + "RPM", *there, start=now, end=now + 60) == {"peak": 0, "average": 0}
