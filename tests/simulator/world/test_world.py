"""The world's clock, its door, and replayed access logs."""

from __future__ import annotations

import gzip
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.simulator import open_world

PREFIX = "GetProjectEnvironmentAnalytics"


def test_time_stands_still_until_somebody_moves_it(shop: Any) -> None:
    world = shop.world
    assert world.now == pd.Timestamp("2026-03-02T09:00:00Z")
    shop("ListProjects")
    assert world.now == pd.Timestamp("2026-03-02T09:00:00Z")
    assert world.advance("15min") == world.now == pd.Timestamp("2026-03-02T09:15:00Z")
    world.advance(90)
    world.advance(0.5)
    world.advance(pd.Timedelta("1h"))
    world.advance(timedelta(days=1))
    world.clock.sleep(30)
    assert world.now == pd.Timestamp("2026-03-03T10:17:00.500Z")
    assert world.clock.now() == world.now.timestamp()
    assert world.clock.virtual


@pytest.mark.parametrize("wrong", [-1, "-5min", "soon", "", "5 parsecs"])
def test_time_goes_forward_only(shop: Any, wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"time only goes forward|no length of time"):
        shop.world.advance(wrong)


def test_one_long_step_is_the_same_as_many_short_ones() -> None:
    one, many = open_world("storefront"), open_world("storefront")
    one.advance("3h")
    for _ in range(360):
        many.advance(30)
    assert one.state == many.state


def test_many_threads_make_as_many_projects_as_they_ask_for(empty: Any, empty_file: Path) -> None:
    api = type(empty)(open_world(empty_file, projects=1000))
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda n: api.image(f"gate-{n:03}"), range(200)))
    assert len(set(made)) == 200
    assert api("ListProjects", limit=20)["pagination"]["total"] == 200


def test_rows_that_are_kept_as_json_are_always_those_of_the_state(shop: Any) -> None:
    """What is answered after many changes is what a world answers that has forgotten all it had encoded."""
    project = shop.project("storefront")
    environment = shop.environment(project, "blue")

    def everything() -> list[Any]:
        rows = [shop("ListProjects", limit=20), shop("GetProject", project)]
        rows += [shop("ListDeployments", project, limit=20), shop("ListProjectEnvironments", project)]
        return [*rows, shop("ListDomains", project), shop("ListCronjobs", project)]

    everything()
    shop("UpdateProject", project, body={"displayName": "The shop"})
    shop("RetriggerDeployment", project, shop.version(project, 12))
    for _ in range(40):
        shop.world.advance(7)
        shown = everything()
        shop.world.rebuild_indexes()
        assert everything() == shown
    shop("DeleteDeployment", project, shop.version(project, 6))
    shop("UpdateProjectEnvironmentResources", project, environment, body={"cpu": 200, "memory": 500, "replicas": 1})
    for name in ("wholesale", "www"):
        domain = next(row["id"] for row in shop("ListDomains", project) if row["name"].startswith(name))
        shop("DeleteDomain", project, domain)
        shown = everything()
        shop.world.rebuild_indexes()
        assert everything() == shown
        shop.world.advance(15)


# --- replay -----------------------------------------------------------------------------------------------------------

