"""The parameters of a runbook, as whoever is no Python program gives them: a command line, or an agent."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from createos_nb.errors import InvalidInput

#: What a parameter takes.
Kind = Literal[
    "text",
    "time",
    "path",
    "integer",
    "number",
    "switch",
    "choice",
    "text or integer",
    "texts",
    "texts or integers",
    "texts by name",
    "values by name",
    "variables",
    "secret",
]

#: Parameters that are for programs: frames and files that others than programs find by themselves.
_LEFT_OUT: Final = frozenset({"client", "snapshot", "journals"})
_KINDS: Final[dict[str, Kind]] = {
    "str": "text",
    "int": "integer",
    "float": "number",
    "bool": "switch",
    "Diagnosis | bool": "switch",
    "TimeLike": "time",
    "DurationLike": "time",
    "Any": "path",
    "str | os.PathLike[str]": "path",
    "str | int": "text or integer",
    "Sequence[str]": "texts",
    "str | Sequence[str]": "texts",
    "Sequence[str | int]": "texts or integers",
    "Mapping[str, str | None]": "texts by name",
    "Mapping[str, str": "texts by name",
    "Mapping[str, Any]": "values by name",
    "Variables": "variables",
    "str | Secret": "secret",
}
_SECTION: Final = re.compile(r"^Args:$(.*?)^(?=\w)", re.MULTILINE | re.DOTALL)
_ENTRY: Final = re.compile(r"^(\w+(?:, \w+)*): ", re.MULTILINE)


@dataclass(frozen=True)
class RunbookParameter:
    """A parameter of a runbook that can be given without Python.

    Attributes:
        name: as the runbook calls it.
        kind: what it takes.
        default: what it is where it is not given; `inspect.Parameter.empty` where it has to be.
        optional: whether None stands for nothing.
        positional: whether it may stand without its name.
        choices: what it may be, of a choice; else nothing.
        meaning: what the docstring says of it; "" where it says nothing.
    """

    name: str
    kind: Kind
    default: Any
    optional: bool
    positional: bool
    choices: tuple[str, ...] = ()
    meaning: str = ""

    @property
    def required(self) -> bool:
        """Whether it has to be given."""
        return self.default is inspect.Parameter.empty and not self.optional


def parameters_of(runbook: Callable[..., Any]) -> dict[str, RunbookParameter]:
    """Return the parameters of a runbook that can be given without Python.

    Args:
        runbook: the function.

    Returns:
        Its parameters by their names, in their order; what only a program has (a gate, a frame) is left out.

    Raises:
        InvalidInput: what only a program has must be given: the runbook is for programs.

    Examples:
        >>> from createos_nb.runbooks.parameters import parameters_of
        >>> found = parameters_of(createos_nb.runbooks.scale)
        >>> {name: (one.kind, one.required) for name, one in found.items()}
        {'project': ('text', True), 'environment': ('text', True), 'cpu': ('integer', False), ...
    """
    meanings = _meanings(runbook)
    found: dict[str, RunbookParameter] = {}
    for name, parameter in inspect.signature(runbook).parameters.items():
        if name in _LEFT_OUT:
            continue
        one = _parameter(name, parameter, meanings.get(name, ""))
        if one is not None:
            found[name] = one
        elif parameter.default is inspect.Parameter.empty:
            raise InvalidInput(f"{runbook.__name__}: {name} can't be typed: call it in a notebook")
    return found


def _parameter(name: str, parameter: inspect.Parameter, meaning: str) -> RunbookParameter | None:
    text = _text_of(parameter.annotation)
    bare = text.removesuffix(" | None")
    choices: tuple[str, ...] = ()
    kind: Kind | None
    if bare.startswith("Mapping[str,") and "Secret" in bare:
        kind = "variables"
    elif bare.startswith("Literal["):
        kind, choices = "choice", tuple(ast.literal_eval(f"({bare[len('Literal[') : -1]},)"))
    else:
        kind = _KINDS.get(bare)
    if kind is None:
        return None
    positional = parameter.kind is not inspect.Parameter.KEYWORD_ONLY
    return RunbookParameter(name, kind, parameter.default, text.endswith("| None"), positional, choices, meaning)


def _text_of(annotation: Any) -> str:
    """An annotation as it is written; a package may have evaluated it, or have none."""
    if annotation is inspect.Parameter.empty:
        return "str"
    text = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    return text.replace('"', "'").replace("typing.", "")


def _meanings(runbook: Callable[..., Any]) -> dict[str, str]:
    """What a docstring says of each argument."""
    section = _SECTION.search(f"{inspect.getdoc(runbook) or ''}\nEnd:")
    if section is None:
        return {}
    _, *entries = _ENTRY.split(textwrap.dedent(section[1]).strip())
    found: dict[str, str] = {}
    for names, text in zip(entries[::2], entries[1::2], strict=True):
        found |= dict.fromkeys(names.split(", "), " ".join(text.split()))
    return found
