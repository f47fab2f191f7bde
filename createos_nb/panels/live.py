"""What a plan is at while it is carried out: its steps with their states, and the build log as it comes."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import ipywidgets as widgets

from createos_nb.panels import markup

if TYPE_CHECKING:
    from createos_nb.plans import Event

#: Lines of a build log that are kept in sight.
_LINES: Final = 500
_SIGNS: Final = {"done": "●", "already so": "●", "failed": "✕", "cancelled": "–", "stopped": "–"}
_TO_COME: Final = "○"
_AT_WORK: Final = "◔"


class Progress:
    """A list of steps, each with a sign and a word for its state, and the log below it.

    Attributes:
        box: the widget.
        log: the lines so far.
    """

    def __init__(self) -> None:
        self._steps, self._lines = widgets.HTML(), widgets.HTML()
        self.box = widgets.VBox([self._steps, self._lines])
        self.log: deque[str] = deque(maxlen=_LINES)
        self._names: list[str] = []
        self._states: list[tuple[str, str]] = []

    def begin(self, steps: Sequence[str]) -> None:
        """Steps in a few words each; none is begun."""
        self.log.clear()
        self._names = list(steps)
        self._states = [("", "")] * len(self._names)
        self._lines.value = ""
        self._draw()

    def clear(self) -> None:
        """Nothing is at work, and nothing was."""
        self.begin([])

    def tell(self, event: Event) -> None:
        """Take in what has happened."""
        place = event.step - 1
        if 0 <= place < len(self._names) and event.phase != "finished":
            self._states[place] = (event.phase, event.text)
            self._draw()
        if event.log:
            self.log.extend(event.log)
            text = "\n".join(markup.text(line) for line in self.log)
            self._lines.value = (
                f'<div class="createos-lines" role="log" tabindex="0" aria-label="Build log"><div>{text}</div></div>'
            )

    def _draw(self) -> None:
        rows = "".join(
            f'<li><span class="createos-sign" aria-hidden="true">{sign(phase)}</span> {markup.text(name)}'
            f' <span class="createos-quiet">{markup.text(words(phase, text))}</span></li>'
            for name, (phase, text) in zip(self._names, self._states, strict=True)
        )
        self._steps.value = f'<ol class="createos-steps">{rows}</ol>' if rows else ""


def sign(phase: str) -> str:
    """The sign before a step."""
    return _SIGNS.get(phase, _AT_WORK if phase else _TO_COME)


def words(phase: str, text: str) -> str:
    """The state of a step in words."""
    if not phase:
        return "to come"
    return text if text and phase in ("waiting", "looking", "writing") else f"{phase}, {text}" if text else phase
