"""Somebody who calls the tools of a served world, with the SDK's own client over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult
from mcp_types.version import LATEST_MODERN_VERSION

from createos_nb.simulator import Server

LIMIT = 60
"""Seconds after which whatever is waited for is not coming."""
#: How the SDK's client speaks by default, and how clients speak that begin with a handshake.
MODES = ("auto", "legacy")
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


@asynccontextmanager
async def connected(served: Server, mode: str = "auto", **headers: str) -> AsyncIterator[Client]:
    """A session of the SDK's client; without headers, with the key of the account that the scenario is about."""
    sent = headers or {"X-API-Key": served.key}
    named = {name.replace("_", "-"): value for name, value in sent.items()}
    async with (
        httpx2.AsyncClient(headers=named, timeout=LIMIT) as http,
        Client(streamable_http_client(f"{served.url}/mcp", http_client=http), mode=mode) as client,
    ):
        yield client


class Agent:
    """A session, to be used from a test that is not asynchronous."""

    def __init__(self, portal: BlockingPortal, client: Client) -> None:
        self._portal, self.client = portal, client

    def tools(self) -> dict[str, Any]:
        """The tools by their names."""
        return {tool.name: tool for tool in self._portal.call(self.client.list_tools).tools}

    def call(self, name: str, /, **arguments: Any) -> CallToolResult:
        """What a tool says."""
        return self._portal.call(self.client.call_tool, name, arguments)

    def data(self, name: str, /, **arguments: Any) -> Any:
        """What a tool says in its envelope of the production dialect, of a call that succeeds."""
        result = self.call(name, **arguments)
        assert not result.is_error, text_of(result)
        assert result.structured_content is not None
        assert result.structured_content["status"] == "success"
        return result.structured_content["data"]

    def refused(self, name: str, /, **arguments: Any) -> str:
        """Why a tool refuses a call."""
        result = self.call(name, **arguments)
        assert result.is_error, text_of(result)
        return text_of(result)


def text_of(result: CallToolResult) -> str:
    """The one text that a tool says."""
    (content,) = result.content
    assert content.type == "text"
    return content.text


@contextmanager
def agent(served: Server, mode: str = "auto", **headers: str) -> Iterator[Agent]:
    """An agent at a served world."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(connected(served, mode, **headers)) as client,
    ):
        yield Agent(portal, client)


def post(served: Server, body: Any = HELLO, **headers: str) -> httpx.Response:
    """A request to the endpoint, as raw as HTTP is; with the key unless there are headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()} or {"x-api-key": served.key}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    accepted = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
    return httpx.post(f"{served.url}/mcp", content=content, headers={**accepted, **named}, timeout=LIMIT)


def modern(served: Server, method: str, params: dict[str, Any], name: str = "") -> Any:
    """What is answered to a request of the newest protocol, which needs no handshake."""
    about = {
        "io.modelcontextprotocol/protocolVersion": LATEST_MODERN_VERSION,
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    headers = {
        "mcp-protocol-version": LATEST_MODERN_VERSION,
        "mcp-method": method,
        **({"mcp-name": name} if name else {}),
    }
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": about}}
    return post(served, body, x_api_key=served.key, **headers).json()
