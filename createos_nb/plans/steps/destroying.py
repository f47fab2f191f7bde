"""Steps that delete something for good, or revoke it: nobody can take them back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from msgspec import field

from createos_nb.plans import waiting
from createos_nb.plans.present import version_of
from createos_nb.plans.steps.step import Precondition, Step

if TYPE_CHECKING:
    from createos_nb.plans.present import Present, Row
    from createos_nb.plans.run import Run

#: Statuses of what is on its way out.
_GOING: Final = ("deleting", "terminating")
_STATE: Final = "state"


class Destroy(Step, kw_only=True):
    """A step after which something is not there any more.

    `before` holds what must still be so when it is written, such as what is live in it; `lost` says for people what
    goes with it.
    """

    reversible: ClassVar[bool] = False
    final: ClassVar[bool] = True
    expected: ClassVar[float] = 30.0
    #: What kind of thing it is.
    noun: ClassVar[str] = ""
    verb: ClassVar[str] = "delete"
    lost: dict[str, str] = field(default_factory=dict)

    @property
    def what(self) -> str:
        return f"{self.verb} {self.noun} {self.target.name}"

    def place(self) -> tuple[str, ...]:
        one = self.target
        return (self.noun, one.project, one.environment, one.deployment, one.domain, one.thing)

    def fields(self) -> list[tuple[str, str, str]]:
        return [(self.noun, self.target.name, "gone"), *((name, value, "gone") for name, value in self.lost.items())]

    def row(self, present: Present) -> Row | None:
        """What the platform says of it; None where it is gone."""
        raise NotImplementedError

    def facts(self, present: Present, row: Row) -> dict[str, Any]:
        """What must still be so when it is written."""
        return {}

    def seen(self, present: Present) -> dict[str, Any]:
        """Its state, and while it is there its facts."""
        owner = self.target.project
        row = None if owner and present.project_there(owner) is None else self.row(present)
        if row is None:
            return {_STATE: "gone"}
        if row.get("status") in _GOING:
            return {_STATE: "going"}
        return {_STATE: "there", **self.facts(present, row)}

    def look(self, present: Present, made: Mapping[int, str]) -> dict[str, Any]:
        return self.seen(present)

    def under_way(self, now: Mapping[str, Any]) -> bool:
        return now.get(_STATE) == "going"

    def preconditions(self, present: Present, plan: list[Step]) -> list[Precondition]:
        state = self.seen(present)[_STATE]
        detail = "" if state == "there" else "it is being deleted already" if state == "going" else "it is gone"
        return [
            Precondition(f"{self.noun} {self.target.name} is there", "fails" if state == "gone" else "holds", detail)
        ]

    def wait(self, run: Run) -> None:
        waiting.gone(run, self.what, lambda: self.seen(run.look())[_STATE])

    def back(self, present: Present, made: Mapping[int, str], index: int) -> tuple[list[Step], list[str]]:
        rest = "; ".join(f"{name}: {value}" for name, value in self.lost.items())
        return [], [f"{self.noun} {self.target.name} can't be brought back" + (f" ({rest})" if rest else "")]


class DeleteProject(Destroy, kw_only=True, tag="delete project"):
    """Delete a project with all that is in it."""

    operation: ClassVar[str] = "DeleteProject"
    noun: ClassVar[str] = "project"
    active: ClassVar[bool] = False

    def row(self, present: Present) -> Row | None:
        return present.project_there(self.target.project)

    def facts(self, present: Present, row: Row) -> dict[str, Any]:
        if row.get("status") != "active":
            return {"status": row.get("status")}
        rows = present.environments(self.target.project)
        live = {str(one["uniqueName"]): one.get("projectDeploymentId") for one in rows}
        domains = sorted(str(one.get("name")) for one in present.domains(self.target.project))
        return {"status": "active", "live in it": live, "domains": domains}

    def word(self, field: str, value: Any) -> str:
        if isinstance(value, dict):
            return ", ".join(f"{name}: {live or 'nothing'}" for name, live in value.items()) or "nothing"
        return ", ".join(map(str, value)) or "none" if isinstance(value, list) else super().word(field, value)

    def write(self, run: Run) -> None:
        run.client.call(self.operation, project_id=self.target.project)


class DeleteEnvironment(Destroy, kw_only=True, tag="delete environment"):
    """Delete an environment with its variables, its cron jobs and its address; domains are routed to nothing."""

    operation: ClassVar[str] = "DeleteProjectEnvironment"
    noun: ClassVar[str] = "environment"

    def row(self, present: Present) -> Row | None:
        return present.environment(self.target.project, self.target.environment)

    def facts(self, present: Present, row: Row) -> dict[str, Any]:
        routed = [one for one in present.domains(self.target.project) if one.get("environmentId") == row["id"]]
        return {
            "live deployment": row.get("projectDeploymentId"),
            "domains": sorted(str(one.get("name")) for one in routed),
        }

    def word(self, field: str, value: Any) -> str:
        return ", ".join(map(str, value)) or "none" if isinstance(value, list) else super().word(field, value)

    def write(self, run: Run) -> None:
        run.client.call(self.operation, project_id=self.target.project, environment_id=self.target.environment)


class DeleteDeployment(Destroy, kw_only=True, tag="delete deployment"):
    """Delete a deployment that is live nowhere: it can't be rolled back to any more."""

    operation: ClassVar[str] = "DeleteDeployment"
    noun: ClassVar[str] = "deployment"

    def row(self, present: Present) -> Row | None:
        return present.deployment(self.target.project, self.target.deployment)

    def facts(self, present: Present, row: Row) -> dict[str, Any]:
        rows = present.environments(self.target.project)
        return {
            "live in": sorted(str(one["uniqueName"]) for one in rows if one.get("projectDeploymentId") == row["id"])
        }

    def word(self, field: str, value: Any) -> str:
        return ", ".join(map(str, value)) or "nothing" if isinstance(value, list) else super().word(field, value)

    def preconditions(self, present: Present, plan: list[Step]) -> list[Precondition]:
        found = super().preconditions(present, plan)
        held = self.seen(present).get("live in") or []
        name = f"{self.target.deployment_name} is live nowhere"
        if held:
            detail = f"it is live in {', '.join(held)}: runbooks.promote puts another version there first"
            return [*found, Precondition(name, "fails", detail)]
        return [*found, Precondition(name, "holds", "")]

    def write(self, run: Run) -> None:
        run.client.call(self.operation, project_id=self.target.project, deployment_id=self.target.deployment)


