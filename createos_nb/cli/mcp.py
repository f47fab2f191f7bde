"""`createos-nb mcp`: the toolkit as tools for agents, over the Model Context Protocol."""

from __future__ import annotations

import os
import secrets
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from createos_nb import __version__, extras
from createos_nb.cli import argument_types
from createos_nb.cli.exit_codes import DONE, INTERRUPTED
from createos_nb.cli.options import HERE, Flag, Place, opened
from createos_nb.errors import InvalidInput
from createos_nb.redaction import Secret

if TYPE_CHECKING:
    from createos_nb.agents.server import AgentServer
    from createos_nb.client.client import Client
    from createos_nb.history.history import History

TOKEN: Final = "CREATEOS_NB_MCP_TOKEN"
_PORT: Final = 8770
_LEAST: Final = 2_000


def mcp(
    *,
    allow_changes: Annotated[bool, Parameter(negative="--read-only", show_default=False)] = False,
    allow_irreversible: Flag = False,
    http: Flag = False,
    port: argument_types.Port = _PORT,
    allow_host: argument_types.Hosts | None = None,
    limit: Annotated[int, Parameter(metavar="N")] = 20_000,
    journal: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    history: Annotated[Path | None, Parameter(metavar="FOLDER")] = None,
    place: Place = HERE,
) -> int:
    """Serve the toolkit to an agent as MCP tools: it reads, and with --allow-changes applies plans.

    On standard input and output by default, as most agents start such a server by themselves; with --http on 127.0.0.1,
    for whoever has the token that is printed, or that stands in CREATEOS_NB_MCP_TOKEN.

    Args:
        allow_changes: let plans be applied, each by its digest; by default the server only reads.
        allow_irreversible: let a plan that can't be undone be applied where the client can't ask a person by itself;
            the agent is told to ask for the name of what is lost, and nothing makes sure that it does.
        http: over HTTP.
        port: on 127.0.0.1; 0 for a free one.
        allow_host: answer to this name too, such as that of a proxy in front; may be given again.
        limit: characters of JSON that an answer has at most; a longer table is cut, and says so.
        journal: where each call is kept (default: agents/calls.jsonl beside the journals of runs).
        history: the folder of a history that the tool sql queries (default: the account's own, if there is one).
        place: which account.

    Returns:
        The exit code: 0 where the input ended or it was ended by SIGTERM, 130 where it was interrupted.

    Raises:
        MissingExtra: The extra `agents` is not installed.
        InvalidInput: An option is wrong.
        CreateOSError: The account can't be read.
        OSError: The port can't be used, or the journal can't be written.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["mcp", "--scenario", "bad-release", "--limit", "10"])
        2
    """
    extras.require("agents", "createos-nb mcp")
    if limit < _LEAST:
        raise InvalidInput(f"--limit is at least {_LEAST} characters")
    if allow_irreversible and not allow_changes:
        raise InvalidInput("--allow-irreversible is for a server that may act: give --allow-changes too")
    from createos_nb.agents.call_journal import CallJournal, default_path
    from createos_nb.agents.context import ToolContext
    from createos_nb.agents.drill_link import DrillLink
    from createos_nb.agents.server import AgentServer

    with opened(place, read_only=not allow_changes) as client:
        client.whoami()
        context = ToolContext(
            client,
            allow_changes=allow_changes,
            allow_irreversible=allow_irreversible,
            limit=limit,
            history=_history(client, history),
            drill=DrillLink.from_environment(),
        )
        calls = CallJournal(journal or default_path(), context.redactor.redact_all, lambda: client.where)
        try:
            server = AgentServer(context, calls, __version__)
            return _over_http(server, port, allow_host or []) if http else _on_stdio(server)
        finally:
            calls.close()


def _on_stdio(server: AgentServer) -> int:
    from createos_nb.agents.serving import serve_stdio

    serve_stdio(server)
    return DONE


def _over_http(server: AgentServer, port: int, hosts: list[str]) -> int:
    from createos_nb.agents.serving import serve_http

    given = Secret(os.environ.get(TOKEN, "").strip())
    token = given or Secret(secrets.token_urlsafe(24))
    received: list[int] = []

    def started(url: str, uvicorn: Any) -> None:
        def end(number: int, _: object) -> None:
            received.append(number)
            uvicorn.should_exit = True

        for number in before:
            signal.signal(number, end)
        shown = f"in {TOKEN}" if given else token.reveal()
        print(f"url: {url}\ntoken: {shown}\njournal: {server.journal.path}", flush=True)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        serve_http(server, port, token, hosts, started=started)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return INTERRUPTED if signal.SIGINT in received else DONE


def _history(client: Client, folder: Path | None) -> History | None:
    """The history that the tool sql queries; None where there is none, or what reads it is not installed."""
    from createos_nb.errors import MissingExtra

    if folder is not None:
        extras.require("history", "createos-nb mcp --history")
        from createos_nb.history import open as open_history

        return open_history(client, folder)
    try:
        extras.require("history", "sql")
    except MissingExtra:
        return None
    from createos_nb.history.opening import find

    return find(client)
