"""The MCP endpoint of a served world: keys, accounts, refusals and their reasons, faults, and what is no call."""

from __future__ import annotations

import asyncio
import logging
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from mcp.shared.exceptions import MCPError

from createos_nb.simulator import Server, World, open_world, serve
from tests.simulator.http.agents import MODES, Agent, agent, connected, modern, post, text_of

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with serve(open_world("storefront", apps=1_000), speed=0) as running:
        yield running


@pytest.fixture(params=MODES)
def someone(served: Server, request: pytest.FixtureRequest) -> Iterator[Agent]:
    with agent(served, request.param) as found:
        yield found


def project_id(world: World, name: str = "storefront") -> str:
    return next(one.id for one in world.state.projects.values() if one.name == name)


# --- calls ------------------------------------------------------------------------------------------------------------


def test_a_write_changes_the_world(served: Server, someone: Agent) -> None:
    made = someone.data("CreateApp", body={"name": "By an agent"})
    assert served.world.state.apps[made["id"]].name == "By an agent"
    someone.data("UpdateApp", app_id=made["id"], body={"name": "Renamed"})
    assert served.world.state.apps[made["id"]].name == "Renamed"
    someone.data("DeleteApp", app_id=made["id"])
    assert made["id"] not in served.world.state.apps


def test_what_a_body_holds_may_also_stand_beside_it(served: Server, someone: Agent) -> None:
    made = someone.data("CreateApp", name="Beside")
    assert served.world.state.apps[made["id"]].name == "Beside"
    assert someone.refused("CreateApp", name="Twice", body={"name": "Once"}).startswith(
        "400: CreateApp has no argument 'name'; it has: body"
    )


def test_a_zip_goes_in_base64(someone: Agent, served: Server) -> None:
    project = project_id(served.world, "landing-pages")
    junk = someone.refused("UploadDeploymentZip", project_id=project, body={"file": b64encode(b"no zip").decode()})
    assert junk.startswith("400: ")
    assert "zip" in junk
    assert someone.refused("UploadDeploymentZip", project_id=project, body={"file": "PK\x03\x04"}) == (
        "400: body.file must be the bytes of the file in base64"
    )
    assert "body.file is required" in someone.refused("UploadDeploymentZip", project_id=project)


def test_null_in_a_query_is_an_argument_that_is_not_given(someone: Agent) -> None:
    assert someone.data("ListProjects", limit=2, offset=None) == someone.data("ListProjects", limit=2.0)


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("GetProject", {"project_id": "storefront"}, "400: project_id must be a UUID"),
        ("GetProject", {}, "400: project_id is required"),
        ("GetProject", {"project_id": ""}, "400: project_id is required"),
        ("GetProject", {"project_id": ["a"]}, "400: project_id must be a text or a number"),
        ("GetProject", {"project_id": "../users/me"}, "400: project_id must be a UUID"),
        ("GetProject", {"project": "x"}, "has no argument 'project'; it has: project_id; did you mean project_id?"),
        ("GetCurrentUser", {"who": 1}, "GetCurrentUser has no argument 'who'; it has: none"),
        ("GetProject", {"project_id": NOBODY}, "404: project not found"),
        ("ListProjects", {"limit": 21}, "400: query parameter limit: expected int <= 20"),
        ("ListProjects", {"limit": "many"}, "400: query parameter limit must be a whole number"),
        ("ListProjects", {"status": "s" * 99}, "400: query parameter status: expected one of active, "),
        ("CreateProject", {"type": "t" * 99}, "400: type: expected one of vcs, image, upload"),
        (
            "CreateCronjob",
            {"project_id": NOBODY, "settings": {"path": "/", "method": "get"}},
            "400: settings.method: expected one of GET, POST, PUT, DELETE, PATCH, HEAD",
        ),
        ("CreateApp", {}, "400: name is required"),
        ("CreateApp", {"body": {"name": 5}}, "400: name: expected str, got int"),
        ("CreateApp", {"body": "name"}, "400: body must be an object with color, description, name"),
        ("CreateApp", {"body": {"name": "a", "title": "b"}}, "CreateApp has no field of body 'title'"),
    ],
)
def test_a_refusal_says_the_status_and_the_reason(
    someone: Agent, name: str, arguments: dict[str, Any], reason: str
) -> None:
    assert reason in someone.refused(name, **arguments)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"project_id": "\ud800"}, "400: project_id must be a UUID"),
        ({"project_id": 10**30}, "400: project_id must be a UUID"),
        ({"project_id": float("inf")}, "400: project_id must be a UUID"),
    ],
    ids=["half a character", "a large number", "no number"],
)
def test_what_json_barely_takes_is_refused_in_words(served: Server, arguments: dict[str, Any], reason: str) -> None:
    result = modern(served, "tools/call", {"name": "GetProject", "arguments": arguments}, "GetProject")["result"]
    assert (result["isError"], result["content"][0]["text"]) == (True, reason)


def test_what_the_state_does_not_allow_is_a_422(served: Server, someone: Agent) -> None:
    world = served.world
    project = project_id(world)
    domain = next(one.id for one in world.state.projects[project].domains.values() if one.status == "pending")
    environment = next(iter(world.state.projects[project].environments))
    reason = someone.refused(
        "UpdateDomainEnvironment", project_id=project, domain_id=domain, body={"environmentId": environment}
    )
    assert reason.startswith("422: ")


def test_a_refusal_holds_the_answer_as_it_came(someone: Agent) -> None:
    result = someone.call("GetProject", project_id="storefront")
    reason = "project_id must be a UUID"
    assert result.structured_content == {"status": "fail", "data": reason, "message": reason}
    assert result.meta is not None
    assert result.meta["status"] == 400


