"""The panel of the journals: which plans ran, which stopped on their way, and how to resume or undo them."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import ipywidgets as widgets
import pandas as pd

from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput
from createos_nb.panels import markup
from createos_nb.panels.action_panel import ActionPanel
from createos_nb.panels.grid import Grid
from createos_nb.panels.row_picker import RowPicker
from createos_nb.panels.secret import SecretField
from createos_nb.panels.variables import DesiredVariables
from createos_nb.plans import (
    Journal,
    JournalError,
    Receipt,
    default_folder,
    receipt_from,
    resumption,
    runs,
)

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans import Plan

_SHOWN = ("title", "state", "steps", "started", "reason", "file")
_ENTRIES = ["time", "event", "step", "text", "target", "operation"]


class JournalPanel(ActionPanel):
    """The runs of a folder of journals, newest first; the entries of the chosen one.

    Parameters: `action` ("resume", "undo"), `variables` (values that no journal holds, by name, for a run that is
    resumed).
    """

    heading, verb = "Journal", "Resume"

    def __init__(self, client: Client, path: str | os.PathLike[str] | None = None) -> None:
        location = Path(path) if path is not None else default_folder(embedded=client.embedded)
        # one journal is a folder of which one run is shown
        self._file = location.name if location.suffix == ".jsonl" else ""
        self._folder = location.parent if self._file else location
        self._rows = RowPicker(
            "Runs",
            key="file",
            kinds={"state": "state"},
            off="off",
            hidden=["file"],
            empty="no run was recorded in this folder yet",
        )
        super().__init__(client, str(location) if path is not None else "", self._rows)
        self._entries = Grid("What the journal of the run says", height="16em")
        self._run_note = widgets.HTML()
        actions = [("Resume", "resume"), ("Undo", "undo")]
        style = {"description_width": "auto"}
        self._action = self._view.control(
            "action", widgets.Dropdown(description="Chosen run", options=actions, style=style)
        )
        self._values = self._view.control("variables", DesiredVariables(), secret=True)
        self._fields: dict[str, SecretField] = {}
        self._fields_box = widgets.VBox([])
        self._view.build(
            self._toolbar,
            self._rows.grid,
            self._rows.note,
            self._run_note,
            self._entries,
            self._action,
            self._fields_box,
            *self.form.widgets,
        )
        self.form.on_success = self._forget_values
        self._view.on_change("chosen", self._show_run)
        self._view.on_change("action", self._update_controls)
        self.form.depends_on("chosen", "action", "variables")
        self._start()
        if self._file:
            self._view.guard(self._choose_only_run)
        self._update_controls()

    # --- the runs -----------------------------------------------------------------------------------------------------

    def _read(self, cancel: threading.Event | None = None) -> pd.DataFrame:
        frame = runs(self._folder)
        if self._file:
            frame = frame[frame["file"] == self._file].reset_index(drop=True)
            if frame.empty:
                raise JournalError(f"there is no journal {self._file} in {self._folder}")
        return frame

    def _show(self, result: pd.DataFrame) -> None:
        self._rows.show(runs_of(result))
        self._show_run()

    def _choose_only_run(self) -> None:
        if self.listed is not None and len(self.listed):
            self.params["chosen"] = self._rows.grid.rows[0]["key"]

    def _show_run(self) -> None:
        """Show the entries of the chosen run."""
        row = self._rows.row
        self._entries.layout.display = "none" if row is None else ""
        if row is None:
            self._run_note.value = markup.block("choose a run", "muted") if self._rows.grid.rows else ""
            self._ask_for([])
            return
        journal = self._journal()
        where = journal.plan["where"] if journal.plan is not None else ""
        self._run_note.value = markup.block(f"{row['title']}\n{where}\n{journal.path}", "muted")
        self._entries.show(journal.frame()[_ENTRIES])
        if row["state"] == "finished" and self._action.value == "resume":
            self._action.value = "undo"
        self._update_controls()

    def _journal(self) -> Journal:
        row = self._rows.row
        if row is None:
            raise InvalidInput("journal: choose a run first")
        return Journal(self._folder / str(row["file"]))

    # --- resuming and undoing one -------------------------------------------------------------------------------------

    def _update_controls(self) -> None:
        resumes = self._action.value == "resume"
        self._ask_for(missing_of(self._journal()) if resumes and self._rows.row is not None else [])
        self.form.verb = "Resume" if resumes else "Undo"

    def _ask_for(self, names: list[str]) -> None:
        """Show a field for each value that no journal holds."""
        if list(self._fields) == names:
            return
        for field in self._fields.values():
            field.close()
        self._fields = {name: SecretField(f"Value of {markup.label(name)}") for name in names}
        for field in self._fields.values():
            field.observe(lambda _: self._view.guard(self.form.invalidate), "secret")
        note = widgets.HTML(markup.block("journals contain no values: type them again", "muted"))
        self._fields_box.children = (note, *self._fields.values()) if names else ()

    def _make_plan(self) -> Plan:
        journal = self._journal()
        if journal.is_held():
            raise JournalError(f"another kernel is running {journal.path}: wait until it is done, or stop it")
        if self._action.value == "undo":
            return receipt_from(journal, self.client).undo()
        typed = {name: field.secret for name, field in self._fields.items() if field.secret is not None}
        values = {**self._values.value, **typed}
        return resumption(journal, self.client, variables=values or None)

    def _forget_values(self, _: Receipt) -> None:
        self._values.value = {}
        for field in self._fields.values():
            field.secret = None


def runs_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn the frame of `plans.runs` into the table that people read.

    Columns: title, state, steps ("2 of 3 done"), started (UTC), reason, file, off (why a run can't be shown).
    """
    table = frame.loc[:, ["title", "state", "started", "reason", "file"]].copy()
    steps = frame["done"].astype(TEXT) + " of " + frame["steps"].astype(TEXT) + " done"
    table["steps"] = steps.mask(frame["steps"].isna(), "–").astype(TEXT)
    why = {"unreadable": "it can't be read", "damaged": "it is damaged, or was edited"}
    table["off"] = frame["state"].map(why).fillna("").astype(TEXT)
    return table.loc[:, [*_SHOWN, "off"]]


def missing_of(journal: Journal) -> list[str]:
    """Name the variables that a run has yet to set, and whose values its journal does not hold."""
    if journal.wrong:
        return []  # nothing is done by it
    finished = {entry.get("step") for entry in journal.entries if entry["event"] in ("done", "skipped", "answered")}
    steps = journal.plan["steps"] if journal.plan is not None else []
    names = [
        name
        for number, step in enumerate(steps)
        if number not in finished and step.get("kind") == "set variables"
        for name in step.get("after") or {}
    ]
    return sorted(set(map(str, names)))
