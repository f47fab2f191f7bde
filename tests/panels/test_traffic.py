"""The panel of requests, without a browser."""

from __future__ import annotations

from typing import Any

import pytest

import createos_nb
from createos_nb.errors import UnknownName


@pytest.fixture
def client() -> Any:
    return createos_nb.simulate()


def test_it_shows_an_environment_in_figures_pictures_and_tables(client: Any) -> None:
    panel = createos_nb.panels.traffic(client, "storefront", "production")
    assert panel.last_error is None
    total = client.analytics.overall_requests("storefront", "production", start="-24h")["total"]
    assert f"{total:,.0f} requests" in panel._summary.value
    assert 'alt="Requests by status class. ' in panel._over_time.value
    assert 'alt="Top paths. ' in panel._by_path.value
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
    assert "the 12 busiest, 1 more are left out" in panel._over_time.value
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


def test_while_live_the_same_figures_draw_no_new_picture(client: Any) -> None:
    panel = createos_nb.panels.traffic(client, "storefront", "production")
    before = panel._over_time.value
    assert panel._poll() is False
    assert panel._over_time.value is before
    client.clock.sleep(120)
    assert panel._poll() is True
    assert panel._over_time.value != before
