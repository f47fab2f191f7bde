"""What the parts of the simulator share of one world: its state, indexes, caches, clock and events.

Whoever reads or changes a world takes a `WorldContext`; `createos_nb.simulator.world.world.World` is its public face.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from heapq import heappop, heappush
from threading import RLock
from typing import Final, get_args

from createos_nb.errors import InvalidInput
from createos_nb.simulator.envelope import Dialect
from createos_nb.simulator.indexed_state import IndexedState
from createos_nb.simulator.state import (
    ScheduledEvent,
    State,
)
from createos_nb.simulator.times import SECOND, from_datetime
from createos_nb.simulator.webhook_receiver import WebhookReceiver


class WorldContext(IndexedState):
    """The inside of one world, for the parts of the simulator; everybody else uses `World`.

    Attributes:
        state: everything that the world knows; one tree that can be written and read.
        dialect: "production" or "documented": how answers are wrapped.
        lineage: which world this is, and whose past is its own.
        lock: held by whoever reads or changes the world.
        clock: a `createos_nb.clock.Clock` that moves this world.
        files_url: where signed addresses lead.
        initial_state: the state at the start, as bytes, to set the world back to.
        rows: JSON of resources by their id, until they change.
        newest_first: deployments by project, newest first, until they change.
        builds: builds by deployment, some of them.
        recorded: requests that are known one by one, by environment, or by deployment where it is live nowhere.
        webhook_receiver: takes webhooks in this process, if something does.
        on_write: called with each request that may have changed something: method, path, query, headers, body.
        limits_requests: whether a rate limit is set.
        user_by_secret: ids of users by access token or key.
        key_by_secret: API keys by their secret.
        hosts: ids of project and environment by host name.
    """

    base_url = "https://api.simulator.invalid"

    def __init__(self, state: State, *, dialect: str = "production") -> None:
        if dialect not in get_args(Dialect):
            raise InvalidInput(f"a dialect is {' or '.join(get_args(Dialect))}, not {dialect!r}")
        self.dialect: Dialect = dialect  # type: ignore[assignment]  # one of its two words, as was just checked
        self.lock = RLock()
        self.clock = WorldClock(self)
        self.files_url = "https://files.simulator.invalid"
        self.initial_state = b""
        self.webhook_receiver: WebhookReceiver | None = None
        self.on_write: Callable[[str, str, str, Mapping[str, str], bytes], None] | None = None
        super().__init__(state)

    # --- time ---------------------------------------------------------------------------------------------------------

    def move_to(self, moment: int | datetime) -> None:
        """Let time pass until a moment; a past one changes nothing.

        Each event that is due on the way happens at its own time.

        Args:
            moment: microseconds since 1970, or an aware datetime.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> world.move_to(world.state.now + 60_000_000)
            >>> str(world.now)
            '2026-03-02 09:01:00+00:00'
        """
        until = moment if isinstance(moment, int) else from_datetime(moment)
        with self.lock:
            state = self.state
            while state.scheduled_events and state.scheduled_events[0].at <= until:
                event = heappop(state.scheduled_events)
                state.now = max(state.now, event.at)
                EVENT_HANDLERS[event.name](self, event.target)
            state.now = max(state.now, until)

    def move(self, microseconds: int) -> None:
        """Let so many microseconds pass.

        Args:
            microseconds: how many; none where it is 0 or less.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> world.move(1_500_000)
            >>> str(world.now)
            '2026-03-02 09:00:01.500000+00:00'
        """
        if microseconds > 0:
            self.move_to(self.state.now + microseconds)

    def schedule_in(self, seconds: float, name: str, *target: str) -> None:
        """Schedule an event so many seconds from now.

        Args:
            seconds: how long until then.
            name: name of the event; a handler is registered for it.
            target: ids that the handler takes.

        Raises:
            LookupError: no handler is registered for the event.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> project = world.find_project("landing-pages")
            >>> world.schedule_in(60, "project is deleted", project.id)
            >>> time = world.advance("1min")
            >>> project.status
            'deleted'
        """
        self.schedule_at(self.state.now + round(seconds * SECOND), name, *target)

    def schedule_at(self, moment: int, name: str, *target: str) -> None:
        """Schedule an event at a moment; one in the past happens with the next step of time.

        Args:
            moment: microseconds since 1970.
            name: name of the event; a handler is registered for it.
            target: ids that the handler takes.

        Raises:
            LookupError: no handler is registered for the event.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> world.schedule_at(world.state.now, "an event that nobody handles")
            Traceback (most recent call last):
                ...
            LookupError: no handler is registered for the event 'an event that nobody handles'
        """
        if name not in EVENT_HANDLERS:
            raise LookupError(f"no handler is registered for the event {name!r}")
        state = self.state
        state.counter += 1
        heappush(state.scheduled_events, ScheduledEvent(moment, state.counter, name, target))


class WorldClock:
    """A `createos_nb.clock.Clock` over a world: to sleep is to let the world's time pass, and nothing waits for real.

    Attributes:
        skew: seconds that this clock goes ahead of the platform's.
    """

    virtual = True

    def __init__(self, context: WorldContext) -> None:
        self._context = context
        self.skew = 0.0

    def now(self) -> float:
        """Return Unix seconds (UTC) in the world, as whoever waits on this clock believes."""
        return self._context.state.now / SECOND + self.skew

    def ticks(self) -> float:
        """Return seconds that nobody sets: what has passed in the world, whatever this clock shows."""
        return self._context.state.now / SECOND

    def sleep(self, seconds: float) -> None:
        """Let that much of the world's time pass; what is due meanwhile happens."""
        self._context.move(round(seconds * SECOND))


EventHandler = Callable[[WorldContext, tuple[str, ...]], None]

#: By name of the event; modules register their own.
EVENT_HANDLERS: Final[dict[str, EventHandler]] = {}


def handles_event(name: str) -> Callable[[EventHandler], EventHandler]:
    """Register what is done when an event of this name is due."""

    def register(handler: EventHandler) -> EventHandler:
        if EVENT_HANDLERS.setdefault(name, handler) is not handler:
            raise TypeError(f"the event {name!r} has two handlers")
        return handler

    return register
