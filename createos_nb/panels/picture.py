"""Plots in panels: pictures with a text for those who don't see them."""

from __future__ import annotations

import base64
import threading
from typing import TYPE_CHECKING, Final

from createos_nb.panels import markup

if TYPE_CHECKING:
    from createos_nb.plots.figure import Figure

#: matplotlib's caches of fonts and glyphs are not made for several threads.
_ONE_AT_A_TIME: Final = threading.Lock()


def picture(figure: Figure, said: str = "") -> str:
    """A plot as an element of HTML, no wider than its place; `said` goes into its alternative text as well."""
    with _ONE_AT_A_TIME:
        content, shape = figure._repr_png_()
    alt = f"{shape['alt']} {said}".strip()
    return (
        f'<img class="createos-picture" alt="{markup.text(alt)}" width="{shape["width"]}" height="{shape["height"]}" '
        f'src="data:image/png;base64,{base64.b64encode(content).decode()}">'
    )
