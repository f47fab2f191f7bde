"""The overview of a fleet: the figures of its environments, with the fewest requests that can tell them."""

from __future__ import annotations

import json
import threading
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest

import createos_nb
from createos_nb.client.fleet_overview import FleetOverview
from createos_nb.client.memory import Remembered, Totals
from createos_nb.errors import ClockWarning, IncompleteWarning, InvalidInput

SERIES = "GetProjectEnvironmentAnalyticsRequestsOverTime"


@pytest.fixture
def client() -> Any:
    return createos_nb.simulate()


def spent(client: Any, work: Any) -> tuple[Any, pd.DataFrame]:
    before = len(client.log())
    found = work()
    return found, client.log().iloc[before:]


@pytest.fixture
def overview(client: Any) -> FleetOverview:
    return FleetOverview(client.session)


def test_each_row_says_what_the_single_calls_say(client: Any) -> None:
    """In a whole minute, so that no bucket is cut."""
    for start in ("-1h", "-1h", "-3h", "-30min"):
        frame, now = client.fleet.overview(start=start), client.now
        environments = client.fleet.environments().set_index(["project", "unique_name"], drop=False)
        assert set(environments.index) == set(zip(frame["project"], frame["environment"], strict=True))
        for row in frame.itertuples():
            environment = environments.loc[(row.project, row.environment)]
            assert row.state == environment.state
            assert row.replicas == environment.resources_replicas
            live = client.deployments.get(environment.project_id, environment.project_deployment_id)
            assert (row.version, row.live_state) == (live["version_number"], live["state"])
            counts = client.analytics.requests_over_time(
                environment.project_id, environment.id, start=now - pd.Timedelta(start[1:]), end=now
            )
            total = counts["count"].sum()
            assert (row.requests, row.status_5xx) == (total, counts["status_5xx"].sum())
            assert row.rpm == pytest.approx(counts["count"].mean(), abs=0.06)
            if total:
                good = counts["status_2xx"].sum() + counts["status_3xx"].sum()
                assert 0 <= 100 * good / total - row.success_percentage < 0.01
            else:
                assert row.success_percentage is pd.NA
        client.clock.sleep(420)


def test_columns_and_dtypes_are_the_same_when_nothing_is_there(client: Any) -> None:
    full = client.fleet.overview()
    for project in client.projects.list()["id"]:
        client.projects.delete(project)
    empty = client.fleet.overview()
    assert len(empty) == 0
    assert empty.dtypes.equals(full.dtypes)


def test_buckets_that_the_window_or_the_present_cuts_do_not_count(client: Any) -> None:
    for _ in range(2):
        client.clock.sleep(125)
        frame, now = client.fleet.overview(), int(client.clock.now())
        series = client.analytics.requests_over_time("storefront", "production", start=now - 3600, end=now)
        whole = series[~series.index.isin(pd.to_datetime(series.attrs["partial"]))]
        assert len(whole) == 59
        row = frame[(frame["project"] == "storefront") & (frame["environment"] == "production")].iloc[0]
        assert row["requests"] == whole["count"].sum()


def test_the_parts_of_the_trend_sum_up_to_the_requests(client: Any) -> None:
    frame = FleetOverview(client.session, points=12).read()
    assert {len(trend) for trend in frame["trend"]} == {12}
    assert [sum(filter(None, trend)) for trend in frame["trend"]] == list(frame["requests"])


def test_of_requests_only_what_is_new_is_asked_for_again(client: Any, overview: FleetOverview) -> None:
    _, first = spent(client, overview.read)
    client.clock.sleep(60)
    _, again = spent(client, overview.read)
    rows = [log[log["operation"] == SERIES] for log in (first, again)]
    assert len(rows[0]) == len(rows[1]) == 13
    assert rows[1]["bytes"].sum() < 0.3 * rows[0]["bytes"].sum()


