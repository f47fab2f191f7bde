"""The panel of the fleet, without a browser."""

from __future__ import annotations

import importlib
import math
import threading
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb.errors import InvalidInput
from createos_nb.panels.diagnosis import DiagnosisPanel
from createos_nb.panels.logs.panel import LogsPanel
from createos_nb.panels.traffic import TrafficPanel
from createos_nb.simulator.http.server import serve

#: The module: the package gives the function of its name.
overview_module = importlib.import_module("createos_nb.panels.overview")


HOUR = pd.Timedelta("1h")


@pytest.fixture
def client() -> Any:
    return createos_nb.simulate()


def cells_of(panel: Any, key: str) -> dict[str, Any]:
    """What the browser is given of a row, by the headings."""
    row = next(row for row in panel._rows.grid.rows if row["key"] == key)
    return dict(zip([column["label"] for column in panel._rows.grid.columns], row["cells"], strict=True))


def test_every_environment_is_a_row_with_its_figures(client: Any) -> None:
    panel = createos_nb.panels.overview(client)
    cells = cells_of(panel, "storefront / production")
    assert cells["Status"] == {"text": "OK", "icon": "ok", "color": "ok"}
    assert {name: cells["Environment"][name] for name in ("text", "quiet")} == {
        "text": "storefront",
        "quiet": " / production",
    }
    assert (cells["Live"]["text"], cells["Live"]["below"]) == ("v17", "changed 17\u00a0h ago")
    assert cells["Live"]["hint"].startswith("environment changed, 2026-03-01 16:20 UTC")
    assert cells["Live"]["quiet"] == " · 3 replicas"
    assert cells["Req/min"] == "87"
    assert cells["Environment"]["narrow"] == "87/min · v17, changed 17\u00a0h ago"
    assert len(cells["Server errors"]["values"]) == 30
    assert len(panel._rows.grid.rows) == 13
    assert "winter-sale (suspended)" in panel._note.value


def test_what_is_on_its_way_is_seen_with_a_word_and_an_icon(client: Any) -> None:
    panel = createos_nb.panels.overview(client)
    live = cells_of(panel, "storefront / development")["Live"]
    assert (live["below"], live["icon"]) == ("v18 building", "pending")
    assert "<svg" in panel._rows.grid.icons["pending"]
    assert cells_of(panel, "storefront / development")["Status"]["text"] == "OK"  # what serves there does
    assert "icon" not in cells_of(panel, "storefront / production")["Live"]


def test_an_environment_where_nothing_runs_yet_is_pending() -> None:
    panel = createos_nb.panels.overview(createos_nb.simulate("bad-release"))
    cells = cells_of(panel, "storefront / staging")
    assert cells["Status"] == {"text": "Pending", "icon": "pending", "color": "pending"}
    assert cells["Environment"]["below"] == "nothing is deployed"
    assert cells_of(panel, "storefront / production")["Status"]["text"] == "Degraded"  # trouble is never hidden by it
    assert "1 pending" in panel.static()


def test_the_budget_is_a_column_where_a_history_knows_it_and_asks_for_nothing(tmp_path: Path) -> None:
    client = createos_nb.simulate("bad-release")
    panel = createos_nb.panels.overview(client)
    assert "Budget left, %" not in cells_of(panel, "storefront / production")
    asked = len(client.log())
    panel.run()
    without = len(client.log()) - asked
    history = createos_nb.history.open(client, tmp_path / "account")
    history.sync(since="-31d", budget=None)
    asked = len(client.log())
    panel.run()
    assert len(client.log()) - asked <= without
    cells = cells_of(panel, "storefront / production")
    left = panel.frame.set_index("environment")["budget_left"]
    requests = client.analytics.requests_over_time("storefront", "production", start="-30d")
    share = requests["status_5xx"].sum() / requests["count"].sum()
    assert left["production"] == pytest.approx(1 - share / 0.001, abs=1e-3)
    assert cells["Budget left, %"] == f"{math.floor(100 * left['production'])}"
    assert pd.isna(left["staging"])  # nobody asked: nothing is spent of nothing
    assert cells_of(panel, "storefront / staging")["Budget left, %"] == "–"


