"""The MCP endpoint of a served world, `/mcp`: who may call it, and the SDK's server behind it once somebody does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

from createos_nb import extras
from createos_nb.errors import MissingExtra
from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.envelope import JSON, Response, encode
from createos_nb.simulator.http.ingress import Request
from createos_nb.simulator.http.tool_call import Ask
from createos_nb.simulator.platform import access
from createos_nb.simulator.platform.errors import HttpError

PATH: Final = "/mcp"
_BEARER: Final = "bearer "
#: Of JSON-RPC.
_INVALID_REQUEST, _INTERNAL_ERROR = -32600, -32603


class McpEndpoint:
    """Answers what comes to `/mcp`: streamable HTTP, the operations of the contract as tools.

    The key comes as `X-API-Key` or as `Authorization: Bearer`. A call of a tool is a request to the API with that key,
    so that accounts, limits, faults and what is kept on the disk are the same. The SDK is imported when somebody asks
    first, because that takes half a second.

    Args:
        context: the world.
        ask: answers a request to the API.
        max_body: bytes that a request may have.
        admits: whether pages of a host may call.
    """

    def __init__(self, context: WorldContext, ask: Ask, max_body: int, admits: Callable[[str], bool]) -> None:
        self._context, self._ask, self._max_body, self._admits = context, ask, max_body, admits
        self._answer: asyncio.Future[Ask] | None = None
        #: Held here, because a loop does not hold its tasks.
        self._server: asyncio.Task[None] | None = None

    async def answer(self, request: Request) -> Response:
        """Answer a request. What is wrong with a request as a whole is an error of JSON-RPC, with its status."""
        try:
            serve = await self._admitted(request)
        except HttpError as error:
            return _error(error)
        return await serve(request)

    async def _admitted(self, request: Request) -> Ask:
        """What answers a request. Refuses foreign pages (403), all but POST (405), a wrong key (401).

        Without the SDK it refuses all (501).
        """
        page = request.headers.get("origin", "").partition("://")[2]
        if "origin" in request.headers and not (page and self._admits(page)):
            raise HttpError(403, "a page of another host may not call, unless createos-nb serve --allow-host names it")
        if request.method != "POST":
            # There is no stream to open and no session to end.
            raise HttpError(405, f"{request.method} is not allowed here", headers=(("allow", "POST"),))
        try:
            extras.require("mcp", PATH)
        except MissingExtra as missing:
            raise HttpError(501, f"{missing}; the rest of the API is served") from None
        request.headers = _with_key(request.headers)
        self._check_key(request)
        return await self._started()

    def _check_key(self, request: Request) -> None:
        try:
            with self._context.lock:
                access.user_of(self._context, request.headers, needed=True)
        except HttpError as error:
            raise HttpError(error.status, error.message, headers=(("www-authenticate", "Bearer"),)) from None

    async def _started(self) -> Ask:
        if self._answer is None:
            self._answer = asyncio.get_running_loop().create_future()
            self._server = asyncio.create_task(self._serve(self._answer))
        return await asyncio.shield(self._answer)

    async def _serve(self, answer: asyncio.Future[Ask]) -> None:
        """Run the SDK's server until the loop ends, which cancels it: what it starts must end in the same task."""
        try:
            serving = await asyncio.to_thread(_sdk)
            async with serving(self._ask, self._max_body) as one:
                answer.set_result(one)
                await asyncio.Event().wait()
        except ImportError as error:
            command = extras.install_command("mcp")
            answer.set_exception(HttpError(501, f"{PATH} needs another version of mcp ({error}): {command}"))
        except Exception as error:
            if answer.done():
                raise
            answer.set_exception(error)


def _error(error: HttpError) -> Response:
    code = _INVALID_REQUEST if error.status < 500 else _INTERNAL_ERROR
    body = {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": f"{error.status}: {error.message}"}}
    return Response(error.status, JSON + error.headers, encode(body))


def _sdk() -> Callable[[Ask, int], AbstractAsyncContextManager[Ask]]:
    from createos_nb.simulator.http.mcp_server import serving

    return serving


def _with_key(headers: dict[str, str]) -> dict[str, str]:
    """Headers in which a bearer token stands where the API looks for a key, unless one is there already."""
    token = headers.get("authorization", "")
    if not token.lower().startswith(_BEARER) or any(name in headers for name in access.CREDENTIALS):
        return headers
    return {**headers, "x-api-key": token[len(_BEARER) :].strip()}
