"""The MCP endpoint as a part of a served world: what is no call, faults, the file of the world, and its end."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from createos_nb.simulator import Server, open_world, serve
from createos_nb.simulator.http.state_file import SUFFIX, StateFile
from tests.simulator.http.agents import HELLO, LIMIT, MODES, agent, modern, post


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with serve(open_world("storefront"), speed=0) as running:
        yield running


# --- what is no call --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, -32700),
        (b"\xff", 400, -32700),
        (b"[" * 100_000, 400, -32700),
        ({"method": "tools/list", "id": 1}, 400, None),
        ([HELLO], 400, None),
        ({"jsonrpc": "2.0", "id": 1, "method": "tools/nothing"}, 200, -32601),
        ({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"arguments": {}}}, 200, -32602),
        (
            {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "GetApp", "arguments": []}},
            200,
            -32602,
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_json_rpc_is_an_error_of_it(served: Server, body: Any, status: int, code: int | None) -> None:
    answer = post(served, body)
    assert answer.status_code == status
    assert code is None or answer.json()["error"]["code"] == code
    assert post(served).json()["result"]["serverInfo"]["name"] == "createos"


def test_a_stream_of_changes_is_not_offered(served: Server) -> None:
    """The tools of a world do not change."""
    assert modern(served, "server/discover", {})["result"]["capabilities"] == {"tools": {"listChanged": False}}
    assert (
        modern(served, "subscriptions/listen", {"notifications": {"toolsListChanged": True}})["error"]["code"] == -32601
    )


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "HEAD", "OPTIONS"])
def test_there_is_no_stream_and_no_session_to_end(served: Server, method: str) -> None:
    answer = httpx.request(method, f"{served.url}/mcp", headers={"x-api-key": served.key}, timeout=LIMIT)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_another_type_of_content_is_refused(served: Server) -> None:
    answer = post(served, content_type="text/plain", x_api_key=served.key)
    assert 400 <= answer.status_code < 500


def test_an_answer_is_one_of_the_world(served: Server) -> None:
    answer = post(served)
    assert answer.headers["date"] == "Mon, 02 Mar 2026 09:00:00 GMT"
    assert answer.headers["x-createos-simulator"] == "1"
    assert answer.headers["content-type"] == "application/json"
    assert "mcp-session-id" not in answer.headers


def test_a_foreign_name_is_refused(served: Server) -> None:
    answer = post(served, host="evil.example", x_api_key=served.key)
    assert (answer.status_code, "--allow-host" in answer.text) == (403, True)


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "https://evil.example:8765", "null", "http://127.0.0.1.evil.example"]
)
def test_a_page_of_a_foreign_host_may_not_call(served: Server, origin: str) -> None:
    answer = post(served, origin=origin, x_api_key=served.key)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, -32600)
    assert "--allow-host" in answer.text


@pytest.mark.parametrize("origin", ["http://localhost:6274", "http://127.0.0.1:6274", "https://agents.example.com"])
def test_a_page_of_this_machine_or_of_a_host_that_is_named_may_call(origin: str) -> None:
    with serve(open_world("storefront"), speed=0, hosts=["agents.example.com"]) as served:
        assert post(served, origin=origin, x_api_key=served.key).status_code == 200


def test_a_request_that_is_too_large_is_refused_before_it_is_read() -> None:
    with serve(open_world("storefront", body_bytes=1_000, upload_bytes=1_000), speed=0) as served:
        assert post(served, b" " * 1_001_001).status_code == 413
        assert post(served, json.dumps(HELLO).encode() + b" " * 900_000).status_code == 200


def test_the_mcp_of_a_deployed_project_is_its_own(served: Server) -> None:
    """Under the address of a project, `/mcp` is asked of what is deployed there."""
    address = f"storefront.{served.world.state.settings.base_domain}"
    answer = post(served, host=address, x_api_key=served.key)
    assert answer.headers["x-createos-version"]
    assert "serverInfo" not in answer.text
    assert httpx.post(f"{served.url}/~/{address}/mcp", json=HELLO, timeout=LIMIT).text == answer.text


# --- faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"what": "error", "status": 503}, "503: the platform could not do this now"),
        ({"what": "html", "status": 502}, "502: the answer is no JSON: <html>"),
        ({"what": "failure-200"}, "200: the platform could not do this now"),
        ({"what": "rate-limit", "seconds": 7}, "429: too many requests (try again after 7 s)"),
        ({"what": "cut"}, "200: the answer is no JSON: {"),
    ],
    ids=lambda value: value["what"] if isinstance(value, dict) else "",
)
def test_a_fault_strikes_a_call_as_it_strikes_a_request(fault: dict[str, Any], reason: str) -> None:
    world = open_world("storefront")
    with serve(world, speed=0) as served, agent(served) as someone, world.faults(operations=["GetQuotas"], **fault):
        assert someone.refused("GetQuotas").startswith(reason)
        someone.data("GetCurrentUser")


@pytest.mark.parametrize("mode", MODES)
def test_a_connection_that_breaks_after_a_write_leaves_it_applied(mode: str) -> None:
    world = open_world("storefront")
    with serve(world, speed=0) as served:
        call = {"name": "CreateApp", "arguments": {"body": {"name": "Unanswered"}}}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
        with world.faults(what="drop-after"), pytest.raises(httpx.TransportError):
            post(served, body)
        assert "Unanswered" in {app.name for app in world.state.apps.values()}
        with agent(served, mode) as someone:
            someone.data("GetCurrentUser")


def test_a_slow_answer_takes_its_time() -> None:
    world = open_world("storefront")
    with serve(world, speed=10) as served, agent(served) as someone, world.faults(what="latency", seconds=5):
        began = time.monotonic()
        someone.data("GetCurrentUser")
        assert time.monotonic() - began >= 0.4


# --- the server -------------------------------------------------------------------------------------------------------


def test_a_server_stops_at_once_and_a_world_can_be_served_again() -> None:
    world = open_world("storefront")
    before = threading.active_count()
    for mode in MODES:
        with serve(world, speed=0) as served, agent(served, mode) as someone:
            someone.data("GetCurrentUser")
            began = time.monotonic()
            served.stop()
            assert time.monotonic() - began < 5
            assert not served.running
    assert threading.active_count() == before


def test_a_write_is_on_the_disk_before_it_is_answered(tmp_path: Path) -> None:
    """What a crash leaves: the file and its log, as they are while the world is served."""
    kept, left = tmp_path / "world.state", tmp_path / "left.state"
    file = StateFile(kept, lambda: open_world("storefront"))
    try:
        with serve(file.world, speed=0, file=file) as served, agent(served) as someone:
            made = someone.data("CreateApp", body={"name": "Kept"})["id"]
            shutil.copy(kept, left)
            shutil.copy(f"{kept}{SUFFIX}", f"{left}{SUFFIX}")
    finally:
        file.close()
    again = StateFile(left, lambda: open_world("storefront"))
    try:
        assert again.world.state.apps[made].name == "Kept"
    finally:
        again.close()


LAZY = """
import sys, httpx
from createos_nb.simulator import open_world, serve

with serve(open_world("storefront"), speed=0) as served:
    headers = {"X-Api-Key": served.key}
    httpx.get(f"{served.url}/v1/users/me", headers=headers)
    print("mcp" in sys.modules)
    httpx.post(f"{served.url}/mcp", headers=headers, content=b"{}", timeout=60)
    print("mcp" in sys.modules)
"""


@pytest.mark.slow
def test_the_sdk_is_imported_when_somebody_asks_first() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LAZY], capture_output=True, text=True, timeout=4 * LIMIT
    )
    assert (done.stdout.split(), done.stderr) == (["False", "True"], "")


def test_the_example_of_the_documentation_runs(served: Server) -> None:
    text = (Path(__file__).parents[3] / "docs" / "mcp.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    *head, last = textwrap.indent(code.replace("http://127.0.0.1:8765", served.url), "    ").rstrip().splitlines()
    lines = ["async def example(key):", *head, f"{' ' * 12}return {last.strip()}"]
    space: dict[str, Any] = {}
    exec("\n".join(lines), space)
    assert len(asyncio.run(space["example"](served.key))["data"]) == 5
