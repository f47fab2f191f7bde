"""The retry policy: which requests are sent again, and after how long."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from createos_nb.contract.operation import Operation
from createos_nb.errors import RateLimited, RequestError, ResponseTooLarge, ServerError, TransportError
from createos_nb.times import DurationLike, parse_duration


@dataclass(frozen=True, init=False)
class RetryPolicy:
    """Exponential backoff with full jitter within a budget of time.

    A read is repeated after anything that may pass: no answer, a failure of the platform, a rate limit. Anything else
    is repeated only where it is certain that nothing was applied: the connection was never made, or the platform said
    429 with `Retry-After`. A quota is never asked twice.

    Args:
        attempts: Tries of a request, save after a rate limit, where only time bounds them.
        budget: For one request, the waits of the client's own limiter not counted.
        patience: Instead of the budget, where the platform's limit is what is waited for and the client has a limiter:
            the longest window that the platform documents is an hour.
        base: Of the backoff; each attempt doubles it.
        longest: Of one wait that the platform has not asked for.
        random: Gives the jitter.
    """

    attempts: int
    budget: float
    patience: float
    base: float
    longest: float
    random: Random = field(repr=False, compare=False)

    def __init__(
        self,
        attempts: int = 5,
        budget: DurationLike = 300.0,
        patience: DurationLike = 4000.0,
        base: DurationLike = 0.5,
        longest: DurationLike = 30.0,
        random: Random | None = None,
    ) -> None:
        object.__setattr__(self, "attempts", attempts)
        lengths = {"budget": budget, "patience": patience, "base": base, "longest": longest}
        for name, length in lengths.items():
            object.__setattr__(self, name, parse_duration(length, f"RetryPolicy: {name}"))
        object.__setattr__(self, "random", random or Random())

    def wait(self, operation: Operation, error: RequestError, attempt: int) -> float | None:
        """Seconds to wait before the next attempt, or None where there must be none. `attempt` counts from 1."""
        retry_after = error.retry_after if isinstance(error, RateLimited | ServerError) else None
        jitter = self.random.uniform(0, min(self.longest, self.base * 2.0 ** min(attempt, 64)))
        if isinstance(error, RateLimited) and retry_after is not None:
            # on top of what was told: many threads were told the same, and zero seconds would be no wait at all
            return retry_after + jitter
        if attempt >= self.attempts or isinstance(error, ResponseTooLarge):
            return None
        if operation.effect == "read":
            passing = (
                isinstance(error, TransportError | ServerError | RateLimited) and not 300 <= (error.status or 0) < 400
            )
        else:
            passing = isinstance(error, TransportError) and error.applied is False
        if not passing:
            return None
        return max(retry_after or 0.0, jitter)
