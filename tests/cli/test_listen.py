"""`createos-nb listen`: what it takes, what it refuses, and what is in its file whatever happens."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import signal
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from createos_nb import connections
from createos_nb.cli import listen, main
from createos_nb.redaction import Secret
from createos_nb.webhooks import read_events, receiver, sign
from createos_nb.webhooks.event_file import EventFile
from tests.webhooks.listener import LIMIT, Listener

SECRET = "whsec_a-secret-of-a-test"


def body_of(number: int, **fields: object) -> bytes:
    fields = {"id": f"delivery-{number}", "endpointId": "endpoint", "eventAction": "project.create", **fields}
    return json.dumps(fields).encode()


def post(listener: Listener, body: bytes, signature: str | None = None, path: str = "") -> httpx.Response:
    signature = sign(body, SECRET) if signature is None else signature
    return httpx.post(listener.url + path, content=body, headers={"X-Webhook-Signature": signature}, timeout=LIMIT)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


@pytest.fixture
def listener(file: Path) -> Iterator[Listener]:
    with Listener(file, SECRET) as one:
        yield one


def test_what_is_signed_is_kept_once_and_all_else_is_refused(listener: Listener, file: Path) -> None:
    first = body_of(1, projectName="storefront", versionNumber=18)
    assert (post(listener, first).status_code, post(listener, first, path="any/path").status_code) == (200, 200)
    assert post(listener, body_of(2)).text == "received"
    wrong = [
        post(listener, body_of(3), "0" * 64),
        post(listener, body_of(3), ""),
        post(listener, body_of(3), sign(body_of(3), SECRET)[:-1]),
        post(listener, body_of(3), sign(body_of(2), SECRET)),
        httpx.post(listener.url, content=body_of(3)),
    ]
    assert [one.status_code for one in wrong] == [401] * 5
    assert httpx.get(listener.url).status_code == 405
    assert post(listener, b"x" * 1_000_001).status_code == 413
    assert read_events(file)["id"].to_list() == ["delivery-1", "delivery-2"]
    code, said, errors = listener.end()
    assert (code, errors) == (0, "")
    lines = said.splitlines()
    assert lines[1] == f"file: {file} (0 events)"
    assert lines[2:5] == [
        "received: project.create storefront v18 delivery-1",
        "duplicate: project.create storefront v18 delivery-1",
        "received: project.create delivery-2",
    ]
    assert lines[-1] == (f"listened: 1 duplicate, 2 received, 1 too large, 5 wrong signature; {file} holds 2 events")
    assert SECRET not in said + file.read_text(encoding="utf-8")


def test_an_id_that_was_seen_is_dropped_whatever_its_body(listener: Listener, file: Path) -> None:
    assert [post(listener, body_of(1, text=text)).text for text in ("one", "two", "one")] == [
        "received",
        "duplicate",
        "duplicate",
    ]
    assert [body["text"] for body in read_events(file)["body"]] == ["one"]


def test_an_id_that_may_be_of_something_else_loses_no_event(listener: Listener, file: Path) -> None:
    """The platform documents no body: its `id` may be a project's, which many events have."""
    bodies = [json.dumps({"id": "project-1", "status": status}).encode() for status in ("building", "deployed")]
    assert [post(listener, body).text for body in (*bodies, *bodies)] == ["received"] * 2 + ["duplicate"] * 2
    assert [body["status"] for body in read_events(file)["body"]] == ["building", "deployed"]
    named = [json.dumps({"id": "project-1", "deliveryId": "delivery-1", "status": n}).encode() for n in range(2)]
    assert [post(listener, body).text for body in named] == ["received", "duplicate"]


@pytest.mark.grid(3)
@pytest.mark.parametrize("body", [b"", b"not json", b"\xff\xfe", b"[1, 2]", b'{"id": 7}', b'{"id": ""}', b"\x00\n\r"])
def test_a_signed_body_of_any_kind_is_kept_as_it_came(listener: Listener, file: Path, body: bytes) -> None:
    assert post(listener, body).text == "received"
    assert post(listener, body).text == "received", "without an id nobody can know it again"
    from createos_nb.webhooks.event_file import EventFile, _decode

    listener.end()
    assert [_decode(line).content() for line in file.read_bytes().splitlines()] == [body] * 2
    again = EventFile(file)
    assert (again.events, again.damaged) == (2, 0)
    again.close()
    frame = read_events(file)
    assert frame.attrs["complete"]
    assert len(frame) == 2


def test_a_body_can_forge_no_line_of_what_is_printed(listener: Listener) -> None:
    text = "one\nreceived: forged\r\x1b[31m" + "x" * 10_000
    assert post(listener, body_of(1, eventAction=text)).text == "received"
    _, said, _ = listener.end()
    (line,) = [line for line in said.splitlines() if "forged" in line]
    assert line.startswith("received: one\\nreceived: forged")
    assert len(line) <= 500


