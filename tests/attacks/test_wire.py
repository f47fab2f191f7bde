"""Attacks on the wire: answers without an end, without a bound, cut, wrong and odd."""

from __future__ import annotations

import contextlib
import gzip
import random
import socket
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from createos_nb import Client, CreateOSError, RequestTimeout, ResponseTooLarge, RetryPolicy
from tests.attacks.fault_server import Behavior, FaultServer, Line, answer
from tests.attacks.tally import tally, times

TIMEOUT = 0.4
#: A flood is read in pieces of 64 KB, and on a busy machine one takes a while.
MARGIN = 1.0
ONCE = RetryPolicy(attempts=1, budget=0.0)
BODY = b'{"status":"success","data":{"id":"1","email":"a@b.test"}}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def client_of(server: FaultServer, **settings: Any) -> Client:
    settings = {"timeout": TIMEOUT, "retry": ONCE, "api_key": "skp_0123456789abcdef", **settings}
    return Client(base_url=server.url, **settings)


def spent(work: Callable[[], object]) -> tuple[float, BaseException | None]:
    """Seconds, and what was raised."""
    began = time.perf_counter()
    try:
        work()
    except Exception as error:  # noqa: BLE001  # what is raised is what is looked at
        return time.perf_counter() - began, error
    return time.perf_counter() - began, None


