"""Redirects, the key, the log, and what the client refuses to start with."""

from __future__ import annotations

import gzip
import json
import threading
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest

from createos_nb import Secret, errors
from createos_nb.client.client import PLATFORM_URL, Client
from createos_nb.http.log import Log, LogEntry
from createos_nb.http.retry import RetryPolicy
from createos_nb.http.transport import SIMULATOR_HEADER

# --- redirects


def redirecting(wire: Any, *stops: str, status: int = 302) -> Any:
    """A server that sends the first request from stop to stop."""
    left = list(stops)

    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers={"location": left.pop(0)}) if left else wire.ok({"at": str(request.url)})

    return handle


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_read_follows_a_redirect_of_its_own_origin_with_the_key(status: int, wire: Any) -> None:
    client, seen = wire.client(redirecting(wire, "/v2/projects/p", status=status))
    assert client.call("GetProject", project_id="p") == {"at": "https://api.test/v2/projects/p"}
    assert seen[1].headers["x-api-key"] == wire.KEY


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://elsewhere.test/x",
        "http://api.test/x",
        "https://api.test:8443/x",
        "//elsewhere.test/x",
        "https://api.test.elsewhere.test/x",
        "https://api.test@elsewhere.test/x",
    ],
)
@pytest.mark.parametrize("kind", ["api_key", "access_token"])
def test_a_redirect_to_another_origin_never_carries_the_key(elsewhere: str, kind: str, wire: Any) -> None:
    client, seen = wire.client(redirecting(wire, elsewhere), **{kind: "skp_0123456789"})
    client.call("GetProject", project_id="p")
    assert len(seen) == 2
    assert not {"x-api-key", "x-access-token", "authorization", "cookie"} & set(seen[1].headers)
    assert "skp_0123456789" not in str(seen[1].url) + str(seen[1].headers.raw)


def test_once_another_origin_had_a_say_the_key_stays_away_from_its_own_too(wire: Any) -> None:
    """Else another origin could send a request with the key to an address of its choice."""
    transfer = "https://api.test/v1/projects/p/transfer?token=t"
    client, seen = wire.client(redirecting(wire, "https://elsewhere.test/x", transfer))
    client.call("GetProject", project_id="p")
    assert [("x-api-key" in one.headers) for one in seen] == [True, False, False]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("operation", "values"),
    [
        ("DeleteProject", {"project_id": "p"}),
        ("TransferProject", {"project_id": "p", "token": "t"}),
        ("CheckProjectUniqueName", {"unique_name": "shop"}),
        ("SuspendProject", {"project_id": "p"}),
    ],
)
def test_what_is_no_plain_read_follows_no_redirect(status: int, operation: str, values: Any, wire: Any) -> None:
    client, seen = wire.client(redirecting(wire, "/elsewhere", status=status))
    with pytest.raises(errors.InvalidResponse, match="redirected to /elsewhere") as caught:
        client.call(operation, **values)
    assert len(seen) == 1
    assert caught.value.status == status
    assert "base URL" in caught.value.hint


@pytest.mark.parametrize("where", ["ftp://elsewhere.test/x", "", "https://" + "x" * 70_000, "mailto:x"])
def test_a_redirect_to_nowhere_is_an_error_of_ours(where: str, wire: Any) -> None:
    client, seen = wire.client(httpx.Response(302, headers={"location": where}), retry=wire.no_retries)
    with pytest.raises(errors.InvalidResponse):
        client.call("GetProject", project_id="p")
    assert len(seen) == 1


def test_redirects_without_end_end(wire: Any) -> None:
    client, seen = wire.client(httpx.Response(302, headers={"location": "/again"}))
    with pytest.raises(errors.InvalidResponse, match="redirected"):
        client.call("GetProject", project_id="p")
    assert len(seen) == 6


def test_what_a_redirects_address_holds_is_not_shown(wire: Any) -> None:
    client, _ = wire.client(httpx.Response(302, headers={"location": "/login?next=secret-token"}))
    with pytest.raises(errors.InvalidResponse) as caught:
        client.call("DeleteProject", project_id="p")
    assert "secret-token" not in str(caught.value)


# --- answers as they travel


def test_compressed_answers_are_read_and_broken_ones_are_unreadable(wire: Any) -> None:
    body = json.dumps({"status": "success", "data": {"id": "1"}}).encode()
    zipped = httpx.Response(200, content=gzip.compress(body), headers={"content-encoding": "gzip"})
    answers = {"whole": gzip.compress(body), "broken": b"no gzip"}

    def handle(request: httpx.Request) -> httpx.Response:
        name = request.url.path.rsplit("/", 1)[1]
        return httpx.Response(200, stream=httpx.ByteStream(answers[name]), headers={"content-encoding": "gzip"})

    assert zipped.json()
    client, _ = wire.client(handle, retry=wire.no_retries)
    assert client.call("GetProject", project_id="whole") == {"id": "1"}
    with pytest.raises(errors.InvalidResponse, match="can't be decoded"):
        client.call("GetProject", project_id="broken")


