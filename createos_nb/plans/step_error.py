"""Why a step can't go on. The executor ends the run with it, and raises the `StepFailed` of its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from createos_nb.errors import CreateOSError

if TYPE_CHECKING:
    import pandas as pd

#: The kinds of failures; `createos_nb.plans.step_failed` has an error for each.
Failure = Literal["failed", "check failed", "no data", "unsettled", "takes too long", "cancelled", "missing input"]


class StepError(CreateOSError):
    """A step can't go on.

    Steps and waits raise it: they know nothing of the run that they belong to, nor of its undo.
    """

    def __init__(
        self, message: str, hint: str = "", log: pd.DataFrame | None = None, *, kind: Failure = "failed"
    ) -> None:
        super().__init__(message)
        self.message, self.hint, self.log, self.kind = message, hint, log, kind
