"""Steps that add a domain: it is created, its DNS records are read, and it is verified once they are set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from msgspec.structs import replace

from createos_nb.plans import waiting
from createos_nb.plans.queries import Part
from createos_nb.plans.snapshot import id_of, in_status
from createos_nb.plans.step_error import StepError
from createos_nb.plans.steps.base import Precondition, Step, Undo, UndoContext, gone, id_of_created
from createos_nb.plans.steps.delete import DeleteDomain

if TYPE_CHECKING:
    from createos_nb.contract.domains import Domain
    from createos_nb.plans.context import Run
    from createos_nb.plans.snapshot import Snapshot

_STATUS: Final = "status"
#: Seconds that the result of a check of the DNS records is waited for.
_CHECK_SECONDS: Final = 60.0
#: Seconds after which a check that nobody has asked for in this run is asked for again.
_FIRST_LOOK: Final = 20.0


class AddDomain(Step, kw_only=True, tag="add domain"):
    """Add a domain, routed to an environment; it is pending until its DNS records are found."""

    operation: ClassVar[str] = "CreateDomain"
    creates: ClassVar[bool] = True
    expected_seconds: ClassVar[float] = 2.0

    @property
    def what(self) -> str:
        return f"add domain {self.target.domain_name} for {self.target.environment_name}"

    def resource_key(self) -> tuple[str, ...]:
        return ("add domain", self.target.project, self.target.domain_name)

    def identity_details(self) -> Any:
        return self.target.domain_name

    def fields(self) -> list[tuple[str, str, str]]:
        return [("domain", "–", f"{self.target.domain_name}, routed to {self.target.environment_name}")]

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        return {}

    def write(self, run: Run) -> str:
        answer = run.client.call(
            self.operation,
            project_id=self.target.project,
            name=self.target.domain_name,
            environment_id=self.target.environment,
        )
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
        return Undo([step.planned(context.snapshot, "the run has added it")])


class DomainStep(Step, kw_only=True):
    """A step about a domain that exists, or that an earlier step adds."""

    reads: ClassVar[tuple[Part, ...]] = ("domains",)

    def row(self, snapshot: Snapshot) -> Domain:
        """The domain as it is now. Raises `StepError`."""
        row = snapshot.domain(self.target.project, self.target.domain)
        if row is None or in_status(row, "deleting"):
            raise gone(f"domain {self.target.domain_name}")
        return row


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
        return f"{self.target.domain_name} is {row.status}, and does not answer yet: {records_text(row)}; then " + (
            f"runbooks.verify_domain(client, {self.target.project_name!r}, {self.target.domain_name!r}) verifies it"
        )

    def undo(self, context: UndoContext) -> Undo:
        return Undo()


class VerifyDomain(DomainStep, kw_only=True, tag="verify domain"):
    """Have the DNS records of a pending domain looked for, and wait until it is active."""

    operation: ClassVar[str] = "RefreshDomain"
    has_undo: ClassVar[bool] = False
    expected_seconds: ClassVar[float] = 60.0

    @property
    def what(self) -> str:
        return f"verify domain {self.target.domain_name}"

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        status = self.row(snapshot).status
        return {_STATUS: "active" if status == "updating" else status}

    def in_progress(self, now: Mapping[str, Any]) -> bool:
        return now.get(_STATUS) == "issuing"

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        name = f"domain {self.target.domain_name} can be verified"
        row = snapshot.domain(self.target.project, self.target.domain)
        status = "gone" if row is None else str(row.status)
        fine = row is not None and in_status(row, "pending", "issuing", "active", "updating")
        hint = "" if fine else ": only a pending domain is verified; delete it, and add it again"
        return [Precondition.of(name, fine, status + hint)]

    def write(self, run: Run) -> None:
        run.client.call(self.operation, project_id=self.target.project, domain_id=self.target.domain)

    def wait(self, run: Run) -> None:
        failures = self.row(run.snapshot()).failed_verification_count

        def checked() -> bool:
            row = self._look(run)
            return row.failed_verification_count != failures or not in_status(row, "pending")

        try:
            waiting.until(run, self.what, checked, _FIRST_LOOK)
        except StepError as error:
            if error.kind != "takes too long":
                raise
            # no check is under way, as in a run that is resumed: have it made once more
            self.write(run)
            waiting.until(run, self.what, checked, _CHECK_SECONDS)
        row = self.row(run.latest())
        if in_status(row, "pending"):
            raise StepError(
                f"domain {self.target.domain_name} is pending: {row.message or 'its DNS records are not found'}; "
                f"{records_text(row)}",
                "It can take 48 hours until DNS records have spread: plans.resume(journal) looks again, and goes on.",
                kind="takes too long",
            )
        waiting.until(run, self.what, lambda: in_status(self._look(run), "active"), waiting.SETTLE_SECONDS)

    def _look(self, run: Run) -> Domain:
        """The domain as it is now. Raises `StepError` where nothing will come of it."""
        row = self.row(run.snapshot())
        run.emit("waiting", f"{self.target.domain_name} {row.status}")
        if in_status(row, "error"):
            why = f": {row.message}" if row.message else ""
            raise StepError(f"domain {self.target.domain_name} ended as error{why}", "Delete it, and add it again.")
        return row

    def undo(self, context: UndoContext) -> Undo:
        return Undo(notes=[f"{self.target.domain_name} stays verified: runbooks.delete removes it"])


def records_text(row: Domain) -> str:
    """Return the DNS records that a domain waits for, in a sentence."""
    records = row.records
    if records is None or not (records.txt_records or records.a_records):
        return "the platform does not say which DNS records it needs"
    texts = [f"TXT {record.get('name')} = {record.get('value')}" for record in records.txt_records or []]
    addresses = [f"A @ = {address}" for address in records.a_records or []]
    return f"set these DNS records at {row.name}: {', '.join([*texts, *addresses])}"
