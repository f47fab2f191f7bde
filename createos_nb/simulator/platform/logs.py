"""Build logs and runtime logs. Serves part of the contract's `deployments` and `environments`."""

from __future__ import annotations

from collections import Counter

from createos_nb.contract.deployments import BuildLogLine
from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.platform import serving
from createos_nb.simulator.platform.access import deployment_of, environment_of, project_of
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.platform.outcomes import build_of
from createos_nb.simulator.platform.registry import Call, Payload, serves
from createos_nb.simulator.state import Deployment, Project
from createos_nb.simulator.times import SECOND, rfc3339
from createos_nb.simulator.traffic import LogLine, Recorded, Traffic

WINDOW = 60
"""Seconds of runtime log where the request names no length."""


@serves("GetBuildLogs")
def build_logs(context: WorldContext, call: Call) -> Payload:
    """Return the lines of the build log so far; an image is not built."""
    project = project_of(context, call)
    deployment = deployment_of(context, project, call.ids[1])
    if project.type == "image":
        raise HttpError(422, "an image project has no build and no build logs")
    now = context.state.now
    until = now if not deployment.cancelled_at else deployment.cancelled_at
    lines = build_of(context, project, deployment).until(until // SECOND)
    return [
        BuildLogLine(
            ts=rfc3339(line.time),
            line_number=line.number,
            stage=line.stage,
            log=line.text,
            deployment_id=deployment.id,
            created_at=rfc3339(line.time),
        )
        for line in lines[call.query.get("skip", 0) :]
    ]


def _window(context: WorldContext, call: Call) -> tuple[int, int]:
    seconds = min(call.query.get("since_seconds", WINDOW), context.state.settings.log_window)
    now = context.state.now // SECOND
    return max(now - seconds, 0), now


def _text(context: WorldContext, lines: list[LogLine]) -> str:
    """Return the newest lines as text, each with its line break, so that a text only grows at its end."""
    return "".join(f"{line}\n" for line in lines[-context.state.settings.log_lines :])


@serves("GetDeploymentLogs")
def deployment_logs(context: WorldContext, call: Call) -> Payload:
    """Return what a running deployment wrote lately."""
    project = project_of(context, call)
    deployment = deployment_of(context, project, call.ids[1])
    if deployment.status not in serving.LIVE:
        raise HttpError(422, f"a deployment that is {deployment.status} has no runtime logs: only what is running")
    start, end = _window(context, call)
    own = alone(context, project, deployment)
    silent = Traffic(context.state.seed, deployment.id, None, own.timeline.segments)
    processes = silent.logs(start, end)
    # Its processes stand in an environment's log once it is live there; requests to its own address never do.
    requests = list((Counter(own.logs(start, end)) - Counter(processes)).elements())
    lines: list[LogLine] = []
    first = end
    for environment in project.environments.values():
        starts = [segment.start for segment in environment.segments if segment.deployment == deployment.id]
        if starts:
            first = min(first, *starts)
            lines += context.traffic_of(environment).logs(start, end, deployment=deployment.id)
    lines += [line for line in processes if line.time < first * SECOND]
    return _text(context, sorted([*lines, *requests], key=lambda line: line.time))


def alone(context: WorldContext, project: Project, deployment: Deployment) -> Traffic:
    """Return what happens to a deployment at its own address while it is live in no environment."""
    segments = [*deployment.runs]
    if deployment.status in serving.LIVE:
        segments.append(serving.own_run(context, deployment))
    recorded = context.recorded.setdefault(deployment.id, Recorded())
    return Traffic(context.state.seed, deployment.id, None, segments, recorded=recorded)


@serves("GetProjectEnvironmentLogs")
def environment_logs(context: WorldContext, call: Call) -> Payload:
    """Return what an environment wrote lately."""
    project = project_of(context, call)
    environment = environment_of(project, call.ids[1])
    deployment = context.deployments(project).get(environment.deployment)
    if deployment is None or deployment.status not in serving.LIVE:
        state = "no deployment" if deployment is None else f"a deployment that is {deployment.status}"
        raise HttpError(422, f"environment has {state}: runtime logs need one that is running")
    start, end = _window(context, call)
    return _text(context, context.traffic_of(environment).logs(start, end))
