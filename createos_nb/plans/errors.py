"""Why a plan was not carried out, or not to its end.

CreateOSError
└── PlanError
    ├── ConfirmationNeeded    the plan touches users, or can't be undone: `apply` needs confirm=
    ├── ReasonNeeded          the plan touches what serves users: `apply` needs reason=
    ├── PreconditionFailed    something that the plan needs is not so; nothing was written
    ├── AlreadyApplied        this very plan came to its end before, and makes something new each time
    ├── WorldMoved            what the plan was made from has changed since; says what
    ├── StepFailed            a step failed; says what was done, what was not, and how to undo
    │   ├── CheckFailed       a step that checks says FAIL: a request failed, a gate does not pass
    │   ├── NoData            a step that checks has too little to judge by
    │   ├── Unsettled         a write got no answer, and reading shows that it has had no effect so far
    │   ├── TakesTooLong      a wait has ended by its timeout
    │   ├── Cancelled         whoever started it wants no more to be done
    │   └── MissingInput      a run can't go on without what no journal may hold
    └── JournalError          a journal can't be read or written
        └── JournalBusy       another process is at the same run; says whose
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from createos_nb.checks import FAIL, NO_DATA, Result
from createos_nb.errors import CreateOSError

if TYPE_CHECKING:
    import pandas as pd

    from createos_nb.plans.plan import Plan


class PlanError(CreateOSError):
    """A plan was not carried out, or not to its end."""


class ConfirmationNeeded(PlanError):
    """Nothing was written: `confirm` is missing or is another plan's. What has to be given stands in the plan alone.

    `intent`: of the plan that asks (`Plan.intent`); it confirms nothing.
    """

    def __init__(self, message: str, intent: str = "") -> None:
        super().__init__(message)
        self.intent = intent


class ReasonNeeded(PlanError):
    """Nothing was written: a plan that touches what serves users is applied with a reason."""


class PreconditionFailed(PlanError):
    """Nothing was written: `preconditions` is the frame of what is not so."""

    def __init__(self, preconditions: pd.DataFrame) -> None:
        lines = [f"  · {row.precondition}: {row.detail}" for row in preconditions.itertuples()]
        super().__init__("\n".join(["nothing was changed, for what the plan needs is not so:", *lines]))
        self.preconditions = preconditions


class AlreadyApplied(PlanError):
    """Nothing was written: the plan was applied before, as when a cell is run twice, and would make something again."""


class WorldMoved(PlanError):
    """Nothing was written (or nothing more): the world is not as it was when the plan was made.

    `differences`: a frame of step, target, field, planned (what the plan was made from) and now.
    """

    def __init__(self, differences: pd.DataFrame, *, written: bool = False) -> None:
        lines = [f"  · {row.target}: {row.field} was {row.planned}, is {row.now}" for row in differences.itertuples()]
        head = "nothing more was changed" if written else "nothing was changed"
        tail = "→ Make the plan again, and look at it again."
        super().__init__("\n".join([f"{head}, for the world has moved since the plan was made:", *lines, tail]))
        self.differences = differences


class StepFailed(PlanError):
    """A step failed and the plan stopped.

    `done` and `not_done` are frames of steps as `Plan.frame()` gives them, `undo` the plan that takes the done part
    back (None where nothing was done or nothing of it can be undone), `journal` the path of the journal. What went
    wrong is in the message and, where it was an error, in `__cause__`.
    """

    def __init__(self, message: str, hint: str = "", log: Any = None) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint
        self.log: pd.DataFrame | None = log
        self.done: pd.DataFrame | None = None
        self.not_done: pd.DataFrame | None = None
        self.undo: Plan | None = None
        self.journal: Any = None

    def _said(self) -> str:
        lines = [self.message]
        if self.log is not None and len(self.log):
            lines += [f"    {text}" for text in self.log["text"].tail(8)]
        for title, frame in (("done", self.done), ("not done", self.not_done)):
            if frame is not None and len(frame):
                steps = frame.drop_duplicates("step")
                lines += [f"{title}: " + "; ".join(f"{row.step}. {row.what}" for row in steps.itertuples())]
        if self.undo is not None:
            lines.append("→ error.undo is the plan that takes back what was done")
        if self.hint:
            lines.append(f"→ {self.hint}")
        if self.journal:
            lines.append(f"journal: {self.journal}")
        return "\n".join(lines)


class CheckFailed(StepFailed):
    """A step that checks says FAIL: a request of a smoke test failed, or a gate does not let a version pass."""

    result: ClassVar[Result] = FAIL


class NoData(StepFailed):
    """A step that checks says NO DATA: there was too little to judge by, so the plan does not go on."""

    result: ClassVar[Result] = NO_DATA


class Unsettled(StepFailed):
    """A write got no answer, and reading shows no effect. Nothing was written again: `plans.resume` looks once more."""


class TakesTooLong(StepFailed):
    """A wait ended by its timeout: the platform may still come to an end. `plans.resume` goes on waiting."""


class Cancelled(StepFailed):
    """The run was cancelled between two steps or while it waited. `plans.resume` goes on with it."""


class MissingInput(StepFailed):
    """A run can't go on without what no journal may hold: values of variables, files. Nothing was written for it."""


class JournalError(PlanError):
    """A journal can't be read or written, or holds another run."""


class JournalBusy(JournalError):
    """Nothing was written: another process is at the same run; `holder` says whose it is, and since when."""

    def __init__(self, what: str, holder: str) -> None:
        super().__init__(
            f"{what} by {holder}; nothing was changed here. → Wait until it is done: apply gives its receipt then"
        )
        self.holder = holder
