"""Holding and releasing an environment's auto-promotion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from createos_nb.plans.apply import make_plan
from createos_nb.plans.plan import Plan
from createos_nb.plans.snapshot import Snapshot, id_of, name_of
from createos_nb.plans.steps.environments import Update, accepted, target_of, texts_of

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.contract.environments import Environment
    from createos_nb.contract.projects import Project
    from createos_nb.plans.steps.base import Step


def hold(client: Client, project: str, environment: str, *, allow_description_change: bool = False) -> Plan:
    """Stop an environment from promoting new deployments by itself.

    The platform takes this change only together with a description of letters, digits, spaces, `_` and `-`; where the
    snapshot one is otherwise, `allow_description_change=True` lets the plan change it, and shows to what.
    """
    return _set_auto_promotion(client, project, environment, False, allow_description_change)


def release(client: Client, project: str, environment: str, *, allow_description_change: bool = False) -> Plan:
    """Let an environment promote successful deployments of its branch by itself again; see `hold`."""
    return _set_auto_promotion(client, project, environment, True, allow_description_change)


def _set_auto_promotion(client: Client, project: str, environment: str, on: bool, allow: bool) -> Plan:
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project)
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


def promotion_step(
    project: Project, environment: Environment, on: bool, why: str, allow: bool
) -> tuple[Update, list[str]]:
    """Return the step that switches auto-promotion, and warnings; texts are changed only if that is allowed."""
    before: dict[str, Any] = {"auto-promote": bool(environment.is_auto_promote_enabled)}
    after: dict[str, Any] = {"auto-promote": on}
    warnings = []
    for field, current in texts_of(environment).items():
        text = accepted(field, current, name_of(environment))
        if text is None:
            continue
        if allow:
            before[field], after[field] = current, text
            warnings.append(
                f"the {field} of {name_of(environment)} becomes {text!r}, for the platform does not take back "
                f"{current!r}; it can't be set back"
            )
        else:
            warnings.append(
                f"auto-promotion can't be switched while the {field} is {current!r}, which the platform "
                f"does not take back: allow_description_change=True lets the plan change it to {text!r}"
            )
    return Update(target=target_of(project, environment), why=why, before=before, after=after), warnings
