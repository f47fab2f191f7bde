"""All answers about a window come from the same requests, whatever the window."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from createos_nb.simulator.traffic import Page, Profile, Recorded, Segment, Traffic

SPAN = 73 * 3600
offsets = st.integers(-4000, SPAN)
lengths = st.one_of(st.integers(0, 200), st.integers(0, 8000), st.integers(0, 20 * 3600))
widths = st.one_of(
    st.sampled_from([1, 7, 30, 60, 90, 120, 300, 600, 3600, 86_400]), st.integers(1, 100).map(lambda n: 60 * n)
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(offset=offsets, length=lengths, width=widths)
def test_every_figure_of_a_window_equals_counting_its_requests(
    story: SimpleNamespace, offset: int, length: int, width: int
) -> None:
    check_window(story, offset, length, width)


@pytest.mark.slow
@settings(max_examples=300, deadline=None, derandomize=True)
@given(offset=offsets, length=lengths, width=widths)
def test_so_do_those_of_many_windows(story: SimpleNamespace, offset: int, length: int, width: int) -> None:
    check_window(story, offset, length, width)


def check_window(story: SimpleNamespace, offset: int, length: int, width: int) -> None:
    """Each figure of a window is what counting its requests gives."""
    traffic = story.story()
    start = story.BEGIN + offset
    end = start + length
    events = traffic.events(start, end)
    second, status = events.time // 1_000_000, events.status.tolist()
    assert np.all(np.diff(events.time) >= 0)
    assert not len(events) or (start <= second[0] and second[-1] < end)

    counted = Counter(zip(events.method, events.path, status, strict=True))
    cells = traffic.cells(start, end)
    keys = zip(cells.method, cells.path, cells.status.tolist(), strict=True)
    assert dict(zip(keys, cells.count.tolist(), strict=True)) == counted

    if length // width < 50_000:
        series = traffic.series(start, end, width)
        expected = Counter((t // width * width, s // 100) for t, s in zip(second.tolist(), status, strict=True))
        assert series.time.tolist() == list(range(start // width * width, end, width)) or start == end
        for column, group in enumerate((2, 3, 4, 5)):
            assert series.counts[:, column].tolist() == [expected[t, group] for t in series.time.tolist()]
        assert series.total.tolist() == [sum(expected[t, g] for g in range(1, 6)) for t in series.time.tolist()]

    totals = traffic.totals(start, end)
    assert totals == {"total": len(events)} | {f"{g}xx": sum(s // 100 == g for s in status) for g in (2, 3, 4, 5)}
    assert traffic.statuses(start, end) == dict(sorted(Counter(status).items()))

    paths = Counter(events.path)
    assert traffic.top_paths(start, end) == sorted(paths.items(), key=lambda p: (-p[1], p[0]))[:10]
    errors = Counter((p, s) for p, s in zip(events.path, status, strict=True) if s >= 400)
    ranked = sorted(errors.items(), key=lambda e: (-e[1], e[0]))[:10]
    assert traffic.top_errors(start, end) == [(p, s, n) for (p, s), n in ranked]

    peak, average = traffic.rpm(start, end)
    assert peak == max(Counter((second // 60).tolist()).values(), default=0)
    assert average == (len(events) * 60 / length if length else 0)
    good = sum(s // 100 in (2, 3) for s in status)
    assert traffic.success_percentage(start, end) == (100 * good / len(events) if len(events) else None)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(offset=offsets, first=lengths, second=lengths)
def test_two_windows_side_by_side_hold_what_their_union_holds(
    story: SimpleNamespace, offset: int, first: int, second: int
) -> None:
    traffic = story.story()
    a = story.BEGIN + offset
    b, c = a + first, a + first + second
    left, right, both = (story.columns(traffic.events(x, y)) for x, y in ((a, b), (b, c), (a, c)))
    assert tuple(list(p) + list(q) for p, q in zip(left, right, strict=True)) == both


@settings(max_examples=80, deadline=None, derandomize=True)
@given(offset=st.integers(0, SPAN), length=st.integers(1, 9000))
def test_what_comes_later_changes_nothing_that_was_before(story: SimpleNamespace, offset: int, length: int) -> None:
    now = story.BEGIN + offset
    known, later = story.story_until(now), story.story()
    start = now - length
    assert story.columns(known.events(start, now)) == story.columns(later.events(start, now))
    assert np.array_equal(known.series(start, now, 60).counts, later.series(start, now, 60).counts)
    assert known.cells(start, now).statuses() == later.cells(start, now).statuses()


def test_a_year_of_hours_is_the_sum_of_its_minutes() -> None:
    traffic = Traffic(3, "e", Profile(rpm=50), [Segment(start=0)], created=1_700_000_000)
    start, end = 1_700_000_000, 1_700_000_000 + 90 * 86_400
    minutes, hours = traffic.series(start, end, 60), traffic.series(start, end, 3600)
    shift = (start - start // 3600 * 3600) // 60
    padded = np.concatenate([np.zeros((shift, 4), dtype=np.int64), minutes.counts])
    assert np.array_equal(padded[: len(padded) // 60 * 60].reshape(-1, 60, 4).sum(axis=1), hours.counts[:-1])
    assert hours.total.sum() == minutes.total.sum() == traffic.totals(start, end)["total"]


def test_nothing_is_generated_before_an_environment_was_made() -> None:
    traffic = Traffic(1, "e", Profile(rpm=600), [Segment(start=0)], created=1_700_000_030)
    assert traffic.totals(1_699_990_000, 1_700_000_030)["total"] == 0
    assert traffic.totals(1_700_000_030, 1_700_000_090)["total"] > 300


def test_without_a_profile_only_recorded_requests_count() -> None:
    known = Recorded()
    known.add(1_000_000_000, "GET", "/", 200)
    traffic = Traffic(1, "e", None, [Segment(start=0)], recorded=known, created=5_000)
    assert traffic.totals(0, 10_000)["total"] == 1
    assert traffic.series(0, 10_000, 3600).total.tolist() == [1, 0, 0]
    assert traffic.rpm(0, 10_000) == (1, 0.006)


def test_where_nothing_is_live_every_request_is_not_found() -> None:
    traffic = Traffic(1, "e", Profile(rpm=100), [Segment(start=3600, end=7200, asleep=True)])
    assert set(traffic.statuses(0, 3600)) == {404}
    assert set(traffic.statuses(3600, 7200)) == {503}


def test_another_stream_and_another_seed_are_other_traffic() -> None:
    def totals(seed: int, stream: str) -> list[int]:
        return Traffic(seed, stream, Profile(rpm=60), [Segment(start=0)]).series(0, 7200).total.tolist()

    assert totals(1, "a") == totals(1, "a")
    assert totals(1, "a") != totals(1, "b")
    assert totals(1, "a") != totals(2, "a")


def test_a_version_that_behaves_alike_answers_alike() -> None:
    """Replacing a deployment by an equal one leaves every request as it was."""
    one = Traffic(1, "e", Profile(rpm=200), [Segment(start=0)])
    two = Traffic(1, "e", Profile(rpm=200), [Segment(start=0, end=1833), Segment(start=1833, version=2)])
    assert one.events(0, 3600).time.tolist() == two.events(0, 3600).time.tolist()
    assert one.cells(0, 3600).count.tolist() == two.cells(0, 3600).count.tolist()


@pytest.mark.parametrize("width", [0, -60])
def test_a_bucket_needs_a_width(width: int) -> None:
    with pytest.raises(ValueError, match="at least 1 second"):
        Traffic(1, "e", None).series(0, 60, width)


def test_overlapping_segments_and_twin_names_are_refused() -> None:
    with pytest.raises(ValueError, match="does not end before"):
        Traffic(1, "e", None, [Segment(start=0), Segment(start=60)])
    with pytest.raises(ValueError, match="starts with /"):
        Page(path="index")
    with pytest.raises(ValueError, match="rpm is 0 to"):
        Profile(rpm=-1)
