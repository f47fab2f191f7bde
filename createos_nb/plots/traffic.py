"""Traffic looked at from other sides: by hour and weekday, by path, before and after, today against yesterday."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from createos_nb.errors import InvalidInput
from createos_nb.plots import style, validation
from createos_nb.plots.annotations import annotate, with_live_versions
from createos_nb.plots.downsample import downsample, format_bucket_width, rebin
from createos_nb.plots.shares import bars, floats, share_of
from createos_nb.plots.time_axis import annotate_no_data, edges, instant, instants, time_axis, window

if TYPE_CHECKING:
    from createos_nb.plots.figure import Figure

_SLIVER = 0.008
"""The least part of the width at which a hatched bar is seen."""
_DAYS = (
    ("last_week", "seven days before", style.EDGE, ":"),
    ("yesterday", "the day before", style.AREA, "-"),
    ("expected", "expected", style.ACCENT, "--"),
)
"""What the last day is drawn over."""
_METRICS = {
    "rpm": "requests per minute",
    "success_percentage": "success, % of requests",
    "client_error_percentage": "4xx, % of requests",
    "server_error_percentage": "5xx, % of requests",
}


def heat_map(
    table: pd.DataFrame, *, title: str = "Requests by hour and weekday", unit: str = "requests per minute"
) -> Figure:
    """Draw a heat map, hours of the day (UTC) across and weekdays down.

    Args:
        table: what `analysis.hour_by_weekday` returns.
        title: the headline of the figure.
        unit: label of the scale; use "5xx, % of requests" for the table of `server_error_percentage`.

    Returns:
        A figure of the map and its scale.

    Raises:
        InvalidInput: `table` is no such frame; the text names the call that returns one.

    Examples:
        >>> client = createos_nb.simulate()
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-7d")
        >>> fig = createos_nb.plots.heat_map(createos_nb.analysis.hour_by_weekday(requests))
        >>> [label.get_text() for label in fig.axes[0].get_yticklabels()]
        ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
    """
    call = "analysis.hour_by_weekday(requests)"
    validation.frame_of(table, "heat_map", "table", "hours by weekday", call)
    if not {str(column) for column in table.columns} <= {str(hour) for hour in range(24)}:
        have = ", ".join(map(str, list(table.columns)[:6]))
        raise InvalidInput(f"plots.heat_map: the columns of table are hours, 0 to 23, not {have}; {call} gives it")
    from createos_nb.plots.recolor import ramp

    fig, (ax,) = style.figure(
        title,
        caption="The stronger the colour, the more. A row that differs from the others is a day with other habits; one "
        "strong cell in a pale row is one incident, or one job. Hatched cells have no data.",
        height=3.3,
    )
    values = table.to_numpy(dtype=float)
    mesh = ax.pcolormesh(
        np.arange(values.shape[1] + 1),
        np.arange(values.shape[0] + 1),
        np.ma.masked_invalid(values),
        cmap=ramp(style.RAMP),
        vmin=0,
        edgecolor=style.GROUND,
        linewidth=0.5,
    )
    for row, column in zip(*np.nonzero(np.isnan(values)), strict=True):
        _empty_cell(ax, row, column)
    ax.invert_yaxis()
    ax.grid(visible=False)
    ax.tick_params(length=0)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    empty = annotate_no_data(ax, values)
    ax.set_yticks(np.arange(values.shape[0]) + 0.5, [style.escape_text(day)[:3] for day in table.index])
    ax.set_xticks(np.arange(0, values.shape[1], 3) + 0.5, [f"{hour:02d}" for hour in list(table.columns)[::3]])
    ax.set_xlabel("hour of the day (UTC)", fontsize=9, color=style.INK)
    if empty:  # a scale would have numbers of nothing
        return fig
    bar = fig.colorbar(mesh, ax=ax, pad=0.02, aspect=12)
    bar.set_label(unit, fontsize=9, color=style.INK)
    bar.ax.tick_params(labelsize=8)
    bar.ax.yaxis.set_major_formatter(lambda value, _: style.number(value))
    bar.outline.set_visible(False)
    return fig


def top_paths(table: pd.DataFrame, *, title: str = "Top paths", max_paths: int = 12) -> Figure:
    """Draw the hits of each path and, in the same bar, its errors.

    A path that is only among the errors has no bar of hits.

    Args:
        table: what `analysis.paths` returns for one environment.
        title: the headline of the figure.
        max_paths: how many rows are drawn at most, those with the most hits or errors.

    Returns:
        A figure of one plot.

    Raises:
        InvalidInput: `table` is no such frame; the text names the call that returns one.

    Examples:
        >>> hits = pd.DataFrame({"path": ["/", "/cart"], "count": [900, 100]})
        >>> errors = pd.DataFrame({"path": ["/cart"], "status": [500], "count": [12]})
        >>> fig = createos_nb.plots.top_paths(createos_nb.analysis.paths(hits, errors))
        >>> [label.get_text() for label in fig.axes[0].get_yticklabels()]
        ['/', '/cart']
    """
    columns = ("path", "count", "errors", "client_errors", "server_errors")
    call = "analysis.paths(hits, errors)"
    validation.frame_of(table, "top_paths", "table", "paths with their hits and errors", call, columns)
    rows = table.assign(_size=table["count"].fillna(table["errors"]).fillna(0))
    rows = rows.sort_values(["_size", "path"], ascending=[False, True], kind="stable").head(max_paths)
    fig, (ax,) = style.figure(
        title,
        caption="Bars are requests in the window; the coloured part failed (red 5xx, amber 4xx; one too thin to see "
        "is drawn wider), and the percentage says how much of it. “hits not listed”: the path is in the list of errors "
        "alone.",
        height=1.5 + 0.28 * max(len(rows), 1),
    )
    positions = np.arange(len(rows))
    count = floats(rows["count"])
    client, server = np.nan_to_num(floats(rows["client_errors"])), np.nan_to_num(floats(rows["server_errors"]))
    reach = max(float(np.nanmax(np.append(count, client + server), initial=0.0)) * 1.35, 1.0)
    wide = [np.where(values > 0, np.maximum(values, reach * _SLIVER), 0.0) for values in (server, client)]
    ax.barh(positions, np.nan_to_num(count), color=style.AREA, height=0.7, label="requests")
    for name, values, before in (("5xx", wide[0], np.zeros(len(rows))), ("4xx", wide[1], wide[0])):
        status_style = style.STATUS[name]
        ax.barh(
            positions, values, left=before, color=status_style.color, height=0.7, label=name, linewidth=0,
        )  # fmt: skip
    for at, (hits, bad) in enumerate(zip(count, client + server, strict=True)):
        ax.annotate(
            _bar_label(hits, bad),
            (max(np.nan_to_num(hits), wide[0][at] + wide[1][at]), at),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    ax.set_yticks(positions, [style.shorten_middle(style.escape_text(path), 44) for path in rows["path"]])
    ax.set_ylim(-0.6, max(len(rows), 1) - 0.4)
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x", color=style.RULE, linewidth=0.8)
    style.count_axis(ax, "requests", axis="x")
    ax.set_xlim(right=reach)
    annotate_no_data(ax, count, client + server)
    style.legend(ax)
    return fig


def _bar_label(hits: float, bad: float) -> str:
    """Return the label of a bar."""
    errors = f"{style.number(bad)} error{'' if bad == 1 else 's'}"
    if np.isnan(hits):
        return f"hits not listed, {errors}" if bad else "hits not listed"
    if not bad:
        return style.number(hits)
    if hits <= 0:
        return f"{style.number(hits)}, {errors}"
    share = 100 * min(bad / hits, 1)
    # not every request failed unless all did
    percentage = f"{share:.2g}" if share < 99 else "100" if share == 100 else ">99"
    return f"{style.number(hits)}, {percentage} % failed"


def before_after(
    comparison: pd.DataFrame,
    series: pd.DataFrame | None = None,
    *,
    title: str = "Before and after",
    confidence: str = "95 %",
    marks: Iterable[tuple[Any, str]] = (),
) -> Figure:
    """Draw the metrics of two windows with the interval of their difference.

    One small plot per metric: before and after as dots, the interval of the change as a bar from the value before.

    Args:
        comparison: what `analysis.compare` returns.
        series: requests over time in which both windows lie: drawn above, as the share that failed over time, with both
            windows shaded.
        title: the headline of the figure.
        confidence: that of the comparison, as the caption is to say it.
        marks: moments to name above, such as deployments: pairs of a time and a short text.

    Returns:
        A figure of one plot per metric, and one above them with `series`.

    Raises:
        InvalidInput: an argument is no such frame; the text names the call that returns one.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-80min")
        >>> comparison = createos_nb.analysis.compare(requests.iloc[:40], requests.iloc[40:])
        >>> fig = createos_nb.plots.before_after(comparison, requests)
        >>> len(fig.axes)
        5
    """
    columns = ("before", "after", "low", "high", "changed")
    call = "analysis.compare(before, after)"
    validation.frame_of(comparison, "before_after", "comparison", "two windows compared", call, columns)
    if series is not None:
        validation.requests_frame(series, "before_after", "series")
    table = comparison[comparison["before"].notna() | comparison["after"].notna()]
    rows = max(len(table), 1)
    above_text = "" if series is None else ("Above: the two windows that are compared, and what was released when. ")
    fig, axes = style.figure(
        title,
        caption=f"{above_text}Hollow: before. Filled: after. The bar is where the value after lies with {confidence} "
        "confidence, seen from the value before: the further from the dashed line, the surer the change. The word at "
        "the right says whether it is sure enough.",
        rows=rows if series is None else rows + 1,
        height=1.0 + 0.72 * rows + (0 if series is None else 2.2),
        height_ratios=None if series is None else [2.6, *[0.72] * rows],
    )
    if series is not None:
        _two_windows(axes.pop(0), series, comparison.attrs, marks)
    if not len(table):
        annotate_no_data(axes[0], text="no data in either window: nothing to compare")
        axes[0].set_xticks([])
        for spine in axes[0].spines.values():
            spine.set_visible(False)
    for ax, (metric, row) in zip(axes, table.iterrows(), strict=False):
        before, after = float(row["before"]), float(row["after"])
        # a difference may reach further than the metric itself can go
        low, high = max(before + float(row["low"]), 0.0), before + float(row["high"])
        if str(metric).endswith("percentage"):
            high = min(high, 100.0)
        changed = bool(row["changed"])
        color = _color(str(metric), before, after) if changed else style.LINE
        ax.axvline(before, color=style.INK, linestyle="--", linewidth=1)
        ax.plot([low, high], [0, 0], color=color, linewidth=6, alpha=0.45, solid_capstyle="butt")
        ax.plot([before], [0], "o", markersize=8, markerfacecolor=style.GROUND, markeredgecolor=style.INK)
        ax.plot([after], [0], "D" if changed else "o", markersize=8, color=color)
        ax.set_ylim(-1, 1)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        ax.grid(visible=False)
        ax.margins(x=0.15)
        label = _METRICS.get(str(metric), str(metric))
        ax.set_ylabel(style.escape_text(label), rotation=0, ha="right", va="center", fontsize=9, color=style.INK)
        ax.xaxis.set_major_formatter(lambda value, _: style.number(float(f"{value:.6g}")))
        outcome = "changed" if changed else "no change shown"
        if np.isnan(after) or np.isnan(before):
            outcome = "nothing to compare"
        ax.annotate(outcome, (1.01, 0.5), xycoords="axes fraction", va="center", fontsize=8, color=style.INK)
    return fig


def _color(metric: str, before: float, after: float) -> str:
    """Return red for more errors and less success, green for the opposite, blue for what is neither."""
    if metric not in _METRICS or not metric.endswith("percentage"):
        return style.ACCENT
    return style.GOOD if (after > before) == metric.startswith("success") else style.ERROR


def _two_windows(ax: Any, series: pd.DataFrame, windows: Mapping[Any, Any], marks: Iterable[tuple[Any, str]]) -> None:
    span = window(series.index)
    all_marks = with_live_versions(marks, series, span)
    frame, minutes = rebin(series)
    total = floats(frame["count"])
    x = edges(instants(pd.DatetimeIndex(frame.index)), minutes, span)
    shares = {status: share_of(frame, f"status_{status}") for status in ("5xx", "4xx")}
    high = 1.15 * max(float(np.nanmax(np.append(share, 0.0))) for share in shares.values())
    bars(ax, x, shares["5xx"], "5xx", label="5xx", top=high or None)
    style.line(
        ax, x, np.repeat(shares["4xx"], 2), style.STATUS["4xx"], label="4xx", linewidth=1.2, linestyle="-", marker=None
    )
    for name, color in (("before", style.LINE), ("after", style.ACCENT)):
        if name in windows:
            begin, end = (instant(moment) for moment in windows[name])
            ax.axvspan(
                begin,
                end,
                facecolor=color,
                alpha=0.16,
                linewidth=0,
                zorder=0,
                label=name,
            )
    style.percent_axis(ax, f"of all requests,\nmeans of {format_bucket_width(minutes)}")
    annotate_no_data(
        ax, np.where(total > 0, total, np.nan), text="no requests" if np.isfinite(total).any() else "no data"
    )
    time_axis(ax, span)
    style.legend(ax)
    # the labels of the rows below take a third of the width
    annotate(ax, all_marks, span, room=0.66)


def today(
    parts: pd.DataFrame,
    *,
    title: str = "Today against yesterday and last week",
    marks: Iterable[tuple[Any, str]] = (),
) -> Figure:
    """Draw the last day of a series for one environment, over yesterday and last week.

    Args:
        parts: what `analysis.decompose` returns.
        title: the headline of the figure.
        marks: moments to name, such as deployments: pairs of a time and a short text.

    Returns:
        A figure of one plot, in requests per minute.

    Raises:
        InvalidInput: `parts` is no such frame; the text names the call that returns one.

    Examples:
        >>> client = createos_nb.simulate()
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-3d")
        >>> fig = createos_nb.plots.today(createos_nb.analysis.decompose(requests))
        >>> fig.axes[0].get_legend_handles_labels()[1]
        ['the day before', 'expected', 'today']
    """
    needed = ("observed", "yesterday", "last_week", "expected")
    call = "analysis.decompose(requests)"
    validation.frame_of(parts, "today", "parts", "a decomposed series", call, needed, over_time=True)
    width = int(parts.attrs.get("bucket_seconds") or 60)
    last = parts.iloc[-max(86_400 // width, 1) :]
    columns = last[["observed", "yesterday", "last_week", "expected"]]
    rows = downsample(columns, "mean", max_rows=144)
    fig, (ax,) = style.figure(
        title,
        caption="The thick line is the last day. Where it leaves the thin ones, which agree with each other, today is "
        "not like other days; where they differ among themselves, no day is like another.",
    )
    x = instants(pd.DatetimeIndex(rows.index))
    per_minute = 60 / width
    for column, label, color, look in _DAYS:
        values = rows[column].to_numpy(dtype=float) * per_minute
        if np.isfinite(values).any():
            ax.plot(x, values, color=color, linestyle=look, linewidth=1.2, label=label)
    observed = rows["observed"].to_numpy(dtype=float) * per_minute
    ax.plot(x, observed, color=style.LINE, linewidth=2.2, label="today")
    style.count_axis(ax, "requests per minute")
    annotate_no_data(ax, rows)
    span = window(last.index)
    time_axis(ax, span)
    style.legend(ax)
    annotate(ax, with_live_versions(marks, parts, span), span)
    return fig


def _empty_cell(ax: Any, row: int, column: int) -> None:
    from matplotlib.patches import Rectangle

    ax.add_patch(
        Rectangle((column, row), 1, 1, facecolor=style.GROUND, edgecolor=style.RULE, hatch="////", linewidth=0)
    )
