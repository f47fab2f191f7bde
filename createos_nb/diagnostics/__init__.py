"""Diagnostics: what needs the account to be explained, and only reads."""

from __future__ import annotations

from typing import NoReturn

from createos_nb.diagnostics.alerts.watch import Watch, watch
from createos_nb.diagnostics.alerts.watcher import Round, Watcher
from createos_nb.diagnostics.best_practices import best_practices
from createos_nb.diagnostics.diagnose import diagnose
from createos_nb.diagnostics.diagnosis import Diagnosis, Finding, RunbookCall
from createos_nb.diagnostics.diagnosis_checks import calls_for, healthy
from createos_nb.diagnostics.environments import compare_environments
from createos_nb.diagnostics.impact import impact
from createos_nb.diagnostics.impact_checks import errors_fell, errors_not_risen, none_lost
from createos_nb.naming import unknown_attribute

__all__ = [
    "Diagnosis",
    "Finding",
    "Round",
    "RunbookCall",
    "Watch",
    "Watcher",
    "best_practices",
    "calls_for",
    "compare_environments",
    "diagnose",
    "errors_fell",
    "errors_not_risen",
    "healthy",
    "impact",
    "none_lost",
    "watch",
]


def __getattr__(name: str) -> NoReturn:
    raise unknown_attribute(__name__, name, __all__)
