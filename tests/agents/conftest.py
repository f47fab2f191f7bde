"""An agent at the toolkit's own server: the SDK's client, in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp.client import Client
from mcp.types import CallToolResult, ElicitResult

import createos_nb
from createos_nb.agents.call_journal import CallJournal
from createos_nb.agents.context import ToolContext
from createos_nb.agents.server import AgentServer

#: How the SDK's client speaks by default, and how clients speak that begin with a handshake.
MODES = ("auto", "legacy")


class Agent:
    """A session with the server, to be used from a test that is not asynchronous."""

    def __init__(self, portal: BlockingPortal, client: Client, server: AgentServer, asked: list[str]) -> None:
        self._portal, self.client, self.server = portal, client, server
        self.account: createos_nb.Client = server.context.client
        #: What a person was asked.
        self.questions = asked

    def tools(self) -> dict[str, Any]:
        return {one.name: one for one in self._portal.call(self.client.list_tools).tools}

    def call(self, name: str, /, **arguments: Any) -> CallToolResult:
        return self._portal.call(self.client.call_tool, name, arguments)

    def data(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        result = self.call(name, **arguments)
        assert not result.is_error, result.content
        assert result.structured_content is not None
        return result.structured_content

    def refused(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        result = self.call(name, **arguments)
        assert result.is_error, result.content
        assert result.structured_content is not None
        return result.structured_content

    def run(self, method: str, *arguments: Any) -> Any:
        return self._portal.call(getattr(self.client, method), *arguments)


Open = Callable[..., AbstractContextManager[Agent]]


@pytest.fixture(autouse=True)
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test writes into the user's own folder."""
    folder = tmp_path / "journals"
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(folder))
    return folder


@pytest.fixture
def open_agent(tmp_path: Path) -> Open:
    """Opens a session: on a scenario or a client, with what the server allows, and what a person would type."""

    @contextmanager
    def opened(
        world: Any = "bad-release",
        *,
        mode: str = "auto",
        types: str | None = None,
        declines: bool = False,
        **allowed: Any,
    ) -> Iterator[Agent]:
        account = createos_nb.simulate(world) if isinstance(world, str) else world
        context = ToolContext(account, **allowed)
        journal = CallJournal(tmp_path / "calls.jsonl", context.redactor.redact_all, lambda: account.where)
        server = AgentServer(context, journal)
        asked: list[str] = []

        async def person(_: Any, params: Any) -> ElicitResult:
            asked.append(params.message)
            return (
                ElicitResult(action="decline") if declines else ElicitResult(action="accept", content={"name": types})
            )

        asks = person if types is not None or declines else None
        failure: BaseException | None = None
        with (
            start_blocking_portal() as portal,
            portal.wrap_async_context_manager(Client(server.server(), mode=mode, elicitation_callback=asks)) as client,
        ):
            try:
                yield Agent(portal, client, server, asked)
            except BaseException as error:  # noqa: BLE001  # raised below: the SDK would put it into a group
                failure = error
        server.stop()
        journal.close()
        if failure is not None:
            raise failure

    return opened
