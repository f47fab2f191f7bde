"""Moments to name, such as deployments: a line over the data, and the name above them, where it hides nothing."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from createos_nb.plots import style
from createos_nb.plots.fonts import columns, escape_text, shorten_middle
from createos_nb.plots.time_axis import Window, instant

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = 8.0
_LETTER = 0.6 * _SIZE
_LEVEL_HEIGHT = 11.0
_LEVELS = 6
_GAP = 5.0
_LISTED = 12
_SAME = np.timedelta64(120, "s")


@dataclass(frozen=True)
class Mark:
    """A moment with its name and its look. All lengths here are in points."""

    moment: Any
    text: str = ""
    color: str = style.INK
    line: Any = (0, (4, 2))


def annotate(
    ax: Axes,
    marks: Iterable[Mark | tuple[Any, str]],
    span: Window | None,
    *,
    others: Sequence[Axes] = (),
    room: float = 0.86,
) -> None:
    """Vertical lines at moments, each with its name above the axes; to be called last, after the legend.

    `marks` are pairs of a time that carries a zone (or a UTC index entry) and a short text, or `Mark`s; "" draws the
    line alone. Those outside of the window are counted in the caption. Names that do not fit side by side take several
    lanes; where these are not enough, marks are numbered, and named in the caption. `others` get the lines alone;
    `room` is the part of the figure's width that the axes take.
    """
    all_marks = [mark if isinstance(mark, Mark) else Mark(*mark) for mark in marks]
    inside = [] if span is None else [mark for mark in all_marks if span[0] <= instant(mark.moment) <= span[1]]
    for each in (ax, *others):
        for mark in inside:
            each.axvline(instant(mark.moment), color=mark.color, linewidth=1, linestyle=mark.line, zorder=4)
    if span is not None and (named := sorted((mark for mark in inside if mark.text), key=lambda m: instant(m.moment))):
        _draw_names(ax, named, span, room)
    if outside := len(all_marks) - len(inside):
        style.add_caption(ax, f"{outside} mark{' lies' if outside == 1 else 's lie'} outside of the time shown.")


def with_live_versions(
    marks: Iterable[Mark | tuple[Any, str]], frame: pd.DataFrame, span: Window | None
) -> list[Mark | tuple[Any, str]]:
    """Return the marks of a caller, and those of versions that became live, as `frame.attrs["live_versions"]` has them.

    One that lies within two minutes of a caller's mark is the same event, and left out; so is one outside of the span.
    Entries are a time and a short text, and in the frame of a fleet the project and the environment as well.
    """
    given = list(marks)
    if span is None:
        return given
    moments = [instant(mark.moment if isinstance(mark, Mark) else mark[0]) for mark in given]
    own = live_versions_in(frame, span, _place(frame))
    return [*given, *(mark for mark in own if all(abs(instant(mark[0]) - moment) >= _SAME for moment in moments))]


def live_versions_in(frame: pd.DataFrame, span: Window | None, place: list[str] | None) -> list[tuple[Any, str]]:
    """Return when versions became live within a span, in one environment where the frame is of several."""
    marks = [
        (pd.Timestamp(time), text)
        for time, text, *where in frame.attrs.get("live_versions", ())
        if not where or where == place
    ]
    return [mark for mark in marks if span is not None and span[0] <= instant(mark[0]) <= span[1]]


def _place(frame: pd.DataFrame) -> list[str] | None:
    """The project and environment of a part of a fleet's frame."""
    if not len(frame) or not {"project", "environment"} <= set(frame.columns):
        return None
    return [str(frame["project"].iloc[0]), str(frame["environment"].iloc[0])]


def _draw_names(ax: Axes, named: Sequence[Mark], span: Window, room: float) -> None:
    width = ax.figure.get_size_inches()[0] * 72 * room  # type: ignore[union-attr]  # no axes in subfigures here
    at = [float((instant(mark.moment) - span[0]) / (span[1] - span[0])) * width for mark in named]
    texts = [shorten_middle(escape_text(mark.text), 32) for mark in named]
    positions = arrange(at, [columns(text) * _LETTER + _GAP for text in texts], width)
    if positions is not None:
        for mark, text, (level, to_left) in zip(named, texts, positions, strict=True):
            _draw_text(ax, mark, text, level, "right" if to_left else "left")
        _make_room(ax, 1 + max(level for level, _ in positions))
        return
    for first, last in clusters(at):
        begin, end = instant(named[first].moment), instant(named[last].moment)
        _draw_text(ax, Mark(begin + (end - begin) / 2, color=named[first].color), _number((first, last)), 0, "center")
    _make_room(ax, 1)
    more = f", and {len(named) - _LISTED} more" if len(named) > _LISTED else ""
    listed = ", ".join(f"{number}: {mark.text}" for number, mark in enumerate(named[:_LISTED], 1))
    style.add_caption(ax, f"Marks: {listed}{more}.")


