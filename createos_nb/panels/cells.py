"""Cells of a table widget: what a value becomes by the kind of its column; icons stand beside states and statuses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from createos_nb.display import strip_control_chars
from createos_nb.panels.icons import STATUSES
from createos_nb.percentages import round_up

#: What a column is: text, time, number; state (a word with an icon); status (how an environment does: trouble is bold);
#: entry (`Entry`); errors (`Errors`); spark (a list of numbers); copy (text with a button that copies it).
KINDS: Final = ("text", "time", "number", "state", "status", "entry", "errors", "spark", "copy")

#: Statuses that want somebody to look: their rows are bold.
TROUBLE: Final = frozenset({"down", "degraded"})
#: The icon of a state and the class of its colour, by the words of the platform and of runs.
_STATES: Final = {
    word: (shape, color)
    for words, shape, color in (
        ("deployed active success successful finished done", "ok", "ok"),
        ("building deploying promoting|in progress|at work", "running", "unknown"),
        ("queued pending", "pending", "pending"),
        ("sleeping", "asleep", "asleep"),
        ("crashing interrupted stopped|ends soon", "degraded", "degraded"),
        ("build_error error failed unreadable", "failed", "down"),
        ("cancelled terminated ended revoked", "skipped", "unknown"),
    )
    for group in (words.split("|"),)
    for word in (*group[0].split(" "), *group[1:])
}


class Entry(NamedTuple):
    """What a row is about, or a figure with a word on it: two lines of text.

    Attributes:
        text: the first.
        quiet: what goes on with it in a quiet colour, such as " / production".
        below: the second.
        narrow: what stands below both where rows are cards: other columns are not shown there.
        hint: what is shown when the pointer rests there.
        icon: the name of an icon before the second line; "" for none.
    """

    text: str
    quiet: str = ""
    below: str = ""
    narrow: str = ""
    hint: str = ""
    icon: str = ""


class Errors(NamedTuple):
    """A share of requests that failed, over time and against another time.

    Attributes:
        percentage: 0 to 100; None where it is not known.
        change: against the other time, in percentage points; None where that is not known.
        values: percentages over time; None is a gap.
        before: the percentage of the other time, drawn as a line across.
        trouble: whether it is shown in the colour of errors.
        nothing: what stands there where there is no percentage.
    """

    percentage: float | None
    change: float | None = None
    values: Sequence[float | None] = ()
    before: float | None = None
    trouble: bool = False
    nothing: str = "–"


def format_value(value: Any) -> str:
    """Format a value as people read it: – for what is unknown, yes and no, times in UTC, numbers with separators."""
    if missing(value):
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


def percent(value: float) -> str:
    """Format a percentage of errors with two significant digits, rounded up: 3.4 %, 0.14 %, and 0 % for none."""
    if not value:
        return "0 %"
    digits = 0 if value >= 10 else 1 if value >= 1 else 2
    return f"{round_up(value, digits):.{digits}f} %"


def points(change: float) -> str:
    """Format a change of a percentage in points, with its sign; "" where it is none that can be seen."""
    digits = 0 if abs(change) >= 10 else 1
    text = f"{change:+.{digits}f}"
    return "" if not float(text) else f"{text} pt"


def number(value: float) -> str:
    """Format a rate: as a whole number from 10 on, with a digit below."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}".removesuffix(".0")


def state_cell(word: str, kind: str = "state") -> dict[str, str]:
    """Return a state as the browser shows it: its text, and where the word is known its icon and its colour."""
    if word in STATUSES:
        text, shape, color = STATUSES[word]
        return {"text": text, "icon": shape, "color": color}
    shape, color = _STATES.get(word, ("unknown", "unknown") if kind == "status" else ("", ""))
    return {"text": word, "icon": shape, "color": color} if shape else {"text": word}


def cell(value: Any, kind: str) -> Any:
    """Return a value as the browser is given it."""
    if kind == "spark":
        return [_number(one) for one in (value if value is not None else [])]
    if kind == "copy":
        return "" if missing(value) else strip_control_chars(str(value))
    if kind == "entry" and isinstance(value, Entry):
        return {name: strip_control_chars(text) for name, text in value._asdict().items() if text}
    if kind == "errors" and isinstance(value, Errors):
        return _errors_cell(value)
    if kind in ("state", "status") and not missing(value):
        return state_cell(format_value(value), kind)
    return format_value(value)


def sort_key(value: Any) -> Any:
    """Return what a value is sorted by: a number or a text; None for what is unknown."""
    if isinstance(value, Entry):
        return strip_control_chars(value.text + value.quiet).lower()
    if isinstance(value, Errors):
        return value.percentage
    if isinstance(value, list | tuple) or missing(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.timestamp()
    if isinstance(value, bool | int | float | np.bool_ | np.integer):
        return float(value)
    return strip_control_chars(str(value)).lower()


def missing(value: Any) -> bool:
    """Return whether a value is none."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, str) and value == ""):
        return True
    return isinstance(value, float) and math.isnan(value)


def _errors_cell(value: Errors) -> dict[str, Any]:
    if value.percentage is None:
        return {"text": value.nothing}
    change = "" if value.change is None else points(value.change)
    return {
        "text": percent(value.percentage),
        "change": change,
        "worse": bool(change) and (value.change or 0) > 0,
        "values": [_number(one) for one in value.values],
        "before": _number(value.before),
        "trouble": value.trouble,
    }


def _number(value: Any) -> float | None:
    return None if missing(value) else round(float(value), 3)
