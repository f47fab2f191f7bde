"""Giving a project to another owner: one makes a token, the other takes the project over with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.errors import InvalidInput
from createos_nb.nouns.names import is_id
from createos_nb.plans.hidden import Hidden
from createos_nb.plans.plan import Plan
from createos_nb.plans.present import Present
from createos_nb.plans.steps.environments import target_of
from createos_nb.plans.steps.handing_over import OfferTransfer, TakeOver
from createos_nb.plans.steps.step import Target
from createos_nb.secret import Secret

if TYPE_CHECKING:
    from createos_nb.client import Client


def transfer(client: Client, project: str) -> Plan:
    """Offer a project to another user: make the token with which they can take it over within six hours.

    The token can't be recalled, and a transfer can't be undone, so `apply` asks for the typed name of the project and a
    reason. `receipt.issued["token"].reveal()` is the token, `receipt.issued["frontendUri"]` the page that takes the
    project over: give them to nobody else. They are in no journal; a lost token needs another one. All that is in the
    project goes with it, its app stays. The other user runs `runbooks.take_over` with it.
    """
    present = Present(client)
    owner = present.project_named(project)
    step = OfferTransfer(target=target_of(owner), why="asked for")
    warnings = ["whoever has the token owns the project with one call, within six hours; it can't be recalled"]
    if owner.get("appId"):
        warnings.append("the app that groups it does not go with it")
    return Plan(
        present,
        f"offer {owner['uniqueName']} to another owner",
        [step],
        runbook="transfer",
        arguments={"project": owner["id"]},
        hidden={0: Hidden()},
        warnings=warnings,
    )


def take_over(client: Client, project: str, token: str | Secret) -> Plan:
    """Take a project of another user over with the token that they have made; it counts against this account's quota.

    `project`: its id (the platform shows nothing else of it beforehand), which `apply` asks for, typed, as it can't be
    undone.
    """
    if not is_id(project):
        raise InvalidInput(
            f"take_over: give the id of the project, not {project!r}: the names of another user's are not known here"
        )
    kept = Secret(token)
    if not kept.reveal().strip():
        raise InvalidInput("take_over: the token is empty")
    present = Present(client)
    row = present.project_there(project)
    steps = []
    if row is None:
        steps.append(
            TakeOver(
                target=Target(project=project, project_name=project),
                why="asked for",
                before={"owner": "another"},
                after={"owner": "this account"},
            )
        )
    return Plan(
        present,
        f"take project {project} over" if row is None else f"{row.get('uniqueName')} belongs to this account already",
        list(steps),
        runbook="take_over",
        arguments={"project": project},
        hidden={0: Hidden(source=kept)} if steps else {},
        warnings=["who pays for it and who answers for it changes: it can't be undone by this side"] if steps else [],
    )
