"""What happens by itself: due at a time of the world, in the order of that time."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from createos_nb.simulator.moments import SECOND
from createos_nb.simulator.state import Due

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core

Happens = Callable[["Core", tuple[str, ...]], None]

HAPPENINGS: dict[str, Happens] = {}


def happens(what: str) -> Callable[[Happens], Happens]:
    """Register what is done when something of this name is due."""

    def register(function: Happens) -> Happens:
        if HAPPENINGS.setdefault(what, function) is not function:
            raise TypeError(f"{what} is registered twice")
        return function

    return register


def due_in(world: Core, seconds: float, what: str, *target: str) -> None:
    """Let something happen so many seconds from now."""
    due_at(world, world.state.now + round(seconds * SECOND), what, *target)


def due_at(world: Core, moment: int, what: str, *target: str) -> None:
    """Let something happen at a moment; what lies in the past happens with the next step of time."""
    if what not in HAPPENINGS:
        raise LookupError(f"nothing is registered as {what}")
    state = world.state
    state.counter += 1
    heappush(state.due, Due(moment, state.counter, what, target))


def run_until(world: Core, moment: int) -> None:
    """Move the world's time to a moment, and do all that is due on the way, each at its own time."""
    state = world.state
    while state.due and state.due[0].at <= moment:
        due = heappop(state.due)
        state.now = max(state.now, due.at)
        HAPPENINGS[due.what](world, due.target)
    state.now = max(state.now, moment)
