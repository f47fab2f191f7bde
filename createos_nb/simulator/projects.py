"""Serves `createos_nb.api.projects`, but for suspension and transfers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from createos_nb.api.types import ImageSettings, UploadSettings, VcsSettings, VcsSource
from createos_nb.simulator.access import project_of
from createos_nb.simulator.account import projects_in_use
from createos_nb.simulator.answers import encode, page
from createos_nb.simulator.moments import rfc3339, rfc3339_or_null
from createos_nb.simulator.ownership import retire
from createos_nb.simulator.refusal import Refusal
from createos_nb.simulator.registry import Call, serves
from createos_nb.simulator.runtimes import SUPPORTED, check_runtime
from createos_nb.simulator.state import Project
from createos_nb.simulator.validation import fields_of

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core

SETTINGS_OF: Final[dict[str, type[msgspec.Struct]]] = {
    "vcs": VcsSettings,
    "image": ImageSettings,
    "upload": UploadSettings,
}
PAGE: Final = 10
"""Rows of a page when no limit is given."""


def row(world: Core, project: Project) -> bytes:
    """A project as JSON."""
    found = world.rows.get(project.id)
    if found is None:
        found = world.rows[project.id] = encode(
            {
                "id": project.id,
                "uniqueName": project.name,
                "displayName": project.display,
                "type": project.type,
                "status": project.status,
                "description": project.description,
                "appId": project.app or None,
                "source": project.source if project.type == "vcs" else None,
                "settings": project.settings,
                "enabledSecurityScan": project.scanning,
                "userId": project.user,
                "createdAt": rfc3339(project.created),
                "updatedAt": rfc3339(project.updated),
                "expireAt": None,
                "deletedAt": rfc3339_or_null(project.deleted_at),
            }
        )
    return found


def projects_of(world: Core, user: str) -> list[Project]:
    """All projects of a user, newest first."""
    return [p for p in reversed(world.state.projects.values()) if p.user == user]


def project_page(world: Core, projects: list[Project], query: dict[str, Any] | Any) -> bytes:
    """One page of projects."""
    limit, offset = query.get("limit", PAGE), query.get("offset", 0)
    rows = [row(world, p) for p in projects[offset : offset + limit]]
    return page(rows, total=len(projects), limit=limit, offset=offset)


@serves("ListProjects")
def list_projects(world: Core, call: Call) -> Any:
    """A page of projects, newest first; deleted ones only if asked for."""
    query = call.query
    name, kind, status, app = (query.get(key) for key in ("name", "type", "status", "app"))
    part = name.lower() if name else ""
    found = [
        p
        for p in projects_of(world, call.user)
        if (p.status == status if status else p.status != "deleted")
        and (not kind or p.type == kind)
        and (not app or p.app == app)
        and (not part or part in p.name.lower() or part in p.display.lower())
    ]
    return project_page(world, found, query)


@serves("GetProject")
def get_project(world: Core, call: Call) -> Any:
    """One project."""
    return row(world, project_of(world, call, active=False))


def name_taken(world: Core, name: str) -> bool:
    """Whether a project of anybody has this name."""
    return any(p.name.lower() == name.lower() and p.status != "deleted" for p in world.state.projects.values())


@serves("CheckProjectUniqueName")
def check_project_name(world: Core, call: Call) -> Any:
    """Is this name free?"""
    return {"isAvailable": not name_taken(world, call.body.unique_name)}


@serves("CreateProject")
def create_project(world: Core, call: Call) -> Any:
    """Make a project; nothing is deployed yet."""
    body = call.body
    fields_of(body.settings, SETTINGS_OF[body.type], "settings")
    source = {} if body.source is msgspec.UNSET else dict(body.source)
    if body.type == "vcs":
        if not source:
            raise Refusal(400, "source is required for a vcs project")
        fields_of(source, VcsSource, "source")
    elif source:
        raise Refusal(400, f"source must be empty for a project of type {body.type}")
    check_runtime(body.type, body.settings)
    app = "" if body.app_id in (None, msgspec.UNSET) else body.app_id
    if app and (app not in world.state.apps or world.state.apps[app].user != call.user):
        raise Refusal(404, "app not found")
    if body.type == "vcs" and not any(
        account.user == call.user and str(account.installation) == source["vcsInstallationId"]
        for account in world.state.github
    ):
        raise Refusal(404, "GitHub installation not found: connect the account first")
    if name_taken(world, body.unique_name):
        raise Refusal(409, f"a project named {body.unique_name} exists already")
    if projects_in_use(world, call.user) >= world.state.settings.projects:
        raise Refusal(429, f"quota exceeded: {world.state.settings.projects} projects")
    project = new_project(
        world,
        call.user,
        body.unique_name,
        body.display_name,
        body.type,
        settings=dict(body.settings),
        source=source,
        description=None if body.description is msgspec.UNSET else body.description,
        app=app,
        scanning=body.enabled_security_scan is True,
    )
    return {"id": project.id}


def new_project(world: Core, user: str, name: str, display: str, kind: Any, **facts: Any) -> Project:
    """Put a new project into the world."""
    now = world.state.now
    project = Project(
        id=world.new_id("project"), user=user, name=name, display=display, type=kind, created=now, updated=now, **facts
    )
    if kind == "vcs":
        project.source = dict(project.source) | {"vcsFullName": _full_name(world, project)}
    world.state.projects[project.id] = project
    world.note("project made", project, name)
    return project


def _full_name(world: Core, project: Project) -> str:
    for account in world.state.github:
        for repository in account.repositories:
            if str(repository.id) == project.source.get("vcsRepoId"):
                return f"{account.username}/{repository.name}"
    return ""


@serves("UpdateProject")
def update_project(world: Core, call: Call) -> Any:
    """Change a project's display name, description and whether it is scanned."""
    project, body = project_of(world, call), call.body
    project.display = body.display_name
    if body.description is not msgspec.UNSET:
        project.description = body.description
    if isinstance(body.enabled_security_scan, bool):
        project.scanning = body.enabled_security_scan
    world.changed(project)
    world.note("project changed", project)
    return "Project updated successfully"


@serves("UpdateProjectSettings")
def update_settings(world: Core, call: Call) -> Any:
    """Merge build and run settings into those of the project; they count from the next deployment on."""
    project = project_of(world, call)
    given = {
        parameter.wire: value
        for parameter in call.operation.at("body")
        if (value := getattr(call.body, parameter.key)) is not msgspec.UNSET
    }
    fields_of({**project.settings, **given}, SETTINGS_OF[project.type], "")
    check_runtime(project.type, {**project.settings, **given})
    project.settings = {**project.settings, **given}
    world.changed(project)
    world.note("project settings changed", project, ", ".join(given))
    return "Project settings updated successfully"


@serves("DeleteProject")
def delete_project(world: Core, call: Call) -> Any:
    """Mark a project for deletion; it goes a little later, with all that is in it."""
    project = project_of(world, call, active=False)
    if project.status == "deleting":
        raise Refusal(400, "project is being deleted already")
    retire(world, project)
    return "Project marked for deletion"


@serves("GetSupportedProjectTypes")
def supported_types(world: Core, call: Call) -> Any:
    """Frameworks and runtimes."""
    return SUPPORTED