class DeleteDomain(Destroy, kw_only=True, tag="delete domain"):
    """Detach a domain: what it was routed to answers there no more."""

    operation: ClassVar[str] = "DeleteDomain"
    noun: ClassVar[str] = "domain"

    def row(self, present: Present) -> Row | None:
        return present.domain(self.target.project, self.target.domain)

    def facts(self, present: Present, row: Row) -> dict[str, Any]:
        return {"environment": row.get("environmentId")}

    def write(self, run: Run) -> None:
        run.client.call(self.operation, project_id=self.target.project, domain_id=self.target.domain)


class DeleteCronjob(Destroy, kw_only=True, tag="delete cron job"):
    """Delete a cron job with what is known of its runs."""

    operation: ClassVar[str] = "DeleteCronjob"
    noun: ClassVar[str] = "cron job"

    def row(self, present: Present) -> Row | None:
        return next((row for row in present.cronjobs(self.target.project) if row.get("id") == self.target.thing), None)

    def write(self, run: Run) -> None:
        run.client.call(self.operation, project_id=self.target.project, cronjob_id=self.target.thing)


class DeleteApp(Destroy, kw_only=True, tag="delete app"):
    """Delete an app; its projects and services stay, ungrouped."""

    operation: ClassVar[str] = "DeleteApp"
    noun: ClassVar[str] = "app"

    def row(self, present: Present) -> Row | None:
        return next((row for row in present.apps() if row.get("id") == self.target.thing), None)

    def write(self, run: Run) -> None:
        run.client.call(self.operation, app_id=self.target.thing)


class DeleteTemplate(Destroy, kw_only=True, tag="delete template"):
    """Withdraw a project template; who has bought it keeps it."""

    operation: ClassVar[str] = "DeleteProjectTemplate"
    noun: ClassVar[str] = "template"

    def row(self, present: Present) -> Row | None:
        return present.template(self.target.thing)

    def write(self, run: Run) -> None:
        run.client.call(self.operation, template_id=self.target.thing)


class RevokeKey(Destroy, kw_only=True, tag="revoke key"):
    """Revoke an API key: whoever uses it is refused from then on."""

    operation: ClassVar[str] = "RevokeAPIKey"
    noun: ClassVar[str] = "API key"
    verb: ClassVar[str] = "revoke"
    expected: ClassVar[float] = 1.0

    def row(self, present: Present) -> Row | None:
        rows = present.api_keys()
        return next((row for row in rows if row.get("id") == self.target.thing and not row.get("revokedAt")), None)

    def preconditions(self, present: Present, plan: list[Step]) -> list[Precondition]:
        found = super().preconditions(present, plan)
        detail = "the platform does not tell which key is which: with its own key revoked, this client is refused too"
        return [*found, Precondition("it is another key than this client's", "unknown", detail)]

    def write(self, run: Run) -> None:
        run.client.call(self.operation, api_key_id=self.target.thing)


def lost_with(present: Present, row: Row) -> dict[str, str]:
    """What goes with a project, for people."""
    if row.get("status") != "active":
        return {"what is in it": f"can't be read while the project is {row.get('status')}"}
    project = str(row["id"])
    deployments = present.deployments(project)
    environments, domains, jobs = present.environments(project), present.domains(project), present.cronjobs(project)
    found = {
        "environments": ", ".join(str(one["uniqueName"]) for one in environments),
        "deployments": f"{len(deployments)}, the newest {version_of(deployments[0])}" if deployments else "",
        "domains": ", ".join(str(one.get("name")) for one in domains),
        "variables": "; ".join(f"{one['uniqueName']}: {names}" for one in environments if (names := variables_in(one))),
        "cron jobs": ", ".join(str(one.get("name")) for one in jobs),
    }
    return {name: value for name, value in found.items() if value}


def variables_in(environment: Row) -> str:
    """Names of an environment's variables."""
    return ", ".join((environment.get("settings") or {}).get("runEnvs") or {})
