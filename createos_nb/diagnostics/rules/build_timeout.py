"""A build takes longer than the platform allows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from createos_nb.diagnostics.diagnosis import Finding
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.rules._builds import builds, finding


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find builds that were ended for their length."""
    for build, _ in builds(evidence, "build_timeout"):
        has_file = bool(build.row["settings_has_dockerfile"] is True)
        fix = (
            "Build an image elsewhere and deploy that, or make the build shorter."
            if has_file
            else (
                "Switch has_dockerfile on, with a Dockerfile whose layers are kept, and deploy the commit again; "
                "or deploy a prebuilt image."
            )
        )
        yield finding(evidence, "build_timeout", build, fix, None)
