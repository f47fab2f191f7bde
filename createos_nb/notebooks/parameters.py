"""The parameters of a notebook: a cell tagged `parameters` that holds plain literals.

papermill runs the same cells. Its own reader does not serve here, even where it is installed: it gives the source text
of a default, not its value, so a parameter has no type unless it is annotated; it ends a text at a "#" within it; and it
types what is given by its look: "007" for a project's name becomes 7, and `-p hold=no` the text "no", which is true.
Here a value gets the type of its default, or is refused, so there is one reader, with the extra and without it.
"""

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
    """A parameter of a notebook.

    Attributes:
        name: Its name.
        default: Its value where none is given.
        comment: What the comment behind it says; "" without one.
    """

    name: str
    default: Any
    comment: str = ""

    def read(self, text: str) -> Any:
        """Return a text as a value of the default's type.

        Args:
            text: What was given. A list and a mapping are literals of Python or of JSON.

        Returns:
            The value; the text itself where the default is a text or None.

        Raises:
            InvalidInput: The text is no such value. It may be a secret in the wrong place, and is not repeated.

        Examples:
            >>> from createos_nb.notebooks.parameters import Parameter
            >>> Parameter("minutes", 10).read("30"), Parameter("hold", True).read("no")
            (30, False)
            >>> Parameter("minutes", 10).read("soon")
            Traceback (most recent call last):
            createos_nb.errors.InvalidInput: -p minutes: a whole number is expected; its default is 10
        """
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
    """Return the parameters of a notebook.

    Args:
        notebook: The notebook, as nbformat reads it.
        name: What errors call it.

    Returns:
        The parameters by name, in their order; empty without a cell that is tagged `parameters`.

    Raises:
        InvalidInput: The cell holds something else than names and plain literals.

    Examples:
        >>> from nbformat.v4 import new_code_cell, new_notebook
        >>> from createos_nb.notebooks.parameters import parameters_of
        >>> cell = new_code_cell("days = 7  # how far back", metadata={"tags": ["parameters"]})
        >>> parameters_of(new_notebook(cells=[cell]), "report")
        {'days': Parameter(name='days', default=7, comment='how far back')}
    """
    cell = next((cell for cell in notebook.cells if TAG in tags(cell)), None)
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
    """Return texts like "project=storefront" as values.

    Args:
        parameters: What the notebook has.
        assignments: The texts, NAME=VALUE each; the last one of a name counts.
        name: What errors call the notebook.

    Returns:
        The values by name, each of the type of its default.

    Raises:
        InvalidInput: A text is no assignment, names no parameter, or its value is of another type.

    Examples:
        >>> from createos_nb.notebooks.parameters import Parameter, read
        >>> known = {"days": Parameter("days", 7), "project": Parameter("project", "storefront")}
        >>> read(known, ["days=2", "project=landing-pages"], "report")
        {'days': 2, 'project': 'landing-pages'}
        >>> read(known, ["day=2"], "report")
        Traceback (most recent call last):
        createos_nb.errors.InvalidInput: report has no parameter 'day'; it has: days=7, project='storefront'...
    """
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
    """Return the texts among given values whose names say that they are secret.

    Args:
        values: Values by the names of their parameters.

    Returns:
        The secret ones, masked wherever they are printed.

    Examples:
        >>> from createos_nb.notebooks.parameters import secrets_of
        >>> secrets_of({"project": "storefront", "api_key": "sk_live_0123456789"})
        [Secret(••••••)]
    """
    return [Secret(value) for name, value in values.items() if isinstance(value, str) and _SECRET.search(name)]


def inject(notebook: Any, values: Mapping[str, Any]) -> None:
    """Put a cell with the given values below the parameters; one that an earlier run has left is replaced.

    Args:
        notebook: The notebook, which is changed.
        values: The values by name; no cell is put in for none.

    Examples:
        >>> from nbformat.v4 import new_code_cell, new_notebook
        >>> from createos_nb.notebooks.parameters import inject
        >>> notebook = new_notebook(cells=[new_code_cell("days = 7", metadata={"tags": ["parameters"]})])
        >>> inject(notebook, {"days": 2})
        >>> print(notebook.cells[1].source)
        # given to this run
        days = 2
    """
    from nbformat.v4 import new_code_cell

    notebook.cells = [cell for cell in notebook.cells if INJECTED not in tags(cell)]
    if not values:
        return
    source = "\n".join(["# given to this run", *(f"{name} = {value!r}" for name, value in values.items())])
    index = next((at for at, cell in enumerate(notebook.cells, 1) if TAG in tags(cell)), 0)
    cell = new_code_cell(source, metadata={"tags": [INJECTED]})  # type: ignore[no-untyped-call]  # has no types
    cell["id"] = "injected-parameters"
    notebook.cells.insert(index, cell)


def tags(cell: Any) -> list[str]:
    """Return the tags of a cell.

    Args:
        cell: A cell of a notebook, as nbformat reads it.

    Returns:
        Its tags, in their order.

    Examples:
        >>> from nbformat.v4 import new_code_cell
        >>> from createos_nb.notebooks.parameters import tags
        >>> tags(new_code_cell("days = 7", metadata={"tags": ["parameters"]}))
        ['parameters']
    """
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
