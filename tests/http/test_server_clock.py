"""A client counts time as the other side does, from its first call on."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from typing import Any

import httpx
import pytest

import createos_nb
from createos_nb.http.server_clock import ServerClock
from createos_nb.simulator import open_world, serve

THERE = 1_900_000_000


class Machine:
    """A machine's clock that somebody sets."""

    virtual = False

    def __init__(self) -> None:
        self.at = 1_772_442_000.0

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody waits here")


class Patient(Machine):
    """A machine on which one waits for real."""

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def dated(request: httpx.Request) -> httpx.Response:
    return httpx.Response(404, headers={"Date": formatdate(THERE, usegmt=True)}, json={"status": "fail", "data": "no"})


def test_the_time_is_asked_for_once_and_without_the_key(wire: Any) -> None:
    client, seen = wire.client(dated, clock=Machine())
    assert client.transport.now() == pytest.approx(THERE, abs=1)
    assert client.transport.now() == pytest.approx(THERE, abs=1)
    assert seen.lines == ["HEAD /"]
    assert not {"x-api-key", "authorization", "x-access-token"} & set(seen[0].headers)


def test_what_was_answered_before_tells_the_time(wire: Any) -> None:
    client, seen = wire.client(dated, clock=Machine())
    with pytest.raises(createos_nb.errors.NotFound):
        client.call("GetCurrentUser")
    assert client.transport.now() == pytest.approx(THERE, abs=1)
    assert len(seen) == 1


@pytest.mark.parametrize("seconds", [-7200, 7200])
def test_a_clock_that_is_set_meanwhile_changes_nothing(seconds: int, wire: Any) -> None:
    machine = Machine()
    client, seen = wire.client(dated, clock=machine)
    assert client.transport.now() == pytest.approx(THERE, abs=1)
    passed = client.clock.passed()
    machine.at += seconds
    assert client.transport.now() == pytest.approx(THERE, abs=1)
    assert client.clock.passed() == pytest.approx(passed, abs=1)
    assert len(seen) == 1


def test_where_nobody_answers_no_time_is_made_up_and_the_next_asks_again(wire: Any) -> None:
    alive = False

    def handler(request: httpx.Request) -> httpx.Response:
        if not alive:
            raise httpx.ConnectError("refused")
        return dated(request)

    client, seen = wire.client(handler, clock=Machine(), retry=wire.no_retries)
    for tries in (1, 2):
        with pytest.raises(createos_nb.errors.Unreachable, match="the server's time could not be read: refused"):
            client.analytics.requests_over_time(wire.uuid(1), wire.uuid(2))
        assert seen.lines == ["HEAD /"] * tries
    alive = True
    assert client.transport.now() == pytest.approx(THERE, abs=1)


def test_a_question_that_breaks_is_asked_again(wire: Any) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if len(seen) < 3:
            raise httpx.ReadError("reset")
        return dated(request)

    client, seen = wire.client(handler, clock=Patient())
    assert client.transport.now() == pytest.approx(THERE, abs=1)
    assert len(seen) == 3


def test_threads_that_want_the_time_at_once_ask_once_and_wait(wire: Any) -> None:
    def slow(request: httpx.Request) -> httpx.Response:
        time.sleep(0.2)
        return dated(request)

    client, seen = wire.client(slow, clock=Machine())
    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(lambda _: client.transport.now(), range(16)))
    assert told == [pytest.approx(THERE, abs=2)] * 16
    assert len(seen) == 1


def test_the_next_thread_asks_where_the_first_was_asked_in_vain(wire: Any) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        first = len(seen) == 1
        time.sleep(0.1)
        if first:
            raise httpx.ReadTimeout("too slow")
        return dated(request)

    def read(_: int) -> float | str:
        try:
            return client.transport.now()
        except createos_nb.errors.RequestTimeout:
            return "failed"

    client, seen = wire.client(handler, clock=Machine(), retry=wire.no_retries)
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(read, range(8)))
    assert sorted(map(str, told)).count("failed") == 1
    assert [one for one in told if one != "failed"] == [pytest.approx(THERE, abs=2)] * 7
    assert len(seen) == 2


def test_answers_without_a_time_are_told_of_and_this_machine_counts(wire: Any) -> None:
    machine = Machine()
    client, seen = wire.client(wire.ok({}), clock=machine)
    with pytest.warns(createos_nb.errors.ClockWarning, match="don't say what time it is"):
        assert client.transport.now() == machine.at
    assert client.transport.now() == machine.at
    assert len(seen) == 1


