"""Analysis: pure functions from frame to frame, or to a small frozen result that shows itself.

No client, no I/O, no display. The input is what `client.analytics` returns, or any frame with those columns. Only
`fleet` lets what it is given be read, environment by environment, in other processes where that is quicker.
"""

from __future__ import annotations

from typing import NoReturn

from createos_nb.analysis.anomalies.anomaly import AnomalyDetector, anomalies
from createos_nb.analysis.capacity import ReplicasAdvice, replicas_advice
from createos_nb.analysis.change_points.change_points import change_points
from createos_nb.analysis.comparison import compare
from createos_nb.analysis.fleets.fleet import fleet
from createos_nb.analysis.health import fleet_health
from createos_nb.analysis.impacts import change_impact
from createos_nb.analysis.logs.patterns import log_patterns
from createos_nb.analysis.objectives.burn import burn_alerts, burn_rates
from createos_nb.analysis.objectives.burn_table import burn_table
from createos_nb.analysis.objectives.slo import SLO, error_budget, slo
from createos_nb.analysis.paths import distribution, paths
from createos_nb.analysis.releases.baselines import baselines
from createos_nb.analysis.releases.fleet import release_discoveries
from createos_nb.analysis.releases.verdict import release_verdict
from createos_nb.analysis.rounding import rounded
from createos_nb.analysis.seasonality import decompose, hour_by_weekday
from createos_nb.analysis.sleep import SleepAdvice, idle_times, sleep_advice
from createos_nb.analysis.traffic import rpm, success_rate, summary
from createos_nb.analysis.validation import FrameError
from createos_nb.naming import unknown_attribute

__all__ = [
    "SLO",
    "AnomalyDetector",
    "FrameError",
    "ReplicasAdvice",
    "SleepAdvice",
    "anomalies",
    "baselines",
    "burn_alerts",
    "burn_rates",
    "burn_table",
    "change_impact",
    "change_points",
    "compare",
    "decompose",
    "distribution",
    "error_budget",
    "fleet",
    "fleet_health",
    "hour_by_weekday",
    "idle_times",
    "log_patterns",
    "paths",
    "release_discoveries",
    "release_verdict",
    "replicas_advice",
    "rounded",
    "rpm",
    "sleep_advice",
    "slo",
    "success_rate",
    "summary",
]


def __getattr__(name: str) -> NoReturn:
    raise unknown_attribute(__name__, name, __all__)
