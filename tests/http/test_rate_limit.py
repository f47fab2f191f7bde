"""The rate limit: its figures, what headers correct, sharing between threads, and the warning beforehand."""

from __future__ import annotations

import math
import threading
import warnings
from collections import deque
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from createos_nb import contract
from createos_nb.errors import InvalidInput, RateLimitWarning
from createos_nb.http.rate_limit import Limiter, RateLimit

GET = contract.find("GetProject")
UPLOAD = contract.find("UploadDeploymentZip")


def times(limiter: Limiter, clock: Any, requests: int, operation: Any = GET) -> list[float]:
    """The moments at which so many requests go, one after the other."""
    found = []
    for _ in range(requests):
        limiter.wait(operation)
        found.append(clock.now())
    return found


def assert_within(sent: list[float], length: float, most: int) -> None:
    """No window of that length holds more requests."""
    window: deque[float] = deque()
    for moment in sent:
        window.append(moment)
        while window[0] <= moment - length:
            window.popleft()
        assert len(window) <= most


def test_the_documented_figures_hold_in_every_minute_and_hour(wire: Any) -> None:
    clock = wire.Clock()
    sent = times(Limiter(RateLimit(), clock), clock, 2500)
    assert_within(sent, 60, 100)
    assert_within(sent, 3600, 1000)
    assert sent[99] == sent[0]
    assert sent[100] == sent[0] + 60
    assert sent[1000] == sent[0] + 3600
    assert sent[-1] < sent[0] + 3 * 3600


def test_uploads_have_a_limit_of_their_own(wire: Any) -> None:
    clock = wire.Clock()
    limiter = Limiter(RateLimit(), clock)
    sent = times(limiter, clock, 25, UPLOAD)
    assert_within(sent, 60, 10)
    assert sent[-1] == sent[0] + 120
    assert {one.name for one in contract.OPERATIONS.values() if one.call_name.startswith("upload")} == {
        "UploadDeploymentFiles",
        "UploadDeploymentBase64Files",
        "UploadDeploymentZip",
    }


@settings(max_examples=60, deadline=None)
@given(
    per_minute=st.integers(1, 12),
    per_hour=st.integers(1, 40),
    pauses=st.lists(st.floats(0, 100), max_size=60),
)
def test_no_window_ever_holds_more_than_its_figure(
    wire: Any, per_minute: int, per_hour: int, pauses: list[float]
) -> None:
    clock = wire.Clock(0.0)
    limiter = Limiter(RateLimit(per_minute, per_hour), clock)
    sent = []
    for pause in pauses:
        clock.sleep(pause)
        sent += times(limiter, clock, 1)
    assert_within(sent, 59.999, per_minute)
    assert_within(sent, 3599.999, per_hour)


@settings(max_examples=60, deadline=None)
@given(before=st.integers(0, 30), more=st.integers(1, 60), per_minute=st.integers(1, 12), per_hour=st.integers(1, 40))
def test_the_cost_said_beforehand_is_the_time_it_takes(
    wire: Any, before: int, more: int, per_minute: int, per_hour: int
) -> None:
    clock = wire.Clock(0.0)
    limiter = Limiter(RateLimit(per_minute, per_hour), clock)
    times(limiter, clock, before)
    began, said = clock.now(), limiter.cost(more)
    assert math.isclose(times(limiter, clock, more)[-1] - began, said, abs_tol=0.001)


@pytest.mark.parametrize("figures", [(0, 10, 10), (10, -1, 10), (10, 10, 0)])
def test_a_limit_of_nothing_is_refused(figures: tuple[int, int, int]) -> None:
    with pytest.raises(InvalidInput, match="at least one"):
        RateLimit(*figures)


# --- what headers say


def after(wire: Any, headers: dict[str, str], retry_after: float | None = None) -> float:
    """How long the next request waits after an answer with these headers."""
    clock = wire.Clock()
    limiter = Limiter(RateLimit(), clock)
    limiter.wait(GET)
    limiter.learn(headers, retry_after)
    return limiter.wait(GET)


