"""Serves `createos_nb.contract.cronjobs`, but for their runs."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from createos_nb.contract import cronjobs
from createos_nb.contract.cronjobs import CronjobActivity
from createos_nb.contract.row import Made
from createos_nb.contract.types import CronjobSettings, CronjobType
from createos_nb.naming import CronjobStatus
from createos_nb.simulator.context import WorldContext, handles_event
from createos_nb.simulator.envelope import array
from createos_nb.simulator.ids import number_of, uuid_of
from createos_nb.simulator.platform.access import cronjob_of, environment_of, project_of
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.platform.registry import BodyCall, Call, Payload, serves
from createos_nb.simulator.platform.rows import encode_row
from createos_nb.simulator.state import Cronjob, Environment, Project
from createos_nb.simulator.times import SECOND, rfc3339, rfc3339_or_null
from createos_nb.simulator.traffic import REASONS, Cron, Scheduled, cron

if TYPE_CHECKING:
    from collections.abc import Iterator

STARTING = 5
"""Seconds until a new job is active."""


class CronjobChanges(Struct, kw_only=True):
    """Body of `UpdateCronjob`."""

    name: str
    schedule: str
    settings: CronjobSettings | UnsetType = UNSET


class CronjobDraft(CronjobChanges, kw_only=True):
    """Body of `CreateCronjob`."""

    environment_id: str
    type: CronjobType


def _row(project: Project, job: Cronjob) -> bytes:
    paused = job.status in ("suspending", "suspended")
    row = cronjobs.Cronjob(
        id=job.id,
        project_id=project.id,
        environment_id=job.environment,
        name=job.name,
        type=job.type,
        schedule=job.schedule,
        status=job.status,
        suspended_at=rfc3339_or_null(job.suspended_at),
        suspended_by_owner=True if paused else None,
        suspend_text="suspended by the owner" if paused else None,
        user_request_terminated_at=rfc3339(job.updated) if job.status == "deleting" else None,
        created_at=rfc3339(job.created),
        updated_at=rfc3339(job.updated),
    )
    return encode_row(row, settings=job.settings)


@serves("ListCronjobs")
def list_cronjobs(context: WorldContext, call: Call) -> Payload:
    """Return the jobs of a project, oldest first."""
    project = project_of(context, call)
    return array([_row(project, job) for job in project.cronjobs.values()])


@serves("GetCronjob")
def get_cronjob(context: WorldContext, call: Call) -> Payload:
    """Return one job."""
    project = project_of(context, call)
    return _row(project, cronjob_of(project, call.ids[1]))


def check_schedule(schedule: str) -> str:
    """Return a cron expression that can be read. Refuses others (400)."""
    try:
        Cron(schedule)
    except ValueError as error:
        raise HttpError(400, f"schedule: {error}") from None
    return schedule


def _settings(kind: CronjobType, settings: CronjobSettings | UnsetType) -> dict[str, Any] | None:
    if settings is UNSET:
        if kind == "http":
            raise HttpError(400, "settings is required for a job of type http: path and method")
        return None
    sent: dict[str, Any] = msgspec.to_builtins(settings)
    return sent


@serves("CreateCronjob", CronjobDraft)
def create_cronjob(context: WorldContext, call: BodyCall[CronjobDraft]) -> Payload:
    """Schedule a request to an environment."""
    project, body = project_of(context, call), call.body
    environment = environment_of(project, body.environment_id)
    schedule, settings = check_schedule(body.schedule), _settings(body.type, body.settings)
    if len(project.cronjobs) >= context.state.settings.cronjobs:
        raise HttpError(422, f"a project has at most {context.state.settings.cronjobs} cron jobs")
    if any(job.name == body.name for job in project.cronjobs.values()):
        raise HttpError(422, f"a cron job named {body.name} exists already")
    return Made(id=new_cronjob(context, project, environment, body.name, body.type, schedule, settings).id)


def new_cronjob(
    context: WorldContext,
    project: Project,
    environment: Environment,
    name: str,
    kind: CronjobType,
    schedule: str,
    settings: dict[str, Any] | None,
) -> Cronjob:
    """Put a new job into a project."""
    now = context.state.now
    job = Cronjob(
        id=context.new_id("cronjob"),
        name=name,
        environment=environment.id,
        type=kind,
        schedule=schedule,
        status="pending" if kind == "http" else "building",
        created=now,
        updated=now,
        settings=settings,
    )
    project.cronjobs[job.id] = job
    context.record("cron job made", project, name, environment=environment, resource=job)
    context.schedule_in(STARTING, "cron job is active", project.id, job.id)
    return job


def _changed(context: WorldContext, project: Project, job: Cronjob) -> None:
    """Note that a job has just changed."""
    context.touch(job)
    environment = project.environments.get(job.environment)
    if environment is not None:
        settle(context, environment, job)


def _job(context: WorldContext, target: tuple[str, ...], *statuses: CronjobStatus) -> Cronjob | None:
    job = context.state.projects[target[0]].cronjobs.get(target[1])
    return job if job is not None and job.status in statuses else None


@handles_event("cron job is active")
def _active(context: WorldContext, target: tuple[str, ...]) -> None:
    job = _job(context, target, "pending", "building")
    if job is not None:
        job.status, job.active_at = "active", context.state.now
        _changed(context, context.state.projects[target[0]], job)


@serves("UpdateCronjob", CronjobChanges)
def update_cronjob(context: WorldContext, call: BodyCall[CronjobChanges]) -> Payload:
    """Change a job's name, schedule and request."""
    project, body = project_of(context, call), call.body
    job = cronjob_of(project, call.ids[1])
    if job.status == "deleting":
        raise HttpError(400, "cron job is being deleted")
    schedule = check_schedule(body.schedule)
    if body.settings is not UNSET:
        job.settings = _settings(job.type, body.settings)
    job.name, job.schedule = body.name, schedule
    _changed(context, project, job)
    context.record("cron job changed", project, job.name, resource=job)
    return "Cronjob updated successfully"


