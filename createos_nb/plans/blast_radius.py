"""The blast radius of a plan: environments that it reaches, whom they serve, and what would have to make room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from createos_nb.dtypes import TEXT
from createos_nb.errors import CreateOSError
from createos_nb.plans.queries import Query
from createos_nb.plans.snapshot import id_of, in_status, name_of, version_of
from createos_nb.plans.steps.base import CREATED

if TYPE_CHECKING:
    from createos_nb.contract.deployments import Deployment
    from createos_nb.naming import DeploymentStatus
    from createos_nb.plans.snapshot import Snapshot
    from createos_nb.plans.steps.base import Step

_COLUMNS: Final = ("project", "environment", "live", "how", "serves_users", "requests_per_minute", "domains")
_MINUTES: Final = 10
_RUNNING: Final[tuple[DeploymentStatus, ...]] = ("deployed", "crashing")


def blast_radius(steps: list[Step], snapshot: Snapshot) -> pd.DataFrame:
    """Return one row for each environment that the steps reach.

    Columns: project, environment, live (version), how (str), serves_users (boolean), requests_per_minute (Float64, of
    the last ten minutes; NA where it can't be read), domains (str). `attrs["makes_room"]`: the oldest running
    deployment of each project that a step adds a running one to; the platform terminates it if its limit, which it does
    not tell, is reached.
    """
    reached: dict[tuple[str, str], list[str]] = {}
    room: dict[str, str] = {}
    for step in steps:
        project = step.target.project
        for environment, how in step.reaches(snapshot):
            reasons = reached.setdefault((project, environment), [])
            if how not in reasons:
                reasons.append(how)
        if not step.adds_running_deployment or project in room or project.startswith(CREATED):
            continue
        oldest = _oldest_running(step, snapshot)
        if oldest is not None:
            rows = [row for row in snapshot.environments(project) if row.project_deployment_id == oldest.id]
            names = ", ".join(map(name_of, rows))
            where = f", live in {names}" if names else ", live nowhere"
            room[project] = f"{version_of(oldest)} of {step.target.project_name}{where}"
            for row in rows:
                reached.setdefault((project, id_of(row)), []).append("its deployment may have to make room")
    snapshot.read_together(_queries(snapshot, list(reached)))
    reached_rows = [
        _row(snapshot, project, environment, reasons) for (project, environment), reasons in reached.items()
    ]
    frame = pd.DataFrame([row for row in reached_rows if row], columns=list(_COLUMNS))
    texts = ("project", "environment", "live", "how", "domains")
    frame = frame.astype({**dict.fromkeys(texts, TEXT), "serves_users": "boolean", "requests_per_minute": "Float64"})
    frame.attrs["makes_room"] = list(room.values())
    return frame


def _queries(snapshot: Snapshot, reached: list[tuple[str, str]]) -> list[Query]:
    """What the rows need."""
    queries = []
    for project, environment in reached:
        queries += [Query("project", (project,)), snapshot.recent(project, environment, _MINUTES * 60)]
        row = snapshot.environment(project, environment)
        if row is not None and row.project_deployment_id:
            queries.append(Query("deployment", (project, row.project_deployment_id)))
    return queries


def _oldest_running(step: Step, snapshot: Snapshot) -> Deployment | None:
    running = [row for row in snapshot.deployments(step.target.project) if in_status(row, *_RUNNING)]
    return min(running, key=lambda row: row.version_number or 0, default=None)


def _row(snapshot: Snapshot, project: str, environment: str, reasons: list[str]) -> dict[str, Any] | None:
    row = snapshot.environment(project, environment)
    if row is None:
        return None
    domains = (row.extra.custom_domains if row.extra is not None else None) or []
    total: float | None
    try:
        total = snapshot.requests(project, environment, _MINUTES * 60).total
    except CreateOSError:
        total = None  # no figures are no reason to make no plan; it then counts as serving
    per_minute = None if total is None else total / _MINUTES
    used = bool(domains) or per_minute is None or per_minute > 0
    unknown = bool(snapshot.unread(row, ("projectDeploymentId", "extra")))
    live = snapshot.live_deployment(project, row)
    return {
        "project": name_of(snapshot.project(project)),
        "environment": name_of(row),
        "live": "unknown" if unknown else version_of(live) if row.project_deployment_id else "nothing",
        "how": "; ".join(reasons),
        "serves_users": unknown or (bool(row.project_deployment_id) and used),
        "requests_per_minute": per_minute,
        "domains": ", ".join(domains),
    }
