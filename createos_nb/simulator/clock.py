"""The world's clock: it moves when somebody waits on it, and nothing waits for real."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.simulator.moments import SECOND

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core


class WorldClock:
    """A `createos_nb.clock.Clock` over a world: to sleep is to let the world's time pass."""

    virtual = True

    def __init__(self, world: Core) -> None:
        self._world = world
        #: Seconds that this clock goes ahead of the platform's.
        self.skew = 0.0

    def now(self) -> float:
        """Unix seconds (UTC) in the world, as whoever waits on this clock believes."""
        return self._world.state.now / SECOND + self.skew

    def ticks(self) -> float:
        """Seconds that nobody sets: what has passed in the world, whatever this clock shows."""
        return self._world.state.now / SECOND

    def sleep(self, seconds: float) -> None:
        """Let that much of the world's time pass; what is due meanwhile happens."""
        self._world.move(round(seconds * SECOND))
