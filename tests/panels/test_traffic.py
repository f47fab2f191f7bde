"""The panel of requests, without a browser."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest

import createos_nb
from createos_nb.errors import UnknownName


def place(chart: Any, name: str | None, pane: int = 0) -> tuple[int, int]:
    """Where the values of a series lie within the numbers of a chart: its first, and the one after its last."""
    series = next(one for one in chart.spec["panes"][pane]["series"] if name in (None, one["name"]))
    first, count = series["y"]
    return first, first + count


@pytest.fixture
def client() -> Any:
    return createos_nb.simulate()


def test_it_shows_an_environment_in_figures_a_chart_and_tables(client: Any) -> None:
    panel = createos_nb.panels.traffic(client, "storefront", "production")
    assert panel.last_error is None
    total = client.analytics.overall_requests("storefront", "production", start="-24h")["total"]
    assert f"{total:,.0f} requests" in panel._summary.value
    assert panel._chart.spec["label"].startswith("Server errors: 0 % of requests")
    drawn = np.frombuffer(panel._chart.columns)[slice(*place(panel._chart, "requests per minute"))]
    assert drawn.sum() == total
    assert panel._paths.rows[0]["cells"][0] == "/favicon.ico"  # most errors first
    count = client.analytics.request_distribution("storefront", "production", start="-24h")["count"].iloc[0]
    assert panel._statuses.rows[0]["cells"][:3] == ["200", "fulfilled", f"{count:,}"]


def test_run_gives_the_requests_over_time_of_the_window(client: Any) -> None:
    panel = createos_nb.panels.traffic(client, "storefront", "production")
    panel.params["window"] = 3600
    frame = panel.run()
    assert len(frame) == 60
    assert frame.index.name == "time"


def test_without_an_environment_it_shows_all_of_a_project(client: Any) -> None:
    panel = createos_nb.panels.traffic(client, "storefront")
    assert panel.subject == "storefront"
    assert set(panel.run()["environment"]) == {"production", "staging", "development", "blue", "green"}
    assert panel.params["environment"] == ""


def test_without_a_project_it_shows_the_fleet(client: Any) -> None:
    panel = createos_nb.panels.traffic(client)
    assert "the 12 busiest, 1 more are left out" in panel._summary.value
    panes = panel._chart.spec["panes"]
    assert len(panes) == 12
    totals = [np.frombuffer(panel._chart.columns)[slice(*place(panel._chart, None, at))].sum() for at in range(12)]
    assert totals == sorted(totals, reverse=True)
    assert panes[0]["title"].startswith("storefront / production, ")
    assert panel.frame["project"].nunique() == 7


def test_another_project_keeps_the_environment_of_that_name(client: Any) -> None:
    panel = createos_nb.panels.traffic(client, "storefront", "production")
    panel.params["project"] = "orders-api"
    assert panel.wait(30)
    assert panel.subject == "orders-api / production"
    panel.params = {"project": "storefront", "environment": "green"}
    assert panel.wait(30)
    panel.params["project"] = "orders-api"  # which has no green
    assert panel.wait(30)
    assert panel.subject == "orders-api"
    assert panel.last_error is None


@pytest.mark.parametrize(("project", "environment"), [("nowhere", None), ("storefront", "nowhere"), ("nowhere", "x")])
def test_what_there_is_not_is_said_in_words(client: Any, project: str, environment: str | None) -> None:
    panel = createos_nb.panels.traffic(client, project, environment)
    assert isinstance(panel.last_error, UnknownName)
    assert "nowhere" in panel._view.error.value
    with pytest.raises(UnknownName):
        panel.run()
    panel.params = {"project": "storefront", "environment": "production"}
    assert panel.wait(30)
    assert panel._view.error.value == ""


def test_an_environment_without_requests(client: Any) -> None:
    panel = createos_nb.panels.traffic(client, "chat-bot", "production")
    assert panel.last_error is None
    assert "0 requests" in panel._summary.value


def test_the_chart_asks_for_nothing_that_the_tables_did_not_need(client: Any) -> None:
    with client.transport.log.counting() as entries:
        createos_nb.panels.traffic(client, "storefront", "production")
    asked = Counter(entry.operation for entry in entries)
    assert asked == {
        "ListProjects": 2,
        "ListProjectEnvironments": 2,
        "GetProjectEnvironmentAnalytics": 1,
        "GetProjectEnvironmentAnalyticsRequestsOverTime": 1,
    }


def test_deployments_and_incidents_are_drawn_by_themselves() -> None:
    panel = createos_nb.panels.traffic(createos_nb.simulate("bad-release"), "storefront", "production")
    marks = {mark["kind"]: mark for mark in panel._chart.spec["marks"]}
    moment = pd.Timestamp("2026-03-04T13:20:04Z").timestamp()
    assert marks["deployment"]["time"] == moment
    assert abs(marks["incident"]["time"] - moment) <= 120
    assert marks["incident"]["until"] == panel._chart.spec["end"]
    assert "→ 3.2 %" in marks["incident"]["label"]


def test_a_quiet_day_has_no_incident(client: Any) -> None:
    panel = createos_nb.panels.traffic(client, "storefront", "production")
    assert [mark for mark in panel._chart.spec["marks"] if mark["kind"] == "incident"] == []


def test_while_live_the_same_figures_draw_no_new_picture(client: Any) -> None:
    panel = createos_nb.panels.traffic(client, "storefront", "production")
    before = panel._chart.spec
    assert panel._poll() is False
    assert panel._chart.spec is before
    client.clock.sleep(120)
    assert panel._poll() is True
    assert panel._chart.spec != before
