"""The step that creates an environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import field

from createos_nb.plans import waiting
from createos_nb.plans.snapshot import id_of, name_of
from createos_nb.plans.step_error import StepError
from createos_nb.plans.steps.base import (
    CREATED,
    Precondition,
    Reached,
    ResumeInputs,
    Step,
    Undo,
    UndoContext,
    gone,
    id_of_created,
    resolved,
)
from createos_nb.plans.steps.variables import ABSENT, qualified, values_given, values_resumed, variables_of
from createos_nb.redaction import MASK

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.context import Run, TransientInputs
    from createos_nb.plans.snapshot import Snapshot
    from createos_nb.redaction import Secret


class CreateEnvironment(Step, kw_only=True, tag="create environment"):
    """Create an environment without auto-promotion: its variables are those of another one, or given."""

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
    #: Environment whose variables it gets; "" for those that are given.
    like: str = ""
    #: Fingerprints of the variables that are given, by name.
    variables: dict[str, str] = field(default_factory=dict)
    #: Variables that hold the address of another environment: by name the ids of its project and its own.
    addresses: dict[str, list[str]] = field(default_factory=dict)
    #: What tells its variables from those of another project of the plan; "" where there is no other.
    qualifier: str = ""

    @property
    def what(self) -> str:
        return f"create environment {self.name}"

    def identity_details(self) -> Any:
        given = [one for one in (self.variables, self.addresses) if one]
        return [self.name, self.branch, self.cpu, self.memory, self.replicas, self.like, *given]

    def resource_key(self) -> tuple[str, ...]:
        return ("create environment", self.target.project, self.name)

    def fields(self) -> list[tuple[str, str, str]]:
        size = f"{self.cpu} millicores, {self.memory} MB, {self.replicas} replicas"
        row = ("environment", "–", f"{self.name}: {size}, branch {self.branch or '–'}")
        rows = [row, *((name, ABSENT, MASK) for name in self.variables)]
        return rows + [(name, ABSENT, self.label(name, ids[1])) for name, ids in self.addresses.items()]

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        return {}

    def reaches(self, snapshot: Snapshot) -> list[Reached]:
        return []

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        if self.target.project.startswith(CREATED):
            return []  # a new project has none
        rows = snapshot.environments(self.target.project)
        free = not any(row.unique_name == self.name for row in rows)
        detail = f"there are {len(rows)}; the platform has a limit for each project and does not tell it"
        return [
            Precondition.of(f"the name {self.name} is free", free, "" if free else "it is taken"),
            Precondition("the project may have another environment", "unknown", detail),
        ]

    def check_inputs(self, run: Run) -> None:
        if self.variables:
            values_given(run, self.variables)

    def missing_variables(self) -> list[str]:
        return qualified(self.variables, self.qualifier)

    def resume_inputs(self, inputs: ResumeInputs, client: Client) -> TransientInputs | None:
        return values_resumed(inputs, client, self.variables, self.qualifier) if self.variables else None

    def _variables(self, run: Run) -> Mapping[str, Secret | str | None]:
        """The variables that it gets. Raises `StepError`."""
        if not self.like:
            given = values_given(run, self.variables).values if self.variables else {}
            return {**given, **self._addresses(run)}
        snapshot = run.snapshot()
        like = snapshot.environment(self.target.project, self.like)
        if like is None:
            raise gone("the environment whose variables it gets")
        if unread := snapshot.unread(like, ["settings"]):
            raise StepError(f"{self.what}: the variables it gets can't be read: {', '.join(unread)}")
        return variables_of(like)

    def _addresses(self, run: Run) -> dict[str, str]:
        """The addresses of other environments, as the platform tells them. Raises `StepError`."""
        found = {}
        for name, ids in self.addresses.items():
            project, environment = (str(resolved(identity, run.created)) for identity in ids)
            row = run.latest().environment(project, environment)
            if row is None:
                raise gone(f"the environment whose address is {name}")
            if row.extra is None or not row.extra.endpoint:
                raise StepError(f"{self.what}: {name}: the platform tells no address of {name_of(row)}")
            found[name] = row.extra.endpoint
        return found

    def write(self, run: Run) -> str:
        values: dict[str, Any] = {"branch": self.branch} if self.branch else {}
        answer = run.client.call(
            self.operation,
            project_id=self.target.project,
            unique_name=self.name,
            display_name=self.display,
            description=self.description,
            resources={"cpu": self.cpu, "memory": self.memory, "replicas": self.replicas},
            settings={"runEnvs": self._variables(run)},
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
