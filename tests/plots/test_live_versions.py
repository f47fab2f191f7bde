"""Plots of traffic mark by themselves when a version became live, where the session knows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb import analysis, plots

RELEASED = pd.Timestamp("2026-03-04T13:20:04Z")
PLOTS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "requests": plots.requests,
    "before_after": lambda requests: plots.before_after(
        analysis.compare(requests.iloc[:200], requests.iloc[200:]), requests
    ),
    "today": lambda requests: plots.today(analysis.decompose(requests)),
    "anomalies": lambda requests: plots.anomalies(analysis.anomalies(requests)),
    "change_points": lambda requests: plots.change_points(requests, analysis.change_points(requests)),
    "burn_down": lambda requests: plots.burn_down(analysis.error_budget(requests, window="1d")),
    "burn_rates": lambda requests: plots.burn_rates(
        analysis.burn_rates(requests), analysis.burn_table(), analysis.burn_alerts(requests)
    ),
}


@pytest.fixture(scope="module")
def client() -> Any:
    client = createos_nb.simulate("bad-release")
    client.fleet.overview()
    return client


def texts(figure: Any) -> list[str]:
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def read(client: Any, start: str = "-6h") -> pd.DataFrame:
    frame: pd.DataFrame = client.analytics.requests_over_time("storefront", "production", start=start)
    return frame


@pytest.mark.parametrize("name", PLOTS)
def test_every_plot_of_traffic_marks_the_release(name: str, client: Any) -> None:
    requests = read(client)
    assert requests.attrs["live_versions"] == [["2026-03-04T13:20:04Z", "version 4"]]
    assert "version 4" in texts(PLOTS[name](requests))
    requests.attrs.pop("live_versions")
    assert "version 4" not in texts(PLOTS[name](requests))


def test_no_request_is_made_for_it(client: Any) -> None:
    before = len(client.log())
    read(client)
    assert len(client.log()) == before + 1


def test_a_mark_of_the_caller_for_the_same_event_stands_alone(client: Any) -> None:
    requests = read(client)
    shown = texts(plots.requests(requests, marks=[(RELEASED - pd.Timedelta("5s"), "release")]))
    assert "release" in shown
    assert "version 4" not in shown
    shown = texts(plots.requests(requests, marks=[(RELEASED - pd.Timedelta("1h"), "the sale")]))
    assert {"the sale", "version 4"} <= set(shown)


def test_a_slice_without_the_release_has_no_mark_and_does_not_count_it(client: Any) -> None:
    figure = plots.requests(read(client).iloc[:60])
    assert "version 4" not in texts(figure)
    assert not any("outside" in text.get_text() for text in figure.texts)


def test_where_only_the_environment_was_seen_its_change_is_marked() -> None:
    client = createos_nb.simulate("bad-release")
    assert read(client).attrs["live_versions"] == [["2026-03-04T13:20:04Z", "environment changed"]]
    assert read(client, "-10min").attrs["live_versions"] == []


def test_a_guess_is_not_marked(client: Any) -> None:
    assert [text for _, text in read(client, "-7d").attrs["live_versions"]] == ["version 4"]


def test_in_a_fleet_each_environment_has_its_own() -> None:
    client = createos_nb.simulate("shared-incident")
    client.fleet.overview()
    frame = client.fleet.requests_over_time(start="-1h")
    assert frame.attrs["live_versions"] == [["2026-03-04T13:26:04Z", "version 3", "storefront", "production"]]
    lines = {
        ax.get_ylabel().split("\n")[0]: sum(len(set(line.get_xdata())) == 1 for line in ax.lines)
        for ax in plots.fleet(frame).axes
    }
    assert lines == {"storefront": 1, "orders-api": 0, "landing-pages": 0}
    for project, marked in (("storefront", True), ("orders-api", False)):
        part = frame[frame["project"] == project].set_index("time")
        assert ("version 3" in texts(plots.requests(part))) is marked
