"""Plots of anomalies with the expected band, and of change points with the levels between them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from createos_nb.dtypes import TEXT
from createos_nb.plots import style, validation
from createos_nb.plots.annotations import Mark, annotate, with_live_versions
from createos_nb.plots.downsample import downsample, rebin
from createos_nb.plots.time_axis import annotate_no_data, instant, instants, time_axis, window

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from createos_nb.plots.figure import Figure


def anomalies(
    table: pd.DataFrame, *, title: str = "Anomalies", unit: str = "value", marks: Iterable[tuple[Any, str]] = ()
) -> Figure:
    """Draw a series, or the requests and errors of one environment, with its expected band and its anomalies.

    Args:
        table: what `analysis.anomalies` returns; requests and errors in it are per bucket.
        title: the headline of the figure.
        unit: label of the values of a series.
        marks: moments to name, such as deployments: pairs of a time and a short text.

    Returns:
        A figure of one plot for a series, of two (requests, errors) for requests.

    Raises:
        InvalidInput: `table` is no such frame; the text names the call that returns one.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-3h")
        >>> fig = createos_nb.plots.anomalies(createos_nb.analysis.anomalies(requests))
        >>> [ax.get_ylabel() for ax in fig.axes]
        ['requests per minute', 'errors per minute']
    """
    call = "analysis.anomalies(frame)"
    validation.frame_of(table, "anomalies", "table", "anomalies", call, ("expected", "anomaly"))
    requests = "volume_score" in table.columns
    caption = (
        "Band: where a single value is nothing unusual. Diamonds: when something unusual is first known; "
        "it may come from several values together, each of which lies in the band."
    )
    fig, axes = style.figure(
        title, caption=caption, rows=2 if requests else 1, height=5.0 if requests else 3.4, share_x=True
    )
    x_all = _instants(table.index)
    if requests:
        anomalous = table["anomaly"].to_numpy(dtype=bool)
        what = table["what"].astype(TEXT)
        volume = anomalous & what.str.contains("requests").to_numpy(dtype=bool)
        errors = anomalous & what.str.contains("errors").to_numpy(dtype=bool)
        bucket = _bucket(table)
        _band(axes[0], table, x_all, ("count", "expected", "low", "high"), volume, f"requests per {bucket}")
        _band(axes[1], table, x_all, ("errors", "errors_expected", None, "errors_high"), errors, f"errors per {bucket}")
    else:
        columns = ("value", "expected", "low", "high")
        _band(axes[0], table, x_all, columns, table["anomaly"].to_numpy(dtype=bool), unit)
    if isinstance(table.index, pd.DatetimeIndex):
        span = window(_aware(table.index))
        time_axis(axes[-1], span)
        annotate(axes[0], with_live_versions(marks, table, span), span, others=axes[1:])
    else:
        axes[-1].set_xlabel(style.escape_text(table.index.name or "row"), fontsize=9, color=style.INK)
    return fig


def change_points(
    rates: pd.DataFrame,
    changes: pd.DataFrame,
    *,
    title: str = "Error rate and its changes",
    marks: Iterable[tuple[Any, str]] = (),
) -> Figure:
    """Draw the error percentage over time, and the level of each stretch between changes, for one environment.

    Args:
        rates: requests over time, of which the classes are drawn that `changes` was judged by (5xx by default); or what
            `analysis.success_rate(frame, every=...)` returns, of whose `error_percentage` all of 4xx and 5xx count: it
            goes with `change_points(frame, errors=["4xx", "5xx"])`.
        changes: what `analysis.change_points` returns.
        title: the headline of the figure.
        marks: moments to name, such as deployments: pairs of a time and a short text.

    Returns:
        A figure of one plot.

    Raises:
        InvalidInput: an argument is no such frame; the text names the call that returns one.
        ValueError: `rates` and `changes` are of different classes of errors.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-3h")
        >>> fig = createos_nb.plots.change_points(requests, createos_nb.analysis.change_points(requests))
        >>> fig.axes[0].get_ylabel()
        '5xx, % of requests'
    """
    if not isinstance(rates, pd.DataFrame) or "error_percentage" not in rates:
        validation.requests_frame(rates, "change_points", "rates")
    call = "analysis.change_points(requests)"
    validation.frame_of(changes, "change_points", "changes", "change points", call, ("onset", "before", "after"))
    classes = [str(status) for status in changes.attrs.get("errors", ["4xx", "5xx"])]
    if "count" in rates.columns:
        counts, _ = rebin(rates)
        requests = counts["count"].astype("Float64")
        share = (
            100
            * counts[[f"status_{status}" for status in classes]].sum(axis=1, min_count=1)
            / requests.where(requests > 0)
        )
        failed, index = share.to_numpy(dtype=float, na_value=np.nan), counts.index
    elif sorted(classes) == ["4xx", "5xx"]:
        rows = downsample(rates[["error_percentage"]], "mean")
        failed, index = rows["error_percentage"].to_numpy(dtype=float), rows.index
    else:
        raise ValueError(f"changes are those of {' and '.join(classes)}, rates those of 4xx and 5xx: give the requests")
    what = "failed" if len(classes) > 1 else classes[0]
    fig, (ax,) = style.figure(
        title,
        caption=f"Thin: the share of requests that ended in {' or '.join(classes)}. Thick: the level of each "
        "stretch. A vertical line is where a new level most likely began; the number above it is the factor, and how "
        "many requests it took to be sure.",
    )
    x = instants(pd.DatetimeIndex(index))
    ax.plot(x, failed, color=style.ERROR, linewidth=0.9, drawstyle="steps-post", label=f"{what}, % of requests")
    if len(changes) and len(rates):
        index = pd.DatetimeIndex(rates.index)
        edges = [index[0], *changes["onset"], index[-1]]
        levels = [float(changes["before"].iloc[0]), *changes["after"].astype(float)]
        for level, begin, end in zip(levels, edges[:-1], edges[1:], strict=True):
            ax.plot([instant(begin), instant(end)], [level, level], color=style.INK, linewidth=2.4)
    style.percent_axis(ax, f"{what}, % of requests")
    ax.set_ylim(bottom=0)
    annotate_no_data(ax, failed)
    span = window(rates.index)
    time_axis(ax, span)
    annotate(ax, [*_change_marks(changes), *with_live_versions(marks, rates, span)], span)
    return fig


def _change_marks(changes: pd.DataFrame) -> list[Mark]:
    """Changes as marks: in the lanes of the others, so that neither hides the other."""
    marks = []
    for _, change in changes.iterrows():
        up = bool(change["after"] > change["before"])
        ratio = float(change["ratio"])
        factor = "from 0" if np.isinf(ratio) else f"×{style.number(float(f'{ratio:.2g}'))}"
        text = f"{factor} ({int(change['requests']):,})"
        color, line = (style.ERROR, "-") if up else (style.GOOD, "--")
        marks.append(Mark(change["onset"], text, color, line))
    return marks


def _band(
    ax: Axes, scores: pd.DataFrame, x_all: Any, columns: tuple[str, str, str | None, str], anomalous: Any, label: str
) -> None:
    color, unusual = (style.ERROR, style.ERROR) if columns[0] == "errors" else (style.LINE, style.CALLER)
    value, expected, low, high = columns
    validation = [column for column in columns if column is not None]
    numbers = scores[validation].astype("float64")
    rows = downsample(numbers, "mean")
    spikes = downsample(numbers[[value]], "max")[value].to_numpy(dtype=float)
    x = _instants(rows.index)
    bottom = np.zeros(len(rows)) if low is None else rows[low].to_numpy(dtype=float)
    ax.fill_between(x, bottom, rows[high].to_numpy(dtype=float), color=style.BAND, linewidth=0, label="usual")
    mean = rows[value].to_numpy(dtype=float)
    if len(rows) < len(scores):
        ax.plot(x, spikes, color=color, alpha=0.4, linewidth=0.6, label="highest of each stretch")
    ax.plot(x, mean, color=color, linewidth=1.2, label="seen")
    ax.plot(x, rows[expected].to_numpy(dtype=float), color=style.QUIET, linewidth=0.9, linestyle="--", label="expected")
    at = np.flatnonzero(anomalous)
    if len(at):
        ax.plot(
            x_all[at], numbers[value].to_numpy(dtype=float)[at], "D", markersize=7, markerfacecolor="none",
            markeredgecolor=unusual, markeredgewidth=1.8, label="anomaly", zorder=5,
        )  # fmt: skip
    # a band that has still to be learnt, or a rare spike, may not press the series into a line
    known = mean[np.isfinite(mean)]
    top = [numbers[value].to_numpy(dtype=float)[at].max(initial=0.0), spikes[np.isfinite(spikes)].max(initial=0.0)]
    ceiling = max([*top, float(np.max(known, initial=0.0))]) * 1.15
    floor = min(float(np.min(known, initial=0.0)), 0.0)
    ax.set_ylim(floor * 1.15, ceiling if ceiling > floor else floor + 1)
    style.count_axis(ax, label, from_zero=False)
    annotate_no_data(ax, mean, spikes)
    style.legend(ax)


def _instants(index: pd.Index[Any]) -> Any:
    if isinstance(index, pd.DatetimeIndex):
        return instants(_aware(index))
    return np.arange(len(index))


def _aware(index: pd.DatetimeIndex) -> pd.DatetimeIndex:
    return index if index.tz is not None else index.tz_localize("UTC")


def _bucket(scores: pd.DataFrame) -> str:
    seconds = int(scores.attrs.get("bucket_seconds") or 60)
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if seconds % size == 0:
            return name if seconds == size else f"{seconds // size} {name}s"
    return "bucket"
