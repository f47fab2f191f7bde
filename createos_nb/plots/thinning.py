"""Fewer rows for the eye: a year of minutes has more of them than a screen has dots."""

from __future__ import annotations

import pandas as pd

MOST = 1_000


def thinned(frame: pd.DataFrame, how: str, *, most: int = MOST) -> pd.DataFrame:
    """The frame in at most `most` rows: of each stretch its largest ("max"), its mean, or its last value.

    "max" for what must not be overlooked, "mean" for what is read as a pace, "last" for what only adds up. Rows without
    data are left out of a stretch; a stretch without any stays empty.
    """
    if len(frame) <= most:
        return frame
    every = -(-len(frame) // most)
    stretch = pd.RangeIndex(len(frame)) // every
    rows = frame.groupby(stretch.to_numpy()).agg(how)
    return rows.set_axis(frame.index[::every], axis=0)
