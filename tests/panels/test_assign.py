"""The panel that assigns a deployment, without a browser."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from createos_nb import panels
from createos_nb.errors import InvalidInput, ServerError
from createos_nb.panels.assign import age, assignable
from tests.panels.acting import live, press, review, writes


def test_each_deployment_with_version_age_commit_and_state(client: Any) -> None:
    frame = assignable(client, "storefront", "production").set_index("version")
    assert frame.index[:3].tolist() == ["v18", "v17", "v16"]
    row = frame.loc["v15"]
    assert row.to_dict() == {
        "state": "deployed",
        "age": "48\N{NO-BREAK SPACE}h",
        "commit": "a208c548",
        "message": "Gift wrapping with a card",
        "branch": "main",
        "live_in": "",
        "why_not": "",
    }
    assert frame.loc["v14", "live_in"] == "staging"


def test_those_that_can_not_be_assigned_say_why_not(client: Any) -> None:
    why = assignable(client, "storefront", "production").set_index("version")["why_not"]
    assert why[["v18", "v17", "v13", "v11"]].tolist() == [
        "it is being built: wait until it is deployed",
        "it is live in production",
        "it was cancelled",
        "its build failed",
    ]
    assert why["v1"] == ""  # it sleeps, and is woken first


def test_of_an_image_project_the_image_is_told(client: Any) -> None:
    frame = assignable(client, "edge-gateway", "production")
    assert "image" in frame
    assert "commit" not in frame
    assert frame["live_in"].iloc[0] == "production, staging"


def test_only_what_can_be_assigned_can_be_chosen(client: Any) -> None:
    panel = panels.assign(client, "storefront", "production")
    with pytest.raises(InvalidInput, match="not among the choices"):
        panel.params["chosen"] = "v17"
    with pytest.raises(InvalidInput, match="not among the choices"):
        panel.params["chosen"] = "v99"
    panel.params["chosen"] = "v15"
    assert panel.params["chosen"] == "v15"


def test_without_a_choice_there_is_no_plan(client: Any) -> None:
    panel = panels.assign(client, "storefront", "production")
    with pytest.raises(InvalidInput, match="Choose a deployment"):
        panel.run()


def test_it_is_made_live_and_the_list_shows_it(client: Any) -> None:
    panel = panels.assign(client, "storefront", "production")
    panel.params["chosen"] = "v15"
    review(panel)
    press(panel, "Assign")
    assert live(client) == 15
    assert panel.listed is not None
    now = panel.listed.set_index("version")
    assert now.loc["v15", "live_in"] == "production"
    assert panel.params["chosen"] == ""  # it can't be chosen any more
    assert len(writes(client)) == 1


def test_one_that_sleeps_is_woken_first(client: Any) -> None:
    panel = panels.assign(client, "storefront", "production")
    panel.params = {"chosen": "v5", "confirm": "production", "reason": "far back"}
    receipt = panel.run()
    assert [step.split()[0] for step in receipt.frame()["what"]] == ["wake", "assign"]
    assert live(client) == 5


def test_a_list_that_can_not_be_read_is_said_and_read_again(client: Any) -> None:
    with client.world.faults(what="error", status=502, operations=["ListDeployments"]):
        panel = panels.assign(client, "storefront", "production")
    assert isinstance(panel.last_error, ServerError)
    assert panel.listed is None
    assert "Nothing was read yet" in panel.static()
    panel.refresh()
    assert panel.wait(30)
    assert panel.listed is not None
    assert panel._view.error.value == ""


@pytest.mark.parametrize("missing", [("nowhere", "production"), ("storefront", "nowhere")])
def test_what_is_not_there_is_said_in_the_panel(client: Any, missing: tuple[str, str]) -> None:
    panel = panels.assign(client, *missing)
    assert "nowhere" in panel._view.error.value


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "120 min"), (7200, "2 h"), (172_799, "48 h"), (172_800, "2 d")],
)
def test_an_age_is_one_number_and_a_unit(seconds: float, words: str) -> None:
    now = 1_772_442_000.0
    then = pd.Timestamp(now - seconds, unit="s", tz="UTC")
    assert age(then, now).replace("\N{NO-BREAK SPACE}", " ") == words


def test_an_age_that_is_not_known_is_empty() -> None:
    assert age(pd.NaT, 0.0) == ""
    assert age(pd.Timestamp(10, unit="s", tz="UTC"), 0.0) == "0\N{NO-BREAK SPACE}s"  # clocks differ
