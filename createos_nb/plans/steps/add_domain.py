"""Steps that add a domain: it is created, and the DNS records that it needs are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace

from createos_nb.plans.snapshot import id_of, in_status
from createos_nb.plans.steps.base import CREATED, Precondition, Reached, Step, Undo, UndoContext, id_of_created
from createos_nb.plans.steps.delete import DeleteDomain
from createos_nb.plans.steps.domains import DomainStep, environment_is_live, records_text

if TYPE_CHECKING:
    from createos_nb.plans.context import Run
    from createos_nb.plans.snapshot import Snapshot


class AddDomain(Step, kw_only=True, tag="add domain"):
    """Add a domain, routed to an environment or to none; it is pending until its DNS records are found."""

    operation: ClassVar[str] = "CreateDomain"
    creates: ClassVar[bool] = True
    expected_seconds: ClassVar[float] = 2.0

    @property
    def what(self) -> str:
        routed = f" for {self.target.environment_name}" if self.target.environment else ""
        return f"add domain {self.target.domain_name}{routed}"

    def resource_key(self) -> tuple[str, ...]:
        return ("add domain", self.target.project, self.target.domain_name)

    def identity_details(self) -> Any:
        return self.target.domain_name

    def fields(self) -> list[tuple[str, str, str]]:
        where = self.target.environment_name if self.target.environment else "nothing"
        return [("domain", "–", f"{self.target.domain_name}, routed to {where}")]

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        return {}

    def reaches(self, snapshot: Snapshot) -> list[Reached]:
        return []  # nobody comes by a domain that is pending

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        if self.target.project.startswith(CREATED):
            return []  # a new project has none
        rows = snapshot.domains(self.target.project)
        free = not any(row.name == self.target.domain_name for row in rows)
        name = f"{self.target.project_name} has no domain {self.target.domain_name} yet"
        conditions = [Precondition.of(name, free, "" if free else "it is there already: make the plan again")]
        if self.target.environment:
            where = self.target.environment, self.target.environment_name
            conditions.append(environment_is_live(snapshot, self.target.project, *where, plan))
        return conditions

    def write(self, run: Run) -> str:
        routed: dict[str, Any] = {"environment_id": self.target.environment} if self.target.environment else {}
        answer = run.client.call(self.operation, project_id=self.target.project, name=self.target.domain_name, **routed)
        return id_of_created(self.operation, answer)

    def recover_created(self, run: Run, baseline: Mapping[str, Any]) -> str | None:
        rows = run.snapshot().domains(self.target.project)
        return next((id_of(row) for row in rows if row.name == self.target.domain_name), None)

    def exists(self, snapshot: Snapshot, created: str) -> bool:
        return snapshot.domain(self.target.project, created) is not None

    def undo(self, context: UndoContext) -> Undo:
        created = context.created.get(context.number)
        row = context.snapshot.domain(self.target.project, created) if created else None
        if row is None or in_status(row, "deleting"):
            return Undo()
        step = DeleteDomain(target=replace(self.target, domain=id_of(row)))
        again = f"{self.target.domain_name} is deleted: whoever adds it again has to set new DNS records"
        return Undo([step.planned(context.snapshot, "the run has added it")], [again])


class ReadRecords(DomainStep, kw_only=True, tag="read domain records"):
    """Read the DNS records that a domain waits for; nothing is changed."""

    operation: ClassVar[str] = "ListDomains"
    writes: ClassVar[bool] = False
    expected_seconds: ClassVar[float] = 1.0
    criterion: ClassVar[str] = "its DNS records are known"

    @property
    def what(self) -> str:
        return f"read the DNS records that {self.target.domain_name} needs"

    def fields(self) -> list[tuple[str, str, str]]:
        return [("", "", "nothing is changed")]

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        return {}

    def write(self, run: Run) -> str:
        row = self.row(run.snapshot())
        if not in_status(row, "pending", "error"):
            return f"{self.target.domain_name} is {row.status}"
        return (
            f"{self.target.domain_name} is {row.status}, and does not answer yet: {records_text(row)}; then "
            f"runbooks.route_domain(client, {self.target.project_name!r}, {self.target.domain_name!r}) verifies it"
        )

    def undo(self, context: UndoContext) -> Undo:
        return Undo()
