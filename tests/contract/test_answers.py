"""What the rows declare equals the fields of the platform's OpenAPI document: their names and their types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from createos_nb import contract
from createos_nb.contract.operation import LogText, Operation, Page, Record, Rows, Text, TextOrId
from createos_nb.contract.webhooks import WebhookDelivery
from tests.contract import openapi
from tests.contract.openapi import Schema

#: What JSON may hold where a field is declared as one of these.
JSON_TYPES: dict[type[inspect.Type], set[str]] = {
    inspect.BoolType: {"boolean"},
    inspect.IntType: {"integer"},
    inspect.FloatType: {"number", "integer"},
    inspect.StrType: {"string"},
    inspect.DictType: {"object"},
    inspect.ListType: {"array"},
    inspect.StructType: {"object"},
}
COUNT = "the platform's schema says number, and a count of requests is whole"
LISTING = "one row serves listings and purchases; a purchase lacks what only a listing says"
#: Fields in which the declarations differ on purpose, with the reason.
KNOWN_DIFFERENCES = {
    "GetProjectEnvironmentAnalytics.topHitPaths.count": COUNT,
    "GetProjectEnvironmentAnalytics.topErrorPaths.count": COUNT,
    "GetProjectEnvironmentAnalytics.requestDistribution.count": COUNT,
    "GetProjectEnvironmentAnalyticsRequestDistribution.count": COUNT,
    "GetProjectEnvironmentAnalyticsTopHitPaths.count": COUNT,
    "GetProjectEnvironmentAnalyticsTopErrorPaths.count": COUNT,
    "ListProjectTemplatePurchases.template.author": LISTING,
    "ListProjectTemplatePurchases.template.hasUserPurchased": LISTING,
    "ListProjectTemplatePurchases.template.templatePurchasedId": LISTING,
    "DeleteProjectTemplate": "the platform's schema leaves the answer open; its sentence is all that was seen",
}


def types(schema: Schema) -> set[str]:
    """The types that a schema allows, null left out."""
    kinds = schema.get("type", [])
    found = {kinds} if isinstance(kinds, str) else set(kinds)
    for part in (*schema.get("anyOf", []), *schema.get("oneOf", []), *schema.get("allOf", [])):
        found |= types(part)
    return found - {"null"}


def properties(schema: Schema) -> dict[str, Schema]:
    """The fields that a schema names, in whichever of its alternatives."""
    found: dict[str, Schema] = dict(schema.get("properties", {}))
    for part in (*schema.get("anyOf", []), *schema.get("oneOf", []), *schema.get("allOf", [])):
        found |= properties(part)
    return found


def without_null(kind: inspect.Type) -> inspect.Type:
    if isinstance(kind, inspect.Metadata):
        return without_null(kind.type)
    if isinstance(kind, inspect.UnionType):
        (kind,) = (without_null(one) for one in kind.types if not isinstance(one, inspect.NoneType))
    return kind


def differences(where: str, kind: inspect.Type, schema: Schema) -> Iterator[str]:
    """The places, below this one, where a declared type is not what the schema says."""
    kind = without_null(kind)
    if isinstance(kind, inspect.AnyType) or not schema:
        return
    if not types(schema) <= JSON_TYPES[type(kind)]:
        yield where
    if isinstance(kind, inspect.ListType):
        yield from differences(where, kind.item_type, schema.get("items", {}))
    theirs = properties(schema)
    if (
        isinstance(kind, inspect.StructType) and theirs
    ):  # an object without properties is one that the schema leaves open
        ours = {field.encode_name: field.type for field in kind.fields}
        yield from (f"{where}.{name}" for name in sorted(ours.keys() ^ theirs.keys()))
        for name in sorted(ours.keys() & theirs.keys()):
            yield from differences(f"{where}.{name}", ours[name], theirs[name])


def of_answer(one: Operation) -> Iterator[str]:
    _, schema = openapi.success(openapi.operations()[one.name])
    answer = one.answer
    if isinstance(answer, Text | LogText):
        if types(schema) != {"string"}:
            yield one.name
        return
    if isinstance(answer, TextOrId):
        if types(schema) != {"string", "object"} or set(properties(schema)) != {"id"}:
            yield one.name
        return
    if isinstance(answer, Page):
        schema = schema["properties"][answer.rows]
    elif isinstance(answer, Record | Rows) and answer.inside is not None:
        schema = schema["properties"][answer.inside]
    if isinstance(answer, Rows) and answer.bare is not None:
        if types(schema["items"]) != {"string"}:
            yield one.name
        return
    row = inspect.type_info(answer.of)
    yield from differences(one.name, row if isinstance(answer, Record) else inspect.ListType(row), schema)


@pytest.mark.parametrize("name", sorted(contract.OPERATIONS))
def test_fields_of_the_answer_equal_the_schema(name: str) -> None:
    known = {where for where in KNOWN_DIFFERENCES if where.split(".")[0] == name}
    assert set(of_answer(contract.OPERATIONS[name])) == known


def test_fields_of_a_webhook_delivery_equal_the_schema() -> None:
    _, schema = openapi.success(openapi.operations()["GetWebhookEndpoint"])
    row = inspect.ListType(inspect.type_info(WebhookDelivery))
    assert not list(differences("GetWebhookEndpoint", row, schema["properties"]["deliveries"]))


def test_known_differences_are_of_declared_operations() -> None:
    assert {where.split(".")[0] for where in KNOWN_DIFFERENCES} <= set(contract.OPERATIONS)


@pytest.mark.parametrize(
    ("schema", "found"),
    [
        ({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": ["integer", "null"]}}}, set()),
        ({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}}, {"x.a"}),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, {"x.b"}),
        ({"allOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"c": {}, "b": {}}}]}, {"x.c"}),
        ({"type": "array"}, {"x"}),
    ],
)
def test_a_field_of_another_name_or_type_is_found(schema: Schema, found: set[str]) -> None:
    kind: Any = msgspec.defstruct("Thing", [("a", str | None, None), ("b", int | None, None)])
    assert set(differences("x", inspect.type_info(kind), schema)) == found
