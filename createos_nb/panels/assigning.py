"""The panel that makes a deployment the live one of an environment."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pandas as pd

from createos_nb import runbooks
from createos_nb.errors import InvalidInput
from createos_nb.panels.choosing import ChoosingPanel

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans import Plan

#: Why a deployment of this status can't be made live; what is deployed or sleeps can.
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


class AssignPanel(ChoosingPanel):
    """Deployments of a project; one of them is made live, and nothing is built.

    Parameters: `chosen` (such as "v17").
    """

    heading, verb, key = "Assign", "Make it live", "version"
    kinds: ClassVar[Mapping[str, str]] = {"state": "state"}
    off = "off"
    nothing = "this project has no deployment yet"

    def __init__(self, client: Client, project: str, environment: str) -> None:
        super().__init__(client, f"{project} / {environment}", "Deployments")
        self._project, self._environment = project, environment
        self._build(*self._listing, *self._form)
        self._depends("chosen")
        self._begin()

    def _read(self, cancel: threading.Event | None = None) -> pd.DataFrame:
        return assignable(self.client, self._project, self._environment)

    def _table(self, found: pd.DataFrame) -> pd.DataFrame:
        return found.assign(off=found["why_not"])  # it is shown, too

    def _make(self) -> Plan:
        row = self._chosen
        if row is None:
            raise InvalidInput("assign: choose a deployment first")
        return runbooks.promote(self.client, self._project, str(row["version"]), self._environment)


def assignable(client: Client, project: str, environment: str) -> pd.DataFrame:
    """Deployments of a project, newest first, and why one can't be made live in an environment.

    Columns, all str: version (such as v17), state, age, commit, message, image, branch, live_in (environments), why_not
    (empty where it can be made live); commit, message, image and branch only where the project has them. Raises what
    the client raises.
    """
    places = client.environments.list(project)
    here = client.environments.get(project, environment)
    deployments = client.deployments.list(project)
    now = client.clock.now()
    rows = []
    for row in deployments.to_dict("records"):
        live_in = [
            place["unique_name"] for place in places.to_dict("records") if place["project_deployment_id"] == row["id"]
        ]
        state = str(row["status"])
        there = row["id"] == here["project_deployment_id"]
        why_not = f"it is live in {here['unique_name']}" if there else ""
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
    frame = pd.DataFrame(rows, columns=list(_COLUMNS)).astype("str")
    empty = [name for name in ("commit", "message", "image", "branch") if not frame[name].any()]
    frame = frame.drop(columns=empty)
    frame.attrs |= {"where": client.where}
    return frame


def age(then: Any, now: float) -> str:
    """How long ago something was, in one unit: 40 s, 12 min, 17 h, 3 d; empty where that is not known."""
    if then is None or pd.isna(then):
        return ""
    seconds = max(0.0, now - pd.Timestamp(then).timestamp())
    for unit, length, most in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172_800)):
        if seconds < most:
            return f"{seconds / length:.0f}\N{NO-BREAK SPACE}{unit}"
    return f"{seconds / 86_400:.0f}\N{NO-BREAK SPACE}d"


def known(value: Any) -> str:
    """A text, empty where there is none."""
    return "" if value is None or pd.isna(value) else str(value)
