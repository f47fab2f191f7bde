"""Rate limits, off unless a world's settings say otherwise, and the daily quotas that reuse their counting."""

from __future__ import annotations

from collections.abc import Mapping

from createos_nb.contract.operation import Operation
from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.envelope import Headers, Response, rate_limited
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.times import DAY, HOUR, MINUTE, SECOND


class RateLimitExceeded(Exception):
    """A rate limit is used up; holds the whole answer, which has a shape of its own."""

    def __init__(self, reply: Response) -> None:
        super().__init__("rate limit exceeded")
        self.reply = reply


def spend(context: WorldContext, operation: Operation, headers: Mapping[str, str]) -> Headers:
    """Count a request against the limits of its key; gives the headers of the answer, or raises `RateLimitExceeded`."""
    settings, now = context.state.settings, context.state.now
    who = headers.get("x-api-key") or headers.get("x-access-token") or "nobody"
    rules = [("minute", MINUTE, settings.rate_per_minute), ("hour", HOUR, settings.rate_per_hour)]
    if operation.call_name.startswith("upload"):
        rules.append(("uploads", MINUTE, settings.uploads_per_minute))
    tightest: tuple[int, int, int] | None = None
    counted: list[list[int]] = []
    for name, span, most in rules:
        if not most:
            continue
        used = context.state.limits.setdefault(f"{name}:{who}", [])
        _forget(used, now - span)
        resets = (used[0] if used else now) + span
        if len(used) >= most:
            wait = -(-(resets - now) // SECOND)
            raise RateLimitExceeded(
                rate_limited(
                    f"too many requests: {most} in {span // SECOND} seconds",
                    (*_shown(most, 0, resets), ("retry-after", str(max(wait, 1)))),
                )
            )
        left = most - len(used) - 1
        if tightest is None or left < tightest[1]:
            tightest = (most, left, resets)
        counted.append(used)
    for used in counted:
        used.append(now)
    return () if tightest is None else _shown(*tightest)


def _shown(most: int, left: int, resets: int) -> Headers:
    return (
        ("x-ratelimit-limit", str(most)),
        ("x-ratelimit-remaining", str(left)),
        ("x-ratelimit-reset", str(-(-resets // SECOND))),
    )


def _forget(used: list[int], before: int) -> None:
    while used and used[0] <= before:
        del used[0]


def spend_daily(context: WorldContext, user: str, kind: str, most: int) -> None:
    """Count a use against a daily quota. Refuses with 429, which no wait of seconds mends."""
    used = context.state.limits.setdefault(f"{kind}:{user}", [])
    _forget(used, context.state.now - DAY)
    if len(used) >= most:
        raise HttpError(429, f"quota exceeded: {most} {kind} a day")
    used.append(context.state.now)