@pytest.mark.parametrize("mode", MODES)
def test_an_unknown_tool_is_an_error_that_suggests_one(served: Server, mode: str) -> None:
    with agent(served, mode) as someone, pytest.raises(MCPError, match="there is no tool 'GetProjekt'; did you mean"):
        someone.call("GetProjekt")


@pytest.mark.parametrize("mode", MODES)
def test_the_rate_limit_of_a_key_counts_calls_and_requests_together(mode: str) -> None:
    world = open_world("storefront", rate_per_minute=3)
    with serve(world, speed=0) as served, agent(served, mode) as someone:
        someone.data("GetCurrentUser")
        someone.data("GetQuotas")
        assert httpx.get(f"{served.url}/v1/users/me", headers={"X-Api-Key": served.key}).status_code == 200
        result = someone.call("GetCurrentUser")
        assert text_of(result) == ("429: too many requests: 3 in 60 seconds (try again after 60 s)")
        assert result.meta is not None
        assert (result.meta["status"], result.meta["retry_after"]) == (429, "60")


def test_a_quota_is_a_429_that_names_no_wait() -> None:
    world = open_world("storefront", apps=0)
    with serve(world, speed=0) as served, agent(served) as someone:
        reason = someone.refused("CreateApp", body={"name": "One more"})
        assert reason.startswith("429: ")
        assert "try again" not in reason


# --- keys and accounts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"accept": "application/json"},
        {"x_api_key": "skp_wrong"},
        {"authorization": "Bearer skp_wrong"},
        {"authorization": "Basic c2twX3dyb25nOg=="},
        {"authorization": "Bearer"},
    ],
    ids=str,
)
def test_without_a_good_key_nothing_is_answered(served: Server, headers: dict[str, str]) -> None:
    answer = post(served, **headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["error"]["message"].startswith("401: ")
    assert "skp_wrong" not in answer.text


@pytest.mark.parametrize("mode", MODES)
def test_the_client_of_the_sdk_says_that_a_key_is_wrong(served: Server, mode: str) -> None:
    with pytest.raises(ExceptionGroup) as caught, agent(served, mode, X_API_Key="skp_wrong"):
        pass
    error: BaseException = caught.value
    while isinstance(error, BaseExceptionGroup):
        (error,) = error.exceptions
    assert isinstance(error, MCPError)
    assert error.message == "401: invalid API key"


def test_a_key_comes_in_either_header(served: Server) -> None:
    for headers in (
        {"X_API_Key": served.key},
        {"Authorization": f"Bearer {served.key}"},
        {"Authorization": f"bearer {served.key}"},
        {"X_Access_Token": served.world.access_token},
        {"X_API_Key": served.key, "Authorization": "Bearer skp_wrong"},
    ):
        with agent(served, **headers) as someone:
            assert someone.data("GetCurrentUser")["username"] == served.world.account


def test_two_accounts_are_apart(served: Server) -> None:
    with agent(served) as mine, agent(served, X_API_Key=served.world.key_of("tamsin")) as other:
        theirs = other.data("CreateApp", body={"name": "Of Tamsin"})["id"]
        assert theirs not in {app["id"] for app in mine.data("ListApps")}
        assert mine.refused("DeleteApp", app_id=theirs).startswith("404")
        project = project_id(served.world)
        assert other.refused("GetProject", project_id=project) == "404: project not found"
        assert other.data("GetCurrentUser")["username"] == "tamsin"


def test_a_key_that_is_revoked_stops_working_within_a_session(served: Server) -> None:
    with agent(served) as mine:
        made = mine.data("CreateAPIKey", body={"name": "short-lived", "expiryAt": "2027-01-01T00:00:00Z"})
        with agent(served, X_API_Key=made["secret"]) as someone:
            someone.data("GetCurrentUser")
            mine.data("RevokeAPIKey", api_key_id=made["id"])
            with pytest.raises(MCPError, match="401: this API key has been revoked"):
                someone.data("GetCurrentUser")


def test_neither_the_key_nor_a_new_secret_is_logged(served: Server, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), agent(served, Authorization=f"Bearer {served.key}") as someone:
        secret = someone.data("CreateAPIKey", body={"name": "told-once", "expiryAt": "2027-01-01T00:00:00Z"})["secret"]
    ours = [one.getMessage() for one in caplog.records if not one.name.startswith(("httpx", "httpcore", "mcp.client"))]
    assert secret
    assert not [line for line in ours if secret in line or served.key in line]


def test_twenty_sessions_at_the_same_time_do_not_mix(served: Server) -> None:
    keys = [served.key, served.world.key_of("tamsin")]

    async def session(n: int) -> tuple[str, set[str]]:
        key = keys[n % 2]
        async with connected(served, MODES[n // 2 % 2], X_API_Key=key) as client:
            seen = set()
            for k in range(5):
                made = await client.call_tool("CreateApp", {"body": {"name": f"Session {n} app {k}"}})
                assert made.structured_content is not None
                seen.add(made.structured_content["data"]["id"])
                me = await client.call_tool("GetCurrentUser", {})
                assert me.structured_content is not None
                assert me.structured_content["data"]["username"] == (served.world.account, "tamsin")[n % 2]
            return key, seen

    async def all_of_them() -> list[tuple[str, set[str]]]:
        return await asyncio.gather(*(session(n) for n in range(20)))

    made = asyncio.run(all_of_them())
    assert len(set().union(*(ids for _, ids in made))) == 100
    for n, key in enumerate(keys):
        with agent(served, X_API_Key=key) as someone:
            listed = {app["id"] for app in someone.data("ListApps")}
        for owner, ids in made:
            assert ids <= listed if owner == keys[n] else not ids & listed
