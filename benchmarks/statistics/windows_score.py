"""The scoring of the Numenta Anomaly Benchmark, written from its published description, for labelled series of any kind.

Lavin and Ahmad (2015), "Evaluating real-time anomaly detection algorithms: the Numenta Anomaly Benchmark". Inside a
label's window only the first alarm counts, the more the earlier; an alarm outside costs up to 0.11 of a found anomaly,
the less the shorter it is behind a window; a missed window costs 1. The first 15 % of a series (at most 750 rows) are
for learning and are not scored. One threshold is chosen for the whole corpus. 0 is a detector that never alarms, 100 a
perfect one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.statistics.labelled_series import Labelled

Floats = npt.NDArray[np.float64]

FALSE_ALARM = 0.11
MISS = 1.0


@dataclass(frozen=True)
class Score:
    """The best threshold over a corpus, and what it gave."""

    points: float
    threshold: float
    found: int
    windows: int
    false_alarms: int
    rows: int


def sigmoid(position: Floats) -> Floats:
    """1 well before, 0 at the right end of a window, −1 well behind it."""
    return np.asarray(np.where(position > 3, -1.0, 2 / (1 + np.exp(5 * np.minimum(position, 3))) - 1))


def rewards(series: Labelled) -> tuple[Floats, npt.NDArray[np.int64]]:
    """What an alarm at each row is worth, and the window that it lies in (−1 for none)."""
    length = len(series.values)
    worth = np.full(length, -FALSE_ALARM)
    window_of = np.full(length, -1, dtype=np.int64)
    for number, (first, last) in enumerate(series.windows):
        until = series.windows[number + 1][0] if number + 1 < len(series.windows) else length
        width = last - first + 1
        behind = (np.arange(last + 1, until) - last) / max(width - 1, 1)
        worth[last + 1 : until] = FALSE_ALARM * sigmoid(behind)
        inside = -(last - np.arange(first, last + 1) + 1) / width
        worth[first : last + 1] = sigmoid(inside) / sigmoid(np.array(-1.0))
        window_of[first : last + 1] = number
    return worth, window_of


def learning(length: int) -> int:
    """Rows at the start that are not scored."""
    return int(min(0.15 * length, 0.15 * 5000))


def score(corpus: Sequence[Labelled], scores: Sequence[Floats], *, threshold: float | None = None) -> Score:
    """Points at the best threshold, or at the one given."""
    marks, gains, alarms, hits = [], [], [], []
    windows = rows = 0
    for series, found in zip(corpus, scores, strict=True):
        worth, window_of = rewards(series)
        start = learning(len(worth))
        rows += len(worth) - start
        marks_here = np.asarray(found, dtype=np.float64)[start:]
        worth, window_of = worth[start:], window_of[start:]
        outside = window_of < 0
        marks.append(marks_here[outside])
        gains.append(worth[outside])
        alarms.append(np.ones(outside.sum()))
        hits.append(np.zeros(outside.sum()))
        for number in range(len(series.windows)):
            inside = np.flatnonzero(window_of == number)
            windows += 1
            if not len(inside):
                continue
            # at a falling threshold, the first alarm of a window moves to the front: each record counts its gain
            record = np.maximum.accumulate(marks_here[inside][::-1])[::-1]
            keep = marks_here[inside] > np.concatenate([[-np.inf], np.maximum.accumulate(marks_here[inside])[:-1]])
            del record
            order = inside[keep][::-1]  # highest mark first, which is the latest row
            value = worth[order]
            marks.append(marks_here[order])
            gains.append(np.diff(np.concatenate([[-MISS], value])))
            alarms.append(np.zeros(len(order)))
            hits.append(np.concatenate([[1.0], np.zeros(len(order) - 1)]))
    mark, gain = np.concatenate(marks), np.concatenate(gains)
    order = np.argsort(-mark, kind="stable")
    total = np.cumsum(gain[order]) - MISS * windows
    last = np.flatnonzero(np.append(np.diff(mark[order]) != 0, True))  # only between different marks
    if threshold is None:
        if not len(last):
            return Score(0.0, np.inf, 0, windows, 0, rows)
        best = int(last[np.argmax(total[last])])
        if total[best] <= -MISS * windows:
            return Score(0.0, np.inf, 0, windows, 0, rows)
    else:
        passing = np.flatnonzero(mark[order] >= threshold)
        if not len(passing):
            return Score(0.0, threshold, 0, windows, 0, rows)
        best = int(passing[-1])
    points = 100 * (total[best] + MISS * windows) / (2 * windows) if windows else 0.0
    return Score(
        points=float(points),
        threshold=float(mark[order][best]),
        found=int(np.concatenate(hits)[order][: best + 1].sum()),
        windows=windows,
        false_alarms=int(np.concatenate(alarms)[order][: best + 1].sum()),
        rows=rows,
    )
