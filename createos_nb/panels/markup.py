"""Text and frames as HTML for panels: all that came from elsewhere is shown as text."""

from __future__ import annotations

from functools import cache
from typing import Final

import pandas as pd

from createos_nb.analysis.rounding import rounded
from createos_nb.display import strip_control_chars
from createos_nb.html import escaped, frame_table
from createos_nb.panels.components import FRONT
from createos_nb.panels.icons import icon

#: In the order in which they hold: the first has the colours, and what all panels share.
_SHEETS: Final = (
    "base",
    "table",
    "plan",
    "rollback",
    "scale",
    "variables",
    "logs",
    "diagnosis",
    "fleet",
    "files",
    "release",
    "domains",
)

#: Grey lines in place of what is not read yet.
SKELETON: Final = '<div class="createos-skeleton" aria-hidden="true"><i></i><i></i><i></i></div>'


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


def alert(value: str, kind: str = "alert") -> str:
    """Return an error or a warning: its first line says what happened, the others what holds and what to do."""
    first, _, rest = value.partition("\n")
    more = f"<div>{text(rest)}</div>" if rest else ""
    sign = icon("failed" if kind == "alert" else "warning")
    role = ' role="alert"' if kind == "alert" else ""
    return f'<div class="createos-{kind}"{role}>{sign}<div><b>{text(first)}</b>{more}</div></div>'


def wait(value: str, seconds: float) -> str:
    """Return the line of a wait; the page goes on counting from `seconds`."""
    return (
        f'<div class="createos-status createos-wait" role="status">{icon("running")}<span>{text(value)}</span>'
        f'<span class="createos-seconds" style="--cn-since:-{seconds:.1f}s" aria-hidden="true"></span></div>'
    )


def scrolled(content: str, label: str) -> str:
    """Return what may be wider than the panel, in a region of its own that the keyboard can scroll."""
    return f'<div class="createos-scroll" role="region" aria-label="{text(label)}" tabindex="0">{content}</div>'


def table(frame: pd.DataFrame, caption: str = "", *, max_rows: int = 200) -> str:
    """Return a frame as a static table, rounded for people; it says how many rows more there are."""
    return frame_table(rounded(frame, rest=False), caption=caption, max_rows=max_rows)
