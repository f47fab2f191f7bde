"""Resuming an interrupted run: at once, or as a plan that is reviewed first."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from createos_nb.client.client import Client
from createos_nb.errors import InvalidInput
from createos_nb.plans import world_identity
from createos_nb.plans.apply import apply, check_confirmation, pass_freezes
from createos_nb.plans.context import ApplyOptions
from createos_nb.plans.digest import digest
from createos_nb.plans.errors import JournalError
from createos_nb.plans.events import subscriber
from createos_nb.plans.executor import PlanExecutor, receipt_of
from createos_nb.plans.intent_lock import IntentLock
from createos_nb.plans.journal import Journal
from createos_nb.plans.notices import notices
from createos_nb.plans.plan import Plan, Receipt
from createos_nb.plans.preconditions import check_preconditions
from createos_nb.plans.snapshot import Snapshot
from createos_nb.plans.steps.base import CREATED, ResumeInputs
from createos_nb.plans.steps.registry import rows_of, steps_from

if TYPE_CHECKING:
    from createos_nb.notify.notifier import Notifier, Notify
    from createos_nb.plans.context import Status
    from createos_nb.plans.events import Cancel, OnEvent
    from createos_nb.plans.journal_entries import PlanRecord
    from createos_nb.plans.steps.base import Step
    from createos_nb.redaction import Secret
    from createos_nb.times import DurationLike


def resume(
    journal: Journal | str | os.PathLike[str],
    client: Client | None = None,
    *,
    variables: Mapping[str, str | Secret | None] | None = None,
    source: Any = None,
    token: str | Secret | None = None,
    wait: bool = True,
    timeout: DurationLike | None = None,
    on_event: OnEvent | None = None,
    status: Status | None = None,
    cancel: Cancel | None = None,
    override_freeze: str | None = None,
    notify: Notify | Notifier | None = None,
) -> Receipt:
    """Resume the run of a journal: what is done is not repeated, what is not done is done.

    A write that may or may not have been applied when the run ended is settled by reading. What is done already must
    still be so, or nothing more is written. A run that has finished is reported, and nothing is written.

    Args:
        journal: the journal, or its path.
        client: the account of the run; by default one with the key that is found for the run's base URL.
        variables: values of variables that the run sets, by name, which no journal holds; None deletes one.
        source: the files that the run uploads, which no journal holds (where they are no folder or archive).
        token: the token of a transfer, which no journal holds.
        wait: as for `Plan.apply`.
        timeout: as for `Plan.apply`.
        on_event: as for `Plan.apply`.
        status: as for `Plan.apply`.
        cancel: as for `Plan.apply`.
        override_freeze: as for `Plan.apply`: what has been frozen since the run was started is refused as well. A
            freeze that the run was let pass when it was started it passes again.
        notify: as for `Plan.apply`.

    Returns:
        The receipt of the whole run.

    Raises:
        JournalError: it is no journal, or is another account's.
        PlanError: what `Plan.apply` raises.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
        >>> import threading
        >>> cancel = threading.Event()
        >>> try:
        ...     plan.apply(
        ...         confirm=plan.digest,
        ...         reason="the sale",
        ...         cancel=cancel,
        ...         on_event=lambda event: event.phase == "waiting" and cancel.set(),
        ...     )
        ... except createos_nb.plans.Cancelled as error:
        ...     path = error.journal
        >>> createos_nb.plans.resume(path, client).checks.result
        'PASS'
    """
    options = ApplyOptions(
        wait=wait,
        timeout=timeout,
        on_event=on_event,
        status=status,
        cancel=cancel,
        override_freeze=override_freeze,
        notify=notify,
    )
    return _resume(_read(journal), client, ResumeInputs(variables, source, token), options)


class Resumption(Plan):
    """The rest of a run. `apply` resumes the run of the journal, and returns the receipt of the whole of it.

    The reason stays the one that the run was started with; `dry_run` and `journal` are refused (`InvalidInput`).
    `createos_nb.plans.resumption` makes it.

    Attributes:
        needs: names of variables whose values no journal holds; `variables` has to give them before `apply`.
        journal: the run's journal.

    Args:
        journal: the run's journal.
        client: the account of the run.
        inputs: what no journal holds, once more.

    Raises:
        JournalError: the journal holds no plan, or is another account's.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
        >>> path = plan.apply(confirm=plan.digest, reason="the sale").journal
        >>> rest = createos_nb.plans.resumption(path, client)
        >>> type(rest).__name__, rest.needs
        ('Resumption', [])
    """

    def __init__(self, journal: Journal, client: Client, inputs: ResumeInputs) -> None:
        record = _record(journal)
        world_identity.check(journal, client)
        steps = journal.steps()
        over = set(range(len(steps))) if journal.finished else journal.completed
        rest = [number for number in range(len(steps)) if number not in over]
        snapshot = Snapshot(client)
        self.journal, self._inputs = journal, inputs
        super().__init__(
            snapshot,
            f"resume: {record['title']}",
            _renumbered(steps, rest, journal),
            runbook="resume",
            arguments={"of": journal.path.name},
            execute=self._resume,
            warnings=_warnings(journal, rest),
        )
        # what may have been written already is settled by reading when the run is resumed, and needs nothing beforehand
        started = {place for place, number in enumerate(rest) if journal.pending(number) is not None}
        unsent = [step for place, step in enumerate(self.steps) if place not in started]
        self.preconditions = check_preconditions(unsent, snapshot, journal.passed_freezes)
        self.digest = digest([self.digest, record["digest"], rest, sorted(started)])
        self.needs = sorted({name for step in self.steps for name in step.missing_variables()})

    def _resume(self, plan: Plan, options: ApplyOptions) -> Receipt:
        if options.dry_run or options.journal is not None:
            raise InvalidInput("a run is resumed in its own journal: no dry_run=, no journal=")
        if self.confirmation is not None:
            check_confirmation(self, options.confirm)
        self.journal.read()
        return _resume(self.journal, self.client, self._inputs, options)


def resumption(
    journal: Journal | str | os.PathLike[str],
    client: Client,
    *,
    variables: Mapping[str, str | Secret | None] | None = None,
    source: Any = None,
) -> Resumption:
    """Return the plan that resumes the run of a journal: the steps that are not done yet. Reads only.

    Args:
        journal: the journal, or its path.
        client: the account of the run.
        variables: values of variables that the run sets, by name, which no journal holds; None deletes one.
        source: the files that the run uploads, which no journal holds (where they are no folder or archive).

    Returns:
        A plan; without steps where the run has finished.

    Raises:
        JournalError: it is no journal, or is another account's.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
        >>> import threading
        >>> cancel = threading.Event()
        >>> try:
        ...     plan.apply(
        ...         confirm=plan.digest,
        ...         reason="the sale",
        ...         cancel=cancel,
        ...         on_event=lambda event: event.phase == "waiting" and cancel.set(),
        ...     )
        ... except createos_nb.plans.Cancelled as error:
        ...     path = error.journal
        >>> createos_nb.plans.resumption(path, client).frame()["what"].tolist()
        ['scale staging']
    """
    return Resumption(_read(journal), client, ResumeInputs(variables, source))


def _resume(journal: Journal, client: Client | None, inputs: ResumeInputs, options: ApplyOptions) -> Receipt:
    record = _record(journal)
    account = client or _client_for(record["base_url"])
    world_identity.check(journal, account)
    steps = journal.steps()
    resumed = {number: step.resume_inputs(inputs, account) for number, step in enumerate(steps)}
    transient = {number: own for number, own in resumed.items() if own is not None}
    lock, clock = IntentLock(account, record["intent"]), account.clock
    with (
        lock,
        journal.writing(clock.now(), account.whoami()),
        subscriber(options.on_event, clock) as heard,
        notices(options.notify, account, record["title"], record["reason"], heard) as on_event,
    ):
        lock.note(journal)
        if journal.finished:
            return receipt_of(journal, account, execute=apply, inputs=transient)
        left = [step for number, step in enumerate(steps) if number not in journal.completed]
        pass_freezes(journal, left, Snapshot(account), options.override_freeze)
        return PlanExecutor(account, steps, journal, transient, options, execute=apply, on_event=on_event).resume()


def _read(journal: Journal | str | os.PathLike[str]) -> Journal:
    current = journal if isinstance(journal, Journal) else Journal(journal)
    current.read()
    return current


def _record(journal: Journal) -> PlanRecord:
    record = journal.plan
    if record is None:
        raise JournalError(f"journal {journal.path} holds no plan")
    return record


def _client_for(base_url: str) -> Client:
    from createos_nb.client.connect import credentials

    account = credentials.find(base_url=base_url)
    return Client(api_key=account.api_key, access_token=account.access_token, base_url=account.base_url)


def _renumbered(steps: list[Step], rest: list[int], journal: Journal) -> list[Step]:
    """The steps that are left, with the ids of what the others have created, and each other's new numbers."""
    names = {f"{CREATED}{number}": f"{CREATED}{place}" for place, number in enumerate(rest)}
    names |= {f"{CREATED}{number}": created for number, created in journal.created.items() if number not in rest}
    return steps_from([_renamed(row, names) for row in rows_of([steps[number] for number in rest])])


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {_renamed(name, names): _renamed(item, names) for name, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _warnings(journal: Journal, rest: list[int]) -> list[str]:
    warnings = [
        f"step {number + 1} may have been written when the run ended: that is settled by reading first"
        for number in rest
        if journal.pending(number) is not None and journal.newest(number, "answered") is None
    ]
    last = journal.entries[-1]
    if last["event"] in ("stopped", "failed", "cancelled") and last.get("text"):
        warnings.append(f"the run ended with: {last.get('text')}")
    return warnings
