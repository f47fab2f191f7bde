"""What is declared equals the platform's OpenAPI document: lines, answers, failures, parameters and their limits."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from createos_nb import contract
from createos_nb.contract.operation import NumberedPage, Operation, Page, Parameter
from tests.contract import openapi

#: Operations of the platform that are not declared here yet.
NOT_DECLARED: frozenset[str] = frozenset()


def test_every_operation_of_the_platform_is_declared_or_listed() -> None:
    assert len(openapi.operations()) == 104
    assert set(openapi.operations()) - set(contract.OPERATIONS) == NOT_DECLARED


def test_nothing_is_declared_that_the_platform_does_not_have() -> None:
    assert set(contract.OPERATIONS) <= set(openapi.operations())


@pytest.mark.parametrize("name", sorted(contract.OPERATIONS))
def test_line_answer_and_failures_equal_the_schema(name: str) -> None:
    one, fact = contract.OPERATIONS[name], openapi.operations()[name]
    assert (one.method, one.path, one.enveloped, one.source) == (
        fact["method"],
        fact["path"],
        fact["x-enveloped"],
        fact["x-source"],
    )
    success, shape = openapi.success(fact)
    assert success == one.success
    assert sorted(int(code) for code in fact["responses"]) == sorted([one.success, *one.failures])
    paged = "pagination" in shape.get("properties", {})
    assert isinstance(one.answer, Page) == paged
    if isinstance(one.answer, Page):
        assert one.answer.rows in shape["properties"]
        assert one.answer.most == next(p for p in fact["parameters"] if p["name"] == "limit")["schema"]["maximum"]
    assert isinstance(one.answer, NumberedPage) == any(p["name"] == "per-page" for p in fact.get("parameters", []))


LIMITS = ("minimum", "maximum", "minLength", "maxLength", "pattern", "minItems", "maxItems")


def limits(schema: dict[str, Any]) -> dict[str, Any]:
    """The limits and the closed list of a value, and those of what it holds."""
    found = {name: schema[name] for name in LIMITS if name in schema}
    for part in schema.get("anyOf", []):
        found |= limits(part)
    if "enum" in schema:
        found["enum"] = sorted(one for one in schema["enum"] if one is not None)
    if "items" in schema:
        found["items"] = limits(schema["items"])
    return found


def assert_same(parameter: Parameter, required: bool, schema: dict[str, Any]) -> None:
    assert parameter.required == required, parameter.name
    if parameter.fields is not None:
        return
    kind = schema.get("type")
    assert parameter.nullable == (isinstance(kind, list) and "null" in kind), parameter.name
    if parameter.ref is None and parameter.moment is None and parameter.location != "file":
        assert limits(msgspec.json.schema(parameter.annotation)) == limits(schema), parameter.name


#: Names of limits in `Parameter.bounds()` by those of JSON Schema, of texts, numbers and lists alike.
BOUNDS = {
    "minimum": "ge",
    "maximum": "le",
    "minLength": "min_length",
    "maxLength": "max_length",
    "minItems": "min_length",
    "maxItems": "max_length",
    "pattern": "pattern",
}


@pytest.mark.parametrize("name", sorted(contract.OPERATIONS))
def test_bounds_are_the_limits_of_a_value_itself_and_not_of_what_it_holds(name: str) -> None:
    for parameter in contract.OPERATIONS[name].parameters:
        if parameter.ref is None and parameter.moment is None and parameter.fields is None:
            schema = limits(msgspec.json.schema(parameter.annotation)) if parameter.location != "file" else {}
            expected = {BOUNDS[limit]: value for limit, value in schema.items() if limit in BOUNDS}
            found = {limit: value for limit, value in parameter.bounds().items() if limit != "choices"}
            assert found == expected, parameter.name


@pytest.mark.parametrize("name", sorted(contract.OPERATIONS))
def test_parameters_and_their_limits_equal_the_schema(name: str) -> None:
    one, fact = contract.OPERATIONS[name], openapi.operations()[name]
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
