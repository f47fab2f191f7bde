"""Serves `createos_nb.contract.environments`, but for logs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict, Unpack

from msgspec import UNSET, Struct, UnsetType

from createos_nb.contract import environments
from createos_nb.contract.row import Availability, Made
from createos_nb.contract.types import EnvironmentSettings, ResourceLimits
from createos_nb.simulator.context import WorldContext, handles_event
from createos_nb.simulator.envelope import array, encode
from createos_nb.simulator.ids import hex_of
from createos_nb.simulator.platform import lifecycle, serving
from createos_nb.simulator.platform.access import deployment_of, environment_of, project_of
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.platform.registry import BodyCall, Call, Payload, serves
from createos_nb.simulator.platform.validation import UniqueName, value_or
from createos_nb.simulator.state import Environment, Project
from createos_nb.simulator.times import rfc3339


class EnvironmentDraft(Struct, kw_only=True):
    """Body of `CreateProjectEnvironment`."""

    unique_name: str
    display_name: str
    description: str | None
    resources: ResourceLimits
    settings: EnvironmentSettings
    branch: str | UnsetType | None = UNSET
    is_auto_promote_enabled: bool | UnsetType = UNSET


class EnvironmentChanges(Struct, kw_only=True):
    """Body of `UpdateProjectEnvironment`."""

    display_name: str
    description: str
    branch: str | UnsetType | None = UNSET
    is_auto_promote_enabled: bool | UnsetType = UNSET


class VariablesChange(Struct, kw_only=True):
    """Body of `UpdateProjectEnvironmentEnvironmentVariables`."""

    run_envs: Mapping[str, str]
    port: int | UnsetType = UNSET


class Resources(Struct, kw_only=True):
    """Body of `UpdateProjectEnvironmentResources`."""

    cpu: int
    memory: int
    replicas: int


class Assignment(Struct):
    """Body of `AssignDeploymentToProjectEnvironment`."""

    deployment_id: str


def row(context: WorldContext, project: Project, environment: Environment) -> bytes:
    """Return an environment as JSON."""
    encoded = context.rows.get(environment.id)
    if encoded is None:
        domains = [
            d.name for d in project.domains.values() if d.environment == environment.id and d.status in serving.ROUTED
        ]
        encoded = context.rows[environment.id] = encode(
            environments.Environment(
                id=environment.id,
                project_id=project.id,
                unique_name=environment.name,
                display_name=environment.display,
                status=environment.status,
                branch=environment.branch,
                is_auto_promote_enabled=environment.auto_promote,
                project_deployment_id=environment.deployment or None,
                extra=environments.EnvironmentExtra(endpoint=f"https://{environment.host}", custom_domains=domains),
                resources=environments.Resources(
                    cpu=environment.cpu, memory=environment.memory, replicas=environment.replicas
                ),
                settings=environments.EnvironmentVariables(run_envs=environment.variables),
                description=environment.description,
                created_at=rfc3339(environment.created),
                updated_at=rfc3339(environment.updated),
            )
        )
    return encoded


@serves("ListProjectEnvironments")
def list_environments(context: WorldContext, call: Call) -> Payload:
    """Return the environments of a project, oldest first."""
    project = project_of(context, call)
    return array([row(context, project, environment) for environment in project.environments.values()])


def host_of(context: WorldContext, project: Project, name: str) -> str:
    """Return the host that a new environment answers at: the project's own for its first one."""
    first, base = project.name.lower(), context.state.settings.base_domain
    host = f"{first}.{base}" if not project.environments else f"{first}-{name.lower()}.{base}"
    while host in context.hosts:
        host = f"{first}-{name.lower()}-{hex_of(4, host, project.id)}.{base}"
    return host


def name_taken(project: Project, name: str) -> bool:
    """Return whether an environment of the project has this name."""
    return any(environment.name.lower() == name.lower() for environment in project.environments.values())


class EnvironmentFields(TypedDict, total=False):
    """Fields of a new environment beside its name; those of `Environment`, with its defaults."""

    description: str | None
    branch: str | None
    auto_promote: bool
    cpu: int
    memory: int
    replicas: int
    variables: dict[str, str]
    port: int


def new_environment(
    context: WorldContext, project: Project, name: str, display: str, **fields: Unpack[EnvironmentFields]
) -> Environment:
    """Put a new environment into a project."""
    now = context.state.now
    environment = Environment(
        id=context.new_id("environment"),
        name=name,
        display=display,
        created=now,
        updated=now,
        host=host_of(context, project, name),
        **fields,
    )
    project.environments[environment.id] = environment
    context.hosts[environment.host] = (project.id, environment.id)
    context.record("environment made", project, name, environment=environment)
    return environment


@serves("CreateProjectEnvironment", EnvironmentDraft)
def create_environment(context: WorldContext, call: BodyCall[EnvironmentDraft]) -> Payload:
    """Make an environment; one of a vcs project follows a branch, others do not."""
    project, body = project_of(context, call), call.body
    branch = value_or(body.branch, None)
    _check_branch(project, branch)
    if name_taken(project, body.unique_name):
        raise HttpError(409, f"an environment named {body.unique_name} exists already")
    if len(project.environments) >= context.state.settings.environments:
        raise HttpError(429, f"quota exceeded: {context.state.settings.environments} environments in a project")
    environment = new_environment(
        context,
        project,
        body.unique_name,
        body.display_name,
        description=body.description,
        branch=branch,
        auto_promote=body.is_auto_promote_enabled is True,
        cpu=body.resources.cpu,
        memory=body.resources.memory,
        replicas=body.resources.replicas,
        variables=value_or(body.settings.run_envs, {}),
    )
    return Made(id=environment.id)


