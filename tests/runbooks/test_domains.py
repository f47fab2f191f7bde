"""Domains: added, waited for over days, verified, routed, and back; DNS that is wrong, partial, slow, contradictory."""

from __future__ import annotations

from typing import Any

import pytest

from createos_nb import plans, runbooks
from createos_nb.errors import InvalidInput, MissingExtra, UnknownName
from createos_nb.plans import Journal
from createos_nb.simulator.world.faults import Fault
from tests.plans.worlds import Between, client_of

PENDING = "shop.juniper-goods.example.net"
WHOLESALE = "wholesale.juniper-goods.example.com"
GIFTS = "gifts.juniper-goods.example.com"
RIGHT, ELSEWHERE = "192.0.2.80", "198.51.100.7"
RESOLVER = "resolver.simulator.invalid"


@pytest.fixture
def world(client: Any) -> Any:
    return client.world


def apply(plan: plans.Plan, **more: Any) -> plans.Receipt:
    return plan.apply(confirm=plan.confirmation, reason="a test", **more)


def row_of(client: Any, domain: str) -> Any:
    return client.domains.list("storefront").set_index("name").loc[domain]


def token_of(client: Any) -> str:
    return str(client.domains.records("storefront", PENDING).set_index("type")["value"]["TXT"])


# --- adding -----------------------------------------------------------------------------------------------------------


def test_a_domain_is_added_once_in_whatever_spelling_and_its_records_are_in_the_receipt(client: Any) -> None:
    receipt = runbooks.add_domain(client, "storefront", f" {GIFTS.upper()}. ".strip(), environment="staging").apply()
    records = client.domains.records("storefront", GIFTS)
    assert records["name"].tolist() == [f"_createos.{GIFTS}", GIFTS]
    assert all(value in receipt.frame()["note"].iloc[-1] for value in records["value"])
    assert client.domains.zone_file("storefront", GIFTS).startswith(f'_createos.{GIFTS}. 300 IN TXT "createos-verify=')
    again = runbooks.add_domain(client, "storefront", GIFTS, environment="production")
    assert again.steps == []
    assert "has gifts.juniper-goods.example.com already: it is pending" in again.warnings[0]
    assert again.warnings[1] == "it is routed to staging: runbooks.route_domain routes it to production"


def test_the_undo_of_adding_deletes_the_domain_by_its_typed_name_and_says_what_is_lost(client: Any) -> None:
    receipt = runbooks.add_domain(client, "storefront", GIFTS).apply()
    undo = receipt.undo()
    assert (undo.confirmation, undo.irreversible) == (GIFTS, True)
    assert "has to set new DNS records" in undo.warnings[0]
    apply(undo)
    assert GIFTS not in client.domains.list("storefront")["name"].tolist()
    assert receipt.undo().steps == []


def test_the_follow_up_routes_what_was_added(client: Any) -> None:
    receipt = runbooks.add_domain(client, "storefront", GIFTS, environment="staging").apply()
    client.world.set_dns(GIFTS)
    follow_up = receipt.follow_up("route")
    assert follow_up.title == f"verify and route {GIFTS} to staging"
    assert apply(follow_up).checks.result == "PASS"
    assert client.probe(GIFTS)["status"] == 200
    assert runbooks.route_domain(client, "storefront", GIFTS, "staging").steps == []


@pytest.mark.parametrize(
    "name", ["no host name", "localhost", "a..example.com", "-a.example.com", "a" * 300, "münchen.example", "1.2.3.4"]
)
def test_what_is_no_host_name_is_refused_before_anything_is_read(world: Any, name: str) -> None:
    transport = Between(world.transport())
    with pytest.raises(InvalidInput):
        runbooks.add_domain(client_of(world, transport), "storefront", name)
    assert transport.sent == []


def test_where_a_domain_is_to_lead_is_checked_before_anything_is_written(client: Any) -> None:
    with pytest.raises(UnknownName, match="production, staging"):
        runbooks.add_domain(client, "storefront", GIFTS, environment="no-such")
    client.environments.create(
        "storefront",
        unique_name="preview",
        display_name="Preview",
        description="What comes next",
        branch="main",
        is_auto_promote_enabled=False,
        resources={"cpu": 200, "memory": 500, "replicas": 1},
        settings={},
    )
    plan = runbooks.add_domain(client, "storefront", GIFTS, environment="preview")
    with pytest.raises(plans.PreconditionFailed, match="nothing is live in it"):
        plan.apply()
    assert GIFTS not in client.domains.list("storefront")["name"].tolist()


