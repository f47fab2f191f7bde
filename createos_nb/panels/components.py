"""Small browser-side components: where their files are, the slider, and the keyboard scope of a panel."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import anywidget
import traitlets

#: JavaScript and CSS beside the modules that use them.
FRONT: Final = Path(__file__).parent / "front"


class KeyboardScope(anywidget.AnyWidget):
    """Keeps keys that are pressed within a panel from being commands of the notebook around it; shows nothing."""

    _esm = FRONT / "keyboard_scope.js"


class Slider(anywidget.AnyWidget):
    """A whole number within limits, with a name for screen readers, which the slider of ipywidgets lacks.

    Traits: `value`, `min`, `max`, `step`, `description`, `unit`, `before` (the current value on the platform, shown
    beside; or None), `disabled`. Raises `TraitError` for a value outside.
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
    def _validate_range(self, proposal: Any) -> int:
        value = int(proposal["value"])
        if not self.min <= value <= self.max:
            raise traitlets.TraitError(f"from {self.min} to {self.max}")
        return value
