"""Steps that suspend a project, or resume it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from createos_nb.plans import waiting
from createos_nb.plans.queries import Part
from createos_nb.plans.snapshot import in_status
from createos_nb.plans.steps.base import Precondition, Reached, Step, gone
from createos_nb.plans.steps.delete import environments_of
from createos_nb.plans.steps.reversible import ReversibleStep

if TYPE_CHECKING:
    from createos_nb.contract.projects import Project
    from createos_nb.plans.context import Run
    from createos_nb.plans.snapshot import Snapshot

_STATUS: Final = "status"


class ProjectStatusStep(ReversibleStep, kw_only=True):
    """A step after which a project has another status."""

    reads: ClassVar[tuple[Part, ...]] = ("project",)
    verb: ClassVar[str]

    @property
    def what(self) -> str:
        return f"{self.verb} project {self.target.project_name}"

    def resource_key(self) -> tuple[str, ...]:
        return ("project status", self.target.project)

    def _row(self, snapshot: Snapshot) -> Project:
        row = snapshot.existing_project(self.target.project)
        if row is None or in_status(row, "deleting"):
            raise gone(f"project {self.target.project_name}")
        return row

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        return {_STATUS: self._row(snapshot).status}

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        row = snapshot.project(self.target.project)
        possible = in_status(row, "active", "suspended")
        detail = f"{row.status}: wait until it is suspended" if in_status(row, "suspending") else str(row.status)
        return [Precondition.of(f"{self.target.project_name} is active or suspended", possible, detail)]

    def arguments(self) -> dict[str, Any]:
        return {"project_id": self.target.project}

    def wait(self, run: Run) -> None:
        def ready() -> bool:
            status = self._row(run.snapshot()).status
            run.emit("waiting", f"{self.target.project_name} {status}")
            return bool(status == self.after[_STATUS])

        waiting.until(run, self.what, ready, waiting.SETTLE_SECONDS)


class SuspendProject(ProjectStatusStep, kw_only=True, tag="suspend project"):
    """Pause every environment of a project: none of its addresses is served until it is resumed."""

    operation: ClassVar[str] = "SuspendProject"
    verb: ClassVar[str] = "suspend"
    expected_seconds: ClassVar[float] = 10.0

    def in_progress(self, now: Mapping[str, Any]) -> bool:
        return now.get(_STATUS) == "suspending"

    def reaches(self, snapshot: Snapshot) -> list[Reached]:
        return environments_of(snapshot, self.target.project, "it serves nobody until its project is resumed")

    def opposite(self, now: Mapping[str, Any], before: Mapping[str, Any]) -> list[Step]:
        return [ResumeProject(target=self.target, why="as it was before", before=dict(now), after=dict(before))]


class ResumeProject(ProjectStatusStep, kw_only=True, tag="resume project"):
    """Let a suspended project go on."""

    operation: ClassVar[str] = "UnsuspendProject"
    verb: ClassVar[str] = "resume"

    def opposite(self, now: Mapping[str, Any], before: Mapping[str, Any]) -> list[Step]:
        return [SuspendProject(target=self.target, why="as it was before", before=dict(now), after=dict(before))]
