"""The panel of a project's vulnerability scans: what was scanned, what was found, and another scan."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb.errors import InvalidInput, NotFound
from createos_nb.frames.logs import clean
from createos_nb.panels import markup
from createos_nb.panels.grid import Grid
from createos_nb.panels.reading import ReadingPanel

if TYPE_CHECKING:
    from createos_nb.client import Client

#: How bad a finding is, worst first; what a scanner calls otherwise comes after them.
SEVERITIES: Final = ("critical", "high", "medium", "low")
#: States of deployments that can be scanned, and of scans that are still to come to an end.
_SCANNED: Final = ("deployed", "sleeping", "failed")
_GOING_ON: Final = ("pending", "in progress")
_COLUMNS: Final = ("deployment", "live_in", "state", "scan", *SEVERITIES, "other", "scanned", "note")


class SecurityPanel(ReadingPanel):
    """Scans of the live and the newest deployments of a project; the findings of the chosen one.

    Parameters: `chosen` (a version such as "v17", "" for none), `live`.
    """

    heading = "Security"
    #: So many of the newest deployments are looked at, and all that are live somewhere.
    newest = 8

    def __init__(self, client: Client, project: str) -> None:
        super().__init__(client, project)
        self._project = project
        self._found: dict[str, pd.DataFrame] = {}
        self._following_scan = False
        self._grid = Grid("Scans by deployment", selectable=True, height="16em")
        self._control("chosen", self._grid, trait="selected", write=self._choosable)
        self._findings = Grid("Findings", height="20em")
        self._title = widgets.HTML()
        self._scan = self._button("Scan", self.scan, style="primary", hint="Scan the chosen deployment")
        self._scan.disabled = True
        self._tools.children = (*self._tools.children, self._scan)
        self._build(self._tools, self._grid, self._title, self._findings)
        self._when("chosen", self._chose)
        self._begin()

    def _read(self, cancel: threading.Event | None = None) -> pd.DataFrame:
        frame, found = scans_of(self.client, self._project, newest=self.newest, cancel=cancel)
        self._found = found
        return frame

    def _show(self, frame: pd.DataFrame) -> None:
        chosen = self._grid.selected
        self._grid.show(frame, key="deployment", kinds={"state": "state", "scan": "state"})
        worst = frame[frame["live_in"] != ""]["deployment"]
        if not self._grid.selected and len(frame):
            self._grid.selected = clean(str(worst.iloc[0] if len(worst) else frame["deployment"].iloc[0]))
        if self._grid.selected == chosen:
            self._chose()
        if self._following_scan and not frame["scan"].isin(_GOING_ON).any():
            self._following_scan = self._live.value = False

    def _row(self) -> dict[str, Any] | None:
        if self.frame is None:
            return None
        rows = self.frame[self.frame["deployment"] == self._grid.selected].to_dict("records")
        return {str(name): value for name, value in rows[0].items()} if rows else None

    def _chose(self) -> None:
        row = self._row()
        found = self._found.get(self._grid.selected)
        none = found is None or found.empty
        self._findings.layout.display = "none" if none else ""
        if row is None:
            words = "" if self.frame is not None and len(self.frame) else "this project has no deployment"
            words = words or "choose a deployment"
        else:
            words = _said(row, 0 if none or found is None else len(found))
        self._title.value = markup.block(words, "quiet") if self.frame is not None else ""
        if found is not None and not none:
            self._findings.show(found)
        again = row is not None and row["scan"] == "failed"
        self._scan.description = "Scan again" if again else "Scan"
        self._scan.disabled = row is None or row["scan"] in _GOING_ON or row["state"] not in _SCANNED

    def scan(self) -> None:
        """Scan the chosen deployment, or a failed scan once more, and follow it to its end."""
        row = self._row()
        if row is None:
            raise InvalidInput("security: choose the deployment that is to be scanned")
        if self.busy:
            raise InvalidInput("security: other work is going on in this panel: wait for its end")
        version = str(row["deployment"])
        security = self.client.security
        start = security.retrigger_scan if row["scan"] == "failed" else security.trigger_scan
        self._say(f"{version}: a scan is asked for …")
        self._beside(lambda _: (start(self._project, version.removeprefix("v")), self._read())[1], self._begun)

    def _begun(self, frame: pd.DataFrame) -> None:
        if self.closed:
            return
        self._came(frame)
        self._following_scan = True
        self._live.value = True
        self._say("the scan is under way; it is followed to its end")

    def _choosable(self, key: Any) -> str:
        keys = [row["key"] for row in self._grid.rows]
        if key and key not in keys:
            raise ValueError(f"it is not among the choices; there is: {', '.join(map(repr, keys)) or 'none'}")
        return str(key or "")


def scans_of(
    client: Client, project: str, *, newest: int = 8, cancel: threading.Event | None = None
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Scans of the live and of the newest deployments, newest first; and the findings of each, by version.

    deployment (v17), live_in (environments), state, scan (state of the scan, "none" where there was none), critical,
    high, medium, low, other (findings, Int64, NA where no scan has succeeded), scanned (UTC), note (why it failed). The
    findings are those of `client.security.findings`, worst first. One request a deployment, two where a scan succeeded.
    """
    deployments = client.deployments.list(project)
    environments = client.environments.list(project)
    live: dict[str, list[str]] = {}
    for name, identity in zip(environments["unique_name"], environments["project_deployment_id"], strict=True):
        live.setdefault(str(identity), []).append(str(name))
    rows, found = [], {}
    for place, one in enumerate(deployments.to_dict("records")):
        if place >= newest and one["id"] not in live:
            continue
        if cancel is not None and cancel.is_set():
            break
        version = f"v{one['version_number']}" if one["version_number"] is not pd.NA else str(one["id"])
        row: dict[str, Any] = {"deployment": version, "live_in": ", ".join(live.get(one["id"], ())), "scan": "none"}
        row |= {"state": one["state"], "note": ""}
        try:
            scan = client.security.scan(project, str(one["id"]))
        except NotFound:
            rows.append(row)
            continue
        state = scan.get("state", scan["status"])
        row |= {"scan": state, "scanned": scan["updated_at"], "note": scan["failed_reason"]}
        if scan["status"] == "success":
            found[clean(version)] = findings = by_severity(client.security.findings(project, str(one["id"])))
            row |= counts_of(findings)
        rows.append(row)
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    numbers = dict.fromkeys((*SEVERITIES, "other"), "Int64")
    texts = dict.fromkeys(("deployment", "live_in", "state", "scan", "note"), "str")
    frame["scanned"] = pd.to_datetime(frame["scanned"], utc=True).astype("datetime64[us, UTC]")
    frame = frame.astype({**numbers, **texts})
    frame.attrs["complete"] = cancel is None or not cancel.is_set()
    return frame, found


def by_severity(findings: pd.DataFrame) -> pd.DataFrame:
    """Findings, worst first; what has another severity than the usual comes last."""
    order = {name: place for place, name in enumerate(SEVERITIES)}
    rank = findings["severity"].str.lower().map(order).fillna(len(order))
    return findings.iloc[rank.argsort(kind="stable")].reset_index(drop=True)


def counts_of(findings: pd.DataFrame) -> dict[str, int]:
    """How many findings there are of each severity, and of any other."""
    severities = findings["severity"].str.lower()
    counts = {name: int((severities == name).sum()) for name in SEVERITIES}
    return {**counts, "other": len(findings) - sum(counts.values())}


def _said(row: dict[str, Any], found: int) -> str:
    scan, version = row["scan"], row["deployment"]
    if scan == "none":
        return f"{version} was never scanned"
    if scan in _GOING_ON:
        return f"{version}: the scan is {scan}"
    if scan == "failed":
        return f"{version}: the scan failed: {row['note']}"
    return f"{version}: {found} findings" if found else f"{version}: nothing was found"
