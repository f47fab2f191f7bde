"""The widgets that were made for one visit: ipywidgets keeps each in memory until it is closed."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import ipywidgets as widgets

_OWNER: Final[ContextVar[OwnedWidgets | None]] = ContextVar("createos_nb_dashboard_owner", default=None)
#: Widgets after which those that are gone are forgotten.
_MANY: Final = 2_000


class OwnedWidgets:
    """Widgets that are made within `owning()`, on threads that were started there, too.

    Examples:
        >>> import ipywidgets as widgets
        >>> from createos_nb.dashboard.owned_widgets import OwnedWidgets
        >>> owned = OwnedWidgets()
        >>> with owned.owning():
        ...     text = widgets.Text()
        >>> owned.close()
        >>> text.comm is None
        True
    """

    def __init__(self) -> None:
        self._made: list[weakref.ref[widgets.Widget]] = []

    @contextmanager
    def owning(self) -> Iterator[None]:
        """Own what is made within."""
        widgets.Widget.on_widget_constructed(_note)
        token = _OWNER.set(self)
        try:
            yield
        finally:
            _OWNER.reset(token)

    def add(self, widget: widgets.Widget) -> None:
        """Own a widget."""
        if len(self._made) > _MANY:
            self._made = [made for made in self._made if (one := made()) is not None and one.comm is not None]
        self._made.append(weakref.ref(widget))

    def close(self) -> None:
        """Close all that are there still."""
        made, self._made = self._made, []
        for one in made:
            widget = one()
            if widget is not None:
                widget.close()


def _note(widget: widgets.Widget) -> None:
    owner = _OWNER.get()
    if owner is not None:
        owner.add(widget)
