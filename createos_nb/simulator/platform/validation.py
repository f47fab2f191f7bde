"""Requests are checked against the declarations of `createos_nb.contract`: types, limits, patterns, closed lists.

Nothing here knows a limit; a check is compiled from the annotations of an operation's parameters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, Generic, Literal, TypedDict, TypeVar, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec
from msgspec import UNSET, Struct, UnsetType

from createos_nb.contract import OPERATIONS
from createos_nb.contract.fields import suggestion, wire_names
from createos_nb.contract.operation import Operation, Parameter, choices_of
from createos_nb.contract.types import ProjectType
from createos_nb.naming import ProjectStatus
from createos_nb.simulator.platform.errors import HttpError, UnknownFieldError, declared
from createos_nb.simulator.times import from_rfc3339

S = TypeVar("S", bound=Struct)
T = TypeVar("T")
D = TypeVar("D")

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", flags=re.ASCII)
_INTEGER: Final = re.compile(r"[+-]?\d{1,18}", flags=re.ASCII)
_PLACE: Final = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<where>[^`]*)`)?$", flags=re.DOTALL)
_MISSING: Final = re.compile(r"Object missing required field `(.+?)`")
#: References that the wire writes as a number or a number in text, not as an id of the platform.
_NUMBERED: Final = frozenset({"installation"})


def is_uuid(text: str) -> bool:
    """Return whether a text has the shape of an id."""
    return _UUID.fullmatch(text) is not None


def check_id(name: str, value: str) -> None:
    """Refuse what does not have the shape of an id."""
    if not is_uuid(value):
        raise HttpError(400, f"{name} must be a UUID")


class QueryValues(TypedDict, total=False):
    """Parameters of the queries of all operations by their wire name in snake_case; what was not sent is missing."""

    app: str
    branch: str
    categories: str
    end: int
    limit: int
    name: str
    offset: int
    page: int
    per_page: int
    protected: Literal["true", "false"]
    repository: str
    settings: Literal["project", "deployment"]
    since_seconds: int
    skip: int
    start: int
    status: ProjectStatus
    token: str
    type: ProjectType


class Query:
    """Reads and checks the query of one operation."""

    def __init__(self, operation: Operation) -> None:
        self._parameters = {p.wire: (p, _reader(p)) for p in operation.at("query")}
        self._required = [p for p in operation.at("query") if p.required]
        # Where no refusal is declared, a value that can't be used is passed over.
        self._lenient = declared(400, operation.failures) not in operation.failures

    def read(self, text: str) -> QueryValues:
        """Return the values, checked. What is not declared is passed over, as platforms do where they only read."""
        values: dict[str, Any] = {}
        if text:
            for wire, value in parse_qsl(text, keep_blank_values=True, errors="replace"):
                known = self._parameters.get(wire)
                if known is not None and known[0].key not in values:
                    parameter, reader = known
                    if value == "" and not parameter.required:
                        continue
                    try:
                        values[parameter.key] = reader(value)
                    except HttpError:
                        if not self._lenient:
                            raise
        for parameter in self._required:
            if not values.get(parameter.key):
                raise HttpError(400, f"query parameter {parameter.wire} is required")
        return msgspec.convert(values, QueryValues)


def _reader(parameter: Parameter) -> Callable[[str], Any]:
    name, annotation = parameter.wire, parameter.annotation
    if parameter.moment is not None or int in _kinds(annotation):

        def whole(text: str) -> int:
            if not _INTEGER.fullmatch(text):
                raise HttpError(400, f"query parameter {name} must be a whole number")
            return int(text)

        if parameter.moment is not None:
            return whole
        return lambda text: _converted(whole(text), parameter)
    return lambda text: _converted(text, parameter)


def _kinds(annotation: Any) -> set[Any]:
    kinds = {annotation}
    while get_origin(annotation) is not None:
        annotation = get_args(annotation)[0]
        kinds.add(annotation)
    return kinds


def _converted(value: Any, parameter: Parameter) -> Any:
    try:
        return msgspec.convert(value, parameter.annotation)
    except msgspec.ValidationError as error:
        sentence = _sentence(str(error), parameter.bounds().get("choices", ()))
        raise HttpError(400, f"query parameter {parameter.wire}: {sentence}") from None


class Body(Generic[S]):
    """Reads and checks the JSON body of one operation.

    What it reads is of the type `kind`, whose fields get the types and limits that the contract declares.
    """

    def __init__(self, operation: Operation, kind: type[S]) -> None:
        parameters = operation.at("body")
        self._kind = kind
        self._needed = any(p.required for p in parameters)
        self._ids = [p for p in parameters if p.ref is not None and p.ref.resource not in _NUMBERED]
        self._moments = [p for p in parameters if p.moment is not None]
        self._choices = {p.wire: p.bounds().get("choices", ()) for p in parameters}
        for p in parameters:
            for one in p.fields.of if p.fields is not None else ():
                self._choices |= _choices_in(one, p.wire)
        self._patterned = [p for p in parameters if "pattern" in p.bounds()]
        fields = [(p.key, _body_type(p), *(() if p.required else (UNSET,))) for p in parameters]
        shape = msgspec.defstruct(
            operation.name + "Body",
            fields,
            bases=(kind,),
            rename={p.key: p.wire for p in parameters},
            kw_only=True,
        )
        self._decoder = msgspec.json.Decoder(shape)
        self._nothing = None if self._needed else shape()

    def read(self, content: bytes) -> S:
        """Return the declared parameters by their name in snake_case, `UNSET` where they were not sent."""
        body = self._decode(content)
        if not isinstance(body, self._kind):
            raise TypeError(f"{type(body).__name__} is not a {self._kind.__name__}")
        return body

    def _decode(self, content: bytes) -> Struct:
        if not content.strip():
            if self._nothing is None:
                raise HttpError(400, "a JSON body is required")
            return self._nothing
        try:
            body = self._decoder.decode(content)
        except msgspec.ValidationError as error:
            raise HttpError(400, _explained(str(error), "", self._choices)) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise HttpError(400, "the body is not valid JSON") from None
        for parameter in self._patterned:
            # To Python `$` also matches before a final line break; to the platform it does not.
            if str(getattr(body, parameter.key)).endswith("\n"):
                raise HttpError(400, f"{parameter.wire}: must not end in a line break")
        for parameter in self._ids:
            value = getattr(body, parameter.key)
            for identity in value if isinstance(value, list) else [value]:
                if isinstance(identity, str):
                    check_id(parameter.wire, identity)
        for parameter in self._moments:
            try:
                from_rfc3339(getattr(body, parameter.key))
            except (ValueError, OverflowError):
                raise HttpError(400, f"{parameter.wire} must be a time in RFC 3339 with a zone") from None
        return body


def _body_type(parameter: Parameter) -> Any:
    kind: Any = parameter.annotation
    if parameter.fields is not None:
        of = parameter.fields.of
        kind = dict[str, Any] if len(of) > 1 else of[0]
        if parameter.fields.many:
            most = parameter.bounds().get("max_length")
            kind = msgspec_list(kind, most)
    elif parameter.moment is not None:
        kind = str
    elif parameter.ref is not None:
        kind = int if parameter.ref.resource in _NUMBERED else str
        if parameter.many:
            kind = list[kind]
    return kind | None if parameter.nullable else kind


def msgspec_list(kind: Any, most: int | None) -> Any:
    """Return the type of a list that may hold at most so many."""
    from typing import Annotated

    whole = list[kind]
    return whole if most is None else Annotated[whole, msgspec.Meta(max_length=most)]


def fields_of(value: Mapping[str, Any], kind: type[msgspec.Struct], where: str) -> None:
    """Check an object whose type depends on other fields, such as the settings of a project."""
    known = wire_names((kind,))
    for field in value:
        if field not in known:
            place = f"{where}: " if where else ""
            raise UnknownFieldError(f"{place}unknown field {field}{suggestion(field, known, [field])}")
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise HttpError(400, _explained(str(error), where, _choices_in(kind, where))) from None


def _choices_in(kind: type[msgspec.Struct], where: str) -> dict[str, tuple[Any, ...]]:
    """The closed lists of values in an object, by the place of the field."""
    return {f"{where}.{field.encode_name}": choices_of(field.type) for field in msgspec.structs.fields(kind)}


def _explained(message: str, parent: str, choices: Mapping[str, tuple[Any, ...]]) -> str:
    """Return msgspec's message in the words of who sent the request: `displayName: expected text of length >= 4`."""
    match = _PLACE.match(message)
    what, where = (match["what"], match["where"] or "") if match else (message, "")
    path = ".".join(part for part in (parent, where) if part)
    if missing := _MISSING.fullmatch(what):
        return f"{'.'.join(part for part in (path, missing[1]) if part)} is required"
    sentence = _sentence(what, choices.get(path, ()))
    return f"{path}: {sentence}" if path else sentence


def _sentence(what: str, choices: tuple[Any, ...]) -> str:
    """Return what is wrong with a value. One that is in no list is not repeated: it may be long, or a secret."""
    if what.startswith("Invalid enum value"):
        return f"expected one of {', '.join(choices)}"
    return (what[:1].lower() + what[1:]).replace("`", "")


class UniqueName(Struct):
    """Body of the operations that say whether a name is free."""

    unique_name: str


def check_body(name: str, body: Mapping[str, Any]) -> None:
    """Check an object as if it had come as the body of an operation."""
    _any_body_of(OPERATIONS[name]).read(msgspec.json.encode(body))


@cache
def _any_body_of(operation: Operation) -> Body[Struct]:
    return Body(operation, Struct)


@cache
def query_of(operation: Operation) -> Query:
    """Return the reader of an operation's query."""
    return Query(operation)


def value_or(value: T | UnsetType, default: D) -> T | D:
    """Return a parameter's value, or a default where it was not sent."""
    return default if value is UNSET else value