def test_a_look_asks_for_the_part_that_was_read_longest_ago(client: Any, overview: FleetOverview) -> None:
    overview.read()
    looks: list[set[str]] = []
    for _ in range(3):
        client.clock.sleep(60)
        frame, log = spent(client, lambda: overview.read(max_requests=12))
        assert len(log) <= 13  # the list of projects, and what was allowed
        looks.append(set(frame[frame["read_at"] == frame["read_at"].max()]["project"]))
    assert not looks[0] & looks[1]
    assert len(set.union(*looks)) == 7
    client.clock.sleep(60)
    assert overview.read(max_requests=1).attrs["left"] == 6  # at least one, however little is allowed


def test_batches_read_all_once(client: Any, overview: FleetOverview) -> None:
    overview.read()
    client.clock.sleep(60)
    left = [frame.attrs["left"] for frame in overview.batches(12)]
    assert left[-1] == 0
    assert left == sorted(left, reverse=True)
    assert len(left) > 2
    assert (overview.read(max_requests=1)["read_at"].dt.minute == client.world.now.minute).all()


def test_what_was_never_read_is_told(client: Any) -> None:
    frame = FleetOverview(client.session).read(max_requests=1)
    assert frame["project"].nunique() == 1
    assert len(frame.attrs["waiting"]) == 6
    assert not frame.attrs["complete"]
    assert frame.attrs["skipped"] == {"winter-sale": "suspended"}


def test_a_project_that_can_not_be_read_keeps_what_is_known_and_says_why(client: Any, overview: FleetOverview) -> None:
    before = overview.read()
    client.clock.sleep(60)
    with client.world.faults(what="error", status=403, operations=["ListProjectEnvironments"], count=1):
        frame = overview.read()
    assert len(frame) == len(before)
    (name,) = frame.attrs["failed"]
    stale = frame[frame["project"] == name]
    assert (stale["read_at"] < frame["read_at"].max()).all()
    assert not frame.attrs["complete"]
    assert overview.read().attrs["complete"]


def test_cancel_ends_it_at_the_next_project(client: Any) -> None:
    cancel = threading.Event()
    cancel.set()
    frame, log = spent(client, lambda: FleetOverview(client.session).read(cancel=cancel))
    assert list(log["operation"]) == ["ListProjects"]
    assert len(frame) == 0
    assert str(frame.dtypes["read_at"]) == "datetime64[us, UTC]"
    assert str(frame.dtypes["requests"]) == "Int64"


def test_an_overview_of_the_client_asks_again_only_for_what_is_new(client: Any) -> None:
    def bytes_of(work: Any) -> int:
        log = spent(client, work)[1]
        return int(log[log["operation"] == SERIES]["bytes"].sum())

    first = bytes_of(client.fleet.overview)
    client.clock.sleep(60)
    assert bytes_of(client.fleet.overview) < 0.3 * first
    assert bytes_of(lambda: client.fleet.overview(start="-30min")) < 0.3 * first  # within what is known
    assert bytes_of(lambda: client.fleet.overview(refresh=True)) > 0.9 * first


def test_a_window_that_is_over_is_not_asked_for_again(client: Any) -> None:
    window = {"start": client.now - pd.Timedelta("3h"), "end": client.now - pd.Timedelta("1h")}
    frame = client.fleet.overview(**window)
    client.clock.sleep(900)
    again, log = spent(client, lambda: client.fleet.overview(**window))
    assert SERIES not in set(log["operation"])
    figures = ["project", "environment", "requests", "rpm", "success_percentage", "status_5xx", "trend"]
    pd.testing.assert_frame_equal(again[figures], frame[figures])


def test_figures_of_another_window_do_not_stand_beside_those_of_this_one(overview: FleetOverview) -> None:
    overview.read()
    frame = overview.read("-2h", max_requests=1)
    assert frame["project"].nunique() == 1
    assert len(frame.attrs["waiting"]) == 6


