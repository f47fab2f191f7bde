"""The project is not active: the platform shows and serves nothing of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from createos_nb.diagnostics.diagnosis import Finding
from createos_nb.diagnostics.evidence.evidence import Evidence


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find a project whose status is another than active."""
    if evidence.is_active:
        return
    status = str(evidence.project["status"])
    yield Finding(
        "suspended",
        evidence.name,
        evidence.project["updated_at"],
        0.97,
        (f"the project is {status}",),
        (),
        "Resume the project." if status.startswith("suspend") else f"Nothing: the project is {status}.",
    )
