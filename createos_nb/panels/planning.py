"""Panels with a plan: it is shown before anything is done, and watched as long as it is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import ipywidgets as widgets

from createos_nb.errors import CreateOSError, InvalidInput, NoAnswer, PlatformFault
from createos_nb.frames.logs import clean
from createos_nb.panels import markup
from createos_nb.panels.live import Progress
from createos_nb.panels.panel import Panel
from createos_nb.plans import Plan, shown

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans import Receipt


class PlanningPanel(Panel):
    """A panel that shows what it would change; what is confirmed, and how it is done, is a `ChangePanel`'s.

    A subclass builds its controls, lists those that the plan depends on (`_depends`), and gives `_make`, which returns
    the plan by reading only. A plan that is no longer true, because a control or the world has changed, is taken away.
    """

    #: The word on the button.
    verb = "Apply"

    def __init__(self, client: Client, subject: str = "") -> None:
        super().__init__(client, subject)
        self.plan: Plan | None = None
        self._state = "nothing"  # nothing, reading, planned, applying
        self._asks = 0  # tells the answer to the last question from those that come late
        self._label = self.verb
        self._remake: Callable[[], Plan] = self._make
        self._shown = widgets.HTML()
        self._progress = Progress()
        wide = widgets.Layout(width="34em", max_width="100%")
        named = {"description_width": "auto"}
        self._reason = self._control(
            "reason", widgets.Text(description="Reason", placeholder="kept in the journal", style=named, layout=wide)
        )
        self._typed = self._control("confirm", widgets.Text(description="Type the name", style=named, layout=wide))
        self._review = self._button("Show the plan", self.review, hint="What would be changed; nothing is written")
        self._more = widgets.HBox([])
        self._asked = widgets.HBox([self._reason, self._typed])
        self._buttons = widgets.HBox([self._review, self._more])
        for row in (self._asked, self._buttons, self._more):
            row.add_class("createos-row")
        # the world is looked at again while a plan is shown: what is no longer true can't be confirmed
        self._fresh = self._ticker(self._look_again, every=10.0, most=120.0, passing=False)
        self._typed.observe(lambda _: self._guarded(self._arm), "value")
        self._reason.observe(lambda _: self._guarded(self._arm), "value")

    @property
    def _form(self) -> tuple[widgets.Widget, ...]:
        """What goes below a subclass's controls."""
        return (self._shown, self._asked, self._buttons, self._progress.box)

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
        self._take(self._make, self.verb)

    def _take(self, make: Callable[[], Plan], label: str) -> None:
        """Make a plan and show it in this form, beside the kernel."""
        with self._lock:
            self._not_at_work()
            self._forget()
            self._progress.clear()
            self._well()
            asked, self._state = self._asks, "reading"
            self._say("reading …")

        def failed(error: BaseException) -> None:
            with self._lock:
                if asked == self._asks:
                    self._forget()
                    self._fail(error)

        self._beside(lambda _: make(), lambda plan: self._planned(plan, make, label, asked), lane="plan", failed=failed)

    def _planned(
        self, plan: Plan, make: Callable[[], Plan], label: str, asked: int | None = None, *, watch: bool = True
    ) -> None:
        with self._lock:
            if self.closed or (asked is not None and asked != self._asks):
                return
            self.plan, self._remake, self._label = plan, make, label
            self._state = "planned"
            self._shown.value = framed("Plan", plan)
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
            if self._state in ("reading", "planned"):
                self._forget()
                self._say("something was changed here: show the plan again")

    def _forget(self) -> None:
        """There is no plan, and none is on its way: the button is off."""
        with self._lock:
            self.plan, self._state = None, "nothing"
            self._asks += 1
            self._fresh.stop()
            self._shown.value = ""
            self._offer()
            self._typed.value = ""
            self._arm()

    def _offer(self, *buttons: widgets.Button) -> None:
        """The buttons of what can follow."""
        old, self._more.children = self._more.children, buttons
        for one in old:
            one.close()

    def _look_again(self) -> bool:
        plan, make = self.plan, self._remake
        if plan is None or self._state != "planned":
            self._fresh.stop()
            return False
        try:
            token = make().token
        except (NoAnswer, PlatformFault):
            return False  # nothing is known of it: carrying it out looks once more, and says so
        except CreateOSError as error:
            with self._lock:
                if self.plan is plan and self._state == "planned":
                    self._forget()
                    self._fail(error)
                    self._say("the world has moved since this plan was made, and it can't be made any more")
            return True
        with self._lock:
            if self.plan is plan and self._state == "planned" and token != plan.token:
                self._forget()
                self._say("the world has moved since this plan was made: show the plan again")
                return True
        return False

    def _arm(self) -> None:
        """Which buttons work, and what has to be filled in."""
        raise NotImplementedError

    def _not_at_work(self) -> None:
        if self._state == "applying":
            raise InvalidInput("something is being carried out here: wait for its end, or stop it")


def to_type(plan: Plan) -> str | None:
    """What a person types to confirm a plan: the name of what it is done to, as it is shown; None where not asked."""
    if plan.confirmation is None:
        return None
    if plan.final:
        return clean(plan.confirmation)
    serving = plan.blast_radius[plan.blast_radius["serves_users"].fillna(False).astype(bool)]["environment"]
    names = [str(name) for name in serving]
    # what it is done to, before what may have to make room for it
    meant = [step.target.environment_name for step in plan.steps if step.target.environment_name in names]
    return clean([*meant, *names][0])


def framed(name: str, one: Plan | Receipt) -> str:
    """A plan or a receipt, as it is shown in a panel."""
    head, parts = shown.plan(one) if isinstance(one, Plan) else shown.receipt(one)
    # how code applies it is no help to whoever has a button for it
    content = shown.html(head, [part for part in parts if part[0] != "To apply"])
    # focusable, so that the keyboard can scroll what is wider than the page
    return f'<div class="createos-plan" role="region" aria-label="{name}" tabindex="0">{content}</div>'
