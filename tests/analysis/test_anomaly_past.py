"""What an anomaly is held against: the known past, without incidents unless they are what is usual."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from createos_nb import analysis
from createos_nb.analysis.anomalies import forecasts, onsets, tails


@pytest.mark.parametrize("calm", [60, 250])
@pytest.mark.parametrize("timed", [True, False])
def test_noise_after_a_calm_becomes_usual(calm, timed):
    values = np.full(4000, 5.0)
    values[calm:] += np.random.default_rng(calm).normal(0, 1, 4000 - calm)
    series = pd.Series(values)
    if timed:
        series.index = pd.date_range("2026-03-02", periods=4000, freq="min", tz="UTC")
    found = analysis.anomalies(series)["anomaly"].to_numpy()
    assert found[calm : calm + 30].any()
    assert found[calm + 4 * calm + 100 :].sum() <= 2


def test_what_is_not_known_is_no_part_of_the_past():
    known = np.log(np.abs(np.random.default_rng(17).normal(0, 1, 1000)) + 1)
    holes = np.full(2000, np.nan)
    holes[::2] = known
    _, limit, _ = tails.free(known[None], quiet=100, alarm=4.0)
    _, with_holes, _ = tails.free(holes[None], quiet=200, alarm=4.0)
    assert with_holes[1999] == pytest.approx(limit[999], abs=0.1)


@pytest.mark.parametrize("width", [200, 1000])
def test_a_middle_is_told_long_before_its_width_is_seen(width):
    values = np.random.default_rng(25).normal(0, 1, 3 * width)
    middle, spread = forecasts.trailing_middle(values, width)
    assert np.isnan(middle[:30]).all()
    assert np.abs(middle[30:]).max() < 0.7
    assert spread[30:].min() > 0.4
    assert spread[30:].max() < 1.7
    at = 2 * width // forecasts.renewal(width) * forecasts.renewal(width)
    assert middle[at] == pytest.approx(np.median(values[at - width : at]), abs=0.02)


def test_evidence_is_one_alarm_an_incident_unless_it_grows_worse():
    strength = np.zeros(500)
    strength[[100, 101, 102, 103]] = [6, 6.5, 7, 13]
    strength[400] = 6
    kept, _ = onsets.onsets(strength, quiet=100, alarm=5.0, worse=2.0)
    assert np.flatnonzero(kept >= 5).tolist() == [100, 103, 400]
