"""Serves `createos_nb.api.apps`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from createos_nb.simulator.answers import encode, page
from createos_nb.simulator.moments import rfc3339
from createos_nb.simulator.projects import PAGE, project_page, projects_of
from createos_nb.simulator.refusal import Refusal
from createos_nb.simulator.registry import Call, serves
from createos_nb.simulator.state import App
from createos_nb.simulator.validation import check_id

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core

COLOR = "#1f77b4"
"""Of an app whose maker chose none."""


def _row(app: App) -> dict[str, Any]:
    return {
        "id": app.id,
        "name": app.name,
        "description": app.description,
        "color": app.color or COLOR,
        "userId": app.user,
        "createdAt": rfc3339(app.created),
        "updatedAt": rfc3339(app.updated),
    }


@serves("ListApps")
def list_apps(world: Core, call: Call) -> Any:
    """Apps of the user, oldest first."""
    return [_row(app) for app in world.state.apps.values() if app.user == call.user]


@serves("CreateApp")
def create_app(world: Core, call: Call) -> Any:
    """Make an app."""
    body, state = call.body, world.state
    if sum(app.user == call.user for app in state.apps.values()) >= state.settings.apps:
        raise Refusal(429, f"quota exceeded: {state.settings.apps} apps")
    app = new_app(
        world,
        call.user,
        body.name,
        None if body.description is msgspec.UNSET else body.description,
        "" if body.color is msgspec.UNSET else body.color,
    )
    return {"id": app.id}


def new_app(world: Core, user: str, name: str, description: str | None = None, color: str = "") -> App:
    """Put a new app into the world."""
    now = world.state.now
    app = App(
        id=world.new_id("app"), user=user, name=name, created=now, updated=now, color=color, description=description
    )
    world.state.apps[app.id] = app
    world.note("app made", text=name)
    return app


def _app(world: Core, call: Call) -> App:
    app = world.state.apps.get(call.ids[0])
    if app is None or app.user != call.user:
        check_id("app_id", call.ids[0])
        raise Refusal(404, "app not found")
    return app


@serves("UpdateApp")
def update_app(world: Core, call: Call) -> Any:
    """Rename, describe or recolour an app."""
    app, body = _app(world, call), call.body
    app.name = body.name
    if body.description is not msgspec.UNSET:
        app.description = body.description
    if body.color is not msgspec.UNSET:
        app.color = body.color
    world.changed(app)
    return "App updated successfully"


@serves("DeleteApp")
def delete_app(world: Core, call: Call) -> Any:
    """Delete an app; its projects and services stay."""
    app = _app(world, call)
    del world.state.apps[app.id]
    for project in projects_of(world, call.user):
        if project.app == app.id:
            project.app = ""
            world.changed(project)
    world.note("app deleted", text=app.name)
    return "App deleted successfully"


@serves("ListProjectsByApp")
def list_projects_by_app(world: Core, call: Call) -> Any:
    """A page of the projects of an app."""
    app = _app(world, call)
    return project_page(world, [p for p in projects_of(world, call.user) if p.app == app.id], call.query)


def _change_projects(world: Core, call: Call, before: str | None, after: str) -> None:
    projects = []
    for identity in call.body.project_ids:
        project = world.state.projects.get(identity)
        if project is None or project.user != call.user or project.status == "deleted":
            raise Refusal(404, f"project {identity} not found")
        projects.append(project)
    for project in projects:
        if before is None or project.app == before:
            project.app = after
            world.changed(project)


@serves("AddProjectsToApp")
def add_projects(world: Core, call: Call) -> Any:
    """Put projects into an app, all or none."""
    _change_projects(world, call, None, _app(world, call).id)
    return "Projects added to app successfully"


@serves("RemoveProjectsFromApp")
def remove_projects(world: Core, call: Call) -> Any:
    """Take projects out of an app, all or none."""
    _change_projects(world, call, _app(world, call).id, "")
    return "Projects removed from app successfully"


@serves("ListServicesByApp")
def list_services(world: Core, call: Call) -> Any:
    """A page of the services of an app."""
    services = _app(world, call).services
    limit, offset = call.query.get("limit", PAGE), call.query.get("offset", 0)
    rows = [encode({"id": one, "name": world.state.services[one].name}) for one in services[offset : offset + limit]]
    return page(rows, total=len(services), limit=limit, offset=offset)


def _services(world: Core, call: Call) -> list[str]:
    for identity in call.body.service_ids:
        service = world.state.services.get(identity)
        if service is None or service.user != call.user:
            raise Refusal(404, f"service {identity} not found")
    return list(dict.fromkeys(call.body.service_ids))


@serves("AddServicesToApp")
def add_services(world: Core, call: Call) -> Any:
    """Put services into an app, all or none; a service is in one app at most."""
    app, given = _app(world, call), _services(world, call)
    for other in world.state.apps.values():
        other.services = [one for one in other.services if one not in given]
    app.services.extend(given)
    world.changed(app)
    return "Services added to app successfully"


@serves("RemoveServicesFromApp")
def remove_services(world: Core, call: Call) -> Any:
    """Take services out of an app, all or none."""
    app, given = _app(world, call), _services(world, call)
    app.services = [one for one in app.services if one not in given]
    world.changed(app)
    return "Services removed from app successfully"
