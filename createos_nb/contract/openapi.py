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
    for one in contract.OPERATIONS.values():
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, dialect)
    types = [kind for one in contract.OPERATIONS.values() for kind in _types(one)]
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


def _types(one: Operation) -> list[Any]:
    found = [kind for p in one.parameters if p.fields is not None for kind in p.fields.of]
    return [*found, one.answer.of] if isinstance(one.answer, Record | Rows | Page | NumberedPage) else found


def _operation(one: Operation, dialect: str) -> Schema:
    responses = {str(one.success): _response("success", _enveloped(one, dialect))}
    for status in one.failures:
        responses[str(status)] = _response("failure", _failure(dialect))
    found: Schema = {
        "operationId": one.name,
        "summary": one.summary,
        "tags": [one.resource],
        "parameters": [_parameter(p) for p in (*one.at("path"), *one.at("query"))],
        "responses": responses,
        "x-effect": one.effect,
    }
    body = one.at("body")
    if one.upload:
        parts = {p.wire: {"type": "string", "format": "binary"} for p in one.at("file")}
        form = {"type": "object", "properties": parts, "required": list(parts)}
        found["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": form}}}
    elif body:
        required = [p.wire for p in body if p.required]
        shape: Schema = {"type": "object", "properties": {p.wire: _value(p) for p in body}}
        if required:
            shape["required"] = required
        found["requestBody"] = {"required": bool(required), "content": {"application/json": {"schema": shape}}}
    if 401 not in one.failures:
        found["security"] = []
    return found


def _parameter(p: Parameter) -> Schema:
    return {
        "name": p.wire,
        "in": p.place,
        "required": p.place == "path" or p.required,
        "description": p.meaning,
        "schema": _value(p),
    }


def _value(p: Parameter) -> Schema:
    """What the wire takes for a parameter."""
    if p.fields is not None:
        kinds = [{"$ref": _REF.format(name=kind.__name__)} for kind in p.fields.of]
        found: Schema = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
        if p.fields.many:
            found = {"type": "array", "items": found}
            if "max_length" in p.bounds():
                found["maxItems"] = p.bounds()["max_length"]
    elif p.moment is not None:
        found = {"type": "integer"} if p.moment.unit == "s" else {"type": "string", "format": "date-time"}
    elif p.ref is not None:
        found = {"type": "integer"} if p.ref.resource in _NUMBERED else _TEXT if p.place == "query" else _UUID
        if p.many:
            found = {"type": "array", "items": found}
    elif p.place == "path":
        found = _UUID if "ID" in p.wire.upper() else _TEXT
    else:
        return dict(msgspec.json.schema(p.annotation))
    return {"anyOf": [found, {"type": "null"}]} if p.nullable else found


def _response(text: str, schema: Schema) -> Schema:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _enveloped(one: Operation, dialect: str) -> Schema:
    payload = _payload(one)
    if dialect == "documented":
        return _whole({"success": {"const": True}}, payload) if one.enveloped else payload
    return _whole({"status": {"const": "success"}}, payload)


def _whole(mark: Mapping[str, Schema], payload: Schema) -> Schema:
    return {"type": "object", "properties": {**mark, "data": payload}, "required": [*mark, "data"]}


def _failure(dialect: str) -> Schema:
    if dialect == "documented":
        properties: Schema = {"success": {"const": False}, "message": _TEXT}
    else:
        properties = {"status": {"const": "fail"}, "data": _TEXT, "message": _TEXT}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _payload(one: Operation) -> Schema:
    """What lies in the envelope of a success."""
    answer = one.answer
    if isinstance(answer, Text | LogText):
        return _TEXT
    if isinstance(answer, TextOrId):
        return {"anyOf": [_TEXT, {"type": "object", "properties": {"id": _UUID}, "required": ["id"]}]}
    row: Schema = {"$ref": _REF.format(name=answer.of.__name__)}
    if isinstance(answer, Record):
        return row
    rows: Schema = {"type": "array", "items": row}
    if isinstance(answer, Page):
        properties = {answer.rows: rows, "pagination": _PAGINATION}
        return {"type": "object", "properties": properties, "required": list(properties)}
    if isinstance(answer, Rows) and answer.inside is not None:
        return {"type": "object", "properties": {answer.inside: rows}, "required": [answer.inside]}
    return rows
