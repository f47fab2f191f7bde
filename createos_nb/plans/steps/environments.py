"""Steps that change an environment: what is live in it, how it is promoted to, how large it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from createos_nb.plans import waiting
from createos_nb.plans.present import version_of
from createos_nb.plans.steps.deployments import Wake
from createos_nb.plans.steps.step import MADE, Precondition, Step, Target, gone, resolved

if TYPE_CHECKING:
    from createos_nb.plans.present import Present
    from createos_nb.plans.run import Run

_LIVE: Final = "live deployment"
_NAME: Final = re.compile(r"^[a-zA-Z0-9 _-]{4,48}$")
_DESCRIPTION: Final = re.compile(r"^[a-zA-Z0-9 _-]{4,2048}$")


class OnEnvironment(Step, kw_only=True):
    """A step whose target is an environment that exists."""

    def row(self, present: Present, made: Mapping[int, str]) -> dict[str, Any]:
        found = present.environment(self.target.project, resolved(self.target.environment, made))
        if found is None or found.get("status") == "deleting":
            raise gone(f"environment {self.target.environment_name}")
        return found

    def preconditions(self, present: Present, plan: list[Step]) -> list[Precondition]:
        if self.target.environment.startswith(MADE):
            name = f"environment {self.target.environment_name} is there"
            return [Precondition(name, "holds", "an earlier step makes it")]
        found = present.environment(self.target.project, self.target.environment)
        status = "gone" if found is None else str(found.get("status"))
        name = f"environment {self.target.environment_name} is there"
        if status in ("gone", "deleting"):
            detail = f"{status}: client.environments.list shows those that there are; make the plan again"
            return [Precondition(name, "fails", detail)]
        return [Precondition(name, "holds", status)]

    def wait(self, run: Run) -> None:
        environment = resolved(self.target.environment, run.made)
        waiting.environment(run, self.target.project, environment, self.target.environment_name)


class Assign(OnEnvironment, kw_only=True, tag="assign"):
    """Make a deployment the live one of an environment."""

    operation: ClassVar[str] = "AssignDeploymentToProjectEnvironment"

    @property
    def what(self) -> str:
        wanted = self.word(_LIVE, self.after[_LIVE])
        return f"make {wanted} live in {self.target.environment_name} (nothing is built)"

    def word(self, field: str, value: Any) -> str:
        return "nothing" if value is None else super().word(field, value)

    def spelled(self, field: str, value: Any, present: Present) -> str:
        if value is None or str(value) in self.shown:
            return self.word(field, value)
        return version_of(present.deployment(self.target.project, value) or {"id": value})

    def look(self, present: Present, made: Mapping[int, str]) -> dict[str, Any]:
        return {_LIVE: self.row(present, made).get("projectDeploymentId")}

    def preconditions(self, present: Present, plan: list[Step]) -> list[Precondition]:
        found = super().preconditions(present, plan)
        wanted = str(self.after[_LIVE])
        name = f"{self.word(_LIVE, wanted)} is deployed"
        if wanted.startswith(MADE):
            return [*found, Precondition(name, "holds", "an earlier step deploys it and waits for it")]
        row = present.deployment(self.target.project, wanted)
        status = "gone" if row is None else str(row.get("status"))
        woken = any(isinstance(one, Wake) and one.target.deployment == wanted for one in plan)
        if woken and status in ("sleeping", "deploying"):
            return [*found, Precondition(name, "holds", f"{status}: an earlier step wakes it and waits for it")]
        good = status == "deployed"
        return [*found, Precondition(name, "holds" if good else "fails", status if good else waiting.told(status))]

    def write(self, run: Run) -> None:
        run.client.call(
            self.operation,
            project_id=self.target.project,
            environment_id=resolved(self.target.environment, run.made),
            deployment_id=resolved(self.after[_LIVE], run.made),
        )

    def back(self, present: Present, made: Mapping[int, str], index: int) -> tuple[list[Step], list[str]]:
        now, before = self.look(present, made)[_LIVE], self.before.get(_LIVE)
        if now == before:
            return [], []
        if before is None:
            return [], [f"nothing was live in {self.target.environment_name} before: an assignment can't be taken away"]
        row = present.deployment(self.target.project, before)
        name = self.word(_LIVE, before)
        if row is None or row.get("status") in waiting.ENDS:
            status = "gone" if row is None else row["status"]
            return [], [f"{name}, which was live before, is {status}: it can't be made live again"]
        steps: list[Step] = []
        if row.get("status") == "sleeping":
            steps.append(wake_of(self.target.project, self.target.project_name, row, "it has fallen asleep since"))
        shown = {**self.shown, str(now): version_of(present.deployment(self.target.project, now) if now else None)}
        again = Assign(
            target=self.target, why="it was live before", before={_LIVE: now}, after={_LIVE: before}, shown=shown
        )
        return [*steps, again], []


def assign_of(
    project: dict[str, Any], environment: dict[str, Any], live: dict[str, Any] | None, wanted: Any, name: str, why: str
) -> Assign:
    """The step that makes a deployment live: `wanted` is its id, or `MADE` with the number of a step."""
    before = environment.get("projectDeploymentId")
    return Assign(
        target=target_of(project, environment),
        why=why,
        before={_LIVE: before},
        after={_LIVE: wanted},
        shown={str(before): version_of(live), str(wanted): name},
    )


def wake_of(project: str, project_name: str, row: dict[str, Any], why: str) -> Wake:
    """The step that wakes a deployment."""
    name = version_of(row)
    target = Target(project=project, project_name=project_name, deployment=row["id"], deployment_name=name)
    return Wake(target=target, why=why, before={"status": "sleeping"}, after={"status": "deployed"})


def target_of(project: dict[str, Any], environment: dict[str, Any] | None = None) -> Target:
    """The target of a step: a project, or one of its environments."""
    if environment is None:
        return Target(project=project["id"], project_name=project["uniqueName"])
    return Target(
        project=project["id"],
        project_name=project["uniqueName"],
        environment=environment["id"],
        environment_name=environment["uniqueName"],
    )


#: Field of the step → field of the wire.
_WIRE: Final = {
    "auto-promote": "isAutoPromoteEnabled",
    "description": "description",
    "display name": "displayName",
    "branch": "branch",
}


class Update(OnEnvironment, kw_only=True, tag="update environment"):
    """Change an environment's auto-promotion, description, display name or branch; the rest is sent as it is."""

    operation: ClassVar[str] = "UpdateProjectEnvironment"

    @property
    def what(self) -> str:
        if list(self.after) == ["auto-promote"]:
            verb = "release" if self.after["auto-promote"] else "hold"
            return f"{verb} auto-promotion of {self.target.environment_name}"
        changed = ", ".join(f"{name} to {self.word(name, self.after[name])}" for name in self.after)
        return f"set {changed} of {self.target.environment_name}"

    def look(self, present: Present, made: Mapping[int, str]) -> dict[str, Any]:
        row = self.row(present, made)
        return {name: row.get(_WIRE[name]) for name in self.after}

    def preconditions(self, present: Present, plan: list[Step]) -> list[Precondition]:
        found = super().preconditions(present, plan)
        row = present.environment(self.target.project, self.target.environment)
        if row is None:
            return found
        for field, form in (("description", _DESCRIPTION), ("display name", _NAME)):
            value = self.after.get(field, row.get(_WIRE[field]))
            good = isinstance(value, str) and form.match(value) is not None
            detail = "" if good else refused(field, value)
            found.append(Precondition(f"the platform takes the {field} back", "holds" if good else "fails", detail))
        return found

    def write(self, run: Run) -> None:
        row = self.row(self.unmoved(run), run.made)
        values: dict[str, Any] = {
            "display_name": row.get("displayName"),
            "description": row.get("description"),
            "is_auto_promote_enabled": bool(row.get("isAutoPromoteEnabled")),
        }
        if row.get("branch"):
            values["branch"] = row["branch"]
        names = {"auto-promote": "is_auto_promote_enabled", "display name": "display_name"}
        values |= {names.get(name, name): value for name, value in self.after.items()}
        run.client.call(
            self.operation,
            project_id=self.target.project,
            environment_id=resolved(self.target.environment, run.made),
            **values,
        )

    def back(self, present: Present, made: Mapping[int, str], index: int) -> tuple[list[Step], list[str]]:
        now = self.look(present, made)
        changed = {name: self.before.get(name) for name in self.after if now[name] != self.before.get(name)}
        lost = [
            name
            for name, value in changed.items()
            if name in ("description", "display name")
            and not (isinstance(value, str) and (_DESCRIPTION if name == "description" else _NAME).match(value))
        ]
        notes = [f"the {name} can't be set back: {refused(name, changed.pop(name))}" for name in lost]
        if not changed:
            return [], notes
        before = {name: now[name] for name in changed}
        return [Update(target=self.target, why="as it was before", before=before, after=changed)], notes


