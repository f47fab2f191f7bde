"""Errors began when variables, settings or resources were changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from createos_nb.diagnostics.diagnosis import Finding, RunbookCall
from createos_nb.diagnostics.evidence.changes import Change
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.evidence.figures import clock, errors_text
from createos_nb.diagnostics.rules._support import SOON, scale_environment, served_well
from createos_nb.diagnostics.runbook_calls import variables_call

ORDER = 3
#: What a replica, and an environment, may have at most.
_MEMORY, _REPLICAS = 1024, 3
#: Parts of hosts that variables name otherwise.
_ALIASES = {"db": "database", "postgres": "database", "mysql": "database", "redis": "cache", "mq": "queue"}


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find a change of the environment with which errors began, where nothing more exact explains them."""
    if evidence.environment is None or evidence.requests.trouble is None or evidence.requests.since is None:
        return
    for change in evidence.changes:
        if change.kind not in ("configuration", "environment", "settings"):
            continue
        after = evidence.requests.since - change.time
        if not -SOON <= after <= SOON or served_well(evidence, change):
            continue
        if any(one.where == evidence.where and one.weight >= 0.8 for one in found):
            return
        weight = 0.85 if change.kind == "configuration" else 0.5
        texts = [f"{change.text} at {clock(change.time, evidence.now)}", errors_text(evidence)]
        against = () if change.kind == "configuration" else ("the platform does not say which of them it was",)
        fix, call = _fix(evidence, change, texts)
        yield Finding(
            "configuration_change", evidence.where, evidence.requests.since, weight, tuple(texts), against, fix, call
        )
        return


def _fix(evidence: Evidence, change: Change, texts: list[str]) -> tuple[str, RunbookCall | None]:
    """Return what sets it back, and add what the log says of it to the evidence."""
    assert evidence.environment is not None
    if evidence.signals.count("throttled"):
        texts.append("the log says that the CPU is throttled")
        return "Give it the replicas again that it had.", scale_environment(evidence, replicas=_REPLICAS)
    if evidence.signals.count("out_of_memory"):
        texts.append("the log says that processes are killed for their memory")
        return "Give it the memory again that it had.", scale_environment(evidence, memory=_MEMORY)
    hosts = evidence.signals.of("dependency")
    if not hosts:
        return "Set back what was changed: the journal of plans on this machine may know what it was.", None
    texts.append(f'the log says "{hosts[0].example[:160]}" {hosts[0].count:,} times')
    variable = _variable(evidence, hosts[0].detail)
    if not variable:
        return f"Set the variable that names {hosts[0].detail} back to what it was, and deploy again.", None
    environment = str(evidence.environment["unique_name"])
    return (
        f"Set {variable} back to what it was, and deploy again.",
        variables_call(evidence.client, evidence.name, environment, variable),
    )


def _variable(evidence: Evidence, host: str) -> str:
    """Return the variable whose name has a part of a host's, such as CACHE_URL for cache-9.example.net."""
    assert evidence.environment is not None
    values = evidence.environment["run_envs"]
    parts = {part for part in re.split(r"[^a-z]+", host.lower()) if part}
    parts |= {_ALIASES[part] for part in parts if part in _ALIASES}
    names = [name for name in values if parts & set(name.lower().split("_"))] if isinstance(values, dict) else []
    return str(names[0]) if len(names) == 1 else ""
