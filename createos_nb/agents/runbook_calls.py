"""Runbooks as agents call them: the parameters as a JSON Schema, and what JSON gives for them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.naming import SECRET_MAPS, SECRET_VALUES, nearest, snake
from createos_nb.recipes.all_runbooks import find_runbooks
from createos_nb.redaction import MASK, Secret, wrap_all, wrap_secrets
from createos_nb.runbooks.parameters import Kind, RunbookParameter, parameters_of

if TYPE_CHECKING:
    from createos_nb.plans.plan import Plan
    from createos_nb.redactor import Redactor

_TYPES: Final[dict[Kind, Any]] = {
    "text": str,
    "time": str,
    "integer": int,
    "number": float,
    "switch": bool,
    "text or integer": str | int,
    "texts": list[str],
    "texts or integers": list[str | int],
    "texts by name": dict[str, str | None],
    "values by name": dict[str, Any],
    "variables": dict[str, str | None],
    "secret": str,
}
_MEANINGS: Final[dict[Kind, str]] = {
    "variables": "values by name; null deletes one. They are in no answer and no journal",
    "secret": "it is in no answer and no journal",
}
#: Of the machine that the server runs on: an agent is not given its files, nor where to write.
_OF_THE_MACHINE: Final = "path"
#: Fields of settings that hold secrets, as the wire and as Python spells them.
_HIDDEN: Final = frozenset(form for name in SECRET_MAPS | SECRET_VALUES for form in (name, snake(name)))


@functools.cache
def runbooks() -> dict[str, Callable[..., Plan]]:
    """Return the runbooks and recipes that an agent can call, by name.

    Returns:
        The functions; what only a program can call is left out.

    Examples:
        >>> from createos_nb.agents.runbook_calls import runbooks
        >>> "rollback" in runbooks(), "multi_agent" in runbooks()
        (True, False)
    """
    return {name: one for name, one in sorted(find_runbooks().items()) if _parameters(one) is not None}


def find(name: str) -> Callable[..., Plan]:
    """Return a runbook by its name.

    Args:
        name: its name; "set-variables" is "set_variables".

    Returns:
        The function.

    Raises:
        UnknownName: there is no such runbook that an agent can call.

    Examples:
        >>> from createos_nb.agents.runbook_calls import find
        >>> find("set-variables").__name__
        'set_variables'
    """
    found = runbooks()
    key = name.strip().replace("-", "_")
    if key not in found:
        raise UnknownName("runbook", name, list(found))
    return found[key]


def schema_of(runbook: Callable[..., Plan]) -> dict[str, Any]:
    """Return the parameters of a runbook as a JSON Schema.

    Args:
        runbook: the function.

    Returns:
        The schema of an object.

    Examples:
        >>> from createos_nb.agents.runbook_calls import schema_of
        >>> schema = schema_of(createos_nb.runbooks.scale)
        >>> schema["required"], schema["properties"]["replicas"]["type"]
        (['project', 'environment'], 'integer')
    """
    properties: dict[str, Any] = {}
    parameters = _parameters(runbook) or {}
    for name, parameter in parameters.items():
        kind = msgspec.json.schema(_type_of(parameter))
        meaning = _MEANINGS.get(parameter.kind) or parameter.meaning
        properties[name] = {**kind, "description": meaning} if meaning else kind
        if isinstance(parameter.default, str | int | float):
            properties[name]["default"] = parameter.default
    required = [name for name, parameter in parameters.items() if parameter.required]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def read(runbook: Callable[..., Plan], given: Mapping[str, Any], redactor: Redactor) -> dict[str, Any]:
    """Return what a runbook is called with, of what an agent has given.

    Args:
        runbook: the function.
        given: values by the names of the parameters; null is one that is not given.
        redactor: learns the secrets among them.

    Returns:
        The arguments.

    Raises:
        InvalidInput: one is unknown, missing, or of another type.

    Examples:
        >>> from createos_nb.agents.runbook_calls import read
        >>> from createos_nb.redactor import Redactor
        >>> read(createos_nb.runbooks.scale, {"project": "p", "environment": "e", "replicas": "2"}, Redactor())
        {'project': 'p', 'environment': 'e', 'replicas': 2}
        >>> read(createos_nb.runbooks.scale, {"project": "p"}, Redactor())
        Traceback (most recent call last):
        createos_nb.errors.InvalidInput: scale needs environment
    """
    name = runbook.__name__
    parameters = _parameters(runbook) or {}
    values = {key: value for key, value in given.items() if value is not None}
    for key in values:
        if key not in parameters:
            raise InvalidInput(
                f"{name} has no parameter {key!r}; it takes: {', '.join(parameters)}{nearest(key, parameters)}"
            )
    if missing := [key for key, one in parameters.items() if one.required and key not in values]:
        raise InvalidInput(f"{name} needs {', '.join(missing)}")
    return {key: _read(name, parameters[key], value, redactor) for key, value in values.items()}


def named_arguments(name: str, arguments: Sequence[Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call of a runbook by the names of its parameters.

    Args:
        name: the runbook.
        arguments: those by position, after the client.
        options: those by name.

    Returns:
        What `plan` takes as parameters.

    Examples:
        >>> from createos_nb.agents.runbook_calls import named_arguments
        >>> named_arguments("rollback", ("storefront", "production"), {"to": 3})
        {'project': 'storefront', 'environment': 'production', 'to': 3}
    """
    names = list(inspect.signature(find(name)).parameters)[1:]
    return {**dict(zip(names, arguments, strict=False)), **options}


