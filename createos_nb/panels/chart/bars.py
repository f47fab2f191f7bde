"""Server errors in percent of requests as bars, which begin anew where a version became live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

#: Seconds that a bar may last, and how many bars there are at most; `front/src/chart/bars.ts` has the same.
WIDTHS: Final = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 604_800)
MOST_BARS: Final = 48


def error_bars(frame: pd.DataFrame, changes: Sequence[pd.Timestamp], seconds: float) -> tuple[pd.DataFrame, float]:
    """Return server errors in percent of requests, in bars that never mix two versions.

    Args:
        frame: Requests over time, with the columns count and status_5xx.
        changes: Moments at which a version became live, in order.
        seconds: How long a bucket of `frame` lasts.

    Returns:
        A frame whose index is where a bar begins, with the columns end (UTC) and percentage (Float64, NA without
        requests or data); and how long a bar lasts, in seconds; the last one before a change may be shorter.
    """
    part, bar, width = _groups(frame.index, changes, seconds)
    times = _unix(frame.index)
    known = frame[["count", "status_5xx"]].astype("Float64")
    groups = known.assign(begin=times).groupby([part, bar], sort=True)
    sums = groups[["count", "status_5xx"]].sum(min_count=1)
    edges = groups["begin"].agg(["min", "max"])
    table = pd.DataFrame(
        {
            "end": pd.to_datetime(edges["max"].to_numpy() + int(seconds), unit="s", utc=True),
            "percentage": (sums["status_5xx"] * 100 / sums["count"].where(sums["count"] > 0)).array,
        },
        index=pd.DatetimeIndex(pd.to_datetime(edges["min"].to_numpy(), unit="s", utc=True), name="time"),
    )
    return table, width


def usual_share(
    frame: pd.DataFrame, usual: pd.DataFrame, changes: Sequence[pd.Timestamp], seconds: float
) -> pd.Series[Any]:
    """Return how many percent of server errors are still usual, for each bar of `error_bars`.

    Counts of buckets are taken to vary independently of each other, as `analysis.anomalies` takes them: a bar of many
    buckets has a narrower range than each of them.

    Args:
        frame: As for `error_bars`.
        usual: Columns errors_expected and errors_high, over the index of `frame`; NA: not known.
        changes: As for `error_bars`.
        seconds: As for `error_bars`.

    Returns:
        Float64 over the beginnings of bars; NA without requests, or where one of its buckets is not known.
    """
    part, bar, _ = _groups(frame.index, changes, seconds)
    expected, high = usual["errors_expected"].astype("Float64"), usual["errors_high"].astype("Float64")
    columns = {"count": frame["count"].astype("Float64"), "expected": expected, "spread": (high - expected) ** 2}
    table = pd.DataFrame(columns, index=frame.index).where(frame["count"].notna())
    sums = table.groupby([part, bar], sort=True).sum(min_count=1)
    unknown = (expected.isna() & frame["count"].notna()).groupby([part, bar], sort=True).any()
    share = (sums["expected"] + sums["spread"] ** 0.5) * 100 / sums["count"].where(sums["count"] > 0)
    begins = pd.Series(_unix(frame.index), index=frame.index).groupby([part, bar], sort=True).min()
    index = pd.DatetimeIndex(pd.to_datetime(begins.to_numpy(), unit="s", utc=True), name="time")
    return pd.Series(share.mask(unknown).array, index=index)


def _groups(
    index: pd.Index[Any], changes: Sequence[pd.Timestamp], seconds: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], float]:
    """The version and the bar of each bucket, by number, and how long a bar lasts."""
    count = max(len(index), 1)
    width = next((each for each in WIDTHS if each >= seconds and count * seconds / each <= MOST_BARS), WIDTHS[-1])
    times = _unix(index)
    begins = np.array([moment.timestamp() // seconds * seconds for moment in changes], dtype=np.int64)
    part = np.searchsorted(begins, times, side="right")
    anchor = np.where(part > 0, begins[np.maximum(part - 1, 0)] if len(begins) else 0, 0)
    return part, (times - anchor) // int(width), float(width)


def _unix(index: pd.Index[Any]) -> npt.NDArray[np.int64]:
    return np.asarray(pd.DatetimeIndex(index).as_unit("us").asi8 // 1_000_000)
