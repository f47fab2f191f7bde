"""The table widget."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from createos_nb.dtypes import TEXT
from createos_nb.panels.grid import Grid, format_value

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
