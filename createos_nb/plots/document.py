"""A page to send: texts, frames and figures in one HTML file, without scripts and without anything from outside."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

import pandas as pd

from createos_nb.errors import InvalidInput
from createos_nb.html import escaped, frame_table
from createos_nb.plots import style
from createos_nb.plots.palette import DARK

if TYPE_CHECKING:
    from createos_nb.plots.figure import Figure

_STYLE: Final = f"""
body {{ font: 14px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; color: {style.INK};
  background: {style.GROUND}; max-width: 900px; margin: 2em auto; padding: 0 1em; }}
h1 {{ font-size: 22px; }}
img {{ max-width: 100%; height: auto; }}
.wide {{ overflow-x: auto; margin: 1em 0; }}
table {{ border-collapse: collapse; font-size: 12px; }}
th, td {{ text-align: left; padding: 3px 10px 3px 0; border-bottom: 1px solid {style.RULE}; vertical-align: top; }}
@media screen and (prefers-color-scheme: dark) {{
  body {{ color: {DARK[style.INK]}; background: {DARK[style.GROUND]}; }}
  th, td {{ border-color: {DARK[style.RULE]}; }}
  :root .createos-plot .createos-on-light {{ display: none; }}
  :root .createos-plot .createos-on-dark {{ display: block; width: var(--cn-width); }}
}}
"""


def page(title: str, *parts: str | pd.DataFrame | Figure) -> str:
    """Return an HTML document of paragraphs, tables and figures.

    Args:
        title: its headline.
        parts: texts (a paragraph each), frames (a table each) and figures of `createos_nb.plots`, in order.

    Returns:
        The document, to be written to a file: every text escaped, figures inside it.

    Raises:
        InvalidInput: a part is none of these.

    Examples:
        >>> frame = pd.DataFrame({"change": ["version 3 → version 4"]})
        >>> document = createos_nb.plots.page("Errors on Wednesday", "A release failed.", frame)
        >>> "<h1>Errors on Wednesday</h1><p>A release failed.</p>" in document
        True
    """
    body = "".join(_part(part) for part in parts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escaped(title)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{escaped(title)}</h1>{body}</body></html>\n"
    )


def _part(part: str | pd.DataFrame | Figure) -> str:
    if isinstance(part, str):
        return f"<p>{escaped(part)}</p>"
    if isinstance(part, pd.DataFrame):
        return f'<div class="wide">{frame_table(part)}</div>'
    picture = getattr(part, "_repr_png_", None)
    if picture is None:
        raise InvalidInput(f"plots.page takes texts, frames and figures, not {type(part).__name__}")
    in_both_themes = getattr(part, "_repr_html_", lambda: None)()
    if in_both_themes is not None:
        return str(in_both_themes)
    content, about = picture()
    data = base64.b64encode(content).decode("ascii")
    return f'<p><img src="data:image/png;base64,{data}" width="{about["width"]}" alt="{escaped(about["alt"])}"></p>'
