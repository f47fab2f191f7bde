"""The log of requests: one line each, without bodies and without secrets."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, NamedTuple

from createos_nb.dtypes import TEXT
from createos_nb.process import ProcessBound

if TYPE_CHECKING:
    import pandas as pd


class LogEntry(NamedTuple):
    """One attempt of one request."""

    time: float
    operation: str
    method: str
    path: str
    status: int | None
    duration: float
    attempt: int
    bytes: int


#: What counts the attempts of this context, each with the log that it counts in.
_COUNTED: Final[ContextVar[tuple[tuple[Log, list[LogEntry]], ...]]] = ContextVar("counted", default=())


class Log(ProcessBound):
    """The newest requests of a client; the oldest are forgotten beyond `max_entries`."""

    def __init__(self, max_entries: int = 10_000) -> None:
        self._entries: deque[LogEntry] = deque(maxlen=max_entries)
        self._numbers = itertools.count(1)
        #: Attempts so far, those that are forgotten included.
        self.total = 0

    def add(self, entry: LogEntry) -> None:
        """Add an attempt."""
        self._entries.append(entry)
        self.total = next(self._numbers)
        for log, entries in _COUNTED.get():
            if log is self:
                entries.append(entry)

    @contextmanager
    def counting(self, entries: list[LogEntry] | None = None) -> Iterator[list[LogEntry]]:
        """Collect the attempts that are made within: here and on threads that read for it, not those of others."""
        entries = [] if entries is None else entries
        token = _COUNTED.set((*_COUNTED.get(), (self, entries)))
        try:
            yield entries
        finally:
            _COUNTED.reset(token)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def last_duration(self) -> float:
        """Seconds that the newest answer took; 0 where there is none."""
        return self._entries[-1].duration if self._entries else 0.0

    def frame(self) -> pd.DataFrame:
        """Time (UTC), operation, method, path, status, duration (s), attempt, bytes (of the answer): oldest first."""
        import pandas as pd

        frame = pd.DataFrame(list(self._entries), columns=list(LogEntry._fields))
        frame["time"] = pd.to_datetime(frame["time"].astype("float64") * 1e6, unit="us", utc=True).dt.as_unit("us")
        return frame.astype(
            {
                "operation": TEXT,
                "method": TEXT,
                "path": TEXT,
                "status": "Int64",
                "duration": "Float64",
                "attempt": "Int64",
                "bytes": "Int64",
            }
        )
