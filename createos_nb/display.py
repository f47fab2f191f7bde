"""Values, tables and cards as text: how everything that describes itself does so; `html.py` has the same as HTML.

Objects call this from `__repr__` and `_repr_html_`, with data that they have: nothing here does I/O. Text that came
from elsewhere is safe to show: what steers a terminal or turns the reading direction is spelled out. A value whose own
text fails is shown as such, since an exception while a cell displays hides the result.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from createos_nb.percentages import round_down, round_up

if TYPE_CHECKING:
    import pandas as pd

#: Control characters, marks of direction, line separators, characters of no width, tags and lone surrogates. A tab and
#: a line feed are no danger. The joiners of scripts and emoji (U+200C, U+200D) belong to the letters beside them.
_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_ANSI: Final = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
#: Columns of success rates in percent.
_SUCCESS: Final = re.compile(r"(?:.*[_ ])?success[_ ](?:percentage|%)")
#: Stands where there is no value.
MISSING: Final = "–"

#: A label and its value.
Fields: TypeAlias = Iterable[tuple[str, Any]]


# Text


def visible(text: str) -> str:
    r"""Spell out what a terminal would act on, or nobody would see: an escape becomes the four letters `\x1b`.

    Args:
        text: Any text.

    Returns:
        The text, safe to print; tabs and line feeds stay.

    Examples:
        >>> from createos_nb.display import visible
        >>> visible("red\x1b[31m")
        'red\\x1b[31m'
    """
    return _UNSAFE.sub(lambda match: ascii(match[0])[1:-1], text)


def strip_control_chars(text: str) -> str:
    r"""Return a text as one line without terminal control sequences; other control characters are spelled out.

    Args:
        text: Any text.

    Returns:
        The line.

    Examples:
        >>> from createos_nb.display import strip_control_chars
        >>> strip_control_chars("\x1b[32mready\x1b[0m")
        'ready'
    """
    text = _ANSI.sub("", text).rstrip("\r\n")
    return visible(text).replace("\n", "\\n")


# Values


def is_missing(value: Any) -> bool:
    """Return whether a value is unknown.

    Args:
        value: Any value.

    Returns:
        True for None, NA, NaT and NaN.

    Examples:
        >>> from createos_nb.display import is_missing
        >>> is_missing(pd.NA), is_missing(0)
        (True, False)
    """
    if value is None:
        return True
    import pandas as pd  # what prints only text need not wait for it

    return bool(pd.isna(value)) if pd.api.types.is_scalar(value) else False


def format_value(value: Any, column: str = "", *, seconds: bool = True) -> str:
    """Return a value as one line for people.

    Args:
        value: What to show. Unknown is "–"; a bool is "yes" or "no"; a list is its items; text has no control sequence.
        column: The name of its column: a success percentage is rounded down.
        seconds: Whether a time has seconds.

    Returns:
        The line; a value that can't be shown is said to be one.

    Examples:
        >>> from createos_nb.display import format_value
        >>> format_value(True), format_value(None), format_value(1234.5)
        ('yes', '–', '1,234.5')
    """
    try:
        return _format(value, column, seconds)
    except Exception as error:  # noqa: BLE001  # showing a result never fails
        return f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"


def _format(value: Any, column: str, seconds: bool) -> str:
    if isinstance(value, str):
        return strip_control_chars(value)
    if isinstance(value, list | tuple | set | frozenset | dict):
        return ", ".join(_format(item, "", seconds) for item in value) or MISSING
    if is_missing(value):
        return MISSING
    if type(value).__name__ in ("bool", "bool_"):  # numpy's, too
        return "yes" if value else "no"
    if isinstance(value, Integral | Real):
        return format_number(round_down(float(value)) if _SUCCESS.fullmatch(column) else value)
    if hasattr(value, "strftime"):
        return format_time(value, seconds=seconds)
    if hasattr(value, "total_seconds"):
        return human_duration(value.total_seconds())
    return strip_control_chars(str(value))


def format_number(value: Any) -> str:
    """Return a number with thousands separators.

    Args:
        value: An integer or a float.

    Returns:
        The text, of two decimals or, below 1, of four digits.

    Examples:
        >>> from createos_nb.display import format_number
        >>> format_number(1234.5), format_number(0.00123)
        ('1,234.5', '0.00123')
    """
    if isinstance(value, Integral):
        return f"{value:,}"
    if not math.isfinite(value):
        return str(float(value))
    return f"{value:,.2f}".rstrip("0").rstrip(".") if abs(value) >= 1 else f"{value:.4g}"


def format_percent(fraction: float, *, digits: int = 3) -> str:
    """Return a fraction as a percentage, rounded down: what is not all is never 100 %.

    Args:
        fraction: 0 to 1.
        digits: Significant digits of what is not all.

    Returns:
        The text.

    Examples:
        >>> from createos_nb.display import format_percent
        >>> format_percent(0.99996), format_percent(1.0)
        ('99.996 %', '100 %')
    """
    return "unknown" if math.isnan(fraction) else _trimmed(round_down(100 * fraction, digits), digits)


def format_percent_up(fraction: float, *, digits: int = 3) -> str:
    """Return a fraction of failures, or the upper end of an interval, as a percentage, rounded up.

    Args:
        fraction: 0 to 1.
        digits: Significant digits of what is not nothing.

    Returns:
        The text.

    Examples:
        >>> from createos_nb.display import format_percent_up
        >>> format_percent_up(0.00041)
        '0.041 %'
    """
    return "unknown" if math.isnan(fraction) else _trimmed(round_up(100 * fraction, digits), digits)


def format_target(fraction: float) -> str:
    """Return a fraction that somebody has chosen, such as a target, as a percentage with all its digits.

    Args:
        fraction: 0 to 1.

    Returns:
        The text.

    Examples:
        >>> from createos_nb.display import format_target
        >>> format_target(0.9995)
        '99.95 %'
    """
    return f"{100 * fraction:.10g} %"


def _trimmed(value: float, digits: int) -> str:
    digits_text = f"{value:.{digits}f}"
    return f"{digits_text.rstrip('0').rstrip('.') if digits else digits_text} %"


def format_time(moment: Any, *, seconds: bool = False) -> str:
    """Return a time as people read it.

    Args:
        moment: A `Timestamp`, or a `datetime`.
        seconds: Whether to the second, and not to the minute.

    Returns:
        The text, in the time zone that the time has.

    Examples:
        >>> from createos_nb.display import format_time
        >>> format_time(pd.Timestamp("2026-03-02T09:00:30Z"))
        '2026-03-02 09:00'
    """
    return str(moment.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M"))


def human_duration(seconds: float) -> str:
    """Return a length of time in the two units that matter.

    Args:
        seconds: The length, in seconds.

    Returns:
        The text; "never" for one without an end.

    Examples:
        >>> from createos_nb.display import human_duration
        >>> human_duration(90061)
        '1 d 1 h'
    """
    if not math.isfinite(seconds):
        return "never"
    remaining = max(round(seconds), 0)
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        number, remaining = divmod(remaining, size)
        if number or parts:
            parts.append(f"{number} {unit}")
        if len(parts) == 2:
            break
    return " ".join(part for part in parts if not part.startswith("0 ")) or "0 s"


def format_cells(frame: pd.DataFrame, *, seconds: bool = True) -> list[list[str]]:
    """Return the values of a frame as texts.

    Args:
        frame: The frame.
        seconds: Whether times have seconds.

    Returns:
        The texts, row by row.

    Examples:
        >>> from createos_nb.display import format_cells
        >>> format_cells(pd.DataFrame({"version": [3], "live": [True]}))
        [['3', 'yes']]
    """
    names = [str(name) for name in frame.columns]
    return [
        [format_value(value, name, seconds=seconds) for value, name in zip(row, names, strict=True)]
        for row in frame.itertuples(index=False, name=None)
    ]


# Plain text


def text_card(title: str, sentence: str, fields: Fields = ()) -> str:
    """Return a heading, a sentence and labelled values as a few lines of plain text.

    Args:
        title: The heading.
        sentence: What follows it; "" for nothing.
        fields: Labels and their values.

    Returns:
        The lines, as one text.

    Examples:
        >>> from createos_nb.display import text_card
        >>> print(text_card("Rollback", "Version 3 is live.", {"took": "5 s"}.items()))
        Rollback: Version 3 is live.
          took  5 s
    """
    head, rest = format_value(title), format_value(sentence)
    pairs = [(format_value(label), format_value(value)) for label, value in fields]
    width = max((len(label) for label, _ in pairs), default=0)
    return "\n".join([f"{head}: {rest}" if rest else head, *(f"  {label:<{width}}  {value}" for label, value in pairs)])


def text_table(frame: pd.DataFrame) -> list[str]:
    """Return a frame as aligned lines of plain text.

    Args:
        frame: The frame; its index is not shown.

    Returns:
        The lines, the names of the columns first.

    Examples:
        >>> from createos_nb.display import text_table
        >>> text_table(pd.DataFrame({"version": [3, 4], "requests": [1200, 45]}))
        ['version  requests', '3        1,200', '4        45']
    """
    rows = [titles(frame), *format_cells(frame)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def titles(frame: pd.DataFrame) -> list[str]:
    """Return the names of a frame's columns as people read them.

    Args:
        frame: The frame.

    Returns:
        The names, with spaces for underscores.

    Examples:
        >>> from createos_nb.display import titles
        >>> titles(pd.DataFrame(columns=["status_5xx"]))
        ['status 5xx']
    """
    return [format_value(str(name)).replace("_", " ") for name in frame.columns]
