"""Panels that act: controls, often a table to choose from, and a plan form."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

from createos_nb.panels import markup
from createos_nb.panels.panel import Panel
from createos_nb.panels.plan.form import PlanForm
from createos_nb.plans.usual_times import usual_times

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans import Plan, Receipt


class Listing(Protocol):
    """What there is to choose from: a `RowPicker` or a `VersionPicker`."""

    table: pd.DataFrame | None

    @property
    def grid(self) -> Any:
        """The widget, whose trait `selected` is the key of what is chosen."""

    def validate(self, key: Any) -> str:
        """Return the key of what can be chosen; raise `ValueError` for another."""

    def static(self) -> str:
        """Return it as HTML."""


class ActionPanel(Panel):
    """A panel that shows what it would change, and changes it when that is confirmed.

    A subclass builds its controls, lists those that the plan depends on (`form.depends_on`), and defines `_make_plan`.
    With a `Listing` it has a table; `chosen` is then the key of the chosen row, "" for none. All have the controls
    `reason`, `confirm` (the typed name) and `override_freeze` (why it can't wait, where something is frozen).

    Attributes:
        form: shows, confirms and applies the plan.
        on_finish: called after a run has finished or failed, by whoever shows what it acted on.
    """

    #: The word on the button.
    verb = "Apply"

    def __init__(self, client: Client, subject: str = "", rows: Listing | None = None) -> None:
        super().__init__(client, subject)
        self._listing = rows
        if rows is not None:
            self._view.control("chosen", rows.grid, trait="selected", write=rows.validate)
        self.on_finish: Callable[[], Any] = lambda: None
        self.form = PlanForm(self._view, self._background, self._make_plan, self.verb, slow_motion=client.clock.virtual)
        self.form.name_plan = self._name_plan
        self.form.usual_times = lambda plan: usual_times(client, plan.steps)
        self.form.on_frame = self._set_frame
        self.form.on_finish = self._on_finish

    def _make_plan(self) -> Plan:
        """Return the plan for the present values of the controls; reads only."""
        raise NotImplementedError

    def _name_plan(self, plan: Plan) -> str:
        """Return the label of the button that applies a plan: a verb and its object."""
        return self.form.verb

    @property
    def plan(self) -> Plan | None:
        """The plan that is shown or applied, or None."""
        return self.form.plan

    @property
    def receipt(self) -> Receipt | None:
        """The receipt of the last run that has finished, or None."""
        return self.form.receipt

    @property
    def listed(self) -> pd.DataFrame | None:
        """The table as it was last read, or None."""
        return None if self._listing is None else self._listing.table

    def review(self) -> None:
        """Make the plan and show it, in the background.

        Examples:
            >>> panel = createos_nb.panels.scale(createos_nb.simulate(), "storefront", "staging")
            >>> panel.params["replicas"] = 2
            >>> panel.review()
            >>> panel.wait()
            True
            >>> panel.plan.title
            'scale storefront / staging: replicas 2'
        """
        self.form.review()

    def run(self) -> Receipt:
        """Apply the plan that is shown, or, where none is, the one for the present controls.

        Returns:
            The receipt of the run.

        Raises:
            ConfirmationNeeded: `params["confirm"]` is not the name that the plan asks for.
            ReasonNeeded: `params["reason"]` is missing where the plan asks for confirmation.
            CreateOSError: What `Plan.apply` raises.

        Examples:
            >>> panel = createos_nb.panels.scale(createos_nb.simulate(), "storefront", "staging")
            >>> panel.params = {"replicas": 2, "reason": "the sale", "confirm": "staging"}
            >>> panel.run().summary
            '1 done, in 13 s, 2026-03-02 09:00:00 UTC'
        """
        return self.form.run()

    def cancel(self) -> None:
        """Stop waiting, also that of a `run`; what is done stays, and the run can be resumed.

        Examples:
            >>> panel = createos_nb.panels.scale(createos_nb.simulate(), "storefront", "staging")
            >>> panel.cancel()
            >>> panel.busy
            False
        """
        self.form.stop()

    def static(self) -> str:
        """Return the table and the last plan or receipt, or the values of the controls, for where no widgets are.

        Returns:
            HTML; all that came from the platform is escaped.

        Examples:
            >>> panel = createos_nb.panels.rollback(createos_nb.simulate(), "storefront", "production")
            >>> panel.static().startswith("<div>")
            True
        """
        document = self.form.document.value
        if self._listing is not None:
            document = self._listing.static() + document
        elif not document:
            # what the widgets hold, and not what code has passed: that may be files
            controls = {
                name: self.params.control(name)
                for name in self.params
                if name not in ("confirm", "reason", "override_freeze")
            }
            values = [str(getattr(control.widget, control.trait)) for control in controls.values()]
            document = markup.table(pd.DataFrame({"control": list(controls), "value": values}))
        view = self._view
        return f"<div>{view.header.value}{document}{view.status.value}{view.error.value}</div>"

    # --- reading ------------------------------------------------------------------------------------------------------

    def _on_read(self, result: Any) -> None:
        super()._on_read(result)
        if self._listing is not None and self.plan is None:
            self.frame = self.listed

    def _reload(self) -> None:
        """Read again without a word: the status of what was done stays."""
        if self.client.clock.virtual:
            self._on_reload(self._read())
        else:
            self._background.run(self._read, self._on_reload, channel="read")

    def _on_reload(self, result: Any) -> None:
        with self._view.lock:
            if not self._view.closed:
                self._show(result)
                self._view.render_header()
                self._fill()

    def _set_frame(self, frame: pd.DataFrame) -> None:
        self.frame = frame

    def _on_finish(self) -> None:
        self._view.guard(self._reload)
        self._view.guard(self.on_finish)
