"""Missing is not zero, cut buckets count but set no pace, and a fleet is judged like its environments."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from createos_nb import analysis
from createos_nb.analysis import intervals


def test_the_summary_counts_what_there_is(made):
    found = analysis.summary(made([100, 200, 0], errors=[1, 2, 0], status_3xx=[10, 20, 0]))
    assert found["requests"] == 300
    assert found["status_5xx"] == 3
    assert found["success_percentage"] == pytest.approx(99.0)
    assert found["server_error_percentage"] == pytest.approx(1.0)
    assert found["rpm_average"] == pytest.approx(100)
    assert found["rpm_peak"] == 200
    assert found["rpm_peak_at"] == pd.Timestamp("2026-03-02T00:01Z")


def test_missing_is_not_zero(made):
    frame = made([60, 60, 60, 60])
    frame.iloc[1:3] = pd.NA
    assert analysis.rpm(frame)["average"] == 60
    assert analysis.summary(frame)["observed"] == 0.5
    frame.iloc[1:3] = 0
    assert analysis.rpm(frame)["average"] == 30


def test_no_data_at_all_is_na_and_no_requests_is_zero(made):
    frame = made([0, 0])
    assert analysis.summary(frame)["requests"] == 0
    assert np.isnan(analysis.summary(frame)["success_percentage"])
    frame.iloc[:] = pd.NA
    assert analysis.summary(frame)["requests"] is pd.NA


def test_a_cut_bucket_counts_but_sets_no_pace(made):
    frame = made([10, 600, 600, 10])
    frame.attrs = {"bucket_seconds": 60, "partial": ["2026-03-02T00:00Z", "2026-03-02T00:03Z"]}
    found = analysis.summary(frame)
    assert found["requests"] == 1220
    assert found["rpm_average"] == 600


def test_ten_second_buckets_are_joined_to_minutes_before_a_peak_is_named(made):
    count = np.array([100, 0, 0, 0, 0, 0] * 3)
    assert analysis.rpm(made(count, every="10s"))["peak"] == 100


def test_hour_buckets_are_scaled_to_a_minute(made):
    assert analysis.rpm(made([600, 1200], every="1h"))["peak"] == 20


def test_every_cuts_at_round_times_and_adds_up(traffic):
    frame = traffic(1, 300, start="2026-03-02T00:30Z")
    hours = analysis.summary(frame, every="1h")
    assert list(hours.index[:2]) == [pd.Timestamp("2026-03-02T00:00Z"), pd.Timestamp("2026-03-02T01:00Z")]
    assert hours["requests"].sum() == frame["count"].sum()
    with pytest.raises(ValueError, match="no multiple"):
        analysis.summary(frame, every="90s")


def test_the_duration_of_days_raises_no_warning_in_pandas(traffic):
    assert len(analysis.summary(traffic(1, 3000), every="1d")) == 3


def test_a_fleet_is_judged_like_each_environment_alone(traffic, as_fleet):
    one, two = traffic(1, 200), traffic(2, 200, rpm=3)
    fleet = as_fleet({("shop", "production"): one, ("shop", "staging"): two})
    for function in (analysis.summary, analysis.success_rate, analysis.rpm):
        table = function(fleet)
        assert list(table["environment"]) == ["production", "staging"]
        for row, frame in ((0, one), (1, two)):
            alone = function(frame)
            for label in alone.index.drop(["rpm_peak_at", "peak_at"], errors="ignore"):
                assert table.iloc[row][label] == pytest.approx(alone[label]), (function.__name__, label)


def test_the_interval_holds_the_rate_and_narrows_with_requests(traffic):
    short, long = analysis.success_rate(traffic(3, 60)), analysis.success_rate(traffic(3, 6000))
    assert short["low"] < short["success_percentage"] < short["high"]
    assert long["high"] - long["low"] < (short["high"] - short["low"]) / 4


def test_clumped_errors_widen_the_interval():
    rng = np.random.default_rng(5)
    count = np.full(600, 600.0)
    even, clumped = rng.binomial(600, 0.005, 600), rng.binomial(600, 0.005 * rng.gamma(1, 1, 600))
    narrow = intervals.share(even.astype(float), count, confidence=0.95)
    wide = intervals.share(clumped.astype(float), count, confidence=0.95)
    assert wide.high - wide.low > 1.4 * (narrow.high - narrow.low)
    assert wide.effective < 0.6 * wide.requests


@pytest.mark.parametrize("clumps", [0.0, 1.0])
def test_the_interval_covers_the_truth_as_often_as_it_says(clumps):
    rng = np.random.default_rng([11, int(clumps)])
    count = rng.poisson(100, (600, 240)).astype(float)
    share = 0.005 * (rng.gamma(1, 1, count.shape) if clumps else 1.0)
    found = intervals.share(rng.binomial(count.astype(int), share).astype(float), count, confidence=0.95)
    covered = float(((found.low <= 0.005) & (found.high >= 0.005)).mean())
    assert 0.925 <= covered <= 0.99


def test_no_error_still_has_an_upper_bound(made):
    found = analysis.success_rate(made(np.full(100, 10)))
    assert found["high"] == 100
    assert 99 < found["low"] < 99.9


def test_an_hour_without_data_has_an_unknown_number_of_requests_in_every_table(made, as_fleet):
    frame = made(np.full(180, 10))
    frame.iloc[60:120] = pd.NA
    for function in (analysis.summary, analysis.success_rate):
        requests = function(frame, every="1h")["requests"]
        assert requests.isna().tolist() == [False, True, False]
        whole = function(as_fleet({("shop", "production"): frame, ("shop", "staging"): frame * pd.NA}))
        assert whole["requests"].isna().tolist() == [False, True]


def test_buckets_that_make_no_minute_are_joined_to_a_little_more(traffic):
    """Nine buckets of seven seconds: the peak of some twelve requests each is no peak of one bucket times nine."""
    frame = traffic(3, 6000, rpm=12, every="7s")
    found = analysis.rpm(frame)
    sums = frame["count"].astype(float).to_numpy()[: 6000 // 9 * 9].reshape(-1, 9).sum(axis=1) * 60 / 63
    assert found["peak"] == pytest.approx(sums.max())
    assert found["average"] == pytest.approx(sums.mean())
    assert found["peak_at"] == frame.index[9 * sums.argmax()]


@pytest.mark.parametrize("every", ["10s", "30s"])
def test_pieces_shorter_than_a_minute_have_no_pace(traffic, every):
    frame = traffic(3, 600, rpm=3, every="10s")
    for ask in (analysis.rpm, analysis.summary):
        with pytest.raises(ValueError, match="shorter than a minute"):
            ask(frame, every=every)
    assert len(analysis.success_rate(frame, every=every)) == 600 // (int(every[:-1]) // 10)


def test_a_column_that_stands_twice_is_named(traffic):
    frame = traffic(1, 10)
    with pytest.raises(analysis.FrameError, match="more than one column 'count'"):
        analysis.summary(pd.concat([frame, frame[["count"]]], axis=1))
