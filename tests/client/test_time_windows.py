"""Long windows of requests over time, against a platform with any buckets: sums are true, no boundary counts twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from createos_nb import errors, simulate
from createos_nb.errors import ClockWarning

DAY = 86_400
FIELDS = ("count", "status2xx", "status3xx", "status4xx", "status5xx")


@dataclass
class Analytics:
    """One environment that got a request every `every` seconds since the epoch, and how its platform tells them."""

    wire: Any
    now: int
    every: int = 7
    width: Callable[[int], int] = lambda window: 60
    phase: int = 0
    longest: int | None = None
    inclusive: bool = False
    cut: bool = False
    empty: bool = True
    reverse: bool = False
    asked: list[tuple[int, int]] = field(default_factory=list)

    def count(self, start: int, end: int) -> int:
        """Requests in `[start, end)`."""
        return max(0, -(-end // self.every) + (-start // self.every))

    def handle(self, request: httpx.Request) -> httpx.Response:
        start, end = int(request.url.params["start"]), int(request.url.params["end"])
        self.asked.append((start, end))
        if self.longest is not None and end - start > self.longest:
            return self.wire.fail(422, f"the window is too long: {self.longest}")
        width = self.width(end - start)
        at = start - (start - self.phase) % width
        rows = []
        while at < end or (self.inclusive and at == end):
            if at <= self.now:
                low, high = (max(at, start), min(at + width, end)) if self.cut else (at, at + width)
                count = self.count(low, min(high, self.now))
                if count or self.empty:
                    errors_of = count // 3
                    values = (count, count - errors_of, 0, errors_of, 0)
                    rows.append({"timestamp": at, **dict(zip(FIELDS, values, strict=True))})
            at += width
        return self.wire.ok(rows[::-1] if self.reverse else rows)


def asked_of(server: Analytics, wire: Any, start: Any, end: Any, **more: Any) -> pd.DataFrame:
    clock = wire.Clock(float(server.now))
    client, _ = wire.client(server.handle, clock=clock, **more)
    return client.analytics.requests_over_time(wire.uuid(1), wire.uuid(2), start=start, end=end)


def widening(window: int) -> int:
    return 60 if window <= 6 * 3600 else 3600 if window <= 7 * DAY else DAY


WIDTHS: dict[str, Callable[[int], int]] = {
    **{f"{width}s": lambda window, width=width: width for width in (1, 10, 60, 300, 3600)},
    "widening": widening,
}


@settings(max_examples=120, deadline=None)
@given(
    width=st.sampled_from(sorted(WIDTHS)),
    phase=st.integers(0, DAY),
    start=st.integers(10**9, 10**9 + DAY),
    length=st.integers(1, 40 * DAY),
    longest=st.none() | st.integers(2, 20 * DAY),
    inclusive=st.booleans(),
    cut=st.booleans(),
    reverse=st.booleans(),
)
@example(width="60s", phase=0, start=10**9, length=3 * DAY, longest=DAY, inclusive=True, cut=False, reverse=False)
@example(
    width="widening", phase=0, start=10**9, length=30 * DAY, longest=9 * DAY, inclusive=True, cut=True, reverse=False
)
def test_sums_equal_the_truth_and_no_boundary_is_counted_twice(
    wire: Any,
    width: str,
    phase: int,
    start: int,
    length: int,
    longest: int | None,
    inclusive: bool,
    cut: bool,
    reverse: bool,
) -> None:
    of = WIDTHS[width]
    length = max(length, 2 * of(1))  # one bucket alone shows no width
    if width != "widening":
        length = min(length, 2000 * of(1))
        longest = longest and max(longest, 4 * of(1), 120)
    else:
        phase = 0
        longest = longest and max(longest, 3600)
    longest = longest and max(longest, length // 40)
    end = start + length
    shift = 0 if width == "widening" else phase % of(1)
    server = Analytics(
        wire, end + 2 * DAY, 97, of, shift, longest=longest, inclusive=inclusive, cut=cut, reverse=reverse
    )
    frame = asked_of(server, wire, start, end)
    bucket = frame.attrs["bucket_seconds"]
    starts = [int(moment.timestamp()) for moment in frame.index]
    assert starts == list(range(starts[0], starts[0] + bucket * len(starts), bucket))
    assert starts[0] <= start < starts[0] + bucket
    assert starts[-1] < end <= starts[-1] + bucket
    for at, found in zip(starts, frame["count"], strict=True):
        low, high = (max(at, start), min(at + bucket, end)) if cut else (at, at + bucket)
        inside = start <= at and at + bucket <= end
        if inside or cut:
            assert found == server.count(low, high)
        else:  # at the ends of the window the platform may give the whole bucket, or those buckets of a shorter part
            assert server.count(max(at, start), min(at + bucket, end)) <= found <= server.count(low, high)
    partial = [int(pd.Timestamp(one).timestamp()) for one in frame.attrs["partial"]]
    assert partial == [at for at in starts if at < start or at + bucket > end]


@pytest.mark.parametrize("longest", [3600, DAY, 7 * DAY, 5000])
def test_the_split_learns_from_a_refusal_and_remembers_it(longest: int, wire: Any) -> None:
    server = Analytics(wire, now=10**9 + 40 * DAY, longest=longest, width=lambda window: 300)
    client, _ = wire.client(server.handle, clock=wire.Clock(float(server.now)))
    first = client.analytics.requests_over_time(wire.uuid(1), wire.uuid(2), start=10**9, end=10**9 + 10 * DAY)
    refused = [one for one in server.asked if one[1] - one[0] > longest]
    assert len(refused) <= 13
    assert first["count"].sum() == server.count(10**9 - 10**9 % 300, 10**9 + 10 * DAY + (-10 * DAY - 10**9) % 300)
    server.asked.clear()
    again = client.analytics.requests_over_time(wire.uuid(1), wire.uuid(2), start=10**9, end=10**9 + 10 * DAY)
    assert all(to - at <= longest for at, to in server.asked)
    assert again["count"].tolist() == first["count"].tolist()


def test_a_refusal_that_is_not_about_the_length_shortens_no_later_window(wire: Any) -> None:
    """A suspended project answers 422 to everything: that must not make a minute the longest window from then on."""
    server = Analytics(wire, now=10**9 + 40 * DAY)

    def handle(request: httpx.Request) -> httpx.Response:
        if wire.uuid(13) in request.url.path:
            return wire.fail(422, "project is not active")
        return server.handle(request)

    client, seen = wire.client(handle, clock=wire.Clock(float(server.now)))
    with pytest.raises(errors.Invalid, match="not active"):
        client.analytics.requests_over_time(wire.uuid(13), wire.uuid(2), start=10**9, end=10**9 + 30 * DAY)
    assert len(seen) == 2
    client.analytics.requests_over_time(wire.uuid(1), wire.uuid(2), start=10**9, end=10**9 + DAY)
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 403, 404])
def test_other_refusals_are_not_split(status: int, wire: Any) -> None:
    client, seen = wire.client(wire.fail(status, "no"))
    with pytest.raises(errors.RequestRefused):
        client.analytics.requests_over_time(wire.uuid(1), wire.uuid(2), start="-30d")
    assert len(seen) == 1


def test_no_data_is_na_and_no_requests_is_0(wire: Any) -> None:
    rows = [
        {"timestamp": int(wire.NOW) - 180, **dict.fromkeys(FIELDS, 5)},
        {"timestamp": int(wire.NOW) - 120, **dict.fromkeys(FIELDS, 0)},
        {"timestamp": int(wire.NOW) - 60, "count": None, **dict.fromkeys(FIELDS[1:], 0)},
    ]
    client, _ = wire.client(wire.ok(rows))
    frame = client.analytics.requests_over_time(wire.uuid(1), wire.uuid(2), start="-4min")
    assert frame["count"].tolist() == [pd.NA, 5, 0, pd.NA]
    assert {str(dtype) for dtype in frame.dtypes} == {"Int64"}


@pytest.mark.parametrize("rows", [[], None])
def test_an_answer_without_rows_is_a_grid_without_data(rows: Any, wire: Any) -> None:
    client, _ = wire.client(wire.ok(rows))
    frame = client.analytics.requests_over_time(wire.uuid(1), wire.uuid(2))
    assert len(frame) == 60
    assert frame["count"].isna().all()
    assert frame.attrs["partial"] == []
    assert str(frame.index.dtype) == "datetime64[us, UTC]"
    assert frame.index.name == "time"


@pytest.mark.parametrize(
    "odd",
    [
        {"timestamp": "soon", **dict.fromkeys(FIELDS, 1)},
        {"timestamp": 10**30, **dict.fromkeys(FIELDS, 1)},
        {"timestamp": 1, **dict.fromkeys(FIELDS, 10**30)},
        {"timestamp": 1, **dict.fromkeys(FIELDS, "1")},
        {"timestamp": 1, **dict.fromkeys(FIELDS, True)},
        {"timestamp": None, **dict.fromkeys(FIELDS, 1)},
        {},
        "text",
        None,
    ],
)
def test_a_bucket_that_is_none_is_no_data(odd: Any, wire: Any) -> None:
    good = {"timestamp": int(wire.NOW) - 60, **dict.fromkeys(FIELDS, 3)}
    client, _ = wire.client(wire.ok([odd, good, {**good, "timestamp": int(wire.NOW) - 120}]))
    frame = client.analytics.requests_over_time(wire.uuid(1), wire.uuid(2), start="-2min")
    assert frame["count"].tolist() == [3, 3]


def test_one_bucket_alone_shows_no_width_and_is_still_where_it_belongs(wire: Any) -> None:
    one = {"timestamp": int(wire.NOW) - 60, **dict.fromkeys(FIELDS, 3)}
    client, _ = wire.client(wire.ok([one]))
    frame = client.analytics.requests_over_time(wire.uuid(1), wire.uuid(2), start="-1min")
    assert frame["count"].tolist() == [3]
    # a bucket that reaches into the window from far before it is wider than the window
    client, _ = wire.client(wire.ok([{**one, "timestamp": int(wire.NOW) - 3000}]))
    frame = client.analytics.requests_over_time(wire.uuid(1), wire.uuid(2), start="-1min")
    assert frame["count"].dropna().tolist() == [3]
    assert frame.attrs["partial"]


def test_the_width_of_a_long_window_is_not_forced_on_a_short_one(wire: Any) -> None:
    server = Analytics(wire, now=10**9 + 40 * DAY, width=widening)
    client, _ = wire.client(server.handle, clock=wire.Clock(float(server.now)))
    start = 10**9 - 10**9 % 60
    assert (
        client.analytics.requests_over_time(wire.uuid(1), wire.uuid(2), start=start, end=start + 5 * DAY).attrs[
            "bucket_seconds"
        ]
        == 3600
    )
    short = client.analytics.requests_over_time(wire.uuid(1), wire.uuid(2), start=start, end=start + 60)
    assert short.attrs["bucket_seconds"] == 60
    assert short["count"].tolist() == [server.count(start, start + 60)]


@pytest.mark.parametrize(("start", "end"), [("now", "now"), ("-1h", "-2h"), (100, 100), (200, 100)])
def test_an_empty_window_is_refused_before_it_is_sent(start: Any, end: Any, wire: Any) -> None:
    client, seen = wire.client(wire.ok([]))
    for name in ("requests_over_time", "overview", "success_percentage", "overall_requests", "rpm", "top_hit_paths"):
        with pytest.raises(errors.InvalidInput, match="window is empty"):
            getattr(client.analytics, name)(wire.uuid(1), wire.uuid(2), start=start, end=end)
    assert not seen


def test_a_window_that_reaches_into_the_future_lists_the_present_bucket_as_partial(wire: Any) -> None:
    server = Analytics(wire, now=10**9 + 90)
    at = 10**9 - 10**9 % 60
    frame = asked_of(server, wire, at, at + 600)
    present = pd.Timestamp(server.now - server.now % 60, unit="s", tz="UTC")
    assert frame.attrs["partial"] == [present.isoformat()]
    assert frame.loc[present + pd.Timedelta("60s") :, "count"].isna().all()


def test_a_window_in_the_other_sides_future_is_told_of_and_no_zeros() -> None:
    client = simulate("storefront")
    start = client.now + pd.Timedelta("2h")
    window = {"start": start, "end": start + pd.Timedelta("10min")}
    calls = client.analytics
    with pytest.warns(ClockWarning, match="is in the future: the time there is 2026-03-02T09:00:00Z"):
        frame = calls.requests_over_time("storefront", "production", **window)
    assert frame.attrs["complete"] is False
    assert frame.isna().all(axis=None)
    for name in ("overall_requests", "rpm", "success_percentage"):
        with pytest.warns(ClockWarning, match=name):
            assert getattr(calls, name)("storefront", "production", **window).isna().all()
    for name in ("request_distribution", "top_hit_paths", "top_error_paths"):
        with pytest.warns(ClockWarning, match=name):
            assert getattr(calls, name)("storefront", "production", **window).attrs["complete"] is False
    with pytest.warns(ClockWarning, match="overview"):
        assert calls.overview("storefront", "production", **window).overall_requests.isna().all()


def test_zeros_of_a_time_that_has_not_come_are_no_counts(wire: Any) -> None:
    """A platform may fill a window with zeros to its end."""
    now = int(wire.NOW)

    def handler(request: httpx.Request) -> httpx.Response:
        start, end = (int(request.url.params[name]) for name in ("start", "end"))
        fields = ("count", "status2xx", "status3xx", "status4xx", "status5xx")
        return wire.ok([{"timestamp": at, **dict.fromkeys(fields, 0)} for at in range(start, end, 60)])

    client, _ = wire.client(handler)
    frame = client.analytics.requests_over_time(wire.uuid(1), wire.uuid(2), start=now - 180, end=now + 180)
    assert frame["count"].isna().tolist() == [False] * 4 + [True] * 2  # the fourth minute has just begun
    with pytest.warns(ClockWarning):
        frame = client.analytics.requests_over_time(wire.uuid(1), wire.uuid(2), start=now + 180, end=now + 360)
    assert frame.isna().all(axis=None)
