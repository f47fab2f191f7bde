"""Requests over time: of one environment by status class, and of a fleet, a line of its own for each environment."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from createos_nb.plots import style, validation
from createos_nb.plots.annotations import annotate, live_versions_in, with_live_versions
from createos_nb.plots.downsample import format_bucket_width, rebin
from createos_nb.plots.shares import bars, floats, mark_worst, share_of
from createos_nb.plots.time_axis import Window, annotate_no_data, edges, instant, instants, time_axis, window

if TYPE_CHECKING:
    from createos_nb.plots.figure import Figure

_CLASSES = ("2xx", "3xx", "4xx", "5xx")
_FULL = 10.0
"""Percent of 5xx that fill the height of a small plot, as in the fleet report."""


def requests(
    frame: pd.DataFrame, *, title: str = "Requests by status class", marks: Iterable[tuple[Any, str]] = ()
) -> Figure:
    """Draw requests per minute, stacked by status class, and below them the shares of 5xx and of 4xx in percent.

    A bucket without data leaves a gap.

    Args:
        frame: what `client.analytics.requests_over_time` returns.
        title: the headline of the figure.
        marks: moments to name, such as deployments: pairs of a time and a short text.

    Returns:
        A figure of three plots.

    Raises:
        InvalidInput: `frame` is no such frame; the text names the call that returns one.

    Examples:
        >>> client = createos_nb.simulate()
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-6h")
        >>> fig = createos_nb.plots.requests(requests, marks=[("2026-03-02T06:00Z", "the sale")])
        >>> [ax.get_ylabel() for ax in fig.axes]
        ['requests per minute', '5xx, %', '4xx, %']
    """
    validation.requests_frame(frame, "requests")
    span = window(frame.index)
    all_marks = with_live_versions(marks, frame, span)
    read = frame
    frame, minutes = rebin(frame)
    total = floats(frame["count"])
    fig, (top, middle, bottom) = style.figure(
        title,
        caption=f"Means of {format_bucket_width(minutes)}; below, in % of all requests. A rise of 5xx is the app's or "
        "the platform's fault, a rise of 4xx more often the caller's. Grey band: the usual share.",
        rows=3,
        height=4.8,
        share_x=True,
        height_ratios=(2, 1.1, 0.7),
    )
    x = edges(instants(pd.DatetimeIndex(frame.index)), minutes, span)
    base = np.zeros(len(x))
    for name in reversed(_CLASSES):  # what failed stands at the ground, where its shape is seen
        upper = base + np.repeat(np.nan_to_num(floats(frame[f"status_{name}"])), 2) / minutes
        visible = np.where(np.repeat(np.isnan(total), 2), np.nan, upper)
        top.fill_between(x, base, visible, label=name, facecolor=style.STATUS[name].color, linewidth=0)
        base = upper
    style.count_axis(top, "requests per minute")
    style.legend(top, reverse=True)
    empty = "no data" if annotate_no_data(top, total) else "no requests"
    for ax, name in ((middle, "5xx"), (bottom, "4xx")):
        share = share_of(frame, f"status_{name}")
        bars(ax, x, share, name, usual=True)
        style.percent_axis(ax, f"{name}, %", bins=3)
        if not annotate_no_data(ax, share, text=empty) and not np.nansum(share) > 0:
            annotate_no_data(ax, text=f"no {name}")
    mark_worst(middle, read, minutes, span)
    fig.align_ylabels()
    time_axis(bottom, span)
    annotate(top, all_marks, span, others=(middle, bottom))
    return fig


def fleet(
    frame: pd.DataFrame,
    *,
    title: str = "Requests per minute, each environment on its own scale",
    max_environments: int | None = None,
) -> Figure:
    """Draw requests per minute of every environment, busiest first, one small plot each; the share of 5xx in red.

    Args:
        frame: what `client.fleet.requests_over_time` returns: project, environment, time and the counts.
        title: the headline of the figure.
        max_environments: of a larger fleet only so many environments, the busiest.

    Returns:
        A figure of one plot per environment.

    Raises:
        InvalidInput: `frame` is no such frame; the text names the call that returns one.

    Examples:
        >>> client = createos_nb.simulate()
        >>> requests = client.fleet.requests_over_time(start="-6h")
        >>> fig = createos_nb.plots.fleet(requests, max_environments=5)
        >>> len(fig.axes)
        5
    """
    validation.fleet_frame(frame, "fleet")
    if max_environments is not None:
        counts = frame.groupby(["project", "environment"], sort=False)["count"].sum()
        if len(counts) > max_environments:
            busiest = counts.nlargest(max_environments).index
            left_out, attrs = len(counts) - max_environments, frame.attrs
            frame = frame[pd.MultiIndex.from_frame(frame[["project", "environment"]]).isin(busiest)]
            frame.attrs = attrs
            title = f"{title}: the {max_environments} busiest, {left_out} more are left out"
    parts = frame.groupby(["project", "environment"], sort=False)
    groups = [(names, *rebin(part.set_index("time").sort_index())) for names, part in parts]
    span = window(pd.DatetimeIndex(frame["time"].sort_values().unique()))
    live = {names: live_versions_in(frame, span, list(map(str, names))) for names, *_ in groups}
    live = {names: marks for names, marks in live.items() if marks}
    groups.sort(key=lambda group: -int(group[1]["count"].sum()))
    minutes = groups[0][2] if groups else 1
    fig, axes = style.figure(
        title,
        caption=f"Means of {format_bucket_width(minutes)}; the number at the right is the highest. Red: the share of "
        f"5xx; full height is {_FULL:g} % or more. A flat line is idle or asleep"
        f"{'; at a vertical one another version became live.' if live else '.'}",
        rows=max(1, len(groups)),
        height=1.1 + 0.5 * max(1, len(groups)),
        share_x=True,
    )
    for ax, ((project, environment), part, width) in zip(axes, groups, strict=False):
        _strip(
            ax,
            f"{style.shorten_middle(str(project), 28)}\n{style.shorten_middle(str(environment), 28)}",
            part,
            width,
            span,
        )
        for moment, _ in live.get((project, environment), []):
            ax.axvline(instant(moment), color=style.INK, linewidth=1, linestyle=(0, (4, 2)))
    if not groups:
        annotate_no_data(axes[0])
    time_axis(axes[-1], span)
    return fig


def _strip(ax: Any, label: str, part: pd.DataFrame, minutes: float, span: Window | None) -> None:
    x = edges(instants(pd.DatetimeIndex(part.index)), minutes, span)
    counts = np.repeat(floats(part["count"]), 2) / minutes
    ax.fill_between(x, 0, counts, color=style.AREA, linewidth=0)
    peak = float(np.nanmax(counts)) if np.isfinite(counts).any() else 0.0
    high = peak * 1.1 if peak else 1.0
    bars(ax, x, share_of(part, "status_5xx") * high / _FULL, "5xx", top=high)
    ax.set_yticks([])
    ax.grid(visible=False)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="x", length=0)
    ax.set_ylabel(style.escape_text(label), rotation=0, ha="right", va="center", fontsize=8, color=style.INK)
    if not annotate_no_data(ax, counts):
        ax.annotate(style.number(round(peak, 1)), (1.005, 0.5), xycoords="axes fraction", va="center", fontsize=8)
