"""Time as a parameter: whoever waits asks a clock to sleep, so that a simulated world waits without waiting."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What the client needs of time."""

    @property
    def virtual(self) -> bool:
        """Waits pass at once: progress bars and hints about waiting make no sense."""

    def now(self) -> float:
        """Unix seconds (UTC)."""

    def sleep(self, seconds: float) -> None:
        """Let that much time pass."""


class SystemClock:
    """The machine's clock."""

    virtual = False

    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)
