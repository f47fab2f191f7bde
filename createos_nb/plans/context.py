"""What steps act with: the client, ids of what earlier steps created, and whoever is told what goes on."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from createos_nb.display import strip_control_chars
from createos_nb.errors import InvalidInput
from createos_nb.plans.events import Event
from createos_nb.plans.snapshot import Snapshot
from createos_nb.plans.step_error import StepError
from createos_nb.redaction import Secret
from createos_nb.times import parse_duration

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.notify.notifier import Notifier, Notify
    from createos_nb.plans.errors import Difference
    from createos_nb.plans.events import Cancel, LogLine, OnEvent, Phase
    from createos_nb.times import DurationLike

Status = Callable[[str], None]

#: Seconds of real time that pass at most before a canceled run stops waiting.
_SLICE: Final = 0.25
#: Seconds from its beginning on in which a snapshot serves once more.
_FRESH: Final = 5.0


@dataclass(frozen=True)
class ApplyOptions:
    """The options of `Plan.apply`, which says what each is for. Raises `InvalidInput`."""

    confirm: str | None = None
    reason: str | None = None
    wait: bool = True
    timeout: DurationLike | None = None
    dry_run: bool = False
    journal: str | os.PathLike[str] | None = None
    on_event: OnEvent | None = None
    status: Status | None = None
    cancel: Cancel | None = None
    override_freeze: str | None = None
    notify: Notify | Notifier | None = None

    def __post_init__(self) -> None:
        if self.timeout_seconds == 0:
            raise InvalidInput(f"timeout={self.timeout!r} must be more than no time")
        for name in ("reason", "override_freeze"):
            value: object = getattr(self, name)
            if not isinstance(value, str | None):
                raise InvalidInput(f"{name}= is a text, not {value!r}: it is kept in the journal")
        if self.override_freeze is not None and not self.override_freeze.strip():
            raise InvalidInput("override_freeze= is the reason why it can't wait: it is kept in the journal")

    @property
    def timeout_seconds(self) -> float | None:
        """Seconds for each wait; None for the step's own default."""
        return None if self.timeout is None else parse_duration(self.timeout, "timeout")


@dataclass
class TransientInputs:
    """Inputs of a step that stay in memory: no journal holds them.

    Attributes:
        values: variables to set, by name; None deletes one.
        old: their values before, for the undo.
        source: what is uploaded, or the token of a transfer.
        gate: a callable that judges a release.
        issued: secrets that the platform shows once.
    """

    values: Mapping[str, Secret | None] = field(default_factory=dict, repr=False)
    old: dict[str, Secret | None] = field(default_factory=dict, repr=False)
    source: Any = field(default=None, repr=False)
    gate: Callable[..., Any] | None = field(default=None, repr=False)
    issued: dict[str, Secret] = field(default_factory=dict, repr=False)


@dataclass
class Run:
    """The context of a run.

    Attributes:
        client: the account that it acts on.
        titles: the steps in a few words, in their order.
        created: ids of what the steps have created, by the number of the step from 0.
        transient: inputs that no journal holds, by step.
        timeout: seconds for each wait; None for the step's own default.
        on_event: receives events.
        status: receives lines of text.
        cancel: says when to stop.
        step: the number of the step at work, from 0.
        drift: returns what has changed of what the steps rest on that are not done.
        note: journals what the step at work notes while it writes: a text for people, and facts for whoever resumes.
        attempts: returns what is known of the starts of a step, oldest first: see `Journal.attempts`.
        baseline: the recovery baseline of the write.
    """

    client: Client
    titles: Sequence[str] = ()
    created: dict[int, str] = field(default_factory=dict)
    transient: Mapping[int, TransientInputs] = field(default_factory=dict)
    timeout: float | None = None
    on_event: OnEvent | None = None
    status: Status | None = None
    cancel: Cancel | None = None
    step: int = 0
    drift: Callable[[Snapshot], list[Difference]] = lambda snapshot: []
    note: Callable[[str, Mapping[str, Any]], None] = lambda text, facts: None
    attempts: Callable[[int], list[dict[str, Any]]] = lambda number: []
    baseline: Mapping[str, Any] = field(default_factory=dict)
    _started: float = field(init=False)
    _last_status: str = ""
    _latest: Snapshot | None = None
    _writes: int = 0

    def __post_init__(self) -> None:
        self._started = self.now

    def snapshot(self) -> Snapshot:
        """Read the present state anew."""
        snapshot = Snapshot(self.client)
        self.keep(snapshot)
        return snapshot

    def keep(self, snapshot: Snapshot) -> None:
        """Let a snapshot be the latest one: that of the checks before the run."""
        self._latest, self._writes = snapshot, self.client.session.writes

    def latest(self) -> Snapshot:
        """The newest snapshot of the run, where nothing was written and no time was let pass since; else a new one."""
        if self._latest is None or self._writes != self.client.session.writes or self._latest.age > _FRESH:
            return self.snapshot()
        return self._latest

    def expire(self) -> None:
        """Let no snapshot be the latest one any more: other requests were sent since, or time has passed."""
        self._latest = None

    @property
    def inputs(self) -> TransientInputs | None:
        """The transient inputs of the step at work; None where there are none."""
        return self.transient.get(self.step)

    # --- events -------------------------------------------------------------------------------------------------------

    @property
    def subscribed(self) -> bool:
        """Somebody receives events."""
        return self.on_event is not None or self.status is not None

    def emit(self, phase: Phase, text: str = "", lines: tuple[LogLine, ...] = (), title: str = "") -> None:
        """Emit an event about the step at work; `title` for what is no step."""
        if not self.subscribed:
            return
        number, steps = min(self.step + 1, len(self.titles)), len(self.titles)
        # it may be shown in a terminal, which must not obey what comes from elsewhere
        title, text = strip_control_chars(title or self.titles[self.step]), strip_control_chars(text)
        lines = tuple(line._replace(text=strip_control_chars(line.text)) for line in lines)
        log = tuple(line.text for line in lines)
        if self.on_event is not None:
            created = self.created.get(self.step, "")
            self.on_event(Event(number, steps, title, phase, text, self.now - self._started, log, created, lines))
        status = f"{number}. {title}: {text or phase}"
        if self.status is not None:
            if status != self._last_status:
                self._last_status = status
                self.status(status)
            for line in log:
                self.status(f"  {line}")

    # --- time ---------------------------------------------------------------------------------------------------------

    def sleep(self, seconds: float) -> None:
        """Sleep on the client's clock. Raises `StepError` as soon as the run is to stop."""
        self.stop_if_canceled()
        self.expire()
        clock = self.client.clock
        if self.cancel is None or clock.virtual:
            clock.sleep(seconds)
        else:
            piece = _SLICE * clock.speed
            for _ in range(int(seconds / piece)):
                clock.sleep(piece)
                self.stop_if_canceled()
            clock.sleep(seconds % piece)
        self.stop_if_canceled()

    def stop_if_canceled(self) -> None:
        """Raises `StepError` where the caller wants to stop."""
        if self.cancel is not None and self.cancel.is_set():
            raise StepError(
                "cancelled by the caller",
                "plans.resume(journal) goes on with the run, and so does the notebook when it is run again.",
                kind="cancelled",
            )

    @property
    def now(self) -> float:
        """Seconds on a monotonic clock of the other side: for deadlines."""
        return self.client.clock.passed()
