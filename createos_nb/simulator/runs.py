"""Past runs of a cron job, worked out from its schedule and from what its environment did at the time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from createos_nb.simulator.cron import Cron
from createos_nb.simulator.ids import number_of, uuid_of
from createos_nb.simulator.moments import SECOND, rfc3339
from createos_nb.simulator.state import Cronjob, Environment, Project

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core


def past_runs(world: Core, project: Project, job: Cronjob) -> list[dict[str, Any]]:
    """The last runs, newest first, as many as the platform keeps."""
    if not job.active_at:
        return []
    environment = project.environments.get(job.environment)
    paused = [*job.pauses, *([(job.suspended_at, world.state.now + 1)] if job.suspended_at else [])]
    rows: list[dict[str, Any]] = []
    for due in Cron(job.schedule).before(world.state.now // SECOND):
        if due * SECOND < job.active_at or len(rows) >= world.state.settings.activities:
            break
        if not any(start <= due * SECOND < end for start, end in paused):
            rows.append(_run(world, job, environment, due))
    return rows


def _run(world: Core, job: Cronjob, environment: Environment | None, due: int) -> dict[str, Any]:
    identity = uuid_of(world.state.seed, "run", job.id, due)
    status, text = _answer(world, environment, due)
    ms = 20 + number_of(180, identity)
    settings = job.settings or {}
    asked = f"{settings.get('method', 'GET')} {settings.get('path', '/')}"
    return {
        "id": identity,
        "cronJobId": job.id,
        "scheduledAt": rfc3339(due * SECOND),
        "success": status < 400,
        "statusCode": status,
        "log": f"{asked}: {status} {text} in {ms} ms",
        "createdAt": rfc3339(due * SECOND + ms * 1_000),
    }


def _answer(world: Core, environment: Environment | None, due: int) -> tuple[int, str]:
    """What the environment answered at that second."""
    condition = world.requests_of(environment).timeline.condition_at(due) if environment is not None else None
    if condition is None or condition.segment is None:
        return 404, "Not Found"
    if condition.segment.asleep:
        return 503, "Service Unavailable"
    return (200, "OK") if condition.running is not None else (502, "Bad Gateway")
