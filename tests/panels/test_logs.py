"""The panel of logs, without a browser; and which lines are shown, and how."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb.errors import InvalidInput, NotFound, UnknownName
from createos_nb.frames.logs import runtime_log_frame
from createos_nb.panels import log_lines
from createos_nb.panels.logs import LogsPanel


def until(true: Callable[[], Any], seconds: float = 20) -> None:
    """Wait for what a thread does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def client() -> Any:
    return createos_nb.simulate()


@pytest.fixture
def panel(client: Any) -> Any:
    own = createos_nb.panels.logs(client, "storefront", "production")
    yield own
    own.close()


def log(*lines: str, at: int = 0) -> pd.DataFrame:
    """A runtime log, a line a second from nine o'clock."""
    return runtime_log_frame("\n".join(f"2026-03-02T09:00:{at + n:02}Z {line}" for n, line in enumerate(lines)))


# --- which lines ------------------------------------------------------------------------------------------------------


def test_search_is_of_any_part_in_any_case_and_no_pattern() -> None:
    frame = log("INFO GET /a.b", "INFO GET /aXb", "ERROR get /A.B failed")
    shown, count = log_lines.select(frame, search="a.b")
    assert list(shown["text"]) == ["INFO GET /a.b", "ERROR get /A.B failed"]
    assert count == 2
    assert log_lines.select(frame, search="(")[1] == 0
    assert log_lines.select(frame, search="re:A.B")[1] == 3
    assert log_lines.select(frame, search="re:")[1] == 3  # while it is being typed
    with pytest.raises(InvalidInput, match="no regular expression"):
        log_lines.select(frame, search="re:(")


def test_a_level_shows_what_is_as_loud_with_the_lines_that_belong_to_it() -> None:
    frame = log("INFO fine", "ERROR broken", "    at line 3", "WARN slow", "DEBUG x")
    shown, _ = log_lines.select(frame, level="error")
    assert list(shown["text"]) == ["ERROR broken", "    at line 3"]
    assert len(log_lines.select(frame, level="warn")[0]) == 3


def test_a_long_log_shows_its_end_and_says_how_long_it_is() -> None:
    shown, count = log_lines.select(log(*[f"line {n}" for n in range(50)]), max_lines=10)
    assert list(shown["text"]) == [f"line {n}" for n in range(40, 50)]
    assert count == 50


def test_gaps_stay_in_sight_when_lines_are_searched() -> None:
    frame = log("a", "lines may be missing", "b").assign(gap=[False, True, False])
    shown, count = log_lines.select(frame, search="b")
    assert list(shown["gap"]) == [True, False]
    assert count == 1


def test_a_reading_that_begins_anew_gives_nothing_twice() -> None:
    both = log_lines.join(log("a", "b", "c"), log("b", "c", "d", at=1), first=True)
    assert list(both["text"]) == ["a", "b", "c", "d"]


def test_where_nothing_was_read_between_there_is_a_gap() -> None:
    both = log_lines.join(log("a"), log("z", at=59), first=True, missed=True)
    assert list(both["gap"]) == [False, True, False]
    assert both.dtypes["time"] == log("a").dtypes["time"]


def test_lines_without_times_give_way_to_a_new_reading() -> None:
    both = log_lines.join(runtime_log_frame("a\nb"), runtime_log_frame("b\nc"), first=True)
    assert list(both["text"]) == ["b", "c"]


def test_what_is_kept_is_bounded() -> None:
    kept = runtime_log_frame("\n".join(f"line {n}" for n in range(log_lines.MAX_LINES)))
    both = log_lines.join(kept, runtime_log_frame("the last"))
    assert len(both) == log_lines.MAX_LINES
    assert both["text"].iloc[-1] == "the last"


def test_hostile_lines_are_text() -> None:
    frame = log("<script>alert(1)</script>", "\x1b[31mred\x1b[0m \x1b]0;title\x07", "\u202egnp.exe $x$", "ERROR <b>")
    html = log_lines.html(log_lines.select(frame)[0], '"><script>')
    assert "<script" not in html
    assert "<b>" not in html
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert "\\u202egnp.exe" in html


def test_a_level_is_told_by_a_sign_and_a_word_not_by_colour_alone() -> None:
    html = log_lines.html(
        log_lines.select(log("ERROR broken", '{"level":"warn","m":1}', "Traceback (most recent call last):"))[0], "x"
    )
    assert "✕ ERROR broken" in html
    assert "▲ {" in html
    assert "✕ ERROR Traceback" in html


# --- the panel --------------------------------------------------------------------------------------------------------


