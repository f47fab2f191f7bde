"""Annotated series of many natures, made from a seed, and how near the changes that were found are to the marks.

They imitate what people draw by the year, the month, the week or the day: levels of a river, prices, passengers,
epidemics, debts, populations. Between 15 and 900 rows, with shifts of the level, bends, outliers, seasons, correlated
noise, and now and then nothing to find. Five annotators look at each series: a change that leaps to the eye is marked
by nearly all of them, to the row; a bend by some, a few rows off; and where a series wanders, each sees something else.

The measures are those of van den Burg and Williams (2020), "An evaluation of change point detection algorithms": F1
with a margin of 5 rows, the beginning of the series counted as a change that everyone finds, precision against the
marks of all and recall as the mean over annotators; and covering, the mean over annotators of the share of each
stretch that the best stretch found has in common with it (Jaccard).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Rng = np.random.Generator

ANNOTATORS = 5
MARGIN = 5


@dataclass(frozen=True, eq=False)
class Annotated:
    """A series, and the first rows of new stretches as each annotator marked them."""

    nature: str
    values: Floats
    marks: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class _Change:
    row: int
    seen: float
    """The share of annotators that mark it."""
    off: float
    """Standard deviation of their marks, in rows."""


def corpus(seed: int, *, each: int = 4) -> list[Annotated]:
    """`each` series of every nature."""
    made = []
    for number, (nature, make) in enumerate(NATURES.items()):
        for copy in range(each):
            rng = np.random.default_rng([seed, number, copy])
            values, changes = make(rng)
            made.append(Annotated(nature, np.asarray(values, dtype=np.float64), _marks(rng, len(values), changes)))
    return made


def _marks(rng: Rng, length: int, changes: Sequence[_Change]) -> tuple[tuple[int, ...], ...]:
    everyone = []
    for _ in range(ANNOTATORS):
        rows = {
            int(np.clip(round(change.row + rng.normal(0, change.off)), 1, length - 1))
            for change in changes
            if rng.random() < change.seen
        }
        everyone.append(tuple(sorted(rows)))
    return tuple(everyone)


def f1(one: Annotated, found: Sequence[int], margin: int = MARGIN) -> float:
    """F1 of the rows found against the annotators' marks."""
    rows = {0, *found}
    everything = {0}.union(*one.marks)
    precision = _matched(everything, rows, margin) / len(rows)
    recall = float(np.mean([_matched({0, *marks}, rows, margin) / len({0, *marks}) for marks in one.marks]))
    return 2 * precision * recall / (precision + recall)


def _matched(marks: set[int], rows: set[int], margin: int) -> int:
    left = set(rows)
    matched = 0
    for mark in sorted(marks):
        near = [row for row in left if abs(row - mark) <= margin]
        if near:
            left.remove(min(near, key=lambda row: abs(row - mark)))
            matched += 1
    return matched


def covering(one: Annotated, found: Sequence[int]) -> float:
    """The mean over annotators of the Jaccard-weighted covering of their stretches by those found."""
    length = len(one.values)
    ours = _stretches(found, length)
    shares = []
    for marks in one.marks:
        total = 0.0
        for first, last in _stretches(marks, length):
            best = 0.0
            for begin, end in ours:
                common = min(last, end) - max(first, begin)
                if common > 0:
                    best = max(best, common / (max(last, end) - min(first, begin)))
            total += (last - first) * best
        shares.append(total / length)
    return float(np.mean(shares))


def _stretches(rows: Sequence[int], length: int) -> list[tuple[int, int]]:
    edges = sorted({0, length, *rows})
    return list(itertools.pairwise(edges))


def _ar(rng: Rng, length: int, keep: float) -> Floats:
    """AR(1) with a standard deviation of 1."""
    from scipy.signal import lfilter

    shocks = rng.normal(0, np.sqrt(1 - keep**2), length)
    shocks[0] = rng.normal(0, 1)
    return np.asarray(lfilter([1.0], [1.0, -keep], shocks))


def _places(rng: Rng, length: int, number: int, apart: int) -> list[int]:
    for _ in range(200):
        rows = np.sort(rng.integers(apart, max(length - apart, apart + 1), number))
        if number < 2 or np.diff(rows).min() >= apart:
            return [int(row) for row in rows]
    return [int(row) for row in np.linspace(apart, length - apart, number + 2)[1:-1]]


def _level_path(rng: Rng, length: int, rows: Sequence[int], low: float, high: float) -> tuple[Floats, list[_Change]]:
    level = np.zeros(length)
    changes = []
    for row in rows:
        size = rng.uniform(low, high) * rng.choice([-1, 1])
        level[row:] += size
        changes.append(_Change(row, float(np.clip(abs(size) / 3, 0.4, 0.95)), 1.5 if abs(size) < 2.5 else 0.5))
    return level, changes


def _levels(rng: Rng) -> tuple[Floats, list[_Change]]:
    length = int(rng.integers(80, 400))
    level, changes = _level_path(rng, length, _places(rng, length, int(rng.integers(1, 5)), 15), 1.5, 5)
    return level + rng.normal(0, 1, length), changes


