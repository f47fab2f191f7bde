"""The fields below a plan: its reason, the name that confirms it, and why it can't wait for the end of a freeze."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import ipywidgets as widgets

if TYPE_CHECKING:
    from createos_nb.panels.view import PanelView
    from createos_nb.plans import Plan


class Reasons(NamedTuple):
    """Why a plan is applied, and why although something is frozen; None where nothing was typed."""

    reason: str | None
    override_freeze: str | None


class ReasonFields:
    """The fields `reason`, `confirm` and `override_freeze` of a plan form.

    Args:
        view: The panel's widgets; gets the controls.

    Attributes:
        reason, confirmation, override: the fields.
        rows: what goes below the plan: the first two, and the one about a freeze.
    """

    def __init__(self, view: PanelView) -> None:
        style = {"description_width": "auto"}
        example = "For example: checkout fails since 13:20"
        self.reason = view.control("reason", widgets.Text(description="Reason", placeholder=example, style=style))
        self.confirmation = view.control("confirm", widgets.Text(description="Type the name", style=style))
        why = "Why it can't wait; kept in the journal"
        self.override = view.control(
            "override_freeze", widgets.Text(description="Override the freeze", placeholder=why, style=style)
        )
        self.rows = (widgets.HBox([self.reason, self.confirmation]), widgets.HBox([self.override]))
        for row in self.rows:
            row.add_class("createos-fields")

    @property
    def given(self) -> Reasons:
        """What was typed."""
        return Reasons(self.reason.value.strip() or None, self.override.value.strip() or None)

    def show(self, *, confirmation: bool, freeze: bool) -> None:
        """Show the rows that a plan needs."""
        for row, needed in zip(self.rows, (confirmation, freeze), strict=True):
            row.layout.display = "" if needed else "none"

    def missing(self, plan: Plan, name: str | None) -> str:
        """Return what has to be done before a plan can be applied, in words; "" where nothing is missing."""
        problems = plan.problems(override_freeze=True)
        if len(problems):
            return f"see to it that this holds: {problems['precondition'].iloc[0]}"
        given, acts = self.given, []
        if plan.frozen and given.override_freeze is None:
            acts.append("say why it can't wait for the end of the freeze")
        if name is not None and given.reason is None:
            acts.append("write a reason")
        if name is not None and self.confirmation.value != name:
            acts.append(f"type {name}")
        return " and ".join(acts)
