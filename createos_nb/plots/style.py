"""One quiet look for every plot: what carries data has colour and a second sign, everything else is grey.

Colours are from Okabe and Ito's palette, which stays apart under every common colour blindness; since paper and
greyscale lose it, each series has a line style and a marker, and each status class a hatch, as well. Times are UTC and
say so, numbers have thousands separators, and every plot has a title and a caption that says what to see.

matplotlib is imported when the first plot is drawn, never pyplot: no global figure, backend or rcParams is touched.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from createos_nb.plots.figure import Figure

BLACK = "#222222"
GREY = "#767676"  # 4.5 : 1 on white, so that small text stays readable
PALE = "#e4e4e4"
BLUE = "#0072b2"
SKY = "#56b4e9"
GREEN = "#009e73"
YELLOW = "#f0e442"
ORANGE = "#e69f00"
VERMILION = "#d55e00"
PURPLE = "#cc79a7"

GOOD, WARN, BAD = BLUE, ORANGE, VERMILION


@dataclass(frozen=True)
class Look:
    """How one series is drawn: never by colour alone."""

    color: str
    line: str = "-"
    marker: str = ""
    hatch: str = ""


STATUS = {
    "2xx": Look(SKY, "-", "o", ""),
    "3xx": Look(GREEN, "--", "s", "...."),
    "4xx": Look(ORANGE, "-.", "^", "////"),
    "5xx": Look(VERMILION, ":", "D", "xxxx"),
}
"""Status classes, from quiet to loud."""

SERIES = (
    Look(BLUE, "-", "o", ""),
    Look(VERMILION, "--", "s", "////"),
    Look(GREEN, "-.", "^", "...."),
    Look(PURPLE, ":", "D", "xxxx"),
    Look(ORANGE, (0, (5, 1, 1, 1)), "v", "\\\\\\\\"),  # type: ignore[arg-type]  # a dash pattern is no string
    Look(BLACK, (0, (1, 1)), "P", "||||"),  # type: ignore[arg-type]  # likewise
)
"""Series in the order in which they are given."""

WIDTH = 8.0
"""Inches: the text width of a notebook page, and of A4 with margins."""


def figure(
    title: str,
    *,
    caption: str = "",
    rows: int = 1,
    columns: int = 1,
    height: float = 3.4,
    width: float = WIDTH,
    share_x: bool = False,
    height_ratios: Sequence[float] | None = None,
) -> tuple[Figure, list[Axes]]:
    """A figure with a title above and a caption below, and its dressed axes in reading order.

    Sizes are in inches; `height` is that of the whole figure.
    """
    from createos_nb.plots.figure import Figure

    fig = Figure(figsize=(width, height), dpi=100, layout="constrained", facecolor="white")
    grid = fig.subplots(rows, columns, sharex=share_x, squeeze=False, height_ratios=height_ratios)
    axes: list[Axes] = [axis for row in grid for axis in row]
    for axis in axes:
        dress(axis)
    titled(fig, title, caption)
    return fig, axes


def titled(fig: Figure, title: str, caption: str = "") -> None:
    """Put a title at the top left and a caption, wrapped to the width of the figure, at the bottom left."""
    fig.headline = title
    fig.caption = caption
    width = fig.get_size_inches()[0]
    fig.suptitle(wrapped(plain(title), width, size=12), x=0.01, ha="left", fontsize=12, fontweight="bold", color=BLACK)
    if caption:
        fig.supxlabel(wrapped(plain(caption), width, size=9), x=0.01, ha="left", fontsize=9, color=GREY)


def dress(ax: Axes) -> None:
    """Quiet spines, ticks and grid."""
    ax.set_facecolor("white")
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(GREY)
    ax.tick_params(colors=GREY, labelcolor=BLACK, labelsize=9)
    ax.grid(visible=True, axis="y", color=PALE, linewidth=0.8)
    ax.set_axisbelow(True)


def time_axis(ax: Axes, *, label: str = "time (UTC)") -> None:
    """Ticks that name the day once and the time where it matters, in UTC."""
    from datetime import UTC

    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(tz=UTC, minticks=3, maxticks=8)  # type: ignore[no-untyped-call]  # has no types
    ax.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator, tz=UTC)  # type: ignore[no-untyped-call]  # likewise
    ax.xaxis.set_major_formatter(formatter)
    ax.xaxis.get_offset_text().set_fontsize(9)
    ax.set_xlabel(label, color=BLACK, fontsize=9)


def count_axis(ax: Axes, label: str, *, axis: str = "y", from_zero: bool = True) -> None:
    """An axis of counts or rates with thousands separators; `label` says the unit."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    target = ax.yaxis if axis == "y" else ax.xaxis
    target.set_major_locator(MaxNLocator(nbins=5 if axis == "y" else 7))
    target.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    _label(ax, axis, label)
    if from_zero:
        ax.set_ylim(bottom=0) if axis == "y" else ax.set_xlim(left=0)


