"""The documentation's flows: a domain from its records to its users, and one for each environment."""

from __future__ import annotations

from typing import Any

import pytest

from createos_nb import plans, runbooks
from createos_nb.plans import Journal
from tests.flows.acting import applied, live
from tests.plans.cases import GIFTS

OWN = ["ns1.simulator.invalid"]


def states(client: Any, **asked: Any) -> list[str]:
    """What is found of the records of the domain: TXT, then A."""
    return client.domains.look_up("storefront", GIFTS, **asked)["state"].tolist()


def test_domain_is_added_waited_for_over_two_days_verified_and_routed(client: Any) -> None:
    """Create, set the records, wait until they have spread, verify, serve."""
    receipt = applied(runbooks.add_domain(client, "storefront", GIFTS))
    records = client.domains.records("storefront", GIFTS)
    assert records["type"].tolist() == ["TXT", "A"]
    assert states(client) == ["missing", "missing"]
    assert client.domains.list("storefront").set_index("name").loc[GIFTS, "status"] == "pending"

    client.world.set_dns(GIFTS, after="40h")
    assert states(client, nameservers=OWN) == ["set", "set"]  # its own zone has them at once
    plan = runbooks.route_domain(client, "storefront", GIFTS, "production")
    with pytest.raises(plans.TakesTooLong, match="48 hours") as stopped:
        plan.apply(confirm=plan.confirmation, reason="a flow of the documentation")
    assert not Journal(stopped.value.journal).over
    assert client.probe(GIFTS)["status"] != 200

    client.world.advance("41h")
    assert states(client) == ["set", "set"]
    ended = plans.resume(stopped.value.journal, client)
    assert ended.checks.result == "PASS"
    row = client.domains.list("storefront").set_index("name").loc[GIFTS]
    assert row["status"] == "active"
    assert row["environment_id"] == client.environments.get("storefront", "production")["id"]
    answer = client.probe(f"https://{GIFTS}")
    assert (answer["status"], answer["version"]) == (200, live(client, "storefront")["version_number"])
    assert receipt.follow_up("route").steps == []


def test_domain_whose_record_is_wrong_is_told_what_is_there_and_served_once_it_is_right(client: Any) -> None:
    applied(runbooks.add_domain(client, "storefront", GIFTS, environment="staging"))
    client.world.set_dns(GIFTS)
    client.world.set_dns_record(GIFTS, "TXT", ["createos-verify=of-another-project"])
    found = client.domains.look_up("storefront", GIFTS).set_index("type")
    assert (found["state"]["TXT"], found["state"]["A"]) == ("wrong", "set")
    assert "of-another-project" in found["found"]["TXT"]
    plan = runbooks.route_domain(client, "storefront", GIFTS)
    with pytest.raises(plans.TakesTooLong, match="of-another-project") as stopped:
        plan.apply(confirm=plan.confirmation, reason="a flow of the documentation")
    client.world.set_dns(GIFTS)
    assert plans.resume(stopped.value.journal, client).checks.result == "PASS"
    assert client.probe(GIFTS)["version"] == live(client, "storefront", "staging")["version_number"]


def test_domain_one_for_each_environment_answers_with_what_is_live_there(client: Any) -> None:
    names = {
        "production": "app.juniper-cards.example.com",
        "staging": "staging.juniper-cards.example.com",
        "development": "dev.juniper-cards.example.com",
    }
    for environment, name in names.items():
        applied(runbooks.add_domain(client, "storefront", name, environment=environment))
        client.world.set_dns(name)
    for environment, name in names.items():
        applied(runbooks.route_domain(client, "storefront", name, environment))

    def versions(column: Any) -> dict[str, Any]:
        return {environment: column(environment) for environment in names}

    is_live = versions(lambda environment: live(client, "storefront", environment)["version_number"])
    assert len(set(is_live.values())) == 3
    assert versions(lambda environment: client.probe(names[environment])["version"]) == is_live
    domains = client.fleet.domains(projects="storefront").set_index("name")
    assert domains.loc[list(names.values()), "status"].tolist() == ["active"] * 3

    # what is assigned to one of them is served by its domain alone
    applied(runbooks.assign(client, "storefront", is_live["production"], "staging"))
    served = versions(lambda environment: client.probe(names[environment])["version"])
    assert served == is_live | {"staging": is_live["production"]}
