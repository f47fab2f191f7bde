"""What goes out: an operation and its values as one HTTP request. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import msgspec

from createos_nb.errors import InvalidInput
from createos_nb.operation import Operation, Parameter
from createos_nb.secret import Secret
from createos_nb.words import SECRET_MAPS, SECRET_VALUES


@dataclass(frozen=True, slots=True)
class Request:
    """One request, complete but for the origin and the key."""

    operation: Operation
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, Any] | None = None
    file: bytes | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def content(self) -> bytes | None:
        return None if self.body is None else encode(self.body)


def build(operation: Operation, values: Mapping[str, Any]) -> Request:
    """The request for values named by the wire's names in snake_case (`project_id`, `run_envs`, `since_seconds`).

    Raises `InvalidInput` for a name that the operation lacks, and for a required one that is missing.
    """
    by_key = operation.by_key
    for key in values:
        if key not in by_key:
            has = ", ".join(by_key) or "none"
            raise InvalidInput(f"{operation.name} has no parameter {key!r}; it has: {has}")
    path, query, body, file = operation.path, [], {}, None
    for parameter in operation.parameters:
        value = values.get(parameter.key, msgspec.UNSET)
        if value is msgspec.UNSET:
            if parameter.required:
                raise InvalidInput(f"{operation.name} needs {parameter.key}")
        elif parameter.place == "path":
            path = path.replace("{" + parameter.wire + "}", _segment(parameter, value))
        elif parameter.place == "query":
            query.append((parameter.wire, _text(parameter, value)))
        elif parameter.place == "body":
            body[parameter.wire] = value
        else:
            file = bytes(value)
    has_body = bool(operation.at("body"))
    return Request(
        operation,
        path,
        tuple(query),
        body if has_body else None,
        file,
        secrets=tuple(_secrets(body)) + tuple(text for name, text in query if name in SECRET_VALUES),
    )


def encode(body: Any) -> bytes:
    """JSON as the platform takes it."""
    return msgspec.json.encode(body, enc_hook=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "item"):  # a number of numpy's
        return value.item()
    raise InvalidInput(f"a {type(value).__name__} can't be sent as JSON")


def _segment(parameter: Parameter, value: Any) -> str:
    text = value.reveal() if isinstance(value, Secret) else str(value)
    if text in ("", ".", "..") or value is None:  # these would change the path instead of naming something
        raise InvalidInput(f"{parameter.key}={value!r} is no id")
    return quote(text, safe="")


def _text(parameter: Parameter, value: Any) -> str:
    if value is None:
        raise InvalidInput(f"{parameter.key} can't be null: leave it out")
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.reveal() if isinstance(value, Secret) else str(value)


def _secrets(value: Any, inside: bool = False) -> list[str]:
    """The secret texts of a body, so that an answer that repeats them can be masked."""
    found: list[str] = []
    if isinstance(value, Mapping):
        for key, item in value.items():
            found += _secrets(item, inside or key in SECRET_MAPS or key in SECRET_VALUES)
    elif isinstance(value, list | tuple):
        for item in value:
            found += _secrets(item, inside)
    elif inside and isinstance(value, str):
        found.append(str.__str__(value))
    return found
