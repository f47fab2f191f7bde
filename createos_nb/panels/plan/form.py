"""The form that every acting panel has: show a plan, have it confirmed, apply it once, and offer its undo."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb.errors import CreateOSError, InvalidInput, ServerError, TransportError
from createos_nb.panels import markup
from createos_nb.panels.plan.buttons import PlanButtons, follow_up_buttons
from createos_nb.panels.plan.display import for_people, plan_html, receipt_html, required_name
from createos_nb.panels.plan.progress import Progress
from createos_nb.panels.plan.reason_fields import ReasonFields, Reasons
from createos_nb.panels.plan.state import PlanEvent, PlanState, PlanStateMachine
from createos_nb.plans import CheckFailed, ConfirmationNeeded, Journal, NoData, Plan, ReasonNeeded, Receipt

if TYPE_CHECKING:
    from createos_nb.panels.background import BackgroundWork
    from createos_nb.panels.view import PanelView
    from createos_nb.plans import Event
    from createos_nb.plans.usual_times import UsualTime

#: On a simulated world each progress event is shown for this long, so that a person sees it happen.
_MIN_EVENT_DISPLAY: Final = 0.2


class PlanForm:
    """A plan that is shown, confirmed and applied; `PlanState` says how far it is.

    The plan is shown before there is a button that applies it; for what serves users the name of the environment is
    typed and a reason given, and the form passes the plan's confirmation; until then the button says what is missing.
    It works once. A plan that holds no longer, because a control or the platform has changed, is taken away. While one
    is applied each step says how far it is, and Stop ends the waiting: a run that was stopped, or got no answer, can be
    resumed.

    Args:
        view: The panel's widgets; gets the controls `reason`, `confirm` and `override_freeze`.
        background: The panel's background work.
        make_plan: Returns the plan for the present values of the controls, by reading only.
        verb: The label of the button, such as "Roll back".
        slow_motion: Whether each progress event stays on the screen for a moment: on a simulated world nothing takes
            real time.

    Attributes:
        plan: the plan that is shown or applied, or None.
        receipt: the receipt of the last run that has finished, or None.
        widgets: what goes below a panel's controls.
        on_event: called with each progress event.
        on_success: called with the receipt, before it is shown.
        on_finish: called after a run has finished or failed.
        on_update: called when buttons may have to be switched on or off.
        on_frame: called with the frame of a plan or receipt that is shown.
        after: returns buttons that are offered after a run, before those of its follow-ups.
        remedies: returns buttons that are offered after a run has failed, before those that resume or undo it.
        runbook: the runbook of the last run.
        name_plan: returns the label of the button for a plan, with its object, such as "Roll back to v3".
        usual_times: returns how long each step of a plan usually takes; none where that is not known.
    """

    def __init__(
        self,
        view: PanelView,
        background: BackgroundWork,
        make_plan: Callable[[], Plan],
        verb: str,
        *,
        slow_motion: bool,
    ) -> None:
        self._view, self._background, self._slow_motion = view, background, slow_motion
        self.make_plan, self._verb, self._plan_label = make_plan, verb, verb
        self.plan: Plan | None = None
        self.receipt: Receipt | None = None
        self.runbook = ""
        self.on_event: Callable[[Event], Any] = _ignore
        self.on_success: Callable[[Receipt], Any] = _ignore
        self.on_finish: Callable[[], Any] = _ignore
        self.on_update: Callable[[], Any] = _ignore
        self.on_frame: Callable[[pd.DataFrame], Any] = _ignore
        self.after: Callable[[Receipt], Sequence[widgets.Button]] = lambda _: ()
        self.remedies: Callable[[], Sequence[widgets.Button]] = lambda: ()
        self.name_plan: Callable[[Plan], str] = lambda _: self.verb
        self.usual_times: Callable[[Plan], Sequence[UsualTime]] = lambda _: ()
        self._machine = PlanStateMachine()
        self._request: object | None = None  # tells the answer to the last request from those that come late
        self._stop = threading.Event()
        self._reversible = False
        #: Makes the plan that is shown once more, to see whether it still holds.
        self.remake_plan = make_plan
        #: Looks at the platform again while a plan is shown.
        self.drift_poller = background.poller(self.check_drift, interval=10.0, max_interval=120.0, advance_clock=False)
        self.document, self.progress = widgets.HTML(), Progress()
        self._fields = ReasonFields(view)
        self.reason, self.confirmation = self._fields.reason, self._fields.confirmation
        self.override = self._fields.override
        self.confirmation_row, self.override_row = self._fields.rows
        acts = {"review": self.review, "apply": self.apply, "stop": self.stop, "undo": self.review_undo}
        self._buttons = PlanButtons(view, verb, **acts)
        self.review_button, self.apply_button = self._buttons.review, self._buttons.apply
        self.stop_button, self.undo_button = self._buttons.stop, self._buttons.undo
        self.actions, self.buttons = self._buttons.actions, self._buttons.row
        self.set_actions = self._buttons.set_actions
        view.bar = widgets.VBox([self.confirmation_row, self.override_row, self.buttons])
        view.bar.add_class("createos-bar")
        self.widgets = (self.document, self.progress.box)
        for text in (self.reason, self.confirmation, self.override):
            text.observe(lambda _: view.guard(self.update_buttons), "value")

    @property
    def state(self) -> PlanState:
        """Return the state of the form."""
        return self._machine.state

    @property
    def verb(self) -> str:
        """The label of the button while no plan is shown."""
        return self._verb

    @verb.setter
    def verb(self, verb: str) -> None:
        self._verb = verb
        self.update_buttons()

    def depends_on(self, *names: str) -> None:
        """Invalidate the plan when one of these controls gets another value."""
        for name in names:
            self._view.on_change(name, self.invalidate)
        self.update_buttons()

    # --- the plan -----------------------------------------------------------------------------------------------------

    def review(self) -> None:
        """Make the plan for the present values of the controls and show it, in the background."""
        self.request_plan(self.make_plan, None)

    def review_undo(self) -> None:
        """Make the plan that undoes the last run and show it, in the background."""
        if self.receipt is not None:
            self.request_plan(self.receipt.undo, "Undo")

    def request_plan(self, make_plan: Callable[[], Plan], label: str | None) -> None:
        """Make a plan and show it in the background; `label` is that of the button that applies it."""
        with self._view.lock:
            self._raise_if_applying()
            self.reset(PlanEvent.REQUEST)
            self.progress.clear()
            self._view.clear_error()
            self._view.show_wait("Planning: nothing is changed")
            request = self._request = object()

        def on_success(plan: Plan) -> None:
            with self._view.lock:
                if request is self._request and not self._view.closed:  # else the answer comes too late
                    self._show_plan(plan, make_plan, label)
                    if plan.steps:
                        self.drift_poller.start()

        def on_error(error: BaseException) -> None:
            with self._view.lock:
                if request is self._request:
                    self.reset(PlanEvent.FAIL)
                    self._view.show_error(error)

        self._background.run(lambda _: make_plan(), on_success, channel="plan", on_error=on_error)

    def _show_plan(self, plan: Plan, remake_plan: Callable[[], Plan], label: str | None) -> None:
        with self._view.lock:
            name = required_name(plan)
            self._machine.send(PlanEvent.PLAN if name is None else PlanEvent.PLAN_TO_CONFIRM)
            self.plan, self.remake_plan, self._plan_label = plan, remake_plan, label or self.name_plan(plan)
            self.document.value = plan_html(plan)
            self._view.clear_error()
            self._view.render_header()
            self.confirmation.description = f"Type {markup.label(name)} to confirm" if name else "Type the name"
            self._view.set_status(
                "This is the plan; nothing was changed yet." if plan.steps else "There is nothing to do."
            )
            self.on_frame(plan.frame())
            self.update_buttons()

    def invalidate(self) -> None:
        """Take the plan away because a control was changed; does nothing while it is applied."""
        with self._view.lock:
            if self._machine.can(PlanEvent.INVALIDATE):
                self.reset(PlanEvent.INVALIDATE)
                self._view.set_status("A control was changed: show the plan again.")

    def check_drift(self) -> bool:
        """Take the plan away if it would be another one by now; return whether it was."""
        plan = self.plan
        if plan is None or not self.state.has_plan:
            self.drift_poller.stop()
            return False
        try:
            digest = self.remake_plan().digest
        except (TransportError, ServerError):
            return False  # nothing is known of the platform now: applying the plan checks once more, and reports it
        except CreateOSError as error:
            with self._view.lock:
                if self.plan is plan and self.state.has_plan:
                    self.reset(PlanEvent.INVALIDATE)
                    self._view.show_error(error)
                    self._view.set_status("The platform has changed: this plan can't be made anymore.")
            return True
        with self._view.lock:
            if self.plan is plan and self.state.has_plan and digest != plan.digest:
                self.reset(PlanEvent.INVALIDATE)
                self._view.set_status("The platform has changed since this plan was made: show the plan again.")
                return True
        return False

    def reset(self, event: PlanEvent) -> None:
        """Go to the next state, with no plan and nothing typed."""
        with self._view.lock:
            self._machine.send(event)
            self.plan = self._request = None
            self.drift_poller.stop()
            self.document.value = ""
            self.set_actions()
            self.confirmation.value = self.override.value = ""
            self.update_buttons()

    # --- widgets ------------------------------------------------------------------------------------------------------

    def update_buttons(self) -> None:
        """Show the buttons of the present state, what has to be filled in, and what is missing."""
        with self._view.lock:
            plan = self._shown
            name = required_name(plan) if plan is not None else None
            self._fields.show(confirmation=bool(name), freeze=plan is not None and plan.frozen)
            self._buttons.update(
                self.state,
                self._plan_label if self.state.has_plan else self.verb,
                has_plan=plan is not None,
                missing="" if plan is None else self._fields.missing(plan, name),
                undoable=self.receipt is not None and self._reversible,
            )
            self.on_update()

    @property
    def _shown(self) -> Plan | None:
        """The plan that is shown and has something to do, or None."""
        return self.plan if self.plan is not None and self.state.has_plan and self.plan.steps else None

    # --- applying -----------------------------------------------------------------------------------------------------

    def run(self) -> Receipt:
        """Apply the plan that is shown, or, where none is, the one for the present controls; return its receipt.

        Raises:
            ConfirmationNeeded: `params["confirm"]` is not the name that the plan asks for.
            ReasonNeeded: `params["reason"]` is missing where the plan asks for confirmation.
            CreateOSError: What `Plan.apply` raises.
        """
        self._raise_if_applying()
        try:
            if self.plan is None:
                typed = self.confirmation.value
                make_plan = self.make_plan
                plan, self._request = make_plan(), None
                self._show_plan(plan, make_plan, None)
                self.confirmation.value = typed
            plan = self.take_plan()
        except Exception as error:
            self._view.show_error(error)
            raise
        reasons = self._fields.given
        self._stop = threading.Event()
        try:
            receipt = self._execute(plan, reasons, self._stop)
        except BaseException as error:  # an interrupt, too, ends the run here
            self._on_error(error, plan, reasons)
            raise
        self._on_success(receipt, plan)
        return receipt

    def apply(self) -> None:
        """Apply the plan that is shown, in the background."""
        self._start(self.take_plan(), self._fields.given)

    def stop(self) -> None:
        """Stop waiting, also that of a `run`; what is done stays, and the run can be resumed."""
        self._stop.set()
        self._background.cancel()

    def take_plan(self) -> Plan:
        """Take the plan that is shown, for applying it once; raise what is missing."""
        with self._view.lock:
            self._raise_if_applying()
            plan = self.plan
            if plan is None or not self.state.has_plan:
                raise InvalidInput("Show the plan first: there is none to apply.")
            name = required_name(plan)
            if name is not None and self.confirmation.value != name:
                raise ConfirmationNeeded(f"Type {name} to confirm the plan; nothing was changed.", plan.intent)
            if name is not None and not self.reason.value.strip():
                raise ReasonNeeded("Write a reason, which the journal keeps; nothing was changed.")
            self._begin(PlanEvent.APPLY, plan)
            return plan

    def _resume(self, plan: Plan, reasons: Reasons) -> None:
        # the run was confirmed when it began; the same plan finds its journal and goes on with it
        with self._view.lock:
            self._raise_if_applying()
            self._begin(PlanEvent.RESUME, plan)
        self._start(plan, reasons)

    def _begin(self, event: PlanEvent, plan: Plan) -> None:
        self._machine.send(event)
        self.plan, self._request = plan, None
        self.drift_poller.stop()
        self.set_actions()
        self._view.clear_error()
        self.document.value = ""
        self.progress.begin([step.what for step in plan.steps], self.usual_times(plan), title=plan.title)
        self.update_buttons()

    def _start(self, plan: Plan, reasons: Reasons) -> None:
        self._view.show_wait(f"Applying {len(plan.steps)} step{'s' if len(plan.steps) > 1 else ''}")
        started = self._background.run(
            lambda cancel: self._execute(plan, reasons, cancel, slow_motion=self._slow_motion),
            lambda receipt: self._on_success(receipt, plan),
            on_error=lambda error: self._on_error(error, plan, reasons),
        )
        if not started:
            self.reset(PlanEvent.FAIL)
            raise InvalidInput("Wait until the other work in this panel has ended.")

    def _execute(self, plan: Plan, reasons: Reasons, cancel: threading.Event, *, slow_motion: bool = False) -> Receipt:
        def on_event(event: Event) -> None:
            self.progress.update(event)
            self._view.render_header()
            self.on_event(event)
            if slow_motion:
                cancel.wait(_MIN_EVENT_DISPLAY)

        return plan.apply(
            confirm=plan.confirmation,
            reason=reasons.reason,
            on_event=on_event,
            cancel=cancel,
            override_freeze=reasons.override_freeze,
        )

    def _on_success(self, receipt: Receipt, plan: Plan) -> None:
        self.runbook = plan.runbook
        self.on_success(receipt)
        with self._view.lock:
            self.reset(PlanEvent.SUCCEED)
            self.reason.value = ""  # it was the reason of this run
            self.receipt = receipt
            self._reversible = any(step.has_undo for step in plan.steps)
            self.document.value = receipt_html(receipt, plan)
            self.progress.end()
            self._view.render_header()
            self._view.announce(f"{receipt.checks.result}: {receipt.summary}")
            follow_ups = follow_up_buttons(self._view, plan.follow_ups, self.request_plan)
            self.set_actions(*self.after(receipt), *follow_ups)
            self.on_frame(receipt.frame())
            self.update_buttons()
        self._view.guard(self.on_finish)

    def _on_error(self, error: BaseException, plan: Plan, reasons: Reasons) -> None:
        with self._view.lock:
            self.reset(PlanEvent.FAIL)
            self.progress.stop()
            # the log is shown already
            self._view.show_error(error, for_people(str(error), log=not self.progress.log))
            if isinstance(error, CheckFailed | NoData):
                self._view.set_status(f"{error.result}: {plan.title}")
            undo, journal = getattr(error, "undo", None), getattr(error, "journal", None)
            buttons = list(self.remedies())
            if journal is not None and not Journal(journal).over:
                self._view.set_status("Stopped. Resume continues the run, and repeats no step that is done.")
                buttons.append(self._view.button("Resume", partial(self._resume, plan, reasons), style="primary"))
            if isinstance(undo, Plan):
                buttons.append(
                    self._view.button("Plan: undo what was done", partial(self.request_plan, lambda: undo, "Undo"))
                )
            self.set_actions(*buttons)
            self.update_buttons()
        self._view.guard(self.on_finish)

    def _raise_if_applying(self) -> None:
        if self.state is PlanState.APPLYING:
            raise InvalidInput("A plan is being applied here: wait for its end, or stop it.")


def _ignore(*_: Any) -> None:
    """Do nothing."""
