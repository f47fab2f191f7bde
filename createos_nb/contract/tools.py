"""Operations as tools of the Model Context Protocol: the arguments of each as a JSON Schema, from its declaration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from createos_nb.contract.documentation import written_meanings
from createos_nb.contract.openapi import Schema, value_schema
from createos_nb.contract.operation import Operation, Parameter

BODY: Final = "body"
"""The argument that holds what a request has in its body."""
_REF: Final = "{name}"
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*")


def input_schema(operation: Operation) -> Schema:
    """Return the JSON Schema (2020-12) of a tool's arguments.

    What travels in the path and in the query are arguments by their wire names; what travels in the body, or is
    uploaded, is one object, `body`. A file is text in base64.

    Args:
        operation: An operation of the contract.

    Returns:
        A schema without references.

    Examples:
        >>> from createos_nb.contract.tools import input_schema
        >>> schema = input_schema(createos_nb.contract.find("CreateDeployment"))
        >>> list(schema["properties"]), schema["required"]
        (['project_id', 'body'], ['project_id', 'body'])
    """
    beside = [*operation.at("path"), *operation.at("query")]
    written = written_meanings(operation)
    properties = {p.wire: _described(p, written) for p in beside}
    required = [p.wire for p in beside if p.location == "path" or p.required]
    inside = [*operation.at("body"), *operation.at("file")]
    if inside:
        needed = [p.wire for p in inside if p.required]
        properties[BODY] = _closed({p.wire: _described(p, written) for p in inside}, needed)
        required += [BODY] * bool(needed)
    return _closed(properties, required)


def title(operation: Operation) -> str:
    """Return the name of an operation in words.

    Args:
        operation: An operation of the contract.

    Returns:
        Words that begin with a capital; abbreviations keep theirs.

    Examples:
        >>> from createos_nb.contract.tools import title
        >>> title(createos_nb.contract.find("CheckAPIKeyUniqueName"))
        'Check API key unique name'
    """
    first, *others = _WORD.findall(operation.name)
    return " ".join([first, *(word if word.isupper() else word.lower() for word in others)])


def _closed(properties: dict[str, Schema], required: list[str]) -> Schema:
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": required} if required else schema


def _described(p: Parameter, written: Mapping[str, str]) -> Schema:
    if p.location == "file":
        return {"type": "string", "contentEncoding": "base64", "description": f"the {p.wire}, in base64"}
    schema = _resolved(value_schema(p), p)
    meaning = p.wire_meaning or written.get(p.name, "")
    return {"description": meaning, **schema} if meaning else schema


def _resolved(schema: Schema, p: Parameter) -> Schema:
    """Return a schema with each reference replaced by what it refers to."""
    if p.fields is None:
        return schema
    _, components = msgspec.json.schema_components(p.fields.of, ref_template=_REF)
    resolved: Schema = _inlined(schema, components)
    return resolved


def _inlined(part: Any, components: dict[str, Any]) -> Any:
    if isinstance(part, list):
        return [_inlined(item, components) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _inlined(components[part["$ref"].rpartition("/")[2]], components)
    return {key: _inlined(value, components) for key, value in part.items()}
