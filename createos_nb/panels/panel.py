"""What every panel is: a head that says where one is, controls, what happens, what went wrong, and an end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import pandas as pd

from createos_nb.errors import CreateOSError
from createos_nb.frames.logs import clean
from createos_nb.panels import markup
from createos_nb.panels.keys_kept import KeysKept
from createos_nb.panels.params import Control, Params
from createos_nb.panels.work import Stream, Ticker, Worker
from createos_nb.times import iso

if TYPE_CHECKING:
    from createos_nb.client import Client


class Panel:
    """A form over the client: what it does, code can do.

    Attributes:
        params: names and values of the controls; `panel.params["replicas"] = 3` does what a hand does, and
            `panel.params = {…}` sets several.
        frame: the last frame that was read, or None.
        last_error: the last error, or None; it is shown in the panel too.
        box: the widget.
    """

    #: What the panel is called, in its head and in its repr.
    heading = "Panel"

    def __init__(self, client: Client, subject: str = "") -> None:
        self.client, self.subject = client, subject
        self.frame: pd.DataFrame | None = None
        self.last_error: BaseException | None = None
        self.closed = False
        self._params = Params()
        self._lock = threading.RLock()
        self._quiet: set[int] = set()
        self._worker = Worker()
        #: Reads that may go on beside it, by what they are for: a newer one takes the place of an older one.
        self._reading: dict[str, Worker] = {}
        self._tickers: list[Stream] = []
        self._paused: list[Stream] = []
        self._head, self._said, self._wrong = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.box = widgets.VBox(_view_count=0)
        self.box.add_class("createos-panel")
        self.box.observe(self._looked_at, "_view_count")

    # --- for those who build one --------------------------------------------------------------------------------------

    def _build(self, *body: widgets.Widget) -> None:
        """Put the parts together, and show where we are."""
        self.box.children = (widgets.HTML(markup.style()), KeysKept(), self._head, *body, self._said, self._wrong)
        self._place()

    def _control(self, name: str, widget: Any, **how: Any) -> Any:
        """Make a control known to `params`; gives the widget back."""
        self._params.add(name, Control(widget, **how))
        return widget

    def _button(self, label: str, done: Callable[[], Any], *, style: str = "", hint: str = "") -> widgets.Button:
        button = widgets.Button(description=label, button_style=style, tooltip=hint or label)
        button.on_click(lambda _: self._guarded(done))
        return button

    def _when(self, name: str, done: Callable[[], Any]) -> None:
        """Call `done` when a control has another value, unless that is set within `_quietly`."""
        control = self._params.control(name)

        def changed(_: Any) -> None:
            if threading.get_ident() not in self._quiet:
                self._guarded(done)

        control.widget.observe(changed, control.trait)

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """A list that is drawn anew is no choice of a person: what is set within calls nothing of `_when`."""
        own = threading.get_ident()
        outer = own in self._quiet
        self._quiet.add(own)
        try:
            yield
        finally:
            if not outer:
                self._quiet.discard(own)

    def _guarded(self, done: Callable[[], Any]) -> None:
        """Callbacks go through here: none of their errors is lost."""
        try:
            done()
        except Exception as error:  # noqa: BLE001  # shown, and kept in last_error
            self._fail(error)

    def _beside(
        self,
        job: Callable[[threading.Event], Any],
        done: Callable[[Any], None],
        *,
        lane: str = "",
        failed: Callable[[BaseException], None] | None = None,
    ) -> bool:
        """Work beside the kernel; False where other work is going on.

        With `lane`, a name, the work is a read that waits for no other: only an older one of the same name is given up.
        """
        if not lane:
            return self._worker.start(job, done, failed or self._fail)
        return self._reading.setdefault(lane, Worker()).start(job, done, failed or self._fail, replace=True)

    def _ticker(self, tick: Callable[[], bool], **how: Any) -> Ticker:
        ticker = Ticker(tick, self._fail, self.client.clock, **how)
        self._tickers.append(ticker)
        return ticker

    def _stream(self, go: Callable[[threading.Event], None]) -> Stream:
        """What goes on until it is stopped, and rests while nobody looks at the panel."""
        stream = Stream(go, self._fail)
        self._tickers.append(stream)
        return stream

    def _say(self, words: str) -> None:
        """What is going on, in a line."""
        self._said.value = markup.block(words, "said", role="status")

    def _well(self) -> None:
        """Nothing is wrong any more."""
        self._wrong.value = ""

    def _fail(self, error: BaseException) -> None:
        """Show an error in words, and keep it."""
        self.last_error = error
        words = str(error) or type(error).__name__
        if not isinstance(error, CreateOSError):
            words = f"{type(error).__name__}: {words}\n→ this was not expected; panel.last_error keeps it"
        self._say("")
        self._wrong.value = markup.block(words, "wrong", role="alert")

    def _place(self) -> None:
        """The head: what it is, of what, where."""
        kind, _, rest = self.client.where.partition(" ")
        time = iso(int(self.client.clock.now())).replace("T", " ").replace("Z", "")[:16]
        of = f" · {self.subject}" if self.subject else ""
        self._head.value = (
            f'<div class="createos-head"><h3>{markup.text(self.heading + of)}</h3>'
            f'<span class="createos-kind">{markup.text(kind)}</span>'
            f'<span class="createos-where">{markup.text(rest)} · {time} UTC</span></div>'
        )

    def _looked_at(self, change: Mapping[str, Any]) -> None:
        """Nobody looks at it: polling rests until somebody does."""
        if change["new"] == 0:
            self._paused = [ticker for ticker in self._tickers if ticker.running]
            for ticker in self._paused:
                ticker.stop()
        elif change["old"] == 0 and not self.closed:
            for ticker in self._paused:
                ticker.start()
            self._paused = []

    # --- for those who use one ----------------------------------------------------------------------------------------

    @property
    def params(self) -> Params:
        """The state of the controls."""
        return self._params

    @params.setter
    def params(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            self._params[name] = value

    @property
    def busy(self) -> bool:
        """Work is going on beside the kernel."""
        return any(worker.busy for worker in self._workers())

    def run(self) -> Any:
        """What the panel's button does, here and now: gives its frame or receipt, and raises its errors."""
        raise NotImplementedError

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the work beside the kernel has ended; whether it has."""
        ends = None if timeout is None else time.monotonic() + timeout
        while self.busy:
            for worker in self._workers():
                worker.join(None if ends is None else max(0.0, ends - time.monotonic()))
            if ends is not None and time.monotonic() >= ends:
                break
        return not self.busy

    def cancel(self) -> None:
        """Ask the work beside the kernel to stop."""
        for worker in self._workers():
            worker.cancel()

    def _workers(self) -> list[Worker]:
        return [self._worker, *self._reading.values()]

    def close(self) -> None:
        """Stop all that goes on, and take the panel away."""
        self.closed = True
        self.cancel()
        for ticker in self._tickers:
            ticker.stop()
        left: list[widgets.Widget] = [self.box]
        while left:
            one = left.pop()
            left += getattr(one, "children", ())
            one.close()

    def static(self) -> str:
        """The last state as a table, for where no widgets are."""
        body = markup.table(self.frame) if self.frame is not None and len(self.frame.columns) else "<p>nothing read</p>"
        return f"<div>{self._head.value}{body}{self._wrong.value}</div>"

    def __repr__(self) -> str:
        subject = f" {self.subject}" if self.subject else ""
        return clean(f"<createos_nb panel: {self.heading.lower()}{subject}>")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle = dict(self.box._repr_mimebundle_() or {})
        return bundle | {"text/plain": repr(self), "text/html": self.static()}
