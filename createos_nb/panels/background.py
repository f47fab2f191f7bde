"""Background work of a panel: tasks that can be canceled, channels of reads, and polling; every error is reported."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from createos_nb import threads
from createos_nb.clock import Clock, WaitClock

Job = Callable[[threading.Event], Any]
OnError = Callable[[BaseException], None]

#: On a simulated world a wait takes this long for people who watch, while the world's clock moves by the whole.
_MAX_REAL_PAUSE: Final = 1.0
#: Polling takes at most this part of the time: after a poll that took long comes a pause that is longer.
_MAX_SHARE: Final = 0.1


class BackgroundTask:
    """Runs a job on a thread of its own, so that the cell returns at once and other cells can run meanwhile.

    The thread is a daemon: nothing is left of it when the kernel restarts. What the job prints lands in the cell that
    started it. Where no thread can be started, `start` returns when the job is done.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._cancel = threading.Event()

    @property
    def busy(self) -> bool:
        """Return whether a job is running."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, job: Job, on_success: Callable[[Any], None], on_error: OnError, *, replace: bool = False) -> bool:
        """Start a job; return False, and start nothing, while another one is running.

        `job` gets the event that `cancel` sets. `on_success` is called with its result, `on_error` with its error, on
        the job's thread; an error in `on_success` goes to `on_error` too. With `replace` the running job is canceled,
        its result is dropped, and the new one starts at once. A job that has come to its `on_success` or `on_error` may
        start the next one.
        """
        with self._lock:
            if self.busy and self._thread is not threading.current_thread():
                if not replace:
                    return False
                self._cancel.set()
            cancel = self._cancel = threading.Event()

            def work() -> None:
                try:
                    result = job(cancel)
                    if self._cancel is cancel:  # no newer job has taken its place
                        on_success(result)
                except BaseException as error:  # noqa: BLE001  # whatever it is, it is reported: no error is lost here
                    if self._cancel is cancel:
                        on_error(error)

            context, before = contextvars.copy_context(), self._thread

            def run() -> None:
                context.run(work)

            self._thread = threads.start(run, "createos-panel")
            if self._thread is not None:
                return True
            self._thread = threading.current_thread()
        try:
            run()
        finally:
            self._thread = before
        return True

    def cancel(self) -> None:
        """Ask the job to stop; it does at its next check."""
        self._cancel.set()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the job's end; return whether it has ended."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)
        return not self.busy


class BackgroundLoop:
    """Runs `target`, which gets the event that stops it, on a thread of its own; can be started again.

    `on_error` is called with its error, unless it was stopped before. Where no thread can be started, it does not run:
    in turn, nothing could stop it.
    """

    def __init__(self, target: Callable[[threading.Event], None], on_error: OnError) -> None:
        self._target, self._on_error = target, on_error
        self._stop: threading.Event | None = None
        self._lock = threading.Lock()

    @property
    def running(self) -> bool:
        """Return whether it is running."""
        return self._stop is not None

    def start(self) -> bool:
        """Start, unless it is running; return whether it runs."""
        with self._lock:
            if self._stop is not None:
                return True
            stop = self._stop = threading.Event()
            run = partial(contextvars.copy_context().run, self._run, stop)
            if threads.start(run, "createos-panel-loop") is None:
                self._stop = None
            return self._stop is not None

    def stop(self) -> None:
        """Stop it; what still comes is dropped."""
        with self._lock:
            if self._stop is not None:
                self._stop.set()
                self._stop = None

    def _run(self, stop: threading.Event) -> None:
        failure: BaseException | None = None
        try:
            self._target(stop)
        except BaseException as error:  # noqa: BLE001  # reported below
            failure = error
        with self._lock:
            if self._stop is stop:
                self._stop = None
        if failure is not None and not stop.is_set():
            self._on_error(failure)


class Poller(BackgroundLoop):
    """Calls `poll` again and again, more seldom while nothing changes.

    `poll` returns whether something has changed. The pause is `interval` seconds after a change, and grows by half, up
    to `max_interval`, after each poll that found none. On a simulated world the pause is at most a second, and the
    world's clock moves on by the whole of it, so that what is watched moves, unless `advance_clock` is False.
    """

    def __init__(
        self,
        poll: Callable[[], bool],
        on_error: OnError,
        clock: Clock,
        *,
        interval: float = 5.0,
        max_interval: float = 60.0,
        advance_clock: bool = True,
    ) -> None:
        super().__init__(self._poll_until, on_error)
        self._poll, self._clock = poll, clock
        self.interval, self.max_interval, self._advance_clock = interval, max_interval, advance_clock

    def _poll_until(self, stop: threading.Event) -> None:
        pause, duration = self.interval, 0.0
        while True:
            if stop.wait(duration / _MAX_SHARE) or pause_on(
                self._clock, pause, stop, advance_clock=self._advance_clock
            ):
                return
            started = time.monotonic()
            try:
                changed = self._poll()
            except BaseException as error:  # noqa: BLE001  # reported, and polled again later
                self._on_error(error)
                changed = False
            duration = time.monotonic() - started
            pause = self.interval if changed else min(pause * 1.5, self.max_interval)


class BackgroundWork:
    """All background work of a panel: one task that excludes others, channels of reads, and loops."""

    def __init__(self, clock: Clock, on_error: OnError) -> None:
        self._clock, self._on_error = clock, on_error
        self._task = BackgroundTask()
        self._channels: dict[str, BackgroundTask] = {}
        self._loops: list[BackgroundLoop] = []
        self._paused: list[BackgroundLoop] = []

    def run(
        self, job: Job, on_success: Callable[[Any], None], *, channel: str = "", on_error: OnError | None = None
    ) -> bool:
        """Run a job in the background; return False, and start nothing, while another one is running.

        On a channel, which has a name, the job is a read that waits for no other: only an older read of the same
        channel is given up for it.
        """
        task = self._channels.setdefault(channel, BackgroundTask()) if channel else self._task
        return task.start(job, on_success, on_error or self._on_error, replace=bool(channel))

    def poller(self, poll: Callable[[], bool], **options: Any) -> Poller:
        """Create a `Poller` that pauses while nobody looks at the panel."""
        poller = Poller(poll, self._on_error, self._clock, **options)
        self._loops.append(poller)
        return poller

    def loop(self, target: Callable[[threading.Event], None]) -> BackgroundLoop:
        """Create a `BackgroundLoop` that pauses while nobody looks at the panel."""
        loop = BackgroundLoop(target, self._on_error)
        self._loops.append(loop)
        return loop

    def pause(self) -> None:
        """Stop the loops that are running, until `resume`."""
        self._paused = [loop for loop in self._loops if loop.running]
        for loop in self._paused:
            loop.stop()

    def resume(self) -> None:
        """Start the loops again that `pause` has stopped."""
        for loop in self._paused:
            loop.start()
        self._paused = []

    @property
    def busy(self) -> bool:
        """Return whether a task or a read is running."""
        return any(task.busy for task in self._tasks())

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until tasks and reads have ended; return whether they have."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.busy:
            for task in self._tasks():
                task.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
            if deadline is not None and time.monotonic() >= deadline:
                break
        return not self.busy

    def cancel(self) -> None:
        """Ask tasks and reads to stop."""
        for task in self._tasks():
            task.cancel()

    def close(self) -> None:
        """Cancel tasks and reads, and stop the loops."""
        self.cancel()
        for loop in self._loops:
            loop.stop()

    def _tasks(self) -> list[BackgroundTask]:
        return [self._task, *self._channels.values()]


class Stopped(Exception):
    """Raised where a wait was ended by its event."""


class PacedClock:
    """A clock to wait on for people who watch: a wait ends, with `Stopped`, as soon as `stop` is set."""

    def __init__(self, clock: WaitClock, stop: threading.Event) -> None:
        self._clock, self._stop = clock, stop

    @property
    def virtual(self) -> bool:
        """As the clock below."""
        return self._clock.virtual

    @property
    def speed(self) -> float:
        """As the clock below."""
        return self._clock.speed

    @property
    def least(self) -> float:
        """As the clock below."""
        return self._clock.least

    def now(self) -> float:
        """Return Unix seconds."""
        return self._clock.now()

    def passed(self) -> float:
        """Return seconds that nobody sets."""
        return self._clock.passed()

    def sleep(self, seconds: float) -> None:
        """Wait, or raise `Stopped`."""
        if pause_on(self._clock, seconds / self.speed, self._stop):
            raise Stopped


def pause_on(clock: Clock, seconds: float, stop: threading.Event, *, advance_clock: bool = True) -> bool:
    """Let real time pass, or a virtual clock's, for people who watch; return True as soon as `stop` is set."""
    if not clock.virtual:
        return stop.wait(seconds)
    if stop.wait(min(seconds, _MAX_REAL_PAUSE)):
        return True
    if advance_clock:
        clock.sleep(seconds)
    return False
