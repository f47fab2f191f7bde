"""The platform's OpenAPI document, which the declarations are held against."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

Schema = dict[str, Any]

PATH = Path(__file__).parent / "data" / "openapi.json"


@cache
def text() -> str:
    return PATH.read_text(encoding="utf-8")


def document() -> Schema:
    """The whole document; the caller may change it."""
    whole: Schema = json.loads(text())
    return whole


@cache
def operations() -> dict[str, Schema]:
    """Each operation by its name, with its method and its path, and every reference to a schema replaced by it."""
    whole = document()

    def resolved(node: Any) -> Any:
        if isinstance(node, list):
            return [resolved(one) for one in node]
        if not isinstance(node, dict):
            return node
        if node.get("$ref", "").startswith("#/components/schemas/"):
            return resolved(whole["components"]["schemas"][node["$ref"].rsplit("/", 1)[1]])
        return {key: resolved(value) for key, value in node.items()}

    return {
        one["operationId"]: {"method": method.upper(), "path": path, **resolved(one)}
        for path, methods in whole["paths"].items()
        for method, one in methods.items()
    }


def success(operation: Schema) -> tuple[int, Schema]:
    """The status of a success, and the schema of what lies in its envelope."""
    (code,) = (code for code in operation["responses"] if code.startswith("2"))
    return int(code), operation["responses"][code]["content"]["application/json"]["schema"]
