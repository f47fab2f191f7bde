"""The stretch of time that a plot shows: as asked for, whatever data there are, and never stretched by anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from createos_nb.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Window = tuple[np.datetime64, np.datetime64]


def window(index: pd.Index[Any]) -> Window | None:
    """Return the time from the first bucket to the end of the last; None without buckets."""
    if not len(index):
        return None
    x = instants(pd.DatetimeIndex(index))
    return x[0], x[-1] + width(x)


def width(x: np.ndarray[Any, Any]) -> np.timedelta64:
    """Return the width of a bucket: the distance of the first two, a minute where there is only one."""
    return np.timedelta64(x[1] - x[0]) if len(x) > 1 else np.timedelta64(60, "s")


def instants(index: pd.DatetimeIndex) -> np.ndarray[Any, Any]:
    """A UTC index as matplotlib draws it: naive datetime64 that mean UTC."""
    return np.asarray(index.tz_convert("UTC").tz_localize(None).to_numpy())


def instant(moment: Any) -> Any:
    """One moment as matplotlib draws it; text and naive times are read as UTC."""
    stamp = pd.Timestamp(moment)
    stamp = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
    return stamp.tz_localize(None).to_datetime64()


def edges(x: np.ndarray[Any, Any], minutes: float, span: Window | None) -> np.ndarray[Any, Any]:
    """Both ends of every bucket, so that the last one, and one between two gaps, are as wide as the others.

    To be drawn with every value twice, as `np.repeat(values, 2)` gives them.
    """
    ends = np.stack([x, x + np.timedelta64(round(minutes * 60_000), "ms")], axis=1).ravel()
    return ends if span is None else np.clip(ends, *span)


def time_axis(ax: Axes, span: Window | None) -> None:
    """Ticks that name the day once and the time where it matters, in UTC, over exactly the window."""
    from datetime import UTC

    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    ax.set_xlabel("time (UTC)", color=style.INK, fontsize=9)
    if span is None:
        ax.set_xticks([])
        return
    margin = (span[1] - span[0]) / 100
    ax.set_xlim(span[0] - margin, span[1] + margin)  # type: ignore[arg-type]  # matplotlib converts times
    locator = AutoDateLocator(tz=UTC, minticks=3, maxticks=7)  # type: ignore[no-untyped-call]  # has no types
    ax.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator, tz=UTC)  # type: ignore[no-untyped-call]  # likewise
    ax.xaxis.set_major_formatter(formatter)
    ax.xaxis.get_offset_text().set_fontsize(9)


def annotate_no_data(ax: Axes, *series: Any, text: str = "no data") -> bool:
    """Write "no data" in the middle of axes without any value, where a scale would mean nothing."""
    if any(np.isfinite(np.asarray(values, dtype=float)).any() for values in series):
        return False
    ax.annotate(text, (0.5, 0.5), xycoords="axes fraction", ha="center", va="center", fontsize=9, color=style.QUIET)
    ax.set_yticks([])
    return True
