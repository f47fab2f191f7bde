"""Background work of panels: tasks, channels, and polling."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import createos_nb
from createos_nb.clock import SystemClock
from createos_nb.panels.background import BackgroundLoop, BackgroundTask, PacedClock, Poller, Stopped, pause_on
from tests.panels.counter import Counter


@pytest.fixture
def client() -> Any:
    return createos_nb.simulate()


class RealClock(SystemClock):
    """A clock that is no world's, and on which nothing waits."""

    speed, least = 1.0, 0.0

    def passed(self) -> float:
        return self.now()

    def sleep(self, seconds: float) -> None:
        raise AssertionError("a panel waits on its event, not on the clock")


# --- tasks -------------------------------------------------------------------------------------------


def test_a_second_job_is_refused_while_one_is_at_work() -> None:
    worker, go, told = BackgroundTask(), threading.Event(), []
    assert worker.start(lambda cancel: go.wait(10), told.append, told.append)
    assert not worker.start(lambda cancel: "second", told.append, told.append)
    assert worker.busy
    go.set()
    assert worker.join(10)
    assert told == [True]


def test_cancel_reaches_the_job() -> None:
    worker, told = BackgroundTask(), []
    worker.start(lambda cancel: cancel.wait(10), told.append, told.append)
    worker.cancel()
    assert worker.join(10)
    assert told == [True]


def test_even_a_system_exit_in_a_job_is_told() -> None:
    worker, told = BackgroundTask(), []

    def leave(cancel: threading.Event) -> None:
        raise SystemExit(3)

    worker.start(leave, told.append, told.append)
    assert worker.join(10)
    assert isinstance(told[0], SystemExit)


def test_what_an_older_read_comes_to_does_not_overwrite_a_newer_one(client: Any) -> None:
    """The first read hangs until the second one is shown."""
    hang, begun = threading.Event(), threading.Event()

    def slow(read: int) -> None:
        if read == 1:
            begun.set()
            hang.wait(10)

    panel = Counter(client, slow)
    panel.number.value = 2
    assert begun.wait(10)
    panel.number.value = 3
    assert panel.wait(10)
    assert list(panel.frame["number"]) == [3]
    shown = panel.shown
    hang.set()
    for one in threading.enumerate():
        if one.name == "createos-panel":
            one.join(10)
    assert panel.shown == shown


def test_callbacks_on_a_thread_beside_the_main_one_do_the_same(client: Any) -> None:
    """A kernel may run a callback on the main thread, or on that of a subshell."""
    panel = Counter(client)
    beside = threading.Thread(target=lambda: panel._refresh_button.click())
    beside.start()
    beside.join(10)
    assert panel.wait(10)
    panel._refresh_button.click()
    assert panel.wait(10)
    assert panel.reads == panel.shown == 2


# --- polling ----------------------------------------------------------------------------------------------------------


def pauses(monkeypatch: pytest.MonkeyPatch, changes: list[bool], every: float, most: float) -> list[float]:
    """The pauses that a ticker makes while its looks give these answers."""
    from createos_nb.panels import background

    made: list[float] = []
    done = threading.Event()

    def pause(clock: Any, seconds: float, stop: threading.Event, *, advance_clock: bool = True) -> bool:
        made.append(seconds)
        if len(made) > len(changes):
            done.set()
            return True
        return False

    monkeypatch.setattr(background, "pause_on", pause)
    given = iter(changes)
    ticker = Poller(lambda: next(given), lambda error: None, RealClock(), interval=every, max_interval=most)
    ticker.start()
    assert done.wait(10)
    ticker.stop()
    return made


def test_polling_backs_off_while_nothing_changes_and_is_quick_again_after_a_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = pauses(monkeypatch, [False, False, False, False, True, False], every=4, most=10)
    assert made == [4, 6, 9, 10, 10, 4, 6]


def test_a_pause_ends_as_soon_as_it_is_stopped() -> None:
    stop = threading.Event()
    stop.set()
    assert pause_on(RealClock(), 3600, stop)
    with pytest.raises(Stopped):
        PacedClock(RealClock(), stop).sleep(3600)


def test_a_stream_that_is_stopped_says_nothing_and_can_begin_again() -> None:
    told: list[Any] = []
    begun = threading.Semaphore(0)

    def go(stop: threading.Event) -> None:
        begun.release()
        stop.wait(10)
        raise Stopped

    stream = BackgroundLoop(go, told.append)
    for _ in range(2):
        stream.start()
        stream.start()  # which is running already
        assert begun.acquire(timeout=10)
        stream.stop()
    assert not begun.acquire(blocking=False)
    assert not stream.running
    assert told == []


def test_a_stream_tells_its_error() -> None:
    told: list[Any] = []
    done = threading.Event()

    def go(stop: threading.Event) -> None:
        raise ValueError("broken")

    def failed(error: BaseException) -> None:
        told.append(str(error))
        done.set()

    stream = BackgroundLoop(go, failed)
    stream.start()
    assert done.wait(10)
    assert told == ["broken"]
    assert not stream.running


def test_polling_rests_while_nobody_looks_and_goes_on_when_somebody_does(client: Any) -> None:
    panel = Counter(client)
    panel.box._view_count = 1
    panel.params["live"] = True
    assert panel._follower.running
    panel.box._view_count = 0
    assert not panel._follower.running
    panel.box._view_count = 2
    assert panel._follower.running
    panel.params["live"] = False
    panel.box._view_count = 0
    panel.box._view_count = 1
    assert not panel._follower.running  # it did not before


def test_closing_ends_everything_and_nothing_is_drawn_afterwards(client: Any) -> None:
    hang, begun = threading.Event(), threading.Event()

    def slow(read: int) -> None:
        begun.set()
        hang.wait(10)

    panel = Counter(client, slow)
    panel.params["live"] = True
    panel.refresh()
    assert begun.wait(10)
    panel.close()
    assert not panel._follower.running
    hang.set()
    assert panel.wait(10)
    assert panel.shown == 0
    assert panel.frame is None
    assert panel.box.comm is None  # the browser's side is gone too
    panel.box._view_count = 1  # a view that comes late starts nothing
    assert not panel._follower.running
