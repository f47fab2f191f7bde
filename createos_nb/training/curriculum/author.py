"""For authors: whether a lesson holds what its file claims, tried in its world."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
from typing import Any

from createos_nb import checks
from createos_nb.checks import Check, Checks
from createos_nb.training.curriculum.lesson import Lesson
from createos_nb.training.curriculum.reader import LessonSource, read_lesson
from createos_nb.training.curriculum.schema import WrongWay


def check_lesson(lesson: str | Path) -> Checks:
    """Try a lesson: what is right before anything is done, its solution, and each of its wrong ways.

    It runs the code of the file, each way in a world of its own; nothing is kept.

    Args:
        lesson: a name, a number, or the path of a file of your own.

    Returns:
        The claims: no task is right at the beginning, and nothing is harmed; the solution passes; each wrong way leaves
        the task undone, or does the harm, that the file says, for the reason that it gives.

    Raises:
        UnknownName: there is no such lesson.
        InvalidInput: a mistake in the file, with its line and field.

    Examples:
        >>> createos_nb.training.check_lesson("01-first-listing").result
        'PASS'
    """
    source = read_lesson(lesson)
    untouched = Lesson(source, None).check()
    begun = "; ".join([*untouched.right, *untouched.harmed])
    found = [checks.check("nothing is right or harmed before anything is done", not begun, begun)]
    found.append(try_solution(source))
    return Checks(found, [try_wrong_way(source, wrong) for wrong in source.content.wrong])


def try_solution(source: LessonSource) -> Check:
    """Return whether the solution of a lesson passes."""
    claim = "the solution passes"
    code = [cell.code for cell in source.content.know]
    code += [task.solution.code for task in source.content.tasks]
    try:
        report = run_code(source, code).check()
    except Exception as error:  # noqa: BLE001  # the author's code may raise anything
        return checks.check(claim, False, f"{type(error).__name__}: {error}")
    return checks.check(claim, report.passed, "" if report.passed else repr(report))


def try_wrong_way(source: LessonSource, wrong: WrongWay) -> Check:
    """Return whether a wrong way leaves undone, or harms, what the file says, for the reason that it gives."""
    claim = f"{wrong.name} does not pass"
    try:
        lesson = run_code(source, [wrong.code])
        if wrong.harm:
            told = "; ".join(lesson.check().harmed)
            return checks.check(claim, wrong.harm in told, told or "nothing was harmed", wrong.harm)
        state = lesson.state_of(wrong.task)
    except Exception as error:  # noqa: BLE001  # the author's code may raise anything
        return checks.check(claim, False, f"{type(error).__name__}: {error}")
    if state.state == "right":
        return checks.check(claim, False, f"the task {wrong.task} is right", wrong.task)
    return checks.check(claim, state.state == "missing" and wrong.because in state.reason, state.reason, wrong.because)


def run_code(source: LessonSource, code: list[str]) -> Lesson:
    """Run code in a fresh world of a lesson, in one namespace, and return the lesson."""
    lesson = Lesson(source, None)
    names: dict[str, Any] = {"lesson": lesson, "client": lesson.client, "display": lambda *_: None}
    variables = dict(os.environ)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            for part in code:
                exec(compile(part, f"<{source.name}>", "exec"), names)
    finally:
        os.environ.clear()
        os.environ.update(variables)
    return lesson
