"""What a time chart is made of: panes of series over one axis of time, marked moments and stretches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

#: What a series is coloured by. "error" is for errors alone; "usual" is dashed, for a level that is compared with.
Color = Literal["series", "error", "usual", "primary", "ok", "degraded", "quiet"]
#: What happened at a marked moment: it decides the colour of the line.
MarkKind = Literal["deployment", "incident", "now"]


@dataclass(frozen=True, eq=False)
class Series:
    """Values over time.

    Attributes:
        name: what the values are, as the card at the cursor calls them.
        values: floats or Float64/Int64 over a UTC DatetimeIndex of the beginnings of buckets, in order; NA: not known.
        color: what it is coloured by.
        ends: the ends of the buckets, as many as there are values; by default each lasts until the next begins, and
            none longer than most of them.

    Examples:
        >>> times = pd.date_range("2026-03-04T13:00Z", periods=3, freq="min")
        >>> createos_nb.panels.chart.Series("requests", pd.Series([3, None, 5], index=times)).color
        'series'
    """

    name: str
    values: pd.Series
    color: Color = "series"
    ends: pd.DatetimeIndex | None = None


@dataclass(frozen=True, eq=False)
class Usual:
    """The range in which values usually lie: a band behind the series of a pane.

    Attributes:
        low: its lower end, floats or Float64 over a UTC DatetimeIndex of the beginnings of buckets, in order; NA: not
            known.
        high: its upper end, over the same index.
        ends: the ends of the buckets, as those of a `Series`.
        name: what the range is, as the card at the cursor calls it.

    Examples:
        >>> times = pd.date_range("2026-03-04T13:00Z", periods=2, freq="min")
        >>> low, high = pd.Series([80.0, 82.0], index=times), pd.Series([120.0, 118.0], index=times)
        >>> createos_nb.panels.chart.Usual(low, high).name
        'usual'
    """

    low: pd.Series
    high: pd.Series
    ends: pd.DatetimeIndex | None = None
    name: str = "usual"


@dataclass(frozen=True, eq=False)
class Share:
    """What bars of percentages are made of, so that they are counted anew for the range that is zoomed into.

    Attributes:
        part: counts over a UTC DatetimeIndex of the beginnings of buckets, in order, such as those of server errors.
        whole: the counts that they are a part of, over the same index, such as those of requests.
        seconds: how long a bar lasts where nothing is zoomed; the bars of the pane are such.
        breaks: moments at which a bar begins: none has buckets of before and after.
        expected: how many of `part` are expected, over the same index; None: not known.
        high: how many of `part` are still usual, over the same index; None: not known.

    Examples:
        >>> times = pd.date_range("2026-03-04T13:00Z", periods=2, freq="min")
        >>> errors, requests = pd.Series([0, 3], index=times), pd.Series([90, 88], index=times)
        >>> createos_nb.panels.chart.Share(errors, requests, seconds=60).breaks
        ()
    """

    part: pd.Series
    whole: pd.Series
    seconds: float
    breaks: Sequence[pd.Timestamp] = ()
    expected: pd.Series | None = None
    high: pd.Series | None = None


@dataclass(frozen=True)
class Limit:
    """A value that is drawn as a dashed line.

    Attributes:
        value: in the unit of the pane.
        label: what stands at the line, such as "SLO 0.5 %".

    Examples:
        >>> createos_nb.panels.chart.Limit(0.5, "SLO 0.5 %").value
        0.5
    """

    value: float
    label: str = "limit"


@dataclass(frozen=True)
class Pane:
    """One plot of a chart.

    Attributes:
        title: what stands above it, the unit in it.
        unit: of the values, "" for counts; "%" stands beside the numbers of the scale, too.
        series: what is drawn; bars are of one series.
        kind: "line", or "bars", where zero is drawn as nothing and what is not known is hatched.
        limit: a value that is drawn as a dashed line.
        height: of the plot in pixels; None: 96 for lines, 60 for bars.
        usual: the range in which values usually lie, a band behind them.
        share: of bars in percent, what they are made of: a zoom then counts them anew, so that they are neither one
            block nor a hair's breadth. How long a bar lasts is added to the title.

    Examples:
        >>> times = pd.date_range("2026-03-04T13:00Z", periods=2, freq="5min")
        >>> errors = createos_nb.panels.chart.Series("server errors", pd.Series([0.0, 3.4], index=times), "error")
        >>> createos_nb.panels.chart.Pane("Server errors, %", "%", [errors], kind="bars").limit is None
        True
    """

    title: str
    unit: str
    series: Sequence[Series]
    kind: Literal["line", "bars"] = "line"
    limit: Limit | float | None = None
    height: int | None = None
    usual: Usual | None = None
    share: Share | None = None


@dataclass(frozen=True)
class Mark:
    """A moment, drawn as a full line.

    Attributes:
        time: a moment with a zone.
        label: a short text beside it; "" where a band says it.
        kind: "deployment", "incident" or "now".
        until: for what lasts, its end, with a zone: a strip below the plot; None for a moment alone.

    Examples:
        >>> createos_nb.panels.chart.Mark(pd.Timestamp("2026-03-04T13:20Z"), "v4").kind
        'deployment'
    """

    time: pd.Timestamp | str
    label: str = ""
    kind: MarkKind = "deployment"
    until: pd.Timestamp | str | None = None


@dataclass(frozen=True)
class Band:
    """A stretch of time, such as that in which a version was live.

    Attributes:
        start: its beginning, with a zone; None: it began before the chart.
        end: its end, with a zone; None: it has not ended.
        label: a short name, such as "v4"; the card at the cursor says it is live.
        chosen: whether it is tinted with the accent.
        note: what stands beside the name where there is room.

    Examples:
        >>> createos_nb.panels.chart.Band(None, pd.Timestamp("2026-03-04T13:20Z"), "v3", note="Faster search").label
        'v3'
    """

    start: pd.Timestamp | str | None
    end: pd.Timestamp | str | None
    label: str
    chosen: bool = False
    note: str = ""
