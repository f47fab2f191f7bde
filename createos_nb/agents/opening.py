"""The MCP server of an account, for a program that serves it by itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from createos_nb import extras
from createos_nb.agents.answer import LIMIT
from createos_nb.agents.call_journal import CallJournal, default_path
from createos_nb.agents.context import ToolContext

if TYPE_CHECKING:
    from mcp.server import Server

    from createos_nb.client.client import Client
    from createos_nb.history.history import History


def mcp_server(
    client: Client,
    *,
    allow_changes: bool = False,
    allow_irreversible: bool = False,
    limit: int = LIMIT,
    history: History | None = None,
    journal: str | os.PathLike[str] | None = None,
) -> Server[Any]:
    """Return the toolkit's MCP server of an account, as `createos-nb mcp` serves it.

    Args:
        client: the account; open it with `read_only=True` where the server only reads.
        allow_changes: let plans be applied, each by its digest.
        allow_irreversible: let a plan that can't be undone be applied where a client can't ask a person by itself.
        limit: characters of JSON that an answer has at most.
        history: what the tool `sql` queries; without one it is not offered.
        journal: the file in which each call is kept (default: `agents/calls.jsonl` beside the journals of runs).

    Returns:
        The server of the official SDK: `run` it, mount its `streamable_http_app()`, or give it to the SDK's `Client` to
        talk to it in this process.

    Raises:
        MissingExtra: the extra `agents` is not installed.
        OSError: the journal can't be written.

    Examples:
        >>> client = createos_nb.simulate("bad-release", read_only=True)
        >>> createos_nb.agents.mcp_server(client, journal="calls.jsonl").name
        'createos-nb'
    """
    extras.require("agents", "mcp_server")
    from createos_nb.agents.server import AgentServer

    client.whoami()
    context = ToolContext(client, allow_changes, allow_irreversible, limit, history)
    path = Path(journal) if journal is not None else default_path()
    calls = CallJournal(path, context.redactor.redact_all, lambda: client.where)
    return AgentServer(context, calls).server()
