"""The canary panel, without a browser."""

from __future__ import annotations

from typing import Any

import pytest

from createos_nb import panels
from createos_nb.errors import InvalidInput, ServerError, UnknownName
from createos_nb.plans import StepFailed
from tests.panels.acting import live, press, review, writes
from tests.panels.robot import threads_left


def chosen(client: Any, **params: Any) -> Any:
    """A panel with a version that is tested for a minute."""
    panel = panels.canary(client, "storefront", "production")
    panel.params = {"version": "v16", "stages": "one stage, 1 min", **params}
    return panel


def test_the_side_that_serves_is_a_lane_and_the_canary_is_to_be_created(client: Any) -> None:
    panel = panels.canary(client, "storefront", "production")
    assert panel.sides[["side", "version"]].to_numpy().tolist() == [["production", "v17"], ["canary", "to be created"]]
    assert panel._lanes.value.index("production") < panel._lanes.value.index("to be created")
    assert "choose the version" in panel._note.value
    assert not [label for label, _ in panel._version.options if "v17" in label]  # what serves is no canary
    panel.params["side"] = "staging"
    assert panel.sides["side"].tolist() == ["production", "staging"]
    assert not writes(client)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"version": ""}, "choose a version first"),
        ({"side": " "}, "name the environment beside it"),
        ({"side": "production"}, "another environment than the one that serves"),
        ({"paths": "cart"}, "paths begin with a slash"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_planned(client: Any, params: Any, words: str) -> None:
    panel = chosen(client, **params)
    with pytest.raises(InvalidInput, match=words):
        panel.run()
    assert words in panel._view.error.value
    assert not writes(client)


def test_a_version_that_passes_goes_live_and_its_evidence_was_watched(client: Any) -> None:
    panel = chosen(client, stages="two stages, 4 min")
    before = len(client.log())
    plan = review(panel)
    assert plan.title == "test v16 in canary of storefront, then assign it to production"
    press(panel, "Start the canary")
    assert panel.receipt is not None, panel.last_error
    assert live(client) == 16
    watch = panel.opened
    assert watch is not None
    assert watch.verdict is not None
    assert len(watch.verdict.path) >= 4  # a minute each
    assert watch.sides["side"].tolist() == ["production", "canary"]
    assert "Both run v16" in watch._foot.value
    assert watch.sides.set_index("side").loc["canary", "requests"] >= 90
    asked = client.log()["path"].iloc[before:]
    assert asked.str.contains("requests-over-time").sum() < 40  # plan, gate and five looks
    panel.close()
    assert watch.closed
    assert not threads_left()


def test_a_version_that_fails_is_not_assigned_and_the_lanes_say_so(client: Any) -> None:
    client.world.set_behavior("storefront", 16, errors=[{"status": 500, "share": 0.6}])
    panel = chosen(client)
    review(panel)
    press(panel, "Start the canary")
    assert isinstance(panel.last_error, StepFailed)
    assert live(client) == 17
    assert panel.sides.set_index("side").loc["canary", "version"] == "v16"
    assert "createos-lane-line-error" in panel._lanes.value


def test_a_watch_that_can_not_be_read_does_not_end_the_run(client: Any) -> None:
    panel = chosen(client)
    review(panel)
    with client.world.faults(what="error", status=500, operations=["ListDomains"]):
        press(panel, "Start the canary")
    assert panel.receipt is not None, panel.last_error
    assert panel.opened is not None
    assert isinstance(panel.opened.last_error, ServerError)


def test_an_environment_that_is_not_there_is_said_in_words(client: Any) -> None:
    panel = panels.canary(client, "storefront", "nowhere")
    assert isinstance(panel.last_error, UnknownName)
    assert "nowhere" in panel._view.error.value
    assert "not read yet" not in panel.static()
