"""The clock of the other side: learned from its answers, counted on by the ticks of this machine."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from createos_nb.clock import Clock, LearningClock, ticks
from createos_nb.errors import ClockWarning, RequestTimeout, warn
from createos_nb.http.response import http_date

#: A served simulator says in this header how many of its seconds pass in one of ours.
SPEED_HEADER: Final = "x-createos-speed"

#: Real seconds that may pass until somebody who only wants to know the time is told it, or an error.
ASK_TIMEOUT: Final = 5.0
_FASTEST, _SLOWEST = 1_000_000.0, 0.01
_BETWEEN: Final = 0.25
"""Real seconds between two looks, however fast the time of the other side passes."""
#: Later moments are beyond what a Timestamp holds.
_LATEST: Final = 9.2e9


class _Line(NamedTuple):
    """A time that goes on by itself: `value` at `tick`, and `rate` more with each second."""

    tick: float
    value: float
    rate: float

    def at(self, tick: float) -> float:
        return self.value + (tick - self.tick) * self.rate


class ServerClock:
    """Time as the other side counts it: `now` is its time of day, and `sleep` lets its seconds pass.

    An answer carries the time at which it was written, to the second. What passes since is counted on this machine's
    ticks, which nobody can set: a clock here that is wrong, or is set meanwhile, changes nothing. Of several answers
    the one counts that puts the present latest, unless a newer one contradicts it. So `now` is never older than the
    last answer and what has passed since, at the speed of a served world.

    A world in this process is its own other side: nothing has to be learned.

    Args:
        clock: what waits here are made on; its time of day serves only where the answers tell none.
        ask: asks the other side what time it is, which ends in `learn`. Raises `TransportError`.
    """

    def __init__(self, clock: Clock, ask: Callable[[], None]) -> None:
        self._clock, self._ask = clock, ask
        self.virtual = clock.virtual
        started = self.tick()
        self._line: _Line | None = _Line(started, started, 1.0) if self.virtual else None
        #: For waits: it goes on evenly, whatever is learned.
        self._steady = _Line(started, clock.now(), 1.0)
        #: Answers came, and none said what time it is.
        self._answered_without_time = False
        self._warned = False
        self._is_asking = False
        self._changed = threading.Condition()

    # --- what time it is ----------------------------------------------------------------------------------------------

    def now(self) -> float:
        """Unix seconds (UTC) on the other side. Where nothing was answered yet, one thread asks and the others wait.

        Raises:
            TransportError: It can't be asked.
        """
        if self._line is None and not self._answered_without_time:
            self._learn_first()
        if self._line is None and not self._warned:
            self._warned = True
            warn(
                "the answers don't say what time it is there: times are counted on the clock of this machine, "
                "and are wrong where that is",
                ClockWarning,
            )
        return self.last_known()

    def last_known(self) -> float:
        """As `now`, without asking: this machine's time where nothing was answered yet."""
        line = self._line
        return self._clock.now() if line is None else line.at(self.tick())

    def ago(self, seconds: float) -> float:
        """The time there so many real seconds ago, without asking."""
        line = self._line
        return self.last_known() - seconds * (1.0 if line is None else line.rate)

    def tick(self) -> float:
        """Seconds from some beginning on, which nobody sets: on this machine, or in the world in this process."""
        if not self.virtual:
            return ticks()
        own: Callable[[], float] = getattr(self._clock, "ticks", self._clock.now)
        return own()

    # --- waiting ------------------------------------------------------------------------------------------------------

    @property
    def speed(self) -> float:
        """Seconds of the other side in a real second, for waits: 1 as well where its time stands still."""
        return self._steady.rate

    @property
    def least(self) -> float:
        """Seconds of the other side that two looks should lie apart at least, so that none follows at once."""
        return 0.0 if self.virtual else _BETWEEN * self.speed

    def passed(self) -> float:
        """Seconds of the other side that have passed since some beginning: for deadlines, and never set."""
        return self._steady.at(self.tick())

    def sleep(self, seconds: float) -> None:
        """Let so many seconds of the other side pass."""
        self._clock.sleep(seconds / self.speed)

    # --- learning -----------------------------------------------------------------------------------------------------

    def learn(self, headers: Mapping[str, str], sent: float) -> None:
        """Take what an answer says of the time; `sent`: the `tick` before its request."""
        if isinstance(self._clock, LearningClock):
            self._clock.learn(headers)
        received, server_time = self.tick(), _server_time(headers)
        rate = 1.0 if self.virtual else _speed(headers)
        with self._changed:
            line = self._line
            if server_time is None:
                self._answered_without_time = True
            elif line is None or line.rate != rate or line.at(sent) >= server_time + 1.0:
                # the first one, another world, or one whose clock was set back
                self._line = _Line(received, server_time, rate)
            elif server_time > line.at(received):
                self._line = _Line(received, server_time, rate)
            steady = rate if rate >= _SLOWEST else 1.0
            if server_time is not None and steady != self._steady.rate:
                self._steady = _Line(received, self._steady.at(received), steady)
            self._changed.notify_all()

    def _learn_first(self) -> None:
        ends = ticks() + 2 * ASK_TIMEOUT
        with self._changed:
            while self._is_asking and self._is_unknown():
                if not self._changed.wait(ends - ticks()):
                    raise RequestTimeout("the server's time could not be read in time", method="HEAD", path="/")
            if not self._is_unknown():
                return
            self._is_asking = True
        try:
            self._ask()
        finally:
            with self._changed:
                self._is_asking = False
                self._changed.notify_all()

    def _is_unknown(self) -> bool:
        return self._line is None and not self._answered_without_time


class ElapsedClock:
    """A `Clock` for whoever only measures what has passed, such as the rate limit of the other side."""

    def __init__(self, server_clock: ServerClock) -> None:
        self._server_clock, self.virtual = server_clock, server_clock.virtual

    def now(self) -> float:
        """Return the seconds that have passed on the other side."""
        return self._server_clock.passed()

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds of the other side."""
        self._server_clock.sleep(seconds)


def _server_time(headers: Mapping[str, str]) -> float | None:
    """Return the time of an answer, with its age in a cache added."""
    date = http_date(headers.get("date", ""))
    if date is None or not 0 < date < _LATEST:
        return None
    age = headers.get("age", "")
    return date + int(age) if age.isascii() and age.isdecimal() and len(age) < 9 else date


def _speed(headers: Mapping[str, str]) -> float:
    try:
        speed = float(headers.get(SPEED_HEADER, "1"))
    except ValueError:
        return 1.0
    return speed if math.isfinite(speed) and 0 <= speed <= _FASTEST else 1.0
