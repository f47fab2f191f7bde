"""Panels that only look: read, show, and follow what is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import pandas as pd

from createos_nb.panels.background import BackgroundLoop
from createos_nb.panels.panel import Panel

if TYPE_CHECKING:
    from createos_nb.client.client import Client


class ReadPanel(Panel):
    """A panel that shows a frame, reads it again when asked to, and follows it while `live` is set.

    A subclass defines `_read`, which returns the frame, and `_show`, which draws it.
    """

    #: The name of the control that follows what is shown.
    follow_control = "live"
    #: Seconds between two polls while something changes, and at most.
    interval, max_interval = 5.0, 60.0

    def __init__(self, client: Client, subject: str = "") -> None:
        super().__init__(client, subject)
        self._requests = 0  # how often a person or code asked for a read: what an earlier poll returns is old
        label = self.follow_control.capitalize()
        checkbox = widgets.Checkbox(description=label, indent=False, tooltip="Refresh automatically")
        self._follow_box = self._view.control(self.follow_control, checkbox)
        self._follower: BackgroundLoop = self._background.poller(
            self._poll, interval=self.interval, max_interval=self.max_interval
        )
        self._view.on_change(self.follow_control, self._on_follow)
        self._toolbar.children = (self._follow_box,)

    def _start(self) -> None:
        # an embedded world answers at once, and a notebook that is saved then holds the table
        if self.client.clock.virtual:
            self._view.guard(self.run)
        else:
            self.refresh()

    def refresh(self) -> None:
        """Read again, in the background; an older read that is still running is given up.

        Examples:
            >>> panel = createos_nb.panels.overview(createos_nb.simulate())
            >>> panel.refresh()
            >>> panel.wait()
            True
        """
        self._requests += 1
        super().refresh()

    def run(self) -> pd.DataFrame:
        """Read again here and now.

        Returns:
            The frame that is shown.

        Raises:
            CreateOSError: what reading raises.

        Examples:
            >>> panel = createos_nb.panels.overview(createos_nb.simulate())
            >>> sorted(set(panel.run()["project"]))[:2]
            ['chat-bot', 'edge-gateway']
        """
        self._requests += 1
        try:
            frame: pd.DataFrame = self._read()
        except Exception as error:
            self._view.show_error(error)
            raise
        self._on_read(frame)
        return frame

    def _on_read(self, result: Any) -> None:
        with self._view.lock:
            if self._view.closed:
                return
            self.frame = result
            super()._on_read(result)
            if result.attrs.get("complete") is False:
                self._view.set_status("incomplete: a part could not be read")

    def _poll(self) -> bool:
        requests = self._requests
        frame = self._read()
        if requests != self._requests:
            return True
        if self.frame is None or not frame.equals(self.frame):
            self._on_read(frame)
            return True
        with self._view.lock:
            self._view.render_header()
            self._view.clear_error()
        return False

    def _on_follow(self) -> None:
        if self._follow_box.value:
            self._start_loop(self._follower, self._follow_box)
        else:
            self._follower.stop()
