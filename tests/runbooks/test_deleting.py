"""What nobody can take back needs the typed name, shows what goes with it, and stops where something serves by now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import createos_nb
from createos_nb import plans, runbooks
from createos_nb.errors import AmbiguousName, InvalidInput, UnknownName
from createos_nb.plans import ConfirmationNeeded, Journal, PreconditionFailed, ReasonNeeded, StalePlanError

WHOLESALE = "wholesale.juniper-goods.example.com"

FINAL: dict[str, tuple[Callable[[Any], plans.Plan], str, Callable[[Any], bool]]] = {
    "project": (
        lambda c: runbooks.delete(c, "winter-sale"),
        "winter-sale",
        lambda c: "winter-sale" in c.projects.list()["unique_name"].tolist(),
    ),
    "environment": (
        lambda c: runbooks.delete(c, "storefront", environment="staging"),
        "staging",
        lambda c: "staging" in c.environments.list("storefront")["unique_name"].tolist(),
    ),
    "deployment": (
        lambda c: runbooks.delete(c, "storefront", deployment="v10"),
        "v10",
        lambda c: 10 in c.deployments.list("storefront")["version_number"].tolist(),
    ),
    "domain": (
        lambda c: runbooks.delete(c, "storefront", domain=WHOLESALE),
        WHOLESALE,
        lambda c: WHOLESALE in c.domains.list("storefront")["name"].tolist(),
    ),
    "cron job": (
        lambda c: runbooks.delete(c, "storefront", cronjob="refresh-stock"),
        "refresh-stock",
        lambda c: "refresh-stock" in c.cronjobs.list("storefront")["name"].tolist(),
    ),
    "app": (lambda c: runbooks.delete_app(c, "Shop"), "Shop", lambda c: "Shop" in c.apps.list()["name"].tolist()),
    "API key": (
        lambda c: runbooks.revoke_key(c, "ci-deployments"),
        "ci-deployments",
        lambda c: c.api_keys.list().set_index("name")["revoked_at"].isna()["ci-deployments"],
    ),
}


@pytest.mark.parametrize("what", FINAL)
def test_it_is_done_with_the_typed_name_only_verified_and_written_down(client: Any, what: str) -> None:
    make, name, there = FINAL[what]
    plan = make(client)
    assert plan.irreversible
    assert plan.confirmation == name
    assert not plan.frame()["reversible"].any()
    for wrong in (None, plan.digest, name.upper(), f" {name}", "storefront"):
        with pytest.raises(ConfirmationNeeded, match="name"):
            plan.apply(confirm=wrong, reason="not used any more")
    with pytest.raises(ReasonNeeded):
        plan.apply(confirm=name)
    assert there(client)
    receipt = plan.apply(confirm=name, reason="not used any more")
    assert receipt.finished
    assert not there(client)
    assert receipt.reason == "not used any more"
    assert Journal(receipt.journal).frame()["event"].tolist() == ["plan", "started", "answered", "done", "finished"]


@pytest.mark.parametrize("what", FINAL)
def test_undo_says_that_it_can_not_be_undone(client: Any, what: str) -> None:
    make, name, _ = FINAL[what]
    undo = make(client).apply(confirm=name, reason="not used any more").undo()
    assert undo.steps == []
    assert any(f"{what} {name} can't be restored" in one for one in undo.warnings)
    assert "nothing of it can be undone" in repr(undo)


def test_the_plan_shows_what_goes_with_it_and_whom_it_serves(client: Any) -> None:
    plan = runbooks.delete(client, "storefront", environment="staging")
    lost = plan.frame().set_index("field")["before"]
    assert lost["variables"] == "DATABASE_URL, SESSION_SECRET, LOG_LEVEL"
    assert lost["route of"] == "staging.juniper-goods.example.com"
    assert lost["cron jobs"] == "warm-caches"
    reached = plan.blast_radius.set_index("environment").loc["staging"]
    assert reached["serves_users"]
    assert reached["requests_per_minute"] > 0
    whole = runbooks.delete(client, "storefront")
    assert set(whole.blast_radius["environment"]) == {"production", "staging", "development", "blue", "green"}
    assert whole.frame().set_index("field")["before"]["deployments"] == "18, the newest v18"


@pytest.mark.parametrize(
    ("plan", "change", "difference"),
    [
        (
            lambda c: runbooks.delete(c, "storefront", environment="green"),
            lambda c: c.domains.update_environment("storefront", WHOLESALE, environment="green"),
            "domains was none, is wholesale",
        ),
        (
            lambda c: runbooks.delete(c, "storefront", deployment=10),
            lambda c: c.environments.assign_deployment("storefront", "staging", 10),
            "live in was nothing, is staging",
        ),
        (
            lambda c: runbooks.delete(c, "storefront", domain=WHOLESALE),
            lambda c: c.domains.update_environment("storefront", WHOLESALE, environment="green"),
            "environment was blue, is green",
        ),
        (
            lambda c: runbooks.delete(c, "chat-bot"),
            lambda c: c.domains.create("chat-bot", name="bot.example.com"),
            "domains was none, is bot.example.com",
        ),
    ],
)
def test_what_serves_by_now_is_not_deleted(client: Any, plan: Any, change: Any, difference: str) -> None:
    made = plan(client)
    change(client)
    with pytest.raises(StalePlanError, match=difference):
        made.apply(confirm=made.confirmation, reason="not used any more")


def test_what_is_live_is_not_deleted(client: Any) -> None:
    plan = runbooks.delete(client, "storefront", deployment=17)
    with pytest.raises(PreconditionFailed, match="it is live in production"):
        plan.apply(confirm="v17", reason="not used any more")


def test_what_is_being_deleted_already_is_waited_for_and_not_asked_for_again(client: Any) -> None:
    plan = runbooks.delete(client, "storefront", environment="staging")
    client.environments.delete("storefront", "staging")
    receipt = plan.apply(confirm="staging", reason="not used any more")
    assert receipt.frame()["outcome"].tolist() == ["already so"]
    assert "staging" not in client.environments.list("storefront")["unique_name"].tolist()


@pytest.mark.parametrize(
    "make",
    [
        lambda c, **more: runbooks.delete(c, "no-such-project", **more),
        lambda c, **more: runbooks.delete(c, "storefront", environment="no-such", **more),
        lambda c, **more: runbooks.delete(c, "storefront", deployment=99, **more),
        lambda c, **more: runbooks.delete(c, "storefront", domain="no.such.example.com", **more),
        lambda c, **more: runbooks.delete(c, "storefront", cronjob="no-such", **more),
        lambda c, **more: runbooks.delete_app(c, "no-such", **more),
        lambda c, **more: runbooks.delete_template(c, "00000000-0000-4000-8000-000000000000", **more),
        lambda c, **more: runbooks.revoke_key(c, "old-laptop", **more),  # revoked long ago
    ],
)
def test_what_is_not_there_is_an_error_unless_that_is_fine(client: Any, make: Any) -> None:
    with pytest.raises(UnknownName):
        make(client)
    plan = make(client, missing_ok=True)
    assert plan.steps == []
    assert "is not there" in plan.title
    assert plan.apply().finished


def test_one_thing_a_plan(client: Any) -> None:
    with pytest.raises(InvalidInput, match="environment and domain"):
        runbooks.delete(client, "storefront", environment="staging", domain=WHOLESALE)


def test_of_two_of_one_name_it_asks_for_the_id(client: Any) -> None:
    client.apps.create(name="Shop")
    with pytest.raises(AmbiguousName):
        runbooks.delete_app(client, "Shop")


def test_a_notebook_that_is_run_again_deletes_once(client: Any, tmp_path: Any) -> None:
    for _ in range(2):
        plan = runbooks.delete(client, "storefront", environment="staging", missing_ok=True)
        receipt = plan.apply(confirm="staging", reason="not used any more", journal=tmp_path / "run.jsonl")
        assert receipt.frame()["outcome"].tolist() == ["done"]


# --- another owner ----------------------------------------------------------------------------------------------------


def tamsin(client: Any) -> Any:
    """The client of the world's second user."""
    world = client.world
    return createos_nb.client.client.Client(
        api_key=world.key_of("tamsin"),
        base_url=world.base_url,
        transport=world.transport(),
        clock=world.clock,
        world=world,
        account="tamsin",
        rate_limit=False,
    )


