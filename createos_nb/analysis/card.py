"""How a result shows itself: a heading, a sentence and a short table, as text and as escaped HTML.

Results call these from `__repr__` and `_repr_html_`. They never raise: a value whose own text fails is shown as such,
since an exception while a cell displays hides the result and blames the reader.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape
from typing import Any

import pandas as pd

from createos_nb.percentages import round_down, round_up

Rows = Iterable[tuple[str, Any]]


def text(title: str, sentence: str, rows: Rows = ()) -> str:
    """A few lines of plain text."""
    lines = [f"{_said(title)}: {_said(sentence)}" if sentence else _said(title)]
    pairs = [(_said(label), _said(value)) for label, value in rows]
    width = max((len(label) for label, _ in pairs), default=0)
    lines += [f"  {label:<{width}}  {value}" for label, value in pairs]
    return "\n".join(lines)


def html(title: str, sentence: str, rows: Rows = (), *, frames: Iterable[tuple[str, pd.DataFrame]] = ()) -> str:
    """The same as a small HTML table, every text escaped; frames follow below, each with a caption."""
    parts = [f"<div><strong>{escape(_said(title))}</strong>"]
    if sentence:
        parts.append(f"<p>{escape(_said(sentence))}</p>")
    cells = "".join(
        f'<tr><th scope="row" style="text-align:left">{escape(_said(label))}</th>'
        f'<td style="text-align:left">{escape(_said(value))}</td></tr>'
        for label, value in rows
    )
    if cells:
        parts.append(f"<table><tbody>{cells}</tbody></table>")
    for caption, frame in frames:
        parts.append(f"<p>{escape(_said(caption))}</p>{_table(frame)}")
    return "".join([*parts, "</div>"])


def percent(fraction: float, *, digits: int = 3) -> str:
    """A fraction as a percentage, rounded down: what is not all is never 100 %."""
    return "unknown" if math.isnan(fraction) else _trimmed(round_down(100 * fraction, digits), digits)


def percent_up(fraction: float, *, digits: int = 3) -> str:
    """A fraction of failures, or the upper end of an interval, as a percentage, rounded up."""
    return "unknown" if math.isnan(fraction) else _trimmed(round_up(100 * fraction, digits), digits)


def as_set(fraction: float) -> str:
    """A fraction that somebody has chosen, such as a target, as a percentage with all its digits."""
    return f"{100 * fraction:.10g} %"


def _trimmed(value: float, digits: int) -> str:
    shown = f"{value:.{digits}f}"
    return f"{shown.rstrip('0').rstrip('.') if digits else shown} %"


def span(seconds: float) -> str:
    """A duration in the two units that matter: 90061 s is "1 d 1 h"."""
    if not math.isfinite(seconds):
        return "never"
    left = max(round(seconds), 0)
    found: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        number, left = divmod(left, size)
        if number or found:
            found.append(f"{number} {unit}")
        if len(found) == 2:
            break
    return " ".join(part for part in found if not part.startswith("0 ")) or "0 s"


def _said(value: Any) -> str:
    try:
        if isinstance(value, float):
            return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
        if isinstance(value, int) and not isinstance(value, bool):
            return f"{value:,}"
        return str(value)
    except Exception as error:  # noqa: BLE001  # see above: showing a result never fails
        return f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"


def _table(frame: pd.DataFrame) -> str:
    try:
        return str(frame.to_html(escape=True, border=0))
    except Exception as error:  # noqa: BLE001  # see above: showing a result never fails
        return escape(f"<frame that cannot be shown: {type(error).__name__}>")
