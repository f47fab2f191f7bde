"""The base class of all panels."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb.display import strip_control_chars
from createos_nb.errors import ConfigurationError
from createos_nb.panels import markup
from createos_nb.panels.background import BackgroundLoop, BackgroundWork
from createos_nb.panels.mirror.widget import MirrorWidget
from createos_nb.panels.params import Params
from createos_nb.panels.view import PanelView

if TYPE_CHECKING:
    from createos_nb.client.client import Client

#: Shown in place of a table.
NOTHING_READ: Final = "<p>Nothing was read yet.</p>"


class Panel:
    """A form over the client: what a person does in it, code can do as well.

    A subclass builds its controls in `_view`, defines `_read`, which only reads, and `_show`, which draws what was
    read, and calls `_start` when its parts are there.

    Attributes:
        client: the client that it reads and acts by.
        frame: the last frame that was read, or None.
        box: the widget.
    """

    #: What the panel is called, in its header and in its repr.
    heading = "Panel"
    #: What its status names while it reads.
    reads = "what is so now"

    def __init__(self, client: Client, subject: str = "") -> None:
        self.client = client
        self.frame: pd.DataFrame | None = None
        self._view = PanelView(client, self.heading, subject)
        self._background = BackgroundWork(client.clock, self._view.show_error)
        self._refresh_button = self._view.button("Refresh", self.refresh, hint="Read again")
        self._refresh_button.add_class("createos-refresh")
        self._view.tools.children = (self._refresh_button,)
        self._toolbar = widgets.HBox([])
        self._toolbar.add_class("createos-row")
        self._was_read = False
        self._prefilled: Mapping[str, Any] = {}
        self._mirrors: list[MirrorWidget] = []
        self.box = self._view.box
        self.box.observe(self._on_view_count, "_view_count")

    # --- reading ------------------------------------------------------------------------------------------------------

    def _read(self, cancel: threading.Event | None = None) -> Any:
        """Read what is shown; raise what the client raises."""
        raise NotImplementedError

    def _show(self, result: Any) -> None:
        """Draw what was read."""
        raise NotImplementedError

    def _start(self) -> None:
        """Read for the first time."""
        # an embedded world answers at once, and a notebook that is saved then holds the table
        if self.client.clock.virtual:
            self._view.guard(lambda: self._on_read(self._read()))
        else:
            self.refresh()

    def refresh(self) -> None:
        """Read again, in the background; an older read that is still running is given up.

        Examples:
            >>> panel = createos_nb.panels.domains(createos_nb.simulate(), "storefront")
            >>> panel.refresh()
            >>> panel.wait()
            True
        """
        self._view.show_wait(f"Reading {self.reads}")
        if not self._was_read:
            self._view.show_skeleton()
        self._background.run(self._read, self._on_read, channel="read")

    def _on_read(self, result: Any) -> None:
        """Draw what was read, and clear status and error."""
        with self._view.lock:
            if self._view.closed:
                return
            self._show(result)
            self._view.render_header()
            self._view.clear_error()
            self._view.set_status("")
            self._fill()

    def _fill(self) -> None:
        """Set what was to be set as soon as there is something to choose from."""
        self._was_read = True
        values, self._prefilled = self._prefilled, {}
        if values:
            self._view.guard(lambda: setattr(self, "params", values))

    def _start_loop(self, loop: BackgroundLoop, checkbox: widgets.Checkbox) -> None:
        """Start the loop that a checkbox stands for. Raises `ConfigurationError` where no thread can be started."""
        if not loop.start():
            with self._view.without_callbacks():
                checkbox.value = False
            raise ConfigurationError(
                f"{checkbox.description} needs a thread, and none can be started here: Refresh reads again"
            )

    def _on_view_count(self, change: Mapping[str, Any]) -> None:
        """Pause polling while nobody looks at the panel."""
        if change["new"] == 0:
            self._background.pause()
        elif change["old"] == 0 and not self._view.closed:
            self._background.resume()

    # --- for those who use one ----------------------------------------------------------------------------------------

    @property
    def params(self) -> Params:
        """Names and values of the controls.

        `panel.params["replicas"] = 3` does what a person's hand does, and `panel.params = {…}` sets several.
        """
        return self._view.params

    @params.setter
    def params(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            self._view.params[name] = value

    def prefill(self, values: Mapping[str, Any]) -> None:
        """Set controls as soon as what they offer was read; a value that is refused is shown as an error.

        Args:
            values: what is set, by the names of `params`.

        Examples:
            >>> panel = createos_nb.panels.rollback(createos_nb.simulate("bad-release"), "storefront", "production")
            >>> panel.prefill({"chosen": "v2"})
            >>> panel.params["chosen"]
            'v2'
        """
        with self._view.lock:
            self._prefilled = {**self._prefilled, **values}
            if self._was_read:
                self._fill()

    @property
    def subject(self) -> str:
        """Return the subject of the panel, for example "storefront / production"."""
        return self._view.subject

    @property
    def last_error(self) -> BaseException | None:
        """The last error, or None; the panel shows it too."""
        return self._view.last_error

    @property
    def closed(self) -> bool:
        """Return whether the panel was closed."""
        return self._view.closed

    @property
    def busy(self) -> bool:
        """Return whether work is going on in the background."""
        return self._background.busy

    def run(self) -> Any:
        """Do what the panel's button does, here and now.

        Returns:
            The frame that was read, or the receipt of what was changed.

        Raises:
            CreateOSError: what reading or applying raises.

        Examples:
            >>> panel = createos_nb.panels.overview(createos_nb.simulate())
            >>> len(panel.run())
            13
        """
        raise NotImplementedError

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the background work has ended.

        Args:
            timeout: seconds of real time to wait at most; None: as long as it takes.

        Returns:
            Whether it has ended.

        Examples:
            >>> panel = createos_nb.panels.domains(createos_nb.simulate(), "storefront")
            >>> panel.refresh()
            >>> panel.wait(timeout=30)
            True
        """
        return self._background.wait(timeout)

    def cancel(self) -> None:
        """Ask the background work to stop.

        Examples:
            >>> panel = createos_nb.panels.overview(createos_nb.simulate())
            >>> panel.refresh()
            >>> panel.cancel()
            >>> panel.wait()
            True
        """
        self._background.cancel()

    def close(self) -> None:
        """Stop all background work and remove the panel.

        Examples:
            >>> panel = createos_nb.panels.scale(createos_nb.simulate(), "storefront", "staging")
            >>> panel.close()
            >>> panel.closed
            True
        """
        self._view.closed = True
        for mirror in self._mirrors:
            mirror.close()
        self.cancel()
        self._background.close()
        self._view.close()

    def static(self) -> str:
        """Return the last state as HTML, for where no widgets are.

        Returns:
            HTML; all that came from the platform is escaped.

        Examples:
            >>> panel = createos_nb.panels.logs(createos_nb.simulate(), "storefront", "production")
            >>> panel.static().startswith("<div>")
            True
        """
        table = markup.table(self.frame) if self.frame is not None and len(self.frame.columns) else NOTHING_READ
        return f"<div>{self._view.header.value}{table}{self._view.error.value}</div>"

    def __repr__(self) -> str:
        subject = f" {self.subject}" if self.subject else ""
        return strip_control_chars(f"<createos_nb panel: {self.heading.lower()}{subject}>")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle = dict(self.box._repr_mimebundle_() or {})
        return bundle | {"text/plain": repr(self), "text/html": self.static()}

    def _display_(self) -> MirrorWidget:
        """The panel for marimo, which has no ipywidgets: one anywidget."""
        mirror = MirrorWidget(self.box)
        self._mirrors.append(mirror)
        return mirror
