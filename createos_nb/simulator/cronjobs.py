"""Serves `createos_nb.api.cronjobs`, but for their runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from createos_nb.simulator.access import cronjob_of, environment_of, project_of
from createos_nb.simulator.moments import rfc3339, rfc3339_or_null
from createos_nb.simulator.refusal import Refusal
from createos_nb.simulator.registry import Call, serves
from createos_nb.simulator.runs import past_runs, settle
from createos_nb.simulator.schedule import due_in, happens
from createos_nb.simulator.state import Cronjob, Environment, Project
from createos_nb.simulator.traffic import Cron

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core

STARTING = 5
"""Seconds until a new job is active."""


def _row(project: Project, job: Cronjob) -> dict[str, Any]:
    paused = job.status in ("suspending", "suspended")
    return {
        "id": job.id,
        "projectId": project.id,
        "environmentId": job.environment,
        "name": job.name,
        "type": job.type,
        "schedule": job.schedule,
        "status": job.status,
        "settings": job.settings,
        "metadata": None,
        "suspendedAt": rfc3339_or_null(job.suspended_at),
        "suspendedByOwner": True if paused else None,
        "suspendText": "suspended by the owner" if paused else None,
        "userRequestTerminatedAt": rfc3339(job.updated) if job.status == "deleting" else None,
        "createdAt": rfc3339(job.created),
        "updatedAt": rfc3339(job.updated),
    }


@serves("ListCronjobs")
def list_cronjobs(world: Core, call: Call) -> Any:
    """Jobs of a project, oldest first."""
    project = project_of(world, call)
    return [_row(project, job) for job in project.cronjobs.values()]


@serves("GetCronjob")
def get_cronjob(world: Core, call: Call) -> Any:
    """One job."""
    project = project_of(world, call)
    return _row(project, cronjob_of(project, call.ids[1]))


def checked(schedule: str) -> str:
    """A cron expression that can be read. Refuses others (400)."""
    try:
        Cron(schedule)
    except ValueError as error:
        raise Refusal(400, f"schedule: {error}") from None
    return schedule


def _settings(kind: str, given: Any) -> dict[str, Any] | None:
    if given is msgspec.UNSET:
        if kind == "http":
            raise Refusal(400, "settings is required for a job of type http: path and method")
        return None
    built: dict[str, Any] = msgspec.to_builtins(given)
    return built


@serves("CreateCronjob")
def create_cronjob(world: Core, call: Call) -> Any:
    """Schedule a request to an environment."""
    project, body = project_of(world, call), call.body
    environment = environment_of(project, body.environment_id)
    schedule, settings = checked(body.schedule), _settings(body.type, body.settings)
    if len(project.cronjobs) >= world.state.settings.cronjobs:
        raise Refusal(422, f"a project has at most {world.state.settings.cronjobs} cron jobs")
    if any(job.name == body.name for job in project.cronjobs.values()):
        raise Refusal(422, f"a cron job named {body.name} exists already")
    return {"id": new_cronjob(world, project, environment, body.name, body.type, schedule, settings).id}


def new_cronjob(
    world: Core,
    project: Project,
    environment: Environment,
    name: str,
    kind: str,
    schedule: str,
    settings: dict[str, Any] | None,
) -> Cronjob:
    """Put a new job into a project."""
    now = world.state.now
    job = Cronjob(
        id=world.new_id("cronjob"),
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
    world.note("cron job made", project, name, environment=environment)
    due_in(world, STARTING, "cron job is active", project.id, job.id)
    return job


def _changed(world: Core, project: Project, job: Cronjob) -> None:
    """Note that a job has just changed."""
    world.changed(job)
    environment = project.environments.get(job.environment)
    if environment is not None:
        settle(world, environment, job)


def _job(world: Core, target: tuple[str, ...], *statuses: str) -> Cronjob | None:
    job = world.state.projects[target[0]].cronjobs.get(target[1])
    return job if job is not None and job.status in statuses else None


@happens("cron job is active")
def _active(world: Core, target: tuple[str, ...]) -> None:
    job = _job(world, target, "pending", "building")
    if job is not None:
        job.status, job.active_at = "active", world.state.now
        _changed(world, world.state.projects[target[0]], job)


@serves("UpdateCronjob")
def update_cronjob(world: Core, call: Call) -> Any:
    """Change a job's name, schedule and request."""
    project, body = project_of(world, call), call.body
    job = cronjob_of(project, call.ids[1])
    if job.status == "deleting":
        raise Refusal(400, "cron job is being deleted")
    schedule = checked(body.schedule)
    if body.settings is not msgspec.UNSET:
        job.settings = _settings(job.type, body.settings)
    job.name, job.schedule = body.name, schedule
    _changed(world, project, job)
    world.note("cron job changed", project, job.name)
    return "Cronjob updated successfully"


@serves("DeleteCronjob")
def delete_cronjob(world: Core, call: Call) -> Any:
    """Delete a job; the row goes a little later."""
    project = project_of(world, call)
    job = cronjob_of(project, call.ids[1])
    if job.status == "deleting":
        raise Refusal(404, "cron job is being deleted already")
    job.status = "deleting"
    _changed(world, project, job)
    world.note("cron job deleting", project, job.name)
    due_in(world, world.state.settings.deleting, "cron job is gone", project.id, job.id)
    return "Cronjob deleted successfully"


@happens("cron job is gone")
def _gone(world: Core, target: tuple[str, ...]) -> None:
    world.state.projects[target[0]].cronjobs.pop(target[1], None)


def pause(world: Core, project: Project, job: Cronjob, status: str) -> None:
    """Let a job run no more until it is resumed."""
    job.status, job.suspended_at = status, world.state.now
    _changed(world, project, job)


@serves("SuspendCronjob")
def suspend_cronjob(world: Core, call: Call) -> Any:
    """Pause an active job."""
    project = project_of(world, call)
    job = cronjob_of(project, call.ids[1])
    if job.status != "active":
        raise Refusal(422, f"a cron job that is {job.status} can't be suspended: only an active one")
    pause(world, project, job, "suspending")
    world.note("cron job suspended", project, job.name)
    due_in(world, world.state.settings.suspending, "cron job is suspended", project.id, job.id)
    return "Cronjob suspended successfully"


@happens("cron job is suspended")
def _suspended(world: Core, target: tuple[str, ...]) -> None:
    job = _job(world, target, "suspending")
    if job is not None:
        job.status = "suspended"
        world.changed(job)


@serves("UnsuspendCronjob")
def unsuspend_cronjob(world: Core, call: Call) -> Any:
    """Resume a paused job."""
    project = project_of(world, call)
    job = cronjob_of(project, call.ids[1])
    if job.status != "suspended":
        raise Refusal(422, f"a cron job that is {job.status} can't be resumed: only a suspended one")
    job.status, job.suspended_at = "active", 0
    _changed(world, project, job)
    world.note("cron job resumed", project, job.name)
    return "Cronjob resumed successfully"


@serves("ListCronjobActivities")
def activities(world: Core, call: Call) -> Any:
    """The last runs, newest first."""
    project = project_of(world, call)
    return past_runs(world, project, cronjob_of(project, call.ids[1]))
