"""Work beside the kernel: one job at a time, that can be cancelled, whose every error is told; and polling."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from createos_nb.clock import Clock

Job = Callable[[threading.Event], Any]

#: On a simulated world a wait takes this long for people who watch, while the world's clock moves by the whole.
_SHOWN: Final = 1.0
#: Polling takes at most this part of the time: after a look that took long comes a pause that is longer.
_SHARE: Final = 0.1


class Worker:
    """Runs a job on a thread of its own, so that the cell returns at once and other cells can run meanwhile.

    The thread is a daemon: nothing is left of it when the kernel restarts. What the job prints lands in the cell that
    started it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._cancel = threading.Event()

    @property
    def busy(self) -> bool:
        """A job is at work."""
        return self._thread is not None and self._thread.is_alive()

    def start(
        self,
        job: Job,
        done: Callable[[Any], None],
        failed: Callable[[BaseException], None],
        *,
        replace: bool = False,
    ) -> bool:
        """Begin a job; False, and nothing is begun, while another is at work.

        `job` is given the event that `cancel` sets. `done` is called with its result, `failed` with its error, on the
        job's thread; an error in `done` is told to `failed` too. With `replace` the job that is at work is cancelled
        and what it comes to is dropped, and the new one begins at once. A job that has come to its `done` or `failed`
        may begin the next one.
        """
        with self._lock:
            if self.busy and self._thread is not threading.current_thread():
                if not replace:
                    return False
                self._cancel.set()
            cancel = self._cancel = threading.Event()

            def work() -> None:
                try:
                    found = job(cancel)
                    if self._cancel is cancel:  # no newer job has taken its place
                        done(found)
                except BaseException as error:  # noqa: BLE001  # whatever it is, it is told: no error is lost here
                    if self._cancel is cancel:
                        failed(error)

            self._thread = threading.Thread(
                target=contextvars.copy_context().run, args=(work,), name="createos-panel", daemon=True
            )
            self._thread.start()
            return True

    def cancel(self) -> None:
        """Ask the job to stop; it does at its next look."""
        self._cancel.set()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the job's end; whether it has ended."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)
        return not self.busy


class Stream:
    """Runs `go`, which is given the event that ends it, on a thread of its own; can be started again.

    `failed` is called with its error; an end after `stop` is none.
    """

    def __init__(self, go: Callable[[threading.Event], None], failed: Callable[[BaseException], None]) -> None:
        self._go, self._failed = go, failed
        self._stop: threading.Event | None = None
        self._lock = threading.Lock()

    @property
    def running(self) -> bool:
        """It is at work."""
        return self._stop is not None

    def start(self) -> None:
        """Begin, unless it is running."""
        with self._lock:
            if self._stop is not None:
                return
            stop = self._stop = threading.Event()
        threading.Thread(
            target=contextvars.copy_context().run, args=(self._run, stop), name="createos-panel-stream", daemon=True
        ).start()

    def stop(self) -> None:
        """End it; what still comes is not asked for."""
        with self._lock:
            if self._stop is not None:
                self._stop.set()
                self._stop = None

    def _run(self, stop: threading.Event) -> None:
        failure: BaseException | None = None
        try:
            self._go(stop)
        except BaseException as error:  # noqa: BLE001  # told below
            failure = error
        with self._lock:
            ours = self._stop is stop
            if ours:
                self._stop = None
        if failure is not None and not stop.is_set():
            self._failed(failure)


class Ticker(Stream):
    """Calls `tick` again and again, more seldom while nothing changes.

    `tick` returns whether something has changed. The pause is `every` seconds after a change, and grows by half, up to
    `most`, after each look that found none. On a simulated world the pause is at most a second, and the world's clock
    moves on by the whole of it, so that what is watched moves, unless `passing` is False.
    """

    def __init__(
        self,
        tick: Callable[[], bool],
        failed: Callable[[BaseException], None],
        clock: Clock,
        *,
        every: float = 5.0,
        most: float = 60.0,
        passing: bool = True,
    ) -> None:
        super().__init__(self._look, failed)
        self._tick, self._clock = tick, clock
        self.every, self.most, self._passing = every, most, passing

    def _look(self, stop: threading.Event) -> None:
        pause, took = self.every, 0.0
        while True:
            if stop.wait(took / _SHARE) or pause_on(self._clock, pause, stop, passing=self._passing):
                return
            began = time.monotonic()
            try:
                changed = self._tick()
            except BaseException as error:  # noqa: BLE001  # told, and looked at again later
                self._failed(error)
                changed = False
            took = time.monotonic() - began
            pause = self.every if changed else min(pause * 1.5, self.most)


class Stopped(Exception):
    """A wait was ended by its event."""


class PacedClock:
    """A clock to wait on for people who watch: a wait ends, with `Stopped`, as soon as `stop` is set."""

    def __init__(self, clock: Clock, stop: threading.Event) -> None:
        self._clock, self._stop = clock, stop

    @property
    def virtual(self) -> bool:
        return self._clock.virtual

    def now(self) -> float:
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        if pause_on(self._clock, seconds, self._stop):
            raise Stopped


def pause_on(clock: Clock, seconds: float, stop: threading.Event, *, passing: bool = True) -> bool:
    """Let time pass on a clock, for people who watch; True as soon as `stop` is set."""
    if not clock.virtual:
        return stop.wait(seconds)
    if stop.wait(min(seconds, _SHOWN)):
        return True
    if passing:
        clock.sleep(seconds)
    return False
