"""Each environment has secrets of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from createos_nb.diagnostics.evidence.account import EnvironmentEvidence
from createos_nb.diagnostics.practices._practice import Outcome
from createos_nb.diagnostics.practices._support import is_production, text
from createos_nb.diagnostics.runbook_calls import variables_call
from createos_nb.redaction import Secret
from createos_nb.uploads.secret_tokens import form_in

GROUP = "security"
SEVERITY = "high"
SCOPE = "environment"
ASKS = "different secrets in each environment"

#: Names of variables that hold secrets, and of those that only sound so.
_SECRET: Final = re.compile(r"(?i)secret|token|passw|passphrase|credential|private|(?:^|_)(?:pwd|dsn|auth|key)(?:_|$)")
_PUBLIC: Final = re.compile(r"(?i)public|publishable|(?:^|_)id$|_url$|_file$|_path$|_name$")


def look(environment: EnvironmentEvidence) -> Iterator[Outcome]:
    """Compare the values of what looks like a secret with those of the other environments; none is shown.

    Two environments on one branch are the sides of a blue-green pair, which serve the same users with the same secrets.
    """
    own = _secrets(environment.variables)
    if not environment.siblings:
        yield Outcome(True, "it is the only environment of its project")
        return
    shared = sorted(_secrets(environment.project.variables))
    equal: dict[str, list[EnvironmentEvidence]] = {}
    for other in environment.siblings:
        if _same_branch(environment, other):
            continue
        for name, value in own.items():
            if value == other.variables.get(name):
                equal.setdefault(name, []).append(other)
    found = [f"{name} has the same value in {', '.join(one.name for one in equal[name])}" for name in sorted(equal)]
    found += [f"{name} is set for the whole project, and so the same everywhere" for name in shared]
    if not found:
        held = f"{', '.join(sorted(own))}: no other environment has the same value" if own else "it has none"
        yield Outcome(True, held)
        return
    names = sorted({*equal, *shared})
    others = [one for name in sorted(equal) for one in equal[name]]
    target = _to_change(environment, others)
    yield Outcome(
        False,
        "; ".join(found),
        f"Give {target.name} {', '.join(names)} of its own, and deploy there again.",
        variables_call(environment.client, environment.project.name, target.name, *names),
    )


def _secrets(values: dict[str, Secret]) -> dict[str, Secret]:
    return {name: value for name, value in values.items() if _is_secret(name, value.reveal())}


def _is_secret(name: str, value: str) -> bool:
    if form_in(value.encode("utf-8", "replace")):
        return True
    return bool(_SECRET.search(name)) and not _PUBLIC.search(name)


def _same_branch(one: EnvironmentEvidence, other: EnvironmentEvidence) -> bool:
    branch = text(one.row, "branch")
    return bool(branch) and branch == text(other.row, "branch")


def _to_change(environment: EnvironmentEvidence, others: list[EnvironmentEvidence]) -> EnvironmentEvidence:
    """Return the environment that gets another value: not production, where another one will do."""
    if is_production(environment) is not True:
        return environment
    return next((one for one in others if is_production(one) is not True), environment)
