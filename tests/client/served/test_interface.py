"""A served world has the methods of an embedded one, and they do the same: name by name, call by call."""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import createos_nb
from createos_nb.client.served.faults import ServedFaults
from createos_nb.client.served.world import ELSEWHERE, ServedWorld
from createos_nb.simulator import World, open_world, serve
from createos_nb.simulator.control.operations import CONTROLS
from createos_nb.simulator.traffic import Behavior, Failing
from createos_nb.simulator.world.base import BaseWorld
from createos_nb.simulator.world.faults import Fault, Faults
from createos_nb.simulator.world.outside import OutsideWorld
from createos_nb.simulator.world.snapshot import dump_state


def public(*kinds: type) -> dict[str, Any]:
    return {name: member for kind in kinds for name, member in vars(kind).items() if not name.startswith("_")}


#: What `World` is for people; what it has from `WorldContext` is its inside.
METHODS = public(BaseWorld, OutsideWorld, World)


class Pair:
    """The same world twice: embedded, and served with control."""

    def __init__(self, url: str, token: Any, served: World) -> None:
        self.embedded, self.served, self.inside = open_world("storefront"), ServedWorld(url, token), served

    def alike(self) -> bool:
        return dump_state(self.embedded) == dump_state(self.inside)


@pytest.fixture
def pair() -> Iterator[Pair]:
    with serve(open_world("storefront"), speed=0, control=True) as running:
        assert running.token is not None
        yield Pair(running.url, running.token, running.world)


# --- names and signatures ---------------------------------------------------------------------------------------------


def test_the_two_interfaces_are_equal_by_name_and_signature() -> None:
    served = public(ServedWorld)
    assert set(METHODS) - set(served) == set(ELSEWHERE) - {"state", "api"}
    for name, member in METHODS.items():
        if name in ELSEWHERE:
            continue
        if isinstance(member, property):
            assert not inspect.isfunction(served[name]), name
            continue
        expected, found = inspect.signature(member), inspect.signature(served[name])
        assert list(found.parameters.values()) == list(expected.parameters.values()), name
        assert served[name].__doc__ == member.__doc__, name
    attributes = {"base_url", "dialect", "lineage"}  # of `World`'s instances
    assert set(served) - set(METHODS) == attributes


def test_faults_have_one_interface_too() -> None:
    served, embedded = public(ServedFaults), public(Faults)
    assert set(embedded) - set(served) == {"striking"}  # asked where requests are answered
    for name in ("start", "stop"):
        assert inspect.signature(served[name]).parameters.keys() == inspect.signature(embedded[name]).parameters.keys()


def test_what_can_not_be_done_from_here_says_why(pair: Pair) -> None:
    for name, why in ELSEWHERE.items():
        assert hasattr(pair.embedded, name)
        with pytest.raises(AttributeError, match="a served world has no") as raised:
            getattr(pair.served, name)
        assert why in str(raised.value)
    for name in ("rows", "move_to", "find_project", "lock", "recorded"):
        assert hasattr(pair.embedded, name)
        with pytest.raises(AttributeError, match="only the process that serves it sees its inside"):
            getattr(pair.served, name)
    with pytest.raises(AttributeError, match="push"):
        _ = pair.served.pusch


# --- call by call -----------------------------------------------------------------------------------------------------

