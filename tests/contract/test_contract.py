"""What is declared equals the contract: always the committed facts, and the schema itself where it lies beside."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from createos_nb import contract
from createos_nb.contract.operation import NumberedPage, Operation, Page, Parameter

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "tests/contract/data/openapi.json"
BOUNDS = {"ge": "minimum", "le": "maximum", "min_length": "minLength", "max_length": "maxLength", "pattern": "pattern"}


def declared() -> dict[str, dict[str, Any]]:
    if not SCHEMA.exists():
        pytest.skip("the schema does not lie beside this checkout")
    document = json.loads(SCHEMA.read_text())

    def resolved(node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node and node["$ref"].startswith("#/components/schemas"):
                return resolved(document["components"]["schemas"][node["$ref"].split("/")[-1]])
            return {key: resolved(value) for key, value in node.items()}
        return [resolved(one) for one in node] if isinstance(node, list) else node

    return {
        o["operationId"]: {"method": method.upper(), "path": path, **resolved(o)}
        for path, methods in document["paths"].items()
        for method, o in methods.items()
    }


def facts() -> dict[str, dict[str, str]]:
    with (ROOT / "data" / "operations.csv").open(newline="") as file:
        return {row["operation"]: row for row in csv.DictReader(file)}


def test_all_97_operations_are_declared() -> None:
    assert len(contract.OPERATIONS) == 97
    assert set(contract.OPERATIONS) == set(facts())


@pytest.mark.parametrize("name", sorted(contract.OPERATIONS))
def test_declaration_equals_committed_facts(name: str) -> None:
    one, fact = contract.OPERATIONS[name], facts()[name]
    assert fact["call"] == one.call
    assert (fact["method"], fact["path"], fact["effect"], fact["source"]) == (
        one.method,
        one.path,
        one.effect,
        one.source,
    )


#: Operations of the platform that came in 2026, and are not declared here yet.
NOT_DECLARED = frozenset(
    {
        "CreateWebhookEndpoint",
        "DeleteWebhookEndpoint",
        "GetWebhookEndpoint",
        "ListWebhookActions",
        "ListWebhookEndpoints",
        "ResumeWebhookEndpoint",
        "SuspendWebhookEndpoint",
    }
)


def test_the_schema_declares_the_same_operations() -> None:
    assert set(declared()) == set(contract.OPERATIONS) | NOT_DECLARED
    assert not NOT_DECLARED & set(contract.OPERATIONS)


@pytest.mark.parametrize("name", sorted(contract.OPERATIONS))
def test_line_answer_and_failures_equal_the_schema(name: str) -> None:
    one, fact = contract.OPERATIONS[name], declared()[name]
    assert (one.method, one.path, one.enveloped, one.source) == (
        fact["method"],
        fact["path"],
        fact["x-enveloped"],
        fact["x-source"],
    )
    codes = sorted(int(code) for code in fact["responses"])
    assert codes == sorted([one.success, *one.failures])
    answer = next(r for code, r in fact["responses"].items() if int(code) == one.success)
    shape = answer["content"]["application/json"]["schema"]
    paged = "pagination" in shape.get("properties", {})
    assert isinstance(one.answer, Page) == paged
    if isinstance(one.answer, Page):
        assert one.answer.rows in shape["properties"]
        assert one.answer.most == next(p for p in fact["parameters"] if p["name"] == "limit")["schema"]["maximum"]
    assert isinstance(one.answer, NumberedPage) == any(p["name"] == "per-page" for p in fact.get("parameters", []))


def bounds(schema: dict[str, Any]) -> dict[str, Any]:
    found = {ours: schema[theirs] for ours, theirs in BOUNDS.items() if theirs in schema}
    if "enum" in schema:
        found["choices"] = tuple(schema["enum"])
    return found


def assert_same(parameter: Parameter, required: bool, schema: dict[str, Any]) -> None:
    assert parameter.required == required, parameter.name
    kind = schema.get("type")
    if parameter.fields is None:
        assert parameter.nullable == (isinstance(kind, list) and "null" in kind), parameter.name
        expected = bounds(schema)
        if kind == "array" and "maxItems" in schema:
            expected["max_length"] = schema["maxItems"]
        if isinstance(schema.get("items"), dict) and "enum" not in schema:
            expected = expected or bounds(schema["items"])
        found = parameter.bounds()
        if parameter.ref is None:
            assert found == expected or kind == "array", parameter.name
            assert set(expected) <= set(found), parameter.name


@pytest.mark.parametrize("name", sorted(contract.OPERATIONS))
def test_parameters_and_their_limits_equal_the_schema(name: str) -> None:
    one, fact = contract.OPERATIONS[name], declared()[name]
    theirs = {(p["in"], p["name"]): p for p in fact.get("parameters", [])}
    ours = {(p.location, p.wire): p for p in one.parameters if p.location in ("path", "query")}
    assert set(ours) == set(theirs)
    for key, parameter in ours.items():
        assert_same(parameter, theirs[key].get("required", False), theirs[key]["schema"])
    check_body(one, fact)


def check_body(one: Operation, fact: dict[str, Any]) -> None:
    body = {p.wire: p for p in one.parameters if p.location in ("body", "file")}
    if "requestBody" not in fact:
        assert not body
        return
    ((kind, content),) = fact["requestBody"]["content"].items()
    assert (kind == "multipart/form-data") == one.upload
    schema = content["schema"]
    if "anyOf" in schema:  # project settings: one of three kinds, all of whose fields are offered
        properties: dict[str, Any] = {}
        for kind_of_project in schema["anyOf"]:
            properties |= kind_of_project["properties"]
        assert set(body) == set(properties)
        return
    assert set(body) == set(schema["properties"])
    for wire, parameter in body.items():
        assert_same(parameter, wire in schema.get("required", []), schema["properties"][wire])
