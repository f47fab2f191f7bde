"""The step that connects a GitHub account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from createos_nb.plans import waiting
from createos_nb.plans.context import TransientInputs
from createos_nb.plans.step_error import StepError
from createos_nb.plans.steps.base import ResumeInputs, Step, Undo, UndoContext
from createos_nb.redaction import Secret

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.context import Run
    from createos_nb.plans.snapshot import Snapshot

_CONNECTED: Final = "connected"


class ConnectGithub(Step, kw_only=True, tag="connect github"):
    """Finish connecting a GitHub account, with the code that the browser came back with."""

    operation: ClassVar[str] = "InstallGithubApp"
    has_undo: ClassVar[bool] = False
    needs_active_project: ClassVar[bool] = False
    expected_seconds: ClassVar[float] = 2.0

    @property
    def what(self) -> str:
        return f"connect GitHub, {self.target.name}"

    def resource_key(self) -> tuple[str, ...]:
        return ("connect github", self.target.thing)

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        return {_CONNECTED: any(str(row.installation_id) == self.target.thing for row in snapshot.github_accounts())}

    def check_inputs(self, run: Run) -> None:
        self._code(run)

    def _code(self, run: Run) -> Secret:
        if run.inputs is None or not isinstance(run.inputs.source, Secret):
            raise StepError(
                "the code is not in the journal, for it holds no secrets",
                "plans.resume(journal, token=…) goes on; so does the notebook when it is run again.",
                kind="missing input",
            )
        return run.inputs.source

    def resume_inputs(self, inputs: ResumeInputs, client: Client) -> TransientInputs | None:
        return None if inputs.token is None else TransientInputs(source=Secret(inputs.token))

    def write(self, run: Run) -> None:
        run.client.call(self.operation, code=self._code(run), installation_id=int(self.target.thing))

    def wait(self, run: Run) -> None:
        waiting.until(run, self.what, lambda: self.read(run.snapshot(), {})[_CONNECTED], waiting.SETTLE_SECONDS)

    def undo(self, context: UndoContext) -> Undo:
        return Undo(notes=["the platform has no call that disconnects an account: GitHub's settings do"])
