"""The detector against labelled series of many kinds, scored as the Numenta benchmark scores: a small, fixed part."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.statistics import baselines, labelled_series, windows_score
from createos_nb import analysis


def by_hand(corpus, scores, threshold):
    """The score worked out window by window, as the description has it."""
    total = windows = 0
    for series, found in zip(corpus, scores, strict=True):
        worth, window_of = windows_score.rewards(series)
        alarms = np.asarray(found) >= threshold
        alarms[: windows_score.learning(len(worth))] = False
        for number in range(len(series.windows)):
            windows += 1
            inside = np.flatnonzero(alarms & (window_of == number))
            total += worth[inside[0]] if len(inside) else -1
        total += worth[alarms & (window_of < 0)].sum()
    return 100 * (total + windows) / (2 * windows)


@pytest.fixture(scope="module")
def corpus():
    return labelled_series.corpus(31, each=2)


@pytest.fixture(scope="module")
def ours(corpus):
    return [analysis.anomalies(series.values)["score"].to_numpy() for series in corpus]


def test_the_score_is_that_of_the_description(corpus, ours):
    best = windows_score.score(corpus, ours)
    assert by_hand(corpus, ours, best.threshold) == pytest.approx(best.points)
    assert by_hand(corpus, ours, 0.5) == pytest.approx(windows_score.score(corpus, ours, threshold=0.5).points)


def test_a_perfect_detector_has_a_hundred_points_and_a_silent_one_none(corpus):
    perfect = [np.zeros(len(series.values)) for series in corpus]
    for scores, series in zip(perfect, corpus, strict=True):
        for first, _ in series.windows:
            scores[first] = 1.0
    assert windows_score.score(corpus, perfect).points == pytest.approx(100)
    assert windows_score.score(corpus, [0 * scores for scores in perfect]).points == 0


@pytest.mark.slow
def test_the_detector_is_well_above_those_of_the_field(corpus, ours):
    points = windows_score.score(corpus, ours).points
    gauss = [baselines.windowed_gaussian(series.values.to_numpy()) for series in corpus]
    entropy = [baselines.relative_entropy(series.values.to_numpy()) for series in corpus]
    assert points >= 62
    assert points >= windows_score.score(corpus, gauss).points + 20
    assert points >= windows_score.score(corpus, entropy).points + 5


def test_the_default_threshold_is_near_the_best_one(corpus, ours):
    at_half = windows_score.score(corpus, ours, threshold=0.5).points
    assert at_half >= windows_score.score(corpus, ours).points - 6
