"""The table widget."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from createos_nb.dtypes import TEXT
from createos_nb.panels.cells import Entry, Errors, percent, points
from createos_nb.panels.grid import Fixed, Grid, format_value

HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m\u202egnp$x$"


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": pd.Series(["b", HOSTILE], dtype=TEXT),
            "count": pd.array([1200, None], dtype="Int64"),
            "trend": [[1, None, 3], []],
            "why": pd.Series(["", "it sleeps"], dtype=TEXT),
        }
    )


def test_a_grid_gives_the_browser_texts_and_what_to_sort_by() -> None:
    grid = Grid("things", selectable=True)
    grid.show(frame(), kinds={"trend": "spark"}, key="name", off="why")
    first, second = grid.rows
    assert first["cells"][:3] == ["b", "1,200", [1.0, None, 3.0]]
    assert first["sort"][1] == 1200.0
    assert first["off"] == ""
    assert second["off"] == "it sleeps"
    assert second["cells"][1] == "–"
    assert "\x1b" not in second["cells"][0]
    assert "\x1b" not in second["key"]


def test_states_and_statuses_have_icons_that_the_browser_is_given() -> None:
    grid = Grid("things")
    states = pd.DataFrame({"state": pd.Series(["deployed", "build_error", "some new state", None], dtype=TEXT)})
    grid.show(states, kinds={"state": "state"})
    cells = [row["cells"][0] for row in grid.rows]
    assert cells[0] == {"text": "deployed", "icon": "ok", "color": "ok"}
    assert cells[1] == {"text": "build_error", "icon": "failed", "color": "down"}
    assert cells[2] == {"text": "some new state"}
    assert cells[3] == "–"
    assert sorted(grid.icons) == ["failed", "ok"]
    grid.show(states, kinds={"state": "status"})
    assert grid.rows[2]["cells"][0] == {"text": "some new state", "icon": "unknown", "color": "unknown"}


def test_entries_and_errors_are_texts_and_numbers() -> None:
    grid = Grid("things", selectable=True, fixed=Fixed(widths={"place": "1fr", "errors": "9em"}, order="place"))
    table = pd.DataFrame(
        {
            "place": [Entry(HOSTILE, " / production", "why"), Entry("b")],
            "errors": [Errors(3.3301, 3.2, [None, 3.3301], 0.13, trouble=True), Errors(None, nothing="no requests")],
            "not": ["shown", "at all"],
        }
    )
    grid.show(table, kinds={"place": "entry", "errors": "errors"})
    (place, errors), (_, nothing) = (row["cells"] for row in grid.rows)
    assert "\x1b" not in place["text"]
    assert place["below"] == "why"
    assert errors == {
        "text": "3.4 %", "change": "+3.2 pt", "worse": True, "values": [None, 3.33], "before": 0.13, "trouble": True,
    }  # fmt: skip
    assert nothing == {"text": "no requests"}
    assert grid.rows[1]["sort"][1] is None, "what is not known comes last"
    assert [column["width"] for column in grid.columns] == ["1fr", "9em"]


@pytest.mark.parametrize(
    ("value", "words"), [(0.0, "0 %"), (0.0001, "0.01 %"), (0.131, "0.14 %"), (3.31, "3.4 %"), (99.2, "100 %")]
)
def test_percentages_of_errors_have_two_digits_and_are_never_rounded_to_none(value: float, words: str) -> None:
    assert percent(value) == words


@pytest.mark.parametrize(
    ("change", "words"), [(3.26, "+3.3 pt"), (-0.11, "-0.1 pt"), (0.04, ""), (-0.04, ""), (44.6, "+45 pt")]
)
def test_a_change_is_in_points_and_none_where_none_can_be_seen(change: float, words: str) -> None:
    assert points(change) == words


def test_while_it_is_read_a_grid_says_so_and_then_no_more() -> None:
    grid = Grid("things")
    grid.read("Reading traffic: 2 of 8 projects", 2, 8)
    assert (grid.reading["done"], grid.reading["total"]) == (2, 8)
    grid.read("")
    assert grid.reading == {}


def test_the_same_frame_again_sends_nothing() -> None:
    grid = Grid("things")
    grid.show(frame(), kinds={"trend": "spark"})
    sent: list[Any] = []
    grid.observe(sent.append)
    grid.show(frame(), kinds={"trend": "spark"})
    assert sent == []


def test_a_choice_stays_while_its_row_is_there_and_can_be_chosen() -> None:
    grid = Grid("things", selectable=True)
    grid.show(frame(), key="name", off="why")
    grid.selected = "b"
    grid.show(frame().iloc[::-1], key="name", off="why")
    assert grid.selected == "b"
    grid.show(frame().assign(why="asleep"), key="name", off="why")
    assert grid.selected == ""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "–"),
        (pd.NA, "–"),
        (float("nan"), "–"),
        (True, "yes"),
        (1234567, "1,234,567"),
        (pd.Series([1234]).iloc[0], "1,234"),
        (1234.5, "1,234.5"),
        (2.0, "2"),
        (pd.Timestamp("2026-03-02T09:00:01Z"), "2026-03-02 09:00:01"),
        ("a\x07b", "a\\x07b"),
    ],
)
def test_values_as_people_read_them(value: Any, words: str) -> None:
    assert format_value(value) == words
