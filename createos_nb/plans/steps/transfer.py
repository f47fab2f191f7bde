"""Steps that transfer a project: a token is created, and another user takes the project over with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from createos_nb.plans import waiting
from createos_nb.plans.context import TransientInputs
from createos_nb.plans.step_error import StepError
from createos_nb.plans.steps.base import Precondition, Reached, ResumeInputs, Step, Undo, UndoContext
from createos_nb.plans.steps.create_project import room_for_project
from createos_nb.plans.steps.delete import environments_of
from createos_nb.redaction import Secret

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.context import Run
    from createos_nb.plans.snapshot import Snapshot

_OWNER: Final = "owner"


class OfferTransfer(Step, kw_only=True, tag="offer transfer"):
    """Create the token with which another user can take a project over."""

    operation: ClassVar[str] = "GetProjectTransferUri"
    has_undo: ClassVar[bool] = False
    irreversible: ClassVar[bool] = True
    creates: ClassVar[bool] = True
    expected_seconds: ClassVar[float] = 1.0

    @property
    def issues_secret(self) -> bool:
        return True

    @property
    def what(self) -> str:
        return f"create a token with which another user can take {self.target.project_name} over"

    def resource_key(self) -> tuple[str, ...]:
        return ("offer transfer", self.target.project)

    def reaches(self, snapshot: Snapshot) -> list[Reached]:
        return environments_of(snapshot, self.target.project, "its project goes to another owner")

    def fields(self) -> list[tuple[str, str, str]]:
        return [(_OWNER, "this account", "whoever uses the token within six hours")]

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        return {}

    def write(self, run: Run) -> str | None:
        response = run.client.call(self.operation, project_id=self.target.project)
        if run.inputs is not None and isinstance(response, dict):
            secrets = {name: response[name] for name in ("token", "frontendUri") if response.get(name)}
            run.inputs.issued |= {name: Secret(value) for name, value in secrets.items()}
        return None

    def resume_inputs(self, inputs: ResumeInputs, client: Client) -> TransientInputs | None:
        return TransientInputs()

    def undo(self, context: UndoContext) -> Undo:
        name = self.target.project_name
        note = f"the token can't be revoked: whoever has it can take {name} over until six hours have passed"
        return Undo(notes=[note])


class TakeOver(Step, kw_only=True, tag="take over"):
    """Take a project of another user over with a token."""

    operation: ClassVar[str] = "TransferProject"
    has_undo: ClassVar[bool] = False
    irreversible: ClassVar[bool] = True
    needs_active_project: ClassVar[bool] = False
    expected_seconds: ClassVar[float] = 5.0

    @property
    def what(self) -> str:
        return f"take project {self.target.name} over"

    def resource_key(self) -> tuple[str, ...]:
        return ("take over", self.target.project)

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        return {_OWNER: "another" if snapshot.existing_project(self.target.project) is None else "this account"}

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        return [room_for_project(snapshot)]

    def check_inputs(self, run: Run) -> None:
        self._token(run)

    def _token(self, run: Run) -> Secret:
        if run.inputs is None or not isinstance(run.inputs.source, Secret):
            raise StepError(
                "the token is not in the journal, for it holds no secrets",
                "plans.resume(journal, token=…) goes on; so does the notebook when it is run again.",
                kind="missing input",
            )
        return run.inputs.source

    def write(self, run: Run) -> None:
        run.client.call(self.operation, project_id=self.target.project, token=self._token(run))

    def resume_inputs(self, inputs: ResumeInputs, client: Client) -> TransientInputs | None:
        return None if inputs.token is None else TransientInputs(source=Secret(inputs.token))

    def wait(self, run: Run) -> None:
        def ready() -> bool:
            return run.snapshot().existing_project(self.target.project) is not None

        waiting.until(run, self.what, ready, waiting.SETTLE_SECONDS)

    def undo(self, context: UndoContext) -> Undo:
        note = f"{self.target.name} belongs to this account now: only a transfer by its owner gives it back"
        return Undo(notes=[note])
