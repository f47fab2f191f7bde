"""A table of which one row is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets as widgets
import pandas as pd

from createos_nb.panels import markup
from createos_nb.panels.grid import Fixed, Grid
from createos_nb.panels.panel import NOTHING_READ


class RowPicker:
    """A table to choose a row from, and a note below it.

    Args:
        caption: The table's name, for screen readers too.
        key: The column, or columns, that tell rows apart.
        kinds: What columns are, see `createos_nb.panels.grid.KINDS`.
        labels: Headings in place of the columns' names.
        off: The column that says why a row can't be chosen, empty where it can; it is not shown.
        hidden: Other columns that are not shown.
        empty: The note where the table has no rows.
        height: CSS.
        fixed: The widths of its columns, where they are not as wide as what they hold.

    Attributes:
        table: the frame that is shown, or None.
        grid, note: the widgets.
    """

    def __init__(
        self,
        caption: str,
        *,
        key: str | Sequence[str],
        kinds: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        off: str | None = None,
        hidden: Sequence[str] = (),
        empty: str = "",
        height: str = "18em",
        fixed: Fixed | None = None,
    ) -> None:
        self.table: pd.DataFrame | None = None
        self.grid, self.note = Grid(caption, selectable=True, height=height, fixed=fixed), widgets.HTML()
        self._key, self._kinds, self._labels, self._off, self._empty = key, kinds, labels, off, empty
        self._hidden = [*hidden, *([off] if off else [])]

    def show(self, table: pd.DataFrame) -> None:
        """Draw a table; the choice stays where its row is still there."""
        self.table = table
        self.grid.show(table, kinds=self._kinds, labels=self._labels, key=self._key, off=self._off, hidden=self._hidden)
        note = "" if len(table) or not self._empty else markup.block(self._empty, "muted")
        if self._empty and self.note.value != note:
            self.note.value = note

    @property
    def key(self) -> str:
        """The key of the chosen row, "" for none."""
        return str(self.grid.selected)

    @property
    def position(self) -> int | None:
        """The position of the chosen row in the table, None for none."""
        if self.table is None or not self.key:
            return None
        return next((position for position, row in enumerate(self.grid.rows) if row["key"] == self.key), None)

    @property
    def row(self) -> dict[str, Any] | None:
        """The chosen row, None for none."""
        position = self.position
        if self.table is None or position is None:
            return None
        return {str(name): self.table[name].iloc[position] for name in self.table.columns}

    def validate(self, key: Any) -> str:
        """Return the key of a row that can be chosen.

        Raises:
            ValueError: There is no such row; the message lists those that there are.
        """
        keys = [row["key"] for row in self.grid.rows if not row["off"]]
        if key and key not in keys:
            choices = ", ".join(map(repr, keys[:20])) + (", …" if len(keys) > 20 else "")
            raise ValueError(f"it is not among the choices; there is: {choices or 'none'}")
        return str(key or "")

    def static(self) -> str:
        """Return the table as HTML."""
        if self.table is None:
            return NOTHING_READ
        return markup.table(self.table.drop(columns=self._hidden))
