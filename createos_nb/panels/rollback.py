"""The panel that rolls an environment back to an older deployment."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb import runbooks
from createos_nb.panels import markup
from createos_nb.panels.action_panel import ActionPanel
from createos_nb.panels.assign import WHY_NOT, age
from createos_nb.panels.kept_diagnoses import KeptDiagnoses
from createos_nb.panels.row_picker import RowPicker
from createos_nb.plans.snapshot import Snapshot, id_of, version_of
from createos_nb.runbooks.candidates import candidates_of

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans import Plan

_FIT: Final = ("deployed", "sleeping")


class RollbackPanel(ActionPanel):
    """Older deployments with what is known of each; the newest fit one is taken where none is chosen.

    Parameters: `chosen` (such as "v15", "" for the newest fit one), `hold` (bool), `allow_description_change` (bool).
    """

    heading, verb = "Roll back", "Roll back"

    def __init__(self, client: Client, project: str, environment: str, kept: KeptDiagnoses | None = None) -> None:
        self._rows = RowPicker(
            "Older deployments",
            key="version",
            kinds={"state": "state"},
            labels={"server_error_percentage": "server errors, %", "why_not": "not the default because"},
            off="off",
        )
        super().__init__(client, f"{project} / {environment}", self._rows)
        self._project, self._environment = project, environment
        self._facts: dict[str, Any] | None = None
        self._kept = kept or KeptDiagnoses(client)
        hold = widgets.Checkbox(
            value=True, indent=False, description="Turn auto-promotion off, or the next push undoes the rollback"
        )
        allow = widgets.Checkbox(
            indent=False,
            description="Allow changing the environment's description, where the platform would not restore it",
        )
        for checkbox in (hold, allow):
            checkbox.layout.width = "auto"
        self._hold = self._view.control("hold", hold)
        self._allow_description_change = self._view.control("allow_description_change", allow)
        self._view.build(
            self._toolbar,
            self._rows.grid,
            self._rows.note,
            self._hold,
            self._allow_description_change,
            *self.form.widgets,
        )
        self.form.depends_on("chosen", "hold", "allow_description_change")
        for name in ("chosen", "hold"):
            self._view.on_change(name, self._explain)
        self._start()

    def _read(self, cancel: threading.Event | None = None) -> tuple[pd.DataFrame, dict[str, Any]]:
        return candidates(self.client, self._project, self._environment)

    def _show(self, result: tuple[pd.DataFrame, dict[str, Any]]) -> None:
        table, self._facts = result
        self._rows.show(table)
        self._explain()

    def _explain(self) -> None:
        """Show which deployment is live, which would be rolled back to, and whether a push could undo it."""
        table, facts = self._rows.table, self._facts
        if table is None or facts is None:
            return
        live = facts["live"]
        lines = [f"live now: {live}" if live else "nothing is live here: there is nothing to roll back"]
        fit = table.loc[table["why_not"] == "", "version"]
        if live and not self._rows.key:
            lines.append(
                f"none chosen: {fit.iloc[0]} is the default"
                if len(fit)
                else "no older deployment is known to be healthy"
            )
        if live:
            lines.append(f"auto-promotion of {facts['branch']} is on" if facts["auto"] else "auto-promotion is off")
        self._hold.layout.display = "" if facts["auto"] else "none"
        self._allow_description_change.layout.display = "" if facts["auto"] and self._hold.value else "none"
        self._rows.note.value = markup.block(" · ".join(lines), "muted")

    def _make_plan(self) -> Plan:
        row = self._rows.row
        plan = runbooks.rollback(
            self.client,
            self._project,
            self._environment,
            to=None if row is None else str(row["version"]),
            hold=self._hold.value,
            allow_description_change=self._allow_description_change.value,
            # a plan that is looked at again while it is shown needs none
            diagnosis=self._kept.known(self._project, self._environment) or self.plan is None,
        )
        self._kept.keep(self._project, self._environment, plan.diagnosis)
        return plan


def candidates(client: Client, project: str, environment: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """List what an environment could be rolled back to, newest first, and say what is live now.

    Columns of the frame: version (str), state, age, source, evidence, because, requests (Int64),
    server_error_percentage (Float64), why_not (why it is not taken by default; empty where it is fit), off (why it
    can't be taken at all). The facts: live (version, "" where nothing is), auto (auto-promotion is on), branch. Raises
    what the client raises.
    """
    snapshot = Snapshot(client)
    project_row = snapshot.find_project(project)
    row = snapshot.find_environment(project_row, environment)
    live = snapshot.live_deployment(id_of(project_row), row)
    facts = {
        "live": version_of(live) if live is not None else "",
        "auto": bool(row.is_auto_promote_enabled),
        "branch": row.branch or "the project",
    }
    rows = candidates_of(snapshot, project_row, row, live)
    now = client.clock.now()
    frame = pd.DataFrame(
        {
            "version": ["v" + str(number) for number in rows["version"]],
            "state": rows["status"].tolist(),
            "age": [age(created, now) for created in rows["created_at"]],
            "source": rows["source"].tolist(),
            "evidence": rows["evidence"].tolist(),
            # where there is no evidence the reason against it says it all
            "because": ["" if candidate.evidence == "none" else candidate.because for candidate in rows.itertuples()],
            "requests": rows["requests"],
            "server_error_percentage": rows["server_error_percentage"],
            "why_not": rows["why_not"].tolist(),
            "off": ["" if status in _FIT else WHY_NOT.get(str(status), f"it is {status}") for status in rows["status"]],
        }
    )
    return frame.reset_index(drop=True), facts
