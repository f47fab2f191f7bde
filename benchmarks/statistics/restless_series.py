"""Labelled series of nine more kinds, whose usual state is restless: what looks odd in them is mostly normal.

Mentions that bring others, a worker that switches between loads, a slow temperature, demand by day and week, sparse
requests, jobs at moments that wander, memory that fills and is collected, whole percents, and a road's occupancy with
gaps. Labels are those of :mod:`benchmarks.statistics.labelled_series`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.statistics.labelled_series import (
    Floats,
    Kinds,
    Labelled,
    autoregressive,
    corpus,
    hours,
    labelled,
    places,
    times,
)

_DAYS = 2 * np.pi / 24


def restless(seed: int, *, each: int = 6) -> list[Labelled]:
    """`each` series of every kind; every third one has no anomaly at all."""
    return corpus(seed, each=each, kinds=KINDS, first=100)


def _cascades(rng: np.random.Generator, kind: str, number: int) -> Labelled:
    length = int(rng.integers(8000, 15_800))
    index = times(rng, length, 300)
    hour, weekend = hours(index)
    level = 10 ** rng.uniform(0.3, 1.7)
    base = level * np.clip(1 + 0.6 * np.sin((hour - 9) * _DAYS), 0.1, None) * np.where(weekend, 0.75, 1)
    onsets = places(rng, length, number)
    news = np.zeros(length)
    for at in onsets:
        news[at : at + int(rng.integers(1, 4))] += level * rng.uniform(10, 40)
    keep, branching = np.exp(-1 / rng.uniform(1.5, 6)), rng.uniform(0.3, 0.7)
    stray = rng.random(length) < rng.uniform(0.002, 0.006)  # passed around for no reason: normal
    news += stray * level * np.minimum(rng.pareto(1.6, length) + 0.3, 12)
    counts = np.zeros(length)
    echo = 0.0
    for at in range(length):
        counts[at] = rng.poisson((base[at] * (1 - branching) + echo + news[at]) * rng.gamma(6, 1 / 6))
        echo = keep * echo + branching * (1 - keep) * counts[at]
    return labelled(kind, index, counts, onsets)


def _loads(rng: np.random.Generator, kind: str, number: int) -> Labelled:
    length = 4032
    index = times(rng, length, 300)
    levels = np.sort(rng.uniform(5, 70, int(rng.integers(2, 4))))
    leaves = rng.random(length) < 1 / rng.uniform(40, 200)
    state = 0
    values = np.zeros(length)
    for at in range(length):
        if leaves[at]:
            state = int(rng.integers(0, len(levels)))
        values[at] = levels[state]
    values *= 1 + rng.uniform(0.02, 0.1) * autoregressive(rng, length, 0.4, 1.0)
    onsets = places(rng, length, number)
    for at in onsets:
        what = rng.integers(0, 3)
        piece = slice(at, at + int(rng.integers(10, 200)))
        rows = len(values[piece])
        if what == 0:
            values[piece] = 99 + rng.normal(0, 0.3, rows)
        elif what == 1:
            values[piece] = rng.uniform(0, 1)
        else:
            values[piece] *= 1 + rng.normal(0, 0.8, rows)
    return labelled(kind, index, np.clip(values, 0, 100), onsets)


def _slow(rng: np.random.Generator, kind: str, number: int) -> Labelled:
    length = int(rng.integers(7000, 22_000))
    index = times(rng, length, 300 if rng.random() < 0.7 else 3600)
    hour, _ = hours(index)
    values = 70 + autoregressive(rng, length, 0.998, rng.uniform(2, 6)) + rng.normal(0, rng.uniform(0.3, 1.5), length)
    values += rng.uniform(0, 3) * np.sin(hour * _DAYS)
    for at in rng.integers(0, length, int(rng.integers(0, 4))):  # a door stands open: normal
        values[at : at + int(rng.integers(12, 60))] -= rng.uniform(3, 8)
    onsets = places(rng, length, number)
    for at in onsets:
        what = rng.integers(0, 3)
        piece = slice(at, at + int(rng.integers(100, 600)))
        rows = np.arange(len(values[piece]))
        if what == 0:
            values[piece] -= rng.uniform(20, 60) * np.exp(-rows / 150)
        elif what == 1:
            values[piece] += rng.uniform(15, 30) * np.minimum(rows / 80, 1)
        else:
            values[piece] = values[at]
    return labelled(kind, index, values, onsets)


def _demand(rng: np.random.Generator, kind: str, number: int) -> Labelled:
    length = int(rng.integers(6000, 10_320))
    index = times(rng, length, 1800)
    hour, weekend = hours(index)
    work = np.clip(1 + 0.75 * np.sin((hour - 11) * _DAYS) + 0.25 * np.sin((hour - 6) * 2 * _DAYS), 0.12, None)
    rest = np.clip(1 + 0.6 * np.sin((hour - 14) * _DAYS) + 0.3 * (hour < 4), 0.12, None)
    noise = autoregressive(rng, length, 0.97, 0.05) + rng.normal(0, 0.04, length)
    values = 15_000 * np.where(weekend, rest, work) * np.exp(noise)
    onsets = places(rng, length, number)
    for at in onsets:
        what = rng.integers(0, 3)
        if what == 0:  # a holiday
            day = slice(at - at % 48, at - at % 48 + 48)
            values[day] *= np.where(hour[day] > 5, rng.uniform(0.3, 0.6), 1)
        elif what == 1:
            values[at : at + int(rng.integers(6, 50))] *= rng.uniform(0.05, 0.4)
        else:
            values[at : at + int(rng.integers(2, 10))] *= rng.uniform(1.5, 2.2)
    return labelled(kind, index, np.round(values), onsets)


def _sparse(rng: np.random.Generator, kind: str, number: int) -> Labelled:
    length = 4032
    index = times(rng, length, 300)
    level = rng.uniform(0.5, 40)
    values = rng.negative_binomial(rng.uniform(0.7, 3), 0.5, length) * level
    values += (rng.random(length) < rng.uniform(0, 0.02)) * level * rng.gamma(1.5, 8, length)  # short bursts: normal
    onsets = places(rng, length, number)
    for at in onsets:
        what = rng.integers(0, 3)
        if what == 0:
            values[at : at + int(rng.integers(1, 6))] += level * rng.uniform(30, 100)
        elif what == 1:
            values[at : at + int(rng.integers(60, 300))] *= rng.uniform(3, 6)
        else:
            values[at : at + int(rng.integers(100, 300))] = 0
    return labelled(kind, index, np.round(values), onsets)


def _jobs(rng: np.random.Generator, kind: str, number: int) -> Labelled:
    length = int(rng.integers(4000, 5000))
    index = times(rng, length, 300)
    scale = 10 ** rng.uniform(3, 7)
    values = scale * rng.gamma(rng.uniform(1, 4), 0.3, length)
    period, height = int(rng.choice([12, 36, 72, 144])), rng.uniform(5, 40)
    at = int(rng.integers(0, period))
    while at < length:  # each at a moment and of a height of its own: normal
        values[at : at + int(rng.integers(1, 5))] += scale * height * rng.lognormal(0, 0.35)
        at += period + int(rng.integers(-period // 6, period // 6 + 1))
    onsets = places(rng, length, number)
    for at in onsets:
        what = rng.integers(0, 3)
        if what == 0:
            values[at : at + int(rng.integers(2, 8))] += scale * height * rng.uniform(4, 8)
        elif what == 1:
            values[at : at + int(rng.integers(60, 200))] += scale * height * 0.6
        else:
            values[at : at + int(rng.integers(100, 300))] = scale * 0.02
    return labelled(kind, index, values, onsets)


def _memory(rng: np.random.Generator, kind: str, number: int) -> Labelled:
    length = 4032
    index = times(rng, length, 300)
    filled, slope, full = 30.0, rng.uniform(0.05, 0.8), rng.uniform(55, 80)
    values = np.zeros(length)
    for at in range(length):
        filled += slope * rng.gamma(2, 0.5)
        if filled > full * rng.uniform(0.93, 1.03):
            filled = rng.uniform(25, 35)
        values[at] = filled
    values += rng.normal(0, rng.uniform(0.1, 1), length)
    onsets = places(rng, length, number)
    for at in onsets:
        what = rng.integers(0, 3)
        piece = slice(at, at + int(rng.integers(20, 200)))
        if what == 0:
            values[piece] = np.minimum(values[piece] + np.linspace(0, 30, len(values[piece])), 99)
        elif what == 1:
            values[piece] = rng.uniform(2, 8)
        else:
            values[piece] = values[at]
    return labelled(kind, index, values, onsets)


def _percents(rng: np.random.Generator, kind: str, number: int) -> Labelled:
    length = 4032
    index = times(rng, length, 300)
    hour, _ = hours(index)
    mean = rng.uniform(0.3, 6)
    values = rng.poisson(mean * (1 + 0.4 * np.sin(hour * _DAYS)), length).astype(np.float64)
    values += (rng.random(length) < 0.003) * rng.integers(4, 15, length)
    onsets = places(rng, length, number)
    for at in onsets:
        what = rng.integers(0, 3)
        if what == 0:
            values[at : at + int(rng.integers(1, 4))] += rng.uniform(30, 80)
        elif what == 1:
            values[at:] += rng.integers(3, 12) + mean
        else:
            values[at : at + int(rng.integers(20, 150))] += rng.poisson(mean * 2 + 3)
    return labelled(kind, index, np.round(values), onsets)


def _occupancy(rng: np.random.Generator, kind: str, number: int) -> Labelled:
    length = int(rng.integers(1500, 2600))
    gaps = rng.choice([300, 600, 900, 3600, 86_400], size=length, p=[0.62, 0.25, 0.1, 0.028, 0.002]).cumsum()
    start = pd.Timestamp("2024-02-05", tz="UTC")
    index = pd.DatetimeIndex(start + pd.to_timedelta(gaps, unit="s")).as_unit("us").rename("time")
    hour, weekend = hours(index)
    rush = np.exp(-((hour - 8) ** 2) / 2) + np.exp(-((hour - 17) ** 2) / 4)
    light = np.clip(np.sin((hour - 4) / 24 * np.pi * 1.2), 0.15, None)
    values: Floats = rng.gamma(3, 1, length) * (1 + 2.5 * rush * ~weekend) * light
    onsets = places(rng, length, number)
    for at in onsets:
        values[at : at + int(rng.integers(3, 25))] += rng.uniform(25, 60)
    return labelled(kind, index, np.round(values, 2), onsets)


KINDS: Kinds = {
    "cascades": _cascades,
    "loads": _loads,
    "slow": _slow,
    "demand": _demand,
    "sparse": _sparse,
    "jobs": _jobs,
    "memory": _memory,
    "percents": _percents,
    "occupancy": _occupancy,
}
