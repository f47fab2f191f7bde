"""A report as PDF, drawn by matplotlib: A4 upright, as many pages as it takes, text that can be searched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from createos_nb.plots import style
from createos_nb.plots.report_rows import Contents, Row, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from createos_nb.plots.figure import Figure

_WIDTH, _HEIGHT, _MARGIN = 8.27, 11.69, 0.55
_ROW, _LINE = 0.34, 0.185
_COLUMNS = (
    ("environment", 0.0, "left"),
    ("standing", 1.55, "left"),
    ("requests", 3.15, "right"),
    ("per minute / peak", 4.1, "right"),
    ("success", 4.85, "right"),
    ("errors", 5.35, "right"),
    ("budget left", 6.05, "right"),
    ("traffic and 5xx", 6.15, "left"),
)
"""Where each column stands, in inches from the margin."""
_COLOR = {"alerts": style.ERROR, "missed": "#8a5a00", "met": style.LINE}
_SMALL = 0.24


def write(report: Contents, path: Path) -> None:
    """Write all pages; the same report gives the same bytes."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_pdf import PdfPages

    about: dict[str, Any] = {"Title": report.title, "CreationDate": None, "Creator": None, "Producer": None}
    # type 42 keeps letters as letters, so that a reader can search and copy them
    with rc_context({"pdf.fonttype": 42}), PdfPages(path, metadata=about) as pdf:
        for page in pages(report):
            pdf.savefig(page)


def pages(report: Contents) -> Iterator[Figure]:
    """The pages, one after the other."""
    page = _Page(report, 1)
    page.text(report.about, size=7.5, color=style.QUIET)
    page.gap(0.06)
    page.text(report.sentence, size=10)
    page.gap(0.1)
    for heading, rows in report.sections():
        # a heading does not stand alone at the foot of a page
        if heading and page.full(0.63 + _ROW):
            yield page.figure
            page = _Page(report, page.number + 1)
        if heading:
            page.heading(heading)
        page.columns()
        for row in rows:
            if page.full(_ROW):
                yield page.figure
                page = _Page(report, page.number + 1)
                if heading:
                    page.heading(f"{heading}, continued")
                page.columns()
            page.environment(row)
    page.gap(0.1)
    page.text(report.caption, size=7.5, color=style.QUIET)
    for table in report.tables:
        if page.full(0.46 + (1 + min(max(len(table.cells), 1), 3)) * _LINE):
            yield page.figure
            page = _Page(report, page.number + 1)
        edges = _edges(table)
        page.heading(table.heading)
        page.line(table.columns, edges, color=style.QUIET)
        for cells in table.cells:
            if page.full(_LINE):
                yield page.figure
                page = _Page(report, page.number + 1)
                page.heading(f"{table.heading}, continued")
                page.line(table.columns, edges, color=style.QUIET)
            page.line(cells, edges)
        if table.more or not table.cells:
            page.text(f"and {table.more:,} more" if table.more else "nothing", size=7.5, color=style.QUIET)
    yield page.figure