@serves("DeleteCronjob")
def delete_cronjob(context: WorldContext, call: Call) -> Payload:
    """Delete a job; the row goes a little later."""
    project = project_of(context, call)
    job = cronjob_of(project, call.ids[1])
    if job.status == "deleting":
        raise HttpError(404, "cron job is being deleted already")
    job.status = "deleting"
    _changed(context, project, job)
    context.record("cron job deleting", project, job.name, resource=job)
    context.schedule_in(context.state.settings.deleting, "cron job is gone", project.id, job.id)
    return "Cronjob deleted successfully"


@handles_event("cron job is gone")
def _gone(context: WorldContext, target: tuple[str, ...]) -> None:
    context.state.projects[target[0]].cronjobs.pop(target[1], None)


def pause(context: WorldContext, project: Project, job: Cronjob, status: CronjobStatus) -> None:
    """Let a job run no more until it is resumed."""
    job.status, job.suspended_at = status, context.state.now
    _changed(context, project, job)


@serves("SuspendCronjob")
def suspend_cronjob(context: WorldContext, call: Call) -> Payload:
    """Pause an active job."""
    project = project_of(context, call)
    job = cronjob_of(project, call.ids[1])
    if job.status != "active":
        raise HttpError(422, f"a cron job that is {job.status} can't be suspended: only an active one")
    pause(context, project, job, "suspending")
    context.record("cron job suspended", project, job.name, resource=job)
    context.schedule_in(context.state.settings.suspending, "cron job is suspended", project.id, job.id)
    return "Cronjob suspended successfully"


@handles_event("cron job is suspended")
def _suspended(context: WorldContext, target: tuple[str, ...]) -> None:
    job = _job(context, target, "suspending")
    if job is not None:
        job.status = "suspended"
        context.touch(job)


@serves("UnsuspendCronjob")
def unsuspend_cronjob(context: WorldContext, call: Call) -> Payload:
    """Resume a paused job."""
    project = project_of(context, call)
    job = cronjob_of(project, call.ids[1])
    if job.status != "suspended":
        raise HttpError(422, f"a cron job that is {job.status} can't be resumed: only a suspended one")
    job.status, job.suspended_at = "active", 0
    _changed(context, project, job)
    context.record("cron job resumed", project, job.name, resource=job)
    return "Cronjob resumed successfully"


