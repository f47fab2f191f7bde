"""How a drill's time passes: by real time, or by calls; and the clock that its client waits on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from createos_nb.clock import ticks
from createos_nb.errors import InvalidInput

if TYPE_CHECKING:
    from createos_nb.simulator.world.world import World

_SECOND = 1_000_000
_LONGEST = 3600.0


class Pace:
    """How time passes in a drill; what its client sleeps passes at once, and counts.

    Attributes:
        seconds_per_call: of the world, for each request to the API; 0 where real time counts.
        speed: seconds of the world in a real one; None where calls count.
    """

    def __init__(self, seconds_per_call: float | None, speed: float | None) -> None:
        if seconds_per_call is not None and speed is not None:
            raise InvalidInput("give seconds_per_call= (a clock that calls move) or speed= (real time), not both")
        if speed is not None and not 0 < speed <= _LONGEST:
            raise InvalidInput(f"speed: above 0 and up to {_LONGEST:g}, not {speed!r}")
        if seconds_per_call is not None and not 0 <= seconds_per_call <= _LONGEST:
            raise InvalidInput(f"seconds_per_call: from 0 to {_LONGEST:g}, not {seconds_per_call!r}")
        self.speed = speed
        self.seconds_per_call = 0.0 if speed is not None else 10.0 if seconds_per_call is None else seconds_per_call
        self._ticks: Callable[[], float] = ticks
        self._seen = self._ticks()

    def __repr__(self) -> str:
        if self.speed is not None:
            return f"real time, times {self.speed:g}"
        return f"{self.seconds_per_call:g} s a call"

    def sync(self, world: World) -> None:
        """Let the real time pass in the world that has passed here."""
        if self.speed is None:
            return
        with world.lock:
            now = self._ticks()
            passed, self._seen = now - self._seen, now
            world.move(round(passed * self.speed * _SECOND))

    def before_call(self, world: World) -> None:
        """Let the time pass that a request takes."""
        self.sync(world)
        world.move(round(self.seconds_per_call * _SECOND))


class DrillClock:
    """A `createos_nb.clock.Clock` over the world of a drill."""

    virtual = True

    def __init__(self, world: World, pace: Pace) -> None:
        self._world, self._pace = world, pace

    def now(self) -> float:
        """Return Unix seconds (UTC) in the world."""
        self._pace.sync(self._world)
        return self._world.state.now / _SECOND

    def ticks(self) -> float:
        """Return seconds that nobody sets."""
        return self.now()

    def sleep(self, seconds: float) -> None:
        """Let that much of the world's time pass, at once."""
        self._pace.sync(self._world)
        self._world.move(round(seconds * _SECOND))
