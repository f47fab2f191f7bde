"""No secrets in code: variables instead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from createos_nb.diagnostics.evidence.account import ProjectEvidence
from createos_nb.diagnostics.practices._practice import Outcome
from createos_nb.diagnostics.practices._support import mapping, secret_in, text
from createos_nb.diagnostics.runbook_calls import ASKED_FOR, settings_call

GROUP = "security"
SEVERITY = "high"
SCOPE = "project"
ASKS = "no secrets in code, variables instead"

_COMMANDS: Final = ("install_command", "build_command", "run_command", "build_flag", "run_flag")


def look(project: ProjectEvidence) -> Iterator[Outcome]:
    """Look for secrets in the texts that the platform shows: commands, flags, descriptions. Code it does not show."""
    found: list[str] = []
    fields: list[str] = []
    for name in _COMMANDS:
        if kind := secret_in(text(project.row, f"settings_{name}")):
            found.append(f"{name} holds {kind}")
            fields.append(name)
    for name, value in mapping(project.row, "settings_build_flags").items():
        if kind := secret_in(f"{name}={value}"):
            found.append(f"build_flags has {kind} in {name}")
    if kind := secret_in(text(project.row, "description")):
        found.append(f"the description of the project holds {kind}")
    for environment in project.environments or ():
        if kind := secret_in(text(environment.row, "description")):
            found.append(f"the description of {environment.name} holds {kind}")
    if not found:
        yield Outcome(None, "commands, flags and descriptions hold none; the code itself the API does not show")
        return
    call = None
    if fields:
        call = settings_call(project.client, project.name, dict.fromkeys(fields, ASKED_FOR), redeploy=False)
    fix = "Replace the secret, for whoever reads the settings has it, and give the new one as a variable."
    yield Outcome(False, "; ".join(found), fix, call)
