"""Lines and fields of a TOML file, for whoever says what is wrong in one."""

from __future__ import annotations

import re
from typing import Any, Final, get_args

import msgspec

from createos_nb.naming import nearest

_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.+?)`")
_HEADER: Final = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_ENTRY: Final = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"))*)\s*=""")
_STEP: Final = re.compile(r"[^.\[\]]+|\[\d+\]")
_QUOTED: Final = re.compile(r'"""|\'\'\'')


def lines_of(text: str) -> dict[str, int]:
    r"""Return the line numbers of a file's tables and entries; a table stands where its header does.

    Args:
        text: of the file.

    Returns:
        Line numbers, from 1, by path, such as `projects[2].history[0].at`.

    Examples:
        >>> from createos_nb.toml_fields import lines_of
        >>> lines_of("[[projects]]\nname = 'shop'")
        {'projects[0]': 1, 'projects[0].name': 2}
    """
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    table, fence = "", ""
    for number, line in enumerate(text.splitlines(), 1):
        if fence:
            if line.count(fence) % 2:
                fence = ""
            continue
        if header := _HEADER.match(line):
            table = _table(header[2], header[1] == "[[", counts)
            lines.setdefault(table, number)
            continue
        if entry := _ENTRY.match(line):
            name = ".".join(part.strip().strip("\"'") for part in entry[1].split("."))
            lines.setdefault(f"{table}.{name}" if table else name, number)
        opened = _QUOTED.findall(line)
        if len(opened) % 2:
            fence = opened[-1]
    return lines


def _table(name: str, repeated: bool, counts: dict[str, int]) -> str:
    parts = [part.strip().strip("\"'") for part in name.split(".")]
    path = ""
    for depth, part in enumerate(parts):
        path = f"{path}.{part}" if path else part
        if depth == len(parts) - 1 and repeated:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = f"{path}[{counts[path]}]"
    return path


def line_of(lines: dict[str, int], path: str) -> int | None:
    r"""Return the line of a path, or of the nearest thing around it that stands in a line of its own.

    Args:
        lines: of the file, as `lines_of` returns them.
        path: such as `projects[0].name`.

    Returns:
        The line, from 1; None where nothing around it has one.

    Examples:
        >>> from createos_nb.toml_fields import line_of, lines_of
        >>> line_of(lines_of("[[projects]]\nname = 'shop'"), "projects[0].type")
        1
    """
    steps = _STEP.findall(path)
    while steps:
        whole = "".join(step if step.startswith("[") else f".{step}" for step in steps).lstrip(".")
        # Where a table is repeated and nothing says which, the first one is meant.
        for known in (whole, f"{whole}[0]"):
            if known in lines:
                return lines[known]
        steps.pop()
    return None


def explain(error: msgspec.ValidationError, whole: type[msgspec.Struct], where: str = "") -> tuple[str, str]:
    """Return the path of what is wrong in a file, and what is wrong there: of an unknown field, which ones there are.

    Args:
        error: what msgspec says.
        whole: the struct of the whole file.
        where: the path of the part that was converted.

    Returns:
        The path, such as `projects[2].name`, and the text.

    Examples:
        >>> import msgspec
        >>> from createos_nb.toml_fields import explain
        >>> Shop = msgspec.defstruct("Shop", [("name", str)], forbid_unknown_fields=True)
        >>> try:
        ...     msgspec.convert({"nam": "x"}, Shop)
        ... except msgspec.ValidationError as error:
        ...     explain(error, Shop)
        ('nam', 'unknown field; there is: name; did you mean name?')
    """
    what, _, inside = str(error).partition(" - at `$")
    path = (where + inside.rstrip("`")).lstrip(".")
    if unknown := _UNKNOWN.search(what):
        names = _fields_at(path, whole)
        what = f"unknown field; there is: {', '.join(names)}{nearest(unknown[1], names)}"
        path = f"{path}.{unknown[1]}".lstrip(".")
    return path, what


def _fields_at(path: str, whole: type[msgspec.Struct]) -> list[str]:
    """Return the names that the section at a path may have; where there are several kinds, those of all."""
    sections: list[Any] = [whole]
    for name in _STEP.findall(path):
        if not name.startswith("["):
            fields = [field for section in sections for field in msgspec.structs.fields(section)]
            kinds = [field.type for field in fields if field.encode_name == name]
            sections = [section for kind in kinds for section in _sections_in(kind)]
    return list(dict.fromkeys(name for section in sections for name in section.__struct_encode_fields__))


def _sections_in(kind: Any) -> list[type[msgspec.Struct]]:
    """Return the sections that a field's type names: itself, its items, or the parts of a union."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return [kind]
    return [section for inner in get_args(kind) for section in _sections_in(inner)]
