"""Burn-rate alerts: the tables of the field, the pages that must come, and those that must not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from createos_nb import analysis
from createos_nb.analysis.objectives import burn


def test_the_table_for_30_days_is_that_of_the_workbook():
    table = analysis.burn_table(window="30d")
    assert table["factor"].tolist() == pytest.approx([14.4, 6, 3, 1])
    assert table["alert"].tolist() == ["page 1h/5m", "page 6h/30m", "ticket 1d/2h", "ticket 3d/6h"]
    assert table["error_rate"].tolist() == pytest.approx([0.0144, 0.006, 0.003, 0.001])


def test_the_table_for_28_days_has_the_factors_that_follow():
    factors = analysis.burn_table(window="28d")["factor"]
    assert factors.tolist() == pytest.approx([13.44, 5.6, 2.8, 0.93333], abs=1e-4)


@pytest.mark.parametrize("window", ["12h", "3d", "7d", "14d", "28d", "30d", "90d"])
@pytest.mark.parametrize("target", [0.5, 0.9, 0.95, 0.999, 0.9999])
def test_the_factor_is_budget_times_window_over_long_window(window, target):
    table = analysis.burn_table(window=window, target=target)
    expected = table["budget"] * (pd.Timedelta(window.replace("d", "D")) / table["long"])
    assert table["factor"].tolist() == pytest.approx(expected.tolist())


@pytest.mark.parametrize("window", ["7d", "14d", "28d", "30d", "90d"])
def test_no_factor_alerts_on_a_service_that_keeps_its_slo(window):
    assert (analysis.burn_table(window=window)["factor"] > 0.93).all()


def test_every_row_can_be_reached_by_some_outage_even_at_a_low_target():
    table = analysis.burn_table(target=0.9)
    assert (table["error_rate"] <= 0.8).all()


def test_a_total_outage_pages_within_minutes_and_ends_after_it(made):
    count = np.full(6000, 100)
    bad = np.zeros(6000, dtype=int)
    bad[5000:5030] = 100
    alerts = analysis.burn_alerts(made(count, bad))
    page = alerts[alerts["alert"] == "page 1h/5m"].iloc[0]
    start = pd.Timestamp("2026-03-02T00:00Z") + pd.Timedelta(5000, unit="min")
    assert start < page["onset"] <= start + pd.Timedelta(minutes=2)
    assert page["end"] == start + pd.Timedelta(minutes=30 + 5)
    assert not page["firing"]
    assert page["duration"] == page["end"] - page["onset"]


def test_alerts_are_those_of_the_definition_worked_out_bucket_by_bucket(made):
    rng = np.random.default_rng(4)
    count = rng.poisson(20, 3000)
    share = np.full(3000, 0.002)
    share[1500:1700] = 0.08
    frame = made(count, rng.binomial(count, share))
    alerts = analysis.burn_alerts(frame, target=0.99, guard=None)
    for row in analysis.burn_table(target=0.99).itertuples():
        long, short = int(row.long.total_seconds() // 60), int(row.short.total_seconds() // 60)
        limit = row.factor * 0.01
        bad, of = frame["status_5xx"].astype(float), frame["count"].astype(float)
        firing = (bad.rolling(long).sum() > limit * of.rolling(long).sum()) & (
            bad.rolling(short).sum() > limit * of.rolling(short).sum()
        )
        onsets = firing & ~firing.shift(fill_value=False)
        expected = list(frame.index[onsets] + pd.Timedelta(minutes=1))
        assert alerts.loc[alerts["alert"] == row.alert, "onset"].tolist() == expected, row.alert


def test_the_guard_is_the_exact_binomial_tail():
    rng = np.random.default_rng(3)
    of = rng.integers(20, 50_000, 4_000).astype(float)
    errors = np.maximum(rng.poisson(of * 0.001 * rng.choice([0.5, 1, 2, 4, 20], 4_000)), 1.0).clip(max=of)
    tail = stats.binom.sf(errors - 1, of, 0.001)
    for limit in (3e-4, 3e-2, 1e-6):
        assert (burn._improbable(errors, of, 0.001, limit) == (tail < limit)).all()


def test_one_error_at_one_request_a_minute_pages_only_without_the_guard(made):
    count, bad = np.ones(3000, dtype=int), np.zeros(3000, dtype=int)
    bad[2000] = 1
    frame = made(count, bad)
    assert "page" in set(analysis.burn_alerts(frame, guard=None)["severity"])
    assert analysis.burn_alerts(frame).empty


def test_nothing_fires_before_its_long_window_is_full(made):
    count = np.full(5000, 100)
    bad = np.full(5000, 50)
    alerts = analysis.burn_alerts(made(count, bad)).set_index("alert")
    start = pd.Timestamp("2026-03-02T00:00Z")
    assert alerts.loc["page 1h/5m", "onset"] == start + pd.Timedelta(hours=1)
    assert alerts.loc["ticket 3d/6h", "onset"] == start + pd.Timedelta(days=3)


def test_data_before_the_first_request_of_a_young_environment_is_no_data(made):
    count = np.full(5000, 100)
    frame = made(count, np.full(5000, 50))
    frame.iloc[:500] = pd.NA
    onset = analysis.burn_alerts(frame).set_index("alert").loc["page 1h/5m", "onset"]
    assert onset == frame.index[500] + pd.Timedelta(hours=1)


def test_an_alert_stays_as_it_was_while_there_is_no_data(made):
    bad = np.zeros(4000, dtype=int)
    bad[2000:2030] = 100
    frame = made(np.full(4000, 100), bad)
    frame.iloc[2020:2200] = pd.NA
    page = analysis.burn_alerts(frame).set_index("alert").loc["page 1h/5m"]
    assert page["onset"] < frame.index[2003]
    assert page["end"] > frame.index[2199]


def test_an_alert_that_still_fires_has_no_end(made):
    bad = np.zeros(3000, dtype=int)
    bad[2950:] = 100
    page = analysis.burn_alerts(made(np.full(3000, 100), bad)).iloc[0]
    assert page["firing"]
    assert page["end"] is pd.NaT
    assert page["duration"] > pd.Timedelta(minutes=30)


def test_client_errors_spend_the_budget_only_when_asked(made):
    frame = made(np.full(3000, 100), status_4xx=np.full(3000, 20))
    assert analysis.burn_alerts(frame).empty
    assert not analysis.burn_alerts(frame, errors=("4xx", "5xx")).empty
    with pytest.raises(ValueError, match="status classes"):
        analysis.burn_alerts(frame, errors="500")


def test_a_row_whose_window_is_shorter_than_a_bucket_is_named(made):
    alerts = analysis.burn_alerts(made(np.full(300, 100), every="2h"))
    assert alerts.attrs["skipped"] == ["page 1h/5m"]


def test_alerts_of_a_fleet_are_those_of_its_environments(traffic, as_fleet, made):
    bad = np.zeros(2000, dtype=int)
    bad[1500:1600] = 30
    broken, fine = made(np.full(2000, 100), bad), traffic(1, 2000, share=0.0001)
    both = analysis.burn_alerts(as_fleet({("p", "fine"): fine, ("p", "broken"): broken}))
    alone = analysis.burn_alerts(broken)
    assert set(both["environment"]) == {"broken"}
    pd.testing.assert_frame_equal(both.drop(columns=["project", "environment"]), alone, check_like=True)


def test_no_alerts_have_the_same_columns_as_some(made):
    bad = np.zeros(3000, dtype=int)
    bad[2000:2100] = 50
    some, none = analysis.burn_alerts(made(np.full(3000, 100), bad)), analysis.burn_alerts(made(np.full(50, 100)))
    assert none.empty
    assert none.dtypes.astype(str).to_dict() == some.dtypes.astype(str).to_dict()


def test_burn_rates_are_errors_over_requests_over_the_budget(made):
    bad = np.zeros(400, dtype=int)
    bad[300:] = 1
    rates = analysis.burn_rates(made(np.full(400, 100), bad))
    assert rates["5m"].iloc[-1] == pytest.approx(10)
    assert rates["1h"].iloc[329] == pytest.approx(0.5 / 100 / 0.001)
    assert rates["1h"].iloc[:59].isna().all()


def test_a_healthy_service_at_one_request_a_minute_is_hardly_ever_paged(as_fleet, traffic):
    """30 months of it: 0.0 to 0.1 pages a month are the goal, the plain table has 20."""
    fleet = as_fleet({("p", str(i)): traffic(i, 33 * 1440, rpm=1, share=0.0005) for i in range(30)})
    alerts = analysis.burn_alerts(fleet)
    pages = alerts[(alerts["severity"] == "page") & (alerts["onset"] > pd.Timestamp("2026-03-05T00:00Z"))]
    assert len(pages) <= 3
    plain = analysis.burn_alerts(fleet, guard=None)
    assert (plain["severity"] == "page").sum() > 300


def test_ten_percent_errors_at_five_requests_a_minute_page_within_nine_minutes(as_fleet, made):
    rng = np.random.default_rng(8)
    frames = {}
    for number in range(150):
        count = rng.poisson(5, 600)
        share = np.where(np.arange(600) < 480, 0.0005, 0.1)
        frames["p", str(number)] = made(count, rng.binomial(count, share))
    alerts = analysis.burn_alerts(as_fleet(frames))
    onset = pd.Timestamp("2026-03-02T08:00Z")
    late = alerts[(alerts["severity"] == "page") & (alerts["onset"] > onset)]
    first = late.groupby("environment")["onset"].min().reindex([str(number) for number in range(150)])
    minutes = (first - onset).dt.total_seconds().fillna(np.inf) / 60
    assert minutes.median() <= 9
    # rounding the threshold to a whole error is what brings it there
    plain = analysis.burn_alerts(as_fleet(frames), guard=None)
    plain = plain[(plain["severity"] == "page") & (plain["onset"] > onset)].groupby("environment")["onset"].min()
    assert (first.dropna() < plain.reindex(first.dropna().index)).mean() > 0.2


@pytest.mark.parametrize("target", [0.5, 0.7, 0.9, 0.95])
def test_a_low_target_stretches_no_row_below_the_pace_that_keeps_the_slo(target):
    assert (analysis.burn_table(target=target)["factor"] >= 1).all()


@pytest.mark.parametrize("window", ["1h", "3h", "12h", "1d"])
def test_in_a_window_of_hours_every_row_has_a_name_of_its_own(window):
    table = analysis.burn_table(window=window)
    assert table["alert"].is_unique
    assert (table["long"] >= table["short"]).all()
    assert (table["short"] > pd.Timedelta(0)).all()


def test_a_ticket_is_believed_at_a_larger_tail_than_a_page(made):
    """Ten errors in three days where 4.3 are allowed: by chance once in seventy, too often for a page."""
    bad = np.zeros(4 * 1440, dtype=int)
    bad[-4320::432] = 1
    frame = made(np.ones(len(bad), dtype=int), bad)
    chance = (np.array([10.0]), np.array([4320.0]), 0.001)
    assert not burn._improbable(*chance, burn.GUARD)[0]
    assert burn._improbable(*chance, burn.GUARD * burn.TICKETS)[0]
    assert set(analysis.burn_alerts(frame)["alert"]) == {"ticket 3d/6h"}
    assert analysis.burn_alerts(frame, guard=burn.GUARD / burn.TICKETS).empty


@pytest.mark.parametrize("window", ["10min", "15min", "1h", "2h", "3h", "6h", "12h"])
def test_in_a_short_window_urgent_rows_burn_faster_and_none_below_one(window):
    table = analysis.burn_table(window=window)
    assert (table["factor"] >= 1).all()
    assert (table["factor"].diff().dropna() < 0).all()
    assert (table["long"] <= pd.Timedelta(window)).all()


def test_a_window_too_short_for_any_alert_is_refused():
    with pytest.raises(ValueError, match="at least 10 minutes"):
        analysis.burn_table(window="30s")


def test_the_burn_rate_of_an_alert_is_one_that_was_seen(made):
    """Ten minutes of outage, and then ten hours without data: windows of next to nothing say nothing."""
    count, bad = np.full(3000, 20), np.zeros(3000, dtype=int)
    bad[1000:1010] = 20
    frame = made(count, bad)
    frame.iloc[1011:1600] = pd.NA
    seen = analysis.burn_rates(frame).max()
    alerts = analysis.burn_alerts(frame).set_index("alert")["burn_rate"]
    assert alerts["page 1h/5m"] <= seen["1h"] + 1e-9
    assert alerts["page 6h/30m"] <= seen["6h"] + 1e-9
