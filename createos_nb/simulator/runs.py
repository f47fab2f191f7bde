"""Runs of cron jobs: requests on a schedule, which count as traffic; and what is kept of the last of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from createos_nb.simulator.ids import number_of, uuid_of
from createos_nb.simulator.moments import SECOND, rfc3339
from createos_nb.simulator.state import Cronjob, Environment, Project
from createos_nb.simulator.traffic import REASONS, Scheduled, cron

if TYPE_CHECKING:
    from collections.abc import Iterator

    from createos_nb.simulator.core import Core

TIMEOUT: Final = 30
"""Seconds that a run waits for its answer, where its settings say nothing."""


def settle(world: Core, environment: Environment, job: Cronjob) -> None:
    """Let the environment get a job's requests from now on, as the job is now."""
    now = world.state.now // SECOND
    schedules = environment.scheduled
    place = next((n for n, one in enumerate(schedules) if one.name == job.id and one.end is None), None)
    if place is not None:
        schedules[place] = replace(schedules[place], end=max(now, schedules[place].start))
    if job.status == "active":
        settings = job.settings or {}
        path = str(settings.get("path") or "/").split("?", 1)[0]
        method = str(settings.get("method") or "GET") if job.type == "http" else ""
        schedules.append(
            Scheduled(name=job.id, schedule=job.schedule, start=now, method=method, path="/" + path.lstrip("/"))
        )
    world.traffic_changed(environment)


def past_runs(world: Core, project: Project, job: Cronjob) -> list[dict[str, Any]]:
    """The last runs, newest first, as many as the platform keeps."""
    environment = project.environments.get(job.environment)
    if environment is None:
        return []
    run = _artifact if job.type == "artifact" else _request
    made = (run(world, job, environment, due) for due in _due(world, environment, job))
    return list(islice((one for one in made if one is not None), world.state.settings.activities))


def _due(world: Core, environment: Environment, job: Cronjob) -> Iterator[int]:
    """When the job was due, Unix seconds, latest first."""
    now = world.state.now // SECOND
    for one in reversed(environment.scheduled):
        if one.name == job.id:
            for due in cron(one.schedule).before(now if one.end is None else min(one.end, now)):
                if due < one.start:
                    break
                yield due


def _request(world: Core, job: Cronjob, environment: Environment, due: int) -> dict[str, Any] | None:
    """A run that asked the environment: what the log of the environment says of it; None if it is not there yet."""
    found = world.requests_of(environment).runs(job.id, due, min(due + 60, world.state.now // SECOND))
    if not len(found):
        return None
    sent, status, ms = int(found.time[0]), int(found.status[0]), int(found.ms[0])
    cell = found.cells[int(found.cell[0])]
    patience = _patience(job)
    said = f"{status} {REASONS.get(status, '')}".strip() + f" in {ms} ms"
    if ms > patience * 1_000:
        ms, said = patience * 1_000, f"no answer within {patience} s"
    return {
        "id": uuid_of(world.state.seed, "run", job.id, due),
        "cronJobId": job.id,
        "scheduledAt": rfc3339(due * SECOND),
        "success": status < 400 and not said.startswith("no answer"),
        "statusCode": status,
        "log": f"{cell.method} {cell.path}: {said}",
        "createdAt": rfc3339(sent + ms * 1_000),
    }


def _patience(job: Cronjob) -> int:
    given = (job.settings or {}).get("timeoutInSeconds")
    return given if isinstance(given, int) and given > 0 else TIMEOUT


def _artifact(world: Core, job: Cronjob, environment: Environment, due: int) -> dict[str, Any]:
    """A run beside the environment: it asks for nothing, and only needs something to run."""
    identity = uuid_of(world.state.seed, "run", job.id, due)
    condition = world.requests_of(environment).timeline.condition_at(due)
    done = condition.segment is not None and not condition.segment.asleep
    ms = 20 + number_of(180, identity)
    return {
        "id": identity,
        "cronJobId": job.id,
        "scheduledAt": rfc3339(due * SECOND),
        "success": done,
        "statusCode": 200 if done else 404,
        "log": f"exit code 0 in {ms} ms" if done else "no deployment is live",
        "createdAt": rfc3339(due * SECOND + ms * 1_000),
    }
