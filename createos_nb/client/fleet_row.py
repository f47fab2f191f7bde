"""A row of the fleet's overview: an environment's status, its figures, and its requests in parts of the window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from createos_nb.client.fleet_compared import COMPARABLE
from createos_nb.client.fleet_series import Series, Window
from createos_nb.client.fleet_status import Live, Verdict, judge
from createos_nb.client.last_change import failure_of, last_change, newer_than, pending
from createos_nb.frames.fleet import OverviewRow
from createos_nb.naming import DEPLOYMENT_STATES, ENVIRONMENT_STATES
from createos_nb.percentages import round_down, round_up

#: Seconds of a bucket where none is known, and of the shortest window.
SHORTEST: Final = 60


def overview_row(
    project: str,
    environment: Mapping[str, Any],
    deployments: Mapping[str, Mapping[str, Any]],
    known: Sequence[Series],
    series: Series | None,
    window: Window,
    target: float,
    points: int,
    budget_left: float | None = None,
) -> tuple[Verdict, OverviewRow]:
    """Return the status of an environment and its row in the overview.

    Args:
        project: The name of its project.
        environment: As the platform gives it, decoded JSON.
        deployments: Those that were read of its project, by id, as decoded JSON.
        known: The series that are known of it, in which the same time last week is looked for.
        series: Its requests over time; None where they are not known.
        window: The time that is shown.
        target: The share of requests that should succeed.
        points: Parts of the window in `trend` and `error_trend`.
        budget_left: The share of its error budget that is left; None where that is not known.
    """
    rows = np.empty((0, 6), dtype=np.int64) if series is None else series.between(window)
    minutes = len(rows) * series.width / 60 if series else 0.0
    total, succeeded, redirected, refused, failed = rows[:, 1:6].sum(axis=0).tolist()
    live_id = environment.get("projectDeploymentId")
    deployment = deployments.get(str(live_id), {})
    newer = newer_than(environment, deployment, deployments.values())
    live = Live(
        deployed=bool(live_id),
        version=_whole(deployment.get("versionNumber")),
        status=deployment.get("status"),
        failed=failure_of(newer),
    )
    width = series.width if series else SHORTEST
    verdict = judge(rows, width, live, end=window.last, target=target)
    changed = last_change(environment, deployment, newer)
    resources = environment.get("resources")
    return verdict, OverviewRow(
        project=project,
        environment=environment.get("uniqueName"),
        status=verdict.status,
        reason=verdict.reason,
        state=_in_words(ENVIRONMENT_STATES, environment.get("status")),
        version=deployment.get("versionNumber"),
        live_state=_in_words(DEPLOYMENT_STATES, deployment.get("status")),
        replicas=resources.get("replicas") if isinstance(resources, dict) else None,
        requests=total if minutes else None,
        rpm=round(total / minutes, 1) if minutes else None,
        success_percentage=round_down((succeeded + redirected) * 100 / total) if total else None,
        status_5xx=failed if minutes else None,
        server_error_percentage=round_up(failed * 100 / total) if total else None,
        client_error_percentage=round_up(refused * 100 / total) if total else None,
        error_change=_change(failed, total, minutes, known, window),
        burn=round_up(failed / total / (1 - target)) if total else None,
        last_change=changed[1] if changed else None,
        changed_at=changed[0] if changed else None,
        trend=_trend(rows, 1, window, points),
        error_trend=_trend(rows, 5, window, points),
        read_at=window.now,
        pending=pending(environment, deployment, deployments.values()),
        budget_left=None if budget_left is None else round(budget_left, 4) + 0.0,
    )


def _trend(rows: np.ndarray, column: int, window: Window, points: int) -> list[int | None]:
    """The sums of a column in each part of the window; None where there is no data."""
    part = (rows[:, 0] - window.start) * points // window.length
    with_data = np.bincount(part, minlength=points) > 0
    totals = np.bincount(part, weights=rows[:, column], minlength=points)
    return [int(count) if known else None for count, known in zip(totals, with_data, strict=True)]


def _change(failed: int, total: int, minutes: float, known: Sequence[Series], window: Window) -> float | None:
    """The percentage of 5xx, less that of the week before; None where no known series reaches there."""
    before = window.week_before
    for series in known:
        if series.start > before.start or series.settled < before.last - series.width:
            continue
        rows = series.between(before)
        if len(rows) * series.width < COMPARABLE * minutes * 60:
            continue
        if total and (asked := int(rows[:, 1].sum())):
            return round(100 * failed / total - 100 * int(rows[:, 5].sum()) / asked, 2) + 0.0
    return None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _in_words(states: Mapping[str, str], status: Any) -> Any:
    return states.get(status, status) if isinstance(status, str) else status
