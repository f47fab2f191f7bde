"""Webhooks over real HTTP: at least once, to the account's own addresses, and to nobody's private network."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import createos_nb
from createos_nb.simulator import open_world, serve
from createos_nb.simulator.http import webhook_sender
from createos_nb.simulator.http.clock_driver import ClockDriver
from createos_nb.simulator.http.state_file import SUFFIX, StateFile
from createos_nb.simulator.http.webhook_sender import WebhookSender
from createos_nb.simulator.webhook_address import may_reach
from createos_nb.simulator.webhook_receiver import WebhookRequest
from createos_nb.simulator.world.snapshot import dump_state
from createos_nb.webhooks import read_events, verify
from tests.simulator.http.test_serve_command import serving, until
from tests.webhooks.listener import Listener, free_port

openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="certificates are made with openssl")


class Receiver:
    """A server that keeps what it gets, and answers as it is told."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.status, self.headers, self.seconds = 204, {}, 0.0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                time.sleep(outer.seconds)
                self.send_response(outer.status)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_port
        self.headers: dict[str, str]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.close()


def client_of(served: Any, user: str = "") -> createos_nb.Client:
    key = served.world.key_of(user) if user else served.key
    return createos_nb.Client(api_key=key, base_url=served.url)


def post(url: str, body: bytes = b"{}") -> str:
    """Why a delivery was not taken."""
    world = open_world("storefront")

    async def once() -> str:
        sender = WebhookSender(world, ClockDriver(world, 0))
        try:
            return await sender._post(WebhookRequest("endpoint", "delivery", url, {}, body))
        finally:
            if sender._http is not None:
                await sender._http.aclose()

    return asyncio.run(once())


# --- what is sent


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_what_happens_is_posted_and_signed(receiver: Receiver, host: str) -> None:
    with serve(open_world("storefront"), speed=60) as served:
        client = client_of(served)
        made = client.webhooks.create(url=f"http://{host}:{receiver.port}/hook?a=1", events=["deployment.create"])
        served.world.push("storefront")
        until(lambda: client.webhooks.deliveries(made["id"])["status"].to_list() == ["delivered"])
        ((path, headers, body),) = receiver.got
        assert path == "/hook?a=1"
        assert headers["host"] == f"{host}:{receiver.port}"
        assert headers["content-type"] == "application/json"
        assert verify(body, headers["x-webhook-signature"], made["secret"])
        assert json.loads(body)["eventAction"] == "deployment.create"
        assert "x-api-key" not in headers


def test_a_receiver_in_this_process_comes_before_the_address(receiver: Receiver) -> None:
    world = open_world("storefront")
    taken: list[WebhookRequest] = []
    with serve(world, speed=60) as served:
        client_of(served).webhooks.create(url=f"http://127.0.0.1:{receiver.port}/", events=["deployment.create"])
        world.on_webhook(taken.append)
        world.push("storefront")
        until(lambda: taken)
        time.sleep(0.3)
    assert receiver.got == []
    assert len(taken) == 1


def test_a_slow_endpoint_holds_up_no_other(receiver: Receiver) -> None:
    slow = Receiver()
    slow.seconds = 5.0
    with serve(open_world("storefront"), speed=60) as served:
        client = client_of(served)
        client.webhooks.create(url=f"http://127.0.0.1:{slow.port}/")
        client.webhooks.create(url=f"http://127.0.0.1:{receiver.port}/", events=["deployment.create"])
        for _ in range(3):
            served.world.push("storefront")
        began = time.monotonic()
        until(lambda: len(receiver.got) == 3)
        assert time.monotonic() - began < 4
        assert len(slow.got) == 1, "one after the other to each endpoint"
    slow.close()


@pytest.mark.parametrize("status", [301, 307, 400, 500])
def test_any_other_answer_is_a_failure_and_no_redirect_is_followed(receiver: Receiver, status: int) -> None:
    other = Receiver()
    receiver.status, receiver.headers = status, {"Location": f"http://127.0.0.1:{other.port}/"}
    assert post(f"http://127.0.0.1:{receiver.port}/") == f"HTTP {status}"
    assert other.got == []
    other.close()


def test_who_does_not_answer_in_time_is_given_up(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_sender, "PATIENCE", 0.3)
    receiver.seconds = 2.0
    assert post(f"http://127.0.0.1:{receiver.port}/") == "no answer within 0 s"


def test_nobody_there_and_no_such_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert post(f"http://127.0.0.1:{free_port()}/").startswith("ConnectError: ")
    monkeypatch.setattr(socket, "getaddrinfo", _raise_gaierror)
    assert post("https://hooks.example.com/") == "the name hooks.example.com is not known"


def _raise_gaierror(*_: object, **__: object) -> None:
    raise socket.gaierror(socket.EAI_NONAME, "no such name")


