"""The blue-green panel, without a browser."""

from __future__ import annotations

from typing import Any

import pytest

import createos_nb
from createos_nb import panels
from createos_nb.errors import InvalidInput, ServerError
from createos_nb.panels.release.sides import downsample, read
from createos_nb.panels.release.smoke import smoke_checks, smoke_test
from createos_nb.plans import StepFailed
from tests.panels.acting import press, review, writes
from tests.panels.robot import threads_left

WHOLESALE = "wholesale.juniper-goods.example.com"


def served_by(client: Any) -> str:
    """The environment that the domain is routed to."""
    return read(client, "storefront").domains[WHOLESALE]


def test_two_sides_with_traffic_and_errors_of_each(client: Any) -> None:
    panel = panels.blue_green(client, "storefront")
    assert panel.params["domain"] == WHOLESALE  # the domain whose side is called blue
    assert panel.params["other"] == "green"
    sides = panel.sides.set_index("side")
    assert sides["serves"].to_dict() == {"blue": WHOLESALE, "green": ""}
    assert sides["version"].to_dict() == {"blue": "v12", "green": "v6"}
    assert sides.loc["blue", "per_minute"] > 10
    assert sides.loc["blue", "error_percentage"] == 0
    assert len(sides.loc["blue", "requests"]) == 30
    assert "blue serves" in panel._note.value


def test_errors_of_a_side_are_seen(client: Any) -> None:
    client.world.set_behavior("storefront", 12, errors=[{"status": 500, "share": 0.5}])
    client.world.advance("1h")
    sides = panels.blue_green(client, "storefront").sides.set_index("side")
    assert sides.loc["blue", "error_percentage"] > 20
    assert sum(sides.loc["blue", "errors"]) > 100


def test_live_follows_the_world(client: Any) -> None:
    """The watch moves an embedded world on, and ends when it is switched off."""
    panel = panels.blue_green(client, "storefront")
    before = panel.sides
    client.world.advance("5min")
    assert panel._poll()
    assert not panel.sides.equals(before)
    panel.params["live"] = True
    assert panel._poller.running
    panel.params["live"] = False
    assert not panel._poller.running
    panel.close()
    assert not threads_left()


def test_the_other_side_is_tried_where_nobody_is_served(client: Any) -> None:
    panel = panels.blue_green(client, "storefront")
    panel.params["paths"] = "/, /search"
    frame = panel.smoke()
    assert frame["path"].tolist() == ["/", "/search"] * 3
    assert set(frame["version"]) == {"6"}
    assert set(frame["ok"]) == {"success"}
    assert "smoke test: PASS, 0 of 6 requests failed" in panel._view.status.value
    assert not writes(client)


def test_a_smoke_test_that_fails_says_so(client: Any) -> None:
    client.world.set_behavior("storefront", 6, errors=[{"status": 500, "share": 1.0}])
    panel = panels.blue_green(client, "storefront")
    frame = panel.smoke()
    assert set(frame["ok"]) == {"failed"}
    assert set(frame["status"]) == {500}
    assert "3 of 3 requests failed" in panel._view.status.value


@pytest.mark.parametrize("paths", ["", "search", "/ok no"])
def test_paths_begin_with_a_slash(client: Any, paths: str) -> None:
    panel = panels.blue_green(client, "storefront")
    panel.params["paths"] = paths
    with pytest.raises(InvalidInput, match="paths begin with a slash"):
        panel.smoke()


def test_switch_and_switch_back(client: Any) -> None:
    panel = panels.blue_green(client, "storefront")
    plan = review(panel)
    assert plan.title == f"route {WHOLESALE} to green"
    press(panel, "Switch")
    assert panel.receipt is not None, panel.last_error
    assert served_by(client) == "green"
    assert panel.params["other"] == "blue"  # the side to go back to
    assert "green serves" in panel._note.value
    review(panel)
    press(panel, "Switch")
    assert served_by(client) == "blue"


def test_the_receipt_leads_back_too(client: Any) -> None:
    panel = panels.blue_green(client, "storefront")
    review(panel)
    press(panel, "Switch")
    press(panel, "Plan the undo")
    panel.params = {"confirm": panel.form.confirmation.description.split()[1], "reason": "a test"}
    press(panel, "Undo")
    assert served_by(client) == "blue"


def test_a_version_is_brought_tried_judged_and_then_takes_over(client: Any) -> None:
    panel = panels.blue_green(client, "storefront")
    panel.params = {"version": "v12", "requests": 30, "seconds": 60}
    assert panel._gate.layout.display == ""
    review(panel)
    press(panel, "Switch")
    assert panel.receipt is not None, panel.last_error
    assert served_by(client) == "green"
    assert panel.sides.set_index("side").loc["green", "version"] == "v12"
    press(panel, "Plan: switch back")
    panel.params = {"confirm": panel.form.confirmation.description.split()[1], "reason": "a test"}
    press(panel, "Switch back")
    assert served_by(client) == "blue"


def test_a_version_that_does_not_pass_is_not_switched_to_and_not_watched(client: Any) -> None:
    client.world.set_behavior("storefront", 15, errors=[{"status": 500, "share": 0.6}])
    panel = panels.blue_green(client, "storefront")
    panel.params = {"version": "v15", "requests": 60, "seconds": 120}
    review(panel)
    press(panel, "Switch")
    assert isinstance(panel.last_error, StepFailed)
    assert served_by(client) == "blue"
    assert panel.opened is None


