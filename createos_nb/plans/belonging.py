"""Whose journal it is: of which account, and on a simulated world of which world, and of which course of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.lineage import Lineage
from createos_nb.plans.errors import JournalError
from createos_nb.times import unix

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans.journal import Journal


def lineage_of(client: Client) -> Lineage:
    """Which world a client acts on; one without an id is the platform."""
    if client.world is not None:
        found: Lineage = client.world.lineage
        return found
    return Lineage.read(client.transport.world)


def belongs(journal: Journal, client: Client) -> bool:
    """Whether what a journal says has happened in the past of what a client acts on."""
    kept = journal.plan
    if kept is None or kept["base_url"] != client.base_url:
        return False
    here = lineage_of(client)
    if kept.get("world", "") != here.id:
        return False
    course = kept.get("course", "")
    for entry in journal.entries if here.id else ():
        course = entry.get("course") or course  # a fork may have gone on with it
        if not here.knows(course, round(unix(entry["at"], 0.0) * 1e6)):
            return False
    return True


def check(journal: Journal, client: Client) -> None:
    """Raises `JournalError` for the journal of another account, or of another simulated world."""
    kept = journal.plan
    if kept is None:
        raise JournalError(f"journal {journal.path} holds no plan")
    client.whoami()
    if client.where != kept["where"]:
        raise JournalError(f"journal {journal.path} is of a run on {kept['where']}; this client is of {client.where}")
    if not belongs(journal, client):
        raise JournalError(
            f"journal {journal.path} is of a run on another simulated world ({kept.get('world') or 'none'}), or on "
            "this one after it was forked, saved or set back: it has never happened here"
        )
