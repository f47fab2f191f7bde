"""What goes out equals the contract: for every operation, full and with only what is required, at both levels."""

from __future__ import annotations

import json
import math
import re
from typing import Any
from urllib.parse import parse_qsl, quote
from uuid import UUID

import httpx
import jsonschema
import numpy as np
import pandas as pd
import pytest

from createos_nb import contract
from createos_nb.contract.operation import Operation
from createos_nb.errors import InvalidInput
from createos_nb.http.request import build
from createos_nb.redaction import MASK, Secret
from tests.contract import openapi
from tests.contract.values import empty_answer, example_of

NAMES = sorted(contract.OPERATIONS)
AWKWARD = "a/b c?d#é%2F"


def pairs(request: httpx.Request) -> list[tuple[str, str]]:
    return parse_qsl(request.url.query.decode(), keep_blank_values=True, strict_parsing=bool(request.url.query))


def assert_as_the_contract_says(one: Operation, request: httpx.Request) -> None:
    """Query and body against the platform's own schema."""
    fact = openapi.operations()[one.name]
    declared = {p["name"]: p for p in fact.get("parameters", []) if p["in"] == "query"}
    sent = pairs(request)
    assert len({name for name, _ in sent}) == len(sent)
    assert {name for name, _ in sent} <= set(declared)
    assert {name for name, p in declared.items() if p.get("required")} <= {name for name, _ in sent}
    for name, text in sent:
        schema = declared[name]["schema"]
        value = json.loads(text) if schema.get("type") in ("integer", "number", "boolean") else text
        jsonschema.validate(value, schema)
    if "requestBody" not in fact:
        assert not request.content
        return
    ((kind, content),) = fact["requestBody"]["content"].items()
    if kind == "application/json":
        jsonschema.validate(json.loads(request.content), content["schema"])


def assert_headers(request: httpx.Request, one: Operation, wire: Any) -> None:
    assert request.headers["x-api-key"] == wire.KEY
    assert "x-access-token" not in request.headers
    assert "authorization" not in request.headers
    assert request.headers["accept"] == "application/json"
    if one.upload:
        assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    elif one.at("body"):
        assert request.headers["content-type"] == "application/json"
    else:
        assert "content-type" not in request.headers
        assert request.content == b""


def assert_zip(request: httpx.Request) -> None:
    """One part named `file`, and its bytes."""
    names = re.findall(rb'name="([^"]*)"; filename=', request.content)
    assert names == [b"file"]
    assert b"\r\n\r\nPK\x03\x04zip\r\n" in request.content


# --- all operations ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("full", [False, True], ids=["required", "full"])
@pytest.mark.parametrize("name", NAMES)
def test_wire_level_sends_exactly_what_it_is_given(name: str, full: bool, wire: Any) -> None:
    one, fact = contract.OPERATIONS[name], openapi.operations()[name]
    client, seen = wire.client(wire.ok(empty_answer(one)))
    values: dict[str, Any] = {}
    path, query, body = fact["path"], [], {}
    for p in one.parameters:
        if not (full or p.required):
            continue
        if p.location == "path":
            values[p.key] = AWKWARD
            path = path.replace("{" + p.wire + "}", quote(AWKWARD, safe=""))
            continue
        _, values[p.key] = example_of(p, full, wire)
        if p.location == "query":
            query.append((p.wire, str(values[p.key])))
        elif p.location == "body":
            body[p.wire] = values[p.key]
    client.call(name, **values)
    (request,) = seen
    assert request.method == fact["method"]
    assert request.url.raw_path.decode().split("?")[0] == path
    assert sorted(pairs(request)) == sorted(query)
    assert_headers(request, one, wire)
    if one.upload:
        assert_zip(request)
    elif one.at("body"):
        assert json.loads(request.content) == body
    if full or name != "CreateProject":  # of which the kind decides what is required
        assert_as_the_contract_says(one, request)


@pytest.mark.parametrize("full", [False, True], ids=["required", "full"])
@pytest.mark.parametrize("name", NAMES)
def test_noun_level_sends_what_the_contract_wants(name: str, full: bool, wire: Any) -> None:
    one, fact = contract.OPERATIONS[name], openapi.operations()[name]
    client, seen = wire.client(wire.ok(empty_answer(one)))
    arguments: dict[str, Any] = {}
    path, query, body = fact["path"], {}, {}
    needed = {p.name for p in one.signature.parameters.values() if p.default is p.empty}
    if name == "CreateProject":  # of which the kind decides what is required
        needed.add("source")
    for p in one.parameters:
        if p.name not in one.signature.parameters or not (full or p.name in needed):
            continue
        if p.name == "since_seconds":
            continue  # the client's own call has start= and end= in its place: tests of searched logs
        if p.name == "limit":
            arguments["limit"], query["limit"] = 5, "5"
            continue
        arguments[p.name], sent = example_of(p, full, wire)
        if p.location == "path":
            path = path.replace("{" + p.wire + "}", str(sent))
        elif p.location == "query":
            query[p.wire] = str(sent)
        elif p.location == "body":
            body[p.wire] = sent
    if {"start", "end"} <= set(arguments):
        arguments["start"] -= 600
        query["start"] = str(int(wire.NOW) - 600)
    resource, call = one.call.split(".")
    extra = {"since-seconds"} if call == "logs" else set()
    getattr(getattr(client, resource), call)(**arguments)
    request = seen[0]
    assert len(seen) == 1 or name.endswith("SuccessPercentage")
    assert (request.method, request.url.path) == (fact["method"], path)
    assert query.items() <= dict(pairs(request)).items()
    paging = {"limit", "offset", "page", "per-page", "start", "end"}
    assert set(dict(pairs(request))) - set(query) <= paging | extra
    assert_headers(request, one, wire)
    if one.upload:
        assert_zip(request)
    elif one.at("body"):
        assert json.loads(request.content) == body
    assert_as_the_contract_says(one, request)


