"""What happened in an environment, from whichever source knows of it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import createos_nb
from createos_nb import Client, analysis, plots, runbooks
from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.history import History
from createos_nb.history import open as open_history
from createos_nb.history.incidents import incidents
from tests.history.conftest import client_of, sent


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
    assert changes["kind"].tolist() == ["deployed", "changed", "incident", "rollback", "assigned"]
    assert changes["source"].tolist() == ["platform", "platform", "inferred", "journal", "platform"]
    assert changes["time"].is_monotonic_increasing
    run = changes.iloc[3]
    assert run["why"] == "errors since the release"
    assert run["who"].startswith("marlow")
    assert changes.iloc[4]["text"] == "version 4 → version 3"
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
    assert document.count("<img ") == 2  # one for each theme
    assert "errors since the release" in document
    with pytest.raises(InvalidInput, match="texts, frames and figures, not int"):
        plots.page("Review", 3)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match=r"history\.timeline"):
        plots.timeline(traffic, traffic)


def test_an_incident_is_inferred_from_the_requests_and_is_no_change(client: Client, history: History) -> None:
    history.sync(since="-2d", budget=None)
    changes = history.timeline("storefront", "production", start="-1d")
    found = changes[changes["kind"] == "incident"]
    assert found[["source", "exactness"]].values.tolist() == [["inferred", "at the latest"]]
    assert re.fullmatch(r"more errors: \d+ of \d+ requests failed, 0\.\d were expected", found["text"].iloc[0])
    began = changes[changes["kind"] == "changed"]["time"].iloc[0]
    assert pd.Timedelta(0) < found["time"].iloc[0] - began < pd.Timedelta("20min")
    assert "incident" not in history.timeline("storefront", "staging", start="-1d")["kind"].tolist()
    requests = history.requests("-1d", projects="storefront").set_index("time")
    traffic = requests[requests["environment"] == "production"].drop(columns=["project", "environment"])
    assert "incident" not in " ".join(analysis.change_impact(changes, traffic)["kind"])


def test_of_an_hour_alone_nothing_is_inferred(client: Client, history: History) -> None:
    history.sync(since="-1h", budget=None)
    assert history.timeline("storefront", "production", start="-1h")["kind"].tolist() == ["deployed", "changed"]


def test_an_outage_is_one_incident() -> None:
    chance = np.random.default_rng(20261127)
    index = pd.date_range("2026-03-01", periods=2 * 1440, freq="min", tz="UTC", unit="us", name="time")
    count = chance.poisson(100, len(index))
    count[-90:-50] = 0
    frame = pd.DataFrame({"count": count, "status_2xx": count}, index=index)
    frame = frame.assign(status_3xx=0, status_4xx=0, status_5xx=0).astype("Int64")
    found = list(incidents(frame))
    assert len(found) == 1
    assert re.fullmatch(r"fewer requests: 0 requests, (99|100|101) were expected", found[0].text)
    assert 0 < found[0].time - index[-90].timestamp() <= 240
    frame.loc[index[-90:-50]] = pd.NA  # nobody knows: no outage
    assert list(incidents(frame)) == []


def scanned(tmp_path: Path) -> tuple[Client, History]:
    client = client_of(createos_nb.simulate("storefront").world)
    history = open_history(client, tmp_path / "scanned")
    return client, history


def test_scans_of_what_is_live_are_snapshots(tmp_path: Path) -> None:
    client, history = scanned(tmp_path)
    chosen = ["environments", "deployments", "scans"]
    before = history.cost(datasets=chosen)
    asked = sent(client, lambda: history.sync(since="-1h", datasets=chosen, budget=None))
    live = client.fleet.scans()
    live = live[live["scan"] != "off"]
    assert asked.count("GetSecurityScan") == live["deployment_id"].nunique() > 0
    assert before == 1  # which deployments are live is not known yet
    client.world.advance("2min")
    again = sent(client, lambda: history.sync(since="-1h", datasets=chosen, budget=None))
    # what has succeeded stays as it is, and what was not scanned is asked about each hour
    unfinished = set(live[~live["scan"].isin(["successful", "none"])]["deployment_id"])
    later = set(client.fleet.scans().query("scan != 'off'")["deployment_id"]) - set(live["deployment_id"])
    assert again.count("GetSecurityScan") == len(unfinished | later) < len(live)
    scans = history.at("now").scans()
    assert set(scans["deployment_id"]) == set(live[live["scan"] != "none"]["deployment_id"])
    place = live[live["scan"] != "none"].iloc[0]
    changes = history.timeline(place["project"], place["environment"], start="-60d")
    rows = changes[changes["kind"] == "scan"]
    assert len(rows) == 1
    assert rows["source"].tolist() == ["platform"]
    assert place["scan"] in rows["text"].iloc[0]


def test_a_scan_that_is_run_again_is_another_row(tmp_path: Path) -> None:
    client, history = scanned(tmp_path)
    chosen = ["environments", "deployments", "scans"]
    history.sync(since="-1h", datasets=chosen, budget=None)
    live = client.fleet.scans()
    failed = live[live["scan"] == "failed"].iloc[0]
    client.security.retrigger_scan(failed["project"], failed["deployment_id"])
    client.world.advance("1h")
    history.sync(since="-1h", datasets=chosen, budget=None)
    changes = history.timeline(failed["project"], failed["environment"], start="-60d")
    texts = changes[changes["kind"] == "scan"]["text"].tolist()
    assert len(texts) == 2
    assert texts[0].endswith(": failed")
    assert texts[1] != texts[0]


def test_a_budget_holds_for_scans(tmp_path: Path) -> None:
    _, history = scanned(tmp_path)
    spent = []
    for _ in range(20):
        result = history.sync(since="-1h", datasets=["scans"], budget=3)
        assert result.requests <= 3
        spent.append(result.requests)
        if not result.left:
            break
    assert result.complete
    assert len(history.at("now").scans())
