"""The overview of the fleet for several panels: what one has read a moment ago, the others are given."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from createos_nb.client.fleet_overview import FleetOverview
from createos_nb.client.session import Session
from createos_nb.contract.types import TimeLike

#: Seconds for which a frame is good for one who asks for it, and for one who polls (once a minute).
_FRESH: Final = 10.0
_POLLED: Final = 50.0


@dataclass(frozen=True)
class _Read:
    frame: pd.DataFrame
    at: float


class SharedOverview(FleetOverview):
    """A `FleetOverview` that reads once for all who ask at about the same time.

    On a simulated world each reading is a new one, since nothing of it takes time.

    Args:
        session: Of the client.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._turn = threading.RLock()
        self._last: dict[tuple[str, str], _Read] = {}

    def read(self, start: TimeLike = "-1h", end: TimeLike = "now", **how: Any) -> pd.DataFrame:
        """Return the overview, as `FleetOverview.read` does; see there.

        Args:
            start: First moment of the window.
            end: Moment after the last.
            how: As there; a call with `max_requests` is a poll, which takes what is younger than 50 seconds.

        Returns:
            The frame; it may be one that another panel was given.
        """
        plain = how.keys() <= {"cancel", "max_requests"}
        with self._turn:
            known = self._known(start, end, _FRESH if how.get("max_requests") is None else _POLLED)
            if known is not None and plain:
                return known
            frame = super().read(start, end, **how)
            if plain:
                self._keep(start, end, frame)
            return frame

    def batches(self, size: int, start: TimeLike = "-1h", end: TimeLike = "now", **how: Any) -> Iterator[pd.DataFrame]:
        """Read all, about `size` requests at a time, as `FleetOverview.batches` does; see there.

        Args:
            size: Of a batch, in requests.
            start: First moment of the window.
            end: Moment after the last.
            how: As there.

        Yields:
            The frame as it is after each batch.
        """
        with self._turn:
            known = self._known(start, end, _FRESH)
            if known is not None and not known.attrs["left"]:
                yield known
                return
            frame = None
            for frame in super().batches(size, start, end, **how):
                yield frame
            if frame is not None and not frame.attrs["left"]:
                self._keep(start, end, frame)

    def forget(self) -> None:
        """Give what was read to nobody anymore: something was changed."""
        with self._turn:
            self._last.clear()

    def _known(self, start: TimeLike, end: TimeLike, age: float) -> pd.DataFrame | None:
        read = self._last.get((str(start), str(end)))
        if read is None or self._session.clock.virtual or time.monotonic() - read.at > age:
            return None
        return read.frame

    def _keep(self, start: TimeLike, end: TimeLike, frame: pd.DataFrame) -> None:
        self._last[str(start), str(end)] = _Read(frame, time.monotonic())
