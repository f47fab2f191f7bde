"""Steps that delete something for good, or revoke it: nobody can undo them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from msgspec import field
from msgspec.structs import replace

from createos_nb.plans import waiting
from createos_nb.plans.queries import Part
from createos_nb.plans.snapshot import WithStatus, id_of, in_status, name_of, version_of
from createos_nb.plans.steps.base import Precondition, Reached, Step, Undo, UndoContext

if TYPE_CHECKING:
    from createos_nb.contract.api_keys import ApiKey
    from createos_nb.contract.apps import App
    from createos_nb.contract.cronjobs import Cronjob
    from createos_nb.contract.deployments import Deployment
    from createos_nb.contract.domains import Domain
    from createos_nb.contract.environments import Environment
    from createos_nb.contract.projects import Project
    from createos_nb.contract.row import Row
    from createos_nb.contract.template_rows import Template
    from createos_nb.naming import DeploymentStatus, EnvironmentStatus
    from createos_nb.plans.context import Run
    from createos_nb.plans.snapshot import Snapshot

#: Statuses of what is on its way out.
_GOING: Final[tuple[DeploymentStatus | EnvironmentStatus, ...]] = ("deleting", "terminating")
_STATE: Final = "state"


class DeleteStep(Step, kw_only=True):
    """A step after which something is not there any more.

    `before` holds what must still be so when it is written, such as what is live in it; `lost` says for people what
    goes with it.
    """

    has_undo: ClassVar[bool] = False
    irreversible: ClassVar[bool] = True
    expected_seconds: ClassVar[float] = 30.0
    #: What kind of thing it is.
    resource: ClassVar[str] = ""
    verb: ClassVar[str] = "delete"
    lost: dict[str, str] = field(default_factory=dict)

    @property
    def what(self) -> str:
        return f"{self.verb} {self.resource} {self.target.name}"

    def resource_key(self) -> tuple[str, ...]:
        target = self.target
        return (self.resource, target.project, target.environment, target.deployment, target.domain, target.thing)

    def fields(self) -> list[tuple[str, str, str]]:
        return [
            (self.resource, self.target.name, "gone"),
            *((name, value, "gone") for name, value in self.lost.items()),
        ]

    @abstractmethod
    def row(self, snapshot: Snapshot) -> Row | None:
        """What the platform says of it; None where it is gone."""

    def facts(self, snapshot: Snapshot) -> dict[str, Any]:
        """What must still be so when it is written."""
        return {}

    def state(self, snapshot: Snapshot) -> dict[str, Any]:
        """Its state, and while it is there its facts."""
        owner = self.target.project
        row = None if owner and snapshot.existing_project(owner) is None else self.row(snapshot)
        if row is None:
            return {_STATE: "gone"}
        if isinstance(row, WithStatus) and row.status in _GOING:
            return {_STATE: "going"}
        return {_STATE: "there", **self.facts(snapshot)}

    def planned(self, snapshot: Snapshot, why: str) -> Self:
        """The step with its present and its desired state."""
        return replace(self, why=why, before=self.state(snapshot), after={_STATE: "gone"})

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        return self.state(snapshot)

    def in_progress(self, now: Mapping[str, Any]) -> bool:
        return now.get(_STATE) == "going"

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        state = self.state(snapshot)[_STATE]
        detail = "" if state == "there" else "it is being deleted already" if state == "going" else "it is gone"
        return [Precondition.of(f"{self.resource} {self.target.name} is there", state != "gone", detail)]

    def wait(self, run: Run) -> None:
        waiting.gone(run, self.what, lambda: self.state(run.snapshot())[_STATE])

    def undo(self, context: UndoContext) -> Undo:
        rest = "; ".join(f"{name}: {value}" for name, value in self.lost.items())
        return Undo(notes=[f"{self.resource} {self.target.name} can't be restored" + (f" ({rest})" if rest else "")])


class DeleteProject(DeleteStep, kw_only=True, tag="delete project"):
    """Delete a project with all that is in it."""

    operation: ClassVar[str] = "DeleteProject"
    reads: ClassVar[tuple[Part, ...]] = ("project", "environments", "domains")
    resource: ClassVar[str] = "project"
    needs_active_project: ClassVar[bool] = False

    def row(self, snapshot: Snapshot) -> Project | None:
        return snapshot.existing_project(self.target.project)

    def reaches(self, snapshot: Snapshot) -> list[Reached]:
        return environments_of(snapshot, self.target.project, "it goes with its project")

    def facts(self, snapshot: Snapshot) -> dict[str, Any]:
        row = snapshot.project(self.target.project)
        if not in_status(row, "active"):
            return {"status": row.status}
        environments = snapshot.environments(self.target.project)
        live = {name_of(environment): environment.project_deployment_id for environment in environments}
        domains = sorted(str(domain.name) for domain in snapshot.domains(self.target.project))
        return {"status": "active", "live in it": live, "domains": domains}

    def label(self, field: str, value: Any) -> str:
        if isinstance(value, dict):
            return ", ".join(f"{name}: {live or 'nothing'}" for name, live in value.items()) or "nothing"
        return ", ".join(map(str, value)) or "none" if isinstance(value, list) else super().label(field, value)

    def write(self, run: Run) -> None:
        run.client.call(self.operation, project_id=self.target.project)


class DeleteEnvironment(DeleteStep, kw_only=True, tag="delete environment"):
    """Delete an environment with its variables, its cron jobs and its address; domains are routed to nothing."""

    operation: ClassVar[str] = "DeleteProjectEnvironment"
    reads: ClassVar[tuple[Part, ...]] = ("project", "environments", "domains")
    resource: ClassVar[str] = "environment"

    def row(self, snapshot: Snapshot) -> Environment | None:
        return snapshot.environment(self.target.project, self.target.environment)

    def facts(self, snapshot: Snapshot) -> dict[str, Any]:
        row, domains = self.row(snapshot), snapshot.domains(self.target.project)
        routed = [domain for domain in domains if domain.environment_id == self.target.environment]
        return {
            "live deployment": row.project_deployment_id if row is not None else None,
            "domains": sorted(str(domain.name) for domain in routed),
        }

    def label(self, field: str, value: Any) -> str:
        return ", ".join(map(str, value)) or "none" if isinstance(value, list) else super().label(field, value)

    def write(self, run: Run) -> None:
        run.client.call(self.operation, project_id=self.target.project, environment_id=self.target.environment)


class DeleteDeployment(DeleteStep, kw_only=True, tag="delete deployment"):
    """Delete a deployment that is live nowhere: it can't be rolled back to any more."""

    operation: ClassVar[str] = "DeleteDeployment"
    reads: ClassVar[tuple[Part, ...]] = ("project", "deployment", "environments")
    resource: ClassVar[str] = "deployment"

    def row(self, snapshot: Snapshot) -> Deployment | None:
        return snapshot.deployment(self.target.project, self.target.deployment)

    def reaches(self, snapshot: Snapshot) -> list[Reached]:
        return [Reached(id_of(environment), self.what) for environment in self._live_in(snapshot)]

    def facts(self, snapshot: Snapshot) -> dict[str, Any]:
        return {"live in": sorted(map(name_of, self._live_in(snapshot)))}

    def _live_in(self, snapshot: Snapshot) -> list[Environment]:
        environments = snapshot.environments(self.target.project)
        return [row for row in environments if row.project_deployment_id == self.target.deployment]

    def label(self, field: str, value: Any) -> str:
        return ", ".join(map(str, value)) or "nothing" if isinstance(value, list) else super().label(field, value)

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        rows = super().preconditions(snapshot, plan)
        live_in = self.state(snapshot).get("live in") or []
        name = f"{self.target.deployment_name} is live nowhere"
        if live_in:
            detail = f"it is live in {', '.join(live_in)}: runbooks.assign puts another version there first"
            return [*rows, Precondition(name, "fails", detail)]
        return [*rows, Precondition(name, "holds", "")]

    def write(self, run: Run) -> None:
        run.client.call(self.operation, project_id=self.target.project, deployment_id=self.target.deployment)


