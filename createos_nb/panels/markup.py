"""Text and frames as HTML for panels: all that came from elsewhere is shown as text."""

from __future__ import annotations

from functools import cache
from typing import Final

import pandas as pd

from createos_nb.analysis.rounding import rounded
from createos_nb.display import strip_control_chars
from createos_nb.html import escaped, frame_table
from createos_nb.panels.components import FRONT

#: In the order in which they hold: the first has the colours, and what all panels share.
_SHEETS: Final = ("base", "table", "plan", "logs", "diagnosis", "fleet", "files")


@cache
def style() -> str:
    """Return the style sheets of all panels, as an element."""
    sheets = (FRONT / "css" / f"{name}.css" for name in _SHEETS)
    return f"<style>{''.join(sheet.read_text(encoding='utf-8') for sheet in sheets)}</style>"


def text(value: object) -> str:
    """Escape text for HTML: no markup, no control sequence of it survives; lines stay lines."""
    return escaped(str(value))


def label(value: object) -> str:
    """Escape text for the label of a widget, which would typeset what stands between dollar signs."""
    return strip_control_chars(str(value)).replace("$", "\N{FULLWIDTH DOLLAR SIGN}")


def block(value: object, kind: str = "", *, role: str = "") -> str:
    """Return a block of text; `kind` is one of the style sheet's (muted, status, alert, warning)."""
    css_class = f' class="createos-{kind}"' if kind else ""
    aria_role = f' role="{role}"' if role else ""
    return f"<div{css_class}{aria_role}>{text(value)}</div>"


def table(frame: pd.DataFrame, caption: str = "", *, max_rows: int = 200) -> str:
    """Return a frame as a static table, rounded for people; it says how many rows more there are."""
    return frame_table(rounded(frame, rest=False), caption=caption, max_rows=max_rows)
