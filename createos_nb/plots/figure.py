"""The figure that every plot returns. Importing this module imports matplotlib."""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure as _Figure

from createos_nb.plots.fonts import use_fallback_fonts

if TYPE_CHECKING:
    from matplotlib.backend_bases import RendererBase


class Figure(_Figure):
    """A matplotlib Figure that shows itself in a notebook, without pyplot.

    A Figure that pyplot did not make has no picture in a Jupyter cell; this one brings its own PNG (twice as fine as it
    is shown, for high-resolution screens), with its title and caption as alternative text. Everything that a
    `matplotlib.figure.Figure` can do works: `fig.axes`, `fig.savefig("traffic.pdf")`.
    """

    headline: str = ""
    caption: str = ""

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

    def _repr_png_(self) -> tuple[bytes, dict[str, Any]]:
        buffer = BytesIO()
        # no software version in the file, so that the same plot is the same bytes
        self.savefig(buffer, format="png", dpi=2 * self.dpi, metadata={"Software": None})
        width, height = (round(side * self.dpi) for side in self.get_size_inches())
        alt = " ".join(text for text in (f"{self.headline}.", self.caption) if text.strip("."))
        return buffer.getvalue(), {"width": width, "height": height, "alt": alt}