def _correlated_levels(rng: Rng) -> tuple[Floats, list[_Change]]:
    length = int(rng.integers(100, 600))
    level, changes = _level_path(rng, length, _places(rng, length, int(rng.integers(1, 4)), 25), 2, 5)
    return level + _ar(rng, length, rng.uniform(0.3, 0.75)), changes


def _steps_with_outliers(rng: Rng) -> tuple[Floats, list[_Change]]:
    length = int(rng.integers(300, 700))
    level, changes = _level_path(rng, length, _places(rng, length, int(rng.integers(4, 12)), 12), 3, 10)
    noise = _ar(rng, length, rng.uniform(0, 0.4))
    out = rng.random(length) < 0.012
    return level + noise + out * rng.choice([-1, 1], length) * rng.uniform(8, 25, length), changes


def _bent(rng: Rng, length: int, number: int, noise: float, keep: float, apart: int) -> tuple[Floats, list[_Change]]:
    rows = _places(rng, length, number, apart)
    slope = rng.normal(0, 1)
    path = np.zeros(length)
    edges = [0, *rows, length]
    changes = []
    at = 0.0
    slopes = []
    for first, last in itertools.pairwise(edges):
        slopes.append(slope)
        path[first:last] = at + slope * np.arange(last - first)
        at = path[last - 1] + slope
        slope = slope + rng.choice([-1, 1]) * rng.uniform(0.8, 2.5)
    spread = float(np.ptp(path)) or 1.0
    for row, before, after in zip(rows, slopes[:-1], slopes[1:], strict=True):
        changes.append(_Change(row, float(np.clip(abs(after - before) / 2, 0.4, 0.9)), max(1.0, length / 80)))
    return path + noise * spread * _ar(rng, length, keep), changes


def _yearly_bends(rng: Rng) -> tuple[Floats, list[_Change]]:
    length = int(rng.integers(15, 62))
    return _bent(rng, length, int(rng.integers(1, 3 if length < 30 else 4)), rng.uniform(0.005, 0.03), 0.4, 5)


def _smooth_bends(rng: Rng) -> tuple[Floats, list[_Change]]:
    length = int(rng.integers(100, 330))
    return _bent(rng, length, int(rng.integers(1, 5)), rng.uniform(0.003, 0.02), rng.uniform(0.5, 0.9), 20)


def _hump(rng: Rng) -> tuple[Floats, list[_Change]]:
    length = int(rng.integers(15, 60))
    top = int(length * rng.uniform(0.4, 0.75))
    x = np.arange(length)
    values = np.where(x < top, (x / top) ** rng.uniform(1, 2), 1 - rng.uniform(0.5, 1.2) * (x - top) / (length - top))
    off = max(1.0, length / 30)
    changes = [_Change(top, 0.8, off), _Change(max(int(top * 0.5), 3), 0.3, 2 * off)]
    return values + rng.normal(0, rng.uniform(0.01, 0.06), length), changes


def _growth(rng: Rng) -> tuple[Floats, list[_Change]]:
    length = int(rng.integers(50, 250))
    row = int(length * rng.uniform(0.35, 0.7))
    rate = rng.uniform(2, 4) / (length - row)
    x = np.arange(length)
    values = np.exp(rate * np.clip(x - row, 0, None))
    values = values / np.ptp(values)
    changes = [
        _Change(row + int(0.15 * (length - row)), 0.7, length / 30),
        _Change(int(0.65 * length + 0.35 * row), 0.3, length / 30),
    ]
    if rng.random() < 0.4:
        stop = int(row + (length - row) * rng.uniform(0.6, 0.85))
        values[stop:] = values[stop]
        changes.append(_Change(stop, 0.8, 1.5))
    return values * (1 + 0.03 * _ar(rng, length, 0.6)) + 0.01 * _ar(rng, length, 0.6), changes


def _wandering(rng: Rng) -> tuple[Floats, list[_Change]]:
    length = int(rng.integers(200, 800))
    steps = rng.standard_t(5, length)
    changes = []
    for row in _places(rng, length, int(rng.integers(1, 5)), 30):
        span = int(rng.integers(1, 25))
        size = rng.uniform(12, 30) * rng.choice([-1, 1])
        steps[row : row + span] += size / span
        changes.append(_Change(row, 0.7, 1.5))
        if span > 12:
            changes.append(_Change(row + span, 0.4, 2))
    values = np.cumsum(steps)
    moved = np.abs(values[20:] - values[:-20])
    changes += [_Change(int(at), 0.25, 4) for at in {int(moved.argmax()), int(rng.integers(20, length - 20))}]
    return values, changes


