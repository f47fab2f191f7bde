"""An alert begins once, rises once, ends once; what comes and goes is held, and what can't be read ends nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from createos_nb.diagnostics.alerts.alert import Alert, Found, Place, Severity
from createos_nb.diagnostics.alerts.check import Check
from createos_nb.diagnostics.alerts.checks import check_types
from createos_nb.diagnostics.alerts.checks.anomaly import Anomaly
from createos_nb.diagnostics.alerts.checks.burn_rate import BurnRate
from createos_nb.diagnostics.alerts.tracker import Tracker

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
PLACE = Place("storefront", "production", "p", "e")


def found(what: str = "page", severity: Severity = "page", minutes: float = 0) -> Found:
    return Found(what, severity, START + timedelta(minutes=minutes), "2 % fail")


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


class Timeline:
    """Looks of one check, a minute apart; `.` not found, `x` found, `?` could not be read."""

    def __init__(self, check: Check) -> None:
        self.check = check
        self.alerts: dict[str, Alert] = {}
        self.tracker = Tracker(self.alerts)

    def run(self, looks: str) -> list[tuple[int, str]]:
        told = []
        for minute, look in enumerate(looks):
            if look == "?":
                self.tracker.unknown(self.check.kind, PLACE.name, "no answer")
                continue
            events = self.tracker.update(self.check, PLACE, [found()] if look == "x" else [], at(minute))
            told += [(minute, event.change) for event in events]
        return told


def test_an_alert_begins_once_and_ends_once_it_has_been_away_for_its_hold() -> None:
    assert BurnRate.hold == 600
    timeline = Timeline(BurnRate())
    assert timeline.run("..xxxx............") == [(2, "begins"), (16, "ends")]
    (alert,) = timeline.alerts.values()
    assert alert.ended == at(6)  # over since it was first away


def test_what_comes_and_goes_is_one_alert() -> None:
    assert Timeline(BurnRate()).run("x.........x...x..x" + "." * 11) == [(0, "begins"), (28, "ends")]


def test_what_comes_again_after_its_end_is_another_one() -> None:
    told = Timeline(BurnRate()).run("x" + "." * 12 + "x" + "." * 11)
    assert [change for _, change in told] == ["begins", "ends", "begins", "ends"]


def test_what_could_not_be_read_ends_nothing_and_its_time_does_not_count() -> None:
    timeline = Timeline(BurnRate())
    assert timeline.run("x" + "?" * 30) == [(0, "begins")]
    (alert,) = timeline.alerts.values()
    assert (alert.open, alert.unknown) == (True, "no answer")
    assert Timeline(BurnRate()).run("x.....?.........") == [(0, "begins")]
    assert Timeline(BurnRate()).run("x.....?...........") == [(0, "begins"), (17, "ends")]


def test_a_ticket_that_becomes_a_page_is_told_once() -> None:
    tracker = Tracker({})
    changes = []
    for minute, severity in enumerate(("ticket", "ticket", "page", "page", "ticket")):
        events = tracker.update(BurnRate(), PLACE, [found("same", severity)], at(minute))
        changes += [(event.change, event.alert.severity) for event in events]
    assert changes == [("begins", "ticket"), ("rises", "page")]


def test_an_anomaly_that_began_before_a_page_ended_is_not_told() -> None:
    tracker = Tracker({})
    tracker.update(BurnRate(), PLACE, [found()], at(0))
    assert not tracker.update(Anomaly(), PLACE, [found("errors", "ticket")], at(1))
    for minute in range(2, 14):
        tracker.update(BurnRate(), PLACE, [], at(minute))
    assert not tracker.open
    assert not tracker.update(Anomaly(), PLACE, [found("errors", "ticket", minutes=1)], at(14))
    assert tracker.update(Anomaly(), PLACE, [found("errors", "ticket", minutes=20)], at(21))


def test_other_places_are_their_own() -> None:
    tracker = Tracker({})
    tracker.update(BurnRate(), PLACE, [found()], at(0))
    other = PLACE._replace(environment="staging")
    assert tracker.update(BurnRate(), other, [found()], at(0))
    assert tracker.update(Anomaly(), other, [], at(0)) == []
    tracker.unknown("burn_rate", other.name, "no answer")
    assert [alert.unknown for alert in tracker.open] == ["", "no answer"]


def test_what_is_gone_ends_and_is_forgotten_after_a_week() -> None:
    tracker = Tracker({})
    tracker.update(BurnRate(), PLACE, [found()], at(0))
    assert not tracker.gone("burn_rate", {PLACE.name}, at(1))
    (event,) = tracker.gone("burn_rate", {"storefront/staging"}, at(1))
    assert (event.change, event.alert.ended) == ("ends", at(1))
    tracker.forget(at(1) + timedelta(days=6))
    assert tracker.alerts
    tracker.forget(at(1) + timedelta(days=8))
    assert not tracker.alerts


@pytest.mark.parametrize("kind", check_types())
def test_every_kind_of_check_can_be_made_and_says_what_it_is(kind: type[Check]) -> None:
    check = kind()
    assert check.kind
    assert check.every >= 60
    assert check.__doc__
    assert all(other in {one.kind for one in check_types()} for other in check.behind)


def test_kinds_have_names_of_their_own() -> None:
    names = [kind.kind for kind in check_types()]
    assert len(names) == len(set(names)) > 5
