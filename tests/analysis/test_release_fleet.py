"""Many releases at once: the share of those that are named wrongly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from createos_nb.analysis import release_discoveries, release_verdict
from tests.analysis.watches import poisson


@pytest.fixture(scope="module")
def healthy():
    return release_verdict(poisson(1, 20), poisson(2, 20))


def verdicts(healthy, evidence):
    return {f"r{at}": replace(healthy, evidence=value, evidence_exact=value) for at, value in enumerate(evidence)}


def test_the_largest_k_are_named_for_which_the_kth_reaches_n_over_k_q(healthy):
    found = release_discoveries(verdicts(healthy, [1.0, 70.0, 60.0, 30.0, 0.2]), rate=0.05)
    # needed: 100, 50, 33.3, 25, 20: the second reaches its own, and takes the first with it
    assert found["needed"].tolist() == pytest.approx([100, 50, 100 / 3, 25, 20])
    assert found.index[found["worse"]].tolist() == ["r1", "r2"]
    assert found["evidence"].is_monotonic_decreasing


def test_one_release_needs_what_the_rate_says_and_the_smaller_part_counts(healthy):
    one = {"a": replace(healthy, evidence=500.0, evidence_exact=19.0)}
    assert not release_discoveries(one, rate=0.05)["worse"].any()
    assert release_discoveries(one, rate=0.1)["worse"].all()


def test_the_share_of_false_discoveries_is_kept_over_weeks(healthy):
    """e-values of mean 1 for the healthy ones, and large ones for the worse, in weeks of 40 releases."""
    rng = np.random.default_rng(4)
    shares = []
    for _ in range(60):
        values = np.exp(rng.normal(-2, 2, 40))
        values[:4] = 5_000
        named = release_discoveries(verdicts(healthy, values), rate=0.1)
        wrong = [name for name in named.index[named["worse"]] if int(name[1:]) >= 4]
        shares.append(len(wrong) / max(int(named["worse"].sum()), 1))
    assert np.mean(shares) <= 0.1


def test_no_releases_are_no_discoveries_and_a_wrong_rate_is_refused(healthy):
    assert not len(release_discoveries({}))
    with pytest.raises(ValueError, match="rate must lie"):
        release_discoveries({"a": healthy}, rate=2)
