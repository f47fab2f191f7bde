"""What can happen to a project: the steps of a scenario's history, and of its future.

A step is written as a table with `at` and `do`; it does what a person, a push or the world would do.
"""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct, field

from createos_nb.simulator import domains, environments, lifecycle, ownership, security, uploads
from createos_nb.simulator.ids import hex_of
from createos_nb.simulator.refusal import Refusal
from createos_nb.simulator.schedule import due_at, happens
from createos_nb.simulator.state import Deployment, Environment, Fate, Project

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core


class _Step(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="do"):
    at: str


class Push(_Step, kw_only=True, tag="push"):
    """A commit arrives on a branch, and is deployed unless the project ignores the branch.

    `source`: name of what it is like when it is built; `behaviour`: of what it does once it runs; `requires`: run-time
    variables without which it ends at its start.
    """

    branch: str = "main"
    message: str
    source: str = ""
    behaviour: str = ""
    requires: list[str] = field(default_factory=list)


class Image(_Step, kw_only=True, tag="image"):
    """An image is deployed."""

    image: str
    source: str = ""
    behaviour: str = ""
    requires: list[str] = field(default_factory=list)


class Files(_Step, kw_only=True, tag="upload"):
    """Files are uploaded: path → text."""

    files: dict[str, str]
    source: str = ""
    behaviour: str = ""


class Assign(_Step, kw_only=True, tag="assign"):
    """A deployment is made the live one of an environment."""

    version: int
    environment: str


class Scale(_Step, kw_only=True, tag="scale"):
    """An environment gets other resources."""

    environment: str
    cpu: int
    memory: int
    replicas: int


class SetVariables(_Step, kw_only=True, tag="variables"):
    """The run-time variables of an environment are replaced."""

    environment: str
    variables: dict[str, str]


class AutoPromote(_Step, kw_only=True, tag="auto-promote"):
    """Auto-promotion is switched."""

    environment: str
    on: bool


class Configure(_Step, kw_only=True, tag="settings"):
    """Settings of the project are changed."""

    settings: dict[str, Any]


class Cancel(_Step, kw_only=True, tag="cancel"):
    """A deployment is cancelled."""

    version: int


class Delete(_Step, kw_only=True, tag="delete"):
    """A deployment is deleted."""

    version: int


class Sleep(_Step, kw_only=True, tag="sleep"):
    """A deployment falls asleep."""

    version: int


class Wake(_Step, kw_only=True, tag="wake"):
    """A deployment is woken."""

    version: int


class Retrigger(_Step, kw_only=True, tag="retrigger"):
    """A deployment is made anew from its commit."""

    version: int


class ScanStep(_Step, kw_only=True, tag="scan"):
    """A deployment is scanned."""

    version: int
    outcome: str = "success"
    findings: list[dict[str, Any]] | None = None


class RouteDomain(_Step, kw_only=True, tag="route"):
    """A domain is routed to an environment."""

    domain: str
    environment: str


class Suspend(_Step, kw_only=True, tag="suspend"):
    """The project is suspended."""


class Remove(_Step, kw_only=True, tag="delete-project"):
    """The project is deleted."""


Step = (
    Push
    | Image
    | Files
    | Assign
    | Scale
    | SetVariables
    | AutoPromote
    | Configure
    | Cancel
    | Delete
    | Sleep
    | Wake
    | Retrigger
    | ScanStep
    | RouteDomain
    | Suspend
    | Remove
)


def version_of(world: Core, project: Project, version: int) -> Deployment:
    """A deployment by its version. Raises `LookupError`."""
    for deployment in world.deployments(project).values():
        if deployment.version == version:
            return deployment
    raise LookupError(f"project {project.name} has no version {version} at that time")


def environment_named(project: Project, name: str) -> Environment:
    """An environment by its name. Raises `LookupError`."""
    for environment in project.environments.values():
        if environment.name == name:
            return environment
    known = ", ".join(one.name for one in project.environments.values()) or "none"
    raise LookupError(f"project {project.name} has no environment {name!r}; it has: {known}")


@singledispatch
def perform(step: Any, world: Core, project: Project) -> None:
    """Do what a step says. Raises `LookupError` for what is not there, `Refusal` for what is not possible."""
    raise TypeError(f"not a step: {step!r}")


def _fate(world: Core, step: Any) -> Fate:
    for kind, name, known in (
        ("source", step.source, world.state.sources),
        ("behaviour", step.behaviour, world.state.behaviours),
    ):
        if name and name not in known:
            raise LookupError(f"there is no {kind} {name!r}; there is: {', '.join(known) or 'none'}")
    return Fate(step.source, step.behaviour, getattr(step, "requires", []))


@perform.register(Push)
def _(step: Push, world: Core, project: Project) -> None:
    push(world, project, step.branch, step.message, _fate(world, step))


