"""Taking an interrupted run up again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from createos_nb.client import Client
from createos_nb.errors import InvalidInput
from createos_nb.plans import belonging
from createos_nb.plans.errors import JournalError
from createos_nb.plans.event import listening
from createos_nb.plans.hidden import Hidden
from createos_nb.plans.journal import Journal
from createos_nb.plans.one_run import OneRun
from createos_nb.plans.perform import Performance
from createos_nb.plans.receipt import Receipt
from createos_nb.plans.record import steps_of
from createos_nb.plans.steps.deployments import Upload
from createos_nb.plans.steps.handing_over import OfferTransfer, TakeOver
from createos_nb.plans.steps.variables import SetVariables
from createos_nb.secret import Secret

if TYPE_CHECKING:
    from createos_nb.plans.event import Cancel, OnEvent
    from createos_nb.plans.run import Status


def resume(
    journal: Journal | str | os.PathLike[str],
    client: Client | None = None,
    *,
    variables: Mapping[str, str | Secret | None] | None = None,
    source: Any = None,
    token: str | Secret | None = None,
    wait: bool = True,
    timeout: float | None = None,
    on_event: OnEvent | None = None,
    status: Status | None = None,
    cancel: Cancel | None = None,
) -> Receipt:
    """Go on with the run of a journal: what is done is not repeated, what is not done is done.

    A write that may or may not have been applied when the run ended is settled by reading. What is done already must
    still be so, or nothing more is written. `client`: the account of the run; without it, one with the key that is
    found for the run's base URL. No journal holds the values of variables that a run sets, nor files, nor the token of
    a transfer: `variables`, `source` (where it is no folder or archive) and `token` give them again. A run that has
    come to its end is reported, and nothing is written. `wait`, `timeout`, `on_event`, `status`, `cancel`: as for
    `Plan.apply`.

    Raises `JournalError` for what is no journal or another account's, and what `Plan.apply` raises.
    """
    kept = journal if isinstance(journal, Journal) else Journal(journal)
    kept.read()
    plan = kept.plan
    if plan is None:
        raise JournalError(f"journal {kept.path} holds no plan")
    asked = client or _found(str(plan["base_url"]))
    belonging.check(kept, asked)
    steps = steps_of(kept)
    hidden: dict[int, Hidden] = {}
    for number, step in enumerate(steps):
        if isinstance(step, SetVariables) and variables is not None:
            given = {name: variables.get(name) for name in step.after}
            _same(asked, step, given)
            hidden[number] = Hidden(values={k: None if v is None else Secret(v) for k, v in given.items()})
        elif isinstance(step, Upload) and source is not None:
            hidden[number] = Hidden(source=source)
        elif isinstance(step, TakeOver) and token is not None:
            hidden[number] = Hidden(source=Secret(token))
        elif isinstance(step, OfferTransfer):
            hidden[number] = Hidden()
    alone = OneRun.of(asked, plan["intent"])
    with alone, kept.writing(asked.clock.now(), asked.whoami()), listening(on_event, asked.clock) as told:
        alone.note(kept)
        if kept.finished:
            return Receipt.of_journal(kept, asked, hidden=hidden)
        return Performance(
            asked, steps, kept, hidden, wait=wait, timeout=timeout, on_event=told, status=status, cancel=cancel
        ).perform(again=True)


def _found(base_url: str) -> Client:
    from createos_nb import credentials

    found = credentials.find(base_url=base_url)
    return Client(api_key=found.api_key, access_token=found.access_token, base_url=found.base_url)


def _same(client: Client, step: SetVariables, given: Mapping[str, str | Secret | None]) -> None:
    """The values must be those that were confirmed. Raises `InvalidInput`."""
    for name, value in given.items():
        print_ = "absent" if value is None else client.transport.fingerprint(Secret(value))
        if print_ != step.after[name]:
            raise InvalidInput(f"variables: {name} has another value than in the run of the journal")
