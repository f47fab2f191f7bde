"""HTML of a plan, its receipt, and its progress while it is applied."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import ipywidgets as widgets

from createos_nb.display import strip_control_chars
from createos_nb.panels import markup
from createos_nb.plans import Plan, Receipt
from createos_nb.plans.render import Rendering

if TYPE_CHECKING:
    from createos_nb.plans import Event

#: Lines of a build log that are shown.
_MAX_LINES: Final = 500
_SIGNS: Final = {"done": "●", "already so": "●", "failed": "✕", "cancelled": "–", "stopped": "–"}
_PENDING: Final = "○"
_RUNNING: Final = "◔"


class Progress:
    """A list of steps, each with a sign and a word for its state, and the build log below it as it comes.

    Attributes:
        box: the widget.
        steps, lines: the HTML in it.
        log: the lines so far.
    """

    def __init__(self) -> None:
        self.steps, self.lines = widgets.HTML(), widgets.HTML()
        self.box = widgets.VBox([self.steps, self.lines])
        self.log: deque[str] = deque(maxlen=_MAX_LINES)
        self._names: list[str] = []
        self._states: list[tuple[str, str]] = []

    def begin(self, steps: Sequence[str]) -> None:
        """List steps, in a few words each; none has begun."""
        self.log.clear()
        self._names = list(steps)
        self._states = [("", "")] * len(self._names)
        self.lines.value = ""
        self._draw()

    def clear(self) -> None:
        """Remove all steps and lines."""
        self.begin([])

    def update(self, event: Event) -> None:
        """Show a progress event."""
        position = event.step - 1
        if 0 <= position < len(self._names) and event.phase != "finished":
            self._states[position] = (event.phase, event.text)
            self._draw()
        if event.log:
            self.log.extend(event.log)
            text = "\n".join(markup.text(line) for line in self.log)
            self.lines.value = (
                f'<div class="createos-lines" role="log" tabindex="0" aria-label="Build log"><div>{text}</div></div>'
            )

    def _draw(self) -> None:
        rows = "".join(
            f'<li><span class="createos-sign" aria-hidden="true">{sign(phase)}</span> {markup.text(name)}'
            f' <span class="createos-muted">{markup.text(words(phase, text))}</span></li>'
            for name, (phase, text) in zip(self._names, self._states, strict=True)
        )
        self.steps.value = f'<ol class="createos-steps">{rows}</ol>' if rows else ""


def sign(phase: str) -> str:
    """Return the sign before a step."""
    return _SIGNS.get(phase, _RUNNING if phase else _PENDING)


def words(phase: str, text: str) -> str:
    """Return the state of a step in words."""
    if not phase:
        return "pending"
    return text if text and phase in ("waiting", "probing", "writing") else f"{phase}, {text}" if text else phase


def required_name(plan: Plan) -> str | None:
    """Return what a person types to confirm a plan: the name of what it acts on, as shown; None where none is asked."""
    if plan.confirmation is None:
        return None
    if plan.irreversible:
        return strip_control_chars(plan.confirmation)
    serving = plan.blast_radius[plan.blast_radius["serves_users"].fillna(False).astype(bool)]["environment"]
    names = [str(name) for name in serving]
    # what it acts on, before what may have to make room for it
    targets = [step.target.environment_name for step in plan.steps if step.target.environment_name in names]
    return strip_control_chars([*targets, *names][0])


def plan_html(plan: Plan) -> str:
    """Return a plan as HTML."""
    return _region("Plan", plan.render())


def receipt_html(receipt: Receipt) -> str:
    """Return a receipt as HTML."""
    return _region("Receipt", receipt.render())


def _region(label: str, rendering: Rendering) -> str:
    # how code applies it is no help to whoever has a button for it
    content = rendering.without("To apply").html()
    # focusable, so that the keyboard can scroll what is wider than the page
    return f'<div class="createos-plan" role="region" aria-label="{label}" tabindex="0">{content}</div>'
