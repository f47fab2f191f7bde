"""Waits that are told: a message when a long one begins, and how much of it is left while it lasts."""

from __future__ import annotations

import threading
from typing import Final

from createos_nb.clock import Clock
from createos_nb.errors import RateLimitWarning, warn
from createos_nb.progress import status_line
from createos_nb.times import iso

#: Shorter waits are part of a request.
_LONG: Final = 5.0
#: Seconds between two looks at the clock while somebody watches.
_STEP: Final = 1.0


class WaitMessages:
    """The waits of one client: of many threads that wait for one thing, one tells of it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._told = 0.0

    def wait(self, seconds: float, why: str) -> None:
        """Sleep so long. A world's time passes at once: of it nothing is told."""
        if self._clock.virtual or seconds <= _LONG:
            self._clock.sleep(seconds)
            return
        until = self._clock.now() + seconds
        if self._first(until):
            warn(f"waiting {seconds:.0f} s, until {iso(int(until))}: {why}", RateLimitWarning)
            self._shown(seconds, why)
        else:
            self._clock.sleep(seconds)

    def _first(self, until: float) -> bool:
        """Nobody has told of a wait that ends about then."""
        with self._lock:
            if until <= self._told + _LONG:
                return False
            self._told = until
            return True

    def _shown(self, seconds: float, why: str) -> None:
        left = seconds
        with status_line(self._clock) as say:
            while left > 0:
                if say:
                    say(f"{why}: {left:.0f} s left", round(seconds - left), max(1, round(seconds)))
                step = min(left, _STEP) if say else left
                self._clock.sleep(step)
                left -= step
