"""One quiet look for every plot: what carries data has colour and a second sign, everything else is grey.

Colours are those of the panels, see `palette`: red is what failed, and nothing else. Since paper and greyscale lose
them, each series has a line style and a marker as well, and what failed stands at the ground or in axes of its own.
Times are UTC and say so, numbers have thousands separators, and every plot has a title and a caption that says what to
see.

matplotlib is imported when the first plot is drawn, never pyplot: no global figure, backend or rcParams is touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from createos_nb.plots.fonts import escape_text as escape_text
from createos_nb.plots.fonts import shorten_middle as shorten_middle
from createos_nb.plots.fonts import wrapped as wrapped
from createos_nb.plots.palette import ACCENT as ACCENT
from createos_nb.plots.palette import AREA as AREA
from createos_nb.plots.palette import BAND as BAND
from createos_nb.plots.palette import CALLER as CALLER
from createos_nb.plots.palette import EDGE as EDGE
from createos_nb.plots.palette import ERROR as ERROR
from createos_nb.plots.palette import GOOD as GOOD
from createos_nb.plots.palette import GROUND as GROUND
from createos_nb.plots.palette import INK as INK
from createos_nb.plots.palette import LINE as LINE
from createos_nb.plots.palette import PURPLE as PURPLE
from createos_nb.plots.palette import QUIET as QUIET
from createos_nb.plots.palette import RAMP as RAMP
from createos_nb.plots.palette import REDIRECT as REDIRECT
from createos_nb.plots.palette import RULE as RULE
from createos_nb.plots.palette import theme as theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from createos_nb.plots.figure import Figure


@dataclass(frozen=True)
class SeriesStyle:
    """Style of a series: never told apart by colour alone."""

    color: str
    line: str = "-"
    marker: str = ""


STATUS = {
    "2xx": SeriesStyle(AREA, "-", "o"),
    "3xx": SeriesStyle(REDIRECT, "--", "s"),
    "4xx": SeriesStyle(CALLER, "-.", "^"),
    "5xx": SeriesStyle(ERROR, "-", "D"),
}
"""Status classes, from quiet to loud."""

SERIES = (
    SeriesStyle(LINE, "-", "o"),
    SeriesStyle(ACCENT, "--", "s"),
    SeriesStyle(GOOD, "-.", "^"),
    SeriesStyle(PURPLE, ":", "D"),
    SeriesStyle(CALLER, (0, (5, 1, 1, 1)), "v"),  # type: ignore[arg-type]  # a dash pattern is no string
    SeriesStyle(INK, (0, (1, 1)), "P"),  # type: ignore[arg-type]  # likewise
)
"""Series in the order in which they are given."""

WIDTH = 6.4
"""Inches. Letters of 9 points on it can be read where it takes half a page."""

DPI = 115
"""Dots for an inch: a figure is as wide as a notebook's page."""

SMALL, TITLE = 9.0, 11.5
"""Sizes of letters, in points."""


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

    fig = Figure(figsize=(width, height), dpi=DPI, layout="constrained", facecolor=GROUND)
    fig.theme = theme()
    grid = fig.subplots(rows, columns, sharex=share_x, squeeze=False, height_ratios=height_ratios)
    axes: list[Axes] = [axis for row in grid for axis in row]
    for axis in axes:
        style_axes(axis)
    set_title(fig, title, caption)
    return fig, axes


def set_title(fig: Figure, title: str, caption: str = "") -> None:
    """Put a title at the top left and a caption, wrapped to the width of the figure, at the bottom left."""
    fig.headline = title
    fig.caption = caption
    width = fig.get_size_inches()[0]
    drawn = [
        fig.suptitle(
            wrapped(escape_text(title), width, size=TITLE), x=0.01, ha="left", fontsize=TITLE, fontweight="bold",
            color=INK,
        )
    ]  # fmt: skip
    if caption:
        text = wrapped(escape_text(caption), width, size=9)
        drawn.append(fig.supxlabel(text, x=0.01, ha="left", fontsize=9, color=QUIET))
    fig.words = tuple((text, text.get_text()) for text in drawn)


def add_caption(ax: Axes, sentence: str) -> None:
    """Add a sentence to the caption of the figure that the axes are in."""
    from createos_nb.plots.figure import Figure

    fig = ax.figure
    assert isinstance(fig, Figure), "every plot begins with `figure`"
    set_title(fig, fig.headline, f"{fig.caption} {sentence}".strip())


def style_axes(ax: Axes) -> None:
    """Quiet spines, ticks and grid."""
    ax.set_facecolor(GROUND)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(EDGE)
    ax.tick_params(colors=EDGE, labelcolor=INK, labelsize=9)
    ax.grid(visible=True, axis="y", color=RULE, linewidth=0.8)
    ax.set_axisbelow(True)


def count_axis(ax: Axes, label: str, *, axis: str = "y", from_zero: bool = True) -> None:
    """An axis of counts or rates with thousands separators; `label` says the unit."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    target = ax.yaxis if axis == "y" else ax.xaxis
    target.set_major_locator(MaxNLocator(nbins=5 if axis == "y" else 7))
    target.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    _label(ax, axis, label)
    if from_zero:
        ax.set_ylim(bottom=0) if axis == "y" else ax.set_xlim(left=0)


def percent_axis(ax: Axes, label: str, *, axis: str = "y", bins: int = 5) -> None:
    """An axis whose values are percentages, 0 to 100."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    target = ax.yaxis if axis == "y" else ax.xaxis
    target.set_major_locator(MaxNLocator(nbins=bins))
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


def line(ax: Axes, x: Any, y: Any, line_style: SeriesStyle, *, label: str | None = None, **options: Any) -> None:
    """A line with a marker about every tenth of the way, so that it is told apart without colour; NaN leaves a gap."""
    every = max(len(x) // 10, 1)
    settings: dict[str, Any] = {
        "color": line_style.color,
        "linestyle": line_style.line,
        "linewidth": 1.5,
        "marker": line_style.marker or None,
        "markersize": 4,
        "markevery": every,
        "label": label,
    }
    ax.plot(x, y, **{**settings, **options})


def threshold(ax: Axes, value: float, text: str, *, color: str = INK) -> None:
    """A dashed horizontal line that carries its own name at the right end."""
    from matplotlib.patheffects import withStroke

    ax.axhline(value, color=color, linewidth=1, linestyle="--", zorder=3)
    ax.annotate(
        escape_text(text),
        xy=(1, value),
        xycoords=("axes fraction", "data"),
        xytext=(-2, 2),
        textcoords="offset points",
        ha="right",
        va="bottom",
        fontsize=8,
        color=color,
        # a rim, since a box would cover data
        path_effects=[withStroke(linewidth=2, foreground=GROUND)],
    )


def number(value: float) -> str:
    """A number with thousands separators and no needless digits: 1,234,567 · 0.25 · 12."""
    if abs(value) >= 100 or float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.4g}"


def _label(ax: Axes, axis: str, label: str) -> None:
    if axis == "y":
        ax.set_ylabel(escape_text(label), color=INK, fontsize=9)
    else:
        ax.set_xlabel(escape_text(label), color=INK, fontsize=9)
