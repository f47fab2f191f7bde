"""Plots of frames and results, each a `matplotlib.figure.Figure` that shows itself in a notebook.

No arithmetic and no decisions live here: a plot draws what `createos_nb.analysis` or the client gave. matplotlib is
imported when the first plot is drawn.
"""

from __future__ import annotations

from typing import NoReturn

from createos_nb.naming import unknown_attribute
from createos_nb.plots.anomalies import anomalies, change_points
from createos_nb.plots.changes import timeline
from createos_nb.plots.document import page
from createos_nb.plots.objectives import burn_down, burn_rates
from createos_nb.plots.over_time import fleet, requests
from createos_nb.plots.palette import use
from createos_nb.plots.releases import verdict
from createos_nb.plots.report import fleet_report
from createos_nb.plots.sizing import capacity, sleep
from createos_nb.plots.traffic import before_after, heat_map, today, top_paths

__all__ = [
    "anomalies",
    "before_after",
    "burn_down",
    "burn_rates",
    "capacity",
    "change_points",
    "fleet",
    "fleet_report",
    "heat_map",
    "page",
    "requests",
    "sleep",
    "timeline",
    "today",
    "top_paths",
    "use",
    "verdict",
]


def __getattr__(name: str) -> NoReturn:
    raise unknown_attribute(__name__, name, __all__)
