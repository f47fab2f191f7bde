"""What puts a failed build right, as far as its log tells: a sentence, and the settings that it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from createos_nb.diagnostics.evidence.build_signals import BuildSignal
from createos_nb.diagnostics.runbook_calls import ASKED_FOR


@dataclass(frozen=True)
class BuildFix:
    """What puts a failed build right.

    Attributes:
        text: what to do, as a sentence.
        settings: the settings of the project that it changes, by name, as `runbooks.settings` takes them; a value that
            has to be asked for is `ASKED_FOR`. Empty where no setting puts it right.
    """

    text: str
    settings: Mapping[str, Any] = field(default_factory=dict)


def build_fix(signal: BuildSignal) -> BuildFix:
    """Return what puts a failed build right, as its log tells.

    Args:
        signal: What `read_build` says of the log.

    Returns:
        The fix; its text alone where no setting of the project is to blame.

    Examples:
        >>> from createos_nb.diagnostics.evidence.build_fixes import build_fix
        >>> from createos_nb.diagnostics.evidence.build_signals import read_build
        >>> build_fix(read_build(["ERROR: package @juniper/money@4.0.0 was not found"])).text
        'Correct the package @juniper/money@4.0.0 in the repository, and push.'
    """
    match signal.cause:
        case "private_package" | "missing_variable":
            what = signal.variable or ("the variable" if signal.cause == "missing_variable" else "the registry's token")
            text = f"Set {what} among the project's build_vars, and deploy the commit again."
            return BuildFix(text, {"build_vars": {signal.variable: ASKED_FOR}} if signal.variable else {})
        case "wrong_port":
            port = str(signal.port or "the one that the program listens on")
            text = f"Set the project's port to {port}, and deploy the commit again with the project's settings."
            return BuildFix(text, {"port": signal.port} if signal.port else {})
        case "monorepo_path":
            # which of several folders it is, only the project's settings can tell
            folders = [folder.lstrip("/") for folder in signal.directories]
            where = f"{folders[0]!r}" if len(folders) == 1 else "the program's folder"
            text = f"Set directory_path to {where}, and deploy the commit again with the project's settings."
            return BuildFix(text, {"directory_path": folders[0]} if len(folders) == 1 else {})
        case "out_of_memory":
            return BuildFix("Make the build smaller, or build an image elsewhere and deploy that.")
        case "build_timeout":
            return BuildFix("Make the build shorter, or build an image elsewhere and deploy that.")
    line = signal.line.lower()
    if "repository" in line and "not found" in line:
        text = "Create the project again with the repository id that GitHub gives, or let the installation read it."
    elif signal.package:
        text = f"Correct the package {signal.package} in the repository, and push."
    elif "dockerfile" in line:
        text = "Correct the instruction of the Dockerfile, and push."
    else:
        text = "Correct the error in the repository, and push."
    return BuildFix(text)
