"""Plans of one step: a project is suspended and resumed, projects are grouped, an environment is kept awake."""

from __future__ import annotations

from typing import Any

import pytest

import createos_nb
from createos_nb import plans, runbooks
from createos_nb.errors import AmbiguousName, InvalidInput, UnknownName
from createos_nb.plans import ConfirmationNeeded, PreconditionFailed, StalePlanError
from tests.plans.worlds import Between, client_of


def applied(plan: plans.Plan) -> plans.Receipt:
    return plan.apply(confirm=plan.confirmation, reason="a test")


def app_of(client: Any, project: str) -> str | None:
    names = dict(client.apps.list()[["id", "name"]].itertuples(index=False))
    return names.get(client.projects.get(project)["app_id"])


def test_a_suspended_project_serves_nobody_and_resumes_with_what_was_live(client: Any) -> None:
    address = client.environments.get("storefront", "production")["endpoint"]
    assert client.probe(address)["status"] == 200
    plan = runbooks.suspend_project(client, "storefront")
    assert plan.blast_radius["environment"].tolist() == ["production", "staging", "development", "blue", "green"]
    with pytest.raises(ConfirmationNeeded):
        plan.apply(reason="no season")
    receipt = applied(plan)
    assert client.projects.get("storefront")["status"] == "suspended"
    assert client.probe(address)["status"] != 200
    undo = receipt.undo()
    assert [step.what for step in undo.steps] == ["resume project storefront"]
    applied(undo)
    assert client.probe(address)["status"] == 200


def test_what_is_so_already_needs_no_step(client: Any) -> None:
    assert runbooks.suspend_project(client, "winter-sale").steps == []
    assert runbooks.resume_project(client, "storefront").steps == []
    assert runbooks.group(client, "storefront", "Shop").steps == []
    assert runbooks.group(client, "landing-pages", None).steps == []
    assert runbooks.keep_awake(client, "chat-bot", "production", on=False).steps == []


def test_a_project_that_is_being_suspended_can_not_be_resumed_yet(client: Any) -> None:
    client.projects.suspend("chat-bot")
    plan = runbooks.resume_project(client, "chat-bot")
    with pytest.raises(PreconditionFailed, match="wait until it is suspended"):
        applied(plan)
    client.world.advance("1min")
    applied(runbooks.resume_project(client, "chat-bot"))
    assert client.projects.get("chat-bot")["status"] == "active"


def test_projects_of_several_apps_go_into_one_with_one_request_and_back(client: Any) -> None:
    transport = Between(client.world.transport())
    before = {name: app_of(client, name) for name in ("orders-api", "landing-pages", "chat-bot")}
    assert before == {"orders-api": "Shop", "landing-pages": None, "chat-bot": "Back office"}
    plan = runbooks.group(client_of(client.world, transport), list(before), "Back office")
    assert len(transport.sent) <= 3  # apps, projects, and whose account it is
    assert plan.frame()[["field", "before", "after"]].values.tolist() == [
        ["orders-api", "Shop", "Back office"],
        ["landing-pages", "–", "Back office"],
    ]
    assert plan.confirmation is None
    receipt = applied(plan)
    assert len(transport.writes) == 1
    assert {app_of(client, name) for name in before} == {"Back office"}
    undo = receipt.undo()
    assert sorted(step.what for step in undo.steps) == [
        "put orders-api into app Shop",
        "take landing-pages out of app Back office",
    ]
    applied(undo)
    assert {name: app_of(client, name) for name in before} == before


def test_taking_projects_out_of_several_apps_is_a_step_for_each(client: Any) -> None:
    receipt = applied(runbooks.group(client, ["orders-api", "chat-bot", "landing-pages"], None))
    assert len(receipt.frame()) == 2
    assert app_of(client, "orders-api") is None
    assert app_of(client, "chat-bot") is None
    applied(receipt.undo())
    assert (app_of(client, "orders-api"), app_of(client, "chat-bot")) == ("Shop", "Back office")


def test_a_project_that_somebody_has_grouped_elsewhere_meanwhile_is_refused_by_name(client: Any) -> None:
    plan = runbooks.group(client, "landing-pages", "Shop")
    client.apps.add_projects("Back office", projects=["landing-pages"])
    with pytest.raises(StalePlanError, match=r"landing-pages.*Back office"):
        applied(plan)
    assert app_of(client, "landing-pages") == "Back office"