LINES = [
    '203.0.113.9 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 203 "-" "curl/8"',
    '203.0.113.9 - - [17/May/2015:10:05:43 +0000] "GET /a?x=1 HTTP/1.1" 200 10 "-" "curl/8"',
    '203.0.113.9 - - [17/May/2015:12:06:12 +0200] "GET /a HTTP/1.1" 304 - "-" "curl/8"',
    "what is this",
    '203.0.113.9 - - [17/May/2015:10:07:00 +0000] "POST /b HTTP/1.1" 500 10',
    '203.0.113.9 - - [17/May/2015:10:07:59 +0000] "GET /c HTTP/1.1" 404 10 "-" "curl/8"',
    '203.0.113.9 - - [99/May/2015:10:07:59 +0000] "GET /c HTTP/1.1" 404 10 "-" "curl/8"',
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "access.log"
    path.write_text("\n".join(LINES) + "\n", encoding="utf-8")
    return path


def test_a_replayed_log_is_the_traffic_of_an_environment_at_its_own_times(shop: Any, log: Path) -> None:
    report = shop.world.replay("storefront", "production", log, query=False)
    assert report.drop("reasons").to_dict() == {
        "lines": 7,
        "kept": 5,
        "malformed": 2,
        "first": pd.Timestamp("2015-05-17T10:05:03Z"),
        "last": pd.Timestamp("2015-05-17T10:07:59Z"),
    }
    assert sum(report["reasons"].values()) == 2
    project = shop.project("storefront")
    there = project, shop.environment(project, "production")
    start = int(datetime(2015, 5, 17, 10, 5, tzinfo=UTC).timestamp())
    window = {"start": start, "end": start + 180}
    assert shop(PREFIX + "OverallRequests", *there, **window) == {"total": 5, "success": 2, "client": 1, "server": 1}
    rows = shop(PREFIX + "RequestsOverTime", *there, **window)
    assert [row["count"] for row in rows] == [2, 1, 2]
    assert shop(PREFIX + "TopHitPaths", *there, **window)[0] == {"path": "/a", "count": 2}
    assert shop(PREFIX + "TopErrorPaths", *there, **window) == [
        {"path": "/b", "status": "500", "count": 1},
        {"path": "/c", "status": "404", "count": 1},
    ]
    assert shop(PREFIX + "RPM", *there, **window)["peak"] == 2
    assert shop(PREFIX + "SuccessPercentage", *there, **window) == {"successPercentage": 60.0}
    shop.world.advance("1h")
    assert shop(PREFIX + "OverallRequests", *there)["total"] == 0


def test_a_replayed_log_can_end_now_or_anywhere(shop: Any, log: Path) -> None:
    report = shop.world.replay("storefront", "production", str(log), end="now")
    assert report["last"] == pd.Timestamp("2026-03-02T08:59:59Z")
    project = shop.project("storefront")
    there = project, shop.environment(project, "production")
    assert shop(PREFIX + "OverallRequests", *there)["total"] == 5
    report = shop.world.replay("storefront", "production", log, end="2020-01-01T00:00:00Z")
    assert report["last"] == pd.Timestamp("2019-12-31T23:59:59Z")
    report = shop.world.replay("storefront", "production", log, end=pd.Timestamp("2020-01-01", tz="UTC"))
    assert report["last"] == pd.Timestamp("2019-12-31T23:59:59Z")
    assert shop(PREFIX + "OverallRequests", *there)["total"] == 0


def test_gzip_and_bytes_are_read_too_and_paths_are_as_the_log_writes_them(shop: Any, log: Path) -> None:
    packed = log.with_suffix(".gz")
    packed.write_bytes(gzip.compress(log.read_bytes()))
    assert shop.world.replay("storefront", "production", packed)["kept"] == 5
    assert shop.world.replay("storefront", "production", packed.read_bytes(), end="now")["kept"] == 5
    project = shop.project("storefront")
    rows = shop(PREFIX + "TopHitPaths", project, shop.environment(project, "production"))
    assert {"path": "/a?x=1", "count": 1} in rows


def test_replay_says_what_is_wrong(shop: Any, log: Path) -> None:
    with pytest.raises(UnknownName, match="there is no project 'shop'; there is: storefront"):
        shop.world.replay("shop", "production", log)
    with pytest.raises(UnknownName, match="there is no environment 'live' in storefront; there is: production"):
        shop.world.replay("storefront", "live", log)
    for end in ("yesterday", b"now", datetime(2020, 1, 1)):
        with pytest.raises(InvalidInput, match=r"not a time|needs a zone"):
            shop.world.replay("storefront", "production", log, end=end)
    with pytest.raises(OSError, match="nothing"):
        shop.world.replay("storefront", "production", log.with_name("nothing"))
