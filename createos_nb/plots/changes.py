"""Traffic, errors, live versions and changes of one environment on one axis of time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from createos_nb.errors import InvalidInput
from createos_nb.plots import style, validation
from createos_nb.plots.annotations import annotate
from createos_nb.plots.downsample import format_bucket_width, rebin
from createos_nb.plots.shares import bars, floats, mark_worst, share_of
from createos_nb.plots.time_axis import Window, annotate_no_data, edges, instant, instants, time_axis, window

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from createos_nb.plots.figure import Figure

_COLUMNS: Final = ("time", "kind", "text")
_VERSION: Final = " → "
_NAMED: Final = 60


def timeline(
    changes: pd.DataFrame, traffic: pd.DataFrame, *, title: str = "What happened, and what the traffic did"
) -> Figure:
    """Draw requests and the share of 5xx, the versions that were live as bands below, and each change as a mark.

    Args:
        changes: what `history.timeline` returns: time (UTC), kind, text; `not_before` where it is there.
        traffic: requests over time of the environment.
        title: the headline of the figure.

    Returns:
        A figure of three plots: requests per minute, share of 5xx, versions.

    Raises:
        InvalidInput: a frame is not what it should be; the text says which call returns one.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> history = createos_nb.history.open(client, "account")
        >>> _ = history.sync(since="-1d")
        >>> changes = history.timeline("storefront", "production", start="-3h")
        >>> traffic = client.analytics.requests_over_time("storefront", "production", start="-3h")
        >>> fig = createos_nb.plots.timeline(changes, traffic)
        >>> [ax.get_ylabel() for ax in fig.axes]
        ['requests per minute', '5xx, %', 'live']
    """
    validation.requests_frame(traffic, "timeline")
    if not isinstance(changes, pd.DataFrame) or not set(_COLUMNS) <= set(changes.columns):
        raise InvalidInput(f"plots.timeline takes changes with {', '.join(_COLUMNS)}, as history.timeline returns them")
    span = window(traffic.index)
    frame, minutes = rebin(traffic)
    total = floats(frame["count"])
    fig, (top, middle, bottom) = style.figure(
        title,
        caption=f"Means of {format_bucket_width(minutes)}. Lines are changes, named above; bands are the versions that "
        "were live. A change that is known between two looks only is drawn at the later one. Grey band: "
        "the usual share of 5xx.",
        rows=3,
        height=4.9,
        share_x=True,
        height_ratios=(3, 2, 0.6),
    )
    x = edges(instants(pd.DatetimeIndex(frame.index)), minutes, span)
    pace = np.repeat(total, 2) / minutes
    top.fill_between(x, 0, pace, facecolor=style.AREA, linewidth=0)
    style.count_axis(top, "requests per minute")
    bars(middle, x, share_of(frame, "status_5xx"), "5xx", usual=True)
    style.percent_axis(middle, "5xx, %", bins=3)
    annotate_no_data(top, total)
    mark_worst(middle, traffic, minutes, span)
    _bands(bottom, changes, span)
    time_axis(bottom, span)
    annotate(top, list(_marks(changes)), span, others=(middle, bottom))
    return fig


def _marks(changes: pd.DataFrame) -> Iterator[tuple[Any, str]]:
    """The changes, those of one moment together, but for deployments that went live nowhere by themselves."""
    shown = changes[changes["kind"] != "deployed"]
    for time, rows in shown.groupby(shown["time"].dt.floor("min"), sort=True):
        texts = dict.fromkeys(f"{kind}: {text}" if _VERSION in text else str(kind) for kind, text in _pairs(rows))
        text = ", ".join(texts)
        yield time, text if len(text) <= _NAMED else text[: _NAMED - 1] + "…"


def _pairs(rows: pd.DataFrame) -> Iterator[tuple[str, str]]:
    for kind, text in zip(rows["kind"], rows["text"], strict=True):
        yield str(kind), str(text)


def _bands(ax: Axes, changes: pd.DataFrame, span: Window | None) -> None:
    """Which version was live from when until when, as far as assignments tell."""
    ax.set_yticks([])
    ax.set_ylabel("live", color=style.INK, fontsize=9)
    ax.set_ylim(0, 1)
    if span is None:
        return
    assigned = changes[changes["kind"].isin(["assigned", "changed"])].sort_values("time", kind="stable")
    moments = [span[0], *(instant(time) for time in assigned["time"]), span[1]]
    texts = [str(text).split(_VERSION) for text in assigned["text"]]
    names = [texts[0][0] if texts else "", *(text[-1] for text in texts)]
    for number, name in enumerate(names):
        start, end = max(moments[number], span[0]), min(moments[number + 1], span[1])
        if start >= end or not name:
            continue
        ax.axvspan(
            start, end, facecolor=style.BAND if number % 2 else style.GROUND, edgecolor=style.EDGE, linewidth=0.5
        )
        if (end - start) / (span[1] - span[0]) > 0.08:
            ax.text(start + (end - start) / 2, 0.5, name, ha="center", va="center", fontsize=8, color=style.INK)
    if not texts:  # nothing tells what was live
        where: dict[str, Any] = {
            "ha": "center",
            "va": "center",
            "fontsize": 8,
            "color": style.QUIET,
            "transform": ax.transAxes,
        }
        ax.text(0.5, 0.5, "no assignment in this time", **where)