class DeleteDomain(DeleteStep, kw_only=True, tag="delete domain"):
    """Detach a domain: what it was routed to answers there no more."""

    operation: ClassVar[str] = "DeleteDomain"
    reads: ClassVar[tuple[Part, ...]] = ("project", "domains")
    resource: ClassVar[str] = "domain"

    def row(self, snapshot: Snapshot) -> Domain | None:
        return snapshot.domain(self.target.project, self.target.domain)

    def reaches(self, snapshot: Snapshot) -> list[Reached]:
        routed = self.before.get("environment")
        return [Reached(routed, f"{self.target.domain_name} leaves it")] if routed else []

    def facts(self, snapshot: Snapshot) -> dict[str, Any]:
        row = self.row(snapshot)
        return {"environment": row.environment_id if row is not None else None}

    def write(self, run: Run) -> None:
        run.client.call(self.operation, project_id=self.target.project, domain_id=self.target.domain)


class DeleteCronjob(DeleteStep, kw_only=True, tag="delete cron job"):
    """Delete a cron job with what is known of its runs."""

    operation: ClassVar[str] = "DeleteCronjob"
    reads: ClassVar[tuple[Part, ...]] = ("project", "cronjobs")
    resource: ClassVar[str] = "cron job"

    def row(self, snapshot: Snapshot) -> Cronjob | None:
        return next((row for row in snapshot.cronjobs(self.target.project) if row.id == self.target.thing), None)

    def write(self, run: Run) -> None:
        run.client.call(self.operation, project_id=self.target.project, cronjob_id=self.target.thing)


