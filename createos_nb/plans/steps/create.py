"""The step that creates an environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from createos_nb.plans import waiting
from createos_nb.plans.snapshot import id_of
from createos_nb.plans.step_error import StepError
from createos_nb.plans.steps.base import Precondition, Reached, Step, Undo, UndoContext, gone, id_of_created
from createos_nb.plans.steps.variables import variables_of

if TYPE_CHECKING:
    from createos_nb.plans.context import Run
    from createos_nb.plans.snapshot import Snapshot


class CreateEnvironment(Step, kw_only=True, tag="create environment"):
    """Create an environment like another one: its branch and size, no auto-promotion; its variables are copied."""

    operation: ClassVar[str] = "CreateProjectEnvironment"
    has_undo: ClassVar[bool] = False
    creates: ClassVar[bool] = True
    name: str
    display: str
    description: str
    branch: str | None
    cpu: int
    memory: int
    replicas: int
    #: Environment whose variables it gets.
    like: str

    @property
    def what(self) -> str:
        return f"create environment {self.name}"

    def identity_details(self) -> Any:
        return [self.name, self.branch, self.cpu, self.memory, self.replicas, self.like]

    def resource_key(self) -> tuple[str, ...]:
        return ("create environment", self.target.project, self.name)

    def fields(self) -> list[tuple[str, str, str]]:
        size = f"{self.cpu} millicores, {self.memory} MB, {self.replicas} replicas"
        return [("environment", "–", f"{self.name}: {size}, branch {self.branch or '–'}")]

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        return {}

    def reaches(self, snapshot: Snapshot) -> list[Reached]:
        return []

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        rows = snapshot.environments(self.target.project)
        free = not any(row.unique_name == self.name for row in rows)
        detail = f"there are {len(rows)}; the platform has a limit for each project and does not tell it"
        return [
            Precondition.of(f"the name {self.name} is free", free, "" if free else "it is taken"),
            Precondition("the project may have another environment", "unknown", detail),
        ]

    def write(self, run: Run) -> str:
        snapshot = run.snapshot()
        values: dict[str, Any] = {}
        if self.branch:
            values["branch"] = self.branch
        like = snapshot.environment(self.target.project, self.like)
        if like is None:
            raise gone("the environment whose variables it gets")
        if unread := snapshot.unread(like, ["settings"]):
            raise StepError(f"{self.what}: the variables it gets can't be read: {', '.join(unread)}")
        answer = run.client.call(
            self.operation,
            project_id=self.target.project,
            unique_name=self.name,
            display_name=self.display,
            description=self.description,
            resources={"cpu": self.cpu, "memory": self.memory, "replicas": self.replicas},
            settings={"runEnvs": variables_of(like)},
            is_auto_promote_enabled=False,
            **values,
        )
        return id_of_created(self.operation, answer)

    def recover_created(self, run: Run, baseline: Mapping[str, Any]) -> str | None:
        rows = run.snapshot().environments(self.target.project)
        return next((id_of(row) for row in rows if row.unique_name == self.name), None)

    def exists(self, snapshot: Snapshot, created: str) -> bool:
        return snapshot.environment(self.target.project, created) is not None

    def wait(self, run: Run) -> None:
        waiting.environment(run, self.target.project, run.created[run.step], self.name)

    def undo(self, context: UndoContext) -> Undo:
        return Undo(notes=[f"environment {self.name} stays: deleting it is irreversible (runbooks.delete does it)"])
