"""The share of requests that failed, as bars that no noise hides: in buckets that an eye can tell apart, none lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from createos_nb.plots import style
from createos_nb.plots.time_axis import Window, instant

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    Floats = np.ndarray[Any, np.dtype[np.float64]]

_LEAST: Final = 0.025
"""The least part of the height at which a bar is seen."""
_ENOUGH: Final = 24
"""Buckets from which on a usual range is said."""
_REACH: Final = 1.5
"""Of the distance of the quartiles: what lies farther from them is unusual, as in a box plot."""


def share_of(counts: pd.DataFrame, column: str) -> Floats:
    """Return a column in percent of the requests; NaN where there were none, or no data."""
    total = floats(counts["count"])
    return np.asarray(100 * floats(counts[column]) / np.where(total > 0, total, np.nan))


def floats(column: pd.Series[Any]) -> Floats:
    """Return counts as floats, NaN where there is no data."""
    return np.asarray(column.astype("Float64").to_numpy(dtype="float64", na_value=np.nan))


def bars(
    ax: Axes,
    x: Any,
    share: Floats,
    status: str,
    *,
    label: str | None = None,
    usual: bool = False,
    top: float | None = None,
) -> None:
    """Draw shares in percent as steps from the ground; what is not zero is seen, however little it is.

    Args:
        ax: where.
        x: both ends of each bucket, as `time_axis.edges` returns them.
        share: a value for each bucket, NaN where it can't be known.
        status: the class, such as "5xx": its colour is that of errors.
        label: what the legend calls them.
        usual: whether their usual range is shaded behind them, as the whiskers of a box plot tell it.
        top: the highest value of the axis (default: what the shares need).
    """
    known = share[np.isfinite(share)]
    highest = float(known.max(initial=0.0))
    ceiling = top or (highest * 1.15 if highest > 0 else 1.0)
    if usual and len(known) >= _ENOUGH and highest > 0:
        low, high = np.percentile(known, (25, 75))
        reach = _REACH * (high - low)
        if reach > 0:
            ax.axhspan(max(low - reach, 0.0), high + reach, facecolor=style.BAND, linewidth=0, zorder=0.5)
    seen = np.where(share > 0, np.clip(share, _LEAST * ceiling, ceiling), share)
    color = style.STATUS[status].color
    if status == "5xx":
        ax.fill_between(
            x, 0, np.repeat(seen, 2), facecolor=color, edgecolor=color, linewidth=0.6, label=label, zorder=2.5
        )
    else:
        ax.fill_between(x, 0, np.repeat(seen, 2), facecolor=color, alpha=0.3, linewidth=0, zorder=2.4)
        ax.plot(x, np.repeat(seen, 2), color=color, linewidth=0.9, label=label, zorder=2.5)
    ax.set_ylim(0, ceiling)


def mark_worst(ax: Axes, frame: pd.DataFrame, minutes: float, span: Window | None) -> None:
    """Mark the bucket of a frame in which most requests failed with 5xx, where the bars stand for several of them.

    Args:
        ax: the axes of the bars.
        frame: requests over time, as they were read.
        minutes: how long a bar lasts.
        span: the time shown.
    """
    failed = floats(frame["status_5xx"])
    step = (frame.index[1] - frame.index[0]).total_seconds() / 60 if len(frame) > 1 else minutes
    if span is None or step >= minutes or not np.nansum(failed) > 0:
        return
    at = int(np.nanargmax(failed))
    asked = floats(frame["count"])[at]
    ax.plot(
        [instant(frame.index[at])], [1], "v", transform=ax.get_xaxis_transform(), markersize=6, color=style.ERROR,
        clip_on=False, zorder=5,
    )  # fmt: skip
    bucket = "a minute" if step == 1 else f"{step:g} minutes"
    style.add_caption(
        ax,
        f"Triangle: the most 5xx in {bucket}, {failed[at]:,.0f} of {asked:,.0f} requests, "
        f"{frame.index[at]:%Y-%m-%d %H:%M} UTC.",
    )
