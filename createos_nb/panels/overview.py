"""The panel of the fleet's overview."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, Protocol

import ipywidgets as widgets
import pandas as pd

from createos_nb.client.fleet_overview import FleetOverview
from createos_nb.clock import ticks
from createos_nb.errors import CreateOSError
from createos_nb.panels import markup
from createos_nb.panels.action_panel import ActionPanel
from createos_nb.panels.assign import AssignPanel, age
from createos_nb.panels.blue_green import BlueGreenPanel
from createos_nb.panels.canary import CanaryPanel
from createos_nb.panels.deploy import DeployPanel
from createos_nb.panels.diagnosis import DiagnosisPanel
from createos_nb.panels.domains import DomainsPanel
from createos_nb.panels.environment_picker import TIME_WINDOWS
from createos_nb.panels.fleet_rows import FIXED, KINDS, LABELS, left_out, note_of, static_table, summary_of, table_of
from createos_nb.panels.kept_diagnoses import KeptDiagnoses
from createos_nb.panels.logs.panel import LogsPanel
from createos_nb.panels.panel import NOTHING_READ, Panel
from createos_nb.panels.panel_below import PanelBelow
from createos_nb.panels.read_panel import ReadPanel
from createos_nb.panels.rollback import RollbackPanel
from createos_nb.panels.row_picker import RowPicker
from createos_nb.panels.scale import ScalePanel
from createos_nb.panels.traffic import TrafficPanel
from createos_nb.panels.variables import VariablesPanel

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.client.fleet_compared import Compared

#: Requests after which a long read is drawn as far as it is.
_BATCH: Final = 60
#: Part of what a key may ask in an hour that watching spends, so that the rest is there for whoever works.
_MAX_SHARE: Final = 0.5
#: A window up to so many seconds is asked for together with the one before it, in the same requests.
WITH_BEFORE: Final = 12 * 3600
_KEYS: Final = (
    '<span class="createos-keys"><kbd>↑</kbd> <kbd>↓</kbd> choose <kbd>Enter</kbd> open <kbd>/</kbd> filter</span>'
)
_DIAGNOSIS: Final = "diagnosis"
#: Seconds by which a click may overtake the choice before it: JupyterLab hands a kernel what is done to different
#: widgets on two threads, and one of them may be at work on a row that was clicked.
_OVERTAKEN: Final = 2.0
#: What an environment can be opened as; the last three are about its whole project. The last argument is where
#: diagnoses are kept.
_PANELS: Final[dict[str, Callable[[Client, str, str, KeptDiagnoses], Panel]]] = {
    _DIAGNOSIS: DiagnosisPanel,
    "traffic": lambda client, project, environment, _: TrafficPanel(client, project, environment),
    "logs": lambda client, project, environment, _: LogsPanel(client, project, environment),
    "assign": lambda client, project, environment, _: AssignPanel(client, project, environment),
    "roll back": RollbackPanel,
    "canary": lambda client, project, environment, _: CanaryPanel(client, project, environment),
    "scale": lambda client, project, environment, _: ScalePanel(client, project, environment),
    "variables": lambda client, project, environment, _: VariablesPanel(client, project, environment),
    "deploy": lambda client, project, *_: DeployPanel(client, project),
    "blue-green": lambda client, project, *_: BlueGreenPanel(client, project),
    "domains": lambda client, project, *_: DomainsPanel(client, project),
}


class OverviewReader(Protocol):
    """What reads the overview, as `FleetOverview` does."""

    def read(self, start: Any, *, max_requests: int | None = None, cancel: Any = None) -> pd.DataFrame:
        """Read it."""

    def batches(self, size: int, start: Any, *, cancel: Any = None, on_progress: Any = None) -> Iterator[pd.DataFrame]:
        """Read it, about `size` requests at a time."""

    def compared(self) -> Compared | None:
        """The requests of another time than the window that was read last."""


class OverviewPanel(ReadPanel):
    """One row for each environment, those in trouble first.

    A click on a row shows its diagnosis beside the table, or below it where the cell is narrow: 7 to 26 requests, none
    within a minute after the last. One that is opened as something else shows traffic, a log or an action panel, below.

    `overview` reads it, where several panels share what was read.

    Parameters: `window` (seconds), `chosen` ("project / environment", "" for none), `show` (see `_PANELS`), `live`.
    """

    heading = "Fleet"

    def __init__(self, client: Client, overview: OverviewReader | None = None) -> None:
        limiter = client.transport.limiter
        self._max_requests = _BATCH
        if limiter is not None:  # one poll a minute, all of them within the share
            self.interval, self.max_interval = 60.0, 300.0
            self._max_requests = max(1, int(limiter.limit.per_hour * _MAX_SHARE / 60))
        super().__init__(client)
        self._shown: tuple[str, ...] = ()  # what is open: as what, project, environment
        self._open_again_until = 0.0
        options = [(label, seconds) for label, seconds in TIME_WINDOWS if seconds <= 86_400]
        self._window = self._view.control("window", widgets.Dropdown(description="Window", options=options, value=3600))
        self._show_as = self._view.control(
            "show", widgets.Dropdown(description="Open as", options=list(_PANELS), value=_DIAGNOSIS)
        )
        self._rows = RowPicker(
            "Environments of all projects",
            key=["project", "environment"],
            kinds=KINDS,
            labels=LABELS,
            height="57em",
            fixed=FIXED,
        )
        self._view.control("chosen", self._rows.grid, trait="selected", write=self._rows.validate)
        self._kept = KeptDiagnoses(client)
        self._rows.grid.opened = lambda key: self._view.guard(lambda: self._on_opened(key))
        self._rows.grid.clicked = lambda key: self._view.guard(lambda: self._on_clicked(key))
        self._open_button = self._view.button("Open", self.open, hint="Show the chosen environment")
        self._close_button = self._view.button("Close", self.shut, hint="Close what is open")
        for name in ("createos-close", "createos-text-button"):
            self._close_button.add_class(name)
        self._summary, self._note, self._opening = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._below: PanelBelow[Panel] = PanelBelow()
        self._overview: OverviewReader = overview or FleetOverview(client.session, with_before=WITH_BEFORE)
        self._build()
        self._view.on_change("window", self.refresh)
        self._view.on_change("chosen", self._update_buttons)
        self._view.on_change("show", self._on_show)
        self._update_buttons()
        self._start()

    def _build(self) -> None:
        for dropdown in (self._window, self._show_as):
            dropdown.style.description_width = "auto"
            dropdown.add_class("createos-narrow")
        self._view.tools.children = (self._window, *self._toolbar.children, *self._view.tools.children)
        open_row = widgets.HBox([self._show_as, self._open_button])
        open_row.add_class("createos-row")
        open_row.layout.margin = "8px 0 0"
        rows, side, foot = (
            widgets.VBox([self._summary, self._rows.grid]),
            widgets.VBox([self._close_button, self._opening, self._below.box]),
            widgets.VBox([self._note, open_row]),
        )
        self._body = widgets.Box([rows, side, foot])
        for box, name in ((self._body, "fleet"), (rows, "fleet-rows"), (side, "side"), (foot, "fleet-foot")):
            box.add_class(f"createos-{name}")
        self._view.build(self._body)
        self.box.add_class("createos-overview")

    # --- reading ------------------------------------------------------------------------------------------------------

    def _read(self, cancel: threading.Event | None = None) -> pd.DataFrame:
        return self._overview.read(self._window_start, cancel=cancel)

    def refresh(self) -> None:
        """Read all again, in the background; a large fleet is drawn batch by batch.

        Examples:
            >>> panel = createos_nb.panels.overview(createos_nb.simulate())
            >>> panel.refresh()
            >>> panel.wait()
            True
        """
        self._requests += 1
        self._told(0, 0)
        self._background.run(self._read_batches, self._on_read, channel="read", on_error=self._on_error)

    def _read_batches(self, cancel: threading.Event) -> pd.DataFrame:
        def told(done: int, total: int) -> None:
            if not cancel.is_set():
                self._told(done, total)

        for frame in self._overview.batches(_BATCH, self._window_start, cancel=cancel, on_progress=told):
            projects_left = frame.attrs["left"]
            if projects_left and not cancel.is_set():
                total = int(frame["project"].nunique()) + len(frame.attrs["waiting"])
                self._on_read(frame)
                self._told(total - projects_left, total)
        return frame

    def _told(self, done: int, total: int) -> None:
        """Say how far a reading is."""
        count = f"{done} of {total} projects" if total else ""
        with self._view.lock:
            if self._view.closed:
                return
            self._view.show_wait("Reading traffic" if total else "Reading the projects", count)
            outlines = total - done if self.frame is None else 0
            self._rows.grid.read("Reading the environments", done, total, outlines)

    def _on_read(self, result: Any) -> None:
        super()._on_read(result)
        with self._view.lock:
            if not self._view.closed:
                self._rows.grid.read("")

    def _on_error(self, error: BaseException) -> None:
        """Show an error; what was read before stays, and its time is told."""
        self._view.show_error(error)
        with self._view.lock:
            if self._view.closed:
                return
            self._rows.grid.read("")
            if self.frame is not None:
                self._show(self.frame)
                at = self.frame["read_at"].max()
                old = age(at, self.client.now.timestamp())
                what = str(error).partition("\n")[0]
                stale = markup.alert(f"{what}\nWhat you see is {old} old, read at {at:%H:%M:%S} UTC.", "warning")
                self._summary.value = stale + self._summary.value

    def _poll(self) -> bool:
        before, requests = self.frame, self._requests
        try:
            frame = self._overview.read(self._window_start, max_requests=self._max_requests)
        except CreateOSError as error:
            self._on_error(error)
            return False
        if requests != self._requests:
            return True
        self._on_read(frame)
        figures = [name for name in frame.columns if name != "read_at"]
        return before is None or not frame[figures].equals(before[figures])

    @property
    def _window_start(self) -> str:
        """The beginning of the window, which ends now."""
        return f"-{self._window.value}s"

    # --- showing ------------------------------------------------------------------------------------------------------

    def _show(self, frame: pd.DataFrame) -> None:
        compared = self._overview.compared()
        self._rows.show(table_of(frame, compared))
        summary = summary_of(frame)
        if summary != self._summary.value:
            self._summary.value = summary
        note = markup.text(f"{note_of(frame, compared)} {left_out(frame)}".rstrip())
        note = f'<div class="createos-fleet-note"><span>{note}</span>{_KEYS}</div>'
        if note != self._note.value:
            self._note.value = note
        self._update_buttons()

    def _update_buttons(self) -> None:
        self._open_button.disabled = not self._rows.key
        opened = self.opened
        self._close_button.layout.display = "" if opened is not None else "none"
        for name, is_so in (
            ("createos-is-open", opened is not None),
            ("createos-is-below", opened is not None and not isinstance(opened, DiagnosisPanel)),
        ):
            (self._body.add_class if is_so else self._body.remove_class)(name)

    # --- the environment below ----------------------------------------------------------------------------------------

    @property
    def opened(self) -> Panel | None:
        """Return the panel that is open below, or None."""
        return self._below.opened

    @property
    def opened_as(self) -> str:
        """Return what the environment is opened as, such as "logs"; "" where none is open."""
        return self._shown[0] if self.opened is not None and self._shown else ""

    def _on_show(self) -> None:
        """Open what is chosen, where the click on Open that followed the choice has overtaken it."""
        if ticks() < self._open_again_until:
            self._open_again_until = 0.0
            self.open()

    def _on_clicked(self, key: str) -> None:
        if self._show_as.value == _DIAGNOSIS:
            self._on_opened(key)

    def _on_opened(self, key: str) -> None:
        self.params["chosen"] = key  # the choice may be on its way still
        self.open()

    def open(self) -> Panel | None:
        """Show the chosen environment below, as `params["show"]` says.

        Returns:
            The panel below; None where no environment is chosen.

        Examples:
            >>> panel = createos_nb.panels.overview(createos_nb.simulate())
            >>> panel.params = {"chosen": "storefront / staging", "show": "logs"}
            >>> panel.open()
            <createos_nb panel: logs storefront / staging>
        """
        position = self._rows.position
        if position is None or self.frame is None:
            self._view.set_status("choose an environment first")
            return None
        row = self.frame.iloc[position]
        if pd.isna(row["environment"]):
            self._view.set_status(f"{row['project']} could not be read")
            return None
        with self._below.turn:
            panel = self._open(str(row["project"]), str(row["environment"]))
        self._update_buttons()
        return panel

    def _open(self, project: str, environment: str) -> Panel | None:
        return self._open_as(self._show_as.value, project, environment)

    def _open_as(self, name: str, project: str, environment: str) -> Panel | None:
        opened, shown = self.opened, (name, project, environment)
        if isinstance(opened, DiagnosisPanel) and shown == self._shown:
            self._open_again_until = ticks() + _OVERTAKEN
            if self._kept.known(project, environment) is None and not opened.busy:
                opened.refresh()
            return opened
        self._shown = shown
        self._say_opening(name, project, environment)
        try:
            panel = self._below.open(lambda: _PANELS[name](self.client, project, environment, self._kept))
        finally:
            self._opening.value = ""
        if isinstance(panel, ActionPanel | DiagnosisPanel):
            panel.on_finish = self.refresh  # the table must not show what was before
        if isinstance(panel, DiagnosisPanel):
            panel.on_look = lambda name: self._look(name, project, environment)
        return panel

    def _say_opening(self, name: str, project: str, environment: str) -> None:
        """Say what is being opened where it will stand: reading it may take a while."""
        self.shut()
        what = "Diagnosing" if name == _DIAGNOSIS else f"Opening {name} of"
        self._opening.value = markup.wait(f"{what} {project} / {environment}", 0.0) + markup.SKELETON
        self._body.add_class("createos-is-open")

    def _look(self, name: str, project: str, environment: str) -> None:
        """Show logs or traffic in place of the diagnosis that leads there."""
        with self._below.turn:
            self._open_as(name, project, environment)
        self._update_buttons()

    def shut(self) -> None:
        """Close the panel below.

        Examples:
            >>> panel = createos_nb.panels.overview(createos_nb.simulate())
            >>> panel.params = {"chosen": "storefront / staging", "show": "logs"}
            >>> below = panel.open()
            >>> panel.shut()
            >>> below.closed
            True
        """
        self._below.shut()
        self._update_buttons()

    def close(self) -> None:
        """Close the panel below and this one.

        Examples:
            >>> panel = createos_nb.panels.overview(createos_nb.simulate())
            >>> panel.close()
            >>> panel.closed
            True
        """
        self._below.shut()
        super().close()

    def static(self) -> str:
        """Return the last state as HTML, for where no widgets are.

        Returns:
            HTML; all that came from the platform is escaped.

        Examples:
            >>> panel = createos_nb.panels.overview(createos_nb.simulate())
            >>> "storefront" in panel.static()
            True
        """
        body = NOTHING_READ if self.frame is None else static_table(self.frame, self._overview.compared())
        below = "" if self.opened is None else self.opened.static()
        return (
            f"<div>{self._view.header.value}{self._summary.value}{body}{self._note.value}{self._view.error.value}{below}"
            "</div>"
        )
