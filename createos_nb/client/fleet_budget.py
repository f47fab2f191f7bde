"""What is left of the error budget of 30 days, as far as an open history knows: it costs no request."""

from __future__ import annotations

import threading
from typing import Final

from createos_nb.client.memory import Memory
from createos_nb.errors import CreateOSError, IncompleteWarning, warn

#: Seconds of the budget's window.
LENGTH: Final = 30 * 86_400
#: The least part of the window that has to be known, and how many seconds ago the last figure may be.
_KNOWN, _LATE = 0.99, 86_400
#: Seconds for which what was summed up holds.
_FRESH: Final = 600


class Budgets:
    """Error budgets of environments, summed up once in ten minutes at most. Safe from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key: tuple[int, int, float] | None = None
        self._left: dict[str, float] = {}

    def left(self, memory: Memory | None, now: int, target: float) -> dict[str, float]:
        """Return the share of the error budget that is left, by the id of an environment; negative when overspent.

        Args:
            memory: The history that is open; None where none is: then nothing is known.
            now: The present, Unix seconds.
            target: The share of requests that should succeed.

        Returns:
            Only environments of which nearly all of the last 30 days is known, until a day ago at the most, and which
            had requests. Where the history is damaged nothing, with a warning.
        """
        if memory is None:
            return {}
        key = (id(memory), now // _FRESH, target)
        with self._lock:
            if key != self._key:
                self._key, self._left = key, {}
                try:
                    totals = memory.totals(now, LENGTH)
                except CreateOSError as error:
                    # the platform answers all the same: what the history can't tell is not known
                    warn(f"fleet.overview: budget_left is not known: {error}", IncompleteWarning)
                    return {}
                self._left = {
                    environment: 1 - each.errors / (each.requests * (1 - target))
                    for environment, each in totals.items()
                    if each.requests and each.seconds >= _KNOWN * LENGTH and each.until >= now - _LATE
                }
            return self._left
