"""Steps that put projects into an app, or take them out of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace

from createos_nb.plans.snapshot import id_of
from createos_nb.plans.steps.base import Precondition, Step, gone
from createos_nb.plans.steps.reversible import ReversibleStep

if TYPE_CHECKING:
    from createos_nb.plans.snapshot import Snapshot


class AppStep(ReversibleStep, kw_only=True):
    """A step about an app, its target, and projects: the fields, each with the id of the app that groups it."""

    expected_seconds: ClassVar[float] = 1.0
    #: Ids of the projects by name.
    projects: dict[str, str]

    def identity_details(self) -> Any:
        return sorted(self.projects.values())

    def resource_key(self) -> tuple[str, ...]:
        return ("app", *sorted(self.projects.values()))

    def label(self, field: str, value: Any) -> str:
        return super().label(field, value or None)

    def current_label(self, field: str, value: Any, snapshot: Snapshot) -> str:
        return {row.id: str(row.name) for row in snapshot.apps()}.get(value, self.label(field, value))

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        rows = {id_of(row): row for row in snapshot.projects()}
        missing = [name for name, identity in self.projects.items() if identity not in rows]
        if missing:
            raise gone(f"project {', '.join(missing)}")
        return {name: rows[identity].app_id or None for name, identity in self.projects.items()}

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        there = any(row.id == self.target.thing for row in snapshot.apps())
        detail = "" if there else "it was deleted: client.apps.list shows those that there are"
        return [Precondition.of(f"app {self.target.thing_name} is there", there, detail)]

    def arguments(self) -> dict[str, Any]:
        return {"app_id": self.target.thing, "project_ids": list(self.projects.values())}

    def opposite(self, now: Mapping[str, Any], before: Mapping[str, Any]) -> list[Step]:
        """Back into the app that each project was in, or out of the one that it is in now."""
        return regroup(self.target_of, {name: self.projects[name] for name in before}, now, before, self.labels)

    def target_of(self, app: str) -> Any:
        """The target that is another app."""
        return replace(self.target, thing=app, thing_name=self.labels.get(app, app))


class AddToApp(AppStep, kw_only=True, tag="add to app"):
    """Put projects into an app; a project is in one app at most."""

    operation: ClassVar[str] = "AddProjectsToApp"

    @property
    def what(self) -> str:
        return f"put {', '.join(self.projects)} into app {self.target.thing_name}"


class RemoveFromApp(AppStep, kw_only=True, tag="remove from app"):
    """Take projects out of an app."""

    operation: ClassVar[str] = "RemoveProjectsFromApp"

    @property
    def what(self) -> str:
        return f"take {', '.join(self.projects)} out of app {self.target.thing_name}"


def regroup(
    target_of: Any,
    projects: Mapping[str, str],
    now: Mapping[str, Any],
    after: Mapping[str, Any],
    labels: dict[str, str],
    why: str = "as it was before",
) -> list[Step]:
    """Return the steps that bring projects from the apps that they are in to others, or to none: one for each app."""
    steps: list[Step] = []
    moves = dict.fromkeys((after[name] or now[name], bool(after[name])) for name in projects)
    for app, joins in moves:
        names = [name for name in projects if (after[name] or now[name], bool(after[name])) == (app, joins)]
        kind = AddToApp if joins else RemoveFromApp
        steps.append(
            kind(
                target=target_of(app),
                why=why,
                before={name: now[name] for name in names},
                after={name: after[name] for name in names},
                projects={name: projects[name] for name in names},
                labels=labels,
            )
        )
    return steps
