"""Alerts on the rate at which an error budget burns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from createos_nb.analysis.objectives.burn import burn_alerts
from createos_nb.diagnostics.alerts.alert import Found
from createos_nb.diagnostics.alerts.check import Check
from createos_nb.display import format_percent, format_target
from createos_nb.errors import InvalidInput
from createos_nb.times import parse_duration

if TYPE_CHECKING:
    from createos_nb.diagnostics.alerts.alert import Place
    from createos_nb.diagnostics.alerts.inventory import Inventory
    from createos_nb.diagnostics.alerts.reader import Reader

#: A page within that time accounts for what a ticket sees: its long windows still hold the same errors.
_ACCOUNTED: Final = pd.Timedelta(days=1)


class BurnRate(Check):
    """The multi-window burn-rate alerts of `analysis.burn_alerts`; each environment has a page and a ticket.

    A ticket does not begin within a day of a page: it would tell the same errors again.

    Args:
        target: share of the requests that should not be errors, between 0 and 1.

    Raises:
        InvalidInput: the target is out of range.
    """

    kind = "burn_rate"
    every = 60.0
    hold = 600.0

    def __init__(self, target: float = 0.999) -> None:
        if not 0 < target < 1:
            raise InvalidInput(f"watch: target={target!r}: the share of requests that succeed, between 0 and 1")
        self.target = target

    def places(self, inventory: Inventory) -> list[Place]:
        """Return the environments with a live deployment."""
        return [place for project in inventory.projects.values() for place in project.places]

    def cost(self, place: Place, reader: Reader) -> int:
        """Return 1, or 0 where the traffic is read already."""
        return 0 if reader.has_traffic(place) else 1

    def look(self, place: Place, reader: Reader) -> list[Found]:
        """Return the page or the ticket that fires."""
        frame = reader.traffic(place)
        alerts = burn_alerts(frame, target=self.target)
        firing = alerts[alerts["firing"]]
        pages = firing[firing["severity"] == "page"]
        if len(pages):
            return [self._found("page", pages, frame, place)]
        tickets = firing[firing["severity"] == "ticket"]
        recent = alerts[(alerts["severity"] == "page") & (alerts["end"] > frame.index[-1] - _ACCOUNTED)]
        if len(tickets) and not len(recent):
            return [self._found("ticket", tickets, frame, place)]
        return []

    def _found(self, severity: str, firing: pd.DataFrame, frame: pd.DataFrame, place: Place) -> Found:
        first = firing.sort_values("onset").iloc[0]
        lookback = str(first["alert"]).split(" ")[-1].split("/")[0]
        window = frame[frame.index > frame.index[-1] - pd.Timedelta(seconds=parse_duration(lookback))]
        requests, errors = int(window["count"].sum()), int(window["status_5xx"].sum())
        share = errors / requests if requests else 0.0
        rate = share / (1 - self.target)
        sentence = (
            f"{format_percent(share, digits=1)} of {requests:,} requests in the last {lookback} failed ({errors:,} "
            f"errors), {rate:,.{0 if rate >= 10 else 1}f} times what {format_target(self.target)} allows"
        )
        return Found(
            what="page" if severity == "page" else "ticket",
            severity="page" if severity == "page" else "ticket",
            since=first["onset"].to_pydatetime(),
            sentence=sentence,
            environment=place.environment,
            diagnose=True,
        )
