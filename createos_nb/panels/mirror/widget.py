"""A panel as one anywidget, for front ends that have no ipywidgets, such as marimo."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Sequence
from typing import Any, Final

import anywidget
import ipywidgets as widgets

from createos_nb import threads
from createos_nb.panels.components import front_text
from createos_nb.panels.mirror.mirror import Mirror, Viewer

#: Seconds in which changes become one message.
_PAUSE: Final = 0.04
#: Pages that were closed don't say so: beyond, the one that was heard of longest ago is forgotten.
_MAX_VIEWERS: Final = 8


class MirrorWidget(anywidget.AnyWidget):
    """Shows a tree of widgets by messages alone; nothing of it is in the state that a notebook saves.

    Each page that shows it is a viewer with an id of its own. A page that was forgotten, and speaks again, is told all
    anew.

    Args:
        root: The widget, such as `panel.box`.
    """

    _esm = front_text("mirror_widget.js")
    _css = front_text("mirror.css")

    def __init__(self, root: widgets.Widget) -> None:
        super().__init__()
        self._mirror = Mirror(root)
        self._viewers: dict[str, Viewer] = {}
        self._lock = threading.RLock()
        self._due: set[str] = set()
        self._timed = False
        self._events: queue.SimpleQueue[tuple[Viewer, Any, list[Any]]] = queue.SimpleQueue()
        self._working = False
        self.on_msg(self._on_message)

    def close(self) -> None:
        """Close it; the tree stays."""
        with self._lock:
            self._viewers.clear()
        self._mirror.close()
        super().close()

    def _on_message(self, _: Any, content: Any, buffers: Sequence[Any]) -> None:
        if not isinstance(content, dict) or not isinstance(content.get("viewer"), str):
            return
        id = content["viewer"]
        if content.get("here") is False:
            self._forget(id)
            return
        with self._lock:
            viewer = self._viewers.pop(id, None)
            if viewer is None:
                viewer = self._mirror.viewer(lambda: self._notify(id), with_modules=True)
            elif content.get("here") is True:
                viewer.restart()
            self._viewers[id] = viewer  # the newest last
            oldest = next(iter(self._viewers)) if len(self._viewers) > _MAX_VIEWERS else None
        if oldest is not None:
            self._forget(oldest)
        if "event" in content:
            # not on the thread that calls: there marimo can't make widgets that a panel opens (0.25), and a panel that
            # is at work for long would keep the notebook waiting
            with self._lock:
                self._events.put((viewer, content["event"], list(buffers)))
                start, self._working = not self._working, True
            if start and threads.start(self._work, "createos-mirror") is None:
                self._work()

    def _work(self) -> None:
        """Do what the pages say, one after the other."""
        while True:
            with self._lock:
                if self._events.empty():
                    self._working = False
                    return
                viewer, event, buffers = self._events.get()
            viewer.receive(event, buffers)

    def _forget(self, id: str) -> None:
        with self._lock:
            viewer = self._viewers.pop(id, None)
            self._due.discard(id)
        if viewer is not None:
            viewer.close()

    def _notify(self, id: str) -> None:
        with self._lock:
            self._due.add(id)
            if self._timed:
                return
            self._timed = True
        if threads.start(self._tell_later, "createos-mirror") is None:
            self._tell()

    def _tell_later(self) -> None:
        time.sleep(_PAUSE)
        self._tell()

    def _tell(self) -> None:
        with self._lock:
            due, self._due, self._timed = self._due, set(), False
            viewers = [(id, self._viewers[id]) for id in due if id in self._viewers]
        for id, viewer in viewers:
            update = viewer.take()
            if update is not None:
                # marimo's encoder makes an empty object of a text whose class is not `str` itself (0.25)
                plain = json.loads(json.dumps(update.data))
                self.send({"viewer": id, "update": plain}, update.buffers)
