"""The panel of the fleet at a glance."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb.analysis.rounding import rounded
from createos_nb.panels import markup
from createos_nb.panels.assigning import AssignPanel
from createos_nb.panels.change import ChangePanel
from createos_nb.panels.deploying import DeployPanel
from createos_nb.panels.domains import DomainsPanel
from createos_nb.panels.grid import Grid
from createos_nb.panels.logs import LogsPanel
from createos_nb.panels.panel import Panel
from createos_nb.panels.reading import ReadingPanel
from createos_nb.panels.rolling_back import RollbackPanel
from createos_nb.panels.scaling import ScalePanel
from createos_nb.panels.switching import BlueGreenPanel
from createos_nb.panels.traffic import TrafficPanel
from createos_nb.panels.variables import VariablesPanel
from createos_nb.panels.windows import WINDOWS

if TYPE_CHECKING:
    from createos_nb.client import Client

#: Requests after which a long reading is drawn as far as it is.
_PORTION: Final = 60
#: Part of what a key may ask in an hour that watching spends, so that the rest is there for whoever works.
_SHARE: Final = 0.5
_COLUMNS: Final = {
    "project": "project",
    "environment": "environment",
    "version": "live",
    "live_state": "live is",
    "rpm": "req / min",
    "trend": "requests",
    "success_percentage": "success %",
    "status_5xx": "5xx",
    "state": "state",
    "replicas": "replicas",
    "read_at": "read at",
}
_KINDS: Final = {"state": "state", "live_state": "state", "trend": "spark"}
#: What an environment can be opened as; the last three are of its whole project.
_OPENS: Final[dict[str, Callable[..., Panel]]] = {
    "traffic": TrafficPanel,
    "logs": LogsPanel,
    "assign": AssignPanel,
    "roll back": RollbackPanel,
    "scale": ScalePanel,
    "variables": VariablesPanel,
    "deploy": lambda client, project, _: DeployPanel(client, project),
    "blue-green": lambda client, project, _: BlueGreenPanel(client, project),
    "domains": lambda client, project, _: DomainsPanel(client, project),
}


class OverviewPanel(ReadingPanel):
    """One row for each environment; a row that is opened shows its traffic, its log or a panel that acts below.

    Parameters: `window` (seconds), `chosen` ("project / environment", "" for none), `show` (see `_OPENS`), `live`.
    """

    heading = "Fleet"

    def __init__(self, client: Client) -> None:
        limiter = client.transport.limiter
        self._most = _PORTION
        if limiter is not None:  # one look a minute, all of them within the share
            self.every, self.most = 60.0, 300.0
            self._most = max(1, int(limiter.limit.per_hour * _SHARE / 60))
        super().__init__(client)
        self.opened: Panel | None = None
        options = [(label, seconds) for label, seconds in WINDOWS if seconds <= 86_400]
        self._window = self._control("window", widgets.Dropdown(description="Window", options=options, value=3600))
        self._show_as = self._control(
            "show", widgets.Dropdown(description="Open as", options=list(_OPENS), value="traffic")
        )
        self._grid = Grid("Environments of all projects", selectable=True, height="26em")
        self._control("chosen", self._grid, trait="selected", write=self._known)
        self._grid.opened = lambda _: self._guarded(self.open)
        self._open = self._button("Open", self.open, style="primary", hint="Show the chosen environment below")
        self._shut = self._button("Close it", self.shut, hint="Take away what is shown below")
        self._sum = widgets.HTML()
        self._below = widgets.VBox([])
        for one in (self._window, self._show_as):
            one.style.description_width = "auto"
            one.add_class("createos-short")
        choice = widgets.HBox([self._show_as, self._open, self._shut])
        choice.add_class("createos-row")
        self._tools.children = (*self._tools.children, self._window)
        self._glance = client.fleet.glance(window=self._window.value)
        self._build(self._tools, self._sum, self._grid, choice, self._below)
        self._when("window", self._other_window)
        self._when("chosen", self._arm)
        self._arm()
        self._begin()

    # --- reading ------------------------------------------------------------------------------------------------------

    def _read(self, cancel: threading.Event | None = None) -> pd.DataFrame:
        return self._glance.read(cancel=cancel)

    def refresh(self) -> None:
        """Read all again, beside the kernel; a large fleet is drawn portion by portion."""
        self._asked += 1
        self._say("reading …")
        self._beside(self._portions, self._came, lane="read")

    def _portions(self, cancel: threading.Event) -> pd.DataFrame:
        for frame in self._glance.portions(_PORTION, cancel=cancel):
            left = frame.attrs["left"]
            if left and not cancel.is_set():
                self._came(frame)
                self._say(f"reading … {left} projects to come")
        return frame

    def _tick(self) -> bool:
        before, asked = self.frame, self._asked
        frame = self._glance.read(most=self._most)
        if asked != self._asked:
            return True
        self._came(frame)
        figures = [name for name in frame.columns if name != "read_at"]
        return before is None or not frame[figures].equals(before[figures])

    def _other_window(self) -> None:
        self._glance = self.client.fleet.glance(window=self._window.value)
        self.refresh()

    # --- showing ------------------------------------------------------------------------------------------------------

    def _show(self, frame: pd.DataFrame) -> None:
        shown = frame[list(_COLUMNS)].assign(
            version=("v" + frame["version"].astype("str")).where(frame["version"].notna(), None),
            read_at=frame["read_at"].dt.strftime("%H:%M:%S"),
        )
        self._grid.show(shown, kinds=_KINDS, labels=_COLUMNS, key=["project", "environment"])
        failed, skipped = frame.attrs["failed"], frame.attrs["skipped"]
        notes = [f"{frame['project'].nunique()} projects, {len(frame)} environments"]
        notes += [f"not active: {', '.join(f'{name} ({why})' for name, why in skipped.items())}"] if skipped else []
        words = markup.block(" · ".join(notes), "quiet")
        for name, why in failed.items():
            words += markup.block(f"{name} could not be read: {why}", "mind")
        if words != self._sum.value:
            self._sum.value = words
        self._arm()

    def _arm(self) -> None:
        self._open.disabled = not self._grid.selected
        self._shut.layout.display = "" if self.opened is not None else "none"

    def _known(self, key: Any) -> str:
        """A row's key, which has to be there."""
        there = [row["key"] for row in self._grid.rows]
        if key and key not in there:
            raise ValueError(f"there is no such row; there is: {', '.join(there[:10])}{', …' if there[10:] else ''}")
        return str(key)

    # --- the environment below ----------------------------------------------------------------------------------------

    def open(self) -> Panel | None:
        """Show the chosen environment below, as `params["show"]` says; gives its panel, None where none is chosen."""
        place = next((at for at, row in enumerate(self._grid.rows) if row["key"] == self._grid.selected), None)
        if place is None or self.frame is None:
            self._say("choose an environment first")
            return None
        row = self.frame.iloc[place]
        self.shut()
        self.opened = _OPENS[self._show_as.value](self.client, row["project"], row["environment"])
        if isinstance(self.opened, ChangePanel):
            self.opened.acted = self.refresh  # the table must not show what was before
        self._below.children = (self.opened.box,)
        self._arm()
        return self.opened

    def shut(self) -> None:
        """Take away what is shown below, and stop it."""
        opened, self.opened = self.opened, None
        self._below.children = ()
        if opened is not None:
            opened.close()
        self._arm()

    def close(self) -> None:
        """Stop all that goes on, also below, and take the panel away."""
        if self.opened is not None:
            self.shut()
        super().close()

    def static(self) -> str:
        """The last state as a table, for where no widgets are."""
        frame = self.frame
        body = "<p>nothing read</p>"
        if frame is not None:
            names = {name: label for name, label in _COLUMNS.items() if name != "trend"}
            body = markup.table(rounded(frame[list(names)], rest=False).rename(columns=names))
        return f"<div>{self._head.value}{self._sum.value}{body}{self._wrong.value}</div>"
