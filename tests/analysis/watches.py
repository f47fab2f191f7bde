"""Frames of the two sides of a release."""

from __future__ import annotations

import numpy as np
import pandas as pd

START = pd.Timestamp("2026-03-02T10:00Z")


def frame(count, errors=0, *, client_errors=0, start=START, every="1min", missing=()):
    """A requests frame with so many 5xx and 4xx per bucket; `missing` are positions without data."""
    count = np.atleast_1d(np.asarray(count))
    length = len(count)
    bad, odd = (np.broadcast_to(np.asarray(one), length) for one in (errors, client_errors))
    columns = {"count": count, "status_2xx": count - bad - odd, "status_3xx": 0, "status_4xx": odd, "status_5xx": bad}
    index = pd.date_range(start, periods=length, freq=every, unit="us", name="time")
    found = pd.DataFrame(columns, index=index).astype("Int64")
    found.iloc[list(missing)] = pd.NA
    return found


def poisson(seed, length=60, *, rpm=100, share=0.005, **options):
    rng = np.random.default_rng(seed)
    count = rng.poisson(rpm, length)
    return frame(count, rng.binomial(count, share), **options)


def before(seed=99, length=120, **options):
    return poisson(seed, length, start=START - pd.Timedelta(minutes=length), **options)
