"""What `lesson.check()` says: task by task what is right, what is missing, and what was harmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from createos_nb.checks import FAIL, NO_DATA, PASS, Check, Checks, Result
from createos_nb.dtypes import TEXT
from createos_nb.errors import CreateOSError
from createos_nb.html import Html, escaped, html_table
from createos_nb.training.curriculum.checking import State

if TYPE_CHECKING:
    import pandas as pd

_RESULTS: Final[dict[str, Result]] = {"right": PASS, "missing": FAIL, "unknown": NO_DATA}
_COLORS: Final = {"right": "#1a7f37", "missing": "#9a6700", "unknown": "#57606a", "harmed": "#cf222e"}


class NotPassed(CreateOSError):
    """A lesson, or a task of it, is not passed; the message says what is missing or harmed."""


@dataclass(frozen=True)
class TaskState:
    """What became of a task.

    Attributes:
        name: of the task.
        title: of the task.
        state: right, missing or unknown.
        reason: what is missing; "" where it is right.
        points: for a grader.
    """

    name: str
    title: str
    state: State
    reason: str
    points: int


class Report:
    """What became of a lesson.

    Args:
        tasks: the tasks, in their order.
        harm: what was harmed.
        next_step: what to do next, in a sentence.
    """

    def __init__(self, tasks: Sequence[TaskState], harm: Sequence[str], next_step: str = "") -> None:
        self._tasks, self._harm, self._next = tuple(tasks), tuple(harm), next_step

    @property
    def passed(self) -> bool:
        """Whether all is right and nothing was harmed."""
        return not self._harm and all(task.state == "right" for task in self._tasks)

    @property
    def right(self) -> list[str]:
        """Names of the tasks that are right."""
        return [task.name for task in self._tasks if task.state == "right"]

    @property
    def missing(self) -> dict[str, str]:
        """What is missing, by task; also what could not be read."""
        return {task.name: task.reason for task in self._tasks if task.state != "right"}

    @property
    def harmed(self) -> list[str]:
        """What was harmed."""
        return list(self._harm)

    @property
    def points(self) -> int:
        """Points of the tasks that are right; none where something was harmed."""
        return 0 if self._harm else sum(task.points for task in self._tasks if task.state == "right")

    def require(self) -> None:
        """Do nothing where it is passed: for a grader, which takes an exception as a failure.

        Raises:
            NotPassed: something is missing, unknown or harmed; the message says what.

        Examples:
            >>> lesson = createos_nb.training.lesson("01-first-listing", keep=False)
            >>> lesson.check().require()
            Traceback (most recent call last):
            ...
            createos_nb.training.curriculum.report.NotPassed: ...there is no answer yet...
        """
        if not self.passed:
            parts = [f"{name}: {reason}" for name, reason in self.missing.items()]
            raise NotPassed("; ".join([*parts, *(f"harmed: {one}" for one in self._harm)]))

    def frame(self) -> pd.DataFrame:
        """Return one row a task, and one for each harm.

        Returns:
            A frame of `task`, `state` ("right", "missing", "unknown", "harmed"), `reason` (str).

        Examples:
            >>> report = createos_nb.training.lesson("01-first-listing", keep=False).check()
            >>> set(report.frame()["state"])
            {'missing'}
        """
        import pandas as pd

        rows: list[tuple[str, str, str]] = [(task.title, task.state, task.reason) for task in self._tasks]
        rows += [("", "harmed", one) for one in self._harm]
        return pd.DataFrame(rows, columns=["task", "state", "reason"]).astype(TEXT)

    @property
    def sentence(self) -> str:
        """How far it is, in a sentence."""
        harm = f"{len(self._harm)} harmed" if self._harm else "nothing was harmed"
        return f"{len(self.right)} of {len(self._tasks)} tasks are right, {harm}"

    def __repr__(self) -> str:
        lines = [self.sentence]
        width = max(len(task.title) for task in self._tasks)
        lines += [f"  {task.state:<7}  {task.title:<{width}}  {task.reason}".rstrip() for task in self._tasks]
        lines += [f"  harmed   {one}" for one in self._harm]
        return "\n".join([*lines, *([self._next] if self._next else [])])

    def _repr_html_(self) -> str:
        rows = [(_badge(task.state), task.title, task.reason) for task in self._tasks]
        rows += [(_badge("harmed"), one, "") for one in self._harm]
        after = f"<p>{escaped(self._next)}</p>" if self._next else ""
        return f"<p>{escaped(self.sentence)}.</p>{html_table(rows, ('state', 'task', 'what is missing'))}{after}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle = self._checks()._repr_mimebundle_()
        return {**bundle, "text/plain": repr(self), "text/html": self._repr_html_()}

    def _checks(self) -> Checks:
        """Return it as `createos-nb run` and other readers of notebooks know checks."""
        told = [Check(task.title, _RESULTS[task.state], task.reason) for task in self._tasks]
        harm = Check("nothing else was harmed", FAIL if self._harm else PASS, "; ".join(self._harm))
        return Checks(told, harm)


def _badge(state: str) -> Html:
    style = f"background:{_COLORS[state]};color:#fff;padding:0 .5em;border-radius:.3em;white-space:nowrap"
    return Html(f"<b style='{style}'>{state}</b>")
