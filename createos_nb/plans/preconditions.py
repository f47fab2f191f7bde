"""The preconditions of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from createos_nb.plans.snapshot import name_of
from createos_nb.plans.steps.base import Precondition

if TYPE_CHECKING:
    from createos_nb.plans.snapshot import Snapshot
    from createos_nb.plans.steps.base import Step


def check_preconditions(steps: list[Step], snapshot: Snapshot) -> pd.DataFrame:
    """Return a row for each precondition: precondition, state (holds, fails, unknown), detail; read now."""
    rows: list[Precondition] = [_writable(snapshot)]
    for project in dict.fromkeys(
        step.target.project for step in steps if step.needs_active_project and step.target.project
    ):
        rows.append(_active(snapshot, project))
    for step in steps:
        rows += step.preconditions(snapshot, steps)
    return pd.DataFrame(list(dict.fromkeys(rows)), columns=list(Precondition._fields), dtype="str")


def failing(preconditions: pd.DataFrame) -> pd.DataFrame:
    """Return those that fail."""
    return preconditions[preconditions["state"] == "fails"].reset_index(drop=True)


def _writable(snapshot: Snapshot) -> Precondition:
    read_only = snapshot.client.read_only
    return Precondition.of("the client may write", not read_only, "opened with read_only=True" if read_only else "")


def _active(snapshot: Snapshot, project: str) -> Precondition:
    row = snapshot.project(project)
    name, status = f"project {name_of(row)} is active", str(row.status)
    hints = {"suspended": ": client.projects.unsuspend resumes it", "suspending": ": wait, then resume it"}
    return Precondition.of(name, status == "active", status + hints.get(status, ""))
