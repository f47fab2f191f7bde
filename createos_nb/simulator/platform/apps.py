"""Serves `createos_nb.contract.apps`."""

from __future__ import annotations

from typing import Any

import msgspec

from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.envelope import encode, page
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.platform.projects import PAGE, project_page, projects_of
from createos_nb.simulator.platform.registry import Call, Payload, serves
from createos_nb.simulator.platform.validation import check_id
from createos_nb.simulator.state import App
from createos_nb.simulator.times import rfc3339

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
def list_apps(context: WorldContext, call: Call) -> Payload:
    """Apps of the user, oldest first."""
    return [_row(app) for app in context.state.apps.values() if app.user == call.user]


@serves("CreateApp")
def create_app(context: WorldContext, call: Call) -> Payload:
    """Make an app."""
    body, state = call.body, context.state
    if sum(app.user == call.user for app in state.apps.values()) >= state.settings.apps:
        raise HttpError(429, f"quota exceeded: {state.settings.apps} apps")
    app = new_app(
        context,
        call.user,
        body.name,
        None if body.description is msgspec.UNSET else body.description,
        "" if body.color is msgspec.UNSET else body.color,
    )
    return {"id": app.id}


def new_app(context: WorldContext, user: str, name: str, description: str | None = None, color: str = "") -> App:
    """Put a new app into the world."""
    now = context.state.now
    app = App(
        id=context.new_id("app"), user=user, name=name, created=now, updated=now, color=color, description=description
    )
    context.state.apps[app.id] = app
    context.record("app made", text=name)
    return app


def _app(context: WorldContext, call: Call) -> App:
    app = context.state.apps.get(call.ids[0])
    if app is None or app.user != call.user:
        check_id("app_id", call.ids[0])
        raise HttpError(404, "app not found")
    return app


@serves("UpdateApp")
def update_app(context: WorldContext, call: Call) -> Payload:
    """Rename, describe or recolour an app."""
    app, body = _app(context, call), call.body
    app.name = body.name
    if body.description is not msgspec.UNSET:
        app.description = body.description
    if body.color is not msgspec.UNSET:
        app.color = body.color
    context.touch(app)
    return "App updated successfully"


@serves("DeleteApp")
def delete_app(context: WorldContext, call: Call) -> Payload:
    """Delete an app; its projects and services stay."""
    app = _app(context, call)
    del context.state.apps[app.id]
    for project in projects_of(context, call.user):
        if project.app == app.id:
            project.app = ""
            context.touch(project)
    context.record("app deleted", text=app.name)
    return "App deleted successfully"


@serves("ListProjectsByApp")
def list_projects_by_app(context: WorldContext, call: Call) -> Payload:
    """A page of the projects of an app."""
    app = _app(context, call)
    return project_page(context, [p for p in projects_of(context, call.user) if p.app == app.id], call.query)


def _change_projects(context: WorldContext, call: Call, before: str | None, after: str) -> None:
    projects = []
    for identity in call.body.project_ids:
        project = context.state.projects.get(identity)
        if project is None or project.user != call.user or project.status == "deleted":
            raise HttpError(404, f"project {identity} not found")
        projects.append(project)
    for project in projects:
        if before is None or project.app == before:
            project.app = after
            context.touch(project)


@serves("AddProjectsToApp")
def add_projects(context: WorldContext, call: Call) -> Payload:
    """Put projects into an app, all or none."""
    _change_projects(context, call, None, _app(context, call).id)
    return "Projects added to app successfully"


@serves("RemoveProjectsFromApp")
def remove_projects(context: WorldContext, call: Call) -> Payload:
    """Take projects out of an app, all or none."""
    _change_projects(context, call, _app(context, call).id, "")
    return "Projects removed from app successfully"


@serves("ListServicesByApp")
def list_services(context: WorldContext, call: Call) -> Payload:
    """A page of the services of an app."""
    services = _app(context, call).services
    limit, offset = call.query.get("limit", PAGE), call.query.get("offset", 0)
    rows = [encode({"id": one, "name": context.state.services[one].name}) for one in services[offset : offset + limit]]
    return page(rows, total=len(services), limit=limit, offset=offset)


def _services(context: WorldContext, call: Call) -> list[str]:
    for identity in call.body.service_ids:
        service = context.state.services.get(identity)
        if service is None or service.user != call.user:
            raise HttpError(404, f"service {identity} not found")
    return list(dict.fromkeys(call.body.service_ids))


@serves("AddServicesToApp")
def add_services(context: WorldContext, call: Call) -> Payload:
    """Put services into an app, all or none; a service is in one app at most."""
    app, given = _app(context, call), _services(context, call)
    for other in context.state.apps.values():
        other.services = [one for one in other.services if one not in given]
    app.services.extend(given)
    context.touch(app)
    return "Services added to app successfully"


@serves("RemoveServicesFromApp")
def remove_services(context: WorldContext, call: Call) -> Payload:
    """Take services out of an app, all or none."""
    app, given = _app(context, call), _services(context, call)
    app.services = [one for one in app.services if one not in given]
    context.touch(app)
    return "Services removed from app successfully"
