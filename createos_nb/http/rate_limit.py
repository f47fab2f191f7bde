"""The rate limit: spends no more requests than the platform allows, and waits instead of failing."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from createos_nb.clock import Clock
from createos_nb.contract.operation import Operation
from createos_nb.errors import InvalidInput
from createos_nb.http.response import http_date
from createos_nb.http.wait_messages import WaitMessages
from createos_nb.process import ProcessBound

#: No window that the platform documents is longer. What says to wait longer is a mistake, and is not believed: the
#: client's own count holds, and a platform that means it refuses the next request, which says so.
_LONGEST: Final = 3600.0
#: Unix seconds reach it in the year 5138; a larger number counts something finer.
_NO_SECONDS: Final = 1e11
#: More requests than any limit leaves.
_MOST: Final = 1e9
#: Ends of windows that lie closer are one end: headers give whole seconds.
_SAME: Final = 2.0


@dataclass(frozen=True)
class RateLimit:
    """The rate limits of a key. Defaults: the figures that the platform documents."""

    per_minute: int = 100
    per_hour: int = 1000
    uploads_per_minute: int = 10

    def __post_init__(self) -> None:
        if min(self.per_minute, self.per_hour, self.uploads_per_minute) < 1:
            raise InvalidInput(f"a rate limit allows at least one request: {self}")


class Limiter(ProcessBound):
    """Sliding windows over the requests already sent, shared by all threads of a client.

    Headers of answers (`X-RateLimit-Remaining`, `-Reset`, `Retry-After`) correct it: the platform counts other clients
    of the same key as well.
    """

    def __init__(self, limit: RateLimit, clock: Clock, waiting: WaitMessages | None = None) -> None:
        self.limit = limit
        self._clock = clock
        self._waiting = waiting or WaitMessages(clock)
        self._lock = threading.Lock()
        self._windows = [(60.0, limit.per_minute, deque[float]()), (3600.0, limit.per_hour, deque[float]())]
        self._uploads = (60.0, limit.uploads_per_minute, deque[float]())
        self._not_before = 0.0
        # what the platform said is left, and until when
        self._remaining, self._reset = 0, 0.0

    def wait(self, operation: Operation) -> float:
        """Wait until this request may go, and count it. Returns the seconds waited."""
        waited = 0.0
        while (pause := self._take(operation)) > 0:
            self._waiting.wait(pause, f"{operation.call}: the rate limit is used up")
            waited += pause
        return waited

    def cost(self, requests: int) -> float:
        """Seconds until the last of so many requests may go, as things stand."""
        with self._lock:
            now = self._clock.now()
            last = max(now, self._not_before)
            if requests > self._remaining:  # the platform has said how many more it takes, and until when
                last = max(last, self._reset)
            sent = {length: deque(times) for length, _, times in self._windows}
            for _ in range(requests):
                for length, max_requests, _ in self._windows:
                    if len(sent[length]) >= max_requests:
                        last = max(last, sent[length][-max_requests] + length)
                for times in sent.values():
                    times.append(last)
            return last - now

    def learn(self, headers: Mapping[str, str], retry_after: float | None = None) -> None:
        """Correct the count by what an answer says."""
        now = self._clock.now()
        remaining, reset = _number(headers, "x-ratelimit-remaining"), _number(headers, "x-ratelimit-reset")
        with self._lock:
            if retry_after is not None and retry_after <= _LONGEST:
                self._not_before = max(self._not_before, now + retry_after)
            if remaining is None or reset is None or not 0 <= remaining <= _MOST:
                return
            # by the server's own clock where it tells it: its reset means nothing on a clock that goes otherwise
            wait = _seconds(reset, http_date(headers.get("date", "")) or now)
            if wait is None:
                return
            until = now + wait
            if until > self._reset + _SAME:
                self._remaining, self._reset = int(remaining), until
            elif until >= self._reset - _SAME:  # of several answers under way the lowest count is the newest
                self._remaining = min(self._remaining, int(remaining))

    def _take(self, operation: Operation) -> float:
        with self._lock:
            now = self._clock.now()
            pause = self._not_before - now
            if self._remaining <= 0:
                pause = max(pause, self._reset - now)
            windows = [*self._windows, self._uploads] if operation.call_name.startswith("upload") else self._windows
            for length, max_requests, sent in windows:
                self._drop_expired(sent, now, length)
                if len(sent) >= max_requests:
                    pause = max(pause, sent[len(sent) - max_requests] + length - now)
            if pause > 0:
                return pause
            self._remaining -= 1
            for _, _, sent in windows:
                sent.append(now)
            return 0.0

    @staticmethod
    def _drop_expired(sent: deque[float], now: float, length: float) -> None:
        while sent and sent[0] <= now - length:
            sent.popleft()


def _seconds(reset: float, now: float) -> float | None:
    """Return how long until a reset; None where it is no moment of any window.

    It is a moment in Unix seconds; some servers write milliseconds or finer, or how many seconds are left.
    """
    if 0 <= reset <= _LONGEST:
        return reset
    while reset > _NO_SECONDS:
        reset /= 1000
    return reset - now if reset - now <= _LONGEST else None


def _number(headers: Mapping[str, str], name: str) -> float | None:
    try:
        value = float(headers.get(name, ""))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def chosen_limit(limit: RateLimit | bool | None, *, on_platform: bool) -> RateLimit | None:
    """Return the limit that a client keeps: the given one; by default the documented one, on the platform alone."""
    if isinstance(limit, RateLimit):
        return limit
    return RateLimit() if limit or (limit is None and on_platform) else None
