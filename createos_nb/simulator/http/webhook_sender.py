"""Webhooks of a served world: what is due is posted to its address, and how that ended is written down.

A delivery counts as made when its address has answered with 2xx, so that it comes at least once: with a state file it
is on the disk before it is sent, and a server that is killed sends it again.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

import httpx

from createos_nb import threads
from createos_nb.simulator.envelope import SIMULATED
from createos_nb.simulator.platform.webhook_deliveries import due_endpoints, next_request, settle
from createos_nb.simulator.webhook_address import may_reach

if TYPE_CHECKING:
    from createos_nb.simulator.context import WorldContext
    from createos_nb.simulator.http.clock_driver import ClockDriver
    from createos_nb.simulator.http.state_file import StateFile
    from createos_nb.simulator.webhook_receiver import WebhookRequest

_PERIOD: Final = 0.1
"""Seconds between two looks for what is due."""
_PAUSE: Final = 5.0
"""Seconds until the next look after the state file, or this sender, has failed."""
PATIENCE: Final = 10.0
"""Seconds that a receiver has to answer, the look-up of its name included."""
logger: Final = logging.getLogger(__name__)


class WebhookSender:
    """Posts the deliveries of one served world that are due: each endpoint's one after the other, endpoints at a time.

    Args:
        context: the world.
        clock: moves its clock.
        file: where the world is kept, if it is.
    """

    def __init__(self, context: WorldContext, clock: ClockDriver, file: StateFile | None = None) -> None:
        self._context, self._clock, self._file = context, clock, file
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._http: httpx.AsyncClient | None = None

    async def run(self) -> None:
        """Send until this is canceled; what is under way then is sent again by the next server."""
        try:
            while True:
                await asyncio.sleep(_PERIOD)
                with self._context.lock:
                    due = due_endpoints(self._context) if self._context.state.webhooks else []
                for endpoint in due:
                    if endpoint not in self._sending:
                        self._sending[endpoint] = asyncio.create_task(self._send_all(endpoint))
        finally:
            under_way = list(self._sending.values())
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
            if self._http is not None:
                await self._http.aclose()

    async def _send_all(self, endpoint: str) -> None:
        try:
            while (request := await self._take(endpoint)) is not None:
                error = await self._post(request)
                with self._context.lock:
                    self._clock.catch_up()
                    settle(self._context, request.endpoint, request.delivery, error)
                    if self._file is not None:
                        self._file.attempted(request, error)
        except Exception:
            logger.exception("webhooks can't be sent, and are kept")
            await asyncio.sleep(_PAUSE)
        finally:
            del self._sending[endpoint]

    async def _take(self, endpoint: str) -> WebhookRequest | None:
        """The next delivery, once the world that it comes from would survive a crash."""
        with self._context.lock:
            self._clock.catch_up()
            request = next_request(self._context, endpoint)
            if request is not None and self._file is not None:
                self._file.prepare()
                self._file.promise_time()
        if request is not None and self._file is not None:
            await self._file.durable()
        return request

    async def _post(self, request: WebhookRequest) -> str:
        """Post a delivery, and return why it was not taken; "" if it was."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._post_to_address(request)
        except TimeoutError:
            return f"no answer within {PATIENCE:.0f} s"
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return f"{type(error).__name__}: {error}"

    async def _post_to_address(self, request: WebhookRequest) -> str:
        url = httpx.URL(request.url)
        host = url.host
        try:
            addresses = await _addresses(host)
        except (socket.gaierror, UnicodeError):
            return f"the name {host} is not known"
        refused = next((address for address in addresses if not may_reach(host, address)), None)
        if refused is not None or not addresses:
            return f"{host} leads to {refused}, and webhooks are sent to public addresses and to this machine alone"
        headers = {**request.headers, "Host": url.netloc.decode("ascii"), SIMULATED[0]: SIMULATED[1]}
        extensions = {"sni_hostname": host} if url.scheme == "https" else {}
        unreachable = ""
        for address in dict.fromkeys(addresses):
            # To the very address that was checked, however the name is resolved the next moment; the certificate must
            # be the name's all the same.
            place = url.copy_with(host=address)
            post = self._client().stream("POST", place, content=request.body, headers=headers, extensions=extensions)
            try:
                async with post as response:
                    return "" if response.is_success else f"HTTP {response.status_code}"
            except httpx.ConnectError as error:
                unreachable = f"{type(error).__name__}: {error}"
        return unreachable

    def _client(self) -> httpx.AsyncClient:
        """The client: no proxy, no redirect, and no connection that is used again, for it may be another name's."""
        if self._http is None:
            limits = httpx.Limits(max_keepalive_connections=0)
            verify = ssl.create_default_context()
            self._http = httpx.AsyncClient(
                verify=verify, trust_env=False, follow_redirects=False, limits=limits, timeout=PATIENCE
            )
        return self._http


async def _addresses(host: str) -> list[str]:
    """Look up where a name leads, in a thread that nobody waits for.

    The loop's own threads write to the disk, and are waited for at the end: some names whose servers never answer would
    hold up every write, and the end. Raises `OSError`, `UnicodeError`.
    """
    found: Future[list[str]] = Future()
    found.set_running_or_notify_cancel()

    def look_up() -> None:
        try:
            found.set_result([str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)])
        except Exception as error:  # noqa: BLE001  # whatever it is, who asked gets it
            found.set_exception(error)

    if threads.start(look_up, f"createos-nb look-up of {host}") is None:
        look_up()
    return await asyncio.wrap_future(found)
