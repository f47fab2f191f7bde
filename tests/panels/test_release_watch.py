"""The panel that watches a release, without a browser."""

from __future__ import annotations

import time
from typing import Any

import pytest

import createos_nb
from createos_nb import panels, runbooks
from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.panels.release.html import headline, needed, what_to_do
from createos_nb.panels.release.watch import ReleaseWatchPanel
from tests.panels.acting import writes
from tests.panels.robot import threads_left

WHOLESALE = "wholesale.juniper-goods.example.com"
SIDES = {"blue": "blue", "green": "green"}
BAD = [{"status": 500, "share": 0.2}]


def switch(client: Any, side: str = "green") -> None:
    """Lead the domain to a side."""
    plan = runbooks.route_domain(client, "storefront", WHOLESALE, side)
    plan.apply(confirm=plan.confirmation, reason="a test")


@pytest.fixture(scope="module")
def bad() -> Any:
    """A world in which green has served for a quarter of an hour, and fails."""
    client = createos_nb.simulate()
    switch(client)
    client.world.set_behavior("storefront", 6, errors=BAD)
    client.clock.sleep(900)
    return client.world


@pytest.fixture
def failing(bad: Any) -> Any:
    return createos_nb.simulate(bad.fork())


def watch(client: Any, **options: Any) -> ReleaseWatchPanel:
    return panels.release_watch(client, "storefront", **{**SIDES, **options})


# --- what is shown ----------------------------------------------------------------------------------------------------


def test_before_a_switch_green_stands_by_and_nothing_is_to_be_done(client: Any) -> None:
    panel = watch(client)
    assert panel.last_error is None
    assert panel.sides[["side", "role"]].to_numpy().tolist() == [["blue", "serves users"], ["green", "stands by"]]
    assert panel.verdict is not None
    assert panel.current is not None
    assert not panel.current.earlier
    assert "the platform does not tell of a release since" in panel.decisions["decision"].iloc[0]
    assert panel._act_button.layout.display == "none"
    assert panel.follow() is None
    assert what_to_do(panel.current).startswith("Nothing to do.")
    assert not writes(client)


def test_a_bad_release_is_said_first_with_two_figures_and_the_way_back(failing: Any) -> None:
    panel = watch(failing)
    assert panel.current is not None
    assert panel.verdict is not None
    assert panel.verdict.decision == "rollback"
    assert panel.current.earlier
    assert headline(panel.current) == "20 % of the requests of green (v6) fail with 5xx; before, 0 %."
    shown = panel._verdict.value
    assert shown.index("Bad release") < shown.index("20 %") < shown.index("Compared with the level of blue before")
    assert "candidate" not in shown
    assert "baseline" not in shown
    sides = panel.sides.set_index("side")
    assert sides.loc["green", "errors"] > 50
    assert sides.loc["blue", "requests"] > 1000  # of the hour before, when it had users
    assert sides.loc["blue", "per_minute"] < 2
    assert panel.frame is not None
    assert panel.frame["decision"].iloc[-1] == "rollback"
    assert "switch wholesale" in what_to_do(panel.current)
    static = panel.static()
    assert "Roll back" in static
    assert "stands by" in static


def test_the_one_button_opens_the_switch_filled_in_and_changes_nothing(failing: Any) -> None:
    panel = watch(failing)
    before = len(writes(failing))
    assert panel._act_button.layout.display == ""
    assert panel._act_button.description == "Switch back to blue …"
    panel._act_button.click()
    below: Any = panel.opened
    assert dict(below.params) | {"domain": WHOLESALE, "other": "blue"} == dict(below.params)
    assert len(writes(failing)) == before
    panel.close()
    assert below.closed


def test_a_switch_back_begins_the_watch_anew(failing: Any) -> None:
    panel = watch(failing)
    switch(failing, "blue")
    failing.clock.sleep(120)
    panel.run()
    assert panel.current is not None
    assert not panel.current.earlier
    assert panel.sides.set_index("side")["role"].to_dict() == {"blue": "serves users", "green": "stands by"}
    assert panel._act_button.layout.display == "none"


def test_just_after_a_switch_there_is_no_data_yet(client: Any) -> None:
    switch(client)
    panel = watch(client)
    assert panel.current is not None
    assert panel.verdict is None
    assert "NO DATA" in panel._verdict.value
    assert "NO DATA" in panel._meter.value
    assert needed(panel.current, 0.01, 0.01)[0][0] == "NO DATA"
    assert panel.frame is not None
    assert panel.frame.empty
    assert panel.decisions["done"].tolist() == [True, False]


