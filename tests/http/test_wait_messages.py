"""Waits that are told: once, when they begin, with how much is left while they last."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from createos_nb import errors
from createos_nb.errors import RateLimitWarning
from createos_nb.http import server_clock, wait_messages
from createos_nb.http.rate_limit import RateLimit
from createos_nb.http.wait_messages import WaitMessages


class Real:
    """A clock that counts as the machine's, and goes when somebody waits."""

    virtual = False

    def __init__(self) -> None:
        self.at, self.slept, self._lock = 1_772_442_000.0, [], threading.Lock()

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.at += seconds


def test_a_long_wait_is_told_with_its_end_and_its_reason() -> None:
    clock = Real()
    with pytest.warns(RateLimitWarning, match=r"waiting 60 s, until 2026-03-02T09:01:00Z: the limit") as caught:
        WaitMessages(clock).wait(60.0, "the limit")
    assert len(caught) == 1
    assert sum(clock.slept) == 60.0


def test_a_short_wait_and_one_of_a_world_are_not_told(wire: Any) -> None:
    for clock, seconds in ((Real(), 3.0), (wire.Clock(), 3000.0)):
        WaitMessages(clock).wait(seconds, "nothing")  # a warning would be an error here
        assert clock.slept == [seconds]


def test_of_many_threads_that_wait_for_one_thing_one_tells() -> None:
    one = WaitMessages(Still())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(16):
            one.wait(60.0, "the limit")
        one.wait(200.0, "another")
    assert [str(each.message)[:13] for each in caught] == ["waiting 60 s,", "waiting 200 s"]


class Still(Real):
    def sleep(self, seconds: float) -> None:
        pass


def test_while_it_lasts_it_says_how_much_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[str, int, int]] = []

    @contextmanager
    def line(clock: Any) -> Iterator[Any]:
        yield lambda *told: said.append(told)

    monkeypatch.setattr(wait_messages, "status_line", line)
    clock = Real()
    with pytest.warns(RateLimitWarning):
        WaitMessages(clock).wait(7.5, "the limit")
    assert [told[0] for told in said[:2]] == ["the limit: 8 s left", "the limit: 6 s left"]
    assert len(said) == 8
    assert sum(clock.slept) == 7.5


def test_a_client_that_waits_for_the_limit_says_so(wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Real()
    monkeypatch.setattr(server_clock, "ticks", clock.now)  # the limit counts by what has passed, not by what is set
    client, _ = wire.client(wire.ok({}), clock=clock, rate_limit=RateLimit(per_minute=2))
    for _ in range(2):
        client.call("GetCurrentUser")
    with pytest.warns(RateLimitWarning, match=r"waiting 60 s.*account.current_user: the rate limit is used up"):
        client.call("GetCurrentUser")
    assert sum(clock.slept) == 60.0


def test_a_client_that_was_told_to_wait_says_so(wire: Any) -> None:
    clock = Real()
    left = [httpx.Response(503, headers={"retry-after": "40"}, text="busy"), wire.ok({})]
    client, _ = wire.client(lambda request: left.pop(0), clock=clock)
    with pytest.warns(RateLimitWarning, match="waiting 40 s"):
        client.call("GetCurrentUser")


@pytest.mark.parametrize("value", ["1e9", "1000000000", "Fri, 31 Dec 2100 23:59:59 GMT"])
@pytest.mark.parametrize("limited", [True, False])
def test_a_wait_of_years_is_an_error_at_once_and_stalls_nobody(value: str, limited: bool, wire: Any) -> None:
    clock = Real()
    left = [wire.fail(429, "slow down", headers={"retry-after": value}), wire.ok({"id": "1"})]
    client, _ = wire.client(lambda request: left.pop(0), clock=clock, rate_limit=RateLimit() if limited else False)
    with pytest.raises(errors.RateLimited) as caught:
        client.call("GetCurrentUser")
    assert (caught.value.retry_after or 0) > 1e8
    assert client.call("GetCurrentUser") == {"id": "1"}
    assert clock.slept == []
