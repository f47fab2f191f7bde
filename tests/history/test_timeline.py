"""What happened in an environment, from whichever source knows of it."""

from __future__ import annotations

import pandas as pd
import pytest

from createos_nb import Client, analysis, plots, runbooks
from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.history import History


def rolled_back(client: Client, history: History) -> pd.DataFrame:
    history.sync(since="-1d", budget=None)
    client.world.advance("10min")
    plan = runbooks.rollback(client, "storefront", "production")
    plan.apply(confirm=plan.confirmation, reason="errors since the release")
    client.world.advance("20min")
    history.sync(since="-1d", budget=None)
    return history.timeline("storefront", "production", start="-3h")


def test_a_rollback_is_told_with_who_and_why(client: Client, history: History) -> None:
    changes = rolled_back(client, history)
    assert changes["kind"].tolist() == ["deployed", "changed", "rollback", "assigned"]
    assert changes["source"].tolist() == ["platform", "platform", "journal", "platform"]
    assert changes["time"].is_monotonic_increasing
    run = changes.iloc[2]
    assert run["why"] == "errors since the release"
    assert run["who"].startswith("marlow")
    assert changes.iloc[3]["text"] == "version 4 → version 3"
    # when the first look finds a state, nobody knows what was before
    assert changes.iloc[1]["text"] == "not known → version 4"


def test_two_looks_that_differ_say_between_which_moments(client: Client, history: History) -> None:
    history.sync(since="-1h")
    first = client.now
    client.world.advance("1h")
    client.environments.update_resources("storefront", "staging", cpu=300, memory=512, replicas=2)
    client.environments.update_variables("storefront", "staging", run_envs={"LOG_LEVEL": "debug", "PEPPER": "x1y2z3"})
    client.world.advance("1h")
    history.sync(since="-1h")
    changes = history.timeline("storefront", "staging", start="-3h")
    changes = changes[changes["kind"].isin(["scaled", "variables"])]
    assert set(changes["kind"]) == {"scaled", "variables"}
    assert (changes["time"] > first).all()
    text = " ".join(changes["text"])
    assert "replicas" in text
    assert "PEPPER" in text
    assert "x1y2z3" not in text


def test_unknown_names_are_told(client: Client, history: History) -> None:
    history.sync(since="-1h")
    with pytest.raises(UnknownName, match="stagin"):
        history.timeline("storefront", "stagin")
    with pytest.raises(UnknownName, match="shop"):
        history.timeline("shop", "staging")


def test_the_impact_of_the_release_and_of_its_rollback(client: Client, history: History) -> None:
    changes = rolled_back(client, history)
    requests = history.requests("-1d", projects="storefront")
    traffic = (
        requests[requests["environment"] == "production"].set_index("time").drop(columns=["project", "environment"])
    )
    impact = analysis.change_impact(changes, traffic)
    assert impact["kind"].tolist() == ["deployed", "changed", "rollback; assigned"]
    assert impact["success_changed"].tolist() == [False, True, True]
    assert impact["success_difference"].iloc[1] < -1 < 1 < impact["success_difference"].iloc[2]
    figure = plots.timeline(changes, traffic.tail(180))
    texts = [text.get_text() for text in figure.axes[2].texts]
    assert texts == ["not known", "version 4", "version 3"]
    document = plots.page("Review", "It <failed>.", figure, changes)
    assert "<p>It &lt;failed&gt;.</p>" in document
    assert document.count("<img ") == 1
    assert "errors since the release" in document
    with pytest.raises(InvalidInput, match="texts, frames and figures, not int"):
        plots.page("Review", 3)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match=r"history\.timeline"):
        plots.timeline(traffic, traffic)
