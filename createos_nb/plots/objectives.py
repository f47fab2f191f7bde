"""Service level objectives: the budget as it burns down, and how fast it burns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from createos_nb.plots import style, validation
from createos_nb.plots.annotations import annotate, with_live_versions
from createos_nb.plots.downsample import downsample
from createos_nb.plots.time_axis import annotate_no_data, instant, instants, time_axis, window

if TYPE_CHECKING:
    from createos_nb.plots.figure import Figure


def burn_down(budget: pd.DataFrame, *, title: str = "Error budget", marks: Iterable[tuple[Any, str]] = ()) -> Figure:
    """Draw what is left of the error budget over time.

    Args:
        budget: what `analysis.error_budget` returns.
        title: the headline of the figure.
        marks: moments to name, such as deployments: pairs of a time and a short text.

    Returns:
        A figure of one plot, in percent of the budget.

    Raises:
        InvalidInput: `budget` is no such frame; the text names the call that returns one.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-1d")
        >>> fig = createos_nb.plots.burn_down(createos_nb.analysis.error_budget(requests, window="1d"))
        >>> fig.axes[0].get_ylabel()
        'error budget left'
    """
    call = "analysis.error_budget(requests)"
    validation.frame_of(
        budget, "burn_down", "budget", "the error budget", call, ("left_share", "coverage"), over_time=True
    )
    target = budget.attrs.get("target")
    of = "" if target is None else f" of {100 * target:.6g} %"
    span = window(budget.index)
    rows = downsample(budget[["left_share", "coverage"]], "last")
    fig, (ax,) = style.figure(
        title,
        caption=f"What is left of the errors that the target{of} allows in its window. A steep fall is an incident, a "
        "steady slope a leak; a rise is an old incident that leaves the window. Below the dashed line the objective is "
        "missed. Grey: the window reaches back before the data begin.",
    )
    x = instants(pd.DatetimeIndex(rows.index))
    budget_left = 100 * rows["left_share"].to_numpy(dtype=float)
    full = _full(budget)
    young = np.zeros(len(x), dtype=bool) if full is None else x < full
    # the first minutes of a young window swing wildly: they may not set the scale for the rest
    lowest = float(np.nanmin(np.append(budget_left if young.all() else budget_left[~young], 0.0)))
    # an objective missed a hundredfold would press the rest into a line
    floor = max(lowest * 1.1, -150.0) if lowest < 0 else 0.0
    clipped = np.clip(budget_left, floor, None)
    ax.fill_between(x, 0, clipped, where=clipped >= 0, color=style.AREA, alpha=0.5, linewidth=0)
    ax.fill_between(
        x,
        0,
        clipped,
        where=clipped <= 0,
        facecolor=style.ERROR,
        alpha=0.6,
        linewidth=0,
        label=_overspent(lowest, floor) if lowest < 0 else None,
    )
    style.line(ax, x, clipped, style.SERIES[0], marker=None)
    ax.axhline(0, color=style.INK, linewidth=1, linestyle="--", zorder=3, label="budget spent")
    ax.set_ylim(floor, 105)
    if span is not None and full is not None and full > span[0]:
        ax.axvspan(
            *np.clip(span, None, full), color=style.BAND, linewidth=0, zorder=0,
            label="window not full yet",
        )  # fmt: skip
    style.percent_axis(ax, "error budget left")
    annotate_no_data(ax, budget_left)
    time_axis(ax, span)
    style.legend(ax)
    annotate(ax, with_live_versions(marks, budget, span), span)
    return fig


def burn_rates(
    rates: pd.DataFrame,
    table: pd.DataFrame,
    alerts: pd.DataFrame | None = None,
    *,
    title: str = "Burn rates",
    marks: Iterable[tuple[Any, str]] = (),
) -> Figure:
    """Draw burn rates with their thresholds.

    One plot for each row of the table, with its long and its short window; alerts are shaded.

    Args:
        rates: what `analysis.burn_rates` returns.
        table: what `analysis.burn_table` returns, of the same target and window.
        alerts: what `analysis.burn_alerts` returns, if they are to be shaded.
        title: the headline of the figure.
        marks: moments to name, such as deployments: pairs of a time and a short text.

    Returns:
        A figure of one plot for each row of `table`.

    Raises:
        InvalidInput: an argument is no such frame; the text names the call that returns one.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-6h")
        >>> rates, table = createos_nb.analysis.burn_rates(requests), createos_nb.analysis.burn_table()
        >>> fig = createos_nb.plots.burn_rates(rates, table, createos_nb.analysis.burn_alerts(requests))
        >>> len(fig.axes)
        4
    """
    validation.frame_of(rates, "burn_rates", "rates", "burn rates", "analysis.burn_rates(requests)", over_time=True)
    call = "analysis.burn_table()"
    validation.frame_of(table, "burn_rates", "table", "alerts", call, ("alert", "factor"))
    from matplotlib.ticker import LogLocator, NullLocator

    fig, axes = style.figure(
        title,
        caption="A rate of 1 spends the budget exactly by the end of the SLO's window. An alert fires while both, the "
        "long window and the short one, are above the dashed threshold: the long one says that it matters, the short "
        "one that it still goes on. Red ground, with a mark at the top: the alert fires.",
        rows=max(len(table), 1),
        height=1.2 + 1.15 * max(len(table), 1),
        share_x=True,
    )
    rows = downsample(rates, "max")
    x = instants(pd.DatetimeIndex(rows.index))
    for ax, (_, row) in zip(axes, table.iterrows(), strict=False):
        long, short = _window(row["alert"])
        factor = float(row["factor"])
        for name, label in ((short, "short"), (long, "long")):
            if name not in rows.columns:
                continue
            # below a hundredth of the threshold nothing is to be seen on this scale
            values = np.clip(rows[name].to_numpy(dtype=float), factor / 100, None)
            if label == "short":  # an area, since a line of single minutes over weeks would hide the other
                ax.fill_between(x, factor / 100, values, color=style.AREA, linewidth=0, label=f"short window, {name}")
            else:
                style.line(ax, x, values, style.SERIES[0], label=f"long window, {name}", marker=None)
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(base=10, numticks=4))
        ax.yaxis.set_minor_locator(NullLocator())
        ax.set_ylim(factor / 100, max(factor * 10, float(np.nanmax(np.append(rows.to_numpy(dtype=float), 1))) * 2))
        ax.yaxis.set_major_formatter(lambda value, _: style.number(value))
        # named in the legend: at the right end its name would lie on the latest figures
        ax.axhline(
            factor, color=style.INK, linewidth=1, linestyle="--", zorder=3, label=f"{row['alert']}: {factor:.4g}×"
        )
        ax.set_ylabel("burn rate", fontsize=9, color=style.INK)
        annotate_no_data(ax, rows[[name for name in (long, short) if name in rows.columns]])
        if alerts is not None and len(alerts):
            _shade(ax, alerts[alerts["alert"] == row["alert"]], rates.index)
        style.legend(ax)
    if not len(table):
        annotate_no_data(axes[0], text="no alert in the table")
    span = window(rates.index)
    time_axis(axes[-1], span)
    annotate(axes[0], with_live_versions(marks, rates, span), span, others=axes[1:])
    return fig


def _full(budget: pd.DataFrame) -> np.datetime64 | None:
    """Return the time from which the SLO's window lies wholly within the data; None where no window is known.

    A gap lowers the coverage for a whole window's length, but takes nothing from its reach.
    """
    period, step = (budget.attrs.get(f"{name}_seconds") for name in ("window", "bucket"))
    coverage = budget["coverage"].to_numpy(dtype=float)
    with_data = np.flatnonzero(coverage > 0)
    if period is None or step is None or not len(with_data):
        return None
    # a part of a longer budget may be drawn: its first window holds what came before
    before = max(coverage[with_data[0]] * float(period) - float(step), 0.0)
    missing = float(period) - float(step) - before
    first = instants(pd.DatetimeIndex(budget.index[with_data[:1]]))[0]
    return np.datetime64(first + np.timedelta64(round(missing), "s"))


def _overspent(lowest: float, floor: float) -> str:
    """The depth in the legend, since it would not be read on the red."""
    cut = f", cut at {style.number(round(floor))} %" if lowest < floor else ""
    return f"overspent, down to {style.number(float(f'{lowest:.3g}'))} %{cut}"


def _window(alert: str) -> tuple[str, str]:
    """The two windows in a name such as "page 1h/5m"."""
    long, short = alert.split()[-1].split("/")
    return long, short


def _shade(ax: Any, alerts: pd.DataFrame, index: pd.Index[Any]) -> None:
    from matplotlib.transforms import ScaledTranslation

    step = index[1] - index[0] if len(index) > 1 else pd.Timedelta(0)
    # a part of the rates may be drawn with the alerts of the whole
    overlapping = (alerts["onset"] <= index[-1] + step) & ~(alerts["end"] < index[0])
    alerts = alerts[overlapping].assign(onset=alerts["onset"].clip(lower=index[0]))
    if len(alerts):
        at = [instant(onset) for onset in alerts["onset"]]
        # seen even where the span is narrower than a line, and below the names of marks
        inside = ax.get_xaxis_transform() + ScaledTranslation(0, -3 / 72, ax.figure.dpi_scale_trans)
        ax.plot(at, [1] * len(at), "v", transform=inside, markersize=6, color=style.ERROR, clip_on=False)
    for onset, end in zip(alerts["onset"], alerts["end"], strict=True):
        until = index[-1] + step if pd.isna(end) else end
        ax.axvspan(
            instant(onset), instant(until), facecolor=style.ERROR, alpha=0.22, linewidth=0, zorder=0,
        )  # fmt: skip