def _crash(rng: Rng) -> tuple[Floats, list[_Change]]:
    length = int(rng.integers(200, 620))
    row = int(length * rng.uniform(0.3, 0.8))
    steps = rng.normal(0, 0.015, length)
    span = int(rng.integers(5, 40))
    steps[row : row + span] += np.log(rng.uniform(0.2, 0.5)) / span
    after = rng.normal(0, 0.01, length)
    changes = [_Change(row, 0.85, 2), _Change(row + span, 0.6, 3)]
    return 100 * np.exp(np.cumsum(np.where(np.arange(length) > row + span, after, steps))), changes


def _season(rng: Rng, length: int, period: int) -> Floats:
    shape = rng.normal(0, 1, period)
    shape = shape + 2 * np.sin(2 * np.pi * (np.arange(period) / period + rng.random()))
    shape = (shape - shape.mean()) / shape.std()
    return np.asarray(np.tile(shape, length // period + 1)[:length])


def _monthly(rng: Rng) -> tuple[Floats, list[_Change]]:
    length = int(rng.integers(150, 470))
    trend = 1 + rng.uniform(-0.3, 1.5) * np.arange(length) / length
    changes = []
    for row in _places(rng, length, int(rng.integers(0, 3)), 40):
        trend[row:] *= rng.choice([rng.uniform(0.55, 0.8), rng.uniform(1.25, 1.6)])
        changes.append(_Change(row, 0.75, 2))
    values = trend * (1 + rng.uniform(0.03, 0.15) * _season(rng, length, 12))
    return values * np.exp(0.03 * _ar(rng, length, 0.5)), changes


def _weekday(rng: Rng) -> tuple[Floats, list[_Change]]:
    length = int(rng.integers(200, 600))
    level, changes = _level_path(rng, length, _places(rng, length, int(rng.integers(1, 4)), 40), 1.5, 5)
    return level + rng.uniform(0.5, 1.5) * _season(rng, length, 7) + rng.normal(0, 1, length), changes


def _epidemics(rng: Rng) -> tuple[Floats, list[_Change]]:
    length = int(rng.integers(500, 900))
    row = int(length * rng.uniform(0.35, 0.75))
    period = int(rng.choice([52, 104]))
    wave = np.sin(2 * np.pi * np.arange(length) / period) * rng.uniform(1, 1.7) + 0.5 * _ar(rng, length, 0.9)
    mean = 200 * np.exp(wave) * np.where(np.arange(length) < row, 1, rng.uniform(0.05, 0.2))
    return rng.poisson(mean).astype(np.float64), [_Change(row, 0.8, 8)]


def _spread(rng: Rng) -> tuple[Floats, list[_Change]]:
    length = int(rng.integers(150, 400))
    row = int(length * rng.uniform(0.3, 0.7))
    noise = np.where(np.arange(length) < row, 1, rng.choice([1 / rng.uniform(2.5, 5), rng.uniform(2.5, 5)]))
    return noise * rng.normal(0, 1, length), [_Change(row, 0.7, 3)]


def _auction(rng: Rng) -> tuple[Floats, list[_Change]]:
    """Rises, with one odd month, falls at once, and rises again."""
    length = int(rng.integers(100, 250))
    row = int(length * rng.uniform(0.3, 0.7))
    x = np.arange(length) / length
    values = rng.uniform(1, 3) * x - (x >= row / length) * rng.uniform(0.3, 0.9)
    values += 0.04 * _ar(rng, length, 0.6)
    values[int(rng.integers(5, length - 5))] -= rng.uniform(0.6, 1.2)
    return values, [_Change(row, 0.9, 0.7)]


def _noise_only(rng: Rng) -> tuple[Floats, list[_Change]]:
    length = int(rng.integers(50, 400))
    kind = int(rng.integers(0, 4))
    noise = _ar(rng, length, rng.choice([0.0, 0.3, 0.6])) if kind else rng.gamma(2, 1, length)
    return noise + (rng.uniform(2, 10) * np.arange(length) / length if kind == 2 else 0.0), []


def _smooth_growth(rng: Rng) -> tuple[Floats, list[_Change]]:
    """A population: hardly anything to see."""
    length = int(rng.integers(200, 820))
    x = np.arange(length) / length
    values = np.exp(rng.uniform(0.3, 1.0) * x) + 0.0005 * np.cumsum(rng.normal(0, 1, length)) / np.sqrt(length)
    values += 0.002 * _season(rng, length, 12)
    return values, [_Change(int(length * rng.uniform(0.4, 0.6)), 0.25, 20)]


NATURES: dict[str, Callable[[Rng], tuple[Floats, list[_Change]]]] = {
    "levels": _levels,
    "levels, correlated": _correlated_levels,
    "steps and outliers": _steps_with_outliers,
    "bends by the year": _yearly_bends,
    "smooth bends": _smooth_bends,
    "rise and fall": _hump,
    "growth": _growth,
    "wandering": _wandering,
    "crash": _crash,
    "months": _monthly,
    "weekdays": _weekday,
    "epidemics": _epidemics,
    "spread": _spread,
    "auction": _auction,
    "population": _smooth_growth,
    "nothing": _noise_only,
}
