"""A build ends with an error that no more exact word names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from createos_nb.diagnostics.diagnosis import Finding
from createos_nb.diagnostics.evidence.build_fixes import build_fix
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.rules._builds import builds, finding


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find failed builds."""
    for build, signal in builds(evidence, "build_failed"):
        yield finding(evidence, "build_failed", build, build_fix(signal).text, None, weight=0.9)
    for build in evidence.failed_builds:
        if build.signal is None:
            yield finding(evidence, "build_failed", build, "Read its build log.", None, weight=0.55)
