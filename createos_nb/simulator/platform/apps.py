"""Serves `createos_nb.contract.apps`."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType

from createos_nb.contract import apps
from createos_nb.contract.row import Made
from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.envelope import encode
from createos_nb.simulator.platform.access import owned
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.platform.projects import project_page, projects_of
from createos_nb.simulator.platform.registry import BodyCall, Call, Payload, serves
from createos_nb.simulator.platform.rows import page_of
from createos_nb.simulator.platform.validation import value_or
from createos_nb.simulator.state import App
from createos_nb.simulator.times import rfc3339

COLOR = "#1f77b4"
"""Color of an app whose maker chose none."""


class AppFields(Struct, kw_only=True):
    """Body of `CreateApp` and `UpdateApp`."""

    name: str
    description: str | UnsetType | None = UNSET
    color: str | UnsetType = UNSET


class ProjectIds(Struct):
    """Body of `AddProjectsToApp` and `RemoveProjectsFromApp`."""

    project_ids: list[str]


class ServiceIds(Struct):
    """Body of `AddServicesToApp` and `RemoveServicesFromApp`."""

    service_ids: list[str]


def _row(app: App) -> apps.App:
    return apps.App(
        id=app.id,
        name=app.name,
        description=app.description,
        color=app.color or COLOR,
        user_id=app.user,
        created_at=rfc3339(app.created),
        updated_at=rfc3339(app.updated),
    )


@serves("ListApps")
def list_apps(context: WorldContext, call: Call) -> Payload:
    """Return the apps of the user, oldest first."""
    return [_row(app) for app in context.state.apps.values() if app.user == call.user]


@serves("CreateApp", AppFields)
def create_app(context: WorldContext, call: BodyCall[AppFields]) -> Payload:
    """Make an app."""
    body, state = call.body, context.state
    if sum(app.user == call.user for app in state.apps.values()) >= state.settings.apps:
        raise HttpError(429, f"quota exceeded: {state.settings.apps} apps")
    return Made(
        id=new_app(context, call.user, body.name, value_or(body.description, None), value_or(body.color, "")).id
    )


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
    return owned(call, "app", context.state.apps)


@serves("UpdateApp", AppFields)
def update_app(context: WorldContext, call: BodyCall[AppFields]) -> Payload:
    """Rename, describe or recolor an app."""
    app, body = _app(context, call), call.body
    app.name = body.name
    app.description = value_or(body.description, app.description)
    app.color = value_or(body.color, app.color)
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
    """Return a page of the projects of an app."""
    app = _app(context, call)
    return project_page(context, [p for p in projects_of(context, call.user) if p.app == app.id], call.query)


def _change_projects(context: WorldContext, call: BodyCall[ProjectIds], before: str | None, after: str) -> None:
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


@serves("AddProjectsToApp", ProjectIds)
def add_projects(context: WorldContext, call: BodyCall[ProjectIds]) -> Payload:
    """Put projects into an app, all or none."""
    _change_projects(context, call, None, _app(context, call).id)
    return "Projects added to app successfully"


@serves("RemoveProjectsFromApp", ProjectIds)
def remove_projects(context: WorldContext, call: BodyCall[ProjectIds]) -> Payload:
    """Take projects out of an app, all or none."""
    _change_projects(context, call, _app(context, call).id, "")
    return "Projects removed from app successfully"


@serves("ListServicesByApp")
def list_services(context: WorldContext, call: Call) -> Payload:
    """Return a page of the services of an app."""

    def row(identity: str) -> bytes:
        return encode(apps.Service(id=identity, name=context.state.services[identity].name))

    return page_of(call.query, _app(context, call).services, row)


def _services(context: WorldContext, call: BodyCall[ServiceIds]) -> list[str]:
    for identity in call.body.service_ids:
        service = context.state.services.get(identity)
        if service is None or service.user != call.user:
            raise HttpError(404, f"service {identity} not found")
    return list(dict.fromkeys(call.body.service_ids))


@serves("AddServicesToApp", ServiceIds)
def add_services(context: WorldContext, call: BodyCall[ServiceIds]) -> Payload:
    """Put services into an app, all or none; a service is in one app at most."""
    app, services = _app(context, call), _services(context, call)
    for other in context.state.apps.values():
        other.services = [identity for identity in other.services if identity not in services]
    app.services.extend(services)
    context.touch(app)
    return "Services added to app successfully"


@serves("RemoveServicesFromApp", ServiceIds)
def remove_services(context: WorldContext, call: BodyCall[ServiceIds]) -> Payload:
    """Take services out of an app, all or none."""
    app, services = _app(context, call), _services(context, call)
    app.services = [identity for identity in app.services if identity not in services]
    context.touch(app)
    return "Services removed from app successfully"
