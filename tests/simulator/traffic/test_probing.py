"""A request from outside is answered as the visitors are; a time without requests is found."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from createos_nb.simulator.traffic import (
    Behavior,
    Cause,
    Failing,
    Page,
    Profile,
    Recorded,
    Segment,
    Traffic,
)

T = 1_767_571_200


@pytest.mark.slow
def test_probes_fail_as_often_as_visitors_do() -> None:
    behavior = Behavior(errors=(Failing(status=500, share=0.3, path="/cart", cause="timeout:db"),))
    traffic = Traffic(5, "e", Profile(rpm=60), [Segment(start=T, version=4, behavior=behavior)], created=T)
    answers = [traffic.answer(T + i // 20, "GET", "/cart", i) for i in range(3000)]
    statuses = Counter(answer.status for answer in answers)
    assert statuses[500] / 3000 == pytest.approx(0.3, abs=0.03)
    failed = next(answer for answer in answers if answer.status == 500)
    assert (failed.cause, failed.note) == (Cause.FAILED, "timeout:db")
    assert failed.segment is not None
    assert failed.segment.version == 4
    assert traffic.answer(T, "GET", "/cart", 3) == traffic.answer(T, "GET", "/cart", 3)


def test_paths_and_methods_that_are_not_served_say_so() -> None:
    pages = (Page(path="/"), Page(path="/orders", method="POST", status=201))
    traffic = Traffic(5, "e", Profile(rpm=60, pages=pages), [Segment(start=T)], created=T)
    asked = [("GET", "/"), ("HEAD", "/"), ("POST", "/orders"), ("GET", "/orders"), ("GET", "/nowhere")]
    assert [traffic.answer(T, *what).status for what in asked] == [200, 200, 201, 405, 404]


def test_a_probe_meets_what_is_live_at_its_second() -> None:
    segments = [
        Segment(start=T, end=T + 10, behavior=Behavior(listens=1)),
        Segment(start=T + 10, end=T + 20, asleep=True),
        Segment(start=T + 20, end=T + 30),
    ]
    traffic = Traffic(5, "e", None, segments)
    found = [traffic.answer(T + second, "GET", "/").status for second in (-1, 0, 9, 10, 20, 29, 30)]
    assert found == [404, 502, 502, 503, 200, 200, 404]
    assert traffic.answer(T + 25, "GET", "/x", pages=[Page(path="/x", status=204)]).status == 204


@pytest.mark.slow
def test_probes_feel_the_load_that_visitors_make() -> None:
    segments = [Segment(start=T, cpu=200, behavior=Behavior(cpu_ms=60))]
    traffic = Traffic(5, "e", Profile(rpm=800), segments, created=T)
    hour = T + 18 * 3600
    visitors = traffic.statuses(hour, hour + 600)
    throttled = visitors[504] / sum(visitors.values())
    answers = Counter(traffic.answer(hour + i // 5, "GET", "/", i).status for i in range(3000))
    assert answers[504] / 3000 == pytest.approx(throttled, abs=0.04)
    lone = Traffic(5, "e", None, segments)
    assert {lone.answer(hour, "GET", "/", i).status for i in range(50)} == {200}


def slowly(times: list[int], start: int, end: int, seconds: int) -> int | None:
    """The same, one second after the other."""
    busy = set(times)
    quiet = 0
    for second in range(start, end):
        quiet = 0 if second in busy else quiet + 1
        if quiet >= seconds:
            return second + 1
    return None


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    times=st.lists(st.integers(0, 4000), max_size=40),
    start=st.integers(0, 3000),
    length=st.integers(0, 3000),
    seconds=st.integers(1, 1500),
)
def test_the_first_long_gap_is_found(times: list[int], start: int, length: int, seconds: int) -> None:
    known = Recorded()
    for time in times:
        known.add(time * 1_000_000 + 999_999, "GET", "/", 200)
    traffic = Traffic(1, "e", None, recorded=known)
    assert traffic.idle_at(start, start + length, seconds) == slowly(times, start, start + length, seconds)


@pytest.mark.parametrize("first", [0, 1, 30, 58, 59])
@pytest.mark.parametrize("seconds", [59, 60, 61, 119, 120, 121, 179, 180, 181, 600])
def test_a_gap_of_just_so_many_seconds_counts_and_one_less_does_not(first: int, seconds: int) -> None:
    for length, found in ((seconds, first + 1 + seconds), (seconds - 1, None)):
        known = Recorded()
        for second in (*range(first + 1), *range(first + 1 + length, 1500)):
            known.add(second * 1_000_000, "GET", "/", 200)
        assert Traffic(1, "e", None, recorded=known).idle_at(0, 1500, seconds) == found


@settings(max_examples=40, deadline=None, derandomize=True)
@given(offset=st.integers(-5000, 70 * 3600), length=st.integers(0, 40_000), seconds=st.integers(1, 400))
def test_gaps_in_generated_traffic_are_found(story: SimpleNamespace, offset: int, length: int, seconds: int) -> None:
    traffic = story.story()
    start = story.BEGIN + offset
    times = (traffic.events(start, start + length).time // 1_000_000).tolist()
    assert traffic.idle_at(start, start + length, seconds) == slowly(times, start, start + length, seconds)


def test_a_gap_over_many_weeks_is_found() -> None:
    known = Recorded()
    known.add(T * 1_000_000, "GET", "/", 200)
    traffic = Traffic(1, "e", None, recorded=known)
    assert traffic.idle_at(T, T + 90 * 86_400, 60 * 86_400) == T + 1 + 60 * 86_400
    assert traffic.idle_at(T, T + 90 * 86_400, 100 * 86_400) is None


def test_an_idle_time_is_at_least_a_second() -> None:
    with pytest.raises(ValueError, match="at least 1 second"):
        Traffic(1, "e", None).idle_at(0, 10, 0)
