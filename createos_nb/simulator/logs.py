"""Build logs and runtime logs. Serves part of `createos_nb.api.deployments` and `createos_nb.api.environments`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from createos_nb.simulator import live
from createos_nb.simulator.access import deployment_of, environment_of, project_of
from createos_nb.simulator.answers import array, encode
from createos_nb.simulator.fates import build_of
from createos_nb.simulator.moments import SECOND, rfc3339
from createos_nb.simulator.refusal import Refusal
from createos_nb.simulator.registry import Call, serves
from createos_nb.simulator.state import Deployment, Project
from createos_nb.simulator.traffic import LogLine, Recorded, Segment, Traffic

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core

WINDOW = 60
"""Seconds of runtime log when none are asked for."""


@serves("GetBuildLogs")
def build_logs(world: Core, call: Call) -> Any:
    """Lines of the build log so far; an image is not built."""
    project = project_of(world, call)
    deployment = deployment_of(world, project, call.ids[1])
    if project.type == "image":
        raise Refusal(422, "an image project has no build and no build logs")
    now = world.state.now
    until = now if not deployment.cancelled_at else deployment.cancelled_at
    lines = build_of(world, project, deployment).until(until // SECOND)
    return array(
        [
            encode(
                {
                    "ts": rfc3339(line.time),
                    "lineNumber": line.number,
                    "stage": line.stage,
                    "log": line.text,
                    "deploymentId": deployment.id,
                    "createdAt": rfc3339(line.time),
                }
            )
            for line in lines[call.query.get("skip", 0) :]
        ]
    )


def _window(world: Core, call: Call) -> tuple[int, int]:
    seconds = min(call.query.get("since_seconds", WINDOW), world.state.settings.log_window)
    now = world.state.now // SECOND
    return max(now - seconds, 0), now


def _text(world: Core, lines: list[LogLine]) -> str:
    return "\n".join(map(str, lines[-world.state.settings.log_lines :]))


@serves("GetDeploymentLogs")
def deployment_logs(world: Core, call: Call) -> Any:
    """What a running deployment wrote lately."""
    project = project_of(world, call)
    deployment = deployment_of(world, project, call.ids[1])
    if deployment.status not in live.LIVE:
        raise Refusal(422, f"a deployment that is {deployment.status} has no runtime logs: only what is running")
    start, end = _window(world, call)
    lines: list[LogLine] = []
    assigned = False
    for environment in project.environments.values():
        if any(segment.deployment == deployment.id for segment in environment.segments):
            assigned = True
            lines += world.requests_of(environment).logs(start, end, deployment=deployment.id)
    if not assigned:
        lines = alone(world, project, deployment).logs(start, end)
    elif len(world.recorded.get(deployment.id, ())):
        lines += _at_its_own_address(world, project, deployment, start, end)
    return _text(world, sorted(lines))


def _at_its_own_address(world: Core, project: Project, deployment: Deployment, start: int, end: int) -> list[LogLine]:
    """The lines of requests to a deployment's own address, without those of its processes, which stand elsewhere."""
    heard = alone(world, project, deployment)
    silent = Traffic(world.state.seed, deployment.id, None, heard.timeline.segments)
    return list((Counter(heard.logs(start, end)) - Counter(silent.logs(start, end))).elements())


def alone(world: Core, project: Project, deployment: Deployment) -> Traffic:
    """What happens to a deployment that is live nowhere: requests to its own address only."""
    since = (deployment.live_at or deployment.created) // SECOND
    segment = Segment(
        start=since,
        deployment=deployment.id,
        version=deployment.version,
        behaviour=live.behaviour_of(world, deployment),
        port=live.port_of(None, deployment),
        runtime=str(deployment.settings.get("runtime") or ""),
        framework=str(deployment.settings.get("framework") or ""),
        launched=min(deployment.launched_at // SECOND or since, since),
    )
    recorded = world.recorded.setdefault(deployment.id, Recorded())
    return Traffic(world.state.seed, deployment.id, None, [segment], recorded=recorded)


@serves("GetProjectEnvironmentLogs")
def environment_logs(world: Core, call: Call) -> Any:
    """What an environment wrote lately."""
    project = project_of(world, call)
    environment = environment_of(project, call.ids[1])
    deployment = world.deployments(project).get(environment.deployment)
    if deployment is None or deployment.status not in live.LIVE:
        state = "no deployment" if deployment is None else f"a deployment that is {deployment.status}"
        raise Refusal(422, f"environment has {state}: runtime logs need one that is running")
    start, end = _window(world, call)
    return _text(world, world.requests_of(environment).logs(start, end))
