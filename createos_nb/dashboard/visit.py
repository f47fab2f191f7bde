"""One page that somebody has open: its panels, what it shows, and whether it may change anything."""

from __future__ import annotations

import gc
import secrets
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets

from createos_nb.dashboard.address import Address, slug
from createos_nb.dashboard.owned_widgets import OwnedWidgets
from createos_nb.errors import InvalidInput
from createos_nb.panels.action_panel import ActionPanel
from createos_nb.panels.journal import JournalPanel
from createos_nb.panels.mirror.mirror import Mirror, Viewer
from createos_nb.panels.overview import OverviewPanel

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.dashboard.shared_overview import SharedOverview
    from createos_nb.panels.mirror.traits import Modules

#: Said by plans and errors until the page is switched.
_BECAUSE: Final = 'this page is read-only: "Allow changes" above switches it'
#: Seconds after which what an address names is looked for in what was read so far.
_FIRST_READ: Final = 60.0


class Visit:
    """The panels of one page. Safe from several threads; what a page does is done in turn.

    Args:
        client: Of the dashboard; the visit has one of its own over the same connections, which only reads at first.
        overview: Reads the fleet for all visits.
        modules: Of widgets, of all visits.

    Attributes:
        id: nobody guesses it; the page comes back to its visit by it.
        client: its own.
        fleet: the panel of the fleet.
        notice: what is wrong with its address, in words, "" for nothing.
    """

    def __init__(self, client: Client, overview: SharedOverview, modules: Modules) -> None:
        self.id = secrets.token_urlsafe(24)
        self.client = client.sharing(read_only=True)
        self.client.session.read_only_because = _BECAUSE
        self._lock = threading.Lock()
        self._widgets = OwnedWidgets()
        self.notice = ""
        self._journal: JournalPanel | None = None
        self._page = Address().page
        with self._widgets.owning():
            self.fleet = OverviewPanel(self.client, overview.reader())
            self._root = widgets.VBox([self.fleet.box])
        self._mirror = Mirror(self._root, modules)
        self.closed = False

    # --- who looks ----------------------------------------------------------------------------------------------------

    def viewer(self, notify: Any) -> Viewer:
        """Return a viewer for a connection of the page.

        Args:
            notify: Called on any thread as soon as there is something to take.
        """
        with self._widgets.owning():  # it may let panels read again
            return self._mirror.viewer(notify)

    def receive(self, viewer: Viewer, event: Any, buffers: Sequence[bytes]) -> None:
        """Do what a connection says, in turn with others of the same page."""
        with self._lock, self._widgets.owning():
            if not self.closed:
                viewer.receive(event, buffers)

    # --- what it shows ------------------------------------------------------------------------------------------------

    @property
    def address(self) -> Address:
        """What it shows now."""
        project, environment = self._chosen()
        view = slug(self.fleet.opened_as) if project else ""
        return Address(project, environment, view, self._page)

    def go(self, address: Address) -> None:
        """Show what an address says; `notice` says what of it there isn't.

        Args:
            address: What is to be shown.
        """
        with self._lock, self._widgets.owning():
            self.notice = ""
            self._turn_to(address.page)
            if not address.project or address == self.address:
                return
            self.fleet.wait(_FIRST_READ)
            try:
                if address.view:
                    self.fleet.params["show"] = self._view(address.view)
                self.fleet.params["chosen"] = self._key(address)
            except InvalidInput as error:
                self.notice = str(error)
                return
            if address.view:
                self.fleet.open()

    def _turn_to(self, page: str) -> None:
        if page == "changes" and self._journal is None:
            self._journal = JournalPanel(self.client)
        self._page = page
        shown = self._journal if page == "changes" and self._journal is not None else self.fleet
        if self._root.children != (shown.box,):
            self._root.children = (shown.box,)

    def turn_to(self, page: str) -> None:
        """Show the fleet, or the changes that plans made.

        Args:
            page: "fleet" or "changes".
        """
        with self._lock, self._widgets.owning():
            self._turn_to(Address.read({"page": page}).page)

    def _view(self, view: str) -> Any:
        options = self.fleet.params.control("show").widget.options
        values = [option[1] if isinstance(option, tuple) else option for option in options]
        found = [value for value in values if slug(str(value)) == slug(view)]
        if not found:
            names = ", ".join(slug(str(value)) for value in values)
            raise InvalidInput(f"the address asks for view={view}; there is: {names}")
        return found[0]

    def _key(self, address: Address) -> str:
        keys = {key: names for key, names in self._keys().items() if names[0] == address.project}
        if not keys:
            raise InvalidInput(f"the address asks for the project {address.project}: there is none of that name here")
        if not address.environment:
            return next(iter(keys))
        for key, (_, environment) in keys.items():
            if environment == address.environment:
                return key
        names = ", ".join(environment for _, environment in keys.values())
        raise InvalidInput(
            f"the address asks for {address.project} / {address.environment}; {address.project} has: {names}"
        )

    def _keys(self) -> dict[str, tuple[str, str]]:
        """Project and environment by the key of the row."""
        frame = self.fleet.frame
        if frame is None:
            return {}
        pairs = frame[["project", "environment"]].dropna().itertuples(index=False, name=None)
        return {f"{project} / {environment}": (project, environment) for project, environment in pairs}

    def _chosen(self) -> tuple[str, str]:
        return self._keys().get(str(self.fleet.params["chosen"]), ("", ""))

    # --- whether it may change anything -------------------------------------------------------------------------------

    @property
    def read_only(self) -> bool:
        """Whether it only reads."""
        return self.client.read_only

    def allow_changes(self, allowed: bool) -> None:
        """Let this page, and no other, change things; or let it read only again.

        Args:
            allowed: Whether plans can be applied.
        """
        with self._lock, self._widgets.owning():
            self.client.session.read_only = not allowed
            opened = self.fleet.opened
            if isinstance(opened, ActionPanel) and opened.plan is not None and not opened.busy:
                opened.review()  # what the plan says of it is otherwise now

    # --- its end ------------------------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether a plan is being applied, which is not cut off because its page was closed."""
        panels = [panel for panel in (self.fleet.opened, self._journal) if panel is not None]
        return any(panel.busy for panel in panels)

    def close(self) -> None:
        """Close the panels, and all that keeps their widgets in memory."""
        with self._lock:
            if self.closed:
                return
            self.closed = True
        self._mirror.close()
        for panel in (self.fleet, self._journal):
            if panel is not None:
                panel.close()
        self._widgets.close()
        gc.collect()  # panels are full of circles, and hold frames: not at some later time
