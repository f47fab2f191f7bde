"""A scan as a gate: only a scan of the very deployment that has succeeded, and finds nothing worse, lets it pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import createos_nb
from createos_nb import plans, runbooks
from createos_nb.client.findings import severity_counts
from createos_nb.errors import InvalidInput
from createos_nb.plans import CheckFailed, Journal, NoData, PreconditionFailed, gates
from createos_nb.runbooks import ServerErrorRate
from tests.plans.cases import apply
from tests.plans.relay import Kill, Relay
from tests.plans.worlds import Between, client_of

WHOLESALE = "wholesale.juniper-goods.example.com"
STARTS = ("/trigger", "/retrigger")


@pytest.fixture(autouse=True)
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "journals"))


def live(client: Any, environment: str) -> str:
    return str(client.environments.get("storefront", environment)["project_deployment_id"])


def deployed(client: Any, severity: str) -> plans.Plan:
    """A new version of a branch whose pushes deploy nothing."""
    branch = "feature/gift-cards"
    client.world.push("storefront", branch, message="Cards")
    return runbooks.deploy(client, "storefront", branch=branch, environment="green", gate=gates.scan(severity))


def starts(world: Any) -> int:
    """How many scans were started in a world, beside the two of its story."""
    return int((world.events()["what"] == "scan made").sum()) - 2


# --- the verdict ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "found", "result"),
    [
        ("none", {}, "PASS"),
        ("none", {"negligible": 1}, "FAIL"),
        ("low", {"negligible": 3, "low": 2}, "PASS"),
        ("low", {"medium": 1}, "FAIL"),
        ("medium", {"medium": 9, "low": 1}, "PASS"),
        ("medium", {"high": 1}, "FAIL"),
        ("high", {"critical": 1}, "FAIL"),
        ("critical", {"critical": 5, "unknown": 1}, "PASS"),
        ("medium", {"unknown": 1}, "NO DATA"),
        ("medium", {"unknown": 1, "critical": 1}, "FAIL"),
        ("medium", {"high": 0, "low": 1}, "PASS"),
        ("critical", None, "NO DATA"),
    ],
)
def test_the_worst_that_passes(limit: str, found: dict[str, int] | None, result: str) -> None:
    assert gates.scan(limit).judge(found).result == result


@pytest.mark.parametrize(
    ("report", "counts"),
    [
        (None, None),
        ({}, None),
        ({"tool": "x"}, None),
        ({"vulnerabilities": []}, {}),
        ({"summary": {"critical": 0, "total": 0}}, {}),
        ({"results": [{"Vulnerabilities": [{"severity": "HIGH"}, {"severity": None}]}]}, {"high": 1, "unknown": 1}),
        ({"summary": {"critical": 2, "total": 2}, "vulnerabilities": [{"severity": "LOW"}]}, {"critical": 2, "low": 1}),
    ],
)
def test_a_report_is_counted_by_its_worst_word(report: Any, counts: dict[str, int] | None) -> None:
    """A summary and a list that differ: the higher count holds; a report that says nothing is no clean one."""
    found = severity_counts(report)
    assert (found if found is None else {name: count for name, count in found.items() if count}) == counts


def test_the_limit_is_a_word_that_is_known() -> None:
    with pytest.raises(InvalidInput, match="none, low, medium, high, critical"):
        gates.scan("severe")


# --- deploy -----------------------------------------------------------------------------------------------------------


def test_a_version_that_passes_goes_live_after_its_scan(client: Any) -> None:
    plan = deployed(client, "critical")
    assert [step.what.split(" ")[0] for step in plan.steps] == ["deploy", "scan", "check", "assign"]
    receipt = apply(plan)
    assert receipt.checks.result == "PASS"
    assert live(client, "green") == receipt.created[1]
    assert client.security.scan("storefront", receipt.created[1])["status"] == "success"
    assert starts(client.world) == 1


def test_a_version_with_worse_findings_does_not_go_live(client: Any) -> None:
    before = live(client, "green")
    with pytest.raises(CheckFailed, match=r"does not pass \(FAIL\): .*: no finding passes") as failed:
        apply(deployed(client, "none"))
    assert failed.value.result == "FAIL"
    assert live(client, "green") == before


def test_a_scan_that_fails_is_no_data_and_can_be_tried_again(client: Any) -> None:
    """Not a pass, and not a verdict of the version either."""
    before, world = live(client, "green"), client.world

    def event(one: plans.Event) -> None:
        if one.phase == "writing" and one.step == 2:
            world.fail_scan("storefront", int(client.deployments.list("storefront")["version_number"].max()))

    with pytest.raises(NoData, match="the scan of the new deployment failed: the image could not be pulled") as stopped:
        apply(deployed(client, "critical"), on_event=event)
    assert stopped.value.result == "NO DATA"
    assert live(client, "green") == before
    receipt = plans.resume(stopped.value.journal, client)
    assert receipt.finished
    assert live(client, "green") == receipt.created[1]


def test_a_scan_that_does_not_end_stops_the_plan() -> None:
    client = createos_nb.simulate("storefront", scanning="3h")
    before = live(client, "green")
    plan = deployed(client, "critical")
    with pytest.raises(plans.TakesTooLong):
        apply(plan)
    assert live(client, "green") == before


def test_a_report_that_says_nothing_is_no_pass(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from createos_nb.simulator.platform import security

    before = live(client, "green")
    monkeypatch.setattr(security, "report", lambda scan: {})
    with pytest.raises(NoData, match="says nothing of findings"):
        apply(deployed(client, "critical"))
    assert live(client, "green") == before


def test_a_scan_of_another_deployment_is_no_pass(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from createos_nb.simulator.platform import security

    real = security.SecurityScan
    other = client.deployments.list("storefront")["id"].iloc[-1]
    monkeypatch.setattr(security, "SecurityScan", lambda **fields: real(**{**fields, "deployment_id": other}))
    before = live(client, "green")
    with pytest.raises(NoData, match="another deployment"):
        apply(deployed(client, "critical"))
    assert live(client, "green") == before


def test_where_scans_are_off_the_plan_is_refused_before_anything(client: Any) -> None:
    plan = runbooks.deploy(
        client, "edge-gateway", image="nginx:1.27", environment="staging", gate=gates.scan(max_severity="medium")
    )
    assert plan.problems()["precondition"].tolist() == ["security scans are switched on for edge-gateway"]
    with pytest.raises(PreconditionFailed):
        apply(plan)
    assert len(client.deployments.list("edge-gateway")) == 3


def test_an_environment_that_would_not_wait_is_refused(client: Any) -> None:
    """It promotes what is deployed by itself, scanned or not."""
    plan = runbooks.deploy(client, "storefront", branch="staging", environment="green", gate=gates.scan())
    assert "staging would go live with it unscanned" in plan.problems()["detail"].str.cat()
    apply(runbooks.hold(client, "storefront", "staging"))
    plan = runbooks.deploy(client, "storefront", branch="staging", environment="green", gate=gates.scan())
    assert not len(plan.problems())


def test_gates_of_traffic_are_not_for_deploy(client: Any) -> None:
    with pytest.raises(InvalidInput, match="blue_green and canary"):
        runbooks.deploy(client, "storefront", branch="main", gate=ServerErrorRate())


# --- blue-green and canary --------------------------------------------------------------------------------------------


def test_blue_green_scans_before_it_runs_anywhere(client: Any) -> None:
    def plan(limit: str) -> plans.Plan:
        gate = [gates.scan(limit), ServerErrorRate()]
        return runbooks.blue_green(client, "storefront", WHOLESALE, version=15, requests=20, seconds=40, gate=gate)

    before = live(client, "green")
    strict = plan("medium")
    # v15 was scanned already, so that nothing has to be scanned
    assert [step.what for step in strict.steps if "scan" in step.what] == ["check the scan of v15: medium at worst"]
    with pytest.raises(CheckFailed, match="1 critical, 1 high, 1 medium, 1 low: at most medium passes"):
        apply(strict)
    assert live(client, "green") == before
    assert apply(plan("critical")).finished
    assert live(client, "green") != before
    assert starts(client.world) == 0


def test_a_canary_keeps_its_gate_of_traffic_beside_the_scan(client: Any) -> None:
    plan = runbooks.canary(
        client, "storefront", "production", version=14, stages=[(20, 30)], gate=gates.scan("critical")
    )
    whats = [step.what for step in plan.steps]
    assert whats.index("check the scan of v14: critical at worst") < whats.index(
        next(what for what in whats if what.startswith("assign v14 to canary"))
    )
    assert any(step.why.startswith("the release verdict") for step in plan.steps)
    assert apply(plan).finished
    with pytest.raises(InvalidInput, match="at most one gate"):
        runbooks.canary(client, "storefront", "production", version=14, gate=[gates.scan(), gates.scan("low")])


# --- kills ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.slow)])
def test_a_run_that_is_killed_anywhere_starts_one_scan(client: Any, tmp_path: Path, every: int) -> None:
    """At each request boundary and journal write from the scan on."""
    world = client.world
    calm, journal = world.fork(), tmp_path / "calm.jsonl"

    def work(far: Any, journal: Path = journal) -> None:
        apply(runbooks.blue_green(far, "storefront", WHOLESALE, version=14, **few), journal)

    few = {"requests": 20, "seconds": 20, "gate": [gates.scan("critical"), ServerErrorRate()]}
    relay = Relay(calm)
    assert relay.run(work) == 0
    assert starts(calm) == 1
    first = next(number for number, (_, path) in enumerate(relay.log) if path.endswith(STARTS))
    entries = Journal(journal).entries
    lines = [number for number, entry in enumerate(entries) if entry.get("operation") == "TriggerSecurityScan"]
    kills = [Kill(where, number) for where in ("request", "answer") for number in range(first - 1, first + 8)]
    kills += [Kill(where, number) for where in ("before", "torn", "after") for number in lines]
    for kill in kills[::every]:
        here, kept = world.fork(), tmp_path / f"{kill.where}-{kill.number}.jsonl"
        assert Relay(here, kill).run(lambda far, kept=kept: work(far, kept)) == -9
        work(client_of(here), kept)
        assert starts(here) == 1, kill
        assert Journal(kept).finished


def test_a_scan_that_the_platform_started_by_itself_is_waited_for(client: Any) -> None:
    """As a read between the plan and its run shows it."""
    plan = runbooks.scan(client, "storefront", 16)
    client.security.trigger_scan("storefront", 16)
    transport = Between(client.world.transport())
    again = runbooks.scan(client_of(client.world, transport), "storefront", 16)
    assert apply(again).finished
    assert not [path for _, path in transport.sent if path.endswith(STARTS)]
    assert apply(plan).checks.result == "PASS"


# --- the runbook ------------------------------------------------------------------------------------------------------


def test_a_scan_is_made_once_and_again_where_asked(client: Any) -> None:
    assert apply(runbooks.scan(client, "storefront", environment="production")).finished  # it had failed
    assert runbooks.scan(client, "storefront", environment="production").steps == []
    first = client.security.scan("storefront", 17)["id"]
    client.clock.sleep(60)
    plan = runbooks.scan(client, "storefront", 17, again=True)
    assert plan.frame()[["before", "after"]].values.tolist() == [["an earlier one", "success"]]
    assert apply(plan).finished
    assert client.security.scan("storefront", 17)["id"] != first


def test_what_can_not_be_scanned_is_said(client: Any) -> None:
    for wrong in ({}, {"deployment": 17, "environment": "production"}):
        with pytest.raises(InvalidInput):
            runbooks.scan(client, "storefront", **wrong)
    assert "can be scanned" in runbooks.scan(client, "storefront", 18).problems()["precondition"].str.cat()
