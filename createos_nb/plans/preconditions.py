"""The preconditions of a plan."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final

import pandas as pd

from createos_nb.dtypes import TEXT
from createos_nb.naming import text_for
from createos_nb.plans.freeze_files import frozen
from createos_nb.plans.queries import Query
from createos_nb.plans.snapshot import in_status, name_of
from createos_nb.plans.steps.base import CREATED, Precondition

if TYPE_CHECKING:
    from createos_nb.naming import ProjectStatus
    from createos_nb.plans.snapshot import Snapshot
    from createos_nb.plans.steps.base import Step

#: What to do about a project that is not active.
_HINTS: Final[Mapping[ProjectStatus, str]] = {
    "suspended": "runbooks.resume_project resumes it",
    "suspending": "wait, then resume it",
}


def check_preconditions(steps: list[Step], snapshot: Snapshot, passed: Collection[str] = ()) -> pd.DataFrame:
    """Return a row for each precondition: precondition, state (holds, fails, unknown), detail; read now.

    That nothing is frozen is a row only where something is; `passed`: freezes that the run was let pass already.
    """
    snapshot.read_together(queries_of(steps))
    rows: list[Precondition] = [_writable(snapshot)]
    for project in _projects(steps):
        rows.append(_active(snapshot, project))
    for step in steps:
        rows += step.preconditions(snapshot, steps)
    rows += [one.precondition for one in frozen(steps, snapshot, passed)]
    return pd.DataFrame(list(dict.fromkeys(rows)), columns=list(Precondition._fields), dtype=TEXT)


def queries_of(steps: list[Step]) -> list[Query]:
    """Return all that the steps and their preconditions read, as far as it is known beforehand."""
    queries = [Query("project", (project,)) for project in _projects(steps)]
    for step in steps:
        queries += [*step.queries(), *step.precondition_queries()]
    return queries


def failing(preconditions: pd.DataFrame) -> pd.DataFrame:
    """Return those that fail."""
    return preconditions[preconditions["state"] == "fails"].reset_index(drop=True)


def _projects(steps: list[Step]) -> list[str]:
    """The projects that have to be active; one that is yet to be created is."""
    projects = dict.fromkeys(s.target.project for s in steps if s.needs_active_project and s.target.project)
    return [project for project in projects if not project.startswith(CREATED)]


def _writable(snapshot: Snapshot) -> Precondition:
    client = snapshot.client
    because = client.session.read_only_because if client.read_only else ""
    return Precondition.of("the client may write", not client.read_only, because)


def _active(snapshot: Snapshot, project: str) -> Precondition:
    row = snapshot.project(project)
    name, hint = f"project {name_of(row)} is active", text_for(_HINTS, row.status)
    return Precondition.of(name, in_status(row, "active"), f"{row.status}: {hint}" if hint else str(row.status))
