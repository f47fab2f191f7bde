"""Messages about waits: a warning when a long one begins, and a status line that counts it down."""

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
    """The waits of one client: of many threads that wait for the same moment, one shows the message."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._announced_until = 0.0

    def wait(self, seconds: float, why: str) -> None:
        """Sleep for `seconds`; show a message for a long wait, none on a world, whose time passes at once."""
        if self._clock.virtual or seconds <= _LONG:
            self._clock.sleep(seconds)
            return
        until = self._clock.now() + seconds
        if self._is_new(until):
            warn(f"waiting {seconds:.0f} s, until {iso(int(until))}: {why}", RateLimitWarning)
            self._wait_with_status(seconds, why)
        else:
            self._clock.sleep(seconds)

    def _is_new(self, until: float) -> bool:
        """Return whether no message was shown yet for a wait that ends about then."""
        with self._lock:
            if until <= self._announced_until + _LONG:
                return False
            self._announced_until = until
            return True

    def _wait_with_status(self, seconds: float, why: str) -> None:
        remaining = seconds
        with status_line(self._clock) as say:
            while remaining > 0:
                if say:
                    say(f"{why}: {remaining:.0f} s left", round(seconds - remaining), max(1, round(seconds)))
                step = min(remaining, _STEP) if say else remaining
                self._clock.sleep(step)
                remaining -= step
