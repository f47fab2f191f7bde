"""The program listens on another port than the project's settings say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from createos_nb.diagnostics.diagnosis import Finding
from createos_nb.diagnostics.evidence.build_fixes import build_fix
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.evidence.figures import errors_text
from createos_nb.diagnostics.rules._builds import build_settings_call, builds, finding
from createos_nb.diagnostics.rules._support import release_before
from createos_nb.diagnostics.runbook_calls import settings_call


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find health checks that are refused while the program listens elsewhere, at runtime and at a deployment."""
    for build, said in builds(evidence, "wrong_port"):
        call = build_settings_call(evidence, build, {"port": said.port}) if said.port else None
        yield finding(evidence, "wrong_port", build, build_fix(said).text, call)
    port = evidence.project["settings_port"]
    for signal in evidence.signals.of("port"):
        if not signal.detail or (signal.detail == str(port) and evidence.requests.failing < 0.5):
            continue
        change = release_before(evidence, evidence.requests.since)
        texts = [f'the log says "{signal.example[:160]}" {signal.count:,} times', errors_text(evidence)]
        if change is not None:
            texts.append(f"{change.text} at {change.time:%H:%M}")
        environment = None if evidence.environment is None else str(evidence.environment["unique_name"])
        call = settings_call(evidence.client, evidence.name, {"port": int(signal.detail)}, environment=environment)
        back = f"; until then a rollback to version {evidence.earlier} serves" if evidence.earlier else ""
        fix = f"Set the project's port to {signal.detail}, and deploy the commit again with the project's settings"
        yield Finding(
            "wrong_port",
            evidence.where,
            evidence.requests.since or signal.first,
            0.96,
            tuple(texts),
            (),
            f"{fix}{back}.",
            call,
        )
        return
