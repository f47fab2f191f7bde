"""The server as agents start it: over standard input and output, and over HTTP, with the official SDK's client."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import httpx2
import pytest
from mcp import StdioServerParameters, stdio_client
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

import createos_nb
from createos_nb.cli import main
from createos_nb.simulator import open_world, serve

PROGRAM = "import sys; from createos_nb.cli import main; sys.exit(main(['mcp', *sys.argv[1:]]))"
SCALE = {"runbook": "scale", "parameters": {"project": "storefront", "environment": "staging", "replicas": 2}}


def environment(journals: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "CREATEOS_NB_JOURNALS": str(journals)}


async def acted(client: Client) -> tuple[dict[str, Any], dict[str, Any]]:
    """A plan, and its receipt."""
    plan = (await client.call_tool("plan", SCALE)).structured_content
    assert plan is not None
    done = await client.call_tool("apply", {"digest": plan["digest"], "reason": "the sale"})
    assert not done.is_error, done.content
    assert done.structured_content is not None
    return plan, done.structured_content


@pytest.mark.parametrize("mode", ["auto", pytest.param("legacy", marks=pytest.mark.slow)])
def test_an_agent_that_starts_it_acts_over_standard_input_and_output(mode: str, journals: Path, tmp_path: Path) -> None:
    words = ["-c", PROGRAM, "--scenario", "storefront", "--allow-changes"]

    async def session() -> None:
        with (tmp_path / "errors.txt").open("w") as errors:
            server = StdioServerParameters(command=sys.executable, args=words, env=environment(journals))
            async with Client(stdio_client(server, errlog=errors), mode=mode) as client:
                assert client.server_info is not None
                assert client.server_info.name == "createos-nb"
                assert "Begin with overview" in (client.instructions or "")
                _, done = await acted(client)
                assert done["result"] == "PASS"

    with anyio.from_thread.start_blocking_portal() as portal:
        portal.call(session)
    assert (tmp_path / "errors.txt").read_text() == ""
    assert len((journals / "agents" / "calls.jsonl").read_text().splitlines()) == 4


@contextlib.contextmanager
def over_http(journals: Path, *words: str, **more: str) -> Iterator[dict[str, str]]:
    """A server over HTTP in a process of its own, and what it has printed."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "--http", "--port", "0", *words],
        env={**environment(journals), **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        lines = [process.stdout.readline() for _ in range(3)]
        yield dict(re.findall(r"^(\w+): (.*)$", "".join(lines), re.MULTILINE))
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    # the SDK says whom it has turned away
    assert [line for line in errors.splitlines() if not line.startswith("Invalid ")] == []
    assert process.returncode == 0


def test_an_agent_at_a_served_world_over_http(journals: Path) -> None:
    """The same server on a world that another process serves, as on the platform."""
    with serve(open_world("storefront"), speed=600, control=True) as world:
        assert world.token is not None
        place = ["--world", world.url, "--allow-changes"]
        with over_http(journals, *place, CREATEOS_NB_WORLD_TOKEN=world.token.reveal()) as printed:

            async def session() -> None:
                headers = {"Authorization": f"Bearer {printed['token']}"}
                async with (
                    httpx2.AsyncClient(headers=headers, timeout=60) as http,
                    Client(streamable_http_client(printed["url"], http_client=http)) as client,
                ):
                    assert "apply" in {one.name for one in (await client.list_tools()).tools}
                    _, done = await acted(client)
                    assert done["where"].startswith("SIMULATOR http://127.0.0.1:")

            with anyio.from_thread.start_blocking_portal() as portal:
                portal.call(session)

            # whoever has no token, or comes from a page of another host, gets nothing
            asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
            assert httpx.post(printed["url"], json=asked).status_code == 401
            wrong = {"Authorization": "Bearer guessed"}
            assert httpx.post(printed["url"], json=asked, headers=wrong).status_code == 401
            right = {"Authorization": f"Bearer {printed['token']}"}
            foreign = {**right, "Host": "evil.example.com"}
            assert httpx.post(printed["url"], json=asked, headers=foreign).status_code == 421
            page = {**right, "Origin": "https://evil.example.com"}
            assert httpx.post(printed["url"], json=asked, headers=page).status_code == 403
        with createos_nb.simulate(world.world) as client:
            assert client.environments.get("storefront", "staging")["resources_replicas"] == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--allow-irreversible"], "give --allow-changes too"),
        (["--limit", "10"], "--limit is at least 2000 characters"),
        (["--scenario", "bad-releas"], "bad-release"),
    ],
)
def test_a_wrong_option_is_named(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mcp", *words]) == 2
    assert message in capsys.readouterr().err
