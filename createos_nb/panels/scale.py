"""The panel that changes the resources of an environment."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb import analysis, runbooks
from createos_nb.errors import CreateOSError, InvalidInput
from createos_nb.panels import markup
from createos_nb.panels.action_panel import ActionPanel
from createos_nb.panels.components import Slider

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans import Plan

#: Lowest, highest, step, label and unit of each resource.
_LIMITS: Final = {
    "replicas": (1, 3, 1, "Replicas", ""),
    "cpu": (200, 500, 10, "CPU", "millicores"),
    "memory": (500, 1024, 4, "Memory", "MB"),
}


class ScalePanel(ActionPanel):
    """Sliders within the platform's limits; beside them, demand against the capacity that was demonstrated.

    Parameters: `replicas` (1–3), `cpu` (200–500 millicores), `memory` (500–1024 MB).
    """

    heading, verb = "Scale", "Scale"

    def __init__(self, client: Client, project: str, environment: str) -> None:
        super().__init__(client, f"{project} / {environment}")
        self._project, self._environment = project, environment
        self._current: dict[str, int] = {}
        for name, (low, high, step, label, unit) in _LIMITS.items():
            slider = Slider(min=low, max=high, value=low, step=step, description=label, unit=unit, disabled=True)
            self._view.control(name, slider)
        self._demand = widgets.HTML()
        sliders = widgets.VBox([self.params.control(name).widget for name in _LIMITS])
        row = widgets.HBox([sliders, self._demand])
        row.add_class("createos-row")
        self._view.build(row, *self.form.widgets)
        self.form.depends_on(*_LIMITS)
        self._view.guard(self._reload)

    def _read(self, cancel: threading.Event | None = None) -> tuple[dict[str, int], str]:
        row = self.client.environments.get(self._project, self._environment)
        values = {name: row[f"resources_{name}"] for name in _LIMITS}
        resources = {name: int(value) for name, value in values.items() if not pd.isna(value)}
        try:
            advice = self._advice(resources.get("replicas", 1), row["updated_at"])
        except CreateOSError as error:  # the resources can be shown without it
            advice = markup.block(f"demand is not known: {error}", "muted")
        return resources, advice

    def _advice(self, replicas: int, since: pd.Timestamp) -> str:
        traffic = self.client.analytics.requests_over_time(self._project, self._environment, start="-7d")
        # what was carried before the last change may have been carried by another number of replicas
        traffic = traffic[traffic.index >= since] if not pd.isna(since) else traffic
        advice = analysis.replicas_advice(traffic, replicas=replicas)
        assert isinstance(advice, analysis.ReplicasAdvice)  # a fleet's frame is for fleets
        return advice._repr_html_()

    def _show(self, result: tuple[dict[str, int], str]) -> None:
        self._current, self._demand.value = result
        for name in _LIMITS:
            slider = self.params.control(name).widget
            slider.disabled = name not in self._current
            if name in self._current:
                slider.before = self._current[name]
                slider.value = min(max(self._current[name], slider.min), slider.max)

    def _make_plan(self) -> Plan:
        # what was not read is not known, and what is not known is not requested
        desired = {name: self.params[name] for name in self._current if self.params[name] != self._current[name]}
        if not self._current:
            raise InvalidInput("The resources could not be read, so none can be changed. Refresh reads them again.")
        if not desired:
            raise InvalidInput("Move a slider: the environment has these resources already.")
        return runbooks.scale(self.client, self._project, self._environment, **desired)
