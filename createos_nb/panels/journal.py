"""The panel of the journals: what was done, what stopped on its way, and how to go on or take it back."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import ipywidgets as widgets
import pandas as pd

from createos_nb.errors import InvalidInput
from createos_nb.panels import markup
from createos_nb.panels.choosing import ChoosingPanel
from createos_nb.panels.grid import Grid
from createos_nb.panels.secret import SecretField
from createos_nb.panels.variables import Wanted
from createos_nb.plans import Journal, JournalError, Receipt, belonging, default_folder, resumption, runs

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans import Plan

_SHOWN = ("title", "state", "steps", "started", "reason", "file")
_ENTRIES = ["time", "event", "step", "text", "target", "operation"]


class JournalPanel(ChoosingPanel):
    """The runs of a folder of journals, newest first; the entries of the chosen one.

    Parameters: `action` ("resume", "undo"), `variables` (values that no journal holds, by name, for a run that is gone
    on with).
    """

    heading, verb, key = "Journal", "Go on", "file"
    kinds: ClassVar[Mapping[str, str]] = {"state": "state"}
    off, hidden = "off", ("file",)
    nothing = "no run was written down in this folder yet"

    def __init__(self, client: Client, path: str | os.PathLike[str] | None = None) -> None:
        given = Path(path) if path is not None else default_folder(embedded=client.world is not None)
        # one journal is a folder of which one run is looked at
        self._only = given.name if given.suffix == ".jsonl" else ""
        self._folder = given.parent if self._only else given
        super().__init__(client, str(given) if path is not None else "", "Runs")
        self._entries = Grid("What the journal of the run says", height="16em")
        self._title = widgets.HTML()
        actions = [("Go on with it", "resume"), ("Take it back", "undo")]
        named = {"description_width": "auto"}
        self._action = self._control("action", widgets.Dropdown(description="Chosen run", options=actions, style=named))
        self._values = self._control("variables", Wanted(), secret=True)
        self._fields: dict[str, SecretField] = {}
        self._secrets = widgets.VBox([])
        self._build(*self._listing, self._title, self._entries, self._action, self._secrets, *self._form)
        self._when("chosen", self._opened)
        self._when("action", self._fit)
        self._depends("chosen", "action", "variables")
        self._begin()
        if self._only:
            self._guarded(self._open_only)
        self._fit()

    # --- the runs -----------------------------------------------------------------------------------------------------

    def _read(self, cancel: threading.Event | None = None) -> pd.DataFrame:
        found = runs(self._folder)
        if self._only:
            found = found[found["file"] == self._only].reset_index(drop=True)
            if found.empty:
                raise JournalError(f"there is no journal {self._only} in {self._folder}")
        return found

    def _table(self, found: pd.DataFrame) -> pd.DataFrame:
        return runs_of(found)

    def _show(self) -> None:
        super()._show()
        self._opened()

    def _open_only(self) -> None:
        if self.listed is not None and len(self.listed):
            self.params["chosen"] = self._grid.rows[0]["key"]

    def _opened(self) -> None:
        """The entries of the chosen run."""
        row = self._chosen
        self._entries.layout.display = "none" if row is None else ""
        if row is None:
            self._title.value = markup.block("choose a run", "quiet") if self._grid.rows else ""
            self._ask([])
            return
        journal = self._journal()
        where = (journal.plan or {}).get("where", "")
        self._title.value = markup.block(f"{row['title']}\n{where}\n{journal.path}", "quiet")
        self._entries.show(journal.frame()[_ENTRIES])
        if row["state"] == "finished" and self._action.value == "resume":
            self._action.value = "undo"
        self._fit()

    def _journal(self) -> Journal:
        row = self._chosen
        if row is None:
            raise InvalidInput("journal: choose a run first")
        return Journal(self._folder / str(row["file"]))

    # --- what can be done about one -----------------------------------------------------------------------------------

    def _fit(self) -> None:
        resumes = self._action.value == "resume"
        self.verb = "Go on" if resumes else "Take it back"
        needed: list[str] = []
        if resumes and self._chosen is not None:
            needed = missing_of(self._journal())
        self._ask(needed)
        self._arm()

    def _ask(self, names: list[str]) -> None:
        """A field for each value that no journal holds."""
        if list(self._fields) == names:
            return
        for field in self._fields.values():
            field.close()
        self._fields = {name: SecretField(f"Value of {markup.label(name)}") for name in names}
        for field in self._fields.values():
            field.observe(lambda _: self._guarded(self._stale), "held")
        told = [widgets.HTML(markup.block("no journal holds values: give them again", "quiet"))] if names else []
        self._secrets.children = (*told, *self._fields.values())

    def _make(self) -> Plan:
        journal = self._journal()
        if journal.held():
            raise JournalError(f"another kernel is at work on {journal.path}: wait until it is done, or stop it")
        if self._action.value == "undo":
            self._mine(journal)
            return Receipt.of_journal(journal, self.client).undo()
        typed = {name: field.held for name, field in self._fields.items() if field.held is not None}
        values = {**self._values.value, **typed}
        return resumption(journal, self.client, variables=values or None)

    def _mine(self, journal: Journal) -> None:
        """Raises `JournalError` for a run of another account or world: nothing here could be taken back by it."""
        belonging.check(journal, self.client)

    def _came(self, receipt: Receipt, plan: Plan) -> None:
        self._values.value = {}
        for field in self._fields.values():
            field.held = None
        super()._came(receipt, plan)


def runs_of(found: pd.DataFrame) -> pd.DataFrame:
    """The runs of `plans.runs` as people see them: title, state, steps ("2 of 3 done"), started (UTC), reason, file.

    `off` says why a run can't be looked at.
    """
    table = found.loc[:, ["title", "state", "started", "reason", "file"]].copy()
    steps = found["done"].astype("str") + " of " + found["steps"].astype("str") + " done"
    table["steps"] = steps.mask(found["steps"].isna(), "–").astype("str")
    why = {"unreadable": "it can't be read", "damaged": "it is damaged, or was edited"}
    table["off"] = found["state"].map(why).fillna("").astype("str")
    return table.loc[:, [*_SHOWN, "off"]]


def missing_of(journal: Journal) -> list[str]:
    """Names of variables that a run has yet to set, and whose values its journal does not hold."""
    if journal.wrong:
        return []  # nothing is done by it
    over = {entry.get("step") for entry in journal.entries if entry["event"] in ("done", "skipped", "answered")}
    steps = (journal.plan or {}).get("steps") or []
    names = [
        name
        for number, step in enumerate(steps)
        if number not in over and step.get("kind") == "set variables"
        for name in step.get("after") or {}
    ]
    return sorted(set(map(str, names)))
