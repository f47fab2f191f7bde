"""Two lanes: who serves, and what is not known."""

from __future__ import annotations

import pandas as pd
import pytest

from createos_nb.panels.release.lanes import Lane, failing_share, lanes_html
from createos_nb.panels.sparkline import sparkline


def traffic(counts: list[int | None], errors: list[int | None] | None = None, **attrs: object) -> pd.DataFrame:
    """A frame of requests over time, a row a minute."""
    index = pd.date_range("2026-03-02 09:00", periods=len(counts), freq="1min", tz="UTC", name="time")
    columns = {"count": counts, "status_5xx": errors or [None if count is None else 0 for count in counts]}
    frame = pd.DataFrame({name: pd.array(values, dtype="Int64") for name, values in columns.items()}, index=index)
    frame.attrs = {"bucket_seconds": 60, **attrs}
    return frame


def test_the_rate_of_now_is_of_the_last_minutes_that_are_over() -> None:
    frame = traffic([100, 10, 10, 10, 10, 10, 3], partial=["2026-03-02T09:06:00+00:00"])
    lane = Lane("blue", "v3", True, frame)
    assert lane.per_minute == 10
    assert lane.points("count") == [100, 10, 10, 10, 10, 10]  # the minute that is running would look like a fall
    wide = traffic([600, 600], bucket_seconds=300)
    assert Lane("blue", "v3", True, wide).per_minute == 120


def test_what_is_not_known_is_no_zero() -> None:
    unknown = Lane("blue", "v3", True, traffic([None, None]))
    assert (unknown.per_minute, unknown.counts) == (None, None)
    html = lanes_html("shop.example.com", [unknown, Lane("green", "v4", False, None)])
    assert html.count("no data") == 5  # rate and errors of both sides, and the users that arrive
    assert "0 %" not in html
    quiet = lanes_html("shop.example.com", [Lane("blue", "v3", True, traffic([0, 0]))])
    assert "no requests" in quiet
    assert "no data" not in quiet


def test_the_side_that_serves_comes_first_and_says_so() -> None:
    html = lanes_html("shop.example.com", [Lane("blue", "v3", False, None), Lane("green", "v4", True, None)])
    assert html.index("green") < html.index("blue")
    assert html.index("serves users") < html.index("stands by")
    nowhere = lanes_html("", [Lane("blue", "v3", False, None), Lane("green", "v4", False, None)])
    assert "No domain leads here" in nowhere
    assert nowhere.count("own address only") == 2


def test_errors_of_a_side_without_users_are_those_of_before() -> None:
    lane = Lane("blue", "v3", False, traffic([0, 0]), before=traffic([500, 500], [1, 2]))
    assert lane.counts == (3, 1000)
    assert "before, with users: 3 of 1,000" in lanes_html("shop.example.com", [lane])


@pytest.mark.parametrize(("errors", "requests", "text"), [(0, 7, "0 %"), (1, 10**6, "0.0001 %"), (7, 7, "100 %")])
def test_a_share_of_failures_is_rounded_up_and_none_is_lost(errors: int, requests: int, text: str) -> None:
    assert failing_share(errors, requests) == text


def test_gaps_of_a_sparkline_stay_gaps() -> None:
    assert sparkline([1, None, 2, 3]).count("<path") == 3  # the area, and two stretches
    assert sparkline([None, None]) == ""
    assert sparkline([5]) == ""


def test_hostile_names_are_texts() -> None:
    lane = Lane('<img src=x onerror="1">', "<b>v3</b>", True, None, about="</div><script>hostile")
    html = lanes_html('"><script>.example.com', [lane])
    assert "<script" not in html
    assert "<img" not in html
    assert "<b>v3" not in html
