"""The loop around a request: its attempts, what is waited between them, the redirects, and the log. Written once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import httpx

from createos_nb.clock import Clock
from createos_nb.contract.operation import Operation
from createos_nb.errors import RateLimited, RequestError
from createos_nb.http.log import Log, LogEntry
from createos_nb.http.rate_limit import Limiter
from createos_nb.http.retry import RetryPolicy
from createos_nb.http.server_clock import ServerClock
from createos_nb.http.wait_messages import WaitMessages
from createos_nb.redaction import Secret

Result = TypeVar("Result")

_MOST_REDIRECTS: Final = 5


class Attempt:
    """One attempt of a request: what the log is to say of it. `sent`: the tick of the other side's clock before it."""

    __slots__ = ("_clock", "elapsed", "sent", "size", "status")

    def __init__(self, clock: ServerClock) -> None:
        self._clock = clock
        self.sent = clock.tick()
        self.elapsed: float | None = None
        self.status: int | None = None
        self.size = 0

    def received(self, status: int, size: int = 0) -> None:
        """Note what came, and that it came now."""
        self.status, self.size, self.elapsed = status, size, self._clock.tick() - self.sent

    def entry(self, operation: Operation, path: str, number: int) -> LogEntry:
        """Return the line of the log."""
        elapsed = self._clock.tick() - self.sent if self.elapsed is None else self.elapsed
        started = self._clock.ago(self._clock.tick() - self.sent)
        return LogEntry(started, operation.name, operation.method, path, self.status, elapsed, number, self.size)


class RequestLoop:
    """Sends requests again where that is safe, and logs each attempt.

    Args:
        clock: What waits are measured on.
        server_clock: The time that the log tells.
        retry: Says which errors may pass, and how long to wait.
        waiting: Sleeps, and tells of long waits.
        log: Takes one line an attempt.
    """

    def __init__(
        self, clock: Clock, server_clock: ServerClock, retry: RetryPolicy, waiting: WaitMessages, log: Log
    ) -> None:
        self._clock, self._server_clock, self._retry = clock, server_clock, retry
        self._waiting, self._log = waiting, log

    def run(
        self,
        operation: Operation,
        path: str,
        attempt: Callable[[Attempt], Result],
        limiter: Limiter | None = None,
    ) -> Result:
        """Call `attempt` until it gives a result, or an error that no further attempt can mend, which is raised."""
        number, started, limited_for = 1, self._clock.now(), 0.0
        while True:
            if limiter:
                limited_for += limiter.wait(operation)
            current = Attempt(self._server_clock)
            try:
                return attempt(current)
            except RequestError as error:
                pause = self._retry.wait(operation, error, number)
                limited = limiter is not None and isinstance(error, RateLimited)
                budget = self._retry.patience if limited else self._retry.budget
                if pause is None or self._clock.now() - started - limited_for + pause > budget:
                    raise
                reason = error.reason
            finally:
                self._log.add(current.entry(operation, path, number))
            self._waiting.wait(pause, f"{operation.call}: {reason[:80]}")
            number += 1


def follow_redirects(
    open_: Callable[[httpx.Request], httpx.Response],
    request: httpx.Request,
    following: Callable[[httpx.Response, Secret], httpx.Request | None],
) -> httpx.Response:
    """Send a request, and what `following` makes of each redirect. Returns the last response, still open.

    `following` gets a redirect and its location, and gives the next request, or None where the response shall stand. A
    redirect beyond the fifth stands.
    """
    response = open_(request)
    for _ in range(_MOST_REDIRECTS):
        location = redirect_of(response)
        if location is None:
            break
        try:
            after = following(response, location)
        except BaseException:
            response.close()
            raise
        if after is None:
            break
        response.close()
        response = open_(after)
    return response


def redirect_of(response: httpx.Response) -> Secret | None:
    """Return where a response redirects to; None where it does not. The location may be one that opens a file."""
    location = response.headers.get("location")
    return Secret(location) if response.status_code in (301, 302, 303, 307, 308) and location else None
