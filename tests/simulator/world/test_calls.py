"""Calls between projects of a world: declared, forked, saved, told in the journal, and kept when somebody goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import createos_nb
from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.simulator import open_world
from createos_nb.simulator.world.snapshot import dump_state

SHOP, ORDERS, GATE = "storefront/production", "orders-api/production", "edge-gateway/production"


def told(world: Any, *places: str, seconds: int = 1800, until: int | None = None) -> list[Any]:
    """All that is known of the last half an hour of environments, or of one before."""
    end = world.state.now // 1_000_000 if until is None else until
    known = []
    for place in places or (SHOP, ORDERS):
        traffic = world.traffic_of(world.find_environment(place)[1])
        events = traffic.events(end - seconds, end)
        known.append((events.time.tobytes(), events.status.tobytes(), events.ms.tobytes(), events.path))
        known.append((traffic.series(end - seconds, end).counts.tobytes(), traffic.logs(end - 60, end)))
    return known


@pytest.fixture
def world() -> Any:
    world = open_world("storefront")
    world.connect(SHOP, ORDERS, path="/checkout", endpoint="/orders/latest", retries=2, timeout=0.5, name="orders")
    world.set_behavior("orders-api", 4, errors=[{"status": 503, "share": 0.5}])
    world.advance("40min")
    return world


def requests(client: Any, place: str, minutes: int) -> int:
    frame = client.analytics.requests_over_time(*place.split("/"), start=f"-{minutes}min")
    return int(frame["count"].sum())


def test_the_analytics_of_the_callee_show_the_calls_and_its_log_the_caller() -> None:
    calm, joined = createos_nb.simulate(), createos_nb.simulate()
    joined.world.connect(SHOP, ORDERS, path="/search", endpoint="/orders/latest")
    for client in (calm, joined):
        client.world.advance("30min")
    paths = calm.analytics.top_hit_paths(*SHOP.split("/"), start="-30min").set_index("path")["count"]
    more = requests(joined, ORDERS, 30) - requests(calm, ORDERS, 30)
    assert abs(more - paths["/search"]) <= 2  # those of the last moment are under way
    assert requests(joined, SHOP, 30) == requests(calm, SHOP, 30)
    call = joined.world.state.calls[0]
    assert call.agent == "storefront/1.0"
    log = joined.environments.logs(*ORDERS.split("/"))
    assert log["text"].str.contains("/orders/latest").any()


def test_a_fork_goes_on_alike_and_apart(world: Any) -> None:
    fork = world.fork()
    world.advance("20min")
    fork.advance("20min")
    assert told(world) == told(fork)
    now = fork.state.now // 1_000_000
    fork.disconnect("orders")
    fork.advance("20min")
    world.advance("20min")
    assert told(world) != told(fork)
    assert told(world, until=now) == told(fork, until=now)


def test_a_saved_world_is_the_same_and_reset_takes_all_back(world: Any, tmp_path: Path) -> None:
    saved = open_world(world.save(tmp_path / "calls.world"))
    assert saved.state.calls == world.state.calls
    assert told(saved) == told(world)
    begin = open_world("storefront")
    assert world.reset().state.calls == []
    assert dump_state(world) == dump_state(begin)
    assert told(world) == told(begin)


def test_the_journal_tells_when_calls_begin_and_end(world: Any) -> None:
    world.disconnect("orders")
    rows = world.events()
    rows = rows[rows["what"].str.startswith("calls")]
    assert rows["what"].tolist() == ["calls begin", "calls end"]
    assert rows["project"].tolist() == ["storefront", "storefront"]
    assert rows["text"].tolist() == ["orders: /checkout calls orders-api/production GET /orders/latest", "orders"]


@pytest.mark.parametrize("deed", ["behavior", "traffic", "crowd", "disconnect", "connect", "delete", "suspend", "log"])
def test_whatever_is_done_the_past_stays(world: Any, deed: str) -> None:
    world.advance("17s")
    now = world.state.now // 1_000_000
    before = told(world)
    client = createos_nb.simulate(world)
    if deed == "behavior":
        world.set_behavior("orders-api", 4)
    elif deed == "traffic":
        world.traffic(*ORDERS.split("/"), rpm=400)
    elif deed == "crowd":
        world.incident(SHOP, rate=9)
    elif deed == "disconnect":
        world.disconnect("orders")
    elif deed == "connect":
        world.connect(GATE, SHOP, endpoint="/api/stock", retries=3)
    elif deed == "delete":
        client.environments.delete(*ORDERS.split("/"))
    elif deed == "suspend":
        client.projects.delete("orders-api")
    else:
        client.deployments.get("storefront", 17)
    world.advance("5min")
    places = (SHOP,) if deed in ("delete", "suspend") else (SHOP, ORDERS)
    assert told(world, *places, until=now) == before[: 2 * len(places)]
    if deed in ("delete", "suspend"):
        errors = client.analytics.top_error_paths(*SHOP.split("/"), start="-4min").set_index("path")["status"]
        assert errors["/checkout"] == "502"
        log = "\n".join(client.environments.logs(*SHOP.split("/"))["text"].tail(2000))
        assert "answered 404 Not Found" in log


def test_what_can_not_be_is_refused_in_words() -> None:
    world = open_world("storefront")
    world.connect(SHOP, ORDERS, name="orders")
    world.connect(ORDERS, GATE)
    wrong = [
        (lambda: world.connect(GATE, SHOP), InvalidInput, f"in a circle: {SHOP} → {ORDERS} → {GATE} → {SHOP}"),
        (lambda: world.connect(SHOP, SHOP), InvalidInput, "does not call itself"),
        (lambda: world.connect(SHOP, ORDERS, name="orders"), InvalidInput, "there is a call 'orders' already"),
        (lambda: world.connect(SHOP, ORDERS, start="-5min"), InvalidInput, "what has been stays"),
        (lambda: world.connect(SHOP, ORDERS, status=404), InvalidInput, "500 to 599"),
        (lambda: world.connect(SHOP, "ordrs-api/production"), UnknownName, "orders-api"),
        (lambda: world.disconnect("ordrs"), UnknownName, "orders"),
    ]
    before = dump_state(world)
    for call, kind, words in wrong:
        with pytest.raises(kind, match=words.replace("/", ".")):
            call()
    assert dump_state(world) == before


FILE = """
[[calls]]
caller = "storefront/production"
callee = "orders-api/production"
path = "/checkout"
"""


def test_a_file_declares_calls_and_says_where_it_is_wrong(tmp_path: Path) -> None:
    text = Path(createos_nb.scenarios().set_index("name").loc["shared-incident", "path"]).read_text(encoding="utf-8")
    path = tmp_path / "called.toml"
    path.write_text(text + FILE, encoding="utf-8")
    world = open_world(path)
    (call,) = world.state.calls
    assert (call.path, call.retries, call.end) == ("/checkout", 0, None)
    assert call.start * 1_000_000 < world.state.now - 40 * 86_400_000_000
    line = len(text.splitlines()) + 2
    for more, field, words in (
        ("retry = 3", "calls.0..retry", "there is: caller.*did you mean retry_budget or retries"),
        ("retries = 30", "calls.0..retries", "0 to 10"),
        ('start = "soon"', "calls.0..start", "not a time"),
        ("timeout = 0", "calls.0..timeout", "0.01 to 300"),
    ):
        path.write_text(text + FILE + more, encoding="utf-8")
        with pytest.raises(InvalidInput, match=f"line {line + 4}: {field}: .*{words}"):
            open_world(path)
    path.write_text(text + FILE.replace("orders-api/production", "nowhere/production"), encoding="utf-8")
    with pytest.raises(InvalidInput, match=f"line {line + 2}: calls.0..callee: there is no environment"):
        open_world(path)
    back = FILE.replace("storefront", "x").replace("orders-api", "storefront").replace('"x/', '"orders-api/')
    path.write_text(text + FILE + back, encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"calls\[1\].*in a circle: storefront"):
        open_world(path)
