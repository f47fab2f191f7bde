"""Steps that change an environment: its live deployment, its settings, its resources."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from createos_nb.contract.deployments import Deployment
from createos_nb.contract.environments import Environment, Resources
from createos_nb.plans import waiting
from createos_nb.plans.queries import Part, Query
from createos_nb.plans.snapshot import id_of, in_status, name_of, version_of
from createos_nb.plans.step_error import StepError
from createos_nb.plans.steps.base import CREATED, Precondition, Step, Target, Undo, UndoContext, gone, resolved
from createos_nb.plans.steps.deployments import Wake

if TYPE_CHECKING:
    from createos_nb.contract.projects import Project
    from createos_nb.plans.context import Run
    from createos_nb.plans.snapshot import Snapshot

_LIVE: Final = "live deployment"
_NAME: Final = re.compile(r"^[a-zA-Z0-9 _-]{4,48}$")
_DESCRIPTION: Final = re.compile(r"^[a-zA-Z0-9 _-]{4,2048}$")
_UNREAD: Final = (
    "the platform gives something else than it declares for {}, which would be lost: client.call shows what it gives"
)


class OnEnvironment(Step, kw_only=True):
    """A step whose target is an environment that exists."""

    #: Fields of the wire that it sends back whole: what can't be read of them would be lost.
    sends_back: ClassVar[tuple[str, ...]] = ()
    reads: ClassVar[tuple[Part, ...]] = ("environments",)

    def row(self, snapshot: Snapshot, created: Mapping[int, str]) -> Environment:
        row = snapshot.environment(self.target.project, str(resolved(self.target.environment, created)))
        if row is None or in_status(row, "deleting"):
            raise gone(f"environment {self.target.environment_name}")
        return row

    def row_to_send(self, run: Run) -> Environment:
        """The row, read again before a write that sends fields back whole. Raises `StalePlanError`, `StepError`."""
        snapshot = self.recheck(run)
        row = self.row(snapshot, run.created)
        if unread := snapshot.unread(row, self.sends_back):
            raise StepError(f"{self.what}: {_UNREAD.format(', '.join(unread))}", "Nothing was changed for this step.")
        return row

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        if self.target.environment.startswith(CREATED):
            name = f"environment {self.target.environment_name} is there"
            return [Precondition(name, "holds", "an earlier step creates it")]
        row = snapshot.environment(self.target.project, self.target.environment)
        status = "gone" if row is None else str(row.status)
        name = f"environment {self.target.environment_name} is there"
        if row is None or in_status(row, "deleting"):
            detail = f"{status}: client.environments.list shows those that there are; make the plan again"
            return [Precondition(name, "fails", detail)]
        rows = [Precondition(name, "holds", status)]
        if unread := snapshot.unread(row, self.sends_back):
            detail = _UNREAD.format(", ".join(unread))
            rows.append(Precondition(f"what {self.target.environment_name} holds can be sent back", "fails", detail))
        return rows

    def wait(self, run: Run) -> None:
        environment = str(resolved(self.target.environment, run.created))
        waiting.environment(run, self.target.project, environment, self.target.environment_name)


class Assign(OnEnvironment, kw_only=True, tag="assign"):
    """Assign a deployment to an environment: it is the live one from then on."""

    operation: ClassVar[str] = "AssignDeploymentToProjectEnvironment"

    @property
    def what(self) -> str:
        version = self.label(_LIVE, self.after[_LIVE])
        return f"assign {version} to {self.target.environment_name} (nothing is built)"

    def label(self, field: str, value: Any) -> str:
        return "nothing" if value is None else super().label(field, value)

    def current_label(self, field: str, value: Any, snapshot: Snapshot) -> str:
        if value is None or str(value) in self.labels:
            return self.label(field, value)
        return version_of(snapshot.deployment(self.target.project, str(value)) or Deployment(id=str(value)))

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        return {_LIVE: self.row(snapshot, created).project_deployment_id}

    def precondition_queries(self) -> list[Query]:
        deployment = str(self.after[_LIVE])
        return [] if deployment.startswith(CREATED) else [Query("deployment", (self.target.project, deployment))]

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        rows = super().preconditions(snapshot, plan)
        deployment = str(self.after[_LIVE])
        name = f"{self.label(_LIVE, deployment)} is deployed"
        if deployment.startswith(CREATED):
            return [*rows, Precondition(name, "holds", "an earlier step deploys it and waits for it")]
        row = snapshot.deployment(self.target.project, deployment)
        status = "gone" if row is None else str(row.status)
        wakes = any(step.operation == Wake.operation and step.target.deployment == deployment for step in plan)
        if wakes and row is not None and in_status(row, "sleeping", "deploying"):
            return [*rows, Precondition(name, "holds", f"{status}: an earlier step wakes it and waits for it")]
        deployed = row is not None and in_status(row, "deployed")
        return [*rows, Precondition.of(name, deployed, status if deployed else waiting.with_hint(status))]

    def write(self, run: Run) -> None:
        run.client.call(
            self.operation,
            project_id=self.target.project,
            environment_id=resolved(self.target.environment, run.created),
            deployment_id=resolved(self.after[_LIVE], run.created),
        )

    def undo(self, context: UndoContext) -> Undo:
        snapshot = context.snapshot
        now, before = self.read(snapshot, context.created)[_LIVE], self.before.get(_LIVE)
        if now == before:
            return Undo()
        if before is None:
            note = f"nothing was live in {self.target.environment_name} before: an assignment can't be removed"
            return Undo(notes=[note])
        row = snapshot.deployment(self.target.project, str(before))
        name = self.label(_LIVE, before)
        if row is None or in_status(row, *waiting.ENDS):
            status = "gone" if row is None else row.status
            return Undo(notes=[f"{name}, which was live before, is {status}: it can't be assigned again"])
        steps: list[Step] = []
        if in_status(row, "sleeping"):
            steps.append(wake_step(self.target.project, self.target.project_name, row, "it has fallen asleep since"))
        labels = {**self.labels, str(now): version_of(snapshot.deployment(self.target.project, now) if now else None)}
        assign = Assign(
            target=self.target, why="it was live before", before={_LIVE: now}, after={_LIVE: before}, labels=labels
        )
        return Undo([*steps, assign])


def assign_step(
    project: Project, environment: Environment, live: Deployment | None, deployment: str, name: str, why: str
) -> Assign:
    """Return the step that assigns a deployment: `deployment` is its id, or `CREATED` with the number of a step."""
    before = environment.project_deployment_id
    return Assign(
        target=target_of(project, environment),
        why=why,
        before={_LIVE: before},
        after={_LIVE: deployment},
        labels={str(before): version_of(live), str(deployment): name},
    )


def wake_step(project: str, project_name: str, row: Deployment, why: str) -> Wake:
    """Return the step that wakes a deployment."""
    name = version_of(row)
    target = Target(project=project, project_name=project_name, deployment=id_of(row), deployment_name=name)
    return Wake(target=target, why=why, before={"status": "sleeping"}, after={"status": "deployed"})


def target_of(project: Project, environment: Environment | None = None) -> Target:
    """Return the target of a step: a project, or one of its environments."""
    if environment is None:
        return Target(project=id_of(project), project_name=name_of(project))
    return Target(
        project=id_of(project),
        project_name=name_of(project),
        environment=id_of(environment),
        environment_name=name_of(environment),
    )


def texts_of(row: Environment) -> dict[str, str | None]:
    """Return the texts that an environment is updated with, by the names that steps have for them."""
    return {"description": row.description, "display name": row.display_name}


class Update(OnEnvironment, kw_only=True, tag="update environment"):
    """Change an environment's auto-promotion, description, display name or branch; the rest is sent as it is."""

    operation: ClassVar[str] = "UpdateProjectEnvironment"
    sends_back: ClassVar[tuple[str, ...]] = ("displayName", "description", "isAutoPromoteEnabled", "branch")
    rechecks: ClassVar[bool] = True

    @property
    def what(self) -> str:
        if list(self.after) == ["auto-promote"]:
            verb = "release" if self.after["auto-promote"] else "hold"
            return f"{verb} auto-promotion of {self.target.environment_name}"
        changed = ", ".join(f"{name} to {self.label(name, self.after[name])}" for name in self.after)
        return f"set {changed} of {self.target.environment_name}"

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        row = self.row(snapshot, created)
        fields = {"auto-promote": row.is_auto_promote_enabled, "branch": row.branch, **texts_of(row)}
        return {name: fields[name] for name in self.after}

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        rows = super().preconditions(snapshot, plan)
        row = snapshot.environment(self.target.project, self.target.environment)
        if row is None:
            return rows
        for field, pattern in (("description", _DESCRIPTION), ("display name", _NAME)):
            value = self.after.get(field, texts_of(row)[field])
            valid = isinstance(value, str) and pattern.match(value) is not None
            detail = "" if valid else refused(field, value)
            rows.append(Precondition.of(f"the platform takes the {field} back", valid, detail))
        return rows

    def write(self, run: Run) -> None:
        row = self.row_to_send(run)
        values: dict[str, Any] = {
            "display_name": row.display_name,
            "description": row.description,
            "is_auto_promote_enabled": bool(row.is_auto_promote_enabled),
        }
        if row.branch:
            values["branch"] = row.branch
        names = {"auto-promote": "is_auto_promote_enabled", "display name": "display_name"}
        values |= {names.get(name, name): value for name, value in self.after.items()}
        run.client.call(
            self.operation,
            project_id=self.target.project,
            environment_id=resolved(self.target.environment, run.created),
            **values,
        )

    def undo(self, context: UndoContext) -> Undo:
        now = self.read(context.snapshot, context.created)
        changed = {name: self.before.get(name) for name in self.after if now[name] != self.before.get(name)}
        lost = [
            name
            for name, value in changed.items()
            if name in ("description", "display name")
            and not (isinstance(value, str) and (_DESCRIPTION if name == "description" else _NAME).match(value))
        ]
        notes = [f"the {name} can't be set back: {refused(name, changed.pop(name))}" for name in lost]
        if not changed:
            return Undo(notes=notes)
        before = {name: now[name] for name in changed}
        return Undo([Update(target=self.target, why="as it was before", before=before, after=changed)], notes)


