"""What users got around a change, counted from what the platform counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb import analysis
from createos_nb.diagnostics import impact
from createos_nb.errors import InvalidInput

AT = pd.Timestamp("2026-03-04T14:00:00Z")


@pytest.fixture(scope="module")
def origin() -> Any:
    return createos_nb.simulate("bad-release").world


@pytest.fixture
def client(origin: Any) -> Any:
    return createos_nb.simulate(origin.fork())


def test_before_during_and_after_are_the_counts_of_their_windows(client: Any) -> None:
    client.clock.sleep(1800)
    found = impact(client, "storefront", "production", AT, AT + pd.Timedelta("4.75s"), window="10min")
    assert found.index.tolist() == ["before", "during", "after"]
    edges = [(AT - pd.Timedelta("10min"), AT), (AT, AT + pd.Timedelta("5s"))]
    edges.append((edges[1][1], edges[1][1] + pd.Timedelta("10min")))
    assert list(zip(found["start"], found["end"], strict=True)) == edges
    for period, (start, end) in zip(found.index, edges, strict=True):
        totals = client.analytics.overall_requests("storefront", "production", start=start, end=end)
        row = found.loc[period]
        assert row[["requests", "client_errors", "server_errors"]].tolist() == [
            totals["total"],
            totals["status_4xx"],
            totals["status_5xx"],
        ]
        assert row["rpm"] == pytest.approx(60 * totals["total"] / (end - start).total_seconds())
        assert row["server_error_percentage"] == pytest.approx(100 * totals["status_5xx"] / totals["total"])
        good = totals["total"] - totals["status_4xx"] - totals["status_5xx"]
        assert row["success_percentage"] == pytest.approx(100 * good / totals["total"])


def test_the_impact_of_a_rollback_is_seen(client: Any) -> None:
    client.environments.assign_deployment("storefront", "production", 3)
    client.clock.sleep(1200)
    found = impact(client, "storefront", "production", AT, AT + pd.Timedelta("5s"))
    errors = found["server_error_percentage"]
    assert errors["before"] > 2
    assert errors["after"] < 0.5


def test_lost_are_the_answers_of_a_proxy_and_no_others(client: Any) -> None:
    client.world.set_behavior("storefront", 4, errors=[{"status": 502, "share": 0.1}, {"status": 500, "share": 0.1}])
    client.clock.sleep(600)
    during = impact(client, "storefront", "production", AT, AT + pd.Timedelta("10min")).loc["during"]
    codes = client.analytics.request_distribution("storefront", "production", start=AT, end=AT + pd.Timedelta("10min"))
    counts = codes.set_index(codes["status"].astype(int))["count"]
    assert counts[502] > 50
    assert during["lost"] == counts[502] + counts.get(503, 0) + counts.get(504, 0)
    assert during["server_errors"] == during["lost"] + counts[500]


def test_environments_are_added_up() -> None:
    client = createos_nb.simulate("storefront")
    windows = (client.world.now - pd.Timedelta("2h"), client.world.now - pd.Timedelta("1h"))
    one = impact(client, "storefront", "production", *windows)
    two = impact(client, "storefront", "staging", *windows)
    both = impact(client, "storefront", ["production", "staging"], *windows)
    assert (both["requests"] == one["requests"] + two["requests"]).all()
    assert (both["requests"] > one["requests"]).any()


def test_what_has_not_come_yet_is_not_known(client: Any) -> None:
    now = client.world.now
    found = impact(client, "storefront", "production", now - pd.Timedelta("10s"), now)
    assert found.loc["after", "requests"] is pd.NA
    assert found.loc["after", "lost"] is pd.NA
    client.clock.sleep(90)
    later = impact(client, "storefront", "production", now - pd.Timedelta("10s"), now)
    assert later.loc["after", "end"] - later.loc["after", "start"] == pd.Timedelta("90s")
    assert later.dtypes.to_dict() == found.dtypes.to_dict()
    tomorrow = impact(client, "storefront", "production", now + pd.Timedelta("24h"), now + pd.Timedelta("24h"))
    assert tomorrow["requests"].isna().all()


def test_without_requests_nothing_is_said_of_their_share(client: Any) -> None:
    before = impact(client, "storefront", "staging", AT, AT + pd.Timedelta("1s"), window=2).loc["before"]
    assert before["requests"] == 0
    assert before["success_percentage"] is pd.NA
    assert before["server_error_percentage"] is pd.NA


def asked(client: Any, **rest: Any) -> tuple[pd.Series, int]:
    with client.transport.log.counting() as sent:
        found = impact(client, "storefront", "production", "-40min", "-39min", **rest)
    return found.loc["after"], len(sent)


def test_the_effect_is_that_of_change_impact_over_the_whole_series(client: Any) -> None:
    after, _ = asked(client, days=3)
    traffic = client.analytics.requests_over_time("storefront", "production", start="-4d")
    times = [client.world.now - pd.Timedelta(back) for back in ("39min", "40min")]
    timeline = pd.DataFrame({"time": times[:1], "not_before": times[1:], "kind": ["change"], "text": [""]})
    row = analysis.change_impact(timeline, traffic, window="15min").iloc[0]
    for name in ("success_difference", "success_low", "success_high", "volume_ratio", "volume_low", "volume_high"):
        assert after[name] == pytest.approx(row[name])
    assert after[["success_changed", "volume_changed", "note"]].tolist() == [True, False, ""]


def test_it_says_what_the_effect_costs_and_a_history_saves_it(client: Any, tmp_path: Path) -> None:
    asked(client)  # learns the ids
    with_a_day, many = asked(client)
    without, few = asked(client, days=0)
    assert many == few + 1
    assert with_a_day["note"] == "how much days differ is not known: fewer than three earlier days"
    assert without["note"] == "no earlier day to hold the volume against"
    assert without["success_difference"] == with_a_day["success_difference"] < -1
    assert without["volume_ratio"] is pd.NA
    history = createos_nb.history.open(client, tmp_path / "account")
    history.sync(since="-9d", datasets=["requests"], budget=None)
    known, less = asked(client, days=7)
    assert less == few - 1
    assert known["note"] == ""


def test_an_effect_that_can_not_be_known_is_na_with_a_reason(client: Any) -> None:
    now = client.world.now
    found = impact(client, "storefront", "production", now - pd.Timedelta("10s"), now)
    assert found.loc["after", "note"] == "the time after it has not come yet"
    wide = impact(client, "storefront", "production", AT - pd.Timedelta("3D"), AT - pd.Timedelta("3D"), window="25h")
    assert wide.loc["after", "note"].startswith("a window of more than a day")
    short = impact(client, "storefront", "production", "-40min", "-39min", window="2min")
    assert short.loc["after", "note"] == "too few buckets before or after"
    for frame in (found, wide, short):
        assert frame["success_difference"].isna().all()
        assert frame["volume_changed"].isna().all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"window": "soon"},
        {"window": 0},
        {"window": float("nan")},
        {"end": AT - pd.Timedelta("1min")},
        {"environment": []},
        {"days": 8},
        {"days": True},
    ],
)
def test_what_can_not_be_meant_is_refused(client: Any, wrong: dict[str, Any]) -> None:
    given = {"environment": "production", "start": AT, "end": AT, **wrong}
    with pytest.raises(InvalidInput, match="impact"):
        impact(client, "storefront", **given)