def without_secrets(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a call as a journal may hold them.

    Args:
        name: the runbook, as the call names it.
        given: values by name.

    Returns:
        The same, with dots in place of variables and secrets, and of whatever the runbook does not know.

    Examples:
        >>> from createos_nb.agents.runbook_calls import without_secrets
        >>> without_secrets("set_variables", {"project": "storefront", "variables": {"TOKEN": "abc"}})
        {'project': 'storefront', 'variables': {'TOKEN': '••••••'}}
    """
    try:
        parameters = _parameters(find(name)) or {}
    except UnknownName:
        parameters = {}
    return {key: _shown(parameters.get(key), value) for key, value in given.items()}


def _shown(parameter: RunbookParameter | None, value: Any) -> Any:
    kind = parameter.kind if parameter is not None else "secret"
    if kind in ("variables", "secret"):
        return dict.fromkeys(value, MASK) if isinstance(value, Mapping) else MASK
    return _without(value) if kind == "values by name" else value


def _without(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: (dict.fromkeys(item, MASK) if isinstance(item, Mapping) else MASK)
            if key in _HIDDEN
            else _without(item)
            for key, item in value.items()
        }
    return [_without(item) for item in value] if isinstance(value, list) else value


def _read(name: str, parameter: RunbookParameter, value: Any, redactor: Redactor) -> Any:
    strict = parameter.kind in ("text or integer", "values by name")
    try:
        read = msgspec.convert(value, _type_of(parameter), strict=strict)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"{name}: {parameter.name}: {error}") from None
    if parameter.kind == "variables":
        read = {key: None if text is None else Secret(text) for key, text in read.items()}
    elif parameter.kind == "secret":
        read = Secret(read)
    elif parameter.kind == "values by name":
        read = {key: wrap_all(item) if key in _HIDDEN else wrap_secrets(item) for key, item in read.items()}
    for secret in _secrets(read):
        redactor.learn(secret)
    return read


def _secrets(value: Any) -> list[Secret]:
    if isinstance(value, Secret):
        return [value]
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [secret for item in items for secret in _secrets(item)]


def _type_of(parameter: RunbookParameter) -> Any:
    if parameter.kind == "choice":
        return Literal[parameter.choices]
    return _TYPES[parameter.kind]


def _parameters(runbook: Callable[..., Plan]) -> dict[str, RunbookParameter] | None:
    """Those that an agent gives; None where it can't give one that has to be."""
    try:
        found = parameters_of(runbook)
    except InvalidInput:
        return None
    if any(one.kind == _OF_THE_MACHINE and one.required for one in found.values()):
        return None
    return {name: one for name, one in found.items() if one.kind != _OF_THE_MACHINE}
