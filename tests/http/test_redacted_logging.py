"""What HTTP libraries log while a request is under way: no token, no signature, no cookie, under whatever name."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from createos_nb import Client, CreateOSError, RetryPolicy
from createos_nb.http.redacted_logging import RedactedLogging, redact_log_records
from tests.attacks.fault_server import FaultServer, Line, answer

HUSH = "hush-hush-0123456789"
KEY = "skp_" + HUSH
ONE = "00000001-0000-4000-8000-000000000001"


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything that any logger says, from a handler on the root, as a program sets one up."""
    # what other tests of this process have asked to be kept out for ever
    monkeypatch.setattr("createos_nb.http.redacted_logging._everywhere", set())
    held = io.StringIO()
    handler = logging.StreamHandler(held)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield held
    root.removeHandler(handler)
    root.setLevel(level)


def serving(line: Line, head: bytes) -> None:
    host = next(row.split(b": ")[1] for row in head.split(b"\r\n") if row.lower().startswith(b"host:"))
    signed = (
        b"http://" + host + b"/bucket/" + HUSH.encode() + b"/r.json?X-Amz-Signature=" + HUSH.encode() + b"&policy=p"
    )
    if b"/download" in head.split(b"\r\n")[0]:
        line.send(answer(b'{"status":"success","data":{"downloadUri":"%s","status":"success"}}' % signed))
    elif head.startswith(b"GET /bucket/" + HUSH.encode() + b"/r.json"):
        moved = b"Location: " + signed.replace(b"r.json", b"s.json")
        line.send(
            b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nSet-Cookie: s=" + HUSH.encode() + b"\r\n" + moved + b"\r\n\r\n"
        )
    else:
        cookies = f"Set-Cookie: session={HUSH}; HttpOnly", f"X-Trace: {HUSH}", f"Authorization: Bearer {HUSH}"
        line.send(answer(b'{"status":"success","data":{"id":"1"}}', *cookies))


def test_at_debug_nothing_secret_is_logged_by_any_library(logged: io.StringIO, tmp_path: Path) -> None:
    with FaultServer(serving) as server, Client(api_key=KEY, base_url=server.url) as client:
        client.call("GetCurrentUser")
        client.call("GetProject", project_id=ONE)
        client.security.download_to(ONE, ONE, tmp_path / "report.json")
        client.probe(f"{server.url}/x?token={HUSH}")
        with pytest.raises(CreateOSError):
            client.call("TransferProject", project_id="p", token=HUSH, nothing=1)
        client.call("TransferProject", project_id="p", token=HUSH)
    said = logged.getvalue()
    assert "receive_response_headers" in said  # httpcore did speak
    assert "Set-Cookie" in said
    assert "content-length" in said.lower()
    assert "hush" not in said


@pytest.mark.parametrize("name", ["httpx", "httpx2", "httpcore.http11", "urllib3.connectionpool", "whatever"])
def test_it_hangs_on_no_name_and_on_no_handler(name: str, logged: io.StringIO) -> None:
    logger, own = logging.getLogger(name), io.StringIO()
    handler = logging.StreamHandler(own)
    logger.addHandler(handler)
    redact_log_records()
    try:
        with RedactedLogging(["a secret/with signs"]):
            logger.info("GET %s", httpx.URL("https://f.test/a?limit=5&X-Amz-Signature=hush&sig=hush#x"))
            logger.info("tried a%20secret%2Fwith%20signs and %(no")
            logger.debug("headers=%r", [(b"Cookie", b"hush"), (b"ETag", b'"hush\'"'), (b"Content-Length", b"5")])
            logger.debug("broken %d", "hush")
        logger.info("of somebody else: ?token=shown")
    finally:
        logger.removeHandler(handler)
    for said in (own.getvalue(), logged.getvalue()):
        assert "hush" not in said
        assert "secret%2F" not in said
        assert "limit=5" in said
        assert "(b'Content-Length', b'5')" in said
        assert "?token=shown" in said


def test_whoever_replaces_how_records_are_made_is_asked_again(logged: io.StringIO) -> None:
    before = logging.getLogRecordFactory()
    try:
        logging.setLogRecordFactory(logging.LogRecord)
        redact_log_records()
        once = logging.getLogRecordFactory()
        redact_log_records()
        assert logging.getLogRecordFactory() is once
        with RedactedLogging():
            logging.getLogger("x").info("?token=hush")
    finally:
        logging.setLogRecordFactory(before)
    assert "hush" not in logged.getvalue()


def test_what_is_left_of_another_answer_is_in_no_error_and_no_log(logged: io.StringIO) -> None:
    """An answer that is longer than it says: the rest stands where the next one is expected."""

    def act(line: Line, head: bytes) -> None:
        line.send(
            answer(b'{"status":"success","data":{}}').replace(b"th: 30", b"th: 29") + b'"API_TOKEN":"' + HUSH.encode()
        )

    once = RetryPolicy(attempts=1, budget=0)
    with FaultServer(act) as server, Client(api_key=KEY, base_url=server.url, retry=once) as client:
        for _ in range(4):
            with pytest.raises(CreateOSError) as caught:
                client.call("GetCurrentUser")
            assert "hush" not in str(caught.value)
    assert "hush" not in logged.getvalue()


# --- excerpts and base URLs


@pytest.mark.parametrize("at", [0, 100, 3_970, 3_985, 3_999, 4_000, 4_020, 8_000])
def test_an_excerpt_is_cut_only_after_it_is_masked(at: int, wire: Any) -> None:
    key = "skp_ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for filling in (" ", "<b></b>", "é ", "&nbsp;"):
        body = (filling * 10_000)[:at] + key + filling * 3_000
        for status in (200, 404, 502):
            client, _ = wire.client(
                httpx.Response(status, text=body), api_key=key, retry=RetryPolicy(attempts=1, budget=0)
            )
            with pytest.raises(CreateOSError) as caught:
                client.call("GetCurrentUser")
            assert "skp_A" not in str(caught.value)
            assert not any(key[n : n + 6] in str(caught.value) for n in range(len(key) - 6))


def test_a_reason_as_long_as_an_answer_is_cut_after_it_is_masked(wire: Any) -> None:
    reason = "no " * 660 + KEY + " no" * 500_000
    fields = {f"field {n}": reason for n in range(300)}
    for data in (reason, fields):
        client, _ = wire.client(httpx.Response(400, json={"status": "fail", "data": data}), api_key=KEY)
        with pytest.raises(CreateOSError) as caught:
            client.call("GetCurrentUser")
        assert len(str(caught.value)) < 2_500
        assert "skp_h" not in str(caught.value) + str(vars(caught.value))


@pytest.mark.parametrize(
    "base",
    [
        "https://api.test/v1?token=hush-hush",
        "https://api.test?hush-hush#hush",
        "https://api.test/#token=hush-hush",
        "https://user:hush-hush@api.test/x",
        "https://api.test:hush-hush/x",
        "https://user:hu/sh-hush@api.test",
        "ftp://api.test?token=hush-hush",
        "https://[hush-hush?x",
        "https://xn--hush-hush-/?token=hush",
    ],
)
def test_no_part_of_a_base_url_that_may_open_something_is_repeated(base: str) -> None:
    with pytest.raises(CreateOSError) as caught:
        Client(api_key=KEY, base_url=base)
    assert "hush" not in str(caught.value)
    assert "sh-" not in str(caught.value)
