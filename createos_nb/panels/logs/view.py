"""The widget that shows the lines of a log: it follows at the end, and stays where a reader has scrolled up."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from createos_nb.panels.components import front_text


class LogView(anywidget.AnyWidget):
    """Lines of a log.

    Traits: `lines` (as `logs.lines.rows` gives them), `label` (its name, for readers of screens).
    """

    _esm = front_text("log.js")
    lines: traitlets.List[Any] = traitlets.List().tag(sync=True)
    label = traitlets.Unicode("").tag(sync=True)
