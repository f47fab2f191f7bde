"""The panel that changes the resources of an environment."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb import analysis, runbooks
from createos_nb.errors import CreateOSError, InvalidInput
from createos_nb.panels import markup
from createos_nb.panels.action_panel import ActionPanel
from createos_nb.panels.capacity_html import capacity_html
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

    heading, verb, reading = "Scale", "Scale", "resources and load"

    def __init__(self, client: Client, project: str, environment: str) -> None:
        super().__init__(client, f"{project} / {environment}")
        self._project, self._environment = project, environment
        self._current: dict[str, int] = {}
        self._advice: analysis.ReplicasAdvice | str = ""
        for name, (low, high, step, label, unit) in _LIMITS.items():
            slider = Slider(min=low, max=high, value=low, step=step, description=label, unit=unit, disabled=True)
            self._view.control(name, slider)
        self._demand = widgets.HTML()
        sliders = widgets.VBox([self.params.control(name).widget for name in _LIMITS])
        row = widgets.HBox([sliders, self._demand])
        row.add_class("createos-scaling")
        self._view.build(row, *self.form.widgets)
        self.form.depends_on(*_LIMITS)
        for name in _LIMITS:
            self._view.on_change(name, self._draw)
        self._view.guard(self._reload)

    def _read(self, cancel: threading.Event | None = None) -> tuple[dict[str, int], analysis.ReplicasAdvice | str]:
        row = self.client.environments.get(self._project, self._environment)
        values = {name: row[f"resources_{name}"] for name in _LIMITS}
        resources = {name: int(value) for name, value in values.items() if not pd.isna(value)}
        try:
            return resources, self._advise(resources.get("replicas", 1), row["updated_at"])
        except CreateOSError as error:  # the resources can be shown without it
            return resources, f"The load is not known: {error}"

    def _advise(self, replicas: int, since: pd.Timestamp) -> analysis.ReplicasAdvice:
        traffic = self.client.analytics.requests_over_time(self._project, self._environment, start="-7d")
        # what was carried before the last change may have been carried by another number of replicas
        traffic = traffic[traffic.index >= since] if not pd.isna(since) else traffic
        advice = analysis.replicas_advice(traffic, replicas=replicas)
        assert isinstance(advice, analysis.ReplicasAdvice)  # a fleet's frame is for fleets
        return advice

    def _show(self, result: tuple[dict[str, int], analysis.ReplicasAdvice | str]) -> None:
        self._current, self._advice = result
        for name in _LIMITS:
            slider = self.params.control(name).widget
            slider.disabled = name not in self._current
            if name in self._current:
                slider.before = self._current[name]
                slider.value = min(max(self._current[name], slider.min), slider.max)
        self._draw()

    def _draw(self) -> None:
        """Draw the load beside what the replicas that are chosen have been shown to carry."""
        if isinstance(self._advice, str):
            self._demand.value = markup.block(self._advice, "muted") if self._advice else ""
            return
        other = any(name in self._desired() for name in ("cpu", "memory"))
        current = self._current.get("replicas", self._advice.current)
        self._demand.value = capacity_html(self._advice, current, self.params["replicas"], other=other)

    def _desired(self) -> dict[str, Any]:
        """What was moved; what was not read is not known, and what is not known is not requested."""
        return {name: self.params[name] for name in self._current if self.params[name] != self._current[name]}

    def _name_plan(self, plan: Plan) -> str:
        desired = self._desired()
        words = [f"{value:,} {_unit(name, value)}" for name, value in desired.items()]
        return f"{self.verb} to {', '.join(words)}" if words else self.verb

    def _make_plan(self) -> Plan:
        desired = self._desired()
        if not self._current:
            raise InvalidInput("The resources could not be read, so none can be changed. Refresh reads them again.")
        if not desired:
            raise InvalidInput("Move a slider: the environment has these resources already.")
        return runbooks.scale(self.client, self._project, self._environment, **desired)


def _unit(name: str, value: int) -> str:
    if name == "replicas":
        return "replica" if value == 1 else "replicas"
    return "MB memory" if name == "memory" else "millicores"
