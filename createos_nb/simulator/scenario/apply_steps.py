"""Applies the steps of a scenario to its world."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import msgspec

from createos_nb.simulator.context import WorldContext, handles_event
from createos_nb.simulator.indexed_state import find_environment
from createos_nb.simulator.platform import deployments, domains, environments, lifecycle, projects, security
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.platform.github import head_of
from createos_nb.simulator.scenario.steps import (
    Assign,
    AutoPromote,
    Cancel,
    Configure,
    Delete,
    Files,
    Image,
    PointDomain,
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
from createos_nb.simulator.state import Deployment, Domain, Outcome, Project
from createos_nb.simulator.world.events import push_commit


def version_of(context: WorldContext, project: Project, version: int) -> Deployment:
    """A deployment by its version. Raises `LookupError`."""
    for deployment in context.deployments(project).values():
        if deployment.version == version:
            return deployment
    raise LookupError(f"project {project.name} has no version {version} at that time")


@singledispatch
def apply_step(step: Any, context: WorldContext, project: Project) -> None:
    """Do what a step says. Raises `LookupError` for what is not there, `HttpError` for what is not possible."""
    raise TypeError(f"not a step: {step!r}")


def _outcome(context: WorldContext, step: Push | Image | Files) -> Outcome:
    for kind, name, known in (
        ("source", step.source, context.state.sources),
        ("behavior", step.behavior, context.state.behaviors),
        ("behavior", "" if isinstance(step, Files) else step.otherwise, context.state.behaviors),
    ):
        if name and name not in known:
            raise LookupError(f"there is no {kind} {name!r}; there is: {', '.join(known) or 'none'}")
    if isinstance(step, Files):
        return Outcome(step.source, step.behavior)
    return Outcome(step.source, step.behavior, step.requires, step.values, step.otherwise)


@apply_step.register(Push)
def _(step: Push, context: WorldContext, project: Project) -> None:
    push_commit(context, project, step.branch, step.message, _outcome(context, step))


@apply_step.register(Trigger)
def _(step: Trigger, context: WorldContext, project: Project) -> None:
    head = head_of(context, project, step.branch)
    lifecycle.deploy(context, project, branch=head.branch, commit=head.commit, message=head.message)


@apply_step.register(Image)
def _(step: Image, context: WorldContext, project: Project) -> None:
    outcome = _outcome(context, step)
    if outcome != Outcome():
        context.state.outcomes[step.image] = outcome
    lifecycle.deploy(context, project, image=step.image)


@apply_step.register(Files)
def _(step: Files, context: WorldContext, project: Project) -> None:
    outcome = _outcome(context, step)
    content = {path: text.encode() for path, text in step.files.items()}
    if outcome != Outcome():
        context.state.outcomes[deployments.next_upload_id(context, project)] = outcome
    deployments.upload(context, project.user, project, content)


@apply_step.register(Assign)
def _(step: Assign, context: WorldContext, project: Project) -> None:
    environment = find_environment(project, step.environment)
    lifecycle.promote(context, project, environment, version_of(context, project, step.version))


@apply_step.register(Scale)
def _(step: Scale, context: WorldContext, project: Project) -> None:
    environment = find_environment(project, step.environment)
    environments.resize(context, project, environment, step.cpu, step.memory, step.replicas)


@apply_step.register(SetVariables)
def _(step: SetVariables, context: WorldContext, project: Project) -> None:
    environment = find_environment(project, step.environment)
    environments.set_variables(context, project, environment, dict(step.variables))


@apply_step.register(AutoPromote)
def _(step: AutoPromote, context: WorldContext, project: Project) -> None:
    environment = find_environment(project, step.environment)
    environment.auto_promote = step.on
    context.touch(environment)
    context.record("environment changed", project, environment.name, environment=environment)


@apply_step.register(Configure)
def _(step: Configure, context: WorldContext, project: Project) -> None:
    project.settings = {**project.settings, **step.settings}
    context.touch(project)
    context.record("project settings changed", project, ", ".join(step.settings))


@apply_step.register(Cancel)
def _(step: Cancel, context: WorldContext, project: Project) -> None:
    lifecycle.cancel(context, project, version_of(context, project, step.version))


@apply_step.register(Delete)
def _(step: Delete, context: WorldContext, project: Project) -> None:
    lifecycle.terminate(context, project, version_of(context, project, step.version))


@apply_step.register(Sleep)
def _(step: Sleep, context: WorldContext, project: Project) -> None:
    lifecycle.fall_asleep(context, project, version_of(context, project, step.version))


@apply_step.register(Wake)
def _(step: Wake, context: WorldContext, project: Project) -> None:
    lifecycle.wake(context, project, version_of(context, project, step.version))


@apply_step.register(Retrigger)
def _(step: Retrigger, context: WorldContext, project: Project) -> None:
    old = version_of(context, project, step.version)
    lifecycle.deploy(context, project, branch=old.branch, commit=old.commit, message=old.message, settings=old.settings)


@apply_step.register(ScanStep)
def _(step: ScanStep, context: WorldContext, project: Project) -> None:
    deployment = version_of(context, project, step.version)
    security.start_scan(context, project, deployment, step.outcome, step.findings)


def _domain(project: Project, name: str) -> Domain:
    for domain in project.domains.values():
        if domain.name == name:
            return domain
    raise LookupError(f"project {project.name} has no domain {name!r}")


@apply_step.register(RouteDomain)
def _(step: RouteDomain, context: WorldContext, project: Project) -> None:
    domains.route(context, project, _domain(project, step.domain), find_environment(project, step.environment))


@apply_step.register(PointDomain)
def _(step: PointDomain, context: WorldContext, project: Project) -> None:
    domains.point(context, project, _domain(project, step.domain), step.values)


@apply_step.register(Suspend)
def _(step: Suspend, context: WorldContext, project: Project) -> None:
    projects.suspend(context, project)


@apply_step.register(Remove)
def _(step: Remove, context: WorldContext, project: Project) -> None:
    projects.retire(context, project)


# --- steps that are still to come -------------------------------------------------------------------------------------


def schedule_step(context: WorldContext, project: Project, moment: int, step: Any) -> None:
    """Schedule a step at a moment."""
    context.schedule_at(moment, "a step of the scenario", project.id, msgspec.json.encode(step).decode())


@handles_event("a step of the scenario")
def _happens(context: WorldContext, target: tuple[str, ...]) -> None:
    project = context.state.projects.get(target[0])
    if project is None or project.status == "deleted":
        return
    step = msgspec.json.decode(target[1], type=Step)
    try:
        apply_step(step, context, project)
    except (LookupError, HttpError) as why:
        # By then somebody may have changed what the step needs; the world goes on.
        context.record("a step of the scenario was not possible", project, f"{type(step).__name__.lower()}: {why}")
