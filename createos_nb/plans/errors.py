"""Why a plan was not applied, or not to its end.

CreateOSError
└── PlanError
    ├── ConfirmationNeeded    the plan reaches users, or is irreversible: `apply` needs confirm=
    ├── ReasonNeeded          the plan reaches what serves users: `apply` needs reason=
    ├── PreconditionFailed    a precondition fails; nothing was changed
    ├── AlreadyApplied        this very plan was applied before, and creates something new each time
    ├── StalePlanError        what the plan rests on has changed since (drift); says what
    ├── StepFailed            (in `step_failed`) a step failed; says what was done, what was not, and how to undo
    │   ├── CheckFailed       a check fails: a request failed, or a gate does not pass
    │   ├── NoData            a check has too little data to judge by
    │   ├── Unsettled         a write got no answer, and reading shows no effect so far
    │   ├── TakesTooLong      a wait timed out
    │   ├── Cancelled         the caller canceled the run
    │   └── MissingInput      a run needs inputs that no journal may hold
    └── JournalError          a journal can't be read or written
        └── JournalBusy       another process holds the run; says whose
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from createos_nb.dtypes import TEXT
from createos_nb.errors import CreateOSError, ServerError, TransportError

if TYPE_CHECKING:
    import pandas as pd

#: Failures of a read that pass by themselves: a wait goes on, and a run can be resumed.
PASSING: Final = (TransportError, ServerError)


class Difference(NamedTuple):
    """A field that is not as it was, or not as a step has set it: drift."""

    step: int
    """From 1."""
    target: str
    field: str
    planned: str
    now: str

    @property
    def text(self) -> str:
        """The difference in words."""
        return f"{self.target}: {self.field} is {self.now}, not {self.planned}"


class PlanError(CreateOSError):
    """A plan was not applied, or not to its end."""


class ConfirmationNeeded(PlanError):
    """Nothing was changed: `confirm` is missing or is another plan's. Only the plan itself shows what to give.

    Attributes:
        intent: of the plan that asks (`Plan.intent`); it confirms nothing.
    """

    def __init__(self, message: str, intent: str = "") -> None:
        super().__init__(message)
        self.intent = intent


class ReasonNeeded(PlanError):
    """Nothing was changed: a plan that reaches what serves users needs a reason."""


class PreconditionFailed(PlanError):
    """Nothing was changed: a precondition fails.

    Attributes:
        preconditions: the frame of those that fail.
    """

    def __init__(self, preconditions: pd.DataFrame) -> None:
        lines = [f"  · {row.precondition}: {row.detail}" for row in preconditions.itertuples()]
        super().__init__("\n".join(["Nothing was changed: preconditions fail:", *lines]))
        self.preconditions = preconditions


class AlreadyApplied(PlanError):
    """Nothing was changed: the plan was applied before, as when a cell runs twice, and would create something again."""


class StalePlanError(PlanError):
    """Nothing was changed (or nothing more): what the plan rests on has changed since it was made.

    Attributes:
        differences: a frame of step (Int64, from 1), target, field, planned (what the plan rests on) and now.
    """

    def __init__(self, differences: Sequence[Difference], *, written: bool = False) -> None:
        import pandas as pd

        lines = [f"  · {row.target}: {row.field} was {row.planned}, is {row.now}" for row in differences]
        head = "Nothing more was changed" if written else "Nothing was changed"
        tail = "→ Make the plan again, and review it."
        super().__init__("\n".join([f"{head}: the plan is stale, this has changed since it was made:", *lines, tail]))
        frame = pd.DataFrame(list(differences), columns=list(Difference._fields))
        self.differences = frame.astype({"step": "Int64", **dict.fromkeys(Difference._fields[1:], TEXT)})


class JournalError(PlanError):
    """A journal can't be read or written, or holds another run."""


class JournalBusy(JournalError):
    """Nothing was changed: another process holds the run.

    Attributes:
        holder: who, and since when.
    """

    def __init__(self, what: str, holder: str) -> None:
        super().__init__(
            f"{what} by {holder}. Nothing was changed here. → Wait until it is done: apply returns its receipt then"
        )
        self.holder = holder
