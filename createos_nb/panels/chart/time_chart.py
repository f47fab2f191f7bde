"""The widget that shows a time chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import anywidget
import numpy as np
import pandas as pd
import traitlets

from createos_nb.panels.chart.description import describe
from createos_nb.panels.chart.parts import Band, Mark, Pane
from createos_nb.panels.chart.svg import chart_image, chart_svg
from createos_nb.panels.components import front_text

_EMPTY: Final = {"label": "", "group": "", "start": 0.0, "end": 1.0, "panes": [], "marks": [], "bands": []}


class TimeChart(anywidget.AnyWidget):
    """A chart of time series: panes over one axis of time, which answers the pointer and the keyboard.

    Charts of one `group` share the cursor, the zoom and the zone of times. Traits: `spec` (what is drawn, without the
    numbers), `columns` (all numbers, float64, as bytes).

    Examples:
        >>> from createos_nb.panels.chart import Pane, Series, TimeChart
        >>> counts = pd.Series([3, 5, 4], index=pd.date_range("2026-03-04T13:00Z", periods=3, freq="min"))
        >>> chart = TimeChart()
        >>> chart.show([Pane("Requests per minute", "", [Series("requests", counts)])])
        >>> chart.spec["label"]
        'Requests per minute: 3 to 5, last 4. From 2026-03-04 13:00 to 13:03 UTC.'
    """

    _esm = front_text("chart.js")
    _css = front_text("css/chart.css")
    spec: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    columns = traitlets.Bytes(b"").tag(sync=True)

    def __init__(self, *, group: str = "") -> None:
        super().__init__(spec={**_EMPTY, "group": group})
        self._group = group

    def show(
        self,
        panes: Sequence[Pane],
        *,
        marks: Sequence[Mark] = (),
        bands: Sequence[Band] = (),
        label: str = "",
        start: pd.Timestamp | str | None = None,
        end: pd.Timestamp | str | None = None,
    ) -> None:
        """Show other panes; a zoom stays where its range is still there.

        Args:
            panes: From top to bottom.
            marks: Moments that are drawn as lines.
            bands: Stretches of time, in order.
            label: A sentence that says what the chart shows, for screen readers; by default the range of each series.
            start: The first moment that is shown, with a zone; by default where the first series begins.
            end: The last moment that is shown, with a zone; by default where the last bucket ends.

        Raises:
            InvalidInput: A series has no UTC times, or they are not in order; a moment has no zone; there is no such
                kind or color.

        Examples:
            >>> from createos_nb.panels.chart import Band, Mark, Pane, Series, TimeChart
            >>> counts = pd.Series([3, 5, 4], index=pd.date_range("2026-03-04T13:00Z", periods=3, freq="min"))
            >>> chart = TimeChart()
            >>> chart.show(
            ...     [Pane("Requests per minute", "", [Series("requests", counts)])],
            ...     marks=[Mark("2026-03-04T13:01Z")],
            ...     bands=[Band("2026-03-04T13:01Z", None, "v4")],
            ... )
            >>> chart.spec["bands"][0]["label"]
            'v4'
        """
        described, numbers = describe(panes, marks, bands, label, (start, end))
        spec = {**described, "group": self._group}
        with self.hold_sync():
            if numbers != self.columns:
                self.columns = numbers
                spec["drawn"] = self.spec.get("drawn", 0) + 1  # the browser listens to the description alone
            elif "drawn" in self.spec:
                spec["drawn"] = self.spec["drawn"]
            if spec != self.spec:
                self.spec = spec

    def static(self, *, width: int = 720) -> str:
        """Return the same as a picture, for where no front end is.

        Args:
            width: Of the picture, in pixels; it shrinks with its cell.

        Returns:
            An inline SVG; every text in it is escaped.

        Examples:
            >>> from createos_nb.panels.chart import Pane, Series, TimeChart
            >>> counts = pd.Series([3, 5], index=pd.date_range("2026-03-04T13:00Z", periods=2, freq="min"))
            >>> chart = TimeChart()
            >>> chart.show([Pane("Requests per minute", "", [Series("requests", counts)])])
            >>> chart.static()[:4]
            '<svg'
        """
        return chart_svg(self.spec, np.frombuffer(self.columns, dtype=np.float64), width=width)

    def image(self, *, width: int = 720) -> str:
        """Return the same as an image of HTML, for notebooks: Jupyter shows no inline SVG before its cell was run here.

        Args:
            width: Of the picture, in pixels; it shrinks with its cell.

        Returns:
            The markup of an `img`, in colours that read on light and on dark ground.

        Examples:
            >>> createos_nb.panels.chart.TimeChart().image()[:4]
            '<img'
        """
        return chart_image(self.spec, np.frombuffer(self.columns, dtype=np.float64), width=width)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        return {**data, "text/html": self.image(), "text/plain": self.spec["label"]}, metadata
