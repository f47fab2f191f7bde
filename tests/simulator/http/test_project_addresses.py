"""A project's own address answers once something is live, under the world's base domain; an MCP server's path too."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

import createos_nb
from createos_nb.simulator import open_world
from createos_nb.simulator.http.mcp_project import TOOL, VERSIONS
from tests.simulator.http.addresses import get, total

BASE = "createos.nodeops.network"
MCP = {"MCP_TRANSPORT": "sse", "MCP_PATH": "/mcp"}


def test_it_answers_as_soon_as_one_deployment_is_live(empty: Any) -> None:
    project = empty.image()
    own = f"https://gate.{BASE}/"
    answer = get(empty, own)
    assert (answer.status_code, answer.json()["message"]) == (404, "no deployment is live here")
    made = empty("CreateDeployment", project, body={"image": "nginx:latest"})["id"]
    assert get(empty, own).status_code == 503
    empty.world.advance("1min")
    assert get(empty, own).headers["x-createos-deployment"] == made
    assert " GET / 200 " in empty("GetDeploymentLogs", project, made, since_seconds=60)


def test_the_newest_live_one_answers_until_the_first_environment_has_one(empty: Any) -> None:
    project = empty.image()
    own = f"https://gate.{BASE}/"
    old, new = empty.deployed_image(project), empty.deployed_image(project, "nginx:1.28")
    assert get(empty, own).headers["x-createos-deployment"] == new
    environment = empty.make_environment(project)
    assert empty("ListProjectEnvironments", project)[0]["extra"]["endpoint"] + "/" == own
    assert get(empty, own).headers["x-createos-deployment"] == new
    empty("AssignDeploymentToProjectEnvironment", project, environment, body={"deploymentId": old})
    before = total(empty, "gate", "production", 60)
    assert get(empty, own).headers["x-createos-deployment"] == old
    assert total(empty, "gate", "production", 60) == before + 1
    empty("DeleteProjectEnvironment", project, environment)
    empty.world.advance("1min")
    assert get(empty, own).headers["x-createos-deployment"] == new


def test_an_environment_in_which_it_is_live_counts_the_request(empty: Any) -> None:
    """The first environment has gone: the project's address leads to what is live in another one."""
    project = empty.image()
    first, second = empty.make_environment(project), empty.make_environment(project, "second")
    made = empty.deployed_image(project)
    empty("AssignDeploymentToProjectEnvironment", project, second, body={"deploymentId": made})
    empty("DeleteProjectEnvironment", project, first)
    empty.world.advance("1min")
    assert get(empty, f"https://gate.{BASE}/").status_code == 200
    assert total(empty, "gate", "second", 60) == 1


def test_the_base_domain_is_a_setting_of_the_world(empty: Any, empty_file: Any) -> None:
    api = type(empty)(open_world(empty_file, base_domain="Apps.Example.com"))
    project = api.image()
    environment = api.make_environment(project)
    other = api.make_environment(project, "staging")
    made = api.deployed_image(project)
    for one in (environment, other):
        api("AssignDeploymentToProjectEnvironment", project, one, body={"deploymentId": made})
    endpoints = [row["extra"]["endpoint"] for row in api("ListProjectEnvironments", project)]
    endpoints.append(api("GetDeployment", project, made)["extra"]["endpoint"])
    assert endpoints == [
        "https://gate.apps.example.com",
        "https://gate-staging.apps.example.com",
        f"https://gate-{made[:8]}.apps.example.com",
    ]
    assert [get(api, address).status_code for address in endpoints] == [200] * 3
    with pytest.raises(httpx.ConnectError):
        get(api, f"https://gate.{BASE}/")


def test_an_older_worlds_addresses_answer_after_the_base_domain_has_changed(shop: Any) -> None:
    address = f"https://storefront.{BASE}/"
    shop.world.state.settings = type(shop.world.state.settings)(base_domain="apps.example.com")
    assert get(shop, address).headers["x-createos-version"] == "17"


def test_a_scenario_can_set_the_base_domain(empty_file: Any) -> None:
    empty_file.write_text(empty_file.read_text() + '\n[settings]\nbase_domain = "apps.example.com"\n')
    client = createos_nb.simulate(str(empty_file))
    client.projects.create(unique_name="gate", display_name="Gate", type="image", settings={"port": 8080})
    client.deployments.create("gate", image="nginx:latest")
    client.world.advance("1min")
    endpoint = client.deployments.list("gate")["endpoint"].iloc[0]
    assert urlsplit(endpoint).netloc.endswith(".apps.example.com")
    assert client.probe("https://gate.apps.example.com")["ok"]


# --- an MCP server ----------------------------------------------------------------------------------------------------


