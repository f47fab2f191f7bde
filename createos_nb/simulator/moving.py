"""Rows that move while somebody pages through them: a row arrives at the top, or one that was seen goes."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from createos_nb.simulator import lifecycle, ownership, projects
from createos_nb.simulator.ids import hex_of, number_of
from createos_nb.simulator.state import Project

if TYPE_CHECKING:
    from createos_nb.operation import Operation
    from createos_nb.simulator.core import Core

_ARRIVED = "arrived-"
_IDLE = frozenset({"cancelled", "build_error", "error"})


def move_rows(core: Core, operation: Operation, user: str, ids: tuple[str, ...], query: str) -> None:
    """Move a row of deployments or projects before a page after the first one is read."""
    if parse_qs(query).get("offset", ["0"])[0] == "0":
        return
    arrives = number_of(2, core.state.counter, len(core.state.journal), query) == 0
    if operation.name == "ListDeployments":
        project = core.state.projects.get(ids[0])
        if project is not None and project.status == "active":
            _move_deployment(core, project, arrives)
    elif operation.name == "ListProjects" and user:
        _move_project(core, user, arrives)


def _move_deployment(core: Core, project: Project, arrives: bool) -> None:
    deployments = core.deployments(project)
    if arrives:
        last = next(reversed(deployments.values()), None)
        if last is not None:
            made = lifecycle.deploy(
                core, project, branch=last.branch, commit=last.commit, message=last.message, image=last.image
            )
            # It only stands in the list: nothing is to be built because somebody pages.
            lifecycle.cancel(core, project, made)
        return
    gone = next((one for one in reversed(deployments.values()) if one.status in _IDLE), None)
    if gone is not None:
        lifecycle.remove(core, project, gone)


def _move_project(core: Core, user: str, arrives: bool) -> None:
    if arrives:
        name = _ARRIVED + hex_of(8, core.state.seed, core.state.counter, len(core.state.projects))
        projects.new_project(core, user, name, name.capitalize(), "upload", settings={"runtime": "static", "port": 80})
        return
    for project in reversed(core.state.projects.values()):
        if project.user == user and project.name.startswith(_ARRIVED) and project.status == "active":
            ownership.remove(core, project)
            return
