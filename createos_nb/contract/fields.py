"""The fields of a request: their names in either spelling, and those that no declaration knows.

The client and the simulator judge by the same names: what `runEnvs` and other maps of the user's own hold is never
judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import msgspec

from createos_nb.contract.operation import Operation, Parameter
from createos_nb.errors import InvalidInput, UnknownField
from createos_nb.naming import camel, nearest, snake

Kinds = tuple[type[msgspec.Struct], ...]


class Unknown(NamedTuple):
    """A field that is not declared.

    Attributes:
        place: The object that holds it, such as "settings" or "files[2]"; "" for the body itself.
        name: Its name.
        known: The names that are declared there.
        others: The names that are declared there where the request is of another type.
        holder: The object that holds it.
    """

    place: str
    name: str
    known: tuple[str, ...]
    others: tuple[str, ...]
    holder: dict[str, Any]


# --- either spelling --------------------------------------------------------------------------------------------------


@cache
def parameter_names(operation: Operation) -> dict[str, str]:
    """Return the name that requests are built from (`project_id`, `run_envs`) by each spelling of a parameter."""
    return {name: p.key for p in operation.parameters for name in (p.key, p.wire, camel(p.key))}


@cache
def body_names(operation: Operation) -> dict[str, str]:
    """Return the same of the parameters that the wire takes in a JSON body."""
    return {name: p.key for p in _in_body(operation) for name in (p.key, p.wire, camel(p.key))}


@cache
def field_names(kinds: Kinds) -> dict[str, str]:
    """Return the wire's name by each spelling of the fields of an object, which may be of one of these kinds."""
    wire = {field.encode_name: None for kind in kinds for field in msgspec.structs.fields(kind)}
    return {name: field for field in wire for name in (field, snake(field))}


def wire_names(kinds: Kinds) -> tuple[str, ...]:
    """Return the wire's names of the fields of an object, which may be of one of these kinds."""
    return tuple(dict.fromkeys(field_names(kinds).values()))


def respelled(
    given: Mapping[Any, Any],
    names: Mapping[str, str],
    what: str,
    inside: tuple[str, ...] | None = None,
    others: Iterable[str] = (),
) -> dict[str, Any]:
    """Return a mapping with the names that `names` has for its keys.

    Args:
        given: What somebody wrote.
        names: The name to use, by each spelling that is taken.
        what: What has these fields, such as "CreateProject: settings", for errors.
        inside: The fields that lead to this object in a body whose other fields can be sent as `extra`; None where they
            can't.
        others: Names that these fields have where the request is of another type.

    Returns:
        The same values.

    Raises:
        UnknownField: A key is in no spelling of `names`.
        InvalidInput: Two keys are spellings of the same name.

    Examples:
        >>> from createos_nb.contract.fields import respelled
        >>> respelled({"run_envs": {"a_b": "1"}, "port": 80}, {"run_envs": "runEnvs", "port": "port"}, "settings")
        {'runEnvs': {'a_b': '1'}, 'port': 80}
    """
    result: dict[str, Any] = {}
    written: dict[str, str] = {}
    for key, value in given.items():
        name = names.get(str(key))
        if name is None:
            camelized = any(str(other) != str(other).lower() for other in given)
            known = list(dict.fromkeys((camel if camelized else snake)(known) for known in names.values()))
            hint = "" if inside is None else extra_hint(*inside, str(key))
            ending = suggestion(str(key), known, others)
            raise UnknownField(str(key), known, f"{what} has no field {str(key)!r}{ending}{hint}")
        if name in written:
            raise InvalidInput(f"{what}: {written[name]} and {key} are two spellings of one field: give one of them")
        written[name] = str(key)
        result[name] = value
    return result


def extra_hint(*path: str) -> str:
    """Return the line that says how a field that is not declared is sent all the same.

    Args:
        path: The fields that lead to it, and its own name.

    Returns:
        The line, to stand at the end of an error.

    Examples:
        >>> from createos_nb.contract.fields import extra_hint
        >>> print(extra_hint("settings", "gpu").strip())
        → a field that this version does not know is sent with extra={'settings': {'gpu': …}}
    """
    value = "…"
    for name in reversed(path):
        value = f"{{{name!r}: {value}}}"
    return f"\n→ a field that this version does not know is sent with extra={value}"


def suggestion(name: str, known: Iterable[str], others: Iterable[str] = ()) -> str:
    """Return the end of a sentence about an unknown field: the nearest known ones, or all that there are.

    Args:
        name: The field that is not known.
        known: The fields that are.
        others: Fields that would be known where the request is of another type.

    Returns:
        The end of the sentence, from its semicolon on.

    Examples:
        >>> from createos_nb.contract.fields import suggestion
        >>> suggestion("prot", ["port", "runEnvs"]), suggestion("color", ["port", "runEnvs"]), suggestion("color", [])
        ('; did you mean port?', '; it has: port, runEnvs', '; it has none')
    """
    fields = list(known)
    listed = f"it has: {', '.join(fields)}" if fields else "it has none"
    if name in others:
        return f" at this type; {listed}"
    return nearest(name, fields) or f"; {listed}"


def respelled_object(
    operation: Operation, parameter: Parameter, value: Mapping[Any, Any], type: object, what: str
) -> dict[str, Any]:
    """Return an object of a parameter with declared fields, these in the wire's spelling.

    `type` is what the request says as its `type`; `what` names the object in errors, which are those of `respelled`.
    """
    assert parameter.fields is not None
    extra = operation.effect != "read" and not parameter.fields.many
    names, others = field_names(parameter.fields.kinds(type)), field_names(parameter.fields.kinds())
    return respelled(value, names, what, (parameter.wire,) if extra else None, others)


# --- fields that are not declared -------------------------------------------------------------------------------------


def unknown_fields(operation: Operation, body: dict[str, Any]) -> Iterator[Unknown]:
    """Find the fields of a body, and of the objects in it, that are not declared.

    Args:
        operation: What the body was sent to.
        body: The body, as it is on the wire.

    Yields:
        Each unknown field with its place, and the names that are known there.

    Examples:
        >>> from createos_nb.contract.fields import unknown_fields
        >>> operation = createos_nb.contract.find("UpdateProjectEnvironmentResources")
        >>> [field.name for field in unknown_fields(operation, {"cpu": 200, "gpu": 1})]
        ['gpu']
    """
    parameters = {p.wire: p for p in _in_body(operation)}
    for name, value in body.items():
        parameter = parameters.get(name)
        if parameter is None:
            yield Unknown("", name, tuple(parameters), (), body)
        elif parameter.fields is not None:
            known = wire_names(parameter.fields.kinds(body.get("type")))
            others = wire_names(parameter.fields.kinds())
            many = parameter.fields.many and isinstance(value, list)
            for place, item in [(f"{name}[{i}]", item) for i, item in enumerate(value)] if many else [(name, value)]:
                if isinstance(item, dict):
                    yield from (Unknown(place, field, known, others, item) for field in item if field not in known)


def _in_body(operation: Operation) -> list[Parameter]:
    return [p for p in operation.parameters if p.location == "body" or p.in_body]
