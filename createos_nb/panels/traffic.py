"""The panel of requests: over time on a chart with versions and incidents, by path, and by status."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb import analysis
from createos_nb.analysis.rounding import rounded
from createos_nb.panels import markup
from createos_nb.panels.chart.fleet import show_fleet
from createos_nb.panels.chart.time_chart import TimeChart
from createos_nb.panels.chart.traffic import show_traffic, usual_of
from createos_nb.panels.environment_picker import TIME_WINDOWS, EnvironmentPicker
from createos_nb.panels.grid import Grid
from createos_nb.panels.read_panel import ReadPanel
from createos_nb.percentages import failure, success

if TYPE_CHECKING:
    from createos_nb.client.analytics import Overview
    from createos_nb.client.client import Client

#: Environments whose requests are drawn, the busiest.
_MAX_ENVIRONMENTS: Final = 12
_LABELS: Final = {"count": "requests", "share_percentage": "share %", "error_percentage": "errors %"}


class TrafficPanel(ReadPanel):
    """Requests of an environment, of a project, or of the fleet.

    Parameters: `project` and `environment` ("" for all), `window` (seconds), `live`.
    """

    heading = "Traffic"
    interval, max_interval = 15.0, 120.0

    def __init__(self, client: Client, project: str | None = None, environment: str | None = None) -> None:
        super().__init__(client)
        self._picker = EnvironmentPicker(
            client, project or "", environment or "", without_callbacks=self._view.without_callbacks
        )
        self._view.control("project", self._picker.project, write=self._picker.add_project)
        self._view.control("environment", self._picker.environment, write=self._picker.add_environment)
        self._window = self._view.control(
            "window", widgets.Dropdown(description="Window", options=list(TIME_WINDOWS), value=TIME_WINDOWS[2][1])
        )
        self._overview: Overview | None = None
        self._summary, self._chart = widgets.HTML(), TimeChart()
        self._statuses = Grid("Answers by status", height="16em")
        self._paths = Grid("Requests and errors by path", height="16em")
        self._tables = widgets.HBox([self._statuses, self._paths])
        self._tables.add_class("createos-side-by-side")
        for dropdown in (self._picker.project, self._picker.environment, self._window):
            dropdown.style.description_width = "auto"
            dropdown.add_class("createos-narrow")
        row = widgets.HBox([self._picker.project, self._picker.environment, self._window])
        row.add_class("createos-row")
        self._view.build(row, self._toolbar, self._summary, self._chart, self._tables)
        self._view.on_change("project", self._on_project)
        self._view.on_change("environment", self.refresh)
        self._view.on_change("window", self.refresh)
        self._view.subject = self._picker.subject
        self._start()

    def _on_project(self) -> None:
        self._picker.keep_environment()
        self.refresh()

    def _read(self, cancel: threading.Event | None = None) -> pd.DataFrame:
        project, environment = self._picker.read(cancel)
        window = int(self._window.value)
        now = int(self.client.transport.now())
        period: dict[str, Any] = {"start": now - window, "end": now}
        if not (project and environment):
            projects = [project] if project else None
            self._overview = None
            return self.client.fleet.requests_over_time(projects=projects, **period)
        frame = self.client.analytics.requests_over_time(project, environment, **period)
        self._overview = self.client.analytics.overview(project, environment, **period)
        return frame

    # --- showing ------------------------------------------------------------------------------------------------------

    def _show(self, frame: pd.DataFrame) -> None:
        self._view.subject = self._picker.subject
        overview, single = self._overview, "project" not in frame.columns
        if single and overview is not None:
            summary = analysis.summary(frame)
            assert isinstance(summary, pd.Series)  # of one environment
            self._summary.value = _summary_html(summary)
            show_traffic(self._chart, frame, usual=usual_of(frame))
            paths = analysis.paths(overview.top_hit_paths, overview.top_error_paths, total=frame)
            self._paths.show(
                rounded(paths[["path", "count", "errors", "error_percentage"]], 1), key="path", labels=_LABELS
            )
            answers = analysis.distribution(overview.request_distribution)
            self._statuses.show(
                answers[["status", "meaning", "count", "share_percentage"]], key="status", labels=_LABELS
            )
        else:
            left_out = show_fleet(self._chart, frame, most=_MAX_ENVIRONMENTS)
            note = f"the {_MAX_ENVIRONMENTS} busiest, {left_out} more are left out" if left_out else ""
            self._summary.value = markup.block(note if len(frame) else "there is no environment with traffic", "muted")
            answers = analysis.distribution(frame) if len(frame) else pd.DataFrame()
            self._statuses.show(answers.drop(columns=["low", "high"], errors="ignore"), labels=_LABELS)
        self._paths.layout.display = "" if single else "none"
        self._chart.layout.display = "" if len(frame) else "none"

    def static(self) -> str:
        """Return the last figures and the chart as HTML, for where no widgets are.

        Returns:
            HTML; the chart is an image in it.

        Examples:
            >>> panel = createos_nb.panels.traffic(createos_nb.simulate(), "storefront", "production")
            >>> "<img" in panel.static()
            True
        """
        chart = self._chart.image() if self.frame is not None and len(self.frame) else ""
        return f"<div>{self._view.header.value}{self._summary.value}{chart}{self._view.error.value}</div>"


def _summary_html(summary: pd.Series[Any]) -> str:
    if pd.isna(summary["requests"]):
        return markup.block("no data in this window", "muted")
    facts = [f"{summary['requests']:,} requests"]
    if summary["requests"]:
        facts += [
            f"{success(summary['success_percentage'])} answered with 2xx or 3xx",
            f"5xx: {summary['status_5xx']:,} ({failure(summary['server_error_percentage'])})",
            f"{summary['rpm_average']:,.1f} a minute, at most {summary['rpm_peak']:,.0f} "
            f"({summary['rpm_peak_at']:%Y-%m-%d %H:%M} UTC)",
        ]
    if summary["observed"] < 1:
        facts.append(f"data for {100 * summary['observed']:.0f} % of the window")
    return markup.block(" · ".join(facts))
