"""The step that creates a project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import field

from createos_nb.contract.creation import SOURCE, creation_problems
from createos_nb.contract.types import ProjectType
from createos_nb.errors import CreateOSError
from createos_nb.plans import waiting
from createos_nb.plans.snapshot import id_of, in_status
from createos_nb.plans.step_error import StepError
from createos_nb.plans.steps.base import (
    Precondition,
    Reached,
    ResumeInputs,
    Step,
    Undo,
    UndoContext,
    id_of_created,
    resolved,
)
from createos_nb.plans.steps.delete import DeleteProject, lost_with
from createos_nb.plans.steps.deployments import source_preconditions
from createos_nb.plans.steps.environments import target_of
from createos_nb.plans.steps.variables import qualified, values_given, values_resumed
from createos_nb.redaction import MASK

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.context import Run, TransientInputs
    from createos_nb.plans.snapshot import Snapshot


class CreateProject(Step, kw_only=True, tag="create project"):
    """Create a project; nothing is deployed yet."""

    operation: ClassVar[str] = "CreateProject"
    creates: ClassVar[bool] = True
    needs_active_project: ClassVar[bool] = False
    expected_seconds: ClassVar[float] = 2.0
    display: str
    type: ProjectType
    #: In the wire's spelling, without variables.
    settings: dict[str, Any]
    #: Where each setting comes from.
    reasons: dict[str, str]
    #: Fingerprints of the variables of the build, by name.
    build_variables: dict[str, str] = field(default_factory=dict)
    #: Ids of installation and repository, its name and the branch, of a vcs project.
    source: dict[str, str] = field(default_factory=dict)
    repository: str = ""
    branch: str = ""
    #: Id of its app, which an earlier step may create.
    app: str = ""
    app_name: str = ""
    #: What tells its variables from those of another project of the plan; "" where there is no other.
    qualifier: str = ""

    @property
    def name(self) -> str:
        """The unique name of the project."""
        return self.target.project_name

    @property
    def what(self) -> str:
        return f"create project {self.name}"

    def identity_details(self) -> Any:
        given = [self.type, self.settings, self.build_variables, self.source, self.branch, self.app]
        return [self.name, self.display, *given]

    def resource_key(self) -> tuple[str, ...]:
        return ("create project", self.name)

    def fields(self) -> list[tuple[str, str, str]]:
        kind = f"{self.name}: {self.type}" + (f", {self.repository}@{self.branch}" if self.source else "")
        rows = [("project", "–", kind)]
        rows += [
            (name, "–", f"{self.label(name, value)}: {self.reasons.get(name, 'given')}")
            for name, value in self.settings.items()
        ]
        rows += [(name, "–", f"{MASK}: for the build") for name in self.build_variables]
        return [*rows, ("app", "–", self.app_name)] if self.app else rows

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        return {}

    def reaches(self, snapshot: Snapshot) -> list[Reached]:
        return []

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        others = sum(isinstance(step, CreateProject) for step in plan) - 1
        rows = [self._name_is_free(snapshot), room_for_project(snapshot, 1 + max(others, 0))]
        if self.type == "vcs":
            problems = creation_problems(self.settings)
            detail = f"{'; '.join(problems)} (so says {SOURCE})" if problems else ""
            rows.append(Precondition.of("the settings serve to create it", not problems, detail))
            ids = (self.source["vcsInstallationId"], self.source["vcsRepoId"])
            rows += source_preconditions(snapshot, *ids, self.branch)
        return rows

    def _name_is_free(self, snapshot: Snapshot) -> Precondition:
        what = f"the name {self.name} is free"
        try:
            free = snapshot.is_project_name_free(self.name)
        except CreateOSError as error:
            return Precondition(what, "unknown", str(error).split("\n", 1)[0])
        if free is None:
            return Precondition(what, "unknown", "the platform does not say")
        detail = "it is taken, on the whole platform: take another one; runbooks.deploy puts a version into a project"
        return Precondition.of(what, free, "" if free else detail)

    def check_inputs(self, run: Run) -> None:
        if self.build_variables:
            values_given(run, self.build_variables)

    def missing_variables(self) -> list[str]:
        return qualified(self.build_variables, self.qualifier)

    def resume_inputs(self, inputs: ResumeInputs, client: Client) -> TransientInputs | None:
        names = self.build_variables
        return values_resumed(inputs, client, names, self.qualifier) if names else None

    def write(self, run: Run) -> str:
        settings = dict(self.settings)
        if self.build_variables:
            settings["buildVars"] = values_given(run, self.build_variables).values
        values: dict[str, Any] = {"app_id": resolved(self.app, run.created)} if self.app else {}
        if self.source:
            values["source"] = self.source
        answer = run.client.call(
            self.operation,
            unique_name=self.name,
            display_name=self.display,
            type=self.type,
            settings=settings,
            **values,
        )
        return id_of_created(self.operation, answer)

    def recover_created(self, run: Run, baseline: Mapping[str, Any]) -> str | None:
        # the name was free: one of this account that has it now, and is of this kind, is the one
        rows = run.snapshot().projects()
        return next((id_of(row) for row in rows if row.unique_name == self.name and row.type == self.type), None)

    def exists(self, snapshot: Snapshot, created: str) -> bool:
        return snapshot.existing_project(created) is not None

    def wait(self, run: Run) -> None:
        def ready() -> bool:
            row = run.snapshot().existing_project(run.created[run.step])
            if row is None or in_status(row, "deleting"):
                raise StepError(f"project {self.name} is gone", "It was deleted while it was waited for.")
            run.emit("waiting", f"{self.name} {row.status}")
            return in_status(row, "active")

        waiting.until(run, self.what, ready, waiting.SETTLE_SECONDS)

    def undo(self, context: UndoContext) -> Undo:
        created = context.created.get(context.number)
        if created is None:
            note = f"whether project {self.name} was created is not known: client.projects.list shows it"
            return Undo(notes=[note])
        row = context.snapshot.existing_project(created)
        if row is None or in_status(row, "deleting"):
            return Undo()
        step = DeleteProject(target=target_of(row), lost=lost_with(context.snapshot, row))
        note = f"deleting {self.name} is irreversible: what has come into it since goes with it"
        return Undo([step.planned(context.snapshot, "the run has created it")], [note])


def room_for_project(snapshot: Snapshot, wanted: int = 1) -> Precondition:
    """Return the precondition that the quota of projects has room for as many as are wanted."""
    name = "the account may have another project" if wanted == 1 else f"the account may have {wanted} projects more"
    try:
        left = snapshot.projects_left()
    except CreateOSError as error:
        return Precondition(name, "unknown", str(error).split("\n", 1)[0])
    if left is None:
        return Precondition(name, "unknown", "the platform does not say")
    if left <= 0:
        return Precondition(name, "fails", "its quota of projects is used up: delete what is unused")
    if left < wanted:
        return Precondition(name, "fails", f"its quota has room for {left}: delete what is unused")
    return Precondition(name, "holds", f"{left} left")
