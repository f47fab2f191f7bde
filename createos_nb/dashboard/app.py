"""The dashboard as an ASGI application: a page, its modules, and a web socket, for whoever has the token."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from createos_nb.dashboard.board import Board
from createos_nb.dashboard.connection import GRACE, Connections
from createos_nb.dashboard.page import Theme, headers, page, refused_page
from createos_nb.hosts import is_local, name_of
from createos_nb.panels.components import FRONT
from createos_nb.redaction import Secret

_TOKEN: Final = "token"
_TYPES: Final = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
#: What the page loads by name.
_FILES: Final = ("dashboard.css", "dashboard.js", "mirror.css")


def application(
    board: Board, token: Secret, *, port: int, hosts: Sequence[str] = (), theme: Theme = "auto", grace: float = GRACE
) -> ASGIApp:
    """Return the application.

    Args:
        board: What it shows.
        token: What opens it: given once in the address, and then kept as a cookie of that browser.
        port: Where it listens.
        hosts: Names that it answers to besides those of this machine.
        theme: Of the page.
        grace: Seconds for which the visit of a page that has gone is kept.

    Returns:
        The application.
    """
    connections = Connections(board, grace=grace)
    title = f"Fleet · {board.account}"

    async def show(request: Request) -> Response:
        return HTMLResponse(page(title, theme), headers={"cache-control": "no-store"})

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _FILES:
            return _said(404, "there is no such file")
        found = FRONT / name
        return Response(found.read_bytes(), headers={"content-type": _TYPES[found.suffix], "cache-control": "no-cache"})

    async def module(request: Request) -> Response:
        digest, _, suffix = request.path_params["name"].partition(".")
        text = board.modules.get(digest)
        if text is None or f".{suffix}" not in _TYPES:
            return _said(404, "there is no such module")
        kept = {"content-type": _TYPES[f".{suffix}"], "cache-control": "private, max-age=31536000, immutable"}
        return Response(text, headers=kept)

    routes = [
        Route("/", show),
        Route("/front/{name}", file),
        Route("/modules/{name}", module),
        WebSocketRoute("/mirror", connections.serve),
    ]
    return _Guard(Starlette(routes=routes), token, port, hosts)


def _said(status: int, words: str) -> Response:
    return PlainTextResponse(words + "\n", status)


class _Guard:
    """Who may ask: a local name in the Host header, the token, and for a web socket the page's own origin."""

    def __init__(self, inner: ASGIApp, token: Secret, port: int, hosts: Sequence[str]) -> None:
        self._inner, self._token, self._hosts = inner, token, frozenset(hosts)
        self._cookie = f"createos-dashboard-{port}"
        self._kept = Secret(secrets.token_urlsafe(32))  # what the cookie holds, and no address
        self._headers = headers(port, hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        request = HTTPConnection(scope)
        socket = scope["type"] == "websocket"
        host = request.headers.get("host", "")
        if not (is_local(host) or name_of(host) in self._hosts):
            await self._refuse(
                _said(403, "this dashboard answers to 127.0.0.1 and localhost, and to what --allow-host names"),
                scope, receive, send,
            )  # fmt: skip
        elif socket and not self._same_origin(request, host):
            await self._refuse(_said(403, "not from another page"), scope, receive, send)
        elif not socket and self._is(request.query_params.get(_TOKEN, ""), self._token):
            await self._opened(request)(scope, receive, self._with_headers(send))
        elif self._is(request.cookies.get(self._cookie, ""), self._kept):
            await self._inner(scope, receive, send if socket else self._with_headers(send))
        else:
            await self._refuse(HTMLResponse(refused_page(), 401), scope, receive, send)

    def _opened(self, request: HTTPConnection) -> Response:
        """The same address without the token, which a history and a log would keep."""
        query = [pair for pair in parse_qsl(request.url.query) if pair[0] != _TOKEN]
        answer = RedirectResponse(f"/?{urlencode(query)}" if query else "/", 303)
        # lax: the address of an environment may be followed from a chat; whatever acts asks for the origin as well
        answer.set_cookie(self._cookie, self._kept.reveal(), httponly=True, samesite="lax", path="/")
        return answer

    async def _refuse(self, answer: Response, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": ""})  # before it is accepted: 403
        else:
            await answer(scope, receive, self._with_headers(send))

    def _with_headers(self, send: Send) -> Send:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        return sent

    @staticmethod
    def _same_origin(request: HTTPConnection, host: str) -> bool:
        origin = urlsplit(request.headers.get("origin", ""))
        return origin.scheme in ("http", "https") and origin.netloc == host

    @staticmethod
    def _is(given: Any, expected: Secret) -> bool:
        return hmac.compare_digest(str(given).encode("utf-8", "replace"), expected.reveal().encode())
