"""The step that routes a domain, and what all steps about a domain share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from createos_nb.client.dns.records import wanted_records
from createos_nb.naming import text_for
from createos_nb.plans import waiting
from createos_nb.plans.queries import Part
from createos_nb.plans.snapshot import id_of, in_status, name_of
from createos_nb.plans.steps.base import (
    CREATED,
    Precondition,
    Reached,
    Step,
    Target,
    Undo,
    UndoContext,
    gone,
    resolved,
)
from createos_nb.plans.steps.environments import wake_step

if TYPE_CHECKING:
    from createos_nb.contract.domains import Domain
    from createos_nb.contract.projects import Project
    from createos_nb.naming import DomainStatus
    from createos_nb.plans.context import Run
    from createos_nb.plans.snapshot import Snapshot

_ROUTE: Final = "environment"
VERIFY: Final = "RefreshDomain"
"""The operation that has a domain's DNS records looked for."""
#: What to do about a domain that can't be routed.
_HINTS: Final[Mapping[DomainStatus | Literal["gone"], str]] = {
    "pending": "runbooks.route_domain waits for its DNS records (client.domains.records), and verifies it",
    "issuing": "its certificate is on its way: wait a moment",
    "error": "fix its DNS records, or delete the domain and create it again",
    "deleting": "it is being deleted",
    "gone": "it was deleted: make the plan again",
}


class DomainStep(Step, kw_only=True):
    """A step about a domain that exists, or that an earlier step adds."""

    reads: ClassVar[tuple[Part, ...]] = ("domains",)

    def row(self, snapshot: Snapshot) -> Domain:
        """The domain as it is now. Raises `StepError`."""
        row = snapshot.domain(self.target.project, self.target.domain)
        if row is None or in_status(row, "deleting"):
            raise gone(f"domain {self.target.domain_name}")
        return row


class Route(Step, kw_only=True, tag="route"):
    """Route an active domain to an environment that has a deployment."""

    operation: ClassVar[str] = "UpdateDomainEnvironment"
    reads: ClassVar[tuple[Part, ...]] = ("domains",)
    expected_seconds: ClassVar[float] = 15.0

    @property
    def what(self) -> str:
        return f"route {self.target.domain_name} to {self.label(_ROUTE, self.after[_ROUTE])}"

    def label(self, field: str, value: Any) -> str:
        return "nothing" if value is None else super().label(field, value)

    def current_label(self, field: str, value: Any, snapshot: Snapshot) -> str:
        if value is None or str(value) in self.labels:
            return self.label(field, value)
        environment = snapshot.environment(self.target.project, str(value))
        return str(value) if environment is None else name_of(environment)

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        row = snapshot.domain(self.target.project, self.target.domain)
        if row is None:
            raise gone(f"domain {self.target.domain_name}")
        return {_ROUTE: row.environment_id}

    def reaches(self, snapshot: Snapshot) -> list[Reached]:
        before, after = self.before.get(_ROUTE), self.after.get(_ROUTE)
        leaves = [Reached(before, f"{self.target.domain_name} leaves it")] if before else []
        exists = after and not str(after).startswith(CREATED)
        return [*leaves, *([Reached(str(after), f"{self.target.domain_name} comes to it")] if exists else [])]

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        row = snapshot.domain(self.target.project, self.target.domain)
        status = "gone" if row is None else str(row.status)
        message = None if row is None else row.message
        detail = ": ".join(part for part in (status, message, text_for(_HINTS, status)) if part)
        active = row is not None and in_status(row, "active", "updating")
        if not active and any(step.operation == VERIFY and step.target.domain == self.target.domain for step in plan):
            active, detail = row is not None, "an earlier step verifies it" if row is not None else detail
        rows = [Precondition.of(f"domain {self.target.domain_name} is active", active, detail)]
        after = self.after[_ROUTE]
        if after is None:
            return rows
        return [*rows, environment_is_live(snapshot, self.target.project, after, self.label(_ROUTE, after), plan)]

    def write(self, run: Run) -> None:
        run.client.call(
            self.operation,
            project_id=self.target.project,
            domain_id=self.target.domain,
            environment_id=resolved(self.after[_ROUTE], run.created),
        )

    def wait(self, run: Run) -> None:
        waiting.domain(run, self.target.project, self.target.domain, self.target.domain_name)

    def undo(self, context: UndoContext) -> Undo:
        snapshot = context.snapshot
        now, before = self.read(snapshot, context.created)[_ROUTE], self.before.get(_ROUTE)
        if now == before:
            return Undo()
        steps: list[Step] = []
        if before is not None:
            environment = snapshot.environment(self.target.project, str(before))
            live = snapshot.live_deployment(self.target.project, environment) if environment is not None else None
            if live is None:
                name = self.label(_ROUTE, before)
                note = f"{self.target.domain_name} can't be routed back to {name}: nothing is live there any more"
                return Undo(notes=[note])
            if in_status(live, "sleeping"):
                why = "it has fallen asleep since, and has to run before it serves"
                steps.append(wake_step(self.target.project, self.target.project_name, live, why))
        labels = {**self.labels, str(now): self.current_label(_ROUTE, now, snapshot)}
        why = "it was routed there before"
        route = Route(target=self.target, why=why, before={_ROUTE: now}, after={_ROUTE: before}, labels=labels)
        return Undo([*steps, route])


def environment_is_live(
    snapshot: Snapshot, project: str, environment: str, name: str, plan: list[Step]
) -> Precondition:
    """The precondition that an environment has a deployment: the platform routes a domain to no other."""
    what = f"environment {name} has a deployment"
    if environment.startswith(CREATED) or any(step.operation.startswith("Assign") for step in plan):
        return Precondition(what, "holds", "an earlier step gives it one")
    row = snapshot.environment(project, environment)
    live = row is not None and bool(row.project_deployment_id)
    nothing = "nothing is live in it: runbooks.assign assigns a version to it"
    return Precondition.of(what, live, "" if live else "gone: make the plan again" if row is None else nothing)


def records_text(row: Domain) -> str:
    """Return the DNS records that a domain waits for, in a sentence."""
    records = wanted_records(row.name or "", row.records)
    if not records:
        return "the platform does not say which DNS records it needs"
    return f"set these DNS records: {', '.join(map(str, records))}"


def domain_target(project: Project, domain: Domain) -> Target:
    """Return the target of a step: a domain of a project."""
    identity = id_of(domain)
    return Target(
        project=id_of(project), project_name=name_of(project), domain=identity, domain_name=domain.name or identity
    )
