"""Parameters of `client.call` in the platform's spelling or in ours, as requests are built from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from createos_nb.contract.fields import body_names, parameter_names, respelled, respelled_object
from createos_nb.contract.operation import Operation, Parameter
from createos_nb.errors import InvalidInput, UnknownField


def wire_values(operation: Operation, values: Mapping[str, Any], body: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the values of a call by the name that requests are built from, fields of objects in the wire's spelling.

    Args:
        operation: The operation.
        values: Parameters in either spelling.
        body: Fields of the JSON body in either spelling, beside the parameters; None for none.

    Returns:
        The values; keys of a user's own maps are as they were.

    Raises:
        UnknownField: A parameter, or a field of an object, is not declared.
        InvalidInput: A parameter is given twice: in both spellings, or also in the body.
    """
    inside = () if operation.effect != "read" else None
    result = respelled(values, parameter_names(operation), operation.name, inside)
    if body is not None:
        fields = _fields(operation, body)
        if twice := [key for key in fields if key in result]:
            raise InvalidInput(f"{operation.name}: {twice[0]} is given twice: in the body, and beside it")
        result |= fields
    for parameter in operation.parameters:
        if parameter.fields is not None and parameter.key in result:
            result[parameter.key] = _spelled(operation, parameter, result[parameter.key], result.get("type"))
    return result


def _fields(operation: Operation, body: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(body, Mapping):
        raise InvalidInput(f"{operation.name}: body takes a mapping of fields, not {body.__class__.__name__}")
    names, parameters = body_names(operation), parameter_names(operation)
    if beside := [str(key) for key in body if str(key) in parameters.keys() - names.keys()]:
        known = list(dict.fromkeys(names.values()))
        raise UnknownField(beside[0], known, f"{operation.name}: {beside[0]} stands beside the body, not in it")
    inside = () if operation.effect != "read" else None
    return respelled(body, names, f"{operation.name}: the body", inside)


def _spelled(operation: Operation, parameter: Parameter, value: Any, type: object) -> Any:
    """The objects in a value with their fields in the wire's spelling; what is no object is left to the platform."""
    what = f"{operation.name}: {parameter.wire}"
    if isinstance(value, Mapping):
        return respelled_object(operation, parameter, value, type, what)
    if isinstance(value, list | tuple):
        return [
            respelled_object(operation, parameter, item, type, f"{what}[{i}]") if isinstance(item, Mapping) else item
            for i, item in enumerate(value)
        ]
    return value
