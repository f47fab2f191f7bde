"""A build log as stages with times, and the line that says why it failed."""

from __future__ import annotations

from typing import Any

import pytest

import createos_nb
from createos_nb import panels, runbooks
from createos_nb.diagnostics.evidence.build_fixes import build_fix
from createos_nb.diagnostics.evidence.build_signals import read_build
from createos_nb.panels.plan.build_log import Stage, build_html, not_reached, stages_of
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
        shown = build_html(lines, 1234, state)
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


def test_the_fix_stands_beside_the_cause() -> None:
    shown = failed().form.progress.lines.value
    assert "<b>Fix:</b> Correct the package @juniper/money@4.0.0 in the repository, and push." in shown


def test_stages_that_a_build_has_not_reached_say_so() -> None:
    lines = [LogLine("a", "clone", "", 1.0), LogLine("no such package", "install", "error", 2.0)]
    shown = build_html(lines, 0, "failed")
    assert shown.count('class="createos-stage-not-reached"') == 3
    for name in ("Build", "Push image", "Start"):
        assert f'<b>{name}</b><span class="createos-note">not reached' in shown
    assert "not reached" not in build_html(lines, 0, "running")
    assert not_reached([LogLine("", "deploy")]) == []
    assert not_reached([LogLine("", "tests")]) == []  # a stage that is not known says nothing of others
    assert not_reached([]) == []
    stopped = build_html(lines, 0, "stopped")
    assert "no longer waited for" in stopped
    assert "createos-stage-running" not in stopped


@pytest.mark.parametrize(
    ("line", "settings"),
    [
        ("ERROR: package core is private and NPM_TOKEN is not set", {"build_vars": {"NPM_TOKEN": "…"}}),
        ("DATABASE_URL is not set", {"build_vars": {"DATABASE_URL": "…"}}),
        ("health check failed: the program listens on 0.0.0.0:8025", {"port": 8025}),
        ("no package.json in directory shop; it is in: /apps/shop", {"directory_path": "apps/shop"}),
        ("no package.json in directory shop; it is in: /apps/shop, /apps/web", {}),
        ("FATAL: JavaScript heap out of memory", {}),
        ("the build took longer than 15 min", {}),
        ("error: it does not compile", {}),
    ],
)
def test_a_log_tells_what_puts_the_build_right_and_no_more_than_it_knows(line: str, settings: dict[str, Any]) -> None:
    fix = build_fix(read_build([line]))
    assert fix.settings == settings
    assert fix.text.endswith(".")
    assert "''" not in fix.text
    assert "  " not in fix.text


def test_a_button_leads_to_the_settings_that_put_the_build_right() -> None:
    client = createos_nb.simulate("private-package")
    panel = panels.deploy(client, "storefront")
    version = client.deployments.list("storefront")["version_number"].max()
    panel.form.make_plan = lambda: runbooks.retry_failed(client, "storefront", int(version))
    review(panel)
    press(panel, "Deploy")
    [button] = [one for one in panel.form.actions.children if one.description.startswith("Set ")]
    assert button.button_style == "primary"
    assert panel.form.review_button.button_style == ""
    name = button.description.removeprefix("Set ").removesuffix(" …")
    assert f"Set {name} among the project" in panel.form.progress.lines.value
    before = len(client.log())
    button.click()
    assert panel.opened is not None
    opened = panel.opened
    assert (opened.params["map"], opened.params["name"], opened.params["redeploy"]) == ("build_vars", name, True)
    assert opened.params["deployment"]
    assert set(client.log()["method"].iloc[before:]) == {"GET"}  # nothing is changed by that
    opened.params["value"] = "a token"
    opened.review()
    assert opened.wait(30)
    assert opened.plan is not None
    assert opened.plan.steps
    panel.close()
    assert opened.closed


def test_a_build_that_no_setting_puts_right_has_no_such_button() -> None:
    assert not [one for one in failed().form.actions.children if one.description.startswith("Set ")]
