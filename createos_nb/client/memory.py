"""What a client may know without asking: a history that is open implements it."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from createos_nb.spans import Span


class Remembered(NamedTuple):
    """Requests of an environment in a span, final and whole.

    Attributes:
        span: In Unix seconds.
        rows: int64, one line a bucket: begin in Unix seconds, then the five counts.
        width: Of a bucket, in seconds.
    """

    span: Span
    rows: np.ndarray
    width: int


class Totals(NamedTuple):
    """Requests of an environment in a stretch of time.

    Attributes:
        requests: How many.
        errors: Those of them that ended with 5xx.
        seconds: Of how many seconds they are known.
        until: The end of the newest bucket, Unix seconds.
    """

    requests: int
    errors: int
    seconds: int
    until: int


class Memory(Protocol):
    """Knows figures that are final: they are not asked for again."""

    def remembered(self, environment: str, window: Span) -> list[Remembered]:
        """Return what is known of the requests of an environment, by id, in a window: spans apart from each other."""
        ...

    def totals(self, now: int, length: int) -> dict[str, Totals]:
        """Return requests of each environment, by id, in the last `length` seconds that are known before `now`."""
        ...