def test_a_call_that_needs_no_time_does_not_ask_for_it(wire: Any) -> None:
    client, seen = wire.client(lambda request: wire.page([], request), clock=Machine())
    with pytest.warns(createos_nb.errors.ClockWarning):
        client.projects.list(limit=1)
    assert [line.partition(" ")[0] for line in seen.lines] == ["GET"]


def at(clock: ServerClock, told: float, sent: float, **headers: str) -> None:
    clock.learn({"date": formatdate(told, usegmt=True), **headers}, sent)


class Ticking(ServerClock):
    """A clock of another side, on ticks that a test sets."""

    now_tick = 0.0

    def tick(self) -> float:
        return self.now_tick


def test_of_several_answers_the_one_counts_that_puts_the_present_latest() -> None:
    clock = Ticking(Machine(), lambda: None)
    at(clock, THERE, 0.0)
    clock.now_tick = 10.0
    at(clock, THERE + 9, 9.9)  # it took its time, or was written just before the second was over
    assert clock.now() == THERE + 10
    at(clock, THERE + 11, 9.9)
    assert clock.now() == THERE + 11
    at(clock, THERE - 3600, 9.9)  # its clock was set back: the past can't be what was answered just now
    assert clock.now() == THERE - 3600


def test_a_served_world_is_counted_on_at_its_speed() -> None:
    clock = Ticking(Machine(), lambda: None)
    fast = {"x-createos-speed": "60.0"}
    at(clock, THERE, 0.0, **fast)
    before = clock.passed()
    clock.now_tick = 10.0
    assert clock.now() == THERE + 600
    assert clock.passed() - before == 600
    assert clock.ago(1.0) == THERE + 540
    at(clock, THERE + 600, 10.0, **{"x-createos-speed": "0.0"})
    clock.now_tick = 20.0
    assert clock.now() == THERE + 600
    assert clock.passed() - before == 610  # waits must end, also where time stands still


@pytest.mark.parametrize("speed", ["", "fast", "nan", "-1", "1e9", "inf"])
def test_a_speed_that_is_none_is_one(speed: str) -> None:
    clock = Ticking(Machine(), lambda: None)
    at(clock, THERE, 0.0, **{"x-createos-speed": speed})
    clock.now_tick = 10.0
    assert clock.now() == THERE + 10


def test_what_a_cache_kept_an_answer_for_is_added() -> None:
    clock = Ticking(Machine(), lambda: None)
    at(clock, THERE, 0.0, age="90")
    assert clock.now() == THERE + 90


@pytest.mark.parametrize("date", ["", "yesterday", "Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_time_that_is_none_is_not_learned(date: str) -> None:
    clock = Ticking(Machine(), lambda: None)
    clock.learn({"date": date}, 0.0)
    assert clock.last_known() == Machine().at


def test_a_wait_takes_its_share_of_real_time() -> None:
    clock = Ticking(Patient(), lambda: None)
    at(clock, THERE, 0.0, **{"x-createos-speed": "60.0"})
    began = time.perf_counter()
    clock.sleep(12.0)
    assert 0.2 <= time.perf_counter() - began < 2.0


def test_the_first_window_of_a_fresh_client_is_the_worlds_last_hour() -> None:
    world = open_world("storefront")
    project = next(one for one in world.state.projects.values() if one.name == "storefront")
    production = next(one for one in project.environments.values() if one.name == "production")
    with (
        serve(world, speed=0) as served,
        createos_nb.connect(api_key=served.key, base_url=served.url) as client,
    ):
        frame = client.analytics.requests_over_time(project.id, production.id)
        assert len(client.log()) == 1
    inside = createos_nb.simulate("storefront").analytics.requests_over_time("storefront", "production")
    # its clock went on by less than a second while the two were asked
    assert frame["count"].tolist()[:60] == inside["count"].tolist()


@pytest.mark.parametrize("seconds", [-7200, -90, 90, 7200])
def test_the_window_of_a_skewed_clock_is_the_platforms(seconds: int) -> None:
    client = createos_nb.simulate("storefront")
    sound = client.analytics.requests_over_time("storefront", "production")
    with client.world.faults(what="clock-skew", seconds=seconds):
        assert client.analytics.requests_over_time("storefront", "production").equals(sound)
        assert client.analytics.overall_requests("storefront", "production")["total"] == sound["count"].sum()
    assert client.analytics.requests_over_time("storefront", "production").equals(sound)


def test_the_client_says_what_time_it_is_there(wire: Any) -> None:
    client, seen = wire.client(dated, clock=Machine())
    assert str(client.now.floor("s")) == "2030-03-17 17:46:40+00:00"
    assert client.now.tzname() == "UTC"
    assert seen.lines == ["HEAD /"]
    inside = createos_nb.simulate("storefront")
    assert inside.now == inside.world.now