def test_what_a_promotion_needs_is_listed_with_what_there_is(client: Any) -> None:
    panel = watch(client, since="-30min")
    assert panel.current is not None
    rows = {claim: (result, figure) for result, claim, figure in needed(panel.current, 0.01, 0.01)}
    assert rows["100 requests of green"][0] == "open"
    assert rows["Evidence to promote"][0] == "open"
    assert "of 100" in rows["Evidence to promote"][1]
    assert "at the latest" in panel.decisions["decision"].iloc[-1].lower()
    assert (panel.current.latest - panel.current.begin).total_seconds() == 3600


def test_after_its_time_an_undecided_watch_is_a_persons(client: Any) -> None:
    panel = watch(client, since="-30min", timeout="30min")
    assert panel.current is not None
    assert panel.current.over
    assert "you decide" in what_to_do(panel.current)
    assert panel.decisions["decision"].iloc[-1] == "Was to be decided: you decide"


def test_the_boundaries_are_those_that_were_asked_for(client: Any) -> None:
    panel = watch(client, alpha=0.001, beta=0.05)
    assert 'aria-valuemin="-3" aria-valuemax="1.3"' in panel._meter.value
    assert "at most 0.1 %, a bad one promoted in at most 5 %" in panel._meter.value


def test_sides_without_a_domain_have_their_own_addresses(client: Any) -> None:
    panel = panels.release_watch(client, "storefront", blue="development", green="green")
    assert "No domain leads here" in panel._lanes.value
    assert "serves users" not in panel._lanes.value
    assert panel.sides["role"].tolist() == ["own address only"] * 2


# --- requests and following -------------------------------------------------------------------------------------------


def test_a_second_look_asks_five_requests_and_no_error_path_twice(failing: Any) -> None:
    panel = watch(failing)
    before = len(failing.log())
    panel.run()
    asked = failing.log()["path"].iloc[before:]
    assert len(asked) == 5
    assert not asked.str.contains("error-paths").any()


def test_live_looks_once_a_minute_and_ends(client: Any) -> None:
    switch(client)
    panel = watch(client)
    assert panel.interval == 60
    panel.params["live"] = True
    end = time.monotonic() + 20
    while panel.verdict is None and time.monotonic() < end:
        time.sleep(0.02)
    panel.params["live"] = False
    assert panel.verdict is not None
    assert not panel._follower.running
    panel.close()
    assert not threads_left()


# --- faults and bad input ---------------------------------------------------------------------------------------------


def test_requests_that_can_not_be_read_are_no_data_until_they_can(client: Any) -> None:
    operation = "GetProjectEnvironmentAnalyticsRequestsOverTime"
    with client.world.faults(what="error", status=500, operations=[operation]):
        panel = watch(client)
    assert panel.last_error is None
    assert "incomplete: requests could not be read" in panel._verdict.value
    assert panel.verdict is None
    assert panel.frame is not None
    assert panel.frame.attrs["complete"] is False
    assert panel.sides["per_minute"].isna().all()
    assert "no data" in panel._lanes.value
    panel.run()
    assert "incomplete" not in panel._verdict.value
    assert panel.verdict is not None


def test_a_verdict_stays_while_the_next_can_not_be_read(failing: Any) -> None:
    panel = watch(failing)
    operation = "GetProjectEnvironmentAnalyticsRequestsOverTime"
    with failing.world.faults(what="error", status=500, operations=[operation]):
        panel.run()
    assert panel.verdict is not None
    assert panel.verdict.decision == "rollback"
    assert "incomplete" in panel._verdict.value


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"green": "blue"}, "two environments"),
        ({"alpha": 0.0}, "alpha"),
        ({"worse": 1.0}, "worse"),
        ({"timeout": "10s"}, "timeout"),
        ({"timeout": "soon"}, "timeout"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(client: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        watch(client, **options)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"green": "nowhere"}, UnknownName),
        ({"domain": "nowhere.example"}, UnknownName),
        ({"since": "+1h"}, InvalidInput),
    ],
)
def test_what_only_the_platform_knows_is_said_in_the_panel(client: Any, options: Any, error: type[Exception]) -> None:
    panel = watch(client, **options)
    assert isinstance(panel.last_error, error)
    assert 'role="alert"' in panel._view.error.value
    with pytest.raises(error):
        panel.run()
