"""The error budget: allowed, spent, left, and how long it lasts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from createos_nb import analysis


def test_the_budget_is_what_the_target_allows_of_the_requests(made):
    bad = np.zeros(1440, dtype=int)
    bad[:40] = 1
    found = analysis.slo(made(np.full(1440, 100), bad), target=0.999, window="1d")
    assert (found.requests, found.errors) == (144_000, 40)
    assert found.budget == pytest.approx(144)
    assert found.left == pytest.approx(104)
    assert found.spent == pytest.approx(40 / 144)
    assert found.achieved == pytest.approx(1 - 40 / 144_000)
    assert found.low < found.achieved < found.high
    assert found.met
    assert found.coverage == 1


def test_only_the_last_window_counts(made):
    bad = np.zeros(3000, dtype=int)
    bad[:1000] = 50
    found = analysis.slo(made(np.full(3000, 100), bad), window="1d")
    assert found.errors == 0
    assert found.start == pd.Timestamp("2026-03-02T00:00Z") + pd.Timedelta(1560, unit="min")


def test_time_to_exhaustion_goes_by_the_pace_of_the_last_hour(made):
    bad = np.zeros(1440, dtype=int)
    bad[-60:] = 1  # 1 % errors in the last hour, ten times the budget's rate
    found = analysis.slo(made(np.full(1440, 100), bad), window="1d")
    assert found.burn_rates.loc["1h", "burn_rate"] == pytest.approx(10)
    # 84 of 144 errors are left, and a day's budget lasts 2.4 h at that pace
    assert found.exhausted_in == pytest.approx(pd.Timedelta(hours=2.4 * 84 / 144), abs=pd.Timedelta(seconds=2))


def test_a_budget_that_nobody_spends_lasts_for_ever(made):
    assert analysis.slo(made(np.full(600, 100))).exhausted_in is None


def test_an_overspent_budget_is_said_to_be(made):
    found = analysis.slo(made(np.full(600, 100), np.ones(600, dtype=int)))
    assert not found.met
    assert found.left < 0
    assert found.exhausted_in == pd.Timedelta(0)
    assert "overspent by 540 errors" in found.sentence


def test_without_requests_nothing_is_claimed(made):
    found = analysis.slo(made(np.zeros(600, dtype=int)))
    assert found.met is None
    assert "nothing can be said" in found.sentence


def test_a_result_shows_itself(made):
    found = analysis.slo(made(np.full(600, 100), 1))
    assert "99.9 %" in repr(found)
    assert found._repr_html_().count("<table") == 2


def test_a_fleet_has_a_row_for_each_environment(traffic, made, as_fleet):
    idle, busy = made(np.zeros(600, dtype=int)), traffic(1, 600)
    table = analysis.slo(as_fleet({("p", "busy"): busy, ("p", "idle"): idle}))
    alone = analysis.slo(busy)
    row = table.set_index("environment").loc["busy"]
    assert row["requests"] == alone.requests
    assert row["spent"] == pytest.approx(alone.spent)
    assert row["burn_rate"] == pytest.approx(alone.burn_rates.loc["1h", "burn_rate"])
    assert table.set_index("environment").loc["idle", "met"] is pd.NA


def test_the_history_ends_where_the_slo_stands(traffic):
    frame = traffic(2, 3000)
    history, now = analysis.error_budget(frame, window="1d"), analysis.slo(frame, window="1d")
    assert history["achieved"].iloc[-1] == pytest.approx(now.achieved)
    assert history["left_share"].iloc[-1] == pytest.approx(1 - now.spent)
    assert history["coverage"].iloc[719] == 0.5


def test_missing_buckets_spend_and_earn_nothing(traffic):
    frame = traffic(3, 1440)
    frame.iloc[100:800] = pd.NA
    found = analysis.slo(frame, window="1d")
    assert found.coverage == pytest.approx(740 / 1440)
    assert found.requests == frame["count"].sum()


@pytest.mark.parametrize("target", [0, 1, 99.9])
def test_a_target_that_is_no_share_is_refused(made, target):
    with pytest.raises(ValueError, match="target must lie between 0 and 1"):
        analysis.slo(made([1, 2]), target=target)


def test_without_data_nothing_is_counted(made, as_fleet):
    served, unseen = made([10] * 60), made([10] * 60)
    unseen[:] = pd.NA
    fleet = analysis.slo(as_fleet({("a", "p"): served, ("b", "p"): unseen}), window="1h")
    assert fleet["requests"].tolist() == [600, pd.NA]
    assert fleet[["errors", "budget", "left"]].isna().all(axis=1).tolist() == [False, True]
    assert "No data in 1h" in analysis.slo(unseen, window="1h").sentence
    assert analysis.error_budget(unseen)[["requests", "errors", "budget"]].isna().all(axis=None)
    assert (analysis.error_budget(served * 0)["requests"] == 0).all()


def test_no_lookback_is_shorter_than_a_bucket(made):
    hourly = analysis.slo(made([100] * 48, [1] * 48, every="1h"), pace="5min")
    assert list(hourly.burn_rates.index) == ["1h", "2h", "6h", "1d", "3d"]
    assert hourly.pace == "1h"


def test_a_lookback_beyond_the_data_says_how_much_of_it_has_some(made):
    coverage = analysis.slo(made([100] * 720)).burn_rates["coverage"]
    assert coverage[["6h", "1d", "3d"]].tolist() == pytest.approx([1, 1 / 2, 1 / 6])


def test_a_budget_that_is_just_spent_is_not_overspent(made):
    for target, each in ((0.9, 1), (0.8, 2)):
        found = analysis.slo(made(np.full(10, 10), np.full(10, each)), target=target)
        assert found.met
        assert found.left == 0
        assert "overspent" not in found.sentence


def test_less_than_one_error_too_many_is_told_in_parts(made):
    found = analysis.slo(made(np.full(99, 10), np.eye(1, 99, dtype=int)[0]), target=0.999)
    assert not found.met
    assert "overspent by 0.01 errors" in found.sentence
    assert "-0.01 left" in repr(found)


def test_an_overspent_budget_is_gone_however_quiet_it_is_now(made):
    bad = np.zeros(600, dtype=int)
    bad[:10] = 50
    found = analysis.slo(made(np.full(600, 50), bad), target=0.999)
    assert found.exhausted_in == pd.Timedelta(0)
    assert "never" not in found._repr_html_()


def test_a_window_shorter_than_a_bucket_is_refused(made):
    hours = made(np.full(72, 1200), 0).set_axis(
        pd.date_range("2026-01-05", periods=72, freq="h", tz="UTC", name="time")
    )
    hours.attrs = {}
    for function in (analysis.slo, analysis.error_budget):
        with pytest.raises(analysis.FrameError, match="shorter than the frame's buckets of 1h"):
            function(hours, window="10m")


def test_fractions_of_requests_are_taken_as_by_the_others(made):
    """As after a resampling to means."""
    frame = made(np.full(1440, 20), np.ones(1440, dtype=int)).astype("Float64") / 2
    found = analysis.slo(frame, target=0.99, window="1d")
    assert (found.requests, found.errors) == (14_400, 720)
    assert found.achieved == pytest.approx(0.95)
    assert found.burn_rates.loc["1h", "burn_rate"] == pytest.approx(5)
    assert found.burn_rates.loc["1h", ["requests", "errors"]].tolist() == [600, 30]
    assert str(found.burn_rates["errors"].dtype) == "Int64"
    assert analysis.summary(frame)["requests"] == found.requests


@pytest.mark.parametrize("judge", [analysis.slo, analysis.summary, analysis.burn_alerts, analysis.anomalies])
def test_counts_that_no_platform_has_are_refused(made, judge):
    judge(made(np.full(600, 10**12)))
    with pytest.raises(analysis.FrameError, match=r"'count' of frame holds 3e\+17 at 2026-03-02T00:00:00.*10\^12"):
        judge(made(np.full(600, 3 * 10**17)))