def refused(field: str, value: Any) -> str:
    """Return why the platform does not take a description or a display name back."""
    if not value:
        return f"there is no {field}, and the platform asks for one with every change of an environment"
    return f"it takes letters, digits, spaces, _ and - only, at least 4 of them, and it is {value!r}"


def accepted(field: str, value: Any, name: str) -> str | None:
    """Return what a text has to become for the platform to take it back; None where it is taken as it is."""
    pattern = _DESCRIPTION if field == "description" else _NAME
    text = value if isinstance(value, str) else ""
    if pattern.match(text):
        return None
    text = re.sub(r"\s+", " ", re.sub(r"[^a-zA-Z0-9 _-]+", " ", text)).strip()
    if len(text) < 4:
        text = f"Environment {name}"
    return text[: 2048 if field == "description" else 48].strip()


class Scale(OnEnvironment, kw_only=True, tag="scale"):
    """Change CPU, memory and replicas of an environment."""

    operation: ClassVar[str] = "UpdateProjectEnvironmentResources"
    sends_back: ClassVar[tuple[str, ...]] = ("resources",)
    rechecks: ClassVar[bool] = True
    expected_seconds: ClassVar[float] = 20.0

    @property
    def what(self) -> str:
        return f"scale {self.target.environment_name}"

    def fields(self) -> list[tuple[str, str, str]]:
        units = {"cpu": " millicores", "memory": " MB", "replicas": ""}
        return [
            (name, f"{self.before.get(name)}{units[name]}", f"{self.after[name]}{units[name]}") for name in self.after
        ]

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        resources = resources_of(self.row(snapshot, created))
        return {name: resources[name] for name in self.after}

    def write(self, run: Run) -> None:
        values = resources_of(self.row_to_send(run)) | self.after
        run.client.call(
            self.operation,
            project_id=self.target.project,
            environment_id=resolved(self.target.environment, run.created),
            **values,
        )

    def undo(self, context: UndoContext) -> Undo:
        now = self.read(context.snapshot, context.created)
        changed = {name: self.before[name] for name in self.after if now[name] != self.before[name]}
        if not changed:
            return Undo()
        before = {name: now[name] for name in changed}
        return Undo([Scale(target=self.target, why="as it was before", before=before, after=changed)])


def resources_of(row: Environment) -> dict[str, int | None]:
    """Return CPU, memory and replicas of an environment, by name."""
    resources = row.resources or Resources()
    return {"cpu": resources.cpu, "memory": resources.memory, "replicas": resources.replicas}
