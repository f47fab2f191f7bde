"""Steps that scan a deployment for vulnerabilities, and let a gate judge what was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from createos_nb.checks import FAIL
from createos_nb.client.findings import severity_counts
from createos_nb.errors import RequestError
from createos_nb.plans import waiting
from createos_nb.plans.gates import ScanGate
from createos_nb.plans.snapshot import in_status, name_of
from createos_nb.plans.step_error import StepError
from createos_nb.plans.steps.base import CREATED, Precondition, Reached, Step, Undo, UndoContext, gone
from createos_nb.times import unix

if TYPE_CHECKING:
    from createos_nb.contract.security import SecurityScan
    from createos_nb.plans.context import Run
    from createos_nb.plans.snapshot import Snapshot

#: What a deployment must be to be scanned.
_SCANNABLE: Final = ("deployed", "crashing", "sleeping")
#: Seconds that a scan may take.
_LONGEST: Final = 900.0
_SCAN, _UPDATED = "scan", "updated_at"
_LABELS: Final = {"none": "none that has succeeded", "running": "in progress", "outdated": "an earlier one"}
_AGAIN: Final = "plans.resume(journal) scans it again."


class ScanDeployment(Step, kw_only=True, tag="scan"):
    """Scan a deployment, and wait until the scan has succeeded; one that has failed is run again.

    One that runs already, whoever started it, is waited for.
    """

    operation: ClassVar[str] = "TriggerSecurityScan"
    has_undo: ClassVar[bool] = False
    expected_seconds: ClassVar[float] = 120.0
    criterion: ClassVar[str] = "the scan has succeeded"
    #: A scan that has succeeded and counts no more: its mark.
    replaces: str = ""

    @property
    def what(self) -> str:
        return f"scan {self.target.deployment_name} for vulnerabilities"

    def resource_key(self) -> tuple[str, ...]:
        return ("scan", self.target.project, self.target.deployment)

    def label(self, field: str, value: Any) -> str:
        return _LABELS.get(str(value), super().label(field, value))

    def reaches(self, snapshot: Snapshot) -> list[Reached]:
        return []

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        row = snapshot.scan(self.target.project, self.target.deployment)
        state = scan_state(row, snapshot)
        return {_SCAN: "outdated" if state == "success" and self.replaces == mark_of(row) else state}

    def in_progress(self, now: Mapping[str, Any]) -> bool:
        return now.get(_SCAN) == "running"

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        enabled = snapshot.project(self.target.project).enabled_security_scan
        name = f"security scans are switched on for {self.target.project_name}"
        hint = "client.projects.update(…, enabled_security_scan=True) switches them on"
        rows = [Precondition(name, "unknown", "the platform does not say")]
        if enabled is not None:
            rows = [Precondition.of(name, bool(enabled), "" if enabled else hint)]
        if self.target.deployment.startswith(CREATED):
            return rows
        row = snapshot.deployment(self.target.project, self.target.deployment)
        status = "gone" if row is None else str(row.status)
        scannable = row is not None and in_status(row, *_SCANNABLE)
        detail = status if scannable else waiting.with_hint(status)
        return [*rows, Precondition.of(f"{self.target.deployment_name} can be scanned", scannable, detail)]

    def recovery_baseline(self, snapshot: Snapshot) -> dict[str, Any]:
        row = snapshot.scan(self.target.project, self.target.deployment)
        return {} if row is None else {_UPDATED: row.updated_at}

    def write(self, run: Run) -> None:
        ids: dict[str, Any] = {"project_id": self.target.project, "deployment_id": self.target.deployment}
        row = run.latest().scan(*ids.values())
        failed = row is not None and row.status == "failed"
        try:
            run.client.call("RetriggerSecurityScan" if failed else self.operation, **ids)
        except RequestError as error:
            # somebody else, or the platform itself, may have started one in between
            now = self.read(run.snapshot(), run.created) if error.applied is False else {}
            if not self.in_progress(now):
                raise

    def is_lost(self, run: Run, number: int) -> bool:
        row = run.snapshot().scan(self.target.project, self.target.deployment)
        return row is not None and row.status == "failed"

    def wait(self, run: Run) -> None:
        name = self.target.deployment_name
        starts = run.attempts(run.step)
        before = starts[-1].get(_UPDATED) if starts else None

        def ready() -> bool:
            snapshot = run.snapshot()
            row = snapshot.scan(self.target.project, self.target.deployment)
            state = self.read(snapshot, run.created)[_SCAN]
            run.emit("waiting", f"scan of {name}: {_LABELS.get(state, state)}")
            if row is None:
                deployment = snapshot.deployment(self.target.project, self.target.deployment)
                if deployment is None or in_status(deployment, "terminating"):
                    raise gone(name)
            if row is not None and row.status == "failed" and row.updated_at != before:
                why = row.failed_reason or "the platform gives no reason"
                raise StepError(f"the scan of {name} failed: {why}", _AGAIN, kind="no data")
            return bool(state == "success")

        waiting.until(run, self.what, ready, _LONGEST)

    def undo(self, context: UndoContext) -> Undo:
        return Undo()


class CheckScan(Step, kw_only=True, tag="check scan"):
    """Let a gate judge the scan of a deployment: anything but a scan of it that has succeeded stops the plan."""

    writes: ClassVar[bool] = False
    expected_seconds: ClassVar[float] = 1.0
    criterion: ClassVar[str] = "the gate passes"
    gate: ScanGate
    #: The branch that is deployed; "" where none is, or the deployment was there before.
    branch: str = ""

    @property
    def what(self) -> str:
        return f"check the scan of {self.target.deployment_name}: {self.gate.max_severity} at worst"

    def identity_details(self) -> Any:
        return [self.gate.max_severity, self.branch]

    def resource_key(self) -> tuple[str, ...]:
        return ("check scan", self.target.project, self.target.deployment)

    def fields(self) -> list[tuple[str, str, str]]:
        return [("", "", "nothing is changed")]

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        return {}

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        if not self.branch or self.target.project.startswith(CREATED):
            return []
        held = {step.target.environment for step in plan if step.after.get("auto-promote") is False}
        rows = [row for row in snapshot.environments(self.target.project) if row.branch == self.branch]
        free = [row for row in rows if row.id not in held and snapshot.promotes_itself(row) is not False]
        what = f"no environment promotes {self.branch} before the scan is judged"
        unread = [name_of(row) for row in free if snapshot.promotes_itself(row) is None]
        promoting = [name_of(row) for row in free if name_of(row) not in unread]
        if promoting:
            detail = f"{' and '.join(promoting)} would go live with it unscanned: runbooks.hold stops that"
            return [Precondition(what, "fails", detail)]
        if unread:
            return [Precondition(what, "unknown", f"whether {' and '.join(unread)} promote it can't be read")]
        return [Precondition(what, "holds", "")]

    def write(self, run: Run) -> str:
        name, snapshot = self.target.deployment_name, run.snapshot()
        row = snapshot.scan(self.target.project, self.target.deployment)
        state = scan_state(row, snapshot)
        if row is None or state != "success":
            raise StepError(f"there is no scan of {name} that has succeeded: {_LABELS[state]}", _AGAIN, kind="no data")
        if row.deployment_id not in (None, self.target.deployment):
            raise StepError(f"the scan is of another deployment than {name}", "Nothing was assigned.", kind="no data")
        verdict = self.gate.judge(severity_counts(row.parsed_report))
        if not verdict.passed:
            raise StepError(
                f"the scan of {name} does not pass ({verdict.result}): {verdict.reason}",
                "Nothing was assigned: client.security.findings(…) lists what was found and the versions that mend it.",
                kind="check failed" if verdict.result == FAIL else "no data",
            )
        return verdict.reason

    def undo(self, context: UndoContext) -> Undo:
        return Undo()


def scan_state(row: SecurityScan | None, snapshot: Snapshot) -> str:
    """Return "success", "running", or "none" where there is none, it failed, or its report has expired."""
    if row is None or row.status == "failed":
        return "none"
    if row.status != "success":
        return "running"
    now = snapshot.client.clock.now()
    return "none" if row.expires_at and unix(row.expires_at, now) <= now else "success"


def mark_of(row: SecurityScan | None) -> str:
    """Return what tells one scan from the next one of the same deployment."""
    return "" if row is None else f"{row.id} {row.updated_at}"