def test_a_domain_of_another_project_is_refused_by_the_platform_in_words(client: Any) -> None:
    plan = runbooks.add_domain(client, "storefront", "orders.juniper-goods.example.com")
    with pytest.raises(plans.StepFailed, match="in use already"):
        plan.apply()


def test_an_answer_that_is_lost_adds_no_second_domain(client: Any) -> None:
    plan = runbooks.add_domain(client, "storefront", GIFTS)
    with client.world.faults(Fault(what="drop-after", operations=["CreateDomain"], count=1)):
        receipt = plan.apply()
    assert client.domains.list("storefront")["name"].tolist().count(GIFTS) == 1
    assert any("settled by reading" in warning for warning in receipt.warnings)


# --- waiting for DNS --------------------------------------------------------------------------------------------------


def test_a_plan_for_a_pending_domain_says_what_is_waited_for_and_writes_nothing(world: Any) -> None:
    transport = Between(world.transport())
    plan = runbooks.route_domain(client_of(world, transport), "storefront", PENDING, "green")
    assert transport.writes == []
    assert f"{PENDING} is pending: it waits for its DNS records. TXT _createos.{PENDING} = " in plan.warnings[0]
    assert "48 hours" in plan.warnings[1]
    assert [step.what.split()[0] for step in plan.steps] == ["wait", "verify", "route", "send"]


def test_over_two_days_it_stops_and_resumes_and_verifies_once(client: Any) -> None:
    plan = runbooks.route_domain(client, "storefront", PENDING, "green")
    client.world.set_dns(PENDING, after="40h")
    with pytest.raises(plans.TakesTooLong, match=r"resolver\.simulator\.invalid: there is no such name") as caught:
        apply(plan)
    assert "has not spread to all name servers yet" in str(caught.value)
    for hours in (10, 20):
        client.world.advance(f"{hours}h")
        with pytest.raises(plans.TakesTooLong):
            plans.resume(caught.value.journal, client)
    assert not Journal(caught.value.journal).over
    failed = row_of(client, PENDING)["failed_verification_count"]
    client.world.advance("12h")
    receipt = plans.resume(caught.value.journal, client)
    assert receipt.checks.result == "PASS"
    row = row_of(client, PENDING)
    assert row["status"] == "active"
    # the platform was asked when the records were there, and not before
    assert row["failed_verification_count"] == failed
    assert client.probe(PENDING)["version"] == 6


def test_a_run_with_more_time_waits_in_one_go_and_looks_seldom(world: Any) -> None:
    transport = Between(world.transport())
    client = client_of(world, transport)
    plan = runbooks.route_domain(client, "storefront", PENDING, "green")
    world.set_dns(PENDING, after="30h")
    before = len(transport.sent)
    receipt = apply(plan, timeout="48h")
    assert receipt.checks.result == "PASS"
    looks = sum(path.endswith("/domains") for _, path in transport.sent[before:])
    assert 30 * 12 < looks < 30 * 12 + 60


def wrong(world: Any, client: Any) -> None:
    world.set_dns_record(PENDING, "A", [ELSEWHERE])


def partial(world: Any, client: Any) -> None:
    world.set_dns_record(PENDING, "TXT", outcome="no such name")


def contradictory(world: Any, client: Any) -> None:
    world.set_dns_record(PENDING, "A", [ELSEWHERE], server="ns2.simulator.invalid")


def beside_others(world: Any, client: Any) -> None:
    world.set_dns_record(PENDING, "A", [RIGHT, ELSEWHERE])


def quoted(world: Any, client: Any) -> None:
    world.set_dns_record(PENDING, "TXT", [f'"{token_of(client)}"'])


