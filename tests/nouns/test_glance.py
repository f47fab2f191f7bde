"""The fleet at a glance: the same figures as the overview, at less cost."""

from __future__ import annotations

import threading
from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb.errors import InvalidInput

SERIES = "GetProjectEnvironmentAnalyticsRequestsOverTime"


@pytest.fixture
def client() -> Any:
    return createos_nb.simulate()


def spent(client: Any, work: Any) -> tuple[Any, pd.DataFrame]:
    before = len(client.log())
    found = work()
    return found, client.log().iloc[before:]


def test_it_agrees_with_the_overview_of_the_same_window(client: Any) -> None:
    """A whole minute, so that no bucket is cut."""
    glance = client.fleet.glance(window=3600)
    for _ in range(3):
        frame, overview = glance.read(), client.fleet.overview(start="-1h")
        pd.testing.assert_frame_equal(frame[list(overview.columns)], overview, check_like=False)
        client.clock.sleep(420)


def test_buckets_that_the_window_or_the_present_cuts_do_not_count(client: Any) -> None:
    glance = client.fleet.glance()
    for _ in range(2):
        client.clock.sleep(125)
        frame, now = glance.read(), int(client.clock.now())
        series = client.analytics.requests_over_time("storefront", "production", start=now - 3600, end=now)
        whole = series[~series.index.isin(pd.to_datetime(series.attrs["partial"]))]
        assert len(whole) == 59
        row = frame[(frame["project"] == "storefront") & (frame["environment"] == "production")].iloc[0]
        assert row["requests"] == whole["count"].sum()


def test_the_parts_of_the_trend_sum_up_to_the_requests(client: Any) -> None:
    frame = client.fleet.glance(points=12).read()
    assert {len(trend) for trend in frame["trend"]} == {12}
    assert [sum(filter(None, trend)) for trend in frame["trend"]] == list(frame["requests"])


def test_of_requests_only_what_is_new_is_asked_for_again(client: Any) -> None:
    glance = client.fleet.glance()
    _, first = spent(client, glance.read)
    client.clock.sleep(60)
    _, again = spent(client, glance.read)
    rows = [log[log["operation"] == SERIES] for log in (first, again)]
    assert len(rows[0]) == len(rows[1]) == 13
    assert rows[1]["bytes"].sum() < 0.3 * rows[0]["bytes"].sum()


def test_a_look_asks_for_the_part_that_was_read_longest_ago(client: Any) -> None:
    glance = client.fleet.glance()
    glance.read()
    looks: list[set[str]] = []
    for _ in range(3):
        client.clock.sleep(60)
        frame, log = spent(client, lambda: glance.read(most=12))
        assert len(log) <= 13  # the list of projects, and what was allowed
        looks.append(set(frame[frame["read_at"] == frame["read_at"].max()]["project"]))
    assert not looks[0] & looks[1]
    assert len(set.union(*looks)) == 7
    client.clock.sleep(60)
    assert glance.read(most=1).attrs["left"] == 6  # at least one, however little is allowed


def test_portions_read_all_once(client: Any) -> None:
    glance = client.fleet.glance()
    glance.read()
    client.clock.sleep(60)
    left = [frame.attrs["left"] for frame in glance.portions(12)]
    assert left[-1] == 0
    assert left == sorted(left, reverse=True)
    assert len(left) > 2
    assert (glance.read(most=1)["read_at"].dt.minute == client.world.now.minute).all()


def test_what_was_never_read_is_told(client: Any) -> None:
    frame = client.fleet.glance().read(most=1)
    assert frame["project"].nunique() == 1
    assert len(frame.attrs["waiting"]) == 6
    assert not frame.attrs["complete"]
    assert frame.attrs["skipped"] == {"winter-sale": "suspended"}


def test_a_project_that_can_not_be_read_keeps_what_is_known_and_says_why(client: Any) -> None:
    glance = client.fleet.glance()
    before = glance.read()
    client.clock.sleep(60)
    with client.world.faults(what="error", status=403, operations=["ListProjectEnvironments"], count=1):
        frame = glance.read()
    assert len(frame) == len(before)
    (name,) = frame.attrs["failed"]
    stale = frame[frame["project"] == name]
    assert (stale["read_at"] < frame["read_at"].max()).all()
    assert not frame.attrs["complete"]
    assert glance.read().attrs["complete"]


def test_cancel_ends_it_at_the_next_project(client: Any) -> None:
    cancel = threading.Event()
    cancel.set()
    frame, log = spent(client, lambda: client.fleet.glance().read(cancel=cancel))
    assert list(log["operation"]) == ["ListProjects"]
    assert len(frame) == 0
    assert str(frame.dtypes["read_at"]) == "datetime64[us, UTC]"
    assert str(frame.dtypes["requests"]) == "Int64"


def test_a_window_has_a_least_length(client: Any) -> None:
    with pytest.raises(InvalidInput, match="60 seconds"):
        client.fleet.glance(window=5)


def test_requests_of_some_projects_only(client: Any) -> None:
    frame = client.fleet.requests_over_time(start="-1h", projects=["storefront"])
    assert set(frame["project"]) == {"storefront"}
    with pytest.raises(InvalidInput, match="no project 'nowhere'"):
        client.fleet.requests_over_time(projects=["nowhere"])