def test_an_access_token_goes_into_its_own_header_and_no_key_along(wire: Any) -> None:
    client, seen = wire.client(wire.ok({}), access_token="token-of-somebody")
    client.call("GetCurrentUser")
    assert seen[0].headers["x-access-token"] == "token-of-somebody"
    assert "x-api-key" not in seen[0].headers


def test_a_key_given_as_a_secret_is_sent_in_clear(wire: Any) -> None:
    client, seen = wire.client(wire.ok({}), api_key=Secret(wire.KEY))
    client.call("GetCurrentUser")
    assert seen[0].headers["x-api-key"] == wire.KEY


# --- the wire level ---------------------------------------------------------------------------------------------------


def sent(operation: str, /, **values: Any) -> Any:
    """The body that the wire level makes of values."""
    one = contract.find(operation)
    path = {p.key: "x" for p in one.at("path")}
    request = build(one, path | values)
    assert request.content is not None
    return json.loads(request.content)


def test_left_out_none_and_false_are_three_different_things() -> None:
    common = {"display_name": "shop", "description": "a shop"}
    assert "branch" not in sent("UpdateProjectEnvironment", **common)
    assert sent("UpdateProjectEnvironment", **common, branch=None)["branch"] is None
    assert sent("UpdateProjectEnvironment", **common, is_auto_promote_enabled=False)["isAutoPromoteEnabled"] is False


def test_keys_inside_a_users_own_map_are_never_touched() -> None:
    variables = {"snake_case": "1", "camelCase": "2", "per-page": "3", "": "4", "é": "5"}
    assert sent("UpdateProjectEnvironmentEnvironmentVariables", run_envs=variables) == {"runEnvs": variables}


def test_an_unknown_parameter_names_the_nearest_or_those_that_there_are(wire: Any) -> None:
    client, seen = wire.client(wire.ok({}))
    with pytest.raises(InvalidInput, match=r"has no field 'cpus'; did you mean cpu\?"):
        client.call("UpdateProjectEnvironmentResources", project_id="p", environment_id="e", cpus=1)
    with pytest.raises(InvalidInput, match=r"has no field 'gpu_kind'; it has: project_id, environment_id, cpu, memory"):
        client.call("UpdateProjectEnvironmentResources", project_id="p", environment_id="e", gpu_kind=1)
    with pytest.raises(InvalidInput, match="needs replicas"):
        client.call("UpdateProjectEnvironmentResources", project_id="p", environment_id="e", cpu=300, memory=600)
    assert not seen


def test_the_documentations_name_of_the_distribution_works_too(wire: Any) -> None:
    client, seen = wire.client(wire.ok([]))
    client.call("GetEnvAnalyticsReqDistribution", project_id="p", environment_id="e")
    assert seen[0].url.path.endswith("/analytics/request-distribution")


def test_a_misspelt_operation_names_those_that_look_alike(wire: Any) -> None:
    client, _ = wire.client(wire.ok({}))
    with pytest.raises(InvalidInput, match="ListDeployments"):
        client.call("ListDeployment")


def test_numbers_of_numpy_and_ids_as_uuids_are_sent_as_what_they_are() -> None:
    body = sent("UpdateProjectEnvironmentResources", cpu=np.int64(300), memory=np.int32(512), replicas=np.uint8(2))
    assert body == {"cpu": 300, "memory": 512, "replicas": 2}
    one = UUID("01234567-89ab-cdef-0123-456789abcdef")
    assert build(contract.find("GetProject"), {"project_id": one}).path.endswith(str(one))
    request = build(contract.find("ListDeployments"), {"project_id": "p", "limit": np.int64(5), "offset": 0})
    assert request.query == (("limit", "5"), ("offset", "0"))


def test_a_time_of_pandas_is_sent_with_its_zone() -> None:
    moment = pd.Timestamp("2027-01-01 09:00", tz="Europe/Berlin")
    assert sent("CreateAPIKey", name="told-once", expiry_at=moment)["expiryAt"] == "2027-01-01T09:00:00+01:00"


