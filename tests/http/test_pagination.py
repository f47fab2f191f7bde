"""Lists are whole: against a server whose list changes between, and during, the reading of its pages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from createos_nb.http.pagination import map_concurrently, read_all
from tests.http.changing_list import ARRIVES, INSERTED, JUMPS, MOVES, VANISHES, Server, script


def read(server: Server, page: int, **settings: Any) -> Any:
    return read_all(server.fetch, lambda row: row, page=page, concurrency=1, **settings)


# --- what holds whatever happens


@settings(max_examples=300, deadline=None)
@given(rows=st.integers(0, 60), page=st.integers(1, 20), changes=script(ARRIVES, VANISHES))
@example(rows=40, page=20, changes=[[], [("vanishes", 0.1), ("arrives", 0.0)]])  # the totals stay the same
@example(rows=40, page=20, changes=[[], [("vanishes", 0.1)], [], [("vanishes", 0.1)], [], [("vanishes", 0.1)]])
def test_a_complete_list_has_every_row_that_was_there_throughout_and_none_twice(
    rows: int, page: int, changes: list[list[Any]]
) -> None:
    server = Server(rows, changes)
    found = read(server, page)
    assert len(set(found.rows)) == len(found.rows)
    if found.complete:
        assert server.throughout <= set(found.rows)


@settings(max_examples=300, deadline=None)
@given(rows=st.integers(0, 60), page=st.integers(5, 20), changes=script(ARRIVES, VANISHES, JUMPS))
@example(rows=40, page=20, changes=[[], [("moves", 0.8, 0.0)]])
@example(rows=40, page=20, changes=[[], [("moves", 0.8, 0.0), ("vanishes", 0.1)]])
def test_a_row_that_jumps_over_the_place_where_the_list_is_read_is_not_lost_in_silence(
    rows: int, page: int, changes: list[list[Any]]
) -> None:
    """A list in order of the last change: a row that is changed jumps to the front, out of what is still to be read."""
    server = Server(rows, changes)
    found = read(server, page)
    assert len(set(found.rows)) == len(found.rows)
    if found.complete:
        assert server.throughout <= set(found.rows)


@settings(max_examples=60, deadline=None)
@given(rows=st.integers(0, 120), page=st.integers(1, 20))
def test_the_list_that_the_platform_gives_is_read_at_whole_pages(rows: int, page: int) -> None:
    """A list at rest is asked for at multiples of the page, so that whatever keeps pages beforehand can answer."""
    server = Server(rows, [])
    assert read(server, page).complete
    assert server.requests == [(offset, page) for offset in range(0, max(rows, 1), page)]


@settings(max_examples=150, deadline=None)
@given(
    rows=st.integers(0, 60),
    page=st.integers(2, 20),
    quiet=st.integers(0, 3),
    changes=st.lists(st.one_of(ARRIVES, VANISHES), max_size=6) | st.lists(JUMPS, max_size=6),
)
def test_a_list_that_comes_to_rest_is_complete(rows: int, page: int, quiet: int, changes: list[Any]) -> None:
    """What changes within the first reading is found out, and the second one is whole."""
    server = Server(rows, [[] for _ in range(quiet)] + [changes])
    found = read(server, page)
    assert found.complete
    assert server.throughout <= set(found.rows)


@settings(max_examples=150, deadline=None)
@given(rows=st.integers(1, 100), page=st.integers(5, 20), data=st.data())
def test_rows_that_arrive_at_the_front_all_the_time_do_no_harm(rows: int, page: int, data: st.DataObject) -> None:
    """The pages of the second reading overlap, so that it is shown to be whole although the list never rests."""
    changes = data.draw(st.lists(st.lists(ARRIVES, max_size=1), max_size=30))
    server = Server(rows, changes)
    found = read(server, page)
    assert found.complete
    assert server.throughout <= set(found.rows)
    assert len(server.requests) <= 2 * (rows + len(changes)) // max(1, page - page // 4) + 6


@settings(max_examples=100, deadline=None)
@given(rows=st.integers(0, 120), page=st.integers(2, 20), total=st.booleans(), most=st.none() | st.integers(2, 20))
def test_a_list_at_rest_is_read_once_and_in_its_order(rows: int, page: int, total: bool, most: int | None) -> None:
    """Also where the platform's pages are smaller than asked for, or where it does not say how long the list is."""
    server = Server(rows, [], total=total, most=most if total else None)
    found = read(server, page)
    assert found.rows == list(range(rows))
    assert found.complete
    assert found.total == (rows if total else None)
    assert len({offset for offset, _ in server.requests}) == len(server.requests)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.integers(0, 80),
    page=st.integers(1, 20),
    limit=st.integers(1, 90),
    changes=script(INSERTED, VANISHES, MOVES),
)
def test_a_limit_means_at_most_that_many(rows: int, page: int, limit: int, changes: list[list[Any]]) -> None:
    server = Server(rows, changes)
    found = read(server, page, limit=limit)
    assert len(found.rows) <= limit
    assert len(set(found.rows)) == len(found.rows)
    at_rest = read(Server(rows, []), page, limit=limit)
    assert at_rest.rows == list(range(min(rows, limit)))
    if page > 1:  # pages of one row can't overlap
        assert at_rest.complete


