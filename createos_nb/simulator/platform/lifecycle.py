"""The life of a deployment: queue, building, deploying, deployed; and all that can come instead or after."""

from __future__ import annotations

from typing import Any, Final

from createos_nb.naming import DeploymentStatus, EnvironmentStatus
from createos_nb.simulator.context import WorldContext, handles_event
from createos_nb.simulator.ids import hex_of, number_of, uuid_of
from createos_nb.simulator.platform import serving
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.platform.outcomes import build_of, decide, failure_of
from createos_nb.simulator.state import Deployment, Environment, Project
from createos_nb.simulator.times import SECOND
from createos_nb.simulator.traffic import STABLE, Traffic, ends_after

CANCELLABLE = frozenset({"queue", "building"})
UNFINISHED = frozenset({"queue", "building", "deploying"})
QUEUED, STARTING = 3, 8
"""Least seconds that an image, which is not built, waits and takes to start."""


def deploy(
    context: WorldContext,
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
    deployments = context.deployments(project)
    now = context.state.now
    project.versions += 1
    identity = uuid_of(context.state.seed, "deployment", project.id, project.versions)
    deployment = Deployment(
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
    decide(context, project, deployment)
    deployments[deployment.id] = deployment
    context.newest_first.pop(project.id, None)
    context.record("deployment queued", project, f"version {deployment.version}", deployment=deployment)
    if project.type == "image":
        context.schedule_in(
            QUEUED + number_of(4, deployment.id, "queue"), "deployment leaves the queue", project.id, deployment.id
        )
    else:
        context.schedule_at(
            build_of(context, project, deployment).building * SECOND,
            "deployment leaves the queue",
            project.id,
            deployment.id,
        )
    return deployment


def _subject(context: WorldContext, target: tuple[str, ...]) -> tuple[Project, Deployment] | None:
    project = context.state.projects.get(target[0])
    if project is None or project.status == "deleted":
        return None
    deployment = context.deployments(project).get(target[1])
    return None if deployment is None else (project, deployment)


def _become(
    context: WorldContext, project: Project, deployment: Deployment, status: DeploymentStatus, text: str = ""
) -> None:
    if deployment.status in serving.LIVE and status not in serving.LIVE:
        serving.end_run(context, deployment)
    deployment.status = status
    context.touch(deployment)
    context.record(f"deployment {status}", project, text or f"version {deployment.version}", deployment=deployment)
    serving.settle_project(context, project, deployment.id)


@handles_event("deployment leaves the queue")
def _leave_queue(context: WorldContext, target: tuple[str, ...]) -> None:
    subject = _subject(context, target)
    if subject is None or subject[1].status != "queue":
        return
    project, deployment = subject
    if project.type == "image":
        _launch(context, project, deployment, STARTING + number_of(8, deployment.id, "start"))
        return
    _become(context, project, deployment, "building")
    build = build_of(context, project, deployment)
    context.schedule_at((build.deploying or build.finished) * SECOND, "deployment is built", project.id, deployment.id)


@handles_event("deployment is built")
def _built(context: WorldContext, target: tuple[str, ...]) -> None:
    subject = _subject(context, target)
    if subject is None or subject[1].status != "building":
        return
    project, deployment = subject
    build = build_of(context, project, deployment)
    if build.deploying is None:
        deployment.ended_at = context.state.now
        _become(context, project, deployment, "build_error", build.failure)
        return
    registry = f"registry.{context.state.settings.base_domain}"
    deployment.artifact = f"{registry}/{project.name.lower()}:{hex_of(12, deployment.id, 'artifact')}"
    _launch(context, project, deployment, build.finished - build.deploying)


def _launch(context: WorldContext, project: Project, deployment: Deployment, seconds: int) -> None:
    deployment.launched_at = context.state.now
    _become(context, project, deployment, "deploying")
    context.schedule_in(seconds, "deployment is started", project.id, deployment.id)


@handles_event("deployment is started")
def _started(context: WorldContext, target: tuple[str, ...]) -> None:
    subject = _subject(context, target)
    if subject is None or subject[1].status != "deploying":
        return
    project, deployment = subject
    first = not deployment.live_at
    failure = failure_of(context, project, deployment)
    if first and failure:
        deployment.ended_at = context.state.now
        _become(context, project, deployment, "error", failure)
        return
    deployment.live_at = context.state.now
    _become(context, project, deployment, "deployed")
    make_room(context, project, deployment)
    watch(context, project, deployment)
    if first and deployment.branch:
        for environment in list(project.environments.values()):
            if environment.auto_promote and environment.branch == deployment.branch:
                promote(context, project, environment, deployment, by_itself=True)


def set_behavior(context: WorldContext, project: Project, deployment: Deployment, behavior: str) -> None:
    """Let a deployment behave otherwise from now on."""
    if deployment.status in serving.LIVE:
        serving.end_run(context, deployment)
    deployment.behavior, deployment.missing = behavior, ""
    reconsider(context, project, deployment)
    serving.settle_project(context, project, deployment.id)
    if deployment.status == "deployed" and context.state.settings.idle:
        context.schedule_in(context.state.settings.idle, "deployment may be idle", project.id, deployment.id)


def watch(context: WorldContext, project: Project, deployment: Deployment) -> None:
    """Let a running deployment crash or fall asleep when it is time."""
    reconsider(context, project, deployment)
    if context.state.settings.idle:
        context.schedule_in(context.state.settings.idle, "deployment may be idle", project.id, deployment.id)


def _loops_after(context: WorldContext, project: Project, deployment: Deployment) -> int | None:
    """Return the seconds of running after which its processes end again and again; None for at worst a restart.

    One that ran for ten minutes is started again as if nothing had been: it stays deployed, and its log tells of it.
    """
    behavior = serving.behavior_of(context, deployment)
    limits = [
        environment.memory for environment in project.environments.values() if environment.deployment == deployment.id
    ]
    # What is live nowhere has the memory that it needs.
    ends = [ends_after(behavior, limit) for limit in limits] or [behavior.crash_after]
    soonest = min((end for end in ends if end is not None), default=None)
    return soonest if soonest is not None and soonest < STABLE else None


def reconsider(context: WorldContext, project: Project, deployment: Deployment) -> None:
    """See whether a running deployment is in a crash loop, after its behavior or its memory has changed."""
    ends = _loops_after(context, project, deployment)
    if deployment.status == "crashing" and ends is None:
        _become(context, project, deployment, "deployed")
    elif deployment.status == "deployed" and ends is not None:
        boot = serving.behavior_of(context, deployment).boot
        context.schedule_in(boot + ends, "deployment crashes", project.id, deployment.id)


@handles_event("deployment crashes")
def _crash(context: WorldContext, target: tuple[str, ...]) -> None:
    subject = _subject(context, target)
    # In the meantime it may have been mended.
    if subject is not None and subject[1].status == "deployed" and _loops_after(context, *subject) is not None:
        _become(context, *subject, "crashing")


@handles_event("deployment may be idle")
def _idle(context: WorldContext, target: tuple[str, ...]) -> None:
    subject = _subject(context, target)
    if subject is None or subject[1].status != "deployed":
        return
    project, deployment = subject
    used = max(deployment.live_at, last_used(context, project, deployment))
    ends = used + context.state.settings.idle * SECOND
    if ends > context.state.now:
        context.schedule_at(ends, "deployment may be idle", project.id, deployment.id)
    else:
        _become(context, project, deployment, "sleeping")


def make_room(context: WorldContext, project: Project, newcomer: Deployment) -> None:
    """Terminate the oldest live deployments beyond the limit; never the one that just came."""
    others = [d for d in context.deployments(project).values() if d.status in serving.LIVE and d is not newcomer]
    for oldest in others[: max(len(others) + 1 - context.state.settings.live_limit, 0)]:
        terminate(context, project, oldest, f"version {oldest.version} made room for version {newcomer.version}")


def terminate(context: WorldContext, project: Project, deployment: Deployment, text: str = "") -> None:
    """Mark a deployment for deletion; it goes a little later."""
    deployment.ended_at = context.state.now
    _become(context, project, deployment, "terminating", text)
    context.schedule_in(context.state.settings.terminating, "deployment is gone", project.id, deployment.id)


@handles_event("deployment is gone")
def _gone(context: WorldContext, target: tuple[str, ...]) -> None:
    subject = _subject(context, target)
    if subject is None or subject[1].status != "terminating":
        return
    remove(context, *subject)


def remove(context: WorldContext, project: Project, deployment: Deployment) -> None:
    """Take a deployment out of the world."""
    del context.deployments(project)[deployment.id]
    context.newest_first.pop(project.id, None)
    context.rows.pop(deployment.id, None)
    context.state.uploads.pop(deployment.upload, None)
    for environment in project.environments.values():
        if environment.deployment == deployment.id:
            environment.deployment = ""
            context.touch(environment)
    context.record("deployment gone", project, f"version {deployment.version}", deployment=deployment)


def fall_asleep(context: WorldContext, project: Project, deployment: Deployment) -> None:
    """Put a deployed deployment to sleep. Refuses others (422)."""
    if deployment.status != "deployed":
        raise HttpError(422, f"a deployment that is {deployment.status} can't fall asleep: only a deployed one")
    _become(context, project, deployment, "sleeping")


def cancel(context: WorldContext, project: Project, deployment: Deployment) -> None:
    """Stop what is queued or building. Refuses otherwise (422)."""
    if deployment.status not in CANCELLABLE:
        raise HttpError(
            422, f"a deployment that is {deployment.status} can't be cancelled: only queued or building ones"
        )
    deployment.cancelled_at = deployment.ended_at = context.state.now
    deployment.cancel_reason = "cancelled by the user"
    _become(context, project, deployment, "cancelled")


def wake(context: WorldContext, project: Project, deployment: Deployment) -> None:
    """Wake what sleeps. Refuses otherwise (422)."""
    if deployment.status != "sleeping":
        raise HttpError(422, f"a deployment that is {deployment.status} can't be woken: only sleeping ones")
    _launch(context, project, deployment, context.state.settings.waking)


def promote(
    context: WorldContext,
    project: Project,
    environment: Environment,
    deployment: Deployment,
    *,
    by_itself: bool = False,
) -> None:
    """Make a deployed deployment the live one of an environment. Refuses others (422)."""
    if deployment.status != "deployed":
        raise HttpError(422, f"a deployment that is {deployment.status} can't be assigned: only deployed ones")
    environment.deployment, environment.serving_port = deployment.id, environment.port
    environment.assignments.append((context.state.now, deployment.id))
    how = "promoted by itself" if by_itself else "assigned"
    context.record(
        f"deployment {how}",
        project,
        f"version {deployment.version} is live in {environment.name}",
        environment=environment,
        deployment=deployment,
    )
    be_busy(context, project, environment, "promoting", context.state.settings.promoting)
    serving.settle(context, project, environment)
    serving.settle_visitors(context, project, environment)
    reconsider(context, project, deployment)


def be_busy(
    context: WorldContext, project: Project, environment: Environment, status: EnvironmentStatus, seconds: int
) -> None:
    """Show a passing status of an environment for a while."""
    environment.status = status
    context.touch(environment)
    context.schedule_in(seconds, "environment is done", project.id, environment.id, status)


@handles_event("environment is done")
def _done(context: WorldContext, target: tuple[str, ...]) -> None:
    project = context.state.projects.get(target[0])
    environment = project.environments.get(target[1]) if project is not None else None
    if environment is not None and environment.status == target[2]:
        environment.status = "active"
        context.touch(environment)


_FIRST_LOOK: Final = 600
"""Seconds that are searched first: somebody came lately to nearly everything that is not idle."""


def last_used(context: WorldContext, project: Project, deployment: Deployment) -> int:
    """Return a moment up to which a deployment was in use, or 0 if it was not within the idle time.

    It may lie up to a minute before the last request, unless that would make the deployment idle by now.
    """
    now, idle = context.state.now // SECOND, context.state.settings.idle
    since, latest = now - idle, 0
    own = context.recorded.get(deployment.id)
    if own is not None and len(own.between(since, now)):
        latest = int(own.between(since, now).time[-1]) // SECOND + 1
    for environment in project.environments.values():
        for segment in reversed(environment.segments):
            start, end = max(segment.start, since), now if segment.end is None else segment.end
            if segment.deployment == deployment.id and end > max(start, latest):
                latest = max(latest, _last_request(context.traffic_of(environment), start, end, idle, now))
    return latest * SECOND


def _last_request(traffic: Traffic, start: int, end: int, idle: int, now: int) -> int:
    look = _FIRST_LOOK
    while end > start:
        begin = max(start, end - look)
        series = traffic.series(begin, end, 60)
        busy = series.counts.sum(axis=1).nonzero()[0]
        if len(busy):
            minute = max(int(series.time[busy[-1]]), begin)
            if minute + idle > now:
                return minute
            events = traffic.events(minute, min(minute + 60, end))
            return int(events.time[-1]) // SECOND + 1
        end, look = begin, look * 4
    return 0
