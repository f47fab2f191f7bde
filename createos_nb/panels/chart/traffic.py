"""Charts of requests on the time chart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from createos_nb.analysis.anomalies.anomaly import anomalies
from createos_nb.analysis.change_points.change_points import change_points
from createos_nb.analysis.validation import COUNTS
from createos_nb.errors import InvalidInput
from createos_nb.panels.chart.bars import error_bars, usual_share
from createos_nb.panels.chart.parts import Band, Limit, Mark, Pane, Series, Share, Usual
from createos_nb.panels.chart.scales import duration, format_value
from createos_nb.panels.chart.time_chart import TimeChart

#: What `analysis.anomalies` says of the range in which requests and errors usually lie.
_USUAL: Final = ("low", "high", "errors_expected", "errors_high")
#: Buckets from which on a usual range is said: it is learnt from them.
_ENOUGH: Final = 48
#: Buckets before a change that say what was usual.
_CALM: Final = 60
#: Points of the usual range of requests at most.
_MOST_POINTS: Final = 1500
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
    usual: pd.DataFrame | None = None,
) -> TimeChart:
    """Return a chart of requests per minute over server errors in percent, with the versions that were live.

    A bar of errors begins where a version became live, and never mixes two versions; what is not known is hatched.
    Bars are as long as the range that is shown asks for, also after a zoom. Incidents, which are stretches in which
    `analysis.change_points` finds more server errors than before, are marked.

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
        usual: what `analysis.anomalies(frame)` returns: the range in which requests and errors usually lie, as a band
            behind them; from the first new version or incident on, that of errors stays as it was before. Without it
            none is drawn.

    Returns:
        The chart; `static()` is the same as an inline SVG.

    Raises:
        InvalidInput: `frame`, `deployments` or `usual` is no such frame; the text names the call that returns one.

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
        >>> usual = createos_nb.analysis.anomalies(requests)
        >>> createos_nb.panels.traffic_chart(requests, live, usual=usual).spec["panes"][0]["usual"]["name"]
        'usual'
    """
    chart = TimeChart(group=group)
    show_traffic(chart, frame, deployments, slo=slo, chosen=chosen, marks=marks, label=label, usual=usual)
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
    usual: pd.DataFrame | None = None,
) -> None:
    """Show requests and server errors on a chart that is there; the arguments are those of `traffic_chart`."""
    _check(frame)
    seconds = bucket_seconds(frame)
    start, end = _window(frame, seconds)
    before, changes = _versions(frame, deployments, start, end)
    moments = [change.time for change in changes]
    bars, width = error_bars(frame, moments, seconds)
    requests = requests_per_minute(frame, seconds)
    means = f", means of {duration(seconds)}" if seconds > 60 else ""
    limit = None if slo is None else Limit(slo, f"SLO {format_value(slo, '%')}")
    ends = pd.DatetimeIndex(bars["end"])
    troubles = list(incidents(frame, end, moments))
    usual_requests, usual_errors, known = None, None, None
    if usual is not None:
        known = _usual(frame, usual, [*moments, *(pd.Timestamp(trouble.time) for trouble in troubles)])
        usual_requests = _usual_requests(known, seconds)
        high = usual_share(frame, known, moments, seconds)
        usual_errors = Usual(high * 0, high, ends)
    shaded = "" if usual_requests is None else "; shaded: the usual range"
    share = Share(
        frame["status_5xx"],
        frame["count"],
        width,
        [moment.floor(f"{int(seconds)}s") for moment in moments],
        None if known is None else known["errors_expected"],
        None if known is None else known["errors_high"],
    )
    errors = Series("server errors", bars["percentage"], "error", ends)
    chart.show(
        [
            Pane(
                f"Requests per minute{means}{shaded}",
                "",
                [Series("requests per minute", requests)],
                usual=usual_requests,
            ),
            Pane(
                "Server errors, % of requests",
                "%",
                [errors],
                kind="bars",
                limit=limit,
                usual=usual_errors,
                share=share,
            ),
        ],
        bands=list(_bands(before, changes, chosen)),
        marks=[
            *(Mark(change.time, "" if change.label else change.note) for change in changes),
            *troubles,
            *marks,
        ],
        label=label or _finding(frame, requests, changes, usual_requests),
        start=start,
        end=end,
    )


def usual_of(frame: pd.DataFrame) -> pd.DataFrame | None:
    """Return the range in which requests and errors of an environment usually lie, learnt from the same frame.

    Args:
        frame: What `client.analytics.requests_over_time` returns for one environment.

    Returns:
        What `analysis.anomalies` returns; None where there are too few buckets to learn from, or not all that it needs.
    """
    if len(frame) < _ENOUGH or not set(COUNTS) <= set(frame.columns):
        return None
    return anomalies(frame)


def _usual(frame: pd.DataFrame, usual: Any, changes: list[pd.Timestamp]) -> pd.DataFrame:
    """The usual range over the index of `frame`; from the first change on, that of errors is as it was before."""
    if not isinstance(usual, pd.DataFrame) or not set(_USUAL) <= set(usual.columns):
        raise InvalidInput("traffic_chart: usual is no frame of anomalies: analysis.anomalies(frame) gives one")
    known = usual[list(_USUAL)].astype("Float64").reindex(frame.index)
    if not changes:
        return known
    # what lasts is learnt: an hour of a bad version would be called usual
    since = frame.index >= min(changes).floor("min")
    count = frame["count"].astype("Float64")
    calm = known[~since].assign(count=count[~since]).dropna().iloc[-_CALM:]
    calm = calm[calm["count"] > 0]
    share = spread = float("nan")
    if len(calm) >= _ENOUGH // 2:
        share = float(calm["errors_expected"].sum() / calm["count"].sum())
        spread = float(((calm["errors_high"] - calm["errors_expected"]) / calm["count"] ** 0.5).mean())
    known.loc[since, "errors_expected"] = count[since] * share
    known.loc[since, "errors_high"] = count[since] * share + count[since] ** 0.5 * spread
    return known


def _usual_requests(usual: pd.DataFrame, seconds: float) -> Usual:
    """The range of requests per minute; of many buckets the means of several, for it changes slowly."""
    every = -(-len(usual) // _MOST_POINTS)
    paces = usual[["low", "high"]].astype("Float64") * (60 / seconds)
    means = paces.groupby(np.arange(len(paces)) // every).mean()
    starts = pd.DatetimeIndex(usual.index[::every])
    ends = [*starts[1:], usual.index[-1] + pd.Timedelta(seconds=seconds)] if len(usual) else []
    means.index = starts
    return Usual(means["low"], means["high"], pd.DatetimeIndex(ends, tz="UTC"))


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


def _finding(frame: pd.DataFrame, requests: pd.Series, changes: list[_Change], usual: Usual | None) -> str:
    """What the chart shows, in words."""
    known = requests.dropna().astype(float)
    if not len(known):
        return "No data."
    pace = f"Requests per minute: {format_value(float(known.min()))} to {format_value(float(known.max()))}"
    if usual is not None and usual.low.notna().any():
        low, high = float(usual.low.iloc[-1]), float(usual.high.iloc[-1])
        pace += f", usual at the end {format_value(low)} to {format_value(high)}"
    pace += "."
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
