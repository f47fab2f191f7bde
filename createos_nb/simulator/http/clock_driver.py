"""The pace of a served world: its clock runs at so many times real time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

from createos_nb.errors import InvalidInput
from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.times import SECOND

_SHORTEST, _LONGEST = 0.05, 1.0
_FASTEST: Final = 1_000_000.0


class ClockDriver:
    """Moves a world's clock along with real time, from `start` on.

    Args:
        world: the world.
        speed: seconds of the world in a real second, 0 to 1,000,000; at 0 its time stands still.
        ticks: real seconds from some beginning on.

    Raises `InvalidInput` for another speed.
    """

    def __init__(self, context: WorldContext, speed: float, ticks: Callable[[], float] = time.monotonic) -> None:
        self._context, self._ticks = context, ticks
        self._last = math.inf
        self.set_speed(speed)

    def set_speed(self, speed: float) -> None:
        """Let the clock run at another speed from now on. Raises `InvalidInput` as the constructor does."""
        if not 0 <= speed <= _FASTEST:
            raise InvalidInput(f"speed is 0 to {_FASTEST:,.0f} times real time, not {speed}")
        self.speed = speed

    def start(self) -> None:
        """Let its clock run from now on."""
        self._last = self._ticks()

    def catch_up(self) -> None:
        """Let the time pass that has passed for real; what is due meanwhile happens."""
        now = self._ticks()
        if now > self._last:
            passed, self._last = now - self._last, now
            self._context.move(round(passed * self.speed * SECOND))

    def now(self) -> int:
        """The world's time as it has gone on for real since somebody last looked, in microseconds since 1970."""
        return self._context.state.now + round(max(0.0, self._ticks() - self._last) * self.speed * SECOND)

    def seconds(self, microseconds: int) -> float:
        """Real seconds that so much of the world's time takes; infinite where it stands still."""
        if microseconds <= 0:
            return 0.0
        return microseconds / SECOND / self.speed if self.speed else math.inf

    def absorb_drift(self, microseconds: int) -> float:
        """Take back what the world's clock was put forward, so that it goes on when real time has got there too.

        Gives the real seconds until then; 0 where time stands still but for such steps.
        """
        seconds = self.seconds(microseconds)
        if math.isinf(seconds):
            return 0.0
        self._last += seconds
        return seconds

    def until_due(self) -> float:
        """Real seconds until somebody should look again, although nobody asks."""
        due = self._context.state.scheduled_events
        wait = self.seconds(due[0].at - self._context.state.now) if due else _LONGEST
        return min(max(wait, _SHORTEST), _LONGEST)
