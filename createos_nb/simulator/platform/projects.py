"""Serves `createos_nb.contract.projects`, but for suspension and transfers."""

from __future__ import annotations

from functools import partial
from typing import Any, Final, TypedDict, Unpack

import msgspec
from msgspec import UNSET, Struct, UnsetType

from createos_nb.contract import projects
from createos_nb.contract.creation import creation_problems
from createos_nb.contract.row import Availability, Made
from createos_nb.contract.types import ImageSettings, ProjectType, UploadSettings, VcsSettings, VcsSource
from createos_nb.simulator.context import WorldContext, handles_event
from createos_nb.simulator.ids import digest
from createos_nb.simulator.platform import serving
from createos_nb.simulator.platform.access import project_of
from createos_nb.simulator.platform.account import projects_in_use
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.platform.limits import spend_daily
from createos_nb.simulator.platform.registry import BodyCall, Call, Payload, serves
from createos_nb.simulator.platform.rows import encode_row, page_of
from createos_nb.simulator.platform.runtimes import SUPPORTED, check_runtime
from createos_nb.simulator.platform.validation import QueryValues, UniqueName, check_id, fields_of, value_or
from createos_nb.simulator.state import Project, Transfer
from createos_nb.simulator.times import SECOND, rfc3339, rfc3339_or_null

SETTINGS_OF: Final[dict[str, type[Struct]]] = {
    "vcs": VcsSettings,
    "image": ImageSettings,
    "upload": UploadSettings,
}


class ProjectDraft(Struct, kw_only=True):
    """Body of `CreateProject`."""

    unique_name: str
    display_name: str
    type: ProjectType
    settings: dict[str, Any]
    source: dict[str, Any] | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    app_id: str | UnsetType | None = UNSET
    enabled_security_scan: bool | UnsetType = UNSET


class ProjectChanges(Struct, kw_only=True):
    """Body of `UpdateProject`."""

    display_name: str
    description: str | UnsetType | None = UNSET
    enabled_security_scan: bool | UnsetType | None = UNSET


class SettingsChange(Struct):
    """Body of `UpdateProjectSettings`: the settings that are to change, taken as a map."""


def row(context: WorldContext, project: Project) -> bytes:
    """Return a project as JSON."""
    encoded = context.rows.get(project.id)
    if encoded is None:
        fields = projects.Project(
            id=project.id,
            unique_name=project.name,
            display_name=project.display,
            type=project.type,
            status=project.status,
            description=project.description,
            app_id=project.app or None,
            enabled_security_scan=project.scanning,
            user_id=project.user,
            created_at=rfc3339(project.created),
            updated_at=rfc3339(project.updated),
            deleted_at=rfc3339_or_null(project.deleted_at),
        )
        source = project.source if project.type == "vcs" else None
        encoded = context.rows[project.id] = encode_row(fields, source=source, settings=project.settings)
    return encoded


def projects_of(context: WorldContext, user: str) -> list[Project]:
    """Return all projects of a user, newest first."""
    return [p for p in reversed(context.state.projects.values()) if p.user == user]


def project_page(context: WorldContext, listed: list[Project], query: QueryValues) -> bytes:
    """Return one page of projects."""
    return page_of(query, listed, partial(row, context))


@serves("ListProjects")
def list_projects(context: WorldContext, call: Call) -> Payload:
    """Return a page of projects, newest first; deleted ones only if asked for."""
    query = call.query
    kind, status, app = query.get("type"), query.get("status"), query.get("app")
    part = query.get("name", "").lower()
    listed = [
        p
        for p in projects_of(context, call.user)
        if (p.status == status if status else p.status != "deleted")
        and (not kind or p.type == kind)
        and (not app or p.app == app)
        and (not part or part in p.name.lower() or part in p.display.lower())
    ]
    return project_page(context, listed, query)


@serves("GetProject")
def get_project(context: WorldContext, call: Call) -> Payload:
    """Return one project."""
    return row(context, project_of(context, call, active=False))


def name_taken(context: WorldContext, name: str) -> bool:
    """Return whether a project of anybody has this name."""
    return any(p.name.lower() == name.lower() and p.status != "deleted" for p in context.state.projects.values())


@serves("CheckProjectUniqueName", UniqueName)
def check_project_name(context: WorldContext, call: BodyCall[UniqueName]) -> Payload:
    """Return whether a name is free."""
    return Availability(is_available=not name_taken(context, call.body.unique_name))


