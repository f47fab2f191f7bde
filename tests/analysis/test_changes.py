"""Change points: found soon, dated well, and rationed when nothing changes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.statistics import annotated_series
from benchmarks.statistics.baselines import least_squares_segments
from createos_nb import analysis


def test_a_fivefold_error_rate_and_its_recovery_are_found_and_dated(made):
    rng = np.random.default_rng(1)
    count = rng.poisson(100, 6000)
    share = np.full(6000, 0.005)
    share[3000:4500] = 0.025
    frame = made(count, rng.binomial(count, share))
    found = analysis.change_points(frame)
    assert len(found) == 2
    up, down = found.iloc[0], found.iloc[1]
    assert abs(up["onset"] - frame.index[3000]) <= pd.Timedelta(minutes=5)
    assert frame.index[3000] < up["known"] <= frame.index[3020]
    assert up["requests"] <= 1500
    assert 4 < up["ratio"] < 6
    assert up["before"] == pytest.approx(0.5, abs=0.05)
    assert up["after"] == pytest.approx(2.5, abs=0.2)
    assert abs(down["onset"] - frame.index[4500]) <= pd.Timedelta(minutes=15)
    assert down["ratio"] < 0.3


@pytest.mark.parametrize("rpm", [5, 200])
@pytest.mark.parametrize("clumps", [0.0, 1.0])
def test_false_alarms_are_no_more_than_one_in_the_run_length(made, rpm, clumps):
    rng = np.random.default_rng([int(rpm), int(clumps)])
    alarms = 0
    for _ in range(4):
        count = rng.poisson(rpm, 43_200)
        share = 0.005 * (rng.gamma(1, 1, 43_200) if clumps else 1.0)
        alarms += len(analysis.change_points(made(count, rng.binomial(count, np.minimum(share, 1)))))
    assert alarms <= 4


def test_five_times_the_errors_take_no_more_than_fifteen_hundred_requests(made):
    needed = []
    for seed in range(40):
        rng = np.random.default_rng([5, seed])
        count = rng.poisson(100, 1600)
        share = np.where(np.arange(1600) < 1440, 0.005, 0.025)
        frame = made(count, rng.binomial(count, share))
        found = analysis.change_points(frame)
        late = found[found["known"] > frame.index[1440]]
        needed.append(count[1440 : frame.index.get_loc(late["known"].iloc[0])].sum() if len(late) else np.inf)
    assert np.median(needed) <= 1500


def test_a_change_in_one_environment_of_a_fleet_is_its_own(made, traffic, as_fleet):
    rng = np.random.default_rng(3)
    count = np.full(3000, 100)
    hurt = made(count, rng.binomial(count, np.where(np.arange(3000) < 2000, 0.002, 0.03)))
    found = analysis.change_points(as_fleet({("p", "fine"): traffic(1, 3000, share=0.002), ("p", "hurt"): hurt}))
    assert found["environment"].tolist() == ["hurt"]


@pytest.mark.parametrize("kind", ["normal", "heavy", "skewed", "correlated"])
def test_a_shift_of_any_series_is_found_and_calm_is_not(kind):
    rng = np.random.default_rng(7)

    def noise(length):
        if kind == "heavy":
            return rng.standard_t(3, length)
        if kind == "skewed":
            return np.exp(rng.normal(0, 1, length))
        values = rng.normal(0, 1, length)
        if kind == "correlated":
            for at in range(1, length):
                values[at] += 0.5 * values[at - 1]
        return values

    assert analysis.change_points(pd.Series(noise(8000))).empty
    moved = noise(4000)
    moved[3000:] += 2 * np.std(moved)
    found = analysis.change_points(pd.Series(moved))
    assert len(found) == 1
    assert abs(found["onset"].iloc[0] - 3000) <= 30
    assert found["known"].iloc[0] <= 3300
    assert found["difference"].iloc[0] > 0


def test_labels_of_the_index_are_kept_and_missing_rows_skipped():
    rng = np.random.default_rng(8)
    index = pd.date_range("2026-03-02", periods=2000, freq="min", tz="UTC")
    values = pd.Series(rng.normal(0, 1, 2000), index=index)
    values.iloc[1000:] += 3
    values.iloc[500:600] = np.nan
    found = analysis.change_points(values)
    assert abs(found["onset"].iloc[0] - index[1000]) <= pd.Timedelta(minutes=10)


def test_nothing_to_find_keeps_the_columns(made):
    some = analysis.change_points(made(np.full(3000, 100), np.r_[np.zeros(1500, int), np.full(1500, 5)]))
    none = analysis.change_points(made(np.full(50, 100)))
    assert len(some) == 1
    assert none.dtypes.astype(str).to_dict() == some.dtypes.astype(str).to_dict()


def test_a_rate_that_was_zero_has_an_infinite_ratio(made):
    found = analysis.change_points(made(np.full(3000, 100), np.r_[np.zeros(1500, int), np.full(1500, 5)]))
    assert found["ratio"].iloc[0] == np.inf


def test_a_wrong_frame_is_refused():
    with pytest.raises(analysis.FrameError, match="change points are found in"):
        analysis.change_points(pd.DataFrame({"x": [1]}))


@pytest.mark.parametrize("seeds", [6, pytest.param(20, marks=pytest.mark.slow)])
def test_coin_flips_hold_no_change(seeds):
    """Their median is 0 in one hour and 1 in the next."""
    rows = [np.random.default_rng(seed).integers(0, 2, 4000) for seed in range(seeds)]
    found = [analysis.change_points(pd.Series(each)) for each in rows]
    assert sum(map(len, found)) <= 1


@pytest.mark.parametrize("seeds", [4, pytest.param(20, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("step", "near"), [(10, 1), (3, 2)])
def test_a_large_step_is_dated_to_the_row(step, near, seeds):
    """One of twenty steps of three deviations is four rows off: the rows before it happened to lie high."""
    off = []
    for seed in range(seeds):
        values = np.random.default_rng([9, seed]).normal(0, 1, 4000)
        values[2000:] += step
        found = analysis.change_points(pd.Series(values))
        assert len(found) == 1
        off.append(abs(found["onset"].iloc[0] - 2000))
        assert found["known"].iloc[0] <= 2010
    assert sum(rows > near for rows in off) <= (step == 3)
    assert max(off) <= 2 * near


@pytest.mark.parametrize("length", [1, 10, 40, 300])
def test_an_excursion_is_two_changes_and_an_outlier_none(length):
    for seed in range(3):
        values = np.random.default_rng([10, seed]).normal(100, 5, 1000)
        values[500 : 500 + length] = 0
        found = analysis.change_points(pd.Series(values))
        assert len(found) == (0 if length == 1 else 2)
        if len(found):
            np.testing.assert_allclose(found["onset"], [500, 500 + length], atol=1)
            np.testing.assert_allclose(found["before"], [100, 0], atol=2)
            np.testing.assert_allclose(found["after"], [0, 100], atol=2)


def test_what_follows_a_change_in_a_correlated_series_is_no_other():
    changes = 0
    for seed in range(3):
        rng = np.random.default_rng([11, seed])
        values = rng.normal(0, 1, 2500)
        for at in range(1, 2500):
            values[at] += 0.9 * values[at - 1]
        values[2000:] += 12
        changes += len(analysis.change_points(pd.Series(values)))
    assert 3 <= changes <= 4


def onsets(values, **arguments):
    return analysis.change_points(pd.Series(values), **arguments)["onset"].tolist()


def test_a_jump_of_twenty_deviations_for_forty_rows_after_three_hundred_is_found():
    """It was found in 50 to 78 %."""
    for seed in range(5):
        values = np.random.default_rng([12, seed]).normal(0, 1, 500)
        values[300:340] += 20
        assert onsets(values) == [pytest.approx(300, abs=1), pytest.approx(340, abs=1)]


def test_what_is_known_at_a_row_does_not_depend_on_the_rows_behind_it():
    for one in annotated_series.corpus(5, each=1)[::3]:
        whole = analysis.change_points(pd.Series(one.values))
        end = int(0.7 * len(one.values))
        part = analysis.change_points(pd.Series(one.values[:end]))
        told = ["onset", "known", "evidence"]
        pd.testing.assert_frame_equal(part[told], whole.loc[whole["known"] < end, told], rtol=1e-9)


@pytest.mark.grid(4)
@pytest.mark.parametrize("kind", ["normal", "heavy", "skewed", "coin", "rising", "weekly", "correlated", "wave"])
def test_short_series_in_which_nothing_changes_have_no_change(kind):
    """The promise is one in 43,200 rows; these are 1,500."""
    found = 0
    for seed in range(5):
        rng = np.random.default_rng([13, seed])
        values = {
            "heavy": lambda rng=rng: rng.standard_t(3, 300),
            "skewed": lambda rng=rng: np.exp(rng.normal(0, 1, 300)),
            "coin": lambda rng=rng: rng.integers(0, 2, 300).astype(float),
            "rising": lambda rng=rng: rng.normal(0, 1, 300) + np.arange(300) / 20,
            "weekly": lambda rng=rng: rng.normal(0, 1, 300) + np.resize(rng.normal(0, 2, 7), 300),
            "wave": lambda rng=rng: rng.normal(0, 1, 300) + 3 * np.sin(np.arange(300) * 2 * np.pi / 24),
        }.get(kind, lambda rng=rng: rng.normal(0, 1, 300))()
        if kind == "correlated":
            for at in range(1, 300):
                values[at] += 0.7 * values[at - 1]
        found += len(onsets(values))
    assert found == 0


def test_a_rise_that_bends_and_one_that_jumps_are_changes_and_a_straight_one_is_none():
    rng = np.random.default_rng(14)
    rise = np.arange(200) / 10 + rng.normal(0, 0.3, 200)
    assert onsets(rise) == []
    assert onsets(rise + 5 * (np.arange(200) >= 120)) == [pytest.approx(120, abs=1)]
    assert onsets(rise - 0.2 * np.clip(np.arange(200) - 120, 0, None)) == [pytest.approx(120, abs=15)]


def test_a_level_that_falls_below_its_season_is_found():
    rng = np.random.default_rng(15)
    months = np.resize(rng.normal(0, 3, 12), 240) + rng.normal(0, 0.5, 240)
    assert onsets(months - 3 * (np.arange(240) >= 150)) == [pytest.approx(150, abs=2)]


def test_rows_of_few_values_are_counted():
    rare = np.zeros(190)
    rare[[150, 152, 153]] = 1  # three of four rows after none in 150: too few to be more than chance
    assert onsets(rare) == []
    assert onsets(np.r_[np.zeros(60), np.full(60, 7.0)]) == [60]
    assert onsets(np.zeros(500)) == []


@pytest.mark.parametrize("factor", [1e-300, 1e-9, 1e9, 1e300])
def test_the_unit_of_a_series_changes_nothing(factor):
    values = np.random.default_rng(16).normal(0, 1, 200)
    values[100:] += 5
    assert onsets(values * factor) == onsets(values) == [100]


@pytest.mark.parametrize("freq", ["h", "D", "MS", "YS"])
def test_a_series_is_promised_rows_whatever_its_step(freq):
    values = np.random.default_rng(17).normal(0, 1, 120)
    values[60:] += 6
    index = pd.date_range("1900-01-01", periods=120, freq=freq, tz="UTC")
    assert analysis.change_points(pd.Series(values, index=index))["onset"].tolist() == [index[60]]


@pytest.mark.slow
def test_annotated_series_are_divided_better_than_by_least_squares_or_not_at_all():
    made = annotated_series.corpus(6, each=1)
    ours = [onsets(one.values) for one in made]
    others = [least_squares_segments(one.values) for one in made]
    for measure, least in ((annotated_series.f1, 0.7), (annotated_series.covering, 0.65)):
        mean, field, never = (
            np.mean([measure(one, rows) for one, rows in zip(made, found, strict=True)])
            for found in (ours, others, [[]] * len(made))
        )
        assert mean >= max(least, field + 0.03, never + 0.08)


def test_the_measures_of_annotated_series_are_those_of_their_authors():
    one = annotated_series.Annotated("by hand", np.zeros(100), ((50,), (50,), ()))
    # never: precision 1; recall a half, a half, all
    assert annotated_series.f1(one, []) == pytest.approx(2 * (2 / 3) / (1 + 2 / 3))
    assert annotated_series.covering(one, []) == pytest.approx((0.5 + 0.5 + 1) / 3)
    # within the margin and beyond it
    assert annotated_series.f1(one, [55]) == pytest.approx(1.0)
    assert annotated_series.f1(one, [56]) == pytest.approx(2 * 0.5 * (2 / 3) / (0.5 + 2 / 3))
    assert annotated_series.covering(one, [50]) == pytest.approx((1 + 1 + 0.5) / 3)


def test_least_squares_segments_are_those_of_an_exhaustive_search():
    values = np.r_[np.zeros(20), np.full(15, 5.0), np.full(25, 1.0)] + np.random.default_rng(18).normal(0, 0.3, 60)
    assert least_squares_segments(values) == [20, 35]
