"""Security scanning is on."""

from __future__ import annotations

from collections.abc import Iterator

from createos_nb.diagnostics.evidence.account import ProjectEvidence
from createos_nb.diagnostics.practices._practice import Outcome
from createos_nb.diagnostics.practices._support import flag, text

GROUP = "security"
SEVERITY = "medium"
SCOPE = "project"
ASKS = "security scanning on"


def look(project: ProjectEvidence) -> Iterator[Outcome]:
    """Look at the switch of the project."""
    scanned = flag(project.row, "enabled_security_scan")
    if scanned is None:
        yield Outcome(None, "the platform does not say whether deployments are scanned")
    elif scanned:
        yield Outcome(True, "deployments are scanned")
    else:
        name = text(project.row, "display_name") or project.name
        call = f"client.projects.update({project.name!r}, display_name={name!r}, enabled_security_scan=True)"
        yield Outcome(False, "scanning is switched off", f"Switch it on: {call}.")