def percent_axis(ax: Axes, label: str, *, axis: str = "y") -> None:
    """An axis whose values are percentages, 0 to 100."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    target = ax.yaxis if axis == "y" else ax.xaxis
    target.set_major_locator(MaxNLocator(nbins=5))
    target.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.10g} %"))
    _label(ax, axis, label)


def legend(ax: Axes, **options: Any) -> None:
    """A legend above the axes, without a frame, so that it never lies on the data."""
    handles, labels = ax.get_legend_handles_labels()
    if not handles:
        return
    settings: dict[str, Any] = {
        "loc": "lower left",
        "bbox_to_anchor": (0, 1.0),
        "ncols": max(len(labels), 1) if len(labels) <= 5 else 4,
        "frameon": False,
        "fontsize": 9,
        "borderaxespad": 0.2,
        "handlelength": 2.4,
        "columnspacing": 1.4,
    }
    ax.legend(handles, labels, **{**settings, **options})


def line(ax: Axes, x: Any, y: Any, look: Look, *, label: str | None = None, **options: Any) -> None:
    """A line with a marker about every tenth of the way, so that it is told apart without colour; NaN leaves a gap."""
    every = max(len(x) // 10, 1)
    settings: dict[str, Any] = {
        "color": look.color,
        "linestyle": look.line,
        "linewidth": 1.5,
        "marker": look.marker or None,
        "markersize": 4,
        "markevery": every,
        "label": label,
    }
    ax.plot(x, y, **{**settings, **options})


def threshold(ax: Axes, value: float, text: str, *, color: str = BLACK) -> None:
    """A dashed horizontal line that carries its own name at the right end."""
    ax.axhline(value, color=color, linewidth=1, linestyle="--", zorder=3)
    ax.annotate(
        plain(text),
        xy=(1, value),
        xycoords=("axes fraction", "data"),
        xytext=(-2, 2),
        textcoords="offset points",
        ha="right",
        va="bottom",
        fontsize=8,
        color=color,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.5},
    )


def moments(ax: Axes, marks: Iterable[tuple[Any, str]]) -> None:
    """Vertical lines at moments, such as deployments, each with its name at the top.

    `marks` are pairs of a time that carries a zone (or a UTC index entry) and a short text; "" draws the line alone.
    """
    from matplotlib.dates import date2num

    for moment, text in marks:
        x = instant(moment)
        ax.axvline(x, color=BLACK, linewidth=1, linestyle=(0, (4, 2)), zorder=4)
        begin, end = ax.get_xlim()
        # what came after the moment is what people look at: near the end its name stands before it
        late = date2num(x) > begin + 0.8 * (end - begin)  # type: ignore[no-untyped-call]  # has no types
        ax.annotate(
            short(plain(text), 28),
            xy=(x, 1),
            xycoords=("data", "axes fraction"),
            xytext=(-3 if late else 3, -2),
            textcoords="offset points",
            ha="right" if late else "left",
            va="top",
            rotation=90,
            fontsize=8,
            color=BLACK,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5},
        )


def instants(index: pd.DatetimeIndex) -> Any:
    """A UTC index as matplotlib draws it: naive datetime64 that mean UTC."""
    return index.tz_convert("UTC").tz_localize(None).to_numpy()


def instant(moment: Any) -> Any:
    """One moment as matplotlib draws it; text and naive times are read as UTC."""
    stamp = pd.Timestamp(moment)
    stamp = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
    return stamp.tz_localize(None).to_datetime64()


def number(value: float) -> str:
    """A number with thousands separators and no needless digits: 1,234,567 · 0.25 · 12."""
    if abs(value) >= 100 or float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.4g}"


def short(text: str, length: int) -> str:
    """The text cut in the middle, where paths differ least."""
    if len(text) <= length:
        return text
    head = (length - 1) // 2
    return f"{text[:head]}…{text[len(text) - (length - 1 - head) :]}"


def plain(text: object) -> str:
    """Text from anywhere, made safe to draw: no mathematics, no control characters, nothing the font lacks."""
    glyphs = _glyphs()
    drawn = "".join(
        char if char == "\n" or (ord(char) in glyphs and char.isprintable()) else f"\\u{ord(char):04x}"
        for char in str(text)
    )
    return drawn.replace("$", r"\$")


def wrapped(text: str, width: float, *, size: float) -> str:
    """Text broken into lines that fit `width` inches at a font size in points."""
    # the mean advance of DejaVu Sans is a little over half its size
    return textwrap.fill(text, max(int(width * 72 / (size * 0.54)), 20))


def _label(ax: Axes, axis: str, label: str) -> None:
    if axis == "y":
        ax.set_ylabel(plain(label), color=BLACK, fontsize=9)
    else:
        ax.set_xlabel(plain(label), color=BLACK, fontsize=9)


@lru_cache(maxsize=1)
def _glyphs() -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties())).get_charmap())
