"""When a request may be sent again, and after how long."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from createos_nb.errors import NoAnswer, PlatformFault, RateLimited, RequestError, TooLarge
from createos_nb.operation import Operation


@dataclass(frozen=True)
class RetryPolicy:
    """Exponential backoff with full jitter within a budget of time.

    A read is repeated after anything that may pass: no answer, a platform fault, a rate limit. Anything else is
    repeated only where it is certain that nothing was applied: the connection was never made, or the platform said
    429 with `Retry-After`. A quota is never asked twice.

    `attempts` bounds the tries, save after a rate limit, where only time does: `budget` seconds for one request, the
    waits of the client's own limiter not counted; `patience` seconds where the platform's limit is what is waited for
    and the client has a limiter, for the longest window that the platform documents is an hour.
    """

    attempts: int = 5
    budget: float = 300.0
    patience: float = 4000.0
    base: float = 0.5
    longest: float = 30.0
    random: random.Random = field(default_factory=random.Random, repr=False, compare=False)

    def wait(self, operation: Operation, error: RequestError, attempt: int) -> float | None:
        """Seconds to wait before the next attempt, or None where there must be none. `attempt` counts from 1."""
        told = error.retry_after if isinstance(error, RateLimited | PlatformFault) else None
        jitter = self.random.uniform(0, min(self.longest, self.base * 2.0 ** min(attempt, 64)))
        if isinstance(error, RateLimited) and told is not None:
            # on top of what was told: many threads were told the same, and zero seconds would be no wait at all
            return told + jitter
        if attempt >= self.attempts or isinstance(error, TooLarge):
            return None
        if operation.effect == "read":
            passing = isinstance(error, NoAnswer | PlatformFault | RateLimited) and not 300 <= (error.status or 0) < 400
        else:
            passing = isinstance(error, NoAnswer) and error.applied is False
        if not passing:
            return None
        return max(told or 0.0, jitter)
