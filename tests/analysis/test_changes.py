"""Change points: found soon, dated well, and rationed when nothing changes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from createos_nb import analysis
from createos_nb.analysis.anomalies import level_e_process


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


def test_coin_flips_hold_no_change():
    """Their median is 0 in one hour and 1 in the next."""
    found = [analysis.change_points(pd.Series(np.random.default_rng(seed).integers(0, 2, 4000))) for seed in range(20)]
    assert sum(map(len, found)) <= 1


@pytest.mark.parametrize(("step", "near"), [(10, 1), (3, 2)])
def test_a_large_step_is_dated_to_the_row(step, near):
    for seed in range(20):
        values = np.random.default_rng([9, seed]).normal(0, 1, 4000)
        values[2000:] += step
        found = analysis.change_points(pd.Series(values))
        assert len(found) == 1
        assert abs(found["onset"].iloc[0] - 2000) <= near
        assert found["known"].iloc[0] <= 2045


@pytest.mark.parametrize("length", [10, 25, 40, 60, 100, 300])
def test_an_excursion_is_two_changes_or_none(length):
    for seed in range(10):
        values = np.random.default_rng([10, seed]).normal(100, 5, 3000)
        values[2000 : 2000 + length] = 0
        found = analysis.change_points(pd.Series(values))
        assert len(found) in ([0] if length < 20 else [0, 2] if length < 35 else [2])
        if len(found):
            np.testing.assert_allclose(found["onset"], [2000, 2000 + length], atol=1)
            np.testing.assert_allclose(found["before"], [100, 0], atol=2)
            np.testing.assert_allclose(found["after"], [0, 100], atol=2)


def test_what_follows_a_change_in_a_correlated_series_is_no_other():
    changes = 0
    for seed in range(10):
        rng = np.random.default_rng([11, seed])
        values = rng.normal(0, 1, 5000)
        for at in range(1, 5000):
            values[at] += 0.9 * values[at - 1]
        values[2000:] += 12
        changes += len(analysis.change_points(pd.Series(values)))
    assert 10 <= changes <= 11


def test_an_onset_lies_where_rows_become_nearer_to_the_new_level():
    values = np.r_[np.zeros(50), np.ones(10)]
    assert [level_e_process.level_onset(values, rough, 59) for rough in (20, 50, 55)] == [50, 50, 50]
    assert level_e_process.level_onset(np.zeros(60), 20, 59) == 20
    assert level_e_process.level_onset(values, 0, 59) == 0
