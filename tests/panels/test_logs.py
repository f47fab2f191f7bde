"""The panel of logs, without a browser; and which lines are shown, and how."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb.errors import InvalidInput, NotFound, UnknownName
from createos_nb.frames.logs import runtime_log_frame
from createos_nb.panels.logs import lines as log_lines
from createos_nb.panels.logs.panel import LogsPanel
from createos_nb.panels.logs.patterns import shown_patterns


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


def shown(frame: pd.DataFrame, search: str = "") -> list[Any]:
    """The lines as the browser is given them."""
    return log_lines.rows(log_lines.select(frame)[0], range(len(frame)), search=search)


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
    lines = shown(frame, search="err")
    html = log_lines.html(lines, '"><script>')
    assert "<script" not in html
    assert "<b>" not in html
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert "\\u202egnp.exe" in html
    assert not {"\x1b", "\u202e"} & set(json.dumps(lines, ensure_ascii=False))  # what the browser is given


def test_a_level_is_told_by_a_sign_and_a_word_not_by_colour_alone() -> None:
    lines = shown(log("ERROR broken", '{"level":"warn","m":1}', "Traceback (most recent call last):"))
    html = re.sub("<[^>]*>", "", log_lines.html(lines, "x"))
    assert "✕ ERROR broken" in html
    assert "▲ {" in html
    assert "✕ ERROR Traceback" in html
    assert [line["level"] for line in lines] == ["error", "warn", "error"]
    assert lines[0]["parts"] == [["ERROR", "level"], [" broken", ""]]
    assert lines[1]["parts"][1] == ["warn", "level"]  # where the line says it


def test_what_was_searched_for_is_marked_in_any_case_and_by_an_expression() -> None:
    def marks(search: str) -> list[str]:
        parts = shown(log("INFO GET /Cart and /cart"), search=search)[0]["parts"]
        assert "".join(text for text, _ in parts) == "INFO GET /Cart and /cart"
        return [text for text, kind in parts if kind == "mark"]

    assert marks("/cart") == ["/Cart", "/cart"]
    assert marks("re:c.rt|GET") == ["GET", "Cart", "cart"]
    assert marks("info") == ["INFO"]  # also where the level is
    assert marks("re:x*") == []  # what holds nothing marks nothing
    assert marks("") == []


def test_times_are_in_utc_with_the_date_to_be_asked_for() -> None:
    line = shown(log("INFO fine"))[0]
    assert (line["time"], line["at"]) == ("09:00:00", "2026-03-02 09:00:00 UTC")
    assert shown(runtime_log_frame("no time"))[0]["time"] == ""


def test_a_cut_stands_where_the_log_is_cut_and_a_gap_where_it_is() -> None:
    frame = log("a", "lines may be missing", "b").assign(gap=[False, True, False])
    lines = log_lines.rows(frame, [4, 5, 6], cut="older lines were dropped")
    assert [line["kind"] for line in lines] == ["cut", "", "gap", ""]
    assert lines[0]["parts"] == [["cut here: older lines were dropped", ""]]
    assert [line["n"] for line in lines] == [-1, 4, 5, 6]


def test_patterns_count_their_lines_and_new_and_loud_ones_come_first() -> None:
    frame = log(
        *["INFO GET /cart/7 200 in 5 ms"] * 8, "WARN heap used 9 MB", "ERROR no route", "    at find", "INFO ok"
    )
    found = shown_patterns(frame)
    table = found.table.set_index("pattern")
    assert list(found.table["level"])[:2] == ["error", "warn"]
    assert table["count"].sum() == 11  # a line that goes on with another is of its event
    assert bool(table["is_new"].iloc[0])
    requests = found.table[found.table["count"] == 8].iloc[0]
    assert not requests["is_new"]
    assert (found.keys == requests["key"]).sum() == 8
    broken = found.table["key"].iloc[0]
    assert list(frame["text"][(found.keys == broken).to_numpy()]) == ["ERROR no route", "    at find"]


def test_without_times_no_pattern_is_called_new() -> None:
    assert shown_patterns(runtime_log_frame("a\nb")).table["is_new"].isna().all()
    assert shown_patterns(log("a").iloc[:0]).table.empty


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
    before = panel._lines.lines
    until(lambda: "new lines" in panel._view.status.value)
    assert panel._lines.lines == before
    panel.params["paused"] = False
    assert panel._lines.lines != before
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


def test_where_earlier_lines_are_not_shown_the_log_says_that_it_is_cut(panel: LogsPanel) -> None:
    first = panel._lines.lines[0]
    assert first["kind"] == "cut"
    assert first["parts"][0][0].startswith("cut here: 770 earlier lines are not shown")
    panel.params["lines"] = 1000
    assert panel._lines.lines[0]["kind"] == ""


def test_a_click_on_a_pattern_shows_its_lines_and_all_come_back(panel: LogsPanel) -> None:
    table = panel.patterns
    assert table["count"].sum() == len(panel._all_lines)
    key = table["key"].iloc[-1]
    panel.params["pattern"] = key
    assert f"{table['count'].iloc[-1]} lines of 970" in panel._count.value
    assert panel.frame is not None
    assert len(panel.frame) == table["count"].iloc[-1]
    panel._all_button.click()
    assert "the last 200 of 970 lines" in panel._count.value


def test_lines_that_are_kept_keep_their_numbers_while_it_is_followed(panel: LogsPanel) -> None:
    def by_number() -> dict[int, Any]:
        return {line["n"]: line["parts"] for line in panel._lines.lines if not line["kind"]}

    before = by_number()
    begun = panel.client.clock.now()
    panel.params["follow"] = True
    until(lambda: panel.client.clock.now() > begun + 9)
    panel.params["follow"] = False
    after = by_number()
    kept = before.keys() & after.keys()
    assert max(after) > max(before)
    assert len(kept) > 100
    assert all(before[number] == after[number] for number in kept)


def test_the_static_log_has_marks(panel: LogsPanel) -> None:
    panel.params["search"] = "checkout"
    assert "<mark>checkout</mark>" in panel.static()
    assert panel._lines.label == "runtime log of storefront / production, times in UTC"
