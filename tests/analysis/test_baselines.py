"""What other canary analyses say of the same frames."""

from __future__ import annotations

import numpy as np
import pandas as pd

from createos_nb import analysis
from createos_nb.analysis.releases.baselines import mann_whitney
from createos_nb.analysis.releases.counts import PairedCounts
from tests.analysis.conftest import frame_of, poisson


def test_every_judge_has_its_column_and_the_verdict_is_the_verdict():
    old, new = poisson(1, 60), poisson(2, 60, share=0.05)
    found = analysis.baselines(old, new)
    assert list(found.columns) == ["release_verdict", "mann_whitney", "threshold_99", "threshold_95", "z_test", "exact"]
    assert (found.dtypes == "str").all()
    verdict = analysis.release_verdict(old, new, errors="5xx")
    assert found["release_verdict"].tolist() == verdict.path["decision"].tolist()
    assert (found.iloc[-1] == "rollback").all()
    assert (found["mann_whitney"].iloc[:4] == "watching").all()


def test_an_alarm_is_never_taken_back():
    old, new = frame_of(np.full(60, 100), 1), frame_of(np.full(60, 100), [8] * 20 + [0] * 40)
    found = analysis.baselines(old, new)
    for name in ("z_test", "threshold_95", "threshold_99"):
        first = (found[name] == "rollback").argmax()
        assert found[name].iloc[first] == "rollback"
        assert (found[name].iloc[first:] == "rollback").all()


def test_the_interval_of_mann_whitney_is_that_of_the_ordered_differences():
    """Twenty buckets a side; the lower end by its rank among all differences, counted by hand."""
    rng = np.random.default_rng(3)
    b, g = rng.integers(0, 8, 20), rng.integers(4, 14, 20)
    asked = np.full((1, 20), 100.0)
    found = mann_whitney(PairedCounts(asked, asked, b[None].astype(float), g[None].astype(float)))[0, -1]
    shifts = np.sort((g[:, None] - b[None, :]).ravel()) / 100
    rank = int(np.floor(200 - 2.3263478740408408 * np.sqrt(400 * 41 / 12)))
    assert found == (shifts[rank] > 0.25 * abs(np.median(shifts)))


def test_a_healthy_side_with_one_percent_of_errors_fails_a_fixed_threshold():
    old, new = (poisson(seed, 120, share=0.01) for seed in (5, 6))
    found = analysis.baselines(old, new).iloc[-1]
    assert found["threshold_99"] == "rollback"
    assert found["release_verdict"] != "rollback"


def test_buckets_without_data_change_nothing():
    old, new = poisson(7, 30), poisson(8, 30)
    whole = analysis.baselines(old, new)
    new.iloc[12] = pd.NA
    found = analysis.baselines(old, new)
    assert len(found) == len(whole)
    assert (found["exact"] == "watching").all()
