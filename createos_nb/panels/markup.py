"""Text and frames as HTML for panels: all that came from elsewhere is shown as text."""

from __future__ import annotations

from functools import cache
from html import escape

import pandas as pd

from createos_nb.analysis.rounding import rounded
from createos_nb.frames.logs import clean
from createos_nb.panels.files import FRONT
from createos_nb.panels.grid import spelled


@cache
def style() -> str:
    """The style sheet of all panels, as an element."""
    return f"<style>{(FRONT / 'panel.css').read_text(encoding='utf-8')}</style>"


def text(value: object) -> str:
    """Text for HTML: no markup, no control sequence of it survives; lines stay lines."""
    return "\n".join(escape(clean(line)) for line in str(value).split("\n"))


def label(value: object) -> str:
    """Text for the label of a widget, which would typeset what stands between dollar signs."""
    return clean(str(value)).replace("$", "\N{FULLWIDTH DOLLAR SIGN}")


def block(value: object, kind: str = "", *, role: str = "") -> str:
    """A block of text; `kind` is one of the style sheet's (quiet, said, wrong, mind)."""
    named = f' class="createos-{kind}"' if kind else ""
    given = f' role="{role}"' if role else ""
    return f"<div{named}{given}>{text(value)}</div>"


def table(frame: pd.DataFrame, caption: str = "", *, most: int = 200) -> str:
    """A frame as a static table of at most so many rows; it says how many it has left out."""
    names = "".join(f'<th scope="col">{text(str(name).replace("_", " "))}</th>' for name in frame.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(spelled(value))}</td>" for value in row) + "</tr>"
        for row in rounded(frame.head(most), rest=False).itertuples(index=False, name=None)
    )
    title = f"<caption>{text(caption)}</caption>" if caption else ""
    more = f"<p>and {len(frame) - most:,} rows more</p>" if len(frame) > most else ""
    return f"<table>{title}<thead><tr>{names}</tr></thead><tbody>{rows}</tbody></table>{more}"
