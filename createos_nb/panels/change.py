"""Panels that act: what their plan says is confirmed, carried out once, and can be taken back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb.errors import InvalidInput
from createos_nb.panels import markup
from createos_nb.panels.planning import PlanningPanel, framed, to_type
from createos_nb.plans import Cancelled, CheckFailed, ConfirmationNeeded, Journal, NoData, Plan, ReasonNeeded, Receipt

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans import Event

#: On a simulated world each thing that happens is shown for this long, so that a person sees it happen.
_SHOWN: Final = 0.2


class ChangePanel(PlanningPanel):
    """A panel that shows what it would change, and changes it when that is confirmed.

    Of a subclass see `PlanningPanel`. The rest is the same for all: the plan is shown before the button works; for what
    serves users the name of the environment is typed and a reason given, and the panel passes the plan's token; the
    button works once. While it is carried out each step says what it is at, and Stop ends the waiting: what was
    stopped, or got no answer, can be gone on with.

    Parameters of all: `reason`, `confirm` (the typed name).
    """

    def __init__(self, client: Client, subject: str = "") -> None:
        super().__init__(client, subject)
        self.receipt: Receipt | None = None
        #: Called when something was done, or has failed on the way: for whoever shows what it was done to.
        self.acted: Callable[[], None] = _nothing
        self._reversible = False
        self._stop = threading.Event()
        self._apply = self._button(self.verb, self._go, style="primary")
        self._cancel = self._button("Stop", self.cancel, hint="Stop waiting; what is done stays")
        self._undo = self._button("Plan the way back", self._back, hint="The plan that takes it back")
        self._buttons.children = (self._review, self._apply, self._cancel, self._undo, self._more)

    def _arm(self) -> None:
        """Which buttons work, and what has to be filled in."""
        with self._lock:
            plan, planned, applying = self.plan, self._state == "planned", self._state == "applying"
            wants = bool(planned and plan is not None and plan.steps)
            name = to_type(plan) if wants and plan is not None else None
            holds = plan is not None and not len(plan.problems())
            confirmed = name is None or (self._typed.value == name and bool(self._reason.value.strip()))
            self._asked.layout.display = "" if name else "none"
            self._apply.description = self._apply.tooltip = self._label if planned else self.verb
            self._apply.disabled = not (wants and holds and confirmed)
            self._apply.button_style = "danger" if name else "primary"
            self._review.disabled = applying
            self._cancel.layout.display = "" if applying else "none"
            undoable = not applying and self.receipt is not None and self._reversible
            self._undo.layout.display = "" if undoable else "none"

    # --- doing it -----------------------------------------------------------------------------------------------------

    def run(self) -> Receipt:
        """Carry out the plan that is shown, or, where none is, the one for the present controls. Gives its receipt.

        Raises what `Plan.apply` raises; `ConfirmationNeeded` and `ReasonNeeded` unless `params["confirm"]` is the name
        and `params["reason"]` is given, where it touches what serves users.
        """
        self._not_at_work()
        try:
            if self.plan is None:
                typed = self._typed.value
                make = self._make
                self._planned(make(), make, self.verb, watch=False)
                self._typed.value = typed
            plan = self._taken()
        except Exception as error:
            self._fail(error)
            raise
        reason = self._reason.value.strip() or None
        self._stop = threading.Event()
        try:
            receipt = self._carried_out(plan, reason, self._stop)
        except BaseException as error:  # an interrupt, too, ends the work here
            self._ended(error, plan, reason)
            raise
        self._came(receipt, plan)
        return receipt

    def cancel(self) -> None:
        """Stop waiting, also that of a `run`; what is done stays, and can be gone on with."""
        self._stop.set()
        super().cancel()

    def _taken(self, again: Plan | None = None) -> Plan:
        """The plan, taken for carrying out once; `again`: one that was confirmed and begun. Raises what is missing."""
        with self._lock:
            self._not_at_work()
            plan = again or self.plan
            if plan is None or (again is None and self._state != "planned"):
                raise InvalidInput("there is no plan to carry out: show the plan first")
            name = to_type(plan) if again is None else None
            if name is not None and self._typed.value != name:
                raise ConfirmationNeeded(
                    "type what the plan asks for to confirm it (params['confirm']); nothing was changed", plan.intent
                )
            if name is not None and not self._reason.value.strip():
                raise ReasonNeeded(f"{plan.title}: give a reason, it is kept in the journal (params['reason'])")
            self.plan, self._state = plan, "applying"
            self._asks += 1
            self._fresh.stop()
            self._offer()
            self._well()
            self._progress.begin([step.what for step in plan.steps])
            self._arm()
            return plan

    def _go(self) -> None:
        self._start(self._taken(), self._reason.value.strip() or None)

    def _go_on(self, plan: Plan, reason: str | None) -> None:
        # the run was confirmed when it began; the same plan finds its journal, and takes it up
        self._start(self._taken(plan), reason)

    def _start(self, plan: Plan, reason: str | None) -> None:
        self._say(f"{plan.title}: at work …")
        began = self._worker.start(
            lambda cancel: self._carried_out(plan, reason, cancel, slowly=self.client.clock.virtual),
            lambda receipt: self._came(receipt, plan),
            lambda error: self._ended(error, plan, reason),
        )
        if not began:
            self._forget()
            raise InvalidInput("other work is going on in this panel: wait for its end")

    def _carried_out(self, plan: Plan, reason: str | None, cancel: threading.Event, *, slowly: bool = False) -> Receipt:
        def told(event: Event) -> None:
            self._happened(event)
            if slowly:
                cancel.wait(_SHOWN)

        return plan.apply(confirm=plan.confirmation, reason=reason, on_event=told, cancel=cancel)

    def _happened(self, event: Event) -> None:
        """Something has happened while a plan is carried out."""
        self._progress.tell(event)
        self._place()

    def _came(self, receipt: Receipt, plan: Plan) -> None:
        with self._lock:
            self._forget()
            self._reason.value = ""  # it was the reason of this run
            self.receipt, self.frame = receipt, receipt.frame()
            self._reversible = any(step.reversible for step in plan.steps)
            self._shown.value = framed("Receipt", receipt)
            self._place()
            self._say(f"{receipt.checks.result}: {receipt.summary}")
            self._offer(*(self._follow_up(name, make) for name, make in plan.follow_ups.items()))
            self._arm()
        self._guarded(self._after)
        self._guarded(self.acted)

    def _follow_up(self, name: str, make: Callable[[], Plan]) -> widgets.Button:
        words = name.replace("_", " ")
        return self._button(f"Plan: {words}", partial(self._take, make, words.capitalize()))

    def _ended(self, error: BaseException, plan: Plan, reason: str | None) -> None:
        with self._lock:
            self._forget()
            self._fail(error)
            if isinstance(error, CheckFailed | NoData):
                self._say(f"{error.result}: {plan.title}")
            undo, journal = getattr(error, "undo", None), getattr(error, "journal", None)
            offers = []
            if journal is not None and not Journal(journal).over:
                self._say("stopped: Go on with it takes the run up again, and repeats nothing that is done")
                offers.append(self._button("Go on with it", partial(self._go_on, plan, reason), style="primary"))
            if isinstance(undo, Plan):
                offers.append(self._button("Plan: take back what was done", partial(self._take, lambda: undo, "Undo")))
            self._offer(*offers)
            self._arm()
        self._guarded(self._after)
        self._guarded(self.acted)

    def _fail(self, error: BaseException) -> None:
        super()._fail(error)
        if isinstance(error, Cancelled):  # it was asked for: nothing is wrong
            self._wrong.value = markup.block(str(error), "mind")

    def _after(self) -> None:
        """Something was done, or not: what the controls show is read again."""

    def _back(self) -> None:
        receipt = self.receipt
        if receipt is not None:
            self._take(receipt.undo, "Take it back")

    def static(self) -> str:
        """The last plan or receipt, else what the controls say, for where no widgets are."""
        shown = self._shown.value
        if not shown:
            # what the widgets hold, and not what was given from code: that may be files
            controls = {name: self.params.control(name) for name in self.params if name not in ("confirm", "reason")}
            values = [str(getattr(control.widget, control.trait)) for control in controls.values()]
            shown = markup.table(pd.DataFrame({"control": list(controls), "value": values}))
        return f"<div>{self._head.value}{shown}{self._said.value}{self._wrong.value}</div>"


def _nothing() -> None:
    """Nobody else shows it."""
