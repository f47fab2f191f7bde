"""The contract as an OpenAPI 3.1 document, made from the declarations: for other tools and for tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from createos_nb import contract
from createos_nb.contract.operation import (
    LogText,
    NumberedPage,
    Operation,
    Page,
    Parameter,
    Record,
    Rows,
    Text,
    TextOrId,
)

Schema = dict[str, Any]

_REF: Final = "#/components/schemas/{name}"
#: References that the wire writes as a number, or as a number in text.
_NUMBERED: Final = frozenset({"installation"})
_UUID: Final[Schema] = {"type": "string", "format": "uuid"}
_TEXT: Final[Schema] = {"type": "string"}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_PAGINATION: Final[Schema] = {
    "type": "object",
    "properties": dict.fromkeys(("total", "limit", "offset", "count"), _COUNT),
    "required": ["total", "limit", "offset", "count"],
}


def document(*, dialect: str = "production", server: str = "https://api-createos.nodeops.network") -> Schema:
    """The whole contract.

    Args:
        dialect: "production" or "documented": which envelope answers come in.
        server: base URL.
    """
    paths: dict[str, Schema] = {}
    for operation in contract.OPERATIONS.values():
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, dialect)
    types = [kind for operation in contract.OPERATIONS.values() for kind in _types(operation)]
    _, components = msgspec.json.schema_components(dict.fromkeys(types), ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {"title": "CreateOS", "version": "1"},
        "servers": [{"url": server}],
        "security": [{"key": []}, {"token": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
                "token": {"type": "apiKey", "in": "header", "name": "X-Access-Token"},
            },
        },
    }


def _types(operation: Operation) -> list[Any]:
    types = [kind for p in operation.parameters if p.fields is not None for kind in p.fields.of]
    return [*types, operation.answer.of] if isinstance(operation.answer, Record | Rows | Page | NumberedPage) else types


def _operation(operation: Operation, dialect: str) -> Schema:
    responses = {str(operation.success): _response("success", _enveloped(operation, dialect))}
    refuses = operation.effect != "read" or operation.at("body")  # fields that are not declared
    for status in sorted({*operation.failures, *((400,) if refuses else ())}):
        responses[str(status)] = _response("failure", _failure(dialect))
    schema: Schema = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.resource],
        "parameters": [_parameter(p) for p in (*operation.at("path"), *operation.at("query"))],
        "responses": responses,
        "x-effect": operation.effect,
    }
    body = tuple(p for p in operation.parameters if p.location == "body" or p.in_body)
    if operation.upload:
        parts = {p.wire: {"type": "string", "format": "binary"} for p in operation.at("file")}
        form = {"type": "object", "properties": parts, "required": list(parts)}
        schema["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": form}}}
    elif body:
        required = [p.wire for p in body if p.required]
        shape: Schema = {
            "type": "object",
            "properties": {p.wire: value_schema(p) for p in body},
            "additionalProperties": False,
        }
        if required:
            shape["required"] = required
        if by_type := _by_type(body):
            shape["allOf"] = by_type
        schema["requestBody"] = {"required": bool(required), "content": {"application/json": {"schema": shape}}}
    if 401 not in operation.failures:
        schema["security"] = []
    return schema


def _by_type(body: tuple[Parameter, ...]) -> list[Schema]:
    """Return what objects of a body are at each `type` of it, where that decides which fields they have."""
    at: dict[str, Schema] = {}
    for p in body:
        for kind, word in zip(p.fields.of, p.fields.types, strict=False) if p.fields is not None else ():
            at.setdefault(word, {})[p.wire] = {"$ref": _REF.format(name=kind.__name__)}
    return [
        {"if": {"properties": {"type": {"const": word}}, "required": ["type"]}, "then": {"properties": objects}}
        for word, objects in at.items()
    ]


def _parameter(p: Parameter) -> Schema:
    return {
        "name": p.wire,
        "in": p.location,
        "required": p.location == "path" or p.required,
        "description": p.wire_meaning,
        "schema": value_schema(p),
    }


def value_schema(p: Parameter) -> Schema:
    """Return what the wire takes for a parameter; an object with declared fields is a reference to its schema."""
    if p.fields is not None:
        kinds = [{"$ref": _REF.format(name=kind.__name__)} for kind in p.fields.kinds()]
        schema: Schema = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
        if p.fields.many:
            schema = {"type": "array", "items": schema}
            if "max_length" in p.bounds():
                schema["maxItems"] = p.bounds()["max_length"]
    elif p.moment is not None:
        schema = {"type": "integer"} if p.moment.unit == "s" else {"type": "string", "format": "date-time"}
    elif p.ref is not None:
        schema = {"type": "integer"} if p.ref.resource in _NUMBERED else _TEXT if p.location == "query" else _UUID
        if p.many:
            schema = {"type": "array", "items": schema}
    elif p.location == "path":
        schema = _UUID if "ID" in p.wire.upper() else _TEXT
    else:
        return dict(msgspec.json.schema(p.annotation))
    return {"anyOf": [schema, {"type": "null"}]} if p.nullable else schema


def _response(text: str, schema: Schema) -> Schema:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _enveloped(operation: Operation, dialect: str) -> Schema:
    payload = _payload(operation)
    if dialect == "documented":
        return _envelope_schema({"success": {"const": True}}, payload) if operation.enveloped else payload
    return _envelope_schema({"status": {"const": "success"}}, payload)


def _envelope_schema(mark: Mapping[str, Schema], payload: Schema) -> Schema:
    return {"type": "object", "properties": {**mark, "data": payload}, "required": [*mark, "data"]}


def _failure(dialect: str) -> Schema:
    if dialect == "documented":
        properties: Schema = {"success": {"const": False}, "message": _TEXT}
    else:
        properties = {"status": {"const": "fail"}, "data": _TEXT, "message": _TEXT}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _payload(operation: Operation) -> Schema:
    """Return what lies in the envelope of a success."""
    answer = operation.answer
    if isinstance(answer, Text | LogText):
        return _TEXT
    if isinstance(answer, TextOrId):
        return {"anyOf": [_TEXT, {"type": "object", "properties": {"id": _UUID}, "required": ["id"]}]}
    row: Schema = {"$ref": _REF.format(name=answer.of.__name__)}
    if isinstance(answer, Record):
        return _inside(answer.inside, row) if answer.inside is not None else row
    if isinstance(answer, Rows) and answer.bare is not None:
        return {"type": "array", "items": _TEXT}
    rows: Schema = {"type": "array", "items": row}
    if isinstance(answer, Page):
        properties = {answer.rows: rows, "pagination": _PAGINATION}
        return {"type": "object", "properties": properties, "required": list(properties)}
    if isinstance(answer, Rows) and answer.inside is not None:
        return _inside(answer.inside, rows)
    return rows


def _inside(field: str, payload: Schema) -> Schema:
    return {"type": "object", "properties": {field: payload}, "required": [field]}
