"""What serves an environment's users, from when to when: the segments that its traffic is worked out from."""

from __future__ import annotations

from dataclasses import replace

from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.platform.runtimes import runtime_of
from createos_nb.simulator.state import Deployment, Environment, Project
from createos_nb.simulator.times import SECOND
from createos_nb.simulator.traffic import HEALTHY, Behavior, Segment

DEFAULT_PORT = 8080
LIVE = frozenset({"deployed", "crashing"})
"""Statuses of a deployment that runs."""
ROUTED = frozenset({"active", "updating"})
"""Statuses of a domain that is answered."""


def behavior_of(context: WorldContext, deployment: Deployment) -> Behavior:
    """Return how a deployment behaves once it runs."""
    if deployment.missing:
        return Behavior(crash_after=0, crash=f"missing-variable:{deployment.missing}")
    return context.state.behaviors.get(deployment.behavior, HEALTHY)


def port_of(environment: Environment | None, deployment: Deployment) -> int:
    """Return the port that requests are sent to."""
    port = (environment.serving_port if environment is not None else 0) or deployment.settings.get("port")
    return port if isinstance(port, int) else DEFAULT_PORT


def _now_live(context: WorldContext, project: Project, environment: Environment, start: int) -> Segment | None:
    """Return the segment that should be open now, or None where nothing serves."""
    deployment = context.deployments(project).get(environment.deployment)
    if deployment is None or project.status != "active" or environment.status == "deleting":
        return None
    waking = deployment.status == "deploying" and deployment.live_at
    if deployment.status not in LIVE and deployment.status != "sleeping" and not waking:
        return None
    return Segment(
        start=start,
        deployment=deployment.id,
        version=deployment.version,
        behavior=behavior_of(context, deployment),
        replicas=environment.replicas,
        cpu=environment.cpu,
        memory=environment.memory,
        port=port_of(environment, deployment),
        runtime=runtime_of(deployment.settings),
        framework=str(deployment.settings.get("framework") or ""),
        asleep=deployment.status not in LIVE,
        launched=min(deployment.launched_at // SECOND or start, start),
        fresh=_is_new(environment, deployment, start),
    )


def own_run(context: WorldContext, deployment: Deployment) -> Segment:
    """Return how a live deployment runs at its own address, since it was started or came to behave as it does."""
    since = (deployment.live_at or deployment.created) // SECOND
    if deployment.runs:
        since = max(since, deployment.runs[-1].end or 0)
    return Segment(
        start=since,
        deployment=deployment.id,
        version=deployment.version,
        behavior=behavior_of(context, deployment),
        port=port_of(None, deployment),
        runtime=runtime_of(deployment.settings),
        framework=str(deployment.settings.get("framework") or ""),
        launched=min(deployment.launched_at // SECOND or since, since),
    )


def end_run(context: WorldContext, deployment: Deployment) -> None:
    """Keep how a live deployment ran at its own address until now: its log goes on after it."""
    run = own_run(context, deployment)
    deployment.runs.append(replace(run, end=max(context.state.now // SECOND, run.start)))


def _is_new(environment: Environment, deployment: Deployment, start: int) -> bool:
    """Return whether a process starts now: the deployment has just been started, or gets other resources."""
    last = environment.segments[-1] if environment.segments else None
    if last is not None and last.deployment == deployment.id and last.end is None:
        return True
    return deployment.live_at // SECOND == start


def settle(context: WorldContext, project: Project, environment: Environment) -> None:
    """Close the open segment and open the next, if what serves has changed."""
    now = context.state.now // SECOND
    segments = environment.segments
    last = segments[-1] if segments and segments[-1].end is None else None
    following = _now_live(context, project, environment, now)
    if last is not None and following is not None and _same(last, following):
        return
    if last is not None:
        segments[-1] = replace(last, end=max(now, last.start))
    if following is not None:
        segments.append(following)
    if last is not None or following is not None:
        context.invalidate_traffic(environment)


def settle_visitors(context: WorldContext, project: Project, environment: Environment) -> None:
    """Work out who comes to an environment from now on: to its own address, and through the domains routed to it."""
    if environment.replayed or not environment.assignments:
        # Nobody comes before there was something to come to.
        return
    crowds = [environment.visitors] if environment.visitors is not None else []
    for domain in project.domains.values():
        if domain.environment == environment.id and domain.status in ROUTED and domain.visitors is not None:
            crowds.append(domain.visitors)
    # One profile serves all: the largest crowd decides what is asked for, and the others add to its number.
    largest = max(crowds, key=lambda profile: profile.rpm, default=None)
    crowd = None if largest is None else replace(largest, rpm=sum(profile.rpm for profile in crowds))
    profiles = environment.profiles
    if (profiles[-1][1] if profiles else None) == crowd:
        return
    now = context.state.now // SECOND
    if profiles and profiles[-1][0] == now:
        profiles.pop()
    profiles.append((now, crowd))
    context.invalidate_traffic(environment)


def settle_project(context: WorldContext, project: Project, deployment: str = "") -> None:
    """Settle all environments of a project, or those in which one deployment is live."""
    for environment in project.environments.values():
        if not deployment or environment.deployment == deployment:
            settle(context, project, environment)


def _same(segment: Segment, other: Segment) -> bool:
    return replace(segment, start=other.start, fresh=other.fresh, launched=other.launched) == other
