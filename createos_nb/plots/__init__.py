"""Plots of frames and results, each a `matplotlib.figure.Figure` that shows itself in a notebook.

No arithmetic and no decisions live here: a plot draws what `createos_nb.analysis` or the client gave. matplotlib is
imported when the first plot is drawn.
"""

from __future__ import annotations

from createos_nb.later import attached

# Name to module: loaded when first asked for.
_HOMES: dict[str, str] = {
    "anomalies": "unusual",
    "before_after": "traffic",
    "burn_down": "objectives",
    "burn_rates": "objectives",
    "capacity": "sizing",
    "change_points": "unusual",
    "fleet": "over_time",
    "fleet_report": "report",
    "heat_map": "traffic",
    "requests": "over_time",
    "sleep": "sizing",
    "today": "traffic",
    "top_paths": "traffic",
    "verdict": "releases",
}

__all__ = sorted(_HOMES)

__getattr__, __dir__ = attached(__name__, _HOMES)
