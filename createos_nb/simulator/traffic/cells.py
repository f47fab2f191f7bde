"""A window's requests by method, path and status, and what follows from these alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from createos_nb.simulator.traffic.mixture import CLASSES
from createos_nb.simulator.traffic.randomness import Ints


@dataclass(frozen=True, slots=True)
class Cells:
    """Requests by method, path and status, parallel; the most frequent first, then by path, status, method.

    Attributes:
        method: of HTTP.
        path: without the query string.
        status: int64.
        count: requests, int64, at least 1.
    """

    method: tuple[str, ...]
    path: tuple[str, ...]
    status: Ints
    count: Ints

    @classmethod
    def of(cls, tally: Mapping[tuple[str, str, int], int]) -> Cells:
        """Return the cells of a tally.

        Args:
            tally: counts by method, path and status.

        Returns:
            The cells, the largest first.

        Examples:
            >>> from createos_nb.simulator.traffic.cells import Cells
            >>> Cells.of({("GET", "/", 200): 9, ("GET", "/cart", 500): 1}).path
            ('/', '/cart')
        """
        rows = sorted(tally.items(), key=lambda item: (-item[1], item[0][1], item[0][2], item[0][0]))
        return cls(
            tuple(what[0] for what, _ in rows),
            tuple(what[1] for what, _ in rows),
            np.array([what[2] for what, _ in rows], dtype=np.int64),
            np.array([count for _, count in rows], dtype=np.int64),
        )

    def totals(self) -> dict[str, int]:
        """Return the requests by class.

        Returns:
            Counts: "total", and "2xx" to "5xx"; a replayed 1xx is in the total only.

        Examples:
            >>> from createos_nb.simulator.traffic.cells import Cells
            >>> Cells.of({("GET", "/", 200): 9, ("GET", "/cart", 500): 1}).totals()
            {'total': 10, '2xx': 9, '3xx': 0, '4xx': 0, '5xx': 1}
        """
        result = {"total": int(self.count.sum())}
        for number, name in enumerate(CLASSES, start=2):
            result[name] = int(self.count[self.status // 100 == number].sum())
        return result

    def statuses(self) -> dict[int, int]:
        """Return the requests by status code.

        Returns:
            Counts by status code, in order of the codes.

        Examples:
            >>> from createos_nb.simulator.traffic.cells import Cells
            >>> Cells.of({("GET", "/", 200): 9, ("GET", "/cart", 500): 1}).statuses()
            {200: 9, 500: 1}
        """
        result: dict[int, int] = {}
        for status, count in zip(self.status.tolist(), self.count.tolist(), strict=True):
            result[status] = result.get(status, 0) + count
        return dict(sorted(result.items()))

    def top_paths(self, limit: int = 10) -> list[tuple[str, int]]:
        """Return the paths with most requests.

        Args:
            limit: how many at most.

        Returns:
            Pairs of path and count; equal counts in order of the path.

        Examples:
            >>> from createos_nb.simulator.traffic.cells import Cells
            >>> Cells.of({("GET", "/", 200): 9, ("GET", "/cart", 500): 1}).top_paths(limit=1)
            [('/', 9)]
        """
        tally: dict[str, int] = {}
        for path, count in zip(self.path, self.count.tolist(), strict=True):
            tally[path] = tally.get(path, 0) + count
        return sorted(tally.items(), key=lambda item: (-item[1], item[0]))[:limit]

    def top_errors(self, limit: int = 10) -> list[tuple[str, int, int]]:
        """Return the pairs of path and status from 400 on with most requests.

        Args:
            limit: how many at most.

        Returns:
            Triples of path, status and count.

        Examples:
            >>> from createos_nb.simulator.traffic.cells import Cells
            >>> Cells.of({("GET", "/", 200): 9, ("GET", "/cart", 500): 1}).top_errors()
            [('/cart', 500, 1)]
        """
        tally: dict[tuple[str, int], int] = {}
        for path, status, count in zip(self.path, self.status.tolist(), self.count.tolist(), strict=True):
            if status >= 400:
                tally[path, status] = tally.get((path, status), 0) + count
        rows = sorted(tally.items(), key=lambda item: (-item[1], item[0]))[:limit]
        return [(path, status, count) for (path, status), count in rows]

    def success_percentage(self) -> float | None:
        """Return 100 * (2xx + 3xx) / all.

        Returns:
            0 to 100; None without requests.

        Examples:
            >>> from createos_nb.simulator.traffic.cells import Cells
            >>> Cells.of({("GET", "/", 200): 9, ("GET", "/cart", 500): 1}).success_percentage()
            90.0
        """
        total = int(self.count.sum())
        if not total:
            return None
        return 100 * int(self.count[self.status // 100 // 2 == 1].sum()) / total
