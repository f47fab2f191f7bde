"""The clock of a served world that is steered: to sleep is to let the world's time pass, and nothing waits for real."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Final

from createos_nb.clock import SystemClock, ticks
from createos_nb.lineage import WORLD_HEADER, Lineage
from createos_nb.simulator.envelope import SPEED, TIME
from createos_nb.simulator.times import SECOND


class SteeredClock:
    """A `createos_nb.clock.Clock` over a served world, which learns the world's time from its answers.

    Attributes:
        skews: seconds that each of the injected faults that skew clocks puts this one ahead of the platform's.
        lineage: which world answered last.

    Args:
        advance: lets so many seconds of the world pass.
    """

    virtual: Final = True

    def __init__(self, advance: Callable[[float], object]) -> None:
        self._advance = advance
        self.skews: dict[str, float] = {}
        self.lineage = Lineage()
        #: The world's time in an answer, the tick of this machine when it came, and the world's seconds in one here.
        self._time, self._tick, self._speed = 0.0, ticks(), 0.0
        self._changed = threading.Lock()

    @property
    def skew(self) -> float:
        """Seconds that this clock goes ahead of the platform's."""
        return sum(self.skews.values())

    def now(self) -> float:
        """Return Unix seconds (UTC) in the world, as whoever waits on this clock believes."""
        return self.ticks() + self.skew

    def ticks(self) -> float:
        """Return seconds that nobody sets: what has passed in the world, whatever this clock shows."""
        return self._time + (ticks() - self._tick) * self._speed

    def sleep(self, seconds: float) -> None:
        """Let that much of the world's time pass; what is due meanwhile happens."""
        if round(seconds * SECOND) > 0:
            self._advance(seconds)

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take what an answer says of the world's time."""
        if TIME not in headers:
            return
        time, speed = float(headers[TIME]), float(headers.get(SPEED, "0"))
        lineage = Lineage.read(headers.get(WORLD_HEADER, ""))
        with self._changed:
            # of answers that overtook each other the one counts that is later, unless the world was set back
            if time >= self._time or lineage.course != self.lineage.course:
                self._time, self._tick, self._speed, self.lineage = time, ticks(), speed, lineage


class ControlClock(SystemClock):
    """The machine's clock, for requests that steer the world: a failed one is sent again after a wait for real."""

    def __init__(self, steered: SteeredClock) -> None:
        super().__init__()
        self._steered = steered

    def learn(self, headers: Mapping[str, str]) -> None:
        """Hand on what an answer says of the world's time."""
        self._steered.learn(headers)
