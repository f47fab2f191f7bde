"""Many visits: what they cost in memory and in requests."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import ipywidgets.widgets.widget as ipywidgets
import psutil
import pytest

import createos_nb
from createos_nb.client.client import Client
from createos_nb.dashboard.address import Address
from createos_nb.dashboard.board import Board
from createos_nb.dashboard.shared_overview import SharedOverview
from createos_nb.simulator import open_world, serve
from tests.dashboard.conftest import Page, run, until


def megabytes() -> float:
    gc.collect()
    return float(psutil.Process().memory_full_info().uss / 1e6)


def visited(board: Board) -> None:
    """What a page does that opens three panels, one after the other."""
    visit = board.arrive()
    viewer = visit.viewer(lambda: None)
    viewer.take()
    for view in ("logs", "roll-back"):
        visit.go(Address("storefront", "production", view))
        assert viewer.take() is not None
    visit.turn_to("changes")
    viewer.take()
    viewer.close()
    board.leave(visit)


@pytest.mark.slow
def test_nothing_of_a_visit_is_left_in_ipywidgets() -> None:
    board = Board(createos_nb.simulate("bad-release", read_only=True))
    visited(board)
    kept = set(ipywidgets._instances)
    visited(board)
    left = [type(ipywidgets._instances[key]).__name__ for key in set(ipywidgets._instances) - kept]
    assert left == []


@pytest.mark.slow
def test_the_memory_is_flat_over_fifty_visits(pages: Callable[..., Page]) -> None:
    board = Board(createos_nb.simulate("bad-release", read_only=True))
    found: list[float] = []
    address = {"project": "storefront", "environment": "production", "view": "roll-back"}
    with run(board, grace=0.05) as served:
        for _ in range(60):
            page = pages(served, address)
            page.until(lambda page=page: page.state.get("address") == address)
            page.close()
            until(lambda: not board.visits)
            found.append(megabytes())
    # fifty that were kept would be 40 MB; the log of requests grows to its limit
    assert found[-1] - found[9] < 10, found


@pytest.fixture
def remote() -> Iterator[Client]:
    """A client of a served world: what it asks for takes time, as on the platform."""
    with serve(open_world("storefront"), speed=1) as served:
        client = createos_nb.connect(api_key=served.key, base_url=served.url, read_only=True)
        yield client
        client.close()


def test_what_one_page_has_read_others_are_given(remote: Client) -> None:
    board = Board(remote)

    def requests(work: Callable[[], Any]) -> int:
        before = len(remote.log())
        work()
        return len(remote.log()) - before

    def opened() -> None:
        visit = board.arrive()
        assert visit.fleet.wait(60)
        assert visit.fleet.frame is not None
        board.leave(visit)

    assert requests(opened) > 10
    assert requests(opened) == 0
    assert requests(board.wall().read) == 0
    board.changed()
    assert requests(opened) > 0
    board.close()


def test_a_wall_keeps_its_budget(remote: Client) -> None:
    board = Board(remote, budget=300)
    wall = board.wall()
    wall.read()
    asked = []
    for _ in range(3):
        board.changed()
        before = len(remote.log())
        wall.read()
        asked.append(len(remote.log()) - before)
    assert max(asked) <= 8, asked  # five a minute, and the rest of the project that is read last
    board.close()


def test_a_frame_of_another_window_is_not_given_nor_what_is_compared_with_it(remote: Client) -> None:
    shared = SharedOverview(remote.session)
    one, other = shared.reader(), shared.reader()
    frame = one.read("-1h")
    assert other.read("-1h") is frame
    assert next(other.batches(60, "-1h")) is frame
    compared = one.compared()
    assert compared is not None
    assert other.compared() is compared
    assert other.read("-2h") is not frame
    assert other.compared() is not compared
    assert one.compared() is compared
    shared.forget()
    assert one.read("-1h") is not frame
