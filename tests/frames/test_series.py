"""Requests over time on a regular grid: every bucket once, no data is NA, no requests is 0."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from createos_nb.frames import Buckets, requests_frame
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
