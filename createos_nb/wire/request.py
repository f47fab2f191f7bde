"""What goes out: an operation and its values as one HTTP request. No I/O."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import msgspec
import numpy as np

from createos_nb.errors import InvalidInput
from createos_nb.operation import Operation, Parameter
from createos_nb.secret import MASK, Secret
from createos_nb.words import SECRET_MAPS, SECRET_VALUES, nearest

_MASKED: Final = "{} holds the dots that stand for a masked value: reveal it first, or the dots would be sent"


@dataclass(frozen=True, slots=True)
class Request:
    """One request, complete but for the origin and the key. What it carries may be secret, and is not in its repr."""

    operation: Operation
    path: str
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    content: bytes | None = field(default=None, repr=False)
    file: bytes | None = field(default=None, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


def build(operation: Operation, values: Mapping[str, Any]) -> Request:
    """The request for values named by the wire's names in snake_case (`project_id`, `run_envs`, `since_seconds`).

    Raises `InvalidInput` for a name that the operation lacks, for a required one that is missing, and for a value that
    can't be sent where it belongs.
    """
    by_key = operation.by_key
    for key in values:
        if key not in by_key:
            has = ", ".join(by_key) or "none"
            raise InvalidInput(f"{operation.name} has no parameter {key!r}; it has: {has}{nearest(key, by_key)}")
    path = operation.path
    query: list[tuple[str, str]] = []
    body: dict[str, Any] = {}
    file: bytes | None = None
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
            file = _file(parameter, value)
    secrets = [text for name, text in query if name in SECRET_VALUES]
    content: bytes | None = None
    if operation.at("body"):
        try:
            secrets += _secrets(body)
            content = encode(body)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            if isinstance(error, InvalidInput):
                raise
            # a UnicodeError would carry the whole text along
            why = "it holds half a surrogate pair" if isinstance(error, UnicodeError) else str(error)
            raise InvalidInput(f"{operation.name}: the body can't be sent as JSON: {why}") from None
    return Request(operation, path, tuple(query), content, file, secrets=tuple(secrets))


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
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise InvalidInput(f"a {type(value).__name__} can't be sent as JSON")


def _segment(parameter: Parameter, value: Any) -> str:
    text = _spelled(parameter, value)
    if text in ("", ".", ".."):  # these would change the path instead of naming something
        raise InvalidInput(f"{parameter.key}={value!r} is no id")
    return quote(text, safe="")


def _text(parameter: Parameter, value: Any) -> str:
    if value is None:
        raise InvalidInput(f"{parameter.key} can't be null: leave it out")
    return _spelled(parameter, value)


def _spelled(parameter: Parameter, value: Any) -> str:
    """One value as the text that an address carries."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Secret):
        value = value.reveal()
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float | UUID) or value != value:
        raise InvalidInput(f"{parameter.key} can't be a {type(value).__name__}: it takes one text or number")
    text = str(value)
    if MASK in text:
        raise InvalidInput(_MASKED.format(parameter.key))
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidInput(f"{parameter.key} holds half a surrogate pair, and can't be sent") from None
    return text


def _file(parameter: Parameter, value: Any) -> bytes:
    if not isinstance(value, bytes | bytearray | memoryview):
        raise InvalidInput(f"{parameter.key} takes bytes, not {type(value).__name__}")
    return bytes(value)


def _secrets(value: Any, inside: bool = False) -> list[str]:
    """The secret texts of a body, so that an answer that repeats them can be masked."""
    found: list[str] = []
    if isinstance(value, Mapping):
        for key, item in value.items():
            found += _secrets(item, inside or key in SECRET_MAPS or key in SECRET_VALUES)
    elif isinstance(value, list | tuple):
        for item in value:
            found += _secrets(item, inside)
    elif isinstance(value, float | np.floating) and not math.isfinite(value):
        raise InvalidInput(f"{value} is no number of JSON")
    elif inside and isinstance(value, str):
        text = str.__str__(value)
        if text == MASK:
            raise InvalidInput(_MASKED.format("a variable"))
        found.append(text)
    elif inside and isinstance(value, int) and not isinstance(value, bool):
        found.append(str(value))
    return found
