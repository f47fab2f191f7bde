"""The row of buttons below a plan: show it, apply it, stop, undo, and what can be done after a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets

from createos_nb.panels.components import ActionButton
from createos_nb.panels.plan.state import PlanState
from createos_nb.panels.view import show

if TYPE_CHECKING:
    from createos_nb.panels.view import PanelView
    from createos_nb.plans import Plan

#: In these states what is to be pressed next is the button that shows the plan.
_FIRST: Final = (PlanState.EDITING, PlanState.PLANNING, PlanState.STALE, PlanState.FAILED)


class PlanButtons:
    """The buttons of a plan form; one of them at the most is what is to be pressed.

    Args:
        view: The panel's widgets, where errors of a press are shown.
        verb: The label of the button that applies the plan, such as "Roll back".
        review: Shows the plan.
        apply: Applies the plan that is shown.
        stop: Stops the waiting.
        undo: Shows the plan that undoes the last run.

    Attributes:
        review, apply, stop, undo: the buttons.
        actions: the row of those that are offered after a run.
        row: all of them.
    """

    def __init__(
        self,
        view: PanelView,
        verb: str,
        *,
        review: Callable[[], Any],
        apply: Callable[[], Any],
        stop: Callable[[], Any],
        undo: Callable[[], Any],
    ) -> None:
        self.review = view.button("Show the plan", review, hint="What would change; nothing is written")
        self.apply = ActionButton(verb, lambda: view.guard(apply))
        self.stop = view.button("Stop", stop, hint="Stop waiting; what is done stays")
        self.undo = view.button("Plan the undo", undo, hint="Show the plan that undoes it")
        self.actions = widgets.HBox([])
        self.row = widgets.HBox([self.review, self.stop, self.undo, self.actions, self.apply])
        for row in (self.row, self.actions):
            row.add_class("createos-row")

    def set_actions(self, *buttons: widgets.Button) -> None:
        """Offer these buttons as what can be done next, in place of those before."""
        old, self.actions.children = self.actions.children, buttons
        for button in old:
            button.close()

    def update(self, state: PlanState, label: str, *, has_plan: bool, missing: str, undoable: bool) -> None:
        """Show the buttons of a state.

        Args:
            state: Of the form.
            label: Of the button that applies the plan.
            has_plan: Whether a plan is shown that has something to do.
            missing: What has to be done before it can be applied, in words; "" where nothing is missing.
            undoable: Whether the last run can be undone.
        """
        applying = state is PlanState.APPLYING
        self.apply.description = label
        self.apply.disabled = not has_plan or bool(missing)
        self.apply.missing = f"To {label[:1].lower()}{label[1:]}, {missing}." if missing else ""
        show(self.apply, has_plan)
        self.review.description = "Plan again" if has_plan else "Show the plan"
        self.review.disabled = applying
        # after a run there is no primary one, or it is among the actions
        led = any(button.button_style == "primary" for button in self.actions.children)
        self.review.button_style = "primary" if state in _FIRST and not led else ""
        show(self.stop, applying)
        show(self.undo, not applying and not has_plan and undoable)


def follow_up_buttons(
    view: PanelView, plans: Mapping[str, Callable[[], Plan]], request: Callable[[Callable[[], Plan], str], Any]
) -> list[widgets.Button]:
    """Return a button for each plan that goes with another, such as the one that releases what it has held.

    Args:
        view: The panel's widgets, where errors of a press are shown.
        plans: What makes them, by name.
        request: Has one made and shown; it is given the label of the button that applies it.
    """
    labels = {name: name.replace("_", " ") for name in plans}
    return [
        view.button(f"Plan: {labels[name]}", partial(request, make, labels[name].capitalize()))
        for name, make in plans.items()
    ]
