"""A table widget for frames: rows are told apart by key and chosen by radio buttons; every text is escaped."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import anywidget
import numpy as np
import pandas as pd
import traitlets

from createos_nb.analysis.rounding import rounded
from createos_nb.display import strip_control_chars
from createos_nb.panels.components import front_text

#: What a column is: text, time, number, state (a word with a sign before it), spark (a list of numbers), copy (text
#: with a button that copies it).
KINDS: Final = ("text", "time", "number", "state", "spark", "copy")

#: A sign beside the word, so that a state is not told by color alone.
_SIGNS: Final = {
    "deployed": "●",
    "active": "●",
    "success": "●",
    "successful": "●",
    "finished": "●",
    "done": "●",
    "sleeping": "◐",
    "queued": "○",
    "pending": "○",
    "building": "◔",
    "in progress": "◔",
    "at work": "◔",
    "deploying": "◑",
    "promoting": "◑",
    "crashing": "▲",
    "ends soon": "▲",
    "interrupted": "▲",
    "stopped": "▲",
    "build_error": "✕",
    "error": "✕",
    "failed": "✕",
    "cancelled": "–",
    "terminated": "–",
    "ended": "–",
    "revoked": "–",
    "unreadable": "✕",
    "healthy": "●",
    "degraded": "▲",
    "down": "✕",
    "asleep": "◐",
    "unknown": "○",
}


class Grid(anywidget.AnyWidget):
    """Rows of a frame.

    Traits: `columns`, `rows` (what the browser is given), `selected` (the key of the chosen row, "" for none),
    `caption` (its name, for readers of screens too), `height` (CSS). `opened` is called with the key of a row that was
    opened (Enter or a double click), `clicked` with that of a row that was clicked (arrow keys only choose).
    """

    _esm = front_text("grid.js")
    columns: traitlets.List[Any] = traitlets.List().tag(sync=True)
    rows: traitlets.List[Any] = traitlets.List().tag(sync=True)
    selected = traitlets.Unicode("").tag(sync=True)
    selectable = traitlets.Bool(False).tag(sync=True)
    caption = traitlets.Unicode("").tag(sync=True)
    height = traitlets.Unicode("22em").tag(sync=True)

    def __init__(self, caption: str, *, selectable: bool = False, height: str = "22em") -> None:
        super().__init__(caption=caption, selectable=selectable, height=height)
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
        columns = [
            {"name": name, "label": labels.get(name, name.replace("_", " ")), "kind": kinds[name]}
            for name in names
            if name not in hidden
        ]
        visible = [name for name in names if name not in hidden]
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
                    "off": format_value(row[off]) if off and not _missing(row[off]) else "",
                    "cells": [_cell(row[name], kinds[name]) for name in visible],
                    "sort": [_sort_key(row[name]) for name in visible],
                }
            )
        with self.hold_sync():
            if columns != self.columns:
                self.columns = columns
            if rows != self.rows:
                self.rows = rows
            if self.selected not in {row["key"] for row in rows if not row["off"]}:
                self.selected = ""

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        if not isinstance(content, dict):
            return
        for name, told in (("opened", self.opened), ("clicked", self.clicked)):
            if told is not None and isinstance(content.get(name), str):
                told(content[name])


def format_value(value: Any) -> str:
    """Format a value as people read it: – for what is unknown, yes and no, times in UTC, numbers with separators."""
    if _missing(value):
        return "–"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float):  # those of numpy, too
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    return strip_control_chars(str(value))


def _cell(value: Any, kind: str) -> Any:
    if kind == "spark":
        return [
            None if _missing(number) else round(float(number), 3) for number in (value if value is not None else [])
        ]
    if kind == "copy":
        return "" if _missing(value) else strip_control_chars(str(value))
    text = format_value(value)
    return f"{_SIGNS[text]} {text}" if kind == "state" and text in _SIGNS else text


def _sort_key(value: Any) -> Any:
    if isinstance(value, list | tuple) or _missing(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.timestamp()
    if isinstance(value, bool | int | float | np.bool_ | np.integer):
        return float(value)
    return strip_control_chars(str(value)).lower()


def _missing(value: Any) -> bool:
    if value is None or value is pd.NA or value is pd.NaT or value == "":
        return True
    return isinstance(value, float) and math.isnan(value)
