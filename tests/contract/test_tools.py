"""Operations as tools: the arguments of each are those of its declaration, and of the platform's own document."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from createos_nb.contract import OPERATIONS
from createos_nb.contract.documentation import written_meanings
from createos_nb.contract.operation import Operation
from createos_nb.contract.tools import BODY, input_schema, title
from tests.contract import openapi


@pytest.fixture(params=sorted(OPERATIONS))
def operation(request: pytest.FixtureRequest) -> Operation:
    return OPERATIONS[request.param]


def test_path_and_query_are_arguments_and_the_body_is_one(operation: Operation) -> None:
    schema = input_schema(operation)
    Draft202012Validator.check_schema(schema)
    beside = {p.wire: p for p in (*operation.at("path"), *operation.at("query"))}
    inside = {p.wire: p for p in (*operation.at("body"), *operation.at("file"))}
    assert BODY not in beside
    assert beside.keys().isdisjoint(inside), "a field of the body may stand beside it"
    body = schema["properties"].pop(BODY, {"properties": {}})
    assert schema["properties"].keys() == beside.keys()
    assert body["properties"].keys() == inside.keys()
    needed = {name for name, p in beside.items() if p.required or p.location == "path"}
    assert set(schema.get("required", ())) - {BODY} == needed
    assert set(body.get("required", ())) == {name for name, p in inside.items() if p.required}
    assert (BODY in schema.get("required", ())) == bool(body.get("required"))


def test_arguments_are_those_of_the_platforms_document(operation: Operation) -> None:
    theirs = openapi.operations().get(operation.name)
    if theirs is None:
        pytest.skip("the platform's document does not have it")
    properties = input_schema(operation)["properties"]
    named = {p["name"] for p in theirs.get("parameters", ())}
    assert named <= properties.keys()


def bounds(schema: Any) -> list[tuple[str, Any]]:
    """The limits in a schema, wherever they are."""
    if isinstance(schema, list):
        return [one for part in schema for one in bounds(part)]
    if not isinstance(schema, dict):
        return []
    names = ("minimum", "maximum", "minLength", "maxLength", "pattern", "minItems", "maxItems")
    return [(name, schema[name]) for name in names if name in schema] + [
        one for part in schema.values() for one in bounds(part)
    ]


def test_the_limits_of_a_value_are_in_its_schema(operation: Operation) -> None:
    named = {"ge": "minimum", "le": "maximum", "min_length": "minLength", "max_length": "maxLength"}
    of_lists = {"min_length": "minItems", "max_length": "maxItems"}
    schema = input_schema(operation)
    properties = {**schema["properties"], **schema["properties"].get(BODY, {}).get("properties", {})}
    for p in operation.parameters:
        if p.many or p.moment is not None:
            continue
        for limit, value in p.bounds().items():
            if limit == "choices":
                assert set(value) <= set(str(properties[p.wire]).replace("'", " ").split()), p.wire
            else:
                array = "'array'" in str(properties[p.wire])
                expected = of_lists[limit] if array else named.get(limit, limit)
                assert (expected, value) in bounds(properties[p.wire]), (p.wire, limit)


def test_no_schema_refers_to_another_place_and_none_is_shared() -> None:
    for operation in OPERATIONS.values():
        assert "$ref" not in str(input_schema(operation))
    first = input_schema(OPERATIONS["GetDeployment"])["properties"]
    assert first["project_id"]["description"] == "id of the project"
    assert first["deployment_id"]["description"] == "id of the deployment"


def test_descriptions_are_of_the_wire_and_not_of_a_method() -> None:
    properties = input_schema(OPERATIONS["GetProjectEnvironmentAnalytics"])["properties"]
    assert properties["start"] == {
        "type": "integer",
        "description": "first moment, in Unix seconds (default: an hour ago)",
    }
    expiry = input_schema(OPERATIONS["CreateAPIKey"])["properties"][BODY]["properties"]["expiryAt"]
    assert expiry["description"] == "a future moment, in RFC 3339 with a zone"
    for operation in OPERATIONS.values():
        assert "unique name or id" not in str(input_schema(operation))


def test_a_file_is_base64() -> None:
    body = input_schema(OPERATIONS["UploadDeploymentZip"])["properties"][BODY]
    assert body["properties"]["file"]["contentEncoding"] == "base64"
    assert body["required"] == ["file"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ListAPIKeys", "List API keys"),
        ("GetProjectEnvironmentAnalyticsRPM", "Get project environment analytics RPM"),
        ("UploadDeploymentBase64Files", "Upload deployment base64 files"),
    ],
)
def test_a_title_is_the_name_in_words(name: str, words: str) -> None:
    assert title(OPERATIONS[name]) == words


def descriptions(schema: Any) -> list[str]:
    """The descriptions in a schema, wherever they are."""
    if isinstance(schema, list):
        return [one for part in schema for one in descriptions(part)]
    if not isinstance(schema, dict):
        return []
    own = [schema["description"]] if isinstance(schema.get("description"), str) else []
    return own + [one for part in schema.values() for one in descriptions(part)]


def test_what_a_tool_says_is_true_on_the_wire(operation: Operation) -> None:
    """It speaks of the wire's fields and values, not of Python's."""
    wire = {p.wire for p in operation.parameters}
    for text in (operation.summary, *descriptions(input_schema(operation))):
        quoted = {name for name in re.findall(r"`([^`]*)`", text) if "/" not in name}
        assert quoted <= wire, text
        assert not re.search(r"\b(None|NA|True|False|DataFrame|Series)\b|\w_\w|\w=|\(\)", text), text


def test_what_the_docstring_says_of_an_argument_is_in_its_schema(operation: Operation) -> None:
    schema = input_schema(operation)["properties"]
    for p in operation.parameters:
        written = written_meanings(operation).get(p.name)
        if written and not p.wire_meaning and p.fields is None and p.location in ("path", "query", "body"):
            place = schema[BODY]["properties"] if p.location == "body" else schema
            assert place[p.wire]["description"] == written
