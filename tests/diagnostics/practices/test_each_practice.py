"""Each practice: a world where it is held, one where it is broken, and one where the API can't tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb import runbooks
from createos_nb.diagnostics import best_practices
from createos_nb.diagnostics.evidence.account import AccountEvidence
from createos_nb.diagnostics.practices import practices
from createos_nb.diagnostics.practices._practice import Outcome, Practice

TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA2cD4fG6"
SMALL = {"cpu": 200, "memory": 500, "replicas": 1}


@pytest.fixture(autouse=True)
def _journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "journals"))


@pytest.fixture
def client() -> Any:
    return createos_nb.simulate("storefront")


def read(client: Any, code: str, where: str) -> Outcome:
    """What a practice finds at a place, read through the client."""
    project = where.partition("/")[0]
    of_account = where.startswith("key ") or where == "account"
    return look(AccountEvidence(client, None if of_account else project), code, where)


def look(account: AccountEvidence, code: str, where: str) -> Outcome:
    found = dict(outcomes(account, code))
    assert where in found, f"{code} does not look at {where}, but at {list(found)}"
    return found[where]


def outcomes(account: AccountEvidence, code: str) -> Iterator[tuple[str, Outcome]]:
    practice = dict(practices())[code]
    assert isinstance(practice, Practice)
    places: dict[str, list[Any]] = {
        "account": [account],
        "project": account.projects,
        "environment": list(account.environments),
    }
    for place in places[practice.scope]:
        for outcome in practice.look(place):
            yield outcome.where or getattr(place, "where", "account"), outcome


def environment_of(client: Any, name: str) -> Any:
    row = client.environments.get("storefront", name)
    return {"display_name": row["display_name"], "branch": row["branch"], "description": row["description"]}


def make(client: Any, name: str = "empty", **fields: Any) -> None:
    wanted = {
        "unique_name": name,
        "display_name": name.title(),
        "description": "Nothing yet",
        "branch": "main",
        "resources": SMALL,
        "settings": {},
    }
    client.environments.create("storefront", **(wanted | fields))


# --- security ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "evidence"),
    [
        ({"run_command": f"node server.js --token={TOKEN}"}, "run_command holds a token of GitHub"),
        ({"install_command": "npm install && export API_SECRET=k3jh4k2j3h4"}, "install_command holds something named"),
        ({"build_flags": {"define": f"KEY={TOKEN}"}}, "build_flags has a token of GitHub in define"),
    ],
)
def test_a_secret_in_the_settings_is_broken_and_is_not_shown(client: Any, change: Any, evidence: str) -> None:
    before = read(client, "no_secrets_in_code", "storefront")
    assert before.held is None
    assert "the API does not show" in before.evidence  # code can't be read: it is never held
    client.projects.update_settings("storefront", **change)
    client.environments.update("storefront", "staging", **environment_of(client, "staging") | {"description": TOKEN})
    found = read(client, "no_secrets_in_code", "storefront")
    assert found.held is False
    assert "the description of staging holds a token of GitHub" in found.evidence
    assert evidence in found.evidence
    shown = best_practices(client, "storefront", exceptions=False).to_string() + str(found)
    assert TOKEN not in shown
    assert "k3jh4k2j3h4" not in shown


def test_a_command_that_names_a_variable_is_no_secret(client: Any) -> None:
    client.projects.update_settings("storefront", run_command="node server.js --token=$API_TOKEN")
    assert read(client, "no_secrets_in_code", "storefront").held is None


def test_scanning_is_on_off_or_not_said(client: Any) -> None:
    assert read(client, "security_scan", "storefront").held is True
    found = read(client, "security_scan", "orders-api")
    assert found.held is False
    eval(found.fix.removeprefix("Switch it on: ").removesuffix("."), {"client": client})  # the fix is a call
    assert read(client, "security_scan", "orders-api").held is True
    account = AccountEvidence(client, "orders-api")
    account.projects[0].row["enabled_security_scan"] = pd.NA
    assert look(account, "security_scan", "orders-api").held is None


def test_each_key_ends_in_time(client: Any) -> None:
    client.api_keys.create(name="for-long", expiry_at="+500d")
    client.api_keys.create(name="for-a-quarter", expiry_at="+90d")
    found = dict(outcomes(AccountEvidence(client), "key_expiry"))
    assert {name: one.held for name, one in found.items()} == {
        "key notebooks": True,
        "key ci-deployments": False,  # it ends in five days
        "key status-board": True,
        "key for-long": False,
        "key for-a-quarter": True,
    }
    assert "lives for 500 days" in found["key for-long"].evidence
    assert found["key for-long"].severity == "medium"


def test_a_key_that_never_ends_or_whose_birth_is_not_known(client: Any) -> None:
    account = AccountEvidence(client)
    assert account.keys is not None
    account.keys.loc[0, "expired_at"] = pd.NaT
    account.keys.loc[2, "created_at"] = pd.NaT
    assert look(account, "key_expiry", "key notebooks").evidence == "notebooks never ends"
    assert look(account, "key_expiry", "key notebooks").held is False
    assert look(account, "key_expiry", "key status-board").held is None


def test_keys_that_can_not_be_read_are_not_known(client: Any) -> None:
    with client.world.faults(what="error", status=403, operations=["ListAPIKeys"]):
        account = AccountEvidence(client)
    found = look(account, "key_expiry", "account")
    assert found.held is None
    assert "API keys" in account.missing


def test_an_account_without_a_key_that_opens_it(client: Any) -> None:
    account = AccountEvidence(client)
    assert account.keys is not None
    account.__dict__["keys"] = account.keys[account.keys["name"] == "old-laptop"]  # which was revoked
    assert look(account, "key_expiry", "account").held is True


def test_the_same_secret_in_two_environments_is_broken(client: Any) -> None:
    before = read(client, "separate_secrets", "storefront/production")
    assert before.held is True
    assert before.evidence == "DATABASE_URL, SESSION_SECRET: no other environment has the same value"
    for name in ("production", "staging"):
        client.environments.update_variables("storefront", name, run_envs={"SESSION_SECRET": "the-same"})
    production = read(client, "separate_secrets", "storefront/production")
    assert production.held is False
    assert "the-same" not in str(production)
    assert "SESSION_SECRET has the same value in staging" in production.evidence
    call = production.runbook
    assert call is not None  # staging changes, not production
    assert (call.function, call.arguments, list(call.options["variables"])) == (
        "set_variables",
        ("storefront", "staging"),
        ["SESSION_SECRET"],
    )
    variables = {"SESSION_SECRET": "another-one", "LOG_LEVEL": "info", "DATABASE_URL": "postgres://db.internal/trial"}
    client.environments.update_variables("storefront", "staging", run_envs=variables)
    assert read(client, "separate_secrets", "storefront/production").held is True
    assert read(client, "separate_secrets", "storefront/staging").held is True


@pytest.mark.parametrize(
    ("name", "value", "held"),
    [
        ("DATABASE_URL", "postgres://shop:d3ep-w4ter@db.juniper.net/shop", False),  # by its form
        ("PAYMENT_API_KEY", "k-1", False),  # by its name
        ("STRIPE_PUBLISHABLE_KEY", "pk-1", True),
        ("LOG_LEVEL", "info", True),
        ("SECRET_URL", "https://vault.internal", True),
    ],
)
def test_what_is_a_secret(client: Any, name: str, value: str, held: bool) -> None:
    for environment in ("production", "staging"):
        client.environments.update_variables("storefront", environment, run_envs={name: value})
    found = read(client, "separate_secrets", "storefront/staging")
    assert found.held is held
    assert value not in str(found) or value == "info"


def test_a_blue_green_pair_shares_its_secrets_and_a_project_shares_with_all(client: Any) -> None:
    for side in ("blue", "green"):
        client.environments.update_variables("storefront", side, run_envs={"SIGNING_SECRET": "of-the-pair"})
    assert read(client, "separate_secrets", "storefront/blue").held is True
    client.projects.update_settings("storefront", run_envs={"SIGNING_SECRET": "of-all"})
    found = read(client, "separate_secrets", "storefront/blue")
    assert found.held is False
    assert "is set for the whole project" in found.evidence


# --- performance ------------------------------------------------------------------------------------------------------


def test_what_is_larger_than_the_least_needs_figures(client: Any) -> None:
    assert read(client, "start_small", "storefront/development").held is True
    found = read(client, "start_small", "storefront/production")
    assert found.held is None
    assert "3 replicas of 500 millicores and 1024 MB for 83," in found.evidence
    make(client, resources={"cpu": 500, "memory": 1024, "replicas": 3})
    empty = read(client, "start_small", "storefront/empty")
    assert empty.held is False
    assert empty.runbook is not None
    assert empty.runbook.call == ("runbooks.scale(client, 'storefront', 'empty', cpu=200, memory=500, replicas=2)")
    plan = runbooks.scale(client, *empty.runbook.arguments, **empty.runbook.options)
    plan.apply(confirm=plan.confirmation, reason="a test")
    assert read(client, "start_small", "storefront/empty").held is True


def test_production_has_two_replicas(client: Any) -> None:
    found = read(client, "two_replicas", "chat-bot/production")
    assert found.held is False
    plan = runbooks.scale(client, *found.runbook.arguments, **found.runbook.options)  # type: ignore[union-attr]
    plan.apply(confirm=plan.confirmation, reason="a test")
    assert read(client, "two_replicas", "chat-bot/production").held is True
    places = dict(outcomes(AccountEvidence(client, "storefront"), "two_replicas"))
    assert "storefront/staging" not in places  # it serves nobody
    client.environments.update_resources("storefront", "green", cpu=200, memory=500, replicas=1)
    assert read(client, "two_replicas", "storefront/green").held is None
    client.environments.update_resources("storefront", "blue", cpu=200, memory=500, replicas=1)
    assert read(client, "two_replicas", "storefront/blue").held is False  # a domain is routed to it


def test_who_watches_is_never_known(client: Any) -> None:
    found = read(client, "error_alerts", "account")
    assert found.held is None
    assert "requests in 24 hours failed" in found.evidence


@pytest.mark.parametrize(
    ("settings", "held", "mended"),
    [
        ({"install_command": "npm ci"}, True, None),
        ({"install_command": "npm install"}, False, "npm ci"),
        ({"install_command": "npm i --omit=dev && npm prune"}, False, "npm ci --omit=dev && npm prune"),
        ({"install_command": "npm install -g pnpm && pnpm install"}, None, None),
        ({"install_command": "npm install express"}, None, None),
        ({"install_command": "pnpm install --frozen-lockfile"}, True, None),
        ({"install_command": None}, None, None),
        ({"install_command": None, "has_dockerfile": True}, None, None),
        ({"build_command": "npm install && npm run build"}, False, "npm ci && npm run build"),
    ],
)
def test_npm_ci(client: Any, settings: dict[str, Any], held: bool | None, mended: str | None) -> None:
    client.projects.update_settings("storefront", **settings)
    found = read(client, "npm_ci", "storefront")
    assert found.held is held
    if mended is not None:
        assert found.runbook is not None
        assert list(found.runbook.options.values()) == [mended]
        plan = runbooks.settings(client, *found.runbook.arguments, **found.runbook.options)
        plan.apply(confirm=plan.confirmation, reason="a test")
        assert read(client, "npm_ci", "storefront").held is True


def test_what_is_not_of_node_has_no_npm(client: Any) -> None:
    assert not [*outcomes(AccountEvidence(client, ["chat-bot", "recommendations", "landing-pages"]), "npm_ci")]


# --- reliability ------------------------------------------------------------------------------------------------------


def test_promotion_by_itself_needs_a_place_to_try(client: Any) -> None:
    assert read(client, "staging_first", "storefront/production").held is True
    alone = read(client, "staging_first", "recommendations/production")
    assert alone.held is False
    assert "no environment to try it in" in alone.evidence
    assert read(client, "staging_first", "orders-api/production").held is None
    plan = runbooks.hold(client, *alone.runbook.arguments)  # type: ignore[union-attr, arg-type]
    plan.apply(confirm=plan.confirmation, reason="a test")
    assert read(client, "staging_first", "recommendations/production").held is True


def test_a_push_that_moves_both_at_once_tries_nothing(client: Any) -> None:
    fields = environment_of(client, "production")
    client.environments.update("storefront", "production", **fields, is_auto_promote_enabled=True)
    assert read(client, "staging_first", "storefront/production").held is None
    for name in ("staging", "development"):
        client.environments.update("storefront", name, **(environment_of(client, name) | {"branch": "main"}))
    found = read(client, "staging_first", "storefront/production")
    assert found.held is False
    assert "at once" in found.evidence


def test_the_live_commit_was_tried_before(client: Any) -> None:
    fields = environment_of(client, "production")
    client.environments.update("storefront", "production", **fields, is_auto_promote_enabled=True)
    account = AccountEvidence(client, "storefront")
    rows = account.projects[0].deployments
    assert rows is not None
    live = rows["version_number"] == 17
    rows.loc[rows["version_number"] == 14, "source_commit"] = rows.loc[live, "source_commit"].iloc[0]
    found = look(account, "staging_first", "storefront/production")
    assert found.held is True
    assert "v14 of staging" in found.evidence


def test_an_earlier_version_is_kept(client: Any) -> None:
    assert read(client, "rollback_target", "storefront/production").evidence.startswith("v15 is deployed")
    assert "first version" in read(client, "rollback_target", "chat-bot/production").evidence
    assert read(client, "rollback_target", "chat-bot/production").held is True
    for version in (1, 2):
        plan = runbooks.delete(client, "recommendations", deployment=version)
        plan.apply(confirm=plan.confirmation, reason="a test")
    found = read(client, "rollback_target", "recommendations/production")
    assert found.held is False
    assert "those before it were deleted" in found.evidence


def test_versions_that_were_not_read_are_not_known(client: Any) -> None:
    account = AccountEvidence(client, "recommendations")
    project = account.projects[0]
    assert project.deployments is not None
    attrs = project.deployments.attrs
    project.deployments = project.deployments[project.deployments["version_number"] == 3]
    project.deployments.attrs = {**attrs, "total": 30}
    assert look(account, "rollback_target", "recommendations/production").held is None


def test_a_live_version_that_is_older_than_the_newest_is_read_by_itself(client: Any) -> None:
    for number in range(20):
        client.world.push("recommendations", "trial", message=f"Trial {number}", source={"error": "no such module"})
        client.world.advance("3min")
    account = AccountEvidence(client, "recommendations")
    [environment] = account.environments
    assert environment.version == 3
    assert look(account, "rollback_target", "recommendations/production").held is None


def test_a_port_is_right_where_requests_are_answered(client: Any) -> None:
    found = read(client, "port", "storefront/production")
    assert found.held is True
    assert found.evidence.endswith("were answered on port 3000")
    assert read(client, "port", "chat-bot/production").held is None  # nobody asked
    client.projects.update_settings("storefront", port=3001)
    changed = read(client, "port", "storefront/production")
    assert changed.held is None
    assert "the next deployment takes 3001" in changed.evidence


@pytest.mark.parametrize(
    ("where", "call", "log"),
    [
        ("mailer/production", {"port": 8025, "redeploy": True, "environment": "production", "deployment": 1}, 1),
        ("storefront/production", {"port": 3000, "redeploy": True, "environment": "production"}, 1),
    ],
)
def test_a_wrong_port_is_named_by_a_log_and_mended(where: str, call: dict[str, Any], log: int) -> None:
    client = createos_nb.simulate("wrong-port")
    project = where.partition("/")[0]
    with client.transport.log.counting() as requests:
        found = read(client, "port", where)
    read_logs = [one.operation for one in requests if "Log" in one.operation]
    assert len(read_logs) == log
    assert found.held is False
    assert found.runbook is not None
    assert (found.runbook.function, found.runbook.arguments, found.runbook.options) == ("settings", (project,), call)
    plan = runbooks.settings(client, project, **call)
    plan.apply(confirm=plan.confirmation, reason="a test")
    client.world.traffic(project, "production", rpm=60)
    client.world.advance("10min")
    assert read(client, "port", where).held is True


def test_a_repository_without_a_port_is_broken(client: Any) -> None:
    account = AccountEvidence(client, "storefront")
    account.projects[0].row["settings_port"] = pd.NA
    assert look(account, "port", "storefront/production").held is False


def test_requests_that_nobody_answers_for_another_reason(client: Any) -> None:
    client.world.set_behavior("storefront", 17, errors=[{"status": 500, "share": 1.0}])
    client.world.advance("70min")
    found = read(client, "port", "storefront/production")
    assert found.held is None
    assert "the log names no port" in found.evidence


def test_what_sleeps_is_broken_until_it_is_woken(client: Any) -> None:
    found = read(client, "awake", "chat-bot/production")
    assert (found.held, found.severity) == (False, "high")
    assert found.runbook is not None
    assert found.runbook.call == "runbooks.keep_awake(client, 'chat-bot', 'production')"
    plan = runbooks.keep_awake(client, *found.runbook.arguments, **found.runbook.options)  # type: ignore[arg-type]
    plan.apply(confirm=plan.confirmation, reason="a test")
    assert read(client, "awake", "chat-bot/production").held is True


def test_a_live_deployment_that_can_not_be_read_is_not_known(client: Any) -> None:
    with client.world.faults(what="error", status=403, operations=["ListDeployments", "GetDeployment"]):
        account = AccountEvidence(client, "chat-bot")
        assert look(account, "awake", "chat-bot/production").held is None
        assert look(account, "rollback_target", "chat-bot/production").held is None
        assert look(account, "port", "chat-bot/production").held is None


# --- order ------------------------------------------------------------------------------------------------------------


def test_what_belongs_together_is_in_one_app(client: Any) -> None:
    assert read(client, "apps", "storefront").held is True
    assert read(client, "apps", "landing-pages").held is None
    found = read(client, "apps", "shop-assistant")
    assert found.held is False
    plan = runbooks.group(client, *found.runbook.arguments)  # type: ignore[union-attr, arg-type]
    plan.apply(confirm=plan.confirmation, reason="a test")
    assert read(client, "apps", "shop-assistant").held is True


def test_a_variable_that_names_another_project_belongs_to_it(client: Any) -> None:
    client.environments.update_variables(
        "landing-pages", "production", run_envs={"API": "https://user:pw@orders-api.createos.nodeops.network/v1"}
    )
    account = AccountEvidence(client)
    found = look(account, "apps", "landing-pages")
    assert found.held is False
    assert found.evidence == "it is in no app, and API of landing-pages names orders-api"
    assert "pw@" not in str(found)


def test_names_begin_with_that_of_the_app(client: Any) -> None:
    assert read(client, "names", "storefront").held is False
    assert read(client, "names", "landing-pages").held is None
    client.apps.update("Shop", name="Orders")
    assert read(client, "names", "orders-api").held is True
    client.apps.add_projects("Back office", projects=["landing-pages"])
    resources = {"display_name": "Trial", "description": "On trial", "resources": SMALL, "settings": {}}
    client.environments.create("landing-pages", unique_name="back-office-pages-trial", **resources)
    assert read(client, "names", "landing-pages").held is False  # its other environment is called otherwise
    plan = runbooks.delete(client, "landing-pages", environment="production")
    plan.apply(confirm=plan.confirmation, reason="a test")
    assert read(client, "names", "landing-pages").held is True


@pytest.mark.parametrize(
    ("description", "held"),
    [
        (None, False),
        ("Staging", False),
        ("staging environment", False),
        ("Rehearsal", None),
        ("Before each sale", True),
    ],
)
def test_a_description_says_more_than_the_name(client: Any, description: str | None, held: bool | None) -> None:
    account = AccountEvidence(client, "storefront")
    staging = next(one for one in account.environments if one.name == "staging")
    staging.row["description"] = description
    assert look(account, "descriptions", "storefront/staging").held is held


def test_the_fix_of_a_description_is_a_call(client: Any) -> None:
    make(client, description=None)
    found = read(client, "descriptions", "storefront/empty")
    assert found.held is False
    call = found.fix.removeprefix("Say what it is for: ").removesuffix(".").replace("…", "'Waits for the next sale'")
    eval(call, {"client": client})
    assert read(client, "descriptions", "storefront/empty").held is True


def test_what_nobody_uses_is_told(client: Any) -> None:
    assert read(client, "no_unused", "storefront/production").held is True
    assert read(client, "no_unused", "chat-bot/production").held is None  # it fell asleep three days ago
    make(client)
    assert read(client, "no_unused", "storefront/empty").held is None
    client.world.advance("7d 1h")
    empty = read(client, "no_unused", "storefront/empty")
    assert empty.held is False
    assert "has not changed for 7 days" in empty.evidence
    bot = read(client, "no_unused", "chat-bot/production")
    assert bot.held is False
    assert "has slept for 10 days" in bot.evidence
    plan = runbooks.delete(client, *empty.runbook.arguments, **empty.runbook.options)  # type: ignore[union-attr, arg-type]
    assert plan.confirmation == "empty"
    assert "clean_up" not in empty.fix  # it leaves no deployment behind
    assert "runbooks.clean_up(client, 'chat-bot') then says who needs it" in bot.fix
    plan = runbooks.delete(client, *bot.runbook.arguments, **bot.runbook.options)  # type: ignore[union-attr, arg-type]
    plan.apply(confirm=plan.confirmation, reason="a test")
    left = runbooks.clean_up(client, "chat-bot", keep=0).candidates
    assert left[["version", "action", "because"]].values.tolist() == [[1, "delete", "asleep, live nowhere"]]


# --- all --------------------------------------------------------------------------------------------------------------


def test_each_practice_of_the_documentation_has_its_file() -> None:
    found = [one for _, one in practices() if isinstance(one, Practice)]
    groups = pd.Series([one.group for one in found]).value_counts().to_dict()
    assert groups == {"security": 4, "performance": 4, "reliability": 4, "order": 4}


def test_each_call_that_is_named_is_a_runbook_that_takes_it(client: Any) -> None:
    make(client, resources={"cpu": 500, "memory": 1024, "replicas": 3})
    client.projects.update_settings("storefront", install_command="npm install")
    client.api_keys.create(name="for-two-weeks", expiry_at="+16d")
    client.world.advance("8d")
    account = AccountEvidence(client)
    seen: set[str] = set()
    for code, _ in practices():
        for _, outcome in outcomes(account, code):
            if outcome.runbook is None or outcome.runbook.function == "set_variables":
                continue  # its value has to be asked for
            seen.add(outcome.runbook.function)
            make_plan: Callable[..., Any] = getattr(runbooks, outcome.runbook.function)
            make_plan(client, *outcome.runbook.arguments, **outcome.runbook.options)
    assert seen == {"scale", "settings", "hold", "keep_awake", "delete", "group", "rotate_key"}