#: One or more calls of each method that is one request.
CALLS: dict[str, list[Callable[[Any], Any]]] = {
    "events": [lambda w: w.events()],
    "accounts": [lambda w: w.accounts()],
    "key_of": [lambda w: w.key_of("tamsin")],
    "access_token_of": [lambda w: w.access_token_of("tamsin")],
    "github_accounts": [lambda w: w.github_accounts()],
    "github_code": [lambda w: w.github_code("juniper-labs")],
    "advance": [
        lambda w: w.advance("15min"),
        lambda w: w.advance(90),
        lambda w: w.advance(timedelta(hours=1, microseconds=1)),
        lambda w: w.advance(pd.Timedelta("3s")),
    ],
    "at": [
        lambda w: w.at("+5min").now,
        lambda w: w.at(pd.Timestamp("2026-03-02T11:00:00Z")).now,
        lambda w: w.at(1772452800).now,
    ],
    "push": [
        lambda w: w.push("storefront", "main", message="A new price list", behavior=Behavior(slow=2.0)),
        lambda w: w.push("storefront", behavior={"errors": [{"status": 500, "share": 0.2}]}, requires=("TOKEN",)),
        lambda w: w.push("landing-pages", files={"index.html": "<h1>Ä</h1>"}),
        lambda w: w.push("edge-gateway", image="registry.example.com/juniper/edge-gateway:1.9.1", source={}),
    ],
    "set_behavior": [
        lambda w: w.set_behavior("storefront", 17, errors=[Failing(status=500, share=0.3, path="/checkout")]),
        lambda w: w.set_behavior("storefront", 17, slow=3, crash_after=60, crash="missing-module:left-pad"),
        lambda w: w.set_behavior("storefront", 17),
    ],
    "traffic": [
        lambda w: w.traffic("storefront", "staging", rpm=120),
        lambda w: w.traffic(
            "storefront", "production", factor=2.0, pages=[{"path": "/sale"}], day=list(range(1, 25)), jitter=0.2
        ),
    ],
    "incident": [
        lambda w: w.incident("storefront/production", "orders-api/production", name="crowd", lasts="20min", rate=7),
        lambda w: w.incident("storefront/production", start="+10min", failing={"status": 503, "share": 0.1}),
        lambda w: w.incident("storefront/staging", failing=[Failing(status=500, share=0.1)], lasts=timedelta(hours=1)),
    ],
    "end_incident": [
        lambda w: w.incident("storefront/production", name="a/b c", slow=2.0),
        lambda w: w.end_incident("a/b c"),
    ],
    "connect": [
        lambda w: w.connect("storefront/production", "orders-api/production", path="/checkout", endpoint="/orders"),
        lambda w: w.connect(
            "edge-gateway/production",
            "storefront/production",
            name="front",
            method="POST",
            retries=3,
            timeout=0.5,
            backoff=0.2,
            max_backoff=2.0,
            retry_budget=0.2,
            status=503,
            count=2,
            start="+10min",
            lasts="1h",
        ),
    ],
    "disconnect": [
        lambda w: w.connect("storefront/production", "orders-api/production", name="a/b c"),
        lambda w: w.disconnect("a/b c"),
    ],
    "set_dns": [lambda w: w.set_dns("shop.juniper-goods.example.net", after="1min")],
    "set_dns_record": [
        lambda w: w.set_dns_record("shop.juniper-goods.example.net", "A", ["198.51.100.7"], cname="edge.example.org"),
        lambda w: w.set_dns_record(
            "shop.juniper-goods.example.net", "TXT", outcome="timeout", server="ns1.simulator.invalid", seconds=9
        ),
    ],
    "fail_scan": [lambda w: w.fail_scan("storefront", 16)],
    "replay": [
        lambda w: w.replay("landing-pages", "production", createos_nb.sample("access.log"), end="now").to_dict(),
        lambda w: w.replay("storefront", "staging", b"no log", query=False).to_dict(),
    ],
    "reset": [lambda w: w.advance("1d"), lambda w: w.reset().now],
    "jitter": [lambda w: w.jitter().random()],
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_does_what_it_does_in_this_process(name: str, pair: Pair) -> None:
    for call in CALLS[name]:
        expected, found = call(pair.embedded), call(pair.served)
        if isinstance(expected, pd.DataFrame):
            assert_frame_equal(found, expected)
            assert found.attrs == expected.attrs
        else:
            assert str(found) == str(expected)
            assert type(found) is type(expected)
    assert pair.alike()


def test_every_method_that_is_one_request_is_called_above() -> None:
    methods = {name for name, control in CONTROLS.items() if control.of_world}
    assert methods <= set(CALLS)
    assert {name for name, member in METHODS.items() if inspect.isfunction(member)} == (
        set(CALLS) | set(ELSEWHERE) - {"state", "api"} | {"fork", "save", "load", "faults"}
    )


def test_what_a_world_is_reads_the_same(pair: Pair) -> None:
    for name in ("now", "key", "access_token", "account", "dialect"):
        assert getattr(pair.served, name) == getattr(pair.embedded, name)
    for name in ("id", "lineage"):
        assert getattr(pair.served, name) == getattr(pair.inside, name)
    shown = repr(pair.embedded).removesuffix(", 8 projects>")
    assert repr(pair.served) == f"{shown}, served at {pair.served.base_url}>"


WRONG: list[Callable[[Any], Any]] = [
    lambda w: w.advance(-1),
    lambda w: w.advance("soon"),
    lambda w: w.advance("90000d"),
    lambda w: w.at("2020-01-01T00:00:00Z"),
    lambda w: w.at("yesterday"),
    lambda w: w.push("nothing"),
    lambda w: w.push("edge-gateway"),
    lambda w: w.push("storefront", behavior="unheard-of"),
    lambda w: w.push("storefront", behavior={"eror": []}),
    lambda w: w.set_behavior("storefront", 999),
    lambda w: w.set_behavior("storefront", 17, slow=1e9),
    lambda w: w.set_behavior("storefront", 17, errors=[{"status": 500, "share": 0.1, "pth": "/"}]),
    lambda w: w.traffic("storefront", "nowhere", rpm=1),
    lambda w: w.incident("storefront"),
    lambda w: w.incident(),
    lambda w: w.end_incident("none"),
    lambda w: w.connect("storefront/production", "storefront/production"),
    lambda w: w.connect("storefront/production", "nowhere/production"),
    lambda w: w.connect("storefront/production", "orders-api/production", retries=99),
    lambda w: w.connect("storefront/production", "orders-api/production", endpoint="orders"),
    lambda w: w.disconnect("none"),
    lambda w: w.key_of("nobody"),
    lambda w: w.github_code("nobody"),
    lambda w: w.set_dns("nothing.example.com"),
    lambda w: w.set_dns("www.juniper-goods.example.com"),
    lambda w: w.set_dns("shop.juniper-goods.example.net", after="-5min"),
    lambda w: w.set_dns_record("nothing.example.com", "A", ["198.51.100.7"]),
    lambda w: w.set_dns_record("shop.juniper-goods.example.net", "A"),
    lambda w: w.set_dns_record("shop.juniper-goods.example.net", "A", outcome="timeout", server="ns9.example.org"),
    lambda w: w.fail_scan("storefront", 999),
    lambda w: w.replay("landing-pages", "production", b"", end="never"),
    lambda w: w.faults(),
    lambda w: w.faults(what="errror"),
    lambda w: w.faults(what="error", operations=["ListProjcts"]),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_what_is_wrong_is_the_same_error(number: int, pair: Pair) -> None:
    with pytest.raises(createos_nb.InvalidInput) as expected:
        WRONG[number](pair.embedded)
    with pytest.raises(type(expected.value)) as found:
        WRONG[number](pair.served)
    assert str(found.value) == str(expected.value)
    if isinstance(expected.value, createos_nb.UnknownName) and isinstance(found.value, createos_nb.UnknownName):
        assert found.value.known == expected.value.known
    assert pair.alike()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), pd.NaT])
