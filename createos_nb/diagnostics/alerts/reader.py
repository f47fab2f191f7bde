"""Readings of a round: what two checks need is read once, and of traffic only what is new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from createos_nb.diagnostics.alerts.inventory import Inventory, WatchedProject

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.diagnostics.alerts.alert import Place

_MINUTE: Final = 60
_DAY: Final = 86_400
#: Seconds in which the newest figures may still grow: they are read again.
_UNSETTLED: Final = 300
#: Seconds of traffic that are kept: the longest window of the alerts on burn rates.
_KEPT: Final = 3 * _DAY


class NoData(Exception):
    """The platform has answered, and has no figures: nothing can be said."""


class Reader:
    """Reads for checks.

    Args:
        client: The client.
        inventory: What there is.
    """

    def __init__(self, client: Client, inventory: Inventory) -> None:
        self.client = client
        self.inventory = inventory
        self.now = 0.0
        self._traffic: dict[str, pd.DataFrame] = {}
        self._read_at: dict[str, float] = {}
        self._deployments: dict[str, pd.DataFrame] = {}

    def begin(self, now: float) -> None:
        """Begin a round at a moment (Unix seconds)."""
        self.now = now
        self._deployments.clear()

    def project(self, place: Place) -> WatchedProject:
        """Return the project of a place."""
        return self.inventory.projects[place.project_id]

    def has_traffic(self, place: Place) -> bool:
        """Return whether the traffic of an environment was read in this round."""
        return self._read_at.get(place.environment_id) == self.now

    def has_deployments(self, place: Place) -> bool:
        """Return whether the deployments of a project were read in this round."""
        return place.project_id in self._deployments

    def traffic(self, place: Place) -> pd.DataFrame:
        """Return requests over time of an environment, minute by minute, of the last day at first, then of up to three.

        Minutes that are not over are left out.

        Raises:
            NoData: there are no figures of the last quarter of an hour.
            CreateOSError: they can't be read.
        """
        if not self.has_traffic(place):
            known = self._traffic.get(place.environment_id)
            self._traffic[place.environment_id] = self._new_traffic(place, known)
            self._read_at[place.environment_id] = self.now
        frame = self._traffic[place.environment_id]
        if not frame["count"].tail(15).notna().any():
            raise NoData("the platform has no figures of the last 15 minutes")
        return frame

    def _new_traffic(self, place: Place, known: pd.DataFrame | None) -> pd.DataFrame:
        end = int(self.now // _MINUTE) * _MINUTE
        start = end - _DAY
        if known is not None and len(known):
            settled = int(known.index[-1].timestamp()) + _MINUTE - _UNSETTLED
            if settled > start:
                start = settled
            else:
                known = None
        calls = self.client.analytics
        frame = calls.requests_over_time(place.project_id, place.environment_id, start=start, end=end)
        width = frame.attrs.get("bucket_seconds")
        if known is None:
            return frame
        if width not in (None, known.attrs.get("bucket_seconds")):
            return self._new_traffic(place, None)
        first = pd.Timestamp(start, unit="s", tz="UTC")
        oldest = pd.Timestamp(end - _KEPT, unit="s", tz="UTC")
        joined = pd.concat([_bare(known[(known.index < first) & (known.index >= oldest)]), _bare(frame)])
        joined.attrs = {"bucket_seconds": known.attrs.get("bucket_seconds"), "partial": []}
        return joined

    def deployments(self, place: Place) -> pd.DataFrame:
        """Return the newest deployments of a project, newest first: a page of them.

        Raises:
            CreateOSError: they can't be read.
        """
        if place.project_id not in self._deployments:
            frame = self.client.deployments.list(place.project_id, limit=20)
            self._deployments[place.project_id] = frame
        return self._deployments[place.project_id]


def _bare(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.copy(deep=False)
    frame.attrs = {}  # `concat` compares them
    return frame
