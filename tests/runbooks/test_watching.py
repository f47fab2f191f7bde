"""A release is watched minute by minute: bad ones are found, healthy ones left alone, what is not known is no zero."""

from __future__ import annotations

import dataclasses
import threading
from typing import Any

import pytest

import createos_nb
from createos_nb import runbooks
from createos_nb.analysis.releases.result import ReleaseVerdict
from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.plans import Cancelled, CheckFailed, NoData
from createos_nb.runbooks import ReleaseGate, ServerErrorRate

BAD = [{"status": 500, "share": 0.1, "cause": "null"}]


def live(client: Any, environment: str = "production") -> int:
    deployment = client.environments.get("storefront", environment)["project_deployment_id"]
    return int(client.deployments.get("storefront", deployment)["version_number"])


def test_a_bad_release_is_found_and_the_way_back_is_only_shown() -> None:
    client = createos_nb.simulate("bad-release")
    found = runbooks.release_watch(client, "storefront", "production", since="-40min")
    assert found.decision == "rollback"
    assert found.ended == "decided"
    assert found.verdict.low > 1
    assert found.path["decision"].iloc[-1] == "rollback"
    assert "from v4 to v3" in found.plan.title
    assert found.plan.title in found.sentence
    assert "not applied" in found.sentence
    assert "same environment before the release" in found.sentence
    assert found.receipt is None
    assert live(client) == 4
    assert found.plan.title in repr(found)
    assert "Roll back" in found._repr_html_()


def test_told_beforehand_it_applies_the_rollback() -> None:
    client = createos_nb.simulate("bad-release")
    found = runbooks.release_watch(client, "storefront", "production", since="-40min", apply=True)
    assert live(client) == 3
    assert found.receipt is not None
    assert "The rollback was applied, PASS: roll storefront / production back" in found.sentence
    assert [one.result for one in found.checks] == ["FAIL", "PASS"]  # it was worse, and the rollback was applied
    assert found.checks.result == "FAIL"
    assert found.receipt.undo() is not None


def test_where_pushes_are_promoted_the_way_back_holds_them() -> None:
    client = createos_nb.simulate("auto-promote-trap")
    found = runbooks.release_watch(client, "storefront", "production", since="-35min")
    assert found.decision == "rollback"
    runbooks_steps = [step.operation for step in found.plan.steps]
    assert len(runbooks_steps) == 2
    assert runbooks_steps[-1] == "AssignDeploymentToProjectEnvironment"


def test_a_release_while_one_watches_is_found_within_minutes(client: Any) -> None:
    began = client.clock.now()
    client.world.set_behavior("storefront", live(client), errors=BAD)
    seen: list[ReleaseVerdict] = []
    found = runbooks.release_watch(client, "storefront", "production", on_poll=seen.append, paths=False)
    assert found.decision == "rollback"
    assert client.clock.now() - began <= 20 * 60
    assert [one.decision for one in seen] == found.polls["decision"][found.polls["decision"] != ""].tolist()
    assert seen[-1] is found.verdict
    assert found.polls["evidence"].iloc[-1] >= 100


def test_healthy_environments_are_watched_to_the_end_and_it_says_so(client: Any) -> None:
    began = client.clock.now()
    found = runbooks.release_watch(client, "storefront", "blue", "production", timeout="15min")
    assert found.ended == "timeout"
    assert found.decision in {"keep watching", "not enough traffic"}
    assert "The watch ended after 15 min without a decision. Nothing was changed." in found.sentence
    assert "same environment" not in found.sentence
    assert client.clock.now() - began == pytest.approx(15 * 60, abs=5)
    assert len(found.polls) == 16
    assert found.plan is None


@pytest.mark.slow
def test_an_incident_that_both_sides_share_is_not_blamed_on_the_new_one(client: Any) -> None:
    failing = [{"status": 503, "share": 0.2, "cause": "timeout:payments.example.com"}]
    client.world.incident("storefront/production", "storefront/blue", failing=failing)
    found = runbooks.release_watch(client, "storefront", "blue", "production", timeout="40min")
    assert int(found.path["new_errors"].sum()) > 30
    assert found.decision != "rollback"
    assert found.verdict.evidence < 1


def test_after_a_switch_it_is_compared_with_the_level_before_and_says_so(client: Any) -> None:
    found = runbooks.release_watch(client, "storefront", "blue", "production", lag="1h", timeout="10min")
    assert "Compared with the level of production before" in found.sentence
    assert found.verdict is not None
    assert found.receipt is None