def test_names_that_are_never_resolved_hold_up_neither_writes_nor_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may register an address chooses who resolves its name, and how slowly."""
    over = threading.Event()
    resolve = socket.getaddrinfo

    def never(host: Any, *arguments: Any, **named: Any) -> Any:
        if str(host).endswith(".example.com"):
            over.wait(60)
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return resolve(host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", never)
    file = StateFile(tmp_path / "world", lambda: open_world("storefront", webhook_endpoints=100), speed=60)
    with serve(file.world, speed=60, file=file) as served:
        client = client_of(served)
        many = (os.cpu_count() or 1) + 5  # as many as the loop has threads, and more
        for number in range(many):
            client.webhooks.create(url=f"https://hooks-{number}.example.com/")
        client.api_keys.create(name="told-key", expiry_at="2027-01-01T00:00:00Z")
        until(lambda: sum("look-up" in thread.name for thread in threading.enumerate()) == many)
        began = time.monotonic()
        client.api_keys.create(name="other-key", expiry_at="2027-01-01T00:00:00Z")
    file.close()
    assert time.monotonic() - began < 8
    over.set()


# --- where nothing is sent


@pytest.mark.parametrize(
    ("host", "address", "allowed"),
    [
        ("hooks.example.com", "93.184.216.34", True),
        ("hooks.example.com", "2606:4700::1111", True),
        ("hooks.example.com", "::ffff:93.184.216.34", True),
        ("hooks.example.com", "127.0.0.1", False),
        ("hooks.example.com", "::1", False),
        ("hooks.example.com", "10.1.2.3", False),
        ("hooks.example.com", "172.31.0.1", False),
        ("hooks.example.com", "192.168.0.1", False),
        ("hooks.example.com", "169.254.169.254", False),
        ("hooks.example.com", "100.100.100.200", False),
        ("hooks.example.com", "0.0.0.0", False),
        ("hooks.example.com", "224.0.0.251", False),
        ("hooks.example.com", "255.255.255.255", False),
        ("hooks.example.com", "fd00:ec2::254", False),
        ("hooks.example.com", "fe80::1%eth0", False),
        ("hooks.example.com", "::ffff:169.254.169.254", False),
        ("hooks.example.com", "64:ff9b::a9fe:a9fe", False),
        ("hooks.example.com", "2002:a9fe:a9fe::", False),
        ("hooks.example.com", "ff02::1", False),
        ("hooks.example.com", "192.0.0.192", False),
        ("hooks.example.com", "::ffff:192.0.0.192", False),
        ("hooks.example.com", "192.88.99.1", False),
        ("hooks.example.com", "::7f00:1", False),
        ("hooks.example.com", "fec0::1", False),
        ("hooks.example.com", "not an address", False),
        ("localhost", "127.0.0.1", True),
        ("localhost", "::1", True),
        ("localhost", "10.0.0.1", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("::1", "::1", True),
        ("127.1", "127.0.0.1", False),
    ],
)
def test_which_addresses_may_be_reached(host: str, address: str, allowed: bool) -> None:
    assert may_reach(host, address) is allowed


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.7"])
def test_a_name_that_leads_to_a_private_address_gets_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """Also beside a public one: whoever owns the name chooses the order."""
    entries = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, receiver.port)) for one in ("93.184.216.34", address)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: entries)
    assert post(f"https://hooks.example.com:{receiver.port}/").startswith(f"hooks.example.com leads to {address}, and")
    assert receiver.got == []


def test_what_is_connected_to_is_the_address_that_was_checked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name is resolved once an attempt: there is no second answer that could lead elsewhere."""
    asked: list[str] = []

    def resolve(host: str, *_: object, **__: object) -> Any:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", receiver.port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(webhook_sender, "may_reach", lambda host, address: (host, address) == (name, "127.0.0.1"))
    name = "hooks.example.com"
    assert post(f"http://{name}:{receiver.port}/") == ""
    assert asked.count(name) == 1
    assert receiver.got[0][1]["host"] == f"{name}:{receiver.port}"


@openssl
@pytest.mark.parametrize(("name", "error"), [("hooks.example.com", ""), ("other.example.com", "ConnectError: ")])
def test_the_certificate_must_be_the_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, error: str
) -> None:
    command = "openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 2"
    names = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "own.pem")]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "own.pem", tmp_path / "key.pem")
    receiver = Receiver(context)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
    entries = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", receiver.port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: entries)
    monkeypatch.setattr(webhook_sender, "may_reach", lambda host, address: True)
    outcome = post(f"https://hooks.example.com:{receiver.port}/")
    receiver.close()
    assert outcome.startswith(error)
    assert bool(outcome) == bool(error)
    assert len(receiver.got) == (not error)


# --- at least once


