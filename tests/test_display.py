"""Values, tables and cards: what is shown is true, and what came from elsewhere is text."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest

from createos_nb import display
from createos_nb.display import format_cells, format_value, text_card
from createos_nb.html import Html, code, frame_table, html_card, html_table

HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m\u202e\x07$x$"


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no")


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (pd.NA, "–"),
        (pd.NaT, "–"),
        (float("nan"), "–"),
        (True, "yes"),
        (pd.Series([False]).iloc[0], "no"),
        (1234567, "1,234,567"),
        (pd.Series([1234]).iloc[0], "1,234"),
        (1234.5, "1,234.5"),
        (2.0, "2"),
        (100.0, "100"),
        (0.001234, "0.001234"),
        (float("inf"), "inf"),
        (pd.Timestamp("2026-03-02T09:00:01Z"), "2026-03-02 09:00:01"),
        (pd.Timedelta("25h"), "1 d 1 h"),
        (["a", 2], "a, 2"),
        ([], "–"),
        ("a\x07b", "a\\x07b"),
        ("\x1b[31mred\x1b[0m\n", "red"),
        (Broken(), "<Broken that cannot be shown: RuntimeError>"),
    ],
)
def test_values_as_people_read_them(value: Any, text: str) -> None:
    assert format_value(value) == text


def test_almost_all_is_never_shown_as_all() -> None:
    assert display.format_percent(0.9999999) == "99.999 %"
    assert display.format_percent(1.0) == "100 %"
    assert display.format_percent(float("nan")) == "unknown"
    assert display.format_percent_up(0.00000001) == "0.001 %"
    assert display.format_percent_up(0.0) == "0 %"
    assert display.format_target(0.999999) == "99.9999 %"
    frame = pd.DataFrame({"success_percentage": [99.997, 100.0], "server_error_percentage": [99.997, 100.0]})
    assert format_cells(frame) == [["99.99", "100"], ["100", "100"]]
    assert ">99.99</td>" in frame_table(frame)
    assert format_cells(frame.rename(columns={"success_percentage": "success %"}))[0][0] == "99.99"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (90, "1 min 30 s"), (3600, "1 h"), (90061, "1 d 1 h"), (float("inf"), "never")],
)
def test_a_length_of_time_in_two_units(seconds: float, text: str) -> None:
    assert display.human_duration(seconds) == text


def test_text_from_elsewhere_is_text() -> None:
    frame = pd.DataFrame({HOSTILE: [HOSTILE]}, index=pd.Index([HOSTILE], name=HOSTILE))
    for html in (
        frame_table(frame, caption=HOSTILE),
        html_card(HOSTILE, HOSTILE, [(HOSTILE, HOSTILE)], frames=[(HOSTILE, frame)]),
        html_table([[HOSTILE]], [HOSTILE], caption=HOSTILE, row_headers=True),
        code(HOSTILE),
    ):
        page = Tags(html)
        assert "img" not in page.tags
        assert "<img src=x onerror=alert(1)>" in page.text
        assert not {"\x1b", "\u202e", "\x07"} & set(html)
    for text in (text_card(HOSTILE, HOSTILE, [(HOSTILE, HOSTILE)]), *display.text_table(frame)):
        assert not {"\x1b", "\u202e", "\x07"} & set(text)


def test_only_ready_markup_stays_markup() -> None:
    assert Tags(html_table([[Html("<b>x</b>"), "<b>y</b>"]])).tags.count("b") == 1


def test_a_result_is_shown_even_if_a_value_can_not_be() -> None:
    frame = pd.DataFrame({"a": [Broken()]})
    for shown in (text_card("title", "", [("label", Broken())]), html_card("title", "", [("label", Broken())])):
        assert "Broken that cannot be shown" in shown
    assert "Broken that cannot be shown" in html_card("title", "", frames=[("frame", frame)])
    twice = pd.DataFrame({"a": [1]}, index=pd.Index([1], name="a"))  # has no columns to become
    assert "cannot be shown" in html_card("title", "", frames=[("frame", twice)])


def test_a_long_frame_says_how_much_is_left_out() -> None:
    html = frame_table(pd.DataFrame({"n": range(1205)}), max_rows=5)
    assert html.count("<tr>") == 6
    assert "and 1,200 rows more" in html


def test_numbers_stand_to_the_right_and_texts_to_the_left() -> None:
    html = frame_table(pd.DataFrame({"name": ["a"], "count": [1], "live": [True]}))
    assert '<td style="text-align:left">a</td>' in html
    assert '<td class="number" style="text-align:right">1</td>' in html
    assert '<td style="text-align:left">yes</td>' in html


def test_a_text_table_is_aligned() -> None:
    frame = pd.DataFrame({"step": ["create", "up"], "took_s": [1.25, pd.NA]})
    assert display.text_table(frame) == ["step    took s", "create  1.25", "up      –"]
    assert display.text_table(frame.iloc[:0]) == ["step  took s"]