def test_an_app_that_is_gone_or_unknown_or_ambiguous(client: Any) -> None:
    plan = runbooks.group(client, "landing-pages", "Back office")
    client.apps.delete("Back office")
    with pytest.raises(PreconditionFailed, match="Back office is there"):
        applied(plan)
    with pytest.raises(UnknownName, match="Shop"):
        runbooks.group(client, "landing-pages", "Back office")
    with pytest.raises(UnknownName, match="storefront"):
        runbooks.group(client, "no-such-project", "Shop")
    with pytest.raises(InvalidInput, match="at least one"):
        runbooks.group(client, [], "Shop")
    client.apps.create(name="Shop")
    with pytest.raises(AmbiguousName):
        runbooks.group(client, "landing-pages", "Shop")


@pytest.mark.slow
def test_what_is_kept_awake_is_awake_and_what_is_not_sleeps() -> None:
    """The idle time of this world is two hours; nobody but the cron job asks."""
    awake, asleep = (createos_nb.simulate("storefront", idle="2h") for _ in range(2))
    for client in (awake, asleep):
        client.deployments.wakeup("chat-bot", 1)
        client.world.advance("2min")
    applied(runbooks.keep_awake(awake, "chat-bot", "production", every="30min"))
    for client in (awake, asleep):
        client.world.advance("8h")
    assert awake.deployments.get("chat-bot", 1)["state"] == "deployed"
    assert asleep.deployments.get("chat-bot", 1)["state"] == "sleeping"
    applied(runbooks.keep_awake(awake, "chat-bot", "production", on=False))
    awake.world.advance("8h")
    assert awake.deployments.get("chat-bot", 1)["state"] == "sleeping"


def test_what_sleeps_is_woken_first_and_asked_for_with_get(client: Any) -> None:
    plan = runbooks.keep_awake(client, "chat-bot", "production", every="5min", path="/health")
    assert [step.operation for step in plan.steps] == ["WakeupDeployment", "CreateCronjob"]
    applied(plan)
    job = client.cronjobs.get("chat-bot", "keep-awake-production")
    assert (job["schedule"], job["settings_path"], job["settings_method"]) == ("*/5 * * * *", "/health", "GET")
    assert client.deployments.get("chat-bot", 1)["state"] == "deployed"


def test_a_job_that_is_suspended_goes_on_instead_of_a_second_one(client: Any) -> None:
    applied(runbooks.keep_awake(client, "edge-gateway", "staging"))
    assert runbooks.keep_awake(client, "edge-gateway", "staging").steps == []
    receipt = applied(runbooks.keep_awake(client, "edge-gateway", "staging", on=False))
    assert client.cronjobs.get("edge-gateway", "keep-awake-staging")["status"] == "suspended"
    plan = runbooks.keep_awake(client, "edge-gateway", "staging", every="5min")
    assert [step.operation for step in plan.steps] == ["UnsuspendCronjob"]
    assert any("*/10 * * * *" in text for text in plan.warnings)
    applied(receipt.undo())
    assert client.cronjobs.get("edge-gateway", "keep-awake-staging")["status"] == "active"


def test_the_undo_deletes_the_job_that_was_made(client: Any) -> None:
    receipt = applied(runbooks.keep_awake(client, "edge-gateway", "staging"))
    undo = receipt.undo()
    assert undo.confirmation == "keep-awake-staging"
    applied(undo)
    client.world.advance("1min")
    assert client.cronjobs.list("edge-gateway").empty


def test_there_is_room_for_four_jobs(client: Any) -> None:
    for number in range(4):
        client.cronjobs.create(
            "edge-gateway",
            environment="staging",
            name=f"job-{number}",
            schedule="@hourly",
            type="http",
            settings={"path": "/", "method": "GET"},
        )
    with pytest.raises(PreconditionFailed, match="4 of 4"):
        applied(runbooks.keep_awake(client, "edge-gateway", "staging"))


@pytest.mark.parametrize("every", ["31min", "90s", "0s", "1h", 0])
def test_only_whole_minutes_that_a_schedule_can_say(client: Any, every: Any) -> None:
    with pytest.raises(InvalidInput, match="every"):
        runbooks.keep_awake(client, "edge-gateway", "staging", every=every)


def test_a_path_begins_with_a_slash(client: Any) -> None:
    with pytest.raises(InvalidInput, match="slash"):
        runbooks.keep_awake(client, "edge-gateway", "staging", path="health")


def test_a_job_that_was_made_with_its_answer_lost_is_found_again(client: Any) -> None:
    with client.world.faults(what="drop-after", operations=["CreateCronjob"], count=1):
        receipt = applied(runbooks.keep_awake(client, "edge-gateway", "staging"))
    assert receipt.finished
    assert len(client.cronjobs.list("edge-gateway")) == 1
