"""Blue-green and canary stop at a version that is worse, and lose no request when one is better."""

from __future__ import annotations

from typing import Any

import httpx
import pandas as pd
import pytest

from createos_nb import runbooks
from createos_nb.errors import InvalidInput
from createos_nb.plans import MissingInput, StepFailed
from createos_nb.plans.gates import interval_of
from createos_nb.runbooks import ServerErrorRate, Verdict

WHOLESALE = "wholesale.juniper-goods.example.com"


def traffic(count: int, errors: int) -> pd.DataFrame:
    return pd.DataFrame({"count": [count, pd.NA], "status_5xx": [errors, pd.NA]}, dtype="Int64")


@pytest.mark.parametrize(
    ("baseline", "candidate", "passes"),
    [
        ((5000, 5), (100, 0), True),
        ((5000, 5), (100, 1), True),
        ((5000, 5), (100, 10), False),
        ((5000, 500), (100, 10), True),
        ((5000, 5), (19, 0), False),
        ((0, 0), (100, 0), True),
        ((0, 0), (100, 50), False),
        ((0, 0), (0, 0), False),
    ],
)
def test_the_gate_that_ships(baseline: tuple[int, int], candidate: tuple[int, int], passes: bool) -> None:
    """(requests, server errors) of what serves today, and of what is to serve."""
    verdict = ServerErrorRate()(traffic(*baseline), traffic(*candidate))
    assert verdict.passed is passes
    assert verdict.reason


def test_equal_versions_pass_at_least_as_often_as_the_confidence_says() -> None:
    """A false alarm needs intervals apart: with the same error rate on both sides fewer than 5 % of gates stop."""
    import numpy as np

    chance = np.random.default_rng(5)
    stopped = sum(
        not ServerErrorRate()(
            traffic(3000, int(chance.binomial(3000, 0.03))), traffic(100, int(chance.binomial(100, 0.03)))
        ).passed
        for _ in range(300)
    )
    assert stopped < 15


def routed(client: Any) -> str:
    domains = client.domains.list("storefront").set_index("name")
    return str(domains.loc[WHOLESALE, "environment_id"])


def test_a_bad_version_never_reaches_the_domain(client: Any) -> None:
    before = routed(client)
    client.world.set_behavior("storefront", 15, errors=[{"status": 500, "share": 0.5}])
    plan = runbooks.blue_green(client, "storefront", WHOLESALE, version=15, requests=40, seconds=60)
    with pytest.raises(StepFailed) as failed:
        plan.apply(confirm=plan.digest, reason="a new version")
    assert routed(client) == before
    assert "route" in failed.value.not_done["what"].str.cat()
    undo = failed.value.undo
    undo.apply(confirm=undo.confirmation, reason="it was bad")
    environments = client.environments.list("storefront").set_index("unique_name")
    assert environments.loc["blue", "is_auto_promote_enabled"]


def test_a_canary_stops_before_the_users(client: Any) -> None:
    before = client.environments.get("storefront", "production")["project_deployment_id"]
    client.world.set_behavior("storefront", 15, errors=[{"status": 500, "share": 0.3}])
    plan = runbooks.canary(
        client, "storefront", "production", version=15, stages=[(40, 60)], paths=["/"], gate=ServerErrorRate(minimum=30)
    )
    with pytest.raises(StepFailed):
        plan.apply(confirm=plan.digest, reason="a new version")
    assert client.environments.get("storefront", "production")["project_deployment_id"] == before


def test_a_gate_of_ones_own_decides(client: Any) -> None:
    seen: list[tuple[int, int]] = []

    def never(baseline: pd.DataFrame, candidate: pd.DataFrame) -> Verdict:
        seen.append((int(baseline["count"].sum()), int(candidate["count"].sum())))
        return Verdict(False, "not on a Monday")

    plan = runbooks.canary(client, "storefront", "production", version=15, stages=[(10, 60)], gate=never)
    with pytest.raises(StepFailed, match="not on a Monday"):
        plan.apply(confirm=plan.digest, reason="a new version")
    assert len(seen) == 1
    assert seen[0][0] > 1000
    assert seen[0][1] >= 10


class Watching:
    """A gate that watches live and decides once it has seen so many requests."""

    every = 60.0

    def __init__(self, enough: int, passed: bool) -> None:
        self.enough, self.passed = enough, passed
        self.seen: list[int] = []

    def __call__(self, baseline: pd.DataFrame, candidate: pd.DataFrame) -> Verdict:
        self.seen.append(int(candidate["count"].sum()))
        return Verdict(self.passed, "seen enough", decided=self.seen[-1] >= self.enough)


