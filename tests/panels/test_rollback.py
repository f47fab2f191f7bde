"""The panel that rolls back, without a browser."""

from __future__ import annotations

from typing import Any

import pytest

import createos_nb
from createos_nb import panels
from createos_nb.errors import InvalidInput
from createos_nb.panels.rollback_html import errors_check
from createos_nb.panels.rollback_versions import candidates, share_of
from createos_nb.plans import PreconditionFailed
from tests.panels.acting import live, press, review, writes


def test_candidates_come_with_reasons_and_evidence(client: Any) -> None:
    frame, facts = candidates(client, "storefront", "production")
    rows = frame.set_index("version")
    assert (facts["live"], facts["auto"], facts["branch"]) == ("v17", False, "main")
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
    assert panel._rows.grid.preset == "v15"
    assert panel.params["chosen"] == ""
    plan = review(panel)
    assert "from v17 to v15" in plan.title
    press(panel, "Roll back to v15")
    assert live(client) == 15
    assert next(card["key"] for card in panel._rows.grid.cards if card["live"]) == "v15"


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
    assert "Auto-promotion of main is on" in panel._rows.note.value
    review(panel)
    press(panel, "Roll back to v3")
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
    press(panel, "Roll back to v3")
    assert [one.description for one in panel.form.actions.children] == ["Verify now", "Open traffic"]
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
    assert "No older version is known to have been healthy" in panel._rows.note.value
    panel.review()
    assert panel.wait(30)
    assert "no older one is known to have been healthy" in panel._view.error.value
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
    assert "Nothing is live here" in panel._rows.note.value
    with pytest.raises(InvalidInput, match="Nothing is live"):
        panel.run()


def bad_release() -> Any:
    client = createos_nb.simulate("bad-release")
    panel = panels.rollback(client, "storefront", "production")
    panel.params = {"confirm": "production", "reason": "a test"}
    return client, panel


def test_what_is_live_stands_beside_what_would_be() -> None:
    """At first sight: the errors of each version, and those before and after."""
    _, panel = bad_release()
    cards = {card["key"]: card for card in panel._rows.grid.cards}
    assert (cards["v4"]["live"], cards["v4"]["bad"], cards["v4"]["figure"]) == (True, True, "3.2 %")
    assert cards["v3"]["tags"][0] == {"text": "newest that was healthy", "kind": "accent"}
    assert cards["v3"]["lines"] == ["Faster search", "newest for 2\xa0d, from 2 Mar 09:40 UTC"]
    shown = panel._before_after.value
    assert 'createos-is-down">3.2 %' in shown
    assert 'createos-is-ok">0.11 %' in shown
    assert [band["label"] for band in panel._chart.spec["bands"]] == ["probably v3", "v4"]
    panel.params["chosen"] = "v2"
    assert 'createos-is-ok">0.064 %' in panel._before_after.value


def test_opening_asks_for_the_requests_over_time_and_nothing_else_twice() -> None:
    client, _ = bad_release()
    paths = [path.rpartition("/")[2] for path in client.log()["path"]]
    assert paths.count("requests-over-time") == 1
    assert len(paths) == 10, paths


def test_after_it_the_panel_verifies_that_it_helped() -> None:
    client, panel = bad_release()
    panel.run()
    press(panel, "Verify now")
    assert panel.last_error is None
    assert "Not verified yet: v3 has too few requests" in panel._verified.value
    client.world.advance("15min")
    checks = panel.verify()
    assert checks.result == "PASS"
    assert "fewer requests fail than with v4" in str(checks)
    assert "Verified: v3 is live and the errors are gone" in panel._verified.value
    assert [band["label"] for band in panel._chart.spec["bands"]] == ["probably v3", "v4", "v3"]
    assert "measured since 4 Mar 14:00 UTC" in panel._before_after.value
    press(panel, "Open traffic")
    assert panel._below.opened.params["environment"] == "production"


def test_after_it_one_press_more_does_not_go_back_further() -> None:
    _, panel = bad_release()
    live_since = panel._facts["live_since"]
    panel.run()
    press(panel, "Verify now")
    assert (panel._rows.grid.preset, panel._rows.taken) == ("", None)
    assert not any("newest that was healthy" in str(card["tags"]) for card in panel._rows.grid.cards)
    assert "To roll back again, choose a version." in panel._rows.note.value
    with pytest.raises(InvalidInput, match="Choose a version to roll back to"):
        panel.run()
    # what was known of the version before is known still
    versions = panel._facts["versions"].set_index("version")
    assert versions.loc[4, "start"] == live_since
    assert versions["exactness"].tolist()[-2:] == ["exact", "exact"]
    panel.params = {"chosen": "v2", "reason": "v3 fails too", "confirm": "production"}
    assert panel.run().finished


def test_after_its_undo_the_newest_healthy_one_is_taken_again() -> None:
    client, panel = bad_release()
    broken = client.environments.get("storefront", "production")["project_deployment_id"]
    panel.run()
    assert panel._rows.taken is None
    press(panel, "Plan the undo")
    panel.params = {"reason": "a mistake", "confirm": "production"}
    press(panel, "Undo")
    assert client.environments.get("storefront", "production")["project_deployment_id"] == broken
    assert panel._rows.taken["version"] == "v3"


def test_nothing_is_verified_before_something_is_rolled_back() -> None:
    with pytest.raises(InvalidInput, match="Roll back first"):
        bad_release()[1].verify()


@pytest.mark.parametrize(
    ("now", "result"),
    [((0, 0), "NO DATA"), ((0, 20), "NO DATA"), ((1, 500), "PASS"), ((17, 500), "FAIL"), ((60, 500), "FAIL")],
)
def test_fewer_errors_are_proof_only_where_they_are_enough(now: tuple[int, int], result: str) -> None:
    assert errors_check("v4", share_of(132, 4000), share_of(*now), 0.12).result == result


def test_a_hostile_source_stays_text() -> None:
    _, panel = bad_release()
    facts = {**panel._facts, "live_source": "<img src=x>"}
    panel._facts = facts
    panel._explain()
    assert "<img" not in panel._before_after.value
