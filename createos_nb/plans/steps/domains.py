"""The step that routes a domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from createos_nb.plans import waiting
from createos_nb.plans.steps.environments import wake_of
from createos_nb.plans.steps.step import MADE, Precondition, Step, gone, resolved

if TYPE_CHECKING:
    from createos_nb.plans.present import Present
    from createos_nb.plans.run import Run

_ROUTE: Final = "environment"
#: What to do about a domain that can't be routed.
_HINTS: Final = {
    "pending": "set its DNS records (client.domains.list shows them), then client.domains.refresh",
    "issuing": "its certificate is on its way: wait a moment",
    "error": "mend its DNS records, or delete the domain and make it again",
    "deleting": "it is being deleted",
    "gone": "it was deleted: make the plan again",
}


class Route(Step, kw_only=True, tag="route"):
    """Route an active domain to an environment that has a deployment."""

    operation: ClassVar[str] = "UpdateDomainEnvironment"
    expected: ClassVar[float] = 15.0

    @property
    def what(self) -> str:
        return f"route {self.target.domain_name} to {self.word(_ROUTE, self.after[_ROUTE])}"

    def word(self, field: str, value: Any) -> str:
        return "nothing" if value is None else super().word(field, value)

    def spelled(self, field: str, value: Any, present: Present) -> str:
        if value is None or str(value) in self.shown:
            return self.word(field, value)
        return str((present.environment(self.target.project, value) or {}).get("uniqueName") or value)

    def look(self, present: Present, made: Mapping[int, str]) -> dict[str, Any]:
        row = present.domain(self.target.project, self.target.domain)
        if row is None:
            raise gone(f"domain {self.target.domain_name}")
        return {_ROUTE: row.get("environmentId")}

    def preconditions(self, present: Present, plan: list[Step]) -> list[Precondition]:
        row = present.domain(self.target.project, self.target.domain)
        status = "gone" if row is None else str(row.get("status"))
        good = "holds" if status in ("active", "updating") else "fails"
        said = (row or {}).get("message")
        detail = ": ".join(str(part) for part in (status, said, _HINTS.get(status)) if part)
        found = [Precondition(f"domain {self.target.domain_name} is active", good, detail)]
        wanted = self.after[_ROUTE]
        if wanted is None:
            return found
        name = f"environment {self.word(_ROUTE, wanted)} has a deployment"
        if str(wanted).startswith(MADE) or any(one.operation.startswith("Assign") for one in plan):
            return [*found, Precondition(name, "holds", "an earlier step gives it one")]
        environment = present.environment(self.target.project, wanted)
        live = environment is not None and bool(environment.get("projectDeploymentId"))
        nothing = "nothing is live in it: runbooks.promote makes a version live there"
        detail = "" if live else "gone: make the plan again" if environment is None else nothing
        return [*found, Precondition(name, "holds" if live else "fails", detail)]

    def write(self, run: Run) -> None:
        run.client.call(
            self.operation,
            project_id=self.target.project,
            domain_id=self.target.domain,
            environment_id=resolved(self.after[_ROUTE], run.made),
        )

    def wait(self, run: Run) -> None:
        waiting.domain(run, self.target.project, self.target.domain, self.target.domain_name)

    def back(self, present: Present, made: Mapping[int, str], index: int) -> tuple[list[Step], list[str]]:
        now, before = self.look(present, made)[_ROUTE], self.before.get(_ROUTE)
        if now == before:
            return [], []
        steps: list[Step] = []
        if before is not None:
            row = present.environment(self.target.project, before)
            live = (
                row
                and row.get("projectDeploymentId")
                and present.deployment(self.target.project, row["projectDeploymentId"])
            )
            if not live:
                name = self.word(_ROUTE, before)
                return [], [f"{self.target.domain_name} can't go back to {name}: nothing is live there any more"]
            if live.get("status") == "sleeping":
                why = "it has fallen asleep since, and has to run before it serves"
                steps.append(wake_of(self.target.project, self.target.project_name, live, why))
        shown = {**self.shown, str(now): self.spelled(_ROUTE, now, present)}
        why = "it was routed there before"
        return [
            *steps,
            Route(target=self.target, why=why, before={_ROUTE: now}, after={_ROUTE: before}, shown=shown),
        ], []