def test_a_worse_second_environment_is_found_beside_the_first(client: Any) -> None:
    client.world.set_behavior("storefront", live(client, "blue"), errors=BAD)
    domain = "wholesale.juniper-goods.example.com"
    found = runbooks.release_watch(
        client,
        "storefront",
        "blue",
        "production",
        on_rollback=lambda verdict: runbooks.route_domain(client, "storefront", domain, "green"),
        apply=True,
    )
    assert found.decision == "rollback"
    row = client.domains.list("storefront").set_index("name").loc[domain]
    assert row["environment_id"] == client.environments.get("storefront", "green")["id"]


def test_a_neighbour_that_takes_the_cpu_is_not_blamed_on_a_release_during_it() -> None:
    client = createos_nb.simulate("noisy-neighbour")
    found = runbooks.release_watch(client, "storefront", "production", timeout="20min")
    assert int(found.path["new_errors"].sum()) > 100
    assert found.decision != "rollback"


def test_after_an_incident_it_says_that_it_cannot_tell_it_from_the_release() -> None:
    client = createos_nb.simulate("noisy-neighbour")
    found = runbooks.release_watch(client, "storefront", "production", since="-55min")
    assert found.decision == "rollback"
    assert "what else began then (an incident, other visitors) would look the same" in found.sentence


def test_the_same_hour_yesterday_can_be_compared_with() -> None:
    client = createos_nb.simulate("bad-release")
    found = runbooks.release_watch(client, "storefront", "production", since="-40min", lag="1d")
    assert found.decision == "rollback"
    assert int(found.path["old_requests"].sum()) > 2_000


def test_reads_that_fail_now_and_then_change_no_decision() -> None:
    client = createos_nb.simulate("bad-release")
    names = ["GetProjectEnvironmentAnalyticsRequestsOverTime", "GetProjectEnvironmentAnalyticsTopErrorPaths"]
    with client.world.faults(what="error", status=503, probability=0.75, operations=names, seed=4):
        found = runbooks.release_watch(client, "storefront", "production", since="-40min", timeout="40min")
    assert (found.polls["missed"] != "").any()
    assert found.decision == "rollback"
    whole = runbooks.release_watch(
        createos_nb.simulate("bad-release"), "storefront", "production", since="-40min", timeout="40min"
    )
    assert found.verdict.decided_at == whole.verdict.decided_at


def test_reads_that_fail_all_the_time_are_no_evidence() -> None:
    client = createos_nb.simulate("bad-release")
    name = "GetProjectEnvironmentAnalyticsRequestsOverTime"
    with client.world.faults(what="error", status=503, operations=[name]):
        found = runbooks.release_watch(client, "storefront", "production", since="-40min", timeout="5min")
    assert found.verdict is None
    assert found.decision == "not enough traffic"
    assert found.sentence.startswith("Nothing could be judged")
    assert (found.polls["missed"] != "").all()
    assert found.plan is None
    assert not len(found.path)


def test_without_error_paths_it_goes_no_further_than_they_are_known() -> None:
    client = createos_nb.simulate("bad-release")
    name = "GetProjectEnvironmentAnalyticsTopErrorPaths"
    with client.world.faults(what="error", status=503, operations=[name]):
        found = runbooks.release_watch(client, "storefront", "production", since="-40min", timeout="3min")
        assert found.decision in {"keep watching", "not enough traffic"}
        assert found.polls["missed"].str.startswith("the error paths of").all()
        unguarded = runbooks.release_watch(client, "storefront", "production", since="-40min", paths=False)
    assert unguarded.decision == "rollback"
    assert not unguarded.verdict.guard.on


def test_it_is_cancelled_between_two_polls(client: Any) -> None:
    cancel = threading.Event()
    found = runbooks.release_watch(
        client, "storefront", "production", on_poll=lambda verdict: cancel.set(), cancel=cancel, timeout="1h"
    )
    assert found.ended == "cancelled"
    assert len(found.polls) <= 2
    assert "The watch was cancelled. Nothing was changed." in found.sentence


def test_a_listener_that_fails_is_told_no_more(client: Any) -> None:
    def broken(verdict: ReleaseVerdict) -> None:
        raise RuntimeError("no screen")

    with pytest.warns(UserWarning, match="on_poll failed"):
        found = runbooks.release_watch(client, "storefront", "production", on_poll=broken, timeout="4min")
    assert found.ended == "timeout"


def test_without_anything_to_go_back_to_it_says_so(client: Any) -> None:
    def nothing(verdict: ReleaseVerdict) -> None:
        raise InvalidInput("no older deployment")

    client.world.set_behavior("storefront", live(client), errors=BAD)
    found = runbooks.release_watch(client, "storefront", "production", on_rollback=nothing, paths=False)
    assert found.decision == "rollback"
    assert "No rollback is possible: no older deployment." in found.sentence