def test_timeouts_are_on_everything(wire: Any) -> None:
    client, seen = wire.client(wire.ok({}))
    client.call("GetCurrentUser")
    assert set(seen[0].extensions["timeout"]) == {"connect", "read", "write", "pool"}
    assert all(0 < seconds <= 60 for seconds in seen[0].extensions["timeout"].values())
    client, seen = wire.client(wire.ok({}), timeout=httpx.Timeout(5.0, read=9.0))
    client.call("GetCurrentUser")
    assert seen[0].extensions["timeout"]["read"] == 9.0


@pytest.mark.parametrize("length", [90, 90.0, "90s", "1min 30s", pd.Timedelta("90s"), np.timedelta64(90, "s")])
def test_timeouts_are_lengths_of_time_in_any_form(length: Any, wire: Any) -> None:
    client, seen = wire.client(wire.ok({}), timeout=length, transfer_timeout=length)
    client.call("GetCurrentUser")
    assert seen[0].extensions["timeout"]["read"] == 90.0
    policy = RetryPolicy(budget=length, patience=length, base=length, longest=length)
    assert (policy.budget, policy.patience, policy.base, policy.longest) == (90.0,) * 4


@pytest.mark.parametrize("length", [0, -1, "0s", "90", "soon", float("nan"), True, [5], "2 months"])
def test_what_is_no_timeout_is_refused_in_words(length: Any, wire: Any) -> None:
    for name in ("timeout", "transfer_timeout"):
        with pytest.raises(errors.ConfigurationError, match=f"{name}=.*None for no end"):
            wire.client(wire.ok({}), **{name: length})
    with pytest.raises(errors.InvalidInput, match="timeout="):
        wire.client(wire.ok({}))[0].probe("https://shop.example.com", timeout=length)


def test_a_simulator_that_answers_is_known_as_one(wire: Any) -> None:
    client, _ = wire.client(wire.ok({}, headers={SIMULATOR_HEADER: "1"}))
    assert "PLATFORM" in repr(client)
    client.call("GetCurrentUser")
    assert client.simulated
    assert "SIMULATOR" in repr(client)


def test_a_closed_client_says_so(wire: Any) -> None:
    client, seen = wire.client(wire.ok({}))
    with client:
        client.call("GetCurrentUser")
    with pytest.raises(errors.ConfigurationError, match="closed"):
        client.call("GetCurrentUser")
    assert len(seen) == 1


@pytest.mark.parametrize(
    "kind", [httpx.ConnectError, httpx.ReadError, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.DecodingError]
)
def test_no_error_of_httpx_gets_out(kind: type[Exception], wire: Any) -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise kind("gone")

    client, _ = wire.client(broken, retry=wire.no_retries)
    with pytest.raises(errors.TransportError) as caught:
        client.call("GetProject", project_id="p")
    assert (caught.value.operation, caught.value.path, caught.value.status) == ("GetProject", "/v1/projects/p", None)
    assert caught.value.hint


