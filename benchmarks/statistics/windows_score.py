"""The scoring of the Numenta Anomaly Benchmark, written from its published description, for labelled series.

Lavin and Ahmad (2015), "Evaluating real-time anomaly detection algorithms: the Numenta Anomaly Benchmark". Inside a
label's window only the first alarm counts, the more the earlier; an alarm outside costs up to 0.11 of a found anomaly,
the less the shorter it is behind a window; a missed window costs 1. The first 15 % of a series (at most 750 rows) are
for learning and are not scored. One threshold is chosen for the whole corpus. 0 is a detector that never alarms, 100 a
perfect one. Two other profiles count a false alarm, or a miss, twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.statistics.labelled_series import Labelled

Floats = npt.NDArray[np.float64]


class Profile(NamedTuple):
    """What a false alarm and a miss cost, in found anomalies."""

    false_alarm: float = 0.11
    miss: float = 1.0


STANDARD = Profile()
FEW_FALSE_ALARMS = Profile(false_alarm=0.22)
FEW_MISSES = Profile(miss=2.0)


@dataclass(frozen=True)
class Score:
    """A threshold over a corpus, and what it gave."""

    points: float
    threshold: float
    found: int
    windows: int
    false_alarms: int
    rows: int


def sigmoid(position: Floats) -> Floats:
    """1 well before, 0 at the right end of a window, −1 well behind it."""
    return np.asarray(np.where(position > 3, -1.0, 2 / (1 + np.exp(5 * np.minimum(position, 3))) - 1))


def rewards(series: Labelled, profile: Profile = STANDARD) -> tuple[Floats, npt.NDArray[np.int64]]:
    """What an alarm at each row is worth, and the window that it lies in (−1 for none)."""
    length = len(series.values)
    worth = np.full(length, -profile.false_alarm)
    window_of = np.full(length, -1, dtype=np.int64)
    for number, (first, last) in enumerate(series.windows):
        until = series.windows[number + 1][0] if number + 1 < len(series.windows) else length
        width = last - first + 1
        behind = (np.arange(last + 1, until) - last) / max(width - 1, 1)
        worth[last + 1 : until] = profile.false_alarm * sigmoid(behind)
        inside = -(last - np.arange(first, last + 1) + 1) / width
        worth[first : last + 1] = sigmoid(inside) / sigmoid(np.array(-1.0))
        window_of[first : last + 1] = number
    return worth, window_of


def learning(length: int) -> int:
    """Rows at the start that are not scored."""
    return int(min(0.15 * length, 750))


def score(
    corpus: Sequence[Labelled],
    scores: Sequence[Floats],
    *,
    threshold: float | None = None,
    profile: Profile = STANDARD,
) -> Score:
    """Return the points at the best threshold for the corpus, or at the given one; a higher score of a row is odder."""
    steps: list[tuple[Floats, Floats, Floats, Floats]] = []  # score, gain, false alarm, window found
    windows = rows = 0
    for series, found in zip(corpus, scores, strict=True):
        worth, window_of = rewards(series, profile)
        start = learning(len(worth))
        rows += len(worth) - start
        here, worth, window_of = np.asarray(found, dtype=np.float64)[start:], worth[start:], window_of[start:]
        outside = window_of < 0
        alone = int(outside.sum())
        steps.append((here[outside], worth[outside], np.ones(alone), np.zeros(alone)))
        for number in range(len(series.windows)):
            windows += 1
            inside = np.flatnonzero(window_of == number)
            if not len(inside):
                continue
            # as the threshold falls, the window's first alarm moves forward through the rows that top all before them
            marks_here = here[inside]
            tops = marks_here > np.concatenate([[-np.inf], np.maximum.accumulate(marks_here)[:-1]])
            order = inside[tops][::-1]
            gain = np.diff(np.concatenate([[-profile.miss], worth[order]]))
            first = np.zeros(len(order))
            first[0] = 1.0
            steps.append((here[order], gain, np.zeros(len(order)), first))
    mark, gain, alarm, hit = (np.concatenate([step[part] for step in steps]) for part in range(4))
    order = np.argsort(-mark, kind="stable")
    mark = mark[order]
    gained = np.cumsum(gain[order])
    whole = np.append(np.diff(mark) != 0, True)  # a threshold lies between different marks only
    if threshold is None:
        best = int(np.argmax(np.where(whole, gained, -np.inf)))
        if gained[best] <= 0:
            return Score(0.0, float("inf"), 0, windows, 0, rows)
    else:
        best = int(np.count_nonzero(mark >= threshold)) - 1
        if best < 0:
            return Score(0.0, threshold, 0, windows, 0, rows)
    return Score(
        points=float(100 * gained[best] / ((1 + profile.miss) * windows)) if windows else 0.0,
        threshold=float(mark[best]) if threshold is None else threshold,
        found=int(hit[order][: best + 1].sum()),
        windows=windows,
        false_alarms=int(alarm[order][: best + 1].sum()),
        rows=rows,
    )
