"""The panel of requests: over time by status class, and by path."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb import analysis
from createos_nb.analysis.rounding import rounded
from createos_nb.panels import markup
from createos_nb.panels.grid import Grid
from createos_nb.panels.picture import picture
from createos_nb.panels.places import Places
from createos_nb.panels.reading import ReadingPanel
from createos_nb.panels.windows import WINDOWS
from createos_nb.percentages import failure, success

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.nouns.analytics import Overview

#: Environments whose requests are drawn, the busiest.
_STRIPS: Final = 12
_LABELS: Final = {"count": "requests", "share_percentage": "share %", "error_percentage": "errors %"}


class TrafficPanel(ReadingPanel):
    """Requests of an environment, of a project, or of the fleet.

    Parameters: `project` and `environment` ("" for all), `window` (seconds), `live`.
    """

    heading = "Traffic"
    every, most = 15.0, 120.0

    def __init__(self, client: Client, project: str | None = None, environment: str | None = None) -> None:
        super().__init__(client)
        self._places = Places(client, project or "", environment or "", quietly=self._quietly)
        self._control("project", self._places.project, write=self._places.with_project)
        self._control("environment", self._places.environment, write=self._places.with_environment)
        self._window = self._control(
            "window", widgets.Dropdown(description="Window", options=list(WINDOWS), value=WINDOWS[2][1])
        )
        self._listed: Overview | None = None
        self._sum, self._over_time, self._by_path = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._statuses = Grid("Answers by status", height="16em")
        self._paths = Grid("Requests and errors by path", height="16em")
        self._tables = widgets.HBox([self._statuses, self._paths])
        self._tables.add_class("createos-side")
        for one in (self._places.project, self._places.environment, self._window):
            one.style.description_width = "auto"
            one.add_class("createos-short")
        where = widgets.HBox([self._places.project, self._places.environment, self._window])
        where.add_class("createos-row")
        self._build(where, self._tools, self._sum, self._over_time, self._by_path, self._tables)
        self._when("project", self._other_project)
        self._when("environment", self.refresh)
        self._when("window", self.refresh)
        self.subject = self._places.subject
        self._begin()

    def _other_project(self) -> None:
        self._places.carry()
        self.refresh()

    def _read(self, cancel: threading.Event | None = None) -> pd.DataFrame:
        project, environment = self._places.read(cancel)
        window = int(self._window.value)
        now = int(self.client.transport.now())
        span = {"start": now - window, "end": now}
        if not (project and environment):
            projects = [project] if project else None
            self._listed = None
            return self.client.fleet.requests_over_time(projects=projects, **span)
        frame = self.client.analytics.requests_over_time(project, environment, **span)
        self._listed = self.client.analytics.overview(project, environment, **span)
        return frame

    # --- showing ------------------------------------------------------------------------------------------------------

    def _show(self, frame: pd.DataFrame) -> None:
        from createos_nb import plots

        self.subject = self._places.subject
        listed, single = self._listed, "project" not in frame.columns
        if single and listed is not None:
            summary = analysis.summary(frame)
            assert isinstance(summary, pd.Series)  # of one environment
            self._sum.value = _in_words(summary)
            self._over_time.value = picture(plots.requests(frame))
            paths = analysis.paths(listed.top_hit_paths, listed.top_error_paths, total=frame)
            self._by_path.value = picture(plots.top_paths(paths)) if len(paths) else ""
            self._paths.show(
                rounded(paths[["path", "count", "errors", "error_percentage"]], 1), key="path", labels=_LABELS
            )
            answers = analysis.distribution(listed.request_distribution)
            self._statuses.show(
                answers[["status", "meaning", "count", "share_percentage"]], key="status", labels=_LABELS
            )
        else:
            self._by_path.value = ""
            self._over_time.value = picture(plots.fleet(frame, most=_STRIPS)) if len(frame) else ""
            self._sum.value = markup.block(
                "" if len(frame) else "there is no environment with traffic to show", "quiet"
            )
            answers = analysis.distribution(frame) if len(frame) else pd.DataFrame()
            self._statuses.show(answers.drop(columns=["low", "high"], errors="ignore"), labels=_LABELS)
        self._paths.layout.display = "" if single else "none"

    def static(self) -> str:
        """The last figures and pictures, for where no widgets are."""
        pictures = self._over_time.value + self._by_path.value
        return f"<div>{self._head.value}{self._sum.value}{pictures}{self._wrong.value}</div>"


def _in_words(summary: pd.Series[Any]) -> str:
    if pd.isna(summary["requests"]):
        return markup.block("no data in this window", "quiet")
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
