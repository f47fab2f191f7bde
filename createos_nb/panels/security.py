"""The panel of a project's vulnerability scans: what was scanned, what was found, and starting another scan."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb import runbooks
from createos_nb.client.findings import SEVERITIES, by_severity, counts_of
from createos_nb.display import strip_control_chars
from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput, NotFound
from createos_nb.panels import markup
from createos_nb.panels.action_panel import ActionPanel
from createos_nb.panels.grid import Grid
from createos_nb.panels.row_picker import RowPicker

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans import Plan

#: States of scans that have not finished yet.
_UNFINISHED: Final = ("pending", "in progress")
_COLUMNS: Final = ("deployment", "live_in", "state", "scan", *SEVERITIES, "other", "scanned", "note")


class SecurityPanel(ActionPanel):
    """Scans of the live and the newest deployments of a project; the findings of the chosen one, and a scan of it.

    Parameters: `chosen` (a version such as "v17", "" for none).
    """

    heading, verb = "Security", "Scan"
    #: So many of the newest deployments are looked at, and all that are live somewhere.
    newest = 8

    def __init__(self, client: Client, project: str) -> None:
        self._rows = RowPicker(
            "Scans by deployment",
            key="deployment",
            kinds={"state": "state", "scan": "state"},
            empty="this project has no deployment",
            height="16em",
        )
        super().__init__(client, project, self._rows)
        self._project = project
        self._findings_by_version: dict[str, pd.DataFrame] = {}
        self._findings = Grid("Findings", height="20em")
        self._note = widgets.HTML()
        self._view.build(
            self._toolbar, self._rows.grid, self._rows.note, self._note, self._findings, *self.form.widgets
        )
        self._view.on_change("chosen", self._show_findings)
        self.form.depends_on("chosen")
        self._start()

    def _read(self, cancel: threading.Event | None = None) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
        return scans_of(self.client, self._project, newest=self.newest, cancel=cancel)

    def _show(self, result: tuple[pd.DataFrame, dict[str, pd.DataFrame]]) -> None:
        frame, self._findings_by_version = result
        before = self._rows.key
        self._rows.show(frame)
        live = frame[frame["live_in"] != ""]["deployment"]
        if not self._rows.key and len(frame):
            deployment = live.iloc[0] if len(live) else frame["deployment"].iloc[0]
            self._rows.grid.selected = strip_control_chars(str(deployment))
        if self._rows.key == before:
            self._show_findings()

    def _show_findings(self) -> None:
        row = self._rows.row
        findings = self._findings_by_version.get(self._rows.key)
        count = 0 if findings is None else len(findings)
        self._findings.layout.display = "" if count else "none"
        note = _describe_scan(row, count) if row is not None else ""
        self._note.value = markup.block(note or "choose a deployment", "muted") if len(self._rows.grid.rows) else ""
        if findings is not None and count:
            self._findings.show(findings)
        again = row is not None and row["scan"] in ("failed", "successful")
        self.form.verb = "Scan again" if again else "Scan"

    def _make_plan(self) -> Plan:
        row = self._rows.row
        if row is None:
            raise InvalidInput("security: choose the deployment to scan")
        again = row["scan"] == "successful"
        return runbooks.scan(self.client, self._project, str(row["deployment"]), again=again)


def scans_of(
    client: Client, project: str, *, newest: int = 8, cancel: threading.Event | None = None
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Read the scans of the live and of the newest deployments, newest first; and the findings of each, by version.

    deployment (v17), live_in (environments), state, scan (state of the scan, "none" where there was none), critical,
    high, medium, low, other (findings, Int64, NA where no scan has succeeded), scanned (UTC), note (why it failed). The
    findings are those of `client.security.findings`, worst first. One request a deployment, two where a scan succeeded.
    """
    deployments = client.deployments.list(project)
    environments = client.environments.list(project)
    live: dict[str, list[str]] = {}
    for name, identity in zip(environments["unique_name"], environments["project_deployment_id"], strict=True):
        live.setdefault(str(identity), []).append(str(name))
    rows, findings_by_version = [], {}
    for position, deployment in enumerate(deployments.to_dict("records")):
        if position >= newest and deployment["id"] not in live:
            continue
        if cancel is not None and cancel.is_set():
            break
        version = (
            f"v{deployment['version_number']}" if deployment["version_number"] is not pd.NA else str(deployment["id"])
        )
        row: dict[str, Any] = {
            "deployment": version,
            "live_in": ", ".join(live.get(deployment["id"], ())),
            "scan": "none",
        }
        row |= {"state": deployment["state"], "note": ""}
        try:
            scan = client.security.scan(project, str(deployment["id"]))
        except NotFound:
            rows.append(row)
            continue
        state = scan.get("state", scan["status"])
        row |= {"scan": state, "scanned": scan["updated_at"], "note": scan["failed_reason"]}
        if scan["status"] == "success":
            findings_by_version[strip_control_chars(version)] = findings = by_severity(
                client.security.findings(project, str(deployment["id"]))
            )
            row |= counts_of(findings)
        rows.append(row)
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    numbers = dict.fromkeys((*SEVERITIES, "other"), "Int64")
    texts = dict.fromkeys(("deployment", "live_in", "state", "scan", "note"), TEXT)
    frame["scanned"] = pd.to_datetime(frame["scanned"], utc=True).astype("datetime64[us, UTC]")
    frame = frame.astype({**numbers, **texts})
    frame.attrs["complete"] = cancel is None or not cancel.is_set()
    return frame, findings_by_version


def _describe_scan(row: dict[str, Any], count: int) -> str:
    scan, version = row["scan"], row["deployment"]
    if scan == "none":
        return f"{version} was never scanned"
    if scan in _UNFINISHED:
        return f"{version}: the scan is {scan}"
    if scan == "failed":
        return f"{version}: the scan failed: {row['note']}"
    noun = "finding" if count == 1 else "findings"
    return f"{version}: {count} {noun}" if count else f"{version}: no vulnerability was found"
