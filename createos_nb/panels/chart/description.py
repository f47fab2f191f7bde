"""The description of a time chart that the browser is given, and its numbers, one column after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from createos_nb.display import strip_control_chars
from createos_nb.errors import InvalidInput
from createos_nb.panels.chart.parts import Band, Limit, Mark, Pane, Series, Share, Usual
from createos_nb.panels.chart.scales import format_value, title_of

_COLORS: Final = ("series", "error", "usual", "primary", "ok", "degraded", "quiet")
_KINDS: Final = ("line", "bars")
_MARKS: Final = ("deployment", "incident", "now")
#: Pixels of the plot of a pane.
_HEIGHTS: Final = {"line": 96, "bars": 60}


def describe(
    panes: Sequence[Pane],
    marks: Sequence[Mark],
    bands: Sequence[Band],
    label: str,
    times: tuple[pd.Timestamp | str | None, pd.Timestamp | str | None],
) -> tuple[dict[str, Any], bytes]:
    """Return what the browser is given of a chart.

    Args:
        panes: From top to bottom.
        marks: Moments that are drawn as lines.
        bands: Stretches of time, in order.
        label: A sentence that says what the chart shows; "" for the range of each series.
        times: First and last moment that are shown, with a zone; None for those of the series.

    Returns:
        The description, and its numbers: float64 as the processors of browsers read them.

    Raises:
        InvalidInput: Times are not in order or have no zone; there is no such kind or color.
    """
    start, end = times
    columns = _Columns()
    described = [_pane(pane, columns) for pane in panes]
    first = _seconds(start, "start") if start is not None else min((each[0] for each in columns.times), default=0.0)
    last = _seconds(end, "end") if end is not None else max((each[1] for each in columns.times), default=first + 1)
    spec = {
        "label": strip_control_chars(label) or _sentence(panes, first, last),
        "start": first,
        "end": last,
        "panes": described,
        "marks": [_mark(mark) for mark in marks],
        "bands": [_band(band, first, last) for band in bands],
    }
    return spec, columns.bytes()


class _Columns:
    """The numbers of a chart, one after the other."""

    def __init__(self) -> None:
        self._parts: list[npt.NDArray[np.float64]] = []
        self._length = 0
        self._places: dict[bytes, list[int]] = {}
        #: First and last moment of each series.
        self.times: list[tuple[float, float]] = []

    def add(self, values: npt.NDArray[np.float64]) -> list[int]:
        """Keep a column, once; return where it lies."""
        key = values.tobytes()
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = [self._length, len(values)]
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
        "usual": None if pane.usual is None else _usual(pane.usual, columns),
        "share": None if pane.share is None else _share(pane.share, columns),
    }


def _series(series: Series, columns: _Columns) -> dict[str, Any]:
    name = strip_control_chars(series.name)
    if series.color not in _COLORS:
        raise InvalidInput(f"chart: color={series.color!r} of {name} is none of {', '.join(_COLORS)}")
    starts, ends = _buckets(series.values.index, series.ends, name)
    if len(starts):
        columns.times.append((float(starts[0]), float(ends[-1])))
    where = {"x": columns.add(starts), "ends": columns.add(ends), "y": columns.add(_numbers(series.values))}
    return {"name": name, "color": series.color, **where}


def _usual(usual: Usual, columns: _Columns) -> dict[str, Any]:
    name = strip_control_chars(usual.name)
    _same_times(usual.low, usual.high, name)
    starts, ends = _buckets(usual.low.index, usual.ends, name)
    low, high = _numbers(usual.low), _numbers(usual.high)
    where = {"x": columns.add(starts), "ends": columns.add(ends), "low": columns.add(low), "high": columns.add(high)}
    return {"name": name, **where}


def _share(share: Share, columns: _Columns) -> dict[str, Any]:
    starts, ends = _buckets(share.part.index, None, "share")
    parts: dict[str, Any] = {}
    for name in ("part", "whole", "expected", "high"):
        counts = getattr(share, name)
        if counts is not None:
            _same_times(share.part, counts, name)
        parts[name] = None if counts is None else columns.add(_numbers(counts))
    breaks = [_seconds(moment, "breaks") for moment in share.breaks]
    where = {"x": columns.add(starts), "ends": columns.add(ends), **parts}
    return {"seconds": float(share.seconds), "breaks": breaks, **where}


def _same_times(first: pd.Series, second: pd.Series, name: str) -> None:
    if not first.index.equals(second.index):
        raise InvalidInput(f"chart: the series of {name} have different times: reindex one like the other")


def _buckets(
    index: Any, given: pd.DatetimeIndex | None, name: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Beginnings and ends of buckets."""
    starts = _times(index, name)
    if len(starts) > 1 and not (np.diff(starts) > 0).all():
        raise InvalidInput(f"chart: the times of {name} are not in order, or some are there twice: sort_index() orders")
    if given is None:
        return starts, _ends(starts)
    ends = _times(given, name)
    if len(ends) != len(starts):
        raise InvalidInput(f"chart: {name} has {len(starts)} values and {len(ends)} ends")
    return starts, ends


def _numbers(values: pd.Series) -> npt.NDArray[np.float64]:
    return np.asarray(values.astype("Float64").to_numpy(dtype=float, na_value=np.nan), dtype=np.float64)


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
            name = title_of(pane.title, None if pane.share is None else pane.share.seconds)
            name = name if len(pane.series) == 1 else f"{name}, {series.name}"
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
