"""The panel that assigns a deployment to an environment."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from createos_nb import runbooks
from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput
from createos_nb.panels.action_panel import ActionPanel
from createos_nb.panels.row_picker import RowPicker

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans import Plan

#: Why a deployment of this status can't be assigned; what is deployed or sleeps can.
WHY_NOT: Final = {
    "queue": "it waits to be built",
    "queued": "it waits to be built",
    "building": "it is being built: wait until it is deployed",
    "deploying": "it is starting: wait until it is deployed",
    "build_error": "its build failed",
    "error": "it did not start",
    "crashing": "it crashes",
    "cancelled": "it was cancelled",
    "terminating": "it is being deleted",
    "terminated": "it was deleted",
}
_COLUMNS: Final = ("version", "state", "age", "commit", "message", "image", "branch", "live_in", "why_not")


class AssignPanel(ActionPanel):
    """Deployments of a project; one of them is assigned to an environment, and nothing is built.

    Parameters: `chosen` (such as "v17").
    """

    heading, verb = "Assign", "Assign"

    def __init__(self, client: Client, project: str, environment: str) -> None:
        self._rows = RowPicker(
            "Deployments",
            key="version",
            kinds={"state": "state"},
            off="off",
            empty="this project has no deployment yet",
        )
        super().__init__(client, f"{project} / {environment}", self._rows)
        self._project, self._environment = project, environment
        self._view.build(self._toolbar, self._rows.grid, self._rows.note, *self.form.widgets)
        self.form.depends_on("chosen")
        self._start()

    def _read(self, cancel: threading.Event | None = None) -> pd.DataFrame:
        return assignable(self.client, self._project, self._environment)

    def _show(self, result: pd.DataFrame) -> None:
        self._rows.show(result.assign(off=result["why_not"]))  # the reason is a column, too

    def _make_plan(self) -> Plan:
        row = self._rows.row
        if row is None:
            raise InvalidInput("Choose a deployment.")
        return runbooks.assign(self.client, self._project, str(row["version"]), self._environment)


def assignable(client: Client, project: str, environment: str) -> pd.DataFrame:
    """List the deployments of a project, newest first, and why one can't be assigned to an environment.

    Columns, all str: version (such as v17), state, age, commit, message, image, branch, live_in (environments), why_not
    (empty where it can be assigned); commit, message, image and branch only where the project has them. Raises what
    the client raises.
    """
    environments = client.environments.list(project)
    target = client.environments.get(project, environment)
    deployments = client.deployments.list(project)
    now = client.clock.now()
    rows = []
    for row in deployments.to_dict("records"):
        live_in = environments.loc[environments["project_deployment_id"] == row["id"], "unique_name"]
        state = str(row["status"])
        is_live = row["id"] == target["project_deployment_id"]
        why_not = f"it is live in {target['unique_name']}" if is_live else ""
        if state not in ("deployed", "sleeping"):
            why_not = WHY_NOT.get(state, f"it is {state}")
        rows.append(
            {
                "version": f"v{row['version_number']}",
                "state": state,
                "age": age(row["created_at"], now),
                "commit": known(row["source_commit"])[:8],
                "message": known(row["source_commit_message"]),
                "image": known(row["source_image"]),
                "branch": known(row["source_branch"]),
                "live_in": ", ".join(map(str, live_in)),
                "why_not": why_not,
            }
        )
    frame = pd.DataFrame(rows, columns=list(_COLUMNS)).astype(TEXT)
    empty = [name for name in ("commit", "message", "image", "branch") if not frame[name].any()]
    frame = frame.drop(columns=empty)
    frame.attrs |= {"where": client.where}
    return frame


def age(then: Any, now: float) -> str:
    """Return how long ago something was, in one unit: 40 s, 12 min, 17 h, 3 d; empty where that is not known."""
    if then is None or pd.isna(then):
        return ""
    seconds = max(0.0, now - pd.Timestamp(then).timestamp())
    for unit, length, limit in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172_800)):
        if seconds < limit:
            return f"{seconds / length:.0f}\N{NO-BREAK SPACE}{unit}"
    return f"{seconds / 86_400:.0f}\N{NO-BREAK SPACE}d"


def known(value: Any) -> str:
    """Return a text, empty where there is none."""
    return "" if value is None or pd.isna(value) else str(value)
