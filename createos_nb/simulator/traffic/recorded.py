"""Requests that are known one by one: a replayed access log, and what came through the gateway."""

from __future__ import annotations

import threading

import numpy as np

from createos_nb.simulator.traffic.events import Events, joined, nothing
from createos_nb.simulator.traffic.mixture import Cause, Cell


class Recorded:
    """A growing set of requests; they count beside the generated ones."""

    def __init__(self, events: Events | None = None) -> None:
        self._events = events if events is not None else nothing()
        self._new: list[tuple[int, Cell, int, int, str, str]] = []
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._events) + len(self._new)

    def add(
        self,
        time: int,
        method: str,
        path: str,
        status: int,
        *,
        ms: int = 1,
        size: int = -1,
        client: str = "192.0.2.1",
        agent: str = "",
        cause: Cause = Cause.SERVED,
    ) -> None:
        """Record one request.

        Args:
            time: microseconds since 1970, UTC.
            method: of HTTP.
            path: as it is to be counted.
            status: 100 to 599.
            ms: duration.
            size: bytes of the answer's body, -1 if unknown.
            client: address.
            agent: User-Agent.
            cause: why it was answered so.
        """
        if not 100 <= status <= 599:
            raise ValueError(f"a status is 100 to 599, not {status}")
        with self._lock:
            self._new.append((time, Cell(method, path, status, cause, 0, 0), ms, size, client, agent))

    @property
    def events(self) -> Events:
        """All of them, in order of time."""
        with self._lock:
            if self._new:
                self._events = joined([self._events, self._late()])
                self._new.clear()
            return self._events

    def _late(self) -> Events:
        """Return what came since the last look."""
        cells: dict[Cell, int] = {}
        clients: dict[str, int] = {}
        agents: dict[str, int] = {}
        codes = [
            (cells.setdefault(c, len(cells)), clients.setdefault(who, len(clients)), agents.setdefault(a, len(agents)))
            for _, c, _, _, who, a in self._new
        ]
        code = np.array(codes, dtype=np.int64)
        return Events(
            np.array([row[0] for row in self._new], dtype=np.int64),
            code[:, 0].astype(np.int32),
            np.array([row[1].status for row in self._new], dtype=np.int16),
            np.array([row[2] for row in self._new], dtype=np.int64),
            np.array([row[3] for row in self._new], dtype=np.int64),
            code[:, 1].astype(np.int32),
            code[:, 2].astype(np.int32),
            tuple(cells),
            tuple(clients),
            tuple(agents),
        )

    def between(self, start: int, end: int) -> Events:
        """Those in [start, end), Unix seconds."""
        events = self.events
        first, last = np.searchsorted(events.time, [start * 1_000_000, end * 1_000_000])
        return events.take(slice(int(first), int(last)))