@pytest.mark.parametrize(
    "values", [{Secret("hush")}, frozenset({Secret("hush")}), np.array([Secret("hush")], dtype=object)]
)
def test_secrets_of_every_kind_of_list_are_known_to_the_request(values: Any) -> None:
    request = build(contract.find("CreateApp"), {"name": "shop", "extra": {"words": values}})
    assert [secret.reveal() for secret in request.secrets] == ["hush"]
    assert json.loads(request.content or b"")["words"] == ["hush"]


@pytest.mark.parametrize("value", ["", ".", "..", None, ["p"], {"id": "p"}, b"p", math.nan, "\ud800"])
def test_what_is_no_id_is_refused_instead_of_changing_the_path(value: Any) -> None:
    with pytest.raises(InvalidInput, match="project_id"):
        build(contract.find("GetProject"), {"project_id": value})


@pytest.mark.parametrize("value", [None, [1], {"a": 1}, b"x", math.nan, "\ud800"])
def test_what_no_query_can_carry_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInput, match="categories"):
        build(contract.find("ListPublishedProjectTemplates"), {"categories": value})


class Own:
    """A value of a class that JSON does not know."""


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        np.float32("nan"),
        Own(),
        {"a": "\ud800"},
        {None: 1},
        [math.nan],
        {math.nan},
        np.array([1.0, math.nan]),
        b"text",
        [bytearray(b"text")],
        pd.NaT,
        UnboundLocalError,
    ],
)
def test_what_json_can_not_carry_is_refused_by_name(value: Any) -> None:
    with pytest.raises(InvalidInput):
        sent("CreateApp", name="shop", description=value)


def test_a_body_that_refers_to_itself_is_refused() -> None:
    endless: dict[str, Any] = {}
    endless["again"] = endless
    with pytest.raises(InvalidInput):
        sent("CreateApp", name="shop", description=endless)


@pytest.mark.parametrize("value", [10**9, "text", None, ["a"], 2.5])
def test_a_file_is_bytes_and_nothing_else(value: Any) -> None:
    with pytest.raises(InvalidInput, match="takes bytes"):
        build(contract.find("UploadDeploymentZip"), {"project_id": "p", "file": value})


@pytest.mark.parametrize("value", [bytearray(b"PK"), memoryview(b"PK")])
def test_other_kinds_of_bytes_are_bytes_too(value: Any) -> None:
    assert build(contract.find("UploadDeploymentZip"), {"project_id": "p", "file": value}).file == b"PK"


def test_an_address_that_is_too_long_is_refused_before_it_is_sent(wire: Any) -> None:
    client, seen = wire.client(wire.ok({}))
    with pytest.raises(InvalidInput, match="makes no address"):
        client.call("ListProjects", name="x" * 70_000)
    assert not seen
    assert client.log().empty


def test_a_secret_is_sent_in_clear_in_a_body_and_a_query() -> None:
    assert sent("UpdateProjectEnvironmentEnvironmentVariables", run_envs={"A": Secret("hush"), "B": "b"}) == {
        "runEnvs": {"A": "hush", "B": "b"}
    }
    request = build(contract.find("TransferProject"), {"project_id": "p1", "token": Secret("t1")})
    assert (request.path, request.query) == ("/v1/projects/p1/transfer", (("token", "t1"),))


def test_a_path_takes_no_secret_for_it_is_shown_in_logs_and_errors() -> None:
    with pytest.raises(InvalidInput, match=r"project_id is part of the address.*takes no Secret"):
        build(contract.find("TransferProject"), {"project_id": Secret("p1"), "token": Secret("t1")})


@pytest.mark.parametrize("value", [{"A": MASK}, {"A": {"deep": MASK}}, {"A": f"{Secret('hush')}"}])
def test_dots_that_stand_for_a_masked_value_are_never_sent_in_its_place(value: Any) -> None:
    with pytest.raises(InvalidInput, match="masked value"):
        sent("UpdateProjectEnvironmentEnvironmentVariables", run_envs=value)
    with pytest.raises(InvalidInput, match="masked value"):
        build(contract.find("TransferProject"), {"project_id": "p", "token": MASK})


def test_a_requests_repr_shows_nothing_that_may_be_secret() -> None:
    values = {"project_id": "p", "environment_id": "e", "run_envs": {"A": "hush-hush"}}
    assert "hush" not in repr(build(contract.find("UpdateProjectEnvironmentEnvironmentVariables"), values))
    assert "hush" not in repr(build(contract.find("TransferProject"), {"project_id": "p", "token": "hush-hush"}))


# --- the base URL and the key -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "base", ["https://api.test", "https://api.test/", " https://api.test/ ", "https://api.test:443"]
)
def test_the_base_url_may_end_in_a_slash(base: str, wire: Any) -> None:
    client, seen = wire.client(wire.ok({}), base_url=base)
    client.call("GetCurrentUser")
    assert str(seen[0].url) == "https://api.test/v1/users/me"


def test_the_base_url_may_have_a_path(wire: Any) -> None:
    client, seen = wire.client(wire.ok({}), base_url="http://127.0.0.1:8765/createos/")
    client.call("GetProject", project_id="a/b")
    assert str(seen[0].url) == "http://127.0.0.1:8765/createos/v1/projects/a%2Fb"
