"""The world behind httpx: the seam where a real network would be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from createos_nb.simulator.answers import Reply
from createos_nb.simulator.edge import Edge, Request
from createos_nb.simulator.faults import Broken
from createos_nb.simulator.moments import SECOND, http_date

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core


class WorldTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers the requests of an `httpx.Client` or `httpx.AsyncClient` from a world in this process.

    Requests to the API take no time. Those to the address of an environment, a deployment or a domain take the world's
    time: as long as their answer does, and to the end of a second, so that the figures that are asked for next hold
    them.
    """

    def __init__(self, world: Core) -> None:
        self._world = world
        self._edge = Edge(world)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request, one answer. Raises `httpx.ConnectError` for a host that nobody has."""
        return self._answer(request, request.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """As `handle_request`: a world never waits for anything."""
        return self._answer(request, await request.aread())

    def _answer(self, request: httpx.Request, content: bytes) -> httpx.Response:
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.headers.raw}
        asked = Request(request.method, request.url.netloc.decode("ascii"), path, query, headers, content)
        with self._world.lock:
            if self._edge.leads_nowhere(asked):
                raise httpx.ConnectError(f"the name {request.url.host} is not known", request=request)
            if self._edge.is_api(asked):
                status, answered, body = self._from_the_api(request, asked)
            else:
                status, answered, body = self._through_the_gateway(asked)
            told = ("date", http_date(self._world.state.now))
        return httpx.Response(status, headers=[*answered, told], content=body, request=request)

    def _from_the_api(self, request: httpx.Request, asked: Request) -> Reply:
        """An answer of the API; where a fault breaks the connection or is too slow, what httpx raises then."""
        world = self._world
        before = world.state.now
        try:
            reply = world.handle(asked.method, asked.path, asked.query, asked.headers, asked.body)
        except Broken as broken:
            if broken.what == "refused":
                raise httpx.ConnectError("connection refused", request=request) from None
            raise httpx.ReadError("connection reset by peer", request=request) from None
        patience = request.extensions.get("timeout", {}).get("read")
        if patience is not None and world.state.now - before > patience * SECOND:
            raise httpx.ReadTimeout("the answer took too long", request=request)
        return reply

    def _through_the_gateway(self, asked: Request) -> Reply:
        """An answer of the gateway; the world's time passes meanwhile."""
        world = self._world
        answer = self._edge.perform(asked)
        ends = world.state.now + answer.ms * 1_000
        world.move_to(ends - ends % SECOND + SECOND)
        return answer.reply
