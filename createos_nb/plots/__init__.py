"""Plots of frames and results, each a `matplotlib.figure.Figure` that shows itself in a notebook.

No arithmetic and no decisions live here: a plot draws what `createos_nb.analysis` or the client gave. matplotlib is
imported when the first plot is drawn.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

# Name to module: loaded when first asked for.
_HOMES: dict[str, str] = {
    "anomalies": "unusual",
    "before_after": "traffic",
    "burn_down": "objectives",
    "burn_rates": "objectives",
    "capacity": "sizing",
    "change_points": "unusual",
    "fleet": "over_time",
    "heat_map": "traffic",
    "requests": "over_time",
    "sleep": "sizing",
    "today": "traffic",
    "top_paths": "traffic",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return __all__