def test_trouble_stands_first_and_says_why() -> None:
    panel = createos_nb.panels.overview(createos_nb.simulate("shared-incident"))
    rows = panel._rows.grid.rows
    assert [row["cells"][0]["text"] for row in rows] == ["Degraded", "Degraded", "OK"]
    first = cells_of(panel, rows[0]["key"])
    assert first["Environment"]["below"].startswith("390 of 5,944 requests failed (6.6 %)")
    assert (first["Server errors"]["text"], first["Server errors"]["trouble"]) == ("6.6 %", True)
    last = cells_of(panel, rows[2]["key"])
    assert "below" not in last["Environment"], "where all is well nothing wants to be read"
    assert not last["Server errors"]["trouble"]


def test_errors_are_held_against_the_hour_before_without_a_request_more() -> None:
    """What the table compares with comes in the answers that it asks for anyway."""
    client = createos_nb.simulate("bad-release")
    before = client.transport.log.total
    panel = createos_nb.panels.overview(client)
    asked = client.transport.log.total - before
    other = createos_nb.simulate("bad-release")
    before = other.transport.log.total
    other.fleet.overview()
    assert asked == other.transport.log.total - before
    now = client.now.floor("min")
    counts = other.analytics.requests_over_time("storefront", "production", start=now - 2 * HOUR, end=now - HOUR)
    share = 100 * counts["status_5xx"].sum() / counts["count"].sum()
    cells = cells_of(panel, "storefront / production")["Server errors"]
    assert cells["before"] == pytest.approx(share, abs=0.001)
    assert cells["change"] == f"{panel.frame['server_error_percentage'].iloc[0] - share:+.1f} pt"
    assert cells["worse"]
    assert "against the hour before" in panel._note.value


def test_where_the_time_before_would_cost_requests_nothing_is_compared(client: Any) -> None:
    panel = createos_nb.panels.overview(client)
    panel.params["window"] = 86_400
    assert panel.wait(30)
    assert "another time to compare with was not read" in panel._note.value
    assert all(row["cells"][3].get("before") is None for row in panel._rows.grid.rows)


def test_what_is_not_known_is_no_zero_and_not_well(client: Any) -> None:
    """An environment whose requests are not read, and one that nobody asked."""
    client.clock.sleep(60)
    with client.world.faults(what="error", status=403, operations=["ListProjectEnvironments"], count=1):
        panel = createos_nb.panels.overview(client)
    unread = next(row for row in panel._rows.grid.rows if row["cells"][0]["text"] == "Unknown")
    cells = cells_of(panel, unread["key"])
    assert (cells["Req/min"], cells["Server errors"], cells["Burn rate"]) == ("–", {"text": "–"}, "–")
    assert cells_of(panel, "chat-bot / production")["Server errors"] == {"text": "no requests"}


def test_a_project_that_was_never_read_is_a_row_that_opens_nothing(client: Any) -> None:
    with client.world.faults(what="error", status=403, operations=["ListProjectEnvironments"], count=1):
        panel = createos_nb.panels.overview(client)
    row = panel._rows.grid.rows[0]
    assert row["key"].endswith(" / –")
    assert row["cells"][0]["text"] == "Unknown"
    assert "quiet" not in row["cells"][1]
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
    before = len(client.log())
    rollback.params = {"reason": "a third of the checkouts fail", "confirm": "production"}
    rollback.review()
    assert rollback.wait(30)
    # what only a diagnosis asks for; a plan that is shown is looked at again
    planned = client.log()["operation"].iloc[before:]
    assert "ListProjectEnvironments" in set(planned)
    assert not set(planned) & {"GetQuotas", "ListAPIKeys", "GetProjectEnvironmentLogs"}
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
    assert all(f">{label}</th>" in html for label in ("Status", "Environment", "Req/min", "Server errors", "Live"))
    assert "13 environments: 1 asleep · 12 OK" in html or "13 environments: 12 OK · 1 asleep" in html
    assert "<b>storefront</b> / production" in html


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
