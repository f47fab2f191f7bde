"""Judging: pure functions from frame to frame, or to a small frozen result that shows itself.

No client, no I/O, no display. The input is what `client.analytics` returns, or any frame with those columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.later import attached

if TYPE_CHECKING:
    from createos_nb.analysis.capacity import ReplicasAdvice as ReplicasAdvice
    from createos_nb.analysis.capacity import replicas_advice as replicas_advice
    from createos_nb.analysis.checks import FrameError as FrameError
    from createos_nb.analysis.comparison import compare as compare
    from createos_nb.analysis.health import fleet_health as fleet_health
    from createos_nb.analysis.idle import SleepAdvice as SleepAdvice
    from createos_nb.analysis.idle import idle_times as idle_times
    from createos_nb.analysis.idle import sleep_advice as sleep_advice
    from createos_nb.analysis.objectives.alerting import burn_table as burn_table
    from createos_nb.analysis.objectives.burn import burn_alerts as burn_alerts
    from createos_nb.analysis.objectives.burn import burn_rates as burn_rates
    from createos_nb.analysis.objectives.slo import SLO as SLO
    from createos_nb.analysis.objectives.slo import error_budget as error_budget
    from createos_nb.analysis.objectives.slo import slo as slo
    from createos_nb.analysis.releases.other_judges import judges as judges
    from createos_nb.analysis.releases.verdict import release_verdict as release_verdict
    from createos_nb.analysis.rounding import rounded as rounded
    from createos_nb.analysis.routes import distribution as distribution
    from createos_nb.analysis.routes import paths as paths
    from createos_nb.analysis.seasons import decompose as decompose
    from createos_nb.analysis.seasons import hour_by_weekday as hour_by_weekday
    from createos_nb.analysis.traffic import rpm as rpm
    from createos_nb.analysis.traffic import success_rate as success_rate
    from createos_nb.analysis.traffic import summary as summary
    from createos_nb.analysis.unusual.anomaly import AnomalyDetector as AnomalyDetector
    from createos_nb.analysis.unusual.anomaly import anomalies as anomalies
    from createos_nb.analysis.unusual.changes import change_points as change_points

# Name to module: loaded when first asked for, so that importing the package costs no scipy.
_HOMES = {
    "AnomalyDetector": "unusual.anomaly",
    "FrameError": "checks",
    "ReplicasAdvice": "capacity",
    "SLO": "objectives.slo",
    "SleepAdvice": "idle",
    "anomalies": "unusual.anomaly",
    "burn_alerts": "objectives.burn",
    "burn_rates": "objectives.burn",
    "burn_table": "objectives.alerting",
    "change_points": "unusual.changes",
    "compare": "comparison",
    "decompose": "seasons",
    "distribution": "routes",
    "error_budget": "objectives.slo",
    "fleet_health": "health",
    "hour_by_weekday": "seasons",
    "idle_times": "idle",
    "judges": "releases.other_judges",
    "paths": "routes",
    "release_verdict": "releases.verdict",
    "replicas_advice": "capacity",
    "rounded": "rounding",
    "rpm": "traffic",
    "sleep_advice": "idle",
    "slo": "objectives.slo",
    "success_rate": "traffic",
    "summary": "traffic",
}

__all__ = sorted(_HOMES)

__getattr__, __dir__ = attached(__name__, _HOMES)
