"""Diagnoses of the scenarios: the cause, where, since when, and the runbook that puts it right."""

from __future__ import annotations

import json
from importlib import import_module

import pandas as pd
import pytest

import createos_nb
from createos_nb import Client, runbooks, training
from createos_nb.causes import CAUSES
from createos_nb.diagnostics import Diagnosis, diagnose
from createos_nb.errors import UnknownName

#: scenario, place, status, causes in order, runbook of the first
TROUBLE = [
    ("bad-release", "storefront/production", "degraded", ["bad_release"], "rollback"),
    ("auto-promote-trap", "storefront/production", "degraded", ["bad_release"], "rollback"),
    ("crash-loop", "storefront/production", "down", ["missing_variable"], "set_variables"),
    ("wrong-port", "storefront/production", "down", ["wrong_port"], "settings"),
    ("wrong-port", "mailer", "degraded", ["wrong_port"], "settings"),
    ("oom", "storefront/production", "degraded", ["out_of_memory"], "scale"),
    ("slow-leak", "storefront/production", "degraded", ["memory_leak"], "rollback"),
    ("flash-crowd", "storefront/production", "degraded", ["capacity"], "scale"),
    ("noisy-neighbour", "storefront/production", "degraded", ["noisy_neighbor"], "scale"),
    ("shared-incident", "storefront/production", "degraded", ["external_dependency"], ""),
    ("shared-incident", "orders-api/production", "degraded", ["external_dependency"], ""),
    ("sleepy", "reports/production", "asleep", ["asleep"], "wake"),
    ("build-broken", "storefront", "degraded", ["build_failed"], ""),
    ("build-broken", "thumbnails", "degraded", ["build_failed"], ""),
    ("build-broken", "prototype", "degraded", ["build_failed"], ""),
    ("slow-build", "recommendations", "degraded", ["build_timeout"], "settings"),
    ("private-package", "storefront", "degraded", ["private_package"], "settings"),
    ("private-package", "reports", "degraded", ["private_package"], "settings"),
    ("private-package", "landing", "degraded", ["missing_variable"], "settings"),
    ("monorepo", "orders-api", "degraded", ["monorepo_path"], "settings"),
    (
        "dns-pending",
        "storefront",
        "degraded",
        ["domain_misconfigured", "domain_pending", "domain_misconfigured"],
        "delete",
    ),
    ("quota-full", "winter-sale", "down", ["suspended", "quota_exceeded", "quota_exceeded"], ""),
]
#: scenario, project, what the change of settings that cures its build says
CURES = [
    ("wrong-port", "mailer", {"port": 8025, "redeploy": True, "deployment": 1}),
    ("slow-build", "recommendations", {"has_dockerfile": True, "redeploy": True, "deployment": 2}),
    ("private-package", "storefront", {"build_vars": {"NPM_TOKEN": "…"}, "redeploy": True, "deployment": 3}),
    ("private-package", "landing", {"build_vars": {"PUBLIC_URL": "…"}, "redeploy": True, "deployment": 1}),
    ("monorepo", "orders-api", {"directory_path": "apps/orders", "redeploy": True, "deployment": 3}),
]
HEALTHY = [
    ("storefront", "storefront/production"),
    ("storefront", "storefront/blue"),
    ("storefront", "orders-api/production"),
    ("storefront", "recommendations/production"),
    ("shared-incident", "landing-pages/production"),
    ("sleepy", "catalogue/production"),
    ("quota-full", "storefront/production"),
    ("build-broken", "storefront/production"),
    ("private-package", "storefront/production"),
]


def at(client: Client, where: str) -> Diagnosis:
    project, _, environment = where.partition("/")
    return diagnose(client, project, environment or None)


@pytest.mark.parametrize(("scenario", "project", "options"), CURES)
def test_the_setting_that_cures_a_build(scenario: str, project: str, options: dict[str, object]) -> None:
    call = diagnose(createos_nb.simulate(scenario), project).findings[0].runbook
    assert call is not None
    assert (call.function, call.arguments, call.options, call.command) == ("settings", (project,), options, "")


def test_the_port_of_what_is_live_is_set_with_its_environment() -> None:
    call = diagnose(createos_nb.simulate("wrong-port"), "storefront", "production").findings[0].runbook
    assert call is not None
    assert call.call == "runbooks.settings(client, 'storefront', port=3000, redeploy=True, environment='production')"
    assert call.command == (
        "createos-nb run 52_project_settings -p project=storefront -p environment=production "
        """-p 'changes={'"'"'port'"'"': 3000}'"""
    )


def test_without_a_dockerfile_a_long_build_has_no_setting() -> None:
    client = createos_nb.simulate(createos_nb.simulator.fault_world("build_timeout", seed=5, difficulty="clear"))
    [project] = [name for name in client.projects.list()["unique_name"] if _has_timeout(client, name)]
    finding = diagnose(client, project).findings[0]
    assert finding.cause == "build_timeout"
    assert finding.runbook is None
    assert finding.fix.startswith("Write a Dockerfile")


