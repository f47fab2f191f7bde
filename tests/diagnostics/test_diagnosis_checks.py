"""What a diagnosis says of a runbook: it is called for, something else is, nothing is, or nobody knows."""

from __future__ import annotations

import pytest

import createos_nb
from createos_nb.diagnostics import calls_for, diagnose, healthy


@pytest.mark.grid(4)
@pytest.mark.parametrize(
    ("scenario", "where", "runbook", "called", "well"),
    [
        ("bad-release", "storefront/production", "rollback", "PASS", "FAIL"),
        ("flash-crowd", "storefront/production", "rollback", "FAIL", "FAIL"),
        ("flash-crowd", "storefront/production", "scale", "PASS", "FAIL"),
        ("crash-loop", "storefront/production", "set_variables", "PASS", "FAIL"),
        ("shared-incident", "storefront/production", "rollback", "FAIL", "FAIL"),  # nothing here puts it right
        ("storefront", "storefront/production", "rollback", "FAIL", "PASS"),
        ("sleepy", "reports/production", "rollback", "FAIL", "FAIL"),
    ],
)
def test_what_it_calls_for(scenario: str, where: str, runbook: str, called: str, well: str) -> None:
    project, environment = where.split("/")
    diagnosis = diagnose(createos_nb.simulate(scenario), project, environment)
    assert calls_for(diagnosis, runbook).result == called
    assert healthy(diagnosis).result == well
    assert healthy(diagnosis).claim == f"{where} is healthy"


def test_the_fix_is_named_where_no_runbook_does_it() -> None:
    diagnosis = diagnose(createos_nb.simulate("shared-incident"), "storefront", "production")
    assert calls_for(diagnosis, "rollback").figure == f"external_dependency: {diagnosis.findings[0].fix}"


def test_what_could_not_be_read_is_no_data() -> None:
    client = createos_nb.simulate("storefront")
    assert client.world is not None
    with client.world.faults(what="error", status=500, operations=["GetProjectEnvironmentAnalyticsRequestsOverTime"]):
        diagnosis = diagnose(client, "storefront", "production")
    for check in (calls_for(diagnosis, "rollback"), healthy(diagnosis)):
        assert check.result == "NO DATA"
        assert check.figure == diagnosis.sentence
