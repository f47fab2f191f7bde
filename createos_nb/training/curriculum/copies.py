"""Lessons copied into a folder of the learner, where they can be written on; what is there is never overwritten."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, Final

from createos_nb.data_files import folder
from createos_nb.training.curriculum.files import built_in
from createos_nb.training.curriculum.notebook import write_notebook
from createos_nb.training.curriculum.reader import read_lesson

_LINK: Final = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")


def copy_lessons(target: Path) -> list[Path]:
    """Copy the lessons, their solutions, and the notebooks that they lead to, into a folder.

    Links that lead nowhere in the folder, as those to pages of the documentation, become plain text.

    Args:
        target: the folder; it is created.

    Returns:
        The files that were written; those that were there already are left as they are.

    Raises:
        OSError: a file can't be written.
    """
    source = folder("notebooks")
    copies = {f"lessons/{name}.ipynb": source / "lessons" / f"{name}.ipynb" for name in built_in()}
    copies |= {f"lessons/solutions/{path.name}": path for path in (source / "lessons" / "solutions").glob("*.ipynb")}
    for name in built_in():
        for link in read_lesson(name).content.next:
            if link.to.startswith("notebooks/"):
                copies[link.to.removeprefix("notebooks/")] = source / link.to.removeprefix("notebooks/")
    written = []
    for name, path in copies.items():
        place = target / name
        if place.exists():
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        content = json.loads(path.read_text(encoding="utf-8"))
        _prepare(content, name, set(copies), outputs="lessons/" not in name or "solutions/" in name)
        # never over a file that came meanwhile
        with place.open("x", encoding="utf-8") as file:
            file.write(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
        written.append(place)
    return written


def _prepare(notebook: Any, name: str, known: set[str], *, outputs: bool) -> None:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            text = "".join(cell["source"])
            cell["source"] = _LINK.sub(lambda match: _linked(match, name, known), text)
        elif not outputs:
            cell["outputs"], cell["execution_count"] = [], None


def _linked(match: re.Match[str], name: str, known: set[str]) -> str:
    text, target = match[1], match[2]
    path = target.partition("#")[0]
    if "://" in target or not path or os.path.normpath(os.path.join(os.path.dirname(name), path)) in known:
        return match[0]
    return f"{text} (`{os.path.basename(path)}` in the documentation)"


def write_assignments(course: Path) -> list[Path]:
    """Write each lesson as the source of an assignment, where nbgrader looks for it: `source/NAME/NAME.ipynb`.

    Args:
        course: the folder of nbgrader's course; what is there of an earlier version is left as it is.

    Returns:
        The files that were written.

    Raises:
        OSError: a file can't be written.
    """
    written = []
    for name in built_in():
        place = course / "source" / name / f"{name}.ipynb"
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            written.append(write_notebook(name, place, "nbgrader"))
    return written