@serves("CreateProject", ProjectDraft)
def create_project(context: WorldContext, call: BodyCall[ProjectDraft]) -> Payload:
    """Make a project; nothing is deployed yet."""
    body = call.body
    fields_of(body.settings, SETTINGS_OF[body.type], "settings")
    source = dict(value_or(body.source, {}))
    if body.type == "vcs":
        if not source:
            raise HttpError(400, "source is required for a vcs project")
        fields_of(source, VcsSource, "source")
        if context.dialect == "production" and (problems := creation_problems(body.settings)):
            raise HttpError(400, "; ".join(problems))
    elif source:
        raise HttpError(400, f"source must be empty for a project of type {body.type}")
    check_runtime(body.type, body.settings, context.dialect)
    app = value_or(body.app_id, None) or ""
    if app and (app not in context.state.apps or context.state.apps[app].user != call.user):
        raise HttpError(404, "app not found")
    if body.type == "vcs" and not any(
        account.user == call.user and str(account.installation) == source["vcsInstallationId"]
        for account in context.state.github
    ):
        raise HttpError(404, "GitHub installation not found: connect the account first")
    if name_taken(context, body.unique_name):
        raise HttpError(409, f"a project named {body.unique_name} exists already")
    if projects_in_use(context, call.user) >= context.state.settings.projects:
        raise HttpError(429, f"quota exceeded: {context.state.settings.projects} projects")
    project = new_project(
        context,
        call.user,
        body.unique_name,
        body.display_name,
        body.type,
        settings=dict(body.settings),
        source=source,
        description=value_or(body.description, None),
        app=app,
        scanning=body.enabled_security_scan is True,
    )
    return Made(id=project.id)


class ProjectFields(TypedDict, total=False):
    """Fields of a new project beside its name and type; those of `Project`, with its defaults."""

    description: str | None
    app: str
    source: dict[str, Any]
    settings: dict[str, Any]
    scanning: bool


def new_project(
    context: WorldContext, user: str, name: str, display: str, kind: ProjectType, **fields: Unpack[ProjectFields]
) -> Project:
    """Put a new project into the world."""
    now = context.state.now
    project = Project(
        id=context.new_id("project"),
        user=user,
        name=name,
        display=display,
        type=kind,
        created=now,
        updated=now,
        **fields,
    )
    if kind == "vcs":
        project.source = dict(project.source) | {"vcsFullName": _full_name(context, project)}
    context.state.projects[project.id] = project
    context.record("project made", project, name)
    return project


def _full_name(context: WorldContext, project: Project) -> str:
    for account in context.state.github:
        for repository in account.repositories:
            if str(repository.id) == project.source.get("vcsRepoId"):
                return f"{account.username}/{repository.name}"
    return ""


@serves("UpdateProject", ProjectChanges)
def update_project(context: WorldContext, call: BodyCall[ProjectChanges]) -> Payload:
    """Change a project's display name, description and whether it is scanned."""
    project, body = project_of(context, call), call.body
    project.display = body.display_name
    project.description = value_or(body.description, project.description)
    if isinstance(body.enabled_security_scan, bool):
        project.scanning = body.enabled_security_scan
    context.touch(project)
    context.record("project changed", project)
    return "Project updated successfully"


@serves("UpdateProjectSettings", SettingsChange)
def update_settings(context: WorldContext, call: BodyCall[SettingsChange]) -> Payload:
    """Merge build and run settings into those of the project; null clears one; they count from the next deployment."""
    project = project_of(context, call)
    changes: dict[str, Any] = msgspec.to_builtins(call.body)
    settings = {name: value for name, value in (project.settings | changes).items() if value is not None}
    fields_of(settings, SETTINGS_OF[project.type], "")
    check_runtime(project.type, settings, context.dialect)
    project.settings = settings
    context.touch(project)
    context.record("project settings changed", project, ", ".join(changes))
    return "Project settings updated successfully"


@serves("DeleteProject")
def delete_project(context: WorldContext, call: Call) -> Payload:
    """Mark a project for deletion; it goes a little later, with all that is in it."""
    project = project_of(context, call, active=False)
    if project.status == "deleting":
        raise HttpError(400, "project is being deleted already")
    retire(context, project)
    return "Project marked for deletion"


@serves("GetSupportedProjectTypes")
def supported_types(context: WorldContext, call: Call) -> Payload:
    """Return frameworks and runtimes."""
    return SUPPORTED


@serves("SuspendProject")
def suspend_project(context: WorldContext, call: Call) -> Payload:
    """Pause every environment of an active project."""
    project = project_of(context, call, active=False)
    if project.status != "active":
        raise HttpError(422, f"a project that is {project.status} can't be suspended: only an active one")
    suspend(context, project)
    return "Project suspended successfully"


