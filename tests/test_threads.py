"""Where no thread can be started, as in a browser's Python, everything is done in turn."""

from __future__ import annotations

import inspect
import threading
from pathlib import Path
from typing import Any, NoReturn

import pytest

import createos_nb
from createos_nb import panels, plots, runbooks, threads
from createos_nb.client.client import Client
from createos_nb.http.pagination import map_concurrently, read_all
from createos_nb.panels.panel import Panel
from createos_nb.simulator.http.server import serve
from tests.panels.robot import press_everything

ARGUMENTS = {"project": "storefront", "environment": "production", "blue": "blue", "green": "green"}
#: Panels in which the robot carries a plan out.
CARRIED_OUT = {"api_keys", "assign", "domains", "rollback", "scale", "variables"}
#: Panels that write nothing: pressing their buttons only reads and draws again.
LOOKING = {"logs", "overview", "release_watch", "traffic"}
#: Panels with a control that follows what is shown.
FOLLOWING = {"blue_green": "live", "logs": "follow", "overview": "live", "release_watch": "live", "traffic": "live"}


@pytest.fixture(autouse=True)
def no_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> NoReturn:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr("createos_nb.panels.plan.form._MIN_EVENT_DISPLAY", 0.0)
    monkeypatch.setattr("createos_nb.panels.background._MAX_REAL_PAUSE", 0.0)
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "journals"))


def remote(world: Any, **options: Any) -> Client:
    """A client that takes the world for a server, and would ask it several things at a time."""
    return Client(api_key=world.key, base_url=world.base_url, transport=world.transport(), clock=world.clock, **options)


def test_that_no_thread_can_be_started_is_found_out() -> None:
    assert not threads.can_start()
    assert threads.start(lambda: None, "a thread") is None


def test_lists_of_many_pages_are_read_page_after_page() -> None:
    asked = []

    def fetch(offset: int, size: int) -> tuple[list[int], int]:
        asked.append(offset)
        return list(range(offset, min(offset + size, 95))), 95

    listing = read_all(fetch, key=lambda row: row, page=10, concurrency=16)
    assert (listing.rows, listing.complete) == (list(range(95)), True)
    assert asked == list(range(0, 100, 10))


def test_several_things_are_done_one_after_another_up_to_the_first_error() -> None:
    done = []

    def work(item: int) -> int:
        done.append(item)
        return 6 // item

    assert list(map_concurrently(work, [1, 2, 3], 16)) == [6, 3, 2]
    with pytest.raises(ZeroDivisionError):
        list(map_concurrently(work, [1, 0, 3], 16))
    assert done == [1, 2, 3, 1, 0]


def test_a_client_with_concurrency_reads_what_one_with_threads_reads() -> None:
    world = createos_nb.simulate().world
    client = remote(world, concurrency=16)
    requests = client.analytics.requests_over_time("storefront", "production", start="-30d")  # in several parts
    assert requests.equals(
        createos_nb.simulate(world).analytics.requests_over_time("storefront", "production", start="-30d")
    )
    fleet = client.fleet.overview(start="-24h")
    assert len(fleet) > 5
    assert fleet["requests"].sum() > 1_000
    assert len(client.fleet.changes(start="-48h"))


def test_figures_are_drawn() -> None:
    client = createos_nb.simulate()
    figure = plots.requests(client.analytics.requests_over_time("storefront", "production", start="-24h"))
    assert len(figure._repr_png_()[0]) > 10_000


@pytest.mark.grid(4)
@pytest.mark.parametrize("remotely", [False, True], ids=["in this process", "as a server"])
@pytest.mark.parametrize(
    "name", [n for n in panels.__all__ if "client" in inspect.signature(getattr(panels, n)).parameters]
)
def test_every_panel_reads_and_acts(name: str, remotely: bool) -> None:
    world = createos_nb.simulate().world
    client = remote(world, rate_limit=False) if remotely else createos_nb.simulate(world)
    parameters = inspect.signature(getattr(panels, name)).parameters
    panel: Panel = getattr(panels, name)(client, **{key: ARGUMENTS[key] for key in parameters if key in ARGUMENTS})
    try:
        assert not panel.busy
        assert panel.last_error is None
        panel.refresh()
        assert not panel.busy
        assert panel.last_error is None
        if name in LOOKING:
            assert len(panel.run())
        else:
            press_everything(panel)
        assert not panel.busy
        if name in CARRIED_OUT:
            assert panel.receipt is not None  # type: ignore[attr-defined]  # an `ActionPanel`
    finally:
        panel.close()


@pytest.mark.parametrize("name", FOLLOWING)
def test_what_would_follow_says_that_it_can_not(name: str) -> None:
    parameters = inspect.signature(getattr(panels, name)).parameters
    client = createos_nb.simulate()
    panel: Panel = getattr(panels, name)(client, **{key: ARGUMENTS[key] for key in parameters if key in ARGUMENTS})
    panel.params[FOLLOWING[name]] = True
    assert panel.params[FOLLOWING[name]] is False
    assert isinstance(panel.last_error, createos_nb.ConfigurationError)
    assert "needs a thread, and none can be started here: Refresh reads again" in panel.static()
    panel.close()


def test_a_plan_is_applied_and_undone_from_a_panel() -> None:
    client = createos_nb.simulate()
    panel = panels.scale(client, "storefront", "production")
    panel.params = {"replicas": 2}
    panel.review()
    assert panel.plan is not None
    panel.params = {"reason": "the sale", "confirm": "production"}
    panel.form.apply()  # what the button does
    assert panel.receipt is not None
    assert panel.receipt.checks.result == "PASS"
    assert client.environments.get("storefront", "production")["resources_replicas"] == 2
    plan = panel.receipt.undo()
    plan.apply(confirm=plan.confirmation, reason="the sale is over")
    assert client.environments.get("storefront", "production")["resources_replicas"] == 3


def test_a_plan_that_fails_in_a_panel_is_reported() -> None:
    client = createos_nb.simulate()
    panel = panels.scale(client, "storefront", "production")
    panel.params = {"replicas": 2}
    panel.review()
    plan = runbooks.scale(client, "storefront", "production", replicas=1)
    plan.apply(confirm=plan.confirmation, reason="somebody else was faster")
    panel.params = {"reason": "the sale", "confirm": "production"}
    panel.form.apply()
    assert panel.last_error is not None
    assert not panel.busy
    panel.params = {"replicas": 3}
    panel.review()  # it can be used again
    assert panel.plan is not None


def test_names_of_hosts_are_looked_up() -> None:
    client = Client(api_key="skp_x", base_url="http://no-such-host.invalid", retry=createos_nb.RetryPolicy(attempts=1))
    with pytest.raises(createos_nb.Unreachable, match="connection failed"):
        client.projects.list()


def test_a_world_is_served_by_a_thread_or_not_at_all() -> None:
    world = createos_nb.simulate().world
    with pytest.raises(createos_nb.ConfigurationError, match="served by a thread"):
        serve(world).start()