def arrange(at: Sequence[float], wide: Sequence[float], room: float) -> list[tuple[int, bool]] | None:
    """The lane of each name, and whether it stands left of its line; None where they don't all fit.

    No name lies on another, and no line that leads to a name runs through one. `at` is in order.
    """
    late = [x + w > room for x, w in zip(at, wide, strict=True)]
    # from the inside outwards: the lines of later names then pass beside the earlier ones
    order = [*(n for n in reversed(range(len(at))) if not late[n]), *(n for n in range(len(at)) if late[n])]
    spans: list[list[tuple[float, float]]] = [[] for _ in range(_LEVELS)]
    stems: list[list[float]] = [[] for _ in range(_LEVELS)]
    positions = [(0, False)] * len(at)
    for n in order:
        sides = [side for side in (False, True) if (wide[n] <= at[n] if side else not late[n])]
        for to_left, level in itertools.product(sides, range(_LEVELS)):
            begin, end = (at[n] - wide[n], at[n]) if to_left else (at[n], at[n] + wide[n])
            free = all(end <= other[0] or other[1] <= begin for other in spans[level])
            crossed = any(begin < stem < end for stem in stems[level])
            crosses = any(other[0] < at[n] < other[1] for lower in spans[:level] for other in lower)
            if free and not crossed and not crosses:
                break
        else:
            return None
        spans[level].append((begin, end))
        for lower in stems[:level]:
            lower.append(at[n])
        positions[n] = (level, to_left)
    return positions


def clusters(at: Sequence[float]) -> list[tuple[int, int]]:
    """First and last of each run of marks that share a number, so that no number lies on the next. `at` is in order."""
    runs: list[tuple[int, int]] = []
    for position in range(len(at)):
        runs.append((position, position))
        while len(runs) > 1 and _touch(at, *runs[-2:]):
            runs[-2:] = [(runs[-2][0], runs[-1][1])]
    return runs


def _touch(at: Sequence[float], first: tuple[int, int], second: tuple[int, int]) -> bool:
    distance = (at[second[0]] + at[second[1]] - at[first[0]] - at[first[1]]) / 2
    return distance < _GAP + _LETTER * (len(_number(first)) + len(_number(second))) / 2


def _number(run: tuple[int, int]) -> str:
    first, last = run
    return f"{first + 1}" if first == last else f"{first + 1}–{last + 1}"


def _draw_text(ax: Axes, mark: Mark, text: str, level: int, align: str) -> None:
    options: dict[str, Any] = {
        "xy": (instant(mark.moment), 1),
        "xycoords": ("data", "axes fraction"),
        "textcoords": "offset points",
        "annotation_clip": False,
    }
    if align != "center":
        line = {"arrowstyle": "-", "color": mark.color, "linewidth": 1, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", xytext=(0, level * _LEVEL_HEIGHT + _SIZE), arrowprops=line, **options)
    offset = {"left": 3, "right": -3, "center": 0}[align]
    ax.annotate(
        text,
        xytext=(offset, level * _LEVEL_HEIGHT + 1),
        ha=align,
        va="bottom",
        fontsize=_SIZE,
        color=mark.color,
        **options,
    )


def _make_room(ax: Axes, levels: int) -> None:
    """The figure grows by the lanes, and the legend moves above them."""
    from matplotlib.transforms import ScaledTranslation

    height = (levels * _LEVEL_HEIGHT + 3) / 72
    fig = ax.figure
    wide, high = fig.get_size_inches()  # type: ignore[union-attr]  # no axes in subfigures here
    fig.set_size_inches(wide, high + height)  # type: ignore[union-attr]  # likewise
    legend = ax.get_legend()
    if legend is not None:
        transform = ax.transAxes + ScaledTranslation(0, height, fig.dpi_scale_trans)
        legend.set_bbox_to_anchor((0, 1.0), transform=transform)
