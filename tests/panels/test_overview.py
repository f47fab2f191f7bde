"""The panel of the fleet, without a browser."""

from __future__ import annotations

import importlib
import threading
from typing import Any

import pytest

import createos_nb
from createos_nb.errors import InvalidInput
from createos_nb.panels.diagnosis import DiagnosisPanel
from createos_nb.panels.logs import LogsPanel
from createos_nb.panels.traffic import TrafficPanel
from createos_nb.simulator.http.server import serve

#: The module: the package gives the function of its name.
overview_module = importlib.import_module("createos_nb.panels.overview")


@pytest.fixture
def client() -> Any:
    return createos_nb.simulate()


def test_every_environment_is_a_row_with_its_figures(client: Any) -> None:
    panel = createos_nb.panels.overview(client)
    row = next(row for row in panel._rows.grid.rows if row["key"] == "storefront / production")
    cells = dict(zip([column["label"] for column in panel._rows.grid.columns], row["cells"], strict=True))
    assert [cells[name] for name in ("status", "live", "live is")] == ["● healthy", "v17", "● deployed"]
    assert len(cells["requests"]) == len(cells["5xx"]) == 30
    assert len(panel._rows.grid.rows) == 13
    assert "winter-sale (suspended)" in panel._summary.value


def test_trouble_stands_first_and_says_why() -> None:
    panel = createos_nb.panels.overview(createos_nb.simulate("shared-incident"))
    rows = panel._rows.grid.rows
    assert [row["cells"][2] for row in rows] == ["▲ degraded", "▲ degraded", "● healthy"]
    why = [column["label"] for column in panel._rows.grid.columns].index("why")
    assert rows[0]["cells"][why].startswith("390 of 5,944 requests failed (6.6 %)")
    assert "2 degraded" in panel._summary.value
    assert "down" not in panel._summary.value


def test_a_project_that_was_never_read_is_a_row_that_opens_nothing(client: Any) -> None:
    with client.world.faults(what="error", status=403, operations=["ListProjectEnvironments"], count=1):
        panel = createos_nb.panels.overview(client)
    row = panel._rows.grid.rows[0]
    assert row["cells"][1:3] == ["–", "○ unknown"]
    assert "12 environments" in panel._summary.value
    panel.params = {"chosen": row["key"]}
    assert panel.open() is None
    assert panel.opened is None


def test_run_reads_again_and_gives_the_frame(client: Any) -> None:
    panel = createos_nb.panels.overview(client)
    client.clock.sleep(600)
    frame = panel.run()
    assert frame is panel.frame
    assert (frame["read_at"] == frame["read_at"].max()).all()
    assert client.environments.get("storefront", "production")["id"]


def test_a_row_opens_its_environment_below(client: Any) -> None:
    panel = createos_nb.panels.overview(client)
    assert panel._open_button.disabled
    panel.params = {"chosen": "orders-api / development"}
    assert not panel._open_button.disabled
    panel.params["show"] = "traffic"
    panel._open_button.click()
    traffic = panel.opened
    assert isinstance(traffic, TrafficPanel)
    assert traffic.subject == "orders-api / development"
    panel.params["show"] = "logs"
    panel._rows.grid._on_message(None, {"opened": "orders-api / development"}, None)  # what Enter sends
    assert isinstance(panel.opened, LogsPanel)
    assert traffic.closed
    panel.close()
    assert panel.opened is None


def clicked(panel: Any, key: str, how: str = "clicked") -> Any:
    """What the browser sends of a click, or of Enter ("opened")."""
    panel._rows.grid._on_message(None, {how: key}, None)
    return panel.opened


def test_a_click_on_a_row_shows_its_diagnosis_and_a_second_one_asks_for_nothing() -> None:
    client = createos_nb.simulate("shared-incident")
    panel = createos_nb.panels.overview(client)
    before = client.transport.log.total
    first = clicked(panel, "storefront / production")
    assert isinstance(first, DiagnosisPanel)
    assert panel.params["chosen"] == "storefront / production"
    assert first.diagnosis is not None
    assert "external dependency" in first.static()
    assert client.transport.log.total - before == first.diagnosis.requests
    assert 7 <= first.diagnosis.requests <= 26
    assert f"{first.diagnosis.requests} requests" in first._read_at.value
    assert "read at 2026-03-04 " in first._read_at.value
    before = client.transport.log.total
    assert clicked(panel, "storefront / production") is first
    assert clicked(panel, "storefront / production", "opened") is first
    assert client.transport.log.total == before
    other = clicked(panel, "orders-api / production")
    assert first.closed
    assert other.diagnosis.where == "orders-api/production"
    before = client.transport.log.total
    again = clicked(panel, "storefront / production")  # another row lies between
    assert again.diagnosis == first.diagnosis
    assert client.transport.log.total == before
    client.clock.sleep(61)
    assert clicked(panel, "storefront / production") is again
    assert panel.opened.wait(30)
    assert again.diagnosis.at > first.diagnosis.at
    panel.close()
    assert again.closed


def test_arrow_keys_and_other_ways_to_open_ask_for_no_diagnosis(client: Any) -> None:
    panel = createos_nb.panels.overview(client)
    before = client.transport.log.total
    panel.params["chosen"] = "storefront / production"  # what an arrow key does
    assert panel.opened is None
    panel.params["show"] = "logs"
    assert clicked(panel, "storefront / production") is None
    assert client.transport.log.total == before
    assert isinstance(clicked(panel, "storefront / production", "opened"), LogsPanel)