class DeleteApp(DeleteStep, kw_only=True, tag="delete app"):
    """Delete an app; its projects and services stay, ungrouped."""

    operation: ClassVar[str] = "DeleteApp"
    resource: ClassVar[str] = "app"

    def row(self, snapshot: Snapshot) -> App | None:
        return next((row for row in snapshot.apps() if row.id == self.target.thing), None)

    def write(self, run: Run) -> None:
        run.client.call(self.operation, app_id=self.target.thing)


class DeleteTemplate(DeleteStep, kw_only=True, tag="delete template"):
    """Withdraw a project template; who has bought it keeps it."""

    operation: ClassVar[str] = "DeleteProjectTemplate"
    resource: ClassVar[str] = "template"

    def row(self, snapshot: Snapshot) -> Template | None:
        return snapshot.template(self.target.thing)

    def write(self, run: Run) -> None:
        run.client.call(self.operation, template_id=self.target.thing)


class RevokeKey(DeleteStep, kw_only=True, tag="revoke key"):
    """Revoke an API key: whoever uses it is refused from then on."""

    operation: ClassVar[str] = "RevokeAPIKey"
    resource: ClassVar[str] = "API key"
    verb: ClassVar[str] = "revoke"
    expected_seconds: ClassVar[float] = 1.0

    def row(self, snapshot: Snapshot) -> ApiKey | None:
        rows = snapshot.api_keys()
        return next((row for row in rows if row.id == self.target.thing and not row.revoked_at), None)

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        rows = super().preconditions(snapshot, plan)
        detail = "the platform does not tell which key is which: with its own key revoked, this client is refused too"
        return [*rows, Precondition("it is another key than this client's", "unknown", detail)]

    def write(self, run: Run) -> None:
        run.client.call(self.operation, api_key_id=self.target.thing)


def environments_of(snapshot: Snapshot, project: str, how: str) -> list[Reached]:
    """Return all environments of an active project, reached in one way."""
    if not in_status(snapshot.project(project), "active"):
        return []
    return [Reached(id_of(environment), how) for environment in snapshot.environments(project)]


def lost_with(snapshot: Snapshot, row: Project) -> dict[str, str]:
    """Return what goes with a project, for people."""
    if not in_status(row, "active"):
        return {"what is in it": f"can't be read while the project is {row.status}"}
    project = id_of(row)
    deployments = snapshot.deployments(project)
    environments, domains, jobs = snapshot.environments(project), snapshot.domains(project), snapshot.cronjobs(project)
    lost = {
        "environments": ", ".join(map(name_of, environments)),
        "deployments": f"{len(deployments)}, the newest {version_of(deployments[0])}" if deployments else "",
        "domains": ", ".join(str(domain.name) for domain in domains),
        "variables": "; ".join(
            f"{name_of(environment)}: {names}" for environment in environments if (names := variables_in(environment))
        ),
        "cron jobs": ", ".join(str(job.name) for job in jobs),
    }
    return {name: value for name, value in lost.items() if value}


def variables_in(environment: Environment) -> str:
    """Return the names of an environment's variables."""
    variables = environment.settings.run_envs if environment.settings is not None else None
    return ", ".join(variables or {})
