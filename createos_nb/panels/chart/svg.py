"""A time chart as an inline SVG: for saved notebooks, reports, and wherever no front end is.

It takes the description and the numbers that the browser is given. Its colours are the page's where that has any, and
read on light and on dark ground where it has none. No peak is lost: a line that has more points than the picture has
pixels is drawn from the lowest to the highest value of each pixel.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from createos_nb.html import escaped
from createos_nb.panels.chart.scales import ROOM, format_tick, time_ticks, title_of, top

Floats = npt.NDArray[np.float64]

_LEFT, _RIGHT, _AXIS, _LANE, _TITLE, _PAD = 46, 18, 22, 20, 16, 6
_LETTER: Final = 6.4
#: Colours by name: the page's variables, and one that is legible on white and on black.
_COLORS: Final = {
    "series": ("--cn-series", "#71869b"),
    "error": ("--cn-error", "#dd4b3e"),
    "usual": ("--cn-edge", "#808890"),
    "primary": ("--cn-primary", "#2384d8"),
    "ok": ("--cn-ok", "#2f9a6b"),
    "degraded": ("--cn-degraded", "#b7791f"),
    "quiet": ("--cn-quiet", "#808890"),
}
#: Text that is legible on white and on black.
_GREY: Final = "#787878"


def chart_svg(spec: Mapping[str, Any], columns: Floats, *, width: int = 720, alone: bool = False) -> str:
    """Return a chart as an inline SVG.

    Args:
        spec: The description, as `TimeChart.spec` has it.
        columns: All numbers of the chart, float64.
        width: Of the picture, in pixels; it shrinks with its cell.
        alone: Whether it is an image of its own, which has no colours of a page.

    Returns:
        The markup; every text in it is escaped.

    Examples:
        >>> from createos_nb.panels.chart import Pane, Series, TimeChart
        >>> counts = pd.Series([3.0, 5.0], index=pd.date_range("2026-03-04T13:00Z", periods=2, freq="min"))
        >>> chart = TimeChart()
        >>> chart.show([Pane("Requests", "", [Series("requests", counts)])])
        >>> chart.static().count("<path")
        5
    """
    return _Drawing(spec, columns, width, alone).svg()


def chart_image(spec: Mapping[str, Any], columns: Floats, *, width: int = 720) -> str:
    """Return a chart as an image of HTML: Jupyter shows no inline SVG in a notebook that was not run here.

    Args:
        spec: The description, as `TimeChart.spec` has it.
        columns: All numbers of the chart, float64.
        width: Of the picture, in pixels; it shrinks with its cell.

    Returns:
        The markup of an `img`, in colours that read on light and on dark ground.

    Examples:
        >>> from createos_nb.panels.chart import TimeChart
        >>> from createos_nb.panels.chart.svg import chart_image
        >>> chart_image(TimeChart().spec, np.zeros(0))[:36]
        '<img src="data:image/svg+xml;base64,'
    """
    svg = chart_svg(spec, columns, width=width, alone=True)
    data = base64.b64encode(svg.encode("utf-8")).decode("ascii")
    return (
        f'<img src="data:image/svg+xml;base64,{data}" alt="{escaped(spec["label"])}" width="{width}" '
        'style="max-width:100%;height:auto;display:block">'
    )


class _Drawing:
    """The parts of one picture."""

    def __init__(self, spec: Mapping[str, Any], columns: Floats, width: int, alone: bool) -> None:
        self.spec, self.columns = spec, columns
        self.ink, self.quiet = (_GREY, "1") if alone else ("currentColor", ".8")
        self.colors = {name: own if alone else f"var({page}, {own})" for name, (page, own) in _COLORS.items()}
        self.start = float(spec["start"])
        self.end = max(float(spec["end"]), self.start + 1)
        self.left, self.right = _LEFT, width - _RIGHT
        self.width = width
        self.labelled = any(each["label"] for each in (*spec["bands"], *spec["marks"]))
        self.parts: list[str] = []
        #: Text, what stands beside it, where it begins and how much room it has.
        self.labels: list[tuple[float, float, str, str]] = []

    def svg(self) -> str:
        """Draw all of it."""
        y = float(_LANE if self.labelled else 0)
        panes = []
        for number, pane in enumerate(self.spec["panes"]):
            y += _TITLE + (8 if number else 0)
            panes.append((pane, y + _PAD))
            y += _PAD + pane["height"]
        self._bands(y)
        for pane, upper in panes:
            self._pane(pane, upper)
        self._marks(y)
        self._draw_labels()
        for moment, text in time_ticks(self.start, self.end, (self.right - self.left) // 74):
            x = self.x(np.array([moment]))[0]
            self._text(x, y + 16, text, anchor="middle")
        height = round(y + _AXIS)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {height}" '
            f'width="{self.width}" height="{height}" role="img" aria-label="{escaped(self.spec["label"])}" '
            'style="max-width:100%;height:auto;display:block;overflow:visible;'
            'font:11px system-ui,sans-serif;font-variant-numeric:tabular-nums">'
            f"{''.join(self.parts)}</svg>"
        )

    def x(self, times: Floats) -> Floats:
        """Pixels of Unix seconds."""
        return np.asarray(self.left + (times - self.start) / (self.end - self.start) * (self.right - self.left))

    def _bands(self, lower: float) -> None:
        bands = self.spec["bands"]
        for number, band in enumerate(bands):
            seen = np.clip([band["start"], band["end"]], self.start, self.end).astype(float)
            if seen[0] >= seen[1]:
                continue
            begin, end = self.x(seen)
            toned = (len(bands) - 1 - number) % 2 == 0
            if band["chosen"] or toned:
                color = self.colors["primary"] if band["chosen"] else self.ink
                opacity = 0.1 if band["chosen"] else 0.07
                self.parts.append(
                    f'<rect x="{begin:.1f}" y="0" width="{end - begin:.1f}" height="{lower:.1f}" '
                    f'fill="{color}" opacity="{opacity}"/>'
                )
            beyond = _RIGHT if end >= self.right else 0  # the last name may reach over the edge
            self._label(band["label"], band["note"], begin + 6, end - begin - 6 + beyond)

    def _label(self, name: str, note: str, x: float, room: float) -> None:
        if name:
            self.labels.append((x, room, name, note))

    def _draw_labels(self) -> None:
        """Draw the labels from the left: none lies on the one before, and none is longer than its room."""
        taken = 0.0
        for x, room, name, note in sorted(self.labels, key=lambda label: label[0]):
            length, both = len(name) * _LETTER + 8, (len(name) + len(note)) * _LETTER + 14
            if x < taken or length > room:
                continue
            rest = f' <tspan font-weight="400">{escaped(note)}</tspan>' if note and both <= room else ""
            taken = x + (both if rest else length)
            self.parts.append(
                f'<text x="{x:.1f}" y="14" fill="{self.ink}" font-weight="600">{escaped(name)}{rest}</text>'
            )

    def _marks(self, lower: float) -> None:
        moments = {mark["time"] for mark in self.spec["marks"] if mark["until"] is None}
        for mark in self.spec["marks"]:
            if not self.start <= mark["time"] <= self.end:
                continue
            x = self.x(np.array([mark["time"]], dtype=float))[0]
            color = {"incident": self.colors["degraded"], "now": self.colors["primary"]}.get(mark["kind"], self.ink)
            # an incident that began with a deployment has its line
            if mark["until"] is None or mark["time"] not in moments:
                self.parts.append(
                    f'<path d="M{x:.1f} 2V{lower:.1f}" stroke="{color}" stroke-width="1.4" fill="none"/>'
                    f'<path d="M{x - 4.5:.1f} {lower + 1:.1f}h9l-4.5 -6z" fill="{color}"/>'
                )
            if mark["until"] is not None:
                until = self.x(np.array([min(mark["until"], self.end)], dtype=float))[0]
                self.parts.append(
                    f'<rect x="{x:.1f}" y="{lower + 1:.1f}" width="{until - x:.1f}" height="3" fill="{color}"/>'
                )
            self._label(mark["label"], "", x + 6, self.right - x)

    def _pane(self, pane: Mapping[str, Any], upper: float) -> None:
        lower, limit = upper + pane["height"], pane["limit"]
        columns = [[self._column(series[name]) for name in ("x", "ends", "y")] for series in pane["series"]]
        highest = max([0.0, *(float(np.nanmax(y)) for _, _, y in columns if np.isfinite(y).any())])
        scale = top(max(highest, limit["value"] if limit else 0.0, self._usual_top(pane, highest)))

        def y_of(values: Floats) -> Floats:
            return np.asarray(lower - values / scale * pane["height"])

        for value in (0.0, scale / 2, scale):
            y = float(y_of(np.array(value)))
            self.parts.append(f'<path d="M{self.left} {y:.1f}H{self.right}" stroke="{self.ink}" stroke-opacity=".13"/>')
            self._text(self.left - 6, y + 4, format_tick(value, pane["unit"]), anchor="end")
        share = pane.get("share")
        self._text(self.left, upper - 9, title_of(pane["title"], share["seconds"] if share else None))
        self._usual(pane, y_of, upper)
        for number, (series, (starts, ends, values)) in enumerate(zip(pane["series"], columns, strict=True)):
            color = self.colors.get(series["color"], self.colors["series"])
            if pane["kind"] == "bars":
                self._bars(starts, ends, y_of(values), lower, color)
                self._unknown(starts, ends, values, upper, lower)
            else:
                first = number == 0 and series["color"] == "series"
                self._line((starts + ends) / 2, y_of(values), lower if first else None, color, series["color"])
        if limit:
            y = float(y_of(np.array(limit["value"])))
            self.parts.append(
                f'<path d="M{self.left} {y:.1f}H{self.right}" stroke="{self.ink}" stroke-opacity=".5" '
                'stroke-dasharray="3 3"/>'
            )
            self._text(self.left + 5, y - 4 if y - upper > 14 else y + 12, limit["label"])

    def _usual_top(self, pane: Mapping[str, Any], highest: float) -> float:
        """How much of the usual range the scale has room for: it may not press the series into a line."""
        usual = pane.get("usual")
        high = self._column(usual["high"]) if usual else np.zeros(0)
        return min(float(np.nanmax(high)), ROOM * highest) if np.isfinite(high).any() else 0.0

    def _usual(self, pane: Mapping[str, Any], y_of: Callable[[Floats], Floats], upper: float) -> None:
        """Draw the range in which values usually lie as a band: from point to point of a line, in steps of bars."""
        usual = pane.get("usual")
        if not usual:
            return
        starts, ends, low, high = (self._column(usual[name]) for name in ("x", "ends", "low", "high"))
        for run in _runs(np.isfinite(low) & np.isfinite(high)):
            times = (starts[run] + ends[run]) / 2
            above, below = np.maximum(y_of(high[run]), upper), np.maximum(y_of(low[run]), upper)
            if pane["kind"] == "bars":
                times = np.column_stack([starts[run], ends[run]]).ravel()
                above, below = np.repeat(above, 2), np.repeat(below, 2)
            x = self.x(np.clip(times, self.start, self.end))
            # what is narrower than a pixel adds nothing: the widest of each is kept
            edge = [*_peaks_kept(x, above), *reversed(_peaks_kept(x, below))]
            path = "M" + "L".join(f"{px:.1f} {py:.1f}" for px, py in edge)
            self.parts.append(f'<path d="{path}z" fill="{self.ink}" fill-opacity=".11" data-range="usual"/>')

    def _line(self, times: Floats, y: Floats, lower: float | None, color: str, name: str) -> None:
        x = self.x(times)
        dash = ' stroke-dasharray="4 3"' if name == "usual" else ""
        for run in _runs(np.isfinite(y)):
            points = _peaks_kept(x[run], y[run])
            if len(points) == 1:  # between two gaps: a line would not show it
                self.parts.append(f'<circle cx="{points[0][0]:.1f}" cy="{points[0][1]:.1f}" r="2" fill="{color}"/>')
                continue
            path = "M" + "L".join(f"{px:.1f} {py:.1f}" for px, py in points)
            if lower is not None:
                area = f"{path}L{points[-1][0]:.1f} {lower:.1f}L{points[0][0]:.1f} {lower:.1f}z"
                self.parts.append(f'<path d="{area}" fill="{color}" opacity=".14"/>')
            self.parts.append(
                f'<path d="{path}" fill="none" stroke="{color}" stroke-width="1.4" stroke-linejoin="round"{dash}/>'
            )

    def _bars(self, starts: Floats, ends: Floats, y: Floats, lower: float, color: str) -> None:
        begin, end = self.x(np.maximum(starts, self.start)), self.x(np.minimum(ends, self.end))
        for left, right, upper in zip(begin, end, y, strict=True):
            if not upper < lower or right <= left:  # zero is drawn as nothing, and what is unknown is hatched
                continue
            gap = 1.0 if right - left > 5 else 0.0
            height = max(lower - upper, 1.5)
            self.parts.append(
                f'<rect x="{left + gap / 2:.1f}" y="{lower - height:.1f}" width="{right - left - gap:.1f}" '
                f'height="{height:.1f}" fill="{color}"/>'
            )

    def _unknown(self, starts: Floats, ends: Floats, values: Floats, upper: float, lower: float) -> None:
        """Hatch what is not known, with lines that are cut by hand: an id would not be the only one of its page."""
        height = lower - upper
        for run in _runs(~np.isfinite(values)):
            left, right = self.x(np.array([starts[run][0], ends[run][-1]]))
            path = ""
            for foot in np.arange(left - height, right, 6.0):
                low, high = max(foot, left), min(foot + height, right)
                if low < high:
                    path += f"M{low:.1f} {lower - (low - foot):.1f}L{high:.1f} {lower - (high - foot):.1f}"
            self.parts.append(f'<path d="{path}" stroke="{self.ink}" stroke-opacity=".3" fill="none"/>')

    def _text(self, x: float, y: float, text: str, *, anchor: str = "start") -> None:
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{self.ink}" fill-opacity="{self.quiet}">'
            f"{escaped(text)}</text>"
        )

    def _column(self, place: list[int]) -> Floats:
        return self.columns[place[0] : place[0] + place[1]]


def _runs(holds: npt.NDArray[np.bool_]) -> list[slice]:
    """Stretches without an interruption in which something holds."""
    changes = np.flatnonzero(np.diff(np.concatenate([[False], holds, [False]]).astype(np.int8)))
    return [slice(int(begin), int(end)) for begin, end in changes.reshape(-1, 2)]


def _peaks_kept(x: Floats, y: Floats) -> list[tuple[float, float]]:
    """The points of a line; of those within one pixel the first, the lowest, the highest and the last."""
    pixels = np.floor(x).astype(np.int64)
    begins = np.flatnonzero(np.diff(pixels, prepend=pixels[0] - 1))
    if len(x) <= 4 * len(begins):
        return list(zip(x.tolist(), y.tolist(), strict=True))
    points: list[tuple[float, float]] = []
    for begin, end in zip(begins, np.append(begins[1:], len(x)), strict=True):
        part = y[begin:end]
        for at in sorted({0, int(part.argmin()), int(part.argmax()), len(part) - 1}):
            points.append((float(x[begin + at]), float(part[at])))
    return points