def endless(kind: str) -> Behavior:
    """An answer that goes on for ever, one of the ways there are."""

    def act(line: Line, head: bytes) -> None:
        if kind == "silence":
            line.hold()
        elif kind == "body, byte by byte":
            line.send(HEAD + b"Content-Length: 100000\r\n\r\n")
            line.drip(b" " * 100_000, 0.02)
        elif kind == "chunks":
            line.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
            line.again(b"1\r\n \r\n", 0.02)
        elif kind == "chunk extension":
            line.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;")
            line.again(b"x", 0.02)
        elif kind == "trailers":
            line.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n")
            line.again(b"X-A: b\r\n", 0.02)
        elif kind == "until closed":
            line.send(HEAD + b"\r\n")
            line.again(b" ", 0.02)
        elif kind == "headers":
            line.send(HEAD)
            line.again(b"X-More: a\r\n", 0.02)
        elif kind == "header, byte by byte":
            line.send(HEAD + b"X-Long: ")
            line.again(b"a", 0.02)
        elif kind == "status line, byte by byte":
            line.drip(b"HTTP/1.1 200 " + b"O" * 100_000, 0.02)
        elif kind == "1xx flood":
            line.again(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 20)
        elif kind == "1xx, slowly":
            line.again(b"HTTP/1.1 102 Processing\r\n\r\n", 0.05)
        elif kind == "100 continue":
            line.again(b"HTTP/1.1 100 Continue\r\n\r\n", 0.01)
        elif kind == "gzip of nothing":
            packer = zlib.compressobj(wbits=31)
            line.send(HEAD + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n")
            line.send(b"a\r\n" + packer.compress(b"")[:10] + b"\r\n")
            line.again(b"5\r\n\x00\x00\x00\xff\xff\r\n", 0.01)

    return act


ENDLESS = (
    "silence",
    "body, byte by byte",
    "chunks",
    "chunk extension",
    "trailers",
    "until closed",
    "headers",
    "header, byte by byte",
    "status line, byte by byte",
    "1xx flood",
    "1xx, slowly",
    "100 continue",
    "gzip of nothing",
)


def test_every_request_ends_within_its_time() -> None:
    promise = f"`timeout={TIMEOUT:g}` ends it within {MARGIN:g} s more, as `RequestTimeout`"
    with tally("wire", f"answers without an end, {len(ENDLESS)} ways", promise) as kept:
        for place, kind in enumerate(ENDLESS):
            with FaultServer(endless(kind)) as server, client_of(server) as client:
                for number in range(place, place + times(1)):
                    calls: list[Callable[[], object]] = [
                        lambda: client.call("GetCurrentUser"),
                        lambda: client.call("SuspendProject", project_id="p"),
                    ]
                    seconds, error = spent(calls[number % 2])
                    ended = isinstance(error, RequestTimeout | ResponseTooLarge) or (
                        isinstance(error, CreateOSError) and seconds < TIMEOUT  # headers of 100 KB end it before
                    )
                    kept.check(ended and seconds < TIMEOUT + MARGIN, f"{kind}: {seconds:.2f} s, {error!r}")


def test_a_time_out_is_not_about_each_part() -> None:
    """Just slow enough to be never late: each byte comes in time, the whole does not."""
    with tally("wire", "drips at a random pace", "ends in time, or is read whole") as kept:
        chance = random.Random(12)
        for _ in range(times(6)):
            pause, size = chance.uniform(0.001, 0.2), chance.choice([1, 3, 20, 60])
            cut = chance.randrange(len(answer(BODY)))

            def act(line: Line, head: bytes, pause: float = pause, size: int = size, cut: int = cut) -> None:
                whole = answer(BODY)
                line.send(whole[:cut])
                line.drip(whole[cut:], pause, size)

            with FaultServer(act) as server, client_of(server) as client:
                seconds, error = spent(lambda: client.call("GetCurrentUser"))
                fine = error is None or isinstance(error, RequestTimeout)
                kept.check(fine and seconds < TIMEOUT + MARGIN, f"{pause:.3f} s × {size}: {seconds:.2f} s, {error!r}")


def test_a_list_of_many_pages_ends_too() -> None:
    with tally("wire", "lists, logs, uploads and downloads that drip", "end within their time") as kept:

        def act(line: Line, head: bytes) -> None:
            line.send(HEAD + b"Content-Length: 100000\r\n\r\n")
            line.drip(b" " * 100_000, 0.02)

        one = "00000001-0000-4000-8000-000000000001"
        with FaultServer(act) as server, client_of(server) as client:
            for work in (
                client.projects.list,
                lambda: client.deployments.logs(one, one),
                lambda: client.call("UploadDeploymentZip", project_id=one, file=b"PK" * 100_000),
                lambda: client.probe(server.url + "/health"),
            ):
                seconds, error = spent(work)
                kept.check(seconds < 2 * TIMEOUT + MARGIN, f"{work}: {seconds:.2f} s, {error!r}")


def test_an_upload_that_nobody_takes_ends() -> None:
    """The other side reads some and then no more, or so little that it would take days."""

    def act(line: Line, head: bytes) -> None:
        line.peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        while not line.over.wait(0.05):
            line.peer.recv(16)

    class Slow(FaultServer):
        def _serve(self, peer: socket.socket) -> None:
            with contextlib.suppress(OSError):
                act(Line(peer, self._over), b"")

    promise = "end at the least rate"
    with (
        tally("wire", "uploads that are hardly read", promise) as kept,
        Slow(act) as server,
        client_of(server) as client,
    ):
        for _ in range(times(2)):
            seconds, error = spent(lambda: client.call("UploadDeploymentZip", project_id="p", file=bytes(30_000_000)))
            kept.check(isinstance(error, RequestTimeout) and seconds < 4 * TIMEOUT, f"{seconds:.2f} s, {error!r}")


def test_a_transfer_may_take_longer_than_a_request_and_has_an_end(tmp_path: Path) -> None:
    content = random.Random(5).randbytes(60_000)

    def act(line: Line, head: bytes) -> None:
        if head.startswith(b"GET /v1/"):
            body = b'{"status":"success","data":{"downloadUri":"%s"}}' % (b"http://" + _host(head) + b"/file.json")
            line.send(answer(body))
            return
        line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
        line.drip(content, 0.02, 1000 if fast else 20)

    one = "00000001-0000-4000-8000-000000000001"
    with tally("wire", "downloads, fast and at 1 KB/s", "a steady one is whole, a dripping one ends") as kept:
        for number in range(times(2)):
            fast = number % 2 == 0
            with FaultServer(act) as server, client_of(server) as client:
                target = tmp_path / f"report-{number}.json"
                seconds, error = spent(lambda target=target: client.security.download_to(one, one, target))
                if fast:
                    whole = error is None and target.read_bytes() == content and seconds > TIMEOUT
                    kept.check(whole, f"{seconds:.2f} s, {error!r}")
                else:
                    kept.check(
                        isinstance(error, RequestTimeout) and seconds < 3 * TIMEOUT, f"{seconds:.2f} s {error!r}"
                    )
        fast = True
        with FaultServer(act) as server, client_of(server, transfer_timeout=0.6) as client:
            seconds, error = spent(lambda: client.security.download_to(one, one, tmp_path / "never"))
            kept.check(isinstance(error, RequestTimeout) and seconds < 0.6 + MARGIN, f"{seconds:.2f} s, {error!r}")


def _host(head: bytes) -> bytes:
    return next(line.split(b": ")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"host:"))


