"""A lesson as a notebook: for learners, with its solution, or as the source of an nbgrader assignment.

nbgrader reads the metadata of cells: which is locked, which is the learner's, which is graded and for how many points.
It runs the notebook anew, and a graded cell that raises an exception has no points.
"""

from __future__ import annotations

import json
import os
import posixpath
from pathlib import Path
from typing import Any, Final, Literal

from createos_nb.storage import atomic_write
from createos_nb.training.curriculum.files import built_in
from createos_nb.training.curriculum.glossary import glossary
from createos_nb.training.curriculum.reader import LessonSource, read_lesson
from createos_nb.training.curriculum.schema import TaskSection

Kind = Literal["lesson", "solution", "nbgrader"]
#: Folders of the project that hold lessons and solutions: links are relative to them.
_PLACES: Final = {"lesson": "notebooks/lessons", "solution": "notebooks/lessons/solutions", "nbgrader": ""}
_SCHEMA: Final = 3
"""The version of nbgrader's metadata."""


def notebook(lesson: str | Path, kind: Kind = "lesson") -> dict[str, Any]:
    """Return a lesson as a notebook, without outputs.

    Args:
        lesson: its name, its number, or the path of a file of your own.
        kind: "lesson", for a learner; "solution"; or "nbgrader": the source of an assignment, whose solutions
            `nbgrader generate_assignment` takes out, and whose tasks `nbgrader autograde` grades.

    Returns:
        The notebook in the format of Jupyter (4.5), as `json` writes it.

    Raises:
        UnknownName: there is no such lesson.
        InvalidInput: a mistake in the file, with its line and field.

    Examples:
        >>> page = createos_nb.training.notebook("01-first-listing")
        >>> page["cells"][0]["source"].splitlines()[0]
        '# 1. A first listing: what runs where'
        >>> graded = createos_nb.training.notebook("01-first-listing", "nbgrader")
        >>> sum(cell["metadata"].get("nbgrader", {}).get("points", 0) for cell in graded["cells"])
        4
    """
    source = read_lesson(lesson)
    return _Writer(source, kind).notebook()


def write_notebook(lesson: str | Path, file: str | os.PathLike[str], kind: Kind = "lesson") -> Path:
    """Write a lesson as a notebook, without outputs; see `notebook`.

    Args:
        lesson: its name, its number, or the path of a file of your own.
        file: the notebook; its folder exists.
        kind: "lesson", "solution" or "nbgrader".

    Returns:
        Its path.

    Raises:
        UnknownName: there is no such lesson.
        InvalidInput: a mistake in the file, with its line and field.
        OSError: it can't be written.

    Examples:
        >>> createos_nb.training.write_notebook("01-first-listing", "first.ipynb").name
        'first.ipynb'
    """
    path = Path(file)
    atomic_write(path, (json.dumps(notebook(lesson, kind), ensure_ascii=False, indent=1) + "\n").encode())
    path.chmod(0o644)
    return path


