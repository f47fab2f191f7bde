"""What all panels are: callbacks, parameters, work beside the kernel, polling, an end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import pandas as pd
import pytest

import createos_nb
from createos_nb.clock import SystemClock
from createos_nb.errors import InvalidInput, NotFound
from createos_nb.panels import markup
from createos_nb.panels.grid import Grid, spelled
from createos_nb.panels.panel import Panel
from createos_nb.panels.reading import ReadingPanel
from createos_nb.panels.work import PacedClock, Stopped, Stream, Ticker, Worker, pause_on

HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m\u202egnp$x$"


class Counter(ReadingPanel):
    """Shows how often it has read."""

    heading = "Counter"
    every, most = 1.0, 8.0

    def __init__(self, client: Any, work: Callable[[int], Any] | None = None) -> None:
        super().__init__(client, "of reads")
        self.reads, self.shown, self.work = 0, 0, work
        self.number = self._control("number", widgets.IntText(description="Number", value=1))
        self.choice = self._control("choice", widgets.Dropdown(description="Choice", options=[("One", 1), ("Two", 2)]))
        self._when("number", self.refresh)
        self._build(self._tools)

    def _read(self, cancel: threading.Event | None = None) -> pd.DataFrame:
        self.reads += 1
        if self.work:
            self.work(self.reads)
        return pd.DataFrame({"number": [self.number.value]})

    def _show(self, frame: pd.DataFrame) -> None:
        self.shown += 1


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


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError("a slip"), NotFound("not there"), KeyError("k"), RuntimeError("")])
def test_an_error_in_a_buttons_callback_is_shown_and_kept(client: Any, error: Exception) -> None:
    panel = Panel(client)

    def fail() -> None:
        raise error

    panel._build(panel._button("Do it", fail))
    panel.box.children[3].click()
    assert panel.last_error is error
    assert 'role="alert"' in panel._wrong.value
    assert type(error).__name__ in panel._wrong.value or "not there" in panel._wrong.value


def test_an_error_when_a_control_changes_is_shown_and_kept(client: Any) -> None:
    def fail(read: int) -> None:
        raise NotFound("it is gone")

    panel = Counter(client, fail)
    panel.number.value = 2
    assert panel.wait(10)
    assert "it is gone" in str(panel.last_error)
    assert "it is gone" in panel._wrong.value


def test_an_error_in_what_is_done_with_a_result_is_shown_and_kept(client: Any) -> None:
    panel = Panel(client)
    panel._build()

    def fail(found: Any) -> None:
        raise ValueError(f"no place for {found}")

    assert panel._beside(lambda cancel: 5, fail)
    assert panel.wait(10)
    assert "no place for 5" in panel._wrong.value


def test_headless_run_raises_and_the_panel_shows_it_too(client: Any) -> None:
    def fail(read: int) -> None:
        raise NotFound("it is gone")

    panel = Counter(client, fail)
    with pytest.raises(NotFound):
        panel.run()
    assert isinstance(panel.last_error, NotFound)
    panel.work = None
    panel.run()
    assert panel._wrong.value == ""  # and it goes when it is well again


def test_an_error_while_polling_is_shown_and_polling_goes_on(client: Any) -> None:
    seen = threading.Event()

    def fail(read: int) -> None:
        if read == 1:
            raise NotFound("it is gone")
        seen.set()

    panel = Counter(client, fail)
    panel.params["live"] = True
    assert seen.wait(20)
    assert isinstance(panel.last_error, NotFound)
    panel.close()


# --- parameters -----------------------------------------------------------------------------------------------------


def test_parameters_are_the_controls(client: Any) -> None:
    panel = Counter(client)
    assert dict(panel.params) == {"live": False, "number": 1, "choice": 1}
    panel.params = {"choice": 2}
    assert panel.choice.value == 2
    assert "choice" in panel.params
    assert len(panel.params) == 3


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("choice", 3, "there is: 1, 2"), ("number", "many", "number='many'"), ("nothing", 1, "it has: live, number")],
)
def test_what_can_not_be_set_is_refused_in_words(client: Any, name: str, value: Any, words: str) -> None:
    panel = Counter(client)
    with pytest.raises(InvalidInput, match=words):
        panel.params[name] = value
    assert dict(panel.params) == {"live": False, "number": 1, "choice": 1}


def test_a_control_stays() -> None:
    panel = Counter(createos_nb.simulate())
    with pytest.raises(InvalidInput):
        del panel.params["number"]


def test_a_list_that_is_drawn_anew_calls_nothing(client: Any) -> None:
    panel = Counter(client)
    with panel._quietly():
        panel.number.value = 7
    assert panel.wait(10)
    assert panel.reads == 0
    panel.number.value = 8
    assert panel.wait(10)
    assert panel.reads == 1


# --- work beside the kernel -------------------------------------------------------------------------------------------


def test_a_second_job_is_refused_while_one_is_at_work() -> None:
    worker, go, told = Worker(), threading.Event(), []
    assert worker.start(lambda cancel: go.wait(10), told.append, told.append)
    assert not worker.start(lambda cancel: "second", told.append, told.append)
    assert worker.busy
    go.set()
    assert worker.join(10)
    assert told == [True]


def test_cancel_reaches_the_job() -> None:
    worker, told = Worker(), []
    worker.start(lambda cancel: cancel.wait(10), told.append, told.append)
    worker.cancel()
    assert worker.join(10)
    assert told == [True]


def test_even_a_system_exit_in_a_job_is_told() -> None:
    worker, told = Worker(), []

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
    beside = threading.Thread(target=lambda: panel._refresh.click())
    beside.start()
    beside.join(10)
    assert panel.wait(10)
    panel._refresh.click()
    assert panel.wait(10)
    assert panel.reads == panel.shown == 2


# --- polling ----------------------------------------------------------------------------------------------------------


def pauses(monkeypatch: pytest.MonkeyPatch, changes: list[bool], every: float, most: float) -> list[float]:
    """The pauses that a ticker makes while its looks give these answers."""
    from createos_nb.panels import work

    made: list[float] = []
    done = threading.Event()

    def pause(clock: Any, seconds: float, stop: threading.Event, *, passing: bool = True) -> bool:
        made.append(seconds)
        if len(made) > len(changes):
            done.set()
            return True
        return False

    monkeypatch.setattr(work, "pause_on", pause)
    given = iter(changes)
    ticker = Ticker(lambda: next(given), lambda error: None, RealClock(), every=every, most=most)
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

    stream = Stream(go, told.append)
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

    stream = Stream(go, failed)
    stream.start()
    assert done.wait(10)
    assert told == ["broken"]
    assert not stream.running


def test_polling_rests_while_nobody_looks_and_goes_on_when_somebody_does(client: Any) -> None:
    panel = Counter(client)
    panel.box._view_count = 1
    panel.params["live"] = True
    assert panel._following.running
    panel.box._view_count = 0
    assert not panel._following.running
    panel.box._view_count = 2
    assert panel._following.running
    panel.params["live"] = False
    panel.box._view_count = 0
    panel.box._view_count = 1
    assert not panel._following.running  # it did not before


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
    assert not panel._following.running
    hang.set()
    assert panel.wait(10)
    assert panel.shown == 0
    assert panel.frame is None
    assert panel.box.comm is None  # the browser's side is gone too
    panel.box._view_count = 1  # a view that comes late starts nothing
    assert not panel._following.running


# --- how it shows itself ----------------------------------------------------------------------------------------------


def test_repr_is_one_stable_line(client: Any) -> None:
    panel = Counter(client)
    before = repr(panel)
    panel.run()
    assert repr(panel) == before == "<createos_nb panel: counter of reads>"


def test_where_no_widgets_are_there_is_a_static_table_of_the_last_state(client: Any) -> None:
    panel = Counter(client)
    assert "nothing read" in panel._repr_mimebundle_()["text/html"]
    panel.run()
    bundle = panel._repr_mimebundle_()
    assert bundle["text/plain"] == repr(panel)
    assert "<td>1</td>" in bundle["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "SIMULATOR" in bundle["text/html"]


def test_where_one_is_stands_in_the_head(client: Any) -> None:
    panel = Counter(client)
    assert ">SIMULATOR</span>" in panel._head.value
    assert "account marlow" in panel._head.value
    assert "UTC" in panel._head.value


def test_text_is_text() -> None:
    shown = markup.text(HOSTILE)
    assert "<img" not in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "$" not in markup.label(HOSTILE)
    table = markup.table(pd.DataFrame({HOSTILE: [HOSTILE]}), HOSTILE)
    assert "<img" not in table
    assert "\x1b" not in table


def test_a_hostile_subject_and_error_are_text(client: Any) -> None:
    panel = Panel(client, HOSTILE)
    panel._build()
    panel._fail(NotFound(HOSTILE))
    assert "<img" not in panel.static()
    assert "\u202e" not in panel.static()


# --- the table --------------------------------------------------------------------------------------------------------


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": pd.Series(["b", HOSTILE], dtype="str"),
            "count": pd.array([1200, None], dtype="Int64"),
            "trend": [[1, None, 3], []],
            "why": pd.Series(["", "it sleeps"], dtype="str"),
        }
    )


def test_a_grid_gives_the_browser_texts_and_what_to_sort_by() -> None:
    grid = Grid("things", selectable=True)
    grid.show(frame(), kinds={"trend": "spark"}, key="name", off="why")
    first, second = grid.rows
    assert first["cells"][:3] == ["b", "1,200", [1.0, None, 3.0]]
    assert first["sort"][1] == 1200.0
    assert first["off"] == ""
    assert second["off"] == "it sleeps"
    assert second["cells"][1] == "–"
    assert "\x1b" not in second["cells"][0]
    assert "\x1b" not in second["key"]


def test_the_same_frame_again_sends_nothing() -> None:
    grid = Grid("things")
    grid.show(frame(), kinds={"trend": "spark"})
    sent: list[Any] = []
    grid.observe(sent.append)
    grid.show(frame(), kinds={"trend": "spark"})
    assert sent == []


def test_a_choice_stays_while_its_row_is_there_and_can_be_chosen() -> None:
    grid = Grid("things", selectable=True)
    grid.show(frame(), key="name", off="why")
    grid.selected = "b"
    grid.show(frame().iloc[::-1], key="name", off="why")
    assert grid.selected == "b"
    grid.show(frame().assign(why="asleep"), key="name", off="why")
    assert grid.selected == ""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "–"),
        (pd.NA, "–"),
        (float("nan"), "–"),
        (True, "yes"),
        (1234567, "1,234,567"),
        (pd.Series([1234]).iloc[0], "1,234"),
        (1234.5, "1,234.5"),
        (2.0, "2"),
        (pd.Timestamp("2026-03-02T09:00:01Z"), "2026-03-02 09:00:01"),
        ("a\x07b", "a\\x07b"),
    ],
)
def test_values_as_people_read_them(value: Any, words: str) -> None:
    assert spelled(value) == words
