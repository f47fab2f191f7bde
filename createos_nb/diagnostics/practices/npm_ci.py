"""`npm ci` installs exactly what is locked; `npm install` does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from createos_nb.diagnostics.evidence.account import ProjectEvidence
from createos_nb.diagnostics.practices._practice import Outcome
from createos_nb.diagnostics.practices._support import flag, quoted, secret_in, text
from createos_nb.diagnostics.runbook_calls import ASKED_FOR, settings_call

GROUP = "performance"
SEVERITY = "low"
SCOPE = "project"
ASKS = "`npm ci` rather than `npm install`"

#: `npm install` of what package.json names: not of a package, and not for the whole machine.
_INSTALL: Final = re.compile(r"\bnpm\s+(?:install|i)\b(?=(?:\s+-(?!g\b|-global\b)\S+)*\s*(?:&&|\|\||;|$))")
_CI: Final = re.compile(r"\bnpm\s+(?:ci|clean-install)\b")
_FIELDS: Final = ("install_command", "build_command")
_FRAMEWORKS: Final = frozenset(
    ("nextjs", "reactjs-spa", "reactjs-ssr", "vuejs-spa", "vuejs-ssr", "nuxtjs", "astro", "remix", "express")
)


def look(project: ProjectEvidence) -> Iterator[Outcome]:
    """Read the commands of the build, in projects whose build is of Node."""
    row = project.row
    commands = {name: text(row, f"settings_{name}") for name in _FIELDS}
    wrong = {name: _INSTALL.sub("npm ci", command) for name, command in commands.items() if _INSTALL.search(command)}
    if wrong:
        said = "; ".join(f"{name} is {quoted(commands[name])}" for name in wrong)
        fix = "Install what package-lock.json locks; the lock file has to be in the repository."
        wrong = {name: ASKED_FOR if secret_in(command) else command for name, command in wrong.items()}
        yield Outcome(False, said, fix, settings_call(project.client, project.name, wrong, redeploy=False))
        return
    node = text(row, "settings_runtime").startswith("node") or text(row, "settings_framework") in _FRAMEWORKS
    if row["type"] == "image" or not (node or any("npm" in command for command in commands.values())):
        return
    installs = commands["install_command"]
    if any(_CI.search(command) for command in commands.values()):
        yield Outcome(
            True, f"install_command is {quoted(installs)}" if _CI.search(installs) else "the build runs npm ci"
        )
    elif flag(row, "settings_has_dockerfile"):
        yield Outcome(None, "its Dockerfile installs, which the API does not show")
    elif not installs:
        yield Outcome(None, "no install_command is set: the platform chooses one")
    elif re.search(r"\bnpm\b", installs):
        yield Outcome(None, f"install_command is {quoted(installs)}")
    else:
        yield Outcome(True, f"install_command is {quoted(installs)}, which is not npm's")
