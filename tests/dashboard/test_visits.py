"""Many visits: what they cost in memory and in requests."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import ipywidgets.widgets.widget as ipywidgets
import psutil
import pytest

import createos_nb
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
    for view in ("logs", "roll-back", "diagnosis"):
        visit.go(Address("storefront", "production", view))
        assert viewer.take() is not None
    visit.turn_to("changes")
    viewer.take()
    viewer.close()
    board.leave(visit)


def test_nothing_of_a_visit_is_left_in_ipywidgets() -> None:
    board = Board(createos_nb.simulate("bad-release", read_only=True))
    visited(board)
    kept = set(ipywidgets._instances)
    visited(board)
    left = [type(ipywidgets._instances[key]).__name__ for key in set(ipywidgets._instances) - kept]
    assert left == []


@pytest.mark.slow
def test_the_memory_is_flat_over_fifty_visits(pages: Callable[..., Page]) -> None:
    client = createos_nb.simulate(read_only=True)
    board = Board(client)
    found: list[float] = []
    address = {"project": "storefront", "environment": "production", "view": "diagnosis"}
    with run(board, grace=0.05) as served:
        for _ in range(60):
            page = pages(served, address)
            page.until(lambda page=page: page.state.get("address") == address)
            page.close()
            until(lambda: not board.visits)
            found.append(megabytes())
    assert found[-1] - found[9] < 10  # fifty kept ones would be 50 MB and more


def test_what_one_page_has_read_others_are_given() -> None:
    with serve(open_world("storefront"), speed=1) as served:
        client = createos_nb.connect(api_key=served.key, base_url=served.url, read_only=True)
        board = Board(client)

        def requests(work: Callable[[], Any]) -> int:
            before = len(client.log())
            work()
            return len(client.log()) - before

        def opened() -> None:
            visit = board.arrive()
            assert visit.fleet.wait(60)
            assert visit.fleet.frame is not None
            board.leave(visit)

        first = requests(opened)
        assert first > 10
        assert requests(opened) == 0
        assert requests(lambda: board.wall().read()) == 0
        board.changed()
        assert requests(opened) > 0
        board.close()
        client.close()


def test_a_wall_keeps_its_budget() -> None:
    with serve(open_world("storefront"), speed=1) as served:
        client = createos_nb.connect(api_key=served.key, base_url=served.url, read_only=True)
        wall = Board(client, budget=300).wall()
        wall.read()
        asked = []
        for _ in range(3):
            wall._overview.forget()
            before = len(client.log())
            wall.read()
            asked.append(len(client.log()) - before)
        # five a minute, as far as the one project that is read each time allows
        assert max(asked) <= 8, asked
        wall.close()
        client.close()


def test_frames_of_another_window_are_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    client = createos_nb.simulate()
    monkeypatch.setattr(type(client.clock), "virtual", False)
    overview = SharedOverview(client.session)
    frame = overview.read("-1h")
    assert overview.read("-1h") is frame
    assert overview.read("-2h") is not frame
    assert overview.read("-1h", projects="storefront") is not frame
    assert next(overview.batches(60, "-1h")) is frame
    overview.forget()
    assert overview.read("-1h") is not frame
