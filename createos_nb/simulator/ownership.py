"""A project's suspension, deletion and change of owner. Serves part of `createos_nb.api.projects`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from createos_nb.simulator import live
from createos_nb.simulator.access import project_of
from createos_nb.simulator.account import projects_in_use
from createos_nb.simulator.ids import digest
from createos_nb.simulator.limits import spend_daily
from createos_nb.simulator.moments import SECOND, rfc3339
from createos_nb.simulator.refusal import Refusal
from createos_nb.simulator.registry import Call, serves
from createos_nb.simulator.schedule import due_in, happens
from createos_nb.simulator.state import Project, Transfer
from createos_nb.simulator.validation import check_id

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core


@serves("SuspendProject")
def suspend_project(world: Core, call: Call) -> Any:
    """Pause every environment of an active project."""
    project = project_of(world, call, active=False)
    if project.status != "active":
        raise Refusal(422, f"a project that is {project.status} can't be suspended: only an active one")
    suspend(world, project)
    return "Project suspended successfully"


def suspend(world: Core, project: Project) -> None:
    """Pause a project."""
    project.status = "suspending"
    world.changed(project)
    world.note("project suspending", project)
    live.settle_project(world, project)
    due_in(world, world.state.settings.suspending, "project is suspended", project.id)


@happens("project is suspended")
def _suspended(world: Core, target: tuple[str, ...]) -> None:
    project = world.state.projects[target[0]]
    if project.status == "suspending":
        project.status = "suspended"
        world.changed(project)
        world.note("project suspended", project)


@serves("UnsuspendProject")
def unsuspend_project(world: Core, call: Call) -> Any:
    """Resume a suspended project."""
    project = project_of(world, call, active=False)
    if project.status != "suspended":
        raise Refusal(422, f"a project that is {project.status} can't be resumed: only a suspended one")
    project.status = "active"
    world.changed(project)
    world.note("project resumed", project)
    live.settle_project(world, project)
    return "Project resumed successfully"


def retire(world: Core, project: Project) -> None:
    """Begin to delete a project."""
    project.status = "deleting"
    world.changed(project)
    world.note("project deleting", project)
    live.settle_project(world, project)
    due_in(world, world.state.settings.deleting, "project is deleted", project.id)


@happens("project is deleted")
def _deleted(world: Core, target: tuple[str, ...]) -> None:
    remove(world, world.state.projects[target[0]])


def remove(world: Core, project: Project) -> None:
    """Take a project out of the world; only its row stays, as a deleted one."""
    project.status, project.deleted_at, project.app = "deleted", world.state.now, ""
    for deployment in world.deployments(project).values():
        world.state.uploads.pop(deployment.upload, None)
        world.rows.pop(deployment.id, None)
    for environment in project.environments.values():
        world.hosts.pop(environment.host, None)
    for part in (project.environments, project.deployments, project.domains, project.cronjobs, project.tokens):
        part.clear()
    world.lists.pop(project.id, None)
    world.changed(project)
    world.note("project deleted", project)


# --- another owner ----------------------------------------------------------------------------------------------------


@serves("GetProjectTransferUri")
def transfer_uri(world: Core, call: Call) -> Any:
    """Make a token with which another user can take the project over."""
    project = project_of(world, call)
    state = world.state
    state.counter += 1
    token = digest(state.seed, "transfer", project.id, state.counter, size=24).hex()
    ends = state.now + state.settings.transfer_token * SECOND
    project.tokens[token] = ends
    address = f"https://createos.simulator.invalid/projects/{project.id}/transfer?token={token}"
    return {"frontendUri": address, "token": token, "expiresAt": rfc3339(ends)}


@serves("TransferProject")
def transfer_project(world: Core, call: Call) -> Any:
    """Take a project over; everything in it comes along, the app that groups it does not."""
    state = world.state
    project = state.projects.get(call.ids[0])
    if project is None or project.status == "deleted":
        check_id("project_id", call.ids[0])
        raise Refusal(404, "project not found")
    ends = project.tokens.get(call.query["token"])
    if ends is None:
        raise Refusal(400, "invalid transfer token")
    if ends <= state.now:
        raise Refusal(400, "the transfer token has expired")
    if project.user == call.user:
        raise Refusal(400, "the project is yours already")
    if project.status != "active":
        raise Refusal(400, f"project is {project.status}")
    if projects_in_use(world, call.user) >= state.settings.projects:
        raise Refusal(429, f"quota exceeded: {state.settings.projects} projects")
    spend_daily(world, call.user, "transfers", state.settings.transfers)
    project.transfers.append(Transfer(world.new_id("transfer"), project.user, call.user, state.now))
    project.user, project.app = call.user, ""
    project.tokens.clear()
    world.changed(project)
    world.note("project transferred", project)
    return "Project transferred successfully"


@serves("ListProjectTransferHistory")
def transfer_history(world: Core, call: Call) -> Any:
    """Past owners, newest first."""
    project = project_of(world, call)
    return [
        {
            "id": one.id,
            "projectId": project.id,
            "fromUserId": one.before,
            "toUserId": one.after,
            "createdAt": rfc3339(one.at),
            "updatedAt": rfc3339(one.at),
        }
        for one in reversed(project.transfers)
    ]
