"""The parameters of a notebook: a cell tagged `parameters` of plain literals, as papermill reads it too."""

from __future__ import annotations

import ast
import io
import json
import math
import re
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from createos_nb.errors import InvalidInput
from createos_nb.redaction import Secret
from createos_nb.naming import nearest

TAG: Final = "parameters"
INJECTED: Final = "injected-parameters"

#: Names of parameters that hold secrets; "value_from" holds the name of one.
_SECRET: Final = re.compile(
    r"(?:^|_)(?:password|passwd|passphrase|pwd|secret|token|credentials?|(?:api|access|private|signing)_?key|key)$",
    re.I,
)

_TRUE, _FALSE = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0"})


@dataclass(frozen=True)
class Parameter:
    """A name, its default, and what the comment behind it says."""

    name: str
    default: Any
    comment: str = ""

    def read(self, text: str) -> Any:
        """Return a text as a value of the default's type. Raises `InvalidInput`, which does not repeat the text."""
        kind = type(self.default)
        reader = _READERS.get(kind)
        try:
            return text if reader is None else reader(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            raise InvalidInput(
                f"-p {self.name}: {_EXPECTED[kind]} is expected; its default is {self.default!r}"
            ) from None

    def __str__(self) -> str:
        return f"{self.name}={self.default!r}"


def parameters_of(notebook: Any, name: str) -> dict[str, Parameter]:
    """Return the parameters of a notebook, in their order. Raises `InvalidInput` where the cell holds more than literals."""
    cell = tagged(notebook, TAG)
    if cell is None:
        return {}
    try:
        statements = ast.parse(cell.source).body
    except SyntaxError as error:
        raise InvalidInput(f"{name}: the cell of parameters is no Python: {error.msg}, line {error.lineno}") from None
    comments = _comments(cell.source)
    parameters = {}
    for statement in statements:
        target, value = _assigned(statement)
        try:
            if target is None:
                raise ValueError
            default = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            line = cell.source.splitlines()[statement.lineno - 1].strip()
            raise InvalidInput(
                f"{name}: the cell of parameters is for names and plain values, such as days = 7, not for {line!r}"
            ) from None
        parameters[target] = Parameter(target, default, comments.get(statement.end_lineno or statement.lineno, ""))
    return parameters


def read(parameters: Mapping[str, Parameter], assignments: Sequence[str], name: str) -> dict[str, Any]:
    """Return texts like "project=storefront" as values. Raises `InvalidInput` for what the notebook does not have."""
    values: dict[str, Any] = {}
    for text in assignments:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise InvalidInput("-p takes NAME=VALUE, such as -p project=storefront")
        parameter = parameters.get(key.strip())
        if parameter is None:
            listed = ", ".join(map(str, parameters.values()))
            have = f"it has: {listed}" if listed else "it has no parameters"
            raise InvalidInput(f"{name} has no parameter {key.strip()!r}; {have}{nearest(key.strip(), parameters)}")
        values[parameter.name] = parameter.read(value)
    return values


def secrets_of(values: Mapping[str, Any]) -> list[Secret]:
    """Return the texts among given values whose names say that they are secret."""
    return [Secret(value) for name, value in values.items() if isinstance(value, str) and _SECRET.search(name)]


def inject(notebook: Any, values: Mapping[str, Any]) -> None:
    """Put a cell with the given values below the parameters; one that an earlier run has left is replaced."""
    from nbformat.v4 import new_code_cell

    notebook.cells = [cell for cell in notebook.cells if INJECTED not in tags(cell)]
    if not values:
        return
    source = "\n".join(["# given to this run", *(f"{name} = {value!r}" for name, value in values.items())])
    index = next((at for at, cell in enumerate(notebook.cells, 1) if TAG in tags(cell)), 0)
    cell = new_code_cell(source, metadata={"tags": [INJECTED]})  # type: ignore[no-untyped-call]  # has no types
    cell["id"] = "injected-parameters"
    notebook.cells.insert(index, cell)


def tagged(notebook: Any, tag: str) -> Any:
    """Return the first cell with a tag; None without one."""
    return next((cell for cell in notebook.cells if tag in tags(cell)), None)


def tags(cell: Any) -> list[str]:
    """Return the tags of a cell."""
    return list(cell.get("metadata", {}).get("tags", []))


def _assigned(statement: ast.stmt) -> tuple[str | None, Any]:
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        target = statement.target
    else:
        return None, None
    return (target.id, statement.value) if isinstance(target, ast.Name) else (None, None)


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("# ").strip() for token in tokens if token.type == tokenize.COMMENT}


def _parse_bool(text: str) -> bool:
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError
    return word in _TRUE


def _parse_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _parse_literal(kind: type) -> Any:
    def reader(text: str) -> Any:
        try:
            value = ast.literal_eval(text.strip())
        except (ValueError, SyntaxError):
            value = json.loads(text)
        if not isinstance(value, list | tuple if kind in (list, tuple) else kind):
            raise ValueError
        return kind(value)

    return reader


_READERS: Final[Mapping[type, Any]] = {
    bool: _parse_bool,
    int: int,
    float: _parse_float,
    list: _parse_literal(list),
    tuple: _parse_literal(tuple),
    dict: _parse_literal(dict),
}
_EXPECTED: Final[Mapping[type, str]] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list, such as [1, 2]",
    tuple: "a list, such as [1, 2]",
    dict: 'a mapping, such as {"name": "value"}',
}