def test_a_project_is_offered_and_taken_over(client: Any) -> None:
    plan = runbooks.transfer(client, "chat-bot")
    assert plan.confirmation == "chat-bot"
    assert plan.blast_radius["environment"].tolist() == ["production"]
    offer = plan.apply(confirm="chat-bot", reason="another team")
    token = offer.issued["token"]
    assert token.reveal() not in repr(offer) + offer.journal.read_text() + repr(offer.issued) + str(vars(offer))
    assert any("can't be revoked" in one for one in offer.undo().warnings)
    other = tamsin(client)
    project = client.projects.get("chat-bot")["id"]
    taken = runbooks.take_over(other, project, token)
    assert taken.confirmation == project
    with pytest.raises(ConfirmationNeeded):
        taken.apply(confirm="chat-bot", reason="ours by now")
    receipt = taken.apply(confirm=project, reason="ours by now")
    assert token.reveal() not in receipt.journal.read_text() + str(vars(taken)) + other.log().to_string()
    assert "chat-bot" in other.projects.list()["unique_name"].tolist()
    assert "chat-bot" not in client.projects.list()["unique_name"].tolist()
    assert any("belongs to this account now" in one for one in receipt.undo().warnings)
    assert runbooks.take_over(other, project, token).steps == []


def test_a_quota_that_is_used_up_is_known_before_a_project_is_taken_over(client: Any) -> None:
    token = runbooks.transfer(client, "chat-bot").apply(confirm="chat-bot", reason="another team").issued["token"]
    project = client.projects.get("chat-bot")["id"]
    other = tamsin(client)
    left = int(other.account.quotas()["projects_remaining"])
    for number in range(left):
        other.projects.create(
            unique_name=f"filler-{number:02}", display_name="Filler", type="upload", settings={"runtime": "static"}
        )
    plan = runbooks.take_over(other, project, token)
    with pytest.raises(PreconditionFailed, match="quota of projects is used up"):
        plan.apply(confirm=project, reason="ours by now")


@pytest.mark.parametrize(("project", "token"), [("chat-bot", "t"), ("39da4786-ffd5-4c08-8572-1cabc759c7d4", " ")])
def test_what_can_not_be_taken_over_is_refused_before_anything(client: Any, project: str, token: str) -> None:
    with pytest.raises(InvalidInput, match="take_over"):
        runbooks.take_over(client, project, token)


def test_what_is_not_waited_for_is_on_its_way_and_nobody_else_changed_it(client: Any) -> None:
    plan = runbooks.delete(client, "storefront", environment="staging")
    receipt = plan.apply(confirm="staging", reason="not used any more", wait=False)
    assert receipt.frame()["outcome"].tolist() == ["written"]
    assert client.environments.get("storefront", "staging")["status"] == "deleting"
    assert not any("was changed since" in one for one in receipt.undo().warnings)


def test_a_template_is_withdrawn_with_its_typed_name(client: Any) -> None:
    made = client.templates.list_my()
    template = made.iloc[0]
    plan = runbooks.delete_template(client, template["id"])
    assert plan.confirmation == template["name"]
    plan.apply(confirm=template["name"], reason="not used any more")
    assert runbooks.delete_template(client, template["id"], missing_ok=True).steps == []
