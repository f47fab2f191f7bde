"""A list that changes between, and during, the reading of its pages."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

#: One change of the list: a row arrives at the front or anywhere, one vanishes, one moves. Places are fractions.
Place = st.floats(0, 1)
ARRIVES = st.tuples(st.just("arrives"), st.just(0.0))
INSERTED = st.tuples(st.just("arrives"), Place)
VANISHES = st.tuples(st.just("vanishes"), Place)
MOVES = st.tuples(st.just("moves"), Place, Place)
JUMPS = st.tuples(st.just("moves"), Place, st.just(0.0))


class Server:
    """A list that is changed before the n-th request as a script says, whichever thread sends it."""

    def __init__(
        self, rows: int, script: Sequence[Sequence[Any]], *, total: bool = True, most: int | None = None
    ) -> None:
        self.rows = list(range(rows))
        self.throughout = set(self.rows)
        self.script = script
        self.requests: list[tuple[int, int]] = []
        self._new = itertools.count(rows)
        self._total, self._most = total, most
        self._lock = threading.Lock()

    def fetch(self, offset: int, size: int) -> tuple[list[int], int | None]:
        with self._lock:
            for change in self.script[len(self.requests)] if len(self.requests) < len(self.script) else ():
                self._change(*change)
            self.requests.append((offset, size))
            size = min(size, self._most or size)
            return self.rows[offset : offset + size], len(self.rows) if self._total else None

    def _change(self, kind: str, place: float, to: float = 0.0) -> None:
        at = round(place * max(0, len(self.rows) - 1))
        if kind == "arrives":
            self.rows.insert(at, next(self._new))
        elif self.rows and kind == "vanishes":
            self.throughout.discard(self.rows.pop(at))
        elif self.rows:
            row = self.rows.pop(at)
            self.rows.insert(round(to * len(self.rows)), row)


def script(*changes: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[list[list[Any]]]:
    return st.lists(st.lists(st.one_of(changes), max_size=most), max_size=14)
