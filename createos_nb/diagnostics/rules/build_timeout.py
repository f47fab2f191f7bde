"""A build takes longer than the platform allows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from createos_nb.diagnostics.diagnosis import Finding
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.rules._builds import build_settings_call, builds, finding


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find builds that were ended for their length."""
    for build, _ in builds(evidence, "build_timeout"):
        call = None
        if build.row["settings_has_dockerfile"] is True:
            fix = "Build an image elsewhere and deploy that, or make the build shorter."
        elif evidence.in_repository("Dockerfile", build.row["source_branch"]):
            fix = "Switch has_dockerfile on, for the repository has a Dockerfile, and deploy the commit again."
            call = build_settings_call(evidence, build, {"has_dockerfile": True})
        else:
            fix = "Write a Dockerfile whose layers are kept, and switch has_dockerfile on; or deploy a prebuilt image."
        yield finding(evidence, "build_timeout", build, fix, call)
