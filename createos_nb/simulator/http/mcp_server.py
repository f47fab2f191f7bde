"""The MCP server of a world, of the official SDK: each operation of the contract is a tool."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import mcp.types as types
from mcp.server import Server, ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from starlette.requests import Request as HttpRequest
from starlette.types import Message, Scope

from createos_nb.contract import OPERATIONS
from createos_nb.contract.operation import Operation
from createos_nb.contract.tools import input_schema, title
from createos_nb.naming import nearest
from createos_nb.simulator.envelope import SIMULATED, Headers, Response
from createos_nb.simulator.http.ingress import Request
from createos_nb.simulator.http.tool_call import Ask, ToolAnswer, answer_of, refusal, request_of
from createos_nb.simulator.platform import access
from createos_nb.simulator.platform.errors import HttpError

_INSTRUCTIONS: Final = (
    "The CreateOS API of a simulated world. Tools are the platform's operations: ids of path and query are arguments, "
    "and what a request has in its body is the argument `body`. Ids come from the List tools."
)


def tool(operation: Operation) -> types.Tool:
    """Return an operation as a tool: its name, arguments and effect as the contract declares them."""
    reads = operation.effect == "read"
    return types.Tool(
        name=operation.name,
        title=title(operation),
        description=operation.summary,
        input_schema=input_schema(operation),
        annotations=types.ToolAnnotations(
            title=title(operation),
            read_only_hint=reads,
            destructive_hint=operation.effect == "destroy",
            # Of what writes, the contract doesn't say whether doing it twice differs from doing it once.
            idempotent_hint=True if reads else None,
        ),
    )


class WorldTools:
    """Lists the tools and calls them: each call is a request to the API, with the credentials of its own request.

    Args:
        ask: answers a request to the API.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._schemas = {name: input_schema(operation) for name, operation in OPERATIONS.items()}
        self._listed = types.ListToolsResult(tools=[tool(operation) for operation in OPERATIONS.values()])

    def server(self) -> Server[Any]:
        """Return the SDK's server of these tools."""
        return Server(
            "createos",
            title="CreateOS (simulated)",
            instructions=_INSTRUCTIONS,
            get_tool_input_schema=self._schemas.get,
            on_list_tools=self._list,
            on_call_tool=self._call,
        )

    async def _list(
        self, _context: ServerRequestContext[Any, Any], _params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return self._listed

    async def _call(
        self, context: ServerRequestContext[Any, Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        operation = OPERATIONS.get(params.name)
        if operation is None:
            name = params.name[:80]
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {name!r}{nearest(name, OPERATIONS)}")
        request = context.request
        if not isinstance(request, HttpRequest):
            raise TypeError("a tool is called over HTTP only")
        try:
            return _result(answer_of(await self._ask(self._request(operation, params, request))))
        except HttpError as error:
            return _result(refusal(error.status, error.message, None))
        except Exception as error:  # noqa: BLE001  # `_Exchange.response` raises it where the connection can be broken
            request.state.failure = error
            return _result(refusal(500, "see the log of the simulator", None))

    def _request(self, operation: Operation, params: types.CallToolRequestParams, request: HttpRequest) -> Request:
        credentials = {name: request.headers[name] for name in access.CREDENTIALS if name in request.headers}
        return request_of(operation, params.arguments or {}, credentials)


def _result(answer: ToolAnswer) -> types.CallToolResult:
    meta: dict[str, Any] = {"status": answer.status}
    if answer.retry_after is not None:
        meta["retry_after"] = answer.retry_after
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=answer.text)],
        structured_content=answer.value if isinstance(answer.value, dict) else None,
        is_error=answer.failed,
        _meta=meta,
    )


@asynccontextmanager
async def serving(ask: Ask, max_body: int) -> AsyncIterator[Ask]:
    """Serve the tools over streamable HTTP while a block runs; gives what answers a request to the endpoint.

    Each request stands for itself: no session is kept, and each answer is one JSON document.

    Args:
        ask: answers a request to the API.
        max_body: bytes that a request may have.
    """
    manager = StreamableHTTPSessionManager(
        WorldTools(ask).server(), json_response=True, stateless=True, max_request_body_size=max_body
    )

    async def answer(request: Request) -> Response:
        exchange = _Exchange(request)
        await manager.handle_request(exchange.scope, exchange.receive, exchange.send)
        return exchange.response()

    async with manager.run():
        yield answer


class _Exchange:
    """One request, already read, as the SDK wants to be asked; and its answer, as it comes."""

    def __init__(self, request: Request) -> None:
        self.scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": request.path,
            "raw_path": request.path.encode("latin-1"),
            "root_path": "",
            "query_string": request.query.encode("latin-1"),
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.items()],
            "client": None,
            "server": None,
            "state": {},
        }
        self._pending: list[Message] = [{"type": "http.request", "body": request.body, "more_body": False}]
        self._status, self._body = 500, b""
        self._headers: Headers = ()

    async def receive(self) -> Message:
        if not self._pending:
            # That the client leaves is seen by whoever answers it.
            await asyncio.Event().wait()
        return self._pending.pop()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            named = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]]
            self._headers = (*((name, value) for name, value in named if name != "content-length"), SIMULATED)
        else:
            self._body += message.get("body", b"")

    def response(self) -> Response:
        """Return the answer. Raises what the API could not answer with."""
        failure = self.scope["state"].get("failure")
        if failure is not None:
            raise failure
        return Response(self._status, self._headers, self._body)
