"""The world behind httpx: the seam where a real network would be."""

from __future__ import annotations

import httpx

from createos_nb.simulator.envelope import Response
from createos_nb.simulator.http.ingress import Ingress, Request
from createos_nb.simulator.times import SECOND, http_date
from createos_nb.simulator.world.api import Api
from createos_nb.simulator.world.faults import ConnectionBroken


class WorldTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers the requests of an `httpx.Client` or `httpx.AsyncClient` from a world in this process.

    Requests to the API take no time, and those about DNS as long as the slowest name server. Those to the address of an
    environment, a deployment or a domain take the world's time: as long as their answer does, and to the end of a
    second, so that the figures that are incoming for next hold them.
    """

    def __init__(self, api: Api) -> None:
        self._api, self._context = api, api.context
        self._ingress = Ingress(api)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request.

        Args:
            request: to the API, or to an address of an environment, a deployment or a domain.

        Returns:
            The answer, read already.

        Raises:
            httpx.ConnectError: nobody has the host.

        Examples:
            >>> import httpx
            >>> world = createos_nb.simulate().world
            >>> request = httpx.Request("GET", f"{world.base_url}/v1/projects", headers={"X-Api-Key": world.key})
            >>> world.transport().handle_request(request).status_code
            200
        """
        return self._answer(request, request.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request as `handle_request` does: a world never waits for anything.

        Args:
            request: to the API, or to an address of an environment, a deployment or a domain.

        Returns:
            The answer, read already.

        Raises:
            httpx.ConnectError: nobody has the host.

        Examples:
            >>> import asyncio, httpx
            >>> world = createos_nb.simulate().world
            >>> request = httpx.Request("GET", f"{world.base_url}/v1/projects", headers={"X-Api-Key": world.key})
            >>> asyncio.run(world.transport().handle_async_request(request)).status_code
            200
        """
        return self._answer(request, await request.aread())

    def _answer(self, request: httpx.Request, content: bytes) -> httpx.Response:
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.headers.raw}
        incoming = Request(request.method, request.url.netloc.decode("ascii"), path, query, headers, content)
        with self._context.lock:
            if self._ingress.leads_nowhere(incoming):
                raise httpx.ConnectError(f"the name {request.url.host} is not known", request=request)
            if self._ingress.is_api(incoming):
                status, response_headers, body = self._from_api(request, incoming)
            else:
                status, response_headers, body = self._from_gateway(incoming)
            date = ("date", http_date(self._context.state.now))
        return httpx.Response(status, headers=[*response_headers, date], content=body, request=request)

    def _from_api(self, request: httpx.Request, incoming: Request) -> Response:
        """An answer of the API; where a fault breaks the connection or is too slow, what httpx raises then."""
        context = self._context
        before = context.state.now
        try:
            response = self._api.handle(incoming.method, incoming.path, incoming.query, incoming.headers, incoming.body)
        except ConnectionBroken as broken:
            if broken.what == "refused":
                raise httpx.ConnectError("connection refused", request=request) from None
            raise httpx.ReadError("connection reset by peer", request=request) from None
        patience = request.extensions.get("timeout", {}).get("read")
        if patience is not None and context.state.now - before > patience * SECOND:
            raise httpx.ReadTimeout("the answer took too long", request=request)
        return response

    def _from_gateway(self, incoming: Request) -> Response:
        """An answer of the gateway; the world's time passes meanwhile."""
        timed = self._ingress.answer(incoming)
        if not timed.ms:
            return timed.response
        ends = self._context.state.now + timed.ms * 1_000
        self._context.move_to(ends - ends % SECOND + SECOND)
        return timed.response
