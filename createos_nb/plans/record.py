"""A plan as a journal keeps it, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from createos_nb.plans.belonging import lineage_of
from createos_nb.plans.errors import JournalError
from createos_nb.plans.steps import AnyStep
from createos_nb.plans.who import who
from createos_nb.process import ForkLock

if TYPE_CHECKING:
    from createos_nb.plans.journal import Journal
    from createos_nb.plans.plan import Plan
    from createos_nb.plans.steps.step import Step

FORMAT = 1
_FIRST_USE: Final = ForkLock()


def record_of(plan: Plan, reason: str | None) -> dict[str, Any]:
    """A plan as JSON, without what is hidden."""
    here = lineage_of(plan.client)
    return {
        "format": FORMAT,
        "title": plan.title,
        "runbook": plan.runbook,
        "arguments": plan.arguments,
        "where": plan.where,
        "base_url": plan.client.base_url,
        "token": plan.token,
        "intent": plan.intent,
        "confirmation": plan.confirmation,
        "reason": reason,
        "who": who(plan.client.whoami()),
        "world": here.id,
        "course": here.course,
        "steps": msgspec.to_builtins(plan.steps),
    }


def steps_of(journal: Journal) -> list[Step]:
    """The steps that a journal keeps. Raises `JournalError`."""
    kept = journal.plan
    if kept is None:
        raise JournalError(f"journal {journal.path} holds no plan")
    journal.sound()
    if not isinstance(kept.get("format"), int) or kept["format"] > FORMAT:
        raise JournalError(f"journal {journal.path} was written by a newer version of createos_nb: upgrade to go on")
    try:
        return steps_from(kept["steps"])
    except (msgspec.ValidationError, KeyError) as error:
        raise JournalError(f"journal {journal.path} can't be read: {error}") from None


def steps_from(rows: Any) -> list[Step]:
    """Steps from what `record_of` made of them. Raises `ValidationError`."""
    with _FIRST_USE:  # classes that two threads use for the first time at once end the process
        return list(msgspec.convert(rows, list[AnyStep]))
