"""Small browser-side components: where their files are, the button of a plan, the slider, the keyboard scope."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import anywidget
import traitlets

#: JavaScript and CSS beside the modules that use them.
FRONT: Final = Path(__file__).parent / "front"


def front_text(name: str) -> str:
    """Return a module or style sheet, as widgets take it.

    Not its path: anywidget would watch the file, and keep each widget of it in memory for as long as the process lives.

    Args:
        name: Of the file in the folder `front`.

    Returns:
        Its text, of more than one line, so that it can't be taken for a path.

    Examples:
        >>> from createos_nb.panels.components import front_text
        >>> "export" in front_text("slider.js")
        True
    """
    return f"{(FRONT / name).read_text(encoding='utf-8')}\n\n"


class KeyboardScope(anywidget.AnyWidget):
    """Keeps keys that are pressed within a panel from being commands of the notebook around it; shows nothing."""

    _esm = front_text("keyboard_scope.js")


class ActionButton(anywidget.AnyWidget):
    """A button that says what is missing until it can be pressed, and that the keyboard always reaches.

    A button of ipywidgets that is off can't be reached by the keyboard, so that nobody learns from it why it is off.

    Traits: `description` (its label), `disabled`, `missing` (what is missing while it is off, in a sentence),
    `primary` (whether it is what is to be pressed).
    """

    _esm = front_text("action_button.js")
    description = traitlets.Unicode("").tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)
    missing = traitlets.Unicode("").tag(sync=True)
    primary = traitlets.Bool(True).tag(sync=True)

    def __init__(self, description: str, on_click: Callable[[], Any]) -> None:
        super().__init__(description=description)
        self._on_click = on_click
        self.on_msg(self._on_message)

    def click(self) -> None:
        """Do what a press does."""
        self._on_click()

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        # a press may be on its way while the button is switched off
        if isinstance(content, dict) and content.get("pressed") and not self.disabled:
            self.click()


class Slider(anywidget.AnyWidget):
    """A whole number within limits, with a name for screen readers, which the slider of ipywidgets lacks.

    Traits: `value`, `min`, `max`, `step`, `description`, `unit`, `before` (the current value on the platform, shown
    beside; or None), `disabled`. Raises `TraitError` for a value outside.
    """

    _esm = front_text("slider.js")
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
