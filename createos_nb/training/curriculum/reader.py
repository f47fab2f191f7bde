"""Reading a lesson's file, with the line and field of whatever is wrong in it."""

from __future__ import annotations

import inspect
import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec
from msgspec import UNSET

from createos_nb.errors import CreateOSError, InvalidInput
from createos_nb.naming import nearest
from createos_nb.simulator.scenario.files import scenario_path
from createos_nb.toml_fields import explain, line_of, lines_of
from createos_nb.training.curriculum.facts import FACTS
from createos_nb.training.curriculum.files import lesson_path
from createos_nb.training.curriculum.glossary import glossary
from createos_nb.training.curriculum.schema import CheckSection, FactSection, LessonFile, WrongValue

_PLACES: Final = re.compile(r"{[^{}]*}")
_EXPECTED: Final = ("equals", "one_of", "same_as", "at_least", "at_most", "contains", "lacks")


class LessonSource:
    """A lesson's file that was read.

    Attributes:
        name: of the lesson: that of its file.
        path: of the file.
        content: what it says.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self.name, self.path = path.stem, path
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise InvalidInput(f"lesson {self.name}: the file is not UTF-8") from None
        self._lines = lines_of(text)
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise InvalidInput(f"lesson {self.name}: {error}") from None
        try:
            self.content = msgspec.convert(data, LessonFile)
        except msgspec.ValidationError as error:
            raise self.error(*explain(error, LessonFile)) from None
        self._check()

    def error(self, where: str, what: str) -> InvalidInput:
        """Return a mistake in the file, with its line and field."""
        line = line_of(self._lines, where)
        place = f", line {line}" if line else ""
        return InvalidInput(f"lesson {self.name}{place}: {where or 'the file'}: {what}")

    # --- what one section alone can't know ----------------------------------------------------------------------------

    def _check(self) -> None:
        content = self.content
        try:
            scenario_path(content.world.scenario)
        except CreateOSError as error:
            raise self.error("world.scenario", str(error)) from None
        for number, term in enumerate(content.terms):
            if term not in (words := glossary()):
                what = f"the glossary has no {term!r}{nearest(term, words)}: data/glossary.toml"
                raise self.error(f"terms[{number}]", what)
        names = [task.name for task in content.tasks]
        for number, task in enumerate(content.tasks):
            if names.index(task.name) != number:
                raise self.error(f"tasks[{number}].name", f"there are two tasks {task.name!r}")
            for index, check in enumerate(task.checks):
                self._check_check(check, f"tasks[{number}].checks[{index}]")
        for number, harm in enumerate(content.harm):
            self._check_check(harm, f"harm[{number}]")
        for number, wrong in enumerate(content.wrong):
            where = f"wrong[{number}]"
            if bool(wrong.task) == bool(wrong.harm):
                raise self.error(where, "give the task that it leaves undone, or the harm that is told: one of them")
            if wrong.task and wrong.task not in names:
                known = f"there is: {', '.join(names)}{nearest(wrong.task, names)}"
                raise self.error(f"{where}.task", f"there is no task {wrong.task!r}; {known}")
            self._check_code(wrong.code, f"{where}.code")
        for number, step in enumerate(content.world.steps):
            if bool(step.time) != (step.do == "advance") or bool(step.runbook) != (step.do == "runbook"):
                raise self.error(f"world.steps[{number}]", '"advance" has a time, "runbook" a runbook, others neither')
        for number, cell in enumerate(content.know):
            self._check_code(cell.code, f"know[{number}].code")
        for number, task in enumerate(content.tasks):
            self._check_code(task.code, f"tasks[{number}].code")
            self._check_code(task.solution.code, f"tasks[{number}].solution.code")
        self._check_code(content.picture, "picture")

    def _check_check(self, check: CheckSection, where: str) -> None:
        if bool(check.fact) == bool(check.answer):
            raise self.error(where, "give a fact or an answer: one of them")
        if check.fact:
            self._check_fact(FactSection(fact=check.fact, of=check.of), where)
        elif check.of:
            raise self.error(f"{where}.of", "only a fact has arguments")
        given = [name for name in _EXPECTED if getattr(check, name) is not UNSET]
        if len(given) != 1:
            raise self.error(where, f"give one of {', '.join(_EXPECTED)}, not {' and '.join(given) or 'none'}")
        if check.same_as is not UNSET:
            self._check_fact(check.same_as, f"{where}.same_as")
        for place in _PLACES.findall(check.otherwise):
            if place != "{found}":
                raise self.error(f"{where}.otherwise", f"{place} stands for nothing; there is: {{found}}")
        for number, wrong in enumerate(check.wrong):
            self._check_wrong(wrong, f"{where}.wrong[{number}]")

    def _check_wrong(self, wrong: WrongValue, where: str) -> None:
        given = [name for name in ("equals", "same_as", "above", "below") if getattr(wrong, name) is not UNSET]
        if len(given) != 1:
            raise self.error(where, f"give one of equals, same_as, above, below, not {' and '.join(given) or 'none'}")
        if wrong.same_as is not UNSET:
            self._check_fact(wrong.same_as, f"{where}.same_as")

    def _check_fact(self, section: FactSection, where: str) -> None:
        if section.fact not in FACTS:
            known = f"there is: {', '.join(FACTS)}{nearest(section.fact, FACTS)}"
            raise self.error(f"{where}.fact", f"there is no fact {section.fact!r}; {known}")
        parameters = list(inspect.signature(FACTS[section.fact]).parameters.values())[1:]
        names = [parameter.name for parameter in parameters]
        for name in section.of:
            if name not in names:
                known = f"it takes: {', '.join(names) or 'none'}{nearest(name, names)}"
                raise self.error(f"{where}.of", f"{section.fact} has no argument {name!r}; {known}")
        missing = [one.name for one in parameters if one.default is one.empty and one.name not in section.of]
        if missing:
            raise self.error(f"{where}.of", f"{section.fact} needs {', '.join(missing)}")

    def _check_code(self, code: str, where: str) -> None:
        try:
            compile(code, where, "exec")
        except SyntaxError as error:
            raise self.error(where, f"line {error.lineno} of it is no Python: {error.msg}") from None


@lru_cache(maxsize=32)
def _read(path: Path, changed: int) -> LessonSource:
    return LessonSource(path)


def read_lesson(lesson: str | Path) -> LessonSource:
    """Read a lesson by its name, by its number, or by the path of a file.

    Raises `UnknownName` for an unknown name, and `InvalidInput` for a mistake in the file, with its line and field.
    """
    path = lesson_path(lesson)
    return _read(path, path.stat().st_mtime_ns)
