"""Serves `createos_nb.api.environments`, but for logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from createos_nb.simulator import lifecycle, live
from createos_nb.simulator.access import deployment_of, environment_of, project_of
from createos_nb.simulator.answers import array, encode
from createos_nb.simulator.ids import hex_of
from createos_nb.simulator.moments import rfc3339
from createos_nb.simulator.refusal import Refusal
from createos_nb.simulator.registry import Call, serves
from createos_nb.simulator.schedule import due_in, happens
from createos_nb.simulator.state import Environment, Project

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core


def row(world: Core, project: Project, environment: Environment) -> bytes:
    """An environment as JSON."""
    found = world.rows.get(environment.id)
    if found is None:
        domains = [
            d.name for d in project.domains.values() if d.environment == environment.id and d.status in live.ROUTED
        ]
        found = world.rows[environment.id] = encode(
            {
                "id": environment.id,
                "projectId": project.id,
                "uniqueName": environment.name,
                "displayName": environment.display,
                "status": environment.status,
                "branch": environment.branch,
                "isAutoPromoteEnabled": environment.auto_promote,
                "projectDeploymentId": environment.deployment or None,
                "extra": {"endpoint": f"https://{environment.host}", "customDomains": domains},
                "resources": {
                    "cpu": environment.cpu,
                    "memory": environment.memory,
                    "replicas": environment.replicas,
                },
                "settings": {"runEnvs": environment.variables},
                "description": environment.description,
                "createdAt": rfc3339(environment.created),
                "updatedAt": rfc3339(environment.updated),
            }
        )
    return found


@serves("ListProjectEnvironments")
def list_environments(world: Core, call: Call) -> Any:
    """Environments of a project, oldest first."""
    project = project_of(world, call)
    return array([row(world, project, one) for one in project.environments.values()])


def host_of(world: Core, project: Project, name: str) -> str:
    """The host that a new environment answers at: the project's own for its first one."""
    first = project.name.lower()
    host = f"{first}.createos.io" if not project.environments else f"{first}-{name.lower()}.createos.io"
    while host in world.hosts:
        host = f"{first}-{name.lower()}-{hex_of(4, host, project.id)}.createos.io"
    return host


def name_taken(project: Project, name: str) -> bool:
    """Whether an environment of the project has this name."""
    return any(one.name.lower() == name.lower() for one in project.environments.values())


def new_environment(world: Core, project: Project, name: str, display: str, **facts: Any) -> Environment:
    """Put a new environment into a project."""
    now = world.state.now
    environment = Environment(
        id=world.new_id("environment"),
        name=name,
        display=display,
        created=now,
        updated=now,
        host=host_of(world, project, name),
        **facts,
    )
    project.environments[environment.id] = environment
    world.hosts[environment.host] = (project.id, environment.id)
    world.note("environment made", project, name, environment=environment)
    return environment


@serves("CreateProjectEnvironment")
def create_environment(world: Core, call: Call) -> Any:
    """Make an environment; one of a vcs project follows a branch, others do not."""
    project, body = project_of(world, call), call.body
    branch = None if body.branch is msgspec.UNSET else body.branch
    _check_branch(project, branch)
    if name_taken(project, body.unique_name):
        raise Refusal(409, f"an environment named {body.unique_name} exists already")
    if len(project.environments) >= world.state.settings.environments:
        raise Refusal(429, f"quota exceeded: {world.state.settings.environments} environments in a project")
    run_envs = body.settings.run_envs
    environment = new_environment(
        world,
        project,
        body.unique_name,
        body.display_name,
        description=body.description,
        branch=branch,
        auto_promote=body.is_auto_promote_enabled is True,
        cpu=body.resources.cpu,
        memory=body.resources.memory,
        replicas=body.resources.replicas,
        variables={} if run_envs is msgspec.UNSET else run_envs,
    )
    return {"id": environment.id}


def _check_branch(project: Project, branch: str | None) -> None:
    if project.type == "vcs" and not branch:
        raise Refusal(400, "branch is required for an environment of a vcs project")
    if project.type != "vcs" and branch:
        raise Refusal(400, f"an environment of a project of type {project.type} has no branch")


