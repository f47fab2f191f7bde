"""What comes of a world up to a drill's end and after it: requests that fail, from the world's own events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from createos_nb.simulator.platform.account import keys_in_use, projects_in_use
from createos_nb.simulator.traffic import Cause

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from createos_nb.simulator.scenario.schema import CauseSection
    from createos_nb.simulator.state import Environment, Project
    from createos_nb.simulator.world.world import World
    from createos_nb.training.drills.problem import Problem

_SECOND: Final = 1_000_000
#: Seconds before the end, and after it, in which nobody acts any more and all should be well.
_BEFORE, _AFTER = 600, 12 * 3600
LATE: Final = _BEFORE + _AFTER
"""Seconds in which `Outcome.late` is counted."""


@dataclass(frozen=True)
class Place:
    """An environment, from the alert to the end.

    Attributes:
        failed: times of the requests that failed, Unix microseconds, in order.
        total: how many requests came.
        serving: what serves at the end: id of the deployment, status of the project, replicas, cpu, memory.
        visitors: (since when in Unix seconds, mean requests a minute), as somebody or a domain brings them.
        gone: since when it is deleted, Unix microseconds; None while it is there.
    """

    failed: npt.NDArray[np.int64]
    total: int
    serving: tuple[Any, ...]
    visitors: tuple[tuple[int, float], ...]
    gone: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What comes of a world.

    Attributes:
        places: by "project/environment".
        late: requests that fail around the concerned places from ten minutes before the end to twelve hours after it.
        late_times: those before the end, as times.
        checks: what else has to hold, by the number of the cause.
    """

    places: Mapping[str, Place]
    late: int
    checks: Mapping[int, bool] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        """Return how many requests failed."""
        return sum(len(place.failed) for place in self.places.values())


def outcome_of(problem: Problem, world: World) -> Outcome:
    """Let a world go on to the end of a drill, and for half a day more, and return what came of it.

    A request has failed where it was answered otherwise than its page is on the app's best days: by an error of the
    version, an incident, or the gateway, whatever the status. One that was slow has not. The errors that an app has on
    its best days, too, are left out: they are the same in every fork.

    Args:
        problem: the problem.
        world: forked from the problem's world; it is moved.
    """
    world.move_to(problem.end)
    checks = {n: held for n, cause in enumerate(problem.causes) if (held := _check(problem, world, cause)) is not None}
    first, last = problem.start // _SECOND, problem.end // _SECOND
    places = {}
    for project, environment in _environments(world):
        name = f"{project.name}/{environment.name}"
        places[name] = _place(problem, world, project, environment, first, last)
    mended = {cause.where for cause in problem.causes if cause.runbook}
    world.move_to(problem.end + _AFTER * _SECOND)
    late = 0
    for project, environment in _environments(world):
        if f"{project.name}/{environment.name}" in mended:
            late += _late(problem, world, project, environment, last)
    return Outcome(places, late, checks)


def _environments(world: World) -> list[tuple[Project, Environment]]:
    return [(project, one) for project in world.state.projects.values() for one in project.environments.values()]


def _place(problem: Problem, world: World, project: Project, environment: Environment, first: int, last: int) -> Place:
    events = world.traffic_of(environment).events(first, last)
    known = problem.background(project.name)
    wrong = np.array([_is_wrong(cell.cause, cell.status, cell.note, known) for cell in events.cells], dtype=bool)
    failed = events.time[wrong[events.cell]] if len(events) else np.empty(0, dtype=np.int64)
    serving = (environment.deployment, project.status, environment.replicas, environment.cpu, environment.memory)
    visitors = tuple((since, 0.0 if who is None else who.rpm) for since, who in environment.profiles)
    deleted = environment.status == "deleting" or project.status in ("deleting", "deleted")
    return Place(failed, len(events), serving, visitors, _gone(world, project, environment) if deleted else None)


def _gone(world: World, project: Project, environment: Environment) -> int:
    for entry in reversed(world.state.journal):
        if entry.project == project.name and entry.what in ("environment deleting", "project deleting"):
            return entry.at
    return environment.updated


def _late(problem: Problem, world: World, project: Project, environment: Environment, last: int) -> int:
    known = problem.background(project.name)
    answers = world.traffic_of(environment).answers(last - _BEFORE, last + _AFTER)
    return sum(count for cell, count in answers if _is_wrong(cell.cause, cell.status, cell.note, known))


def _is_wrong(cause: Cause, status: int, note: str, known: set[tuple[int, str]]) -> bool:
    return cause is not Cause.SERVED and not (cause is Cause.FAILED and (status, note) in known)


def _check(problem: Problem, world: World, cause: CauseSection) -> bool | None:
    """Return whether what no request shows is right again; None where requests show it, or nothing here mends it."""
    state, user = world.state, next(iter(world.state.users))
    if cause.cause == "key_expired":
        month = problem.end + 30 * 86_400 * _SECOND
        return any(key.created >= problem.start and key.expires > month for key in state.keys.values())
    if cause.cause == "quota_exceeded":
        if problem.truth.facts.get("quota") == "apiKeys":
            return keys_in_use(world, user) < state.settings.api_keys
        return projects_in_use(world, user) < state.settings.projects
    if "/" in cause.where or not cause.runbook:
        return None
    if cause.runbook == "delete":
        domains = [one for project in state.projects.values() for one in project.domains.values()]
        return not any(one.name == cause.where and one.status in ("error", "pending") for one in domains)
    project = next((one for one in state.projects.values() if one.name == cause.where), None)
    built = list(world.deployments(project).values()) if project is not None else []
    newest = built[-1] if built else None
    return newest is not None and newest.created >= problem.start and newest.status in ("deployed", "sleeping")


def lost_requests(ours: Outcome, nothing: Outcome, start: int, end: int) -> dict[str, int]:
    """Return how many requests never came, by place, because a place or the way to it was taken away.

    Of a place that was deleted, all that would have come since; of one that fewer are led to, as a domain was deleted
    or leads elsewhere, the missing share of what would have come since.

    Args:
        ours: what came of the trainee's world.
        nothing: what came of the world in which nobody did anything.
        start: Unix microseconds.
        end: Unix microseconds.
    """
    lost = {}
    for name, place in nothing.places.items():
        mine = ours.places.get(name)
        rate = place.total / max(end - start, 1)
        missing = 0.0
        moments = sorted({start, *(max(since * _SECOND, start) for since, _ in (mine.visitors if mine else ()))})
        for n, moment in enumerate(moments):
            until = moments[n + 1] if n + 1 < len(moments) else end
            theirs, own = _rpm(place.visitors, moment), _rpm(mine.visitors, moment) if mine else 0.0
            if theirs > own:
                missing += rate * (min(until, end) - moment) * (1 - own / theirs)
        if round(missing) > 0:
            lost[name] = round(missing)
    return lost


def _rpm(visitors: tuple[tuple[int, float], ...], moment: int) -> float:
    rates = [rpm for since, rpm in visitors if since * _SECOND <= moment]
    return rates[-1] if rates else 0.0
