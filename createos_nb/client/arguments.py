"""Values of a call made ready for the wire: spelled as the wire spells them, and checked against the limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec
import numpy as np
import pandas as pd

from createos_nb.contract.fields import respelled_object
from createos_nb.contract.operation import Operation, Parameter
from createos_nb.errors import InvalidInput
from createos_nb.process import ForkLock
from createos_nb.redaction import Secret, holds_secrets, without_frames
from createos_nb.redactor import redact
from createos_nb.times import iso, unix, whole_seconds

_FIRST_USE: Final = ForkLock()


def validate(
    operation: Operation, parameter: Parameter, value: Any, now: Callable[[], float], type: object = None
) -> Any:
    """One argument as it is sent; `now` is asked where a time is meant.

    `type` is what the same call says as its `type`: it decides which fields an object may have.

    Raises:
        UnknownField: An object has a field that is not declared; the message names the nearest.
        InvalidInput: A value is outside the limits; the message names the call, the argument and the limit.
    """
    name = f"{operation.call}: {parameter.name}"
    if value is None and parameter.nullable:
        return None
    if parameter.moment:
        seconds = unix(value, now(), name)
        return iso(seconds) if parameter.moment.unit == "iso" else int(seconds // 1)
    if parameter.fields:
        return _object(operation, parameter, value, type)
    if parameter.location == "file":
        return _bytes(value, name)
    wire_value = _sendable(value)
    if parameter.meta and (parameter.meta.extra or {}).get("duration") and not isinstance(wire_value, int):
        wire_value = whole_seconds(wire_value, name)
    if holds_secrets(parameter.wire):
        wire_value = _as_secrets(wire_value)
    reason = _refusal(wire_value, parameter.annotation)
    if reason:
        raise InvalidInput(f"{name}{_value_text(parameter, value)} {_why(parameter, wire_value, reason)}")
    return wire_value


def _object(operation: Operation, parameter: Parameter, value: Any, type: object) -> Any:
    name = f"{operation.call}: {parameter.name}"
    if parameter.fields is None or not parameter.fields.many:
        return _one_object(operation, parameter, value, name, type)
    if isinstance(value, Mapping | str) or not hasattr(value, "__iter__"):
        raise InvalidInput(f"{name} must be a list of objects, each with path and content")
    items = [_one_object(operation, parameter, item, f"{name}[{i}]", type) for i, item in enumerate(value)]
    max_items = parameter.bounds().get("max_length")
    if max_items and len(items) > max_items:
        raise InvalidInput(f"{name}: at most {max_items} in one call, not {len(items)}")
    return items


def _one_object(operation: Operation, parameter: Parameter, value: Any, name: str, type: object) -> dict[str, Any]:
    """The object with its declared fields in the wire's spelling; keys inside a user's own map stay as they are."""
    assert parameter.fields is not None
    if isinstance(value, msgspec.Struct):
        fields = msgspec.structs.fields(value)
        fields_set = {field.encode_name: getattr(value, field.name) for field in fields}
        value = {field: item for field, item in fields_set.items() if item is not msgspec.UNSET}
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{name} must be an object, not {value.__class__.__name__}")
    spelled = respelled_object(operation, parameter, value, type, name)
    wire_object = {key: _sendable(item) for key, item in spelled.items()}
    wire_object = {key: _as_secrets(item) if holds_secrets(key) else item for key, item in wire_object.items()}
    reasons: list[str] = []
    for kind in parameter.fields.kinds(type):
        reason = _refusal(wire_object, kind)
        if not reason:
            return wire_object
        reasons.append(reason.replace("`$.", "`").replace("`$`", "the whole"))
    raise InvalidInput(f"{name}: {reasons[0]}")


def _refusal(value: Any, kind: Any) -> str:
    """Why a value is not of a kind; "" where it is one. The plain texts of its secrets end with this call."""
    return without_frames(_reason, value, kind)


def _reason(value: Any, kind: Any) -> str:
    try:
        with _FIRST_USE.held:  # a class of fields that two threads use for the first time at once ends the process
            msgspec.convert(_revealed(value), kind, strict=True)
    except msgspec.ValidationError as error:
        return redact(str(error), _secrets(value))  # it repeats a text that is none of those it may be
    return ""


def _bytes(value: Any, name: str) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    raise InvalidInput(f"{name} takes the bytes of a zip archive, not {type(value).__name__}")


def _sendable(value: Any) -> Any:
    """The value in mappings, lists, and what JSON and `Secret` hold."""
    if isinstance(value, Mapping):
        return {key: _sendable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_sendable(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray | pd.Series | pd.Index):  # a column of a frame serves as a list of values
        return [_sendable(item) for item in value.tolist()]
    return value


def _as_secrets(value: Any) -> Any:
    """The texts of a secret field as secrets, so that nothing from here on shows them; what else it holds, as it is."""
    if isinstance(value, dict):
        return {key: _as_secrets(item) for key, item in value.items()}
    return Secret(value) if isinstance(value, str) else value


def _revealed(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, dict):
        return {key: _revealed(item) for key, item in value.items()}
    return [_revealed(item) for item in value] if isinstance(value, list) else value


def _secrets(value: Any) -> Iterator[str]:
    """The texts of the secrets in a value."""
    if isinstance(value, Secret):
        yield value.reveal()
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _secrets(item)


def _value_text(parameter: Parameter, value: Any) -> str:
    if holds_secrets(parameter.wire) or isinstance(value, Mapping):
        return ""
    text = repr(value)
    return f"={text if len(text) <= 60 else text[:59] + '…'}"


def _why(parameter: Parameter, value: Any, error: str) -> str:
    bounds = parameter.bounds()
    unit = next((m.extra.get("unit") for m in [parameter.meta] if m and m.extra), "") or ""
    if "choices" in bounds and isinstance(value, str):
        return f"is none of: {', '.join(bounds['choices'])}"
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and "ge" in bounds and "le" in bounds:
        return f"is outside the platform's limits: {bounds['ge']} to {bounds['le']} {unit}".rstrip()
    if isinstance(value, str | Secret) and parameter.meaning and ("pattern" in bounds or "max_length" in bounds):
        return f"is not accepted by the platform: it takes {parameter.meaning}"
    if isinstance(value, Mapping):
        wrong = [str(k) for k, v in value.items() if not isinstance(v, str | Secret)]
        return (
            f"takes text for every value; of these it is none: {', '.join(wrong)}" if wrong else f"is refused: {error}"
        )
    return f"is not accepted: {error}"
