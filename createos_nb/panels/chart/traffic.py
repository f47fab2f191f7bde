"""Charts of requests on the time chart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from createos_nb.analysis.anomalies.change_points import change_points
from createos_nb.analysis.validation import COUNTS
from createos_nb.errors import InvalidInput
from createos_nb.panels.chart.scales import duration, format_value
from createos_nb.panels.chart.time_chart import Band, Limit, Mark, Pane, Series, TimeChart

#: Seconds that a bar may last, and how many bars there are at most.
_WIDTHS: Final = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 604_800)
_MOST_BARS: Final = 48
#: A rise of errors so near to a change is the same event.
_SAME: Final = pd.Timedelta(minutes=2)
_CALL: Final = "client.analytics.requests_over_time(project, environment)"


@dataclass(frozen=True)
class _Change:
    """Another version became live."""

    time: pd.Timestamp
    label: str
    note: str = ""


def traffic_chart(
    frame: pd.DataFrame,
    deployments: pd.DataFrame | None = None,
    *,
    slo: float | None = None,
    chosen: str = "",
    marks: tuple[Mark, ...] | list[Mark] = (),
    label: str = "",
    group: str = "",
) -> TimeChart:
    """Return a chart of requests per minute over server errors in percent, with the versions that were live.

    A bar of errors begins where a version became live, and never mixes two versions; what is not known is hatched.
    Incidents, which are stretches in which `analysis.change_points` finds more server errors than before, are marked.

    Args:
        frame: what `client.analytics.requests_over_time` returns for one environment.
        deployments: what names the versions: `client.fleet.live_versions(...)`, which says since when each was live, or
            `client.deployments.list(project)`, whose commit messages stand beside them. Without it, changes are those
            that `frame.attrs["live_versions"]` names.
        slo: the share of server errors that the objective allows, in percent: a dashed line.
        chosen: the version that is tinted, such as "v3".
        marks: more moments to mark.
        label: a sentence for screen readers; by default it says how errors were before and after the last change.
        group: charts of one group share cursor and zoom.

    Returns:
        The chart; `static()` is the same as an inline SVG.

    Raises:
        InvalidInput: `frame` or `deployments` is no such frame; the text names the call that returns one.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-2h")
        >>> live = client.fleet.live_versions(start="-2h", projects="storefront")
        >>> chart = createos_nb.panels.traffic_chart(requests, live, slo=0.5)
        >>> chart.spec["label"]
        'Server errors: 3.2 % of requests since v4 at 13:20 UTC; before, 0.15 %. Requests per minute: 66 to 151.'
        >>> [band["label"] for band in chart.spec["bands"]]
        ['probably v3', 'v4']
        >>> [mark["label"] for mark in chart.spec["marks"] if mark["kind"] == "incident"]
        ['server errors 0.15 % → 3.2 %']
    """
    chart = TimeChart(group=group)
    show_traffic(chart, frame, deployments, slo=slo, chosen=chosen, marks=marks, label=label)
    return chart


def show_traffic(
    chart: TimeChart,
    frame: pd.DataFrame,
    deployments: pd.DataFrame | None = None,
    *,
    slo: float | None = None,
    chosen: str = "",
    marks: tuple[Mark, ...] | list[Mark] = (),
    label: str = "",
) -> None:
    """Show requests and server errors on a chart that is there; the arguments are those of `traffic_chart`."""
    _check(frame)
    seconds = bucket_seconds(frame)
    start, end = _window(frame, seconds)
    before, changes = _versions(frame, deployments, start, end)
    bars, width = error_bars(frame, [change.time for change in changes], seconds)
    requests = requests_per_minute(frame, seconds)
    means = f", means of {duration(seconds)}" if seconds > 60 else ""
    limit = None if slo is None else Limit(slo, f"SLO {format_value(slo, '%')}")
    chart.show(
        [
            Pane(f"Requests per minute{means}", "", [Series("requests per minute", requests)]),
            Pane(
                f"Server errors, % of requests, {duration(width)}",
                "%",
                [
                    Series(
                        "server errors",
                        bars["percentage"],
                        "error",
                        ends=pd.DatetimeIndex(bars["end"]),
                    )
                ],
                kind="bars",
                limit=limit,
            ),
        ],
        bands=list(_bands(before, changes, chosen)),
        marks=[
            *(Mark(change.time, "" if change.label else change.note) for change in changes),
            *incidents(frame, end, [change.time for change in changes]),
            *marks,
        ],
        label=label or _finding(frame, requests, changes),
        start=start,
        end=end,
    )


def incidents(frame: pd.DataFrame, end: pd.Timestamp | None, changes: Sequence[pd.Timestamp] = ()) -> Iterator[Mark]:
    """Find stretches with more server errors than before, each until they are fewer, or until `end`.

    One that begins within two minutes of a change began with it. Nothing is found in a frame without the counts of
    every class: what they are compared with is not known.
    """
    if end is None or not set(COUNTS) <= set(frame.columns):
        return
    found = change_points(frame)
    rises = [bool(up) for up in found["after"] > found["before"]]
    begins = [_snapped(pd.Timestamp(onset), changes) for onset in found["onset"]]
    calm, rise = frame.index[0], None
    for up, begin in zip([*rises, False], [*begins, end], strict=True):
        if up:
            rise = rise or begin
        elif rise is not None:
            before, during = frame[calm : rise.floor("min")].iloc[:-1], frame[rise.floor("min") : begin]
            text = f"server errors {_share(before)} → {_share(during)}"
            yield Mark(rise, text, "incident", begin)
            calm, rise = begin, None


def _snapped(moment: pd.Timestamp, changes: Sequence[pd.Timestamp]) -> pd.Timestamp:
    return next((change for change in changes if abs(change - moment) <= _SAME), moment)


def bucket_seconds(frame: pd.DataFrame) -> float:
    """Return how long a bucket of requests over time lasts."""
    told = frame.attrs.get("bucket_seconds")
    if told is not None:
        return float(told)
    return float((frame.index[1] - frame.index[0]).total_seconds()) if len(frame) > 1 else 60.0


def requests_per_minute(frame: pd.DataFrame, seconds: float) -> pd.Series:
    """Return requests per minute; a bucket that the window cuts is left out, for it would look like a drop."""
    pace = frame["count"].astype("Float64") * (60 / seconds)
    cut = [pd.Timestamp(moment) for moment in frame.attrs.get("partial", ())]
    return pace.mask(pd.Series(frame.index.isin(cut), index=frame.index)) if cut else pace


def error_bars(frame: pd.DataFrame, changes: list[pd.Timestamp], seconds: float) -> tuple[pd.DataFrame, float]:
    """Return server errors in percent of requests: bars that begin anew where a version became live.

    The index is where a bar begins; columns: end (UTC), percentage (Float64, NA without requests or data). The second
    value is how long a bar lasts, in seconds; the last one before a change may be shorter.
    """
    count = max(len(frame), 1)
    width = next((each for each in _WIDTHS if each >= seconds and count * seconds / each <= _MOST_BARS), _WIDTHS[-1])
    times = pd.DatetimeIndex(frame.index).as_unit("us").asi8 // 1_000_000
    begins = np.array([moment.timestamp() // seconds * seconds for moment in changes], dtype=np.int64)
    part = np.searchsorted(begins, times, side="right")
    anchor = np.where(part > 0, begins[np.maximum(part - 1, 0)] if len(begins) else 0, 0)
    bar = (times - anchor) // int(width)
    known = frame[["count", "status_5xx"]].astype("Float64")
    groups = known.assign(begin=times).groupby([part, bar], sort=True)
    sums = groups[["count", "status_5xx"]].sum(min_count=1)
    edges = groups["begin"].agg(["min", "max"])
    table = pd.DataFrame(
        {
            "end": pd.to_datetime(edges["max"].to_numpy() + int(seconds), unit="s", utc=True),
            "percentage": (sums["status_5xx"] * 100 / sums["count"].where(sums["count"] > 0)).array,
        },
        index=pd.DatetimeIndex(pd.to_datetime(edges["min"].to_numpy(), unit="s", utc=True), name="time"),
    )
    return table, float(width)


def _check(frame: Any) -> None:
    if not isinstance(frame, pd.DataFrame) or not {"count", "status_5xx"} <= set(frame.columns):
        raise InvalidInput(f"traffic_chart: frame is no frame of requests over time: {_CALL} gives one")
    if {"project", "environment"} <= set(frame.columns):
        raise InvalidInput(f"traffic_chart: frame holds the requests of a fleet, and one environment is drawn: {_CALL}")
    if not isinstance(frame.index, pd.DatetimeIndex) or frame.index.tz is None:
        raise InvalidInput(f"traffic_chart: the index of frame has to be UTC times: {_CALL} gives it")


def _window(frame: pd.DataFrame, seconds: float) -> tuple[pd.Timestamp | None, pd.Timestamp | None]:
    if not len(frame):
        asked = frame.attrs.get("asked", {})
        return (pd.Timestamp(asked["start"]), pd.Timestamp(asked["end"])) if {"start", "end"} <= set(asked) else (
            None, None,
        )  # fmt: skip
    return frame.index[0], frame.index[-1] + pd.Timedelta(seconds=seconds)


# --- versions ---------------------------------------------------------------------------------------------------------


def _versions(
    frame: pd.DataFrame, deployments: pd.DataFrame | None, start: pd.Timestamp | None, end: pd.Timestamp | None
) -> tuple[_Change | None, list[_Change]]:
    """What was live when the window began, as far as that is known, and the changes within it."""
    if start is None or end is None:
        return None, []
    if deployments is not None and {"version", "start", "exactness"} <= set(deployments.columns):
        rows = _of_environment(deployments, frame).dropna(subset=["version"]).sort_values("start")
        changes = [
            _Change(pd.Timestamp(began), f"{'probably ' if exactness == 'guess' else ''}v{int(version)}")
            for began, version, exactness in zip(rows["start"], rows["version"], rows["exactness"], strict=True)
        ]
    elif deployments is None or "version_number" in deployments.columns:
        notes = {} if deployments is None else _notes(deployments)
        changes = []
        for moment, text, *_ in frame.attrs.get("live_versions", ()):
            number = text.removeprefix("version ") if text.startswith("version ") else ""
            change = _Change(
                pd.Timestamp(moment), f"v{number}" if number else "", notes.get(number, "") if number else text
            )
            changes.append(change)
    else:
        raise InvalidInput(
            "traffic_chart: deployments is neither client.fleet.live_versions() nor client.deployments.list(project)"
        )
    earlier = [change for change in changes if change.time <= start]
    return (earlier[-1] if earlier else None), [change for change in changes if start < change.time < end]


def _of_environment(live: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Of the live versions of a fleet those of the environment that the frame was asked for."""
    asked = frame.attrs.get("asked", {})
    for name in ("project", "environment"):
        if name in live.columns and live[name].nunique() > 1:
            if asked.get(name) not in set(live[name]):
                raise InvalidInput(
                    f"traffic_chart: deployments holds several {name}s, and frame does not say whose it is: filter it"
                )
            live = live[live[name] == asked[name]]
    return live


