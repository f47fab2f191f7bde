"""Events of a run while it goes on: for a panel, a log, or the line of status in a terminal or notebook."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, Protocol

from createos_nb.clock import Clock
from createos_nb.progress import Line, status_line

#: The phases of a run. The last four end it.
Phase = Literal[
    "checking", "writing", "waiting", "probing", "done", "already so", "finished", "stopped", "failed", "cancelled"
]
_OVER: Final[tuple[Phase, ...]] = ("finished", "stopped", "failed", "cancelled")


class LogLine(NamedTuple):
    """A line of a build log.

    Attributes:
        text: the line.
        stage: the stage of the build, such as install; "" where it is not told.
        level: its level, such as error; "" where it has none.
        time: Unix seconds; None where it is not told.
    """

    text: str
    stage: str = ""
    level: str = ""
    time: float | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a run.

    Attributes:
        step: from 1, as in `Plan.frame()`; 0 before the first one.
        steps: how many there are.
        title: the step in a few words; the plan's title where no step is meant.
        phase: checking (reads, before anything is written), writing, waiting (at each poll, with the platform's
            status), probing (steps that only check), done, already so; finished, stopped (it can be resumed), failed,
            cancelled (by `cancel=`, it can be resumed): these four come last.
        text: the status in words; "" where the phase says it all.
        elapsed: seconds on the client's clock since the run was started or resumed.
        log: new lines of a build log.
        created: id of what the step at work has created, such as a deployment; "" where it has created nothing.
        lines: the lines of `log` with their stage, level and time.

    `str(event)` is a line, with the lines of the log below it: `plan.apply(on_event=print)` is a log of the run.
    """

    step: int
    steps: int
    title: str
    phase: Phase
    text: str = ""
    elapsed: float = 0.0
    log: tuple[str, ...] = ()
    created: str = ""
    lines: tuple[LogLine, ...] = ()

    @property
    def over(self) -> bool:
        """Whether nothing comes after it."""
        return self.phase in _OVER

    def __str__(self) -> str:
        head = f"{self.step}/{self.steps} {self.title}: {self.phase}" if self.step else f"{self.title}: {self.phase}"
        line = f"{self.elapsed:5.0f} s  {head}" + (f", {self.text}" if self.text else "")
        return "\n".join([line, *(f"         {text}" for text in self.log)])


class Cancel(Protocol):
    """The type of `cancel=`: a `threading.Event`, or anything with `is_set`."""

    def is_set(self) -> bool:
        """Return whether the run is to stop at the next place where it can be resumed.

        Returns:
            True from then on.

        Examples:
            >>> import threading
            >>> cancel = threading.Event()
            >>> cancel.set()
            >>> cancel.is_set()
            True
        """


OnEvent = Callable[[Event], None]


@contextmanager
def subscriber(on_event: OnEvent | None, clock: Clock) -> Iterator[OnEvent | None]:
    """Yield the receiver of events: `on_event`, else a line of status on a real clock, else None."""
    if on_event is not None:
        yield _isolated(on_event)
        return
    with status_line(clock) as line:
        yield None if line is None else _status_of(line)


def _isolated(on_event: OnEvent) -> OnEvent:
    """A receiver that gets no more events once it has failed: its failure is no reason to stop half-way."""
    broken = False

    def notify(event: Event) -> None:
        nonlocal broken
        if broken:
            return
        try:
            on_event(event)
        except Exception as error:  # noqa: BLE001  # it is anybody's code, and the run goes on whatever it does
            broken = True
            warnings.warn(
                f"on_event failed and gets no more events; the run goes on: {type(error).__name__}: {error}",
                RuntimeWarning,
                stacklevel=2,
            )

    return notify


def _status_of(line: Line) -> OnEvent:
    def notify(event: Event) -> None:
        if event.over:
            return  # the receipt, or the error, says it
        status = event.log[-1].strip() if event.log else event.text or event.phase
        head = f"{event.step}/{event.steps} " if event.step else ""
        done = event.step if event.phase in ("done", "already so") else max(0, event.step - 1)
        line(f"{head}{event.title}: {status}", done, event.steps)

    return notify
