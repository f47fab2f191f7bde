"""The budget of requests: so many an hour, spread over it, whatever has to be looked at."""

from __future__ import annotations

from typing import Final

import msgspec

from createos_nb.errors import InvalidInput

_HOUR: Final = 3600.0
#: The share of an hour's requests that may be sent at once; the others come back evenly in the course of it.
_BURST: Final = 1 / 6
#: The share of the burst that only diagnoses may use: an alert that comes when all was looked at is explained too.
_RESERVED: Final = 0.3


class Budget(msgspec.Struct, kw_only=True):
    """Requests that may still be sent.

    A sixth of the hour's requests may be sent at once; they come back at five sixths an hour, so that no hour has more
    than there are. What a reading took beyond its estimate is owed, and paid before the next one. Three tenths of what
    may be sent at once are for diagnoses alone.

    Attributes:
        hourly: requests an hour.
        left: those that may be sent now; less than 0 where more were sent.
        at: Unix seconds at which that was so.

    Examples:
        >>> from createos_nb.diagnostics.alerts.budget import budget_of
        >>> budget = budget_of(600, 0.0)
        >>> budget.left, budget.for_checks(0.0)
        (100.0, 70.0)
        >>> budget.spend(100)
        >>> budget.for_checks(60.0), budget.for_diagnosis(360.0)
        (0.0, 50.0)
    """

    hourly: int
    left: float
    at: float

    def refill(self, now: float) -> None:
        """Add what has come back until a moment (Unix seconds)."""
        most = self.hourly * _BURST
        self.left = min(most, self.left + max(0.0, now - self.at) * self.hourly * (1 - _BURST) / _HOUR)
        self.at = now

    def for_checks(self, now: float) -> float:
        """Return how many requests checks may send at a moment (Unix seconds)."""
        self.refill(now)
        return max(0.0, self.left - self.hourly * _BURST * _RESERVED)

    def for_diagnosis(self, now: float) -> float:
        """Return how many requests diagnoses may send at a moment (Unix seconds)."""
        self.refill(now)
        return max(0.0, self.left)

    @property
    def most(self) -> float:
        """Return how many requests checks may send at once."""
        return self.hourly * _BURST * (1 - _RESERVED)

    def spend(self, requests: int) -> None:
        """Take requests that were sent."""
        self.left -= requests


def budget_of(hourly: int, now: float) -> Budget:
    """Return a budget that nothing was taken from.

    Args:
        hourly: Requests an hour.
        now: Unix seconds.

    Returns:
        The budget.

    Raises:
        InvalidInput: There are fewer than 12: that is one in five minutes.

    Examples:
        >>> from createos_nb.diagnostics.alerts.budget import budget_of
        >>> budget_of(3, 0.0)
        Traceback (most recent call last):
        createos_nb.errors.InvalidInput: watch: budget=3: a whole number of requests an hour, at least 12
    """
    if not isinstance(hourly, int) or isinstance(hourly, bool) or hourly < 12:
        raise InvalidInput(f"watch: budget={hourly!r}: a whole number of requests an hour, at least 12")
    return Budget(hourly=hourly, left=hourly * _BURST, at=now)
