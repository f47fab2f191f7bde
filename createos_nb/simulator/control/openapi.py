"""The controls of a served world as an OpenAPI 3.1 document, made from their declarations."""

from __future__ import annotations

import inspect
from typing import Any, Final

import msgspec

from createos_nb.simulator.control.operations import CONTROLS, Control

Schema = dict[str, Any]

_REF: Final = "#/components/schemas/{name}"
_BYTES: Final[Schema] = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_FAILURE: Final[Schema] = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}, "details": {"type": "object"}},
            "required": ["code", "message", "details"],
        }
    },
    "required": ["error"],
}
_FAILURES: Final = {"400": "the input is wrong: the message says what to do", "401": "the control token is wrong"}


def document(server: str) -> Schema:
    """The controls below `server`, such as "http://127.0.0.1:8765"."""
    controls = list(CONTROLS.values())
    kinds = [
        kind
        for control in controls
        for kind in (control.answer.schema, *([control.documented] if _body(control) else []))
        if kind is not bytes
    ]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REF)
    known = dict(zip(map(id, kinds), schemas, strict=True))
    paths: dict[str, Schema] = {}
    for control in controls:
        paths.setdefault(control.path, {})[control.method.lower()] = _operation(control, known)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Controls of a simulated CreateOS", "version": "1"},
        "servers": [{"url": server}],
        "security": [{"control": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"control": {"type": "http", "scheme": "bearer"}},
        },
    }


def _body(control: Control) -> bool:
    return any(argument.location == "body" for argument in control.arguments)


def _operation(control: Control, known: dict[int, Schema]) -> Schema:
    answer = control.answer.schema
    prose, _, _ = inspect.cleandoc(control.function.__doc__ or "").partition("\nArgs:")
    data = known.get(id(answer), {})
    envelope = {
        "type": "object",
        "properties": {"status": {"const": "success"}, "data": data},
        "required": ["status", "data"],
    }
    content = _BYTES if answer is bytes else {"application/json": {"schema": envelope}}
    responses: Schema = {str(control.success): {"description": "success", "content": content}}
    for status, text in _FAILURES.items():
        responses[status] = {"description": text, "content": {"application/json": {"schema": _FAILURE}}}
    schema: Schema = {
        "operationId": control.name,
        "summary": control.summary,
        "description": prose.partition("\nReturns:")[0].strip(),
        "parameters": [
            {
                "name": argument.name,
                "in": argument.location,
                "required": argument.required,
                "description": argument.meaning,
                "schema": msgspec.json.schema(argument.annotation)
                if argument.annotation in (str, int, float, bool)
                else {"type": "string"},
            }
            for argument in control.arguments
            if argument.location in ("path", "query")
        ],
        "responses": responses,
        "x-effect": control.effect,
    }
    if control.file:
        schema["requestBody"] = {"required": True, "content": _BYTES}
    elif _body(control):
        schema["requestBody"] = {
            "required": any(a.required for a in control.arguments if a.location == "body"),
            "content": {"application/json": {"schema": known[id(control.documented)]}},
        }
    return schema
