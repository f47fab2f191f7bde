"""What a viewer of a mirrored panel is told: JSON, and the bytes that belong to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import ipywidgets as widgets
from ipywidgets.widgets.widget import _remove_buffers

from createos_nb.panels.mirror.traits import Modules, state_of


@dataclass
class Update:
    """What a viewer has to draw.

    Attributes:
        data: JSON: `root` and `ack` (the number of the viewer's last event that was handled); `widgets` (new ones, by
            id: `kind`, `state`), `set` (traits that have changed, by id), `gone` (ids), `messages` (`id`, `content`,
            `buffers`: how many of the last ones), `buffers` (id and path of each of the first ones), `modules`.
        buffers: the bytes: those of traits, then those of messages.
    """

    data: dict[str, Any]
    buffers: list[bytes]


@dataclass
class Message:
    """What a widget has sent to front ends."""

    id: str
    content: Any
    buffers: list[bytes]


@dataclass
class Entry:
    """A widget of the tree; `id` is its own in this mirror."""

    id: str
    widget: widgets.Widget
    attached: dict[str, widgets.Widget] = field(default_factory=dict)  # layout and style


def describe(
    data: dict[str, Any],
    news: Iterable[Entry],
    changed: Iterable[tuple[Entry, Iterable[str]]],
    messages: Sequence[Message],
    id_of: Callable[[widgets.Widget], str | None],
    modules: Modules,
) -> Update:
    """Return an update.

    Args:
        data: What it holds already; the rest is put there.
        news: Widgets that the viewer does not know.
        changed: Those that it knows, with the names of traits.
        messages: Of widgets.
        id_of: Returns the id of a child.
        modules: Where modules and style sheets are kept.

    Returns:
        The update.
    """
    paths: list[list[Any]] = []
    buffers: list[bytes] = []

    def told(entry: Entry, names: Iterable[str] | None) -> dict[str, Any]:
        state, own_paths, own = _remove_buffers(state_of(entry.widget, names, id_of, modules))
        paths.extend([entry.id, path] for path in own_paths)
        buffers.extend(bytes(one) for one in own)
        return dict(state)

    data["widgets"] = {entry.id: {"kind": str(entry.widget._view_name), "state": told(entry, None)} for entry in news}
    data["set"] = {entry.id: told(entry, names) for entry, names in changed}
    data["buffers"] = paths
    data["messages"] = [{"id": one.id, "content": one.content, "buffers": len(one.buffers)} for one in messages]
    buffers += [buffer for one in messages for buffer in one.buffers]
    return Update(data, buffers)