def test_another_domain_has_other_sides_and_none_is_chosen_for_it(client: Any) -> None:
    """Where it is not plain what the other side is, a person says it."""
    panel = panels.blue_green(client, "storefront")
    panel.params["domain"] = "www.juniper-goods.example.com"
    assert panel.params["other"] is None
    assert "choose the other side" in panel._note.value
    assert panel._smoke_button.disabled
    panel.review()
    assert panel.wait(30)
    assert "choose the other side first" in panel._view.error.value
    panel.params["other"] = "staging"
    assert panel.sides["side"].tolist() == ["production", "staging"]


def test_with_one_environment_a_second_is_made(client: Any) -> None:
    panel = panels.blue_green(client, "landing-pages")
    assert "there is one environment only" in panel._note.value
    assert panel.params["other"] == "green"
    assert panel.sides.set_index("side").loc["green", "version"] == "to be created"
    with pytest.raises(InvalidInput, match="green does not exist yet"):
        panel.run()
    panel.params["version"] = "v3"
    plan = review(panel)
    assert plan.steps[0].operation == "CreateProjectEnvironment"


def test_without_a_domain_there_is_nothing_to_switch(client: Any) -> None:
    panel = panels.blue_green(client, "edge-gateway")
    assert "there is nothing to switch" in panel._note.value
    assert panel.last_error is None
    with pytest.raises(InvalidInput):
        panel.run()


def test_what_can_not_be_read_is_said_and_read_again(client: Any) -> None:
    with client.world.faults(what="error", status=500, operations=["ListDomains"]):
        panel = panels.blue_green(client, "storefront")
    assert isinstance(panel.last_error, ServerError)
    assert "not read yet" in panel._note.value
    panel.refresh()
    assert panel.wait(30)
    assert panel._view.error.value == ""
    assert len(panel.sides) == 2


def test_an_environment_without_an_address_can_not_be_asked(client: Any) -> None:
    with pytest.raises(createos_nb.UnknownName):
        smoke_test(client, "storefront", "nowhere", ["/"])


def test_a_line_of_traffic_is_thinned_by_sums(client: Any) -> None:
    traffic = client.analytics.requests_over_time("storefront", "blue", start="-1h")
    assert sum(downsample(traffic, "count", 7)) == traffic["count"].sum()
    assert len(downsample(traffic, "count", 7)) <= 7
    assert downsample(None, "count") == []


def test_after_a_switch_the_side_that_served_is_the_one_to_go_back_to(client: Any) -> None:
    """Also where the sides are not called blue and green."""
    panel = panels.blue_green(client, "storefront")
    panel.params["domain"] = "www.juniper-goods.example.com"
    panel.params["other"] = "staging"
    review(panel)
    press(panel, "Switch")
    assert panel.sides["side"].tolist() == ["staging", "production"]
    assert panel.params["other"] == "production"


# --- lanes, claims and the watch after a switch -----------------------------------------------------------------------


def test_the_sides_are_lanes_with_the_one_that_serves_first(client: Any) -> None:
    panel = panels.blue_green(client, "storefront")
    lanes = panel._lanes.value
    assert lanes.index("serves users") < lanes.index("stands by")
    assert "Order by article number" in lanes  # the message of what is live
    panel.params["domain"] = "www.juniper-goods.example.com"
    assert "production" in panel._lanes.value
    assert "stands by" not in panel._lanes.value  # no other side is chosen


def test_a_smoke_test_is_a_table_of_claims(client: Any) -> None:
    client.world.set_behavior("storefront", 6, errors=[{"status": 500, "share": 1.0, "path": "/cart"}])
    panel = panels.blue_green(client, "storefront")
    panel.params["paths"] = "/ /cart"
    checks = smoke_checks(panel.smoke())
    assert [(one.claim, one.result) for one in checks] == [
        ("/ is answered below 400", "PASS"),
        ("/cart is answered below 400", "FAIL"),
    ]
    assert checks[0].figure.startswith("3 of 3, by v6, ")
    assert checks[1].figure.endswith(": 500")
    shown = panel._smoke_result.value
    assert "<span>PASS</span>" in shown
    assert "<span>FAIL</span>" in shown
    assert [one.result for one in smoke_checks(panel.smoke().iloc[:0])] == ["NO DATA"]


def test_after_a_switch_the_watch_opens_below_and_a_switch_back_closes_it(client: Any) -> None:
    panel = panels.blue_green(client, "storefront")
    review(panel)
    press(panel, "Switch")
    watch = panel.opened
    assert watch is not None
    assert watch.sides[["side", "role"]].to_numpy().tolist() == [["blue", "stands by"], ["green", "serves users"]]
    assert "was changed last" in watch.decisions["decision"].iloc[0]
    review(panel)
    press(panel, "Switch")
    assert panel.opened is None
    assert watch.closed
    panel.close()
    assert not threads_left()


def test_what_the_watch_below_asks_for_is_planned_above_it(client: Any) -> None:
    panel = panels.blue_green(client, "storefront")
    review(panel)
    press(panel, "Switch")
    client.world.set_behavior("storefront", 6, errors=[{"status": 500, "share": 0.4}])
    client.clock.sleep(900)
    watch = panel.opened
    assert watch is not None
    watch.run()
    assert watch._act_button.description == "Switch back to blue …"
    watch._act_button.click()
    assert panel.wait(30)
    assert panel.plan is not None
    assert panel.plan.title == f"route {WHOLESALE} to blue"
    assert panel.opened is watch
    assert served_by(client) == "green"
