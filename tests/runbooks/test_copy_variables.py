"""Copying variables from one environment to another: which, never shown, and never an old value."""

from __future__ import annotations

from typing import Any

import pytest

from createos_nb import plans, runbooks
from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.plans import StalePlanError


def held(client: Any, environment: str) -> dict[str, str]:
    return dict(client.environments.reveal_variables("storefront", environment))


def applied(plan: plans.Plan) -> plans.Receipt:
    return plan.apply(confirm=plan.confirmation, reason="a test")


def test_only_what_is_named_is_copied_and_the_undo_brings_it_back(client: Any) -> None:
    before, source = held(client, "staging"), held(client, "production")
    plan = runbooks.copy_variables(
        client, "storefront", "production", "staging", names=["SESSION_SECRET"], redeploy=False
    )
    assert before["SESSION_SECRET"] != source["SESSION_SECRET"]
    receipt = applied(plan)
    assert held(client, "staging") == before | {"SESSION_SECRET": source["SESSION_SECRET"]}
    assert held(client, "production") == source
    applied(receipt.undo())
    assert held(client, "staging") == before


def test_without_names_all_of_the_source_are_copied_and_others_of_the_target_stay(client: Any) -> None:
    source = held(client, "production")
    client.environments.update_variables("storefront", "staging", run_envs={**held(client, "staging"), "OWN": "1"})
    applied(runbooks.copy_variables(client, "storefront", "production", "staging", redeploy=False))
    assert held(client, "staging") == source | {"OWN": "1"}
    again = runbooks.copy_variables(client, "storefront", "production", "staging", redeploy=False)
    assert again.steps == []


def test_no_value_is_in_a_text_or_in_the_journal(client: Any) -> None:
    both = [*held(client, "production").values(), *held(client, "staging").values()]
    values = [value for value in both if len(value) > 5]
    assert values
    plan = runbooks.copy_variables(client, "storefront", "production", "staging", redeploy=False)
    receipt = applied(plan)
    assert receipt.journal is not None
    texts = [repr(plan), plan._repr_html_(), plan.frame().to_string(), repr(plan.steps), repr(receipt)]
    texts += [receipt.journal.read_text(encoding="utf-8"), repr(receipt.undo())]
    assert not [value for value in values for text in texts if value in text]


def test_a_value_that_has_changed_in_the_source_since_is_not_copied(client: Any) -> None:
    plan = runbooks.copy_variables(client, "storefront", "production", "staging", names=["LOG_LEVEL"], redeploy=False)
    before = held(client, "staging")
    client.environments.update_variables(
        "storefront", "production", run_envs={**held(client, "production"), "LOG_LEVEL": "other"}
    )
    with pytest.raises(StalePlanError, match="LOG_LEVEL of production"):
        applied(plan)
    assert held(client, "staging") == before


def test_it_can_be_undone_once_the_source_is_gone(client: Any) -> None:
    before = held(client, "staging")
    receipt = applied(
        runbooks.copy_variables(client, "storefront", "green", "staging", names=["LOG_LEVEL"], redeploy=False)
    )
    client.environments.delete("storefront", "green")
    client.world.advance("10min")
    applied(receipt.undo())
    assert held(client, "staging") == before


def test_it_redeploys_what_is_live_in_the_target(client: Any) -> None:
    plan = runbooks.copy_variables(client, "storefront", "production", "staging")
    assert [step.operation for step in plan.steps][1:] == [
        "RetriggerDeployment",
        "AssignDeploymentToProjectEnvironment",
    ]
    assert plan.steps[2].target.environment_name == "staging"
    assert any("different secrets in each" in text for text in plan.warnings)


@pytest.mark.parametrize(
    ("source", "target", "names", "error", "text"),
    [
        ("staging", "staging", None, InvalidInput, "both staging"),
        ("production", "staging", ["NOPE"], InvalidInput, r"no variable NOPE; it has: DATABASE_URL"),
        ("production", "staging", "LOG_LEVEL", InvalidInput, r"\['LOG_LEVEL'\]"),
        ("production", "staging", [], InvalidInput, "names= is empty"),
        ("nowhere", "staging", None, UnknownName, "nowhere"),
        ("production", "nowhere", None, UnknownName, "nowhere"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    client: Any, source: str, target: str, names: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        runbooks.copy_variables(client, "storefront", source, target, names=names)
