"""Acting only as plan, digest, apply: what is refused, what is asked of a person, and what is undone."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError

import createos_nb
from createos_nb import plans, runbooks
from createos_nb.plans.plan import Plan
from createos_nb.redaction import Secret
from tests.agents.conftest import MODES, Open

ROLLBACK = {
    "runbook": "rollback",
    "parameters": {"project": "storefront", "environment": "production", "diagnosis": False},
}
DELETE = {"runbook": "delete", "parameters": {"project": "storefront"}}


def live(client: createos_nb.Client) -> int:
    return int(client.fleet.overview(projects="storefront").set_index("environment").loc["production", "version"])


@pytest.mark.parametrize("mode", MODES)
def test_a_plan_is_applied_by_its_digest_and_undone_by_another(open_agent: Open, mode: str) -> None:
    with open_agent(allow_changes=True, mode=mode) as agent:
        before = live(agent.account)
        plan = agent.data("plan", **ROLLBACK)
        assert live(agent.account) == before
        done = agent.data("apply", digest=plan["digest"], reason="the checkout fails")
        assert (done["result"], done["changed"], live(agent.account)) == ("PASS", True, 3)
        rows = agent.data("runs")
        assert rows["rows_total"] == 1
        assert "the checkout fails" in rows["rows"][0]
        undo = agent.data("plan_undo", run=done["run"])
        assert undo["digest"] != plan["digest"]
        assert agent.data("apply", digest=undo["digest"], reason="it was no help")["result"] == "PASS"
        assert live(agent.account) == before


def test_the_same_call_again_gives_the_same_receipt_and_changes_nothing(open_agent: Open) -> None:
    with open_agent(allow_changes=True) as agent:
        plan = agent.data("plan", **ROLLBACK)
        first = agent.data("apply", digest=plan["digest"], reason="the checkout fails")
        writes = (agent.account.log()["method"] != "GET").sum()
        assert agent.data("apply", digest=plan["digest"], reason="again") == first
        assert (agent.account.log()["method"] != "GET").sum() == writes


def test_a_plan_that_is_right_again_is_applied_again(open_agent: Open) -> None:
    with open_agent(allow_changes=True) as agent:
        for _ in range(2):
            plan = agent.data("plan", **ROLLBACK)
            assert agent.data("apply", digest=plan["digest"], reason="the checkout fails")["changed"]
            assert live(agent.account) == 3
            undo = agent.data("plan_undo")
            agent.data("apply", digest=undo["digest"], reason="it was no help")
            assert live(agent.account) == 4


def test_another_digest_is_refused(open_agent: Open) -> None:
    with open_agent(allow_changes=True) as agent:
        refused = agent.refused("apply", digest="0123456789ab", reason="the checkout fails")
        assert "no plan with this digest was shown by this server" in refused["message"]
        assert live(agent.account) == 4


def test_what_has_changed_since_is_refused_and_the_new_plan_is_shown(open_agent: Open) -> None:
    with open_agent("storefront", allow_changes=True) as agent:
        scale = {"project": "storefront", "environment": "staging", "replicas": 2}
        plan = agent.data("plan", runbook="scale", parameters=scale)
        agent.account.environments.update_resources("storefront", "staging", cpu=300, memory=500, replicas=3)
        refused = agent.refused("apply", digest=plan["digest"], reason="the sale")
        assert refused["notes"][0].startswith("Nothing was changed: the plan is another one now")
        assert refused["digest"] not in (None, plan["digest"])
        row = dict(zip(refused["columns"], refused["rows"][0], strict=True))
        assert (row["field"], row["before"], row["after"]) == ("replicas", "3", "2")
        assert agent.data("apply", digest=refused["digest"], reason="the sale")["result"] == "PASS"


def test_a_reason_is_needed(open_agent: Open) -> None:
    with open_agent(allow_changes=True) as agent:
        plan = agent.data("plan", **ROLLBACK)
        assert "needs a reason" in agent.refused("apply", digest=plan["digest"], reason="  ")["message"]
        assert live(agent.account) == 4


def test_a_server_that_only_reads_shows_plans_and_offers_no_way_to_apply_them(open_agent: Open) -> None:
    client = createos_nb.simulate("bad-release", read_only=True)
    with open_agent(client) as agent:
        assert "apply" not in agent.tools()
        plan = agent.data("plan", **ROLLBACK)
        assert "only reads" in plan["next"]
        with pytest.raises(MCPError, match="start createos-nb mcp with --allow-changes"):
            agent.call("apply", digest=plan["digest"], reason="the checkout fails")
        assert live(client) == 4


# --- what can't be undone ---------------------------------------------------------------------------------------------


def there(client: createos_nb.Client) -> bool:
    return "storefront" in client.projects.list()["unique_name"].tolist()


@pytest.mark.parametrize("mode", MODES)
def test_a_person_types_the_name_of_what_is_lost(open_agent: Open, mode: str) -> None:
    with open_agent("storefront", allow_changes=True, mode=mode, types="storefront") as agent:
        plan = agent.data("plan", **DELETE)
        assert plan["irreversible"]
        done = agent.data("apply", digest=plan["digest"], reason="it is not used")
        assert done["result"] == "PASS"
        assert len(agent.questions) == 1
        assert "can't be undone" in agent.questions[0]
        assert not there(agent.account)


@pytest.mark.parametrize(
    ("mode", "person"),
    [
        ("auto", {"types": "landing-pages"}),
        ("auto", {"types": ""}),
        ("auto", {"declines": True}),
        ("legacy", {"types": "landing-pages"}),
        ("legacy", {"declines": True}),
    ],
)
def test_without_the_name_nothing_is_lost(open_agent: Open, mode: str, person: dict[str, Any]) -> None:
    # what the agent fills in by itself counts for nothing where a person can be asked
    filled = {"name_typed_by_a_person": "storefront"}
    with open_agent("storefront", allow_changes=True, allow_irreversible=True, mode=mode, **person) as agent:
        plan = agent.data("plan", **DELETE)
        refused = agent.refused("apply", digest=plan["digest"], reason="it is not used", **filled)
        assert refused["message"].startswith("Nothing was changed")
        assert len(agent.questions) == 1
        assert there(agent.account)


def test_a_client_that_can_not_ask_is_refused_unless_the_server_allows_it(open_agent: Open) -> None:
    filled = {"name_typed_by_a_person": "storefront"}
    with open_agent("storefront", allow_changes=True) as agent:
        plan = agent.data("plan", **DELETE)
        refused = agent.refused("apply", digest=plan["digest"], reason="it is not used", **filled)
        assert "this client can't ask one" in refused["message"]
        assert there(agent.account)
    with open_agent("storefront", allow_changes=True, allow_irreversible=True) as agent:
        digest = agent.data("plan", **DELETE)["digest"]
        assert "never fill it in yourself" in agent.refused("apply", digest=digest, reason="unused")["message"]
        wrong = agent.refused("apply", digest=digest, reason="unused", name_typed_by_a_person="production")
        assert "is not the name" in wrong["message"]
        assert there(agent.account)
        assert agent.data("apply", digest=digest, reason="unused", **filled)["result"] == "PASS"
        assert not there(agent.account)


def test_no_answer_of_a_plan_tells_what_a_person_has_to_type(open_agent: Open) -> None:
    with open_agent("storefront", allow_changes=True) as agent:
        plan = agent.data("plan", runbook="revoke_key", parameters={"api_key": "notebooks"})
        assert plan["irreversible"]
        assert "confirmation" not in plan
        assert "notebooks" not in plan["next"]


def test_what_shows_a_secret_once_is_for_a_person(open_agent: Open) -> None:
    with open_agent("storefront", allow_changes=True, types="storefront") as agent:
        plan = agent.data("plan", runbook="transfer", parameters={"project": "storefront"})
        refused = agent.refused("apply", digest=plan["digest"], reason="it is theirs")
        assert "--secrets FILE" in refused["message"]
        assert agent.questions == []


def test_a_freeze_is_for_a_person(open_agent: Open) -> None:
    with open_agent("storefront", allow_changes=True) as agent:
        frozen = plans.freeze(agent.account, until="+2h", reason="the sale")
        frozen.apply(confirm=frozen.digest, reason="the sale")
        scale = {"project": "storefront", "environment": "staging", "replicas": 2}
        plan = agent.data("plan", runbook="scale", parameters=scale)
        refused = agent.refused("apply", digest=plan["digest"], reason="the sale")
        assert "--override-freeze" in refused["message"]


# --- runs that take long ----------------------------------------------------------------------------------------------


def test_a_run_that_takes_long_goes_on_and_is_waited_for_by_the_same_call(
    open_agent: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    applied: list[str] = []
    real = Plan.apply

    def slowly(plan: Plan, *positional: Any, **named: Any) -> Any:
        applied.append(plan.digest)
        assert goes_on.wait(30)
        return real(plan, *positional, **named)

    monkeypatch.setattr(Plan, "apply", slowly)
    with open_agent(allow_changes=True) as agent:
        digest = agent.data("plan", **ROLLBACK)["digest"]
        begun = agent.data("apply", digest=digest, reason="the checkout fails", wait_seconds=0)
        assert (begun["running"], begun["complete"], begun["changed"]) == (True, False, None)
        assert agent.data("overview")["rows_total"] == 2  # what is read does not wait for it
        goes_on.set()
        assert agent.data("apply", digest=digest, reason="the checkout fails")["result"] == "PASS"
        assert applied == [digest]


def test_a_server_that_ends_stops_a_run_where_it_can_be_resumed(open_agent: Open) -> None:
    with open_agent("storefront", allow_changes=True) as agent:
        scale = {"project": "storefront", "environment": "staging", "replicas": 2}
        digest = agent.data("plan", runbook="scale", parameters=scale)["digest"]
        agent.server.stop()
        refused = agent.refused("apply", digest=digest, reason="the sale")
        assert refused["error"] == "Cancelled"
        assert agent.account.environments.get("storefront", "staging")["resources_replicas"] == 1


# --- parameters -------------------------------------------------------------------------------------------------------


def test_every_runbook_says_what_it_takes(open_agent: Open) -> None:
    with open_agent() as agent:
        names = agent.data("list_runbooks")["runbooks"]
        assert {"rollback", "scale", "deploy", "agent"} < set(names)
        for name in names:
            schema = agent.data("list_runbooks", name=name)["parameters"]
            assert schema["additionalProperties"] is False
            # files of the machine that the server runs on
            assert "file" not in schema["properties"]
        assert "source" not in agent.data("list_runbooks", name="deploy")["parameters"]["properties"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"project": "storefront"}, "scale needs environment"),
        (
            {"project": "storefront", "environment": "staging", "replica": 2},
            "scale has no parameter 'replica'; it takes: project, environment, cpu, memory, replicas; did you mean "
            "replicas?",
        ),
        (
            {"project": "storefront", "environment": "staging", "replicas": "two"},
            "scale: replicas: Expected `int`, got `str`",
        ),
        ({"project": "storefront", "environment": "stagin", "replicas": 2}, "did you mean staging?"),
    ],
)
def test_what_a_parameter_lacks_is_said(open_agent: Open, parameters: dict[str, Any], message: str) -> None:
    with open_agent("storefront") as agent:
        assert message in agent.refused("plan", runbook="scale", parameters=parameters)["message"]


def test_variables_are_set_and_none_is_deleted(open_agent: Open) -> None:
    with open_agent("storefront", allow_changes=True) as agent:
        client = agent.account
        plan = runbooks.set_variables(client, "storefront", "staging", {"OLD": "1"})
        plan.apply(confirm=plan.digest, reason="to be there")
        variables = {"PAYMENT_TOKEN": "tok-8f3a9b2c7d", "OLD": None}
        parameters = {"project": "storefront", "environment": "staging", "variables": variables}
        planned = agent.data("plan", runbook="set_variables", parameters=parameters)
        agent.data("apply", digest=planned["digest"], reason="payments")
        values = client.environments.reveal_variables("storefront", "staging")
        assert values["PAYMENT_TOKEN"] == "tok-8f3a9b2c7d"
        assert "OLD" not in values
        assert Secret("tok-8f3a9b2c7d").reveal() not in str(agent.server.journal.lines())
