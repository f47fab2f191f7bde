"""Carrying a plan out: guarded, looked at again, then step by step."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from createos_nb.errors import CreateOSError, InvalidInput, ReadOnlyError
from createos_nb.plans import belonging, moved
from createos_nb.plans.errors import (
    AlreadyApplied,
    Cancelled,
    ConfirmationNeeded,
    JournalError,
    PreconditionFailed,
    ReasonNeeded,
    WorldMoved,
)
from createos_nb.plans.event import Event, listening
from createos_nb.plans.journal import Journal, path_for
from createos_nb.plans.one_run import OneRun, folder_for
from createos_nb.plans.perform import Performance
from createos_nb.plans.preconditions import checked, failing
from createos_nb.plans.present import Present
from createos_nb.plans.receipt import Receipt
from createos_nb.plans.record import record_of, steps_of

if TYPE_CHECKING:
    from createos_nb.plans.event import Cancel, OnEvent
    from createos_nb.plans.plan import Plan
    from createos_nb.plans.run import Status
    from createos_nb.plans.steps.step import Step


def apply(
    plan: Plan,
    *,
    confirm: str | None,
    reason: str | None,
    wait: bool,
    timeout: float | None,
    dry_run: bool,
    journal: str | os.PathLike[str] | None,
    on_event: OnEvent | None,
    status: Status | None,
    cancel: Cancel | None,
) -> Receipt:
    """See `Plan.apply`."""
    client = plan.client
    if timeout is not None and not timeout > 0:
        raise InvalidInput(f"timeout={timeout!r}: seconds, more than 0")
    if dry_run:
        _ready(plan)
        return Receipt.of_plan(plan, dry_run=True)
    if client.read_only:
        raise ReadOnlyError("this plan changes something; this client was opened with read_only=True")
    if plan.applied is not None and any(step.makes for step in plan.steps):
        raise AlreadyApplied(
            f"{plan.title}: this plan was applied already, and would make something new once more: make the plan again "
            f"(journal: {plan.applied})"
        )
    with listening(on_event, client.clock) as told, OneRun.of(client, plan.intent) as alone:
        how = {"wait": wait, "timeout": timeout, "on_event": told, "status": status, "cancel": cancel}
        kept = _journal_of(plan, alone, journal, confirm)
        if kept is not None and kept.finished:
            receipt = Receipt.of_journal(kept, client, hidden=plan.hidden, follow_ups=plan.follow_ups)
        else:
            _guard(plan, confirm, reason, kept)
            receipt = _carried_out(plan, alone, kept, reason, how)
    plan.applied = receipt.journal
    return receipt


def _carried_out(plan: Plan, alone: OneRun, kept: Journal | None, reason: str | None, how: dict[str, Any]) -> Receipt:
    client, told = plan.client, how["on_event"]
    if how["cancel"] is not None and how["cancel"].is_set():
        raise Cancelled(f"{plan.title}: cancelled before it was begun; nothing was changed")
    if kept is not None and kept.begun and not kept.over:
        with kept.writing(client.clock.now(), client.whoami()):
            alone.note(kept)
            return _resumed(kept, plan, **how)
    if told is not None:
        told(Event(0, len(plan.steps), plan.title, "checking"))
    try:
        _ready(plan)
    except CreateOSError as error:
        if told is not None:
            told(Event(0, len(plan.steps), plan.title, "failed", str(error).split("\n", 1)[0]))
        raise
    if kept is None:
        words = {"runbook": plan.runbook} | _place(plan)
        kept = Journal(path_for(folder_for(client), client.clock.now(), words, plan.intent))
    with kept.writing(client.clock.now(), client.whoami()):
        if kept.begun:  # between the first look and the lock, where no lock of the intent could be had
            return _resumed(kept, plan, **how)
        if kept.plan is None or kept.plan["token"] != plan.token:
            facts = record_of(plan, reason)
            kept.write("plan", client.clock.now(), plan=facts, text=plan.title)
        alone.note(kept)
        return Performance(client, plan.steps, kept, plan.hidden, follow_ups=plan.follow_ups, **how).perform()


def _resumed(kept: Journal, plan: Plan, **how: Any) -> Receipt:
    """The run of the journal, with what this plan knows and the journal does not."""
    steps = steps_of(kept)
    hidden = plan.hidden if [s.place() for s in steps] == [s.place() for s in plan.steps] else _matched(steps, plan)
    return Performance(plan.client, steps, kept, hidden, follow_ups=plan.follow_ups, **how).perform(again=True)


def _matched(steps: list[Any], plan: Plan) -> dict[int, Any]:
    """What is hidden in a plan, for the steps of an earlier one: of the same kind on the same thing.

    What an earlier step was to make has become a thing with an id by now: then the names tell.
    """
    known = {plan.steps[number].place(): own for number, own in plan.hidden.items()}
    known |= {_named(plan.steps[number]): own for number, own in plan.hidden.items()}
    found = {number: known.get(step.place()) or known.get(_named(step)) for number, step in enumerate(steps)}
    return {number: own for number, own in found.items() if own is not None}


def _named(step: Step) -> tuple[str, ...]:
    return (type(step).__name__, str(step.target), step.what)


def _guard(plan: Plan, confirm: str | None, reason: str | None, kept: Journal | None) -> None:
    """Raises `ConfirmationNeeded`, `ReasonNeeded`."""
    begun = kept is not None and kept.begun
    if begun and kept is not None and kept.plan is not None:
        # the run was confirmed when it began; the token that was printed then serves, and so does the present one
        if confirm is not None and confirm not in (plan.confirmation, kept.plan["token"], kept.plan["confirmation"]):
            raise _other_plans(plan)
    else:
        confirmed(plan, confirm)
    if (plan.serves_users or plan.final) and not begun and not (reason or "").strip():
        why = "it can't be undone" if plan.final else "it touches what serves users"
        raise ReasonNeeded(f"{plan.title}: {why}: give reason='…', it is kept in the journal")


def confirmed(plan: Plan, confirm: str | None) -> None:
    """Raises `ConfirmationNeeded`, which does not say what has to be given: whoever confirms has seen the plan."""
    if plan.confirmation is None:
        if confirm is not None and confirm != plan.token:
            raise _other_plans(plan)
    elif confirm is None:
        how = (
            "this plan can't be undone: look at it, and type the name that it asks for (confirm=…)"
            if plan.final
            else f"{plan.title}: it touches what serves users: look at the plan, and give the token that it shows "
            "(confirm=…)"
        )
        raise ConfirmationNeeded(f"{how}; nothing was changed", plan.intent)
    elif confirm != plan.confirmation:
        if not plan.final:
            raise _other_plans(plan)
        raise ConfirmationNeeded(
            "this plan can't be undone, and confirm= is not the name that it asks for: look at it, and type that name; "
            "nothing was changed",
            plan.intent,
        )


def _other_plans(plan: Plan) -> ConfirmationNeeded:
    told = "confirm= is the token of another plan: the world has moved, or it was made for something else"
    return ConfirmationNeeded(
        f"{told}; look at the plan as it is now, and give the token that it shows; nothing was changed", plan.intent
    )


def _ready(plan: Plan) -> None:
    """Everything read again. Raises `WorldMoved`, `PreconditionFailed`."""
    present = Present(plan.client)
    differences = moved.since(plan.steps, present, {})
    if differences:
        raise WorldMoved(moved.frame_of(differences))
    missing = failing(checked(plan.steps, present))
    if plan.client.read_only:
        missing = missing[missing["precondition"] != "the client may write"]
    if len(missing):
        raise PreconditionFailed(missing)


def _journal_of(
    plan: Plan, alone: OneRun, journal: str | os.PathLike[str] | None, confirm: str | None
) -> Journal | None:
    """The journal of this run: the given one, or that of an earlier run which this one would only repeat.

    That is a run of the same wish which was interrupted; and one that has come to its end since the plan was made, in
    whatever process, if it was of this very plan. A token that is no longer the plan's, and is that of the last run of
    the wish, means that run: a notebook that is run again after the end of its run is told of it. Nothing is done once
    more.
    """
    kept = Journal(Path(journal)) if journal is not None else None
    if kept is not None and kept.plan is not None:
        if kept.plan["intent"] != plan.intent:
            raise JournalError(
                f"journal {kept.path} holds another run: {kept.plan['title']} ({kept.plan['where']}); one journal, one "
                "run"
            )
        belonging.check(kept, plan.client)
        if kept.over and not kept.finished:
            raise JournalError(
                f"the run in journal {kept.path} has failed: plans.resume goes on with it, another file begins anew"
            )
        if kept.begun or kept.finished:
            return kept
    earlier = alone.journals()
    if kept is None:
        for one in earlier:
            if one.begun and not one.over:
                return one
    for one in earlier:
        since = one.finished and one.path.absolute() not in plan.ended
        if since and _token(one) == plan.token and _still_stands(plan, one):
            return one
    of_another = kept is None and confirm is not None and confirm not in (plan.token, plan.confirmation)
    if of_another and earlier and earlier[0].finished and _token(earlier[0]) == confirm:
        return earlier[0]
    return kept


def _token(journal: Journal) -> str:
    return str(journal.plan["token"]) if journal.plan is not None else ""


def _still_stands(plan: Plan, done: Journal) -> bool:
    """Whether what a finished run of this very plan has done needs not be done again.

    What makes something new is not made twice; what sets something is set again where it was set back since.
    """
    steps = steps_of(done)
    if any(step.makes for step in steps):
        return True
    made = {
        entry["step"]: entry["made"] for entry in done.entries if entry["event"] == "answered" and entry.get("made")
    }
    return not moved.overtaken(steps, Present(plan.client), made, range(len(steps)))


def _place(plan: Plan) -> dict[str, str]:
    if not plan.steps:
        return {}
    target = plan.steps[0].target
    names = [step.target.environment_name for step in plan.steps if step.target.environment_name]
    return {"project": target.project_name, "environment": names[0] if names else ""}