def test_what_json_can_not_say_is_refused_before_it_is_sent(value: Any, pair: Pair) -> None:
    with pytest.raises(createos_nb.InvalidInput, match=r"rpm: .* can't be sent"):
        pair.served.traffic("storefront", "staging", rpm=value)
    assert pair.alike()


def test_wrong_arguments_are_a_type_error_as_of_any_method(pair: Pair) -> None:
    for world in (pair.embedded, pair.served):
        with pytest.raises(TypeError, match="colour"):
            world.push("storefront", colour="red")  # type: ignore[call-arg]


def test_a_file_open_for_reading_can_be_replayed(pair: Pair) -> None:
    log = createos_nb.sample("access.log").read_bytes()
    found = pair.served.replay("landing-pages", "production", io.BytesIO(log))
    assert found["kept"] == pair.embedded.replay("landing-pages", "production", log)["kept"]


# --- copies, files, faults --------------------------------------------------------------------------------------------


def test_a_saved_world_is_the_same_file_and_is_loaded_again(pair: Pair, tmp_path: Path) -> None:
    pair.served.advance("1h")
    path = pair.served.save(tmp_path / "monday.world")
    assert dump_state(open_world(path)) == dump_state(pair.inside)
    pair.served.advance("1d")
    pair.served.push("storefront")
    course = pair.served.lineage.course
    assert pair.served.load(path).now == open_world(path).now
    assert dump_state(open_world(path)) == dump_state(pair.inside)
    assert pair.served.lineage.course != course

    path.write_bytes(path.read_bytes()[:-1])
    for world in (pair.embedded, pair.served):
        with pytest.raises(createos_nb.InvalidInput, match=r"monday\.world is damaged"):
            world.load(path)


def test_faults_strike_within_their_block(pair: Pair) -> None:
    clients = [createos_nb.simulate(pair.embedded), createos_nb.simulate(pair.served)]
    for client in clients:
        with client.world.faults(what="error", count=2, operations=["ListProjects"]) as faults:
            assert faults.active
            assert len(client.projects.list()) == 8
            assert faults.injected == [2]
        assert not faults.active
        client.projects.list()
        assert faults.injected == [2]
        with faults.start():  # they were struck as often as they may
            client.projects.list()
        assert faults.injected == [2]
        assert client.log()["status"].to_list().count(503) == 2
    assert clients[0].now == clients[1].now  # what was waited between the attempts is the world's time
    assert pair.alike()


def test_several_faults_at_once_and_a_skewed_clock(pair: Pair) -> None:
    for world in (pair.embedded, pair.served):
        faults = [Fault(what="quota", operations=("ListApps",)), Fault(what="clock-skew", seconds=90)]
        real = world.clock.now()
        with world.faults(*faults, seed=3) as injected:
            assert world.clock.now() == pytest.approx(real + 90)
            client = createos_nb.simulate(world)
            with pytest.raises(createos_nb.RequestError):
                client.apps.list()
            assert injected.injected[0] > 0
            assert injected.injected[1] == 0
        assert world.clock.skew == 0
        world.faults(*faults).start()
        world.reset()
        assert world.clock.skew == 0
        assert len(createos_nb.simulate(world).apps.list()) == 2
