"""What browsers are told of a widget, and what they may set."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import anywidget
import ipywidgets as widgets

#: Called with the widget, the content of a message and its buffers.
OnMessage = Callable[[widgets.Widget, Any, Sequence[Any] | None], None]

#: Synced traits that say to Jupyter how a widget is drawn.
_OF_JUPYTER: Final = frozenset(
    {
        "_anywidget_id",
        "_model_module",
        "_model_module_version",
        "_model_name",
        "_view_count",
        "_view_module",
        "_view_module_version",
        "_view_name",
        "description_allow_html",
        "keyboard",
        "tabbable",
    }
)
#: Traits that hold a widget: told by what that says.
_ATTACHED: Final = ("layout", "style")
#: What a hand can change of the widgets of ipywidgets; an index stands for a choice.
_SETTABLE: Final = frozenset({"value", "index", "selected_index"})
#: What is the panel's alone, though a front end could set it.
_NEVER: Final = frozenset({"children", "disabled", "layout", "style", "tooltip", "tabbable"})
#: The attribute of a widget that holds who hears its messages.
_LISTENERS: Final = "_createos_listeners"


class Modules:
    """Modules and style sheets of widgets by digest."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def add(self, text: str) -> str:
        """Keep a text.

        Args:
            text: Of a module or style sheet.

        Returns:
            Its digest.

        Examples:
            >>> from createos_nb.panels.mirror.traits import Modules
            >>> modules = Modules()
            >>> modules.get(modules.add("export default {}"))
            'export default {}'
        """
        digest = hashlib.sha256(text.encode()).hexdigest()[:32]
        self._texts[digest] = text
        return digest

    def get(self, digest: str) -> str | None:
        """Return the text of a digest, or None.

        Args:
            digest: As `add` returned it.
        """
        return self._texts.get(digest)

    def items(self) -> Iterable[tuple[str, str]]:
        """Return digests and texts."""
        return list(self._texts.items())


def state_of(
    widget: widgets.Widget,
    names: Iterable[str] | None,
    id_of: Callable[[widgets.Widget], str | None],
    modules: Modules,
) -> dict[str, Any]:
    """Return what a browser is told of a widget.

    Args:
        widget: The widget.
        names: Of traits; None for all.
        id_of: Returns the id of a child.
        modules: Where its module and style sheet are kept: their digests are told.

    Returns:
        Values by trait, as ipywidgets serializes them; `children` are ids, `layout` and `style` are what is set there.
    """
    told = set(widget.keys) - _OF_JUPYTER
    if names is not None:
        told &= set(names)
    state: dict[str, Any] = {}
    for name in _ATTACHED:
        if name in told:
            told.discard(name)
            state[name] = _set_values(getattr(widget, name))
    if "children" in told:
        told.discard("children")
        state["children"] = [known for child in widget.children if (known := id_of(child)) is not None]
    for name in ("_esm", "_css"):
        if name in told:
            told.discard(name)
            state[name] = modules.add(str(getattr(widget, name)))
    return state | (widget.get_state(told) if told else {})


def parts_of(widget: widgets.Widget) -> tuple[widgets.Widget, ...]:
    """The widgets within a widget."""
    return tuple(getattr(widget, "children", ()))


def attached_to(widget: widgets.Widget) -> dict[str, widgets.Widget]:
    """The widgets that hold its layout and style, by trait."""
    found = {name: getattr(widget, name, None) for name in _ATTACHED if name in widget.keys}
    return {name: part for name, part in found.items() if isinstance(part, widgets.Widget)}


def is_settable(widget: widgets.Widget, name: Any) -> bool:
    """Return whether a browser may set a trait: what a hand can change, and what a module of our own keeps.

    Args:
        widget: The widget.
        name: Of the trait.

    Examples:
        >>> import ipywidgets as widgets
        >>> from createos_nb.panels.mirror.traits import is_settable
        >>> is_settable(widgets.Text(), "value"), is_settable(widgets.HTML(), "value")
        (True, False)
    """
    if not isinstance(name, str) or name not in widget.keys or name.startswith("_") or name in _NEVER:
        return False
    if isinstance(widget, anywidget.AnyWidget):
        return True
    return name in _SETTABLE and not isinstance(widget, widgets.HTML | widgets.Label | widgets.HTMLMath)


def listen(widget: widgets.Widget, listener: OnMessage) -> None:
    """Hear what a widget sends to front ends, until `stop_listening`."""
    listeners: list[OnMessage] | None = vars(widget).get(_LISTENERS)
    if listeners is not None:
        listeners.append(listener)
        return
    heard = [listener]
    vars(widget)[_LISTENERS] = heard
    send = widget.send

    def send_to_all(content: Any, buffers: Sequence[Any] | None = None) -> None:
        send(content, buffers)
        for one in list(heard):
            one(widget, content, buffers)

    vars(widget)["send"] = send_to_all


def stop_listening(widget: widgets.Widget, listener: OnMessage) -> None:
    """Hear no more of a widget."""
    listeners: list[OnMessage] = vars(widget).get(_LISTENERS, [])
    if listener in listeners:
        listeners.remove(listener)


def _set_values(part: Any) -> dict[str, Any]:
    """What is set of a layout or a style."""
    if not isinstance(part, widgets.Widget):
        return {}
    return {
        name: value
        for name in part.keys
        if not name.startswith("_") and (value := getattr(part, name)) is not None and value != ""
    }