@pytest.mark.parametrize(
    ("disturb", "said"),
    [
        (wrong, f"is {ELSEWHERE} → set it to the value that is wanted"),
        (partial, "there is no such name → create it"),
        (contradictory, f"ns2.simulator.invalid: is {ELSEWHERE}"),
        (beside_others, f"is {RIGHT}, {ELSEWHERE} → delete the other values"),
        (quoted, "take the quotation marks away"),
    ],
)
def test_what_is_there_is_held_against_what_is_wanted_and_waited_for(client: Any, disturb: Any, said: str) -> None:
    world = client.world
    world.set_dns(PENDING)
    disturb(world, client)
    plan = runbooks.route_domain(client, "storefront", PENDING, "green")
    assert said in plan.warnings[0]
    with pytest.raises(plans.TakesTooLong) as caught:
        apply(plan)
    assert said in str(caught.value)
    assert row_of(client, PENDING)["status"] == "pending"
    world.set_dns(PENDING)  # its owner mends it
    assert plans.resume(caught.value.journal, client).checks.result == "PASS"


@pytest.mark.parametrize("outcome", ["timeout", "refused"])
def test_what_no_name_server_answers_is_not_known_and_the_platform_decides(client: Any, outcome: str) -> None:
    client.world.set_dns(PENDING)
    for server in (RESOLVER, "ns1.simulator.invalid", "ns2.simulator.invalid"):
        client.world.set_dns_record(PENDING, "A", outcome=outcome, server=server)
    plan = runbooks.route_domain(client, "storefront", PENDING, "green")
    assert f"A {PENDING} = {RIGHT}: not known: resolver.simulator.invalid, ns1" in plan.warnings[0]
    assert "there is no such" not in plan.warnings[0]
    # the platform does not find it either: it says so itself, and the run can be resumed
    with pytest.raises(plans.TakesTooLong, match="DNS records not found yet") as caught:
        apply(plan)
    assert caught.value.done["what"].tolist() == [f"wait for the DNS records of {PENDING}"]
    client.world.set_dns(PENDING)
    assert plans.resume(caught.value.journal, client).checks.result == "PASS"


def test_a_name_server_that_is_slow_is_waited_for_and_one_that_is_too_slow_is_said(client: Any) -> None:
    client.world.set_dns(PENDING)
    client.world.set_dns_record(PENDING, "A", [RIGHT], server="ns1.simulator.invalid", seconds=3)
    client.world.set_dns_record(PENDING, "TXT", [token_of(client)], server="ns2.simulator.invalid", seconds=30)
    found = client.domains.look_up("storefront", PENDING).set_index("type")
    assert found["state"].tolist() == ["set", "set"]
    assert found["complete"].to_dict() == {"TXT": False, "A": True}
    assert "ns2.simulator.invalid: no answer: timeout after 5 s" in found["detail"]["TXT"]
    assert apply(runbooks.route_domain(client, "storefront", PENDING, "green")).checks.result == "PASS"


def test_a_cname_is_told_and_counts_by_where_it_leads(client: Any) -> None:
    client.world.set_dns(PENDING)
    client.world.set_dns_record(PENDING, "A", [ELSEWHERE], cname="edge.example.org")
    found = client.domains.look_up("storefront", PENDING).set_index("type")
    assert found["state"]["A"] == "wrong"
    assert "through a CNAME to edge.example.org" in found["detail"]["A"]
    client.world.set_dns_record(PENDING, "A", [RIGHT])  # flattened: an address, and no CNAME to be seen
    assert client.domains.look_up("storefront", PENDING).set_index("type")["state"]["A"] == "set"


def test_only_the_name_servers_that_are_named_are_asked(client: Any) -> None:
    client.world.set_dns(PENDING, after="1h")
    own = client.domains.look_up("storefront", PENDING, nameservers=["ns1.simulator.invalid"])
    assert own["state"].tolist() == ["set", "set"]
    everybody = client.domains.look_up("storefront", PENDING, nameservers=[RESOLVER])
    assert everybody["state"].tolist() == ["missing", "missing"]
    nobody = client.domains.look_up("storefront", PENDING, nameservers=["ns9.example.org"])
    assert nobody["state"].tolist() == ["unknown", "unknown"]
    with pytest.raises(InvalidInput, match="a list"):
        client.domains.look_up("storefront", PENDING, nameservers=RESOLVER)


