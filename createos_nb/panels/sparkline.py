"""A line of figures the size of a word, as inline SVG: gaps stay gaps, and zero is the ground."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from createos_nb.html import Html, escaped

_WIDTH, _HEIGHT = 84, 24
#: The classes of colours that a line can have.
COLORS: Final = ("series", "error")


def sparkline(values: Sequence[float | None], *, color: str = "series", highest: float = 0.0) -> Html:
    """Return a filled line, which screen readers pass over: the figures stand beside it.

    Args:
        values: The figures, oldest first; None where there is no data.
        color: "series", or "error" where all of it is errors.
        highest: What the upper edge stands for at least, so that one error does not fill the height.

    Returns:
        The markup; "" without a figure.

    Examples:
        >>> from createos_nb.panels.sparkline import sparkline
        >>> sparkline([1, 2, None, 4]).count("<path")
        3
    """
    known = [value for value in values if value is not None]
    if not known or len(values) < 2:
        return Html("")
    top = max(highest, *known, 1e-9)
    step = (_WIDTH - 2) / (len(values) - 1)
    ground = _HEIGHT - 2
    lines: list[str] = []
    areas: list[str] = []
    for start, stretch in _stretches(values):
        points = [
            (1 + (start + number) * step, ground - (ground - 2) * value / top) for number, value in enumerate(stretch)
        ]
        if len(points) == 1:  # a point between gaps is a dash
            points.append((points[0][0] + 1.0, points[0][1]))
        line = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        lines.append(f'<path d="M{line}" fill="none" stroke="currentColor" stroke-width="1.4"/>')
        areas.append(f"M{line}L{points[-1][0]:.1f} {ground}L{points[0][0]:.1f} {ground}z")
    area = f'<path d="{"".join(areas)}" fill="currentColor" stroke="none" opacity=".16"/>'
    return Html(
        f'<svg class="createos-lane-line createos-lane-line-{escaped(color)}" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" aria-hidden="true">{area}{"".join(lines)}</svg>'
    )


def _stretches(values: Sequence[float | None]) -> list[tuple[int, list[float]]]:
    """Return where figures stand without a gap, and those figures."""
    found: list[tuple[int, list[float]]] = []
    for position, value in enumerate(values):
        if value is None:
            continue
        if not found or found[-1][0] + len(found[-1][1]) != position:
            found.append((position, []))
        found[-1][1].append(float(value))
    return found
