"""In which line of a TOML file something stands, so that a mistake can be shown where it was made."""

from __future__ import annotations

import re
from typing import Final

_HEADER: Final = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_ENTRY: Final = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"))*)\s*=""")
_STEP: Final = re.compile(r"[^.\[\]]+|\[\d+\]")
_QUOTED: Final = re.compile(r'"""|\'\'\'')


def lines_of(text: str) -> dict[str, int]:
    """Line numbers, from 1, by path, such as `projects[2].history[0].at`; a table stands where its header does."""
    found: dict[str, int] = {}
    counts: dict[str, int] = {}
    table, fence = "", ""
    for number, line in enumerate(text.splitlines(), 1):
        if fence:
            if line.count(fence) % 2:
                fence = ""
            continue
        if header := _HEADER.match(line):
            table = _table(header[2], header[1] == "[[", counts)
            found.setdefault(table, number)
            continue
        if entry := _ENTRY.match(line):
            name = ".".join(part.strip().strip("\"'") for part in entry[1].split("."))
            found.setdefault(f"{table}.{name}" if table else name, number)
        opened = _QUOTED.findall(line)
        if len(opened) % 2:
            fence = opened[-1]
    return found


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
    """The line of a path, or of the nearest thing around it that stands in a line of its own."""
    steps = _STEP.findall(path)
    while steps:
        whole = "".join(step if step.startswith("[") else f".{step}" for step in steps).lstrip(".")
        # Where a table is repeated and nothing says which, the first one is meant.
        for known in (whole, f"{whole}[0]"):
            if known in lines:
                return lines[known]
        steps.pop()
    return None
