"""The rate limit: spends no more requests than the platform allows, and waits instead of failing."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from createos_nb.clock import Clock
from createos_nb.operation import Operation


@dataclass(frozen=True)
class RateLimit:
    """How many requests a key may send. Defaults: the figures that the platform documents."""

    per_minute: int = 100
    per_hour: int = 1000
    uploads_per_minute: int = 10


class Limiter:
    """Sliding windows over the requests already sent, shared by all threads of a client.

    Headers of answers (`X-RateLimit-Remaining`, `-Reset`, `Retry-After`) correct it: the platform counts other clients
    of the same key as well.
    """

    def __init__(self, limit: RateLimit, clock: Clock) -> None:
        self.limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._windows = [(60.0, limit.per_minute, deque[float]()), (3600.0, limit.per_hour, deque[float]())]
        self._uploads = (60.0, limit.uploads_per_minute, deque[float]())
        self._not_before = 0.0

    def wait(self, operation: Operation) -> float:
        """Wait until this request may go, and count it. Returns the seconds waited."""
        waited = 0.0
        while (pause := self._take(operation)) > 0:
            self._clock.sleep(pause)
            waited += pause
        return waited

    def cost(self, requests: int) -> float:
        """Seconds that so many requests will wait, as things stand."""
        with self._lock:
            now, worst = self._clock.now(), 0.0
            for length, most, sent in self._windows:
                self._forget(sent, now, length)
                beyond = len(sent) + requests - most
                if beyond > 0:
                    worst = max(worst, length * ((beyond - 1) // most + 1) - (now - sent[0] if sent else 0.0))
            return worst

    def learn(self, headers: Mapping[str, str], retry_after: float | None) -> None:
        """Correct the count by what an answer says."""
        until = 0.0
        if retry_after is not None:
            until = self._clock.now() + retry_after
        elif headers.get("x-ratelimit-remaining") == "0":
            try:
                reset = float(headers.get("x-ratelimit-reset", ""))
            except ValueError:
                return
            until = min(reset, self._clock.now() + 3600.0)
        if until:
            with self._lock:
                self._not_before = max(self._not_before, until)

    def _take(self, operation: Operation) -> float:
        with self._lock:
            now = self._clock.now()
            pause = self._not_before - now
            windows = [*self._windows, self._uploads] if operation.call_name.startswith("upload") else self._windows
            for length, most, sent in windows:
                self._forget(sent, now, length)
                if len(sent) >= most:
                    pause = max(pause, sent[len(sent) - most] + length - now)
            if pause > 0:
                return pause
            for _, _, sent in windows:
                sent.append(now)
            return 0.0

    @staticmethod
    def _forget(sent: deque[float], now: float, length: float) -> None:
        while sent and sent[0] <= now - length:
            sent.popleft()
