"""Doing what the steps of a scenario say."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Any

import msgspec

from createos_nb.simulator import domains, environments, lifecycle, ownership, security, uploads
from createos_nb.simulator.finding import environment_named
from createos_nb.simulator.github import head_of
from createos_nb.simulator.pushes import push
from createos_nb.simulator.refusal import Refusal
from createos_nb.simulator.schedule import due_at, happens
from createos_nb.simulator.state import Deployment, Fate, Project
from createos_nb.simulator.steps import (
    Assign,
    AutoPromote,
    Cancel,
    Configure,
    Delete,
    Files,
    Image,
    Push,
    Remove,
    Retrigger,
    RouteDomain,
    Scale,
    ScanStep,
    SetVariables,
    Sleep,
    Step,
    Suspend,
    Trigger,
    Wake,
)

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core


def version_of(world: Core, project: Project, version: int) -> Deployment:
    """A deployment by its version. Raises `LookupError`."""
    for deployment in world.deployments(project).values():
        if deployment.version == version:
            return deployment
    raise LookupError(f"project {project.name} has no version {version} at that time")


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


@perform.register(Trigger)
def _(step: Trigger, world: Core, project: Project) -> None:
    head = head_of(world, project, step.branch)
    lifecycle.deploy(world, project, branch=head.branch, commit=head.commit, message=head.message)


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
