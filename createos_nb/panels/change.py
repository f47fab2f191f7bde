"""Panels that act: a form over a plan, which is shown first, then confirmed, carried out, and can be taken back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb.errors import InvalidInput
from createos_nb.panels import markup
from createos_nb.panels.panel import Panel
from createos_nb.plans import ConfirmationNeeded, Plan, ReasonNeeded, Receipt

if TYPE_CHECKING:
    from createos_nb.client import Client

#: On a simulated world each thing that happens is shown for this long, so that a person sees it happen.
_SHOWN: Final = 0.2


class ChangePanel(Panel):
    """A panel that shows what it would change, and changes it when that is confirmed.

    A subclass builds its controls, lists those that the plan depends on (`_depends`), and gives `_make`, which returns
    the plan by reading only. The rest is the same for all: the plan is shown before the button works; for what serves
    users the name of the environment is typed and a reason given, and the panel passes the plan's token; the button
    works once; a plan that is no longer true switches it off.

    Parameters of all: `reason`, `confirm` (the typed name).
    """

    #: The word on the button.
    verb = "Apply"

    def __init__(self, client: Client, subject: str = "") -> None:
        super().__init__(client, subject)
        self.plan: Plan | None = None
        self.receipt: Receipt | None = None
        self._state = "nothing"  # nothing, planned, applying
        self._label = self.verb
        self._remake: Callable[[], Plan] = self._make
        self._shown = widgets.HTML()
        wide = widgets.Layout(width="34em", max_width="100%")
        named = {"description_width": "auto"}
        self._reason = self._control(
            "reason", widgets.Text(description="Reason", placeholder="kept in the journal", style=named, layout=wide)
        )
        self._typed = self._control("confirm", widgets.Text(description="Type the name", style=named, layout=wide))
        self._review = self._button("Show the plan", self.review, hint="What would be changed; nothing is written")
        self._apply = self._button(self.verb, self._go, style="primary")
        self._cancel = self._button("Stop", self.cancel, hint="Stop waiting; what is done stays, and can be resumed")
        self._undo = self._button("Plan the way back", self._back, hint="The plan that takes it back")
        self._more = widgets.HBox([])
        self._asked = widgets.HBox([self._reason, self._typed])
        self._buttons = widgets.HBox([self._review, self._apply, self._cancel, self._undo, self._more])
        for row in (self._asked, self._buttons, self._more):
            row.add_class("createos-row")
        self._lines = widgets.HTML()
        # the world is looked at again while a plan is shown: what is no longer true can't be confirmed
        self._fresh = self._ticker(self._look_again, every=10.0, most=120.0, passing=False)
        self._typed.observe(lambda _: self._guarded(self._arm), "value")
        self._reason.observe(lambda _: self._guarded(self._arm), "value")

    @property
    def _form(self) -> tuple[widgets.Widget, ...]:
        """What goes below a subclass's controls."""
        return (self._shown, self._asked, self._buttons, self._lines)

    def _depends(self, *names: str) -> None:
        """The plan depends on these controls: another value, another plan."""
        for name in names:
            self._when(name, self._stale)
        self._arm()

    def _make(self) -> Plan:
        """The plan for the present state of the controls; reads only."""
        raise NotImplementedError

    # --- the plan -----------------------------------------------------------------------------------------------------

    def review(self) -> None:
        """Make the plan and show it, beside the kernel."""
        self._forget()
        self._say("reading …")
        make = self._make
        self._beside(lambda _: make(), lambda plan: self._planned(plan, make, self.verb))

    def _planned(self, plan: Plan, make: Callable[[], Plan], label: str, *, watch: bool = True) -> None:
        with self._lock:
            if self.closed:
                return
            self.plan, self._remake, self._label = plan, make, label
            self._state = "planned"
            self._shown.value = f'<div class="createos-plan">{plan._repr_html_()}</div>'
            self._well()
            self._place()
            name = to_type(plan)
            self._typed.description = f"Type {markup.label(name)} to confirm" if name else "Type the name"
            self._say("this is the plan; nothing is changed yet" if plan.steps else "nothing to do: it is so already")
            self.frame = plan.frame()
            self._arm()
            if watch and plan.steps:
                self._fresh.start()

    def _stale(self) -> None:
        with self._lock:
            if self._state == "planned":
                self._forget()
                self._say("something was changed here: show the plan again")

    def _forget(self) -> None:
        """There is no plan: the button is off."""
        with self._lock:
            self.plan, self._state = None, "nothing"
            self._fresh.stop()
            self._shown.value = self._lines.value = ""
            self._more.children = ()
            self._typed.value = ""
            self._arm()

    def _look_again(self) -> bool:
        plan, make = self.plan, self._remake
        if plan is None or self._state != "planned":
            return False
        now = make()
        with self._lock:
            if self.plan is plan and now.token != plan.token:
                self._forget()
                self._say("the world has moved since this plan was made: show the plan again")
                return True
        return False

    def _arm(self) -> None:
        """Which buttons work, and what has to be filled in."""
        with self._lock:
            plan, planned = self.plan, self._state == "planned"
            wants = bool(planned and plan is not None and plan.steps)
            name = to_type(plan) if wants and plan is not None else None
            holds = plan is not None and not len(plan.problems())
            confirmed = name is None or (self._typed.value == name and bool(self._reason.value.strip()))
            ready = wants and holds and confirmed
            self._asked.layout.display = "" if name else "none"
            self._apply.description = self._apply.tooltip = self._label if planned else self.verb
            self._apply.disabled = not ready
            self._apply.button_style = "danger" if name else "primary"
            self._review.disabled = self._state == "applying"
            self._cancel.layout.display = "" if self._state == "applying" else "none"
            undoable = self._state != "applying" and self.receipt is not None and not self.receipt.dry_run
            self._undo.layout.display = "" if undoable else "none"

    # --- doing it -----------------------------------------------------------------------------------------------------

    def run(self) -> Receipt:
        """Carry out the plan that is shown, or, where none is, the one for the present controls. Gives its receipt.

        Raises what `Plan.apply` raises; `ConfirmationNeeded` and `ReasonNeeded` unless `params["confirm"]` is the name
        and `params["reason"]` is given, where it touches what serves users.
        """
        try:
            if self.plan is None:
                typed = self._typed.value
                make = self._make
                self._planned(make(), make, self.verb, watch=False)
                self._typed.value = typed
            plan = self._taken()
            reason = self._reason.value.strip() or None
            receipt = plan.apply(confirm=plan.confirmation, reason=reason, status=self._line)
        except Exception as error:
            self._ended(error)
            raise
        self._came(receipt)
        return receipt

    def _taken(self) -> Plan:
        """The plan, taken for carrying out once. Raises what is missing."""
        with self._lock:
            plan = self.plan
            if plan is None or self._state != "planned":
                raise InvalidInput("there is no plan to carry out: show the plan first")
            name = to_type(plan)
            if name is not None and self._typed.value != name:
                raise ConfirmationNeeded(f"{plan.title}: type {name!r} to confirm it (params['confirm'])", name)
            if name is not None and not self._reason.value.strip():
                raise ReasonNeeded(f"{plan.title}: give a reason, it is kept in the journal (params['reason'])")
            self._state = "applying"
            self._fresh.stop()
            self._lines.value = ""
            self._well()
            self._arm()
            return plan

    def _go(self) -> None:
        if self.busy:
            return
        plan = self._taken()
        reason = self._reason.value.strip() or None

        def work(cancel: threading.Event) -> Receipt:
            def status(line: str) -> None:
                self._line(line)
                if self.client.clock.virtual:
                    cancel.wait(_SHOWN)

            return plan.apply(confirm=plan.confirmation, reason=reason, status=status)

        self._say(f"{plan.title}: at work …")
        self._worker.start(work, self._came, self._ended)

    def _line(self, line: str) -> None:
        self._say(line)

    def _came(self, receipt: Receipt) -> None:
        with self._lock:
            plan = self.plan
            self._forget()
            self.receipt, self.frame = receipt, receipt.frame()
            self._shown.value = f'<div class="createos-plan">{receipt._repr_html_()}</div>'
            self._place()
            self._say(f"done: {receipt.summary}")
            self._more.children = tuple(
                self._button(f"Plan: {name.replace('_', ' ')}", partial(self._take, make))
                for name, make in (plan.follow_ups if plan is not None else {}).items()
            )
            self._arm()
        self._guarded(self._after)

    def _ended(self, error: BaseException) -> None:
        with self._lock:
            self._forget()
            self._fail(error)
            undo = getattr(error, "undo", None)
            if isinstance(undo, Plan):
                self._more.children = (self._button("Plan: take back what was done", lambda: self._take(lambda: undo)),)
            self._arm()
        self._guarded(self._after)

    def _after(self) -> None:
        """Something was done, or not: what the controls show is read again."""

    def _back(self) -> None:
        receipt = self.receipt
        if receipt is not None:
            self._take(receipt.undo, "Take it back")

    def _take(self, make: Callable[[], Plan], label: str = "Apply") -> None:
        """Show another plan in this form."""
        self._forget()
        self._say("reading …")
        self._beside(lambda _: make(), lambda plan: self._planned(plan, make, label))

    def static(self) -> str:
        """The last plan or receipt, else what the controls say, for where no widgets are."""
        shown = self._shown.value
        if not shown:
            values = {name: value for name, value in self.params.items() if name not in ("confirm", "reason")}
            shown = markup.table(pd.DataFrame({"control": list(values), "value": list(map(str, values.values()))}))
        return f"<div>{self._head.value}{shown}{self._said.value}{self._wrong.value}</div>"


def to_type(plan: Plan) -> str | None:
    """What a person types to confirm a plan: the name of what it is done to; None where nothing is asked."""
    if plan.confirmation is None:
        return None
    if plan.final:
        return plan.confirmation
    serving = plan.blast_radius[plan.blast_radius["serves_users"].fillna(False).astype(bool)]
    return str(serving["environment"].iloc[0])