def _notes(deployments: pd.DataFrame) -> dict[str, str]:
    """The first line of each version's commit message."""
    if "source_commit_message" not in deployments.columns:
        return {}
    rows = deployments.dropna(subset=["version_number", "source_commit_message"])
    return {
        str(number): str(text).strip().split("\n")[0]
        for number, text in zip(rows["version_number"], rows["source_commit_message"], strict=True)
    }


def _bands(before: _Change | None, changes: list[_Change], chosen: str) -> Iterator[Band]:
    ends = [*(change.time for change in changes), None]
    if before is not None or changes:
        label, note = (before.label, before.note) if before is not None else ("", "")
        yield Band(None, ends[0], label, _is(label, chosen), note if label else "")
    for change, until in zip(changes, ends[1:], strict=True):
        yield Band(change.time, until, change.label, _is(change.label, chosen), change.note if change.label else "")


def _is(label: str, chosen: str) -> bool:
    return bool(chosen) and label.removeprefix("probably ") == chosen


def _finding(frame: pd.DataFrame, requests: pd.Series, changes: list[_Change]) -> str:
    """What the chart shows, in words."""
    known = requests.dropna().astype(float)
    if not len(known):
        return "No data."
    pace = f"Requests per minute: {format_value(float(known.min()))} to {format_value(float(known.max()))}."
    if not changes:
        return f"Server errors: {_share(frame)} of requests. {pace}"
    last = changes[-1]
    since = frame.index >= last.time.floor("min")
    name = f"{last.label} at" if last.label else "the change at"
    day = f"{last.time.day} {last.time:%b} " if last.time.date() != frame.index[-1].date() else ""
    return (
        f"Server errors: {_share(frame[since])} of requests since {name} {day}{last.time:%H:%M} UTC; "
        f"before, {_share(frame[~since])}. {pace}"
    )


def _share(frame: pd.DataFrame) -> str:
    count = int(frame["count"].sum())
    return format_value(100 * int(frame["status_5xx"].sum()) / count, "%") if count else "unknown"
