"""A table widget for frames: rows are told apart by key and chosen by radio buttons; every text is escaped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import anywidget
import pandas as pd
import traitlets

from createos_nb.analysis.rounding import rounded
from createos_nb.display import strip_control_chars
from createos_nb.panels.cells import KINDS, cell, format_value, missing, sort_key
from createos_nb.panels.components import front_text
from createos_nb.panels.icons import icon

__all__ = ["KINDS", "Grid", "format_value"]


@dataclass(frozen=True)
class Fixed:
    """Columns of fixed widths, for many rows: those out of sight are not laid out, and a narrow panel shows cards.

    A card shows the columns of the kinds status, entry (the first) and errors; what else matters stands in the narrow
    line of `Entry`.

    Attributes:
        widths: the CSS width of each column that is shown, in a grid's words, such as "7em" or "minmax(0, 1fr)".
        wide: those that are shown only where there is much room.
        order: the column by which the rows are sorted as they come.
        words: the column of statuses whose words become buttons that filter, each with its count.
        noun: what the rows are, in the plural.
    """

    widths: Mapping[str, str]
    wide: frozenset[str] = frozenset()
    order: str = ""
    words: str = ""
    noun: str = "rows"


class Grid(anywidget.AnyWidget):
    """Rows of a frame.

    Traits: `columns`, `rows` (what the browser is given), `icons` (those of the cells, by name), `selected` (the key of
    the chosen row, "" for none), `caption` (its name, for readers of screens too), `height` (CSS), `fixed` (of
    `Fixed`, empty for a table whose columns are as wide as what they hold), `reading` (of `read`, empty while nothing
    is read). `opened` is called with the key of a row that was opened (Enter or a double click), `clicked` with that of
    a row that was clicked (arrow keys only choose).
    """

    _esm = front_text("grid.js")
    columns: traitlets.List[Any] = traitlets.List().tag(sync=True)
    rows: traitlets.List[Any] = traitlets.List().tag(sync=True)
    selected = traitlets.Unicode("").tag(sync=True)
    selectable = traitlets.Bool(False).tag(sync=True)
    caption = traitlets.Unicode("").tag(sync=True)
    height = traitlets.Unicode("22em").tag(sync=True)
    icons: traitlets.Dict[str, str] = traitlets.Dict().tag(sync=True)
    fixed: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    reading: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    def __init__(
        self, caption: str, *, selectable: bool = False, height: str = "22em", fixed: Fixed | None = None
    ) -> None:
        form = {} if fixed is None else {"order": fixed.order, "words": fixed.words, "noun": fixed.noun}
        super().__init__(caption=caption, selectable=selectable, height=height, fixed=form)
        self._fixed = fixed
        self.opened: Callable[[str], Any] | None = None
        self.clicked: Callable[[str], Any] | None = None
        self.on_msg(self._on_message)

    def show(
        self,
        frame: pd.DataFrame,
        *,
        kinds: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        key: str | Sequence[str] | None = None,
        off: str | None = None,
        hidden: Sequence[str] = (),
    ) -> None:
        """Show a frame; only what differs is drawn again. Success percentages are rounded down, those of errors up.

        Args:
            frame: The rows.
            kinds: What columns are, see `KINDS`; numbers and times are recognized by dtype.
            labels: Headings in place of the columns' names.
            key: The column or columns that tell rows apart; by default the position.
            off: The column that says why a row can't be chosen, empty where it can.
            hidden: Columns that are not shown.
        """
        kinds, labels = dict(kinds or {}), dict(labels or {})
        names = [str(name) for name in frame.columns]
        for name in names:
            is_number = pd.api.types.is_numeric_dtype(frame[name]) and not pd.api.types.is_bool_dtype(frame[name])
            is_time = pd.api.types.is_datetime64_any_dtype(frame[name])
            kinds.setdefault(name, "number" if is_number else "time" if is_time else "text")
        visible = [name for name in names if name not in hidden]
        if self._fixed is not None:
            visible = [name for name in self._fixed.widths if name in names]
        columns = [self._column(name, labels.get(name, name.replace("_", " ")), kinds[name]) for name in visible]
        key_columns = [key] if isinstance(key, str) else list(key or [])
        rows = []
        for position, values in enumerate(rounded(frame, rest=False).itertuples(index=False, name=None)):
            row = dict(zip(names, values, strict=True))
            row_name = " / ".join(strip_control_chars(str(row[name])) for name in key_columns)
            rows.append(
                {
                    "key": row_name or str(position),
                    # for screen readers
                    "name": row_name or format_value(values[0]),
                    "off": format_value(row[off]) if off and not missing(row[off]) else "",
                    "cells": [cell(row[name], kinds[name]) for name in visible],
                    "sort": [sort_key(row[name]) for name in visible],
                }
            )
        shapes = {shape for row in rows for one in row["cells"] if isinstance(one, dict) and (shape := one.get("icon"))}
        icons = {name: str(icon(name)) for name in sorted(shapes)}
        with self.hold_sync():
            if icons != self.icons:
                self.icons = icons
            if columns != self.columns:
                self.columns = columns
            if rows != self.rows:
                self.rows = rows
            if self.selected not in {row["key"] for row in rows if not row["off"]}:
                self.selected = ""

    def read(self, text: str, done: int = 0, total: int = 0, outlines: int = 0) -> None:
        """Show that rows are being read: a bar, and the outlines of rows where there are none yet.

        Args:
            text: What is read, for readers of screens; "" when that has ended.
            done: How many parts were read.
            total: How many there are; 0 where that is not known.
            outlines: How many rows are still to come, as far as that is known.
        """
        reading = {"text": text, "done": done, "total": total, "outlines": outlines} if text else {}
        if reading != self.reading:
            self.reading = reading

    def _column(self, name: str, label: str, kind: str) -> dict[str, Any]:
        column: dict[str, Any] = {"name": name, "label": label, "kind": kind}
        if self._fixed is not None:
            column |= {"width": self._fixed.widths[name], "wide": name in self._fixed.wide}
        return column

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        if not isinstance(content, dict):
            return
        for name, told in (("opened", self.opened), ("clicked", self.clicked)):
            if told is not None and isinstance(content.get(name), str):
                told(content[name])
