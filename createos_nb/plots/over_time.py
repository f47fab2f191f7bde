"""Requests over time: of one environment by status class, and of a fleet, a line of its own for each environment."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from createos_nb.plots import style, validation
from createos_nb.plots.annotations import annotate, live_versions_in, with_live_versions
from createos_nb.plots.downsample import format_bucket_width, rebin
from createos_nb.plots.time_axis import Window, annotate_no_data, edges, instant, instants, time_axis, window

if TYPE_CHECKING:
    from createos_nb.plots.figure import Figure

_CLASSES = ("2xx", "3xx", "4xx", "5xx")


def requests(
    frame: pd.DataFrame, *, title: str = "Requests by status class", marks: Iterable[tuple[Any, str]] = ()
) -> Figure:
    """Draw requests per minute, stacked by status class, and below them the share of 4xx and 5xx in percent.

    A bucket without data leaves a gap.

    Args:
        frame: what `client.analytics.requests_over_time` returns.
        title: the headline of the figure.
        marks: moments to name, such as deployments: pairs of a time and a short text.

    Returns:
        A figure of two plots.

    Raises:
        InvalidInput: `frame` is no such frame; the text names the call that returns one.

    Examples:
        >>> client = createos_nb.simulate()
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-6h")
        >>> fig = createos_nb.plots.requests(requests, marks=[("2026-03-02T06:00Z", "the sale")])
        >>> [ax.get_ylabel() for ax in fig.axes]
        ['requests per minute', 'of all requests']
    """
    validation.requests_frame(frame, "requests")
    span = window(frame.index)
    all_marks = with_live_versions(marks, frame, span)
    frame, minutes = rebin(frame)
    counts = {c: _floats(frame[f"status_{c}"]) for c in _CLASSES}
    total = _floats(frame["count"])
    nonzero = np.where(total > 0, total, np.nan)
    fig, (top, bottom) = style.figure(
        title,
        caption=f"Means of {format_bucket_width(minutes)}. Above: what was asked for, and how it was answered. "
        "Below: the part that failed; a rise of 5xx is the app's or the platform's fault, a rise of 4xx more often "
        "the caller's.",
        rows=2,
        height=4.6,
        share_x=True,
        height_ratios=(2, 1),
    )
    x = edges(instants(pd.DatetimeIndex(frame.index)), minutes, span)
    base = np.zeros(len(x))
    for name in _CLASSES:
        status_style = style.STATUS[name]
        upper = base + np.repeat(np.nan_to_num(counts[name]), 2) / minutes
        visible = np.where(np.repeat(np.isnan(total), 2), np.nan, upper)
        options: dict[str, Any] = {
            "facecolor": status_style.color,
            "hatch": status_style.hatch,
            "edgecolor": "white",
            "linewidth": 0,
        }
        top.fill_between(x, base, visible, label=name, **options)
        base = upper
    style.count_axis(top, "requests per minute")
    style.legend(top)
    for name in ("4xx", "5xx"):
        style.line(bottom, x, np.repeat(counts[name] * 100 / nonzero, 2), style.STATUS[name], label=name)
    style.percent_axis(bottom, "of all requests")
    bottom.set_ylim(bottom=0)
    annotate_no_data(bottom, nonzero, text="no data" if annotate_no_data(top, total) else "no requests")
    time_axis(bottom, span)
    annotate(top, all_marks, span, others=(bottom,))
    return fig


def fleet(
    frame: pd.DataFrame,
    *,
    title: str = "Requests per minute, each environment on its own scale",
    max_environments: int | None = None,
) -> Figure:
    """Draw requests per minute of every environment, busiest first, one small plot each; 5xx in a second line.

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
        caption=f"Means of {format_bucket_width(minutes)}; the number at the right is the highest. "
        "A flat line is idle or asleep, a dashed one above the ground counts 5xx"
        f"{'; where a vertical one stands, another version became live.' if live else '.'}",
        rows=max(1, len(groups)),
        height=0.9 + 0.52 * max(1, len(groups)),
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
            ax.axvline(instant(moment), color=style.BLACK, linewidth=1, linestyle=(0, (4, 2)))
    if not groups:
        annotate_no_data(axes[0])
    time_axis(axes[-1], span)
    return fig


def _strip(ax: Any, label: str, part: pd.DataFrame, minutes: float, span: Window | None) -> None:
    x = edges(instants(pd.DatetimeIndex(part.index)), minutes, span)
    counts, faults = (np.repeat(_floats(part[name]), 2) / minutes for name in ("count", "status_5xx"))
    ax.fill_between(x, 0, counts, color=style.SKY, linewidth=0)
    if np.nansum(faults) > 0:
        ax.plot(x, faults, color=style.VERMILION, linestyle="--", linewidth=1)
    peak = float(np.nanmax(counts)) if np.isfinite(counts).any() else 0.0
    ax.set_ylim(0, peak * 1.1 if peak else 1)
    ax.set_yticks([])
    ax.grid(visible=False)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="x", length=0)
    ax.set_ylabel(style.escape_text(label), rotation=0, ha="right", va="center", fontsize=8, color=style.BLACK)
    if not annotate_no_data(ax, counts):
        ax.annotate(style.number(round(peak, 1)), (1.005, 0.5), xycoords="axes fraction", va="center", fontsize=8)


def _floats(column: pd.Series) -> np.ndarray:
    """Counts as floats, NaN where there is no data."""
    return column.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
