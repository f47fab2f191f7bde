"""Serves `createos_nb.api.deployments`, but for uploads, downloads and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from createos_nb.simulator import github, lifecycle
from createos_nb.simulator.access import deployment_of, project_of
from createos_nb.simulator.answers import encode, page
from createos_nb.simulator.moments import rfc3339, rfc3339_or_null
from createos_nb.simulator.projects import PAGE
from createos_nb.simulator.refusal import Refusal
from createos_nb.simulator.registry import Call, serves
from createos_nb.simulator.state import Deployment, Project

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core


def row(world: Core, project: Project, deployment: Deployment) -> bytes:
    """A deployment as JSON."""
    found = world.rows.get(deployment.id)
    if found is None:
        found = world.rows[deployment.id] = encode(
            {
                "id": deployment.id,
                "projectId": project.id,
                "versionNumber": deployment.version,
                "status": deployment.status,
                "source": _source(project, deployment),
                "extra": {"endpoint": f"https://{host_of(project, deployment)}"},
                "artifactImage": deployment.artifact or None,
                "settings": deployment.settings,
                "createdAt": rfc3339(deployment.created),
                "updatedAt": rfc3339(deployment.updated),
                "cancelledAt": rfc3339_or_null(deployment.cancelled_at),
                "cancelReason": deployment.cancel_reason or None,
            }
        )
    return found


def _source(project: Project, deployment: Deployment) -> dict[str, str] | None:
    if project.type == "vcs":
        return {"branch": deployment.branch, "commit": deployment.commit, "commitMessage": deployment.message}
    return {"image": deployment.image} if project.type == "image" else None


def host_of(project: Project, deployment: Deployment) -> str:
    """The host that a deployment answers at, in whatever environment it is live."""
    return f"{project.name.lower()}-{deployment.id[:8]}.createos.io"


def newest_first(world: Core, project: Project) -> list[Deployment]:
    """Deployments of a project."""
    found: list[Deployment] | None = world.lists.get(project.id)
    if found is None:
        found = world.lists[project.id] = list(reversed(world.deployments(project).values()))
    return found


@serves("ListDeployments")
def list_deployments(world: Core, call: Call) -> Any:
    """A page of deployments, newest first."""
    project = project_of(world, call)
    limit, offset = call.query.get("limit", PAGE), call.query.get("offset", 0)
    found = newest_first(world, project)
    rows = [row(world, project, one) for one in found[offset : offset + limit]]
    return page(rows, total=len(found), limit=limit, offset=offset)


@serves("GetDeployment")
def get_deployment(world: Core, call: Call) -> Any:
    """One deployment."""
    project = project_of(world, call)
    return row(world, project, deployment_of(world, project, call.ids[1]))


def _only(project: Project, *kinds: str) -> None:
    if project.type not in kinds:
        raise Refusal(422, f"not for a project of type {project.type}: only for {' and '.join(kinds)} projects")


@serves("CreateDeployment")
def create_deployment(world: Core, call: Call) -> Any:
    """Deploy a container image."""
    project = project_of(world, call)
    _only(project, "image")
    image = call.body.image.strip()
    if not image or len(image) > 512 or any(letter.isspace() for letter in image):
        raise Refusal(400, "image: expected the name of a container image, such as nginx:1.27")
    return {"id": lifecycle.deploy(world, project, image=image).id}


@serves("TriggerLatestDeployment")
def trigger_latest(world: Core, call: Call) -> Any:
    """Deploy the newest commit of a branch; a text and no id where that commit is there already."""
    project = project_of(world, call)
    _only(project, "vcs")
    branch = call.query.get("branch") or github.branch_in_body(call.content)
    head = github.head_of(world, project, branch)
    for one in newest_first(world, project):
        if head.commit and one.commit == head.commit and one.status not in ("build_error", "error", "cancelled"):
            return "deployment already triggered"
    made = lifecycle.deploy(world, project, branch=head.branch, commit=head.commit, message=head.message)
    return {"id": made.id}


@serves("RetriggerDeployment")
def retrigger(world: Core, call: Call) -> Any:
    """Make a new deployment from the same commit."""
    project = project_of(world, call)
    old = deployment_of(world, project, call.ids[1])
    _only(project, "vcs")
    if old.status in lifecycle.UNFINISHED or old.status == "terminating":
        raise Refusal(422, f"a deployment that is {old.status} can't be run again")
    settings = project.settings if call.query.get("settings") == "project" else old.settings
    branch, commit, message = old.branch, old.commit, old.message
    if call.query.get("branch") and call.query["branch"] != branch:
        head = github.head_of(world, project, call.query["branch"])
        branch, commit, message = head.branch, head.commit, head.message
    made = lifecycle.deploy(world, project, branch=branch, commit=commit, message=message, settings=settings)
    return {"id": made.id}


@serves("CancelDeployment")
def cancel(world: Core, call: Call) -> Any:
    """Stop a deployment that is queued or building."""
    project = project_of(world, call)
    lifecycle.cancel(world, project, deployment_of(world, project, call.ids[1]))
    return "Deployment cancelled successfully"


@serves("WakeupDeployment")
def wakeup(world: Core, call: Call) -> Any:
    """Wake a sleeping deployment."""
    project = project_of(world, call)
    lifecycle.wake(world, project, deployment_of(world, project, call.ids[1]))
    return "Deployment is waking up"


@serves("DeleteDeployment")
def delete(world: Core, call: Call) -> Any:
    """Mark a deployment for deletion."""
    project = project_of(world, call)
    deployment = deployment_of(world, project, call.ids[1])
    if deployment.status == "terminating":
        raise Refusal(422, "deployment is being deleted already")
    lifecycle.terminate(world, project, deployment)
    return "Deployment marked for deletion"
