"""Setting run-time variables, and the redeployment that applies them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from createos_nb.errors import InvalidInput
from createos_nb.plans.apply import make_plan
from createos_nb.plans.context import TransientInputs
from createos_nb.plans.plan import Plan
from createos_nb.plans.snapshot import Snapshot, id_of, name_of, version_of
from createos_nb.plans.steps.base import CREATED
from createos_nb.plans.steps.environments import assign_step, target_of
from createos_nb.plans.steps.variables import ABSENT, SetVariables, fingerprints, variables_of
from createos_nb.runbooks.arguments import validate, validate_variables
from createos_nb.runbooks.redeploy import redeploy_step

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.steps.base import Step
    from createos_nb.redaction import Secret


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
    """Set run-time variables of an environment: a text sets one, None deletes one, all others stay.

    Values show as dots, here, in the plan, and in the journal, which holds none: a run that is resumed by
    `plans.resume` needs `variables=` again.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        environment: name or id of the environment.
        variables: the new value of each variable by its name; None deletes it.
        replace: delete the variables that are not named.
        redeploy: redeploy what is live by its project's type (vcs: its commit is built again; image: deployed again;
            upload: its files are downloaded and uploaded again) and assign it; without it the variables apply from the
            next deployment on.
        port: the port that the app listens on, for an image project only.

    Returns:
        A plan of at most three steps (set, redeploy, assign); of none where nothing differs. Nothing is changed before
        `apply`.

    Raises:
        InvalidInput: a name or a value can't be a variable, or `port` is given for another type of project.
        UnknownName: there is no such project or environment.

    Examples:
        >>> client = createos_nb.simulate()
        >>> variables = {"LOG_LEVEL": "debug"}
        >>> plan = createos_nb.runbooks.set_variables(client, "storefront", "staging", variables)
        >>> [step.operation for step in plan.steps]
        ['UpdateProjectEnvironmentEnvironmentVariables', 'RetriggerDeployment', 'AssignDeploymentToProjectEnvironment']
    """
    values = validate_variables(variables)
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project, "environments")
    row = snapshot.find_environment(owner, environment)
    if port is not None and owner.type != "image":
        raise InvalidInput("port: only an environment of an image project has one of its own")
    if port is not None:
        port = validate(client, "UpdateProjectEnvironmentEnvironmentVariables", "port", port)
    current = variables_of(row)
    if replace:
        values |= {name: None for name in current if name not in values}
    now, desired = fingerprints(client, current), fingerprints(client, values)
    changed = {name: value for name, value in values.items() if now.get(name, ABSENT) != desired[name]}
    steps: list[Step] = []
    inputs: dict[int, TransientInputs] = {}
    warnings: list[str] = []
    if changed or port is not None:
        steps.append(
            SetVariables(
                target=target_of(owner, row),
                why="asked for",
                before={name: now.get(name, ABSENT) for name in changed},
                after={name: desired[name] for name in changed},
                others={name: fingerprint for name, fingerprint in now.items() if name not in changed},
                port=port,
            )
        )
        inputs[0] = TransientInputs(values=changed)
        running = snapshot.live_deployment(id_of(owner), row)
        if running is None:
            warnings.append("nothing is live in it: the variables apply from its first deployment on")
        elif not redeploy:
            warnings.append(f"{version_of(running)} keeps the old values until the next deployment")
        else:
            steps.append(redeploy_step(owner, running, "to apply the new variables"))
            name = f"the new deployment of {version_of(running)}"
            steps.append(assign_step(owner, row, running, f"{CREATED}1", name, "to serve with them"))
    return make_plan(
        snapshot,
        f"set variables of {name_of(owner)} / {name_of(row)}: {', '.join(changed) or 'nothing changes'}",
        steps,
        runbook="set_variables",
        arguments={
            "project": id_of(owner),
            "environment": id_of(row),
            "variables": desired,
            "replace": replace,
            "redeploy": redeploy,
            "port": port,
        },
        inputs=inputs,
        warnings=warnings,
    )
