"""A step of one write whose undo is the opposite write: a kind says what is read, what is sent, and its opposite."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from createos_nb.plans.steps.base import Step, Undo, UndoContext

if TYPE_CHECKING:
    from createos_nb.plans.context import Run


class ReversibleStep(Step, kw_only=True):
    """One write that sets fields, and that the opposite write sets back.

    Abstract: `what`, `read`, `arguments` and `opposite`.
    """

    needs_active_project: ClassVar[bool] = False
    expected_seconds: ClassVar[float] = 2.0

    @abstractmethod
    def arguments(self) -> dict[str, Any]:
        """What is sent with the operation."""

    @abstractmethod
    def opposite(self, now: Mapping[str, Any], before: Mapping[str, Any]) -> list[Step]:
        """The steps that set some fields from what they are now to what they were before."""

    def write(self, run: Run) -> None:
        run.client.call(self.operation, **self.arguments())

    def undo(self, context: UndoContext) -> Undo:
        now = self.read(context.snapshot, context.created)
        changed = {name: self.before.get(name) for name in self.after if now.get(name) != self.before.get(name)}
        return Undo(self.opposite({name: now.get(name) for name in changed}, changed) if changed else [])
