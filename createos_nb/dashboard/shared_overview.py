"""The overview of the fleet for several panels: what one has read a moment ago, the others are given."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from createos_nb.client.fleet_overview import FleetOverview
from createos_nb.panels.overview import WITH_BEFORE

if TYPE_CHECKING:
    import pandas as pd

    from createos_nb.client.fleet_compared import Compared
    from createos_nb.client.session import Session

#: Seconds for which a frame is good for one who asks for it, and for one who polls (once a minute).
_FRESH: Final = 10.0
_POLLED: Final = 50.0


@dataclass(frozen=True)
class _Read:
    frame: pd.DataFrame
    compared: Compared | None
    at: float


class SharedOverview:
    """One `FleetOverview` for all: it reads once for those who ask at about the same time. Safe from several threads.

    On a simulated world each reading is a new one, since nothing of it takes time.

    Args:
        session: Of the client.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._fleet = FleetOverview(session, with_before=WITH_BEFORE)
        self._turn = threading.RLock()
        self._last: dict[str, _Read] = {}

    def reader(self) -> OverviewOfOne:
        """Return what one panel reads by."""
        return OverviewOfOne(self)

    def forget(self) -> None:
        """Give what was read to nobody anymore: something was changed."""
        with self._turn:
            self._last.clear()

    def read(self, start: str, *, max_requests: int | None, cancel: threading.Event | None) -> _Read:
        """Read, unless somebody has just done so; a poll (with `max_requests`) takes what is less than a minute old.

        Args:
            start: First moment of the window.
            max_requests: See `FleetOverview.read`.
            cancel: Ends the reading at the next project.
        """
        with self._turn:
            known = self._known(start, _FRESH if max_requests is None else _POLLED)
            if known is not None:
                return known
            return self._keep(start, self._fleet.read(start, max_requests=max_requests, cancel=cancel))

    def batches(self, size: int, start: str, **how: Any) -> Iterator[_Read]:
        """Read all, about `size` requests at a time, unless somebody has just done so.

        Args:
            size: Of a batch, in requests.
            start: First moment of the window.
            how: See `FleetOverview.batches`.
        """
        with self._turn:
            known = self._known(start, _FRESH)
            if known is not None and not known.frame.attrs["left"]:
                yield known
                return
            for frame in self._fleet.batches(size, start, **how):
                yield self._keep(start, frame)

    def _known(self, start: str, age: float) -> _Read | None:
        read = self._last.get(start)
        if read is None or self._session.clock.virtual or time.monotonic() - read.at > age:
            return None
        return read

    def _keep(self, start: str, frame: pd.DataFrame) -> _Read:
        read = self._last[start] = _Read(frame, self._fleet.compared(), time.monotonic())
        return read


class OverviewOfOne:
    """What one panel reads by, as a `FleetOverview` of its own would be: what it compares belongs to what it has read.

    Args:
        shared: Of all panels.
    """

    def __init__(self, shared: SharedOverview) -> None:
        self._shared = shared
        self._compared: Compared | None = None

    def read(
        self, start: str, *, max_requests: int | None = None, cancel: threading.Event | None = None
    ) -> pd.DataFrame:
        """Return the overview; see `FleetOverview.read`.

        Args:
            start: First moment of the window.
            max_requests: See there.
            cancel: Ends the reading at the next project.

        Returns:
            The frame; it may be one that another panel was given.
        """
        return self._take(self._shared.read(start, max_requests=max_requests, cancel=cancel))

    def batches(self, size: int, start: str, **how: Any) -> Iterator[pd.DataFrame]:
        """Read about `size` requests at a time; see `FleetOverview.batches`.

        Args:
            size: Of a batch, in requests.
            start: First moment of the window.
            how: See there.

        Yields:
            The frame as it is after each batch.
        """
        for read in self._shared.batches(size, start, **how):
            yield self._take(read)

    def compared(self) -> Compared | None:
        """Return the requests of another time than the window that it has read last, or None."""
        return self._compared

    def _take(self, read: _Read) -> pd.DataFrame:
        self._compared = read.compared
        return read.frame
