"""What creating a project from a repository wants beyond the schema.

One source says it: the platform's migration guide for Vercel users (April 2026), whose authors tried it on the running
platform. The schema is laxer. So the simulator refuses it in its production dialect only, and the client warns before
it sends, and leaves the platform the last word.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

SOURCE: Final = "the platform's migration guide for Vercel users (April 2026)"
COMMANDS: Final = ("installCommand", "buildCommand", "runCommand")
NEVER_EMPTY: Final = (*COMMANDS, "buildDir")
"""Settings that are left out where they have no value; an empty text is refused."""


def creation_problems(settings: Mapping[str, Any]) -> list[str]:
    """Return why a new vcs project with these settings is refused, each with what to change.

    Args:
        settings: The settings in the wire's spelling.

    Returns:
        Sentences; none where the settings serve.

    Examples:
        >>> from createos_nb.contract.creation import creation_problems
        >>> creation_problems({"framework": "nextjs", "port": 3000})
        []
        >>> creation_problems({"framework": "nextjs", "port": 3000, "buildDir": ""})
        ['settings.buildDir is empty: leave the field out']
    """
    problems = [f"settings.{name} is empty: leave the field out" for name in NEVER_EMPTY if settings.get(name) == ""]
    if settings.get("port") is None:
        problems.append("settings.port is required: give the port that the app listens on")
    if settings.get("runtime") == "static":
        problems.append("settings.runtime: static is for upload projects only: give another runtime, or a framework")
    if not settings.get("runtime") and not settings.get("framework"):
        problems.append("settings.runtime or settings.framework is required: give one of them, or both")
    supplied = any(settings.get(name) for name in ("useBuildAI", "framework", "hasDockerfile"))
    missing = [name for name in COMMANDS if settings.get(name) is None]
    if missing and not supplied:
        problems.append(
            f"settings.{missing[0]} is required: give installCommand, buildCommand and runCommand, or set useBuildAI, "
            "or give a framework or a Dockerfile (hasDockerfile)"
        )
    return problems
