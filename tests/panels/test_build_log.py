"""A build log as stages with times, and the line that says why it failed."""

from __future__ import annotations

from typing import Any

import createos_nb
from createos_nb import panels, runbooks
from createos_nb.panels.logs.build_log import Stage, build_html, stages_of
from createos_nb.plans.events import LogLine
from tests.panels.acting import press, review


def failed() -> Any:
    client = createos_nb.simulate("build-broken")
    panel = panels.deploy(client, "storefront")
    panel.form.make_plan = lambda: runbooks.retry_failed(client, "storefront", 4)
    review(panel)
    press(panel, "Deploy")
    return panel


def test_stages_end_where_the_next_one_begins() -> None:
    lines = [LogLine("queued", "queue", "", 100.0), LogLine("a", "clone", "", 104.0), LogLine("b", "clone", "", 106.5)]
    assert stages_of(lines) == [Stage("Queue", 4.0), Stage("Fetch source", 2.5)]
    assert stages_of([LogLine("a", "tests")]) == [Stage("Tests", None)]
    assert stages_of([LogLine("a")]) == []


def test_a_failed_build_is_shown_at_the_line_that_says_why() -> None:
    shown = failed().form.progress.lines.value
    assert '<li class="createos-stage-passed">' in shown
    assert "<b>Install</b>" in shown.partition('<li class="createos-stage-failed">')[2]
    line = shown.partition("createos-failing")[2].partition("</div>")[0]
    assert "package @juniper/money@4.0.0 was not found" in line
    assert shown.count("createos-failing") == 1
    assert "at the failing line, 8 of 8" in shown
    assert "2 earlier lines" in shown
    assert "Suggested cause" in shown
    assert "build failed</span>" in shown
    assert "@juniper/money@4.0.0." in shown


def test_a_build_that_goes_on_marks_nothing() -> None:
    lines = [LogLine("$ npm ci", "install", "", 1.0), LogLine("ERROR: it failed", "install", "error", 2.0)]
    shown = build_html(lines, 0, "running")
    assert "createos-failing" not in shown
    assert "Suggested cause" not in shown
    assert "going on" in shown


def test_lines_that_are_cut_are_counted_and_texts_stay_texts() -> None:
    lines = [LogLine("<img src=x>", "<b>", "error", None)]
    for state in ("running", "failed"):
        shown = build_html(lines, 1234, state)  # type: ignore[arg-type]
        assert "cut here: 1,234 older lines" in shown
        assert "<img" not in shown
        assert "<b><b>" not in shown
    assert build_html([], 0, "running") == ""


def test_events_tell_stage_level_and_time_of_each_line() -> None:
    """Once each, as they come."""
    panel = failed()
    log = list(panel.form.progress.log)
    assert [line.stage for line in log] == [
        "queue",
        "clone",
        "clone",
        "clone",
        "install",
        "install",
        "install",
        "install",
    ]
    assert log[-1].level == "error"
    assert log[0].time is not None
    assert log[-1].time is not None
    assert log[-1].time > log[0].time
