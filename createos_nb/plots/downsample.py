"""Fewer rows for the eye: a year of minutes has more of them than a screen has dots."""

from __future__ import annotations

import pandas as pd

MOST = 1_000
_BUCKETS = 150
_WIDTHS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 10_080)


def downsample(frame: pd.DataFrame, how: str, *, max_rows: int = MOST) -> pd.DataFrame:
    """The frame in at most `max_rows` rows: of each stretch its largest ("max"), its mean, or its last value.

    "max" for what must not be overlooked, "mean" for what is read as a pace, "last" for what only adds up. Rows without
    data are left out of a stretch; a stretch without any stays empty.
    """
    if len(frame) <= max_rows:
        return frame
    every = -(-len(frame) // max_rows)
    stretch = pd.RangeIndex(len(frame)) // every
    rows = frame.groupby(stretch.to_numpy()).agg(how)
    return rows.set_axis(frame.index[::every], axis=0)


def rebin(frame: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    """Counts in at most about 150 buckets, which an eye can tell apart, and the minutes that each lasts.

    What a wide bucket has seen stands for all of it: one that was seen in part, at a gap or at an end of the frame, has
    the pace of its seen part, and one that was not seen at all stays empty.
    """
    seconds = frame.attrs.get("bucket_seconds")
    if seconds is None:
        seconds = (frame.index[1] - frame.index[0]).total_seconds() if len(frame) > 1 else 60
    minutes = float(seconds) / 60
    wider = next((w for w in _WIDTHS if w >= minutes and len(frame) * minutes / w <= _BUCKETS), _WIDTHS[-1])
    if len(frame) <= _BUCKETS or wider <= minutes:
        return frame, minutes
    return frame.resample(pd.Timedelta(minutes=wider)).mean(numeric_only=True) * (wider / minutes), float(wider)


def format_bucket_width(minutes: float) -> str:
    """A width in words: "a minute", "5 minutes", "2 hours"."""
    if minutes % 1440 == 0:
        return "a day" if minutes == 1440 else f"{minutes / 1440:g} days"
    if minutes % 60 == 0:
        return "an hour" if minutes == 60 else f"{minutes / 60:g} hours"
    return "a minute" if minutes == 1 else f"{minutes:g} minutes"
