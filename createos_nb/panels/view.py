"""The widgets that every panel has, and what builds them: header, status line and error; controls and buttons."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from createos_nb.errors import CreateOSError
from createos_nb.panels import markup
from createos_nb.panels.components import KeyboardScope
from createos_nb.panels.mirror_traits import attached_to
from createos_nb.panels.params import Control, Params
from createos_nb.plans import Cancelled

if TYPE_CHECKING:
    from createos_nb.client.client import Client


class PanelView:
    """The widgets of a panel.

    Attributes:
        heading: what the panel is called.
        subject: what it is about, for example "storefront / production".
        params: the controls by name.
        lock: held while widgets are drawn; callbacks come on several threads.
        last_error: the last error, or None.
        closed: whether the panel was closed; results that come later are not drawn.
        header, status, error: HTML widgets.
        box: the whole panel.
    """

    def __init__(self, client: Client, heading: str, subject: str = "") -> None:
        self.heading, self.subject = heading, subject
        self.params = Params()
        self.lock = threading.RLock()
        self.last_error: BaseException | None = None
        self.closed = False
        self.header, self.status, self.error = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.box = widgets.VBox(_view_count=0)
        self.box.add_class("createos-panel")
        self._client = client
        self._muted_threads: set[int] = set()

    # --- building -----------------------------------------------------------------------------------------------------

    def build(self, *body: widgets.Widget) -> None:
        """Put the parts together and render the header."""
        self.box.children = (widgets.HTML(markup.style()), KeyboardScope(), self.header, *body, self.status, self.error)
        self.render_header()

    def control(self, name: str, widget: Any, **options: Any) -> Any:
        """Register a widget as a parameter; return the widget."""
        self.params.add(name, Control(widget, **options))
        return widget

    def button(self, label: str, on_click: Callable[[], Any], *, style: str = "", hint: str = "") -> widgets.Button:
        """Create a button whose errors are shown."""
        button = widgets.Button(description=label, button_style=style, tooltip=hint or label)
        button.on_click(lambda _: self.guard(on_click))
        return button

    def on_change(self, name: str, callback: Callable[[], Any]) -> None:
        """Call back when a control gets another value, unless it is set within `without_callbacks`."""
        control = self.params.control(name)

        def changed(_: Any) -> None:
            if threading.get_ident() not in self._muted_threads:
                self.guard(callback)

        control.widget.observe(changed, control.trait)

    @contextmanager
    def without_callbacks(self) -> Iterator[None]:
        """Set controls without calling back: new options of a list are no choice of a person."""
        thread = threading.get_ident()
        nested = thread in self._muted_threads
        self._muted_threads.add(thread)
        try:
            yield
        finally:
            if not nested:
                self._muted_threads.discard(thread)

    def guard(self, callback: Callable[[], Any]) -> None:
        """Call a callback and show its error; none is lost."""
        try:
            callback()
        except Exception as error:  # noqa: BLE001  # shown, and kept in last_error
            self.show_error(error)

    # --- showing ------------------------------------------------------------------------------------------------------

    def set_status(self, text: str) -> None:
        """Show a status in one line."""
        self.status.value = markup.block(text, "status", role="status")

    def show_error(self, error: BaseException) -> None:
        """Show an error in words, and keep it. A cancellation is shown as a notice: somebody asked for it."""
        self.last_error = error
        if isinstance(error, Cancelled):
            self.set_status("")
            self.error.value = markup.block(str(error), "warning")
            return
        text = str(error) or type(error).__name__
        if not isinstance(error, CreateOSError):
            text = f"{type(error).__name__}: {text}\n→ unexpected error; panel.last_error holds it"
        self.set_status("")
        self.error.value = markup.block(text, "alert", role="alert")

    def clear_error(self) -> None:
        """Take the error off the screen; `last_error` keeps it."""
        self.error.value = ""

    def render_header(self) -> None:
        """Show the name and subject of the panel, the platform it acts on, and the time there."""
        kind, _, account = self._client.where.partition(" ")
        try:
            now = f"{self._client.now:%Y-%m-%d %H:%M} UTC"
        except CreateOSError:  # the read that the panel is about to make reports the error
            now = "time unknown"
        subject = f" · {self.subject}" if self.subject else ""
        self.header.value = (
            f'<div class="createos-header"><h3>{markup.text(self.heading + subject)}</h3>'
            f'<span class="createos-target">{markup.text(kind)}</span> '
            f'<span class="createos-subject">{markup.text(account)} · {now}</span></div>'
        )

    def close(self) -> None:
        """Close all widgets."""
        self.closed = True
        remaining: list[widgets.Widget] = [self.box]
        while remaining:
            widget = remaining.pop()
            # its layout and style are widgets, too, that ipywidgets keeps until they are closed
            remaining += [*getattr(widget, "children", ()), *attached_to(widget).values()]
            widget.close()


def set_options(
    dropdown: widgets.Dropdown, options: Sequence[tuple[str, Any]], default: Any = None, *, keep: bool = True
) -> None:
    """Give a dropdown its options; the choice stays where it is still among them and `keep` is set."""
    labeled = [(markup.label(label), value) for label, value in options]
    current = dropdown.value if keep else None
    if list(dropdown.options) != labeled:
        dropdown.options = labeled
    values = [value for _, value in labeled]
    selected = next((value for value in (current, default) if value is not None and value in values), None)
    if selected is None and values:
        selected = values[0]
    if dropdown.value != selected:
        dropdown.value = selected
