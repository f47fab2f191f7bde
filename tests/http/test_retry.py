"""What is sent again, after how long, and what never is: on a clock that passes only while somebody waits."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from createos_nb import contract, errors
from createos_nb.http.rate_limit import RateLimit
from createos_nb.http.retry import RetryPolicy

READ = ("GetProject", {"project_id": "p"})
READ_BY_POST = ("CheckProjectUniqueName", {"unique_name": "shop"})
WRITE = (
    "UpdateProjectEnvironmentResources",
    {"project_id": "p", "environment_id": "e", "cpu": 300, "memory": 600, "replicas": 1},
)
WRITE_BY_GET = ("TransferProject", {"project_id": "p", "token": "t-0123456789"})
DESTROY = ("DeleteProject", {"project_id": "p"})
MAKE = ("CreateProject", {"unique_name": "shop", "display_name": "shop", "type": "image", "settings": {"port": 80}})


def raises(kind: type[Exception]) -> Callable[[], httpx.Response]:
    def go() -> httpx.Response:
        raise kind("broken")

    return go


def answers(status: int, headers: dict[str, str] | None = None, **body: Any) -> Callable[[], httpx.Response]:
    return lambda: httpx.Response(status, headers=headers, **(body or {"json": {"status": "fail", "data": "no"}}))


def cut_off() -> httpx.Response:
    return httpx.Response(200, content=b'{"status":"success","data":{"id"')


#: trouble → (how it comes, the error it becomes, whether a read is sent again, whether a write is)
TROUBLE: dict[str, tuple[Callable[[], httpx.Response], type[errors.RequestError], bool, bool]] = {
    "connection refused": (raises(httpx.ConnectError), errors.Unreachable, True, True),
    "connection timed out": (raises(httpx.ConnectTimeout), errors.RequestTimeout, True, True),
    "no free connection": (raises(httpx.PoolTimeout), errors.RequestTimeout, True, True),
    "proxy refused": (raises(httpx.ProxyError), errors.Unreachable, True, True),
    "broke while sending": (raises(httpx.WriteError), errors.Unreachable, True, False),
    "sending timed out": (raises(httpx.WriteTimeout), errors.RequestTimeout, True, False),
    "broke while reading": (raises(httpx.ReadError), errors.Unreachable, True, False),
    "no answer in time": (raises(httpx.ReadTimeout), errors.RequestTimeout, True, False),
    "server hung up": (raises(httpx.RemoteProtocolError), errors.Unreachable, True, False),
    "can't be decompressed": (raises(httpx.DecodingError), errors.InvalidResponse, True, False),
    "500": (answers(500), errors.ServerError, True, False),
    "502 of a proxy": (answers(502, text="<html>Bad gateway</html>"), errors.ServerError, True, False),
    "503 with Retry-After": (answers(503, {"retry-after": "7"}), errors.ServerError, True, False),
    "408": (answers(408), errors.RequestTimeout, True, False),
    "200 that says error": (answers(200, json={"status": "error", "message": "no"}), errors.ServerError, True, False),
    "cut off": (cut_off, errors.InvalidResponse, True, False),
    "empty": (answers(200, content=b""), errors.InvalidResponse, True, False),
    "429 with Retry-After": (answers(429, {"retry-after": "7"}), errors.RateLimited, True, True),
    "429 with a date": (answers(429, {"retry-after": "Mon, 02 Mar 2026 09:00:07 GMT"}), errors.RateLimited, True, True),
    "429 without": (answers(429), errors.RateLimited, True, False),
    "302": (answers(302, {"location": "https://elsewhere.test/login"}), errors.InvalidResponse, False, False),
    "400": (answers(400), errors.Invalid, False, False),
    "401": (answers(401), errors.Unauthorized, False, False),
    "403": (answers(403), errors.Forbidden, False, False),
    "404": (answers(404), errors.NotFound, False, False),
    "409": (answers(409), errors.Conflict, False, False),
    "422": (answers(422), errors.Invalid, False, False),
    "200 that says fail": (answers(200), errors.Invalid, False, False),
}


def once_then(trouble: Callable[[], httpx.Response], wire: Any) -> Callable[[httpx.Request], httpx.Response]:
    left = [trouble]

    def handle(request: httpx.Request) -> httpx.Response:
        return left.pop()() if left else wire.ok("done")

    return handle


@pytest.mark.parametrize(
    ("operation", "reads", "trouble"),
    [
        (operation, reads, trouble)
        for trouble in TROUBLE
        for operation, reads in (
            (READ, True),
            (READ_BY_POST, True),
            (WRITE, False),
            (WRITE_BY_GET, False),
            (DESTROY, False),
        )
        if not (trouble == "302" and operation is READ)  # followed, and tested as a redirect
    ],
)
def test_reads_are_repeated_and_writes_only_where_nothing_was_applied(
    operation: tuple[str, dict[str, Any]], reads: bool, trouble: str, wire: Any
) -> None:
    come, kind, again_read, again_write = TROUBLE[trouble]
    if trouble == "429 without" and contract.find(operation[0]).has_quota:
        kind = errors.QuotaExceeded
    clock = wire.Clock()
    client, seen = wire.client(once_then(come, wire), clock=clock)
    again = again_read if reads else again_write
    if again:
        assert client.call(operation[0], **operation[1]) == "done"
    else:
        with pytest.raises(kind) as caught:
            client.call(operation[0], **operation[1])
        assert type(caught.value) is kind
    assert len(seen) == len(client.log()) == (2 if again else 1)
    assert len(clock.slept) == (1 if again else 0)
    if "429 with" in trouble and again and "without" not in trouble:
        assert 7.0 <= clock.slept[0] <= 8.0


@pytest.mark.parametrize("trouble", [name for name, facts in TROUBLE.items() if not facts[3]])
def test_a_write_that_may_have_been_applied_is_sent_once(trouble: str, wire: Any) -> None:
    for name, values in (WRITE, WRITE_BY_GET, DESTROY, MAKE):
        client, seen = wire.client(lambda request: TROUBLE[trouble][0]())
        with pytest.raises(errors.RequestError):
            client.call(name, **values)
        assert len(seen) == 1


def test_a_quota_is_never_asked_twice(wire: Any) -> None:
    client, seen = wire.client(wire.fail(429, "at most 3 projects"))
    with pytest.raises(errors.QuotaExceeded, match="at most 3 projects") as caught:
        client.call(MAKE[0], **MAKE[1])
    assert "quotas()" in caught.value.hint
    assert len(seen) == 1


def test_a_quota_with_retry_after_is_a_rate_limit_and_is_waited_for(wire: Any) -> None:
    clock = wire.Clock()
    client, seen = wire.client(once_then(answers(429, {"retry-after": "30"}), wire), clock=clock)
    assert client.call(MAKE[0], **MAKE[1]) == "done"
    assert len(seen) == 2
    assert 30.0 <= clock.slept[0] <= 31.0


def test_the_body_is_the_same_each_time(wire: Any) -> None:
    client, seen = wire.client(once_then(raises(httpx.ConnectError), wire))
    client.call(WRITE[0], **WRITE[1])
    assert seen[0].content == seen[1].content != b""
    client, seen = wire.client(once_then(answers(429, {"retry-after": "1"}), wire))
    client.call("UploadDeploymentZip", project_id="p", file=b"PK" * 1000)
    assert seen[0].content == seen[1].content
    assert b"PKPK" in seen[1].content


def test_waits_grow_with_full_jitter(wire: Any) -> None:
    waits: list[list[float]] = [[], [], [], []]
    for seed in range(300):
        clock = wire.Clock()
        client, seen = wire.client(wire.fail(500), clock=clock, retry=RetryPolicy(random=random.Random(seed)))
        with pytest.raises(errors.ServerError):
            client.call(*READ[:1], **READ[1])
        assert len(seen) == 5
        for found, slept in zip(waits, clock.slept, strict=True):
            found.append(slept)
    for found, top in zip(waits, (1.0, 2.0, 4.0, 8.0), strict=True):
        assert 0 <= min(found) < top * 0.05
        assert top * 0.95 < max(found) <= top
        assert abs(sum(found) / len(found) - top / 2) < top * 0.07


def test_no_wait_is_longer_than_the_longest(wire: Any) -> None:
    policy = RetryPolicy(attempts=5000, longest=3.0, random=random.Random(1))
    error = errors.ServerError("no")
    for attempt in (1, 10, 1100, 4000):  # two to the power of these is more than a float holds
        wait = policy.wait(contract.find("GetProject"), error, attempt)
        assert wait is not None
        assert 0 <= wait <= 3.0


def test_a_longer_retry_after_of_a_fault_is_obeyed(wire: Any) -> None:
    clock = wire.Clock()
    client, _ = wire.client(once_then(answers(503, {"retry-after": "40"}), wire), clock=clock)
    client.call(*READ[:1], **READ[1])
    assert clock.slept == [40.0]


@pytest.mark.parametrize(
    "answer",
    [answers(500), answers(503, {"retry-after": "50"}), answers(429, {"retry-after": "9"}), raises(httpx.ReadTimeout)],
)
def test_the_budget_bounds_the_time_of_one_request(answer: Callable[[], httpx.Response], wire: Any) -> None:
    clock = wire.Clock()
    policy = RetryPolicy(attempts=10**6, budget=100.0)
    client, seen = wire.client(lambda request: answer(), clock=clock, retry=policy)
    with pytest.raises(errors.RequestError):
        client.call(*READ[:1], **READ[1])
    assert 50.0 <= sum(clock.slept) <= 100.0
    assert 2 <= len(seen) <= 60


def test_a_retry_after_of_nothing_does_not_hammer(wire: Any) -> None:
    """Zero seconds would be thousands of requests within the budget."""
    client, seen = wire.client(wire.fail(429, "slow down", {"retry-after": "0"}))
    with pytest.raises(errors.RateLimited):
        client.call(*READ[:1], **READ[1])
    assert len(seen) < 60


def test_a_retry_after_beyond_the_budget_is_said_instead_of_waited_for(wire: Any) -> None:
    clock = wire.Clock()
    client, seen = wire.client(wire.fail(429, "slow down", {"retry-after": "4000"}), clock=clock)
    with pytest.raises(errors.RateLimited) as caught:
        client.call(*READ[:1], **READ[1])
    assert caught.value.retry_after == 4000.0
    assert (len(seen), clock.slept) == (1, [])


def test_waits_for_the_clients_own_limit_do_not_use_up_the_budget(wire: Any) -> None:
    """A read that has waited an hour for the limit still has all its tries."""
    clock = wire.Clock()
    limit = RateLimit(per_minute=1, per_hour=2)
    troubles = [None, None, answers(502, text="bad gateway")]
    client, seen = wire.client(
        lambda request: trouble() if (trouble := (troubles.pop(0) if troubles else None)) else wire.ok("done"),
        clock=clock,
        rate_limit=limit,
    )
    for _ in range(3):
        assert client.call(*READ[:1], **READ[1]) == "done"
    assert len(seen) == 4
    assert clock.now() - wire.NOW > 3600


def test_with_a_limiter_the_platforms_hour_is_waited_for(wire: Any) -> None:
    """Another client with the same key has used up the hour: the read is slow, and nothing is lost."""
    clock = wire.Clock()
    client, seen = wire.client(
        once_then(answers(429, {"retry-after": "3000"}), wire), clock=clock, rate_limit=RateLimit()
    )
    assert client.call(*READ[:1], **READ[1]) == "done"
    assert len(seen) == 2
    assert 3000 <= clock.now() - wire.NOW <= 3002


def test_the_same_seed_waits_the_same(wire: Any) -> None:
    slept = []
    for _ in range(2):
        clock = wire.Clock()
        client, _ = wire.client(wire.fail(500), clock=clock, retry=RetryPolicy(random=random.Random(3)))
        with pytest.raises(errors.ServerError):
            client.call(*READ[:1], **READ[1])
        slept.append(clock.slept)
    assert slept[0] == slept[1]