def test_a_rollback_out_of_the_fleet_takes_the_diagnosis_that_is_there() -> None:
    client = createos_nb.simulate("bad-release")
    panel = createos_nb.panels.overview(client)
    diagnosis = clicked(panel, "storefront / production")
    rollback = diagnosis.follow()
    assert rollback.params["chosen"] == "v3"
    read = []
    panel.refresh = lambda: read.append(1)
    diagnosis.on_finish = panel.refresh
    before = client.transport.log.total
    rollback.params = {"reason": "a third of the checkouts fail", "confirm": "production"}
    rollback.review()
    assert rollback.wait(30)
    planned = client.transport.log.total - before
    assert planned < 9
    assert rollback.plan.diagnosis is diagnosis.diagnosis
    assert rollback.plan.warnings[0].startswith("the diagnosis agrees: bad_release")
    rollback.params = {"reason": "a third of the checkouts fail", "confirm": "production"}
    assert rollback.run().checks.result == "PASS"
    assert read == [1]
    panel.close()
    assert rollback.closed


def test_a_row_that_is_not_there_can_not_be_chosen(client: Any) -> None:
    panel = createos_nb.panels.overview(client)
    with pytest.raises(InvalidInput, match="shop-assistant / production"):
        panel.params["chosen"] = "nowhere / production"
    assert panel.open() is None


def test_another_window_reads_other_figures(client: Any) -> None:
    panel = createos_nb.panels.overview(client)
    before = panel.frame["requests"].sum()
    panel.params["window"] = 86_400
    assert panel.wait(30)
    assert panel.frame["requests"].sum() > 5 * before


def test_a_project_that_fails_is_said_in_words(client: Any) -> None:
    with client.world.faults(what="error", status=403, operations=["ListProjectEnvironments"], count=1):
        panel = createos_nb.panels.overview(client)
    assert "could not be read" in panel._summary.value
    assert "incomplete" in panel._view.status.value
    assert len(panel._rows.grid.rows) > 5


def test_where_the_platform_does_not_answer_the_panel_is_there_and_says_so() -> None:
    client = createos_nb.connect(api_key="k", base_url="http://127.0.0.1:9", rate_limit=False)
    client.transport.retry = type(client.transport.retry)(attempts=1)
    panel = createos_nb.panels.overview(client)
    assert panel.wait(60)
    assert panel.last_error is not None
    assert 'role="alert"' in panel._view.error.value
    panel.close()


def test_the_static_table_has_what_fits_a_page(client: Any) -> None:
    html = createos_nb.panels.overview(client).static()
    assert all(f">{label}</th>" in html for label in ("status", "why", "5xx %", "burn", "last change"))
    assert "storefront" in html


def test_over_http_a_large_fleet_is_drawn_portion_by_portion() -> None:
    """The constructor returns at once; rows come before all is read; closing ends it."""
    others = set(threading.enumerate())
    with serve(createos_nb.simulate("fleet", projects=40, deployments=80).world, 0, 60.0) as served:
        client = createos_nb.connect(api_key=served.key, base_url=served.url)
        panel = createos_nb.panels.overview(client)
        counts: list[int] = []
        panel._rows.grid.observe(lambda change: counts.append(len(change["new"])), "rows")
        assert panel.wait(60)
        assert panel.last_error is None
        assert counts[-1] == 80
        assert len(counts) > 1
        panel.close()
        left = set(threading.enumerate()) - others
        assert not [one for one in left if one.name.startswith("createos-panel")]


def test_watching_keeps_within_half_of_what_a_key_may_ask() -> None:
    client = createos_nb.connect(api_key="k", base_url="http://127.0.0.1:9", rate_limit=True)
    client.transport.retry = type(client.transport.retry)(attempts=1)
    panel = createos_nb.panels.overview(client)
    panel.wait(60)
    assert (3600 / panel.interval) * panel._max_requests <= 500
    panel.close()


def test_two_who_open_at_once_take_turns_and_the_last_stays(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """JupyterLab hands a click on a row and one on a button to different threads."""
    panel = createos_nb.panels.overview(client)
    assert panel.wait(30)
    entered, go_on = threading.Event(), threading.Event()
    slow = overview_module._PANELS["diagnosis"]

    def held(*arguments: Any) -> Any:
        entered.set()
        assert go_on.wait(10)
        return slow(*arguments)

    monkeypatch.setitem(overview_module._PANELS, "diagnosis", held)
    clicked = threading.Thread(target=panel._on_clicked, args=("storefront / staging",))
    clicked.start()
    assert entered.wait(10)
    panel.params = {"show": "logs"}
    button = threading.Thread(target=panel.open)
    button.start()
    go_on.set()
    clicked.join(30)
    button.join(30)
    assert isinstance(panel.opened, LogsPanel)
    assert panel._below.box.children == (panel.opened.box,)


def test_a_choice_that_the_click_on_open_has_overtaken_is_opened(client: Any) -> None:
    panel = createos_nb.panels.overview(client)
    assert panel.wait(30)
    panel._on_clicked("storefront / staging")
    panel._open_button.click()
    assert isinstance(panel.opened, DiagnosisPanel)
    panel._show_as.value = "logs"
    assert isinstance(panel.opened, LogsPanel)
    # a choice alone opens nothing
    panel._show_as.value = "traffic"
    assert isinstance(panel.opened, LogsPanel)
