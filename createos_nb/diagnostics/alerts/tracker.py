"""From what checks find to alerts: each begins once, rises once, and ends once, also over a restart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from createos_nb.diagnostics.alerts.alert import Alert, Change, Found, key_of

if TYPE_CHECKING:
    from createos_nb.diagnostics.alerts.alert import Place
    from createos_nb.diagnostics.alerts.check import Check

#: For so long an alert that has ended is kept: to be shown, for it is told no more.
_KEPT: Final = timedelta(days=7)


class Event(NamedTuple):
    """A change of an alert, which is told."""

    change: Change
    alert: Alert
    found: Found | None = None
    place: Place | None = None


class Tracker:
    """Keeps alerts.

    Args:
        alerts: those that are known, by key; it is changed.
    """

    def __init__(self, alerts: dict[str, Alert]) -> None:
        self.alerts = alerts

    @property
    def open(self) -> list[Alert]:
        """Return those that last, pages first, then by their begin."""
        lasting = [alert for alert in self.alerts.values() if alert.open]
        return sorted(lasting, key=lambda alert: (alert.severity != "page", alert.since, alert.key))

    def update(self, check: Check, place: Place, found: Sequence[Found], now: datetime) -> list[Event]:
        """Take what a look has found.

        An alert that is not found any more ends once it has not been found for `check.hold`; it is then over since it
        was first not found.
        """
        events = []
        keys = set()
        for one in found:
            key = key_of(check.kind, place.name, one.what)
            keys.add(key)
            alert = self.alerts.get(key)
            if alert is None or not alert.open:
                if any(self._accounts_for(kind, place.name, one) for kind in check.behind):
                    continue
                alert = Alert(
                    key=key,
                    kind=check.kind,
                    place=place.name,
                    what=one.what,
                    severity=one.severity,
                    since=one.since,
                    sentence=one.sentence,
                    commands=list(one.commands),
                    opened=now,
                    seen=now,
                )
                self.alerts[key] = alert
                events.append(Event("begins", alert, one, place))
                continue
            alert.seen, alert.absent, alert.unknown = now, None, ""
            if one.severity == "page" and alert.severity == "ticket":
                alert.severity, alert.sentence = "page", one.sentence
                events.append(Event("rises", alert, one, place))
        for alert in self._of(check.kind, place.name):
            if alert.key not in keys:
                alert.absent, alert.unknown = alert.absent or now, ""
                if now - alert.absent >= timedelta(seconds=check.hold):
                    alert.ended = alert.absent
                    events.append(Event("ends", alert))
        return events

    def unknown(self, kind: str, place: str, reason: str) -> None:
        """Take that a look was not possible: whatever was open stays so, and the time that it was absent is not known.

        An alert ends only after it was looked for and not found for its whole hold.
        """
        for alert in self._of(kind, place):
            alert.absent, alert.unknown = None, reason

    def gone(self, kind: str, places: set[str], now: datetime) -> list[Event]:
        """End alerts at places that there are no more, such as those of a project that was deleted."""
        events = []
        for alert in self.alerts.values():
            if alert.open and alert.kind == kind and alert.place not in places:
                alert.ended, alert.sentence = now, f"{alert.sentence}; {alert.place} is watched no more"
                events.append(Event("ends", alert))
        return events

    def forget(self, now: datetime) -> None:
        """Forget alerts that ended long ago."""
        for key, alert in list(self.alerts.items()):
            if alert.ended is not None and now - alert.ended > _KEPT:
                del self.alerts[key]

    def _of(self, kind: str, place: str) -> list[Alert]:
        return [one for one in self.alerts.values() if one.open and one.kind == kind and one.place == place]

    def _accounts_for(self, kind: str, place: str, found: Found) -> bool:
        """Return whether an alert of that kind at a place lasts, or did when this began."""
        same = (one for one in self.alerts.values() if one.kind == kind and one.place == place)
        return any(one.open or (one.ended is not None and found.since <= one.ended) for one in same)
