"""Diagnoses of generated faults: one clear world of each template, and the healthy ones.

How often they are right over many seeds is measured by `python -m benchmarks.diagnosis`: docs/diagnosis.md.
"""

from __future__ import annotations

import pytest

import createos_nb
from createos_nb.diagnostics import diagnose

TEMPLATES = createos_nb.simulator.faults()
#: A scan stands beside the diagnosis of an environment, and what name servers say of an active domain is not asked.
ELSEWHERE = ("vulnerability", "dns_change")
SICK = [name for name in TEMPLATES.loc[TEMPLATES["cause"].notna(), "name"] if name not in ELSEWHERE]
HEALTHY = TEMPLATES.loc[TEMPLATES["cause"].isna(), "name"].tolist()


@pytest.mark.grid(12)
@pytest.mark.parametrize("name", SICK)
def test_the_cause_is_found(name: str) -> None:
    truth = createos_nb.simulator.fault_scenario(name, seed=5, difficulty="clear").ground_truth
    assert truth is not None
    client = createos_nb.simulate(createos_nb.simulator.fault_world(name, seed=5, difficulty="clear"))
    domains = client.fleet.domains().set_index("name")["project"]
    for cause in truth.causes:
        project, _, environment = str(domains.get(cause.where, cause.where)).partition("/")
        of_account = cause.cause in ("quota_exceeded", "key_expired")
        diagnosis = diagnose(client) if of_account else diagnose(client, project, environment or None)
        assert diagnosis.complete, diagnosis.missing
        assert diagnosis.status not in ("healthy", "unknown") or cause.cause == "not_deployed"
        assert diagnosis.findings[0].cause == cause.cause


@pytest.mark.grid(5)
@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_worlds_are_healthy(name: str) -> None:
    client = createos_nb.simulate(createos_nb.simulator.fault_world(name, seed=5))
    for row in client.fleet.environments().itertuples():
        diagnosis = diagnose(client, str(row.project), str(row.unique_name))
        assert diagnosis.status in ("healthy", "unknown"), diagnosis
        deployed = isinstance(row.project_deployment_id, str)
        assert diagnosis.causes["cause"].tolist() == ([] if deployed else ["not_deployed"])


def test_a_decoy_is_not_blamed() -> None:
    world = createos_nb.simulator.fault_world("external_dependency_alone", seed=5, decoy=True, difficulty="clear")
    client = createos_nb.simulate(world)
    truth = createos_nb.simulator.fault_scenario(
        "external_dependency_alone", seed=5, decoy=True, difficulty="clear"
    ).ground_truth
    assert truth is not None
    project, _, environment = truth.causes[0].where.partition("/")
    assert diagnose(client, project, environment).causes["cause"].iloc[0] == "external_dependency"


@pytest.mark.slow
def test_what_a_scan_has_found_stands_beside_it() -> None:
    truth = createos_nb.simulator.fault_scenario("vulnerability", seed=5).ground_truth
    assert truth is not None
    client = createos_nb.simulate(createos_nb.simulator.fault_world("vulnerability", seed=5))
    environment = client.environments.list(truth.where[0])["unique_name"].iloc[0]
    diagnosis = diagnose(client, truth.where[0], environment)
    assert diagnosis.status == "healthy"
    assert diagnosis.notes[0].startswith(f"vulnerability at {truth.where[0]}: the scan of version")


def test_a_domain_that_leads_elsewhere_is_seen_by_a_probe_alone() -> None:
    truth = createos_nb.simulator.fault_scenario("dns_change", seed=5).ground_truth
    assert truth is not None
    client = createos_nb.simulate(createos_nb.simulator.fault_world("dns_change", seed=5))
    domain, project = str(truth.causes[0].where), truth.where[0]
    assert client.domains.list(project).set_index("name").loc[domain, "status"] == "active"
    assert client.probe(f"https://{domain}")["error"] is not None
    assert diagnose(client, project).status == "healthy"
