"""Steps that schedule a request, pause it and resume it: who is asked in time does not fall asleep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from msgspec.structs import replace

from createos_nb.errors import CreateOSError
from createos_nb.plans import waiting
from createos_nb.plans.queries import Part
from createos_nb.plans.snapshot import id_of, in_status
from createos_nb.plans.step_error import StepError
from createos_nb.plans.steps.base import Precondition, Reached, Step, Undo, UndoContext, gone, id_of_created
from createos_nb.plans.steps.delete import DeleteCronjob
from createos_nb.plans.steps.reversible import ReversibleStep

if TYPE_CHECKING:
    from createos_nb.contract.cronjobs import Cronjob
    from createos_nb.plans.context import Run
    from createos_nb.plans.snapshot import Snapshot

_STATUS: Final = "status"
#: Jobs that a project has at most, by the platform's documentation.
_MOST: Final = 4


class ScheduleRequest(Step, kw_only=True, tag="schedule request"):
    """Create a cron job that sends a GET request to an environment."""

    operation: ClassVar[str] = "CreateCronjob"
    reads: ClassVar[tuple[Part, ...]] = ("environments",)
    creates: ClassVar[bool] = True
    expected_seconds: ClassVar[float] = 10.0
    name: str
    schedule: str
    path: str

    @property
    def what(self) -> str:
        return f"create cron job {self.name}: GET {self.path} of {self.target.environment_name} at {self.schedule}"

    def identity_details(self) -> Any:
        return [self.name, self.schedule, self.path]

    def resource_key(self) -> tuple[str, ...]:
        return ("cron job", self.target.project, self.name)

    def fields(self) -> list[tuple[str, str, str]]:
        return [("cron job", "–", f"{self.name}: {self.schedule}, GET {self.path}")]

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        if not self._environment_is_there(snapshot):
            raise gone(f"environment {self.target.environment_name}")
        return {}

    def _environment_is_there(self, snapshot: Snapshot) -> bool:
        row = snapshot.environment(self.target.project, self.target.environment)
        return row is not None and not in_status(row, "deleting")

    def reaches(self, snapshot: Snapshot) -> list[Reached]:
        return [Reached(self.target.environment, "it is asked on a schedule")]

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        name = f"environment {self.target.environment_name} is there"
        there = self._environment_is_there(snapshot)
        rows = [Precondition.of(name, there, "" if there else "it was deleted")]
        try:
            jobs = [row.name for row in snapshot.cronjobs(self.target.project)]
        except CreateOSError as error:
            return [*rows, Precondition("there is room for a cron job", "unknown", str(error).split("\n", 1)[0])]
        taken = self.name in jobs
        rows.append(Precondition.of(f"no cron job is named {self.name}", not taken, "there is one" if taken else ""))
        full = len(jobs) >= _MOST
        detail = f"{len(jobs)} of {_MOST} are there" + (": runbooks.delete(cronjob=…) makes room" if full else "")
        return [*rows, Precondition.of("there is room for a cron job", not full, detail)]

    def write(self, run: Run) -> str:
        answer = run.client.call(
            self.operation,
            project_id=self.target.project,
            environment_id=self.target.environment,
            name=self.name,
            schedule=self.schedule,
            type="http",
            settings={"path": self.path, "method": "GET"},
        )
        return id_of_created(self.operation, answer)

    def recover_created(self, run: Run, baseline: Mapping[str, Any]) -> str | None:
        rows = run.snapshot().cronjobs(self.target.project)
        return next((id_of(row) for row in rows if self._is_it(row)), None)

    def _is_it(self, row: Cronjob) -> bool:
        mine = row.name == self.name and row.environment_id == self.target.environment
        return mine and row.schedule == self.schedule and row.status not in ("deleting", "deleted")

    def exists(self, snapshot: Snapshot, created: str) -> bool:
        return any(row.id == created for row in snapshot.cronjobs(self.target.project))

    def wait(self, run: Run) -> None:
        def ready() -> bool:
            rows = run.snapshot().cronjobs(self.target.project)
            row = next((one for one in rows if one.id == run.created[run.step]), None)
            if row is None or row.status in ("deleting", "deleted"):
                raise StepError(f"cron job {self.name} is gone", "It was deleted while it was waited for.")
            run.emit("waiting", f"{self.name} {row.status}")
            return row.status == "active"

        waiting.until(run, self.what, ready, waiting.SETTLE_SECONDS)

    def undo(self, context: UndoContext) -> Undo:
        created = context.created.get(context.number)
        rows = context.snapshot.cronjobs(self.target.project)
        row = next((one for one in rows if one.id == created), None)
        if row is None or row.status in ("deleting", "deleted"):
            return Undo()
        target = replace(self.target, environment="", environment_name="", thing=id_of(row), thing_name=self.name)
        step = DeleteCronjob(target=target, lost={"schedule": str(row.schedule)})
        return Undo([step.planned(context.snapshot, "the run has created it")])


class CronjobStatusStep(ReversibleStep, kw_only=True):
    """A step after which a cron job has another status."""

    needs_active_project: ClassVar[bool] = True
    reads: ClassVar[tuple[Part, ...]] = ("cronjobs",)
    expected_seconds: ClassVar[float] = 5.0
    verb: ClassVar[str]

    @property
    def what(self) -> str:
        return f"{self.verb} cron job {self.target.thing_name}"

    def resource_key(self) -> tuple[str, ...]:
        return ("cron job status", self.target.project, self.target.thing)

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        rows = snapshot.cronjobs(self.target.project)
        row = next((one for one in rows if one.id == self.target.thing), None)
        if row is None or row.status in ("deleting", "deleted"):
            raise gone(f"cron job {self.target.thing_name}")
        return {_STATUS: row.status}

    def arguments(self) -> dict[str, Any]:
        return {"project_id": self.target.project, "cronjob_id": self.target.thing}

    def wait(self, run: Run) -> None:
        def ready() -> bool:
            return bool(self.read(run.snapshot(), run.created) == self.after)

        waiting.until(run, self.what, ready, waiting.SETTLE_SECONDS)


class SuspendCronjob(CronjobStatusStep, kw_only=True, tag="suspend cron job"):
    """Let a cron job run no more until it is resumed."""

    operation: ClassVar[str] = "SuspendCronjob"
    verb: ClassVar[str] = "suspend"

    def in_progress(self, now: Mapping[str, Any]) -> bool:
        return now.get(_STATUS) == "suspending"

    def opposite(self, now: Mapping[str, Any], before: Mapping[str, Any]) -> list[Step]:
        return [ResumeCronjob(target=self.target, why="as it was before", before=dict(now), after=dict(before))]


class ResumeCronjob(CronjobStatusStep, kw_only=True, tag="resume cron job"):
    """Let a suspended cron job run again."""

    operation: ClassVar[str] = "UnsuspendCronjob"
    verb: ClassVar[str] = "resume"

    def opposite(self, now: Mapping[str, Any], before: Mapping[str, Any]) -> list[Step]:
        return [SuspendCronjob(target=self.target, why="as it was before", before=dict(now), after=dict(before))]