def test_how_a_watch_went_can_not_be_changed(client: Any) -> None:
    found = runbooks.release_watch(client, "storefront", "production", timeout="2min")
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.decision = "promote"


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"new": "nowhere"}, UnknownName),
        ({"new": "blue", "old": "blue"}, InvalidInput),
        ({"new": "blue", "old": "green", "lag": "soon"}, InvalidInput),
        ({"new": "blue", "warm_up": "soon"}, InvalidInput),
        ({"new": "blue", "every": 0}, InvalidInput),
        ({"new": "blue", "since": "+1h"}, InvalidInput),
    ],
)
def test_what_can_not_be_watched_is_refused(client: Any, wrong: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        runbooks.release_watch(client, "storefront", **wrong)


def test_as_a_gate_it_stops_a_bad_version_before_the_watch_is_over(client: Any) -> None:
    client.world.set_behavior("storefront", 15, errors=[{"status": 500, "share": 0.2}])
    before = live(client)
    plan = runbooks.canary(
        client, "storefront", "production", version=15, stages=[(900, 1800.0)], gate=ReleaseGate(otherwise=None)
    )
    began = client.clock.now()
    with pytest.raises(CheckFailed, match="Roll back"):
        plan.apply(confirm=plan.confirmation, reason="a new version")
    assert live(client) == before
    assert client.clock.now() - began < 1_800


def test_as_a_gate_it_lets_a_healthy_version_through_by_its_server_error_rate(client: Any) -> None:
    domain = "wholesale.juniper-goods.example.com"
    plan = runbooks.blue_green(client, "storefront", domain, version=12, requests=40, seconds=120)
    plan.apply(confirm=plan.confirmation, reason="a new version")
    row = client.domains.list("storefront").set_index("name").loc[domain]
    assert row["environment_id"] != client.environments.get("storefront", "blue")["id"]


def test_an_undecided_gate_stops_where_nothing_else_may_decide(client: Any) -> None:
    def plan(**gate: Any) -> Any:
        gates = {"gate": ReleaseGate(**gate)} if gate else {}
        return runbooks.canary(client, "storefront", "production", version=15, stages=[(20, 60)], **gates)

    strict = plan(otherwise=None)
    with pytest.raises(NoData, match=r"canary does not pass \(NO DATA\): (Not enough traffic|Keep watching)"):
        strict.apply(confirm=strict.confirmation, reason="a new version")
    usual = plan()
    events: list[Any] = []
    usual.apply(confirm=usual.confirmation, reason="a new version", on_event=events.append)
    assert any("by the server error rate alone. The release verdict is open" in event.text for event in events)


def test_the_gate_that_ships_is_part_of_the_journal(client: Any) -> None:
    """A run that died goes on with the gate that it was planned with, without the notebook."""
    gate = ReleaseGate(alpha=0.005, errors="5xx", otherwise=ServerErrorRate(minimum=10))
    plan = runbooks.canary(client, "storefront", "production", version=15, stages=[(20, 60)], gate=gate)
    watch = plan.steps[-2]
    assert watch.gate == gate
    assert watch.why == "the release verdict (alpha 0.005, errors 5xx) decides, at the end the server error rate"
    other = runbooks.canary(client, "storefront", "production", version=15, stages=[(20, 60)])
    assert other.digest != plan.digest


def test_a_run_that_was_cut_off_is_not_taken_up_with_another_gate(client: Any) -> None:
    """What was confirmed is what judges: a plan with another gate is another run."""
    loose = runbooks.canary(
        client, "storefront", "production", version=15, stages=[(60, 300)], gate=ServerErrorRate(minimum=1)
    )
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        loose.apply(
            confirm=loose.confirmation, reason="a new version", cancel=cancel,
            on_event=lambda event: cancel.set() if "of 60 requests" in event.text else None,
        )  # fmt: skip
    before = live(client)
    strict = runbooks.canary(
        client, "storefront", "production", version=15, stages=[(60, 300)], gate=ReleaseGate(otherwise=None)
    )
    with pytest.raises(NoData, match=r"canary does not pass \(NO DATA\)"):
        strict.apply(confirm=strict.confirmation, reason="a new version")
    assert live(client) == before


@pytest.mark.parametrize("wrong", [{"alpha": 2}, {"alpha": "0.01"}, {"worse": 0.5}, {"errors": "3xx"}])
def test_terms_that_make_no_sense_are_refused_before_anything(client: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        ReleaseGate(**wrong)
    began = client.clock.now()
    with pytest.raises(InvalidInput):
        runbooks.release_watch(client, "storefront", "green", "blue", **wrong)
    assert client.clock.now() == began


@pytest.mark.parametrize("wrong", [{"every": 0}, {"history": "long"}, {"otherwise": lambda old, new: True}])
def test_a_release_gate_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        ReleaseGate(**wrong)
