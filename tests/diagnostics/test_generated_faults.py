"""Diagnoses of generated faults: one clear world of each template, and the healthy ones.

How often they are right over many seeds is measured by `python -m benchmarks.diagnosis`: docs/diagnosis.md.
"""

from __future__ import annotations

import pytest

import createos_nb
from createos_nb.diagnostics import diagnose

TEMPLATES = createos_nb.simulator.faults()
SICK = TEMPLATES.loc[TEMPLATES["cause"].notna(), "name"].tolist()
HEALTHY = TEMPLATES.loc[TEMPLATES["cause"].isna(), "name"].tolist()


@pytest.mark.grid(3)
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


@pytest.mark.grid(2)
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
