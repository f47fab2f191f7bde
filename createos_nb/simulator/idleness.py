"""When a deployment last served somebody: what decides whether it falls asleep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from createos_nb.simulator.moments import SECOND
from createos_nb.simulator.state import Deployment, Project
from createos_nb.simulator.traffic import Traffic

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core

_FIRST_LOOK: Final = 600
"""Seconds that are searched first: somebody came lately to nearly everything that is not idle."""


def last_used(world: Core, project: Project, deployment: Deployment) -> int:
    """A moment up to which a deployment was in use, or 0 if it was not within the idle time.

    It may lie up to a minute before the last request, unless that would make the deployment idle by now.
    """
    now, idle = world.state.now // SECOND, world.state.settings.idle
    since, latest = now - idle, 0
    own = world.recorded.get(deployment.id)
    if own is not None and len(own.between(since, now)):
        latest = int(own.between(since, now).time[-1]) // SECOND + 1
    for environment in project.environments.values():
        for segment in reversed(environment.segments):
            start, end = max(segment.start, since), now if segment.end is None else segment.end
            if segment.deployment == deployment.id and end > max(start, latest):
                latest = max(latest, _last_request(world.requests_of(environment), start, end, idle, now))
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
