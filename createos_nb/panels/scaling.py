"""The panel that gives an environment other resources."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb import analysis, runbooks
from createos_nb.errors import InvalidInput
from createos_nb.panels.change import ChangePanel
from createos_nb.panels.slider import Slider

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans import Plan

#: Lowest, highest, step, label and unit of each resource.
_LIMITS: Final = {
    "replicas": (1, 3, 1, "Replicas", ""),
    "cpu": (200, 500, 10, "CPU", "millicores"),
    "memory": (500, 1024, 4, "Memory", "MB"),
}


class ScalePanel(ChangePanel):
    """Sliders within the platform's limits; beside them, demand against the capacity that was demonstrated.

    Parameters: `replicas` (1–3), `cpu` (200–500 millicores), `memory` (500–1024 MB).
    """

    heading, verb = "Scale", "Scale"

    def __init__(self, client: Client, project: str, environment: str) -> None:
        super().__init__(client, f"{project} / {environment}")
        self._project, self._environment = project, environment
        self._held: dict[str, int] = {}
        for name, (low, high, step, label, unit) in _LIMITS.items():
            slider = Slider(min=low, max=high, value=low, step=step, description=label, unit=unit)
            self._control(name, slider)
        self._demand = widgets.HTML()
        sliders = widgets.VBox([self.params.control(name).widget for name in _LIMITS])
        row = widgets.HBox([sliders, self._demand])
        row.add_class("createos-row")
        self._build(row, *self._form)
        self._depends(*_LIMITS)
        self._guarded(self._after)

    def _after(self) -> None:
        """Read what is, beside the kernel where that takes time."""
        if self.client.clock.virtual:
            self._filled(self._read())
        else:
            self._beside(self._read, self._filled)

    def _read(self, cancel: threading.Event | None = None) -> tuple[dict[str, int], Any]:
        row = self.client.environments.get(self._project, self._environment)
        held = {name: row[f"resources_{name}"] for name in _LIMITS}
        known = {name: int(value) for name, value in held.items() if value is not None and value == value}
        # what was carried before the last change may have been carried by another number of replicas
        week = pd.Timestamp(self.client.clock.now(), unit="s", tz="UTC") - pd.Timedelta(days=7)
        since = max(week, row["updated_at"]) if row["updated_at"] is not None else week
        traffic = self.client.analytics.requests_over_time(self._project, self._environment, start=since)
        return known, analysis.replicas_advice(traffic, replicas=known.get("replicas", 1))

    def _filled(self, found: tuple[dict[str, int], Any]) -> None:
        self._held, advice = found
        for name, value in self._held.items():
            widget = self.params.control(name).widget
            widget.before = value
            widget.value = min(max(value, widget.min), widget.max)
        self._demand.value = advice._repr_html_()
        self._place()

    def _make(self) -> Plan:
        # what the person has left as it was is not asked for
        asked = {name: self.params[name] for name in _LIMITS if self.params[name] != self._held.get(name)}
        if not asked:
            raise InvalidInput("scale: move a slider first; the environment has these resources already")
        return runbooks.scale(self.client, self._project, self._environment, **asked)
