"""Lists are whole: against a server whose list changes between, and during, the reading of its pages."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from createos_nb.errors import IncompleteWarning, InvalidInput
from createos_nb.http.pagination import map_concurrently, read_all

#: One change of the list: a row arrives at the front or anywhere, one vanishes, one moves. Places are fractions.
Place = st.floats(0, 1)
ARRIVES = st.tuples(st.just("arrives"), st.just(0.0))
INSERTED = st.tuples(st.just("arrives"), Place)
VANISHES = st.tuples(st.just("vanishes"), Place)
MOVES = st.tuples(st.just("moves"), Place, Place)
JUMPS = st.tuples(st.just("moves"), Place, st.just(0.0))


class Server:
    """A list that is changed before the n-th request as a script says, whichever thread sends it."""

    def __init__(
        self, rows: int, script: Sequence[Sequence[Any]], *, total: bool = True, most: int | None = None
    ) -> None:
        self.rows = list(range(rows))
        self.throughout = set(self.rows)
        self.script = script
        self.requests: list[tuple[int, int]] = []
        self._new = itertools.count(rows)
        self._total, self._most = total, most
        self._lock = threading.Lock()

    def fetch(self, offset: int, size: int) -> tuple[list[int], int | None]:
        with self._lock:
            for change in self.script[len(self.requests)] if len(self.requests) < len(self.script) else ():
                self._change(*change)
            self.requests.append((offset, size))
            size = min(size, self._most or size)
            return self.rows[offset : offset + size], len(self.rows) if self._total else None

    def _change(self, kind: str, place: float, to: float = 0.0) -> None:
        at = round(place * max(0, len(self.rows) - 1))
        if kind == "arrives":
            self.rows.insert(at, next(self._new))
        elif self.rows and kind == "vanishes":
            self.throughout.discard(self.rows.pop(at))
        elif self.rows:
            row = self.rows.pop(at)
            self.rows.insert(round(to * len(self.rows)), row)


def script(*changes: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[list[list[Any]]]:
    return st.lists(st.lists(st.one_of(changes), max_size=most), max_size=14)


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


# --- the client


def rows_of(wire: Any, numbers: Sequence[int]) -> list[dict[str, Any]]:
    return [{"id": wire.uuid(n), "versionNumber": n} for n in numbers]


def serving(server: Server, wire: Any) -> Any:
    def handle(request: httpx.Request) -> httpx.Response:
        offset, size = int(request.url.params["offset"]), int(request.url.params["limit"])
        numbers, total = server.fetch(offset, size)
        return wire.ok(
            {"data": rows_of(wire, numbers), "pagination": {"total": total, "limit": size, "offset": offset}}
        )

    return handle


@settings(max_examples=40, deadline=None)
@given(rows=st.integers(0, 130), changes=script(ARRIVES, VANISHES))
@pytest.mark.filterwarnings("ignore::createos_nb.errors.IncompleteWarning")
def test_a_frame_says_whether_it_is_complete(wire: Any, rows: int, changes: list[list[Any]]) -> None:
    """Pages are read by several threads here, as they are in earnest."""
    server = Server(rows, changes)
    client, seen = wire.client(serving(server, wire))
    frame = client.deployments.list(wire.uuid(1, 9))
    assert frame["id"].is_unique
    if frame.attrs["complete"]:
        assert server.throughout <= set(frame["version_number"].tolist())
    assert all(int(one.url.params["limit"]) <= 20 for one in seen)


def test_a_frame_that_may_lack_rows_is_marked_and_a_warning_names_the_list(wire: Any) -> None:
    server = Server(100, [[("vanishes", 0.0)] * 11, [("arrives", 1.0)] * 11] * 100)
    client, _ = wire.client(serving(server, wire), concurrency=1)
    with pytest.warns(IncompleteWarning, match=r"deployments\.list") as caught:
        frame = client.deployments.list(wire.uuid(1, 9))
    assert frame.attrs["complete"] is False
    assert [one.filename for one in caught] == [__file__]


@pytest.mark.parametrize("concurrency", [1, 3, 16])
def test_pages_are_fetched_so_many_at_a_time_and_no_more(concurrency: int, wire: Any) -> None:
    server = Server(1000, [])
    serve, lock = serving(server, wire), threading.Lock()
    now, most = 0, 0
    full = threading.Event()

    def handle(request: httpx.Request) -> httpx.Response:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
            if now == concurrency:
                full.set()
        if int(request.url.params["offset"]) >= 500:  # by then the total has been borne out
            full.wait(10)
        with lock:
            now -= 1
        return serve(request)

    client, seen = wire.client(handle, concurrency=concurrency)
    assert client.deployments.list(wire.uuid(1, 9))["version_number"].tolist() == list(range(1000))
    assert most == concurrency
    assert len(seen) <= 1000 / 20 * 1.06


@pytest.mark.parametrize("limit", [1, 5, 20, 21, 55, 100, 1000])
def test_the_nouns_limit_means_at_most_that_many(limit: int, wire: Any) -> None:
    client, seen = wire.client(serving(Server(60, []), wire))
    frame = client.deployments.list(wire.uuid(1, 9), limit=limit)
    assert frame["version_number"].tolist() == list(range(min(60, limit)))
    assert frame.attrs["complete"] is True
    assert frame.attrs["total"] == 60
    assert frame.attrs["asked"]["limit"] == limit
    assert len(seen) <= 4


@pytest.mark.parametrize("limit", [0, -1, True, 2.5, "5", [5]])
def test_what_is_no_number_of_rows_is_refused_before_anything_is_sent(limit: Any, wire: Any) -> None:
    client, seen = wire.client(serving(Server(60, []), wire))
    for run in (client.projects.list, client.apps.projects, client.templates.purchases, client.github.branches):
        arguments = {"apps.projects": (wire.uuid(1),), "github.branches": ("4711",)}.get(run.operation.call, ())
        more = {"repository": "o/r"} if run.operation.call == "github.branches" else {}
        with pytest.raises(InvalidInput, match="is no number of rows"):
            run(*arguments, limit=limit, **more)
    assert not seen


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        ({"data": None, "pagination": {"total": 0}}, 0),
        ({"data": None, "pagination": None}, 0),
        ({"data": []}, 0),
        ({"data": [{"id": "a"}, {"id": "b"}]}, 2),
        ({"data": [{"id": "a"}, {"id": "b"}], "pagination": None}, 2),
        ({"data": [{"id": "a"}, {"id": "b"}], "pagination": {}}, 2),
        ({"data": [{"id": "a"}, {"id": "b"}], "pagination": {"total": "2"}}, 2),
        ({"data": [{"id": "a"}, {"id": "b"}], "pagination": {"total": None}}, 2),
        ({"data": [{"id": "a"}, {"id": "b"}], "pagination": [2]}, 2),
        ({"data": [{"id": 1}, {"id": 2}], "pagination": {"total": 2}}, 2),
        ({"data": [{"id": ["a"]}, {"id": {"b": 1}}], "pagination": {"total": 2}}, 2),
        ({"data": [{"versionNumber": 1}, {"versionNumber": 2}], "pagination": {"total": 2}}, 2),
        ({"data": [None, "text"], "pagination": {"total": 2}}, 2),
    ],
)
def test_a_page_with_odd_parts_is_read_for_what_it_holds(data: Any, rows: int, wire: Any) -> None:
    client, seen = wire.client(wire.ok(data))
    frame = client.deployments.list(wire.uuid(1, 9))
    assert len(frame) == rows
    assert frame.attrs["complete"] is True
    assert len(seen) == 1


def test_rows_without_an_id_are_told_apart_by_all_that_is_in_them(wire: Any) -> None:
    rows = [{"versionNumber": n} for n in range(50)]
    client, _ = wire.client(lambda request: wire.page(rows, request))
    assert client.deployments.list(wire.uuid(1, 9))["version_number"].tolist() == list(range(50))


@pytest.mark.parametrize(
    ("call", "field", "most"), [("templates.list_my", "templates", 20), ("templates.purchases", "purchases", 50)]
)
def test_each_list_has_its_own_field_and_its_own_page(call: str, field: str, most: int, wire: Any) -> None:
    rows = [{"id": wire.uuid(n)} for n in range(120)]
    client, seen = wire.client(lambda request: wire.page(rows, request, field))
    resource, name = call.split(".")
    frame = getattr(getattr(client, resource), name)()
    assert frame["id"].tolist() == [row["id"] for row in rows]
    assert {one.url.params["limit"] for one in seen} == {str(most)}


# --- branches: pages that are counted, and name no total


def branches(wire: Any, names: Sequence[str], changes: Sequence[Any] = ()) -> tuple[Any, list[int]]:
    held, asked = list(names), []

    def handle(request: httpx.Request) -> httpx.Response:
        if len(asked) < len(changes) and changes[len(asked)]:
            changes[len(asked)](held)
        number, size = int(request.url.params["page"]), int(request.url.params["per-page"])
        asked.append(number)
        return wire.ok([{"name": one} for one in held[(number - 1) * size : number * size]])

    return handle, asked


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_all_branches_are_read(count: int, wire: Any) -> None:
    names = [f"b{n:03}" for n in range(count)]
    handle, _ = branches(wire, names)
    client, _ = wire.client(handle)
    frame = client.github.branches("4711", repository="o/r")
    assert frame["name"].tolist() == names
    assert frame.attrs["complete"] is True
    few = client.github.branches("4711", repository="o/r", limit=30)
    assert few["name"].tolist() == names[:30]
    assert few.attrs["complete"] is True


def test_branches_that_move_while_they_are_read_are_read_again(wire: Any) -> None:
    names = [f"b{n:03}" for n in range(150)]
    handle, asked = branches(wire, names, [None, lambda held: held.pop(0)])
    client, _ = wire.client(handle)
    frame = client.github.branches("4711", repository="o/r")
    assert frame["name"].tolist() == names[1:]
    assert frame.attrs["complete"] is True
    assert asked == [1, 2] * 3


def test_branches_that_never_come_to_rest_are_marked(wire: Any) -> None:
    names = [f"b{n:03}" for n in range(250)]
    handle, _ = branches(wire, names, [lambda held: held.pop(0)] * 100)
    client, _ = wire.client(handle)
    with pytest.warns(IncompleteWarning, match=r"github\.branches"):
        frame = client.github.branches("4711", repository="o/r")
    assert frame.attrs["complete"] is False
    assert frame["name"].is_unique


def test_a_platform_that_ignores_the_page_number_ends(wire: Any) -> None:
    client, seen = wire.client(wire.ok([{"name": f"b{n:03}"} for n in range(100)]))
    assert len(client.github.branches("4711", repository="o/r")) == 100
    assert len(seen) < 10


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