# --- size


def bombs() -> list[tuple[str, bytes]]:
    zeros = b"0" * 100_000_000
    once = gzip.compress(zeros, 1)
    members = gzip.compress(b" " * 2_000_000) * 20
    return [
        ("gzip", once),
        ("deflate", zlib.compress(zeros, 1)),
        ("gzip", members),
        ("gzip, gzip", gzip.compress(once)),
        ("gzip", gzip.compress(b'{"status":"success","data":"' + b"x" * 30_000_000 + b'"}')),
        ("br", b"\x00" * 1000),
        ("zstd", b"\x28\xb5\x2f\xfd" + b"\x00" * 1000),
        ("", b'{"status":"success","data":"' + b"x" * 12_000_000 + b'"}'),
    ]


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "502 Bad Gateway", "302 Found"])
def test_no_answer_fills_the_memory(status: str) -> None:
    limit = 10_000_000
    packed = bombs()
    state: dict[str, Any] = {}

    def act(line: Line, head: bytes) -> None:
        encoding, body = state["bomb"]
        line.send(answer(body, *([f"Content-Encoding: {encoding}"] if encoding else []), status=status))

    with (
        tally(
            "wire", f"gzip bombs and large answers ({status})", "refused in words, at most 4 × the limit held"
        ) as kept,
        FaultServer(act) as server,
        client_of(server, max_answer_bytes=limit, timeout=10) as client,
    ):
        for bomb in packed * times(1):
            state["bomb"] = bomb
            tracemalloc.start()
            _, error = spent(lambda: client.call("GetCurrentUser"))
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            held = isinstance(error, CreateOSError) and peak < 4 * limit and len(str(error)) < 3_000
            kept.check(held, f"{bomb[0]}: {peak:,} bytes, {str(error)[:200]!r}")


def test_a_limit_can_be_raised() -> None:
    text = "x" * 3_000_000

    def act(line: Line, head: bytes) -> None:
        line.send(answer(b'{"status":"success","data":"' + text.encode() + b'"}'))

    with FaultServer(act) as server:
        with (
            client_of(server, max_answer_bytes=1_000_000, timeout=5) as client,
            pytest.raises(ResponseTooLarge, match="1,000,000"),
        ):
            client.call("GetCurrentUser")
        with client_of(server, max_answer_bytes=None, timeout=5) as client:
            assert client.call("GetCurrentUser") == text


# --- cut, wrong, reset


