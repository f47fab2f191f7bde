"""Build an HTTP request from an operation and its values. No I/O."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import msgspec
import numpy as np
import pandas as pd

from createos_nb.contract.fields import field_names, parameter_names, suggestion
from createos_nb.contract.operation import EXTRA, Operation, Parameter
from createos_nb.errors import InvalidInput, UnknownField
from createos_nb.redaction import MASK, Secret, holds_secrets, revealed, without_frames

_DECLARED: Final = "{}: extra adds fields that this version does not know, and {!r} is one that it knows: pass {}"
_MASKED: Final = "{} holds the dots that stand for a masked value: reveal it first, or the dots would be sent"


@dataclass(frozen=True, slots=True)
class Request:
    """One request, complete but for the origin and the key. What it carries may be secret, and is not in its repr."""

    operation: Operation
    path: str
    query: tuple[tuple[str, str | Secret], ...] = field(default=(), repr=False)
    content: bytes | None = field(default=None, repr=False)
    file: bytes | None = field(default=None, repr=False)
    secrets: tuple[Secret, ...] = ()
    content_type: str = "application/json"


def build(operation: Operation, values: Mapping[str, Any]) -> Request:
    """The request for values named by the wire's names in snake_case (`project_id`, `run_envs`, `since_seconds`).

    Raises `InvalidInput` for a name that the operation lacks, for a required one that is missing, and for a value that
    can't be sent where it belongs.
    """
    return without_frames(_built, operation, values)


def _built(operation: Operation, values: Mapping[str, Any]) -> Request:
    by_key = operation.by_key
    for key in values:
        if key not in by_key and key != EXTRA.key:
            raise UnknownField(key, by_key, f"{operation.name} has no field {key!r}{suggestion(key, by_key)}")
    path = operation.path
    query: list[tuple[str, str | Secret]] = []
    body: dict[str, Any] = {}
    file: bytes | None = None
    for parameter in operation.parameters:
        value = values.get(parameter.key, msgspec.UNSET)
        if value is msgspec.UNSET:
            if parameter.required:
                raise InvalidInput(f"{operation.name} needs {parameter.key}")
        elif parameter.location == "path":
            path = path.replace("{" + parameter.wire + "}", _segment(parameter, value))
        elif parameter.location == "query":
            query.append((parameter.wire, _text(parameter, value)))
        elif parameter.location == "body":
            body[parameter.wire] = value
        else:
            file = _file(parameter, value)
    secrets = [text for _, text in query if isinstance(text, Secret)]
    if EXTRA.key in values:
        _add_extra(operation, values[EXTRA.key], query, body)
    content: bytes | None = None
    if operation.at("body") or body:
        try:
            secrets += _secrets(body)
        except RecursionError as error:
            raise InvalidInput(f"{operation.name}: the body can't be sent as JSON: {error}") from None
        content, why = _encoded(body)
        if content is None:
            raise InvalidInput(f"{operation.name}: the body can't be sent as JSON: {why}")
    return Request(operation, path, tuple(query), content, file, secrets=tuple(secrets))


def _add_extra(operation: Operation, extra: Any, query: list[tuple[str, str | Secret]], body: dict[str, Any]) -> None:
    """Add fields that are not declared: to the body, and to the query where the request has no body.

    Raises `InvalidInput` for a field that is declared, and where no field can be added.
    """
    if extra is None:
        return
    if operation.effect == "read":
        raise InvalidInput(f"{operation.name} changes nothing, and takes no extra=: only operations that write do")
    if not isinstance(extra, Mapping) or not all(isinstance(name, str) for name in extra):
        raise InvalidInput(f"{operation.name}: extra takes a mapping from the names of fields to their values")
    if operation.upload and extra:
        raise InvalidInput(f"{operation.name} sends a file, and no fields: it takes no extra=")
    names = parameter_names(operation)
    for name, value in extra.items():
        parameter = operation.by_key[names[name]] if name in names else None
        if parameter is None and operation.method == "GET":
            query.append((name, _text(Parameter(name, name, "query", Any, required=False), value)))
        elif parameter is None:
            body[name] = value
        elif parameter.fields is not None and not parameter.fields.many and isinstance(value, Mapping):
            body[parameter.wire] = _with_extra(operation, parameter, body.get(parameter.wire, {}), value)
        else:
            raise InvalidInput(_DECLARED.format(operation.name, name, parameter.key))


def _with_extra(operation: Operation, parameter: Parameter, value: Any, extra: Mapping[Any, Any]) -> dict[str, Any]:
    """The object of a parameter with fields that are not declared."""
    assert parameter.fields is not None
    where = f"{operation.name}: {parameter.wire}"
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{where} is no object: extra={{{parameter.wire!r}: …}} can add no field to it")
    names = field_names(parameter.fields.kinds())
    if declared := [name for name in extra if name in names]:
        raise InvalidInput(_DECLARED.format(where, declared[0], f"{parameter.key}={{{declared[0]!r}: …}}"))
    return {**value, **extra}


def encode(body: Any) -> bytes:
    """JSON as the platform takes it."""
    return msgspec.json.encode(body, enc_hook=_to_json)


def _encoded(body: Any) -> tuple[bytes | None, str]:
    """The JSON of a body, or why there is none: the error itself would carry the text along that it stumbled over."""
    try:
        return encode(body), ""
    except UnicodeError:
        return None, "it holds half a surrogate pair"
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        return None, str(error)


def _to_json(value: Any) -> Any:
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
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    raise TypeError(f"it has no form for a {type(value).__name__}")


def _segment(parameter: Parameter, value: Any) -> str:
    if isinstance(value, Secret):  # it would stand in logs, errors and `client.log()`, here and on the way
        raise InvalidInput(f"{parameter.key} is part of the address, which is shown in many places: it takes no Secret")
    text = _to_text(parameter, value)
    if text in ("", ".", ".."):  # these would change the path instead of naming something
        raise InvalidInput(f"{parameter.key}={value!r} is no id")
    return quote(text, safe="")


def _text(parameter: Parameter, value: Any) -> str | Secret:
    if value is None:
        raise InvalidInput(f"{parameter.key} can't be null: leave it out")
    if isinstance(value, Secret):
        _check_sendable(parameter, value)
        return value
    text = _to_text(parameter, value)
    return Secret(text) if holds_secrets(parameter.wire) else text


def _to_text(parameter: Parameter, value: Any) -> str:
    """One value as the text that an address carries."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float | UUID) or value != value:
        raise InvalidInput(f"{parameter.key} can't be a {type(value).__name__}: it takes one text or number")
    text = str(value)
    _check_sendable(parameter, text)  # no Secret is made of it: a run would put dots in place of every id it asks with
    return text


