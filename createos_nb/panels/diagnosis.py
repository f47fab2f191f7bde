"""The panel of diagnoses: what is wrong, why, and the way to put it right."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb.client.shared_reads import sharing
from createos_nb.diagnostics import Diagnosis, Finding
from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput
from createos_nb.http.log import LogEntry
from createos_nb.panels import markup
from createos_nb.panels.chart.time_chart import TimeChart
from createos_nb.panels.diagnosis_chart import show_material
from createos_nb.panels.diagnosis_html import (
    answer_html,
    cause_html,
    causes_title,
    diagnosis_html,
    notes_html,
    patterns_html,
    read_html,
)
from createos_nb.panels.environment_picker import EnvironmentPicker
from createos_nb.panels.grid import Grid
from createos_nb.panels.kept_diagnoses import KeptDiagnoses
from createos_nb.panels.logs.panel import LogsPanel
from createos_nb.panels.panel import NOTHING_READ, Panel
from createos_nb.panels.panel_below import PanelBelow
from createos_nb.panels.traffic import TrafficPanel
from createos_nb.panels.view import show
from createos_nb.panels.ways import label_of, panel_of

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.panels.action_panel import ActionPanel

_EVERYTHING: Final = ("the account", "the whole project")
_HINT: Final = markup.block("The button opens the plan. Nothing changes yet.", "diagnosis-label")
#: Where people look further.
_LOOKS: Final[dict[str, Callable[[Client, str, str], Panel]]] = {
    "logs": lambda client, project, environment: LogsPanel(client, project, environment),
    "traffic": lambda client, project, environment: TrafficPanel(client, project, environment),
}


class DiagnosisPanel(Panel):
    """The diagnosis of an environment, of a project's builds and domains, or of the account's keys and quotas.

    Parameters: `project` ("" for the account) and `environment` ("" for the whole project).

    Args:
        client: An open client.
        project: The project that is chosen first: it is diagnosed at once. Without one nothing is until that is asked.
        environment: The environment that is chosen first.
        kept: Where diagnoses are kept; then it is about that environment alone, and one of the last minute is shown
            again.

    Attributes:
        diagnosis: what is shown, or None.
        on_finish: called after a run of the panel below.
        on_look: called with "logs" or "traffic" when these are to be shown; by default they open below.
    """

    heading = "Diagnosis"

    def __init__(
        self, client: Client, project: str = "", environment: str = "", kept: KeptDiagnoses | None = None
    ) -> None:
        if environment and not project:
            raise InvalidInput(f"diagnose: environment={environment!r} needs its project, too")
        super().__init__(client)
        self.diagnosis: Diagnosis | None = None
        self.on_finish: Callable[[], Any] = lambda: None
        self.on_look: Callable[[str], Any] = self._look
        self._kept, self._fixed = kept or KeptDiagnoses(client), kept is not None
        self._wanted, self._anew = bool(project), False
        self._picker = EnvironmentPicker(
            client, project, environment, without_callbacks=self._view.without_callbacks, everything=_EVERYTHING
        )
        self._view.control("project", self._picker.project, write=self._picker.add_project)
        self._view.control("environment", self._picker.environment, write=self._picker.add_environment)
        self._refresh_button.description = "Read again" if self._fixed else "Diagnose"
        self._refresh_button.tooltip = "Read what runs, requests, logs, builds, domains: 7 to 26 requests"
        pickers = [] if self._fixed else [self._picker.project, self._picker.environment]
        for dropdown in pickers:
            dropdown.style.description_width = "auto"
            dropdown.add_class("createos-narrow")
        self._refresh_button.remove_class("createos-refresh")
        self._view.tools.children = ()
        self._toolbar.children = (*pickers, self._refresh_button)
        self._answer, self._title, self._causes = widgets.HTML(), widgets.HTML(), widgets.VBox([])
        self._patterns, self._notes, self._read_at = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._chart = TimeChart()
        self._calls = Grid("Calls and commands of the cures", height="14em")
        self._below: PanelBelow[Panel] = PanelBelow()
        self._causes.add_class("createos-causes")
        self._build()
        self._view.on_change("project", self._on_project)
        self._view.on_change("environment", self._clear)
        self._start()

    def _build(self) -> None:
        ways = {name: partial(self._on_look, name) for name in _LOOKS}
        self._looks = [
            self._view.button(name.capitalize(), look, hint=f"Show the {name} of this environment")
            for name, look in ways.items()
        ]
        self._show_calls = self._view.button("Commands", self._on_calls, hint="The same as calls and commands to copy")
        for button in (*self._looks, self._show_calls):
            button.add_class("createos-text-button")
        self._ways, self._hint = widgets.HBox([]), widgets.HTML(_HINT)
        self._ways.add_class("createos-row")
        # right below the answer: who has read that wants to know what is to be pressed
        self._hint.layout.flex = "1 1 100%"
        self._foot = widgets.VBox([self._ways, self._calls])
        self._foot.add_class("createos-ways")
        last = widgets.HBox([self._read_at, *([self._refresh_button] if self._fixed else [])])
        last.add_class("createos-row")
        if self._fixed:
            self._refresh_button.add_class("createos-text-button")
        first = () if self._fixed else (self._toolbar,)
        said = (self._answer, self._foot, self._title, self._causes, self._chart, self._patterns, self._notes, last)
        self._view.build(*first, *said, self._below.box)
        self.box.add_class("createos-diagnosis")
        self._draw()

    # --- reading ------------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Diagnose what is chosen, in the background, whatever was read before.

        Examples:
            >>> panel = createos_nb.panels.diagnose(createos_nb.simulate("bad-release"), "storefront", "production")
            >>> panel.refresh()
            >>> panel.wait()
            True
        """
        self._wanted, self._anew = True, self.diagnosis is not None
        super().refresh()

    def _start(self) -> None:
        if self.client.clock.virtual:
            super()._start()
        else:
            super().refresh()

    def run(self) -> Diagnosis:
        """Diagnose what is chosen here and now.

        Returns:
            The diagnosis that is shown.

        Raises:
            CreateOSError: what reading raises.

        Examples:
            >>> panel = createos_nb.panels.diagnose(createos_nb.simulate("bad-release"), "storefront", "production")
            >>> panel.run().status
            'degraded'
        """
        self._wanted = self._anew = True
        try:
            names, diagnosis = self._read()
        except Exception as error:
            self._view.show_error(error)
            raise
        self._on_read((names, diagnosis))
        assert diagnosis is not None
        return diagnosis

    def _read(self, cancel: threading.Event | None = None) -> tuple[tuple[str, str], Diagnosis | None]:
        with sharing():
            names = self._picker.names() if self._fixed else self._picker.read(cancel)
            if not self._wanted:
                return names, None
            anew, self._anew = self._anew, False
            return names, self._kept.get(*names, anew=anew, requests=_Told(self._tell))

    def _tell(self, entries: list[LogEntry]) -> None:
        with self._view.lock:
            if not self._view.closed:
                self._view.show_wait("Diagnosing", f"{len(entries)} requests so far")

    def _on_project(self) -> None:
        """Read the environments of another project; it is diagnosed when that is asked for."""
        self._picker.keep_environment()
        self._clear()
        self._wanted = False
        super().refresh()

    def _clear(self) -> None:
        """Take away what is said of another environment."""
        self.diagnosis = self.frame = None
        self._draw()

    # --- showing ------------------------------------------------------------------------------------------------------

    def _show(self, result: tuple[tuple[str, str], Diagnosis | None]) -> None:
        names, diagnosis = result
        self._view.subject = self._picker.subject
        if diagnosis is None or names != self._picker.names():
            return  # somebody has chosen something else meanwhile
        if diagnosis is not self.diagnosis:
            self.diagnosis, self.frame = diagnosis, diagnosis.causes
            self._draw()

    def _draw(self) -> None:
        self.shut()
        for old in (*self._causes.children, *self._ways.children[:1]):
            if old not in (*self._looks, self._show_calls):
                _close(old)
        diagnosis = self.diagnosis
        findings = () if diagnosis is None else diagnosis.findings
        self._answer.value = "" if diagnosis is None else answer_html(diagnosis)
        self._title.value = causes_title(len(findings))
        show(self._chart, show_material(self._chart, None if diagnosis is None else diagnosis.material))
        self._patterns.value = "" if diagnosis is None else patterns_html(diagnosis.material)
        self._notes.value = "" if diagnosis is None else notes_html(diagnosis)
        self._read_at.value = "" if diagnosis is None else read_html(diagnosis)
        first = next((number for number, one in enumerate(findings, start=1) if _label(one)), None)
        self._causes.children = tuple(
            self._cause(number, one, diagnosis, with_button=number != first)
            for number, one in enumerate(findings, start=1)
            if diagnosis is not None
        )
        self._draw_ways(findings, first)
        self._refresh_button.button_style = "primary" if diagnosis is None else ""

    def _draw_ways(self, findings: Sequence[Finding], first: int | None) -> None:
        """Draw the buttons below: the cure of the likeliest cause that has one, and where to look further."""
        rows = [
            {"cause": one.cause, "in Python": one.runbook.call, "in a terminal": one.runbook.command}
            for one in findings
            if one.runbook is not None
        ]
        calls = pd.DataFrame(rows, columns=["cause", "in Python", "in a terminal"], dtype=TEXT)
        if not calls["in a terminal"].any():
            calls = calls.drop(columns="in a terminal")
        self._calls.show(calls, kinds={"in Python": "copy", "in a terminal": "copy"})
        show(self._calls, visible=False)
        cure = [] if first is None else [self._cure(first, findings[first - 1], style="primary")]
        looks = self._looks if all(self._picker.names()) and self.diagnosis is not None else []
        # what the button does stands next to it
        said = [*cure, self._hint] if cure else []
        self._ways.children = (*said, *looks, *([self._show_calls] if rows else []))
        show(self._foot, bool(self._ways.children))

    def _cause(self, number: int, finding: Finding, diagnosis: Diagnosis, *, with_button: bool) -> widgets.VBox:
        parts: list[widgets.Widget] = [widgets.HTML(cause_html(number, finding, diagnosis))]
        if with_button and _label(finding):
            parts.append(self._cure(number, finding))
        box = widgets.VBox(parts)
        box.add_class("createos-column")
        return box

    def _cure(self, number: int, finding: Finding, style: str = "") -> widgets.Button:
        hint = f"Open the plan, filled in; nothing is changed before you confirm (cause {number})"
        return self._view.button(markup.label(_label(finding)), partial(self.follow, number), style=style, hint=hint)

    def _mark_cure(self, style: str) -> None:
        """Set whether the button of the cure is the one that matters most."""
        for button in self._ways.children[:1]:
            if button not in (*self._looks, self._show_calls):
                button.button_style = style

    def _on_calls(self) -> None:
        show(self._calls, self._calls.layout.display == "none")

    # --- looking further ----------------------------------------------------------------------------------------------

    def _on_look(self, name: str) -> None:
        self.on_look(name)

    def _look(self, name: str) -> Panel | None:
        """Show logs or traffic of the environment below."""
        return self._below.open(lambda: _LOOKS[name](self.client, *self._picker.names()))

    # --- the panel of a runbook below ---------------------------------------------------------------------------------

    @property
    def opened(self) -> Panel | None:
        """Return the panel that is open below, of a runbook, of logs or of traffic; or None."""
        return self._below.opened

    def follow(self, number: int = 1) -> ActionPanel | None:
        """Open the panel of a cause's runbook below, filled in.

        Args:
            number: which cause, from 1.

        Returns:
            The panel; None where the runbook has none: then the table of calls says what to type.

        Raises:
            InvalidInput: there is no such cause, or nothing here puts it right.

        Examples:
            >>> panel = createos_nb.panels.diagnose(createos_nb.simulate("bad-release"), "storefront", "production")
            >>> panel.follow().params["chosen"]
            'v3'
        """
        findings = () if self.diagnosis is None else self.diagnosis.findings
        if not 1 <= number <= len(findings):
            raise InvalidInput(f"diagnose: there is no cause {number}; there are {len(findings)}")
        call = findings[number - 1].runbook
        if call is None:
            raise InvalidInput(f"diagnose: no runbook puts cause {number} right: {findings[number - 1].fix}")
        with self._below.turn:
            self.shut()
            opened = panel_of(call, self.client, self._kept)
            self._below.open(lambda: opened)
        if opened is not None:
            opened.on_finish = lambda: self.on_finish()
            self._mark_cure("")  # the plan has the button that matters now
        return opened

    def shut(self) -> None:
        """Close the panel below.

        Examples:
            >>> panel = createos_nb.panels.diagnose(createos_nb.simulate("bad-release"), "storefront", "production")
            >>> below = panel.follow()
            >>> panel.shut()
            >>> below.closed
            True
        """
        self._below.shut()
        self._mark_cure("primary")

    def close(self) -> None:
        """Close the panel below and this one.

        Examples:
            >>> panel = createos_nb.panels.diagnose(createos_nb.simulate(), "storefront")
            >>> panel.close()
            >>> panel.closed
            True
        """
        self._below.shut()
        super().close()

    def static(self) -> str:
        """Return the diagnosis as HTML, for where no widgets are.

        Returns:
            HTML; all that came from the platform is escaped.

        Examples:
            >>> panel = createos_nb.panels.diagnose(createos_nb.simulate("bad-release"), "storefront", "production")
            >>> "bad release" in panel.static()
            True
        """
        chart = self._chart.static() if self._chart.layout.display != "none" else ""
        body = NOTHING_READ if self.diagnosis is None else diagnosis_html(self.diagnosis, chart)
        return f"<div>{self._view.header.value}{body}{self._view.error.value}</div>"


def _label(finding: Finding) -> str:
    """Return the words on the button of a cause's cure; "" where it has none."""
    return "" if finding.runbook is None else label_of(finding.runbook) or ""


def _close(widget: widgets.Widget) -> None:
    for part in getattr(widget, "children", ()):
        part.close()
    widget.close()


class _Told(list[LogEntry]):
    """A list that tells of each entry that is added."""

    def __init__(self, tell: Callable[[list[LogEntry]], None]) -> None:
        super().__init__()
        self._tell = tell

    def append(self, entry: LogEntry) -> None:
        super().append(entry)
        self._tell(self)