@pytest.mark.parametrize(("enough", "minutes"), [(40, 2), (1000, 10)])
@pytest.mark.parametrize("passed", [True, False])
def test_a_gate_that_watches_live_is_asked_each_minute_and_ends_the_watch(
    client: Any, enough: int, minutes: int, passed: bool
) -> None:
    gate = Watching(enough, passed)
    plan = runbooks.canary(client, "storefront", "production", version=15, stages=[(200, 600)], gate=gate)
    began = client.world.now
    if passed:
        assert plan.apply(confirm=plan.digest, reason="a new version").finished
    else:
        with pytest.raises(StepFailed, match="seen enough"):
            plan.apply(confirm=plan.digest, reason="a new version")
    assert len(gate.seen) == minutes
    assert gate.seen == sorted(gate.seen)
    assert (client.world.now - began).total_seconds() == pytest.approx(60 * minutes, abs=60)


def test_a_gate_that_watches_live_outlives_a_read_that_fails(client: Any) -> None:
    gate = Watching(10**6, True)
    plan = runbooks.canary(client, "storefront", "production", version=15, stages=[(200, 600)], gate=gate)
    operation = "GetProjectEnvironmentAnalyticsRequestsOverTime"

    def fault(event: Any) -> None:
        if "60 of 200" in event.text:
            client.world.faults(what="error", status=500, operations=[operation], count=12).start()

    assert plan.apply(confirm=plan.digest, reason="a new version", on_event=fault).finished
    assert 5 < len(gate.seen) < 10


def test_a_gate_that_fails_stops_the_plan_which_goes_on_with_a_mended_one(client: Any) -> None:
    before = client.environments.get("storefront", "production")["project_deployment_id"]

    def plan(gate: Any) -> Any:
        return runbooks.canary(client, "storefront", "production", version=15, stages=[(10, 60)], gate=gate)

    broken = plan(lambda baseline, candidate: baseline["no such column"])
    with pytest.raises(MissingInput, match="could not judge canary: KeyError"):
        broken.apply(confirm=broken.digest, reason="a new version")
    assert client.environments.get("storefront", "production")["project_deployment_id"] == before
    mended = plan(lambda baseline, candidate: True)
    receipt = mended.apply(confirm=broken.digest)
    assert receipt.finished
    assert receipt.frame()["outcome"].tolist() == ["done"] * len(receipt.frame())
    assert client.environments.get("storefront", "production")["project_deployment_id"] != before


@pytest.mark.parametrize("every", [0, -1, "minute", True])
def test_how_often_a_gate_is_asked_is_checked(every: Any) -> None:
    gate = Watching(1, True)
    gate.every = every
    with pytest.raises(InvalidInput, match="every="):
        interval_of(gate)


def test_no_request_is_lost_during_a_switch(client: Any) -> None:
    """Somebody asks through the domain at every request that the runbook sends."""
    world = client.world
    asking = httpx.Client(transport=world.transport())
    answers: list[int] = []
    real = client.call

    def call(operation: str, /, **values: Any) -> Any:
        answers.append(asking.get(f"https://{WHOLESALE}/").status_code)
        return real(operation, **values)

    client.call = call
    plan = runbooks.blue_green(client, "storefront", WHOLESALE, version=12, requests=20, seconds=40)
    receipt = plan.apply(confirm=plan.digest, reason="a new version")
    assert len(answers) > 30
    assert set(answers) == {200}
    back = receipt.follow_up("switch back")
    back.apply(confirm=back.digest, reason="and back")
    assert set(answers) == {200}
    assert client.environments.get("storefront", "blue")["id"] == routed(client)


def test_a_side_that_is_not_there_is_made(client: Any) -> None:
    plan = runbooks.blue_green(client, "storefront", WHOLESALE, green="emerald", version=12, requests=20, seconds=40)
    receipt = plan.apply(confirm=plan.digest, reason="a new version")
    made = client.environments.get("storefront", "emerald")
    like = client.environments.get("storefront", "blue")
    assert made["id"] == routed(client) == receipt.created[2]
    assert made["resources_replicas"] == like["resources_replicas"]
    assert client.environments.reveal_variables("storefront", "emerald").to_dict() == (
        client.environments.reveal_variables("storefront", "blue").to_dict()
    )


def test_a_push_during_blue_green_moves_no_side(client: Any) -> None:
    plan = runbooks.blue_green(client, "storefront", WHOLESALE, version=12, requests=20, seconds=40)
    plan.apply(confirm=plan.digest, reason="a new version")
    live = client.environments.list("storefront").set_index("unique_name")["project_deployment_id"]
    client.world.push("storefront", "release", message="Meanwhile")
    client.world.advance("40min")
    now = client.environments.list("storefront").set_index("unique_name")["project_deployment_id"]
    assert now[["blue", "green"]].tolist() == live[["blue", "green"]].tolist()


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": 12, "branch": "release"},
        {"version": 12, "green": "blue"},
        {"version": 12, "blue": "production", "green": "staging"},
        {"version": 12, "paths": ["index"]},
        {"version": 12, "requests": 10},
        {"version": 99},
    ],
)
def test_what_can_not_be_asked_for_is_refused_before_anything(client: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        runbooks.blue_green(client, "storefront", WHOLESALE, **wrong)
