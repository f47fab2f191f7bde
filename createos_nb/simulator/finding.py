"""Projects and environments by their names, for those who shape a world from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.simulator.state import Environment, Project

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core


def project_named(core: Core, name: str) -> Project:
    """A project by name or id. Raises `UnknownName`."""
    there = [one for one in core.state.projects.values() if one.status != "deleted"]
    for project in there:
        if name in (project.name, project.id):
            return project
    raise UnknownName("project", name, [one.name for one in there])


def environment_named(project: Project, name: str) -> Environment:
    """An environment of a project by name or id. Raises `UnknownName`."""
    for environment in project.environments.values():
        if name in (environment.name, environment.id):
            return environment
    raise UnknownName("environment", name, [one.name for one in project.environments.values()], project.name)


def environment_at(core: Core, path: str) -> tuple[Project, Environment]:
    """What "project/environment" names. Raises `UnknownName`, `InvalidInput`."""
    first, slash, second = path.partition("/")
    if not slash:
        raise InvalidInput(f'write "project/environment", not {path!r}')
    project = project_named(core, first)
    return project, environment_named(project, second)
