"""Sizing: what each replica has carried, and what idle times cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from createos_nb.plots import style, validation
from createos_nb.plots.time_axis import annotate_no_data

if TYPE_CHECKING:
    from createos_nb.analysis.capacity import ReplicasAdvice
    from createos_nb.analysis.sleep import SleepAdvice
    from createos_nb.plots.figure import Figure

_MOST = 5_000


def capacity(
    frame: pd.DataFrame,
    advice: ReplicasAdvice,
    *,
    title: str = "Load and errors of a replica",
    replicas: int | None = None,
) -> Figure:
    """Draw errors against the load per replica, a dot a bucket, with what has been demonstrated.

    Args:
        frame: the requests over time that `advice` was made from.
        advice: what `analysis.replicas_advice` returns for one environment.
        title: the headline of the figure.
        replicas: the number that served it (default: the present one).

    Returns:
        A figure of one plot.

    Raises:
        InvalidInput: an argument is no such frame or result; the text names the call that returns one.

    Examples:
        >>> client = createos_nb.simulate()
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-1d")
        >>> fig = createos_nb.plots.capacity(requests, createos_nb.analysis.replicas_advice(requests, replicas=3))
        >>> fig.axes[0].get_xlabel()
        'requests per minute and replica'
    """
    validation.requests_frame(frame, "capacity")
    call = "analysis.replicas_advice(requests)"
    validation.result_of(advice, "capacity", "advice", "ReplicasAdvice", call, ("demonstrated", "current"))
    width = int(frame.attrs.get("bucket_seconds") or _step(frame))
    number = advice.current if replicas is None else replicas
    count = frame["count"].to_numpy(dtype="float64", na_value=np.nan)
    failed = frame["status_5xx"].to_numpy(dtype="float64", na_value=np.nan)
    with_requests = np.flatnonzero(count > 0)[:: max(int((count > 0).sum()) // _MOST, 1)]
    load = count[with_requests] * (60 / width) / number
    share = 100 * failed[with_requests] / count[with_requests]
    within_target = share <= 100 * (1 - advice.target) + 1e-12
    fig, (ax,) = style.figure(
        title,
        caption="Each dot is a bucket. If errors begin at some load, that is the limit of a replica; if none do, no "
        "limit has been seen, and more replicas have no evidence. Errors at any load have another cause.",
    )
    ax.plot(
        load[within_target],
        share[within_target],
        "o",
        markersize=3,
        color=style.LINE,
        alpha=0.35,
        label="met the target",
    )
    ax.plot(
        load[~within_target],
        share[~within_target],
        "x",
        markersize=5,
        color=style.ERROR,
        alpha=0.7,
        label="missed the target",
    )
    if np.isfinite(advice.demonstrated):
        # named in the legend, since a text at the line would lie on the dots
        label = f"demonstrated: {style.number(round(advice.demonstrated, 1))} rpm per replica"
        ax.axvline(advice.demonstrated, color=style.INK, linewidth=1.2, linestyle="--", label=label)
    style.count_axis(ax, "requests per minute and replica", axis="x")
    style.percent_axis(ax, "5xx, % of requests")
    ax.set_ylim(bottom=-0.02 * max(float(np.max(share, initial=0.0)), 0.5))
    if annotate_no_data(ax, share, text="no requests"):
        ax.set_xticks([])
    style.legend(ax, ncols=2)
    return fig


def sleep(advice: SleepAdvice, *, title: str = "Awake or asleep") -> Figure:
    """Draw the daily cost of each policy: idle hours, and cold starts in the idle hours that they are worth.

    Args:
        advice: what `analysis.sleep_advice` returns for one environment.
        title: the headline of the figure.

    Returns:
        A figure of one plot, in idle hours per day.

    Raises:
        InvalidInput: `advice` is no such result; the text names the call that returns one.

    Examples:
        >>> client = createos_nb.simulate("sleepy")
        >>> requests = client.analytics.requests_over_time("reports", "production", start="-7d")
        >>> fig = createos_nb.plots.sleep(createos_nb.analysis.sleep_advice(requests))
        >>> fig.axes[0].get_xlabel()
        'idle hours per day'
    """
    validation.result_of(
        advice, "sleep", "advice", "SleepAdvice", "analysis.sleep_advice(requests)", ("costs", "safe_timeout")
    )
    costs = advice.costs
    positions = np.arange(len(costs))
    idle = costs["idle_hours"].to_numpy(dtype=float)
    cold = costs["cost"].to_numpy(dtype=float) - idle
    fig, (ax,) = style.figure(
        title,
        caption="The shorter, the better. Grey: hours awake without a request. Blue: cold starts, each counted as "
        f"the idle time that avoiding it is worth ({style.number(advice.safe_timeout.total_seconds() / 60)} minutes).",
        height=1.5 + 0.4 * len(costs),
    )
    ax.barh(positions, idle, color=style.AREA, height=0.6, label="idle hours")
    ax.barh(
        positions, cold, left=idle, color=style.ACCENT, height=0.6, linewidth=0,
        label="cold starts",
    )  # fmt: skip
    for at, (total, starts) in enumerate(zip(idle + cold, costs["cold_starts"].to_numpy(dtype=float), strict=True)):
        text = f"{total:.1f} h, {starts:.1f} cold starts"
        ax.annotate(text, (total, at), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
    names = [
        name if pd.isna(timeout) else f"{name}, {_minutes(timeout)}"
        for name, timeout in zip(costs.index, costs["timeout"], strict=True)
    ]
    ax.set_yticks(positions, [style.escape_text(name) for name in names])
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x", color=style.RULE, linewidth=0.8)
    style.count_axis(ax, "idle hours per day", axis="x")
    ax.set_xlim(right=max(float(np.max(idle + cold, initial=0.0)) * 1.5, 0.1))
    style.legend(ax)
    return fig


def _minutes(timeout: pd.Timedelta) -> str:
    minutes = timeout.total_seconds() / 60
    return f"after {style.number(minutes)} min" if minutes < 120 else f"after {style.number(round(minutes / 60, 1))} h"


def _step(frame: pd.DataFrame) -> float:
    return (frame.index[1] - frame.index[0]).total_seconds() if len(frame) > 1 else 60.0
