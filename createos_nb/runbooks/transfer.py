"""Transferring a project: its owner creates a token, the other user takes it over with that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.client.name_resolution import is_id
from createos_nb.errors import InvalidInput
from createos_nb.plans.apply import make_plan
from createos_nb.plans.context import TransientInputs
from createos_nb.plans.plan import Plan
from createos_nb.plans.snapshot import Snapshot, id_of, name_of
from createos_nb.plans.steps.base import Target
from createos_nb.plans.steps.environments import target_of
from createos_nb.plans.steps.transfer import OfferTransfer, TakeOver
from createos_nb.redaction import Secret

if TYPE_CHECKING:
    from createos_nb.client.client import Client


def transfer(client: Client, project: str) -> Plan:
    """Offer a project to another user: create the token with which they can take it over within six hours.

    The token can't be revoked, and a transfer is irreversible, so `apply` asks for the typed name of the project and a
    reason. `receipt.issued["token"].reveal()` is the token, `receipt.issued["frontendUri"]` the page that takes the
    project over: give them to nobody else. They are in no journal; a lost token needs another one. All that is in the
    project goes with it, its app stays. The other user runs `runbooks.take_over` with it.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.

    Returns:
        A plan of one irreversible step. Nothing is changed before `apply`.

    Raises:
        UnknownName: there is no such project.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.transfer(client, "landing-pages")
        >>> receipt = plan.apply(confirm="landing-pages", reason="the agency looks after it now")
        >>> sorted(receipt.issued), receipt.issued["token"]
        (['frontendUri', 'token'], Secret(••••••))
    """
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project)
    step = OfferTransfer(target=target_of(owner), why="asked for")
    warnings = ["whoever has the token owns the project with one call, within six hours; it can't be revoked"]
    if owner.app_id:
        warnings.append("the app that groups it does not go with it")
    return make_plan(
        snapshot,
        f"offer {name_of(owner)} to another owner",
        [step],
        runbook="transfer",
        arguments={"project": id_of(owner)},
        inputs={0: TransientInputs()},
        warnings=warnings,
    )


def take_over(client: Client, project: str, token: str | Secret) -> Plan:
    """Take a project of another user over with the token that they created; it counts against this account's quota.

    Args:
        client: an open client of the account that takes it over.
        project: id of the project (the platform shows nothing else of it beforehand), which `apply` asks for, typed, as
            a transfer is irreversible.
        token: the token of `transfer`; no journal holds it.

    Returns:
        A plan of one irreversible step, or of none where the project is of this account already. Nothing is changed
        before `apply`.

    Raises:
        InvalidInput: `project` is no id, or the token is empty.

    Examples:
        >>> client = createos_nb.simulate()
        >>> project = "0a4c9f0e-54c8-4ae0-9df0-3d7f5f9c1f11"
        >>> plan = createos_nb.runbooks.take_over(client, project, "the token of its owner")
        >>> plan.irreversible, plan.confirmation == project
        (True, True)
    """
    if not is_id(project):
        raise InvalidInput(
            f"take_over: give the id of the project, not {project!r}: the names of another user's are not known here"
        )
    secret = Secret(token)
    if not secret.reveal().strip():
        raise InvalidInput("take_over: the token is empty")
    snapshot = Snapshot(client)
    row = snapshot.existing_project(project)
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
    return make_plan(
        snapshot,
        f"take project {project} over" if row is None else f"{name_of(row)} belongs to this account already",
        list(steps),
        runbook="take_over",
        arguments={"project": project},
        inputs={0: TransientInputs(source=secret)} if steps else {},
        warnings=["its owner changes, who pays and answers for it: this account can't undo that"] if steps else [],
    )
