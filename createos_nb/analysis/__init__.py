"""Judging: pure functions from frame to frame, or to a small frozen result that shows itself.

No client, no I/O, no display. The input is what `client.analytics` returns, or any frame with those columns.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from createos_nb.analysis.checks import FrameError as FrameError

# Name to module: loaded when first asked for, so that importing the package costs no scipy.
_HOMES = {
    "AnomalyDetector": "anomaly",
    "FrameError": "checks",
    "ReplicasAdvice": "capacity",
    "SLO": "objectives",
    "SleepAdvice": "idle",
    "anomalies": "anomaly",
    "burn_alerts": "burn",
    "burn_rates": "burn",
    "burn_table": "alerting",
    "change_points": "changes",
    "compare": "comparison",
    "decompose": "seasons",
    "distribution": "routes",
    "error_budget": "objectives",
    "hour_by_weekday": "seasons",
    "idle_times": "idle",
    "paths": "routes",
    "release_verdict": "verdict",
    "replicas_advice": "capacity",
    "rpm": "traffic",
    "sleep_advice": "idle",
    "slo": "objectives",
    "success_rate": "traffic",
    "summary": "traffic",
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