def _check_sendable(parameter: Parameter, text: Secret | str) -> None:
    """Raise `InvalidInput` for what no address can carry. What is secret stays so."""
    if MASK in revealed(text):
        raise InvalidInput(_MASKED.format(parameter.key))
    if any("\ud800" <= char <= "\udfff" for char in revealed(text)):
        raise InvalidInput(f"{parameter.key} holds half a surrogate pair, and can't be sent")


def _revealed(text: Secret | str) -> str:
    return text.reveal() if isinstance(text, Secret) else text


def _file(parameter: Parameter, value: Any) -> bytes:
    if not isinstance(value, bytes | bytearray | memoryview):
        raise InvalidInput(f"{parameter.key} takes bytes, not {type(value).__name__}")
    return bytes(value)


def _secrets(value: Any, inside: bool = False) -> list[Secret]:
    """The secret texts of a body, so that an answer that repeats them can be masked."""
    secrets: list[Secret] = []
    if isinstance(value, Mapping):
        for key, item in value.items():
            secrets += _secrets(item, inside or holds_secrets(key))
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            secrets += _secrets(item, inside)
    elif isinstance(value, np.ndarray):
        secrets += _secrets(value.tolist(), inside)
    elif isinstance(value, bytes | bytearray | memoryview):
        raise InvalidInput("bytes are no text of JSON: decode them, or write them in base64")
    elif isinstance(value, float | np.floating) and not math.isfinite(value):
        raise InvalidInput(f"{value} is no number of JSON")
    elif isinstance(value, Secret) or (inside and isinstance(value, str)):
        secrets.append(Secret(value))
        if secrets[-1] == MASK:
            raise InvalidInput(_MASKED.format("a variable"))
    elif inside and isinstance(value, int) and not isinstance(value, bool):
        secrets.append(Secret(str(value)))
    return secrets
