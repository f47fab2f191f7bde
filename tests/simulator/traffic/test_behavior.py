"""Each behavior of a deployment does to its requests what it promises, at the seconds at which it happens."""

from __future__ import annotations

import numpy as np
import pytest

from createos_nb.simulator.traffic import (
    Behavior,
    Bot,
    Cause,
    Failing,
    Incident,
    Page,
    Profile,
    Segment,
    Traffic,
)
from createos_nb.simulator.traffic.process_events import ProcessHealth, health_changes, process_events
from createos_nb.simulator.traffic.profile import FLAT_DAY, FLAT_WEEK

T = 1_767_571_200
RATE = 1200
PROFILE = Profile(
    rpm=RATE, pages=(Page(path="/", ms=50),), day=FLAT_DAY, week=FLAT_WEEK, overdispersion=0, jitter=0, daily_jitter=0
)


def traffic(*segments: Segment, incidents: tuple[Incident, ...] = (), profile: Profile = PROFILE) -> Traffic:
    return Traffic(5, "e", profile, segments, incidents, created=T)


def share(of: Traffic, status: int, start: int, end: int) -> float:
    return of.statuses(start, end).get(status, 0) / of.totals(start, end)["total"]


def test_an_error_takes_its_share_of_its_paths_and_the_first_match_comes_first() -> None:
    pages = (Page(path="/api/a"), Page(path="/api/b"), Page(path="/c"), Page(path="/d"))
    behavior = Behavior(errors=(Failing(status=500, share=0.5, path="/api/*"), Failing(status=404, share=0.5)))
    profile = Profile(rpm=RATE, pages=pages, overdispersion=0, jitter=0)
    cells = traffic(Segment(start=T, behavior=behavior), profile=profile).cells(T, T + 7200)
    total = {path: sum(n for p, n in zip(cells.path, cells.count, strict=True) if p == path) for path in cells.path}
    got = {(p, s): n / total[p] for p, s, n in zip(cells.path, cells.status.tolist(), cells.count, strict=True)}
    assert got["/api/a", 500] == pytest.approx(0.5, abs=0.02)
    assert got["/api/a", 404] == pytest.approx(0.25, abs=0.02)
    assert ("/c", 500) not in got
    assert got["/c", 404] == pytest.approx(0.5, abs=0.02)


def test_a_wrong_port_is_502_until_the_second_it_is_mended() -> None:
    wrong = Segment(start=T, end=T + 617, behavior=Behavior(listens=3000), port=8080)
    mended = Segment(start=T + 617, behavior=Behavior(listens=3000), port=3000)
    of = traffic(wrong, mended)
    assert set(of.statuses(T, T + 617)) == {502}
    assert set(of.statuses(T + 617, T + 1200)) == {200}


def test_a_crash_loop_waits_longer_each_time_and_fails_while_it_waits() -> None:
    segment = Segment(start=T, behavior=Behavior(crash_after=30, boot=4))
    life = process_events(segment, 9, T + 7200)
    waits = [event.number for event in life if event.what == "crash"]
    assert waits[:7] == [10, 20, 40, 80, 160, 300, 300]
    of = Traffic(5, "e", PROFILE, [segment], created=T)
    for down, up in zip(
        (t for t in process_events(segment, of.timeline.key, T + 3600) if t.what == "crash"),
        (t for t in process_events(segment, of.timeline.key, T + 3600) if t.what == "listen" and t.life),
        strict=False,
    ):
        assert up.time == down.time + down.number + 4
        assert set(of.statuses(down.time, up.time)) == {502}
        assert set(of.statuses(up.time, up.time + 20)) == {200}


def test_a_version_that_crashes_at_once_never_answers() -> None:
    of = traffic(Segment(start=T, behavior=Behavior(crash_after=0)))
    assert set(of.statuses(T, T + 86_400)) == {502}


def test_a_leak_kills_after_the_memory_that_is_left_and_begins_anew() -> None:
    behavior = Behavior(memory=212, leak=100, boot=5)
    segment = Segment(start=T, memory=512, behavior=behavior)
    killed = [event.time for event in process_events(segment, 3, T + 40 * 3600) if event.what == "oom"]
    lives = np.diff([T, *killed])
    assert lives.mean() == pytest.approx(3 * 3600, rel=0.1)
    assert len(set(lives.tolist())) > 1
    of = traffic(segment)
    first = next(event.time for event in process_events(segment, of.timeline.key, T + 40 * 3600) if event.what == "oom")
    assert set(of.statuses(first - 3600, first)) == {200}
    assert set(of.statuses(first, first + 15)) == {502}
    assert set(of.statuses(first + 15, first + 1000)) == {200}


