"""The step that makes an environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from createos_nb.plans import waiting
from createos_nb.plans.steps.step import Precondition, Step

if TYPE_CHECKING:
    from createos_nb.plans.present import Present
    from createos_nb.plans.run import Run


class MakeEnvironment(Step, kw_only=True, tag="make environment"):
    """Make an environment like another one: its branch and size, no auto-promotion; its variables are copied."""

    operation: ClassVar[str] = "CreateProjectEnvironment"
    reversible: ClassVar[bool] = False
    makes: ClassVar[bool] = True
    name: str
    display: str
    description: str
    branch: str | None
    cpu: int
    memory: int
    replicas: int
    #: Environment whose variables it gets.
    like: str

    @property
    def what(self) -> str:
        return f"make environment {self.name}"

    def details(self) -> Any:
        return [self.name, self.branch, self.cpu, self.memory, self.replicas, self.like]

    def place(self) -> tuple[str, ...]:
        return ("make environment", self.target.project, self.name)

    def fields(self) -> list[tuple[str, str, str]]:
        size = f"{self.cpu} millicores, {self.memory} MB, {self.replicas} replicas"
        return [("environment", "–", f"{self.name}: {size}, branch {self.branch or '–'}")]

    def look(self, present: Present, made: Mapping[int, str]) -> dict[str, Any]:
        return {}

    def preconditions(self, present: Present, plan: list[Step]) -> list[Precondition]:
        rows = present.environments(self.target.project)
        free = not any(row.get("uniqueName") == self.name for row in rows)
        told = f"there are {len(rows)}; the platform has a limit for each project and does not tell it"
        return [
            Precondition(f"the name {self.name} is free", "holds" if free else "fails", "" if free else "it is taken"),
            Precondition("the project may have another environment", "unknown", told),
        ]

    def write(self, run: Run) -> str:
        from createos_nb.plans.steps.variables import variables_of

        present = run.look()
        values: dict[str, Any] = {}
        if self.branch:
            values["branch"] = self.branch
        made = run.client.call(
            self.operation,
            project_id=self.target.project,
            unique_name=self.name,
            display_name=self.display,
            description=self.description,
            resources={"cpu": self.cpu, "memory": self.memory, "replicas": self.replicas},
            settings={"runEnvs": variables_of(present.environment(self.target.project, self.like) or {})},
            is_auto_promote_enabled=False,
            **values,
        )
        return str(made["id"])

    def adopt(self, run: Run, baseline: Mapping[str, Any]) -> str | None:
        rows = run.look().environments(self.target.project)
        return next((str(row["id"]) for row in rows if row.get("uniqueName") == self.name), None)

    def there(self, present: Present, made: str) -> bool:
        return present.environment(self.target.project, made) is not None

    def wait(self, run: Run) -> None:
        waiting.environment(run, self.target.project, run.made[run.step], self.name)

    def back(self, present: Present, made: Mapping[int, str], index: int) -> tuple[list[Step], list[str]]:
        return [], [f"environment {self.name} stays: to delete it can't be undone (runbooks.delete does it)"]
