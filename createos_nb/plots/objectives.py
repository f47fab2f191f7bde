"""Service level objectives: the budget as it burns down, and how fast it burns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from createos_nb.plots import style
from createos_nb.plots.thinning import thinned

if TYPE_CHECKING:
    from createos_nb.plots.figure import Figure


def burn_down(budget: pd.DataFrame, *, title: str = "Error budget", marks: Iterable[tuple[Any, str]] = ()) -> Figure:
    """What is left of the error budget over time, as `analysis.error_budget` gives it.

    `marks` are moments to name, such as deployments: pairs of a time and a short text.
    """
    target = budget.attrs.get("target")
    of = "" if target is None else f" of {100 * target:.6g} %"
    rows = thinned(budget[["left_share", "coverage"]], "last")
    fig, (ax,) = style.figure(
        title,
        caption=f"What is left of the errors that the target{of} allows in its window. A steep fall is an incident, a "
        "steady slope a leak; a rise is an old incident that leaves the window. Below the dashed line the objective is "
        "missed. Grey: the window is not full yet.",
    )
    x = style.instants(pd.DatetimeIndex(rows.index))
    left = 100 * rows["left_share"].to_numpy(dtype=float)
    young = rows["coverage"].to_numpy(dtype=float) < 0.999
    # the first minutes of a young window swing wildly: they may not set the scale for the rest
    lowest = float(np.nanmin(np.append(left if young.all() else left[~young], 0.0)))
    # an objective missed a hundredfold would press the rest into a line
    floor = max(lowest * 1.1, -150.0) if lowest < 0 else 0.0
    shown = np.clip(left, floor, None)
    ax.fill_between(x, 0, shown, where=shown >= 0, color=style.SKY, alpha=0.5, linewidth=0)
    ax.fill_between(
        x,
        0,
        shown,
        where=shown <= 0,
        facecolor=style.VERMILION,
        alpha=0.6,
        hatch="////",
        edgecolor="white",
        linewidth=0,
    )
    style.line(ax, x, shown, style.SERIES[0], marker=None)
    ax.axhline(0, color=style.BLACK, linewidth=1, linestyle="--", zorder=3, label="budget spent")
    ax.set_ylim(floor, 105)
    if young.any():
        full = x[-1] if young.all() else x[int(np.argmin(young))]
        ax.axvspan(x[0], full, color=style.PALE, alpha=0.6, linewidth=0, zorder=0, label="window not full yet")
    style.percent_axis(ax, "error budget left")
    if lowest < floor:
        ax.annotate(
            f"down to {style.number(round(lowest))} %", (0.99, 0.02), xycoords="axes fraction", fontsize=8,
            ha="right", color=style.VERMILION,
        )  # fmt: skip
    style.time_axis(ax)
    style.legend(ax)
    style.moments(ax, marks)
    return fig


def burn_rates(
    rates: pd.DataFrame,
    table: pd.DataFrame,
    alerts: pd.DataFrame | None = None,
    *,
    title: str = "Burn rates",
    marks: Iterable[tuple[Any, str]] = (),
) -> Figure:
    """Burn rates with their thresholds: `analysis.burn_rates`, `analysis.burn_table` and, if given, `burn_alerts`.

    One plot for each row of the table, with its long and its short window; alerts are shaded.
    """
    from matplotlib.ticker import LogLocator, NullLocator

    fig, axes = style.figure(
        title,
        caption="A rate of 1 spends the budget exactly by the end of the SLO's window. An alert fires while both, the "
        "long window and the short one, are above the dashed threshold: the long one says that it matters, the short "
        "one that it still goes on. Hatched, with a mark at the top: the alert fires.",
        rows=max(len(table), 1),
        height=1.2 + 1.15 * max(len(table), 1),
        share_x=True,
    )
    rows = thinned(rates, "max")
    x = style.instants(pd.DatetimeIndex(rows.index))
    for ax, (_, row) in zip(axes, table.iterrows(), strict=False):
        long, short = _window(row["alert"])
        factor = float(row["factor"])
        for name, label in ((short, "short"), (long, "long")):
            if name not in rows.columns:
                continue
            # below a hundredth of the threshold nothing is to be seen on this scale
            values = np.clip(rows[name].to_numpy(dtype=float), factor / 100, None)
            if label == "short":  # an area, since a line of single minutes over weeks would hide the other
                ax.fill_between(
                    x, factor / 100, values, color=style.ORANGE, alpha=0.45, linewidth=0, label=f"short window, {name}"
                )
            else:
                style.line(ax, x, values, style.SERIES[0], label=f"long window, {name}", marker=None)
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(base=10, numticks=4))
        ax.yaxis.set_minor_locator(NullLocator())
        ax.set_ylim(factor / 100, max(factor * 10, float(np.nanmax(np.append(rows.to_numpy(dtype=float), 1))) * 2))
        ax.yaxis.set_major_formatter(lambda value, _: style.number(value))
        # named in the legend: at the right end its name would lie on the latest figures
        ax.axhline(
            factor, color=style.BLACK, linewidth=1, linestyle="--", zorder=3, label=f"{row['alert']}: {factor:.4g}×"
        )
        ax.set_ylabel("burn rate", fontsize=9, color=style.BLACK)
        if alerts is not None and len(alerts):
            _shade(ax, alerts[alerts["alert"] == row["alert"]], rates.index)
        style.legend(ax)
    style.time_axis(axes[-1])
    named = list(marks)
    style.moments(axes[0], named)
    for ax in axes[1:]:
        style.moments(ax, [(moment, "") for moment, _ in named])
    return fig


def _window(alert: str) -> tuple[str, str]:
    """The two windows in a name such as "page 1h/5m"."""
    long, short = alert.split()[-1].split("/")
    return long, short


def _shade(ax: Any, alerts: pd.DataFrame, index: pd.Index[Any]) -> None:
    step = index[1] - index[0] if len(index) > 1 else pd.Timedelta(0)
    # a part of the rates may be drawn with the alerts of the whole
    shown = (alerts["onset"] <= index[-1] + step) & ~(alerts["end"] < index[0])
    alerts = alerts[shown].assign(onset=alerts["onset"].clip(lower=index[0]))
    if len(alerts):
        at = [style.instant(onset) for onset in alerts["onset"]]
        # seen even where the span is narrower than a line
        ax.plot(at, [1] * len(at), "v", transform=ax.get_xaxis_transform(), markersize=6, color=style.VERMILION,
                clip_on=False)  # fmt: skip
    for onset, end in zip(alerts["onset"], alerts["end"], strict=True):
        until = index[-1] + step if pd.isna(end) else end
        ax.axvspan(
            style.instant(onset), style.instant(until), facecolor=style.VERMILION, alpha=0.25, hatch="\\\\\\",
            edgecolor=style.VERMILION, linewidth=0, zorder=0,
        )  # fmt: skip