def test_one_of_three_replicas_that_dies_costs_a_third_until_it_is_out_of_rotation() -> None:
    segment = Segment(start=T, memory=512, replicas=3, behavior=Behavior(memory=212, leak=100, boot=30))
    of = traffic(segment, profile=Profile(rpm=60_000, overdispersion=0, jitter=0))
    first = next(event.time for event in process_events(segment, of.timeline.key, T + 40 * 3600) if event.what == "oom")
    assert share(of, 502, first, first + 10) == pytest.approx(1 / 3, abs=0.03)
    assert share(of, 502, first + 10, first + 40) == 0


def test_a_leak_of_a_version_that_was_moved_has_grown_since_its_launch() -> None:
    behavior = Behavior(memory=212, leak=100)
    stays = Segment(start=T, memory=512, behavior=behavior, launched=T - behavior.boot)
    moved = Segment(start=T + 7000, memory=512, behavior=behavior, launched=stays.launched, fresh=False)
    kills = [[event.time for event in process_events(s, 3, T + 40_000) if event.what == "oom"] for s in (stays, moved)]
    assert kills[0] == kills[1]


def test_a_slow_start_is_slow_and_refuses_its_share_and_then_no_more() -> None:
    of = traffic(Segment(start=T, behavior=Behavior(slow_start=400, slow_start_errors=0.4)))
    assert share(of, 503, T, T + 400) == pytest.approx(0.4, abs=0.03)
    assert share(of, 503, T + 400, T + 1000) == 0
    early, late = of.events(T, T + 90).ms, of.events(T + 400, T + 490).ms
    served = of.events(T, T + 90).status == 200
    assert early[served].mean() == pytest.approx(4 * late.mean(), rel=0.1)


@pytest.mark.parametrize(("replicas", "cpu"), [(1, 200), (2, 200), (1, 400), (3, 500)])
def test_cpu_that_does_not_suffice_throttles_by_replicas_and_limit(replicas: int, cpu: int) -> None:
    of = traffic(Segment(start=T, replicas=replicas, cpu=cpu, behavior=Behavior(cpu_ms=40)))
    capacity = replicas * cpu * 60 / 40
    assert share(of, 504, T, T + 3600) == pytest.approx(max(0, 1 - capacity / RATE), abs=0.02)


def test_durations_grow_as_the_cpu_fills() -> None:
    idle = traffic(Segment(start=T, cpu=500, replicas=3, behavior=Behavior(cpu_ms=1))).events(T, T + 600).ms.mean()
    busy = traffic(Segment(start=T, cpu=400, behavior=Behavior(cpu_ms=16))).events(T, T + 600).ms.mean()
    assert busy == pytest.approx(idle / (1 - RATE * 16 / (400 * 60)), rel=0.15)


@pytest.mark.parametrize("replicas", [1, 2, 3])
def test_memory_that_does_not_suffice_loses_what_does_not_fit(replicas: int) -> None:
    of = traffic(Segment(start=T, replicas=replicas, memory=500, behavior=Behavior(memory=200, memory_per_rpm=0.5)))
    assert share(of, 502, T, T + 3600) == pytest.approx(max(0, 1 - replicas * 600 / RATE), abs=0.02)


def test_a_noisy_neighbour_takes_cpu_while_it_is_there() -> None:
    noisy = Incident(name="n", start=T + 600, end=T + 1200, stolen=0.5)
    of = traffic(Segment(start=T, cpu=400, behavior=Behavior(cpu_ms=15)), incidents=(noisy,))
    assert share(of, 504, T, T + 600) == 0
    assert share(of, 504, T + 600, T + 1200) == pytest.approx(1 - 800 / RATE, abs=0.03)
    assert share(of, 504, T + 1200, T + 1800) == 0


def test_a_crowd_comes_within_its_ramp_and_leaves_within_its_fade() -> None:
    crowd = Incident(name="c", start=T + 3600, end=T + 7200, rate=5, ramp=1200, fade=2400)
    per_minute = traffic(Segment(start=T), incidents=(crowd,)).series(T, T + 3 * 3600).total / RATE
    assert per_minute[:60].mean() == pytest.approx(1, rel=0.03)
    assert per_minute[70] == pytest.approx(3, rel=0.15)
    assert per_minute[80:120].mean() == pytest.approx(5, rel=0.03)
    assert per_minute[140] == pytest.approx(3, rel=0.15)
    assert per_minute[160:].mean() == pytest.approx(1, rel=0.03)


