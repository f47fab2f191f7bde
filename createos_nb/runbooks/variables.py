"""Setting run-time variables, and the redeployment that makes them count."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from createos_nb.errors import InvalidInput
from createos_nb.plans.hidden import Hidden
from createos_nb.plans.plan import Plan
from createos_nb.plans.present import Present, version_of
from createos_nb.plans.steps.environments import assign_of, target_of
from createos_nb.plans.steps.step import MADE
from createos_nb.plans.steps.variables import SetVariables, prints, variables_of
from createos_nb.runbooks.again import again
from createos_nb.runbooks.asked import value_of
from createos_nb.secret import MASK, Secret

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans.steps.step import Step

_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")


def set_variables(
    client: Client,
    project: str,
    environment: str,
    variables: Mapping[str, str | Secret | None],
    *,
    replace: bool = False,
    redeploy: bool = True,
    port: int | None = None,
) -> Plan:
    """Set run-time variables of an environment: a text sets one, None takes one away, all others stay.

    `replace=True`: what is not named is taken away. `redeploy`: what is live is deployed again by the way of its
    project's type (vcs: its commit is built again; image: deployed again; upload: its files are downloaded and uploaded
    again) and made live; without it the variables count from the next deployment on. `port`: image projects only.

    Values show as dots, here, in the plan, and in the journal, which holds none: a run that is taken up by
    `plans.resume` needs `variables=` again. Raises `InvalidInput` for names and values that can't be variables.
    """
    given = _checked(variables)
    present = Present(client)
    owner = present.project_named(project)
    row = present.environment_named(owner, environment)
    if port is not None and owner.get("type") != "image":
        raise InvalidInput("port: only an environment of an image project has one of its own")
    if port is not None:
        port = value_of(client, "UpdateProjectEnvironmentEnvironmentVariables", "port", port)
    held = variables_of(row)
    if replace:
        given |= {name: None for name in held if name not in given}
    now, wanted = prints(present, held), prints(present, given)
    changed = {name: value for name, value in given.items() if now.get(name, "absent") != wanted[name]}
    steps: list[Step] = []
    hidden: dict[int, Hidden] = {}
    warnings: list[str] = []
    if changed or port is not None:
        steps.append(
            SetVariables(
                target=target_of(owner, row),
                why="asked for",
                before={name: now.get(name, "absent") for name in changed},
                after={name: wanted[name] for name in changed},
                others={name: print_ for name, print_ in now.items() if name not in changed},
                port=port,
            )
        )
        hidden[0] = Hidden(values=changed)
        live = row.get("projectDeploymentId")
        running = present.deployment(owner["id"], live) if live else None
        if running is None:
            warnings.append("nothing is live in it: the variables count from its first deployment on")
        elif not redeploy:
            warnings.append(f"{version_of(running)} keeps the old values until the next deployment")
        else:
            steps.append(again(owner, running, "so that the new variables count"))
            name = f"the new deployment of {version_of(running)}"
            steps.append(assign_of(owner, row, running, f"{MADE}1", name, "so that it serves with them"))
    return Plan(
        present,
        f"set variables of {owner['uniqueName']} / {row['uniqueName']}: {', '.join(changed) or 'nothing changes'}",
        steps,
        runbook="set_variables",
        arguments={
            "project": owner["id"],
            "environment": row["id"],
            "variables": wanted,
            "replace": replace,
            "redeploy": redeploy,
            "port": port,
        },
        hidden=hidden,
        warnings=warnings,
    )


def _checked(variables: Mapping[str, str | Secret | None]) -> dict[str, Secret | None]:
    if not isinstance(variables, Mapping):
        raise InvalidInput(f"variables: a mapping from name to text, not a {type(variables).__name__}")
    found: dict[str, Secret | None] = {}
    for name, value in variables.items():
        if not isinstance(name, str) or not _NAME.match(name):
            raise InvalidInput(f"variables: {name!r} is no name: letters, digits and _, no digit first")
        if value is not None and not isinstance(value, str | Secret):
            raise InvalidInput(f"variables: the value of {name} must be text or None, not a {type(value).__name__}")
        if value is not None and value == MASK:
            raise InvalidInput(f"variables: {name} holds the dots that stand for a masked value: give the value itself")
        found[name] = None if value is None else Secret(value)
    return found