def test_at_most_so_many_requests_are_under_way_whoever_sends_them(wire: Any) -> None:
    most, now, lock = 0, 0, threading.Lock()
    meet = threading.Barrier(4, timeout=10)

    def handle(request: httpx.Request) -> httpx.Response:
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
        meet.wait()
        with lock:
            now -= 1
        return wire.ok({})

    client, seen = wire.client(handle, concurrency=4)
    threads = [threading.Thread(target=client.call, args=("GetCurrentUser",)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(seen) == 12
    assert most == 4


# --- where and with which key


@pytest.mark.parametrize(
    "base",
    [
        "",
        "api.test",
        "ftp://api.test",
        "https://",
        "https://api.test?x=1",
        "https://api.test/#x",
        "https://[broken",
        None,
    ],
)
def test_a_base_url_that_is_none_is_refused(base: Any) -> None:
    with pytest.raises(errors.ConfigurationError, match="base URL"):
        Client(api_key="skp_0123456789", base_url=base)


def test_a_base_url_with_a_password_is_refused_and_not_repeated() -> None:
    """It would be in every repr and in every frame's attrs."""
    with pytest.raises(errors.ConfigurationError) as caught:
        Client(api_key="skp_0123456789", base_url="https://user:hush-hush@api.test")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("key", ["skp_\n0123", "skp_0123é", "skp_0\x00123", "‘skp_0123’"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(errors.ConfigurationError) as caught:
        Client(api_key=key, base_url="https://api.test")
    assert "0123" not in str(caught.value)


@pytest.mark.parametrize("key", ["skp_0123\n", " skp_0123 ", "skp_0123\r\n"])
def test_white_space_around_a_pasted_key_does_no_harm(key: str, wire: Any) -> None:
    client, seen = wire.client(wire.ok({}), api_key=key)
    client.call("GetCurrentUser")
    assert seen[0].headers["x-api-key"] == "skp_0123"


def test_without_a_key_and_with_two_there_is_no_client() -> None:
    with pytest.raises(errors.ConfigurationError, match="simulate"):
        Client()
    with pytest.raises(errors.ConfigurationError, match="not both"):
        Client(api_key="a", access_token="b")


def test_the_limiter_is_on_for_the_platforms_own_host_only() -> None:
    def limited(**settings: Any) -> bool:
        return Client(api_key="skp_0123456789", **settings).transport.limiter is not None

    assert limited()
    assert limited(base_url=PLATFORM_URL.upper().replace("HTTPS", "https"))
    assert not limited(base_url="http://127.0.0.1:8765")
    assert not limited(rate_limit=False)
    assert limited(base_url="http://127.0.0.1:8765", rate_limit=True)


# --- read only


def test_read_only_refuses_whatever_changes_something_before_anything_is_sent(wire: Any) -> None:
    from createos_nb import contract

    client, seen = wire.client(wire.ok({}), read_only=True)
    for one in contract.OPERATIONS.values():
        if one.effect == "read":
            continue
        with pytest.raises(errors.ReadOnlyError, match=one.name):
            client.call(one.name, **{p.key: "x" for p in one.parameters if p.required})
        arguments = {p.name: "shop" for p in one.signature.parameters.values() if p.default is p.empty}
        resource, call = one.call.split(".")
        with pytest.raises(errors.ReadOnlyError):
            getattr(getattr(client, resource), call)(**arguments)
    assert not seen
    client.call("GetCurrentUser")
    assert len(seen) == 1
    assert "read-only" in repr(client)


# --- the log


def test_the_log_has_a_row_for_each_attempt_and_no_secrets(wire: Any) -> None:
    left = [httpx.Response(502, text="<html>"), wire.ok({"id": "1"})]
    client, _ = wire.client(lambda request: left.pop(0))
    client.call("GetProject", project_id="p")
    log = client.log()
    assert list(log.columns) == ["time", "operation", "method", "path", "status", "duration", "attempt", "bytes"]
    assert log["attempt"].tolist() == [1, 2]
    assert log["status"].tolist() == [502, 200]
    assert log["bytes"].tolist() == [
        6,
        len(json.dumps({"status": "success", "data": {"id": "1"}}, separators=(",", ":"))),
    ]
    assert log["time"][0] == pd.Timestamp("2026-03-02T09:00:00Z")
    assert log["time"].is_monotonic_increasing


def test_the_log_has_the_same_columns_and_dtypes_when_empty(wire: Any) -> None:
    client, _ = wire.client(lambda request: (_ for _ in ()).throw(httpx.ConnectError("no")), retry=wire.no_retries)
    before = client.log().dtypes
    with pytest.raises(errors.Unreachable):
        client.call("GetProject", project_id="p")
    after = client.log()
    assert after.dtypes.equals(before)
    assert after["status"].isna().all()
    assert str(before["time"]) == "datetime64[us, UTC]"


def test_the_log_is_bounded() -> None:
    log = Log(max_entries=100)
    for number in range(1000):
        log.add(LogEntry(float(number), "GetProject", "GET", "/v1", 200, 0.0, 1, 0))
    assert len(log) == 100
    assert log.frame()["time"].iloc[-1] == pd.Timestamp(999, unit="s", tz="UTC")


def test_the_log_can_be_read_while_others_write_it() -> None:
    log, done = Log(), threading.Event()

    def write() -> None:
        while not done.is_set():
            log.add(LogEntry(0.0, "GetProject", "GET", "/v1", 200, 0.0, 1, 0))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for _ in range(5):
            log.frame()
    finally:
        done.set()
        thread.join()


def test_now_is_the_other_sides_present_once_it_has_said_so(wire: Any) -> None:
    """A served simulator lives in March, a laptop's clock may be wrong: "-1h" is the platform's last hour."""
    clock = wire.Clock()
    clock.virtual = False
    windows: list[tuple[int, int]] = []

    def handle(request: httpx.Request) -> httpx.Response:
        if "rpm" in request.url.path:
            windows.append((int(request.url.params["start"]), int(request.url.params["end"])))
            return httpx.Response(200, json={"status": "success", "data": {"peak": 1, "average": 1}})
        rows = [{"id": wire.uuid(1, 1), "uniqueName": "production", "name": "production"}]
        return httpx.Response(
            200, json={"status": "success", "data": rows}, headers={"Date": "Mon, 02 Mar 2026 12:00:00 GMT"}
        )

    client, _ = wire.client(handle, clock=clock)
    client.environments.list(wire.uuid(1, 2))
    client.analytics.rpm(wire.uuid(1, 2), wire.uuid(1, 1), start="-1h", end="now")
    present = 1_772_452_800
    assert windows == [(present - 3600, present)]


@pytest.mark.parametrize(("encoding", "told"), [("zstd", "'zstd'"), ("Hush-Hush-1234567", r"\(hidden\)")])
def test_an_encoding_that_was_not_asked_for_is_told_where_it_is_the_name_of_one(
    encoding: str, told: str, wire: Any
) -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(b"x"), headers={"content-encoding": encoding})

    client, _ = wire.client(serve)
    with pytest.raises(errors.InvalidResponse, match=f"it has the encoding {told}, which was not requested") as caught:
        client.call("TransferProject", project_id="p", token=Secret("Hush-Hush-1234567"))
    assert "hush" not in str(caught.value).lower()
