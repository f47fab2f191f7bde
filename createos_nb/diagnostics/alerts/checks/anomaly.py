"""Anomalies of an environment's traffic: fewer or more requests than usual, more errors than usual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from createos_nb.analysis.anomalies.anomaly import anomalies
from createos_nb.diagnostics.alerts.alert import Found
from createos_nb.diagnostics.alerts.check import Check

if TYPE_CHECKING:
    from createos_nb.diagnostics.alerts.alert import Place
    from createos_nb.diagnostics.alerts.inventory import Inventory
    from createos_nb.diagnostics.alerts.reader import Reader

#: Requests a minute from which a change of their number is told: a few visitors come and go.
_LEAST: Final = 5.0
#: So many usual minutes in a row end an anomaly.
_USUAL: Final = 15
#: Evidence of an anomaly that is told: people are asked to look, so it is more than `analysis.anomalies` asks for.
_ALARM: Final = 7.0


class Anomaly(Check):
    """What `analysis.anomalies` finds in the requests of the last day or more.

    It begins with the minute that is told as an anomaly, and ends when a quarter of an hour in a row was as usual.
    What began before an alert on the burn rate ended is told by that one alone.

    Args:
        alarm: evidence −log10 p from which an anomaly is told.
    """

    kind = "anomaly"
    every = 60.0
    rank = 1
    hold = 1800.0
    behind = ("burn_rate",)

    def __init__(self, alarm: float = _ALARM) -> None:
        self.alarm = alarm

    def places(self, inventory: Inventory) -> list[Place]:
        """Return the environments with a live deployment."""
        return [place for project in inventory.projects.values() for place in project.places]

    def cost(self, place: Place, reader: Reader) -> int:
        """Return 1, or 0 where the traffic is read already."""
        return 0 if reader.has_traffic(place) else 1

    def look(self, place: Place, reader: Reader) -> list[Found]:
        """Return the anomalies that last."""
        table = anomalies(reader.traffic(place), alarm=self.alarm)
        told = table["anomaly"].to_numpy(dtype=bool)
        if not told.any():
            return []
        table, told = table.iloc[told.argmax() :], told[told.argmax() :]
        what = table["what"].astype("object")
        more_errors = pd.Series(told, index=table.index) & what.str.contains("errors", regex=False)
        much = table["expected"] >= _LEAST
        other_volume = pd.Series(told, index=table.index) & what.str.contains("requests", regex=False) & much
        unusual_errors = table["errors"] > table["errors_high"]
        unusual_volume = (table["count"] < table["low"]) | (table["count"] > table["high"])
        found = [
            self._lasting("errors", place, table, more_errors, unusual_errors),
            self._lasting("volume", place, table, other_volume, unusual_volume),
        ]
        return [one for one in found if one is not None]

    def _lasting(
        self, what: str, place: Place, table: pd.DataFrame, told: pd.Series[bool], unusual: pd.Series[bool]
    ) -> Found | None:
        begun: pd.Timestamp | None = None
        last = begun
        usual = 0
        for time, is_told, is_unusual in zip(table.index, told, unusual, strict=True):
            if is_told:
                begun, last, usual = begun or time, time, 0
            elif begun is not None:
                usual = 0 if is_unusual is True else usual + 1
                if usual >= _USUAL:
                    begun = None
        if begun is None or last is None:
            return None
        row = table.loc[last]
        if what == "errors":
            sentence = f"more errors than usual: {row['errors']:.0f} a minute at {last:%H:%M} UTC, where at most "
            sentence += f"{row['errors_high']:.1f} are usual"
        else:
            word = "fewer" if row["count"] < row["expected"] else "more"
            sentence = f"{word} requests than usual: {row['count']:.0f} a minute at {last:%H:%M} UTC, where "
            sentence += f"{row['expected']:.0f} are usual"
        return Found(what, "ticket", begun.to_pydatetime(), sentence, environment=place.environment, diagnose=True)
