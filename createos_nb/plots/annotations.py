"""Moments to name, such as deployments: a line over the data, and the name above them, where it hides nothing."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from createos_nb.plots import style
from createos_nb.plots.fonts import columns, plain, short
from createos_nb.plots.time_axis import Window, instant

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = 8.0
_LETTER = 0.6 * _SIZE
_LANE = 11.0
_LANES = 4
_GAP = 5.0
_LISTED = 12


@dataclass(frozen=True)
class Mark:
    """A moment with its name and its look. All lengths here are in points."""

    moment: Any
    text: str = ""
    color: str = style.BLACK
    line: Any = (0, (4, 2))


def annotate(
    ax: Axes,
    marks: Iterable[Mark | tuple[Any, str]],
    shown: Window | None,
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
    given = [one if isinstance(one, Mark) else Mark(*one) for one in marks]
    inside = [] if shown is None else [one for one in given if shown[0] <= instant(one.moment) <= shown[1]]
    for each in (ax, *others):
        for one in inside:
            each.axvline(instant(one.moment), color=one.color, linewidth=1, linestyle=one.line, zorder=4)
    if shown is not None and (named := sorted((one for one in inside if one.text), key=lambda m: instant(m.moment))):
        _name(ax, named, shown, room)
    if outside := len(given) - len(inside):
        style.add_caption(ax, f"{outside} mark{' lies' if outside == 1 else 's lie'} outside of the time shown.")


def _name(ax: Axes, named: Sequence[Mark], shown: Window, room: float) -> None:
    width = ax.figure.get_size_inches()[0] * 72 * room  # type: ignore[union-attr]  # no axes in subfigures here
    at = [float((instant(one.moment) - shown[0]) / (shown[1] - shown[0])) * width for one in named]
    texts = [short(plain(one.text), 32) for one in named]
    places = arranged(at, [columns(text) * _LETTER + _GAP for text in texts], width)
    if places is not None:
        for one, text, (lane, left) in zip(named, texts, places, strict=True):
            _put(ax, one, text, lane, "right" if left else "left")
        _make_room(ax, 1 + max(lane for lane, _ in places))
        return
    for first, last in clusters(at):
        begin, end = instant(named[first].moment), instant(named[last].moment)
        _put(ax, Mark(begin + (end - begin) / 2, color=named[first].color), _number((first, last)), 0, "center")
    _make_room(ax, 1)
    more = f", and {len(named) - _LISTED} more" if len(named) > _LISTED else ""
    listed = ", ".join(f"{place}: {one.text}" for place, one in enumerate(named[:_LISTED], 1))
    style.add_caption(ax, f"Marks: {listed}{more}.")


def arranged(at: Sequence[float], wide: Sequence[float], room: float) -> list[tuple[int, bool]] | None:
    """The lane of each name, and whether it stands left of its line; None where they don't all fit.

    No name lies on another, and no line that leads to a name runs through one. `at` is in order.
    """
    late = [x + w > room for x, w in zip(at, wide, strict=True)]
    # from the inside outwards: the lines of later names then pass beside the earlier ones
    order = [*(n for n in reversed(range(len(at))) if not late[n]), *(n for n in range(len(at)) if late[n])]
    spans: list[list[tuple[float, float]]] = [[] for _ in range(_LANES)]
    stems: list[list[float]] = [[] for _ in range(_LANES)]
    places = [(0, False)] * len(at)
    for n in order:
        sides = [side for side in (False, True) if (wide[n] <= at[n] if side else not late[n])]
        for left, lane in itertools.product(sides, range(_LANES)):
            begin, end = (at[n] - wide[n], at[n]) if left else (at[n], at[n] + wide[n])
            free = all(end <= other[0] or other[1] <= begin for other in spans[lane])
            crossed = any(begin < stem < end for stem in stems[lane])
            crosses = any(other[0] < at[n] < other[1] for below in spans[:lane] for other in below)
            if free and not crossed and not crosses:
                break
        else:
            return None
        spans[lane].append((begin, end))
        for below in stems[:lane]:
            below.append(at[n])
        places[n] = (lane, left)
    return places


def clusters(at: Sequence[float]) -> list[tuple[int, int]]:
    """First and last of each run of marks that share a number, so that no number lies on the next. `at` is in order."""
    runs: list[tuple[int, int]] = []
    for place in range(len(at)):
        runs.append((place, place))
        while len(runs) > 1 and _touch(at, *runs[-2:]):
            runs[-2:] = [(runs[-2][0], runs[-1][1])]
    return runs


def _touch(at: Sequence[float], one: tuple[int, int], other: tuple[int, int]) -> bool:
    apart = (at[other[0]] + at[other[1]] - at[one[0]] - at[one[1]]) / 2
    return apart < _GAP + _LETTER * (len(_number(one)) + len(_number(other))) / 2


def _number(run: tuple[int, int]) -> str:
    first, last = run
    return f"{first + 1}" if first == last else f"{first + 1}–{last + 1}"


def _put(ax: Axes, one: Mark, text: str, lane: int, align: str) -> None:
    place: dict[str, Any] = {
        "xy": (instant(one.moment), 1),
        "xycoords": ("data", "axes fraction"),
        "textcoords": "offset points",
        "annotation_clip": False,
    }
    if align != "center":
        line = {"arrowstyle": "-", "color": one.color, "linewidth": 1, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", xytext=(0, lane * _LANE + _SIZE), arrowprops=line, **place)
    aside = {"left": 3, "right": -3, "center": 0}[align]
    ax.annotate(
        text,
        xytext=(aside, lane * _LANE + 1),
        ha=align,
        va="bottom",
        fontsize=_SIZE,
        color=one.color,
        **place,
    )


def _make_room(ax: Axes, lanes: int) -> None:
    """The figure grows by the lanes, and the legend moves above them."""
    from matplotlib.transforms import ScaledTranslation

    height = (lanes * _LANE + 3) / 72
    fig = ax.figure
    wide, high = fig.get_size_inches()  # type: ignore[union-attr]  # no axes in subfigures here
    fig.set_size_inches(wide, high + height)  # type: ignore[union-attr]  # likewise
    legend = ax.get_legend()
    if legend is not None:
        above = ax.transAxes + ScaledTranslation(0, height, fig.dpi_scale_trans)
        legend.set_bbox_to_anchor((0, 1.0), transform=above)
