"""Applying a plan: whether it may start, which journal it is kept in, and whether a run is resumed instead."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from createos_nb.dtypes import TEXT
from createos_nb.errors import CreateOSError, ReadOnlyError
from createos_nb.plans import drift, world_identity
from createos_nb.plans.context import ApplyOptions
from createos_nb.plans.errors import (
    AlreadyApplied,
    ConfirmationNeeded,
    JournalError,
    PreconditionFailed,
    ReasonNeeded,
    StalePlanError,
)
from createos_nb.plans.events import Event, subscriber
from createos_nb.plans.executor import PlanExecutor, receipt_of
from createos_nb.plans.freeze_files import frozen, is_freeze
from createos_nb.plans.intent_lock import IntentLock, folder_for
from createos_nb.plans.journal import Journal
from createos_nb.plans.journal_files import path_for
from createos_nb.plans.notices import notices
from createos_nb.plans.plan import Plan, Receipt
from createos_nb.plans.preconditions import check_preconditions, failing, queries_of
from createos_nb.plans.snapshot import Snapshot
from createos_nb.plans.step_failed import Cancelled

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.context import TransientInputs
    from createos_nb.plans.events import OnEvent
    from createos_nb.plans.steps.base import Step


def apply(plan: Plan, options: ApplyOptions) -> Receipt:
    """Apply a plan; see `Plan.apply`."""
    client = plan.client
    if options.dry_run:
        _check_ready(plan, options)
        return Receipt(
            client, plan.title, plan.where, plan.steps, execute=apply, dry_run=True, follow_ups=plan.follow_ups
        )
    if client.read_only:
        raise ReadOnlyError(f"this plan changes something; {client.session.read_only_because}")
    if plan.applied is not None and any(step.creates for step in plan.steps):
        raise AlreadyApplied(
            f"{plan.title}: this plan was applied already, and would create something once more: make the plan again "
            f"(journal: {plan.applied})"
        )
    with (
        subscriber(options.on_event, client.clock) as heard,
        notices(options.notify, client, plan.title, options.reason, heard) as on_event,
        IntentLock(client, plan.intent) as lock,
    ):
        journal = _journal_of(plan, lock, options)
        if journal is not None and journal.finished:
            receipt = receipt_of(journal, client, execute=apply, inputs=plan.inputs, follow_ups=plan.follow_ups)
        else:
            _guard(plan, options, journal)
            receipt = _execute(plan, lock, journal, options, on_event)
    plan.applied = receipt.journal
    return receipt


#: Makes a plan that `apply` applies: what runbooks return.
make_plan = partial(Plan, execute=apply)


def receipt_from(journal: Journal, client: Client) -> Receipt:
    """Return the receipt of a run that a journal holds.

    Args:
        journal: the journal of the run.
        client: the account of the run.

    Returns:
        The receipt; secrets that were issued are in none that comes from a journal.

    Raises:
        JournalError: the journal holds no plan, can't be read, or is another account's or another simulated world's.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
        >>> path = plan.apply(confirm=plan.digest, reason="the sale").journal
        >>> createos_nb.plans.receipt_from(createos_nb.plans.Journal(path), client).checks.result
        'PASS'
    """
    world_identity.check(journal, client)
    return receipt_of(journal, client, execute=apply)


def pass_freezes(journal: Journal, steps: list[Step], snapshot: Snapshot, reason: str | None) -> None:
    """Refuse steps that are frozen, or let them pass for a reason, which the journal keeps.

    What a run was let pass once it passes when it is resumed, too: it is the same run, and the reason is known.

    Raises:
        PreconditionFailed: something is frozen, and no reason is given.
    """
    met = frozen(steps, snapshot, journal.passed_freezes)
    if met and reason is None:
        raise PreconditionFailed(pd.DataFrame([one.precondition for one in met], dtype=TEXT))
    for one in met:
        name = one.precondition.precondition
        text = f"not so, and passed all the same: {name}; {one.precondition.detail.split(';')[0]}; because: {reason}"
        journal.write("overridden", snapshot.client.clock.now(), freeze=one.id, text=text)


def check_confirmation(plan: Plan, confirm: str | None) -> None:
    """Refuse a missing or another confirmation, and don't say what has to be given: whoever confirms has seen the plan.

    Raises:
        ConfirmationNeeded: `confirm` is missing, or is another plan's.
    """
    if plan.confirmation is None:
        if confirm is not None and confirm != plan.digest:
            raise _another_digest(plan)
    elif confirm is None:
        need = (
            "this plan is irreversible: review it, and type the name that it asks for (confirm=…)"
            if plan.irreversible
            else f"{plan.title}: it reaches what serves users: review the plan, and give the digest that it shows "
            "(confirm=…)"
        )
        raise ConfirmationNeeded(f"{need}. Nothing was changed", plan.intent)
    elif confirm != plan.confirmation:
        if not plan.irreversible:
            raise _another_digest(plan)
        raise ConfirmationNeeded(
            "this plan is irreversible, and confirm= is not the name that it asks for: review it, and type that name. "
            "Nothing was changed",
            plan.intent,
        )


def _another_digest(plan: Plan) -> ConfirmationNeeded:
    return ConfirmationNeeded(
        "confirm= is the digest of another plan: something has changed since, or it was made for something else. "
        "Review the plan as it is now, and give the digest that it shows. Nothing was changed",
        plan.intent,
    )


def _guard(plan: Plan, options: ApplyOptions, journal: Journal | None) -> None:
    """Raises `ConfirmationNeeded`, `ReasonNeeded`."""
    record = journal.plan if journal is not None and journal.started else None
    if record is None:
        check_confirmation(plan, options.confirm)
        if (plan.serves_users or plan.irreversible) and not (options.reason or "").strip():
            why = "it is irreversible" if plan.irreversible else "it reaches what serves users"
            raise ReasonNeeded(f"{plan.title}: {why}: give reason='…', it is kept in the journal")
    # the run was confirmed when it was started; the digest that was shown then serves, and so does the present one
    elif options.confirm not in (None, plan.confirmation, record["digest"], record["confirmation"]):
        raise _another_digest(plan)


def _execute(
    plan: Plan, lock: IntentLock, journal: Journal | None, options: ApplyOptions, on_event: OnEvent | None
) -> Receipt:
    client = plan.client
    if options.cancel is not None and options.cancel.is_set():
        raise Cancelled(f"{plan.title}: cancelled before it was started. Nothing was changed")
    if journal is not None and journal.started and not journal.over:
        with journal.writing(client.clock.now(), client.whoami()):
            lock.note(journal)
            return _resume(plan, journal, options, on_event)
    if on_event is not None:
        on_event(Event(0, len(plan.steps), plan.title, "checking"))
    try:
        checked = _check_ready(plan, options)
    except CreateOSError as error:
        if on_event is not None:
            on_event(Event(0, len(plan.steps), plan.title, "failed", str(error).split("\n", 1)[0]))
        raise
    if journal is None:
        words = {"runbook": plan.runbook} | _file_words(plan)
        journal = Journal(path_for(folder_for(client), client.clock.now(), words, plan.intent))
    with journal.writing(client.clock.now(), client.whoami()):
        if journal.started:  # between the first read and the lock, where no lock of the intent could be had
            return _resume(plan, journal, options, on_event)
        if journal.plan is None or journal.plan["digest"] != plan.digest:
            journal.write("plan", client.clock.now(), plan=plan.record(options.reason), text=plan.title)
        lock.note(journal)
        pass_freezes(journal, plan.steps, checked, options.override_freeze)
        return PlanExecutor(
            client,
            plan.steps,
            journal,
            plan.inputs,
            options,
            execute=apply,
            on_event=on_event,
            follow_ups=plan.follow_ups,
        ).start(checked)


def _resume(plan: Plan, journal: Journal, options: ApplyOptions, on_event: OnEvent | None) -> Receipt:
    """Resume the run of a journal, with the inputs that this plan knows and the journal does not."""
    steps = journal.steps()
    left = [step for number, step in enumerate(steps) if number not in journal.completed]
    pass_freezes(journal, left, Snapshot(plan.client), options.override_freeze)
    same = [step.resource_key() for step in steps] == [step.resource_key() for step in plan.steps]
    inputs = plan.inputs if same else _matched_inputs(steps, plan)
    return PlanExecutor(
        plan.client, steps, journal, inputs, options, execute=apply, on_event=on_event, follow_ups=plan.follow_ups
    ).resume()


def _matched_inputs(steps: list[Step], plan: Plan) -> dict[int, TransientInputs]:
    """The transient inputs of a plan, for the steps of an earlier one: of the same kind on the same resource.

    What an earlier step was to create has an id by now: then the names tell.
    """
    known = {plan.steps[number].resource_key(): inputs for number, inputs in plan.inputs.items()}
    known |= {_named(plan.steps[number]): inputs for number, inputs in plan.inputs.items()}
    matched = {number: known.get(step.resource_key()) or known.get(_named(step)) for number, step in enumerate(steps)}
    return {number: inputs for number, inputs in matched.items() if inputs is not None}


def _named(step: Step) -> tuple[str, ...]:
    return (type(step).__name__, str(step.target), step.what)


def _check_ready(plan: Plan, options: ApplyOptions) -> Snapshot:
    """Read everything again; returns what was read. Raises `StalePlanError`, `PreconditionFailed`."""
    snapshot = Snapshot(plan.client)
    snapshot.read_together(queries_of(plan.steps))
    if differences := drift.before_steps(plan.steps, snapshot, {}):
        raise StalePlanError(differences)
    missing = failing(check_preconditions(plan.steps, snapshot))
    if plan.client.read_only:
        missing = missing[missing["precondition"] != "the client may write"]
    if options.override_freeze is not None:
        missing = missing[~missing["precondition"].map(is_freeze).astype(bool)]
    if len(missing):
        raise PreconditionFailed(missing)
    return snapshot


def _journal_of(plan: Plan, lock: IntentLock, options: ApplyOptions) -> Journal | None:
    """The journal of this run: the given one, or that of an earlier run which this one would only repeat.

    That is a run of the same intent which was interrupted; and one that has finished since the plan was made, in
    whatever process, if it was of this very plan. A digest that is no longer the plan's, and is that of the last run of
    the intent, means that run: a notebook that is run again after the end of its run gets its receipt. Nothing is done
    once more.
    """
    chosen = Journal(Path(options.journal)) if options.journal is not None else None
    if chosen is not None and chosen.plan is not None:
        if chosen.plan["intent"] != plan.intent:
            raise JournalError(
                f"journal {chosen.path} holds another run: {chosen.plan['title']} ({chosen.plan['where']}); one "
                "journal, one run"
            )
        world_identity.check(chosen, plan.client)
        if chosen.over and not chosen.finished:
            raise JournalError(
                f"the run in journal {chosen.path} has failed: plans.resume goes on with it, another file starts anew"
            )
        if chosen.started or chosen.finished:
            return chosen
    earlier = lock.journals()
    if chosen is None:
        for journal in earlier:
            if journal.started and not journal.over:
                return journal
    for journal in earlier:
        since = journal.finished and journal.path.absolute() not in plan.finished_before
        if since and _digest(journal) == plan.digest and _still_stands(plan, journal):
            return journal
    of_another = chosen is None and options.confirm not in (None, plan.digest, plan.confirmation)
    if of_another and earlier and earlier[0].finished and _digest(earlier[0]) == options.confirm:
        return earlier[0]
    return chosen


def _digest(journal: Journal) -> str:
    return journal.plan["digest"] if journal.plan is not None else ""


def _still_stands(plan: Plan, finished: Journal) -> bool:
    """Whether what a finished run of this very plan has done need not be done again.

    What creates something is not done twice; what sets something is set again where it was changed since.
    """
    steps = finished.steps()
    if any(step.creates for step in steps):
        return True
    return not drift.after_steps(steps, Snapshot(plan.client), finished.created, range(len(steps)))


def _file_words(plan: Plan) -> dict[str, str]:
    if not plan.steps:
        return {}
    target = plan.steps[0].target
    names = [step.target.environment_name for step in plan.steps if step.target.environment_name]
    return {"project": target.project_name, "environment": names[0] if names else ""}
