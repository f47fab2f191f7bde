"""Failed builds as findings: what the rules of builds have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from createos_nb.causes import Cause
from createos_nb.diagnostics.diagnosis import Finding, RunbookCall
from createos_nb.diagnostics.evidence.build_signals import BuildSignal
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.evidence.failed_builds import FailedBuild
from createos_nb.diagnostics.runbook_calls import ASKED_FOR, settings_call


def builds(evidence: Evidence, cause: Cause) -> Iterator[tuple[FailedBuild, BuildSignal]]:
    """Return the failed builds whose log names a cause."""
    for build in evidence.failed_builds:
        if build.signal is not None and build.signal.cause == cause:
            yield build, build.signal


def build_settings_call(evidence: Evidence, build: FailedBuild, changes: Mapping[str, Any]) -> RunbookCall:
    """Return the change of settings after which a failed build is made again; its branch decides what it serves."""
    return settings_call(evidence.client, evidence.name, changes, version=build.version)


def build_variable_call(evidence: Evidence, build: FailedBuild, variable: str) -> RunbookCall | None:
    """Return the setting of a build variable, whose value has to be asked for; None where the log names none."""
    return build_settings_call(evidence, build, {"build_vars": {variable: ASKED_FOR}}) if variable else None


def finding(
    evidence: Evidence,
    cause: Cause,
    build: FailedBuild,
    fix: str,
    runbook: RunbookCall | None,
    *,
    weight: float = 0.95,
    more: tuple[str, ...] = (),
    against: tuple[str, ...] = (),
) -> Finding:
    """Return what a failed build shows."""
    row = build.row
    branch = row["source_branch"]
    where = f" of {branch}" if isinstance(branch, str) and branch else ""
    texts = [f"version {build.version}{where} failed ({row['status']})"]
    if build.signal is not None and build.signal.line:
        texts.append(f'its build log says "{build.signal.line[:200]}"')
    if build.failures > 1:
        texts.append(f"{build.failures} versions in a row have failed")
    if build.last_good is not None:
        texts.append(f"version {build.last_good} was deployed before it")
    # since when: the first of those that failed in a row would need the page before; the newest is what is known
    return Finding(cause, evidence.name, row["created_at"], weight, (*texts, *more), against, fix, runbook)
