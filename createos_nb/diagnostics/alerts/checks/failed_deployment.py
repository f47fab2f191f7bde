"""Deployments that failed, and live ones that crash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from createos_nb.diagnostics.alerts.alert import Found
from createos_nb.diagnostics.alerts.check import Check
from createos_nb.naming import DEPLOYMENT_STATES

if TYPE_CHECKING:
    from createos_nb.diagnostics.alerts.alert import Place
    from createos_nb.diagnostics.alerts.inventory import Inventory
    from createos_nb.diagnostics.alerts.reader import Reader

_FAILED: Final = "failed"
_SUCCEEDED: Final = ("deployed", "sleeping")


class FailedDeployment(Check):
    """The newest deployments of a project that failed since one of their branch succeeded, and live ones that crash.

    A failed one is a ticket, and over when a later one of its branch succeeds or is canceled; a live one that crashes
    is a page.
    """

    kind = "failed_deployment"
    every = 120.0

    def places(self, inventory: Inventory) -> list[Place]:
        """Return the projects."""
        return [project.place for project in inventory.projects.values() if project.read is not None]

    def cost(self, place: Place, reader: Reader) -> int:
        """Return 1, or 0 where the deployments are read already."""
        return 0 if reader.has_deployments(place) else 1

    def look(self, place: Place, reader: Reader) -> list[Found]:
        """Return a page for each environment whose live deployment crashes, and a ticket for each failed deployment."""
        rows = [*reader.deployments(place).itertuples(index=False)]
        by_id = {str(row.id): row for row in rows}
        found: list[Found] = []
        live: set[str] = set()
        for environment in reader.project(place).environments:
            if not environment.live:
                continue
            row: Any = by_id.get(environment.live)
            if row is None:  # older than the newest page
                row = reader.client.deployments.get(place.project_id, environment.live)
            live.add(environment.live)
            if DEPLOYMENT_STATES.get(str(row.status)) == _FAILED:
                version = _version(row)
                sentence = f"{version}, which is live in {environment.name}, is {row.status}"
                found.append(
                    Found(
                        f"{environment.name} {version}",
                        "page",
                        _changed(row).to_pydatetime(),
                        sentence,
                        environment=environment.name,
                        diagnose=True,
                    )
                )
        over: set[str] = set()
        for row in rows:
            branch = "" if pd.isna(row.source_branch) else str(row.source_branch)
            state = DEPLOYMENT_STATES.get(str(row.status), "")
            if state in _SUCCEEDED or state == "cancelled":
                over.add(branch)
            elif state == _FAILED and branch not in over and str(row.id) not in live:
                of = f" of {branch}" if branch else ""
                sentence = f"{_version(row)}{of} failed ({row.status}), and none{of} has succeeded since"
                found.append(Found(_version(row), "ticket", _changed(row).to_pydatetime(), sentence, diagnose=True))
        return found


def _version(row: Any) -> str:
    return f"v{row.version_number}" if not pd.isna(row.version_number) else str(row.id)


def _changed(row: Any) -> pd.Timestamp:
    return pd.Timestamp(row.created_at if pd.isna(row.updated_at) else row.updated_at)