def test_nothing_left_is_waited_for_until_the_reset(wire: Any) -> None:
    reset = {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(wire.NOW) + 40)}
    assert after(wire, reset) == 40
    # a clock that is an hour late here does no harm where the server tells its own
    server = {"date": "Mon, 02 Mar 2026 10:00:00 GMT", "x-ratelimit-remaining": "0"}
    assert after(wire, {**server, "x-ratelimit-reset": str(int(wire.NOW) + 3600 + 25)}) == 25


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-ratelimit-remaining": "0"},
        {"x-ratelimit-reset": "1"},
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"},
        {"x-ratelimit-remaining": "none", "x-ratelimit-reset": "9999999999"},
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "nan"},
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "inf"},
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "-5"},
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1772441990"},
        {"x-ratelimit-remaining": "5", "x-ratelimit-reset": "1772442040"},
    ],
)
def test_headers_that_say_nothing_usable_delay_nothing(headers: dict[str, str], wire: Any) -> None:
    assert after(wire, headers) == 0


@pytest.mark.parametrize("reset", ["99999999999", "1772449000", "1e300", "1772442000e9"])
def test_a_reset_beyond_the_longest_window_is_not_believed(reset: str, wire: Any) -> None:
    """A server that is wrong by hours would stop every thread for an hour; one that means it says 429."""
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    assert after(wire, headers) == 0


def test_a_retry_after_beyond_the_longest_window_stops_nobody(wire: Any) -> None:
    assert after(wire, {}, retry_after=1e9) == 0
    assert after(wire, {}, retry_after=3600) == 3600


@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000, 1_000_000_000])
def test_a_reset_in_finer_units_is_the_same_moment(unit: int, wire: Any) -> None:
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(wire.NOW + 25) * unit)}
    assert after(wire, headers) == pytest.approx(25)


def test_a_reset_may_be_the_seconds_that_are_left(wire: Any) -> None:
    assert after(wire, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "40"}) == 40


def test_the_cost_counts_what_the_platform_says_is_left(wire: Any) -> None:
    limiter = Limiter(RateLimit(), wire.Clock())
    assert limiter.cost(4) == 0
    limiter.learn({"x-ratelimit-remaining": "3", "x-ratelimit-reset": str(int(wire.NOW) + 50)})
    assert (limiter.cost(3), limiter.cost(4)) == (0, 50)
    limiter.learn({}, retry_after=90)
    assert limiter.cost(1) == 90


def test_what_is_left_is_counted_down_and_other_clients_of_the_key_are_counted_in(wire: Any) -> None:
    clock = wire.Clock()
    limiter = Limiter(RateLimit(), clock)
    limiter.wait(GET)
    limiter.learn({"x-ratelimit-remaining": "3", "x-ratelimit-reset": str(int(wire.NOW) + 30)})
    sent = times(limiter, clock, 4)
    assert [moment - wire.NOW for moment in sent] == [0, 0, 0, 30]


def test_answers_that_come_in_another_order_raise_no_count(wire: Any) -> None:
    clock = wire.Clock()
    limiter = Limiter(RateLimit(), clock)
    reset = str(int(wire.NOW) + 30)
    for left in ("7", "2", "9", "5"):
        limiter.learn({"x-ratelimit-remaining": left, "x-ratelimit-reset": reset})
    assert [moment - wire.NOW for moment in times(limiter, clock, 3)] == [0, 0, 30]
    # the next window counts anew, and an answer of the last one changes nothing
    limiter.learn({"x-ratelimit-remaining": "1", "x-ratelimit-reset": str(int(wire.NOW) + 90)})
    limiter.learn({"x-ratelimit-remaining": "9", "x-ratelimit-reset": reset})
    assert [moment - wire.NOW for moment in times(limiter, clock, 2)] == [30, 90]


# --- the client under the limit


