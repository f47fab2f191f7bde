"""The widgets that every panel has, and what builds them: header, status line and error; controls and buttons."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import pandas as pd

from createos_nb.errors import CreateOSError
from createos_nb.panels import markup
from createos_nb.panels.components import KeyboardScope
from createos_nb.panels.mirror.traits import attached_to
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
        tools: what stands at the right of the head, such as the button that reads again.
        bar: what stands at the foot, below status and error: a box, or None.
        box: the whole panel.
    """

    def __init__(self, client: Client, heading: str, subject: str = "") -> None:
        self.heading, self.subject = heading, subject
        self.params = Params()
        self.lock = threading.RLock()
        self.last_error: BaseException | None = None
        self.closed = False
        self.header, self.status, self.error = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.tools = widgets.HBox([])
        self.bar: widgets.Box | None = None
        self._skeleton = widgets.HTML()
        self._wait: tuple[str, float] | None = None  # what is waited for, and since when
        self._read_at: pd.Timestamp | None = None
        self.box = widgets.VBox(_view_count=0)
        self.box.add_class("createos-panel")
        self._client = client
        self._muted_threads: set[int] = set()

    # --- building -----------------------------------------------------------------------------------------------------

    def build(self, *body: widgets.Widget) -> None:
        """Put the parts together and render the header."""
        head = widgets.HBox([self.header, self.tools])
        head.add_class("createos-head")
        foot = () if self.bar is None else (self.bar,)
        style, keys = widgets.HTML(markup.style()), KeyboardScope()
        self.box.children = (style, keys, head, *body, self._skeleton, self.status, self.error, *foot)
        self.header.value = self._header()

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
        """Show a status in one line, in place of a wait."""
        self.status.value = markup.block(text, "status", role="status") if text else ""
        self._skeleton.value = ""

    def announce(self, text: str) -> None:
        """Tell screen readers alone what is seen elsewhere in the panel."""
        self.set_status("")
        self.status.value = markup.block(text, "unseen", role="status")

    def show_wait(self, what: str, count: str = "") -> None:
        """Show what is waited for, how far it is where that is known, and for how long, which the page counts on.

        Args:
            what: The act in words, such as "Reading traffic".
            count: How far it is, such as "7 of 11 environments"; without it the wait begins now.
        """
        now = time.monotonic()
        if self._wait is None or self._wait[0] != what or not count:
            self._wait = (what, now)
        self.status.value = markup.wait(f"{what}: {count}" if count else what, now - self._wait[1])

    def show_skeleton(self) -> None:
        """Show grey lines where nothing was read yet, until a status or an error is shown."""
        self._skeleton.value = markup.SKELETON

    def show_error(self, error: BaseException, told: str = "") -> None:
        """Show an error in words, by default its own, and keep it. A cancellation is a notice: it was asked for."""
        self.last_error = error
        if isinstance(error, Cancelled):
            self.set_status("")
            self.error.value = markup.block(str(error), "warning")
            return
        text = told or str(error)
        if not isinstance(error, CreateOSError):
            what = f"Something unexpected happened{f': {text}' if text else ''}"
            text = f"{what}\nWhat is shown here still holds.\n→ Try again; if it comes back, report it"
        self.set_status("")
        self.error.value = markup.alert(text)

    def clear_error(self) -> None:
        """Take the error off the screen; `last_error` keeps it."""
        self.error.value = ""

    def render_header(self) -> None:
        """Show the head anew: what was shown was read just now."""
        try:
            self._read_at = self._client.now
        except CreateOSError:  # the read that the panel is about to make reports the error
            self._read_at = None
        self.header.value = self._header()

    def _header(self) -> str:
        """Return what the panel is called, what it is about, what it acts on, and when that was read."""
        _, _, account = self._client.where.partition(" · ")
        place = f'<span class="createos-subject">{markup.text(self.subject)}</span>' if self.subject else ""
        address, source = markup.text(self._client.base_url), markup.text(self._source)
        tag = f'<span class="createos-tag" title="{address}">{source}</span>'
        whose = f'<span class="createos-account">{markup.text(account)}</span>' if self._client.simulated else ""
        read = ""
        if self._read_at is not None:
            read = (
                f'<time class="createos-read" title="{self._read_at:%Y-%m-%d %H:%M:%S} UTC">'
                f"read {self._read_at:%H:%M:%S} UTC</time>"
            )
        return f'<div class="createos-header"><h3>{markup.text(self.heading)}</h3>{place}{tag}{whose}{read}</div>'

    @property
    def _source(self) -> str:
        """Return what answers: the simulator with the name of its world, or the platform's account."""
        if not self._client.simulated:
            return self._client.where.partition(" · ")[2]
        world = self._client.world
        return "Simulator" if world is None else f"Simulator · {world.scenario}"

    def close(self) -> None:
        """Close all widgets."""
        self.closed = True
        remaining: list[widgets.Widget] = [self.box]
        while remaining:
            widget = remaining.pop()
            # its layout and style are widgets, too, that ipywidgets keeps until they are closed
            remaining += [*getattr(widget, "children", ()), *attached_to(widget).values()]
            widget.close()


def show(widget: Any, visible: bool) -> None:
    """Show or hide a widget."""
    display = "" if visible else "none"
    if widget.layout.display != display:
        widget.layout.display = display


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
