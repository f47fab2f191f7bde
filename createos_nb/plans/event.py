"""What a run tells while it goes on: to a panel, to a log, or to the line of status in a terminal or notebook."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

from createos_nb.clock import Clock
from createos_nb.progress import Line, status_line

#: What a run is at. The last four end it.
Phase = Literal[
    "checking", "writing", "waiting", "looking", "done", "already so", "finished", "stopped", "failed", "cancelled"
]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that has happened, or goes on.

    Attributes:
        step: from 1, as in `Plan.frame()`; 0 before the first one.
        steps: how many there are.
        title: the step in a few words; the plan's title where no step is meant.
        phase: checking (reads, before anything is written), writing, waiting (again at each look, with the platform's
            status), looking (steps that only look), done, already so; finished, stopped (it can be taken up again),
            failed, cancelled (by `cancel=`, it can be taken up again): these four come last.
        text: the status in words; "" where the phase says it all.
        elapsed: seconds on the client's clock since the run was begun or taken up.
        log: new lines of a build log.
        made: id of what the step at work has made, such as a deployment; "" where it has made nothing.

    `str(event)` is a line, with the lines of the log below it: `plan.apply(on_event=print)` is a log of the run.
    """

    step: int
    steps: int
    title: str
    phase: Phase
    text: str = ""
    elapsed: float = 0.0
    log: tuple[str, ...] = ()
    made: str = ""

    @property
    def over(self) -> bool:
        """Nothing comes after it."""
        return self.phase in ("finished", "stopped", "failed", "cancelled")

    def __str__(self) -> str:
        head = f"{self.step}/{self.steps} {self.title}: {self.phase}" if self.step else f"{self.title}: {self.phase}"
        line = f"{self.elapsed:5.0f} s  {head}" + (f", {self.text}" if self.text else "")
        return "\n".join([line, *(f"         {one}" for one in self.log)])


class Cancel(Protocol):
    """What `cancel=` has to be: a `threading.Event`, or anything with `is_set`."""

    def is_set(self) -> bool:
        """The run is to stop at the next place where it can be taken up again."""


OnEvent = Callable[[Event], None]


@contextmanager
def listening(on_event: OnEvent | None, clock: Clock) -> Iterator[OnEvent | None]:
    """Whoever is told: `on_event`, else a line of status where a person looks on a real clock, else nobody."""
    if on_event is not None:
        yield _harmless(on_event)
        return
    with status_line(clock) as line:
        yield None if line is None else _shown_by(line)


def _harmless(on_event: OnEvent) -> OnEvent:
    """A listener that fails is told no more: what it thinks of an event is no reason to stop half-way."""
    broken = False

    def told(event: Event) -> None:
        nonlocal broken
        if broken:
            return
        try:
            on_event(event)
        except Exception as error:  # noqa: BLE001  # a listener is anybody's code, and the run goes on whatever it does
            broken = True
            warnings.warn(
                f"on_event failed and is told no more; the run goes on: {type(error).__name__}: {error}",
                RuntimeWarning,
                stacklevel=2,
            )

    return told


def _shown_by(line: Line) -> OnEvent:
    def told(event: Event) -> None:
        if event.over:
            return  # the receipt, or the error, says it
        status = event.log[-1].strip() if event.log else event.text or event.phase
        head = f"{event.step}/{event.steps} " if event.step else ""
        done = event.step if event.phase in ("done", "already so") else max(0, event.step - 1)
        line(f"{head}{event.title}: {status}", done, event.steps)

    return told
