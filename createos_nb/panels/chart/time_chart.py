"""The time chart: what it is made of, and the widget that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import anywidget
import numpy as np
import numpy.typing as npt
import pandas as pd
import traitlets

from createos_nb.display import strip_control_chars
from createos_nb.errors import InvalidInput
from createos_nb.panels.chart.scales import format_value
from createos_nb.panels.chart.svg import chart_image, chart_svg
from createos_nb.panels.components import front_text

#: What a series is coloured by. "error" is for errors alone; "usual" is dashed, for what is compared with.
Color = Literal["series", "error", "usual", "primary", "ok", "degraded", "quiet"]
#: What happened at a marked moment: it decides the colour of the line.
MarkKind = Literal["deployment", "incident", "now"]
_COLORS: Final = ("series", "error", "usual", "primary", "ok", "degraded", "quiet")
_KINDS: Final = ("line", "bars")
_MARKS: Final = ("deployment", "incident", "now")
#: Pixels of the plot of a pane.
_HEIGHTS: Final = {"line": 96, "bars": 60}
_EMPTY: Final = {"label": "", "group": "", "start": 0.0, "end": 1.0, "panes": [], "marks": [], "bands": []}


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


class TimeChart(anywidget.AnyWidget):
    """A chart of time series: panes over one axis of time, which answers the pointer and the keyboard.

    Charts of one `group` share the cursor, the zoom and the zone of times. Traits: `spec` (what is drawn, without the
    numbers), `columns` (all numbers, float64, as bytes).

    Examples:
        >>> from createos_nb.panels.chart import Pane, Series, TimeChart
        >>> counts = pd.Series([3, 5, 4], index=pd.date_range("2026-03-04T13:00Z", periods=3, freq="min"))
        >>> chart = TimeChart()
        >>> chart.show([Pane("Requests per minute", "", [Series("requests", counts)])])
        >>> chart.spec["label"]
        'Requests per minute: 3 to 5, last 4. From 2026-03-04 13:00 to 13:03 UTC.'
    """

    _esm = front_text("chart.js")
    _css = front_text("css/chart.css")
    spec: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    columns = traitlets.Bytes(b"").tag(sync=True)

    def __init__(self, *, group: str = "") -> None:
        super().__init__(spec={**_EMPTY, "group": group})
        self._group = group

    def show(
        self,
        panes: Sequence[Pane],
        *,
        marks: Sequence[Mark] = (),
        bands: Sequence[Band] = (),
        label: str = "",
        start: pd.Timestamp | str | None = None,
        end: pd.Timestamp | str | None = None,
    ) -> None:
        """Show other panes; a zoom stays where its range is still there.

        Args:
            panes: From top to bottom.
            marks: Moments that are drawn as lines.
            bands: Stretches of time, in order.
            label: A sentence that says what the chart shows, for screen readers; by default the range of each series.
            start: The first moment that is shown, with a zone; by default where the first series begins.
            end: The last moment that is shown, with a zone; by default where the last bucket ends.

        Raises:
            InvalidInput: A series has no UTC times, or they are not in order; a moment has no zone; there is no such
                kind or color.

        Examples:
            >>> from createos_nb.panels.chart import Band, Mark, Pane, Series, TimeChart
            >>> counts = pd.Series([3, 5, 4], index=pd.date_range("2026-03-04T13:00Z", periods=3, freq="min"))
            >>> chart = TimeChart()
            >>> chart.show(
            ...     [Pane("Requests per minute", "", [Series("requests", counts)])],
            ...     marks=[Mark("2026-03-04T13:01Z")],
            ...     bands=[Band("2026-03-04T13:01Z", None, "v4")],
            ... )
            >>> chart.spec["bands"][0]["label"]
            'v4'
        """
        columns = _Columns()
        described = [_pane(pane, columns) for pane in panes]
        times = columns.times
        first = _seconds(start, "start") if start is not None else min((each[0] for each in times), default=0.0)
        last = _seconds(end, "end") if end is not None else max((each[1] for each in times), default=first + 1)
        spec = {
            "label": strip_control_chars(label) or _sentence(panes, first, last),
            "group": self._group,
            "start": first,
            "end": last,
            "panes": described,
            "marks": [_mark(mark) for mark in marks],
            "bands": [_band(band, first, last) for band in bands],
        }
        numbers = columns.bytes()
        with self.hold_sync():
            if numbers != self.columns:
                self.columns = numbers
                spec["drawn"] = self.spec.get("drawn", 0) + 1  # the browser listens to the description alone
            elif "drawn" in self.spec:
                spec["drawn"] = self.spec["drawn"]
            if spec != self.spec:
                self.spec = spec

    def static(self, *, width: int = 720) -> str:
        """Return the same as a picture, for where no front end is.

        Args:
            width: Of the picture, in pixels; it shrinks with its cell.

        Returns:
            An inline SVG; every text in it is escaped.

        Examples:
            >>> from createos_nb.panels.chart import Pane, Series, TimeChart
            >>> counts = pd.Series([3, 5], index=pd.date_range("2026-03-04T13:00Z", periods=2, freq="min"))
            >>> chart = TimeChart()
            >>> chart.show([Pane("Requests per minute", "", [Series("requests", counts)])])
            >>> chart.static()[:4]
            '<svg'
        """
        return chart_svg(self.spec, np.frombuffer(self.columns, dtype=np.float64), width=width)

    def image(self, *, width: int = 720) -> str:
        """Return the same as an image of HTML, for notebooks: Jupyter shows no inline SVG before its cell was run here.

        Args:
            width: Of the picture, in pixels; it shrinks with its cell.

        Returns:
            The markup of an `img`, in colours that read on light and on dark ground.

        Examples:
            >>> createos_nb.panels.chart.TimeChart().image()[:4]
            '<img'
        """
        return chart_image(self.spec, np.frombuffer(self.columns, dtype=np.float64), width=width)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        return {**data, "text/html": self.image(), "text/plain": self.spec["label"]}, metadata


class _Columns:
    """The numbers of a chart, one after the other."""

    def __init__(self) -> None:
        self._parts: list[npt.NDArray[np.float64]] = []
        self._length = 0
        #: First and last moment of each series.
        self.times: list[tuple[float, float]] = []

    def add(self, values: npt.NDArray[np.float64]) -> list[int]:
        """Keep a column; return where it lies."""
        place = [self._length, len(values)]
        self._parts.append(values)
        self._length += len(values)
        return place

    def bytes(self) -> bytes:
        """Return all of them, as the processors of browsers read them."""
        return np.concatenate(self._parts).astype("<f8").tobytes() if self._parts else b""


def _pane(pane: Pane, columns: _Columns) -> dict[str, Any]:
    if pane.kind not in _KINDS:
        raise InvalidInput(f"chart: kind={pane.kind!r} is none of {', '.join(_KINDS)}")
    limit = Limit(float(pane.limit)) if isinstance(pane.limit, int | float) else pane.limit
    return {
        "title": strip_control_chars(pane.title),
        "unit": strip_control_chars(pane.unit),
        "kind": pane.kind,
        "height": pane.height or _HEIGHTS[pane.kind],
        "limit": None if limit is None else {"value": float(limit.value), "label": strip_control_chars(limit.label)},
        "series": [_series(series, columns) for series in pane.series],
    }


def _series(series: Series, columns: _Columns) -> dict[str, Any]:
    index, name = series.values.index, strip_control_chars(series.name)
    if series.color not in _COLORS:
        raise InvalidInput(f"chart: color={series.color!r} of {name} is none of {', '.join(_COLORS)}")
    starts = _times(index, name)
    if len(starts) > 1 and not (np.diff(starts) > 0).all():
        raise InvalidInput(f"chart: the times of {name} are not in order, or some are there twice: sort_index() orders")
    values = np.asarray(series.values.astype("Float64").to_numpy(dtype=float, na_value=np.nan), dtype=np.float64)
    if series.ends is None:
        ends = _ends(starts)
    else:
        ends = _times(series.ends, name)
        if len(ends) != len(starts):
            raise InvalidInput(f"chart: {name} has {len(starts)} values and {len(ends)} ends")
    if len(starts):
        columns.times.append((float(starts[0]), float(ends[-1])))
    where = {"x": columns.add(starts), "ends": columns.add(ends), "y": columns.add(values)}
    return {"name": name, "color": series.color, **where}


def _times(index: Any, name: str) -> npt.NDArray[np.float64]:
    if not isinstance(index, pd.DatetimeIndex) or index.tz is None:
        raise InvalidInput(f"chart: the index of {name} has to be times with a zone (DatetimeIndex, UTC)")
    return np.asarray(index.tz_convert("UTC").as_unit("us").asi8 / 1e6, dtype=np.float64)


def _ends(starts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Each bucket lasts until the next, and none longer than most: where one is missing, there is a gap."""
    if not len(starts):
        return starts
    lengths = np.diff(starts)
    usual = float(np.median(lengths)) if len(lengths) else 60.0
    return np.asarray(starts + np.minimum(np.append(lengths, usual), usual))


