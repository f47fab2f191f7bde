"""What a plan says of a diagnosis: it agrees, speaks against it, or does not know; and it refuses nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb import runbooks
from createos_nb.client.client import Client
from createos_nb.diagnostics import Diagnosis, Finding, RunbookCall, diagnose
from createos_nb.errors import InvalidInput

NOW = pd.Timestamp("2026-03-04 14:00", tz="UTC")


def finding(cause: str, weight: float = 0.9, function: str = "", **options: int) -> Finding:
    call = RunbookCall(function, ("storefront", "production"), options) if function else None
    since = NOW - pd.Timedelta("30min")
    return Finding(cause, "storefront/production", since, weight, (f"{cause}: seen",), (), f"Cure {cause}.", call)


def diagnosis(*findings: Finding, status: Any = "degraded", **more: Any) -> Diagnosis:
    return Diagnosis("storefront/production", status, "It is so.", findings, at=NOW, **more)


@pytest.fixture
def client() -> Client:
    return createos_nb.simulate("bad-release")


def test_a_wrong_port_is_served_by_a_rollback_and_cured_by_the_settings() -> None:
    plan = runbooks.rollback(createos_nb.simulate("wrong-port"), "storefront", "production")
    verdict = plan.warnings[0]
    assert verdict.startswith("the diagnosis agrees in part: wrong_port")
    assert "Set the project's port to 3000" in verdict
    assert "until then a rollback to version 2 serves" in verdict


def said(client: Client, given: Any) -> list[str]:
    return runbooks.rollback(client, "storefront", "production", diagnosis=given).warnings


def test_an_incident_from_outside_speaks_against_a_rollback_and_changes_no_digest() -> None:
    client = createos_nb.simulate("shared-incident")
    plan = runbooks.rollback(client, "storefront", "production")
    against = plan.warnings[0]
    assert against.startswith("the diagnosis speaks against it: external_dependency since 13:30 UTC (")
    for words in ("payments.example.com", "orders-api/production began to fail", "a rollback changes nothing"):
        assert words in against
    assert against in repr(plan)
    assert "orders-api/production began to fail" in plan._repr_html_()
    silent = runbooks.rollback(client, "storefront", "production", diagnosis=False)
    assert not any("diagnosis" in warning for warning in silent.warnings)
    assert (plan.digest, plan.intent) == (silent.digest, silent.intent)
    receipt = plan.apply(confirm=silent.digest, reason="it is refused nothing")
    assert receipt.checks.result == "PASS"


def test_a_bad_release_agrees(client: Client) -> None:
    plan = runbooks.rollback(client, "storefront", "production")
    assert plan.warnings[0].startswith("the diagnosis agrees: bad_release since 13:20 UTC (version 4 became live")
    assert "it says" not in plan.warnings[0]
    older = runbooks.rollback(client, "storefront", "production", to=2)
    assert "; it says to=3" in older.warnings[0]


@pytest.mark.parametrize("given", [False, None])
def test_none_is_made_where_none_is_wanted(client: Client, given: Any) -> None:
    assert not any("diagnos" in warning for warning in said(client, given))


def test_one_that_does_not_know_says_so(client: Client) -> None:
    expected = "the diagnosis does not know whether a rollback helps: It is so"
    assert said(client, diagnosis(finding("capacity", 0.4)))[0] == expected
    assert said(client, diagnosis(status="unknown"))[0] == expected
    unread = said(client, diagnosis(status="unknown", missing={"requests": "forbidden"}))[0]
    assert unread == f"{expected} (not read: requests)"


def test_where_nothing_is_wrong_a_rollback_cures_nothing(client: Client) -> None:
    assert said(client, diagnosis(status="healthy"))[0] == (
        "the diagnosis speaks against it: It is so; a rollback cures nothing"
    )


def test_a_likelier_cause_is_named_first(client: Client) -> None:
    line = said(client, diagnosis(finding("capacity", 0.9, "scale"), finding("bad_release", 0.6, "rollback", to=3)))[0]
    assert line == (
        "the diagnosis agrees in part: bad_release since 13:30 UTC, medium confidence (bad_release: seen); likelier is "
        "capacity since 13:30 UTC (capacity: seen). Cure capacity"
    )


def test_a_cause_of_another_runbook_speaks_against_it(client: Client) -> None:
    line = said(client, diagnosis(finding("missing_variable", 0.6, "set_variables")))[0]
    assert line == (
        "the diagnosis speaks against it: missing_variable since 13:30 UTC, medium confidence (missing_variable: seen)"
        "; a rollback does not cure that. Cure missing_variable"
    )


def test_an_old_one_says_how_old_it_is(client: Client) -> None:
    old = replace(diagnosis(finding("capacity", 0.9, "scale")), at=client.now - pd.Timedelta("95min"))
    assert said(client, old)[0].endswith("(diagnosed 95 minutes ago: diagnose it again)")
    fresh = replace(old, at=client.now - pd.Timedelta("9min"))
    assert "ago" not in said(client, fresh)[0]


def test_one_of_something_else_is_refused(client: Client) -> None:
    other = replace(diagnosis(), where="storefront/staging")
    with pytest.raises(InvalidInput, match="this diagnosis is of storefront/staging, and the plan is for"):
        said(client, other)
    with pytest.raises(InvalidInput, match="diagnosis=str is no diagnosis"):
        said(client, "external_dependency")


def test_one_that_is_named_by_ids_fits() -> None:
    client = createos_nb.simulate("shared-incident")
    row = client.environments.get("storefront", "production")
    project = str(client.projects.get("storefront")["id"])
    own = diagnose(client, project, str(row["id"]))
    plan = runbooks.rollback(client, project, str(row["id"]), diagnosis=own)
    assert plan.warnings[0].startswith("the diagnosis speaks against it: external_dependency")


@pytest.mark.parametrize("threaded", [True, False])
def test_without_a_diagnosis_it_is_planned_all_the_same(
    client: Client, threaded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not threaded:
        monkeypatch.setattr("createos_nb.threads.start", lambda target, name: None)

    def broken(*_: Any) -> Diagnosis:
        raise ZeroDivisionError("a rule is wrong\nin a second line")

    monkeypatch.setattr("createos_nb.runbooks.opinion.diagnose", broken)
    plan = runbooks.rollback(client, "storefront", "production")
    assert len(plan.steps) == 1
    assert plan.warnings[0] == "there is no diagnosis: a rule is wrong; whether a rollback helps is not known"


@pytest.mark.slow
def test_a_platform_that_shows_no_traffic_leaves_the_plan_as_it_is(client: Client) -> None:
    with client.world.faults(what="error", status=403, operations=["GetProjectEnvironmentAnalyticsRequestsOverTime"]):
        plan = runbooks.rollback(client, "storefront", "production", to=3)
    assert "(not read: " in plan.warnings[0]
    assert len(plan.steps) == 1


def test_a_rollback_that_can_not_be_planned_leaves_no_thread_and_asks_no_more(client: Client) -> None:
    import threading

    with pytest.raises(InvalidInput, match="nothing is live in"):
        runbooks.rollback(client, "storefront", "staging")
    assert not [one for one in threading.enumerate() if one.name == "createos-nb-diagnosis"]


def test_scaling_says_what_it_was_told_and_nothing_else() -> None:
    client = createos_nb.simulate("noisy-neighbour")
    name = "storefront"
    assert not [one for one in runbooks.scale(client, name, "production", replicas=3).warnings if "diagnos" in one]
    known = diagnosis(finding("capacity", 0.9, "scale", replicas=3))
    agreed = runbooks.scale(client, name, "production", replicas=3, diagnosis=known).warnings[0]
    assert agreed == "the diagnosis agrees: capacity since 13:30 UTC (capacity: seen)"
    other = runbooks.scale(client, name, "production", replicas=2, diagnosis=known).warnings[0]
    assert other.endswith("; it says replicas=3")
    leak = diagnosis(finding("memory_leak", 0.9, "rollback", to=2))
    against = runbooks.scale(client, name, "production", memory=1024, diagnosis=leak).warnings[0]
    assert "; scaling does not cure that. Cure memory_leak" in against
    well = runbooks.scale(client, name, "production", replicas=3, diagnosis=diagnosis(status="healthy")).warnings
    assert not [one for one in well if "diagnos" in one]
