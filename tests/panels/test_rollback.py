"""The panel that rolls back, without a browser."""

from __future__ import annotations

from typing import Any

import pytest

import createos_nb
from createos_nb import panels
from createos_nb.errors import InvalidInput
from createos_nb.panels.rollback import candidates
from createos_nb.plans import PreconditionFailed
from tests.panels.acting import live, press, review, writes


def test_candidates_come_with_reasons_and_evidence(client: Any) -> None:
    frame, facts = candidates(client, "storefront", "production")
    rows = frame.set_index("version")
    assert facts == {"live": "v17", "auto": False, "branch": "main"}
    assert rows.loc["v15", ["evidence", "why_not", "off"]].tolist() == ["inferred", "", ""]
    assert "branch main" in rows.loc["v15", "because"]
    assert rows.loc["v15", "requests"] > 100
    assert rows.loc["v16", "why_not"].startswith("it is of branch develop")
    assert rows.loc["v16", "off"] == ""  # a person may know better
    assert rows.loc["v13", "off"] == "it was cancelled"


def test_a_journal_is_evidence(client: Any) -> None:
    """What was live before somebody acted is known from the run's journal."""
    plan = createos_nb.runbooks.assign(client, "storefront", 15, "production")
    plan.apply(confirm=plan.digest, reason="a test")
    plan = createos_nb.runbooks.assign(client, "storefront", 17, "production")
    plan.apply(confirm=plan.digest, reason="a test")
    frame, _ = candidates(client, "storefront", "production")
    row = frame.set_index("version").loc["v15"]
    assert row["evidence"] == "journal"
    assert "a journal says" in row["because"]


def test_where_none_is_chosen_the_newest_fit_one_is_taken(client: Any) -> None:
    panel = panels.rollback(client, "storefront", "production")
    assert "none chosen: v15 is the default" in panel._rows.note.value
    plan = review(panel)
    assert "from v17 to v15" in plan.title
    press(panel, "Roll back")
    assert live(client) == 15
    assert "live now: v15" in panel._rows.note.value


def test_the_chosen_one_is_taken(client: Any) -> None:
    panel = panels.rollback(client, "storefront", "production")
    panel.params = {"chosen": "v10", "confirm": "production", "reason": "a test"}
    assert panel.run().finished
    assert live(client) == 10


def test_one_that_can_not_run_can_not_be_chosen(client: Any) -> None:
    panel = panels.rollback(client, "storefront", "production")
    with pytest.raises(InvalidInput, match="not among the choices"):
        panel.params["chosen"] = "v13"


def test_auto_promotion_is_held_and_released_afterwards(client: Any) -> None:
    panel = panels.rollback(client, "orders-api", "production")
    assert "auto-promotion of main is on" in panel._rows.note.value
    review(panel)
    press(panel, "Roll back")
    held = client.environments.get("orders-api", "production")
    assert not held["is_auto_promote_enabled"]
    press(panel, "Plan: release")
    review_of = panel.plan
    assert review_of is not None
    panel.params = {"confirm": "production", "reason": "the fix is there"}
    press(panel, "Release")
    assert client.environments.get("orders-api", "production")["is_auto_promote_enabled"]


def test_without_holding_the_next_push_undoes_it(client: Any) -> None:
    panel = panels.rollback(client, "orders-api", "production")
    panel.params["hold"] = False
    assert panel._allow_description_change.layout.display == "none"
    plan = review(panel)
    assert any("the next push to main undoes the rollback" in one for one in plan.warnings)
    press(panel, "Roll back")
    assert not panel.form.actions.children
    assert client.environments.get("orders-api", "production")["is_auto_promote_enabled"]


def test_a_description_that_would_not_be_taken_back_stops_it_until_it_may_be_changed(client: Any) -> None:
    """The platform takes a description with every change of auto-promotion, and refuses signs that it accepted once."""
    world = client.world
    project = next(one for one in world.state.projects.values() if one.name == "orders-api")
    place = next(one for one in project.environments.values() if one.name == "production")
    place.description = "Orders: the one that counts!"
    world.touch(place)
    panel = panels.rollback(client, "orders-api", "production")
    panel.params = {"confirm": "production", "reason": "a test"}
    with pytest.raises(PreconditionFailed):
        panel.run()
    assert live(client, "orders-api") == 4
    panel.params = {"allow_description_change": True, "confirm": "production", "reason": "a test"}
    assert panel.run().finished
    assert live(client, "orders-api") == 3


def test_another_candidate_another_plan(client: Any) -> None:
    panel = panels.rollback(client, "storefront", "production")
    for name, value in (("chosen", "v10"), ("hold", False), ("allow_description_change", True)):
        panel.review()
        assert panel.wait(30)
        assert panel.plan is not None
        panel.params[name] = value
        assert panel.plan is None, name
    assert not writes(client)


def test_with_no_candidate_it_says_so(client: Any) -> None:
    """The only deployment is the live one."""
    panel = panels.rollback(client, "chat-bot", "production")
    assert panel._view.error.value == ""
    assert "no older deployment" in panel._rows.note.value
    panel.review()
    assert panel.wait(30)
    assert "no older deployment is known" in panel._view.error.value
    with pytest.raises(InvalidInput):
        panel.run()


def test_with_nothing_live_it_says_so(client: Any) -> None:
    client.environments.create(
        "storefront",
        display_name="Fresh",
        unique_name="fresh",
        description="Nothing is here yet",
        resources={"cpu": 200, "memory": 500, "replicas": 1},
        settings={"run_envs": {}},
        branch="main",
    )
    panel = panels.rollback(client, "storefront", "fresh")
    assert "nothing is live here" in panel._rows.note.value
    with pytest.raises(InvalidInput, match="nothing is live"):
        panel.run()
