"""Steps of a clean-up: many deployments of a project are deleted, and builds that nobody waits for are cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from msgspec import field

from createos_nb.plans import waiting
from createos_nb.plans.queries import Part
from createos_nb.plans.snapshot import in_status, name_of
from createos_nb.plans.steps.base import Precondition, Step, Undo, UndoContext, gone
from createos_nb.plans.steps.delete import DeleteDeployment

if TYPE_CHECKING:
    from createos_nb.plans.context import Run
    from createos_nb.plans.errors import Difference
    from createos_nb.plans.snapshot import Snapshot

_STATE: Final = "state"
_STATUS: Final = "status"
#: Fields of what holds for the whole project: what is live in an environment, and the good deployments that stay.
_LIVE: Final = "live deployment of "
_STAYS: Final = "good ones that stay"
#: What a build that can be cancelled is, whatever it is doing just now.
UNFINISHED: Final = "queued or building"
#: What a deployment that runs and one that has fallen asleep since are alike to a clean-up.
_SERVICEABLE: Final = "deployed or asleep"


class CleanUpDeployment(DeleteDeployment, kw_only=True, tag="clean up deployment"):
    """Delete one of many deployments; only the last step of a clean-up waits, for all of them.

    One that is on its way out is as good as gone. What is live in the project's environments, and the good deployments
    that stay, must still be so when it is written: the choice rests on them.
    """

    reads: ClassVar[tuple[Part, ...]] = ("project", "environments", "deployments")
    expected_seconds: ClassVar[float] = 2.0
    #: It slept when the plan was made: somebody who has woken it since wants it.
    asleep: bool = False
    #: Ids of the good deployments that stay.
    stays: list[str] = field(default_factory=list)
    #: Ids of all that the plan deletes, in its last step.
    batch: list[str] = field(default_factory=list)

    @property
    def typed_name(self) -> str:
        return self.target.project_name

    def identity_details(self) -> Any:
        return self.stays

    def fields(self) -> list[tuple[str, str, str]]:
        return [(self.resource, self.target.name, "gone")]  # what it was made of stands in the plan's listing

    def usual_seconds(self) -> float:
        return 30.0 if self.batch else self.expected_seconds

    def state(self, snapshot: Snapshot) -> dict[str, Any]:
        state = super().state(snapshot)
        return {_STATE: "gone"} if state[_STATE] == "going" else state

    def facts(self, snapshot: Snapshot) -> dict[str, Any]:
        row = self.row(snapshot)
        status = row.status if row is not None else None
        if not self.asleep and row is not None and in_status(row, "deployed", "sleeping"):
            status = _SERVICEABLE
        # one that is being woken is none the worse for it
        rows = snapshot.deployments(self.target.project)
        good = [one.id for one in rows if in_status(one, "deployed", "sleeping", "deploying")]
        environments = snapshot.environments(self.target.project)
        return (
            super().facts(snapshot)
            | {_STATUS: status, _STAYS: [identity for identity in self.stays if identity in good]}
            | {f"{_LIVE}{name_of(one)}": one.project_deployment_id for one in environments}
        )

    def differences(
        self, number: int, planned: Mapping[str, Any], now: Mapping[str, Any], snapshot: Snapshot
    ) -> list[Difference]:
        return [
            # what holds for the whole project is the same for each step
            row._replace(target=self.target.project_name) if row.field.startswith((_LIVE, _STAYS)) else row
            for row in super().differences(number, planned, now, snapshot)
        ]

    def label(self, field: str, value: Any) -> str:
        if isinstance(value, list) and field == _STAYS:
            return ", ".join(self.labels.get(str(identity), str(identity)) for identity in value) or "none"
        return "nothing" if field.startswith(_LIVE) and not value else super().label(field, value)

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        # what somebody else has deleted meanwhile is no obstacle
        return [row for row in super().preconditions(snapshot, plan) if "live nowhere" in row.precondition]

    def wait(self, run: Run) -> None:
        def on_its_way() -> bool:
            return bool(self.state(run.snapshot())[_STATE] == "gone")

        def all_gone() -> bool:
            rows = run.snapshot().deployments(self.target.project)
            left = [row for row in rows if row.id in self.batch]
            run.emit("waiting", f"{len(left)} of {len(self.batch)} deployments are being deleted")
            return not left

        waiting.until(run, self.what, all_gone if self.batch else on_its_way, waiting.SETTLE_SECONDS)


class CancelDeployment(Step, kw_only=True, tag="cancel deployment"):
    """Cancel a deployment that is queued or being built."""

    operation: ClassVar[str] = "CancelDeployment"
    reads: ClassVar[tuple[Part, ...]] = ("project", "deployments")
    has_undo: ClassVar[bool] = False
    expected_seconds: ClassVar[float] = 1.0

    @property
    def what(self) -> str:
        return f"cancel {self.target.deployment_name}"

    def resource_key(self) -> tuple[str, ...]:
        return ("cancel", self.target.project, self.target.deployment)

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        row = snapshot.deployment(self.target.project, self.target.deployment)
        if row is None:
            raise gone(self.target.deployment_name)
        return {_STATUS: UNFINISHED if in_status(row, "queue", "building") else row.status}

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        row = snapshot.deployment(self.target.project, self.target.deployment)
        status = "gone" if row is None else str(row.status)
        name = f"{self.target.deployment_name} is queued or being built"
        return [Precondition.of(name, row is not None and in_status(row, "queue", "building", "cancelled"), status)]

    def write(self, run: Run) -> None:
        run.client.call(self.operation, project_id=self.target.project, deployment_id=self.target.deployment)

    def undo(self, context: UndoContext) -> Undo:
        name = self.target.deployment_name
        return Undo(notes=[f"{name} stays cancelled: runbooks.retry_failed builds its commit as a new deployment"])
