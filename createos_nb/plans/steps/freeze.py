"""Steps that set a freeze, lift it, and hold auto-promotion with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec

from createos_nb.plans import freeze_files
from createos_nb.plans.freeze_files import Freeze
from createos_nb.plans.steps.base import Step, Undo, UndoContext
from createos_nb.plans.steps.environments import Update

if TYPE_CHECKING:
    from createos_nb.plans.context import Run
    from createos_nb.plans.snapshot import Snapshot

_FREEZE: Final = "freeze"


class SetFreeze(Step, kw_only=True, tag="freeze"):
    """Set or lift a freeze: a file beside the journals; nothing is asked of the platform."""

    needs_active_project: ClassVar[bool] = False
    expected_seconds: ClassVar[float] = 0.0
    freeze: Freeze

    @property
    def what(self) -> str:
        verb = "freeze" if self.after[_FREEZE] is not None else "lift the freeze of"
        return f"{verb} {self.freeze.place}"

    def resource_key(self) -> tuple[str, ...]:
        return (_FREEZE, self.freeze.id)

    def exempt_from(self, freeze: str) -> bool:
        return True

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        there = freeze_files.find(snapshot.client, self.freeze.id)
        return {_FREEZE: None if there is None else there.words}

    def write(self, run: Run) -> None:
        if self.after[_FREEZE] is None:
            freeze_files.remove(run.client, self.freeze.id)
        else:
            freeze_files.put(run.client, self.freeze)

    def undo(self, context: UndoContext) -> Undo:
        now = self.read(context.snapshot, context.created)[_FREEZE]
        if now == self.before[_FREEZE]:
            return Undo()
        before = {_FREEZE: now}
        return Undo([SetFreeze(target=self.target, freeze=self.freeze, before=before, after=dict(self.before))])


class FreezeUpdate(Update, kw_only=True, tag="hold with freeze"):
    """Hold auto-promotion with a freeze, or release it: the freeze knows which it has switched off."""

    freeze: str

    def exempt_from(self, freeze: str) -> bool:
        # to hold is to be more careful still, whoever has frozen it
        return freeze == self.freeze or self.after.get("auto-promote") is False

    def finish(self, run: Run) -> None:
        there = freeze_files.find(run.client, self.freeze)
        if there is None:
            return  # lifted meanwhile: the receipt's undo releases it
        own = self.target.environment
        held = {*there.held, own} if self.after.get("auto-promote") is False else {*there.held} - {own}
        freeze_files.put(run.client, msgspec.structs.replace(there, held=tuple(sorted(held))))

    def undo(self, context: UndoContext) -> Undo:
        undo = super().undo(context)
        steps: list[Step] = []
        for step in undo.steps:
            fields = {name: getattr(step, name) for name in ("target", "why", "before", "after", "labels")}
            steps.append(FreezeUpdate(freeze=self.freeze, **fields))
        return Undo(steps, undo.notes)
