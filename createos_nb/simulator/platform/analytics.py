"""Serves `createos_nb.contract.analytics`: figures of a window, all worked out from the same requests."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from createos_nb.contract.analytics import (
    ErrorPathCount,
    OverallRequests,
    Overview,
    PathCount,
    Rpm,
    StatusCount,
    SuccessPercentage,
)
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


class Window(NamedTuple):
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


def _window(context: WorldContext, call: Call) -> Window:
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
    return Window(traffic, min(start, last), min(end, last), end - start)


@serves("GetProjectEnvironmentAnalyticsOverallRequests")
def overall_requests(context: WorldContext, call: Call) -> Payload:
    """Return the totals by class of the status."""
    return _overall(_window(context, call))


def _overall(window: Window) -> OverallRequests:
    totals = window.traffic.totals(window.start, window.end)
    return OverallRequests(
        total=totals["total"], status_2xx=totals["2xx"], status_4xx=totals["4xx"], status_5xx=totals["5xx"]
    )


@serves("GetProjectEnvironmentAnalyticsRequestsOverTime")
def requests_over_time(context: WorldContext, call: Call) -> Payload:
    """Return buckets with a count for each class of the status. Refuses a window that is too long (422)."""
    settings = context.state.settings
    end = call.query.get("end", context.state.now // SECOND)
    if end - call.query.get("start", end - HOUR) > settings.longest_window:
        project_of(context, call)
        raise HttpError(422, f"the window is too long: at most {settings.longest_window} seconds in one request")
    window = _window(context, call)
    series = window.traffic.series(window.start, window.end, settings.bucket)
    cells = np.column_stack([series.time, series.total, series.counts])
    # One template for all rows: formatting them one by one takes three times as long.
    return b"[%b]" % (b",".join([_BUCKET] * len(cells)) % tuple(cells.ravel().tolist()))


@serves("GetProjectEnvironmentAnalyticsRPM")
def rpm(context: WorldContext, call: Call) -> Payload:
    """Return peak and average requests a minute."""
    return _rpm(_window(context, call))


def _rpm(window: Window) -> Rpm:
    # Minutes are looked at only where there can be requests: a window may begin in 1970.
    first = min([window.traffic.created, *(int(time) // SECOND for time in window.traffic.recorded.events.time[:1])])
    start, end = max(window.start, first), window.end
    if end <= start:
        return Rpm(peak=0, average=0)
    peak, average = window.traffic.rpm(start, end)
    return Rpm(peak=peak, average=average * (end - start) / window.seconds)


@serves("GetProjectEnvironmentAnalyticsSuccessPercentage")
def success_percentage(context: WorldContext, call: Call) -> Payload:
    """Return the share of 2xx and 3xx, in percent; 0 without requests, for the platform's field is a number."""
    return SuccessPercentage(success_percentage=_successes(_window(context, call)))


def _successes(window: Window) -> float:
    return window.traffic.success_percentage(window.start, window.end) or 0


@serves("GetProjectEnvironmentAnalyticsRequestDistribution")
def request_distribution(context: WorldContext, call: Call) -> Payload:
    """Return the count for each status code."""
    return _distribution(_window(context, call))


def _distribution(window: Window) -> list[StatusCount]:
    return [
        StatusCount(status=str(status), count=count)
        for status, count in window.traffic.statuses(window.start, window.end).items()
    ]


@serves("GetProjectEnvironmentAnalyticsTopHitPaths")
def top_hit_paths(context: WorldContext, call: Call) -> Payload:
    """Return the ten most requested paths."""
    return _top_paths(_window(context, call))


def _top_paths(window: Window) -> list[PathCount]:
    return [PathCount(path=path, count=count) for path, count in window.traffic.top_paths(window.start, window.end)]


@serves("GetProjectEnvironmentAnalyticsTopErrorPaths")
def top_error_paths(context: WorldContext, call: Call) -> Payload:
    """Return the ten pairs of path and status with most errors."""
    return _top_errors(_window(context, call))


def _top_errors(window: Window) -> list[ErrorPathCount]:
    return [
        ErrorPathCount(path=path, status=str(status), count=count)
        for path, status, count in window.traffic.top_errors(window.start, window.end)
    ]


@serves("GetProjectEnvironmentAnalytics")
def overview(context: WorldContext, call: Call) -> Payload:
    """Return all analytics of a window at once."""
    window = _window(context, call)
    return Overview(
        overall_requests=_overall(window),
        rpm=_rpm(window),
        success_percentage=_successes(window),
        request_distribution=_distribution(window),
        top_hit_paths=_top_paths(window),
        top_error_paths=_top_errors(window),
    )
