"""Requests over time on a regular grid: every bucket once, no data is NA, no requests is 0."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from createos_nb.errors import InvalidInput
from createos_nb.frames import Buckets, requests_frame, sum_steps
from createos_nb.frames.series import COUNTS


def buckets(width: int, phase: int, *starts: int, count: int = 1) -> Buckets:
    rows = np.array([[start, *[count] * 5] for start in starts], dtype=np.int64).reshape(-1, 6)
    return Buckets(rows, width, phase)


def test_the_grid_is_whole_and_no_data_is_not_no_requests() -> None:
    frame = requests_frame(Buckets(np.array([[0, 1, 1, 0, 0, 0], [120, 0, 0, 0, 0, 0]]), 60), start=0, end=240)
    assert frame.index.equals(pd.date_range("1970-01-01", periods=4, freq="60s", tz="UTC", unit="us", name="time"))
    assert frame["count"].tolist() == [1, pd.NA, 0, pd.NA]
    assert {str(dtype) for dtype in frame.dtypes} == {"Int64"}
    assert list(frame.columns) == list(COUNTS)
    assert frame.attrs["partial"] == []


@settings(max_examples=200, deadline=None)
@given(
    width=st.sampled_from([1, 30, 60, 300, 3600]),
    phase=st.integers(0, 3599),
    start=st.integers(0, 10**6),
    length=st.integers(1, 20_000),
    data=st.data(),
)
def test_every_bucket_of_the_window_once(width: int, phase: int, start: int, length: int, data: st.DataObject) -> None:
    phase, length = phase % width, min(length, 200 * width)
    end = start + length
    first = start - (start - phase) % width
    whole = list(range(first, end, width))
    there = data.draw(st.lists(st.sampled_from(whole), unique=True))
    frame = requests_frame(buckets(width, phase, *there), start=start, end=end, now=float(end + width))
    assert [int(moment.timestamp()) for moment in frame.index] == whole
    assert frame["count"].isna().tolist() == [one not in there for one in whole]
    cut = [one for one in there if one < start or one + width > end]
    assert [int(pd.Timestamp(one).timestamp()) for one in frame.attrs["partial"]] == sorted(cut)
    assert frame.index.is_monotonic_increasing
    assert frame.index.is_unique


def test_the_present_cuts_a_bucket_too() -> None:
    frame = requests_frame(buckets(60, 0, 0, 60, 120), start=0, end=240, now=150.5)
    assert frame.attrs["partial"] == ["1970-01-01T00:02:00+00:00"]
    assert frame.attrs["bucket_seconds"] == 60


def test_buckets_outside_the_window_are_left_out() -> None:
    frame = requests_frame(buckets(60, 0, -60, 0, 60, 120), start=0, end=120)
    assert frame["count"].tolist() == [1, 1]


@pytest.mark.parametrize("there", [(), (0,)])
def test_an_empty_window_has_its_columns_and_dtypes(there: tuple[int, ...]) -> None:
    frame = requests_frame(buckets(60, 0, *there), start=0, end=0)
    assert len(frame) == 0
    assert str(frame.index.dtype) == "datetime64[us, UTC]"
    assert {str(dtype) for dtype in frame.dtypes} == {"Int64"}


@settings(max_examples=200, deadline=None)
@given(
    start=st.integers(0, 10**6),
    length=st.integers(1, 20_000),
    times=st.sampled_from([1, 2, 5, 60]),
    elapsed=st.integers(0, 30_000),
    data=st.data(),
)
def test_steps_are_exact_sums_of_their_buckets(
    start: int, length: int, times: int, elapsed: int, data: st.DataObject
) -> None:
    end, step, now = start + length, 60 * times, start + elapsed
    whole = list(range(start - start % 60, min(end, now), 60))
    there = data.draw(st.lists(st.sampled_from(whole), unique=True)) if whole else []
    counts = {begin: data.draw(st.integers(0, 99)) for begin in there}
    rows = np.array([[begin, *[count] * 5] for begin, count in counts.items()], dtype=np.int64).reshape(-1, 6)
    frame = sum_steps(
        requests_frame(Buckets(rows, 60), start=start, end=end, now=now), step, start=start, end=end, now=now
    )
    assert frame.attrs["bucket_seconds"] == step
    assert [int(moment.timestamp()) for moment in frame.index] == list(range(start - start % step, end, step))
    for moment, value in frame["status_5xx"].items():
        begin = int(moment.timestamp())
        inside = [at for at in whole if begin <= at < begin + step]
        complete = bool(inside) and all(at in counts for at in inside)
        assert value is pd.NA if not complete else value == sum(counts[at] for at in inside)
        cut = begin < start or begin + step > min(end, now)
        assert (moment.isoformat() in frame.attrs["partial"]) == (complete and cut)


@pytest.mark.parametrize(
    ("step", "phase", "message"),
    [
        ("5min", 0, r"finer than what there is: the platform gives buckets of 15m for this window.*step='15m'"),
        ("40min", 0, "a step is a multiple of that"),
        ("1h", 60, "begin 1m after a multiple of it"),
        ("1 fortnight", 0, "is no length of time"),
    ],
)
def test_a_step_that_buckets_do_not_fill_is_refused(step: str, phase: int, message: str) -> None:
    frame = requests_frame(buckets(900, phase, phase, phase + 900), start=0, end=7200)
    with pytest.raises(InvalidInput, match=message):
        sum_steps(frame, step, start=0, end=7200, now=1e9)


def test_steps_of_no_data_are_no_data_whatever_their_length() -> None:
    frame = sum_steps(requests_frame(buckets(900, 0), start=0, end=3600), "5min", start=0, end=3600, now=1e9)
    assert len(frame) == 12
    assert frame.isna().all(axis=None)
    assert frame.attrs == {"bucket_seconds": 300, "partial": []}
