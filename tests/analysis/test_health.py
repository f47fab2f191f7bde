"""A fleet on one table: who alerts, who misses the objective, and what can't be said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from createos_nb import analysis


@pytest.fixture
def fleet(made, as_fleet):
    """A day of five environments: one burns now, one burnt in the morning, one is well, one is idle, one is unseen."""
    length = 1440
    now, morning = np.zeros(length, dtype=int), np.zeros(length, dtype=int)
    now[-60:] = 50
    morning[100:400] = 50
    unseen = made(np.full(length, 100))
    unseen[:] = pd.NA
    frame = as_fleet(
        {
            ("a", "unseen"): unseen,
            ("a", "idle"): made(np.zeros(length, dtype=int)),
            ("a", "well"): made(np.full(length, 100)),
            ("b", "morning"): made(np.full(length, 100), morning),
            ("c", "now"): made(np.full(length, 100), now),
        }
    )
    frame.attrs["bucket_seconds"] = 60
    return frame


def test_the_most_urgent_comes_first_and_nothing_is_claimed_without_data(fleet):
    found = analysis.fleet_health(fleet, window="1d")
    assert found["standing"].tolist() == ["alerts", "missed", "met", "no requests", "no data"]
    assert found["environment"].tolist() == ["now", "morning", "well", "idle", "unseen"]
    assert found["requests"].tolist() == [144_000, 144_000, 144_000, 0, pd.NA]
    assert found["errors"].tolist() == [3_000, 15_000, 0, 0, pd.NA]
    assert found["budget_left"].isna().tolist() == [False] * 3 + [True] * 2


def test_it_says_what_slo_summary_and_burn_alerts_say(fleet):
    found = analysis.fleet_health(fleet, window="1d").set_index(["project", "environment"])
    stood = analysis.slo(fleet, window="1d").set_index(["project", "environment"]).loc[found.index]
    did = analysis.summary(fleet).set_index(["project", "environment"]).loc[found.index]
    alerts = analysis.burn_alerts(fleet, window="1d")
    pd.testing.assert_series_equal(found["achieved"], stood["achieved"])
    pd.testing.assert_series_equal(found["budget_left"], 1 - stood["spent"], check_names=False)
    pd.testing.assert_series_equal(found["success_low"], did["success_low"])
    assert int(found["onsets"].sum()) == len(alerts)
    firing = alerts.loc[alerts["firing"], "alert"]
    assert set(found.loc[("c", "now"), "firing"].split(", ")) == set(firing)
    assert found.loc[("c", "now"), "firing"].startswith("page")


def test_the_sentence_counts_the_standings(fleet):
    found = analysis.fleet_health(fleet, window="1d")
    assert found.attrs["sentence"] == (
        "5 environments against 99.9 % over 1d: 1 alerts now, 1 misses the objective, 1 keeps it, 1 had no requests, "
        "1 has no data."
    )
    assert found.attrs["end"] == "2026-03-03T00:00:00+00:00"


def test_client_errors_count_only_when_asked(made, as_fleet):
    frame = as_fleet({("a", "p"): made(np.full(600, 100), status_4xx=20)})
    assert analysis.fleet_health(frame)["standing"].item() == "met"
    both = analysis.fleet_health(frame, errors=("4xx", "5xx"))
    assert both["errors"].item() == 12_000
    assert both["standing"].item() == "alerts"
    assert both.attrs["errors"] == ["4xx", "5xx"]


@pytest.mark.parametrize("wrong", [None, "one"])
def test_a_single_environment_is_no_fleet(made, wrong):
    with pytest.raises(analysis.FrameError, match="must be a fleet: columns 'project'"):
        analysis.fleet_health(made([1, 2]) if wrong else None)
