"""Labelled series of many kinds, made from a seed, for measuring anomaly detectors.

Each kind imitates a metric that people watch: noisy CPU, bytes on a network with nightly backups, requests with the
shape of day and week, a machine's temperature, mentions of a name, clicks' prices, latencies, speeds sampled at odd
moments, and square waves. Into each series zero to four anomalies are put: spikes, level shifts, drifts, noise that
grows or dies, missing peaks, odd hours. What is normal for a kind (a backup's spike, a noisy afternoon, a short burst)
is not labelled.

Labels are windows around the onset, as the Numenta Anomaly Benchmark has them: a tenth of the series in all, shared by
its anomalies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
DAY = 86_400


@dataclass(frozen=True, eq=False)
class Labelled:
    """A series and the windows, as positions `(first, last)`, in which an alarm is right."""

    kind: str
    values: pd.Series
    onsets: tuple[int, ...]
    windows: tuple[tuple[int, int], ...]


def corpus(seed: int, *, each: int = 6, kinds: Kinds | None = None, first: int = 0) -> list[Labelled]:
    """`each` series of every kind, numbered from `first` for their seeds; every third one has no anomaly at all."""
    made = []
    for number, (kind, make) in enumerate((KINDS if kinds is None else kinds).items(), first):
        for copy in range(each):
            rng = np.random.default_rng([seed, number, copy])
            made.append(make(rng, kind, 0 if copy % 3 == 2 else int(rng.integers(1, 5))))
    return made


def labelled(kind: str, index: pd.DatetimeIndex, values: Floats, onsets: list[int]) -> Labelled:
    """A series with a window around each onset."""
    length = len(values)
    width = int(0.1 * length / max(len(onsets), 1))
    windows: list[tuple[int, int]] = []
    for onset in sorted(onsets):
        first = max(onset - width // 2, (windows[-1][1] + 1) if windows else 0)
        windows.append((first, min(first + width, length - 1)))
    return Labelled(kind, pd.Series(values, index=index, name=kind), tuple(sorted(onsets)), tuple(windows))


def times(rng: np.random.Generator, length: int, seconds: int) -> pd.DatetimeIndex:
    """Regular times from a random weekday and hour."""
    start = pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(int(rng.integers(0, 14 * 24)), unit="h")
    return pd.date_range(start, periods=length, freq=pd.Timedelta(seconds, unit="s"), unit="us", name="time")


def places(rng: np.random.Generator, length: int, number: int) -> list[int]:
    """Onsets in the last four fifths, well apart."""
    if not number:
        return []
    cells = np.linspace(0.2 * length, 0.97 * length, number + 1)
    return [int(rng.uniform(a + 0.1 * (b - a), b - 0.2 * (b - a))) for a, b in pairwise(cells)]


def autoregressive(rng: np.random.Generator, length: int, keep: float, spread: float) -> Floats:
    """An AR(1) process with the stationary standard deviation `spread`."""
    from scipy.signal import lfilter

    shocks = rng.normal(0, spread * np.sqrt(1 - keep**2), length)
    return np.asarray(lfilter([1.0], [1.0, -keep], shocks))


def hours(index: pd.DatetimeIndex) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """The hour of the day, 0 to 24, and whether it is a weekend."""
    seconds = index.as_unit("us").asi8 // 1_000_000
    return (seconds % DAY) / 3600, np.asarray(index.day_of_week >= 5)


def _cpu(rng: np.random.Generator, kind: str, number: int) -> Labelled:
    length = 4032
    index = times(rng, length, 300)
    level, noise = rng.uniform(1, 60), rng.uniform(0.02, 0.25)
    values = level * (1 + noise * autoregressive(rng, length, rng.uniform(0, 0.8), 1.0))
    busy = rng.random(length) < rng.choice([0.0, 0.005, 0.02])  # short jobs are normal
    values += busy * level * rng.gamma(2, 0.5, length)
    onsets = places(rng, length, number)
    for at in onsets:
        what = rng.integers(0, 5)
        span = int(rng.integers(6, 250))
        if what == 0:
            values[at : at + int(rng.integers(1, 4))] += level * rng.uniform(2.5, 8) * (1 + busy.any() * 2)
        elif what == 1:
            values[at:] += level * rng.choice([-0.6, 0.8, 1.5])
        elif what == 2:
            values[at : at + span] *= rng.choice([0.2, 2.5])
        elif what == 3:
            values[at : at + span] += level * noise * rng.normal(0, 4, len(values[at : at + span]))
        else:
            rise = np.clip((np.arange(length) - at) / 300, 0, 1)
            values += level * 1.5 * rise
    return labelled(kind, index, np.clip(values, 0, None), onsets)


def _network(rng: np.random.Generator, kind: str, number: int) -> Labelled:
    length = int(rng.integers(4000, 6000))
    index = times(rng, length, 300)
    hour, _ = hours(index)
    scale = 10 ** rng.uniform(4, 7)
    values = scale * np.exp(autoregressive(rng, length, 0.5, rng.uniform(0.2, 0.7)))
    backup = (hour >= 2) & (hour < 2 + rng.choice([0.25, 0.5, 1.0]))
    height = scale * rng.uniform(8, 25)
    values += backup * height * rng.uniform(0.8, 1.2, length)
    onsets = places(rng, length, number)
    for at in onsets:
        what = rng.integers(0, 3)
        if what == 0:
            span = int(rng.integers(1, 12))
            values[at : at + span] += height * rng.uniform(1.5, 4)
        elif what == 1:
            span = int(rng.integers(30, 200))
            values[at : at + span] += height * rng.uniform(0.4, 0.9)
        else:
            span = int(rng.integers(40, 300))
            values[at : at + span] = scale * 0.02 * rng.random(len(values[at : at + span]))
    return labelled(kind, index, values, onsets)


def _requests(rng: np.random.Generator, kind: str, number: int) -> Labelled:
    seconds = int(rng.choice([300, 1800, 3600]))
    length = {300: 8064, 1800: 6000, 3600: 3000}[seconds]
    index = times(rng, length, seconds)
    hour, weekend = hours(index)
    level = 10 ** rng.uniform(1.5, 4)
    shape = 1 + rng.uniform(0.4, 0.9) * np.sin((hour - 9) / 24 * 2 * np.pi) + 0.2 * np.sin((hour - 5) / 12 * 2 * np.pi)
    mean = level * np.clip(shape, 0.05, None) * np.where(weekend, rng.uniform(0.5, 1), 1)
    mean = mean * np.exp(autoregressive(rng, length, 0.95, rng.uniform(0.02, 0.1)))
    onsets = places(rng, length, number)
    day = DAY // seconds
    for at in onsets:
        what = rng.integers(0, 4)
        span = int(day * rng.uniform(0.08, 1.0))
        if what == 0:
            mean[at : at + span] *= rng.uniform(0, 0.4)
        elif what == 1:
            mean[at : at + span] *= rng.uniform(1.8, 3)
        elif what == 2:
            mean[at : at + day] = mean[at : at + day].mean() * 0.6  # a holiday without a shape
        else:
            mean[at:] *= rng.choice([0.5, 1.7])
    return labelled(kind, index, rng.poisson(mean).astype(np.float64), onsets)


def _temperature(rng: np.random.Generator, kind: str, number: int) -> Labelled:
    length = int(rng.integers(7000, 16000))
    index = times(rng, length, 300)
    hour, _ = hours(index)
    values = 85 + autoregressive(rng, length, 0.999, rng.uniform(3, 8)) + autoregressive(rng, length, 0.8, 1.0)
    values += rng.uniform(0, 2) * np.sin(hour / 24 * 2 * np.pi)
    onsets = places(rng, length, number)
    for at in onsets:
        what = rng.integers(0, 3)
        span = int(rng.integers(60, 500))
        back = np.exp(-np.arange(length - at) / span)
        if what == 0:
            values[at:] -= rng.uniform(35, 75) * back
        elif what == 1:
            values[at:] += rng.uniform(20, 35) * back
        else:
            ramp = np.clip(np.arange(length - at) / span, 0, 1) * np.exp(
                -np.clip(np.arange(length - at) - span, 0, None) / 80
            )
            values[at:] -= rng.uniform(30, 60) * ramp
    return labelled(kind, index, values, onsets)


def _mentions(rng: np.random.Generator, kind: str, number: int) -> Labelled:
    length = 15_800
    index = times(rng, length, 300)
    hour, weekend = hours(index)
    level = 10 ** rng.uniform(0.5, 2)
    mean = level * (1 + 0.7 * np.sin((hour - 10) / 24 * 2 * np.pi)) * np.where(weekend, 0.8, 1)
    mean = mean * np.exp(autoregressive(rng, length, 0.9, 0.3))
    for at in rng.integers(0, length, 40):  # a post that is passed around: normal
        mean[at:] += level * rng.pareto(2.5) * 1.5 * np.exp(-np.arange(length - at) / rng.uniform(2, 10))
    onsets = places(rng, length, number)
    for at in onsets:
        mean[at:] += level * rng.uniform(12, 40) * np.exp(-np.arange(length - at) / rng.uniform(10, 100))
    counts = rng.poisson(mean * rng.gamma(4, 0.25, length))
    return labelled(kind, index, counts.astype(np.float64), onsets)


def _price(rng: np.random.Generator, kind: str, number: int) -> Labelled:
    length = int(rng.integers(1500, 1700))
    index = times(rng, length, 3600)
    hour, _ = hours(index)
    values = rng.uniform(0.1, 2) * np.exp(rng.normal(0, 0.35, length) + 0.2 * np.sin(hour / 24 * 2 * np.pi))
    often = rng.random(length) < 0.015
    values *= 1 + often * rng.gamma(2, 0.8, length)
    onsets = places(rng, length, number)
    for at in onsets:
        if rng.random() < 0.6:
            values[at : at + int(rng.integers(1, 4))] *= rng.uniform(8, 20)
        else:
            values[at : at + int(rng.integers(24, 96))] *= rng.choice([0.35, 2.2])
    return labelled(kind, index, values, onsets)


def _latency(rng: np.random.Generator, kind: str, number: int) -> Labelled:
    length = 4032
    index = times(rng, length, 300)
    base = rng.uniform(20, 60)
    values = base + rng.gamma(3, 1.5, length) + (rng.random(length) < 0.01) * rng.gamma(2, 8, length)
    onsets = places(rng, length, number)
    for at in onsets:
        what = rng.integers(0, 4)
        span = int(rng.integers(12, 300))
        piece = slice(at, at + span)
        if what == 0:
            values[piece] += rng.uniform(3, 10)
        elif what == 1:
            values[piece] = values[at]  # a stuck sensor
        elif what == 2:
            values[piece] += (rng.random(len(values[piece])) < 0.3) * rng.gamma(2, 12, len(values[piece]))
        else:
            values[at : at + 2] += rng.uniform(100, 300)
    return labelled(kind, index, values, onsets)


def _speed(rng: np.random.Generator, kind: str, number: int) -> Labelled:
    length = int(rng.integers(1100, 2500))
    gaps = rng.choice([300, 600, 900, 3600], size=length, p=[0.6, 0.25, 0.1, 0.05]).cumsum()
    start = pd.Timestamp("2024-02-05", tz="UTC")
    index = pd.DatetimeIndex(start + pd.to_timedelta(gaps, unit="s")).as_unit("us").rename("time")
    hour, weekend = hours(index)
    rush = np.exp(-((hour - 8) ** 2) / 2) + np.exp(-((hour - 17) ** 2) / 3)
    values = 68 - 15 * rush * ~weekend * rng.uniform(0.3, 1) + rng.normal(0, 4, length)
    onsets = places(rng, length, number)
    for at in onsets:
        values[at : at + int(rng.integers(5, 40))] -= rng.uniform(25, 45)
    return labelled(kind, index, np.clip(values, 0, None), onsets)


def _square(rng: np.random.Generator, kind: str, number: int) -> Labelled:
    length = 4032
    index = times(rng, length, 300)
    hour, _ = hours(index)
    high, noise = rng.uniform(60, 90), rng.choice([0.0, 1.0, 5.0])
    on = (hour >= 9) & (hour < 18)
    values = np.where(on, high, 20.0) + rng.normal(0, 1, length) * noise
    onsets = []
    for place in places(rng, length, number):
        day = slice(place - place % 288, place - place % 288 + 288)
        first = np.flatnonzero(on[day])
        if not len(first):
            continue
        what = rng.integers(0, 4)
        at = day.start + int(first[0])
        if what == 0:
            values[day] = 20 + rng.normal(0, 1, len(values[day])) * noise  # the peak is missing
        elif what == 1:
            values[day] = np.where(on[day], high * 1.6, values[day])
        elif what == 2:
            at = place
            values[at : at + 40] = high * 1.2
        else:
            at = place
            values[at : at + 60] = 45
        onsets.append(at)
    return labelled(kind, index, values, onsets)


Kinds = Mapping[str, Callable[[np.random.Generator, str, int], Labelled]]

KINDS: Kinds = {
    "cpu": _cpu,
    "network": _network,
    "requests": _requests,
    "temperature": _temperature,
    "mentions": _mentions,
    "price": _price,
    "latency": _latency,
    "speed": _speed,
    "square": _square,
}