def push(world: Core, project: Project, branch: str, message: str, fate: Fate) -> Deployment | None:
    """A commit arrives on a branch of a project's repository; None where that deploys nothing."""
    from createos_nb.simulator.github import repository_of

    repository = repository_of(world, project)
    if repository is None:
        raise LookupError(f"project {project.name} has no repository that can be reached")
    state = world.state
    state.counter += 1
    commit = hex_of(40, state.seed, "commit", repository.id, branch, message, state.counter)
    repository.heads[branch] = (commit, message)
    if fate != Fate():
        state.fates[commit] = fate
    world.note("commit pushed", project, f"{branch}: {message}")
    made = None
    for other in state.projects.values():
        if other.status == "active" and other.type == "vcs" and repository_of(world, other) is repository:
            deployed = _deploy_push(world, other, branch, commit, message)
            made = deployed if other is project else made
    return made


def _deploy_push(world: Core, project: Project, branch: str, commit: str, message: str) -> Deployment | None:
    ignored = project.settings.get("ignoreBranches") or []
    if branch in ignored or (world.dialect == "documented" and any(_matches(branch, one) for one in ignored)):
        return None
    return lifecycle.deploy(world, project, branch=branch, commit=commit, message=message)


def _matches(branch: str, pattern: str) -> bool:
    from fnmatch import fnmatchcase

    return fnmatchcase(branch, pattern)


@perform.register(Image)
def _(step: Image, world: Core, project: Project) -> None:
    fate = _fate(world, step)
    if fate != Fate():
        world.state.fates[step.image] = fate
    lifecycle.deploy(world, project, image=step.image)


@perform.register(Files)
def _(step: Files, world: Core, project: Project) -> None:
    fate = _fate(world, step)
    content = {path: text.encode() for path, text in step.files.items()}
    if fate != Fate():
        world.state.fates[uploads.identity_of(world, project)] = fate
    uploads.upload(world, project.user, project, content)


@perform.register(Assign)
def _(step: Assign, world: Core, project: Project) -> None:
    environment = environment_named(project, step.environment)
    lifecycle.promote(world, project, environment, version_of(world, project, step.version))


@perform.register(Scale)
def _(step: Scale, world: Core, project: Project) -> None:
    environment = environment_named(project, step.environment)
    environments.resize(world, project, environment, step.cpu, step.memory, step.replicas)


@perform.register(SetVariables)
def _(step: SetVariables, world: Core, project: Project) -> None:
    environment = environment_named(project, step.environment)
    environments.set_variables(world, project, environment, dict(step.variables))


@perform.register(AutoPromote)
def _(step: AutoPromote, world: Core, project: Project) -> None:
    environment = environment_named(project, step.environment)
    environment.auto_promote = step.on
    world.changed(environment)
    world.note("environment changed", project, environment.name, environment=environment)


@perform.register(Configure)
def _(step: Configure, world: Core, project: Project) -> None:
    project.settings = {**project.settings, **step.settings}
    world.changed(project)
    world.note("project settings changed", project, ", ".join(step.settings))


@perform.register(Cancel)
def _(step: Cancel, world: Core, project: Project) -> None:
    lifecycle.cancel(world, project, version_of(world, project, step.version))


@perform.register(Delete)
def _(step: Delete, world: Core, project: Project) -> None:
    lifecycle.terminate(world, project, version_of(world, project, step.version))


@perform.register(Sleep)
def _(step: Sleep, world: Core, project: Project) -> None:
    lifecycle.fall_asleep(world, project, version_of(world, project, step.version))


@perform.register(Wake)
def _(step: Wake, world: Core, project: Project) -> None:
    lifecycle.wake(world, project, version_of(world, project, step.version))


@perform.register(Retrigger)
def _(step: Retrigger, world: Core, project: Project) -> None:
    old = version_of(world, project, step.version)
    lifecycle.deploy(world, project, branch=old.branch, commit=old.commit, message=old.message, settings=old.settings)


@perform.register(ScanStep)
def _(step: ScanStep, world: Core, project: Project) -> None:
    deployment = version_of(world, project, step.version)
    security.start_scan(world, project, deployment, step.outcome, step.findings)


@perform.register(RouteDomain)
def _(step: RouteDomain, world: Core, project: Project) -> None:
    for domain in project.domains.values():
        if domain.name == step.domain:
            domains.route(world, project, domain, environment_named(project, step.environment))
            return
    raise LookupError(f"project {project.name} has no domain {step.domain!r}")


@perform.register(Suspend)
def _(step: Suspend, world: Core, project: Project) -> None:
    ownership.suspend(world, project)


@perform.register(Remove)
def _(step: Remove, world: Core, project: Project) -> None:
    ownership.retire(world, project)


# --- steps that are still to come -------------------------------------------------------------------------------------


def plan(world: Core, project: Project, moment: int, step: Any) -> None:
    """Let a step happen at a moment."""
    due_at(world, moment, "a step of the scenario", project.id, msgspec.json.encode(step).decode())


@happens("a step of the scenario")
def _happens(world: Core, target: tuple[str, ...]) -> None:
    project = world.state.projects.get(target[0])
    if project is None or project.status == "deleted":
        return
    step = msgspec.json.decode(target[1], type=Step)
    try:
        perform(step, world, project)
    except (LookupError, Refusal) as why:
        # By then somebody may have changed what the step needs; the world goes on.
        world.note("a step of the scenario was not possible", project, f"{type(step).__name__.lower()}: {why}")
