"""Run the Python blocks of a page in its order, as a reader would, on the simulator and in a folder of their own."""

from __future__ import annotations

import ast
import asyncio
import inspect
from pathlib import Path
from typing import Any

from tools.site.layout import segments

ROOT = Path(__file__).parents[2]


def python_blocks(page: str) -> list[tuple[int, str]]:
    """The Python blocks of a page, each with the number of its first line."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = []
    for first, part, language in segments(text):
        if language == "python":
            found.append((first + 1, "\n".join(part.split("\n")[1:-1])))
    return found


def run(page: str, names: dict[str, Any], preparations: dict[int, str]) -> None:
    """Run all blocks of a page; a traceback shows the page and its line. What a block awaits is awaited.

    Port 8765 of the pages is that of the server that a preparation has started, if one has.
    """
    for number, (first, code) in enumerate(python_blocks(page)):
        exec(preparations.get(number, ""), names)
        served = names.get("served")
        if served is not None:
            code = code.replace("http://127.0.0.1:8765", served.url)
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        result = eval(compile("\n" * (first - 1) + code, page, "exec", flags=flags), names)
        if inspect.iscoroutine(result):
            asyncio.run(result)
