"""A build or a process ends because a variable is not set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from createos_nb.diagnostics.diagnosis import Finding
from createos_nb.diagnostics.evidence.build_fixes import build_fix
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.evidence.figures import errors_text
from createos_nb.diagnostics.rules._builds import build_variable_call, builds, finding
from createos_nb.diagnostics.rules._support import failures, release_before
from createos_nb.diagnostics.runbook_calls import variables_call


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find builds and processes whose log names a variable that is absent."""
    for build, said in builds(evidence, "missing_variable"):
        call = build_variable_call(evidence, build, said.variable)
        yield finding(evidence, "missing_variable", build, build_fix(said).text, call)
    if evidence.environment is None:
        return
    for signal in evidence.signals.of("missing_variable"):
        if signal.count < max(1, 0.05 * failures(evidence)) and not evidence.signals.count("crash"):
            continue
        environment = str(evidence.environment["unique_name"])
        values = evidence.environment["run_envs"]
        known = isinstance(values, dict)
        texts = [f'the log says "{signal.example[:160]}" {signal.count:,} times', errors_text(evidence)]
        against = []
        if known and signal.detail in values:
            against.append(f"{signal.detail} is set among the environment's variables now")
        elif known:
            texts.append(f"{signal.detail} is not among the environment's variables")
        change = release_before(evidence, evidence.requests.since)
        if change is not None:
            texts.append(f"{change.text} at {change.time:%H:%M}")
        back = f"; until then version {evidence.earlier} serves" if evidence.earlier else ""
        yield Finding(
            "missing_variable",
            evidence.where,
            evidence.requests.since or signal.first,
            0.96 if not against else 0.7,
            tuple(texts),
            tuple(against),
            f"Set {signal.detail} in {environment}, and deploy the commit again{back}.",
            variables_call(evidence.client, evidence.name, environment, signal.detail),
        )
        return
