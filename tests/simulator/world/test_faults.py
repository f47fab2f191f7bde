"""Faults of the API on demand: each does what it says, to whom it says, as often as it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from createos_nb.errors import InvalidInput
from createos_nb.simulator.world.faults import ConnectionBroken, Fault, read_faults


@pytest.fixture
def client(shop: Any) -> httpx.Client:
    headers = {"X-Api-Key": shop.key}
    return httpx.Client(transport=shop.world.transport(), base_url=shop.world.base_url, headers=headers)


def app_names(shop: Any) -> list[str]:
    return [app.name for app in shop.world.state.apps.values()]


def test_the_world_is_sound_before_and_after_the_block(shop: Any, client: httpx.Client) -> None:
    assert client.get("/v1/apps").status_code == 200
    with shop.world.faults(what="error", status=500):
        assert client.get("/v1/apps").status_code == 500
    assert client.get("/v1/apps").status_code == 200
    running = shop.world.faults(what="error").start()
    assert client.get("/v1/apps").status_code == 503
    running.stop()
    running.stop()
    assert client.get("/v1/apps").status_code == 200


@pytest.mark.parametrize(
    ("fault", "status", "after"),
    [
        ({"what": "error", "status": 502}, 502, None),
        ({"what": "rate-limit", "seconds": 7}, 429, "7"),
        ({"what": "quota"}, 429, None),
        ({"what": "html", "status": 504}, 504, None),
        ({"what": "failure-200"}, 200, None),
    ],
)
def test_a_refusal_applies_nothing(
    shop: Any, client: httpx.Client, fault: dict[str, Any], status: int, after: str | None
) -> None:
    with shop.world.faults(**fault):
        reply = client.post("/v1/apps", json={"name": "New"})
    assert reply.status_code == status
    assert reply.headers.get("retry-after") == after
    assert "New" not in app_names(shop)
    if fault["what"] == "html":
        assert reply.headers["content-type"] == "text/html"
    if fault["what"] == "failure-200":
        assert reply.json()["status"] == "fail"


@pytest.mark.parametrize(
    ("what", "error", "applied"),
    [
        ("refused", httpx.ConnectError, False),
        ("drop-before", httpx.ReadError, False),
        ("drop-after", httpx.ReadError, True),
    ],
)
def test_a_connection_breaks_before_or_after_the_write(
    shop: Any, client: httpx.Client, what: Any, error: type[Exception], applied: bool
) -> None:
    with shop.world.faults(what=what), pytest.raises(error):
        client.post("/v1/apps", json={"name": "New"})
    assert ("New" in app_names(shop)) is applied
    with shop.world.faults(what=what), pytest.raises(ConnectionBroken):
        shop.raw("ListApps")


def test_a_cut_answer_was_applied_and_is_no_json(shop: Any, client: httpx.Client) -> None:
    with shop.world.faults(what="cut"):
        reply = client.post("/v1/apps", json={"name": "New"})
    assert reply.status_code == 200
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
        reply.json()
    assert "New" in app_names(shop)


def test_latency_takes_the_worlds_time_and_more_than_patience_is_a_timeout(shop: Any, client: httpx.Client) -> None:
    before = shop.world.clock.now()
    with shop.world.faults(what="latency", seconds=2.5):
        assert client.get("/v1/apps").status_code == 200
        assert shop.world.clock.now() == before + 2.5
        with pytest.raises(httpx.ReadTimeout):
            client.post("/v1/apps", json={"name": "New"}, timeout=2)
    assert "New" in app_names(shop)


def test_a_skewed_clock_is_the_clients_and_not_the_platforms(shop: Any) -> None:
    now = shop.world.clock.now()
    with shop.world.faults(what="clock-skew", seconds=-90):
        assert shop.world.clock.now() == now - 90
        made = shop("CreateApp", body={"name": "New"})["id"]
        row = next(row for row in shop("ListApps") if row["id"] == made)
        assert row["createdAt"] == "2026-03-02T09:00:00.000Z"
        shop.world.clock.sleep(10)
    assert shop.world.clock.now() == now + 10


def test_faults_strike_operations_by_name_or_by_what_they_do(shop: Any) -> None:
    with shop.world.faults(what="error", operations=["ListApps"]):
        assert shop.raw("ListApps").status == 503
        assert shop.raw("ListAPIKeys").status == 200
        assert shop.raw("CreateApp", body={"name": "New"}).status == 200
    with shop.world.faults(what="error", operations=["write"]):
        assert shop.raw("ListApps").status == 200
        assert shop.raw("CheckProjectUniqueName", body={"uniqueName": "free-name"}).status == 200
        assert shop.raw("CreateApp", body={"name": "Newer"}).status == 503
        assert shop.raw("GetProjectTransferUri", shop.project("storefront")).status == 503
    with shop.world.faults(what="error", operations=["GetEnvAnalyticsReqDistribution"]) as faults:
        assert faults.faults[0].operations == ("GetProjectEnvironmentAnalyticsRequestDistribution",)


def test_count_and_skip_say_which_requests(shop: Any) -> None:
    with shop.world.faults(what="error", skip=2, count=3) as faults:
        statuses = [shop.raw("ListApps").status for _ in range(8)]
    assert statuses == [200, 200, 503, 503, 503, 200, 200, 200]
    assert faults.injected == [3]


def test_probability_is_decided_by_the_seed(shop: Any) -> None:
    def struck(seed: int) -> list[int]:
        with shop.world.faults(what="error", probability=0.3, seed=seed):
            return [shop.raw("ListApps").status for _ in range(400)]

    assert struck(1) == struck(1) != struck(2)
    assert 80 < struck(1).count(503) < 160
    with shop.world.faults(what="error", probability=0):
        assert shop.raw("ListApps").status == 200


def test_several_faults_at_once_and_blocks_in_blocks(shop: Any) -> None:
    before = shop.world.clock.now()
    given = [Fault(what="latency", seconds=1), Fault(what="error", operations=("ListApps",), count=1)]
    with shop.world.faults(*given), shop.world.faults(what="error", operations=["ListAPIKeys"], status=500):
        assert shop.raw("ListApps").status == 503
        assert shop.raw("ListApps").status == 200
        assert shop.raw("ListAPIKeys").status == 500
    assert shop.world.clock.now() == before + 3


def test_what_was_injected_is_in_the_journal(shop: Any) -> None:
    with shop.world.faults(what="error", count=2):
        for _ in range(5):
            shop.raw("ListApps")
    rows = shop.world.events()
    assert list(rows[rows["what"] == "fault injected"]["text"]) == ["error: ListApps"] * 2


def test_unknown_paths_are_left_alone(shop: Any) -> None:
    with shop.world.faults(what="error"):
        assert shop.world.handle("GET", "/v1/nothing", "", {}, b"").status == 404


def pages(shop: Any, name: str, *ids: str) -> list[str]:
    """All rows as somebody reads them who trusts `offset`."""
    seen: list[str] = []
    while True:
        page = shop(name, *ids, limit=4, offset=len(seen))
        seen += [row["id"] for row in page["data"]]
        if page["pagination"]["count"] < 4:
            return seen


def test_rows_move_while_paging_so_that_a_naive_reader_sees_some_twice_or_never(shop: Any) -> None:
    project = shop.project("storefront")
    before = pages(shop, "ListDeployments", project)
    with shop.world.faults(what="moving-rows") as faults:
        moved = pages(shop, "ListDeployments", project)
    after = pages(shop, "ListDeployments", project)
    assert faults.injected[0] >= 4
    assert after != before
    assert len(set(after)) == len(after)
    assert len(set(moved)) < len(moved) or not set(before) & set(after) <= set(moved)
    live = {one.deployment for one in shop.world.state.projects[project].environments.values()}
    assert live <= set(after)
    with shop.world.faults(what="moving-rows", operations=["ListProjects"]):
        names = pages(shop, "ListProjects")
    assert {shop.project(name) for name in ("storefront", "orders-api")} <= set(pages(shop, "ListProjects"))
    assert names


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"what": "earthquake"}, "earthquake"),
        ({"what": "error", "status": 99}, "status"),
        ({"what": "error", "probability": 1.5}, "probability"),
        ({"what": "error", "operations": ["ListShops"]}, "no operation 'ListShops'"),
        ({"what": "error", "count": -1}, "count"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(shop: Any, fault: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        shop.world.faults(**fault)
    with pytest.raises(InvalidInput, match="no fault given"):
        shop.world.faults()


def test_faults_can_stand_in_a_file(shop: Any, tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(
        '[[faults]]\nwhat = "error"\nstatus = 500\noperations = ["ListApps"]\n[[faults]]\nwhat = "latency"\n'
    )
    with shop.world.faults(*read_faults(path)):
        assert shop.raw("ListApps").status == 500
    path.write_text('[[faults]]\nwhat = "error"\nchance = 1\n')
    with pytest.raises(InvalidInput, match=r"faults\.toml: .*chance"):
        read_faults(path)
    path.write_text("[[faults\n")
    with pytest.raises(InvalidInput, match=r"faults\.toml"):
        read_faults(path)
