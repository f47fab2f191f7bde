"""The server on a standard input and output, and over HTTP on this machine."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from typing import Final

import anyio
from mcp.server.stdio import stdio_server
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import ASGIApp, Receive, Scope, Send

from createos_nb.agents.server import AgentServer
from createos_nb.connections import UvicornServer, listening
from createos_nb.redaction import Secret

PATH: Final = "/mcp"
_LOCAL: Final = ("127.0.0.1", "localhost", "[::1]")


def serve_stdio(server: AgentServer) -> None:
    """Answer on the standard input and output, until the input ends.

    Args:
        server: what answers.
    """

    async def main() -> None:
        sdk = server.server()
        async with stdio_server() as (read, write):
            await sdk.run(read, write, sdk.create_initialization_options())

    try:
        anyio.run(main)
    finally:
        server.stop()


def serve_http(
    server: AgentServer,
    port: int,
    token: Secret,
    hosts: Sequence[str] = (),
    *,
    started: Callable[[str, UvicornServer], None] = lambda url, uvicorn: None,
) -> None:
    """Answer over streamable HTTP on this machine, until it is stopped.

    Args:
        server: what answers.
        port: its port; 0 for one that is free.
        token: what a client has to send as `Authorization: Bearer`.
        hosts: further names that it answers to, such as that of a proxy in front.
        started: called with the address, and what stops it by `should_exit`, once it answers.

    Raises:
        OSError: the port can't be used.
    """
    listener = listening(port)
    listener.listen()
    names = [*_LOCAL, *hosts]
    pages = [f"{scheme}://{name}" for scheme in ("http", "https") for name in names]
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=[form for name in names for form in (name, f"{name}:*")],
        allowed_origins=[form for page in pages for form in (page, f"{page}:*")],
    )
    sdk = server.server()
    application = sdk.streamable_http_app(streamable_http_path=PATH, transport_security=security)
    uvicorn = UvicornServer(_guarded(application, token))

    async def main() -> None:
        async with sdk.session_manager.run():
            await uvicorn.serve(sockets=[listener])

    started(f"http://127.0.0.1:{listener.getsockname()[1]}{PATH}", uvicorn)
    try:
        anyio.run(main)
    finally:
        listener.close()
        server.stop()


def _guarded(application: ASGIApp, token: Secret) -> ASGIApp:
    """The application, for whoever has the token."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        kind, _, sent = dict(scope["headers"]).get(b"authorization", b"").partition(b" ")
        if kind.lower() == b"bearer" and hmac.compare_digest(sent.strip(), token.reveal().encode()):
            await application(scope, receive, send)
            return
        body = b'{"error":"unauthorized: send the token that createos-nb mcp --http printed, as Authorization: Bearer"}'
        headers = [(b"content-type", b"application/json"), (b"www-authenticate", b"Bearer")]
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return answer
