"""The figure that every plot returns. Importing this module imports matplotlib."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as _Figure

from createos_nb.html import escaped
from createos_nb.plots import encoding, palette
from createos_nb.plots.fonts import use_fallback_fonts
from createos_nb.plots.recolor import dark

if TYPE_CHECKING:
    from matplotlib.backend_bases import RendererBase
    from matplotlib.text import Text
    from numpy.typing import NDArray

_SHARP: Final = 1.5
"""Dots of a picture for each that it takes on the page: for screens of high resolution, in files that stay small."""
STYLE: Final = (
    ".createos-plot img{max-width:100%;height:auto}.createos-plot .createos-on-dark{display:none}@media screen{"
    f":is({palette.HOSTS}) .createos-plot .createos-on-light{{display:none}}"
    f":is({palette.HOSTS}) .createos-plot .createos-on-dark{{display:block;width:var(--cn-width)}}}}"
)
"""Shows the picture of the page's theme."""


class Figure(_Figure):
    """A matplotlib Figure that shows itself in a notebook, without pyplot.

    A Figure that pyplot did not make has no picture in a Jupyter cell; this one brings its own (finer than it is
    shown, for high-resolution screens), with its title and caption as alternative text. With the theme "auto" it has
    two, and shows the one of the page's theme. Everything that a `matplotlib.figure.Figure` can do works: `fig.axes`,
    `fig.savefig("traffic.pdf")`.

    Attributes:
        headline: the title.
        caption: what the figure shows, in a sentence or two.
        theme: "auto", "light" or "dark", see `plots.use`.
        words: title and caption as they are drawn, each with its text.
    """

    headline: str = ""
    caption: str = ""
    theme: palette.Theme = "auto"
    words: tuple[tuple[Text, str], ...] = ()

    def __repr__(self) -> str:
        return f"<Figure: {self.headline}>"

    def draw(self, renderer: RendererBase) -> None:
        """Draw, with letters of every script in whatever installed font has them.

        Args:
            renderer: draws; matplotlib gives its own when a figure is shown or saved.

        Examples:
            >>> from matplotlib.backends.backend_agg import FigureCanvasAgg
            >>> hits = pd.DataFrame({"path": ["/", "/購物車"], "count": [900, 100]})
            >>> fig = createos_nb.plots.top_paths(createos_nb.analysis.paths(hits))
            >>> fig.draw(FigureCanvasAgg(fig).get_renderer())
            >>> fig
            <Figure: Top paths>
        """
        if use_fallback_fonts(self):
            super().draw(renderer)
            return
        with warnings.catch_warnings():
            # no font here has the letter: the box says so, and the reader can do nothing about it
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            super().draw(renderer)

    def savefig(self, fname: Any, *, transparent: bool | None = None, **options: Any) -> None:
        """Write the figure to a file: light for the themes "auto" and "light", dark for "dark".

        Args:
            fname: the file, or what can be written to.
            transparent: whether the ground is left out.
            options: those of `matplotlib.figure.Figure.savefig`, such as `dpi`.

        Raises:
            OSError: the file can't be written.

        Examples:
            >>> hits = pd.DataFrame({"path": ["/", "/cart"], "count": [900, 100]})
            >>> fig = createos_nb.plots.top_paths(createos_nb.analysis.paths(hits))
            >>> fig.savefig("paths.png")
        """
        with self._laid_out_in_dark() if self.theme == "dark" else nullcontext():
            super().savefig(fname, transparent=transparent, **options)

    @property
    def alt(self) -> str:
        """What the figure shows, in words."""
        return " ".join(text for text in (f"{self.headline}.", self.caption) if text.strip("."))

    def _repr_png_(self) -> tuple[bytes, dict[str, Any]]:
        return self._plain(_SHARP * self.dpi), self._metadata()

    def _repr_html_(self) -> str | None:
        """Title, both pictures, of which the page shows one (the light one where it can't choose), and caption."""
        return None if self.theme != "auto" else self._html(self._pixels(_SHARP * self.dpi))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """The pictures for a page, and one for what takes no HTML, such as a PDF."""
        if self.theme != "auto":
            content, about = self._repr_png_()
            return {"image/png": _base64(content), "text/plain": repr(self)}, {"image/png": about}
        pixels = self._pixels(_SHARP * self.dpi)
        plain = encoding.png(encoding.few_colors(encoding.smaller(pixels, _SHARP), encoding.FEW))
        data = {"text/html": self._html(pixels), "image/png": _base64(plain), "text/plain": repr(self)}
        return data, {"image/png": self._metadata()}

    def _html(self, pixels: NDArray[np.uint8]) -> str:
        rows, title, caption = self._between_words(_SHARP * self.dpi, len(pixels))
        light = encoding.smallest(encoding.few_colors(pixels[rows]))
        with self._drawn_as_laid_out(), dark(self):
            on_dark = encoding.few_colors(self._pixels(_SHARP * self.dpi)[rows])
        in_dark = encoding.smallest(on_dark, palette.DARK[palette.GROUND])
        alt, width = escaped(self.headline), self._metadata()["width"]
        # without the style, as in a notebook that is not trusted, the second takes no room
        return (
            f'<div class="createos-plot" style="--cn-width:{width}px;max-width:{width}px"><style>{STYLE}</style>'
            f"{_words(title, 'font-weight:bold;font-size:15px')}"
            f'<img class="createos-on-light" alt="{alt}" width="{width}" '
            f'src="data:{light[0]};base64,{_base64(light[1])}">'
            f'<img class="createos-on-dark" alt="{alt}" width="0" height="0" '
            f'src="data:{in_dark[0]};base64,{_base64(in_dark[1])}">'
            f"{_words(caption, 'font-size:12px')}</div>"
        )

    def _metadata(self) -> dict[str, Any]:
        width, height = (round(side * self.dpi) for side in self.get_size_inches())
        return {"width": width, "height": height, "alt": self.alt}

    def _plain(self, dpi: float) -> bytes:
        with self._laid_out_in_dark() if self.theme == "dark" else nullcontext():
            return encoding.png(encoding.few_colors(self._pixels(dpi)))

    def _pixels(self, dpi: float) -> NDArray[np.uint8]:
        """The figure as it is, opaque, height by width by 4 (RGBA)."""
        canvas, own = self.canvas, self.dpi
        try:
            # by itself: `savefig` draws twice
            self.dpi = dpi
            agg = FigureCanvasAgg(self)
            agg.draw()  # type: ignore[no-untyped-call]  # has no types
            return np.array(agg.buffer_rgba())  # type: ignore[no-untyped-call]  # likewise
        finally:
            self.dpi = own
            self.set_canvas(canvas)

    def _between_words(self, dpi: float, height: int) -> tuple[slice, str, str]:
        """The rows between title and caption, and both, which a page has as text; one that was changed stays drawn."""
        top, bottom, said = 0, height, []
        for number, (text, own) in enumerate(self.words):
            mine = text.get_text() == own and text.get_visible()
            said.append((self.headline, self.caption)[number] if mine else "")
            if mine and own:
                box = text.get_window_extent(dpi=dpi)
                top, bottom = (height - int(box.y0), bottom) if number == 0 else (top, height - int(box.y1) - 1)
        title, caption = [*said, "", ""][:2]
        return slice(top, bottom), title, caption

    @contextmanager
    def _laid_out_in_dark(self) -> Iterator[None]:
        self.draw_without_rendering()  # ticks are made then
        with dark(self):
            yield

    @contextmanager
    def _drawn_as_laid_out(self) -> Iterator[None]:
        """Keep the layout of the last drawing, which takes longer than the drawing itself."""
        engine = self.get_layout_engine()
        self.set_layout_engine("none")
        try:
            yield
        finally:
            self.set_layout_engine(engine)


def _words(text: str, look: str) -> str:
    return f'<div style="{look};margin:4px 0">{escaped(text)}</div>' if text else ""


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