def server(wire: Any, clock: Any, rows: int, *, per_minute: int, headers: bool, told: bool) -> Any:
    """A platform that counts: beyond its figure it answers 429."""
    sent: deque[float] = deque()
    lock = threading.Lock()
    everything = [{"id": wire.uuid(n), "versionNumber": rows - n} for n in range(rows)]

    def handle(request: httpx.Request) -> httpx.Response:
        with lock:
            now = clock.now()
            while sent and sent[0] <= now - 60:
                sent.popleft()
            left = per_minute - len(sent)
            said = {"x-ratelimit-limit": str(per_minute), "x-ratelimit-remaining": str(max(0, left - 1))}
            said["x-ratelimit-reset"] = str(math.ceil((sent[0] if sent else now) + 60))
            if left <= 0:
                wait = {"retry-after": str(math.ceil(sent[0] + 60 - now))} if told else {}
                return wire.fail(429, "too many requests", {**(said if headers else {}), **wait})
            sent.append(now)
            answer = wire.page(everything, request)
            if headers:
                answer.headers.update(said)
            return answer

    return handle


@pytest.mark.parametrize("per_minute", [100, 30, 7])
@pytest.mark.parametrize(("headers", "told"), [(True, True), (True, False), (False, True)])
@pytest.mark.filterwarnings("ignore::createos_nb.errors.RateLimitWarning")
def test_hitting_the_limit_slows_a_read_and_loses_nothing(
    per_minute: int, headers: bool, told: bool, wire: Any
) -> None:
    clock = wire.Clock()
    handle = server(wire, clock, 900, per_minute=per_minute, headers=headers, told=told)
    client, _ = wire.client(handle, clock=clock, rate_limit=RateLimit())
    frame = client.deployments.list(wire.uuid(1, 9))
    assert frame["version_number"].tolist() == list(range(900, 0, -1))
    assert frame.attrs["complete"]


def test_a_long_read_says_beforehand_how_many_requests_it_costs(wire: Any) -> None:
    clock = wire.Clock()
    seen: list[str] = []
    handle = server(wire, clock, 4000, per_minute=10**9, headers=False, told=True)

    def note(request: httpx.Request) -> httpx.Response:
        seen.append("request")
        return handle(request)

    client, _ = wire.client(note, clock=clock, rate_limit=RateLimit())
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, category, *rest: seen.append(f"{category.__name__}: {message}")
        client.deployments.list(wire.uuid(1, 9))
    assert seen[0] == "request"
    assert seen[1].startswith("RateLimitWarning: deployments.list takes 199 more requests, and waits about 60 s")
    assert seen.count("request") == 200


def test_a_short_read_says_nothing(wire: Any) -> None:
    clock = wire.Clock()
    client, _ = wire.client(
        server(wire, clock, 300, per_minute=10**9, headers=False, told=True), clock=clock, rate_limit=RateLimit()
    )
    assert len(client.deployments.list(wire.uuid(1, 9))) == 300  # a warning would be an error here


def test_the_warning_points_at_the_line_that_asked(wire: Any) -> None:
    clock = wire.Clock()
    handle = server(wire, clock, 4000, per_minute=10**9, headers=False, told=True)
    client, _ = wire.client(handle, clock=clock, rate_limit=RateLimit())
    with pytest.warns(RateLimitWarning) as caught:
        client.deployments.list(wire.uuid(1, 9))
    assert [one.filename for one in caught] == [__file__]


def test_the_limit_is_shared_by_all_threads_of_a_client(wire: Any) -> None:
    clock = wire.Clock()
    sent: list[float] = []
    lock = threading.Lock()

    def handle(request: httpx.Request) -> httpx.Response:
        with lock:
            sent.append(clock.now())
        return wire.ok({})

    client, _ = wire.client(handle, clock=clock, rate_limit=RateLimit(per_minute=10, per_hour=1000))
    threads = [threading.Thread(target=lambda: [client.call("GetCurrentUser") for _ in range(6)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(sent) == 48
    first = min(sent)
    assert sum(moment < first + 60 for moment in sent) <= 10
