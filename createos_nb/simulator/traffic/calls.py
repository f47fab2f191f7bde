"""What a project's program asks another project for: its calls, with time-out, retries and back-off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from createos_nb.simulator.traffic.limits import Limits, check_limits
from createos_nb.simulator.traffic.profile import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What one environment calls another one for, from when to when.

    Attributes:
        name: names its random stream within the world.
        caller: stream of the environment that calls.
        callee: stream of the environment that is called.
        start: Unix seconds; nothing is called before.
        end: Unix seconds, the first at which nothing is called any more; None while it goes on.
        path: of the caller's pages that call: an exact path, a prefix that ends in "*" ("/api/*"), or "*" for all.
        method: of the request to the callee.
        endpoint: path of that request.
        count: how many such calls a page makes, all of them at once.
        timeout: seconds that an attempt is waited for.
        retries: how many more attempts follow one that failed.
        backoff: seconds before the first retry; each wait is twice as long as the one before, less up to a half of it
            by chance.
        max_backoff: the longest of these waits, seconds.
        retry_budget: retries per first attempt that are let through on average; None: all.
        status: what the page answers where a call failed, 500 to 599; 0: 504 after a time-out, 502 after another
            failure.
        host: name of the callee, as the caller's log gives it.
        client: address that the calls come from.
        agent: User-Agent of the calls.
    """

    name: str
    caller: str
    callee: str
    start: int
    end: int | None = None
    path: str = "*"
    method: str = "GET"
    endpoint: str = "/"
    count: int = 1
    timeout: float = 5.0
    retries: int = 0
    backoff: float = 0.1
    max_backoff: float = 10.0
    retry_budget: float | None = None
    status: int = 0
    host: str = "callee"
    client: str = "10.42.0.1"
    agent: str = "caller/1.0"

    LIMITS: ClassVar[Limits] = {
        "count": (1, 20),
        "timeout": (0.01, 300),
        "retries": (0, 10),
        "backoff": (0, 60),
        "max_backoff": (0, 300),
        "retry_budget": (0, 10),
        "status": (0, 599),
    }

    def __post_init__(self) -> None:
        check_limits(self, self.LIMITS, f" of call {self.name}")
        if self.status and self.status < 500:
            raise ValueError(f"status of call {self.name} is 0, or 500 to 599, not {self.status}")
        if not self.endpoint.startswith("/"):
            raise ValueError(f"endpoint of call {self.name} starts with /: {self.endpoint!r}")
        if not (self.path == "*" or self.path.startswith("/")):
            raise ValueError(f'path of call {self.name} is "*", or starts with /: {self.path!r}')
        if self.end is not None and self.end < self.start:
            raise ValueError(f"call {self.name} ends at {self.end}, before it starts at {self.start}")
        if self.caller == self.callee:
            raise ValueError(f"call {self.name}: an environment does not call itself")

    def matches(self, path: str) -> bool:
        """Return whether a page of the caller makes this call."""
        return path.startswith(self.path[:-1]) if self.path.endswith("*") else path == self.path

    def active(self, time: int) -> bool:
        """Return whether calls are made at a second."""
        return self.start <= time and (self.end is None or time < self.end)

    @property
    def timeout_ms(self) -> int:
        """Milliseconds that an attempt is waited for."""
        return round(self.timeout * 1000)

    def wait_ms(self, retry: int) -> int:
        """Milliseconds before a retry, counted from 1, without what chance takes away."""
        return round(min(self.backoff * (1 << retry - 1), self.max_backoff) * 1000)

    @property
    def longest_ms(self) -> int:
        """Milliseconds from a request of the caller until its last attempt, at most."""
        return 1 + sum(self.timeout_ms + self.wait_ms(retry) for retry in range(1, self.retries + 1))

    def pages(self, known: Sequence[Page]) -> tuple[Page, ...]:
        """Return what the callee is asked for: its page of that path, or one that is like any other."""
        fitting = [p for p in known if p.path == self.endpoint and p.method == self.method and p.status < 400]
        return (fitting[0] if fitting else Page(path=self.endpoint, method=self.method),)


def cycle_of(calls: Sequence[Call]) -> list[str] | None:
    """Return streams that call each other in a circle, the first one again at the end; None if there is no circle."""
    after: dict[str, list[str]] = {}
    for call in calls:
        after.setdefault(call.caller, []).append(call.callee)
    done: set[str] = set()

    def search(stream: str, above: list[str]) -> list[str] | None:
        if stream in above:
            return [*above[above.index(stream) :], stream]
        if stream in done:
            return None
        for callee in after.get(stream, []):
            if found := search(callee, [*above, stream]):
                return found
        done.add(stream)
        return None

    return next((found for stream in after if (found := search(stream, []))), None)


def connected(calls: Sequence[Call], stream: str) -> list[str]:
    """Return the streams that a stream is joined to by calls, however far, itself included, in order of the calls.

    Empty where it neither calls nor is called. The order of streams stays when calls are added at the end.
    """
    joined = {stream}
    while True:
        more = {end for call in calls if {call.caller, call.callee} & joined for end in (call.caller, call.callee)}
        if more <= joined:
            break
        joined |= more
    if joined == {stream}:
        return []
    return list(dict.fromkeys(end for call in calls for end in (call.caller, call.callee) if end in joined))


def callers_first(calls: Sequence[Call], streams: Sequence[str]) -> list[int]:
    """Return the places of streams in an order in which each stands before those that it calls.

    Raises `ValueError` where they call each other in a circle.
    """
    left, order = list(streams), []
    while left:
        callees = {call.callee for call in calls if call.caller in left}
        first = next((name for name in left if name not in callees), None)
        if first is None:
            raise ValueError(f"calls go in a circle: {' → '.join(cycle_of(calls) or left)}")
        left.remove(first)
        order.append(streams.index(first))
    return order
