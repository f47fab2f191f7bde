"""Acting: a plan that was shown is made anew, and applied only if its digest is the one that was seen."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from createos_nb import threads
from createos_nb.agents.answer import Answer
from createos_nb.agents.context import QuestionNeeded, Refused, Run, ToolContext
from createos_nb.errors import InvalidInput
from createos_nb.frames.json_rows import rows_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from createos_nb.client.client import Client
    from createos_nb.plans.events import Event
    from createos_nb.plans.plan import Plan, Receipt

#: Plans that are kept to be applied.
_MOST: Final = 100
#: Real seconds between two words of progress.
_PACE: Final = 1.0


def show(context: ToolContext, plan: Plan, make: Callable[[Client], Plan], *notes: str, failed: bool = False) -> Answer:
    """Return a plan as an answer, and keep what makes it, so that it can be applied by its digest.

    Args:
        context: what tools share.
        plan: the plan.
        make: makes it anew.
        notes: what is to be known beside it.
        failed: whether it is shown because another was refused.

    Returns:
        The answer: what it would change is its table.
    """
    shown = context.shown
    with shown.lock:
        shown.makes.pop(plan.digest, None)
        shown.makes[plan.digest] = make
        run = shown.runs.get(plan.digest)
        if run is not None and run.done.is_set():
            # what was done then is over: this is about what is now
            del shown.runs[plan.digest]
        while len(shown.makes) > _MOST:
            del shown.makes[next(iter(shown.makes))]
    facts: dict[str, Any] = {
        "title": plan.title,
        "where": plan.where,
        "digest": plan.digest if plan.steps else None,
        "next": _next(context, plan),
        "serves_users": plan.serves_users,
        "irreversible": plan.irreversible,
        "warnings": plan.warnings,
        "preconditions": rows_of(plan.preconditions[plan.preconditions["state"] != "holds"]),
        "blast_radius": rows_of(plan.blast_radius),
    }
    return Answer(facts, plan.frame().drop(columns=["operation"]), notes=notes, failed=failed)


def apply(context: ToolContext, digest: str, reason: str, seconds: float, typed_name: str | None) -> Answer:
    """Apply a plan that was shown.

    Args:
        context: what tools share.
        digest: of the plan as it was shown.
        reason: why, which the journal keeps.
        seconds: how long to wait for its end.
        typed_name: of what can't be brought back, where a server takes it as an argument.

    Returns:
        The receipt; a word on how far it is, where it goes on; or the plan as it is now, where it has changed since.

    Raises:
        QuestionNeeded: a person has to be asked.
        Refused: it is not allowed.
        InvalidInput: no plan with this digest was shown, or there is no reason.
        PlanError: as `Plan.apply` raises.
    """
    if not reason.strip():
        raise InvalidInput("apply needs a reason: say why, in a sentence that a person will read in the journal")
    shown = context.shown
    with shown.lock:
        run, make = shown.runs.get(digest), shown.makes.get(digest)
    if run is None:
        if make is None:
            raise InvalidInput(
                "no plan with this digest was shown by this server: call plan, read what it says, and give its digest"
            )
        plan = make(context.client)
        if not plan.steps:
            return Answer({"title": plan.title, "where": plan.where, "changed": False}, notes=("it is so already",))
        if plan.digest != digest:
            why = "Nothing was changed: the plan is another one now. Read it, and give its digest if it is still right"
            return show(context, plan, make, why, failed=True)
        _check(context, plan, typed_name)
        run = _started(context, plan, reason)
    return _waited(context, run, seconds)


def receipt_answer(receipt: Receipt) -> Answer:
    """Return a receipt as an answer.

    Args:
        receipt: what was changed.

    Returns:
        The answer: its table is what was done, step by step.
    """
    checks = receipt.checks
    name = receipt.journal.name if receipt.journal is not None else ""
    facts = {
        "title": receipt.title,
        "where": receipt.where,
        "changed": True,
        "result": checks.result,
        "finished": receipt.finished,
        "summary": receipt.summary,
        "checks": rows_of(checks.frame()),
        "run": name,
        "next": f"plan_undo with run={name!r} plans its undo",
        "warnings": receipt.warnings,
    }
    return Answer(facts, receipt.frame(), complete=receipt.finished)


def _next(context: ToolContext, plan: Plan) -> str:
    if not plan.steps:
        return "nothing is to be done: it is so already"
    if not context.allow_changes:
        return "this server only reads: show the plan to a person, who can start it with --allow-changes"
    if len(plan.problems()):
        return "it can't be applied now: see preconditions"
    if plan.irreversible:
        return "it can't be undone: apply with this digest and a reason asks a person to type the name of what is lost"
    return "apply with this digest and a reason"


def _check(context: ToolContext, plan: Plan, typed_name: str | None) -> None:
    """Refuse what only a person may do from here."""
    if plan.frozen:
        raise Refused(
            "Nothing was changed: a freeze stands against it, and only a person lifts or overrides one: "
            "createos-nb apply … --override-freeze"
        )
    if any(step.issues_secret for step in plan.steps):
        raise Refused(
            "Nothing was changed: the platform shows a secret for this plan once, and an answer is no place for it. "
            "A person can apply it: createos-nb apply … --secrets FILE"
        )
    if not plan.irreversible or len(plan.problems()):
        return
    if context.can_ask:
        if context.typed_name is None:
            raise QuestionNeeded(
                f"An agent wants to apply a plan that can't be undone: {plan.title} ({plan.where}). "
                "Type the name of what is destroyed or given away to allow it."
            )
        typed_name = context.typed_name
    elif not context.allow_irreversible:
        raise Refused(
            "Nothing was changed: this plan can't be undone, so a person has to confirm it, and this client can't ask "
            "one. Show the plan to a person, who can apply it: createos-nb apply … --irreversible NAME; or start this "
            "server with --allow-irreversible"
        )
    elif typed_name is None:
        raise Refused(
            "Nothing was changed: this plan can't be undone. Ask a person to type the name of what is destroyed, and "
            "give what they typed as name_typed_by_a_person; never fill it in yourself"
        )
    if typed_name.strip() != plan.confirmation:
        raise Refused("Nothing was changed: what was typed is not the name of what is destroyed or given away")


def _started(context: ToolContext, plan: Plan, reason: str) -> Run:
    run = Run(plan.digest, plan.title)
    confirm = plan.confirmation if plan.irreversible else plan.digest

    def noted(event: Event) -> None:
        run.status = str(event)

    def work() -> None:
        try:
            run.receipt = plan.apply(confirm=confirm, reason=reason, on_event=noted, cancel=context.shown.cancel)
        except BaseException as error:  # noqa: BLE001  # raised where the run is waited for
            run.error = error
        finally:
            run.done.set()

    with context.shown.lock:
        running = context.shown.runs.get(plan.digest)
        if running is not None:
            return running
        context.shown.runs[plan.digest] = run
    if threads.start(work, f"createos-nb apply {plan.runbook}") is None:
        work()
    return run


def _waited(context: ToolContext, run: Run, seconds: float) -> Answer:
    end = time.monotonic() + seconds
    while not run.done.wait(max(0.0, min(_PACE, end - time.monotonic()))):
        if run.status:
            context.progress(run.status)
        if time.monotonic() >= end:
            facts = {"title": run.title, "changed": None, "running": True, "status": run.status}
            return Answer(
                facts,
                complete=False,
                notes=("it goes on: call apply with the same digest again to wait for its end",),
            )
    if run.error is not None:
        with context.shown.lock:
            context.shown.runs.pop(run.digest, None)
        raise run.error
    assert run.receipt is not None
    return receipt_answer(run.receipt)