def test_an_incident_fails_its_paths_on_whatever_runs_but_not_on_what_does_not() -> None:
    lost = Incident(name="l", start=T, failing=(Failing(status=503, share=1.0),), jitter=0)
    of = traffic(Segment(start=T + 60, end=T + 120), incidents=(lost,))
    assert set(of.statuses(T, T + 60)) == {404}
    assert set(of.statuses(T + 60, T + 120)) == {503}


def test_an_incident_does_not_begin_before_its_second() -> None:
    lost = Incident(name="l", start=T + 61, end=T + 67, failing=(Failing(status=503, share=1.0),), jitter=0)
    of = traffic(Segment(start=T, end=T + 60), Segment(start=T + 60), incidents=(lost,))
    assert set(of.statuses(T, T + 61)) == {200}
    assert set(of.statuses(T + 61, T + 67)) == {503}
    assert set(of.statuses(T + 67, T + 120)) == {200}


def test_a_version_that_was_moved_while_it_was_down_is_down_from_the_first_second() -> None:
    behavior = Behavior(memory=212, leak=100, boot=30)
    stays = Segment(start=T, memory=512, behavior=behavior, launched=T - 30)
    killed = [event.time for event in process_events(stays, 3, T + 40_000) if event.what == "oom"][1]
    moved = Segment(start=killed + 5, memory=512, behavior=behavior, launched=T - 30, fresh=False)
    found = health_changes(moved, 3, T + 40_000)
    assert found[0] == (killed + 5, ProcessHealth(down=1000))
    assert found[1] == (killed + 40, ProcessHealth())
    assert [time for time, _ in found] == sorted(time for time, _ in found)


def test_bots_meet_the_same_deployment() -> None:
    bot = Bot(name="b", rpm=100, pages=(Page(path="/x", status=404),))
    of = traffic(Segment(start=T, behavior=Behavior(listens=1)), profile=Profile(rpm=0, bots=(bot,)))
    assert of.cells(T, T + 600).statuses().keys() == {502}


def test_every_request_knows_its_cause() -> None:
    of = traffic(
        Segment(start=T, end=T + 60, behavior=Behavior(errors=(Failing(status=500, share=1.0, cause="error:x"),))),
        Segment(start=T + 60, end=T + 120, asleep=True),
    )

    def causes(start: int, end: int) -> set[Cause]:
        events = of.events(start, end)
        return {events.cells[i].cause for i in set(events.cell.tolist())}

    assert causes(T, T + 60) == {Cause.FAILED}
    assert causes(T + 60, T + 120) == {Cause.ASLEEP}
    assert causes(T + 120, T + 180) == {Cause.NOTHING_LIVE}


def test_how_a_segment_serves_does_not_depend_on_how_far_one_looks() -> None:
    segment = Segment(start=T, replicas=2, behavior=Behavior(memory=300, leak=200, slow_start=60))
    far = health_changes(segment, 1, T + 10 * 86_400)
    for hours in (1, 5, 26, 100):
        near = health_changes(segment, 1, T + hours * 3600)
        assert near == far[: len(near)]
        assert all(time < T + hours * 3600 for time, _ in near[1:])
    assert far[0] == (T, ProcessHealth(slow=1024))


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: Behavior(slow=0), "slow is"),
        (lambda: Behavior(slow_start_errors=2), "slow_start_errors is"),
        (lambda: Failing(status=200, share=0.1), "status of an error"),
        (lambda: Failing(status=500, share=1.1), "share of an error"),
        (lambda: Segment(start=5, end=4), "before it starts"),
        (lambda: Segment(start=5, launched=6), "after it starts"),
        (lambda: Segment(start=5, replicas=0), "replicas is"),
        (lambda: Incident(name="x", start=5, end=4), "before it starts"),
        (lambda: Incident(name="x", start=5, rate=-1), "rate of incident x"),
        (lambda: Bot(name="x", rpm=1, pages=()), "no pages"),
        (lambda: Profile(rpm=1, day=(1,) * 23), "day is 24"),
        (lambda: Profile(rpm=1, overdispersion=3), "overdispersion is"),
        (lambda: Page(path="/", weight=0), "weight of /"),
        (lambda: Page(path="/", status=100), "status of /"),
        (lambda: traffic(Segment(start=T), incidents=(Incident(name="x", start=1),) * 2), "same name"),
    ],
)
def test_parameters_outside_their_limits_are_refused_in_words(make: object, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        make()  # type: ignore[operator]