def test_buckets_that_come_finer_than_before_are_summed_up(client: Any, overview: FleetOverview) -> None:
    """A platform may give a day in quarters of an hour, and the last minutes of it by the minute."""
    transport = client.transport
    send = transport.send

    def widened(request: Any) -> Any:
        payload = send(request)
        if request.operation.name != SERIES or "start" not in dict(request.query):
            return payload
        start, end = (int(dict(request.query)[name]) for name in ("start", "end"))
        rows = json.loads(bytes(payload))
        width = 900 if end - start > 7200 else 60
        sums: dict[int, dict[str, int]] = {}
        for row in rows:
            begin = row["timestamp"] - row["timestamp"] % width
            into = sums.setdefault(begin, dict.fromkeys(row, 0))
            for name in row:
                into[name] += row[name]
            into["timestamp"] = begin
        return msgspec.Raw(json.dumps(list(sums.values())).encode())

    transport.send = widened
    for _ in range(4):
        frame = overview.read("-24h")
        now = int(client.clock.now())
        first, last = -(-(now - 86_400) // 900) * 900, now // 900 * 900
        counts = client.analytics.requests_over_time("storefront", "production", start=first, end=last)
        row = frame[(frame["project"] == "storefront") & (frame["environment"] == "production")].iloc[0]
        assert row["requests"] == counts["count"].sum()
        client.clock.sleep(1234)
    _, log = spent(client, lambda: overview.read("-24h"))
    assert list(log["operation"]).count(SERIES) == 13


def test_a_window_in_the_future_has_no_figures(client: Any) -> None:
    with pytest.warns(ClockWarning, match="in the future"):
        frame = client.fleet.overview(start="+1h", end="+2h")
    assert frame["requests"].isna().all()
    assert not frame.attrs["complete"]


def test_a_project_that_can_not_be_read_is_warned_of(client: Any) -> None:
    with (
        client.world.faults(what="error", status=403, operations=["ListProjectEnvironments"], count=1),
        pytest.warns(IncompleteWarning, match="could not be read"),
    ):
        frame = client.fleet.overview()
    assert len(frame.attrs["failed"]) == 1


def test_a_window_has_a_least_length(client: Any) -> None:
    with pytest.raises(InvalidInput, match="60 seconds"):
        client.fleet.overview(start="-5s")
    with pytest.raises(InvalidInput, match="60 seconds"):
        client.fleet.overview(start="-1h", end="-2h")
    with pytest.raises(InvalidInput, match="points="):
        FleetOverview(client.session, points=0)


def test_only_the_projects_that_are_wanted_are_read(client: Any) -> None:
    """The list, the name of the app, and of a project its environments, its deployments, and each one's requests."""
    frame, log = spent(client, lambda: client.fleet.overview(projects="storefront"))
    assert set(frame["project"]) == {"storefront"}
    assert log["operation"].value_counts().to_dict() == {
        "ListProjects": 1,
        "ListApps": 1,
        "ListProjectEnvironments": 1,
        "ListDeployments": 1,
        SERIES: 5,
    }
    assert frame.attrs["complete"]
    assert (frame.attrs["waiting"], frame.attrs["left"], frame.attrs["skipped"]) == ([], 0, {})
    assert set(frame["app"]) == {"Shop"}
    everywhere = createos_nb.simulate().fleet.overview()
    expected = everywhere[everywhere["project"] == "storefront"].reset_index(drop=True)
    pd.testing.assert_frame_equal(frame, expected)


def test_another_filter_is_another_question_and_what_is_known_of_requests_is_kept(client: Any) -> None:
    client.fleet.overview()
    for wanted, projects in (
        ({"projects": ["orders-api"]}, {"orders-api"}),
        ({"apps": "Back office"}, {"chat-bot"}),
        ({"apps": "Shop", "projects": ["storefront", "chat-bot"]}, {"storefront"}),
    ):
        frame, log = spent(client, lambda wanted=wanted: client.fleet.overview(**wanted))
        assert set(frame["project"]) == projects
        asked = log["operation"].tolist()
        assert SERIES not in asked  # all of it was read a moment ago
        assert asked.count("ListProjectEnvironments") == len(projects)
    frame, log = spent(client, client.fleet.overview)
    assert frame["project"].nunique() == 7
    assert SERIES not in log["operation"].tolist()
    assert frame.attrs["skipped"] == {"winter-sale": "suspended"}


def test_a_project_that_is_not_wanted_and_can_not_be_read_is_nobodys_failure(
    client: Any, overview: FleetOverview
) -> None:
    with client.world.faults(what="error", status=403, operations=["ListProjectEnvironments"]):
        assert len(overview.read().attrs["failed"]) == 7
        only = overview.read(projects="chat-bot")
    assert list(only.attrs["failed"]) == ["chat-bot"]
    assert not only.attrs["complete"]
    again = overview.read(projects="chat-bot")
    assert again.attrs["failed"] == {}
    assert again.attrs["complete"]
    assert set(again["project"]) == {"chat-bot"}


def test_a_part_of_what_is_wanted_is_read_longest_ago_first(overview: FleetOverview) -> None:
    first = overview.read(apps="Shop", max_requests=1)
    assert first["project"].nunique() == 1
    assert len(first.attrs["waiting"]) == first.attrs["left"] == 3
    seen = set(first["project"])
    for _ in range(3):
        frame = overview.read(apps="Shop", max_requests=1)
        seen |= set(frame["project"])
    assert seen == {"recommendations", "edge-gateway", "orders-api", "storefront"}
    assert frame.attrs["waiting"] == []


def test_requests_of_some_projects_only(client: Any) -> None:
    frame = client.fleet.requests_over_time(start="-1h", projects=["storefront"])
    assert set(frame["project"]) == {"storefront"}
    with pytest.raises(InvalidInput, match="no project 'nowhere'"):
        client.fleet.requests_over_time(projects=["nowhere"])


def test_the_time_before_comes_in_the_same_requests(client: Any) -> None:
    """As many requests as without it, the same figures, and also after a while."""
    plain, log = spent(client, lambda: FleetOverview(client.session).read())
    overview = FleetOverview(client.session, with_before=7200)
    frame, with_before = spent(client, overview.read)
    assert (with_before["operation"] == SERIES).sum() == (log["operation"] == SERIES).sum()
    figures = ["project", "environment", "status", "reason", "requests", "status_5xx", "trend", "error_trend"]
    assert frame[figures].equals(plain[figures])
    client.clock.sleep(600)
    overview.read()
    compared = overview.compared()
    assert compared is not None
    assert compared.which == "before"
    start, end = (pd.Timestamp(moment, unit="s", tz="UTC") for moment in compared.window[:2])
    counts = client.analytics.requests_over_time("storefront", "production", start=start, end=end)
    whole = counts[(counts.index >= start) & (counts.index + pd.Timedelta("1min") <= end)]
    assert compared.totals["storefront", "production"] == (whole["count"].sum(), whole["status_5xx"].sum())


def test_a_window_that_would_take_more_requests_is_read_alone(client: Any) -> None:
    overview = FleetOverview(client.session, with_before=7200)
    assert overview.compared() is None
    overview.read("-61min")
    assert overview.compared() is None
    overview.read("-1h")
    assert overview.compared() is not None
    client.session.longest_window = 3600
    other = FleetOverview(client.session, with_before=7200)
    other.read("-1h")
    assert other.compared() is None


class Remembers:
    """A history that has all before a moment, or all but the first seconds of what it is asked for."""

    def __init__(self, until: int, late: int) -> None:
        self.until, self.late = until, late

    def remembered(self, environment: str, window: tuple[int, int]) -> list[Remembered]:
        start, end = window
        rows = np.array([[start, 100, 95, 0, 0, 5]], dtype=np.int64)
        return [Remembered((start + self.late, end), rows, 60)] if end <= self.until else []

    def totals(self, now: int, length: int) -> dict[str, Totals]:
        return {}


@pytest.mark.parametrize(("late", "which"), [(0, "last week"), (60, "before")])
def test_last_week_is_taken_where_a_history_has_all_of_it(client: Any, late: int, which: str) -> None:
    overview = FleetOverview(client.session, with_before=7200)
    client.session.memory = Remembers(int(client.now.timestamp()) - 6 * 86_400, late)
    overview.read()
    compared, asked = spent(client, overview.compared)
    assert compared.which == which
    assert not len(asked)
    if which == "last week":
        assert set(compared.totals.values()) == {(100, 5)}
        assert compared.window.start == int(client.now.timestamp()) - 3600 - 7 * 86_400
