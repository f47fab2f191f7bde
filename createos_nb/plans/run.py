"""A plan on its way: what its steps need of the client, the journal and the caller."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from createos_nb.frames.logs import clean
from createos_nb.plans.errors import Cancelled
from createos_nb.plans.event import Event
from createos_nb.plans.present import Present

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans.event import Cancel, OnEvent, Phase
    from createos_nb.plans.hidden import Hidden
    from createos_nb.plans.steps.step import Step

Status = Callable[[str], None]

#: So many seconds of real time pass at most before a cancelled run stops waiting.
_SLICE: Final = 0.25


@dataclass
class Run:
    """What a step is given when it acts.

    `steps`: all of the plan; `made`: ids that steps have made, by step; `hidden`: what steps need and journals must not
    hold; `timeout`: seconds for each wait, None for the step's own default; `on_event`, `status`: who is told;
    `cancel`: says when to stop; `step`: the number of the step at work, from 0.
    """

    client: Client
    steps: list[Step] = field(default_factory=list)
    made: dict[int, str] = field(default_factory=dict)
    hidden: Mapping[int, Hidden] = field(default_factory=dict)
    timeout: float | None = None
    on_event: OnEvent | None = None
    status: Status | None = None
    cancel: Cancel | None = None
    step: int = 0
    _began: float = field(init=False)
    _said: str = ""

    def __post_init__(self) -> None:
        self._began = self.now

    def look(self) -> Present:
        """A new look at the present."""
        return Present(self.client)

    @property
    def heard(self) -> bool:
        """Somebody is told what goes on."""
        return self.on_event is not None or self.status is not None

    def tell(self, phase: Phase, text: str = "", log: tuple[str, ...] = (), title: str = "") -> None:
        """Tell whoever watches what the step at work is at; `title` for what is no step."""
        if not self.heard:
            return
        number, steps = min(self.step + 1, len(self.steps)), len(self.steps)
        # it may be shown in a terminal, which must not obey what comes from elsewhere
        title, text = clean(title or self.steps[self.step].what), clean(text)
        log = tuple(clean(line) for line in log)
        if self.on_event is not None:
            made = self.made.get(self.step, "")
            self.on_event(Event(number, steps, title, phase, text, self.now - self._began, log, made))
        said = f"{number}. {title}: {text or phase}"
        if self.status is not None:
            if said != self._said:
                self._said = said
                self.status(said)
            for line in log:
                self.status(f"  {line}")

    def sleep(self, seconds: float) -> None:
        """Let time pass on the client's clock. Raises `Cancelled` as soon as the run is to stop."""
        self.stop_if_cancelled()
        clock = self.client.clock
        if self.cancel is None or clock.virtual:
            clock.sleep(seconds)
        else:
            piece = _SLICE * clock.speed
            for _ in range(int(seconds / piece)):
                clock.sleep(piece)
                self.stop_if_cancelled()
            clock.sleep(seconds % piece)
        self.stop_if_cancelled()

    def stop_if_cancelled(self) -> None:
        """Raises `Cancelled` where the caller wants no more to be done."""
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled(
                "cancelled by the caller",
                "plans.resume(journal) goes on with the run, and so does the notebook when it is run again.",
            )

    @property
    def now(self) -> float:
        """Seconds on the other side's clock, of which nobody takes or adds any: for deadlines."""
        return self.client.clock.passed()

    def own(self) -> Any:
        """What the step at work needs and the journal does not hold; None where nothing is known."""
        return self.hidden.get(self.step)
