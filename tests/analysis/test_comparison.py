"""Before and after: what changed, by how much, and what only looks as if it had."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from createos_nb import analysis


def test_a_fivefold_error_rate_is_a_change_with_the_truth_in_its_interval(traffic):
    found = analysis.compare(traffic(1, 240), traffic(2, 240, share=0.025))
    row = found.loc["server_error_percentage"]
    assert row["changed"]
    assert row["ratio_low"] < 5 < row["ratio_high"]
    assert row["low"] < 2.0 < row["high"]
    assert not found.loc["rpm", "changed"]


@pytest.mark.slow
def test_the_same_traffic_is_rarely_a_change(traffic):
    wrong = [
        analysis.compare(traffic(seed, 60), traffic(seed + 1000, 60)).loc[["rpm", "server_error_percentage"], "changed"]
        for seed in range(100)
    ]
    assert np.mean(wrong) < 0.1


def test_four_errors_against_none_has_an_answer(made):
    calm, hurt = np.zeros(60, dtype=int), np.zeros(60, dtype=int)
    hurt[[5, 20, 35, 50]] = 1
    row = analysis.compare(made(np.full(60, 100), calm), made(np.full(60, 100), hurt)).loc["server_error_percentage"]
    assert np.isnan(row["ratio"])
    assert row["ratio_low"] > 0.4
    assert row["ratio_high"] < 300
    assert 0.01 < row["p_value"] < 0.1


def test_windows_of_different_length_are_compared_by_their_rates(made):
    found = analysis.compare(made(np.full(600, 50)), made(np.full(60, 100)))
    assert found.loc["rpm", "ratio"] == pytest.approx(2.0)
    assert found.loc["rpm", "changed"]


def test_a_window_without_requests_has_nothing_to_compare(made):
    found = analysis.compare(made(np.full(60, 50)), made(np.zeros(60, dtype=int)))
    assert np.isnan(found.loc["success_percentage", "after"])
    assert not found.loc["success_percentage", "changed"]


def test_in_a_fleet_p_values_are_adjusted_for_the_number_of_environments(traffic, as_fleet):
    before = as_fleet({("p", str(i)): traffic(i, 60) for i in range(40)})
    after = as_fleet({("p", str(i)): traffic(100 + i, 60, share=0.03 if i == 7 else 0.005) for i in range(40)})
    found = analysis.compare(before, after)
    errors = found[found["metric"] == "server_error_percentage"]
    assert errors.loc[errors["changed"], "environment"].tolist() == ["7"]


def test_an_environment_in_one_of_the_windows_only_is_listed(traffic, as_fleet):
    found = analysis.compare(
        as_fleet({("p", "a"): traffic(1, 60)}), as_fleet({("p", "a"): traffic(2, 60), ("p", "new"): traffic(3, 60)})
    )
    new = found[found["environment"] == "new"].set_index("metric")
    assert np.isnan(new.loc["rpm", "before"])
    assert new.loc["rpm", "after"] > 0


def test_a_fleet_and_an_environment_are_not_compared(traffic, as_fleet):
    with pytest.raises(analysis.FrameError, match="fleet"):
        analysis.compare(traffic(1, 60), as_fleet({("p", "a"): traffic(2, 60)}))


def test_the_adjustment_is_holms():
    from createos_nb.analysis import comparison

    raw = np.array([0.01, 0.04, np.nan, 0.03])
    np.testing.assert_allclose(comparison._holm(raw), [0.03, 0.06, np.nan, 0.06])


def test_p_values_of_a_fleet_are_larger_than_those_of_one_of_its_environments(traffic, as_fleet):
    before, after = traffic(1, 60), traffic(2, 60, share=0.008)
    alone = analysis.compare(before, after).loc["server_error_percentage", "p_value"]
    names = [("p", str(number)) for number in range(10)]
    many = analysis.compare(as_fleet(dict.fromkeys(names, before)), as_fleet(dict.fromkeys(names, after)))
    among = many.loc[many["metric"] == "server_error_percentage", "p_value"]
    np.testing.assert_allclose(among, min(10 * alone, 1))


def test_a_p_value_for_few_errors_is_the_exact_one():
    from createos_nb.analysis import comparison

    args = (np.array([1.0]), np.array([1000.0]), np.array([7.0]), np.array([1000.0]))
    middle = stats.binom.sf(7, 8, 0.5) + stats.binom.pmf(7, 8, 0.5) / 2
    assert comparison._same_share(*args) == pytest.approx(2 * middle)


@pytest.mark.parametrize("name", ["before", "after"])
def test_a_window_without_rows_is_named(made, name):
    frames = {"before": made([1, 2]), "after": made([1, 2]), name: made([1, 2]).iloc[:0]}
    with pytest.raises(analysis.FrameError, match=f"{name} has no rows"):
        analysis.compare(**frames)


def test_the_width_of_the_buckets_changes_little_about_the_pace(traffic):
    """The same traffic in minutes and in hours: 2 % more requests of 6,000 an hour, a day against a day."""
    before, after = traffic(1, 1440, rpm=100), traffic(2, 1440, rpm=102)
    found = [
        analysis.compare(*(one.resample(every).sum() for one in (before, after))).loc["rpm"]
        for every in ("1min", "5min", "1h")
    ]
    assert all(one["changed"] for one in found)
    widths = [one["high"] - one["low"] for one in found]
    assert max(widths) < 2 * min(widths)


def test_what_is_called_changed_has_an_interval_without_zero(made):
    rng = np.random.default_rng(4)
    for _ in range(60):
        frames = []
        for share in (0.005, rng.choice([0.005, 0.01, 0.02])):
            rate = share * rng.gamma(0.5, 2, 120)
            count = rng.poisson(50, 120)
            frames.append(made(count, rng.binomial(count, np.minimum(rate, 1))))
        found = analysis.compare(*frames)
        changed = found[found["changed"]]
        assert ((changed["low"] > 0) | (changed["high"] < 0)).all()
