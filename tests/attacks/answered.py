"""A world whose analytics are made up: random counts of every class of status, 1xx too, for each environment."""

from __future__ import annotations

import random
import re
from email.utils import parsedate_to_datetime
from fractions import Fraction
from typing import Any, NamedTuple

import httpx

from createos_nb import Client, RetryPolicy

_PLACE = re.compile(rb"/environments/([0-9a-f-]{36})/analytics(?:/([a-z-]+))?")
#: A code of each class.
CODES = (103, 200, 304, 404, 502)


class Counts(NamedTuple):
    """Requests by class of their status."""

    info: int
    good: int
    moved: int
    client: int
    server: int

    @property
    def total(self) -> int:
        return sum(self)

    @property
    def success(self) -> Fraction | None:
        """What every place has to say, in percent; None without requests."""
        return Fraction(100 * (self.good + self.moved), self.total) if self.total else None


def counts(chance: random.Random) -> Counts:
    """No requests, all fine, all failed, a few failures of many requests, or anything."""

    def some(most: float) -> int:
        return round(10 ** chance.uniform(0, most))

    kind = chance.random()
    if kind < 0.1:
        return Counts(0, 0, 0, 0, 0)
    if kind < 0.2:
        return Counts(0, some(7), chance.choice([0, some(5)]), 0, 0)
    if kind < 0.3:
        return Counts(0, 0, 0, chance.choice([0, some(4)]), some(4))
    if kind < 0.7:
        few = [0, 0, 0]
        few[chance.randrange(3)] = chance.choice([1, 2, 3])
        return Counts(few[0], some(8), chance.choice([0, some(6)]), *few[1:])
    return Counts(*(chance.choice([0, some(5)]) for _ in range(5)))


class Answered(httpx.BaseTransport):
    """The answers of a world, with the counts of each environment in place of its own."""

    def __init__(self, inner: httpx.BaseTransport, chance: random.Random) -> None:
        self.inner, self.chance = inner, chance
        self.known: dict[str, Counts] = {}

    def again(self) -> None:
        """Other counts from now on."""
        self.known.clear()

    def of(self, environment: str) -> Counts:
        if environment not in self.known:
            self.known[environment] = counts(self.chance)
        return self.known[environment]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.inner.handle_request(request)
        found = _PLACE.search(request.url.raw_path)
        if found is None or answer.status_code != 200:
            return answer
        here, name = self.of(found[1].decode()), (found[2] or b"").decode()
        now = int(parsedate_to_datetime(answer.headers["date"]).timestamp())
        asked = request.url.params
        window = int(asked.get("start", now - 3600)), int(asked.get("end", now))
        given = self._given(here, window)
        data = given[name] if name else {key: given[call] for key, call in _OVERVIEW.items()}
        if not name:
            data["successPercentage"] = data["successPercentage"]["successPercentage"]
        headers = {"date": answer.headers["date"]}
        body = {"status": "success", "data": data} if name else data
        return httpx.Response(200, headers=headers, json=body, request=request)

    def _given(self, here: Counts, window: tuple[int, int]) -> dict[str, Any]:
        return {
            "overall-requests": {
                "total": here.total, "success": here.good, "client": here.client, "server": here.server,
            },
            "rpm": {"peak": here.total, "average": here.total},
            "success-percentage": {"successPercentage": float(here.success or 0)},
            "requests-over-time": self._buckets(here, window),
            "request-distribution": [
                {"status": str(code), "count": count} for code, count in zip(CODES, here, strict=True) if count
            ],
            "top-hit-paths": [{"path": "/", "count": here.total}] if here.total else [],
            "top-error-paths": [
                {"path": "/", "status": str(code), "count": count}
                for code, count in zip(CODES[3:], here[3:], strict=True)
                if count
            ],
        }  # fmt: skip

    def _buckets(self, here: Counts, window: tuple[int, int]) -> list[dict[str, int]]:
        """The counts in two minutes of the window's last hour, which may be the same; before it nothing came."""
        first = -(-window[0] // 60)
        minutes = max((window[1] // 60) - first, 1)
        rows, early = [[0] * 5 for _ in range(minutes)], max(minutes - 60, 0)
        for kind, count in enumerate(here):
            part = self.chance.randint(0, count)
            rows[self.chance.randrange(early, minutes)][kind] += part
            rows[self.chance.randrange(early, minutes)][kind] += count - part
        names = ("status2xx", "status3xx", "status4xx", "status5xx")
        return [
            {"timestamp": (first + at) * 60, "count": sum(row), **dict(zip(names, row[1:], strict=True))}
            for at, row in enumerate(rows)
        ]


_OVERVIEW = {
    "overallRequests": "overall-requests",
    "rpm": "rpm",
    "successPercentage": "success-percentage",
    "requestDistribution": "request-distribution",
    "topHitPaths": "top-hit-paths",
    "topErrorPaths": "top-error-paths",
}


def asking(world: Any, transport: Answered) -> Client:
    """A client of the world through the transport."""
    settings: dict[str, Any] = {"transport": transport, "clock": world.clock, "retry": RetryPolicy(attempts=1)}
    return Client(api_key=world.key, base_url=world.base_url, rate_limit=False, **settings)
