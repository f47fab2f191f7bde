"""Calls of runbooks, as diagnoses and practices name them: the one place that knows their arguments and notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from createos_nb.diagnostics.diagnosis import RunbookCall

if TYPE_CHECKING:
    from createos_nb.client.client import Client

#: What stands for a value that only its owner knows.
ASKED_FOR: Final = "…"


def world_of(client: Client) -> dict[str, Any]:
    """Return the parameter that says where a notebook runs: the platform; a simulated world has to be named."""
    return {} if client.simulated else {"world": "live"}


def settings_call(
    client: Client,
    project: str,
    changes: Mapping[str, Any],
    *,
    redeploy: bool = True,
    environment: str | None = None,
    version: int | None = None,
) -> RunbookCall:
    """Return the change of build and run settings of a project, and the deployment that applies it.

    Args:
        client: An open client.
        project: Name of the project.
        changes: The settings; a value that has to be asked for is `ASKED_FOR`.
        redeploy: Whether to deploy once more.
        environment: The environment that gets the new deployment; None for none.
        version: The version that is made again.

    Returns:
        The call. The notebook watches an environment, and so is named where there is one; it takes one build variable
        by its name alone, and the value from where it runs.
    """
    options: dict[str, Any] = {**changes, **({"redeploy": True} if redeploy else {})}
    if environment is not None:
        options["environment"] = environment
    if version is not None:
        options["deployment"] = version
    if environment is None:
        return RunbookCall("settings", (project,), options)
    variables = list(changes.get("build_vars", ()))
    parameters = {
        "project": project,
        "environment": environment,
        "changes": {name: value for name, value in changes.items() if name != "build_vars"},
        **({"build_variable": variables[0]} if variables else {}),
        **({} if redeploy else {"redeploy": False}),
        **({} if version is None else {"deployment": str(version)}),
        **world_of(client),
    }
    return RunbookCall("settings", (project,), options, "52_project_settings", parameters)


def scale_call(client: Client, project: str, environment: str, **resources: int) -> RunbookCall:
    """Return the scaling of an environment."""
    parameters = {"project": project, "environment": environment, **resources, **world_of(client)}
    if "replicas" not in resources:
        parameters["replicas"] = 0
    return RunbookCall("scale", (project, environment), resources, "44_scale", parameters)


def variables_call(client: Client, project: str, environment: str, *names: str) -> RunbookCall:
    """Return the setting of run-time variables, whose values have to be asked for; the notebook sets the first."""
    parameters = {"project": project, "environment": environment, "variable": names[0], **world_of(client)}
    return RunbookCall(
        "set_variables",
        (project, environment),
        {"variables": dict.fromkeys(names, ASKED_FOR)},
        "45_variables_and_secrets",
        parameters,
    )
