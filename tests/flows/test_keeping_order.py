"""The documentation's flows: cleaning up, sleep, projects that pause, apps, and the sixteen best practices."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb import diagnostics, plans, runbooks
from createos_nb.errors import RequestRefused
from tests.flows.acting import applied, live, status_of

#: The practices, by what they are about.
PRACTICES = {
    "security": {"no_secrets_in_code", "security_scan", "key_expiry", "separate_secrets"},
    "performance": {"start_small", "two_replicas", "error_alerts", "npm_ci"},
    "reliability": {"staging_first", "rollback_target", "port", "awake"},
    "order": {"apps", "names", "descriptions", "no_unused"},
}
#: Those that no reading of the API can find held.
NEVER_KNOWN = {"no_secrets_in_code", "error_alerts"}


def practice(client: Any, code: str, where: str) -> pd.Series:
    """What is said of a practice at a place."""
    found = diagnostics.best_practices(client, where.partition("/")[0], exceptions=False)
    return found.set_index(["code", "where"]).loc[(code, where)]


def named_plan(client: Any, row: pd.Series) -> plans.Plan:
    """The plan of the call that a practice names, as somebody pastes it."""
    plan = eval(row["runbook"], {"runbooks": runbooks, "client": client})
    assert isinstance(plan, plans.Plan)
    return plan


# --- old deployments --------------------------------------------------------------------------------------------------


def test_clean_up_deletes_what_nobody_needs_and_a_rollback_still_works(client: Any) -> None:
    client.world.advance("10min")  # what was being built is deployed
    before = client.deployments.list("storefront")
    served = {row.unique_name: row.project_deployment_id for row in client.environments.list("storefront").itertuples()}
    plan = runbooks.clean_up(client, "storefront", keep=5)
    by_action = plan.candidates.groupby("action")["version"].apply(set)
    assert plan.candidates["because"].str.len().gt(0).all()
    assert len(client.deployments.list("storefront")) == len(before)  # a plan deletes nothing

    applied(plan)
    after = client.deployments.list("storefront")
    assert set(after["version_number"]) == by_action["keep"]
    assert by_action["delete"] == set(before["version_number"]) - set(after["version_number"]) != set()
    assert not (set(after["state"]) & {"failed", "canceled"})
    now = {row.unique_name: row.project_deployment_id for row in client.environments.list("storefront").itertuples()}
    assert now == served
    assert status_of(client, "storefront") == 200
    assert runbooks.clean_up(client, "storefront", keep=5).steps == []

    version = live(client, "storefront")["version_number"]
    applied(runbooks.rollback(client, "storefront", "production"))
    assert live(client, "storefront")["version_number"] < version
    assert status_of(client, "storefront") == 200


def test_clean_up_makes_room_in_what_the_account_holds(client: Any) -> None:
    """What is failed and cancelled is gone first, whatever else is kept."""
    client.world.advance("10min")  # what was being built is deployed
    applied(runbooks.clean_up(client, "storefront", keep=100))
    left = client.fleet.deployments(projects="storefront")
    assert set(left["state"]) == {"deployed", "sleeping"}
    assert len(left) == 15


# --- sleep ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_keep_awake_what_sleeps_is_woken_and_stays_awake_until_it_may_sleep() -> None:
    client = createos_nb.simulate("storefront", idle="2h")
    where = "chat-bot/production"
    asleep = practice(client, "awake", where)
    assert (asleep["held"], status_of(client, "chat-bot")) == (False, 503)
    applied(named_plan(client, asleep))
    for _ in range(2):
        client.world.advance("4h")
        assert live(client, "chat-bot")["state"] == "deployed"
    assert practice(client, "awake", where)["held"]
    requests = client.analytics.overall_requests("chat-bot", "production", start="-4h")
    assert requests["total"] >= 6 * 4 - 1  # the cron job's own requests count

    applied(runbooks.keep_awake(client, "chat-bot", "production", on=False))
    client.world.advance("4h")
    assert live(client, "chat-bot")["state"] == "sleeping"
    assert not practice(client, "awake", where)["held"]


# --- a project that pauses --------------------------------------------------------------------------------------------


def test_project_is_suspended_and_resumed_with_what_was_live(client: Any) -> None:
    name, address = "landing-pages", client.environments.get("landing-pages", "production")["endpoint"]
    before = live(client, name)["id"]
    variables = client.environments.reveal_variables(name, "production").to_dict()
    domains = client.domains.list(name)[["name", "status"]]
    assert client.probe(address)["status"] == 200

    receipt = applied(runbooks.suspend_project(client, name))
    assert client.probe(address)["status"] != 200
    assert client.fleet.overview(projects=name).attrs["skipped"] == {name: "suspended"}
    with pytest.raises(RequestRefused):
        client.environments.list(name)

    applied(runbooks.resume_project(client, name))
    assert live(client, name)["id"] == before
    assert client.environments.reveal_variables(name, "production").to_dict() == variables
    assert client.domains.list(name)[["name", "status"]].equals(domains)
    assert client.probe(address)["status"] == 200
    assert receipt.undo().steps == []


# --- apps -------------------------------------------------------------------------------------------------------------


def test_apps_existing_projects_are_grouped_and_read_as_one(client: Any) -> None:
    together = {"landing-pages", "shop-assistant"}
    client.apps.create(name="Marketing")
    serving = {name: live(client, name)["id"] for name in together}
    receipt = applied(runbooks.group(client, sorted(together), "Marketing"))

    apps = client.fleet.projects().set_index("unique_name")["app"]
    assert set(apps.index[apps == "Marketing"]) == together
    for frame in (
        client.fleet.environments(apps="Marketing"),
        client.fleet.deployments(apps="Marketing"),
        client.fleet.overview(apps="Marketing"),
    ):
        assert set(frame["project"]) == together
        assert set(frame["app"]) == {"Marketing"}
    assert set(client.fleet.domains(apps="Marketing")["project"]) == {"landing-pages"}
    assert {name: live(client, name)["id"] for name in together} == serving  # an app is a label

    everywhere = client.fleet.overview()
    by_app = everywhere.groupby("app")["project"].unique().map(set).to_dict()
    assert by_app["Marketing"] == together
    assert sum(map(len, by_app.values())) == everywhere["project"].nunique()

    applied(receipt.undo())
    assert client.fleet.overview(apps="Marketing").empty
    assert client.fleet.projects().set_index("unique_name").loc[sorted(together), "app"].isna().all()


# --- best practices ---------------------------------------------------------------------------------------------------


def test_practices_each_of_the_sixteen_has_a_code_and_is_told_with_its_evidence(client: Any) -> None:
    found = diagnostics.best_practices(client, exceptions=False)
    codes = set().union(*PRACTICES.values())
    assert len(codes) == 16
    assert set(found["code"]) == codes
    assert found["evidence"].str.len().gt(0).all()
    broken = found[~found["held"].fillna(True)]
    assert broken["fix"].notna().all()
    assert found.attrs["result"] == "FAIL"
    known = found.groupby("code")["held"].apply(lambda held: held.fillna(False).any())
    assert not known[sorted(NEVER_KNOWN)].any()


def broken_world() -> Any:
    """An account that breaks what the others hold: commands, secrets, sizes, descriptions, and nobody in places."""
    client = createos_nb.simulate()
    client.projects.update_settings("storefront", install_command="npm install", run_command="API_TOKEN=k3jh4k2 node .")
    for name in ("production", "staging"):
        client.environments.update_variables("storefront", name, run_envs={"SESSION_SECRET": "the-same"})
    client.environments.create(
        "storefront",
        unique_name="nobody",
        display_name="Nobody",
        description="Nobody",
        branch="main",
        is_auto_promote_enabled=False,
        resources={"cpu": 500, "memory": 1024, "replicas": 3},
        settings={},
    )
    for version in (1, 2):
        applied(runbooks.delete(client, "recommendations", deployment=version))
    client.world.advance("7d 1h")
    return client


def test_practices_each_that_can_be_known_is_found_held_and_found_broken(client: Any) -> None:
    applied(runbooks.launch(client, "shop-cards", source={"index.html": "<p>Cards"}, app="Shop"))  # {app}-{service}
    frames = [diagnostics.best_practices(one, exceptions=False) for one in (client, broken_world())]
    frames.append(diagnostics.best_practices(createos_nb.simulate("wrong-port"), exceptions=False))
    found = pd.concat(frames)
    codes = set().union(*PRACTICES.values())
    assert set(found.loc[found["held"].fillna(False), "code"]) == codes - NEVER_KNOWN
    assert set(found.loc[~found["held"].fillna(True), "code"]) == codes - {"error_alerts"}


@pytest.mark.parametrize(
    ("code", "where"),
    [
        ("two_replicas", "chat-bot/production"),
        ("staging_first", "recommendations/production"),
        ("apps", "shop-assistant"),
        ("awake", "chat-bot/production"),
    ],
)
def test_practices_what_a_broken_one_names_mends_it(client: Any, code: str, where: str) -> None:
    broken = practice(client, code, where)
    assert not broken["held"]
    applied(named_plan(client, broken))
    assert practice(client, code, where)["held"]