@serves("ListCronjobActivities")
def activities(context: WorldContext, call: Call) -> Payload:
    """Return the last runs, newest first."""
    project = project_of(context, call)
    return past_runs(context, project, cronjob_of(project, call.ids[1]))


TIMEOUT: Final = 30
"""Seconds that a run waits for its answer, where its settings say nothing."""


def settle(context: WorldContext, environment: Environment, job: Cronjob) -> None:
    """Let the environment get a job's requests from now on, as the job is now."""
    now = context.state.now // SECOND
    schedules = environment.scheduled
    place = next((n for n, run in enumerate(schedules) if run.name == job.id and run.end is None), None)
    if place is not None:
        schedules[place] = replace(schedules[place], end=max(now, schedules[place].start))
    if job.status == "active":
        settings = job.settings or {}
        path = str(settings.get("path") or "/").split("?", 1)[0]
        method = str(settings.get("method") or "GET") if job.type == "http" else ""
        schedules.append(
            Scheduled(name=job.id, schedule=job.schedule, start=now, method=method, path="/" + path.lstrip("/"))
        )
    context.invalidate_traffic(environment)


def past_runs(context: WorldContext, project: Project, job: Cronjob) -> list[CronjobActivity]:
    """Return the last runs, newest first, as many as the platform keeps."""
    environment = project.environments.get(job.environment)
    if environment is None:
        return []
    run_at = _artifact if job.type == "artifact" else _request
    runs = (run_at(context, job, environment, due) for due in _due(context, environment, job))
    return list(islice((run for run in runs if run is not None), context.state.settings.activities))


def _due(context: WorldContext, environment: Environment, job: Cronjob) -> Iterator[int]:
    """Return when the job was due, Unix seconds, latest first."""
    now = context.state.now // SECOND
    for schedule in reversed(environment.scheduled):
        if schedule.name == job.id:
            for due in cron(schedule.schedule).before(now if schedule.end is None else min(schedule.end, now)):
                if due < schedule.start:
                    break
                yield due


def _request(context: WorldContext, job: Cronjob, environment: Environment, due: int) -> CronjobActivity | None:
    """Return a run that asked the environment, as the log of the environment tells it; None if it is not there yet."""
    requests = context.traffic_of(environment).runs(job.id, due, min(due + 60, context.state.now // SECOND))
    if not len(requests):
        return None
    sent, status, ms = int(requests.time[0]), int(requests.status[0]), int(requests.ms[0])
    cell = requests.cells[int(requests.cell[0])]
    patience = _patience(job)
    outcome = f"{status} {REASONS.get(status, '')}".strip() + f" in {ms} ms"
    if ms > patience * 1_000:
        ms, outcome = patience * 1_000, f"no answer within {patience} s"
    return CronjobActivity(
        id=uuid_of(context.state.seed, "run", job.id, due),
        cron_job_id=job.id,
        scheduled_at=rfc3339(due * SECOND),
        success=status < 400 and not outcome.startswith("no answer"),
        status_code=status,
        log=f"{cell.method} {cell.path}: {outcome}",
        created_at=rfc3339(sent + ms * 1_000),
    )


def _patience(job: Cronjob) -> int:
    timeout = (job.settings or {}).get("timeoutInSeconds")
    return timeout if isinstance(timeout, int) and timeout > 0 else TIMEOUT


def _artifact(context: WorldContext, job: Cronjob, environment: Environment, due: int) -> CronjobActivity:
    """Return a run beside the environment: it asks for nothing, and only needs something to run."""
    identity = uuid_of(context.state.seed, "run", job.id, due)
    serving_state = context.traffic_of(environment).timeline.serving_state_at(due)
    done = serving_state.segment is not None and not serving_state.segment.asleep
    ms = 20 + number_of(180, identity)
    return CronjobActivity(
        id=identity,
        cron_job_id=job.id,
        scheduled_at=rfc3339(due * SECOND),
        success=done,
        status_code=200 if done else 404,
        log=f"exit code 0 in {ms} ms" if done else "no deployment is live",
        created_at=rfc3339(due * SECOND + ms * 1_000),
    )
