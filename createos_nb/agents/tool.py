"""A tool: a function whose signature is its schema, and whose docstring says what it is for."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, get_type_hints

import msgspec

from createos_nb.agents.answer import Answer
from createos_nb.agents.context import ToolContext
from createos_nb.errors import InvalidInput
from createos_nb.naming import nearest

#: What a tool does: it reads (a plan, too, only reads), it changes the account, or it answers a drill.
Effect = Literal["read", "change", "answer"]
ToolFunction = Callable[..., Answer]

_ENTRY: Final = re.compile(r"^(\w+): ", re.MULTILINE)
_SECTION: Final = re.compile(r"^(Args|Returns|Raises|Examples):$", re.MULTILINE)
_UNKNOWN: Final = re.compile(r"unknown field `(\w+)`")
_PLACE: Final = re.compile(r" - at `\$\.?([^`]*)`")


@dataclass(frozen=True)
class Tool:
    """A tool of the server.

    Attributes:
        name: what it is called by.
        function: what answers it: it takes a `ToolContext`, and its arguments by name.
        effect: what it does.
        description: what it is for, from its docstring.
        arguments: the type that its arguments are read as.
        schema: the JSON Schema of its arguments.
        offered: says whether a server offers it.

    Examples:
        >>> from createos_nb.agents.registry import tools
        >>> tools()["diagnose"].effect
        'read'
    """

    name: str
    function: ToolFunction
    effect: Effect
    description: str
    arguments: type[msgspec.Struct]
    schema: Mapping[str, Any]
    offered: Callable[[ToolContext], bool]

    def call(self, context: ToolContext, arguments: Mapping[str, Any]) -> Answer:
        """Check the arguments, and answer.

        Args:
            context: what the tools of a server share.
            arguments: as they came.

        Returns:
            The answer.

        Raises:
            InvalidInput: an argument is unknown, missing, or of another type.

        Examples:
            >>> from createos_nb.agents.registry import tools
            >>> tools()["diagnose"].call(None, {"projekt": "storefront"})
            Traceback (most recent call last):
            createos_nb.errors.InvalidInput: diagnose has no argument 'projekt'; it takes: project, environment; ...
        """
        try:
            read = msgspec.convert(dict(arguments), self.arguments, strict=False)
        except msgspec.ValidationError as error:
            raise InvalidInput(self._words(str(error))) from None
        return self.function(context, **{name: getattr(read, name) for name in self.arguments.__struct_fields__})

    def _words(self, text: str) -> str:
        names = self.arguments.__struct_fields__
        unknown = _UNKNOWN.search(text)
        if unknown is not None:
            similar = nearest(unknown[1], names)
            return f"{self.name} has no argument {unknown[1]!r}; it takes: {', '.join(names)}{similar}"
        return f"{self.name}: {_PLACE.sub(lambda place: f', in {place[1]}' if place[1] else '', text)}"


def tool(
    effect: Effect = "read", *, offered: Callable[[ToolContext], bool] = lambda context: True
) -> Callable[[ToolFunction], Tool]:
    """Make a tool of a function.

    Args:
        effect: what it does.
        offered: says whether a server offers it.

    Returns:
        A decorator: its function's first parameter is a `ToolContext`, the others are the tool's arguments, whose
        meanings stand in its docstring.

    Examples:
        >>> from createos_nb.agents.answer import Answer
        >>> from createos_nb.agents.context import ToolContext
        >>> from createos_nb.agents.tool import tool
        >>> @tool()
        ... def echo(context: ToolContext, text: str) -> Answer:
        ...     '''Say it again.
        ...
        ...     Args:
        ...         context: what tools share.
        ...         text: what to say.
        ...     '''
        ...     return Answer({"text": text})
        >>> echo.schema["properties"]["text"]["description"]
        'what to say.'
    """

    def made(function: ToolFunction) -> Tool:
        summary, meanings = _documented(function)
        hints = get_type_hints(function, include_extras=True)
        fields: list[Any] = []
        _, *parameters = inspect.signature(function).parameters.values()
        for parameter in parameters:
            kind = hints[parameter.name]
            if parameter.name in meanings:
                kind = Annotated[kind, msgspec.Meta(description=meanings[parameter.name])]
            required = parameter.default is inspect.Parameter.empty
            fields.append((parameter.name, kind) if required else (parameter.name, kind, parameter.default))
        # mypy knows of no class that is made at run time
        arguments = msgspec.defstruct(function.__name__, fields, kw_only=True, forbid_unknown_fields=True)
        _, components = msgspec.json.schema_components([arguments], ref_template="{name}")
        schema = {name: part for name, part in components[function.__name__].items() if name != "title"}
        return Tool(function.__name__, function, effect, summary, arguments, schema, offered)

    return made


def _documented(function: ToolFunction) -> tuple[str, dict[str, str]]:
    """What a docstring says before its sections, and of each argument."""
    text, *parts = _SECTION.split(inspect.getdoc(function) or "")
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    _, *entries = _ENTRY.split(textwrap.dedent(sections.get("Args", "").strip("\n")))
    meanings = {name: " ".join(entry.split()) for name, entry in zip(entries[::2], entries[1::2], strict=True)}
    summary = " ".join(text.split())
    if returned := " ".join(sections.get("Returns", "").split()):
        summary += f" Answer: {returned}"
    return summary, meanings
