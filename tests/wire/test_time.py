"""A client counts time as the other side does, from its first call on."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import httpx
import pytest

import createos_nb
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


def dated(request: httpx.Request) -> httpx.Response:
    return httpx.Response(404, headers={"Date": formatdate(THERE, usegmt=True)}, json={"status": "fail", "data": "no"})


def test_the_time_is_asked_for_once_and_without_the_key(wire: Any) -> None:
    client, seen = wire.client(dated, clock=Machine())
    assert client.transport.now() == client.transport.now() == THERE
    assert seen.lines == ["HEAD /"]
    assert not {"x-api-key", "authorization", "x-access-token"} & set(seen[0].headers)


def test_what_was_answered_before_tells_the_time(wire: Any) -> None:
    client, seen = wire.client(dated, clock=Machine())
    with pytest.raises(createos_nb.errors.NotFound):
        client.call("GetCurrentUser")
    assert client.transport.now() == THERE
    assert len(seen) == 1


def test_a_clock_that_is_set_meanwhile_is_seen(wire: Any) -> None:
    machine = Machine()
    client, seen = wire.client(dated, clock=machine)
    assert client.transport.now() == THERE
    machine.at += 3600
    assert client.transport.now() == THERE
    assert len(seen) == 2


def test_nobody_who_answers_is_asked_once(wire: Any) -> None:
    def dead(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    machine = Machine()
    client, seen = wire.client(dead, clock=machine)
    assert client.transport.now() == client.transport.now() == machine.at
    assert len(seen) == 1


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
    assert str(client.now) == "2030-03-17 17:46:40+00:00"
    assert client.now.tzname() == "UTC"
    assert seen.lines == ["HEAD /"]
    inside = createos_nb.simulate("storefront")
    assert inside.now == inside.world.now
