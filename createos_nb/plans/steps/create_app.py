"""The step that creates an app."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace

from createos_nb.plans.snapshot import id_of
from createos_nb.plans.steps.base import Precondition, Step, Undo, UndoContext, id_of_created
from createos_nb.plans.steps.delete import DeleteApp

if TYPE_CHECKING:
    from createos_nb.plans.context import Run
    from createos_nb.plans.snapshot import Snapshot


class CreateApp(Step, kw_only=True, tag="create app"):
    """Create an app, which groups projects; it is `thing_name` of the target."""

    operation: ClassVar[str] = "CreateApp"
    creates: ClassVar[bool] = True
    needs_active_project: ClassVar[bool] = False
    expected_seconds: ClassVar[float] = 1.0

    @property
    def what(self) -> str:
        return f"create app {self.target.thing_name}"

    def identity_details(self) -> Any:
        return self.target.thing_name

    def resource_key(self) -> tuple[str, ...]:
        return ("create app", self.target.thing_name)

    def fields(self) -> list[tuple[str, str, str]]:
        return [("app", "–", self.target.thing_name)]

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        return {}

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        count = len(snapshot.apps())
        detail = f"there are {count}; the platform has a limit and does not tell it"
        return [Precondition("the account may have another app", "unknown", detail)]

    def recovery_baseline(self, snapshot: Snapshot) -> dict[str, Any]:
        return {"apps": [id_of(row) for row in snapshot.apps()]}  # a name may be an app's twice

    def write(self, run: Run) -> str:
        return id_of_created(self.operation, run.client.call(self.operation, name=self.target.thing_name))

    def recover_created(self, run: Run, baseline: Mapping[str, Any]) -> str | None:
        before = baseline.get("apps") or []
        rows = run.snapshot().apps()
        return next(
            (id_of(row) for row in rows if row.name == self.target.thing_name and id_of(row) not in before), None
        )

    def exists(self, snapshot: Snapshot, created: str) -> bool:
        return any(row.id == created for row in snapshot.apps())

    def undo(self, context: UndoContext) -> Undo:
        created = context.created.get(context.number)
        if created is None:
            return Undo(notes=[f"whether {self.what} was done is not known: client.apps.list shows it"])
        if not self.exists(context.snapshot, created):
            return Undo()
        step = DeleteApp(target=replace(self.target, thing=created))
        return Undo([step.planned(context.snapshot, "the run has created it; projects that are in it stay")])
