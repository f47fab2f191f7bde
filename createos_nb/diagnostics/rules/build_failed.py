"""A build ends with an error that no more exact word names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from createos_nb.diagnostics.diagnosis import Finding
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.rules._builds import builds, finding


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find failed builds."""
    for build, signal in builds(evidence, "build_failed"):
        line = signal.line.lower()
        if "repository" in line and "not found" in line:
            fix = "Create the project again with the repository id that GitHub gives, or let the installation read it."
        elif signal.package:
            fix = f"Correct the package {signal.package} in the repository, and push."
        elif "dockerfile" in line:
            fix = "Correct the instruction of the Dockerfile, and push."
        else:
            fix = "Correct the error in the repository, and push."
        yield finding(evidence, "build_failed", build, fix, None, weight=0.9)
    for build in evidence.failed_builds:
        if build.signal is None:
            yield finding(evidence, "build_failed", build, "Read its build log.", None, weight=0.55)
