"""The life of a deployment: queue, building, deploying, deployed; and all that can come instead or after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from createos_nb.simulator import live
from createos_nb.simulator.fates import build_of, decide, failure_of
from createos_nb.simulator.idleness import last_used
from createos_nb.simulator.ids import hex_of, number_of, uuid_of
from createos_nb.simulator.moments import SECOND
from createos_nb.simulator.refusal import Refusal
from createos_nb.simulator.schedule import due_at, due_in, happens
from createos_nb.simulator.state import Deployment, Environment, Project
from createos_nb.simulator.traffic import STABLE, ends_after

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core

CANCELLABLE = frozenset({"queue", "building"})
UNFINISHED = frozenset({"queue", "building", "deploying"})
QUEUED, STARTING = 3, 8
"""Least seconds that an image, which is not built, waits and takes to start."""


def deploy(
    world: Core,
    project: Project,
    *,
    branch: str = "",
    commit: str = "",
    message: str = "",
    image: str = "",
    upload: str = "",
    settings: dict[str, Any] | None = None,
) -> Deployment:
    """Make the next version of a project; it is queued now and goes its way by itself."""
    deployments = world.deployments(project)
    now = world.state.now
    project.versions += 1
    identity = uuid_of(world.state.seed, "deployment", project.id, project.versions)
    made = Deployment(
        id=identity,
        version=project.versions,
        status="queue",
        created=now,
        updated=now,
        settings=dict(project.settings if settings is None else settings),
        branch=branch,
        commit=commit,
        message=message,
        image=image,
        upload=upload,
    )
    decide(world, project, made)
    deployments[made.id] = made
    world.lists.pop(project.id, None)
    world.note("deployment queued", project, f"version {made.version}", deployment=made)
    if project.type == "image":
        due_in(world, QUEUED + number_of(4, made.id, "queue"), "deployment leaves the queue", project.id, made.id)
    else:
        due_at(
            world, build_of(world, project, made).building * SECOND, "deployment leaves the queue", project.id, made.id
        )
    return made


def _found(world: Core, target: tuple[str, ...]) -> tuple[Project, Deployment] | None:
    project = world.state.projects.get(target[0])
    if project is None or project.status == "deleted":
        return None
    deployment = world.deployments(project).get(target[1])
    return None if deployment is None else (project, deployment)


def _become(world: Core, project: Project, deployment: Deployment, status: str, text: str = "") -> None:
    deployment.status = status
    world.changed(deployment)
    world.note(f"deployment {status}", project, text or f"version {deployment.version}", deployment=deployment)
    live.settle_project(world, project, deployment.id)


@happens("deployment leaves the queue")
def _leave_queue(world: Core, target: tuple[str, ...]) -> None:
    found = _found(world, target)
    if found is None or found[1].status != "queue":
        return
    project, deployment = found
    if project.type == "image":
        _launch(world, project, deployment, STARTING + number_of(8, deployment.id, "start"))
        return
    _become(world, project, deployment, "building")
    build = build_of(world, project, deployment)
    due_at(world, (build.deploying or build.finished) * SECOND, "deployment is built", project.id, deployment.id)


@happens("deployment is built")
def _built(world: Core, target: tuple[str, ...]) -> None:
    found = _found(world, target)
    if found is None or found[1].status != "building":
        return
    project, deployment = found
    build = build_of(world, project, deployment)
    if build.deploying is None:
        deployment.ended_at = world.state.now
        _become(world, project, deployment, "build_error", build.failure)
        return
    deployment.artifact = f"registry.createos.io/{project.name.lower()}:{hex_of(12, deployment.id, 'artifact')}"
    _launch(world, project, deployment, build.finished - build.deploying)


def _launch(world: Core, project: Project, deployment: Deployment, seconds: int) -> None:
    deployment.launched_at = world.state.now
    _become(world, project, deployment, "deploying")
    due_in(world, seconds, "deployment is started", project.id, deployment.id)


@happens("deployment is started")
def _started(world: Core, target: tuple[str, ...]) -> None:
    found = _found(world, target)
    if found is None or found[1].status != "deploying":
        return
    project, deployment = found
    first = not deployment.live_at
    failure = failure_of(world, project, deployment)
    if first and failure:
        deployment.ended_at = world.state.now
        _become(world, project, deployment, "error", failure)
        return
    deployment.live_at = world.state.now
    _become(world, project, deployment, "deployed")
    make_room(world, project, deployment)
    watch(world, project, deployment)
    if first and deployment.branch:
        for environment in list(project.environments.values()):
            if environment.auto_promote and environment.branch == deployment.branch:
                promote(world, project, environment, deployment, by_itself=True)


def behave(world: Core, project: Project, deployment: Deployment, behaviour: str) -> None:
    """Let a deployment behave otherwise from now on."""
    deployment.behaviour, deployment.missing = behaviour, ""
    reconsider(world, project, deployment)
    live.settle_project(world, project, deployment.id)
    if deployment.status == "deployed" and world.state.settings.idle:
        due_in(world, world.state.settings.idle, "deployment may be idle", project.id, deployment.id)


def watch(world: Core, project: Project, deployment: Deployment) -> None:
    """Let a running deployment crash or fall asleep when it is time."""
    reconsider(world, project, deployment)
    if world.state.settings.idle:
        due_in(world, world.state.settings.idle, "deployment may be idle", project.id, deployment.id)


def _loops_after(world: Core, project: Project, deployment: Deployment) -> int | None:
    """Seconds of running after which its processes end again and again; None for one that is at worst restarted.

    One that ran for ten minutes is started again as if nothing had been: it stays deployed, and its log tells of it.
    """
    behaviour = live.behaviour_of(world, deployment)
    limits = [one.memory for one in project.environments.values() if one.deployment == deployment.id]
    # What is live nowhere has the memory that it needs.
    ends = [ends_after(behaviour, limit) for limit in limits] or [behaviour.crash_after]
    soonest = min((one for one in ends if one is not None), default=None)
    return soonest if soonest is not None and soonest < STABLE else None


def reconsider(world: Core, project: Project, deployment: Deployment) -> None:
    """See whether a running deployment is in a crash loop, after its behaviour or its memory has changed."""
    ends = _loops_after(world, project, deployment)
    if deployment.status == "crashing" and ends is None:
        _become(world, project, deployment, "deployed")
    elif deployment.status == "deployed" and ends is not None:
        boot = live.behaviour_of(world, deployment).boot
        due_in(world, boot + ends, "deployment crashes", project.id, deployment.id)


@happens("deployment crashes")
def _crash(world: Core, target: tuple[str, ...]) -> None:
    found = _found(world, target)
    # In the meantime it may have been mended.
    if found is not None and found[1].status == "deployed" and _loops_after(world, *found) is not None:
        _become(world, *found, "crashing")


@happens("deployment may be idle")
def _idle(world: Core, target: tuple[str, ...]) -> None:
    found = _found(world, target)
    if found is None or found[1].status != "deployed":
        return
    project, deployment = found
    used = max(deployment.live_at, last_used(world, project, deployment))
    ends = used + world.state.settings.idle * SECOND
    if ends > world.state.now:
        due_at(world, ends, "deployment may be idle", project.id, deployment.id)
    else:
        _become(world, project, deployment, "sleeping")


def make_room(world: Core, project: Project, newcomer: Deployment) -> None:
    """Terminate the oldest live deployments beyond the limit; never the one that just came."""
    others = [d for d in world.deployments(project).values() if d.status in live.LIVE and d is not newcomer]
    for oldest in others[: max(len(others) + 1 - world.state.settings.live_limit, 0)]:
        terminate(world, project, oldest, f"version {oldest.version} made room for version {newcomer.version}")


def terminate(world: Core, project: Project, deployment: Deployment, text: str = "") -> None:
    """Mark a deployment for deletion; it goes a little later."""
    deployment.ended_at = world.state.now
    _become(world, project, deployment, "terminating", text)
    due_in(world, world.state.settings.terminating, "deployment is gone", project.id, deployment.id)


@happens("deployment is gone")
def _gone(world: Core, target: tuple[str, ...]) -> None:
    found = _found(world, target)
    if found is None or found[1].status != "terminating":
        return
    remove(world, *found)


def remove(world: Core, project: Project, deployment: Deployment) -> None:
    """Take a deployment out of the world."""
    del world.deployments(project)[deployment.id]
    world.lists.pop(project.id, None)
    world.rows.pop(deployment.id, None)
    world.state.uploads.pop(deployment.upload, None)
    for environment in project.environments.values():
        if environment.deployment == deployment.id:
            environment.deployment = ""
            world.changed(environment)
    world.note("deployment gone", project, f"version {deployment.version}", deployment=deployment)


def fall_asleep(world: Core, project: Project, deployment: Deployment) -> None:
    """Put a deployed deployment to sleep. Refuses others (422)."""
    if deployment.status != "deployed":
        raise Refusal(422, f"a deployment that is {deployment.status} can't fall asleep: only a deployed one")
    _become(world, project, deployment, "sleeping")


def cancel(world: Core, project: Project, deployment: Deployment) -> None:
    """Stop what is queued or building. Refuses otherwise (422)."""
    if deployment.status not in CANCELLABLE:
        raise Refusal(422, f"a deployment that is {deployment.status} can't be cancelled: only queued or building ones")
    deployment.cancelled_at = deployment.ended_at = world.state.now
    deployment.cancel_reason = "cancelled by the user"
    _become(world, project, deployment, "cancelled")


def wake(world: Core, project: Project, deployment: Deployment) -> None:
    """Wake what sleeps. Refuses otherwise (422)."""
    if deployment.status != "sleeping":
        raise Refusal(422, f"a deployment that is {deployment.status} can't be woken: only sleeping ones")
    _launch(world, project, deployment, world.state.settings.waking)


def promote(
    world: Core, project: Project, environment: Environment, deployment: Deployment, *, by_itself: bool = False
) -> None:
    """Make a deployed deployment the live one of an environment. Refuses others (422)."""
    if deployment.status != "deployed":
        raise Refusal(422, f"a deployment that is {deployment.status} can't be assigned: only deployed ones")
    environment.deployment, environment.serving_port = deployment.id, environment.port
    environment.assignments.append((world.state.now, deployment.id))
    how = "promoted by itself" if by_itself else "assigned"
    world.note(
        f"deployment {how}",
        project,
        f"version {deployment.version} is live in {environment.name}",
        environment=environment,
        deployment=deployment,
    )
    be_busy(world, project, environment, "promoting", world.state.settings.promoting)
    live.settle(world, project, environment)
    live.settle_visitors(world, project, environment)
    reconsider(world, project, deployment)


def be_busy(world: Core, project: Project, environment: Environment, status: str, seconds: int) -> None:
    """Show a passing status of an environment for a while."""
    environment.status = status
    world.changed(environment)
    due_in(world, seconds, "environment is done", project.id, environment.id, status)


@happens("environment is done")
def _done(world: Core, target: tuple[str, ...]) -> None:
    project = world.state.projects.get(target[0])
    environment = project.environments.get(target[1]) if project is not None else None
    if environment is not None and environment.status == target[2]:
        environment.status = "active"
        world.changed(environment)
