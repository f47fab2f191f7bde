"""Anomalies are found when they begin, said once, and never taken back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from createos_nb import analysis
from createos_nb.analysis.anomalies import count_score
from createos_nb.dtypes import TEXT


def hourless(values):
    return pd.Series(values, name="value")


def daily(seed, days=14, *, every=5):
    """A noisy series with a daily shape, a value every five minutes."""
    rng = np.random.default_rng(seed)
    length = days * 1440 // every
    values = 50 + 20 * np.sin(2 * np.pi * np.arange(length) * every / 1440) + rng.normal(0, 2, length)
    return pd.Series(values, index=pd.date_range("2026-03-02", periods=length, freq=f"{every}min", tz="UTC"))


def test_a_spike_in_noise_is_an_anomaly_at_its_row():
    values = np.random.default_rng(1).normal(0, 1, 1000)
    values[700] = 25
    found = analysis.anomalies(hourless(values))
    assert found.index[found["anomaly"]].tolist() == [700]
    assert found["score"].iloc[700] == found["score"].max()


def test_noise_alone_hardly_ever_is():
    alarms = sum(
        int(analysis.anomalies(hourless(np.random.default_rng(seed).normal(0, 1, 2000)))["anomaly"].sum())
        for seed in range(20)
    )
    assert alarms <= 20  # one in 2,000 rows


def test_a_level_shift_is_told_within_a_dozen_rows_and_once():
    values = np.random.default_rng(2).normal(0, 1, 2000)
    values[1200:] += 4
    found = analysis.anomalies(hourless(values))
    rows = found.index[found["anomaly"]]
    assert 1200 <= rows[rows >= 1200][0] <= 1212
    assert len(rows[rows >= 1200]) <= 2


def test_a_series_that_freezes_is_unusual():
    values = np.random.default_rng(3).normal(0, 1, 2000)
    values[1500:1560] = values[1500]
    rows = analysis.anomalies(hourless(values)).query("anomaly").index
    assert any(1500 < row < 1560 for row in rows)


def test_noise_that_grows_is_unusual():
    values = np.random.default_rng(4).normal(0, 1, 2000)
    values[1500:1560] *= 6
    rows = analysis.anomalies(hourless(values)).query("anomaly").index
    assert any(1500 <= row < 1530 for row in rows)


def test_the_daily_shape_is_no_anomaly_but_its_absence_is():
    usual = daily(5)
    assert analysis.anomalies(usual)["anomaly"].iloc[864:].sum() <= 2
    odd = usual.copy()
    odd.iloc[-288:] = 50 + np.random.default_rng(6).normal(0, 2, 288)  # a day without its shape
    found = analysis.anomalies(odd)
    assert found["anomaly"].iloc[-288:].any()


def test_a_nightly_spike_is_no_news_and_one_at_noon_is():
    series = daily(7)
    at_two = (series.index.hour == 2) & (series.index.minute < 10)
    series[at_two] += 200
    quiet = analysis.anomalies(series)["anomaly"]
    assert not quiet[at_two & (series.index > series.index[0] + pd.Timedelta(days=4))].any()
    series.iloc[-100] += 200
    assert analysis.anomalies(series)["anomaly"].iloc[-100]


def test_what_was_said_does_not_change_when_rows_are_added():
    series = daily(8)
    whole = analysis.anomalies(series)
    for length in (70, 500, 1500, 3000):
        part = analysis.anomalies(series.iloc[:length])
        pd.testing.assert_frame_equal(part, whole.iloc[:length], check_freq=False)


def test_rows_of_an_incident_that_was_told_and_rows_for_learning_have_a_score_and_no_alarm():
    values = np.random.default_rng(3).normal(10, 1, 600)
    values[40] = 60.0
    values[400:408] = 60.0
    found = analysis.anomalies(hourless(values))
    assert np.flatnonzero(found["anomaly"]).tolist() == [400]
    usual = found["score"].iloc[100:400].median()
    assert found["score"].iloc[40] == found["score"].iloc[:60].max() > usual
    assert (found["score"].iloc[401:408] > usual).all()
    assert found["score"].nunique() > 500


def test_a_row_that_is_missing_has_no_score():
    values = np.random.default_rng(4).normal(10, 1, 300)
    values[[5, 200]] = np.nan
    found = analysis.anomalies(hourless(values))
    assert np.flatnonzero(found["score"].isna()).tolist() == [5, 200]
    assert not found["anomaly"].iloc[[5, 200]].any()


def test_scores_lie_between_nought_and_one_and_a_half_is_the_alarm():
    series = daily(10)
    series.iloc[3000] += 500
    found = analysis.anomalies(series)
    assert found["score"].between(0, 1).all()
    assert (found["anomaly"] == (found["score"] >= 0.5)).all()


@pytest.mark.parametrize(
    "values",
    [
        np.zeros(500),
        np.full(500, np.nan),
        np.r_[np.full(250, 5.0), np.full(250, np.nan)],
        np.arange(500.0),
        np.array([]),
        np.array([1.0]),
        np.r_[np.zeros(499), np.inf],
        np.random.default_rng(0).normal(0, 1e12, 500),
        np.random.default_rng(0).normal(0, 1e-12, 500),
    ],
)
def test_any_numeric_series_is_taken(values):
    found = analysis.anomalies(hourless(values))
    assert len(found) == len(values)
    known = found["value"].notna()
    assert found["score"][known].between(0, 1).all()
    assert found["score"][~known].isna().all()
    assert not found["anomaly"][np.isnan(np.asarray(values, dtype=float))].any()


def test_integers_irregular_times_and_repeated_times_are_taken():
    rng = np.random.default_rng(11)
    gaps = rng.choice([0, 300, 300, 300, 900], 800).cumsum()
    index = pd.Timestamp("2026-03-02", tz="UTC") + pd.to_timedelta(gaps, unit="s")
    values = rng.poisson(20, 800)
    values[600] = 200
    found = analysis.anomalies(pd.Series(values, index=index))
    assert found["anomaly"].iloc[600]
    assert len(found) == 800


def test_a_series_of_text_is_refused_by_its_dtype():
    with pytest.raises(analysis.FrameError, match="dtype is str"):
        analysis.anomalies(pd.Series(["a", "b"], dtype=TEXT))


def test_a_frame_with_several_numbers_is_told_to_choose():
    with pytest.raises(analysis.FrameError, match="give one column"):
        analysis.anomalies(pd.DataFrame({"a": [1.0], "b": [2.0]}))


def shaped_requests(made, seed, days=8, rpm=60.0, *, change=None):
    rng = np.random.default_rng(seed)
    length = days * 1440
    mean = rpm * (1 + 0.6 * np.sin(2 * np.pi * np.arange(length) / 1440))
    share = np.full(length, 0.004)
    if change:
        change(mean, share)
    count = rng.poisson(mean)
    return made(count, rng.binomial(count, share))


def test_healthy_requests_are_left_in_peace(made):
    alarms = sum(int(analysis.anomalies(shaped_requests(made, seed))["anomaly"].sum()) for seed in range(6))
    assert alarms <= 6  # 48 days


@pytest.mark.parametrize(
    ("name", "what", "within"),
    [("outage", "fewer requests", 3), ("surge", "more requests", 3), ("errors", "more errors", 3)],
)
def test_an_incident_is_named_within_minutes(made, name, what, within):
    at = 8000

    def happen(mean, share):
        if name == "outage":
            mean[at : at + 30] = 0
        elif name == "surge":
            mean[at : at + 30] *= 3
        else:
            share[at : at + 30] = 0.2

    found = analysis.anomalies(shaped_requests(made, 3, change=happen))
    first = found.iloc[at:].query("anomaly").iloc[0]
    assert what in first["what"]
    assert first.name <= found.index[at + within]


def test_three_errors_are_judged_as_a_count_not_by_a_normal_curve(made):
    """At half an error an hour, 3 in a minute are rare; at 1 a minute they are nothing, though both are 3 sigma off."""
    rng = np.random.default_rng(12)
    busy = made(np.full(3000, 100), rng.poisson(1, 3000))
    busy.iloc[2500, busy.columns.get_loc("status_5xx")] = 4
    busy["status_2xx"] = busy["count"] - busy["status_5xx"]
    assert not analysis.anomalies(busy)["anomaly"].iloc[2500]
    bad = np.zeros(3000, dtype=int)
    bad[::120] = 1
    bad[2500] = 4
    assert analysis.anomalies(made(np.full(3000, 100), bad))["anomaly"].iloc[2500]


def test_rare_errors_are_no_news(made):
    """One error in two hours, at random, in 30 days: a few come together."""
    alarms = 0
    for seed in range(3):
        rng = np.random.default_rng([13, seed])
        count = rng.poisson(20, 10 * 1440)
        alarms += int(analysis.anomalies(made(count, rng.binomial(count, 1 / 2400)))["anomaly"].sum())
    assert alarms <= 2


def test_a_rate_known_from_few_events_leaves_room_for_being_wrong():
    ones = np.cumsum(np.ones(100))
    few = np.cumsum(np.r_[np.ones(4), np.zeros(96)])
    mean, unsure = count_score._expected(few, ones, 1, 60)
    assert mean[50] == pytest.approx(4 / 50)
    assert unsure[50] == pytest.approx(1 / 4)
    assert unsure[99] == pytest.approx(2)  # none in the last hour counts as half a one


def test_a_first_morning_is_no_anomaly_and_an_outage_in_it_is(made):
    alarms = 0
    for seed in range(5):
        rng = np.random.default_rng([14, seed])
        slow = np.repeat(rng.normal(0, 0.08, 96), 15)
        mean = 1000 * (1 + 0.67 * np.sin(2 * np.pi * np.arange(1440) / 1440 - seed)) * np.exp(slow)
        day = made(rng.poisson(mean))
        alarms += int(analysis.anomalies(day)["anomaly"].sum())
        day.iloc[900:930] = 0
        assert analysis.anomalies(day)["anomaly"].iloc[900:903].any()
    assert alarms <= 2


def test_requests_without_data_are_no_anomaly(made):
    frame = shaped_requests(made, 5)
    frame.iloc[9000:9200] = pd.NA
    assert not analysis.anomalies(frame)["anomaly"].iloc[9000:9200].any()


def test_requests_are_judged_causally_too(made):
    frame = shaped_requests(made, 6)
    whole = analysis.anomalies(frame)
    for length in (100, 1500, 7000):
        part = analysis.anomalies(frame.iloc[:length])
        pd.testing.assert_frame_equal(part, whole.iloc[:length], check_freq=False)


def test_a_fleet_is_judged_like_its_environments(made, as_fleet):
    def broken(mean, share):
        mean[2000:2030] = 0

    fine, bad = shaped_requests(made, 1, days=2), shaped_requests(made, 2, days=2, change=broken)
    both = analysis.anomalies(as_fleet({("p", "fine"): fine, ("p", "bad"): bad}))
    alone = analysis.anomalies(bad)
    rows = both[both["environment"] == "bad"]
    np.testing.assert_allclose(rows["score"], alone["score"])
    assert rows["what"].tolist() == alone["what"].tolist()


@pytest.mark.parametrize("step", ["1min", "2min", "5min", "10min", "1h"])
@pytest.mark.parametrize("kind", ["white", "correlated", "daily"])
def test_timed_noise_is_left_in_peace_and_a_spike_in_it_is_found(step, kind):
    """Also where the middle of a day takes longer to learn than the first rows do."""
    day = pd.Timedelta("1D") // pd.Timedelta(step)
    length = max(3 * day, 600)
    alarms = 0
    for seed in range(3):
        rng = np.random.default_rng([16, seed, day])
        values = rng.normal(0, 1, length)
        if kind == "correlated":
            for at in range(1, length):
                values[at] += 0.7 * values[at - 1]
        if kind == "daily":
            values += 10 * np.sin(2 * np.pi * np.arange(length) / day)
        series = pd.Series(values, index=pd.date_range("2026-03-02", periods=length, freq=step, tz="UTC"))
        alarms += int(analysis.anomalies(series)["anomaly"].sum())
        series.iloc[[length // 2, length - 50]] += 40
        found = analysis.anomalies(series)
        for at in (length // 2, length - 50):  # there, unless an alarm speaks for it already
            assert found["anomaly"].iloc[at - found.attrs["quiet_rows"] : at + 1].any()
        band = (found["high"] - found["low"]).iloc[500 : length // 2]
        assert band.empty or band.median() < 40
    assert alarms <= 3 * length / 600


@pytest.mark.parametrize("habit", ["daily edges", "sudden weekends", "nightly job"])
def test_habits_are_learned_within_two_weeks(made, habit):
    rng = np.random.default_rng(31)
    minute = np.arange(25 * 1440)
    clock, day = minute % 1440, minute // 1440
    mean = 500 * (1 + 0.5 * np.sin(2 * np.pi * (clock / 1440 - 0.25)))
    if habit == "daily edges":
        mean = np.where((clock >= 480) & (clock < 1080), 750.0, 500.0)
    elif habit == "sudden weekends":
        mean = np.where(day % 7 >= 5, mean / 2, mean)
    else:
        for night in range(25):
            first = night * 1440 + 120 + int(rng.integers(0, 10))
            mean[first : first + 20] += 1000
    count = rng.poisson(mean)
    drop = 24 * 1440 + 700
    count[drop : drop + 30] //= 2
    found = analysis.anomalies(made(count))["anomaly"].to_numpy()
    assert found[14 * 1440 : drop].sum() <= 3
    assert found[drop : drop + 5].any()


@pytest.mark.parametrize("minutes", [20, 60])
def test_an_outage_on_the_second_day_makes_no_anomaly_of_the_third(made, minutes):
    rng = np.random.default_rng(32)
    mean = 1000 * (1 + 0.5 * np.sin(2 * np.pi * np.arange(3 * 1440) / 1440))
    count = rng.poisson(mean)
    count[2000 : 2000 + minutes] = 0
    found = analysis.anomalies(made(count))["anomaly"].to_numpy()
    assert found[2000:2002].any()
    assert not found[2880:].any()
