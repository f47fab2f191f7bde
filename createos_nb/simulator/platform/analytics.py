"""Serves `createos_nb.contract.analytics`: figures of a window, all worked out from the same requests."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.platform.access import environment_of, project_of
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.platform.registry import Call, Payload, serves
from createos_nb.simulator.times import SECOND
from createos_nb.simulator.traffic import Traffic

HOUR: Final = 3600
"""The default window, seconds."""
_BUCKET: Final = b'{"timestamp":%d,"count":%d,"status2xx":%d,"status3xx":%d,"status4xx":%d,"status5xx":%d}'
FARTHEST: Final = 1 << 40
"""Beyond this no window is worked out (Unix seconds)."""


class Asked(NamedTuple):
    """The traffic of an environment, and the part of a window in which there can be requests.

    Attributes:
        traffic: of the environment.
        start: Unix seconds.
        end: Unix seconds, left out; the future, of which nothing is known, is cut off.
        seconds: length of the window that was asked for.
    """

    traffic: Traffic
    start: int
    end: int
    seconds: int


def _asked(context: WorldContext, call: Call) -> Asked:
    project = project_of(context, call)
    environment = environment_of(project, call.ids[1])
    now = context.state.now // SECOND
    end = call.query.get("end", now)
    start = call.query.get("start", end - HOUR)
    if not 0 <= start < end <= FARTHEST:
        raise HttpError(400, "start must lie before end, both in Unix seconds")
    traffic = context.traffic_of(environment)
    last = now
    if not environment.profiles and len(traffic.recorded):
        # A replayed log may lie anywhere in time.
        last = max(now, int(traffic.recorded.events.time[-1]) // SECOND + 1)
    return Asked(traffic, min(start, last), min(end, last), end - start)


@serves("GetProjectEnvironmentAnalyticsOverallRequests")
def overall_requests(context: WorldContext, call: Call) -> Payload:
    """Totals by class of the status."""
    return _overall(_asked(context, call))


def _overall(asked: Asked) -> dict[str, int]:
    totals = asked.traffic.totals(asked.start, asked.end)
    return {
        "total": totals["total"],
        "success": totals["2xx"],
        "client": totals["4xx"],
        "server": totals["5xx"],
    }


@serves("GetProjectEnvironmentAnalyticsRequestsOverTime")
def requests_over_time(context: WorldContext, call: Call) -> Payload:
    """Buckets with a count for each class of the status. Refuses a window that is too long (422)."""
    settings = context.state.settings
    given = call.query
    now = context.state.now // SECOND
    end = given.get("end", now)
    if end - given.get("start", end - HOUR) > settings.longest_window:
        project_of(context, call)
        raise HttpError(422, f"the window is too long: at most {settings.longest_window} seconds in one request")
    asked = _asked(context, call)
    series = asked.traffic.series(asked.start, asked.end, settings.bucket)
    cells = np.column_stack([series.time, series.total, series.counts])
    # One template for all rows: formatting them one by one takes three times as long.
    return b"[%b]" % (b",".join([_BUCKET] * len(cells)) % tuple(cells.ravel().tolist()))


@serves("GetProjectEnvironmentAnalyticsRPM")
def rpm(context: WorldContext, call: Call) -> Payload:
    """Peak and average requests a minute."""
    return _rpm(_asked(context, call))


def _rpm(asked: Asked) -> dict[str, float]:
    # Minutes are looked at only where there can be requests: a window may begin in 1970.
    first = min([asked.traffic.created, *(int(time) // SECOND for time in asked.traffic.recorded.events.time[:1])])
    start, end = max(asked.start, first), asked.end
    if end <= start:
        return {"peak": 0, "average": 0}
    peak, average = asked.traffic.rpm(start, end)
    return {"peak": peak, "average": average * (end - start) / asked.seconds}


@serves("GetProjectEnvironmentAnalyticsSuccessPercentage")
def success_percentage(context: WorldContext, call: Call) -> Payload:
    """Share of 2xx and 3xx, in percent; 0 without requests, for the platform's field is a number."""
    return {"successPercentage": _successes(_asked(context, call))}


def _successes(asked: Asked) -> float:
    return asked.traffic.success_percentage(asked.start, asked.end) or 0


@serves("GetProjectEnvironmentAnalyticsRequestDistribution")
def request_distribution(context: WorldContext, call: Call) -> Payload:
    """Count for each status code."""
    return _distribution(_asked(context, call))


def _distribution(asked: Asked) -> list[dict[str, Any]]:
    return [
        {"status": str(status), "count": count}
        for status, count in asked.traffic.statuses(asked.start, asked.end).items()
    ]


@serves("GetProjectEnvironmentAnalyticsTopHitPaths")
def top_hit_paths(context: WorldContext, call: Call) -> Payload:
    """The ten most requested paths."""
    return _top_paths(_asked(context, call))


def _top_paths(asked: Asked) -> list[dict[str, Any]]:
    return [{"path": path, "count": count} for path, count in asked.traffic.top_paths(asked.start, asked.end)]


@serves("GetProjectEnvironmentAnalyticsTopErrorPaths")
def top_error_paths(context: WorldContext, call: Call) -> Payload:
    """The ten pairs of path and status with most errors."""
    return _top_errors(_asked(context, call))


def _top_errors(asked: Asked) -> list[dict[str, Any]]:
    return [
        {"path": path, "status": str(status), "count": count}
        for path, status, count in asked.traffic.top_errors(asked.start, asked.end)
    ]


@serves("GetProjectEnvironmentAnalytics")
def overview(context: WorldContext, call: Call) -> Payload:
    """All analytics of a window at once."""
    asked = _asked(context, call)
    return {
        "overallRequests": _overall(asked),
        "rpm": _rpm(asked),
        "successPercentage": _successes(asked),
        "requestDistribution": _distribution(asked),
        "topHitPaths": _top_paths(asked),
        "topErrorPaths": _top_errors(asked),
    }
