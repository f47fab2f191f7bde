"""Panels that look: read, show, look again."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import pandas as pd

from createos_nb.panels.panel import Panel
from createos_nb.panels.work import Stream

if TYPE_CHECKING:
    from createos_nb.client import Client


class ReadingPanel(Panel):
    """A panel that shows a frame, reads it again when asked to, and follows it while `live` is set.

    A subclass gives `_read`, which reads by the client alone, and `_show`, which draws. `_begin` is called when its
    parts are there: it reads for the first time, beside the kernel where that takes time.
    """

    #: The name of the control that follows what is shown.
    watch = "live"
    #: Seconds between two looks while something changes, and at most.
    every, most = 5.0, 60.0

    def __init__(self, client: Client, subject: str = "") -> None:
        super().__init__(client, subject)
        self._asked = 0  # how often something was asked for: what an earlier look gives is old
        self._refresh = self._button("Refresh", self.refresh, hint="Read again")
        box = widgets.Checkbox(description=self.watch.capitalize(), indent=False, tooltip="Look again and again")
        self._live = self._control(self.watch, box)
        self._following: Stream = self._ticker(self._tick, every=self.every, most=self.most)
        self._when(self.watch, self._follow)
        self._tools = widgets.HBox([self._refresh, self._live])
        self._tools.add_class("createos-row")

    def _read(self, cancel: threading.Event | None = None) -> pd.DataFrame:
        """What is shown; raises what the client raises."""
        raise NotImplementedError

    def _show(self, frame: pd.DataFrame) -> None:
        """Draw it."""
        raise NotImplementedError

    def _begin(self) -> None:
        # an embedded world answers at once, and what is saved then holds its table
        if self.client.clock.virtual:
            self._guarded(self.run)
        else:
            self.refresh()

    def refresh(self) -> None:
        """Read again, beside the kernel; a read that is still at work is given up for it."""
        self._asked += 1
        self._say("reading …")
        self._beside(self._read, self._came, lane="read")

    def run(self) -> pd.DataFrame:
        """Read again here and now; gives the frame."""
        self._asked += 1
        try:
            frame = self._read()
        except Exception as error:
            self._fail(error)
            raise
        self._came(frame)
        return frame

    def _came(self, frame: Any) -> None:
        with self._lock:
            if self.closed:
                return
            self.frame = frame
            self._show(frame)
            self._place()
            self._well()
            missing = frame.attrs.get("complete") is False
            self._say("incomplete: not all of it could be read" if missing else "")

    def _tick(self) -> bool:
        asked = self._asked
        frame = self._read()
        if asked != self._asked:
            return True
        if self.frame is None or not frame.equals(self.frame):
            self._came(frame)
            return True
        with self._lock:
            self._place()
            self._well()
        return False

    def _follow(self) -> None:
        if self._live.value:
            self._following.start()
        else:
            self._following.stop()
