"""Anomaly detectors of the field, written from their published description, to stand beside ours in the same run.

* windowed Gaussian: distance from the mean of the last 600 rows in their standard deviations;
* relative entropy: Wang, Viswanathan, Choudur, Talwar, Satheesh and Schwan (2011), "Statistical techniques for online
  anomaly detection in data centers": the histogram of the last 52 values in five bins against all histograms before;
* nearest neighbours: Burnaev and Ishimtsev (2016), "Conformalized density- and distance-based anomaly detection in
  time-series data": distance of the last 19 values from 27 neighbours, as a rank among past distances;
* least squares segments: what Killick, Fearnhead and Eckley's PELT (2012) finds of changes of the mean, with the
  modified Bayes criterion 3 ln n and a variance of 1 after the series is scaled, as the R package changepoint does.
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import numpy.typing as npt

from benchmarks.statistics.windows_score import learning

Floats = npt.NDArray[np.float64]


def windowed_gaussian(values: Floats, *, window: int = 600) -> Floats:
    """Distance from the mean of the rows before, in standard deviations."""
    sums, squares = (np.concatenate([[0.0], np.cumsum(part)]) for part in (values, values * values))
    end = np.arange(len(values))
    start = np.maximum(end - window, 0)
    held = np.maximum(end - start, 1)
    mean = (sums[end] - sums[start]) / held
    variance = (squares[end] - squares[start]) / held - mean * mean
    score = np.abs(values - mean) / np.sqrt(np.maximum(variance, 1e-12))
    score[:5] = 0
    return np.asarray(score)


def relative_entropy(values: Floats, *, window: int = 52, bins: int = 5) -> Floats:
    """1 where the histogram of the window is like none before, else 0. The range of the series is known beforehand."""
    from scipy.stats import chi2

    low, high = float(values.min()), float(values.max())
    step = (high - low) / bins or 1.0
    level = np.minimum(((values - low) / step).astype(int), bins - 1)
    limit = chi2.isf(0.01, bins - 1)
    found = np.zeros(len(values))
    counts = np.bincount(level[:window], minlength=bins).astype(float)
    known: list[Floats] = []
    seen: list[int] = []
    for at in range(window - 1, len(values)):
        if at >= window:
            counts[level[at]] += 1
            counts[level[at - window]] -= 1
        share = counts / window
        if not known:
            known.append(share.copy())
            seen.append(1)
            continue
        others = np.array(known)
        with np.errstate(divide="ignore", invalid="ignore"):
            parts = np.where(share > 0, share * np.log(share / np.where(others > 0, others, 1e-300)), 0.0)
        apart = 2 * window * parts.sum(axis=1)
        nearest = int(apart.argmin())
        if apart[nearest] < limit:
            seen[nearest] += 1
            found[at] = float(seen[nearest] <= 1)
        else:
            known.append(share.copy())
            seen.append(1)
            found[at] = 1.0
    return found


def nearest_neighbours(values: Floats, *, neighbours: int = 27, width: int = 19) -> Floats:
    """Rank of the distance among past ones; after an alarm a fifth of the learning rows are given one half."""
    probation = learning(len(values))
    windows = np.lib.stride_tricks.sliding_window_view(values, width)
    found = np.zeros(len(values))
    past: list[Floats] = []
    waiting: list[Floats] = []
    distances: list[float] = []
    shape: Floats = np.eye(width, dtype=np.float64)
    rest = 0

    def distance(window: Floats, own: bool) -> float:
        apart = np.array(past) - window
        each = np.einsum("ij,jk,ik->i", apart, shape, apart)
        number = min(neighbours + own, len(each) - 1)
        return float(np.partition(each, number)[:number].sum())

    for row in range(width, len(values) + 1):
        window = windows[row - width]
        if row < probation:
            past.append(window)
            continue
        if row % probation in (0, probation // 2):
            known = np.array(past)
            with suppress(np.linalg.LinAlgError):  # then the shape stays as it was
                shape = np.asarray(np.linalg.inv(known.T @ known), dtype=np.float64)
        if not distances:
            distances = [distance(one, own=True) for one in past]
        here = distance(window, own=False)
        rank = float(np.mean(np.array(distances) < here))
        if row >= 2 * probation:
            past.pop(0)
            past.append(waiting.pop(0))
        distances.pop(0)
        waiting.append(window)
        distances.append(here)
        found[row - 1] = 0.5 if rest > 0 else rank
        if rest > 0:
            rest -= 1
        elif rank >= 0.9965:
            rest = probation // 5
    return found


def least_squares_segments(values: Floats, *, least: int = 2) -> list[int]:
    """First rows of new segments in the segmentation of least squares, each segment costing 3 ln n."""
    rows = len(values)
    scaled = (values - values.mean()) / (values.std() or 1.0)
    price = 3 * np.log(rows)
    sums, squares = (np.concatenate([[0.0], np.cumsum(part)]) for part in (scaled, scaled * scaled))
    best = np.full(rows + 1, np.inf)
    best[0] = -price
    begins = np.zeros(rows + 1, dtype=np.int64)
    for end in range(least, rows + 1):
        begin = np.arange(end - least + 1)
        cost = best[begin] + squares[end] - squares[begin] - (sums[end] - sums[begin]) ** 2 / (end - begin) + price
        begins[end] = int(cost.argmin())
        best[end] = cost[begins[end]]
    found: list[int] = []
    end = int(begins[rows])
    while end > 0:
        found.insert(0, end)
        end = int(begins[end])
    return found
