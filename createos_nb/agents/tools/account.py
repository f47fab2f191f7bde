"""Whose account it is, and what this server may do there."""

from __future__ import annotations

from createos_nb.agents.answer import Answer
from createos_nb.agents.context import ToolContext
from createos_nb.agents.tool import tool


@tool()
def account(context: ToolContext) -> Answer:
    """Say which account this is, on the platform or on a simulator, what time it is there, and what may be done.

    Args:
        context: what tools share.

    Returns:
        where, account, simulated, now (UTC), and whether plans may be applied.
    """
    client = context.client
    name = client.whoami()
    facts = {
        "where": client.where,
        "account": name,
        "simulated": client.simulated,
        "now": client.now,
        "changes_allowed": context.allow_changes,
    }
    return Answer(facts)
