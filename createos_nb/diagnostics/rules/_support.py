"""What several rules need: runbooks with their parameters, and figures in words."""

from __future__ import annotations

from typing import Any

import pandas as pd

from createos_nb.diagnostics.diagnosis import RunbookCall
from createos_nb.diagnostics.evidence.changes import Change
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.runbook_calls import scale_call, world_of

#: Errors that begin so long after a release may come from it: a process has to start, and somebody has to ask.
SOON = pd.Timedelta("3min")
_SLACK = pd.Timedelta("2min")
#: So many failures that did not happen clear a change.
_CLEAR = 5


def rollback_call(evidence: Evidence, to: int | None = None) -> RunbookCall | None:
    """Return the rollback of the environment, by default to the version before; None where none is left."""
    target = evidence.earlier if to is None else to
    if evidence.environment is None or target is None:
        return None
    environment = str(evidence.environment["unique_name"])
    return RunbookCall(
        "rollback",
        (evidence.name, environment),
        {"to": target},
        "42_rollback",
        {"project": evidence.name, "environment": environment, "to": target, **world_of(evidence.client)},
    )


def scale_environment(evidence: Evidence, **resources: int) -> RunbookCall:
    """Return the scaling of the environment."""
    assert evidence.environment is not None
    return scale_call(evidence.client, evidence.name, str(evidence.environment["unique_name"]), **resources)


def retry_call(evidence: Evidence, version: int) -> RunbookCall:
    """Return the deployment of the same commit again."""
    return RunbookCall("retry_failed", (evidence.name, version))


def release_before(evidence: Evidence, moment: pd.Timestamp | None) -> Change | None:
    """Return the newest change of versions, variables or resources before a moment; None if there is none."""
    if moment is None:
        return None
    return next((change for change in evidence.changes if change.time <= moment + _SLACK), None)


def reconfigured(evidence: Evidence) -> Change | None:
    """Return the change of variables, settings or resources with which the errors began; None if there is none."""
    if evidence.requests.since is None:
        return None
    for change in evidence.changes:
        if change.kind in ("configuration", "settings") and -SOON <= evidence.requests.since - change.time <= SOON:
            return change
    return None


def served_well(evidence: Evidence, change: Change) -> int:
    """Return how many requests were served between a change and the errors, if many would have failed by then.

    Whole minutes count: 0 where the errors began with the change, as far as a minute tells, or so few came that none
    of them would have failed.
    """
    stretch = evidence.requests.trouble
    if stretch is None:
        return 0
    count = int(evidence.requests.sums(change.time.ceil("min"), stretch.start).get("count", 0))
    return count if count * stretch.within >= _CLEAR else 0


def failures(evidence: Evidence) -> int:
    """Return how many failures the log shows since the errors began: of the program, and of the gateway."""
    signals = evidence.signals
    return signals.failures + signals.count("refused", "reset", "no_answer")


def is_new(evidence: Evidence, kind: Any, detail: str | None = None) -> bool | None:
    """Return whether the log says something more often than before the errors; None where it does not reach back."""
    before, within = evidence.quiet, evidence.signals
    if before.read < 50 or evidence.requests.since is None or before.start is None or before.end is None:
        return None
    quiet = max((before.end - before.start).total_seconds(), 60.0)
    since = within.start or evidence.requests.since
    lasted = max((evidence.now - since).total_seconds(), 60.0)

    def rate(signals: Any, seconds: float) -> float:
        lines = [signal.count for signal in signals.of(kind) if detail is None or signal.detail == detail]
        return float(sum(lines)) / seconds

    return rate(within, lasted) > 3 * rate(before, quiet)
