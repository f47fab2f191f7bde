"""Proxies and certificates: what the environment and `verify` say is what connections do."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from createos_nb import Client, ConfigurationError, RetryPolicy, Unreachable

KEY = "skp_0123456789abcdef"
USER = b'{"status":"success","data":{"id":"00000000-0000-4000-8000-000000000001","email":"marlow@example.com"}}'
ONCE = RetryPolicy(attempts=1)
openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="certificates are made with openssl")


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that says nothing of proxies and certificates."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
            monkeypatch.delenv(name)


def serve(context: ssl.SSLContext | None = None) -> Iterator[SimpleNamespace]:
    """A server that answers everything with a user, and the request lines that it got."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(USER)))
            self.end_headers()
            self.wfile.write(USER)

        def log_message(self, *args: Any) -> None:
            """Nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *args: Any) -> None:
            """A client that does not trust it hangs up: that is what is tested."""

    server = Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    kind = "https" if context else "http"
    yield SimpleNamespace(url=f"{kind}://127.0.0.1:{server.server_port}", seen=seen)
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def server() -> Iterator[SimpleNamespace]:
    yield from serve()


@pytest.fixture
def proxy() -> Iterator[SimpleNamespace]:
    yield from serve()


def asked(base_url: str, **settings: Any) -> str:
    with Client(api_key=KEY, base_url=base_url, retry=ONCE, **settings) as client:
        return client.whoami()


# --- proxies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_requests_go_through_the_proxy_that_the_environment_names(
    name: str, proxy: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, proxy.url)
    assert asked("http://api.test") == "marlow@example.com"
    assert proxy.seen == ["http://api.test/v1/users/me"]


def test_no_proxy_names_the_hosts_that_are_asked_directly(
    server: SimpleNamespace, proxy: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    asked(server.url)
    assert (server.seen, proxy.seen) == (["/v1/users/me"], [])


def test_a_proxy_that_is_not_there_is_unreachable_and_its_password_is_not_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://me:pa55word@127.0.0.1:9")
    with pytest.raises(Unreachable) as caught:
        asked("http://api.test")
    assert "pa55word" not in str(caught.value)
    assert "proxy" in caught.value.hint


@pytest.mark.parametrize(
    "address", ["ftp://me:pa55word@proxy.test", "socks5://me:pa55word@127.0.0.1:9", "http://[me:pa55word"]
)
def test_a_proxy_that_cannot_be_used_is_a_wrong_configuration_that_names_its_variable(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    monkeypatch.setitem(sys.modules, "socksio", None)  # with it, SOCKS works
    with pytest.raises(ConfigurationError, match="Read from the environment: HTTPS_PROXY") as caught:
        Client(api_key=KEY, base_url="https://api.test")
    assert "pa55word" not in str(caught.value)


def test_a_given_transport_asks_no_proxy(wire: Any, proxy: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    client, seen = wire.client(wire.ok({"email": "marlow@example.com"}), base_url="http://api.test")
    client.whoami()
    assert len(seen) == 1
    assert proxy.seen == []


# --- certificates -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that only who is told of it trusts; its key is in the same file."""
    folder = tmp_path_factory.mktemp("certificate")
    made = "openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 2 -subj /CN=127.0.0.1"
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "ca.pem")]
    subprocess.run([*made.split(), "-addext", "subjectAltName=IP:127.0.0.1", *files], check=True, capture_output=True)
    return folder / "ca.pem"


@pytest.fixture
def tls(certificate: Path) -> Iterator[SimpleNamespace]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    yield from serve(context)


@openssl
def test_a_certificate_that_nobody_vouches_for_is_not_trusted(tls: SimpleNamespace) -> None:
    with pytest.raises(Unreachable, match=r"CERTIFICATE_VERIFY_FAILED|certificate verify failed"):
        asked(tls.url)
    assert tls.seen == []


@openssl
@pytest.mark.parametrize("way", ["path", "text", "context", "file of the environment", "no check"])
def test_a_certificate_is_trusted_where_that_is_said(
    way: str, tls: SimpleNamespace, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify: dict[str, Any] = {
        "path": certificate,
        "text": str(certificate),
        "context": ssl.create_default_context(cafile=certificate),
        "file of the environment": True,
        "no check": False,
    }
    if way == "file of the environment":
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert asked(tls.url, verify=verify[way]) == "marlow@example.com"


@openssl
def test_a_given_trust_goes_before_the_environments(
    tls: SimpleNamespace, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(Unreachable):
        asked(tls.url, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))  # which trusts nobody


def test_certificates_that_are_not_there_are_a_wrong_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match=r"the certificates at .*ca\.pem can't be read: No such file"):
        Client(api_key=KEY, verify=tmp_path / "ca.pem")
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(ConfigurationError, match=r"the certificates at .*ca\.pem can't be read"):
        Client(api_key=KEY, verify=str(tmp_path / "ca.pem"))
    with pytest.raises(ConfigurationError, match="verify= is True, False"):
        Client(api_key=KEY, verify=7)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "gone.pem"))
    with pytest.raises(ConfigurationError, match="Read from the environment: SSL_CERT_FILE"):
        Client(api_key=KEY)
