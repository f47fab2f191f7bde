"""Lists as a client reads them: frames that say whether they are whole, limits, branches that name no total."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from createos_nb.errors import IncompleteWarning, InvalidInput
from tests.http.changing_list import ARRIVES, VANISHES, Server, script


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