def test_a_domain_that_is_deleted_or_given_up_meanwhile_ends_the_wait(client: Any) -> None:
    for end, said in ((lambda: client.domains.delete("storefront", PENDING), "is gone"), (None, "ended as error")):
        world = client.world.fork()
        here = client_of(world)
        plan = runbooks.route_domain(here, "storefront", PENDING, "green")
        with pytest.raises(plans.TakesTooLong) as caught:
            apply(plan)
        if end is not None:
            here.domains.delete("storefront", PENDING)
        else:
            domain = next(one for one in world.find_project("storefront").domains.values() if one.name == PENDING)
            domain.status, domain.message = "error", "DNS records not found within 48 hours"
            world.touch(domain)
        with pytest.raises(plans.StepFailed, match=said):
            plans.resume(caught.value.journal, here)


def test_without_the_extra_the_error_names_it_and_the_platform_alone_can_decide(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("createos_nb.extras._is_installed", lambda package: False)
    kind = type(client.transport)
    # as of the platform: no world answers
    monkeypatch.setattr(kind, "simulated", property(lambda _: False, lambda _, learned: None), raising=False)
    with pytest.raises(MissingExtra, match=r"createos-nb\[dns\].*look_up=False"):
        runbooks.route_domain(client, "storefront", PENDING, "green")
    plan = runbooks.route_domain(client, "storefront", PENDING, "green", look_up=False)
    assert [step.what.split()[0] for step in plan.steps] == ["verify", "route", "send"]
    assert "set these DNS records: TXT _createos" in plan.warnings[0]


# --- routing ----------------------------------------------------------------------------------------------------------


def test_an_active_domain_is_routed_and_its_undo_restores_the_former_environment(client: Any) -> None:
    receipt = apply(runbooks.route_domain(client, "storefront", WHOLESALE, "green"))
    assert client.probe(WHOLESALE)["version"] == 6
    undo = receipt.undo()
    assert undo.frame()[["field", "before", "after"]].values.tolist() == [["environment", "green", "blue"]]
    apply(undo)
    assert client.probe(WHOLESALE)["version"] == 12


def test_the_undo_of_a_first_routing_leads_to_nothing_and_says_what_stays(client: Any) -> None:
    client.world.set_dns(PENDING)
    receipt = apply(runbooks.route_domain(client, "storefront", PENDING, "green"))
    undo = receipt.undo()
    assert undo.frame()[["before", "after"]].values.tolist() == [["green", "nothing"]]
    assert f"{PENDING} stays verified: runbooks.delete removes it" in undo.warnings
    apply(undo)
    assert row_of(client, PENDING)[["status", "environment_id"]].isna().tolist() == [False, True]


def test_a_domain_is_verified_without_an_environment(client: Any) -> None:
    client.world.set_dns(PENDING)
    plan = runbooks.route_domain(client, "storefront", PENDING)
    assert plan.title == f"verify {PENDING}"
    assert apply(plan).checks.result == "PASS"
    assert runbooks.route_domain(client, "storefront", PENDING).steps == []


def test_a_domain_on_its_way_is_waited_for_without_another_check(client: Any) -> None:
    client.world.set_dns(PENDING)
    client.domains.verify("storefront", PENDING)
    assert row_of(client, PENDING)["status"] == "issuing"
    plan = runbooks.route_domain(client, "storefront", PENDING, "green")
    assert [step.what.split()[0] for step in plan.steps] == ["verify", "route", "send"]
    assert apply(plan).checks.result == "PASS"


def test_a_domain_that_is_being_deleted_is_neither_added_nor_routed(client: Any) -> None:
    client.domains.delete("storefront", WHOLESALE)
    with pytest.raises(InvalidInput, match="being deleted"):
        runbooks.route_domain(client, "storefront", WHOLESALE, "green")
    with pytest.raises(InvalidInput, match="being deleted"):
        runbooks.add_domain(client, "storefront", WHOLESALE)


def test_every_name_is_asked_for_once_a_look(world: Any) -> None:
    transport = Between(world.transport())
    client = client_of(world, transport)
    runbooks.route_domain(client, "storefront", PENDING, "green")
    assert sum("dns.simulator.invalid" in path for _, path in transport.sent) == 2
    assert len(transport.sent) == len(set(transport.sent)) + 1  # one path, two types in its query
