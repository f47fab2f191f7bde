"""The place for one panel below another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

import ipywidgets as widgets

from createos_nb.panels.panel import Panel

Below = TypeVar("Below", bound=Panel)


class PanelBelow(Generic[Below]):
    """Holds one panel at a time: opening another one closes the one before.

    JupyterLab hands a kernel what a person does on more than one thread, so that two may open something at once: they
    take turns, and the last one stays.

    Attributes:
        opened: the panel, or None.
        box: the widget that shows it.
        turn: who holds it opens and closes alone.
    """

    def __init__(self) -> None:
        self.opened: Below | None = None
        self.box = widgets.VBox([])
        self.turn = threading.RLock()

    def open(self, make: Callable[[], Below | None]) -> Below | None:
        """Close what is open, and show what `make` returns, if anything."""
        with self.turn:
            self.shut()
            self.opened = make()
            self.box.children = () if self.opened is None else (self.opened.box,)
            return self.opened

    def shut(self) -> None:
        """Close what is open."""
        with self.turn:
            opened, self.opened = self.opened, None
            self.box.children = ()
            if opened is not None:
                opened.close()
