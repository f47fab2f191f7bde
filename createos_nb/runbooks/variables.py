"""Setting run-time variables or copying them, and the redeployment that applies them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from createos_nb.errors import InvalidInput
from createos_nb.plans.apply import make_plan
from createos_nb.plans.context import TransientInputs
from createos_nb.plans.plan import Plan
from createos_nb.plans.snapshot import Snapshot, id_of, name_of, version_of
from createos_nb.plans.steps.base import CREATED
from createos_nb.plans.steps.environments import assign_step, target_of
from createos_nb.plans.steps.variables import ABSENT, CopyVariables, SetVariables, fingerprints, variables_of
from createos_nb.runbooks.arguments import validate, validate_variables
from createos_nb.runbooks.redeploy import redeploy_step

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.contract.environments import Environment
    from createos_nb.contract.projects import Project
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
        further, warnings = _redeployment(snapshot, owner, row, redeploy)
        steps += further
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


def copy_variables(
    client: Client,
    project: str,
    source: str,
    target: str,
    *,
    names: Sequence[str] | None = None,
    redeploy: bool = True,
) -> Plan:
    """Copy run-time variables from one environment of a project to another; all others of the target stay.

    Values show as dots, here, in the plan, and in the journal, which holds none. They are read from the source right
    before they are written: where they have changed since the plan was made, it is refused.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        source: name or id of the environment that the values come from.
        target: name or id of the environment that gets them.
        names: the variables to copy; None: all of the source.
        redeploy: redeploy what is live in the target and assign it, as `set_variables` does; without it the variables
            apply from the next deployment on.

    Returns:
        A plan of at most three steps (copy, redeploy, assign); of none where nothing differs. Nothing is changed before
        `apply`.

    Raises:
        InvalidInput: source and target are the same, or the source has no variable of a name.
        UnknownName: there is no such project or environment.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.copy_variables(
        ...     client, "storefront", "production", "staging", names=["LOG_LEVEL"], redeploy=False
        ... )
        >>> plan.frame()[["what", "before", "after"]].values.tolist()
        [['copy variables of production to staging: LOG_LEVEL', '••••••', '•••••• (another value)']]
    """
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project, "environments")
    there, here = snapshot.find_environment(owner, source), snapshot.find_environment(owner, target)
    if there.id == here.id:
        raise InvalidInput(f"copy_variables: source and target are both {name_of(here)}: name two environments")
    held = variables_of(there)
    wanted = _names(names, held, f"{name_of(owner)} / {name_of(there)}")
    now, desired = (
        fingerprints(client, variables_of(here)),
        fingerprints(client, {name: held[name] for name in wanted}),
    )
    changed = {name: value for name, value in desired.items() if now.get(name, ABSENT) != value}
    steps: list[Step] = []
    inputs: dict[int, TransientInputs] = {}
    warnings: list[str] = []
    if changed:
        steps.append(
            CopyVariables(
                target=target_of(owner, here),
                why="asked for",
                source=id_of(there),
                source_name=name_of(there),
                before={name: now.get(name, ABSENT) for name in changed},
                after=changed,
                others={name: fingerprint for name, fingerprint in now.items() if name not in changed},
            )
        )
        inputs[0] = TransientInputs()
        further, warnings = _redeployment(snapshot, owner, here, redeploy)
        steps += further
        warnings.append("both environments then have these values: the documentation advises different secrets in each")
    return make_plan(
        snapshot,
        f"copy variables of {name_of(owner)} from {name_of(there)} to {name_of(here)}: "
        f"{', '.join(changed) or 'nothing changes'}",
        steps,
        runbook="copy_variables",
        arguments={
            "project": id_of(owner),
            "source": id_of(there),
            "target": id_of(here),
            "variables": desired,
            "redeploy": redeploy,
        },
        inputs=inputs,
        warnings=warnings,
    )


def _names(names: Sequence[str] | None, held: Mapping[str, Secret], where: str) -> list[str]:
    """The variables to copy. Raises `InvalidInput`."""
    if isinstance(names, str):
        raise InvalidInput(f"copy_variables: names is a list of names, such as [{names!r}], not a text")
    wanted = list(held) if names is None else list(dict.fromkeys(names))
    unknown = [name for name in wanted if name not in held]
    if unknown:
        there = ", ".join(sorted(held)) or "none"
        raise InvalidInput(f"copy_variables: {where} has no variable {', '.join(map(str, unknown))}; it has: {there}")
    if not wanted:
        raise InvalidInput(f"copy_variables: {where} has no variable that could be copied, or names= is empty")
    return wanted


def _redeployment(snapshot: Snapshot, owner: Project, row: Environment, redeploy: bool) -> tuple[list[Step], list[str]]:
    """The steps that apply new variables to what is live, after the step that sets them; else a warning."""
    running = snapshot.live_deployment(id_of(owner), row)
    if running is None:
        return [], ["nothing is live in it: the variables apply from its first deployment on"]
    if not redeploy:
        return [], [f"{version_of(running)} keeps the old values until the next deployment"]
    name = f"the new deployment of {version_of(running)}"
    return [
        redeploy_step(owner, running, "to apply the new variables"),
        assign_step(owner, row, running, f"{CREATED}1", name, "to serve with them"),
    ], []
