"""Domains: pending until their DNS record is found, then routed to one environment or to none."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from createos_nb.simulator import open_world


def row(api: Any, project: str, domain: str) -> Any:
    return next(row for row in api("ListDomains", project) if row["id"] == domain)


def test_a_domain_is_pending_until_its_record_is_found_and_somebody_looks(shop: Any) -> None:
    project = shop.project("landing-pages")
    made = shop("CreateDomain", project, body={"name": "Late.Example.com"})["id"]
    assert shop("RefreshDomain", project, made) == "domain is being refreshed"
    found = row(shop, project, made)
    assert (found["failedVerificationCount"], found["lastFailedVerifiedAt"]) == (0, None)
    shop.world.advance("5s")
    found = row(shop, project, made)
    assert (found["name"], found["status"], found["failedVerificationCount"]) == ("late.example.com", "pending", 1)
    assert found["lastFailedVerifiedAt"] == "2026-03-02T09:00:05.000Z"
    shop.world.advance("5h")
    assert row(shop, project, made)["status"] == "pending"
    assert shop("RefreshDomain", project, made) == "domain is being refreshed"
    assert row(shop, project, made)["status"] == "pending"
    shop.world.advance("5s")
    assert row(shop, project, made)["status"] == "issuing"
    shop.world.advance("1min")
    found = row(shop, project, made)
    assert (found["status"], found["records"], found["message"]) == ("active", None, None)
    assert found["domainCertificateId"]


def test_only_a_pending_domain_can_be_refreshed(shop: Any) -> None:
    project = shop.project("storefront")
    for one in shop("ListDomains", project):
        status = shop.raw("RefreshDomain", project, one["id"]).status
        assert status == (200 if one["status"] == "pending" else 422)


def test_the_time_that_dns_takes_is_a_setting(empty: Any, empty_file: Any) -> None:
    api = type(empty)(open_world(empty_file, dns_delay="48h"))
    project = api.image()
    made = api("CreateDomain", project, body={"name": "late.example.com"})["id"]
    for hours, status in ((47, "pending"), (1, "issuing")):
        api.world.advance(f"{hours}h")
        api("RefreshDomain", project, made)
        api.world.advance("5s")
        assert row(api, project, made)["status"] == status


def test_the_names_of_records_are_relative_to_the_domain(shop: Any) -> None:
    """The official client prints name, dot and domain: a whole name would be doubled."""
    project = shop.project("landing-pages")
    made = shop("CreateDomain", project, body={"name": "late.example.com"})["id"]
    records = row(shop, project, made)["records"]
    assert [record["name"] for record in records["txt_records"]] == ["_createos"]
    assert records["txt_records"][0]["value"].startswith("createos-verify=")
    assert all("late.example.com" not in str(record) for record in records["a_records"])


def test_a_check_of_a_domain_that_is_gone_by_then_changes_nothing(shop: Any) -> None:
    project = shop.project("landing-pages")
    made = shop("CreateDomain", project, body={"name": "late.example.com"})["id"]
    shop("RefreshDomain", project, made)
    shop("DeleteDomain", project, made)
    shop.world.advance("3s")
    assert row(shop, project, made)["status"] == "deleting"
    shop.world.advance("1min")
    assert made not in [one["id"] for one in shop("ListDomains", project)]


def test_two_checks_at_once_verify_it_once(shop: Any) -> None:
    project = shop.project("landing-pages")
    made = shop("CreateDomain", project, body={"name": "late.example.com"})["id"]
    shop.world.advance("1d")
    shop("RefreshDomain", project, made)
    shop.world.advance("1s")
    shop("RefreshDomain", project, made)
    shop.world.advance("1min")
    found = row(shop, project, made)
    assert (found["status"], found["failedVerificationCount"]) == ("active", 0)


@pytest.mark.parametrize(
    "name", ["ab", "no spaces.example.com", "example", "-a.example.com", "a..b", "x" * 256, "a/b.de"]
)
def test_what_is_no_host_name_is_400(shop: Any, name: str) -> None:
    assert shop.refused("CreateDomain", shop.project("storefront"), body={"name": name})[0] == 400


def test_a_name_that_some_project_holds_is_422(shop: Any) -> None:
    name = "www.juniper-goods.example.com"
    for project in ("storefront", "landing-pages"):
        assert shop.refused("CreateDomain", shop.project(project), body={"name": name})[0] == 422


def test_only_an_active_domain_can_be_routed_and_only_to_what_has_a_deployment(shop: Any) -> None:
    project = shop.project("storefront")
    domains = {one["name"]: one["id"] for one in shop("ListDomains", project)}
    green = shop.environment(project, "green")
    route = "UpdateDomainEnvironment"
    for name in ("shop.juniper-goods.example.net", "juniper-gifts.example.org"):
        assert shop.refused(route, project, domains[name], body={"environmentId": green})[0] == 422
    bare = shop.make_environment(project, "bare", branch="main")
    www = domains["www.juniper-goods.example.com"]
    assert shop.refused(route, project, www, body={"environmentId": bare})[0] == 422
    assert shop.refused("CreateDomain", project, body={"name": "b.example.com", "environmentId": bare})[0] == 422
    shop(route, project, www, body={"environmentId": green})
    assert row(shop, project, www)["environmentId"] == green
    rows = {one["id"]: one["extra"]["customDomains"] for one in shop("ListProjectEnvironments", project)}
    assert rows[green] == ["www.juniper-goods.example.com"]
    assert rows[shop.environment(project, "production")] == []


@pytest.mark.parametrize("body", [{}, {"environmentId": None}])
def test_null_and_nothing_at_all_route_it_to_none(shop: Any, body: dict[str, Any]) -> None:
    project = shop.project("storefront")
    www = next(one["id"] for one in shop("ListDomains", project) if one["name"].startswith("www."))
    shop("UpdateDomainEnvironment", project, www, body=body)
    assert row(shop, project, www)["environmentId"] is None


def test_visitors_come_with_the_domain_and_nobody_is_lost(shop: Any) -> None:
    project = shop.project("storefront")
    blue, green = (shop.environment(project, name) for name in ("blue", "green"))
    wholesale = next(one["id"] for one in shop("ListDomains", project) if one["name"].startswith("wholesale."))
    total = "GetProjectEnvironmentAnalyticsOverallRequests"
    before = {side: shop(total, project, side)["total"] for side in (blue, green)}
    shop("UpdateDomainEnvironment", project, wholesale, body={"environmentId": green})
    shop.world.advance("1h")
    after = {side: shop(total, project, side) for side in (blue, green)}
    assert before[blue] > 500 > 100 > before[green]
    assert after[green]["total"] > 500 > 100 > after[blue]["total"]
    assert after[green]["server"] == after[blue]["server"] == 0


def test_a_deleted_domain_goes_a_little_later_and_frees_its_name(shop: Any) -> None:
    project = shop.project("storefront")
    www = next(one["id"] for one in shop("ListDomains", project) if one["name"].startswith("www."))
    shop("DeleteDomain", project, www)
    assert row(shop, project, www)["status"] == "deleting"
    assert shop.refused("DeleteDomain", project, www)[0] == 422
    shop.world.advance("1min")
    assert www not in [one["id"] for one in shop("ListDomains", project)]
    shop("CreateDomain", project, body={"name": "www.juniper-goods.example.com"})


# --- name servers -----------------------------------------------------------------------------------------------------


PENDING = "shop.juniper-goods.example.net"
SERVERS = ["resolver.simulator.invalid", "ns1.simulator.invalid", "ns2.simulator.invalid"]


def asked(shop: Any, name: str, type: str = "A", **more: str) -> Any:
    with httpx.Client(transport=shop.world.transport()) as client:
        url = f"{shop.world.base_url}/~/dns.simulator.invalid/resolve"
        answer = client.get(url, params={"name": name, "type": type, **more})
    return [(row["server"], row["outcome"], row["values"]) for row in answer.json()["answers"]]


def test_name_servers_answer_as_the_owner_has_set_it(shop: Any) -> None:
    before = shop.world.now
    assert asked(shop, PENDING) == [(server, "no record", []) for server in SERVERS]
    assert asked(shop, f"_createos.{PENDING}", "TXT") == [(server, "no such name", []) for server in SERVERS]
    shop.world.set_dns(PENDING, after="1h")
    outcomes = [outcome for _, outcome, _ in asked(shop, PENDING.upper() + ".")]
    assert outcomes == ["no record", "found", "found"]
    assert shop.world.now == before
    shop.world.advance("1h")
    assert asked(shop, PENDING) == [(server, "found", ["192.0.2.80"]) for server in SERVERS]
    shop.world.set_dns(PENDING, found=False)
    assert asked(shop, PENDING, server=SERVERS[1]) == [(SERVERS[1], "no record", [])]


def test_names_that_the_platform_gives_lead_to_it_and_others_nowhere(shop: Any) -> None:
    assert asked(shop, "storefront.createos.nodeops.network")[0][2] == ["192.0.2.80"]
    assert asked(shop, "www.juniper-goods.example.com")[0][1] == "found"  # verified long ago
    assert asked(shop, "nobody.example.com")[0][1] == "no such name"
    assert asked(shop, PENDING, "TXT")[0][1] == "no record"
    assert asked(shop, PENDING, server="ns9.example.org") == [("ns9.example.org", "timeout", [])]


def test_what_name_servers_say_otherwise_holds_for_the_platform_too_until_the_owner_sets_it(shop: Any) -> None:
    project = shop.project("storefront")
    domain = next(one["id"] for one in shop("ListDomains", project) if one["name"] == PENDING)
    shop.world.set_dns(PENDING)
    shop.world.set_dns_record(PENDING, "A", ["198.51.100.7"], server=SERVERS[2])
    shop.world.set_dns_record(PENDING, "TXT", ["createos-verify=old"])
    assert [values for _, _, values in asked(shop, PENDING)] == [["192.0.2.80"]] * 2 + [["198.51.100.7"]]
    shop("RefreshDomain", project, domain)
    shop.world.advance("5s")
    assert row(shop, project, domain)["status"] == "pending"
    shop.world.set_dns(PENDING)
    shop("RefreshDomain", project, domain)
    shop.world.advance("5s")
    assert row(shop, project, domain)["status"] == "issuing"


def test_a_record_that_was_set_wrongly_leads_elsewhere() -> None:
    world = open_world("dns-pending")
    gifts, shop = "gifts.juniper-goods.example.org", "shop.juniper-goods.example.net"
    with httpx.Client(transport=world.transport()) as client:
        url = f"{world.base_url}/~/dns.simulator.invalid/resolve"
        found = {name: client.get(url, params={"name": name, "type": "A"}).json()["answers"] for name in (gifts, shop)}
        assert client.get(url, params={"name": gifts, "type": "MX"}).status_code == 400
        assert client.get(url).status_code == 400
    assert found[gifts][0]["values"] == ["198.51.100.80"]
    assert found[shop][0]["outcome"] == "no record"


def test_a_slow_name_server_takes_the_worlds_time(shop: Any) -> None:
    shop.world.set_dns_record(PENDING, "A", ["192.0.2.80"], seconds=3)
    before = shop.world.now
    asked(shop, PENDING)
    assert 3 <= (shop.world.now - before).total_seconds() <= 4
