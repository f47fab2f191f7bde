"""The identity of the world that a journal is about: which account, which simulated world, which course of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.client.world_of import lineage_of
from createos_nb.plans.errors import JournalError
from createos_nb.times import unix

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.journal import Journal


def belongs(journal: Journal, client: Client) -> bool:
    """Return whether the run of a journal is in the past of the world that a client acts on."""
    plan = journal.plan
    if plan is None or plan["base_url"] != client.base_url:
        return False
    here = lineage_of(client)
    if plan.get("world", "") != here.id:
        return False
    course = plan.get("course", "")
    for entry in journal.entries if here.id else ():
        course = entry.get("course") or course  # a fork may have gone on with it
        if not here.knows(course, round(unix(entry["at"], 0.0) * 1e6)):
            return False
    return True


def check(journal: Journal, client: Client) -> None:
    """Raises `JournalError` for the journal of another account, or of another simulated world."""
    plan = journal.plan
    if plan is None:
        raise JournalError(f"journal {journal.path} holds no plan")
    client.whoami()
    if client.where != plan["where"]:
        raise JournalError(f"journal {journal.path} is of a run on {plan['where']}; this client is of {client.where}")
    if not belongs(journal, client):
        raise JournalError(
            f"journal {journal.path} is of a run on another simulated world ({plan.get('world') or 'none'}), or on "
            "this one after it was forked, saved or set back: it has never happened here"
        )