def _has_timeout(client: Client, project: str) -> bool:
    return bool((client.deployments.list(project)["status"] == "build_error").any())


@pytest.mark.grid(4)
@pytest.mark.parametrize(("scenario", "where", "status", "causes", "runbook"), TROUBLE)
def test_the_cause_of_each_scenario(scenario: str, where: str, status: str, causes: list[str], runbook: str) -> None:
    diagnosis = at(createos_nb.simulate(scenario), where)
    assert diagnosis.status == status
    assert diagnosis.causes["cause"].tolist() == causes
    assert set(causes) <= set(CAUSES)
    first = diagnosis.findings[0]
    assert first.where in (where, "account")
    assert first.confidence == "high"
    assert first.evidence
    assert (first.runbook.function if first.runbook else "") == runbook
    assert diagnosis.complete


@pytest.mark.grid(4)
@pytest.mark.parametrize(("scenario", "where"), HEALTHY)
def test_nothing_is_wrong(scenario: str, where: str) -> None:
    diagnosis = at(createos_nb.simulate(scenario), where)
    assert diagnosis.status == "healthy"
    assert diagnosis.causes.empty
    assert diagnosis.sentence.startswith("Nothing is wrong")


def test_a_release_before_a_shared_incident_is_not_blamed() -> None:
    """The release is four minutes older than the errors, served hundreds of requests, and another project fails too."""
    diagnosis = at(createos_nb.simulate("shared-incident"), "storefront/production")
    assert "bad_release" not in set(diagnosis.causes["cause"])
    evidence = " ".join(diagnosis.findings[0].evidence)
    assert "orders-api/production began to fail in the same minutes" in evidence
    assert "version 3 became live at 13:26, and served" in evidence
    assert "payments.example.com" in diagnosis.findings[0].fix


def test_when_it_began() -> None:
    since = at(createos_nb.simulate("bad-release"), "storefront/production").findings[0].since
    assert since is not None
    assert abs(since - pd.Timestamp("2026-03-04 13:20", tz="UTC")) <= pd.Timedelta("2min")
    since = at(createos_nb.simulate("oom"), "storefront/production").findings[0].since
    assert since is not None
    assert abs(since - pd.Timestamp("2026-03-03 10:30", tz="UTC")) <= pd.Timedelta("2min")


def test_requests_are_counted_and_few() -> None:
    for scenario, where, most in [
        ("storefront", "storefront/production", 10),
        ("bad-release", "storefront/production", 10),
        ("shared-incident", "storefront/production", 14),
    ]:
        client = createos_nb.simulate(scenario)
        before = len(client.log())
        diagnosis = at(client, where)
        assert diagnosis.requests == len(client.log()) - before <= most
        log = client.log()
        assert not log.duplicated(["operation", "path"]).any() or scenario == "shared-incident"


def test_an_expired_key_is_named() -> None:
    client = createos_nb.simulate("storefront")
    assert client.world is not None
    client.world.advance("400d")
    diagnosis = at(client, "storefront/production")
    assert diagnosis.status == "unknown"
    assert diagnosis.causes["cause"].tolist() == ["key_expired"]
    assert not diagnosis.complete


def test_names_that_do_not_exist() -> None:
    client = createos_nb.simulate("storefront")
    with pytest.raises(UnknownName, match="storefont"):
        diagnose(client, "storefont", "production")
    with pytest.raises(UnknownName, match="prod"):
        diagnose(client, "storefront", "prod")


def test_the_same_by_id() -> None:
    client = createos_nb.simulate("bad-release")
    project = client.projects.get("storefront")
    environment = client.environments.get("storefront", "production")
    diagnosis = diagnose(client, project["id"], environment["id"])
    assert diagnosis.where == "storefront/production"
    assert diagnosis.causes["cause"].tolist() == ["bad_release"]


def test_as_json_and_in_a_notebook() -> None:
    diagnosis = at(createos_nb.simulate("crash-loop"), "storefront/production")
    data = json.loads(diagnosis.to_json())
    assert data["status"] == "down"
    assert data["causes"][0]["cause"] == "missing_variable"
    assert data["causes"][0]["command"].startswith("createos-nb run 45_variables_and_secrets -p project=storefront")
    assert "<b" in diagnosis._repr_html_()
    assert "PAYMENTS_URL" in repr(diagnosis)
    frame = diagnosis.causes
    assert list(frame.columns) == ["cause", "where", "since", "evidence", "against", "confidence", "fix", "runbook"]
    assert str(frame["since"].dtype) == "datetime64[us, UTC]"
    empty = at(createos_nb.simulate("storefront"), "storefront/production").causes
    assert dict(empty.dtypes) == dict(frame.dtypes)


