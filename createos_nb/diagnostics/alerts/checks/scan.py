"""Scans of live deployments that failed, or found what is critical or high."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from createos_nb.diagnostics.alerts.alert import Found
from createos_nb.diagnostics.alerts.check import Check
from createos_nb.errors import NotFound

if TYPE_CHECKING:
    from createos_nb.diagnostics.alerts.alert import Place
    from createos_nb.diagnostics.alerts.inventory import Inventory
    from createos_nb.diagnostics.alerts.reader import Reader

_TOLD: Final = ("critical", "high")


class Scan(Check):
    """The scans of what is live, in projects that are scanned.

    A failed scan, and one with critical or high findings, is a ticket; over when another deployment is live, or
    another scan says otherwise. What a scan that succeeded said is not asked again.
    """

    kind = "scan"
    every = 1800.0

    def __init__(self) -> None:
        self._done: dict[str, pd.Series] = {}

    def places(self, inventory: Inventory) -> list[Place]:
        """Return the projects that are scanned and have a live deployment."""
        return [one.place for one in inventory.projects.values() if one.scanned and one.places]

    def cost(self, place: Place, reader: Reader) -> int:
        """Return how many live deployments there are whose scan is not known."""
        return sum(live not in self._done for live in _live(place, reader))

    def look(self, place: Place, reader: Reader) -> list[Found]:
        """Return a ticket for each scan that failed or found something."""
        found = []
        for live, environments in _live(place, reader).items():
            scan = self._done.get(live)
            if scan is None:
                try:
                    scan = reader.client.security.scan(place.project_id, live)
                except NotFound:
                    continue  # it was not scanned
                if scan["status"] == "success":
                    self._done[live] = scan
            what = f"{live[:8]} in {', '.join(environments)}"
            since = pd.Timestamp(scan["created_at"] if pd.isna(scan["updated_at"]) else scan["updated_at"])
            found += [
                Found(f"{live} {word}", "ticket", since.to_pydatetime(), sentence, (command,))
                for word, sentence, command in _findings(scan, what, place.project, live)
            ]
        return found


def _live(place: Place, reader: Reader) -> dict[str, list[str]]:
    """Ids of live deployments, and the environments of each."""
    live: dict[str, list[str]] = {}
    for environment in reader.project(place).environments:
        if environment.live:
            live.setdefault(environment.live, []).append(environment.name)
    return live


def _findings(scan: pd.Series, what: str, project: str, live: str) -> list[tuple[str, str, str]]:
    if scan["status"] == "failed":
        why = "" if pd.isna(scan["failed_reason"]) else f": {scan['failed_reason']}"
        again = f"client.security.retrigger_scan({project!r}, {live!r})"
        return [("failed", f"the scan of the live deployment {what} failed{why}", again)]
    counts = _counts(scan["parsed_report"])
    told = [f"{counts[word]} {word}" for word in _TOLD if counts.get(word)]
    if not told:
        return []
    command = f"client.security.findings({project!r}, {live!r})"
    return [("findings", f"the scan of the live deployment {what} found {' and '.join(told)} vulnerabilities", command)]


def _counts(report: Any) -> dict[str, int]:
    summary = report.get("summary") if isinstance(report, Mapping) else None
    if not isinstance(summary, Mapping):
        return {}
    return {str(name): count for name, count in summary.items() if isinstance(count, int)}
