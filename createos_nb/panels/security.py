"""The panel of a project's vulnerability scans: what was scanned, what was found, and starting another scan."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb.client.findings import SEVERITIES, by_severity, counts_of
from createos_nb.display import strip_control_chars
from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput, NotFound
from createos_nb.panels import markup
from createos_nb.panels.grid import Grid
from createos_nb.panels.read_panel import ReadPanel
from createos_nb.panels.row_picker import RowPicker

if TYPE_CHECKING:
    from createos_nb.client.client import Client

#: States of deployments that can be scanned, and of scans that have not finished yet.
_SCANNABLE: Final = ("deployed", "sleeping", "failed")
_UNFINISHED: Final = ("pending", "in progress")
_COLUMNS: Final = ("deployment", "live_in", "state", "scan", *SEVERITIES, "other", "scanned", "note")


class SecurityPanel(ReadPanel):
    """Scans of the live and the newest deployments of a project; the findings of the chosen one.

    Parameters: `chosen` (a version such as "v17", "" for none), `live`.
    """

    heading = "Security"
    #: So many of the newest deployments are looked at, and all that are live somewhere.
    newest = 8

    def __init__(self, client: Client, project: str) -> None:
        super().__init__(client, project)
        self._project = project
        self._findings_by_version: dict[str, pd.DataFrame] = {}
        self._follows_scan = False
        self._rows = RowPicker(
            "Scans by deployment", key="deployment", kinds={"state": "state", "scan": "state"}, height="16em"
        )
        self._view.control("chosen", self._rows.grid, trait="selected", write=self._rows.validate)
        self._findings = Grid("Findings", height="20em")
        self._note = widgets.HTML()
        self._scan_button = self._view.button("Scan", self.scan, style="primary", hint="Scan the chosen deployment")
        self._scan_button.disabled = True
        self._toolbar.children = (*self._toolbar.children, self._scan_button)
        self._view.build(self._toolbar, self._rows.grid, self._note, self._findings)
        self._view.on_change("chosen", self._show_findings)
        self._start()

    def _read(self, cancel: threading.Event | None = None) -> pd.DataFrame:
        frame, findings = scans_of(self.client, self._project, newest=self.newest, cancel=cancel)
        self._findings_by_version = findings
        return frame

    def _show(self, frame: pd.DataFrame) -> None:
        before = self._rows.key
        self._rows.show(frame)
        live = frame[frame["live_in"] != ""]["deployment"]
        if not self._rows.key and len(frame):
            deployment = live.iloc[0] if len(live) else frame["deployment"].iloc[0]
            self._rows.grid.selected = strip_control_chars(str(deployment))
        if self._rows.key == before:
            self._show_findings()
        if self._follows_scan and not frame["scan"].isin(_UNFINISHED).any():
            self._follows_scan = self._follow_box.value = False

    def _show_findings(self) -> None:
        row = self._rows.row
        findings = self._findings_by_version.get(self._rows.key)
        count = 0 if findings is None else len(findings)
        self._findings.layout.display = "" if count else "none"
        if row is not None:
            note = _describe_scan(row, count)
        elif self.frame is not None and len(self.frame):
            note = "choose a deployment"
        else:
            note = "this project has no deployment"
        self._note.value = markup.block(note, "muted") if self.frame is not None else ""
        if findings is not None and count:
            self._findings.show(findings)
        failed = row is not None and row["scan"] == "failed"
        self._scan_button.description = "Scan again" if failed else "Scan"
        self._scan_button.disabled = row is None or row["scan"] in _UNFINISHED or row["state"] not in _SCANNABLE

    def scan(self) -> None:
        """Scan the chosen deployment, or a failed scan once more, and follow it to its end.

        Examples:
            >>> panel = createos_nb.panels.security(createos_nb.simulate(), "storefront")
            >>> panel.params["chosen"] = "v17"
            >>> panel.scan()
            >>> panel.wait()
            True
        """
        row = self._rows.row
        if row is None:
            raise InvalidInput("security: choose the deployment to scan")
        if self.busy:
            raise InvalidInput("security: other work is going on in this panel: wait for its end")
        version = str(row["deployment"])
        security = self.client.security
        start = security.retrigger_scan if row["scan"] == "failed" else security.trigger_scan
        self._view.set_status(f"{version}: requesting a scan …")
        self._background.run(
            lambda _: (start(self._project, version.removeprefix("v")), self._read())[1], self._on_scan_started
        )

    def _on_scan_started(self, frame: pd.DataFrame) -> None:
        if self._view.closed:
            return
        self._on_read(frame)
        self._follows_scan = True
        self._follow_box.value = True
        if self._follow_box.value:
            self._view.set_status("the scan is running; it is followed to its end")
        else:
            self._view.set_status("the scan is running; Refresh shows how far it is")


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
