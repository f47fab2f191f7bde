"""Labelled request frames of the project's own making: traffic with the shape of day and week, and known incidents.

Model of health: requests per minute are Poisson around a mean with a daily sine (two thirds up and down), quieter
weekends, and an AR(1) wander of 8 % with a half-life of half an hour. Errors are a share between 0.05 % and 1 %, times
a gamma factor with a coefficient of variation of 0.7 in each minute, so that they come in clumps.

Incidents, four a series, at least eight hours apart, after the third day: an outage (all requests gone), a drop (half
of them), a surge (three times as many), errors (5 to 30 % fail), and a slow leak (errors four times as many for hours).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

KINDS = ("outage", "drop", "surge", "errors", "leak")
HABITS = ("daily edges", "sudden weekends", "nightly job", "clumps", "plain", "clocks go back")
"""What makes a week a week, and no incident: see :func:`habit`."""


@dataclass(frozen=True)
class Incident:
    """What happened in the rows `first … last`."""

    what: str
    first: int
    last: int


@dataclass(frozen=True, eq=False)
class Watched:
    """A requests frame and what happened in it."""

    frame: pd.DataFrame
    incidents: tuple[Incident, ...]


def watched(seed: int, *, rpm: float, days: int = 14, incidents: bool = True) -> Watched:
    """One environment in buckets of a minute, with a mean of `rpm` requests a minute."""
    from scipy.signal import lfilter

    rng = np.random.default_rng([seed, int(rpm * 1000), days])
    length = days * 1440
    minute = np.arange(length)
    start = pd.Timestamp("2026-03-02", tz="UTC") + pd.Timedelta(int(rng.integers(0, 7)), unit="D")
    # people do not change their habits at the stroke of midnight: the weekend comes and goes over six hours
    into_week = (minute / 1440 + start.weekday()) % 7
    weekend = np.clip((1.25 - np.abs((into_week - 6 + 3.5) % 7 - 3.5 + 0.0)) * 4 - 0.5, 0, 1)
    shape = 1 + 0.67 * np.sin(2 * np.pi * (minute / 1440 - rng.random()))
    keep = 0.5 ** (1 / 30)
    wander = lfilter([1.0], [1.0, -keep], rng.normal(0, 0.08 * np.sqrt(1 - keep**2), length))
    mean = rpm * shape * (1 - 0.4 * weekend) * np.exp(wander)
    share = np.full(length, 10 ** rng.uniform(np.log10(0.0005), -2)) * rng.gamma(2, 0.5, length)
    happened = []
    if incidents:
        slots = np.linspace(3 * 1440, length - 600, 5)
        for place in range(4):
            what = str(rng.choice(KINDS))
            first = int(rng.uniform(slots[place], slots[place + 1] - 700))
            last = first + int(rng.uniform(120, 300) if what == "leak" else rng.uniform(10, 90))
            piece = slice(first, last + 1)
            if what == "outage":
                mean[piece] = 0
            elif what == "drop":
                mean[piece] *= 0.5
            elif what == "surge":
                mean[piece] *= 3
            elif what == "errors":
                share[piece] = rng.uniform(0.05, 0.3)
            else:
                share[piece] *= 4
            happened.append(Incident(what, first, last))
    count = rng.poisson(mean)
    failed = rng.binomial(count, np.minimum(share, 0.95))
    frame = pd.DataFrame(
        {"count": count, "status_2xx": count - failed, "status_3xx": 0, "status_4xx": 0, "status_5xx": failed},
        index=pd.date_range(start, periods=length, freq="min", unit="us", name="time"),
    )
    return Watched(frame.astype("Int64"), tuple(happened))


def habit(what: str, seed: int, *, rpm: float, days: int = 35) -> pd.DataFrame:
    """Healthy requests by the minute with one of the `HABITS`, Poisson unless said; nothing else ever happens.

    Daily edges: half as many again from 8 to 18 o'clock, from one minute to the next. Sudden weekends: half of a daily
    sine from midnight to midnight. Nightly job: a sine, and twice its mean on top for 15 to 30 minutes from a minute
    between 2:00 and 2:10. Clumps: a sine times an AR(1) of 23 % that forgets half in seven minutes. Plain: a sine.
    Clocks go back: daily edges, which come an hour later from day 25 on, after a day of 25 hours.
    """
    rng = np.random.default_rng([seed, int(rpm * 1000), HABITS.index(what)])
    minute = np.arange(days * 1440)
    clock, day = minute % 1440, minute // 1440
    mean = rpm * (1 + 0.5 * np.sin(2 * np.pi * (clock / 1440 - 0.25)))
    if what in ("daily edges", "clocks go back"):
        clock = (minute - 60 * (day >= 25) * (what == "clocks go back")) % 1440
        mean = rpm * np.where((clock >= 480) & (clock < 1080), 1.5, 1.0)
    elif what == "sudden weekends":
        mean = mean * np.where(day % 7 >= 5, 0.5, 1.0)
    elif what == "nightly job":
        for night in range(days):
            first = night * 1440 + 120 + int(rng.integers(0, 10))
            mean[first : first + int(rng.integers(15, 30))] += 2 * rpm
    elif what == "clumps":
        from scipy.signal import lfilter

        mean = mean * np.exp(lfilter([1.0], [1.0, -0.9], rng.normal(0, 0.1, len(minute))) - 0.026)
    return requests_of(rng.poisson(mean), rng, "2026-03-02")


def requests_of(count: np.ndarray, rng: np.random.Generator, start: str | pd.Timestamp) -> pd.DataFrame:
    """A requests frame of counts by the minute, of which 0.2 % fail."""
    failed = rng.binomial(count, 0.002)
    frame = pd.DataFrame(
        {"count": count, "status_2xx": count - failed, "status_3xx": 0, "status_4xx": 0, "status_5xx": failed},
        index=pd.date_range(pd.Timestamp(start, tz="UTC"), periods=len(count), freq="min", unit="us", name="time"),
    )
    return frame.astype("Int64")