def refused(field: str, value: Any) -> str:
    """Why the platform does not take a description or a display name back."""
    if not value:
        return f"there is no {field}, and the platform asks for one with every change of an environment"
    return f"it takes letters, digits, spaces, _ and - only, at least 4 of them, and it is {value!r}"


def accepted(field: str, value: Any, name: str) -> str | None:
    """What a text has to become for the platform to take it back; None where it is taken as it is."""
    form = _DESCRIPTION if field == "description" else _NAME
    text = value if isinstance(value, str) else ""
    if form.match(text):
        return None
    text = re.sub(r"\s+", " ", re.sub(r"[^a-zA-Z0-9 _-]+", " ", text)).strip()
    if len(text) < 4:
        text = f"Environment {name}"
    return text[: 2048 if field == "description" else 48].strip()


class Scale(OnEnvironment, kw_only=True, tag="scale"):
    """Change CPU, memory and replicas of an environment."""

    operation: ClassVar[str] = "UpdateProjectEnvironmentResources"
    expected: ClassVar[float] = 20.0

    @property
    def what(self) -> str:
        return f"scale {self.target.environment_name}"

    def fields(self) -> list[tuple[str, str, str]]:
        units = {"cpu": " millicores", "memory": " MB", "replicas": ""}
        return [
            (name, f"{self.before.get(name)}{units[name]}", f"{self.after[name]}{units[name]}") for name in self.after
        ]

    def look(self, present: Present, made: Mapping[int, str]) -> dict[str, Any]:
        held = self.row(present, made).get("resources") or {}
        return {name: held.get(name) for name in self.after}

    def write(self, run: Run) -> None:
        held = dict(self.row(self.unmoved(run), run.made).get("resources") or {})
        values = {name: held.get(name) for name in ("cpu", "memory", "replicas")} | self.after
        run.client.call(
            self.operation,
            project_id=self.target.project,
            environment_id=resolved(self.target.environment, run.made),
            **values,
        )

    def back(self, present: Present, made: Mapping[int, str], index: int) -> tuple[list[Step], list[str]]:
        now = self.look(present, made)
        changed = {name: self.before[name] for name in self.after if now[name] != self.before[name]}
        if not changed:
            return [], []
        before = {name: now[name] for name in changed}
        return [Scale(target=self.target, why="as it was before", before=before, after=changed)], []
