"""Milliseconds of a tool's call over `/mcp`, beside the same request over REST and beside an empty tool of the SDK.

The servers run in processes of their own. One asynchronous client asks in turn, so that a machine that drifts drifts
for all; each figure is the median of its calls.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from benchmarks.measure import Figure, at_most
from benchmarks.served import process, said

CALLS = 400
WARM = 40
OVER_REST = 3.0
OVER_EMPTY = 2.0
#: How the SDK's client speaks by default, and how clients speak that begin with a handshake.
MODES = {"auto": "", "legacy": ", with a handshake"}


# --- the servers' processes -------------------------------------------------------------------------------------------


def serve_world() -> None:
    """A world whose time stands still."""
    from createos_nb.simulator import open_world, serve

    world = open_world("storefront")
    project = next(one for one in world.state.projects.values() if one.name == "storefront")
    with serve(world, speed=0) as served:
        print(json.dumps([served.url, served.key, project.id]), flush=True)
        sys.stdin.read()


def serve_empty() -> None:
    """The SDK's own application with a tool that does nothing."""
    import threading

    import mcp.types as types
    import uvicorn
    from mcp.server import Server

    from createos_nb.connections import listening

    async def tools(_context: object, _params: object) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[types.Tool(name="Empty", input_schema={"type": "object"})])

    async def call(_context: object, _params: object) -> types.CallToolResult:
        return types.CallToolResult(content=[])

    application = Server("empty", on_list_tools=tools, on_call_tool=call).streamable_http_app(
        json_response=True, stateless_http=True
    )
    listener = listening(0)
    server = uvicorn.Server(uvicorn.Config(application, http="h11", loop="asyncio", log_config=None, access_log=False))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    print(json.dumps([f"http://127.0.0.1:{listener.getsockname()[1]}"]), flush=True)
    sys.stdin.read()
    server.should_exit = True
    thread.join()


# --- the client -------------------------------------------------------------------------------------------------------


async def medians(*calls: Callable[[], Awaitable[object]]) -> list[float]:
    """The median of each, in milliseconds, made in turn."""
    took: list[list[float]] = [[] for _ in calls]
    for n in range(WARM + CALLS):
        for kept, call in zip(took, calls, strict=True):
            began = time.perf_counter()
            await call()
            if n >= WARM:
                kept.append((time.perf_counter() - began) * 1_000)
    return [statistics.median(one) for one in took]


async def ask(world: list[str], empty: list[str], mode: str) -> list[float]:
    """Medians of the tool, of the same request over REST, and of the empty tool."""
    import httpx2
    from mcp.client import Client
    from mcp.client.streamable_http import streamable_http_client

    url, key, project = world
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx2.AsyncClient(headers={"X-API-Key": key}))

        async def connected(base: str) -> Client:
            return await stack.enter_async_context(
                Client(streamable_http_client(f"{base}/mcp", http_client=http), mode=mode)
            )

        ours, other = await connected(url), await connected(empty[0])

        async def tool() -> Any:
            return await ours.call_tool("GetProject", {"project_id": project})

        async def rest() -> Any:
            return await http.get(f"{url}/v1/projects/{project}")

        async def nothing() -> Any:
            return await other.call_tool("Empty", {})

        called, answered = await tool(), await rest()
        if called.is_error or called.structured_content != answered.json():
            raise RuntimeError("the tool and REST do not say the same")
        return await medians(tool, rest, nothing)


def figures() -> list[Figure]:
    """Medians over `/mcp`, beside REST and beside the empty tool."""
    found = []
    with process("world", module="benchmarks.mcp") as one, process("empty", module="benchmarks.mcp") as other:
        world, empty = said(one), said(other)
        for mode, how in MODES.items():
            tool, rest, nothing = asyncio.run(ask(world, empty, mode))
            name = f"GetProject over /mcp{how}, p50"
            found.append(at_most(name, tool, "the same over REST, same client", rest, OVER_REST, "ms"))
            found.append(at_most(name, tool, "the SDK's empty tool", nothing, OVER_EMPTY, "ms"))
    return found


if __name__ == "__main__":
    {"world": serve_world, "empty": serve_empty}[sys.argv[1]]()