def _check_branch(project: Project, branch: str | None) -> None:
    if project.type == "vcs" and not branch:
        raise HttpError(400, "branch is required for an environment of a vcs project")
    if project.type != "vcs" and branch:
        raise HttpError(400, f"an environment of a project of type {project.type} has no branch")


@serves("UpdateProjectEnvironment", EnvironmentChanges)
def update_environment(context: WorldContext, call: BodyCall[EnvironmentChanges]) -> Payload:
    """Change an environment's name, description, branch and auto-promotion."""
    project, body = project_of(context, call), call.body
    environment = environment_of(project, call.ids[1])
    if body.branch is not UNSET or project.type == "vcs":
        branch = value_or(body.branch, None)
        _check_branch(project, branch)
        environment.branch = branch
    environment.display, environment.description = body.display_name, body.description
    environment.auto_promote = value_or(body.is_auto_promote_enabled, environment.auto_promote)
    context.record("environment changed", project, environment.name, environment=environment)
    lifecycle.be_busy(context, project, environment, "updating", context.state.settings.updating)
    return "Environment updated successfully"


@serves("UpdateProjectEnvironmentEnvironmentVariables", VariablesChange)
def update_variables(context: WorldContext, call: BodyCall[VariablesChange]) -> Payload:
    """Replace the run-time variables; what runs keeps the old ones until the next deployment."""
    project, body = project_of(context, call), call.body
    environment = environment_of(project, call.ids[1])
    if body.port is not UNSET:
        if project.type != "image":
            raise HttpError(400, "port: only an environment of an image project has one of its own")
        environment.port = body.port
    set_variables(context, project, environment, dict(body.run_envs))
    return "Environment variables updated successfully"


def set_variables(context: WorldContext, project: Project, environment: Environment, variables: dict[str, str]) -> None:
    """Give an environment other variables; what runs keeps the old ones."""
    environment.variables = variables
    context.record("variables changed", project, environment.name, environment=environment)
    lifecycle.be_busy(context, project, environment, "updating", context.state.settings.updating)


@serves("UpdateProjectEnvironmentResources", Resources)
def update_resources(context: WorldContext, call: BodyCall[Resources]) -> Payload:
    """Set CPU, memory and replicas."""
    project, body = project_of(context, call), call.body
    environment = environment_of(project, call.ids[1])
    resize(context, project, environment, body.cpu, body.memory, body.replicas)
    return "Environment resources updated successfully"


def resize(
    context: WorldContext, project: Project, environment: Environment, cpu: int, memory: int, replicas: int
) -> None:
    """Give an environment other resources; what runs is started anew with them."""
    environment.cpu, environment.memory, environment.replicas = cpu, memory, replicas
    text = f"{environment.name}: {cpu} millicores, {memory} MB, {replicas} replica{'s' * (replicas != 1)}"
    context.record("environment resized", project, text, environment=environment)
    lifecycle.be_busy(context, project, environment, "resizing", context.state.settings.resizing)
    serving.settle(context, project, environment)
    running = context.deployments(project).get(environment.deployment)
    if running is not None:
        lifecycle.reconsider(context, project, running)


@serves("AssignDeploymentToProjectEnvironment", Assignment)
def assign_deployment(context: WorldContext, call: BodyCall[Assignment]) -> Payload:
    """Make a deployed deployment the live one."""
    project = project_of(context, call)
    environment = environment_of(project, call.ids[1])
    if environment.status == "deleting":
        raise HttpError(422, "environment is deleting")
    deployment = deployment_of(context, project, call.body.deployment_id)
    lifecycle.promote(context, project, environment, deployment)
    return "Deployment assigned to environment successfully"


@serves("DeleteProjectEnvironment")
def delete_environment(context: WorldContext, call: Call) -> Payload:
    """Delete an environment; its address stops answering at once, the row goes a little later."""
    project = project_of(context, call)
    environment = environment_of(project, call.ids[1])
    if environment.status == "deleting":
        raise HttpError(422, "environment is being deleted already")
    environment.status = "deleting"
    context.touch(environment)
    context.record("environment deleting", project, environment.name, environment=environment)
    serving.settle(context, project, environment)
    context.schedule_in(context.state.settings.deleting, "environment is gone", project.id, environment.id)
    return "Environment deleted successfully"


@handles_event("environment is gone")
def _gone(context: WorldContext, target: tuple[str, ...]) -> None:
    project = context.state.projects[target[0]]
    environment = project.environments.pop(target[1], None)
    if environment is None:
        return
    context.keep_if_called(environment)
    context.hosts.pop(environment.host, None)
    context.rows.pop(environment.id, None)
    for domain in project.domains.values():
        if domain.environment == environment.id:
            domain.environment = ""
            context.touch(domain)
    for job in [job for job in project.cronjobs.values() if job.environment == environment.id]:
        del project.cronjobs[job.id]
    context.record("environment gone", project, environment.name, environment=environment)


@serves("CheckProjectEnvironmentUniqueName", UniqueName)
def check_environment_name(context: WorldContext, call: BodyCall[UniqueName]) -> Payload:
    """Return whether a name is free in the project."""
    return Availability(is_available=not name_taken(project_of(context, call), call.body.unique_name))
