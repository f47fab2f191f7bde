"""The progress of a plan while it is applied: its steps with their states and times, and the build log."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import ipywidgets as widgets

from createos_nb.panels import markup
from createos_nb.panels.icons import icon
from createos_nb.panels.logs.build_log import State, build_html
from createos_nb.panels.plan.display import duration
from createos_nb.panels.view import show
from createos_nb.plans.events import LogLine

if TYPE_CHECKING:
    from createos_nb.plans import Event

#: Lines of a build log that are shown.
_MAX_LINES: Final = 500
_SIGNS: Final = {
    "": "not reached",
    "done": "passed",
    "already so": "passed",
    "failed": "failed",
    "cancelled": "skipped",
    "stopped": "skipped",
}


class _Step(NamedTuple):
    """A step while it is applied; times are seconds of the run, None where it has not come there."""

    name: str
    usual: float | None
    phase: str = ""
    text: str = ""
    began: float | None = None
    now: float = 0.0


class Progress:
    """A list of steps, each with an icon, words for its state and its time, and the build log below it as it comes.

    Attributes:
        box: the widget.
        steps, lines: the HTML in it.
        log: the lines of the build log so far.
    """

    def __init__(self) -> None:
        self.steps, self.lines = widgets.HTML(), widgets.HTML()
        self.box = widgets.VBox([self.steps, self.lines])
        self.box.add_class("createos-column")
        self.log: deque[LogLine] = deque(maxlen=_MAX_LINES)
        self._cut = 0
        self._title = ""
        self._rows: list[_Step] = []
        show(self.box, False)

    def begin(self, steps: Sequence[str], usual: Sequence[float] = (), *, title: str = "") -> None:
        """List steps, in a few words each, with the seconds that each usually takes; none has begun."""
        self.log.clear()
        self._cut, self._title = 0, title
        self._rows = [_Step(name, usual[at] if at < len(usual) else None) for at, name in enumerate(steps)]
        self.lines.value = ""
        self._draw()

    def clear(self) -> None:
        """Remove all steps and lines."""
        self.begin([])

    def end(self) -> None:
        """Fold the steps: the receipt says what became of them."""
        if self._rows:
            self.steps.value = f"<details><summary>Steps</summary>{self._list()}</details>"

    def update(self, event: Event) -> None:
        """Show a progress event."""
        position = event.step - 1
        if 0 <= position < len(self._rows) and event.phase != "finished":
            row = self._rows[position]
            began = row.began
            if began is None and event.phase != "checking":
                began = event.elapsed
            self._rows[position] = row._replace(phase=event.phase, text=event.text, began=began, now=event.elapsed)
            self._draw()
        lines = event.lines or tuple(LogLine(text) for text in event.log)
        self._cut += max(0, len(self.log) + len(lines) - _MAX_LINES)
        self.log.extend(lines)
        if lines or (self.log and event.phase in ("done", "failed")):
            state: State = "running"
            if event.phase in ("done", "failed"):
                state = "passed" if event.phase == "done" else "failed"
            self.lines.value = build_html(self.log, self._cut, state)

    def _draw(self) -> None:
        title = f"<h4>{markup.text(self._title[:1].upper() + self._title[1:])}</h4>" if self._title else ""
        self.steps.value = f"{title}{self._list()}" if self._rows else ""
        show(self.box, bool(self._rows))

    def _list(self) -> str:
        rows = "".join(
            f'<li class="createos-step-{sign(row.phase).replace(" ", "-")}">{icon(sign(row.phase))}'
            f"<span>{markup.text(row.name[:1].upper() + row.name[1:])}"
            f'<small class="createos-muted">{markup.text(words(row.phase, row.text))}</small></span>'
            f'<span class="createos-time">{_time(row)}</span></li>'
            for row in self._rows
        )
        return f'<ol class="createos-steps">{rows}</ol>'


def sign(phase: str) -> str:
    """Return the icon before a step."""
    return _SIGNS.get(phase, "running")


def words(phase: str, text: str) -> str:
    """Return the state of a step in words."""
    if not phase:
        return "not reached"
    return text if text and phase in ("waiting", "probing", "writing") else f"{phase}, {text}" if text else phase


def _time(row: _Step) -> str:
    """Return how long a step has taken, and how long it usually takes."""
    usual = "" if row.usual is None else f"usually {duration(row.usual)}"
    if row.began is None:
        return usual
    took = duration(row.now - row.began)
    return took if row.phase in ("done", "already so") or not usual else f"{took} · {usual}"
