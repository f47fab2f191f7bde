"""A slider with a name: that of ipywidgets has none for people who hear the page."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from createos_nb.panels.files import FRONT


class Slider(anywidget.AnyWidget):
    """A whole number within limits.

    Traits: `value`, `min`, `max`, `step`, `description`, `unit`, `before` (what is so now, said beside; or None),
    `disabled`. Raises `TraitError` for a value outside.
    """

    _esm = FRONT / "slider.js"
    value = traitlets.Int(0).tag(sync=True)
    min = traitlets.Int(0).tag(sync=True)
    max = traitlets.Int(100).tag(sync=True)
    step = traitlets.Int(1).tag(sync=True)
    description = traitlets.Unicode("").tag(sync=True)
    unit = traitlets.Unicode("").tag(sync=True)
    before = traitlets.Int(None, allow_none=True).tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    @traitlets.validate("value")
    def _within(self, proposal: Any) -> int:
        value = int(proposal["value"])
        if not self.min <= value <= self.max:
            raise traitlets.TraitError(f"from {self.min} to {self.max}")
        return value
