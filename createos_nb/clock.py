"""Time as a parameter: whoever waits asks a clock to sleep, so that a simulated world waits without waiting."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Protocol, runtime_checkable


class Clock(Protocol):
    """A clock, as the client needs it."""

    @property
    def virtual(self) -> bool:
        """Waits pass at once: progress bars and hints about waiting make no sense."""

    def now(self) -> float:
        """Return the time.

        Returns:
            Unix seconds (UTC).
        """

    def sleep(self, seconds: float) -> None:
        """Let time pass.

        Args:
            seconds: How much.
        """


@runtime_checkable
class LearningClock(Clock, Protocol):
    """A clock that learns from each answer of the other side."""

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take what the headers of an answer say of the time."""


class WaitClock(Clock, Protocol):
    """A clock to wait on: the time of the other side."""

    @property
    def speed(self) -> float:
        """Its seconds in a real one."""

    @property
    def least(self) -> float:
        """Seconds that two looks lie apart at least."""

    def passed(self) -> float:
        """Return how much time has passed since some beginning, that nobody sets: for deadlines.

        Returns:
            Seconds.
        """


def ticks() -> float:
    """Return how much time has passed since some beginning, that nobody sets.

    Returns:
        Seconds; where the system tells, those spent asleep are among them.

    Examples:
        >>> from createos_nb.clock import ticks
        >>> ticks() <= ticks()
        True
    """
    return time.clock_gettime(_ASLEEP_TOO) if _ASLEEP_TOO is not None else time.monotonic()


# a laptop that wakes up must not believe that it is still yesterday; on macOS the raw clock goes on while it sleeps
_NAME = "CLOCK_MONOTONIC_RAW" if sys.platform == "darwin" else "CLOCK_BOOTTIME"
_ASLEEP_TOO: int | None = getattr(time, _NAME, None)


class SystemClock:
    """The machine's clock as it was at the start, and what has passed since: a clock that is set does no harm.

    Examples:
        >>> from createos_nb.clock import SystemClock
        >>> SystemClock().virtual
        False
    """

    virtual = False

    def __init__(self) -> None:
        self._start = time.time() - ticks()

    def now(self) -> float:
        """Return the time.

        Returns:
            Unix seconds (UTC).

        Examples:
            >>> import time
            >>> from createos_nb.clock import SystemClock
            >>> abs(SystemClock().now() - time.time()) < 5
            True
        """
        return self._start + ticks()

    def sleep(self, seconds: float) -> None:
        """Wait.

        Args:
            seconds: How long; no time for 0 and less.

        Examples:
            >>> from createos_nb.clock import SystemClock
            >>> SystemClock().sleep(0.001)
        """
        if seconds > 0:
            time.sleep(seconds)