def test_what_is_written_is_acknowledged_although_it_can_not_be_printed(file: Path) -> None:
    """Its output may be a file on a full disk: to refuse what it has would have it sent again and again."""

    def fails(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    answered: list[int] = []

    async def send(message: receiver.Message) -> None:
        answered.append(message.get("status", 0))

    async def receive() -> receiver.Message:
        return {"type": "http.request", "body": body_of(1)}

    events = EventFile(file)
    application = receiver.Receiver(events, Secret(SECRET), "hex", fails)
    headers = [(b"x-webhook-signature", sign(body_of(1), SECRET).encode())]
    with pytest.raises(OSError, match="No space"):
        asyncio.run(application({"type": "http", "method": "POST", "headers": headers}, receive, send))
    events.close()
    assert answered == [200, 0]
    assert len(read_events(file)) == 1


def test_after_a_kill_it_knows_what_it_has(file: Path) -> None:
    with Listener(file, SECRET) as first:
        for number in range(20):
            assert post(first, body_of(number)).text == "received"
        first.process.kill()
    with file.open("ab") as damaged:  # a write that was cut off
        damaged.write(b'{"received_at":"2026-03-02T09:0')
    with Listener(file, SECRET) as second:
        assert f"file: {file} (20 events)" in second.said.decode()
        assert [post(second, body_of(number)).text for number in (19, 20)] == ["duplicate", "received"]
    frame = read_events(file)
    assert frame["id"].to_list() == [f"delivery-{number}" for number in range(21)]
    assert frame.attrs["complete"]


def test_the_secret_is_piped_in_and_stands_nowhere(file: Path) -> None:
    with Listener(file, SECRET, pipe=True) as listener:
        assert post(listener, body_of(1)).text == "received"
        assert SECRET not in " ".join(listener.command)
        arguments = Path(f"/proc/{listener.process.pid}/cmdline")
        if arguments.exists():
            assert SECRET.encode() not in arguments.read_bytes()
        code, said, errors = listener.end(signal.SIGINT)
    assert code == 130
    assert SECRET not in said + errors


def test_another_scheme(file: Path) -> None:
    with Listener(file, SECRET, "--scheme", "sha256=hex") as listener:
        signature = sign(body_of(1), SECRET, scheme="sha256=hex")
        assert post(listener, body_of(1), signature).status_code == 200
        assert post(listener, body_of(2)).status_code == 401


def test_its_file_is_for_its_owner_and_for_one_listener(
    listener: Listener, file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    monkeypatch.setenv("CREATEOS_WEBHOOK_SECRET", SECRET)
    assert main(["listen", "--port", "0", "--file", str(file)]) == 2
    assert "is in use: another listener appends to it" in capsys.readouterr().err


@pytest.mark.slow
def test_slow_senders_are_given_up(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is served as a world is: `tests/test_connections.py` has the figures."""
    assert (connections.HEAD, connections.BODY) == (10.0, 15.0)
    with Listener(file, SECRET) as listener:
        port = int(listener.url.rsplit(":", 1)[1].strip("/"))
        with socket.create_connection(("127.0.0.1", port), timeout=LIMIT) as slow:
            slow.sendall(b"POST / HTTP/1.1\r\n")
            began = time.monotonic()
            with suppress(ConnectionResetError):
                assert slow.recv(100) == b"", "it was answered"
            assert 8 < time.monotonic() - began < 20
            assert post(listener, body_of(1)).text == "received"


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"some notes", "something else than events"), (b'{"a": 1}\n', "something else"), (b"\x00\xff\n", "something")],
)
def test_another_kind_of_file_is_left_alone(
    file: Path, content: bytes, reason: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREATEOS_WEBHOOK_SECRET", SECRET)
    file.write_bytes(content)
    assert main(["listen", "--port", "0", "--file", str(file)]) == 2
    assert reason in capsys.readouterr().err
    assert file.read_bytes() == content


def test_mistakes_are_said_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREATEOS_WEBHOOK_SECRET", raising=False)
    monkeypatch.setattr("createos_nb.client.connect.credentials.from_keyring", lambda profile: (None, ""))
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert main(["listen", "--port", "0", "--file", str(tmp_path / "events.jsonl")]) == 2
    assert "no secret was given: set CREATEOS_WEBHOOK_SECRET" in capsys.readouterr().err
    assert main(["listen", "--file", str(tmp_path / "no" / "events.jsonl")]) == 2
    assert "there is no folder" in capsys.readouterr().err
    monkeypatch.setenv("CREATEOS_WEBHOOK_SECRET", SECRET)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert main(["listen", "--port", port, "--file", str(tmp_path / "events.jsonl")]) == 1
    assert f"port {port} can't be used" in capsys.readouterr().err


def test_where_the_secret_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment, then the keyring, then who is asked: that one is kept where `--keyring` says so."""
    kept: dict[str | None, Secret] = {}
    where = "createos_nb.client.connect.credentials"
    monkeypatch.setattr(f"{where}.from_keyring", lambda name: (kept.get(name), ""))
    monkeypatch.setattr(f"{where}.to_keyring", lambda name, secret: kept.update({name: Secret(secret)}))
    monkeypatch.delenv("A_SECRET", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO("one\ntwo\n"))
    assert listen._secret("A_SECRET", keep=False) == "one"
    assert kept == {}
    assert listen._secret("A_SECRET", keep=True) == "two"
    assert listen._secret("A_SECRET", keep=False) == "two"
    monkeypatch.setenv("A_SECRET", " three ")
    assert listen._secret("A_SECRET", keep=False) == "three"
