"""What a plan needs to be so before it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from createos_nb.plans.steps.step import Precondition

if TYPE_CHECKING:
    from createos_nb.plans.present import Present
    from createos_nb.plans.steps.step import Step


def checked(steps: list[Step], present: Present) -> pd.DataFrame:
    """precondition, state (holds, fails, unknown), detail: one row each, read now."""
    found: list[Precondition] = [_writable(present)]
    for project in dict.fromkeys(step.target.project for step in steps if step.active and step.target.project):
        found.append(_active(present, project))
    for step in steps:
        found += step.preconditions(present, steps)
    return pd.DataFrame(list(dict.fromkeys(found)), columns=list(Precondition._fields), dtype="str")


def failing(preconditions: pd.DataFrame) -> pd.DataFrame:
    """Those that fail."""
    return preconditions[preconditions["state"] == "fails"].reset_index(drop=True)


def _writable(present: Present) -> Precondition:
    state = "fails" if present.client.read_only else "holds"
    return Precondition("the client may write", state, "opened with read_only=True" if state == "fails" else "")


def _active(present: Present, project: str) -> Precondition:
    row = present.project(project)
    status = str(row.get("status"))
    if status == "active":
        return Precondition(f"project {row.get('uniqueName')} is active", "holds", status)
    hint = {"suspended": ": client.projects.unsuspend resumes it", "suspending": ": wait, then resume it"}.get(
        status, ""
    )
    return Precondition(f"project {row.get('uniqueName')} is active", "fails", status + hint)
