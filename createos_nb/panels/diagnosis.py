"""The panel of diagnoses: what is wrong, why, and the way to put it right."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import pandas as pd

from createos_nb.client.shared_reads import sharing
from createos_nb.diagnostics import Diagnosis, Finding
from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput
from createos_nb.http.log import LogEntry
from createos_nb.panels import markup
from createos_nb.panels.diagnosis_html import answer_html, cause_html, diagnosis_html, read_html
from createos_nb.panels.environment_picker import EnvironmentPicker
from createos_nb.panels.grid import Grid
from createos_nb.panels.kept_diagnoses import KeptDiagnoses
from createos_nb.panels.panel import NOTHING_READ, Panel
from createos_nb.panels.panel_below import PanelBelow
from createos_nb.panels.ways import label_of, panel_of

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.panels.action_panel import ActionPanel

_EVERYTHING = ("the account", "the whole project")


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
        self._kept, self._fixed = kept or KeptDiagnoses(client), kept is not None
        self._wanted, self._anew = bool(project), False
        self._picker = EnvironmentPicker(
            client, project, environment, without_callbacks=self._view.without_callbacks, everything=_EVERYTHING
        )
        self._view.control("project", self._picker.project, write=self._picker.add_project)
        self._view.control("environment", self._picker.environment, write=self._picker.add_environment)
        self._refresh_button.description, self._refresh_button.button_style = "Diagnose", "primary"
        self._refresh_button.tooltip = "Read what runs, requests, logs, builds, domains: 7 to 26 requests"
        pickers = [] if self._fixed else [self._picker.project, self._picker.environment]
        for dropdown in pickers:
            dropdown.style.description_width = "auto"
            dropdown.add_class("createos-narrow")
        self._refresh_button.remove_class("createos-refresh")
        self._view.tools.children = ()
        self._toolbar.children = (*pickers, self._refresh_button)
        self._answer, self._causes, self._read_at = widgets.HTML(), widgets.VBox([]), widgets.HTML()
        self._calls = Grid("Calls and commands of the cures", height="14em")
        self._below: PanelBelow[ActionPanel] = PanelBelow()
        self._causes.add_class("createos-column")
        self._calls.layout.display = "none"
        self._view.build(self._toolbar, self._answer, self._causes, self._calls, self._read_at, self._below.box)
        self._view.on_change("project", self._on_project)
        self._view.on_change("environment", self._clear)
        self._start()

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
        for old in self._causes.children:
            for part in getattr(old, "children", ()):
                part.close()
            old.close()
        diagnosis = self.diagnosis
        self._answer.value = "" if diagnosis is None else answer_html(diagnosis)
        self._read_at.value = "" if diagnosis is None else read_html(diagnosis)
        findings = () if diagnosis is None else diagnosis.findings
        self._causes.children = tuple(self._cause(number, one) for number, one in enumerate(findings, start=1))
        rows = [
            {"cause": one.cause, "in Python": one.runbook.call, "in a terminal": one.runbook.command}
            for one in findings
            if one.runbook is not None
        ]
        calls = pd.DataFrame(rows, columns=["cause", "in Python", "in a terminal"], dtype=TEXT)
        if not calls["in a terminal"].any():
            calls = calls.drop(columns="in a terminal")
        self._calls.show(calls, kinds={"in Python": "copy", "in a terminal": "copy"})
        self._calls.layout.display = "" if rows else "none"

    def _cause(self, number: int, finding: Finding) -> widgets.VBox:
        at = None if self.diagnosis is None else self.diagnosis.at
        parts: list[widgets.Widget] = [widgets.HTML(cause_html(number, finding, at))]
        label = None if finding.runbook is None else label_of(finding.runbook)
        if label is not None:
            hint = f"Open its panel below, filled in; nothing is changed before you confirm (cause {number})"
            parts.append(self._view.button(markup.label(label), partial(self.follow, number), hint=hint))
        box = widgets.VBox(parts)
        box.add_class("createos-column")
        return box

    # --- the panel of a runbook below ---------------------------------------------------------------------------------

    @property
    def opened(self) -> ActionPanel | None:
        """Return the panel of a runbook that is open below, or None."""
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
        opened = self._below.open(lambda: panel_of(call, self.client, self._kept))
        if opened is not None:
            opened.on_finish = lambda: self.on_finish()
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
        body = NOTHING_READ if self.diagnosis is None else diagnosis_html(self.diagnosis)
        return f"<div>{self._view.header.value}{body}{self._view.error.value}</div>"


class _Told(list[LogEntry]):
    """A list that tells of each entry that is added."""

    def __init__(self, tell: Callable[[list[LogEntry]], None]) -> None:
        super().__init__()
        self._tell = tell

    def append(self, entry: LogEntry) -> None:
        super().append(entry)
        self._tell(self)
