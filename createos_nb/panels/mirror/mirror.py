"""A panel for browsers that know no ipywidgets: its tree of widgets as a snapshot and patches, and events back.

Panels change their widgets on any thread. What has changed is noted at once and told later, so that ten changes of one
trait are one patch; what a browser does is done through the same traits as in a notebook, and their validation holds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import ipywidgets as widgets
from ipywidgets.widgets.widget import _put_buffers

from createos_nb.panels.mirror.traits import (
    Modules,
    attached_to,
    is_settable,
    listen,
    parts_of,
    stop_listening,
)
from createos_nb.panels.mirror.update import Entry, Message, Update, describe

#: Updates that a viewer did not take: beyond, its messages are dropped, and the tree is sent anew.
_MAX_MESSAGES: Final = 1_000


class Mirror:
    """The tree of widgets below one, for any number of viewers; safe from several threads.

    Args:
        root: The widget, such as `panel.box`.
        modules: Where the modules and style sheets of widgets are kept; several mirrors may share it.
    """

    def __init__(self, root: widgets.Widget, modules: Modules | None = None) -> None:
        self._lock = threading.RLock()
        self._entries: dict[str, Entry] = {}
        self._ids: dict[int, str] = {}  # by the identity of widgets, which the entries keep alive
        self._count = 0
        self._viewers: list[Viewer] = []
        self._root = root
        #: The modules and style sheets of widgets by digest.
        self.modules = modules or Modules()
        with self._lock:
            self._follow()

    # --- viewers ------------------------------------------------------------------------------------------------------

    def viewer(self, notify: Callable[[], Any], *, with_modules: bool = False) -> Viewer:
        """Return a new viewer, who is looking.

        Args:
            notify: Called on any thread as soon as there is something to take.
            with_modules: Whether updates bring the modules of widgets; else they are had from `modules`.

        Returns:
            The viewer; its first update is the whole tree.

        Examples:
            >>> from createos_nb.panels.mirror.mirror import Mirror
            >>> panel = createos_nb.panels.domains(createos_nb.simulate(), "storefront")
            >>> viewer = Mirror(panel.box).viewer(lambda: None)
            >>> viewer.take().data["ack"], viewer.take()
            (0, None)
        """
        viewer = Viewer(self, notify, with_modules=with_modules)
        with self._lock:
            self._viewers.append(viewer)
        self._count_views()
        notify()
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Forget a viewer.

        Args:
            viewer: Whoever has gone; nothing happens where it has before.
        """
        with self._lock:
            if viewer in self._viewers:
                self._viewers.remove(viewer)
        self._count_views()

    def close(self) -> None:
        """Observe nothing anymore, and forget the viewers. The widgets stay as they are."""
        with self._lock:
            self._viewers.clear()
        self._count_views()
        with self._lock:
            for entry in list(self._entries.values()):
                self._forget(entry)

    @property
    def looking(self) -> int:
        """Return how many viewers are looking now."""
        with self._lock:
            return sum(viewer.looking for viewer in self._viewers)

    def _count_views(self) -> None:
        """Tell widgets how many look at them, where they count it: a panel that nobody sees does not poll."""
        with self._lock:
            entries, looking = list(self._entries.values()), self.looking
        for entry in entries:
            if entry.widget._view_count is not None and entry.widget._view_count != looking:
                entry.widget._view_count = looking

    # --- the tree -----------------------------------------------------------------------------------------------------

    def entry(self, id: str) -> Entry | None:
        """The widget of that id, or None."""
        with self._lock:
            return self._entries.get(id)

    def id_of(self, widget: widgets.Widget) -> str | None:
        """The id of a widget of the tree, or None."""
        with self._lock:
            return self._ids.get(id(widget))

    @property
    def root_id(self) -> str:
        """The id of the root."""
        return self._ids[id(self._root)]

    def _follow(self) -> None:
        """Observe what has come into the tree, and nothing that has left it."""
        found: dict[int, widgets.Widget] = {}
        remaining = [self._root]
        while remaining:
            widget = remaining.pop()
            if id(widget) not in found:
                found[id(widget)] = widget
                remaining += parts_of(widget)
        for entry in list(self._entries.values()):
            if id(entry.widget) not in found:
                self._forget(entry)
        for identity, widget in found.items():
            if identity not in self._ids:
                self._count += 1
                entry = Entry(str(self._count), widget)
                self._entries[entry.id], self._ids[identity] = entry, entry.id
                widget.observe(self._on_change)
                self._attach(entry)
                listen(widget, self._on_message)

    def _forget(self, entry: Entry) -> None:
        del self._entries[entry.id], self._ids[id(entry.widget)]
        entry.widget.unobserve(self._on_change)
        self._detach(entry)
        stop_listening(entry.widget, self._on_message)

    def _attach(self, entry: Entry) -> None:
        """Observe the layout and style of a widget, which are widgets themselves."""
        self._detach(entry)
        entry.attached = attached_to(entry.widget)
        for part in entry.attached.values():
            part.observe(self._on_attached_change)

    def _detach(self, entry: Entry) -> None:
        """Observe the layout and style of a widget no more, unless another one has the same."""
        before, entry.attached = entry.attached, {}
        for part in before.values():
            if not any(part is one for other in self._entries.values() for one in other.attached.values()):
                part.unobserve(self._on_attached_change)

    # --- what changes -------------------------------------------------------------------------------------------------

    def _on_change(self, change: Mapping[str, Any]) -> None:
        widget, name = change["owner"], change["name"]
        if name not in widget.keys:
            return
        with self._lock:
            known = self._ids.get(id(widget))
            if known is None:
                return
            if name == "children":
                self._follow()
            elif name in ("layout", "style"):
                self._attach(self._entries[known])
            self._mark(known, name)
        self._notify()
        if name == "children":
            self._count_views()

    def _on_attached_change(self, change: Mapping[str, Any]) -> None:
        with self._lock:
            for entry in self._entries.values():
                for name, part in entry.attached.items():
                    if part is change["owner"]:
                        self._mark(entry.id, name)
        self._notify()

    def _on_message(self, widget: widgets.Widget, content: Any, buffers: Sequence[Any] | None) -> None:
        with self._lock:
            known = self._ids.get(id(widget))
            if known is None:
                return
            for viewer in self._viewers:
                viewer.add_message(Message(known, content, [bytes(one) for one in buffers or ()]))
        self._notify()

    def _mark(self, id: str, name: str) -> None:
        for viewer in self._viewers:
            viewer.mark(id, [name])

    def _notify(self) -> None:
        with self._lock:
            viewers = list(self._viewers)
        for viewer in viewers:
            viewer.notify()

    def update_for(self, viewer: Viewer) -> Update | None:
        """What a viewer lacks; None where it has all."""
        with self._lock:
            changed, messages, sent = viewer.take_marks()
            news = [entry for id, entry in self._entries.items() if id not in sent]
            gone = [id for id in sent if id not in self._entries]
            changed = {id: names for id, names in changed.items() if id in sent and id in self._entries}
            messages = [one for one in messages if one.id in self._entries]
            if not (news or gone or changed or messages):
                return None
            data = {"root": self.root_id, "ack": viewer.acknowledged, "gone": gone}
            known = [(self._entries[id], names) for id, names in changed.items()]
            update = describe(data, news, known, messages, self.id_of, self.modules)
            sent.difference_update(gone)
            sent.update(entry.id for entry in news)
            if viewer.with_modules:
                data["modules"] = viewer.new_modules(self.modules)
            return update