def suspend(context: WorldContext, project: Project) -> None:
    """Pause a project."""
    project.status = "suspending"
    context.touch(project)
    context.record("project suspending", project)
    serving.settle_project(context, project)
    context.schedule_in(context.state.settings.suspending, "project is suspended", project.id)


@handles_event("project is suspended")
def _suspended(context: WorldContext, target: tuple[str, ...]) -> None:
    project = context.state.projects[target[0]]
    if project.status == "suspending":
        project.status = "suspended"
        context.touch(project)
        context.record("project suspended", project)


@serves("UnsuspendProject")
def unsuspend_project(context: WorldContext, call: Call) -> Payload:
    """Resume a suspended project."""
    project = project_of(context, call, active=False)
    if project.status != "suspended":
        raise HttpError(422, f"a project that is {project.status} can't be resumed: only a suspended one")
    project.status = "active"
    context.touch(project)
    context.record("project resumed", project)
    serving.settle_project(context, project)
    return "Project resumed successfully"


def retire(context: WorldContext, project: Project) -> None:
    """Begin to delete a project."""
    project.status = "deleting"
    context.touch(project)
    context.record("project deleting", project)
    serving.settle_project(context, project)
    context.schedule_in(context.state.settings.deleting, "project is deleted", project.id)


@handles_event("project is deleted")
def _deleted(context: WorldContext, target: tuple[str, ...]) -> None:
    remove(context, context.state.projects[target[0]])


def remove(context: WorldContext, project: Project) -> None:
    """Take a project out of the world; only its row stays, as a deleted one."""
    project.status, project.deleted_at, project.app = "deleted", context.state.now, ""
    for deployment in context.deployments(project).values():
        context.state.uploads.pop(deployment.upload, None)
        context.rows.pop(deployment.id, None)
    for environment in project.environments.values():
        context.keep_if_called(environment)
        context.hosts.pop(environment.host, None)
    for part in (project.environments, project.deployments, project.domains, project.cronjobs, project.tokens):
        part.clear()
    context.newest_first.pop(project.id, None)
    context.touch(project)
    context.record("project deleted", project)


# --- another owner ----------------------------------------------------------------------------------------------------


@serves("GetProjectTransferUri")
def transfer_uri(context: WorldContext, call: Call) -> Payload:
    """Make a token with which another user can take the project over."""
    project = project_of(context, call)
    state = context.state
    state.counter += 1
    token = digest(state.seed, "transfer", project.id, state.counter, size=24).hex()
    ends = state.now + state.settings.transfer_token * SECOND
    project.tokens[token] = ends
    address = f"https://createos.simulator.invalid/projects/{project.id}/transfer?token={token}"
    return projects.TransferUri(frontend_uri=address, token=token, expires_at=rfc3339(ends))


@serves("TransferProject")
def transfer_project(context: WorldContext, call: Call) -> Payload:
    """Take a project over; everything in it comes along, the app that groups it does not."""
    state = context.state
    project = state.projects.get(call.ids[0])
    if project is None or project.status == "deleted":
        check_id("project_id", call.ids[0])
        raise HttpError(404, "project not found")
    ends = project.tokens.get(call.query["token"])
    if ends is None:
        raise HttpError(400, "invalid transfer token")
    if ends <= state.now:
        raise HttpError(400, "the transfer token has expired")
    if project.user == call.user:
        raise HttpError(400, "the project is yours already")
    if project.status != "active":
        raise HttpError(400, f"project is {project.status}")
    if projects_in_use(context, call.user) >= state.settings.projects:
        raise HttpError(429, f"quota exceeded: {state.settings.projects} projects")
    spend_daily(context, call.user, "transfers", state.settings.transfers)
    project.transfers.append(Transfer(context.new_id("transfer"), project.user, call.user, state.now))
    project.user, project.app = call.user, ""
    project.tokens.clear()
    context.touch(project)
    context.record("project transferred", project)
    return "Project transferred successfully"


@serves("ListProjectTransferHistory")
def transfer_history(context: WorldContext, call: Call) -> Payload:
    """Return past owners, newest first."""
    project = project_of(context, call)
    return [
        projects.Transfer(
            id=transfer.id,
            project_id=project.id,
            from_user_id=transfer.before,
            to_user_id=transfer.after,
            created_at=rfc3339(transfer.at),
            updated_at=rfc3339(transfer.at),
        )
        for transfer in reversed(project.transfers)
    ]
