"""What a watch tells on simulated worlds, at what cost, and what it says of what it has not looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb.client.client import Client
from createos_nb.diagnostics import Diagnosis, Finding, RunbookCall, Watcher, watch
from createos_nb.diagnostics.alerts.alert import Found, Place
from createos_nb.diagnostics.alerts.checks.burn_rate import BurnRate
from createos_nb.diagnostics.alerts.checks.domain import PendingDomain
from createos_nb.diagnostics.alerts.reader import Reader
from createos_nb.diagnostics.alerts.watcher import Round
from createos_nb.errors import UnknownName
from createos_nb.notify import Message

BAD_RELEASE = Diagnosis(
    where="storefront/production",
    status="degraded",
    sentence="v4 fails where v3 did not.",
    findings=(
        Finding(
            cause="bad_release",
            where="storefront/production",
            since=None,
            evidence=("errors began with v4",),
            against=("/api/stock failed before",),
            weight=0.9,
            fix="roll back to v3",
            runbook=RunbookCall(
                "rollback",
                ("storefront", "production"),
                notebook="42_rollback",
                parameters={"project": "storefront", "environment": "production"},
            ),
        ),
    ),
)


def explains(calls: list[tuple[str, str | None]], requests: int = 0) -> Callable[[Client, str, str | None], Diagnosis]:
    def explain(client: Client, project: str, environment: str | None) -> Diagnosis:
        calls.append((project, environment))
        for _ in range(requests):
            client.account.current_user()
        return BAD_RELEASE

    return explain


def rounds(watcher: Watcher, client: Client, count: int, seconds: float = 60.0) -> list[Round]:
    done = []
    for _ in range(count):
        client.clock.sleep(seconds)
        done.append(watcher.round())
    return done


def test_a_bad_release_is_told_with_its_diagnosis_and_over_after_the_rollback() -> None:
    client = createos_nb.simulate("bad-release")
    told: list[Message] = []
    calls: list[tuple[str, str | None]] = []
    watcher = Watcher(client, notify=told.append, explain=explains(calls))
    first = watcher.round()
    assert [(event.change, event.alert.key) for event in first.events] == [
        ("begins", "burn_rate:storefront/production:page")
    ]
    assert calls == [("storefront", "production")]
    page = told[0]
    assert page.kind == "failure"
    assert page.title.startswith("[page] storefront/production: 2.1 % of 5,957 requests in the last 1h failed")
    assert "diagnosis: v4 fails where v3 did not." in page.body
    assert "against it: /api/stock failed before" in page.body
    assert "createos-nb run 42_rollback -p project=storefront -p environment=production" in page.body
    assert "createos-nb diagnose storefront production" in page.body
    assert client.where in page.body
    assert not [event for one in rounds(watcher, client, 5) for event in one.events]

    plan = createos_nb.runbooks.rollback(client, "storefront", "production")
    plan.apply(confirm=plan.digest, reason="v4 fails")
    events = [event for one in rounds(watcher, client, 90) for event in one.events]
    assert [(event.change, event.alert.key) for event in events] == [("ends", "burn_rate:storefront/production:page")]
    assert len(told) == 2
    assert told[1].kind == "success"
    assert told[1].title.startswith("[over] storefront/production: ")
    assert len(calls) == 1


def test_a_release_that_goes_bad_while_it_is_watched_begins_and_is_told_in_minutes() -> None:
    client = createos_nb.simulate()
    watcher = Watcher(client, "storefront", checks=[BurnRate()])
    assert not watcher.round().events
    began = client.now
    client.world.set_behavior("storefront", 17, errors=[{"status": 500, "share": 0.3}])
    events = [event for one in rounds(watcher, client, 15) for event in one.events]
    assert ("begins", "burn_rate:storefront/production:page") in [(event.change, event.alert.key) for event in events]
    assert events[0].alert.opened - began < pd.Timedelta("5min")


def test_domains_that_wait_are_told_and_one_that_becomes_active_is_over() -> None:
    client = createos_nb.simulate("dns-pending")
    watcher = Watcher(client)
    assert sorted(event.alert.what.split(".")[0] for event in watcher.round().events) == ["gifts", "old-gifts", "shop"]
    client.clock.sleep(7 * 3600)
    client.domains.verify("storefront", "shop.juniper-goods.example.net")
    events = [event for one in rounds(watcher, client, 3, 600.0) for event in one.events]
    assert [(event.change, event.alert.what) for event in events] == [("ends", "shop.juniper-goods.example.net")]


def test_a_key_is_told_before_it_expires_and_when_it_has() -> None:
    client = createos_nb.simulate()
    began = client.now
    client.api_keys.create(name="nightly", expiry_at="+20d")
    told: list[Message] = []
    watched = watch(client, "storefront", duration="30d", every="12h", notify=told.append, checks=_checks("api_key"))
    nightly = [message.title for message in told if "nightly" in message.title]
    assert len(nightly) == 3
    assert nightly[0].startswith("[ticket] account: the key nightly expires in 14 d")
    assert nightly[1].startswith("[page] account: the key nightly has expired")
    assert nightly[2].startswith("[over] account: ")
    ended = watched.alerts.set_index("key")["ended"]["api_key:account:nightly"]
    assert pd.Timedelta("27D") <= ended - began <= pd.Timedelta("28D")


def test_a_revoked_key_is_over() -> None:
    client = createos_nb.simulate()
    watcher = Watcher(client, "storefront", checks=_checks("api_key"))
    (begins,) = watcher.round().events
    assert begins.alert.what == "ci-deployments"
    client.api_keys.revoke("ci-deployments")
    (ends,) = rounds(watcher, client, 1, 3600.0)[0].events
    assert ends.change == "ends"


@pytest.mark.parametrize(
    ("scenario", "what", "severity"),
    [("build-broken", "v", "ticket"), ("crash-loop", "production v", "page"), ("wrong-port", "v", "ticket")],
)
def test_a_deployment_that_failed_or_crashes_is_told(scenario: str, what: str, severity: str) -> None:
    client = createos_nb.simulate(scenario)
    client.clock.sleep(600)
    events = Watcher(client, checks=_checks("failed_deployment")).round().events
    assert [(event.alert.what[: len(what)], event.alert.severity) for event in events][:1] == [(what, severity)]


def test_a_failed_scan_and_its_findings_are_told() -> None:
    client = createos_nb.simulate()
    watcher = Watcher(client, "storefront", checks=_checks("scan"))
    first = watcher.round()
    assert [event.alert.what.split(" ")[1] for event in first.events] == ["failed"]
    assert "could not be pulled" in first.events[0].alert.sentence
    assert not rounds(watcher, client, 2, 1800.0)[1].events


@pytest.mark.slow
def test_a_slow_burn_is_a_ticket_and_none_begins_after_a_page() -> None:
    client = createos_nb.simulate()
    place = "burn_rate:storefront/production"
    watcher = Watcher(client, "storefront", checks=[BurnRate(target=0.999)])
    watcher.round()
    began = client.now
    client.world.set_behavior("storefront", 17, errors=[{"status": 500, "share": 0.0045}])
    events: list[Any] = []
    while not events and client.now - began < pd.Timedelta("30h"):
        events += rounds(watcher, client, 1, 1200.0)[0].events
    assert [(event.change, event.alert.key, event.alert.severity) for event in events][:1] == [
        ("begins", f"{place}:ticket", "ticket")
    ]
    assert "in the last 1d failed" in events[0].alert.sentence


def test_the_diagnosis_of_the_package_stands_in_the_message() -> None:
    client = createos_nb.simulate("bad-release")
    told: list[Message] = []
    before = len(client.log())
    done = Watcher(client, notify=told.append).round()
    assert "cause: bad_release at storefront/production" in told[0].body
    assert "createos-nb run 42_rollback" in told[0].body
    assert 0 < done.diagnoses <= 26
    assert done.requests == len(client.log()) - before


@pytest.mark.parametrize("hours", [6, pytest.param(24, marks=pytest.mark.slow)])
def test_a_healthy_site_is_without_an_alarm_and_takes_one_request_a_look_at_its_traffic(hours: int) -> None:
    client = createos_nb.simulate(seed=11)
    watched = watch(client, "landing-pages", duration=f"{hours}h", every="5min", explain=None)
    assert len(watched.rounds) == 12 * hours + 1
    assert not set(watched.alerts["kind"]) & {"burn_rate", "anomaly", "failed_deployment", "watch"}
    traffic = int((client.log()["operation"] == "GetProjectEnvironmentAnalyticsRequestsOverTime").sum())
    assert traffic == 12 * hours + 1  # for both checks
    assert not watched.unknown
    assert not watched.rounds["waiting"].any()


# --- the budget -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_no_hour_has_more_requests_than_the_budget_and_all_is_looked_at_in_the_end() -> None:
    client = createos_nb.simulate()
    watcher = Watcher(client, budget=120)
    done = [watcher.round(), *rounds(watcher, client, 120)]
    times = client.log()["time"]
    most = max(int(((times >= time) & (times < time + pd.Timedelta("1h"))).sum()) for time in times)
    assert 100 < most <= 125
    assert sum(one.requests for one in done) == len(times)
    waited = {name for one in done for name in one.waiting}
    assert any(name.startswith("burn_rate ") for name in waited)  # it is said what was not looked at
    looked = watcher._state.looks
    assert all(look.at is not None for look in looked.values())
    assert {name.split(" ")[0] for name in looked} == {
        "burn_rate",
        "anomaly",
        "failed_deployment",
        "domain",
        "api_key",
        "scan",
    }


def test_a_round_asks_for_nothing_twice_and_only_for_what_is_due() -> None:
    client = createos_nb.simulate("bad-release")
    watcher = Watcher(client, explain=None)
    before = len(client.log())
    first = watcher.round()
    asked = client.log().iloc[before:]
    assert not asked["path"].duplicated().any()
    # projects, environments, traffic (for two checks), deployments, domains, keys
    assert first.requests == len(asked) == 6
    assert watcher.round().requests == 0
    client.clock.sleep(60)
    assert watcher.round().requests == 1  # what the traffic has that is new


def test_what_is_asked_of_the_traffic_is_only_what_is_new() -> None:
    client = createos_nb.simulate("bad-release")
    watcher = Watcher(client, checks=[BurnRate()])
    watcher.round()
    asked: list[dict[str, Any]] = []
    real = client.analytics.requests_over_time

    def spy(*places: str, **window: Any) -> pd.DataFrame:
        asked.append(window)
        return real(*places, **window)

    client.analytics.requests_over_time = spy  # type: ignore[method-assign]
    rounds(watcher, client, 3)
    assert [one["end"] - one["start"] for one in asked] == [360, 360, 360]
    frame = watcher._reader._traffic[next(iter(watcher._reader._traffic))]
    whole = real("storefront", "production", start=frame.index[0], end=frame.index[-1] + pd.Timedelta("1min"))
    pd.testing.assert_frame_equal(frame, whole, check_freq=False)


def test_the_budget_counts_diagnoses_and_an_alert_without_one_says_so() -> None:
    client = createos_nb.simulate("bad-release")
    calls: list[tuple[str, str | None]] = []
    done = Watcher(client, explain=explains(calls, requests=12)).round()
    assert (done.diagnoses, done.requests) == (12, 18)

    client = createos_nb.simulate("bad-release")
    done = Watcher(client, budget=60, explain=explains(calls, requests=12)).round()
    assert done.diagnoses == 0
    (alert,) = done.open
    assert "the budget of requests is used up" in alert.diagnosis
    assert alert.commands == ["createos-nb diagnose storefront production"]


def test_a_diagnosis_that_fails_does_not_keep_the_alert_back() -> None:
    def explain(client: Client, project: str, environment: str | None) -> Diagnosis:
        raise createos_nb.Unreachable("no answer")

    told: list[Message] = []
    Watcher(createos_nb.simulate("bad-release"), notify=told.append, explain=explain).round()
    assert "diagnosis: none: no answer" in told[0].body


# --- what can't be read -----------------------------------------------------------------------------------------------


def test_what_can_not_be_read_is_unknown_and_ends_nothing() -> None:
    client = createos_nb.simulate("bad-release")
    watcher = Watcher(client)
    watcher.round()
    with client.world.faults(what="error", status=503):
        blind = rounds(watcher, client, 12)
    assert all("burn_rate:storefront/production:page" in [alert.key for alert in one.open] for one in blind)
    assert all("burn_rate storefront/production" in one.unknown for one in blind)
    events = [event for one in blind for event in one.events]
    assert [(event.change, event.alert.key) for event in events] == [("begins", "watch:account:blind")]
    first, _, third = rounds(watcher, client, 3)
    assert [(event.change, event.alert.key) for event in first.events] == [("ends", "watch:account:blind")]
    assert not third.unknown  # what has told nothing is tried again soon, however seldom it is due


def test_one_place_that_can_not_be_read_leaves_the_others() -> None:
    client = createos_nb.simulate("dns-pending")
    with client.world.faults(what="error", status=404, operations=["ListDomains"]):
        one = Watcher(client).round()
    assert list(one.unknown) == ["domain storefront"]
    assert one.looks == 4


def test_a_check_that_breaks_is_unknown_and_the_others_go_on() -> None:
    class Broken(PendingDomain):
        kind = "broken"

        def look(self, place: Place, reader: Reader) -> list[Found]:
            raise KeyError("no such column")

    one = Watcher(createos_nb.simulate("dns-pending"), checks=[Broken(), PendingDomain()]).round()
    assert one.unknown == {"broken storefront": "KeyError: 'no such column'"}
    assert len(one.events) == 3


def test_a_platform_that_fails_is_not_asked_for_all_the_rest() -> None:
    client = createos_nb.simulate()
    watcher = Watcher(client, budget=900)
    watcher.round()
    client.clock.sleep(60)
    with client.world.faults(what="error", status=503):
        one = watcher.round()
    assert len(one.unknown) > 10
    assert one.requests <= 3 * 5  # three looks, each of them five attempts


# --- the call ---------------------------------------------------------------------------------------------------------


def test_the_value_says_how_it_stands() -> None:
    watched = watch(createos_nb.simulate("dns-pending"), duration="0s", checks=[PendingDomain()])
    assert watched.result == "FAIL"
    assert len(watched.rounds) == 1
    assert list(watched.alerts["severity"]) == ["ticket"] * 3
    assert "3 alerts are open" in repr(watched)
    assert "old-gifts" in watched._repr_html_()
    quiet = watch(createos_nb.simulate("dns-pending"), duration="0s", checks=[BurnRate()])
    assert quiet.result == "PASS"
    assert quiet.alerts.dtypes.to_dict() == watched.alerts.dtypes.to_dict()


def test_what_was_not_looked_at_is_no_data() -> None:
    watched = watch(createos_nb.simulate(), duration="0s", budget=12, checks=[BurnRate()])
    assert watched.result == "NO DATA"
    assert watched.rounds["requests"].iloc[0] <= 2


def test_an_interrupt_ends_it_with_what_there_is() -> None:
    def stop(one: Round) -> None:
        raise KeyboardInterrupt

    watched = watch(createos_nb.simulate("dns-pending"), duration="24h", on_round=stop)
    assert len(watched.rounds) == 1


def test_who_is_called_with_rounds_and_fails_is_called_no_more() -> None:
    with pytest.warns(RuntimeWarning, match="on_round failed and is called no more: ZeroDivisionError"):
        watched = watch(
            createos_nb.simulate("dns-pending"), duration="2min", on_round=lambda one: 1 // 0, checks=[PendingDomain()]
        )
    assert len(watched.rounds) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"every": 0}, "more than 0 seconds"),
        ({"budget": 3, "duration": "0s"}, "at least 12"),
        ({"budget": 2.5, "duration": "0s"}, "a whole number"),
        ({}, "would not end"),
        ({"projects": "nowhere", "duration": "0s"}, "nowhere"),
        ({"checks": [BurnRate(), BurnRate()], "duration": "0s"}, "two checks of one kind"),
    ],
)
def test_arguments_that_can_not_be_used_are_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(createos_nb.InvalidInput, match=said):
        watch(createos_nb.simulate("dns-pending"), **arguments)


def _checks(kind: str) -> list[Any]:
    from createos_nb.diagnostics.alerts.checks import check_types

    return [one() for one in check_types() if one.kind == kind]


def test_only_projects_of_an_app_are_watched() -> None:
    client = createos_nb.simulate("storefront")
    watched = watch(client, apps="Back office", duration="0s", explain=None)
    paths = " ".join(client.log()["path"])
    chosen = dict(client.projects.list()[["unique_name", "id"]].itertuples(index=False))
    assert chosen["chat-bot"] in paths
    assert chosen["storefront"] not in paths
    assert len(watched.rounds) == 1
    with pytest.raises(UnknownName, match="Shop"):
        watch(client, apps=["No such app"], duration="0s")