class Viewer:
    """One who looks at a mirror: knows what it was told, and hands on what it does.

    Attributes:
        notify: called on any thread as soon as there is something to take.
        with_modules: whether updates bring the modules of widgets.
        acknowledged: the number of its last event that was handled.
    """

    def __init__(self, mirror: Mirror, notify: Callable[[], Any], *, with_modules: bool) -> None:
        self._mirror, self.notify, self.with_modules = mirror, notify, with_modules
        self.acknowledged = 0
        self._sent: set[str] = set()
        self._modules: set[str] = set()
        self._changed: dict[str, set[str]] = {}
        self._messages: list[Message] = []
        self._looking = True

    @property
    def looking(self) -> bool:
        """Whether it looks; set to False while its page is hidden."""
        return self._looking

    @looking.setter
    def looking(self, looking: bool) -> None:
        self._looking = bool(looking)
        self._mirror._count_views()

    def take(self) -> Update | None:
        """Return what has changed since the last time, the first time all; None for nothing.

        Returns:
            The update.
        """
        return self._mirror.update_for(self)

    def restart(self) -> None:
        """Forget what it was told: the next update is the whole tree."""
        with self._mirror._lock:
            self._sent.clear()
            self._modules.clear()
            self._changed.clear()
            self._messages.clear()
            self.acknowledged = 0
        self.notify()

    def close(self) -> None:
        """Leave the mirror."""
        self._mirror.leave(self)

    # --- of the mirror ------------------------------------------------------------------------------------------------

    def mark(self, id: str, names: Iterable[str]) -> None:
        """Note traits that have changed."""
        self._changed.setdefault(id, set()).update(names)

    def add_message(self, message: Message) -> None:
        """Note a message of a widget."""
        if len(self._messages) >= _MAX_MESSAGES:
            self._messages.clear()
        self._messages.append(message)

    def take_marks(self) -> tuple[dict[str, set[str]], list[Message], set[str]]:
        """What was noted, which is forgotten by this, and what it was told (to be kept up)."""
        changed, self._changed = self._changed, {}
        messages, self._messages = self._messages, []
        return changed, messages, self._sent

    def new_modules(self, modules: Modules) -> dict[str, str]:
        """The modules that it does not have yet."""
        found = {digest: text for digest, text in modules.items() if digest not in self._modules}
        self._modules.update(found)
        return found

    # --- what it does -------------------------------------------------------------------------------------------------

    def receive(self, event: Any, buffers: Sequence[bytes] = ()) -> None:
        """Do what its browser says; what makes no sense, or is refused, changes nothing.

        Args:
            event: JSON: `{"looking": …}`, or `id` and `n` (growing numbers) with one of `set` (traits by name; with
                `buffers`, a path for each), `click` and `message`.
            buffers: The bytes that belong to it.

        Examples:
            >>> from createos_nb.panels.mirror.mirror import Mirror
            >>> panel = createos_nb.panels.scale(createos_nb.simulate(), "storefront", "staging")
            >>> mirror = Mirror(panel.box)
            >>> slider = mirror.id_of(panel.params.control("replicas").widget)
            >>> mirror.viewer(lambda: None).receive({"id": slider, "n": 1, "set": {"value": 3}})
            >>> panel.params["replicas"]
            3
        """
        if not isinstance(event, dict):
            return
        if "looking" in event:
            self.looking = event["looking"] is True
            return
        id, number = event.get("id"), event.get("n")
        entry = self._mirror.entry(id) if isinstance(id, str) else None
        if type(number) is int:
            self.acknowledged = max(self.acknowledged, number)
        if entry is None or getattr(entry.widget, "disabled", False):
            self._tell_again(entry, event.get("set"))
            return
        if isinstance(event.get("set"), dict):
            self._set(entry, event, buffers)
        elif event.get("click") is True and isinstance(entry.widget, widgets.Button):
            entry.widget.click()
        elif "message" in event:
            # as ipywidgets does: an error of a callback is logged, and ends nothing
            entry.widget._handle_custom_msg(event["message"], list(buffers))

    def _set(self, entry: Entry, event: dict[str, Any], buffers: Sequence[bytes]) -> None:
        values = {name: value for name, value in event["set"].items() if is_settable(entry.widget, name)}
        try:
            paths = event.get("buffers", [])
            if paths:
                _put_buffers(values, paths, [bytes(one) for one in buffers])
            entry.widget.set_state(values)
        except Exception:  # noqa: BLE001  # refused by the trait, or of no sense: the browser gets what holds
            pass
        finally:
            self._tell_again(entry, event["set"])

    def _tell_again(self, entry: Entry | None, names: Any) -> None:
        """Answer an event with what holds now, whatever came of it."""
        if entry is not None and isinstance(names, dict):
            with self._mirror._lock:
                self.mark(entry.id, [name for name in names if name in entry.widget.keys])
        self.notify()
