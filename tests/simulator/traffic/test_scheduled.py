"""Requests on a schedule: each exactly once, soon after it is due, answered by what is live."""

from __future__ import annotations

import numpy as np
import pytest

from createos_nb.simulator.traffic import Behavior, Failing, Profile, Scheduled, Segment, Traffic, cron

DAY = 1_772_409_600
"""Monday, 2 March 2026, 00:00 UTC."""


def traffic(*scheduled: Scheduled, **segment: object) -> Traffic:
    live = Segment(start=DAY, **segment)  # type: ignore[arg-type]  # as given
    return Traffic(3, "e", None, [live], created=DAY, scheduled=scheduled)


def test_each_is_sent_once_within_a_second_of_its_minute() -> None:
    every = Scheduled(name="sync", schedule="*/15 * * * *", start=DAY, method="POST", path="/sync")
    events = traffic(every).events(DAY, DAY + 86_400)
    assert len(events) == 96
    assert np.array_equal(events.time // 1_000_000 // 900 * 900, DAY + np.arange(96) * 900)
    assert set((events.time // 1_000_000 % 900).tolist()) == {0}
    assert set(zip(events.method, events.path, events.status.tolist(), strict=True)) == {("POST", "/sync", 200)}
    assert events.agents == ("createos-cron/1.0",)


def test_it_counts_from_its_start_to_its_end() -> None:
    one = Scheduled(name="sync", schedule="* * * * *", start=DAY + 61, end=DAY + 301)
    assert (traffic(one).events(DAY, DAY + 900).time // 60_000_000 - DAY // 60).tolist() == [2, 3, 4, 5]
    never = Scheduled(name="sync", schedule="* * * * *", start=DAY + 61, end=DAY + 61)
    assert traffic(never).totals(DAY, DAY + 900)["total"] == 0


def test_the_minutes_of_a_schedule_are_its_due_times() -> None:
    for expression in ("5 4 * * *", "*/20 6-8 1,15 * 1", "@hourly", "0 12 * 2-3 fri"):
        first, last = DAY // 60 - 3, DAY // 60 + 40 * 1440 + 7
        found = (np.flatnonzero(cron(expression).minutes(first, last)) + first) * 60
        due = []
        for moment in cron(expression).before(last * 60):
            if moment < first * 60:
                break
            due.append(moment)
        assert found.tolist() == due[::-1]


def test_its_requests_meet_what_is_live() -> None:
    every = Scheduled(name="sync", schedule="* * * * *", start=DAY, path="/sync")
    assert traffic(every, asleep=True).statuses(DAY, DAY + 3600) == {503: 60}
    failing = Behavior(errors=(Failing(status=500, share=0.5, path="/sync"),))
    found = traffic(every, behavior=failing).statuses(DAY, DAY + 86_400)
    assert sum(found.values()) == 1440
    assert found[500] == pytest.approx(720, abs=100)
    crowd = [(DAY, Profile(rpm=600, overdispersion=0, jitter=0))]
    busy = Segment(start=DAY, behavior=Behavior(cpu_ms=60, memory_per_rpm=1, memory=100), cpu=200, memory=500)
    found = Traffic(3, "e", crowd, [busy], created=DAY, scheduled=[every]).runs("sync", DAY, DAY + 86_400)
    assert len(found) == 1440
    assert set(found.status.tolist()) == {200, 502, 504}


def test_one_more_job_moves_nobody_elses_requests() -> None:
    one = Scheduled(name="sync", schedule="*/2 * * * *", start=DAY, path="/sync")
    two = Scheduled(name="night", schedule="*/3 * * * *", start=DAY, path="/night")
    alone, both = traffic(one).events(DAY, DAY + 7200), traffic(one, two).events(DAY, DAY + 7200)
    mine = [time for time, path in zip(both.time.tolist(), both.path, strict=True) if path == "/sync"]
    assert mine == alone.time.tolist()
    assert traffic(one, two).runs("sync", DAY, DAY + 7200).time.tolist() == mine


def test_an_expression_that_can_not_be_read_and_an_end_before_the_start_are_refused() -> None:
    with pytest.raises(ValueError, match="five fields"):
        Scheduled(name="sync", schedule="* *", start=0)
    with pytest.raises(ValueError, match="before it starts"):
        Scheduled(name="sync", schedule="* * * * *", start=5, end=4)