def test_broken_answers_are_errors_of_ours() -> None:
    """Cut at every place, with wrong lengths, reset, or no HTTP at all: never a wrong value, never a raw error."""
    whole = answer(BODY)
    chance = random.Random(3)
    zipped = gzip.compress(BODY)

    def broken() -> tuple[str, Callable[[Line], None]]:
        cut = chance.randrange(len(whole))
        kind = chance.randrange(8)
        if kind == 0:
            return f"cut at {cut}", lambda line: line.send(whole[:cut])
        if kind == 1:
            return f"reset at {cut}", lambda line: (line.send(whole[:cut]), line.reset())[0]
        if kind == 2:
            more = chance.randrange(1, 500)
            return "too long", lambda line: line.send(whole.replace(b"th: 57", b"th: %d" % (57 + more)))
        if kind == 3:
            less = chance.randrange(0, 57)
            return "too short", lambda line: line.send(whole.replace(b"th: 57", b"th: %d" % less))
        if kind == 4:
            noise = chance.randbytes(chance.randrange(1, 300))
            return "noise", lambda line: line.send(noise)
        if kind == 5:
            at = chance.randrange(len(whole))
            flipped = whole[:at] + bytes([whole[at] ^ (1 << chance.randrange(8))]) + whole[at + 1 :]
            return f"bit of byte {at}", lambda line: line.send(flipped)
        if kind == 6:
            end = chance.randrange(len(zipped))
            return f"gzip cut at {end}", lambda line: line.send(answer(zipped[:end], "Content-Encoding: gzip"))
        lengths = b"Content-Length: 57\r\nContent-Length: 58"
        return "two lengths", lambda line: line.send(whole.replace(b"Content-Length: 57", lengths))

    state: dict[str, Any] = {}

    def act(line: Line, head: bytes) -> None:
        state["act"](line)
        line.peer.close()

    flips = {"bit of byte"}
    attack = "cut, reset, mismeasured, flipped and noisy answers"
    kept_as = tally("wire", attack, "the value, or an error of ours")
    with FaultServer(act) as server, client_of(server) as client, kept_as as kept:
        for _ in range(times(60)):
            name, state["act"] = broken()
            got: list[Any] = []
            seconds, error = spent(lambda got=got: got.append(client.call("GetCurrentUser")))
            right = got == [{"id": "1", "email": "a@b.test"}] or any(name.startswith(one) for one in flips)
            fine = right if error is None else isinstance(error, CreateOSError)
            kept.check(fine and seconds < TIMEOUT + MARGIN, f"{name}: {error!r} {got}")


# --- redirects


def test_a_redirect_to_an_odd_place_is_an_error_of_ours() -> None:
    places = [
        "http://[", "http://[::1", "http://a:99999/", "http://a:b/", "//", "///", ":", "http://", "http:///x", "\x7f",
        "http://\xff/", "http://xn--/", "http://" + "a" * 300 + "/", "http://a..b/", "http://.a/", "?", "#",
        "http://a b/",
        "http://%zz/", "x" * 60_000, "http://127.0.0.1:0/", "http://[fe80::1%25eth0]/", "http://\u00e9.test/", "ftp://a/",
        "http://a@b:c@d/", "mailto:a", "data:,", "javascript:1", "http://①/", "\\\\a\\b", "http://a\\b", "http://1.2.3/",
    ]  # fmt: skip
    chance = random.Random(8)
    alphabet = "ht:/?#[]@%\\ .a0é\x7f-_~;,&=+$!*'()|^`<>\"{}"
    state: dict[str, str] = {}

    def act(line: Line, head: bytes) -> None:
        if head.startswith((b"GET /v1", b"POST /v1")):
            place = state["place"].encode("utf-8")
            line.send(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + place + b"\r\n\r\n")
        else:
            line.send(answer(BODY))

    kept_as = tally("wire", "redirects to odd places", "followed, or an error of ours")
    with FaultServer(act) as server, client_of(server) as client, kept_as as kept:
        more = ["".join(chance.choices(alphabet, k=chance.randrange(1, 14))) for _ in range(times(30))]
        for state["place"] in places + more + ["http://" + one for one in more]:
            for work in (
                lambda: client.call("GetCurrentUser"),
                lambda: client.call("SuspendProject", project_id="p"),
                lambda: client.probe(server.url + "/v1/x"),
            ):
                seconds, error = spent(work)
                fine = error is None or isinstance(error, CreateOSError)
                kept.check(fine and seconds < TIMEOUT + MARGIN, f"{state['place'][:80]!r}: {seconds:.2f} {error!r}")