def _seconds(moment: pd.Timestamp | str, name: str) -> float:
    stamp = pd.Timestamp(moment)
    if stamp.tzinfo is None:
        raise InvalidInput(f"chart: {name}={moment!r} has no time zone: give pd.Timestamp(…, tz='UTC')")
    return stamp.timestamp()


def _mark(mark: Mark) -> dict[str, Any]:
    if mark.kind not in _MARKS:
        raise InvalidInput(f"chart: kind={mark.kind!r} of a mark is none of {', '.join(_MARKS)}")
    return {
        "time": _seconds(mark.time, "time"),
        "until": None if mark.until is None else _seconds(mark.until, "until"),
        "label": strip_control_chars(mark.label),
        "kind": mark.kind,
    }


def _band(band: Band, first: float, last: float) -> dict[str, Any]:
    return {
        "start": first if band.start is None or pd.isna(band.start) else _seconds(band.start, "start"),
        "end": last if band.end is None or pd.isna(band.end) else _seconds(band.end, "end"),
        "label": strip_control_chars(band.label),
        "note": strip_control_chars(band.note),
        "chosen": bool(band.chosen),
    }


def _sentence(panes: Sequence[Pane], first: float, last: float) -> str:
    """What a chart shows, in words."""
    parts = []
    for pane in panes:
        for series in pane.series:
            known = series.values.dropna().astype(float)
            name = pane.title if len(pane.series) == 1 else f"{pane.title}, {series.name}"
            low, high, latest = (
                (format_value(float(value), pane.unit) for value in (known.min(), known.max(), known.iloc[-1]))
                if len(known)
                else ("", "", "")
            )
            parts.append(f"{name}: {low} to {high}, last {latest}." if len(known) else f"{name}: no data.")
    begin, end = (pd.Timestamp(each, unit="s", tz="UTC") for each in (first, last))
    until = f"{end:%H:%M}" if begin.date() == end.date() else f"{end:%Y-%m-%d %H:%M}"
    when = [f"From {begin:%Y-%m-%d %H:%M} to {until} UTC."] if parts else []
    return strip_control_chars(" ".join([*parts, *when])) or "An empty chart."