class _Writer:
    """Writes the cells of one notebook."""

    def __init__(self, source: LessonSource, kind: Kind) -> None:
        self._source, self._content, self._kind = source, source.content, kind
        self._cells: list[dict[str, Any]] = []

    def notebook(self) -> dict[str, Any]:
        """Return all of it."""
        self._begin()
        if self._kind != "solution":
            self._know()
        self._markdown("## Try" if self._kind != "solution" else "## Task by task")
        for number, task in enumerate(self._content.tasks, 1):
            self._task(task, number)
        self._end()
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        return {
            "cells": self._cells,
            "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }

    # --- parts --------------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        content, number = self._content, self._source.name.partition("-")[0]
        title = f"{int(number)}. {content.title}" if number.isdecimal() else content.title
        if self._kind == "solution":
            self._markdown(
                f"# {title}: a solution\n\nOne way of several. Take the {self._link_to('lesson', 'lesson')} first."
            )
        else:
            goals = "\n".join(f"- {goal}" for goal in content.goal)
            self._markdown(f"# {title}\n\n**About {content.minutes} minutes. Then you can:**\n\n{goals}")
        if self._kind != "solution":
            self._markdown(f"## The world\n\n{content.world.text.strip()}")
        name = self._source.name if self._is_built_in() else str(self._source.path)
        option = "" if self._kind == "lesson" else ", keep=False"
        self._code(
            f"from createos_nb import training\n\nlesson = training.lesson({json.dumps(name)}{option})\n"
            "client = lesson.client\nlesson",
            ignored=True,
        )
        if self._kind == "lesson":
            self._markdown(
                "What you do is kept: run the cell above another day, and go on. "
                '`training.lesson("…", fresh=True)` begins anew.'.replace("…", self._source.name)
            )

    def _know(self) -> None:
        self._markdown("## What to know")
        for cell in self._content.know:
            self._markdown(cell.text)
            self._code(cell.code)
        if self._content.terms:
            known = glossary()
            words = "\n".join(f"- **{term}**: {known[term]}" for term in self._content.terms)
            self._markdown(_folded("The words", words))

    def _task(self, task: TaskSection, number: int) -> None:
        head = f"### {number}. {task.title}"
        if self._kind == "solution":
            self._markdown(f"{head}\n\n{task.solution.text.strip()}")
            self._code(task.solution.code)
            return
        self._markdown(f"{head}\n\n{task.text.strip()}")
        if self._kind == "nbgrader":
            solution = f"### BEGIN SOLUTION\n{task.solution.code.strip()}\n### END SOLUTION"
            self._code(solution, nbgrader=_metadata(f"{task.name}", solution=True))
            graded = _metadata(f"{task.name}-check", points=task.points)
            self._code(f'lesson.check("{task.name}").require()', nbgrader=graded)
            return
        self._code(task.code or "# here", ignored=True)
        hints = "\n\n".join(f"{index}. {hint}" for index, hint in enumerate(task.hints, 1))
        self._markdown(_folded(f"Hints ({len(task.hints)})", hints))

    def _end(self) -> None:
        content = self._content
        if self._kind == "nbgrader":
            return
        text = "## Check\n\nWhat is right, what is missing, and what was harmed. As often as you like."
        self._markdown(text if self._kind == "lesson" else "## Check")
        self._code("lesson.check()", ignored=self._kind == "lesson")
        if self._kind == "solution" and content.picture:
            self._markdown("## The result")
            self._code(content.picture)
        links = "\n".join(f"- [{link.text}]({self._relative(link.to)})" for link in content.next)
        own = f"\n\n{self._link_to('solution', 'A solution')}, for afterwards." if self._kind == "lesson" else ""
        self._markdown(f"## What to read next\n\n{links}{own}")

    # --- cells --------------------------------------------------------------------------------------------------------

    def _markdown(self, text: str) -> None:
        if text.strip():
            metadata: dict[str, Any] = {}
            if self._kind == "nbgrader":
                metadata = {"nbgrader": _metadata(f"text-{len(self._cells):02}")}
            self._add("markdown", text, metadata)

    def _code(self, code: str, *, ignored: bool = False, nbgrader: dict[str, Any] | None = None) -> None:
        if not code.strip():
            return
        metadata: dict[str, Any] = {"tags": ["nbval-ignore-output"]} if ignored else {}
        if self._kind == "nbgrader":
            metadata = {"nbgrader": nbgrader or _metadata(f"code-{len(self._cells):02}")}
        self._add("code", code, metadata)

    def _add(self, kind: str, text: str, metadata: dict[str, Any]) -> None:
        if "nbgrader" in metadata:
            metadata["nbgrader"]["cell_type"] = kind
        cell: dict[str, Any] = {
            "cell_type": kind,
            "id": f"{self._source.name[:40]}-{len(self._cells):02}",
            "metadata": metadata,
            "source": text.strip(),
        }
        if kind == "code":
            cell |= {"execution_count": None, "outputs": []}
        self._cells.append(cell)

    # --- links --------------------------------------------------------------------------------------------------------

    def _is_built_in(self) -> bool:
        return built_in().get(self._source.name) == self._source.path

    def _link_to(self, kind: Literal["lesson", "solution"], text: str) -> str:
        return f"[{text}]({self._relative(f'{_PLACES[kind]}/{self._source.name}.ipynb')})"

    def _relative(self, target: str) -> str:
        if "://" in target or not _PLACES[self._kind]:
            return target
        return posixpath.relpath(target, _PLACES[self._kind])


def _folded(summary: str, text: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"


def _metadata(name: str, *, solution: bool = False, points: int | None = None) -> dict[str, Any]:
    """Return what nbgrader reads of a cell; one that is neither the learner's nor graded is locked."""
    return {
        "schema_version": _SCHEMA,
        "grade_id": name,
        "grade": points is not None,
        "solution": solution,
        "locked": not solution,
        "task": False,
        **({"points": points} if points is not None else {}),
    }
