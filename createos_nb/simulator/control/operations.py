"""The controls of a served world, each declared once: HTTP line, function, and what it gives.

The function is a method of `World`, or of `Steering` for what only a served world has. Its signature says the
parameters, its docstring what it does: the server's routes, the methods of `ServedWorld` and the OpenAPI document are
made from these lines.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import UnionType
from typing import IO, Annotated, Any, Final, Literal, Union, get_args, get_origin

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from createos_nb.contract.operation import Effect, Operation, Record
from createos_nb.naming import camel
from createos_nb.simulator.control import values
from createos_nb.simulator.control.steering import Steering
from createos_nb.simulator.control.values import Answer
from createos_nb.simulator.traffic import Behavior, Bot, BuildBehavior, Failing, Page
from createos_nb.simulator.world.world import World

PREFIX: Final = "/_world"
"""What the paths of all controls begin with."""
FORKS: Final = f"{PREFIX}/forks/"
"""What the path of a fork begins with; its number follows, and then its own paths."""
#: What stands in a signature for what JSON has no form of.
_ON_THE_WIRE: Final = {"DurationLike": str | int | float, "MomentLike": str | int | float}
_PYTHON_ONLY: Final = (Path, datetime, timedelta)
#: Types that a signature takes as an object or as a mapping of its fields, and JSON as an object.
_OBJECTS: Final = (Behavior, Bot, BuildBehavior, Failing, Page)


@dataclass(frozen=True)
class Argument:
    """One parameter of a control.

    Attributes:
        name: in the signature and on the wire.
        location: where it travels; a "file" is the whole body.
        annotation: of the signature, with what JSON can carry.
        required: whether it must be given.
        variadic: it stands as `*name` in the signature.
        meaning: its entry under `Args:`.
    """

    name: str
    location: Literal["path", "query", "body", "file"]
    annotation: Any
    required: bool
    variadic: bool
    meaning: str


@dataclass(frozen=True)
class Control:
    """One control.

    Attributes:
        line: method and path of HTTP, the path below `PREFIX`.
        function: what is done, called with the world or its `Steering`.
        answer: what it gives.
        file: the parameter that is the whole body; then the others travel in the query.
        success: status of an answer.
    """

    line: str
    function: Callable[..., Any]
    answer: Answer = values.NOTHING
    file: str = ""
    success: int = 200

    @property
    def name(self) -> str:
        """Name of the function."""
        return self.function.__name__

    @property
    def method(self) -> str:
        """Method of HTTP."""
        return self.line.partition(" ")[0]

    @property
    def path(self) -> str:
        """Path, with its parameters in braces."""
        return PREFIX + self.line.partition(" ")[2]

    @property
    def effect(self) -> Effect:
        """Whether it changes something."""
        return "read" if self.method == "GET" else "write"

    @property
    def of_world(self) -> bool:
        """Whether it is a method of any world: then it is called with the world, else with its `Steering`."""
        return getattr(World, self.name, None) is self.function

    @property
    def summary(self) -> str:
        """The first line of its docstring."""
        return inspect.cleandoc(self.function.__doc__ or "").partition("\n")[0]

    @cached_property
    def operation(self) -> Operation:
        """The control as an operation, for the transport that sends it."""
        return Operation(
            name=camel(f"control_{self.name}")[0].upper() + camel(f"control_{self.name}")[1:],
            resource="world",
            call_name=self.name,
            method=self.method,
            path=self.path,
            effect=self.effect,
            answer=Record(Struct),
            summary=self.summary,
            function=self.function,
        )

    @cached_property
    def arguments(self) -> tuple[Argument, ...]:
        """Its parameters."""
        meanings = _meanings(self.function)
        space = {**self.function.__globals__, **_ON_THE_WIRE, "IO": IO}
        parameters = list(inspect.signature(self.function).parameters.values())[1:]
        return tuple(self._argument(p, space, meanings.get(p.name, "")) for p in parameters)

    def _argument(self, p: inspect.Parameter, space: Mapping[str, Any], meaning: str) -> Argument:
        annotation = bytes if p.name == self.file else eval(p.annotation, dict(space))
        variadic = p.kind is p.VAR_POSITIONAL
        if "{" + p.name + "}" in self.path:
            location: Literal["path", "query", "body", "file"] = "path"
        elif p.name == self.file:
            location = "file"
        else:
            location = "query" if self.file or self.method == "GET" else "body"
        return Argument(
            name=p.name,
            location=location,
            annotation=list[annotation] if variadic else annotation,  # type: ignore[valid-type]
            required=variadic or p.default is p.empty,
            variadic=variadic,
            meaning=meaning,
        )

    @cached_property
    def checked(self) -> type[Struct]:
        """A struct of its parameters but for a file, as requests are checked: objects are mappings still."""
        return self._struct(_checked)

    @cached_property
    def documented(self) -> type[Struct]:
        """A struct of its parameters in the body, as the document shows them: objects have their fields."""
        return self._struct(_documented, ("body",))

    def _struct(
        self, convert: Callable[[Any], Any], locations: Sequence[str] = ("path", "query", "body")
    ) -> type[Struct]:
        fields: list[Any] = []
        for argument in self.arguments:
            if argument.location not in locations:
                continue
            kind = convert(argument.annotation)
            described: Any = Annotated[kind, Meta(description=argument.meaning)]
            if argument.required:
                fields.append((argument.name, described))
            else:
                fields.append((argument.name, described | UnsetType, UNSET))
        name = self.operation.name.removeprefix("Control")
        return msgspec.defstruct(name, fields, kw_only=True, forbid_unknown_fields=True)


def _meanings(function: Callable[..., Any]) -> dict[str, str]:
    """The entries under `Args:` of a docstring."""
    _, _, after = inspect.cleandoc(function.__doc__ or "").partition("\nArgs:\n")
    meanings: dict[str, str] = {}
    name = ""
    for line in after.split("\n\n")[0].splitlines():
        if line.startswith("        "):
            meanings[name] += " " + line.strip()
        else:
            name, _, text = line.strip().partition(": ")
            meanings[name] = text
    return meanings


def _parts(annotation: Any) -> list[Any]:
    return [part for part in get_args(annotation) if part not in _PYTHON_ONLY and get_origin(part) is not IO]


def _checked(annotation: Any) -> Any:
    """An annotation with a mapping in place of each object that JSON gives."""
    if annotation in _OBJECTS:
        return Mapping[str, Any]
    if isinstance(annotation, UnionType) or get_origin(annotation) is Union:
        return Union[tuple(dict.fromkeys(map(_checked, _parts(annotation))))]  # noqa: UP007  # made of parts
    if get_origin(annotation) in (Sequence, list):
        return list[_checked(get_args(annotation)[0])]  # type: ignore[misc]
    return annotation


def _documented(annotation: Any) -> Any:
    """An annotation without the mappings that stand for an object beside it."""
    if isinstance(annotation, UnionType) or get_origin(annotation) is Union:
        parts = _parts(annotation)
        if any(part in _OBJECTS for part in parts):
            parts = [part for part in parts if get_origin(part) is not Mapping]
        return Union[tuple(map(_documented, parts))]  # noqa: UP007  # made of parts
    if get_origin(annotation) in (Sequence, list):
        return list[_documented(get_args(annotation)[0])]  # type: ignore[misc]
    return annotation


#: All controls, by the name of their function.
CONTROLS: Final[Mapping[str, Control]] = {
    control.name: control
    for control in (
        Control("GET /", Steering.describe, values.DESCRIPTION),
        Control("GET /events", World.events, values.EVENTS),
        Control("POST /advance", World.advance, values.TIME),
        Control("POST /at", World.at, values.MOVED),
        Control("POST /speed", Steering.set_speed, values.DESCRIPTION),
        Control("POST /push", World.push, values.VERSION),
        Control("POST /behavior", World.set_behavior),
        Control("POST /traffic", World.traffic),
        Control("POST /replay", World.replay, values.REPLAYED, file="source"),
        Control("POST /incidents", World.incident, values.TEXT_ANSWER, success=201),
        Control("DELETE /incidents/{name}", World.end_incident),
        Control("POST /calls", World.connect, values.TEXT_ANSWER, success=201),
        Control("DELETE /calls/{name}", World.disconnect),
        Control("POST /faults", Steering.inject, values.FAULTS, success=201),
        Control("GET /faults/{faults_id}", Steering.injected, values.FAULTS),
        Control("POST /faults/{faults_id}/start", Steering.start_faults, values.FAULTS),
        Control("POST /faults/{faults_id}/stop", Steering.stop_faults, values.FAULTS),
        Control("GET /accounts", World.accounts, values.ACCOUNTS),
        Control("GET /accounts/{username}/key", World.key_of, values.TEXT_ANSWER),
        Control("GET /accounts/{username}/access-token", World.access_token_of, values.TEXT_ANSWER),
        Control("GET /github", World.github_accounts, values.GITHUB),
        Control("GET /github/{username}/code", World.github_code, values.TEXT_ANSWER),
        Control("POST /dns", World.set_dns),
        Control("POST /dns-records", World.set_dns_record),
        Control("POST /failing-scans", World.fail_scan),
        Control("POST /forks", Steering.fork, values.FORK, success=201),
        Control("GET /snapshot", Steering.snapshot, values.FILE),
        Control("PUT /snapshot", Steering.load_snapshot, values.MOVED, file="file"),
        Control("POST /reset", World.reset, values.MOVED),
    )
}
