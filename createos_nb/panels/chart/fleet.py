"""Requests of many environments: a pane for each, the busiest first, over one axis of time."""

from __future__ import annotations

from typing import Any

import pandas as pd

from createos_nb.panels.chart.parts import Pane, Series
from createos_nb.panels.chart.time_chart import TimeChart
from createos_nb.panels.chart.traffic import bucket_seconds, requests_per_minute

#: Pixels of the plot of one environment.
_HEIGHT = 34


def show_fleet(chart: TimeChart, frame: pd.DataFrame, *, most: int) -> int:
    """Show requests and server errors per minute of the busiest environments; return how many are left out.

    Args:
        chart: where they are shown.
        frame: what `client.fleet.requests_over_time` returns.
        most: how many environments are shown at most.
    """
    groups = list(frame.groupby(["project", "environment"], sort=False))
    groups.sort(key=lambda group: -int(group[1]["count"].sum()))
    panes = []
    for (project, environment), rows in groups[:most]:
        part = rows.set_index("time").sort_index()
        part.attrs = dict(frame.attrs)
        seconds = bucket_seconds(part)
        errors = part["status_5xx"].astype("Float64") * (60 / seconds)
        own = [Series("requests per minute", requests_per_minute(part, seconds))]
        if errors.sum() > 0:
            own.append(Series("server errors per minute", errors, "error"))
        panes.append(Pane(f"{project} / {environment}, requests per minute", "", own, height=_HEIGHT))
    chart.show(panes, label=_sentence(len(groups), groups[:most]))
    return max(len(groups) - most, 0)


def _sentence(count: int, shown: list[tuple[Any, pd.DataFrame]]) -> str:
    if not shown:
        return "No environment has traffic."
    failing = [
        f"{project} / {environment}"
        for (project, environment), rows in shown
        if rows["count"].sum() and rows["status_5xx"].sum() / rows["count"].sum() > 0.01
    ]
    errors = (
        f"More than 1 % server errors: {', '.join(failing)}." if failing else "None has more than 1 % server errors."
    )
    return f"Requests per minute of {len(shown)} of {count} environments, the busiest first. {errors}"
