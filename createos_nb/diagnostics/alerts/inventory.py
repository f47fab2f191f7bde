"""What there is to look at: active projects, their environments, and what is live there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from createos_nb.client.name_resolution import names_or_ids
from createos_nb.diagnostics.alerts.alert import Place
from createos_nb.display import is_missing
from createos_nb.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from createos_nb.client.client import Client

#: Seconds after which projects, and the environments of each, are read again, if that takes no more than this share of
#: the requests; else as much later.
_EVERY: Final = 300.0
_SHARE: Final = 0.2
_HOUR: Final = 3600.0


class WatchedEnvironment(msgspec.Struct, kw_only=True):
    """An environment, and the id of its live deployment; "" without one."""

    id: str
    name: str
    live: str = ""


class WatchedProject(msgspec.Struct, kw_only=True):
    """A project, and its environments as they were last read.

    Attributes:
        id: its id.
        name: its unique name.
        scanned: scans are switched on.
        environments: its environments.
        read: Unix seconds at which they were read; None before the first time.
    """

    id: str
    name: str
    scanned: bool = False
    environments: list[WatchedEnvironment] = []
    read: float | None = None

    @property
    def place(self) -> Place:
        """Return the place of the project."""
        return Place(self.name, "", self.id)

    @property
    def places(self) -> list[Place]:
        """Return the places of its environments that have a live deployment."""
        return [Place(self.name, one.name, self.id, one.id) for one in self.environments if one.live]


class Inventory(msgspec.Struct, kw_only=True):
    """The projects that are watched.

    Attributes:
        projects: them, by id.
        read: Unix seconds at which they were read; None before the first time.
        skipped: projects that are not active, and their status.
    """

    projects: dict[str, WatchedProject] = {}
    read: float | None = None
    skipped: dict[str, str] = {}

    def due(self, now: float, hourly: float) -> bool:
        """Return whether the list of projects is to be read, of so many requests an hour."""
        return self.read is None or now - self.read >= self._every(hourly)

    def due_projects(self, now: float, hourly: float) -> list[WatchedProject]:
        """Return the projects whose environments are to be read, longest ago first."""
        every = self._every(hourly)
        due = [one for one in self.projects.values() if one.read is None or now - one.read >= every]
        return sorted(due, key=lambda one: one.read or 0.0)

    def _every(self, hourly: float) -> float:
        return max(_EVERY, _HOUR * (1 + len(self.projects)) / (_SHARE * hourly))

    def read_projects(
        self, client: Client, only: Sequence[str] | None, now: float, apps: Sequence[str] | None = None
    ) -> None:
        """Read the list of projects.

        Raises:
            UnknownName: There is no project of a name in `only`, or no app of one in `apps`.
            CreateOSError: It can't be read.
        """
        frame = client.projects.list()
        rows = list(frame.itertuples(index=False))
        if only is not None:
            wanted = names_or_ids("watch: projects", only)
            known = {str(row.unique_name) for row in rows} | {str(row.id) for row in rows}
            for name in wanted:
                if name not in known:
                    raise UnknownName("project", name, [str(row.unique_name) for row in rows])
            rows = [row for row in rows if str(row.unique_name) in wanted or str(row.id) in wanted]
        if apps is not None:
            ids = {client.session.names.id_of("app", app) for app in names_or_ids("watch: apps", apps)}
            rows = [row for row in rows if row.app_id in ids]
        active = [row for row in rows if row.status == "active"]
        self.skipped = {str(row.unique_name): str(row.status) for row in rows if row.status != "active"}
        before = self.projects
        self.projects = {}
        for row in active:
            project = before.get(str(row.id)) or WatchedProject(id=str(row.id), name=str(row.unique_name))
            project.name, project.scanned = str(row.unique_name), _is_true(row.enabled_security_scan)
            self.projects[project.id] = project
        if only is not None or frame.attrs.get("complete", True):
            self.read = now

    def read_environments(self, client: Client, project: WatchedProject, now: float) -> None:
        """Read the environments of a project.

        Raises:
            CreateOSError: They can't be read.
        """
        rows = client.session.rows("ListProjectEnvironments", project_id=project.id)
        project.environments = [
            WatchedEnvironment(
                id=str(row["id"]), name=str(row.get("uniqueName")), live=str(row.get("projectDeploymentId") or "")
            )
            for row in rows
            if row.get("id")
        ]
        project.read = now


def _is_true(value: object) -> bool:
    return not is_missing(value) and bool(value)