def test_a_log_that_cannot_be_read_is_told() -> None:
    client = createos_nb.simulate("bad-release")
    assert client.world is not None
    with client.world.faults(what="error", status=500, operations=["GetProjectEnvironmentLogs"]):
        diagnosis = at(client, "storefront/production")
    assert "runtime log" in diagnosis.missing
    assert not diagnosis.complete
    assert not diagnosis.causes.attrs["complete"]
    assert diagnosis.causes["cause"].tolist() == ["bad_release"]


def test_figures_that_cannot_be_read_are_no_health() -> None:
    client = createos_nb.simulate("storefront")
    assert client.world is not None
    with client.world.faults(what="error", status=500, operations=["GetProjectEnvironmentAnalyticsRequestsOverTime"]):
        diagnosis = at(client, "storefront/production")
    assert diagnosis.status == "unknown"
    assert "requests" in diagnosis.missing


def test_a_severe_finding_of_a_scan_is_noted() -> None:
    """Version 15 has a critical finding; it is assigned, and serves well."""
    client = createos_nb.simulate("storefront")
    plan = createos_nb.runbooks.assign(client, "storefront", 15, "staging")
    plan.apply(confirm=plan.digest, reason="to see its scan")
    diagnosis = at(client, "storefront/staging")
    assert diagnosis.status in ("healthy", "unknown")
    assert diagnosis.causes.empty
    assert any(note.startswith("vulnerability") for note in diagnosis.notes)
    assert client.log()["operation"].eq("GetSecurityScan").sum() == 1
    # a project that is not scanned costs no request
    client = createos_nb.simulate("bad-release")
    at(client, "storefront/production")
    assert not client.log()["operation"].eq("GetSecurityScan").any()


def test_how_far_the_log_reaches_is_told_where_no_cause_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """5,000 lines of a busy shop are an hour; what was killed before is out of reach."""
    known = at(createos_nb.simulate("bad-release"), "storefront/production")
    monkeypatch.setattr(import_module("createos_nb.diagnostics.diagnose"), "rules", list)
    unknown = at(createos_nb.simulate("bad-release"), "storefront/production")
    healthy = at(createos_nb.simulate("storefront"), "storefront/production")
    told = [[note for note in one.notes if "lines of the log were read" in note] for one in (known, unknown, healthy)]
    assert [len(notes) for notes in told] == [0, 1, 0]
    assert told[1][0].startswith("only the newest 5,000 lines of the log were read, from ")


def test_after_a_rollback_the_same_rollback_is_not_proposed_again() -> None:
    """What fails in the last minutes is the version before; the platform keeps no assignment."""
    client = createos_nb.simulate("bad-release")
    plan = runbooks.rollback(client, "storefront", "production", diagnosis=False)
    plan.apply(confirm=plan.digest, reason="a test")
    [finding] = diagnose(client, "storefront", "production").findings
    assert (finding.cause, finding.runbook) == ("bad_release", None)
    assert "Version 3 is live again (the environment was changed at 14:00): diagnose again 10 min" in finding.fix
    assert "version 3 was assigned again, or variables or resources were changed at 14:00" in finding.against[0]
    assert "fails as well" not in finding.against[0]
    client.world.advance("15min")
    after = diagnose(client, "storefront", "production")
    assert after.status == "healthy"
    assert "ersion 3 was assigned again, or variables" in str(after)


@pytest.mark.parametrize(("seed", "path"), [(1, "/spring"), (2, "/v2/members")])
def test_a_path_that_refuses_its_visitors_is_found_beside_crawlers(seed: int, path: str) -> None:
    """Crawlers came before the release and went: all requests with 4xx together have not risen."""
    salt = "43316304518c428ac6671c4a2a6cf3b0 bad_release"
    drill = training.drill("bad_release", seed, salt=salt)
    diagnosis = diagnose(drill.client, *drill.alert.where.split("/"))
    assert diagnosis.status == "degraded"
    assert diagnosis.findings[0].cause == "bad_release"
    assert any(path in line for line in diagnosis.findings[0].evidence)


def test_a_key_that_is_still_good_has_not_expired_yet() -> None:
    client = createos_nb.simulate("storefront")
    own = [note for note in createos_nb.diagnostics.diagnose(client, "storefront", "staging").notes if "key" in note]
    assert own == ["key about to expire at account: the API key 'ci-deployments' expires at 2026-03-07 09:00 UTC"]
    client.world.advance("6d")
    [note] = [note for note in createos_nb.diagnostics.diagnose(client, "storefront", "staging").notes if "key" in note]
    assert note.startswith("key expired at account since 2026-03-07 09:00: the API key 'ci-deployments' expired at")
