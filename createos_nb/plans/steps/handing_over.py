"""Steps by which a project changes its owner: a token is made, and somebody else takes the project over with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from createos_nb.errors import CreateOSError
from createos_nb.plans import waiting
from createos_nb.plans.errors import MissingInput
from createos_nb.plans.steps.step import Precondition, Step
from createos_nb.secret import Secret

if TYPE_CHECKING:
    from createos_nb.plans.present import Present
    from createos_nb.plans.run import Run

_OWNER: Final = "owner"


class OfferTransfer(Step, kw_only=True, tag="offer transfer"):
    """Make the token with which another user can take a project over."""

    operation: ClassVar[str] = "GetProjectTransferUri"
    reversible: ClassVar[bool] = False
    final: ClassVar[bool] = True
    makes: ClassVar[bool] = True
    expected: ClassVar[float] = 1.0

    @property
    def what(self) -> str:
        return f"make a token with which another user can take {self.target.project_name} over"

    def place(self) -> tuple[str, ...]:
        return ("offer transfer", self.target.project)

    def fields(self) -> list[tuple[str, str, str]]:
        return [(_OWNER, "this account", "whoever uses the token within six hours")]

    def look(self, present: Present, made: Mapping[int, str]) -> dict[str, Any]:
        return {}

    def write(self, run: Run) -> str | None:
        said = run.client.call(self.operation, project_id=self.target.project)
        own = run.own()
        if own is not None and isinstance(said, dict):
            given = {name: said[name] for name in ("token", "frontendUri") if said.get(name)}
            own.issued |= {name: one if isinstance(one, Secret) else Secret(one) for name, one in given.items()}
        return None

    def back(self, present: Present, made: Mapping[int, str], index: int) -> tuple[list[Step], list[str]]:
        name = self.target.project_name
        return [], [f"the token can't be recalled: whoever has it can take {name} over until six hours have passed"]


class TakeOver(Step, kw_only=True, tag="take over"):
    """Take a project of another user over with a token."""

    operation: ClassVar[str] = "TransferProject"
    reversible: ClassVar[bool] = False
    final: ClassVar[bool] = True
    active: ClassVar[bool] = False
    expected: ClassVar[float] = 5.0

    @property
    def what(self) -> str:
        return f"take project {self.target.name} over"

    def place(self) -> tuple[str, ...]:
        return ("take over", self.target.project)

    def look(self, present: Present, made: Mapping[int, str]) -> dict[str, Any]:
        return {_OWNER: "another" if present.project_there(self.target.project) is None else "this account"}

    def preconditions(self, present: Present, plan: list[Step]) -> list[Precondition]:
        name = "the account may have another project"
        try:
            left = present.projects_left()
        except CreateOSError as error:
            return [Precondition(name, "unknown", str(error).split("\n", 1)[0])]
        if left is None:
            return [Precondition(name, "unknown", "the platform does not say")]
        if left <= 0:
            return [Precondition(name, "fails", "its quota of projects is used up: delete what is unused")]
        return [Precondition(name, "holds", f"{left} left")]

    def ready(self, run: Run) -> None:
        own = run.own()
        if own is None or not isinstance(own.source, Secret):
            raise MissingInput(
                "the token is not in the journal, for it holds no secrets",
                "plans.resume(journal, token=…) goes on; so does the notebook when it is run again.",
            )

    def write(self, run: Run) -> None:
        run.client.call(self.operation, project_id=self.target.project, token=run.own().source)

    def wait(self, run: Run) -> None:
        def ready() -> bool:
            return run.look().project_there(self.target.project) is not None

        waiting.until(run, self.what, ready, waiting.SETTLE_SECONDS)

    def back(self, present: Present, made: Mapping[int, str], index: int) -> tuple[list[Step], list[str]]:
        return [], [f"{self.target.name} belongs to this account now: only a transfer by its owner gives it back"]