def test_how_attempts_ended_is_in_the_state_file(tmp_path: Path, receiver: Receiver) -> None:
    """A server that was killed goes on where it was: nothing that was taken is sent again, all else is."""
    file = StateFile(tmp_path / "world", lambda: open_world("storefront"), speed=60)
    with serve(file.world, speed=60, file=file) as served:
        client = client_of(served)
        events = ["api_key.create"]
        taken = client.webhooks.create(url=f"http://127.0.0.1:{receiver.port}/", events=events)
        lost = client.webhooks.create(url=f"http://127.0.0.1:{free_port()}/", events=events)
        client.api_keys.create(name="told-key", expiry_at="2027-01-01T00:00:00Z")
        until(lambda: client.webhooks.deliveries(taken["id"])["status"].to_list() == ["delivered"])
        until(lambda: client.webhooks.deliveries(lost["id"])["attempts"].iloc[0] >= 2)
    (tmp_path / "crashed").mkdir()
    for name in ("world", f"world{SUFFIX}"):
        (tmp_path / "crashed" / name).write_bytes((tmp_path / name).read_bytes())
    again = StateFile(tmp_path / "crashed" / "world", lambda: open_world("storefront"))
    file.world.move_to(again.world.state.now)
    assert dump_state(again.world) == dump_state(file.world)
    rows = {one: list(again.world.state.webhooks[one].deliveries.values()) for one in (taken["id"], lost["id"])}
    assert [row.status for row in rows[taken["id"]]] == ["delivered"]
    assert [row.status for row in rows[lost["id"]]] == ["pending"]
    assert rows[lost["id"]][0].attempts >= 2
    again.close()
    file.close()


def test_what_is_sent_is_on_the_disk_before(tmp_path: Path) -> None:
    """Whatever a receiver was told of has happened in the world that a crash at that moment leaves."""
    # little of its time is written down ahead, so that what is sent must be written down by itself
    file = StateFile(tmp_path / "world", lambda: open_world("storefront"), speed=0.001)
    happened: list[bool] = []

    async def look(self: WebhookSender, request: WebhookRequest) -> str:
        folder = tmp_path / str(len(happened))
        folder.mkdir()
        for name in ("world", f"world{SUFFIX}"):
            (folder / name).write_bytes((tmp_path / name).read_bytes())
        again = StateFile(folder / "world", lambda: open_world("storefront"))
        happened.append(request.delivery in again.world.state.webhooks[request.endpoint].deliveries)
        again.close()
        return ""

    with pytest.MonkeyPatch.context() as patch, serve(file.world, speed=600, file=file) as served:
        patch.setattr(WebhookSender, "_post", look)
        client = client_of(served)
        client.webhooks.create(url="http://127.0.0.1:9/", events=["deployment.deploying", "deployment.deployed"])
        client.deployments.create("edge-gateway", image="registry.example.com/juniper/edge-gateway:2.0.0")
        until(lambda: len(happened) >= 2)
    file.close()
    assert all(happened)


@pytest.mark.slow
def test_kills_of_the_receivers_and_of_the_server_lose_nothing(tmp_path: Path) -> None:
    """All are killed under load, again and again; in the end each event of an account is in its file, once."""
    ports = {"marlow": free_port(), "tamsin": free_port()}
    files = {user: tmp_path / f"{user}.jsonl" for user in ports}
    world = open_world("storefront", webhook_attempts=100_000, webhook_longest_backoff=60, api_keys=1_000)
    keys = {user: world.key_of(user) for user in ports}
    world.save(tmp_path / "world")
    secrets: dict[str, str] = {}
    made: dict[str, list[str]] = {user: [] for user in ports}

    def act(url: str, times: int) -> None:
        for user, key in keys.items():
            with createos_nb.Client(api_key=key, base_url=url) as client:
                for _ in range(times):
                    name = f"key-{len(made[user]):04}"
                    made[user].append(client.api_keys.create(name=name, expiry_at="2027-01-01T00:00:00Z")["id"])

    for run in range(2):
        with ExitStack() as stack:
            command = stack.enter_context(serving("--state", str(tmp_path / "world"), "--speed", "60"))
            if not secrets:
                for user, key in keys.items():
                    with createos_nb.Client(api_key=key, base_url=command.url) as client:
                        url, events = f"http://127.0.0.1:{ports[user]}/", ["api_key.create"]
                        secrets[user] = client.webhooks.create(url=url, events=events)["secret"].reveal()
                act(command.url, 3)
            listeners = [stack.enter_context(Listener(files[user], secrets[user], port=ports[user])) for user in ports]
            act(command.url, 10)
            listeners[0].process.kill()
            act(command.url, 5)
            listeners[1].process.kill()
            act(command.url, 5)
            if run:
                command.process.kill()
    with ExitStack() as stack:
        command = stack.enter_context(serving("--state", str(tmp_path / "world"), "--speed", "60"))
        listeners = [stack.enter_context(Listener(files[user], secrets[user], port=ports[user])) for user in ports]
        for user, key in keys.items():
            client = stack.enter_context(createos_nb.Client(api_key=key, base_url=command.url))
            endpoint = client.webhooks.list()["id"].iloc[0]
            until(lambda of=client, at=endpoint: set(of.webhooks.deliveries(at)["status"]) == {"delivered"})
            frame = read_events(files[user])
            assert frame.attrs["complete"]
            assert frame["id"].is_unique
            assert sorted(body["resourceId"] for body in frame["body"]) == sorted(made[user])
            assert set(frame["user_id"]) == {client.account.current_user()["id"]}
        for listener in listeners:
            code, said, errors = listener.end()
            assert (code, errors) == (0, "")
            assert not any(secret in said for secret in secrets.values())
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not any(secret.encode() in written for secret in secrets.values())
