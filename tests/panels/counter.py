"""A panel for tests of what all panels share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import pandas as pd

from createos_nb.panels.read_panel import ReadPanel


class Counter(ReadPanel):
    """Shows how often it has read."""

    heading = "Counter"
    interval, max_interval = 1.0, 8.0

    def __init__(self, client: Any, work: Callable[[int], Any] | None = None) -> None:
        super().__init__(client, "of reads")
        self.reads, self.shown, self.work = 0, 0, work
        self.number = self._view.control("number", widgets.IntText(description="Number", value=1))
        self.choice = self._view.control(
            "choice", widgets.Dropdown(description="Choice", options=[("One", 1), ("Two", 2)])
        )
        self._view.on_change("number", self.refresh)
        self._view.build(self._toolbar)

    def _read(self, cancel: threading.Event | None = None) -> pd.DataFrame:
        self.reads += 1
        if self.work:
            self.work(self.reads)
        return pd.DataFrame({"number": [self.number.value]})

    def _show(self, frame: pd.DataFrame) -> None:
        self.shown += 1
