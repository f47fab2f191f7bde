"""The errors of a run that stopped at a step: what was done, what was not, and the plan that undoes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from createos_nb.checks import FAIL, NO_DATA, Result
from createos_nb.plans.errors import PlanError

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from createos_nb.plans.plan import Plan


class StepFailed(PlanError):
    """A step failed and the plan stopped.

    What went wrong is in the message and, where it was an error, in `__cause__`.

    Attributes:
        done: a frame of the steps that are done.
        not_done: a frame of those that are not.
        undo: the `Plan` that undoes the part that is done; None where there is nothing to undo.
        journal: path of the journal.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        log: pd.DataFrame | None = None,
        *,
        done: pd.DataFrame | None = None,
        not_done: pd.DataFrame | None = None,
        undo: Plan | None = None,
        journal: Path | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.hint, self.log = message, hint, log
        self.done, self.not_done, self.undo, self.journal = done, not_done, undo, journal

    def _message(self) -> str:
        lines = [self.message]
        if self.log is not None and len(self.log):
            lines += [f"    {text}" for text in self.log["text"].tail(8)]
        for title, frame in (("done", self.done), ("not done", self.not_done)):
            if frame is not None and len(frame):
                steps = frame.drop_duplicates("step")
                lines += [f"{title}: " + "; ".join(f"{row.step}. {row.what}" for row in steps.itertuples())]
        if self.undo is not None:
            lines.append("→ error.undo is the plan that undoes what was done")
        if self.hint:
            lines.append(f"→ {self.hint}")
        if self.journal:
            lines.append(f"journal: {self.journal}")
        return "\n".join(lines)


class CheckFailed(StepFailed):
    """A check fails: a request of a smoke test failed, or a gate does not let a version pass."""

    result: ClassVar[Result] = FAIL


class NoData(StepFailed):
    """A check says NO DATA: there was too little to judge by, so the plan stops."""

    result: ClassVar[Result] = NO_DATA


class Unsettled(StepFailed):
    """A write got no answer, and reading shows no effect. Nothing was written again: `plans.resume` reads again."""


class TakesTooLong(StepFailed):
    """A wait timed out: the platform may still finish. `plans.resume` goes on waiting."""


class Cancelled(StepFailed):
    """The run was canceled between two steps or while it waited. `plans.resume` goes on with it."""


class MissingInput(StepFailed):
    """A run needs inputs that no journal may hold: values of variables, files. Nothing was changed for this step."""
