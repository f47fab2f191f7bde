"""What answers at the addresses of environments, deployments and domains, and that it counts."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

import createos_nb
from createos_nb.simulator import open_world
from createos_nb.simulator.http.ingress import Ingress, Request
from tests.simulator.http.addresses import SITE, endpoint, get, live_site, total

# --- what is live -----------------------------------------------------------------------------------------------------


def test_an_environment_answers_at_its_endpoint_and_says_which_version(shop: Any) -> None:
    answer = get(shop, endpoint(shop, "storefront", "production"))
    assert answer.status_code == 200
    assert answer.headers["x-createos-version"] == "17"
    assert answer.json()["environment"] == "production"


def test_an_active_domain_leads_to_its_environment(shop: Any) -> None:
    answer = get(shop, "https://wholesale.juniper-goods.example.com/products")
    assert (answer.status_code, answer.headers["x-createos-version"]) == (200, "12")
    assert answer.json()["environment"] == "blue"


def test_a_host_is_known_in_upper_case_with_a_port_and_a_final_dot(shop: Any) -> None:
    assert get(shop, "https://STOREFRONT.createos.nodeops.network.:8443/").headers["x-createos-version"] == "17"


def test_a_pending_domain_can_not_be_looked_up(shop: Any) -> None:
    for host in ("shop.juniper-goods.example.net", "juniper-gifts.example.org", "example.com"):
        with pytest.raises(httpx.ConnectError):
            get(shop, f"https://{host}/")


def test_a_domain_that_points_here_but_is_not_active_is_404(shop: Any) -> None:
    shop.world.advance("40h")
    answer = get(shop, "https://shop.juniper-goods.example.net/")
    assert answer.status_code == 404
    assert "pending" in answer.json()["message"]


def test_an_address_that_nobody_has_is_404(shop: Any) -> None:
    assert get(shop, "https://nobody-has-this.createos.nodeops.network/").status_code == 404


def test_where_nothing_is_live_it_is_404_and_names_no_version(shop: Any) -> None:
    answer = get(shop, "https://winter-sale.createos.nodeops.network")
    assert answer.status_code == 404
    assert "x-createos-version" not in answer.headers


def test_pages_of_the_app_answer_as_it_does(shop: Any) -> None:
    base = endpoint(shop, "storefront", "production")
    assert get(shop, base + "/old-catalogue").status_code == 301
    assert get(shop, base + "/old-catalogue").headers["location"] == "/"
    assert get(shop, base + "/nowhere").status_code == 404
    refused = get(shop, base + "/cart/items")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert get(shop, base + "/cart/items", "POST").status_code == 201


def test_a_switch_is_seen_at_once(shop: Any) -> None:
    base = endpoint(shop, "storefront", "production")
    project = shop.project("storefront")
    ids = project, shop.environment(project, "production")
    shop("AssignDeploymentToProjectEnvironment", *ids, body={"deploymentId": shop.version(project, 15)})
    assert get(shop, base).headers["x-createos-version"] == "15"


def test_a_program_that_listens_elsewhere_is_502(shop: Any) -> None:
    shop.world.set_behavior("storefront", 17, listens=4000)
    answer = get(shop, endpoint(shop, "storefront", "production"))
    assert answer.status_code == 502
    assert "connection refused" in answer.json()["message"]


def test_errors_come_in_their_share_and_differ_between_requests_of_one_second(shop: Any) -> None:
    shop.world.set_behavior("storefront", 17, errors=[{"status": 500, "share": 0.5, "path": "/api/*"}])
    edge, before = Ingress(shop.world.api), shop.world.now

    def statuses(path: str, times: int) -> list[int]:
        return [
            edge.answer(Request("GET", "storefront.createos.nodeops.network", path)).response.status
            for _ in range(times)
        ]

    found = statuses("/api/stock", 60)
    assert set(found) == {200, 500}
    assert 15 <= found.count(500) <= 45
    assert set(statuses("/products", 10)) == {200}
    assert shop.world.now == before


def test_a_suspended_project_answers_nowhere(shop: Any) -> None:
    base = endpoint(shop, "landing-pages", "production")
    row = shop("ListDeployments", shop.project("landing-pages"))["data"][0]
    shop("SuspendProject", shop.project("landing-pages"))
    shop.world.advance(60)
    assert get(shop, base).status_code == 404
    assert get(shop, row["extra"]["endpoint"]).status_code == 404


def test_who_asks_for_html_gets_a_page_without_anything_that_runs(shop: Any) -> None:
    address = "https://storefront.createos.nodeops.network/<script>alert(1)</script>"
    answer = get(shop, address, accept="text/html,*/*")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script" not in answer.text
    assert "script" not in answer.headers["content-security-policy"]


# --- sleep ------------------------------------------------------------------------------------------------------------


def test_what_sleeps_answers_503_to_everybody_until_somebody_wakes_it(shop: Any) -> None:
    project = shop.project("chat-bot")
    production = shop.environment(project, "production")
    address = endpoint(shop, "chat-bot", "production")
    asleep = shop("ListDeployments", project)["data"][0]
    for base in (address, asleep["extra"]["endpoint"]):
        for _ in range(3):
            answer = get(shop, base)
            assert (answer.status_code, answer.json()["message"]) == (
                503,
                "the deployment sleeps until somebody wakes it",
            )
            assert "retry-after" not in answer.headers
            shop.world.advance("1h")
    assert shop.status(project, asleep["id"]) == "sleeping"
    began = int(shop.world.clock.now())
    shop.world.traffic("chat-bot", "production", rpm=6000)
    shop.world.advance("1s")
    shop("WakeupDeployment", project, asleep["id"])
    for left in (8, 7):
        answer = get(shop, address)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, str(left))
        assert answer.json()["message"] == "the deployment is waking up"
    shop.world.advance(shop.world.state.settings.waking - 2)
    awake = int(shop.world.clock.now())
    assert get(shop, address).status_code == 200
    shop.world.advance("1min")
    before, after = (
        shop("GetProjectEnvironmentAnalyticsOverallRequests", project, production, start=start, end=end)
        for start, end in ((began, awake), (awake, awake + 60))
    )
    assert before["total"] == before["server"] > 500
    assert after["server"] < after["total"] / 50


def test_a_start_says_how_long_it_still_takes() -> None:
    client = createos_nb.simulate(waking=300)
    client.deployments.wakeup("chat-bot", int(client.deployments.list("chat-bot")["version_number"].max()))
    client.world.advance(100)
    answer = client.probe("chat-bot.createos.nodeops.network")
    assert (answer["status"], answer["headers"]["retry-after"]) == (503, "200")
    client.world.advance(200)
    assert client.probe("chat-bot.createos.nodeops.network")["status"] == 200


def test_requests_keep_a_deployment_awake(make_api: Any, empty_file: Any) -> None:
    api = make_api(open_world(empty_file, idle=3600))
    base = live_site(api)
    for _ in range(8):
        api.world.advance("30min")
        assert get(api, base).status_code == 200
    row = api("ListDeployments", api.project("leaflet"))["data"][0]
    assert row["status"] == "deployed"
    api.world.advance("90min")
    assert api("ListDeployments", api.project("leaflet"))["data"][0]["status"] == "sleeping"


# --- a deployment's own address ---------------------------------------------------------------------------------------


def test_a_first_upload_is_reachable_before_any_environment_exists(shop: Any) -> None:
    base = live_site(shop)
    answer = get(shop, base)
    assert answer.text == SITE["index.html"]
    assert answer.headers["x-createos-version"] == "1"
    project = shop.project("leaflet")
    assert shop("ListProjectEnvironments", project) == []
    made = shop("ListDeployments", project)["data"][0]["id"]
    assert "GET / HTTP/1.1" in shop("GetDeploymentLogs", project, made, since_seconds=60)


def test_a_deployment_that_is_not_ready_is_503_and_one_that_failed_404(shop: Any) -> None:
    project = shop.project("storefront")
    rows = {row["status"]: row["extra"]["endpoint"] for row in shop("ListDeployments", project, limit=20)["data"]}
    assert get(shop, rows["building"]).status_code == 503
    assert get(shop, rows["build_error"]).status_code == 404


def test_a_request_to_the_own_address_of_what_is_live_counts_in_its_environment(shop: Any) -> None:
    project = shop.project("storefront")
    own = shop("GetDeployment", project, shop.version(project, 6))["extra"]["endpoint"]
    before = total(shop, "storefront", "green", 60)
    start = int(shop.world.clock.now())
    for _ in range(5):
        assert get(shop, own).headers["x-createos-version"] == "6"
    ids = project, shop.environment(project, "green")
    spent = int(shop.world.clock.now()) - start
    counted = shop("GetProjectEnvironmentAnalyticsOverallRequests", *ids, start=start, end=start + spent)["total"]
    assert counted >= 5
    assert total(shop, "storefront", "green", 60 + spent) == before + counted


def test_a_deployment_that_was_live_once_logs_what_comes_to_its_own_address_once(shop: Any) -> None:
    project = shop.project("storefront")
    old = shop.version(project, 15)
    row = shop("GetDeployment", project, old)
    assert row["status"] == "deployed"
    shop.world.advance("2h")
    assert get(shop, row["extra"]["endpoint"] + "/checked-by-hand").status_code == 404
    text = shop("GetDeploymentLogs", project, old, since_seconds=60)
    assert text.count("/checked-by-hand") == 1
    assert "starting version" not in text


# --- it counts --------------------------------------------------------------------------------------------------------


def test_requests_count_in_analytics_and_logs(shop: Any) -> None:
    project = shop.project("edge-gateway")
    environment = shop.environment(project, "staging")
    base = endpoint(shop, "edge-gateway", "staging")
    start = int(shop.world.clock.now())
    for _ in range(20):
        get(shop, base + "/counted-by-hand")
    window = {"start": start, "end": int(shop.world.clock.now())}
    errors = shop("GetProjectEnvironmentAnalyticsTopErrorPaths", project, environment, **window)
    row = next(row for row in errors if row["path"] == "/counted-by-hand")
    assert (row["status"], row["count"]) == ("404", 20)
    series = shop("GetProjectEnvironmentAnalyticsRequestsOverTime", project, environment, **window)
    overall = shop("GetProjectEnvironmentAnalyticsOverallRequests", project, environment, **window)
    assert sum(bucket["count"] for bucket in series) == overall["total"] >= 20
    assert shop("GetProjectEnvironmentLogs", project, environment, since_seconds=60).count("/counted-by-hand") == 20


def test_the_query_is_not_part_of_the_path_that_counts(shop: Any) -> None:
    project = shop.project("storefront")
    get(shop, "https://storefront.createos.nodeops.network/hidden?token=abc")
    text = shop("GetProjectEnvironmentLogs", project, shop.environment(project, "production"), since_seconds=5)
    assert "/hidden" in text
    assert "token" not in text


def test_the_same_probes_of_the_same_world_get_the_same_answers() -> None:
    def story() -> list[Any]:
        client = createos_nb.simulate()
        client.world.set_behavior("storefront", 17, errors=[{"status": 500, "share": 0.3}])
        return [client.probe("storefront.createos.nodeops.network/products").to_dict() for _ in range(20)]

    assert story() == story()


def test_addresses_in_answers_are_those_of_the_platform(shop: Any) -> None:
    for project in shop("ListProjects", limit=20)["data"]:
        if project["status"] == "active":
            for row in shop("ListProjectEnvironments", project["id"]):
                address = urlsplit(row["extra"]["endpoint"])
                assert (address.scheme, address.path) == ("https", "")
                assert address.netloc.endswith(".createos.nodeops.network")
