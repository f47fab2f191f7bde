"""Panels that list what there is: one of it is chosen, and what is done to it is shown as a plan first."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import ipywidgets as widgets
import pandas as pd

from createos_nb.frames.logs import clean
from createos_nb.panels import markup
from createos_nb.panels.change import ChangePanel
from createos_nb.panels.grid import Grid

if TYPE_CHECKING:
    from createos_nb.client import Client


class ChoosingPanel(ChangePanel):
    """A list to choose from above the form of a `ChangePanel`.

    A subclass gives `_read`, which reads by the client alone, and `_table`, which makes of what was read the table that
    people see; the column `key` tells its rows apart. `_listing` is what goes above a subclass's controls, `_begin`
    reads for the first time.

    Attributes:
        listed: the table as it was last read, or None.

    Parameters of all: `chosen` (the key of a row, "" for none), and those of a `ChangePanel`.
    """

    #: The column that tells rows apart, and what each column is, see `createos_nb.panels.grid.KINDS`.
    key = "name"
    kinds: ClassVar[Mapping[str, str]] = {}
    #: The column that says why a row can't be chosen; it is not shown.
    off: str | None = None
    #: Columns of the table that are not shown.
    hidden: tuple[str, ...] = ()
    #: What is said where nothing is listed.
    nothing = "there is nothing yet"

    def __init__(self, client: Client, subject: str, caption: str) -> None:
        super().__init__(client, subject)
        self.listed: pd.DataFrame | None = None
        self._found: Any = None
        self._grid = Grid(caption, selectable=True, height="18em")
        self._control("chosen", self._grid, trait="selected", write=self._choosable)
        self._refresh = self._button("Refresh", self.refresh, hint="Read again")
        self._tools = widgets.HBox([self._refresh])
        self._tools.add_class("createos-row")
        self._note = widgets.HTML()

    @property
    def _listing(self) -> tuple[widgets.Widget, ...]:
        return (self._tools, self._grid, self._note)

    def _read(self, cancel: threading.Event | None = None) -> Any:
        """What `_table` needs; raises what the client raises."""
        raise NotImplementedError

    def _table(self, found: Any) -> pd.DataFrame:
        """What was read, as people see it."""
        raise NotImplementedError

    def _begin(self) -> None:
        # an embedded world answers at once, and what is saved then holds its table
        if self.client.clock.virtual:
            self._guarded(lambda: self._listed_now(self._read(), first=True))
        else:
            self.refresh()

    def refresh(self) -> None:
        """Read the list again, beside the kernel."""
        self._say("reading …")
        self._beside(self._read, lambda found: self._listed_now(found, first=True), lane="list")

    def _after(self) -> None:
        """The list after something was done; what was said of that stays."""
        if self.client.clock.virtual:
            self._listed_now(self._read())
        else:
            self._beside(self._read, self._listed_now, lane="list")

    def _listed_now(self, found: Any, *, first: bool = False) -> None:
        with self._lock:
            if self.closed:
                return
            self._found = found
            self._show()
            self._place()
            if first:
                if self.plan is None:
                    self.frame = self.listed
                self._well()
                self._say("")

    def _show(self) -> None:
        """Draw the table of what was read."""
        table = self.listed = self._table(self._found)
        self._grid.show(
            table, kinds=dict(self.kinds), key=self.key, off=self.off, hidden=(*self.hidden, self.off or "")
        )
        said = "" if len(table) else markup.block(self.nothing, "quiet")
        if self._note.value != said:
            self._note.value = said

    def _choosable(self, key: Any) -> str:
        keys = [row["key"] for row in self._grid.rows if not row["off"]]
        if key and key not in keys:
            raise ValueError(f"it is not among the choices; there is: {', '.join(map(repr, keys[:20])) or 'none'}")
        return str(key or "")

    @property
    def _chosen(self) -> dict[str, Any] | None:
        """The chosen row of the table."""
        if self.listed is None or not self._grid.selected:
            return None
        for row in self.listed.to_dict("records"):
            if clean(str(row[self.key])) == self._grid.selected:
                return {str(name): value for name, value in row.items()}
        return None

    def static(self) -> str:
        """The list and the last plan or receipt, for where no widgets are."""
        table = "<p>nothing read</p>"
        if self.listed is not None:
            table = markup.table(self.listed.drop(columns=[one for one in (*self.hidden, self.off) if one]))
        return f"<div>{self._head.value}{table}{self._shown.value}{self._said.value}{self._wrong.value}</div>"