def mcp_server(api: Any, *, in_environment: bool = False) -> str:
    """The address of the documentation's MCP pattern."""
    framework = {"framework": "express", "installCommand": "npm install", "runCommand": "node server.js"}
    project = api.vcs("tools", runEnvs={} if in_environment else MCP, **framework)
    variables = {"runEnvs": MCP if in_environment else {}}
    api.make_environment(project, branch="main", isAutoPromoteEnabled=in_environment, settings=variables)
    api("TriggerLatestDeployment", project)
    api.world.advance("15min")
    return f"https://tools.{BASE}/mcp"


def post(api: Any, address: str, message: Any, **headers: str) -> httpx.Response:
    sent = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    content = message if isinstance(message, bytes) else json.dumps(message).encode()
    with httpx.Client(transport=api.world.transport()) as client:
        return client.post(address, content=content, headers={**sent, **headers})


def rpc(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}


@pytest.mark.parametrize("in_environment", [False, True])
def test_it_is_initialized_and_lists_its_tools(empty: Any, in_environment: bool) -> None:
    address = mcp_server(empty, in_environment=in_environment)
    answer = post(empty, address, rpc("initialize", protocolVersion=VERSIONS[1], capabilities={}, clientInfo={}))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    result = answer.json()["result"]
    assert (result["protocolVersion"], result["serverInfo"]) == (VERSIONS[1], {"name": "tools", "version": "1"})
    assert "simulated" in result["instructions"]
    told = post(empty, address, {"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (told.status_code, told.content) == (202, b"")
    (tool,) = post(empty, address, rpc("tools/list")).json()["result"]["tools"]
    assert (tool["name"], tool["inputSchema"]["type"]) == (TOOL, "object")
    assert "simulated" in tool["description"]
    called = post(empty, address, rpc("tools/call", name=TOOL)).json()["result"]
    assert called["content"][0]["text"] == "tools version 1 answers (simulated)"
    assert post(empty, address, rpc("ping")).json() == {"jsonrpc": "2.0", "id": 7, "result": {}}


def test_an_unknown_version_of_the_protocol_gets_the_newest(empty: Any) -> None:
    address = mcp_server(empty)
    assert (
        post(empty, address, rpc("initialize", protocolVersion="1.0")).json()["result"]["protocolVersion"]
        == VERSIONS[0]
    )


@pytest.mark.parametrize(
    ("message", "headers", "status", "code"),
    [
        (rpc("resources/list"), {}, 200, -32601),
        (rpc("tools/call", name="other"), {}, 200, -32602),
        (b"{", {}, 400, -32700),
        ([rpc("ping")], {}, 400, -32600),
        ({"id": 1, "method": "ping"}, {}, 400, -32600),
        (rpc("ping"), {"accept": "text/event-stream"}, 406, None),
        (rpc("ping"), {"accept": "text/html"}, 406, None),
        (rpc("ping"), {"content-type": "text/plain"}, 415, None),
    ],
)
def test_what_it_does_not_take_is_said(
    empty: Any, message: Any, headers: dict[str, str], status: int, code: int | None
) -> None:
    answer = post(empty, mcp_server(empty), message, **headers)
    assert answer.status_code == status
    assert answer.json().get("error", {}).get("code") == code


def test_other_methods_are_405_other_paths_and_other_projects_404(empty: Any) -> None:
    address = mcp_server(empty)
    for method in ("GET", "DELETE", "PUT"):
        answer = get(empty, address, method)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert post(empty, address + "/more", rpc("ping")).status_code == 404
    project = empty.image("gate")
    empty.deployed_image(project)
    assert post(empty, f"https://gate.{BASE}/mcp", rpc("ping")).status_code == 404


def test_its_requests_count_like_every_other(empty: Any) -> None:
    address = mcp_server(empty, in_environment=True)
    before = total(empty, "tools", "production", 60)
    for _ in range(3):
        post(empty, address, rpc("tools/list"))
    get(empty, address)
    assert total(empty, "tools", "production", 60) == before + 4
    project = empty.project("tools")
    there = project, empty.environment(project, "production")
    errors = empty("GetProjectEnvironmentAnalyticsTopErrorPaths", *there)
    assert [(row["path"], row["status"], row["count"]) for row in errors] == [("/mcp", "405", 1)]
    assert empty("GetProjectEnvironmentLogs", *there, since_seconds=60).count("POST /mcp 200") == 3


def test_a_server_that_sleeps_or_crashes_answers_no_message(empty: Any) -> None:
    address = mcp_server(empty)
    empty.world.advance("4d")
    assert post(empty, address, rpc("ping")).status_code == 503
