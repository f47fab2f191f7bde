"""What runs where and how it does, and what has changed."""

from __future__ import annotations

from createos_nb.agents.answer import Answer
from createos_nb.agents.context import ToolContext
from createos_nb.agents.tool import tool
from createos_nb.times import beginning

_COLUMNS = (
    "status",
    "project",
    "environment",
    "reason",
    "version",
    "live_state",
    "replicas",
    "requests",
    "rpm",
    "status_5xx",
    "server_error_percentage",
    "client_error_percentage",
    "burn",
    "last_change",
    "changed_at",
)


@tool()
def overview(
    context: ToolContext, project: str | None = None, app: str | None = None, window: str = "1h", offset: int = 0
) -> Answer:
    """Say what runs where and how it does, those in trouble first. Begin here.

    Args:
        context: what tools share.
        project: only this one, by name or id.
        app: only projects in this app.
        window: of the requests that are counted, such as 1h.
        offset: rows to leave out.

    Returns:
        a row for each environment; burn is how many times faster errors come than a target of 99.9 % allows.
    """
    frame = context.client.fleet.overview(start=beginning(window), projects=project, apps=app)
    shown = frame[list(_COLUMNS)]
    shown.attrs = frame.attrs
    return Answer({"window": window}, shown)


@tool()
def changes(context: ToolContext, since: str = "24h", offset: int = 0) -> Answer:
    """List what was created, changed or canceled, newest first: deployments, environments, domains.

    Args:
        context: what tools share.
        since: from when on, such as 24h.
        offset: rows to leave out.

    Returns:
        of several changes to one thing only the last; who made it is not known.
    """
    return Answer({"since": since}, context.client.fleet.changes(start=beginning(since)))