class _Page:
    """One page; `y` is how far down it is filled, in inches."""

    def __init__(self, report: Contents, number: int) -> None:
        from createos_nb.plots.figure import Figure

        self.number, title = number, report.title
        self.figure = Figure(figsize=(_WIDTH, _HEIGHT), dpi=100, facecolor=style.GROUND)
        self.figure.headline, self.figure.caption = title, report.caption
        # one axes in inches for the whole page: a hundred small ones would take seconds
        self.ax: Axes = self.figure.add_axes((0, 0, 1, 1))
        self.ax.set_xlim(0, _WIDTH)
        self.ax.set_ylim(_HEIGHT, 0)
        self.ax.axis("off")
        self.y = _MARGIN
        self._draw_text(
            title if number == 1 else f"{title}, page {number}", 0, size=14 if number == 1 else 9, weight="bold"
        )
        self._draw_text(
            f"{number}", _WIDTH - 2 * _MARGIN, at=_HEIGHT - 0.35, size=7.5, color=style.QUIET, align="right"
        )
        self.y += 0.34 if number == 1 else 0.25

    def full(self, more: float) -> bool:
        return self.y + more > _HEIGHT - _MARGIN - 0.1

    def gap(self, inches: float) -> None:
        self.y += inches

    def text(self, text: str, *, size: float, color: str = style.INK) -> None:
        for line in style.wrapped(style.escape_text(text), _WIDTH - 2 * _MARGIN, size=size).splitlines():
            self._draw_text(line, 0, size=size, color=color, escape=False)
            self.y += size * 1.35 / 72

    def heading(self, text: str) -> None:
        self.y += 0.22
        self._draw_text(text, 0, size=10, weight="bold")
        self.y += 0.24

    def columns(self) -> None:
        for name, x, align in _COLUMNS:
            self._draw_text(name, x, size=7, color=style.QUIET, align=align)
        self.y += 0.17
        self._rule()

    def environment(self, row: Row) -> None:
        middle, lower = self.y + 0.06, self.y + 0.2
        cells = (
            row.project,
            row.standing,
            row.requests,
            row.pace.replace(", peak ", " / "),
            row.success,
            row.errors,
            row.budget,
        )
        for (name, x, align), cell in zip(_COLUMNS, cells, strict=False):
            color = _COLOR.get(row.standing, style.QUIET) if name == "standing" else style.INK
            weight = "bold" if x == 0 else "normal"
            self._draw_text(
                style.shorten_middle(cell, 24), x, at=middle, size=7.5, align=align, weight=weight, color=color
            )
        self._draw_text(style.shorten_middle(row.environment, 28), 0, at=lower, size=6.5, color=style.QUIET)
        first, *others = row.firing.split(", ")
        firing = f"{first} and {len(others)} more" if others else first
        self._draw_text(style.shorten_middle(firing, 34), _COLUMNS[1][1], at=lower, size=6, color=style.QUIET)
        if row.interval != "–":
            self._draw_text(row.interval, _COLUMNS[4][1], at=lower, size=6, color=style.QUIET, align="right")
        self._small_plot(row)
        self.y += _ROW
        self._rule()

    def line(self, cells: tuple[str, ...], edges: list[tuple[float, int]], *, color: str = style.INK) -> None:
        for cell, (x, characters) in zip(cells, edges, strict=False):
            self._draw_text(style.shorten_middle(cell, characters), x, size=6.5, color=color)
        self.y += _LINE

    def _small_plot(self, row: Row) -> None:
        start = _MARGIN + _COLUMNS[-1][1] + 0.02
        wide = _WIDTH - _MARGIN - start
        floor = self.y + 0.05 + _SMALL
        self.ax.plot([start, start + wide], [floor, floor], color=style.QUIET, linewidth=0.4)
        for values, color in ((row.traffic, style.AREA), (row.faults, style.ERROR)):
            if len(values) and np.nansum(values) > 0:
                x = start + np.arange(len(values) + 1) * (wide / len(values))
                tops = floor - np.append(values, values[-1]) * _SMALL
                self.ax.fill_between(x, floor, tops, step="post", color=color, linewidth=0)

    def _rule(self) -> None:
        self.ax.plot([_MARGIN, _WIDTH - _MARGIN], [self.y, self.y], color=style.RULE, linewidth=0.6)

    def _draw_text(
        self,
        text: str,
        x: float,
        *,
        size: float,
        at: float | None = None,
        color: str = style.INK,
        align: Any = "left",
        weight: str = "normal",
        escape: bool = True,
    ) -> None:
        if text:
            drawn_text = style.escape_text(text.replace("\n", " ")) if escape else text
            y = self.y if at is None else at
            # letters stand on one line whatever their height
            self.ax.text(
                _MARGIN + x,
                y + size / 72,
                drawn_text,
                fontsize=size,
                color=color,
                ha=align,
                va="baseline",
                fontweight=weight,
            )


def _edges(table: Table) -> list[tuple[float, int]]:
    """Return the start of each column in inches, and how many letters fit: space by the longest text, within reason."""
    longest = [
        min(max([len(name), *(len(row[at]) for row in table.cells)]), 90) + 2 for at, name in enumerate(table.columns)
    ]
    inch = 6.5 * 0.62 / 72  # a letter at 6.5 points
    wide = _WIDTH - 2 * _MARGIN
    squeeze = min(wide / (sum(longest) * inch), 1.3) if longest else 1.0
    characters = [max(int(length * squeeze) - 1, 3) for length in longest]
    begins = np.cumsum([0, *(length * squeeze * inch for length in longest[:-1])])
    return list(zip(begins.tolist(), characters, strict=True))
