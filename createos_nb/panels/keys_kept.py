"""Keys that are pressed within a panel are the panel's, and no commands of the notebook around it."""

from __future__ import annotations

import anywidget

from createos_nb.panels.files import FRONT


class KeysKept(anywidget.AnyWidget):
    """Shows nothing; marks the panel that it is put into."""

    _esm = FRONT / "keys.js"