def test_no_page_is_asked_for_beyond_a_limit() -> None:
    server = Server(100, [])
    assert read(server, 20, limit=5).rows == list(range(5))
    assert server.requests == [(0, 5)]
    server = Server(100, [])
    assert read(server, 20, limit=20).total == 100
    assert server.requests == [(0, 20)]


def test_a_platform_that_gives_one_page_again_and_again_ends() -> None:
    asked = []

    def fetch(offset: int, size: int) -> tuple[list[int], None]:
        asked.append(offset)
        return list(range(size)), None

    found = read_all(fetch, lambda row: row, page=20)
    assert found.rows == list(range(20))
    assert not found.complete
    assert len(asked) < 20


def test_a_total_that_is_smaller_than_what_came_ends_nothing_and_is_told() -> None:
    rows = list(range(70))
    found = read_all(lambda at, size: (rows[at : at + size], 0), lambda row: row, page=20)
    assert found.rows == rows
    assert not found.complete


@pytest.mark.parametrize("total", [41, 1_000, 10_000_000, 10**12, 2**70])
@pytest.mark.parametrize("concurrency", [1, 16])
def test_a_total_that_is_larger_than_the_list_is_not_chased(total: int, concurrency: int) -> None:
    rows, asked = list(range(40)), []

    def fetch(offset: int, size: int) -> tuple[list[int], int]:
        asked.append(offset)
        return rows[offset : offset + size], total

    found = read_all(fetch, lambda row: row, page=20, concurrency=concurrency)
    assert found.rows == rows
    assert not found.complete
    assert len(asked) <= (3 if concurrency == 1 else 6)


@pytest.mark.parametrize(("rows", "requests"), [(0, 1), (19, 1), (20, 1), (40, 2), (41, 3), (60, 3)])
def test_a_full_page_that_reaches_the_total_needs_no_other_behind_it(rows: int, requests: int) -> None:
    server = Server(rows, [])
    assert read(server, 20).complete
    assert len(server.requests) == requests


def test_a_total_that_changes_while_it_is_read_is_read_again() -> None:
    said = iter([40, 39, 40, 40, 40, 40, 40, 40])
    rows = list(range(40))
    found = read_all(lambda at, size: (rows[at : at + size], next(said)), lambda row: row, page=20, concurrency=1)
    assert found.rows == rows
    assert not found.complete  # an answer of 20 rows from the 20th on, which says 39, contradicts itself


def test_a_platform_that_never_comes_to_an_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("createos_nb.http.pagination.MOST_PAGES", 50)
    for total in (None, 10**12):
        asked: list[int] = []

        def fetch(offset: int, size: int, total: int | None = total, asked: list[int] = asked) -> Any:
            asked.append(offset)
            return list(range(offset, offset + size)), total

        found = read_all(fetch, lambda row: row, page=20)
        assert not found.complete
        assert len(asked) <= 50 + 16
        assert found.rows == list(range(len(found.rows)))


def test_a_list_that_grows_as_fast_as_it_is_read_ends() -> None:
    server = Server(60, [[("arrives", 0.0)] * 20] * 10_000)
    found = read(server, 20)
    assert len(server.requests) < 1000
    assert len(set(found.rows)) == len(found.rows)


# --- several at a time


def test_the_first_error_ends_it_and_what_has_not_begun_never_begins() -> None:
    begun = []

    def work(item: int) -> int:
        begun.append(item)
        if item == 3:
            raise ValueError("three")
        return item

    with pytest.raises(ValueError, match="three"):
        list(map_concurrently(work, range(500), 16))
    begun.clear()
    with pytest.raises(ValueError, match="three"):
        list(map_concurrently(work, range(500), 1))
    assert begun == [0, 1, 2, 3]
    assert list(map_concurrently(lambda item: item * 2, range(50), 16)) == [item * 2 for item in range(50)]
