"""What any request meets before its operation: routing, keys, checks, dialects."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from createos_nb.contract import OPERATIONS
from createos_nb.simulator import World, open_world


def ask(world: World, method: str, path: str, query: str = "", body: bytes = b"", **headers: str) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return world.handle(method, path, query, sent, body)


def test_an_unknown_path_is_404_with_and_without_a_key(shop: Any) -> None:
    for headers in ({}, {"x_api_key": shop.key}):
        assert ask(shop.world, "GET", "/v1/nothing", **headers).status == 404
        assert ask(shop.world, "GET", "/", **headers).status == 404


def test_a_wrong_verb_is_405_and_says_which_ones_there_are(shop: Any) -> None:
    status, headers, _ = ask(shop.world, "PATCH", "/v1/projects", x_api_key=shop.key)
    assert status == 405
    assert dict(headers)["allow"] == "GET, POST"


def test_literal_paths_come_before_templated_ones(shop: Any) -> None:
    assert isinstance(shop("GetSupportedProjectTypes"), list)
    assert ask(shop.world, "PUT", "/v1/projects/supported", x_api_key=shop.key).status == 400
    assert ask(shop.world, "POST", "/v1/projects/supported", x_api_key=shop.key).status == 405


@pytest.mark.parametrize("name", sorted(name for name, one in OPERATIONS.items() if 401 in one.failures))
def test_without_a_key_every_operation_that_declares_it_answers_401(shop: Any, name: str) -> None:
    path = OPERATIONS[name].path
    while "{" in path:
        path = path[: path.index("{")] + "x" + path[path.index("}") + 1 :]
    assert ask(shop.world, OPERATIONS[name].method, path).status == 401
    assert ask(shop.world, OPERATIONS[name].method, path, x_api_key="skp_wrong").status == 401
    assert ask(shop.world, OPERATIONS[name].method, path, x_access_token="sat_wrong").status == 401


def test_the_marketplace_is_open_to_all(shop: Any) -> None:
    assert ask(shop.world, "GET", "/v1/project-templates").status == 200
    assert ask(shop.world, "GET", "/v1/project-templates/counts").status == 200


def test_an_access_token_opens_the_account_too(shop: Any) -> None:
    reply = ask(shop.world, "GET", "/v1/users/me", x_access_token=shop.world.access_token)
    assert json.loads(reply.body)["data"]["username"] == "marlow"


def test_another_account_sees_nothing_of_this_one(shop: Any) -> None:
    other = type(shop)(shop.world, shop.world.key_of("tamsin"))
    project = shop.project("storefront")
    assert other("ListProjects")["data"] == []
    assert other("ListApps") == []
    assert other("ListConnectedGithubAccounts") == []
    assert other.refused("GetProject", project) == (404, "project not found")
    assert other.refused("ListDeployments", project)[0] == 404


def test_head_is_get_without_a_body(shop: Any) -> None:
    got = ask(shop.world, "GET", "/v1/users/me", x_api_key=shop.key)
    head = ask(shop.world, "HEAD", "/v1/users/me", x_api_key=shop.key)
    assert head.status == 200
    assert head.body == b""
    assert dict(head.headers)["content-length"] == str(len(got.body))


def test_production_wraps_everything_and_a_reason_stands_in_data_and_message() -> None:
    world = open_world("storefront")
    reply = ask(world, "GET", "/v1/projects/supported", x_api_key=world.key)
    assert reply.body.startswith(b'{"status":"success","data":[')
    reply = ask(world, "GET", "/v1/projects/x", x_api_key=world.key)
    text = "project_id must be a UUID"
    assert json.loads(reply.body) == {"status": "fail", "data": text, "message": text}


def test_the_documented_dialect_says_success_and_bares_what_is_declared_bare() -> None:
    world = open_world("storefront", dialect="documented")
    reply = ask(world, "GET", "/v1/users/me", x_api_key=world.key)
    assert reply.body.startswith(b'{"success":true,"data":{')
    reply = ask(world, "GET", "/v1/projects/supported", x_api_key=world.key)
    assert reply.body.startswith(b"[{")
    reply = ask(world, "GET", "/v1/projects/x", x_api_key=world.key)
    assert json.loads(reply.body) == {"success": False, "message": "project_id must be a UUID"}


def test_every_answer_is_json_and_names_the_simulator(shop: Any) -> None:
    for path in ("/v1/users/me", "/v1/nothing", "/v1/projects/x"):
        headers = dict(ask(shop.world, "GET", path, x_api_key=shop.key).headers)
        assert headers["content-type"] == "application/json"
        assert "x-createos-simulator" in headers


BROKEN = [b"{", b"[]", b"null", b"42", b'"text"', b"\xff\xfe", b'{"displayName":}', b"[" * 5000]


@pytest.mark.parametrize("content", BROKEN)
def test_a_body_that_is_no_json_object_is_400(shop: Any, content: bytes) -> None:
    assert shop.refused("UpdateProject", shop.project("storefront"), content=content)[0] == 400


def test_a_missing_body_is_400_where_one_is_needed(shop: Any) -> None:
    assert shop.refused("UpdateProject", shop.project("storefront")) == (400, "a JSON body is required")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "displayName is required"),
        ({"displayName": 7}, "displayName: expected str, got int"),
        ({"displayName": None}, "displayName: expected str, got null"),
        ({"displayName": "abc"}, "displayName: expected str of length >= 4"),
        ({"displayName": "x" * 49}, "displayName: expected str of length <= 48"),
        ({"displayName": "A shop."}, "displayName: expected str matching regex"),
        ({"displayName": "A shop", "description": "abc"}, "description: expected str of length >= 4"),
        ({"displayName": "A shop", "enabledSecurityScan": "yes"}, "enabledSecurityScan: expected bool"),
    ],
)
def test_values_outside_the_declared_limits_are_400_and_name_the_field(shop: Any, body: Any, words: str) -> None:
    status, text = shop.refused("UpdateProject", shop.project("storefront"), body=body)
    assert status == 400
    assert text.startswith(words)


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 21}, {"limit": "ten"}, {"limit": "1.5"}, {"offset": -1}])
def test_a_page_outside_the_limits_is_400(shop: Any, query: dict[str, Any]) -> None:
    assert shop.refused("ListProjects", **query)[0] == 400


def test_a_choice_that_is_not_declared_is_400(shop: Any) -> None:
    assert shop.refused("ListProjects", type="docker")[0] == 400
    assert shop.refused("ListProjects", status="gone")[0] == 400


def test_what_is_not_declared_in_a_query_is_passed_over(shop: Any) -> None:
    assert len(shop("ListProjects", limit=3, sort="name")["data"]) == 3


def test_pages_are_ten_rows_by_default_and_join_to_the_whole(shop: Any) -> None:
    project = shop.project("storefront")
    first = shop("ListDeployments", project)
    assert first["pagination"] == {"total": 18, "limit": 10, "offset": 0, "count": 10}
    second = shop("ListDeployments", project, offset=10)
    assert second["pagination"] == {"total": 18, "limit": 10, "offset": 10, "count": 8}
    versions = [row["versionNumber"] for row in first["data"] + second["data"]]
    assert versions == list(range(18, 0, -1))
    assert shop("ListDeployments", project, offset=40)["data"] == []


def test_a_malformed_id_is_400_and_an_unknown_one_404(shop: Any) -> None:
    project = shop.project("storefront")
    nobody = "00000000-0000-4000-8000-000000000000"
    assert shop.refused("GetDeployment", project, "v17")[0] == 400
    assert shop.refused("GetDeployment", project, nobody) == (404, "deployment not found")
    assert shop.refused("GetProject", nobody) == (404, "project not found")


def test_no_operation_answers_a_status_that_it_does_not_declare(shop: Any) -> None:
    """An id of the wrong form is a 400 where that is declared, and a 404 where it is not."""
    assert shop.refused("ListCronjobs", "x")[0] == 404
    assert shop.refused("SuspendProject", "x")[0] == 404
    project = shop.project("winter-sale")
    assert shop.refused("SuspendProject", project)[0] in OPERATIONS["SuspendProject"].failures


def test_reads_and_bodyless_writes_take_what_clients_send(shop: Any) -> None:
    """A JSON content type on GET, an empty chunked body on POST."""
    project = shop.project("storefront")
    reply = ask(shop.world, "GET", f"/v1/projects/{project}", x_api_key=shop.key, content_type="application/json")
    assert reply.status == 200
    path = f"/v1/projects/{project}/deployments/{shop.version(project, 5)}/wakeup"
    reply = ask(shop.world, "POST", path, x_api_key=shop.key, transfer_encoding="chunked")
    assert reply.status == 200


def test_rate_limits_are_off_unless_set_and_answer_in_their_own_shape() -> None:
    world = open_world("storefront", rate_per_minute=3)
    replies = [ask(world, "GET", "/v1/users/me", x_api_key=world.key) for _ in range(4)]
    assert [reply.status for reply in replies] == [200, 200, 200, 429]
    assert [dict(reply.headers)["x-ratelimit-remaining"] for reply in replies] == ["2", "1", "0", "0"]
    last = dict(replies[-1].headers)
    assert last["retry-after"] == "60"
    assert int(last["x-ratelimit-reset"]) == world.clock.now() + 60
    assert json.loads(replies[-1].body)["error"]["code"] == "RATE_LIMITED"
    world.advance(60)
    assert ask(world, "GET", "/v1/users/me", x_api_key=world.key).status == 200


def test_a_body_that_is_too_large_is_413() -> None:
    world = open_world("storefront", body_bytes=100)
    body = b'{"displayName":"' + b"x" * 200 + b'"}'
    project = next(iter(world.state.projects))
    assert ask(world, "PUT", f"/v1/projects/{project}", body=body, x_api_key=world.key).status == 413


def test_the_transport_serves_sync_and_async_clients(shop: Any) -> None:
    import asyncio

    headers = {"X-Api-Key": shop.key}
    with httpx.Client(transport=shop.world.transport(), base_url=shop.world.base_url, headers=headers) as client:
        assert client.get("/v1/projects", params={"limit": 2}).json()["data"]["pagination"]["count"] == 2

    async def main() -> int:
        transport = shop.world.transport()
        async with httpx.AsyncClient(transport=transport, base_url=shop.world.base_url, headers=headers) as client:
            return (await client.get("/v1/users/me")).status_code

    assert asyncio.run(main()) == 200
