"""Steps that verify a domain: its DNS records are waited for, then the platform has them looked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from createos_nb.client.dns.lookup import look_up, lookups_text
from createos_nb.client.dns.records import wanted_records
from createos_nb.errors import MissingExtra
from createos_nb.plans import waiting
from createos_nb.plans.snapshot import in_status
from createos_nb.plans.step_error import StepError
from createos_nb.plans.steps.base import Precondition, Step, Undo, UndoContext
from createos_nb.plans.steps.domains import VERIFY, DomainStep, records_text

if TYPE_CHECKING:
    from createos_nb.contract.domains import Domain
    from createos_nb.plans.context import Run
    from createos_nb.plans.snapshot import Snapshot

_STATUS: Final = "status"
#: Seconds between the first two looks at DNS, and the most between two later ones: records spread in minutes to hours.
_FIRST_PAUSE: Final = 15.0
_LONGEST_PAUSE: Final = 300.0
#: Seconds that the result of a check of the DNS records is waited for.
_CHECK_SECONDS: Final = 60.0
#: Seconds after which a check that nobody has asked for in this run is asked for again.
_FIRST_LOOK: Final = 20.0
_LATER: Final = "It can take 48 hours until DNS records have spread: plans.resume(journal) looks again, and goes on."


class AwaitRecords(DomainStep, kw_only=True, tag="wait for domain records"):
    """Look up the DNS records of a pending domain from here until they are as wanted; nothing is changed."""

    writes: ClassVar[bool] = False
    expected_seconds: ClassVar[float] = waiting.SETTLE_SECONDS
    criterion: ClassVar[str] = "its DNS records are found from here"

    @property
    def what(self) -> str:
        return f"wait for the DNS records of {self.target.domain_name}"

    def fields(self) -> list[tuple[str, str, str]]:
        return [("", "", "nothing is changed")]

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        return {}

    def write(self, run: Run) -> str:
        finding = ""

        def ready() -> bool:
            nonlocal finding
            row = self.row(run.snapshot())
            if in_status(row, "error"):
                raise given_up(row)
            if not in_status(row, "pending"):
                finding = f"{self.target.domain_name} is {row.status}"
                return True
            records = wanted_records(self.target.domain_name, row.records)
            lookups = look_up(run.client.session, self.target.domain_name, records)
            run.expire()  # on a simulator a slow name server lets time pass
            finding = lookups_text(lookups) or f"{records_text(row)}: its own check decides"
            run.emit("waiting", finding)
            return not any(one.is_awaited for one in lookups)

        pauses = {"first": _FIRST_PAUSE, "longest": _LONGEST_PAUSE}
        try:
            waiting.until(run, self.what, ready, waiting.SETTLE_SECONDS, **pauses)
        except MissingExtra as error:
            raise StepError(str(error), "Then plans.resume(journal) goes on.", kind="missing input") from error
        except StepError as error:
            if error.kind != "takes too long" or not finding:
                raise
            waits = f"domain {self.target.domain_name} waits for its DNS records: {finding}"
            raise StepError(waits, _LATER, kind="takes too long") from error
        return finding

    def undo(self, context: UndoContext) -> Undo:
        return Undo()


class VerifyDomain(DomainStep, kw_only=True, tag="verify domain"):
    """Have the DNS records of a pending domain looked for, and wait until it is active."""

    operation: ClassVar[str] = VERIFY
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
                _LATER,
                kind="takes too long",
            )
        waiting.until(run, self.what, lambda: in_status(self._look(run), "active"), waiting.SETTLE_SECONDS)

    def _look(self, run: Run) -> Domain:
        """The domain as it is now. Raises `StepError` where nothing will come of it."""
        row = self.row(run.snapshot())
        run.emit("waiting", f"{self.target.domain_name} {row.status}")
        if in_status(row, "error"):
            raise given_up(row)
        return row

    def undo(self, context: UndoContext) -> Undo:
        return Undo(notes=[f"{self.target.domain_name} stays verified: runbooks.delete removes it"])


def given_up(row: Domain) -> StepError:
    """The error of a domain that the platform looks for no more."""
    why = f": {row.message}" if row.message else ""
    return StepError(f"domain {row.name} ended as error{why}", "Delete it, and add it again.")
