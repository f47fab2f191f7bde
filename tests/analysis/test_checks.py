"""A wrong frame is refused, and the error names the column, the dtype, the environment or the gap."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from createos_nb import analysis
from createos_nb.analysis import FrameError, summary, validation
from createos_nb.dtypes import TEXT


def test_a_missing_column_is_named(made):
    with pytest.raises(FrameError, match="no column 'status_5xx'"):
        validation.requests(made([1, 2]).drop(columns="status_5xx"))


def test_a_wrong_dtype_is_named_with_its_column(made):
    with pytest.raises(FrameError, match=r"column 'count' of frame must hold numbers, but its dtype is str"):
        validation.requests(made([1, 2]).astype({"count": TEXT}))


def test_a_naive_index_is_refused_with_a_hint(made):
    with pytest.raises(FrameError, match=r"no time zone.*tz_localize"):
        validation.requests(made([1, 2]).tz_localize(None))


def test_a_gap_is_named_with_both_its_ends(made):
    frame = made(np.arange(10)).drop(index=pd.Timestamp("2026-03-02T00:04Z"))
    with pytest.raises(FrameError, match=r"after 2026-03-02T00:03:00\+00:00 comes 2026-03-02T00:05:00\+00:00"):
        validation.requests(frame)


def test_a_time_that_stands_twice_is_named(made):
    frame = made([1, 2, 3])
    with pytest.raises(FrameError, match=r"2026-03-02T00:02:00\+00:00 stands twice"):
        validation.requests(pd.concat([frame, frame.iloc[[2]]]))


def test_an_index_that_falls_is_refused(made):
    with pytest.raises(FrameError, match="must rise"):
        validation.requests(made([1, 2, 3]).iloc[::-1])


def test_another_zone_is_the_same_instant(made):
    frame = made([1, 2, 3])
    read = validation.requests(frame.tz_convert("Asia/Tokyo"))
    assert list(read.index) == list(frame.index)


def test_a_negative_count_is_refused_with_its_place(made):
    frame = made([1, 2, 3])
    frame.loc["2026-03-02T00:01Z", "status_5xx"] = -1
    with pytest.raises(FrameError, match=r"'status_5xx'.*-1 at 2026-03-02T00:01:00"):
        validation.requests(frame)


def test_statuses_may_not_exceed_the_count(made):
    frame = made([5, 5])
    frame["status_5xx"] = 9
    with pytest.raises(FrameError, match="add up to more than 'count'"):
        validation.requests(frame)


def test_a_bucket_with_one_missing_column_is_missing_in_all(made):
    frame = made([5, 6, 7])
    frame.loc["2026-03-02T00:01Z", "status_4xx"] = pd.NA
    read = validation.requests(frame)
    assert np.isnan(read.count[1])
    assert list(read.observed) == [True, False, True]


def test_partial_buckets_are_read_from_the_attributes_and_survive_resampling(made):
    frame = made(np.ones(120, dtype=int))
    frame.attrs = {"bucket_seconds": 60, "partial": ["2026-03-02T00:00:00+00:00", "2026-03-02T01:59:00Z"]}
    assert list(np.flatnonzero(validation.requests(frame).partial)) == [0, 119]
    assert list(validation.requests(frame.resample("1h").sum()).partial) == [True, True]


def test_a_single_bucket_needs_to_be_told_its_width(made):
    frame = made([5])
    frame.index.freq = None
    with pytest.raises(FrameError, match="bucket_seconds"):
        validation.requests(frame)
    frame.attrs["bucket_seconds"] = 300
    assert validation.requests(frame).bucket_seconds == 300


def test_any_integer_or_float_dtype_will_do(made):
    for dtype in ("int64", "float64", "Int32", "float32"):
        assert validation.requests(made([3, 4]).astype(dtype)).count.tolist() == [3, 4]


def test_a_fleet_is_one_grid_with_a_row_for_each_environment(made, as_fleet):
    young = made([7, 8], start="2026-03-02T00:02Z")
    fleet = as_fleet({("shop", "production"): made([1, 2, 3, 4]), ("shop", "staging"): young})
    read = validation.requests(fleet, fleet=True)
    assert list(read.environments) == [("shop", "production"), ("shop", "staging")]
    np.testing.assert_array_equal(read.count, [[1, 2, 3, 4], [np.nan, np.nan, 7, 8]])


def test_rows_of_a_fleet_may_come_in_any_order(made, as_fleet):
    fleet = as_fleet({("a", "x"): made([1, 2, 3]), ("b", "x"): made([4, 5, 6])})
    shuffled = fleet.sample(frac=1, random_state=1)
    read = validation.requests(shuffled, fleet=True)
    rows = {key: row.tolist() for key, row in zip(read.environments, read.count, strict=True)}
    assert rows == {("a", "x"): [1, 2, 3], ("b", "x"): [4, 5, 6]}


def test_a_gap_in_a_fleet_is_named_with_its_environment(made, as_fleet):
    fleet = as_fleet({("a", "x"): made([1, 2, 3, 4]), ("b", "y"): made([1, 2, 3, 4])})
    with pytest.raises(FrameError, match=r"gap in b/y: no row for 2026-03-02T00:02"):
        validation.requests(fleet.drop(index=6), fleet=True)


def test_a_row_that_stands_twice_in_a_fleet_is_named(made, as_fleet):
    fleet = as_fleet({("a", "x"): made([1, 2])})
    with pytest.raises(FrameError, match=r"more than one row for 2026-03-02T00:01.*a/x"):
        validation.requests(pd.concat([fleet, fleet.iloc[[1]]]), fleet=True)


def test_a_fleet_where_one_environment_is_judged_gets_a_hint(made, as_fleet):
    with pytest.raises(FrameError, match="select one"):
        validation.requests(as_fleet({("a", "x"): made([1, 2])}))


def test_a_frame_without_a_time_index_is_told_what_it_needs(made):
    with pytest.raises(FrameError, match="DatetimeIndex"):
        summary(made([1, 2]).reset_index(drop=True))


def test_truth_values_are_no_counts(made):
    with pytest.raises(FrameError, match="'count' of frame must hold numbers, but its dtype is bool"):
        validation.requests(made([1, 0]).astype(bool))


@pytest.mark.parametrize("column", ["project", "environment"])
def test_a_fleet_row_without_a_name_is_refused_with_its_place(made, as_fleet, column):
    frame = as_fleet({("shop", "production"): made([1, 2, 3])})
    frame.loc[1, column] = None
    with pytest.raises(FrameError, match=f"column '{column}' of frame is missing at row 1"):
        validation.requests(frame, fleet=True)


def test_two_widths_in_a_fleet_are_told_apart_from_a_gap(made, as_fleet):
    frame = as_fleet({("a", "production"): made([1] * 9), ("b", "production"): made([1] * 3, every="5min")})
    with pytest.raises(FrameError, match="buckets of 300 s in b/production and of 60 s elsewhere"):
        validation.requests(frame, fleet=True)


@pytest.mark.parametrize("frame", [None, [1, 2], pd.Series([1.0])])
@pytest.mark.parametrize("function", [analysis.summary, analysis.distribution, analysis.slo, analysis.burn_alerts])
def test_what_is_no_frame_is_refused_as_such(function, frame):
    with pytest.raises(FrameError, match="must be a DataFrame"):
        function(frame)