def test_it_shows_the_last_lines_of_what_runs(panel: LogsPanel) -> None:
    assert panel.last_error is None
    assert "the last 200 of 970 lines" in panel._count.value
    assert len(panel.frame) == 200
    assert repr(panel) == "<createos_nb panel: logs storefront / production>"


def test_params_search_and_run_gives_what_is_shown(panel: LogsPanel) -> None:
    panel.params = {"search": "checkout", "lines": 100}
    frame = panel.run()
    assert frame["text"].str.contains("checkout").all()
    assert 0 < len(frame) <= 100
    panel.params["level"] = "error"
    assert len(panel.frame) == 0
    assert "0 lines of 970" in panel._count.value


def test_the_build_log_of_what_is_live_and_of_a_version(panel: LogsPanel) -> None:
    panel.params["log"] = "build"
    assert panel.wait(30)
    live = list(panel.frame["text"])
    panel.params["version"] = 17
    assert panel.wait(30)
    assert list(panel.frame["text"]) == live
    panel.params["version"] = 11  # which failed
    assert panel.wait(30)
    assert list(panel.frame["text"]) != live
    assert panel.params["since"] == 600


def test_a_version_that_is_not_there_is_said_in_words(panel: LogsPanel) -> None:
    panel.params["version"] = 99
    assert panel.wait(30)
    assert "99" in panel._view.error.value
    with pytest.raises(UnknownName):
        panel.run()


@pytest.mark.parametrize(("project", "environment"), [("nowhere", "production"), ("storefront", "nowhere")])
def test_what_there_is_not_is_said_in_words(client: Any, project: str, environment: str) -> None:
    panel = createos_nb.panels.logs(client, project, environment)
    assert isinstance(panel.last_error, UnknownName)
    assert "nowhere" in panel.static()


def test_following_brings_new_lines_once_and_moves_the_world(panel: LogsPanel) -> None:
    begun = panel.client.clock.now()
    panel.params["follow"] = True
    until(lambda: panel.client.clock.now() > begun + 9)
    panel.params["follow"] = False
    kept = panel._all_lines
    assert kept is not None
    whole = panel.client.environments.logs("storefront", "production", start=begun - 600)
    expected = whole[whole["time"] <= kept["time"].iloc[-1]]
    lines = list(zip(kept["time"], kept["text"], strict=True))
    assert lines == list(zip(expected["time"], expected["text"], strict=True))[-len(lines) :]
    assert not kept["gap"].any()


def test_while_paused_lines_are_read_and_not_shown(panel: LogsPanel) -> None:
    panel.params = {"follow": True, "paused": True}
    before = panel._log_html.value
    until(lambda: "new lines" in panel._view.status.value)
    assert panel._log_html.value == before
    panel.params["paused"] = False
    assert panel._log_html.value != before
    assert "following" in panel._view.status.value


def test_another_log_ends_following(panel: LogsPanel) -> None:
    panel.params["follow"] = True
    panel.params["log"] = "build"
    assert panel.params["follow"] is False
    assert not panel._follower.running


def test_a_build_is_followed_to_its_end(client: Any) -> None:
    panel = createos_nb.panels.logs(client, "storefront", "production")
    panel.params = {"log": "build", "version": 18}
    assert panel.wait(30)
    before = len(panel.frame)
    panel.params["follow"] = True
    for _ in range(20):
        client.clock.sleep(30)
    until(lambda: not panel.params["follow"])
    assert len(panel.frame) > before
    assert "the log has ended" in panel._view.status.value


def test_following_that_fails_says_so_and_ends(panel: LogsPanel) -> None:
    with panel.client.world.faults(what="error", status=404, operations=["GetProjectEnvironmentLogs"]):
        panel.params["follow"] = True
        until(lambda: panel.last_error is not None)
    assert isinstance(panel.last_error, NotFound)
    until(lambda: not panel.params["follow"])
    assert 'role="alert"' in panel._view.error.value


def test_closing_ends_following(panel: LogsPanel) -> None:
    panel.params["follow"] = True
    panel.close()
    until(lambda: not [one for one in threading.enumerate() if one.name == "createos-panel-loop"])


def test_a_choice_that_is_none_is_refused(panel: LogsPanel) -> None:
    with pytest.raises(InvalidInput, match="runtime"):
        panel.params["log"] = "boot"


def test_an_expression_that_cannot_be_read_is_shown_until_it_can(panel: LogsPanel) -> None:
    whole = panel.frame
    panel.params["search"] = "re:(GET"
    assert isinstance(panel.last_error, InvalidInput)
    assert "no regular expression" in panel._view.error.value
    assert panel.frame is whole
    panel.params["search"] = "re:(GET|POST)"
    assert panel._view.error.value == ""
    assert panel.frame is not None
    assert panel.frame["text"].str.contains("GET|POST").all()
