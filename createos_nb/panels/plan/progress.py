"""The progress of a plan while it is applied: its steps with their states and times, and the build log."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import ipywidgets as widgets

from createos_nb.diagnostics.evidence.build_signals import BuildSignal, read_build
from createos_nb.panels import markup
from createos_nb.panels.icons import icon
from createos_nb.panels.plan.build_log import State, build_html
from createos_nb.panels.plan.display import duration
from createos_nb.panels.view import show
from createos_nb.plans.events import LogLine
from createos_nb.plans.usual_times import UsualTime

if TYPE_CHECKING:
    from createos_nb.plans import Event

#: Lines of a build log that are shown.
_MAX_LINES: Final = 500
#: A step that takes so many times as long as usual is told of.
_LONG: Final = 1.5
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
    usual: UsualTime | None
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
        failure: why the build failed, as far as its log tells; None unless it did.
    """

    def __init__(self) -> None:
        self.steps, self.lines = widgets.HTML(), widgets.HTML()
        self.box = widgets.VBox([self.steps, self.lines])
        self.box.add_class("createos-column")
        self.log: deque[LogLine] = deque(maxlen=_MAX_LINES)
        self._cut = 0
        self._title = ""
        self._rows: list[_Step] = []
        self._over = False
        self._build: State | None = None
        self._builds = 0  # the step whose build it is
        self.failure: BuildSignal | None = None
        show(self.box, False)

    def begin(self, steps: Sequence[str], usual: Sequence[UsualTime] = (), *, title: str = "") -> None:
        """List steps, in a few words each, with the time that each usually takes; none has begun."""
        self.log.clear()
        self._cut, self._title, self._over, self._build = 0, title, False, None
        self._builds, self.failure = 0, None
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

    def stop(self) -> None:
        """Say that the run has ended before it was done: what comes later is not reached."""
        self._over = True
        if self._rows:
            self._draw()
        if self._build == "running":
            self._draw_build("stopped")

    def update(self, event: Event) -> None:
        """Show a progress event."""
        self._over = self._over or event.phase in ("failed", "stopped", "cancelled")
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
        if lines:
            self._builds = event.step
        # what becomes of a later step says nothing of the build
        if lines or (event.step == self._builds and event.phase in ("done", "failed")):
            state: State = "running"
            if event.phase in ("done", "failed"):
                state = "passed" if event.phase == "done" else "failed"
            self._draw_build(state)

    def _draw_build(self, state: State) -> None:
        self._build = state
        self.failure = read_build(line.text for line in self.log) if state == "failed" else None
        self.lines.value = build_html(self.log, self._cut, state)

    def _draw(self) -> None:
        title = f"<h4>{markup.text(self._title[:1].upper() + self._title[1:])}</h4>" if self._title else ""
        self.steps.value = f"{title}{self._summary()}{self._list()}" if self._rows else ""
        show(self.box, bool(self._rows))

    def _summary(self) -> str:
        """Return how many steps are done, which one is at work, and how much of its usual time is over."""
        count = len(self._rows)
        done = sum(sign(row.phase) == "passed" for row in self._rows)
        if self._over:
            said = f"{done} of {count} steps done" if count > 1 else ""
            left = sum(not row.phase for row in self._rows)
            said += f", {left} not reached" if left and said else ""
            return _note(said)
        number, row = next(
            ((at, row) for at, row in enumerate(self._rows, 1) if sign(row.phase) == "running"), (0, None)
        )
        if row is None:
            return _note(f"{done} of {count} steps done") if count > 1 else ""
        parts = [f"Step {number} of {count}"] if count > 1 else []
        parts += [text for text in (_waited_for(row), _time(row)) if text]
        return _note(" · ".join(parts))

    def _list(self) -> str:
        return f'<ol class="createos-steps">{"".join(self._row(row) for row in self._rows)}</ol>'

    def _row(self, row: _Step) -> str:
        over = self._over and not row.phase
        shape = "skipped" if over else sign(row.phase)
        said = "not reached" if over else words(row.phase, row.text)
        time = "" if over else _time(row)
        css_class = "not-reached" if over else "next" if not row.phase else shape.replace(" ", "-")
        return (
            f'<li class="createos-step-{css_class}">{icon(shape)}'
            f"<span>{markup.text(row.name[:1].upper() + row.name[1:])}"
            f'<small class="createos-muted">{markup.text(said)}</small></span>'
            f'<span class="createos-time">{time}</span></li>'
        )


def sign(phase: str) -> str:
    """Return the icon before a step."""
    return _SIGNS.get(phase, "running")


def words(phase: str, text: str) -> str:
    """Return the state of a step in words."""
    if not phase:
        return "to come"
    return text if text and phase in ("waiting", "probing", "writing") else f"{phase}, {text}" if text else phase


def _waited_for(row: _Step) -> str:
    """Return what a step at work waits for."""
    return f"waiting: {row.text}" if row.phase == "waiting" and row.text else words(row.phase, row.text)


def _note(text: str) -> str:
    return f'<p class="createos-note createos-steps-now">{markup.text(text)}</p>' if text else ""


def _time(row: _Step) -> str:
    """Return how long a step has taken, and how long it usually takes, where that is known."""
    usual = row.usual
    if row.began is None:
        return "" if usual is None else f"{_how(usual)} {duration(usual.seconds)}"
    took = max(row.now - row.began, 0.0)
    if usual is None or sign(row.phase) != "running":
        return duration(took)
    if took > _LONG * usual.seconds:
        return f"{duration(took)}, {_how(usual)} {duration(usual.seconds)}"
    return f"{part_of(took, usual.seconds)} {'usual' if usual.runs else 'expected'}"


def _how(usual: UsualTime) -> str:
    """Return whether a time was measured or is expected."""
    return "usually" if usual.runs else "about"


def part_of(took: float, whole: float) -> str:
    """Return how much of a time is over: "2 of 5 min"; each in its own unit where they differ."""
    one, other = duration(took), duration(whole)
    number, _, unit = one.partition("\N{NO-BREAK SPACE}")
    return f"{number if unit == other.partition(chr(0xA0))[2] else one} of {other}"
