"""Candidates of a rollback, and the evidence for each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

import pandas as pd

from createos_nb.contract.deployments import Deployment, DeploymentSource
from createos_nb.contract.environments import Environment
from createos_nb.contract.projects import Project
from createos_nb.dtypes import TEXT
from createos_nb.errors import CreateOSError, InvalidInput
from createos_nb.frames.arrays import readable_times
from createos_nb.naming import DeploymentStatus, text_for
from createos_nb.percentages import failure
from createos_nb.plans.journal_assignments import assignments
from createos_nb.plans.queries import Query
from createos_nb.plans.snapshot import Snapshot, id_of, in_status
from createos_nb.times import unix

_COLUMNS: Final = (
    "version",
    "deployment",
    "status",
    "created_at",
    "source",
    "eligible",
    "why_not",
    "evidence",
    "because",
    "requests",
    "server_error_percentage",
)
#: Of so many the traffic is asked for: two requests each, newest first.
_MEASURED: Final = 5
_WINDOW: Final = 6 * 3600
_ENOUGH: Final = 100
_UNHEALTHY: Final = 2.0
#: Why what has ended so is no candidate.
_UNFIT: Final[Mapping[DeploymentStatus, str]] = {
    "build_error": "its build failed",
    "error": "it did not start",
    "crashing": "it crashes",
}
#: What says that a deployment was live in an environment.
Evidence = Literal["journal", "snapshot", "inferred", "none"]


class _Older(NamedTuple):
    """An older deployment, and what is known of it before its traffic is read; `measured`: that is to be read."""

    row: Deployment
    evidence: Evidence
    because: str
    why_not: str
    measured: bool
    window: Query | None


def candidates_of(
    current: Snapshot,
    project: Project,
    environment: Environment,
    running: Deployment | None,
    *,
    snapshot: pd.DataFrame | None = None,
    journals: str | os.PathLike[str] | None = None,
) -> pd.DataFrame:
    """Return older deployments than the running one, newest first, of its branch or (without branches) of its project.

    Columns: version (Int64), deployment (id), status, created_at (UTC), source (commit or image), eligible (boolean),
    why_not, evidence (journal, snapshot, inferred, none), because (str), requests (Int64) and server_error_percentage
    (Float64, 0–100) of the last hours before it was replaced; NA where that was not asked for or is not known. One is
    unhealthy with at least 100 requests of which more than 2 % ended in a server error.
    """
    live = (running.version_number if running is not None else None) or 0
    rows = [row for row in current.deployments(id_of(project)) if 0 < (row.version_number or 0) < live]
    branch = environment.branch
    journaled = _from_journals(current, journals, id_of(environment))
    in_snapshot = _from_snapshot(snapshot, environment)
    older: list[_Older] = []
    after = running
    for row in rows:
        evidence, because = _evidence(row, environment, journaled, in_snapshot)
        why_not = _unfit(row)
        if not why_not and evidence == "none":
            why_not = because
        measured = not why_not and sum(one.measured for one in older) < _MEASURED
        window = _window(current, project, environment, row, after) if measured else None
        older.append(_Older(row, evidence, because, why_not, measured, window))
        if (row.source or DeploymentSource()).branch == branch and in_status(row, "deployed", "sleeping"):
            after = row
    windows = [one.window for one in older if one.window is not None]
    # the plan shows the environment's traffic as well: it is read at the same time
    current.read_together([*windows, current.recent(id_of(project), id_of(environment))])
    candidates = []
    for row, evidence, because, why_not, measured, window in older:
        requests, errors = (None, None) if window is None else _traffic(current, window)
        if evidence == "inferred" and measured:
            because += f"; {requests} requests while it was the newest" if requests else "; no requests are known"
        if requests is not None and errors is not None and requests >= _ENOUGH and errors > _UNHEALTHY:
            why_not = f"it was not healthy: {failure(errors, 1)} of {requests} requests ended in a server error"
        candidates.append(
            {
                "version": row.version_number,
                "deployment": row.id,
                "status": row.status,
                "created_at": row.created_at,
                "source": source_of(row),
                "eligible": not why_not,
                "why_not": why_not,
                "evidence": evidence,
                "because": because,
                "requests": requests,
                "server_error_percentage": errors,
            }
        )
    frame = pd.DataFrame(candidates, columns=list(_COLUMNS))
    texts = ("deployment", "status", "source", "why_not", "evidence", "because")
    frame["created_at"] = readable_times([row.created_at for row in rows])
    return frame.astype(
        {
            "version": "Int64",
            "eligible": "boolean",
            "requests": "Int64",
            "server_error_percentage": "Float64",
            **dict.fromkeys(texts, TEXT),
        }
    )


def _unfit(row: Deployment) -> str:
    if in_status(row, "deployed", "sleeping"):
        return ""
    return text_for(_UNFIT, row.status) or f"it is {row.status}"


def _evidence(
    row: Deployment, environment: Environment, journaled: dict[str, str], in_snapshot: set[str]
) -> tuple[Evidence, str]:
    identity = id_of(row)
    if identity in journaled:
        return "journal", f"a journal says that it was live there ({journaled[identity]})"
    if identity in in_snapshot:
        return "snapshot", "the snapshot says that it was live there"
    branch = environment.branch
    of = (row.source or DeploymentSource()).branch
    if branch:
        if of != branch:
            return "none", f"it is of branch {of}, and the environment follows {branch}"
        how = "which it promotes by itself" if environment.is_auto_promote_enabled else "and reached deployed"
        return "inferred", f"it is of the environment's branch {branch}, {how}"
    return "inferred", "it is of the same project, and reached deployed"


def _from_journals(current: Snapshot, journals: str | os.PathLike[str] | None, environment: str) -> dict[str, str]:
    """Deployments that journals have seen live in an environment, with when."""
    facts = assignments(current.client, journals)
    facts = facts[facts["environment_id"] == environment]
    times = facts["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    words = facts["began"].map({True: "from ", False: "until "}) + times
    return dict(zip(facts["deployment_id"], words, strict=True))


def _from_snapshot(snapshot: pd.DataFrame | None, environment: Environment) -> set[str]:
    if snapshot is None:
        return set()
    if not isinstance(snapshot, pd.DataFrame) or not {"id", "project_deployment_id"} <= set(snapshot):
        raise InvalidInput("snapshot: a frame as client.environments.list gave it, with id and project_deployment_id")
    mine = snapshot[snapshot["id"] == environment.id]
    return {str(deployment) for deployment in mine["project_deployment_id"].dropna()}


def _window(
    current: Snapshot, project: Project, environment: Environment, row: Deployment, after: Deployment | None
) -> Query | None:
    """The last hours in which a deployment was the newest; None where there were none."""
    now = current.now
    try:
        first, last = unix(row.created_at, now), min(unix(after.created_at if after is not None else None, now), now)
    except InvalidInput:
        return None  # the platform gives no time, or none that can be read
    start, end = int(max(first, last - _WINDOW)), int(last)
    return Query("requests", (id_of(project), id_of(environment), start, end)) if start < end else None


def _traffic(current: Snapshot, window: Query) -> tuple[int | None, float | None]:
    """Requests of a window, and the percentage of server errors among them."""
    try:
        requests = current.requests_in(window)
    except CreateOSError:
        return None, None  # no figures: the rest of the evidence decides
    total, errors = requests.total, requests.status_5xx
    if total is None or errors is None:
        return None, None
    return int(total), (100 * errors / total if total else None)


def source_of(row: Deployment) -> str:
    """Return what a deployment was made of: its image, its commit with the message, or files."""
    source = row.source or DeploymentSource()
    if source.image:
        return source.image
    return f"{(source.commit or '')[:12]} {source.commit_message or ''}".strip() or "files"
