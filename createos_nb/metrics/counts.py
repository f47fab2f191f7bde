"""Counters of requests: each minute is counted once, when its figures are final, so that no counter falls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from createos_nb.client.fleet_series import Series

#: The classes of answers, in the order of the platform's columns.
CODES: Final = ("2xx", "3xx", "4xx", "5xx")
#: Requests that the platform counts and gives no class.
OTHER: Final = "other"


@dataclass(frozen=True)
class Counts:
    """The counters of an environment.

    Attributes:
        until: End of the last minute that is counted, in Unix seconds.
        requests: Requests by class of their answers.
        uncounted: Seconds before `until` whose requests were never read, and are in no counter.
    """

    until: int
    requests: Mapping[str, int]
    uncounted: int = 0

    @classmethod
    def begin(cls, at: int) -> Counts:
        """Return counters that begin at a moment."""
        return cls(at, dict.fromkeys(CODES, 0))

    def add(self, series: Series) -> Counts:
        """Return the counters with all minutes of a series that are final and not counted yet."""
        if series.settled <= self.until:
            return self
        rows = series.rows
        ends = rows[:, 0] + series.width
        new = rows[(rows[:, 0] >= self.until) & (ends <= series.settled)]
        total, *classes = new[:, 1:6].sum(axis=0).tolist()
        by_code = dict(self.requests)
        for code, count in zip(CODES, classes, strict=True):
            by_code[code] = by_code.get(code, 0) + count
        if other := total - sum(classes):
            by_code[OTHER] = by_code.get(OTHER, 0) + max(0, other)
        missed = series.settled - self.until - len(new) * series.width
        return replace(self, until=series.settled, requests=by_code, uncounted=self.uncounted + max(0, missed))


class Counters:
    """The counters of all environments, by project and environment.

    Args:
        known: Those of an earlier export.
    """

    def __init__(self, known: Mapping[tuple[str, str], Counts] | None = None) -> None:
        self.counts: dict[tuple[str, str], Counts] = dict(known or {})

    def add(self, series: Iterable[tuple[tuple[str, str], Series]]) -> None:
        """Count what is new; an environment that was not there before begins with 0."""
        for place, one in series:
            known = self.counts.get(place)
            self.counts[place] = Counts.begin(one.settled) if known is None else known.add(one)