@serves("UpdateProjectEnvironment")
def update_environment(world: Core, call: Call) -> Any:
    """Change an environment's name, description, branch and auto-promotion."""
    project, body = project_of(world, call), call.body
    environment = environment_of(project, call.ids[1])
    if body.branch is not msgspec.UNSET or project.type == "vcs":
        branch = None if body.branch is msgspec.UNSET else body.branch
        _check_branch(project, branch)
        environment.branch = branch
    environment.display, environment.description = body.display_name, body.description
    if isinstance(body.is_auto_promote_enabled, bool):
        environment.auto_promote = body.is_auto_promote_enabled
    world.note("environment changed", project, environment.name, environment=environment)
    lifecycle.be_busy(world, project, environment, "updating", world.state.settings.updating)
    return "Environment updated successfully"


@serves("UpdateProjectEnvironmentEnvironmentVariables")
def update_variables(world: Core, call: Call) -> Any:
    """Replace the run-time variables; what runs keeps the old ones until the next deployment."""
    project, body = project_of(world, call), call.body
    environment = environment_of(project, call.ids[1])
    if body.port is not msgspec.UNSET and project.type != "image":
        raise Refusal(400, "port: only an environment of an image project has one of its own")
    if body.port is not msgspec.UNSET:
        environment.port = body.port
    set_variables(world, project, environment, dict(body.run_envs))
    return "Environment variables updated successfully"


def set_variables(world: Core, project: Project, environment: Environment, variables: dict[str, str]) -> None:
    """Give an environment other variables; what runs keeps the old ones."""
    environment.variables = variables
    world.note("variables changed", project, environment.name, environment=environment)
    lifecycle.be_busy(world, project, environment, "updating", world.state.settings.updating)


@serves("UpdateProjectEnvironmentResources")
def update_resources(world: Core, call: Call) -> Any:
    """Set CPU, memory and replicas."""
    project, body = project_of(world, call), call.body
    environment = environment_of(project, call.ids[1])
    resize(world, project, environment, body.cpu, body.memory, body.replicas)
    return "Environment resources updated successfully"


def resize(world: Core, project: Project, environment: Environment, cpu: int, memory: int, replicas: int) -> None:
    """Give an environment other resources; what runs is started anew with them."""
    environment.cpu, environment.memory, environment.replicas = cpu, memory, replicas
    text = f"{environment.name}: {cpu} millicores, {memory} MB, {replicas} replica{'s' * (replicas != 1)}"
    world.note("environment resized", project, text, environment=environment)
    lifecycle.be_busy(world, project, environment, "resizing", world.state.settings.resizing)
    live.settle(world, project, environment)
    running = world.deployments(project).get(environment.deployment)
    if running is not None:
        lifecycle.reconsider(world, project, running)


@serves("AssignDeploymentToProjectEnvironment")
def assign_deployment(world: Core, call: Call) -> Any:
    """Make a deployed deployment the live one."""
    project = project_of(world, call)
    environment = environment_of(project, call.ids[1])
    if environment.status == "deleting":
        raise Refusal(422, "environment is deleting")
    deployment = deployment_of(world, project, call.body.deployment_id)
    lifecycle.promote(world, project, environment, deployment)
    return "Deployment assigned to environment successfully"


@serves("DeleteProjectEnvironment")
def delete_environment(world: Core, call: Call) -> Any:
    """Delete an environment; its address stops answering at once, the row goes a little later."""
    project = project_of(world, call)
    environment = environment_of(project, call.ids[1])
    if environment.status == "deleting":
        raise Refusal(422, "environment is being deleted already")
    environment.status = "deleting"
    world.changed(environment)
    world.note("environment deleting", project, environment.name, environment=environment)
    live.settle(world, project, environment)
    due_in(world, world.state.settings.deleting, "environment is gone", project.id, environment.id)
    return "Environment deleted successfully"


@happens("environment is gone")
def _gone(world: Core, target: tuple[str, ...]) -> None:
    project = world.state.projects[target[0]]
    environment = project.environments.pop(target[1], None)
    if environment is None:
        return
    world.hosts.pop(environment.host, None)
    world.rows.pop(environment.id, None)
    for domain in project.domains.values():
        if domain.environment == environment.id:
            domain.environment = ""
            world.changed(domain)
    for job in [job for job in project.cronjobs.values() if job.environment == environment.id]:
        del project.cronjobs[job.id]
    world.note("environment gone", project, environment.name, environment=environment)


@serves("CheckProjectEnvironmentUniqueName")
def check_environment_name(world: Core, call: Call) -> Any:
    """Is this name free in the project?"""
    return {"isAvailable": not name_taken(project_of(world, call), call.body.unique_name)}
