"""Holding and releasing an environment's auto-promotion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.plans.apply import make_plan
from createos_nb.plans.plan import Plan
from createos_nb.plans.snapshot import Snapshot, id_of, name_of
from createos_nb.plans.steps.auto_promotion import promotion_step

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.steps.base import Step


def hold(client: Client, project: str, environment: str, *, allow_description_change: bool = False) -> Plan:
    """Stop an environment from promoting new deployments by itself.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        environment: name or id of the environment.
        allow_description_change: let the plan change a description that the platform would not take back when
            auto-promotion is switched: it takes letters, digits, spaces, `_` and `-` only. The plan shows the new text.

    Returns:
        A plan of one step, or of none where auto-promotion is held already. Nothing is changed before `apply`.

    Raises:
        UnknownName: there is no such project or environment.

    Examples:
        >>> client = createos_nb.simulate("auto-promote-trap")
        >>> plan = createos_nb.runbooks.hold(client, "storefront", "production")
        >>> plan.frame()[["field", "before", "after"]].values.tolist()
        [['auto-promote', 'on', 'off']]
    """
    return _set_auto_promotion(client, project, environment, False, allow_description_change)


def release(client: Client, project: str, environment: str, *, allow_description_change: bool = False) -> Plan:
    """Let an environment promote successful deployments of its branch by itself again; see `hold`.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        environment: name or id of the environment.
        allow_description_change: let the plan change a description that the platform would not take back when
            auto-promotion is switched: it takes letters, digits, spaces, `_` and `-` only. The plan shows the new text.

    Returns:
        A plan of one step, or of none where the environment promotes already. Nothing is changed before `apply`.

    Raises:
        UnknownName: there is no such project or environment.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.release(client, "storefront", "production")
        >>> plan.frame()[["field", "before", "after"]].values.tolist()
        [['auto-promote', 'off', 'on']]
    """
    return _set_auto_promotion(client, project, environment, True, allow_description_change)


def _set_auto_promotion(client: Client, project: str, environment: str, on: bool, allow: bool) -> Plan:
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project, "environments")
    row = snapshot.find_environment(owner, environment)
    word = "release" if on else "hold"
    steps: list[Step] = []
    warnings: list[str] = []
    if bool(row.is_auto_promote_enabled) != on:
        why = "so that new deployments go live by themselves" if on else "so that no push replaces what is live"
        step, warnings = promotion_step(owner, row, on, why, allow)
        steps.append(step)
    return make_plan(
        snapshot,
        f"{word} auto-promotion of {name_of(owner)} / {name_of(row)}",
        steps,
        runbook=word,
        arguments={"project": id_of(owner), "environment": id_of(row), "allow_description_change": allow},
        warnings=warnings,
    )
